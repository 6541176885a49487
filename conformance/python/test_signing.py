"""Sign and Verify with every algorithm: what is signed here, others verify."""

import hashlib
import os

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_der_public_key

import specs
from clients import refused, violation
from known import count

USAGE = "SIGN_VERIFY"
DRY_RUN = "The request would have succeeded, but the DryRun option is set."
MESSAGE = "the größte message".encode() * 7


def public_key(kms, key):
    return load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])


def sign(kms, key, algorithm, message, message_type=None):
    extra = {"MessageType": message_type} if message_type else {}
    reply = kms.sign(KeyId=key, Message=message, SigningAlgorithm=algorithm, **extra)
    assert (reply["KeyId"], reply["SigningAlgorithm"]) == (key, algorithm)
    return reply["Signature"]


def verifies(kms, key, algorithm, message, signature, message_type="RAW"):
    reply = kms.verify(
        KeyId=key, Message=message, MessageType=message_type, Signature=signature, SigningAlgorithm=algorithm,
    )
    del reply["ResponseMetadata"]
    assert reply == {"KeyId": key, "SignatureValid": True, "SigningAlgorithm": algorithm}


def no_signature(kms, key, algorithm, message, signature, message_type="RAW"):
    refused(
        kms.verify, "KMSInvalidSignatureException", "", KeyId=key, Message=message, MessageType=message_type,
        Signature=signature, SigningAlgorithm=algorithm,
    )


def changed(signature):
    return signature[:-1] + bytes([signature[-1] ^ 1])


@pytest.mark.parametrize("spec, algorithm", specs.every_signing_algorithm())
def test_messages_and_their_hashes(kms, key_of, spec, algorithm):
    key = key_of(spec, USAGE)
    public = public_key(kms, key)
    hashed = specs.digest(algorithm, MESSAGE)
    signatures = {
        "RAW": sign(kms, key, algorithm, MESSAGE),
        "DIGEST": sign(kms, key, algorithm, hashed, "DIGEST"),
    }
    for signature in signatures.values():
        specs.verify(public, algorithm, signature, MESSAGE)
        specs.verify_digest(public, algorithm, signature, hashed)
        verifies(kms, key, algorithm, MESSAGE, signature)
        verifies(kms, key, algorithm, hashed, signature, "DIGEST")
    no_signature(kms, key, algorithm, MESSAGE + b"!", signatures["RAW"])
    no_signature(kms, key, algorithm, MESSAGE, changed(signatures["RAW"]))
    no_signature(kms, key, algorithm, MESSAGE, b"x")
    assert signatures["RAW"] == signatures["DIGEST"] or "PKCS1" not in algorithm


@pytest.mark.parametrize("spec, algorithm", specs.every_signing_algorithm())
def test_the_longest_message(kms, key_of, spec, algorithm):
    key, message = key_of(spec, USAGE), os.urandom(4096)
    specs.verify(public_key(kms, key), algorithm, sign(kms, key, algorithm, message), message)


def test_ed25519(kms, key_of):
    key, algorithm = key_of(specs.ED25519, USAGE), "ED25519_SHA_512"
    for message in [b"x", MESSAGE, os.urandom(4096)]:
        signature = sign(kms, key, algorithm, message)
        public_key(kms, key).verify(signature, message)
        count(algorithm, "ours, judged by cryptography", "RAW")
        verifies(kms, key, algorithm, message, signature)
        assert signature == sign(kms, key, algorithm, message, "RAW")
        no_signature(kms, key, algorithm, b"!" + message[1:], signature)


def test_ed25519_of_a_hash(kms, key_of):
    key, algorithm = key_of(specs.ED25519, USAGE), "ED25519_PH_SHA_512"
    hashed = hashlib.sha512(MESSAGE).digest()
    signature = sign(kms, key, algorithm, hashed, "DIGEST")
    assert len(signature) == 64
    verifies(kms, key, algorithm, hashed, signature, "DIGEST")
    no_signature(kms, key, algorithm, hashlib.sha512(b"x").digest(), signature, "DIGEST")
    # Another algorithm's signature, though of the same key (RFC 8032 §5.1: dom2).
    no_signature(kms, key, "ED25519_SHA_512", hashed, signature)
    with pytest.raises(InvalidSignature):
        public_key(kms, key).verify(signature, hashed)


def external_mu(public, message):
    """FIPS 204, algorithm 7: mu of a message without context."""
    of_key = hashlib.shake_256(public.public_bytes_raw()).digest(64)
    return hashlib.shake_256(of_key + b"\0\0" + message).digest(64)


@pytest.mark.parametrize("spec, length", list(zip(specs.ML_DSA, [2420, 3309, 4627])))
def test_ml_dsa(kms, key_of, spec, length):
    key, algorithm = key_of(spec, USAGE), "ML_DSA_SHAKE_256"
    public = public_key(kms, key)
    mu = external_mu(public, MESSAGE)
    signatures = [sign(kms, key, algorithm, MESSAGE), sign(kms, key, algorithm, mu, "EXTERNAL_MU")]
    for signature in signatures:
        assert len(signature) == length
        public.verify(signature, MESSAGE)
        count(f"{algorithm} {spec}", "ours, judged by cryptography", "RAW and EXTERNAL_MU")
        verifies(kms, key, algorithm, MESSAGE, signature)
        verifies(kms, key, algorithm, mu, signature, "EXTERNAL_MU")
        no_signature(kms, key, algorithm, MESSAGE + b"!", signature)
        no_signature(kms, key, algorithm, external_mu(public, b"!"), signature, "EXTERNAL_MU")
    # FIPS 204, hedged: no signature is made twice.
    assert len({*signatures, sign(kms, key, algorithm, MESSAGE)}) == 3


@pytest.mark.parametrize("spec, algorithm, message_type, length, text", [
    ("RSA_2048", "RSASSA_PSS_SHA_256", "DIGEST", 31, "Digest is invalid length for algorithm RSASSA_PSS_SHA_256."),
    ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512", "DIGEST", 32,
     "Digest is invalid length for algorithm RSASSA_PKCS1_V1_5_SHA_512."),
    ("ECC_NIST_P256", "ECDSA_SHA_256", "DIGEST", 33, "Digest is invalid length for algorithm ECDSA_SHA_256."),
    ("ECC_NIST_P384", "ECDSA_SHA_384", "DIGEST", 64, "Digest is invalid length for algorithm ECDSA_SHA_384."),
    (specs.ED25519, "ED25519_PH_SHA_512", "DIGEST", 63,
     "Digest is invalid length for algorithm ED25519_PH_SHA_512."),
    (specs.ED25519, "ED25519_SHA_512", "DIGEST", 64,
     "Message type DIGEST is incompatible with algorithm ED25519_SHA_512."),
    (specs.ED25519, "ED25519_PH_SHA_512", "RAW", 64,
     "Message type RAW is incompatible with algorithm ED25519_PH_SHA_512."),
    ("ECC_NIST_P256", "ECDSA_SHA_256", "EXTERNAL_MU", 64,
     "Message type EXTERNAL_MU is incompatible with key spec ECC_NIST_P256."),
    ("RSA_2048", "RSASSA_PSS_SHA_256", "EXTERNAL_MU", 64,
     "Message type EXTERNAL_MU is incompatible with key spec RSA_2048."),
    ("ML_DSA_44", "ML_DSA_SHAKE_256", "EXTERNAL_MU", 63,
     "External Mu is invalid length for algorithm ML_DSA_SHAKE_256."),
    ("ML_DSA_44", "ML_DSA_SHAKE_256", "DIGEST", 64,
     "Message type DIGEST is incompatible with key spec ML_DSA_44."),
])
def test_messages_that_do_not_fit(kms, key_of, spec, algorithm, message_type, length, text):
    arguments = {
        "KeyId": key_of(spec, USAGE), "Message": b"x" * length, "MessageType": message_type,
        "SigningAlgorithm": algorithm,
    }
    refused(kms.sign, "ValidationException", text, **arguments)
    refused(kms.verify, "ValidationException", text, Signature=b"x", **arguments)


def test_keys_and_algorithms_that_do_not_fit(kms, key, key_of):
    arguments = {"Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}
    for name, call, extra in [("Sign", kms.sign, {}), ("Verify", kms.verify, {"Signature": b"x"})]:
        arn = key_of("RSA_2048", USAGE)
        refused(
            call, "InvalidKeyUsageException", "Algorithm ECDSA_SHA_256 is incompatible with key spec RSA_2048.",
            KeyId=arn, **arguments, **extra,
        )
        for arn, usage in [
            (key, "ENCRYPT_DECRYPT"), (key_of("RSA_2048", "ENCRYPT_DECRYPT"), "ENCRYPT_DECRYPT"),
            (key_of("HMAC_256", "GENERATE_VERIFY_MAC"), "GENERATE_VERIFY_MAC"),
            (key_of("ECC_NIST_P256", "KEY_AGREEMENT"), "KEY_AGREEMENT"),
        ]:
            text = f"{arn} key usage is {usage} which is not valid for {name}."
            refused(call, "InvalidKeyUsageException", text, KeyId=arn, **arguments, **extra)


def test_message_bounds(kms, key_of):
    arguments = {"KeyId": key_of("ECC_NIST_P256", USAGE), "SigningAlgorithm": "ECDSA_SHA_256"}
    for message, bound in [(b"", "greater than or equal to 1"), (b"x" * 4097, "less than or equal to 4096")]:
        text = violation(
            f"Value at 'message' failed to satisfy constraint: Member must have length {bound}")
        refused(kms.sign, "ValidationException", text, Message=message, **arguments)
        refused(kms.verify, "ValidationException", text, Message=message, Signature=b"x", **arguments)


def test_the_state_is_told_before_the_algorithm(kms):
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage=USAGE)["KeyMetadata"]["Arn"]
    kms.disable_key(KeyId=key)
    arguments = {"KeyId": key, "Message": b"x", "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
    refused(kms.sign, "DisabledException", f"{key} is disabled.", **arguments)
    refused(kms.verify, "DisabledException", f"{key} is disabled.", Signature=b"x", **arguments)


def test_dry_runs(kms, key_of):
    key, algorithm = key_of("ECC_NIST_P256", USAGE), "ECDSA_SHA_256"
    arguments = {"KeyId": key, "Message": MESSAGE, "SigningAlgorithm": algorithm, "DryRun": True}
    signature = sign(kms, key, algorithm, MESSAGE)
    refused(kms.sign, "DryRunOperationException", DRY_RUN, **arguments)
    refused(kms.verify, "DryRunOperationException", DRY_RUN, Signature=signature, **arguments)
    refused(kms.verify, "KMSInvalidSignatureException", "", Signature=changed(signature), **arguments)
