"""The life of a key: creation, description, state, deletion, lists."""

import datetime
import re
import uuid

import pytest

import clients
from clients import refused, starts, violation

ABSENT = "11111111-2222-4333-8444-555555555555"


def test_create_key_answers_complete_metadata(kms, account):
    reply = kms.create_key(Description="orders", Tags=[{"TagKey": "team", "TagValue": "a"}])
    metadata = reply["KeyMetadata"]
    key_id = metadata["KeyId"]
    assert str(uuid.UUID(key_id)) == key_id
    assert re.fullmatch("[0-9a-f]{64}", metadata["CurrentKeyMaterialId"])
    age = datetime.datetime.now(datetime.timezone.utc) - metadata["CreationDate"]
    assert abs(age) < datetime.timedelta(minutes=1)
    del metadata["CreationDate"], metadata["CurrentKeyMaterialId"]
    assert metadata == {
        "AWSAccountId": account,
        "Arn": f"arn:aws:kms:us-east-1:{account}:key/{key_id}",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "Description": "orders",
        "Enabled": True,
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "KeyId": key_id,
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyState": "Enabled",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": False,
        "Origin": "AWS_KMS",
    }


def test_description_defaults_to_the_empty_text(kms):
    assert kms.create_key()["KeyMetadata"]["Description"] == ""


def test_describe_key_takes_every_form_of_the_identifier(kms, account):
    metadata = kms.create_key()["KeyMetadata"]
    alias = f"alias/{metadata['KeyId']}"
    kms.create_alias(AliasName=alias, TargetKeyId=metadata["KeyId"])
    alias_arn = f"arn:aws:kms:us-east-1:{account}:{alias}"
    for key_id in [metadata["KeyId"], metadata["Arn"], alias, alias_arn]:
        assert kms.describe_key(KeyId=key_id)["KeyMetadata"] == metadata


@pytest.mark.parametrize("key_id, text", [
    ("xyz", "Invalid keyId 'xyz'"),
    ("mrk-fake", "Invalid keyId 'mrk-fake'"),
    (ABSENT.replace("-", ""), f"Invalid keyId '{ABSENT.replace('-', '')}'"),
    (ABSENT, "Key 'arn:aws:kms:us-east-1:{account}:key/" + ABSENT + "' does not exist"),
    ("arn:aws:kms:us-east-1:{account}:key/" + ABSENT,
     "Key 'arn:aws:kms:us-east-1:{account}:key/" + ABSENT + "' does not exist"),
    ("arn:aws:kms:eu-west-1:{account}:key/" + ABSENT, "Invalid arn eu-west-1"),
    ("alias/none", "Alias arn:aws:kms:us-east-1:{account}:alias/none is not found."),
])
def test_keys_that_are_not_there(kms, account, key_id, text):
    refused(
        kms.describe_key, "NotFoundException", text.format(account=account),
        KeyId=key_id.format(account=account),
    )


def test_aliases_do_not_work_in_management(kms, key):
    kms.create_alias(AliasName="alias/managed", TargetKeyId=key)
    for call in [kms.disable_key, kms.enable_key, kms.list_resource_tags, kms.get_key_policy]:
        refused(call, "NotFoundException", KeyId="alias/managed")


def test_update_key_description(kms, key):
    kms.update_key_description(KeyId=key, Description="new")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "new"
    refused(
        kms.update_key_description, "ValidationException", starts("1 validation error detected: "),
        KeyId=key, Description="x" * 8193,
    )


def test_disabled_keys_refuse_work_until_enabled(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    kms.disable_key(KeyId=key)
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (metadata["KeyState"], metadata["Enabled"]) == ("Disabled", False)
    disabled = ("DisabledException", f"{key} is disabled.")
    refused(kms.encrypt, *disabled, KeyId=key, Plaintext=b"x")
    refused(kms.decrypt, *disabled, CiphertextBlob=blob)
    refused(kms.generate_data_key, *disabled, KeyId=key, KeySpec="AES_256")
    refused(kms.re_encrypt, *disabled, CiphertextBlob=blob, DestinationKeyId=key)
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_deletion_is_scheduled_and_cancelled(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    reply = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert (reply["KeyId"], reply["KeyState"], reply["PendingWindowInDays"]) == (key, "PendingDeletion", 7)
    days = reply["DeletionDate"] - datetime.datetime.now(datetime.timezone.utc)
    assert abs(days - datetime.timedelta(days=7)) < datetime.timedelta(minutes=1)
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (metadata["KeyState"], metadata["Enabled"]) == ("PendingDeletion", False)
    assert metadata["DeletionDate"] == reply["DeletionDate"]
    pending = ("KMSInvalidStateException", f"{key} is pending deletion.")
    refused(kms.decrypt, *pending, CiphertextBlob=blob)
    refused(kms.enable_key, *pending, KeyId=key)
    refused(kms.disable_key, *pending, KeyId=key)
    refused(kms.schedule_key_deletion, *pending, KeyId=key)
    refused(kms.update_key_description, *pending, KeyId=key, Description="x")
    refused(kms.tag_resource, *pending, KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    refused(kms.create_alias, *pending, AliasName="alias/late", TargetKeyId=key)
    kms.get_key_policy(KeyId=key)
    assert kms.cancel_key_deletion(KeyId=key)["KeyId"] == key
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert metadata["KeyState"] == "Disabled"
    assert "DeletionDate" not in metadata
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_deletion_windows(kms, key):
    for days in [6, 31]:
        refused(kms.schedule_key_deletion, "ValidationException", KeyId=key, PendingWindowInDays=days)
    refused(
        kms.schedule_key_deletion, "ValidationException",
        violation("Value '366' at 'pendingWindowInDays' failed to satisfy constraint: "
                  "Member must have value less than or equal to 365"),
        KeyId=key, PendingWindowInDays=366,
    )
    assert kms.schedule_key_deletion(KeyId=key)["PendingWindowInDays"] == 30


def test_only_pending_keys_are_cancelled(kms, key):
    refused(
        kms.cancel_key_deletion, "KMSInvalidStateException",
        f"{key} is not pending deletion (or pending replica deletion).", KeyId=key,
    )


def test_list_keys_in_pages():
    kms = clients.kms(clients.fresh_account())
    wanted = {kms.create_key()["KeyMetadata"]["Arn"] for _ in range(5)}
    pages = list(kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Keys"]) for page in pages] == [2, 2, 1]
    assert [page["Truncated"] for page in pages] == [True, True, False]
    assert "NextMarker" not in pages[-1]
    assert {key["KeyArn"] for page in pages for key in page["Keys"]} == wanted
    assert all(key["KeyArn"].endswith("/" + key["KeyId"]) for page in pages for key in page["Keys"])
    assert len(kms.list_keys()["Keys"]) == 5


def test_list_keys_bounds_and_markers(kms):
    refused(
        kms.list_keys, "ValidationException",
        violation("Value '1001' at 'limit' failed to satisfy constraint: "
                  "Member must have value less than or equal to 1000"),
        Limit=1001,
    )
    refused(kms.list_keys, "InvalidMarkerException", "", Marker="rubbish")


@pytest.mark.parametrize("arguments, start", [
    ({"KeySpec": "ROT13"}, "1 validation error detected: Value 'ROT13' at 'keySpec' failed to satisfy "
     "constraint: Member must satisfy enum value set: ["),
    ({"KeySpec": "ROT13", "Origin": "MOON"}, "2 validation errors detected: "),
    ({"Description": "x" * 8193}, "1 validation error detected: "),
])
def test_create_key_validates(kms, arguments, start):
    refused(kms.create_key, "ValidationException", starts(start), **arguments)


def test_regions_are_apart(account, kms, key):
    other = clients.kms(account, "eu-west-1")
    metadata = other.create_key()["KeyMetadata"]
    assert metadata["Arn"] == f"arn:aws:kms:eu-west-1:{account}:key/{metadata['KeyId']}"
    assert [entry["KeyArn"] for entry in other.list_keys()["Keys"]] == [metadata["Arn"]]
    refused(other.describe_key, "NotFoundException", "Invalid arn us-east-1", KeyId=key)
    bare = key.rsplit("/", 1)[1]
    refused(
        other.describe_key, "NotFoundException",
        f"Key 'arn:aws:kms:eu-west-1:{account}:key/{bare}' does not exist", KeyId=bare,
    )
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    refused(other.decrypt, "AccessDeniedException", CiphertextBlob=blob)
