"""The events of CloudTrail that calls of real clients leave, as LookupEvents shows them: what they tell, and what not."""

import base64
import json
import time
from datetime import timezone

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import clients

# Changes reach the history within a second.
SECONDS_MAX = 10
SECRET = b"canary of an event"
CONTEXT = {"purpose": "test", "\u00e9": 'a"b'}


@pytest.fixture(scope="module")
def cloudtrail(account):
    """A client that comes back when it is throttled, as look-ups are after two in a second."""
    config = Config(retries={"total_max_attempts": 10, "mode": "standard"})
    return clients.session(account).client("cloudtrail", endpoint_url=clients.ENDPOINT, config=config)


def event_of(cloudtrail, answer, operation):
    """The event of the call that was answered so. Another account's call is found by its id, too."""
    wanted = answer["ResponseMetadata"]["RequestId"]
    ends = time.monotonic() + SECONDS_MAX
    attribute = {"AttributeKey": "EventName", "AttributeValue": operation}
    while time.monotonic() < ends:
        for page in cloudtrail.get_paginator("lookup_events").paginate(LookupAttributes=[attribute]):
            for found in page["Events"]:
                event = json.loads(found["CloudTrailEvent"])
                if event.get("requestID") == wanted:
                    check_shell(found, event)
                    return event
    raise AssertionError(f"no event of {operation}")


def check_shell(found, event):
    """What LookupEvents says beside the event is what the event says."""
    assert found["EventId"] == event["eventID"]
    assert found["EventName"] == event["eventName"]
    assert found["EventSource"] == event["eventSource"]
    assert found["ReadOnly"] == str(event["readOnly"]).lower()
    assert event["eventVersion"] == "1.11"
    assert (event["managementEvent"], event["eventCategory"]) == (True, "Management")
    for form in (SECRET.decode(), base64.b64encode(SECRET).decode(), SECRET.hex()):
        assert form not in found["CloudTrailEvent"]


def resources(event):
    return [resource["ARN"] for resource in event.get("resources", [])]


def failed(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response


@pytest.fixture(scope="module")
def made(kms):
    return kms.create_key()["KeyMetadata"]


def test_encryption(kms, made, account, cloudtrail):
    sealed = kms.encrypt(KeyId=made["KeyId"], Plaintext=SECRET, EncryptionContext=CONTEXT)
    event = event_of(cloudtrail, sealed, "Encrypt")
    assert event["userIdentity"] == {
        "type": "Root",
        "principalId": account,
        "arn": f"arn:aws:iam::{account}:root",
        "accountId": account,
        "accessKeyId": account,
    }
    assert event["requestParameters"] == {
        "keyId": made["KeyId"],
        "encryptionContext": CONTEXT,
        "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
    }
    assert event["responseElements"] is None
    assert event["additionalEventData"] == {"keyMaterialId": made["CurrentKeyMaterialId"]}
    assert event["resources"] == [{"accountId": account, "type": "AWS::KMS::Key", "ARN": made["Arn"]}]
    assert event["userAgent"].startswith("Boto")
    assert event["recipientAccountId"] == account
    assert "sharedEventID" not in event

    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=CONTEXT)
    event = event_of(cloudtrail, opened, "Decrypt")
    assert event["requestParameters"] == {
        "encryptionContext": CONTEXT,
        "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
    }
    assert resources(event) == [made["Arn"]]


def test_last_usage_names_the_event(kms, made, cloudtrail):
    used = kms.generate_data_key(KeyId=made["Arn"], KeySpec="AES_256")
    event = event_of(cloudtrail, used, "GenerateDataKey")
    last = kms.get_key_last_usage(KeyId=made["KeyId"])["KeyLastUsage"]
    assert last["CloudTrailEventId"] == event["eventID"]


def test_changes(kms, made, cloudtrail):
    asked, answered = {"keyId": made["KeyId"]}, {"keyId": made["Arn"]}
    for operation, call in (("DisableKey", kms.disable_key), ("EnableKey", kms.enable_key)):
        event = event_of(cloudtrail, call(KeyId=made["KeyId"]), operation)
        assert (event["readOnly"], event["requestParameters"], event["responseElements"]) == (False, asked, answered)


def test_creation(kms, cloudtrail):
    answer = kms.create_key(Description="d", Tags=[{"TagKey": "a", "TagValue": "b"}])
    event = event_of(cloudtrail, answer, "CreateKey")
    told, metadata = event["responseElements"]["keyMetadata"], answer["KeyMetadata"]
    assert (told["arn"], told["aWSAccountId"]) == (metadata["Arn"], metadata["AWSAccountId"])
    created = metadata["CreationDate"].astimezone(timezone.utc)
    assert told["creationDate"].startswith(f"{created:%b} {created.day}, {created.year}, ")
    assert told["creationDate"].endswith((" AM", " PM"))
    assert event["requestParameters"]["tags"] == [{"tagKey": "a", "tagValue": "b"}]
    assert resources(event) == [told["arn"]]


def test_refusals(kms, made, cloudtrail):
    error = failed(kms.describe_key, KeyId="alias/there-is-none")
    event = event_of(cloudtrail, error, "DescribeKey")
    assert (event["errorCode"], event["requestParameters"]) == ("NotFoundException", None)
    assert event["errorMessage"] == error["Error"]["Message"]
    assert "resources" not in event

    error = failed(kms.encrypt, KeyId=made["KeyId"], Plaintext=SECRET, DryRun=True)
    event = event_of(cloudtrail, error, "Encrypt")
    assert event["errorCode"] == "DryRunOperationException"
    assert resources(event) == [made["Arn"]]

    error = failed(kms.decrypt, CiphertextBlob=SECRET)
    event = event_of(cloudtrail, error, "Decrypt")
    assert event["errorCode"] == "InvalidCiphertextException"
    assert "errorMessage" not in event


def test_other_accounts(kms, account, cloudtrail):
    other = clients.fresh_account()
    clients.kms(other).list_keys()
    statement = {"Effect": "Allow", "Principal": {"AWS": [account, other]}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
    answer = clients.kms(other).encrypt(KeyId=arn, Plaintext=SECRET)
    event = event_of(cloudtrail, answer, "Encrypt")
    assert event["userIdentity"] == {"type": "AWSAccount", "principalId": other, "accountId": other}
    assert event["recipientAccountId"] == account
    assert event["sharedEventID"]
    last = kms.get_key_last_usage(KeyId=arn)["KeyLastUsage"]
    assert last["CloudTrailEventId"] == event["eventID"]
