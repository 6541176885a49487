"""GetPublicKey of every key pair, as other implementations read it."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

import specs
from clients import refused

PAIRS = [
    *[(spec, usage) for spec in specs.RSA for usage in ["ENCRYPT_DECRYPT", "SIGN_VERIFY"]],
    *[(spec, usage) for spec in specs.NIST for usage in ["SIGN_VERIFY", "KEY_AGREEMENT"]],
    ("ECC_SECG_P256K1", "SIGN_VERIFY"), (specs.ED25519, "SIGN_VERIFY"),
    *[(spec, "SIGN_VERIFY") for spec in specs.ML_DSA],
    *[(spec, "ENCAPSULATE_DECAPSULATE") for spec in specs.ML_KEM],
]
LISTS = {
    "ENCRYPT_DECRYPT": "EncryptionAlgorithms", "SIGN_VERIFY": "SigningAlgorithms",
    "KEY_AGREEMENT": "KeyAgreementAlgorithms", "ENCAPSULATE_DECAPSULATE": "EncapsulationAlgorithms",
}


def algorithms(spec, usage):
    if usage == "ENCRYPT_DECRYPT":
        return list(specs.OAEP)
    if usage == "KEY_AGREEMENT":
        return ["ECDH"]
    if usage == "ENCAPSULATE_DECAPSULATE":
        return ["ML_KEM"]
    others = {spec: ["ML_DSA_SHAKE_256"] for spec in specs.ML_DSA}
    others[specs.ED25519] = ["ED25519_PH_SHA_512", "ED25519_SHA_512"]
    return (specs.SIGNING | others)[spec]


@pytest.mark.parametrize("spec, usage", PAIRS)
def test_public_keys(kms, key_of, spec, usage):
    key = key_of(spec, usage)
    reply = kms.get_public_key(KeyId=key)
    del reply["ResponseMetadata"]
    public = reply.pop("PublicKey")
    assert reply == {
        "KeyId": key, "KeySpec": spec, "CustomerMasterKeySpec": spec, "KeyUsage": usage,
        LISTS[usage]: algorithms(spec, usage),
    }
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert metadata[LISTS[usage]] == algorithms(spec, usage)
    assert "CurrentKeyMaterialId" not in metadata
    assert kms.get_public_key(KeyId=key)["PublicKey"] == public
    if spec == "ML_KEM_512":
        # SEQUENCE { SEQUENCE { 2.16.840.1.101.3.4.4.1 }, BIT STRING of 800 bytes }, which the package cannot read.
        assert public[:-800].hex() == "30820332300b06096086480165030404010382032100"
        return
    loaded = load_der_public_key(public)
    assert loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == public
    if spec in specs.RSA:
        assert (f"RSA_{loaded.key_size}", loaded.public_numbers().e) == (spec, 65537)


def test_states(kms):
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    public = kms.get_public_key(KeyId=key)["PublicKey"]
    kms.disable_key(KeyId=key)
    assert kms.get_public_key(KeyId=key)["PublicKey"] == public
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    refused(kms.get_public_key, "KMSInvalidStateException", f"{key} is pending deletion.", KeyId=key)
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    assert kms.get_public_key(KeyId=key)["PublicKey"] == public


def test_keys_without_a_public_half(kms, key, key_of):
    for arn in [key, key_of("HMAC_256", "GENERATE_VERIFY_MAC")]:
        refused(kms.get_public_key, "UnsupportedOperationException", "", KeyId=arn)
    refused(kms.get_public_key, "NotFoundException", "Invalid keyId 'xyz'", KeyId="xyz")
