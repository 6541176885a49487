"""Rotation: on demand, its history, and the plan of automatic rotation."""

import datetime

import pytest

import clients
from clients import refused, violation

TEXT = {
    "ValidationException": "Input parameter includeKeyMaterial can only be used with symmetric keys.",
    "InvalidArnException": "Key Aliases are not supported for this operation.",
}
OPERATIONS = [
    "enable_key_rotation", "disable_key_rotation", "get_key_rotation_status", "rotate_key_on_demand",
    "list_key_rotations",
]


@pytest.fixture
def hmac_key(kms):
    return kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["Arn"]


def status(kms, key):
    reply = kms.get_key_rotation_status(KeyId=key)
    del reply["ResponseMetadata"]
    return reply


def current(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"]


def rotations(kms, key, **more):
    return kms.list_key_rotations(KeyId=key, **more)["Rotations"]


def check_in_days(date, days):
    ahead = date - datetime.datetime.now(datetime.timezone.utc)
    assert abs(ahead - datetime.timedelta(days=days)) < datetime.timedelta(minutes=1)


def test_ciphertexts_from_before_ten_rotations_open(kms, key):
    sealed = []
    for number in range(11):
        if number:
            assert kms.rotate_key_on_demand(KeyId=key)["KeyId"] == key
        blob = kms.encrypt(KeyId=key, Plaintext=f"{number}".encode())["CiphertextBlob"]
        sealed.append((blob, current(kms, key)))
    for number, (blob, material) in enumerate(sealed):
        opened = kms.decrypt(CiphertextBlob=blob)
        assert opened["Plaintext"] == f"{number}".encode()
        assert opened["KeyId"] == key
        assert opened["KeyMaterialId"] == material
    listed = rotations(kms, key, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    assert [entry["KeyMaterialId"] for entry in listed] == [material for _, material in sealed]
    assert listed[0] == {
        "KeyId": key, "KeyMaterialId": sealed[0][1], "KeyMaterialState": "NON_CURRENT",
    }
    states = {entry["KeyMaterialState"] for entry in listed[:-1]}
    assert states == {"NON_CURRENT"} and listed[-1]["KeyMaterialState"] == "CURRENT"
    for entry in listed[1:]:
        assert set(entry) == {
            "KeyId", "KeyMaterialId", "KeyMaterialState", "RotationDate", "RotationType",
        }
        assert entry["RotationType"] == "ON_DEMAND"
        check_in_days(entry["RotationDate"], 0)
    assert rotations(kms, key) == listed[1:]
    moved = kms.re_encrypt(CiphertextBlob=sealed[0][0], DestinationKeyId=key)
    assert moved["SourceKeyMaterialId"] == sealed[0][1]
    assert moved["DestinationKeyMaterialId"] == sealed[-1][1]


def test_the_history_comes_in_pages(kms, key):
    for _ in range(5):
        kms.rotate_key_on_demand(KeyId=key)
    whole = rotations(kms, key)
    pages = kms.get_paginator("list_key_rotations").paginate(
        KeyId=key, PaginationConfig={"PageSize": 2},
    )
    pages = [page["Rotations"] for page in pages]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sum(pages, []) == whole
    refused(kms.list_key_rotations, "InvalidMarkerException", "", KeyId=key, Marker="rubbish")
    marker = kms.list_key_rotations(KeyId=key, Limit=1)["NextMarker"]
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    refused(kms.list_key_rotations, "InvalidMarkerException", "", KeyId=other, Marker=marker)


def test_twenty_five_rotations_on_demand_and_no_more(kms, key):
    for _ in range(25):
        kms.rotate_key_on_demand(KeyId=key)
    refused(
        kms.rotate_key_on_demand, "LimitExceededException",
        "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations "
        f"can be performed for this key: {key}",
        KeyId=key,
    )


def test_the_plan_changes_with_its_period_only(kms, key):
    assert status(kms, key) == {"KeyId": key, "KeyRotationEnabled": False}
    kms.enable_key_rotation(KeyId=key)
    plan = status(kms, key)
    check_in_days(plan["NextRotationDate"], 365)
    assert plan == {
        "KeyId": key,
        "KeyRotationEnabled": True,
        "NextRotationDate": plan["NextRotationDate"],
        "RotationPeriodInDays": 365,
    }
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=365)
    assert status(kms, key) == plan
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    plan = status(kms, key)
    check_in_days(plan["NextRotationDate"], 90)
    kms.enable_key_rotation(KeyId=key)
    kms.rotate_key_on_demand(KeyId=key)
    assert status(kms, key) == plan
    for _ in range(2):
        kms.disable_key_rotation(KeyId=key)
        assert status(kms, key) == {"KeyId": key, "KeyRotationEnabled": False}
    kms.enable_key_rotation(KeyId=key)
    assert status(kms, key)["RotationPeriodInDays"] == 365


@pytest.mark.parametrize("days, text", [
    (89, "Value '89' at 'rotationPeriodInDays' failed to satisfy constraint: "
         "Member must have value greater than or equal to 90"),
    (2561, "Value '2561' at 'rotationPeriodInDays' failed to satisfy constraint: "
           "Member must have value less than or equal to 2560"),
])
def test_periods_out_of_range(kms, key, days, text):
    refused(
        kms.enable_key_rotation, "ValidationException", violation(text),
        KeyId=key, RotationPeriodInDays=days,
    )


def test_states(kms, key):
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    plan = status(kms, key)
    kms.disable_key(KeyId=key)
    for call in [kms.enable_key_rotation, kms.disable_key_rotation, kms.rotate_key_on_demand]:
        refused(call, "DisabledException", f"{key} is disabled.", KeyId=key)
    assert status(kms, key) == plan
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    for call in [kms.enable_key_rotation, kms.disable_key_rotation, kms.rotate_key_on_demand]:
        refused(call, "KMSInvalidStateException", f"{key} is pending deletion.", KeyId=key)
    assert status(kms, key) == {"KeyId": key, "KeyRotationEnabled": False}
    assert rotations(kms, key) == []
    kms.cancel_key_deletion(KeyId=key)
    assert status(kms, key) == plan


def test_keys_that_are_not_symmetric(kms, hmac_key):
    for call in [kms.enable_key_rotation, kms.rotate_key_on_demand]:
        refused(call, "UnsupportedOperationException", "", KeyId=hmac_key)
    kms.disable_key_rotation(KeyId=hmac_key)
    assert status(kms, hmac_key) == {"KeyId": hmac_key, "KeyRotationEnabled": False}
    assert rotations(kms, hmac_key) == []
    refused(
        kms.list_key_rotations, "ValidationException", TEXT["ValidationException"],
        KeyId=hmac_key, IncludeKeyMaterial="ALL_KEY_MATERIAL",
    )


def test_imported_material_has_no_plan(kms):
    key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["Arn"]
    for call in [kms.enable_key_rotation, kms.disable_key_rotation]:
        refused(
            call, "UnsupportedOperationException",
            f"{key} origin is EXTERNAL which is not valid for this operation.", KeyId=key,
        )
    assert status(kms, key) == {"KeyId": key, "KeyRotationEnabled": False}


@pytest.mark.parametrize("spec, usage", [("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"), ("RSA_2048", "SIGN_VERIFY")])
def test_material_that_was_never_imported_does_not_rotate(kms, spec, usage):
    key = kms.create_key(Origin="EXTERNAL", KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"]
    refused(kms.rotate_key_on_demand, "KMSInvalidStateException", f"{key} is pending import.", KeyId=key)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_aliases_name_no_key_here(kms, account, key, operation):
    name = f"alias/{operation}"
    kms.create_alias(AliasName=name, TargetKeyId=key)
    for alias in [name, f"arn:aws:kms:us-east-1:{account}:{name}"]:
        refused(getattr(kms, operation), "InvalidArnException", TEXT["InvalidArnException"], KeyId=alias)


def test_related_keys_rotate_together(kms, account):
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]
    kms.replicate_key(KeyId=key["KeyId"], ReplicaRegion="eu-west-1")
    europe = clients.kms(account, "eu-west-1")
    replica = europe.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"before")["CiphertextBlob"]
    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=200)
    kms.rotate_key_on_demand(KeyId=key["KeyId"])
    plans = [status(kms, key["Arn"]), status(europe, replica)]
    histories = [rotations(kms, key["Arn"]), rotations(europe, replica)]
    for reply in plans + sum(histories, []):
        del reply["KeyId"]
    assert plans[0] == plans[1] and plans[0]["KeyRotationEnabled"]
    assert histories[0] == histories[1] and len(histories[0]) == 1
    assert current(kms, key["Arn"]) == current(europe, replica)
    assert europe.decrypt(CiphertextBlob=blob)["Plaintext"] == b"before"
    after = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"after")["CiphertextBlob"]
    assert europe.decrypt(CiphertextBlob=after)["Plaintext"] == b"after"
    for operation, name in [
        ("enable_key_rotation", "EnableKeyRotation"),
        ("disable_key_rotation", "DisableKeyRotation"),
        ("rotate_key_on_demand", "RotateKeyOnDemand"),
    ]:
        refused(
            getattr(europe, operation), "UnsupportedOperationException",
            f"{replica} is a multi-region replica key which is not valid for {name}.", KeyId=replica,
        )
