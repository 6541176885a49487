"""Encrypt, Decrypt, ReEncrypt, data keys, random bytes."""

import re

import pytest

import clients
from clients import refused, starts, violation

INCORRECT_KEY = "The key ID in the request does not identify a CMK that can perform this operation."
DRY_RUN = "The request would have succeeded, but the DryRun option is set."


def material(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"]


@pytest.mark.parametrize("plaintext", [b"x", bytes(range(256)), b"\0" * 4096])
@pytest.mark.parametrize("context", [{}, {"a": "b"}, {"größe": "Ω", "b": "", "a": "x" * 4000}])
def test_round_trip(kms, key, plaintext, context):
    sealed = kms.encrypt(KeyId=key, Plaintext=plaintext, EncryptionContext=context)
    assert (sealed["KeyId"], sealed["EncryptionAlgorithm"]) == (key, "SYMMETRIC_DEFAULT")
    blob = sealed["CiphertextBlob"]
    assert plaintext == b"x" or plaintext not in blob
    # The outer shape that tools recognise: AQICAHg… and the KeyMaterialId.
    assert blob.startswith(bytes.fromhex("0102020078" + material(kms, key)))
    for extra in [{}, {"KeyId": key}]:
        opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=context, **extra)
        assert opened["Plaintext"] == plaintext
        assert opened["KeyId"] == key
        assert opened["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
        assert opened["KeyMaterialId"] == material(kms, key)


def test_no_two_ciphertexts_are_alike(kms, key):
    blobs = {kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"] for _ in range(20)}
    assert len(blobs) == 20


@pytest.mark.parametrize("context", [
    {}, {"tenant": "8"}, {"Tenant": "7"}, {"tenant": "7", "more": "x"}, {"tenant": "7 "}, {"tenan": "t7"},
])
def test_another_context_does_not_open(kms, key, context):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"tenant": "7"})["CiphertextBlob"]
    refused(
        kms.decrypt, "InvalidCiphertextException", "", CiphertextBlob=blob, EncryptionContext=context,
    )


def test_changed_ciphertexts_do_not_open(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x" * 32)["CiphertextBlob"]
    # The first 37 bytes name format and key; from there on everything is authenticated.
    for at in [*range(37, len(blob), 7), len(blob) - 1]:
        changed = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1:]
        refused(kms.decrypt, "InvalidCiphertextException", "", CiphertextBlob=changed, KeyId=key)
    refused(kms.decrypt, "InvalidCiphertextException", "", CiphertextBlob=blob[:-1])
    refused(kms.decrypt, "InvalidCiphertextException", "", CiphertextBlob=b"rubbish")


def test_the_named_key_must_be_the_right_one(kms, key):
    other = kms.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    refused(kms.decrypt, "IncorrectKeyException", INCORRECT_KEY, CiphertextBlob=blob, KeyId=other)
    refused(
        kms.re_encrypt, "IncorrectKeyException", INCORRECT_KEY,
        CiphertextBlob=blob, SourceKeyId=other, DestinationKeyId=key,
    )


@pytest.mark.parametrize("plaintext, constraint", [
    (b"x" * 4097, "Member must have length less than or equal to 4096"),
    (b"", "Member must have length greater than or equal to 1"),
])
def test_plaintext_bounds(kms, key, plaintext, constraint):
    refused(
        kms.encrypt, "ValidationException",
        violation(f"Value at 'plaintext' failed to satisfy constraint: {constraint}"),
        KeyId=key, Plaintext=plaintext,
    )


def test_several_violations_are_reported_together(kms):
    refused(
        kms.encrypt, "ValidationException", starts("2 validation errors detected: "),
        KeyId="", Plaintext=b"",
    )


def test_re_encrypt(kms, key):
    other = kms.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1"})["CiphertextBlob"]
    reply = kms.re_encrypt(
        CiphertextBlob=blob, SourceEncryptionContext={"a": "1"},
        DestinationKeyId=other, DestinationEncryptionContext={"b": "2"},
    )
    assert (reply["SourceKeyId"], reply["KeyId"]) == (key, other)
    assert reply["SourceKeyMaterialId"] == material(kms, key)
    assert reply["DestinationKeyMaterialId"] == material(kms, other)
    opened = kms.decrypt(CiphertextBlob=reply["CiphertextBlob"], EncryptionContext={"b": "2"})
    assert (opened["Plaintext"], opened["KeyId"]) == (b"x", other)
    refused(
        kms.re_encrypt, "InvalidCiphertextException", "",
        CiphertextBlob=blob, SourceEncryptionContext={"a": "2"}, DestinationKeyId=other,
    )


@pytest.mark.parametrize("size, length", [
    ({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 1}, 1),
    ({"NumberOfBytes": 1024}, 1024),
])
def test_data_keys(kms, key, size, length):
    reply = kms.generate_data_key(KeyId=key, EncryptionContext=CONTEXT_OF_DATA, **size)
    assert len(reply["Plaintext"]) == length
    assert (reply["KeyId"], reply["KeyMaterialId"]) == (key, material(kms, key))
    assert reply["CiphertextBlob"].startswith(bytes.fromhex("0102030078"))
    opened = kms.decrypt(CiphertextBlob=reply["CiphertextBlob"], EncryptionContext=CONTEXT_OF_DATA)
    assert opened["Plaintext"] == reply["Plaintext"]
    sealed = kms.generate_data_key_without_plaintext(KeyId=key, EncryptionContext=CONTEXT_OF_DATA, **size)
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=CONTEXT_OF_DATA)
    assert len(opened["Plaintext"]) == length


CONTEXT_OF_DATA = {"file": "größe"}


@pytest.mark.parametrize("name", ["generate_data_key", "generate_data_key_without_plaintext"])
def test_data_key_sizes_are_named_once(kms, key, name):
    call = getattr(kms, name)
    text = "Please specify either number of bytes or key spec."
    refused(call, "ValidationException", text, KeyId=key)
    refused(call, "ValidationException", text, KeyId=key, KeySpec="AES_256", NumberOfBytes=32)
    refused(
        call, "ValidationException",
        violation("Value '1025' at 'numberOfBytes' failed to satisfy constraint: "
                  "Member must have value less than or equal to 1024"),
        KeyId=key, NumberOfBytes=1025,
    )
    refused(
        call, "ValidationException",
        starts(violation("Value 'AES_512' at 'keySpec' failed to satisfy constraint: "
                         "Member must satisfy enum value set: [")),
        KeyId=key, KeySpec="AES_512",
    )


def test_generate_random(kms):
    assert len(kms.generate_random(NumberOfBytes=1024)["Plaintext"]) == 1024
    assert kms.generate_random(NumberOfBytes=32) != kms.generate_random(NumberOfBytes=32)
    refused(kms.generate_random, "ValidationException", "NumberOfBytes is required.")
    refused(
        kms.generate_random, "ValidationException",
        violation("Value '0' at 'numberOfBytes' failed to satisfy constraint: "
                  "Member must have value greater than or equal to 1"),
        NumberOfBytes=0,
    )


def test_dry_runs_say_what_would_have_happened(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for call, arguments in [
        (kms.encrypt, {"KeyId": key, "Plaintext": b"x"}),
        (kms.decrypt, {"CiphertextBlob": blob}),
        (kms.re_encrypt, {"CiphertextBlob": blob, "DestinationKeyId": key}),
        (kms.generate_data_key, {"KeyId": key, "KeySpec": "AES_256"}),
        (kms.generate_data_key_without_plaintext, {"KeyId": key, "KeySpec": "AES_256"}),
    ]:
        refused(call, "DryRunOperationException", DRY_RUN, DryRun=True, **arguments)
    refused(kms.decrypt, "InvalidCiphertextException", "", CiphertextBlob=blob[:-1], DryRun=True)


def test_aliases_name_keys_in_cryptography(kms, key):
    kms.create_alias(AliasName="alias/crypt", TargetKeyId=key)
    sealed = kms.encrypt(KeyId="alias/crypt", Plaintext=b"x")
    assert sealed["KeyId"] == key
    assert kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], KeyId="alias/crypt")["Plaintext"] == b"x"


def test_other_accounts_are_refused_without_a_hint(kms, key):
    stranger = clients.fresh_account()
    foreign = clients.kms(stranger)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    absent = re.sub("/.*", "/11111111-2222-4333-8444-555555555555", key)

    def denied(action, what):
        return (
            f"User: arn:aws:iam::{stranger}:root is not authorized to perform: kms:{action} on {what} "
            f"{clients.UNSEEN}"
        )

    this = "this resource"
    for arn in [key, absent]:
        refused(
            foreign.encrypt, "AccessDeniedException", denied("Encrypt", this), KeyId=arn, Plaintext=b"x",
        )
        refused(
            foreign.generate_data_key, "AccessDeniedException", denied("GenerateDataKey", this),
            KeyId=arn, KeySpec="AES_256",
        )
        refused(foreign.describe_key, "AccessDeniedException", denied("DescribeKey", this), KeyId=arn)
        refused(foreign.disable_key, "AccessDeniedException", KeyId=arn)
        refused(foreign.schedule_key_deletion, "AccessDeniedException", KeyId=arn)
    refused(
        foreign.decrypt, "AccessDeniedException",
        denied("Decrypt", "the resource associated with this ciphertext"), CiphertextBlob=blob,
    )
    assert foreign.list_keys()["Keys"] == []
