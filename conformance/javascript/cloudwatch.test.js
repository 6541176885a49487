// The AWS SDK for JavaScript v3 reads the metrics of AWS/KMS.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  CloudWatchClient,
  GetMetricStatisticsCommand,
  InvalidParameterCombinationException,
  paginateGetMetricData,
  paginateListMetrics,
} from "@aws-sdk/client-cloudwatch";
import { CreateKeyCommand, EncryptCommand, KMSClient } from "@aws-sdk/client-kms";

const HOUR = 3_600_000;
const cloudwatch = new CloudWatchClient({ maxAttempts: 1 });
const kms = new KMSClient({ maxAttempts: 1 });
const hour = Math.floor(Date.now() / HOUR) * HOUR;
const StartTime = new Date(hour - HOUR);
const EndTime = new Date(hour + 2 * HOUR);
let metric;

before(async () => {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata.Arn;
  for (let times = 0; times < 2; times += 1) {
    await kms.send(new EncryptCommand({ KeyId, Plaintext: new Uint8Array([1]) }));
  }
  metric = {
    Namespace: "AWS/KMS",
    MetricName: "SuccessfulRequest",
    Dimensions: [
      { Name: "KeyArn", Value: KeyId },
      { Name: "Operation", Value: "Encrypt" },
    ],
  };
});

test("statistics are numbers at dates", async () => {
  const { Datapoints } = await cloudwatch.send(
    new GetMetricStatisticsCommand({ ...metric, StartTime, EndTime, Period: 60, Statistics: ["Sum"] }),
  );
  assert.equal(Datapoints.reduce((sum, one) => sum + one.Sum, 0), 2);
  assert.ok(Datapoints.every((one) => one.Timestamp instanceof Date && one.Unit === "Count"));
});

test("metrics are listed and their data told", async () => {
  const listed = [];
  const Dimensions = [metric.Dimensions[0]];
  for await (const page of paginateListMetrics({ client: cloudwatch }, { Dimensions })) listed.push(...page.Metrics);
  assert.deepEqual(listed, [metric]);
  const MetricDataQueries = [{ Id: "a", MetricStat: { Metric: metric, Period: 60, Stat: "Sum" } }];
  const values = [];
  const asked = { MetricDataQueries, StartTime, EndTime };
  for await (const page of paginateGetMetricData({ client: cloudwatch }, asked)) {
    values.push(...page.MetricDataResults.flatMap((result) => result.Values));
  }
  assert.equal(values.reduce((sum, one) => sum + one, 0), 2);
});

test("refusals become their classes", async () => {
  const asked = { ...metric, StartTime, EndTime, Period: 1, Statistics: ["Sum"] };
  await assert.rejects(cloudwatch.send(new GetMetricStatisticsCommand(asked)), (error) => {
    assert.ok(error instanceof InvalidParameterCombinationException, error.name);
    assert.equal(error.$metadata.httpStatusCode, 400);
    return true;
  });
});
