"""AWS managed keys, custom key stores that there are none of, and the last use of keys."""

import json

import pytest

import clients
from clients import refused


def test_a_managed_key_comes_into_being_when_described(account):
    kms = clients.kms(account)
    arn = f"arn:aws:kms:us-east-1:{account}:alias/aws/sqs"
    made = kms.describe_key(KeyId="alias/aws/sqs")["KeyMetadata"]
    assert (made["KeyManager"], made["KeyState"]) == ("AWS", "Enabled")
    assert kms.describe_key(KeyId=arn)["KeyMetadata"] == made
    key = made["Arn"]
    [alias] = kms.list_aliases(KeyId=key)["Aliases"]
    assert (alias["AliasName"], alias["TargetKeyId"]) == ("alias/aws/sqs", made["KeyId"])
    assert made["KeyId"] in [entry["KeyId"] for entry in kms.list_keys()["Keys"]]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False


def test_its_policy_is_for_its_service(kms, account):
    key = kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["Arn"]
    policy = kms.get_key_policy(KeyId=key)["Policy"]
    assert policy.startswith('{\n  "Version" : "2012-10-17",\n  "Id" : "auto-ebs-1",\n  "Statement" : [ {\n')
    use, look = json.loads(policy)["Statement"]
    assert use["Principal"] == {"AWS": "*"}
    via = {"kms:ViaService": "ec2.us-east-1.amazonaws.com", "kms:CallerAccount": account}
    assert use["Condition"] == {"StringEquals": via}
    assert look["Action"] == ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"]
    root = f"arn:aws:iam::{account}:root"
    for operation, action, more in [
        (kms.encrypt, "kms:Encrypt", {"Plaintext": b"x"}),
        (kms.enable_key_rotation, "kms:EnableKeyRotation", {}),
        (kms.schedule_key_deletion, "kms:ScheduleKeyDeletion", {}),
        (kms.tag_resource, "kms:TagResource", {"Tags": [{"TagKey": "k", "TagValue": "v"}]}),
        (kms.put_key_policy, "kms:PutKeyPolicy", {"Policy": policy}),
    ]:
        refused(
            operation, "AccessDeniedException",
            f"User: {root} is not authorized to perform: {action} on resource: {key} "
            f"because no resource-based policy allows the {action} action",
            KeyId=key, **more,
        )
    refused(kms.delete_alias, "NotAuthorizedException", AliasName="alias/aws/ebs")


def test_all_names_are_listed(key):
    kms = clients.kms(clients.fresh_account())
    kms.describe_key(KeyId="alias/aws/s3")
    mine = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/mine", TargetKeyId=mine)
    pages = list(kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 4}))
    entries = {entry["AliasName"]: entry for page in pages for entry in page["Aliases"]}
    assert len(entries) == sum(len(page["Aliases"]) for page in pages)
    assert {"alias/aws/s3", "alias/aws/sqs", "alias/aws/ebs", "alias/mine"} <= entries.keys()
    assert [name for name, entry in entries.items() if "TargetKeyId" in entry] in (
        ["alias/mine", "alias/aws/s3"], ["alias/aws/s3", "alias/mine"],
    )


def test_the_last_use_of_a_key(kms, key):
    reply = kms.get_key_last_usage(KeyId=key)
    assert reply["KeyLastUsage"] == {}
    assert reply["TrackingStartDate"] == reply["KeyCreationDate"]
    assert reply["KeyId"] == key.rsplit("/", 1)[1]
    refused(kms.encrypt, "DryRunOperationException", KeyId=key, Plaintext=b"x", DryRun=True)
    assert kms.get_key_last_usage(KeyId=key)["KeyLastUsage"] == {}
    request = kms.encrypt(KeyId=key, Plaintext=b"x")["ResponseMetadata"]["RequestId"]
    used = kms.get_key_last_usage(KeyId=key)["KeyLastUsage"]
    assert (used["Operation"], used["KmsRequestId"]) == ("Encrypt", request)
    assert {"Timestamp", "CloudTrailEventId"} <= used.keys()
    refused(kms.get_key_last_usage, "NotFoundException", KeyId="alias/aws/s3")


@pytest.mark.parametrize("operation, arguments", [
    ("connect_custom_key_store", {"CustomKeyStoreId": "cks-1"}),
    ("create_custom_key_store", {"CustomKeyStoreName": "store"}),
    ("delete_custom_key_store", {"CustomKeyStoreId": "cks-1"}),
    ("describe_custom_key_stores", {}),
    ("disconnect_custom_key_store", {"CustomKeyStoreId": "cks-1"}),
    ("update_custom_key_store", {"CustomKeyStoreId": "cks-1"}),
])
def test_there_are_no_custom_key_stores(kms, operation, arguments):
    text = "Custom key stores are not supported."
    refused(getattr(kms, operation), "UnsupportedOperationException", text, **arguments)
