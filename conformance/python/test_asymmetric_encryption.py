"""Encrypt, Decrypt and ReEncrypt with key pairs: what others encrypt to a public key opens here."""

import os

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

import specs
from clients import refused
from known import count

USAGE = "ENCRYPT_DECRYPT"
INCORRECT_KEY = "The key ID in the request does not identify a CMK that can perform this operation."
DRY_RUN = "The request would have succeeded, but the DryRun option is set."
CONTEXT = "EncryptionContext is not supported when encrypting/decrypting with asymmetric CMKs."
LIMITS = [
    ("RSA_2048", "RSAES_OAEP_SHA_1", 214), ("RSA_2048", "RSAES_OAEP_SHA_256", 190),
    ("RSA_3072", "RSAES_OAEP_SHA_1", 342), ("RSA_3072", "RSAES_OAEP_SHA_256", 318),
    ("RSA_4096", "RSAES_OAEP_SHA_1", 470), ("RSA_4096", "RSAES_OAEP_SHA_256", 446),
]
SHA_256 = "RSAES_OAEP_SHA_256"


@pytest.fixture
def rsa(key_of):
    return key_of("RSA_2048", USAGE)


def encrypt(kms, key, plaintext, algorithm=SHA_256):
    return kms.encrypt(KeyId=key, Plaintext=plaintext, EncryptionAlgorithm=algorithm)["CiphertextBlob"]


@pytest.mark.parametrize("spec, algorithm, limit", LIMITS)
def test_round_trips(kms, key_of, spec, algorithm, limit):
    key = key_of(spec, USAGE)
    public = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    for plaintext in [b"x", os.urandom(limit)]:
        reply = kms.encrypt(KeyId=key, Plaintext=plaintext, EncryptionAlgorithm=algorithm)
        assert (reply["KeyId"], reply["EncryptionAlgorithm"]) == (key, algorithm)
        assert len(reply["CiphertextBlob"]) == int(spec[4:]) // 8
        for blob in [reply["CiphertextBlob"], public.encrypt(plaintext, specs.oaep(algorithm))]:
            opened = kms.decrypt(KeyId=key, CiphertextBlob=blob, EncryptionAlgorithm=algorithm)
            assert opened["Plaintext"] == plaintext
            assert (opened["KeyId"], opened["EncryptionAlgorithm"]) == (key, algorithm)
        count(f"{algorithm} {spec}", "encrypted by cryptography", "valid")
    refused(
        kms.encrypt, "ValidationException",
        f"Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {limit} bytes.",
        KeyId=key, Plaintext=b"x" * (limit + 1), EncryptionAlgorithm=algorithm,
    )


def test_ciphertexts_that_do_not_open(kms, rsa):
    blob = encrypt(kms, rsa, b"x")
    changed = blob[:-1] + bytes([blob[-1] ^ 1])
    for ciphertext, algorithm in [
        (changed, SHA_256), (blob, "RSAES_OAEP_SHA_1"), (blob[:-1], SHA_256), (blob + b"\0", SHA_256),
        (b"\xff" * 256, SHA_256), (b"\0" * 256, SHA_256), (b"x", SHA_256),
    ]:
        refused(
            kms.decrypt, "InvalidCiphertextException", "",
            KeyId=rsa, CiphertextBlob=ciphertext, EncryptionAlgorithm=algorithm,
        )
    # With the default algorithm it is the ciphertext that does not fit.
    refused(kms.decrypt, "InvalidCiphertextException", "", KeyId=rsa, CiphertextBlob=blob)
    other = kms.create_key(KeySpec="RSA_2048", KeyUsage=USAGE)["KeyMetadata"]["Arn"]
    refused(
        kms.decrypt, "InvalidCiphertextException", "",
        KeyId=other, CiphertextBlob=blob, EncryptionAlgorithm=SHA_256,
    )


def test_members_that_do_not_fit(kms, key, rsa):
    blob = encrypt(kms, rsa, b"x")
    asymmetric = {"EncryptionAlgorithm": SHA_256}
    refused(kms.decrypt, "ValidationException", "KeyId must not be null", CiphertextBlob=blob, **asymmetric)
    refused(
        kms.re_encrypt, "ValidationException", "KeyId must not be null", CiphertextBlob=blob,
        SourceEncryptionAlgorithm=SHA_256, DestinationKeyId=key,
    )
    context = {"EncryptionContext": {"a": "b"}}
    refused(kms.encrypt, "ValidationException", CONTEXT, KeyId=rsa, Plaintext=b"x", **asymmetric, **context)
    refused(kms.decrypt, "ValidationException", CONTEXT, KeyId=rsa, CiphertextBlob=blob, **asymmetric, **context)
    opened = kms.decrypt(KeyId=rsa, CiphertextBlob=blob, EncryptionContext={}, **asymmetric)
    assert opened["Plaintext"] == b"x"


def test_keys_and_algorithms_that_do_not_fit(kms, key, key_of, rsa):
    unfit = "InvalidKeyUsageException"
    text = "Algorithm {} is incompatible with key spec {}."
    refused(kms.encrypt, unfit, text.format("SYMMETRIC_DEFAULT", "RSA_2048"), KeyId=rsa, Plaintext=b"x")
    symmetric = {"KeyId": key, "EncryptionAlgorithm": SHA_256}
    refused(kms.encrypt, unfit, text.format(SHA_256, "SYMMETRIC_DEFAULT"), Plaintext=b"x", **symmetric)
    refused(kms.decrypt, unfit, text.format(SHA_256, "SYMMETRIC_DEFAULT"), CiphertextBlob=b"x", **symmetric)
    refused(
        kms.generate_data_key, unfit, text.format("SYMMETRIC_DEFAULT", "RSA_2048"), KeyId=rsa, KeySpec="AES_256",
    )
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for spec, usage in [
        ("RSA_2048", "SIGN_VERIFY"), ("HMAC_256", "GENERATE_VERIFY_MAC"), ("ECC_NIST_P256", "KEY_AGREEMENT"),
        ("ML_KEM_512", "ENCAPSULATE_DECAPSULATE"),
    ]:
        other = key_of(spec, usage)

        def not_valid(operation):
            return f"{other} key usage is {usage} which is not valid for {operation}."

        refused(kms.encrypt, unfit, not_valid("Encrypt"), KeyId=other, Plaintext=b"x")
        refused(kms.decrypt, "IncorrectKeyException", INCORRECT_KEY, KeyId=other, CiphertextBlob=blob)
        refused(
            kms.re_encrypt, "IncorrectKeyException", INCORRECT_KEY,
            SourceKeyId=other, CiphertextBlob=blob, DestinationKeyId=key,
        )
        refused(
            kms.re_encrypt, unfit, not_valid("ReEncrypt"), CiphertextBlob=blob, DestinationKeyId=other,
        )
        for name in ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"]:
            call = kms.generate_data_key if name == "GenerateDataKey" else kms.generate_data_key_without_plaintext
            refused(call, unfit, not_valid(name), KeyId=other, KeySpec="AES_256")
    refused(kms.decrypt, "IncorrectKeyException", INCORRECT_KEY, KeyId=rsa, CiphertextBlob=blob)


def test_re_encryption_between_kinds_of_keys(kms, key, key_of, rsa):
    plaintext, large = os.urandom(190), key_of("RSA_4096", USAGE)
    there = {"DestinationEncryptionAlgorithm": SHA_256}
    back = {"SourceEncryptionAlgorithm": SHA_256}
    blob = kms.encrypt(KeyId=key, Plaintext=plaintext, EncryptionContext={"a": "1"})["CiphertextBlob"]
    reply = kms.re_encrypt(
        CiphertextBlob=blob, SourceEncryptionContext={"a": "1"}, DestinationKeyId=rsa, **there,
    )
    assert (reply["SourceKeyId"], reply["KeyId"]) == (key, rsa)
    assert reply["DestinationEncryptionAlgorithm"] == SHA_256
    assert "DestinationKeyMaterialId" not in reply and "SourceKeyMaterialId" in reply
    reply = kms.re_encrypt(
        CiphertextBlob=reply["CiphertextBlob"], SourceKeyId=rsa, DestinationKeyId=large, **back, **there,
    )
    assert "DestinationKeyMaterialId" not in reply and "SourceKeyMaterialId" not in reply
    reply = kms.re_encrypt(
        CiphertextBlob=reply["CiphertextBlob"], SourceKeyId=large, DestinationKeyId=key, **back,
        DestinationEncryptionContext={"b": "2"},
    )
    assert "DestinationKeyMaterialId" in reply and "SourceKeyMaterialId" not in reply
    opened = kms.decrypt(CiphertextBlob=reply["CiphertextBlob"], EncryptionContext={"b": "2"})
    assert opened["Plaintext"] == plaintext


def test_re_encryption_of_what_is_too_long(kms, key, rsa):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x" * 191)["CiphertextBlob"]
    refused(
        kms.re_encrypt, "ValidationException",
        "Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data larger than 190 bytes.",
        CiphertextBlob=blob, DestinationKeyId=rsa, DestinationEncryptionAlgorithm=SHA_256,
    )


def test_the_state_is_told_first(kms):
    key = kms.create_key(KeySpec="RSA_2048", KeyUsage=USAGE)["KeyMetadata"]["Arn"]
    blob = encrypt(kms, key, b"x")
    kms.disable_key(KeyId=key)
    disabled = f"{key} is disabled."
    refused(kms.encrypt, "DisabledException", disabled, KeyId=key, Plaintext=b"x")
    refused(kms.decrypt, "DisabledException", disabled, KeyId=key, CiphertextBlob=blob)
    kms.enable_key(KeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    refused(
        kms.decrypt, "KMSInvalidStateException", f"{key} is pending deletion.",
        KeyId=key, CiphertextBlob=blob, EncryptionAlgorithm=SHA_256,
    )


def test_dry_runs(kms, rsa):
    blob = encrypt(kms, rsa, b"x")
    arguments = {"KeyId": rsa, "EncryptionAlgorithm": SHA_256, "DryRun": True}
    refused(kms.encrypt, "DryRunOperationException", DRY_RUN, Plaintext=b"x", **arguments)
    refused(kms.decrypt, "DryRunOperationException", DRY_RUN, CiphertextBlob=blob, **arguments)
    refused(kms.decrypt, "InvalidCiphertextException", "", CiphertextBlob=b"x" * 256, **arguments)
    refused(
        kms.decrypt, "DryRunOperationException", DRY_RUN, DryRunModifiers=["IGNORE_CIPHERTEXT"], **arguments,
    )
