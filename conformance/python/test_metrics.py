"""/metrics as the reference parser of OpenMetrics reads it."""

import os
import urllib.request

import pytest
from botocore.exceptions import ClientError
from prometheus_client.openmetrics.parser import text_string_to_metric_families

METRICS = os.environ.get("STRONGROOM_METRICS", "http://127.0.0.1:4600/metrics")


def scrape():
    """The families by name, and the samples by name and labels."""
    with urllib.request.urlopen(METRICS, timeout=10) as reply:
        content_type = reply.headers["content-type"]
        assert content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        families = list(text_string_to_metric_families(reply.read().decode()))
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }
    assert len(samples) == sum(len(family.samples) for family in families)
    return {family.name: family for family in families}, samples


def requests(samples, operation, result):
    labels = (("operation", operation), ("result", result), ("service", "kms"))
    return samples["strongroom_requests_total", labels]


def test_the_reference_parser_takes_it():
    families, _ = scrape()
    types = {name: family.type for name, family in families.items()}
    assert types["strongroom_requests"] == "counter"
    assert types["strongroom_request_duration_seconds"] == "histogram"
    assert families["strongroom_request_duration_seconds"].unit == "seconds"
    assert types["strongroom_sealed"] == "gauge"
    assert types["strongroom_build"] == "info"
    assert all(name.startswith("strongroom_") for name in types)
    assert all(family.documentation.endswith(".") for family in families.values())


def test_calls_of_a_client_are_counted(kms):
    _, before = scrape()
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    for _ in range(3):
        kms.encrypt(KeyId=key, Plaintext=b"told to nobody")
    with pytest.raises(ClientError):
        kms.describe_key(KeyId="alias/none")
    _, after = scrape()

    def grown(operation, result):
        return requests(after, operation, result) - requests(before, operation, result)

    assert grown("CreateKey", "success") == 1
    assert grown("Encrypt", "success") == 3
    assert grown("DescribeKey", "client_error") == 1
    assert grown("Encrypt", "server_error") == 0


def test_a_histogram_ends_in_all_it_counted(kms):
    kms.list_keys()
    _, samples = scrape()
    labels = (("operation", "ListKeys"), ("service", "kms"))
    name = "strongroom_request_duration_seconds"
    buckets = [
        (float(dict(labels)["le"]), value)
        for (sample, labels), value in samples.items()
        if sample == f"{name}_bucket" and ("operation", "ListKeys") in labels
    ]
    buckets.sort()
    assert buckets[0][0] == 50e-6
    assert buckets[-2][0] == 10
    assert [value for _, value in buckets] == sorted(value for _, value in buckets)
    assert buckets[-1] == (float("inf"), samples[f"{name}_count", labels])
