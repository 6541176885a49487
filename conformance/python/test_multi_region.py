"""Multi-Region keys: one endpoint serves every Region by the name a request is signed for."""

import json
import re

import pytest

import clients
from clients import refused

EUROPE = "eu-west-1"
ASIA = "ap-south-1"
ONCE = "You can create only one replica of each primary key in each AWS Region."


@pytest.fixture(scope="module")
def europe(account):
    return clients.kms(account, EUROPE)


@pytest.fixture(scope="module")
def asia(account):
    return clients.kms(account, ASIA)


@pytest.fixture
def primary(kms):
    return kms.create_key(MultiRegion=True)["KeyMetadata"]


@pytest.fixture
def family(kms, primary):
    """The id of a key with a replica in Europe."""
    kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion=EUROPE)
    return primary["KeyId"]


def arn(account, region, key_id):
    return f"arn:aws:kms:{region}:{account}:key/{key_id}"


def configuration(account, key_id, role, primary, replicas):
    def key_in(region):
        return {"Arn": arn(account, region, key_id), "Region": region}

    return {
        "MultiRegionKeyType": role,
        "PrimaryKey": key_in(primary),
        "ReplicaKeys": [key_in(region) for region in replicas],
    }


def described(client, key_id):
    return client.describe_key(KeyId=key_id)["KeyMetadata"]


def test_a_primary_is_marked_by_its_id(account, primary):
    key_id = primary["KeyId"]
    assert re.fullmatch("mrk-[0-9a-f]{32}", key_id)
    assert primary["MultiRegion"] is True
    assert primary["MultiRegionConfiguration"] == configuration(account, key_id, "PRIMARY", "us-east-1", [])


def test_replicate_key_answers_complete_metadata(kms, europe, account, primary):
    key_id = primary["KeyId"]
    tags = [{"TagKey": "team", "TagValue": "a"}]
    reply = kms.replicate_key(KeyId=key_id, ReplicaRegion=EUROPE, Description="far", Tags=tags)
    assert reply["ReplicaTags"] == tags
    assert reply["ReplicaPolicy"] == europe.get_key_policy(KeyId=key_id)["Policy"]
    assert json.loads(reply["ReplicaPolicy"])["Id"] == "key-default-1"
    metadata = reply["ReplicaKeyMetadata"]
    created = metadata.pop("CreationDate")
    assert metadata == {
        "AWSAccountId": account,
        "Arn": arn(account, EUROPE, key_id),
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "Description": "far",
        "Enabled": False,
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "KeyId": key_id,
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyState": "Creating",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": True,
        "MultiRegionConfiguration": configuration(account, key_id, "REPLICA", "us-east-1", [EUROPE]),
        "Origin": "AWS_KMS",
    }
    ready = metadata | {
        "CreationDate": created,
        "CurrentKeyMaterialId": primary["CurrentKeyMaterialId"],
        "Enabled": True,
        "KeyState": "Enabled",
    }
    assert described(europe, key_id) == ready


def test_replicas_are_listed_in_the_order_of_their_regions(kms, asia, account, family):
    reply = kms.replicate_key(KeyId=family, ReplicaRegion=ASIA)
    assert "ReplicaTags" not in reply
    wanted = configuration(account, family, "PRIMARY", "us-east-1", [ASIA, EUROPE])
    assert described(kms, family)["MultiRegionConfiguration"] == wanted
    wanted["MultiRegionKeyType"] = "REPLICA"
    assert described(asia, family)["MultiRegionConfiguration"] == wanted
    assert family in [key["KeyId"] for key in asia.list_keys()["Keys"]]


def test_ciphertext_is_opened_by_any_related_key(kms, europe, account, family):
    context = {"order": "7"}
    blob = kms.encrypt(KeyId=family, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
    far = arn(account, EUROPE, family)
    for named in [{}, {"KeyId": family}, {"KeyId": far}]:
        reply = europe.decrypt(CiphertextBlob=blob, EncryptionContext=context, **named)
        assert (reply["Plaintext"], reply["KeyId"]) == (b"x", far)
    data_key = europe.generate_data_key(KeyId=family, KeySpec="AES_256")
    assert kms.decrypt(CiphertextBlob=data_key["CiphertextBlob"])["Plaintext"] == data_key["Plaintext"]
    moved = europe.re_encrypt(
        CiphertextBlob=blob, SourceEncryptionContext=context, DestinationKeyId=family
    )
    assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == b"x"


def test_single_region_keys_open_nothing_of_it(kms, europe, key, family):
    blob = kms.encrypt(KeyId=family, Plaintext=b"x")["CiphertextBlob"]
    single = europe.create_key()["KeyMetadata"]["Arn"]
    refused(europe.decrypt, "IncorrectKeyException", CiphertextBlob=blob, KeyId=single)
    lonely = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    refused(europe.decrypt, "AccessDeniedException", CiphertextBlob=lonely)
    refused(europe.decrypt, "IncorrectKeyException", CiphertextBlob=lonely, KeyId=family)


def test_the_arn_of_another_region(kms, europe, asia, account, family):
    home = arn(account, "us-east-1", family)
    blob = kms.encrypt(KeyId=family, Plaintext=b"x")["CiphertextBlob"]
    refused(europe.decrypt, "IncorrectKeyException", CiphertextBlob=blob, KeyId=home)
    refused(
        europe.re_encrypt, "IncorrectKeyException",
        CiphertextBlob=blob, SourceKeyId=home, DestinationKeyId=family,
    )
    elsewhere = ("NotFoundException", "Invalid arn us-east-1")
    refused(europe.re_encrypt, *elsewhere, CiphertextBlob=blob, DestinationKeyId=home)
    refused(europe.encrypt, *elsewhere, KeyId=home, Plaintext=b"x")
    refused(europe.describe_key, *elsewhere, KeyId=home)
    refused(asia.decrypt, *elsewhere, CiphertextBlob=blob, KeyId=home)


def test_a_replica_works_while_the_primary_is_disabled(kms, europe, family):
    blob = kms.encrypt(KeyId=family, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=family)
    assert europe.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert described(europe, family)["KeyState"] == "Enabled"


def test_signatures_agree(kms, europe):
    usage = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}
    key_id = kms.create_key(MultiRegion=True, **usage)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=key_id, ReplicaRegion=EUROPE)
    assert europe.get_public_key(KeyId=key_id)["PublicKey"] == kms.get_public_key(KeyId=key_id)["PublicKey"]
    message = {"KeyId": key_id, "Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = kms.sign(**message)["Signature"]
    assert europe.verify(Signature=signature, **message)["SignatureValid"] is True


def test_macs_agree(kms, europe):
    usage = {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}
    key_id = kms.create_key(MultiRegion=True, **usage)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=key_id, ReplicaRegion=EUROPE)
    message = {"KeyId": key_id, "Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}
    mac = kms.generate_mac(**message)["Mac"]
    assert europe.generate_mac(**message)["Mac"] == mac
    assert europe.verify_mac(Mac=mac, **message)["MacValid"] is True


def test_replication_that_is_refused(kms, europe, key, account, family):
    far = arn(account, EUROPE, family)
    kms.create_alias(AliasName="alias/family", TargetKeyId=family)
    refused(
        kms.replicate_key, "InvalidArnException", "Key Aliases are not supported for this operation.",
        KeyId="alias/family", ReplicaRegion=ASIA,
    )
    refused(
        europe.replicate_key, "UnsupportedOperationException", f"{far} is not a multi-region primary key.",
        KeyId=family, ReplicaRegion=ASIA,
    )
    refused(
        kms.replicate_key, "UnsupportedOperationException", f"{key} is not a multi-region primary key.",
        KeyId=key, ReplicaRegion=ASIA,
    )
    for region, text in [
        ("us-east-1", "us-east-1 cannot have a replica because it contains the primary."),
        ("cn-north-1",
         "The replica key Region must be in the same AWS partition as the primary key Region."),
        ("us-invalid-1",
         "Region us-invalid-1 is not a valid Region or multi-Region keys are not supported in Region us-invalid-1."),
    ]:
        refused(kms.replicate_key, "ValidationException", text, KeyId=family, ReplicaRegion=region)
    refused(kms.replicate_key, "AlreadyExistsException", ONCE, KeyId=family, ReplicaRegion=EUROPE)
    refused(
        kms.replicate_key, "TagException",
        KeyId=family, ReplicaRegion=ASIA, Tags=[{"TagKey": "aws:x", "TagValue": "y"}],
    )
    kms.disable_key(KeyId=family)
    home = arn(account, "us-east-1", family)
    refused(kms.replicate_key, "DisabledException", f"{home} is disabled.", KeyId=family, ReplicaRegion=ASIA)


def test_a_replica_has_the_policy_it_was_given(kms, europe, account, primary):
    key_id = primary["KeyId"]

    def policy(action, region):
        return json.dumps({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": action,
                "Resource": arn(account, region, key_id),
            }],
        })

    for document in [policy("kms:DescribeKey", EUROPE), policy("kms:*", "us-east-1")]:
        refused(
            kms.replicate_key, "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.",
            KeyId=key_id, ReplicaRegion=EUROPE, Policy=document,
        )
    reply = kms.replicate_key(KeyId=key_id, ReplicaRegion=EUROPE, Policy=policy("kms:*", EUROPE))
    stored = europe.get_key_policy(KeyId=key_id)["Policy"]
    assert reply["ReplicaPolicy"] == stored
    assert json.loads(stored)["Statement"][0]["Resource"] == arn(account, EUROPE, key_id)
    assert kms.get_key_policy(KeyId=key_id)["Policy"] != stored


def test_each_region_has_its_own_description_tags_aliases_and_state(kms, europe, family):
    before = described(kms, family)
    europe.update_key_description(KeyId=family, Description="far")
    europe.tag_resource(KeyId=family, Tags=[{"TagKey": "a", "TagValue": "b"}])
    europe.create_alias(AliasName="alias/far", TargetKeyId=family)
    europe.disable_key(KeyId=family)
    assert described(kms, family) == before
    assert kms.list_resource_tags(KeyId=family)["Tags"] == []
    refused(kms.describe_key, "NotFoundException", KeyId="alias/far")
    assert described(europe, "alias/far")["Description"] == "far"


def test_the_primary_moves(kms, europe, account, family):
    assert "MultiRegionConfiguration" in described(kms, family)
    kms.update_primary_region(KeyId=family, PrimaryRegion="us-east-1")
    kms.update_primary_region(KeyId=family, PrimaryRegion=EUROPE)
    wanted = configuration(account, family, "PRIMARY", EUROPE, ["us-east-1"])
    assert described(europe, family)["MultiRegionConfiguration"] == wanted
    wanted["MultiRegionKeyType"] = "REPLICA"
    assert described(kms, family)["MultiRegionConfiguration"] == wanted
    assert described(kms, family)["KeyState"] == "Enabled"
    home = arn(account, "us-east-1", family)
    refused(
        kms.update_primary_region, "KMSInvalidStateException", f"{home} is not a multi-Region primary key.",
        KeyId=family, PrimaryRegion=EUROPE,
    )
    europe.replicate_key(KeyId=family, ReplicaRegion=ASIA)
    refused(
        kms.replicate_key, "UnsupportedOperationException", f"{home} is not a multi-region primary key.",
        KeyId=family, ReplicaRegion="us-west-2",
    )


def test_the_primary_stays(kms, europe, account, family):
    kms.create_alias(AliasName="alias/stays", TargetKeyId=family)
    refused(
        kms.update_primary_region, "InvalidArnException", "Key Aliases are not supported for this operation.",
        KeyId="alias/stays", PrimaryRegion=EUROPE,
    )
    refused(
        kms.update_primary_region, "ValidationException",
        f"{family} does not have a replica key in the specified Region.",
        KeyId=family, PrimaryRegion=ASIA,
    )
    for client, region in [(kms, "us-east-1"), (europe, EUROPE)]:
        client.disable_key(KeyId=family)
        refused(
            kms.update_primary_region, "DisabledException", f"{arn(account, region, family)} is disabled.",
            KeyId=family, PrimaryRegion=EUROPE,
        )
        client.enable_key(KeyId=family)
    europe.schedule_key_deletion(KeyId=family)
    refused(
        kms.update_primary_region, "KMSInvalidStateException",
        f"{arn(account, EUROPE, family)} is pending deletion.",
        KeyId=family, PrimaryRegion=EUROPE,
    )


def test_a_primary_waits_for_its_replicas(kms, europe, account, family):
    home = arn(account, "us-east-1", family)
    reply = kms.schedule_key_deletion(KeyId=family, PendingWindowInDays=9)
    del reply["ResponseMetadata"]
    assert reply == {"KeyId": home, "KeyState": "PendingReplicaDeletion", "PendingWindowInDays": 9}
    metadata = described(kms, family)
    assert (metadata["KeyState"], metadata["PendingDeletionWindowInDays"]) == ("PendingReplicaDeletion", 9)
    assert "DeletionDate" not in metadata
    pending = ("KMSInvalidStateException", f"{home} is pending replica deletion.")
    refused(kms.encrypt, *pending, KeyId=family, Plaintext=b"x")
    refused(kms.replicate_key, *pending, KeyId=family, ReplicaRegion=ASIA)
    refused(kms.schedule_key_deletion, *pending, KeyId=family)
    assert europe.schedule_key_deletion(KeyId=family, PendingWindowInDays=7)["KeyState"] == "PendingDeletion"
    assert kms.cancel_key_deletion(KeyId=family)["KeyId"] == home
    metadata = described(kms, family)
    assert metadata["KeyState"] == "Disabled"
    assert "PendingDeletionWindowInDays" not in metadata
    kms.enable_key(KeyId=family)
    refused(kms.replicate_key, "AlreadyExistsException", ONCE, KeyId=family, ReplicaRegion=EUROPE)
    europe.cancel_key_deletion(KeyId=family)
    assert described(europe, family)["KeyState"] == "Disabled"


def test_imported_material_is_not_replicated(kms):
    external = kms.create_key(MultiRegion=True, Origin="EXTERNAL")["KeyMetadata"]["Arn"]
    refused(
        kms.replicate_key, "KMSInvalidStateException", f"{external} is pending import.",
        KeyId=external, ReplicaRegion=EUROPE,
    )


def test_keys_in_custom_key_stores_are_of_one_region(kms):
    refused(
        kms.create_key, "CustomKeyStoreNotFoundException", None,
        MultiRegion=True, CustomKeyStoreId="cks-1234567890abcdef0",
    )
