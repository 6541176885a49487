"""The metrics of AWS/KMS through the stock AWS CLI."""

import base64
import json
import time

import pytest

from aws_cli import Credentials, aws, fails

HOUR = 3600
TIMES = 3


def cloudwatch(command, *arguments, **by):
    return aws("cloudwatch", command, *arguments, **by)


def of(key, operation="Encrypt"):
    return ["--dimensions", f"Name=KeyArn,Value={key}", f"Name=Operation,Value={operation}"]


def range_of_today():
    """A range that begins at full hours and ends after now."""
    now = int(time.time())
    start = now - now % HOUR - HOUR
    return ["--start-time", str(start), "--end-time", str(start + 3 * HOUR)]


@pytest.fixture(scope="module")
def key():
    """A key that encrypted a few times."""
    arn = aws("kms", "create-key")["KeyMetadata"]["Arn"]
    plaintext = base64.b64encode(b"a").decode()
    for _ in range(TIMES):
        aws("kms", "encrypt", "--key-id", arn, "--plaintext", plaintext)
    return arn


def test_statistics_count_what_succeeded(key):
    told = cloudwatch(
        "get-metric-statistics",
        *["--namespace", "AWS/KMS", "--metric-name", "SuccessfulRequest", *of(key), *range_of_today()],
        *["--period", "60", "--statistics", "Sum", "SampleCount", "Average", "Minimum", "Maximum"],
    )
    assert told["Label"] == "SuccessfulRequest"
    assert sum(one["Sum"] for one in told["Datapoints"]) == TIMES
    for one in told["Datapoints"]:
        assert (one["Unit"], one["Average"], one["Minimum"], one["Maximum"]) == ("Count", 1.0, 1.0, 1.0)
        assert one["SampleCount"] == one["Sum"]


def test_metrics_are_listed(key):
    told = cloudwatch("list-metrics", "--namespace", "AWS/KMS", "--dimensions", f"Name=KeyArn,Value={key}")
    dimensions = [{"Name": "KeyArn", "Value": key}, {"Name": "Operation", "Value": "Encrypt"}]
    metric = {"Namespace": "AWS/KMS", "MetricName": "SuccessfulRequest", "Dimensions": dimensions}
    assert told["Metrics"] == [metric]


def test_data_are_told_by_query(key):
    dimensions = [{"Name": "KeyArn", "Value": key}, {"Name": "Operation", "Value": "Encrypt"}]
    metric = {"Namespace": "AWS/KMS", "MetricName": "SuccessfulRequest", "Dimensions": dimensions}
    query = {"Id": "a", "MetricStat": {"Metric": metric, "Period": HOUR, "Stat": "Sum"}, "Label": "uses"}
    told = cloudwatch("get-metric-data", "--metric-data-queries", json.dumps([query]), *range_of_today())
    [result] = told["MetricDataResults"]
    assert (result["Id"], result["Label"], result["StatusCode"]) == ("a", "uses", "Complete")
    assert sum(result["Values"]) == TIMES


def test_refusals_have_the_codes_of_query(key):
    statistics = ["cloudwatch", "get-metric-statistics", "--namespace", "AWS/KMS", "--metric-name", "SuccessfulRequest"]
    day = ["--start-time", "2026-01-01T00:00:00Z", "--end-time", "2026-01-02T00:01:00Z"]
    told = fails("InvalidParameterCombination", *statistics, *day, "--period", "60", "--statistics", "Sum")
    assert "You have requested up to 1441 datapoints, which exceeds the limit of 1440." in told
    fails("InvalidParameterValue", *statistics, *day, "--period", "90", "--statistics", "Sum")


def test_namespaces_can_be_allowed_one_by_one():
    aws("iam", "create-user", "--user-name", "watcher")
    namespace = {"StringEquals": {"cloudwatch:namespace": "AWS/KMS"}}
    allow = {"Effect": "Allow", "Action": "cloudwatch:*", "Resource": "*", "Condition": namespace}
    document = json.dumps({"Version": "2012-10-17", "Statement": allow})
    aws("iam", "put-user-policy", "--user-name", "watcher", "--policy-name", "p", "--policy-document", document)
    by = Credentials.of(aws("iam", "create-access-key", "--user-name", "watcher")["AccessKey"])
    assert cloudwatch("list-metrics", "--namespace", "AWS/KMS", by=by)["Metrics"]
    told = fails("AccessDenied", "cloudwatch", "list-metrics", "--namespace", "AWS/S3", by=by)
    assert "is not authorized to perform: cloudwatch:ListMetrics" in told
