"""The metrics of AWS/KMS with boto3: in JSON as it speaks now, and in the protocols of other clients."""

import time
import urllib.error
import urllib.parse
import urllib.request
from xml.etree import ElementTree

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

import clients

HOUR = 3600


@pytest.fixture(scope="module")
def cloudwatch(account):
    return clients.of_session(clients.session(account), "cloudwatch")


@pytest.fixture(scope="module")
def used(kms):
    """A key that was used in two ways, and then encrypted again for another."""
    one, other = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    sealed = kms.encrypt(KeyId=one, Plaintext=b"a")["CiphertextBlob"]
    kms.decrypt(CiphertextBlob=sealed)
    kms.decrypt(CiphertextBlob=sealed)
    kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=other)
    return one, other


def dimensions(**values):
    return [{"Name": name, "Value": value} for name, value in values.items()]


def asked(**more):
    now = int(time.time())
    start = now - now % HOUR - HOUR
    return {
        "Namespace": "AWS/KMS",
        "MetricName": "SuccessfulRequest",
        "StartTime": start,
        "EndTime": start + 3 * HOUR,
        "Period": 60,
        "Statistics": ["Sum"],
    } | more


def test_each_operation_is_counted(cloudwatch, used):
    one, other = used
    for expected, wanted in [
        (1, dimensions(KeyArn=one, Operation="Encrypt")),
        (2, dimensions(Operation="Decrypt", KeyArn=one)),
        (1, dimensions(SourceKeyArn=one, DestinationKeyArn=other, Operation="ReEncrypt")),
        (0, dimensions(KeyArn=one, Operation="ReEncrypt")),
        (0, dimensions(KeyArn=one)),
    ]:
        told = cloudwatch.get_metric_statistics(**asked(Dimensions=wanted))
        assert sum(one["Sum"] for one in told["Datapoints"]) == expected, wanted


def test_metrics_are_listed_for_their_account(cloudwatch, used):
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace="AWS/KMS", RecentlyActive="PT3H")
    listed = [metric for page in pages for metric in page["Metrics"]]
    names = sorted(tuple(one["Value"] for one in metric["Dimensions"]) for metric in listed)
    one, other = used
    assert names == sorted([(one, "Encrypt"), (one, "Decrypt"), (other, "ReEncrypt", one)])
    stranger = clients.of_session(clients.session(clients.fresh_account()), "cloudwatch")
    assert stranger.list_metrics()["Metrics"] == []


def test_data_come_page_by_page(cloudwatch, used):
    one, _ = used
    metric = {"Namespace": "AWS/KMS", "MetricName": "SuccessfulRequest"}
    queries = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": metric | {"Dimensions": dimensions(KeyArn=one, Operation=operation)},
                "Period": 12 * HOUR,
                "Stat": "Sum",
            },
        }
        for number, operation in enumerate(["Encrypt", "Decrypt"])
    ]
    whole = asked()
    told = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries,
        StartTime=whole["StartTime"],
        EndTime=whole["EndTime"],
        MaxDatapoints=1,
    )
    results = [result for page in told for result in page["MetricDataResults"]]
    assert [(result["Id"], result["Values"]) for result in results] == [("q0", [1.0]), ("q1", [2.0])]


@pytest.mark.parametrize(
    ("more", "code", "text"),
    [
        (
            {"Statistics": []},
            "ValidationError",
            "1 validation error detected: Value '[]' at 'statistics' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            {"EndTime": 0, "StartTime": 0},
            "InvalidParameterValue",
            "The parameter StartTime must not equal parameter EndTime.",
        ),
        (
            {"Period": 1},
            "InvalidParameterCombination",
            "You have requested up to 10800 datapoints, which exceeds the limit of 1440. You may reduce the "
            "datapoints requested by increasing Period, or decreasing the time range.",
        ),
    ],
)
def test_what_cannot_be_is_refused(cloudwatch, more, code, text):
    with pytest.raises(cloudwatch.exceptions.ClientError) as refused:
        cloudwatch.get_metric_statistics(**asked(**more))
    assert (refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]) == (code, text)
    if code != "ValidationError":
        assert isinstance(refused.value, getattr(cloudwatch.exceptions, f"{code}Exception"))


class Wire:
    """Sends requests as other clients do: with botocore's own serializers of their protocols."""

    def __init__(self, client, protocol):
        self.model = client.meta.service_model
        self.protocol = protocol
        signer = client._request_signer
        self.credentials = Credentials(*signer._credentials.get_frozen_credentials())

    def call(self, operation, parameters, **headers):
        model = self.model.operation_model(operation)
        made = create_serializer(self.protocol, False).serialize_to_request(parameters, model)
        url = clients.ENDPOINT.rstrip("/") + made["url_path"]
        body = made["body"]
        if isinstance(body, dict):
            body = urllib.parse.urlencode(body).encode()
        request = AWSRequest(made["method"], url, dict(made["headers"]) | headers, body)
        SigV4Auth(self.credentials, "monitoring", clients.REGION).add_auth(request)
        prepared = request.prepare()
        return self.answer(prepared, model)

    def answer(self, prepared, model):
        sent = urllib.request.Request(prepared.url, prepared.body, dict(prepared.headers), method=prepared.method)
        try:
            reply = urllib.request.urlopen(sent)
        except urllib.error.HTTPError as error:
            reply = error
        with reply:
            raw = {"body": reply.read(), "headers": reply.headers, "status_code": reply.status}
        return raw, create_parser(self.protocol).parse(raw, model.output_shape)


@pytest.mark.parametrize("protocol", ["json", "query", "smithy-rpc-v2-cbor"])
def test_each_protocol_answers_the_same(cloudwatch, used, protocol):
    wire = Wire(cloudwatch, protocol)
    wanted = asked(Dimensions=dimensions(KeyArn=used[0], Operation="Decrypt"), Period=12 * HOUR)
    raw, told = wire.call("GetMetricStatistics", wanted)
    assert raw["status_code"] == 200, raw
    [datapoint] = told["Datapoints"]
    assert (datapoint["Sum"], datapoint["Unit"]) == (2.0, "Count")
    assert datapoint["Timestamp"] == cloudwatch.get_metric_statistics(**wanted)["Datapoints"][0]["Timestamp"]
    raw, told = wire.call("GetMetricStatistics", {"Namespace": "AWS/KMS"})
    assert raw["status_code"] == 400
    if protocol == "query":
        assert told["Error"]["Code"] == "MissingParameter"
        assert ElementTree.fromstring(raw["body"]).tag.startswith("{http://monitoring.amazonaws.com/")
    else:
        assert raw["headers"]["x-amzn-query-error"] == "MissingParameter;Sender"
        assert b"com.amazonaws.cloudwatch#MissingRequiredParameterException" in raw["body"]
    assert told["Error"]["Message"] == "The parameter MetricName is required."


def test_cbor_must_say_so_and_be_whole(cloudwatch):
    wire = Wire(cloudwatch, "smithy-rpc-v2-cbor")
    raw, _ = wire.call("ListMetrics", {}, **{"content-type": "application/json"})
    assert (raw["status_code"], raw["headers"]["smithy-protocol"]) == (400, "rpc-v2-cbor")
    assert b"SerializationException" in raw["body"]
