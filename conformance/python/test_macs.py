"""GenerateMac and VerifyMac."""

import hashlib
import hmac
import os

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

import specs
from clients import refused, violation

USAGE = "GENERATE_VERIFY_MAC"
DRY_RUN = "The request would have succeeded, but the DryRun option is set."


def algorithm_of(spec):
    return spec.replace("HMAC_", "HMAC_SHA_")


def mac(kms, key, spec, message):
    reply = kms.generate_mac(KeyId=key, Message=message, MacAlgorithm=algorithm_of(spec))
    assert (reply["KeyId"], reply["MacAlgorithm"]) == (key, algorithm_of(spec))
    return reply["Mac"]


@pytest.mark.parametrize("spec", specs.HMAC)
def test_macs_verify(kms, key_of, spec):
    key = key_of(spec, USAGE)
    for message in [b"x", "größe".encode(), os.urandom(4096)]:
        made = mac(kms, key, spec, message)
        assert len(made) == hashlib.new(specs.HMAC[spec]).digest_size
        assert made == mac(kms, key, spec, message)
        arguments = {"KeyId": key, "MacAlgorithm": algorithm_of(spec)}
        reply = kms.verify_mac(Message=message, Mac=made, **arguments)
        assert (reply["KeyId"], reply["MacValid"], reply["MacAlgorithm"]) == (key, True, algorithm_of(spec))
        for other in [made[:-1], made + b"\0", bytes([made[0] ^ 1]) + made[1:], b"x", made * 2]:
            refused(kms.verify_mac, "KMSInvalidMacException", "", Message=message, Mac=other, **arguments)
        refused(kms.verify_mac, "KMSInvalidMacException", "", Message=message[:-1] + b"!", Mac=made, **arguments)


@pytest.mark.parametrize("spec", specs.HMAC)
def test_macs_are_those_of_others(kms, spec):
    """With a key that is known outside, too, because it was imported."""
    key = kms.create_key(KeySpec=spec, KeyUsage=USAGE, Origin="EXTERNAL")["KeyMetadata"]["Arn"]
    given = kms.get_parameters_for_import(
        KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048",
    )
    secret = os.urandom(hashlib.new(specs.HMAC[spec]).digest_size)
    wrapped = load_der_public_key(given["PublicKey"]).encrypt(secret, specs.oaep("RSAES_OAEP_SHA_256"))
    kms.import_key_material(
        KeyId=key, ImportToken=given["ImportToken"], EncryptedKeyMaterial=wrapped,
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )
    for message in [b"x", os.urandom(4096)]:
        assert mac(kms, key, spec, message) == hmac.digest(secret, message, specs.HMAC[spec])


def test_every_key_has_macs_of_its_own(kms, key_of):
    other = kms.create_key(KeySpec="HMAC_256", KeyUsage=USAGE)["KeyMetadata"]["Arn"]
    assert mac(kms, key_of("HMAC_256", USAGE), "HMAC_256", b"x") != mac(kms, other, "HMAC_256", b"x")


@pytest.mark.parametrize("spec", specs.HMAC)
def test_only_the_algorithm_of_the_spec_fits(kms, key_of, spec):
    for other in specs.HMAC:
        if other == spec:
            continue
        arguments = {"KeyId": key_of(spec, USAGE), "Message": b"x", "MacAlgorithm": algorithm_of(other)}
        text = f"Algorithm {algorithm_of(other)} is incompatible with key spec {spec}."
        refused(kms.generate_mac, "InvalidKeyUsageException", text, **arguments)
        refused(kms.verify_mac, "InvalidKeyUsageException", text, Mac=b"x", **arguments)


def test_keys_of_another_usage(kms, key, key_of):
    arguments = {"Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}
    for arn, usage in [(key, "ENCRYPT_DECRYPT"), (key_of("ECC_NIST_P256", "SIGN_VERIFY"), "SIGN_VERIFY")]:
        for name, call, extra in [("GenerateMac", kms.generate_mac, {}), ("VerifyMac", kms.verify_mac, {"Mac": b"x"})]:
            text = f"{arn} key usage is {usage} which is not valid for {name}."
            refused(call, "InvalidKeyUsageException", text, KeyId=arn, **arguments, **extra)


def test_message_bounds(kms, key_of):
    arguments = {"KeyId": key_of("HMAC_256", USAGE), "MacAlgorithm": "HMAC_SHA_256"}
    for message, bound in [(b"", "greater than or equal to 1"), (b"x" * 4097, "less than or equal to 4096")]:
        text = violation(
            f"Value at 'message' failed to satisfy constraint: Member must have length {bound}")
        refused(kms.generate_mac, "ValidationException", text, Message=message, **arguments)


def test_dry_runs_and_states(kms, key_of):
    key = kms.create_key(KeySpec="HMAC_256", KeyUsage=USAGE)["KeyMetadata"]["Arn"]
    arguments = {"KeyId": key, "Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}
    made = mac(kms, key, "HMAC_256", b"x")
    refused(kms.generate_mac, "DryRunOperationException", DRY_RUN, DryRun=True, **arguments)
    refused(kms.verify_mac, "DryRunOperationException", DRY_RUN, DryRun=True, Mac=made, **arguments)
    refused(kms.verify_mac, "KMSInvalidMacException", "", DryRun=True, Mac=made[1:], **arguments)
    kms.disable_key(KeyId=key)
    arguments["MacAlgorithm"] = "HMAC_SHA_512"
    refused(kms.generate_mac, "DisabledException", f"{key} is disabled.", **arguments)
    refused(kms.verify_mac, "DisabledException", f"{key} is disabled.", Mac=made, **arguments)
