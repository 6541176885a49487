"""Material wrapped by another implementation in every way the API names, and wrappings that are not whole."""

import os

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

import known
from importing import external_key, fill, imported, oaep, pkcs8, spki, wrap
from known import count, refusal

WRAPPING_SPECS = ["RSA_2048", "RSA_3072", "RSA_4096"]
OAEP = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]
KEY_WRAP = ["RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"]
OTHER_HASH = dict(zip(OAEP + KEY_WRAP, OAEP[::-1] + KEY_WRAP[::-1]))
CURVES = {
    "ECC_NIST_P256": ec.SECP256R1, "ECC_NIST_P384": ec.SECP384R1, "ECC_NIST_P521": ec.SECP521R1,
    "ECC_SECG_P256K1": ec.SECP256K1,
}
RAW_BYTES = {"SYMMETRIC_DEFAULT": 32, "HMAC_224": 28, "HMAC_256": 64, "HMAC_384": 48, "HMAC_512": 128}
USAGES = {"SYMMETRIC_DEFAULT": "ENCRYPT_DECRYPT"} | {f"HMAC_{n}": "GENERATE_VERIFY_MAC" for n in (224, 256, 384, 512)}


@pytest.fixture(scope="module")
def private_keys():
    """One key pair for each asymmetric spec."""
    pairs = {spec: ec.generate_private_key(curve()) for spec, curve in CURVES.items()}
    pairs["ECC_NIST_EDWARDS25519"] = ed25519.Ed25519PrivateKey.generate()
    return pairs | {f"RSA_{bits}": rsa.generate_private_key(65537, bits) for bits in (2048, 3072, 4096)}


def algorithms(spec, wrapping_spec):
    """KMS API, GetParametersForImport: what wraps keys of `spec`."""
    if spec in USAGES:
        return OAEP
    # RSA private keys are too long for OAEP alone, and P-521 for OAEP with RSA_2048.
    if spec.startswith("RSA_") or (spec, wrapping_spec) == ("ECC_NIST_P521", "RSA_2048"):
        return KEY_WRAP
    return OAEP + KEY_WRAP


@pytest.mark.parametrize("wrapping_spec", WRAPPING_SPECS)
@pytest.mark.parametrize("spec", USAGES)
def test_raw_material(kms, spec, wrapping_spec):
    for algorithm in algorithms(spec, wrapping_spec):
        key, material = external_key(kms, spec, USAGES[spec]), os.urandom(RAW_BYTES[spec])
        fill(kms, key, material, algorithm, wrapping_spec)
        assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
        # The same again, differently wrapped, is taken; other material is not.
        fill(kms, key, material, OAEP[1])
        code = refusal(lambda: fill(kms, key, os.urandom(RAW_BYTES[spec]), algorithm, wrapping_spec))
        assert code == "IncorrectKeyMaterialException"
        count(f"{algorithm} {wrapping_spec}", "wrapped by cryptography", "imported")


@pytest.mark.parametrize("wrapping_spec", WRAPPING_SPECS)
@pytest.mark.parametrize("spec", [
    *CURVES, "ECC_NIST_EDWARDS25519", "RSA_2048", "RSA_3072", "RSA_4096",
])
def test_private_keys(kms, private_keys, spec, wrapping_spec):
    pair = private_keys[spec]
    for algorithm in algorithms(spec, wrapping_spec):
        key = external_key(kms, spec, "SIGN_VERIFY")
        fill(kms, key, pkcs8(pair), algorithm, wrapping_spec)
        assert kms.get_public_key(KeyId=key)["PublicKey"] == spki(pair.public_key())
        count(f"{algorithm} {wrapping_spec}", "wrapped by cryptography", "imported")


def parameters(kms, key, algorithm):
    return kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_2048")


def import_code(kms, key, token, wrapped):
    return refusal(
        kms.import_key_material, KeyId=key, ImportToken=token, EncryptedKeyMaterial=wrapped,
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )


def test_key_wrap_vectors(kms):
    """Whatever Wycheproof wraps under a 256-bit key is no private key, so that valid and invalid are refused alike;
    the invalid ones must end no differently, and leave the key without material."""
    key = external_key(kms, "ECC_NIST_P256", "SIGN_VERIFY")
    chosen = parameters(kms, key, "RSA_AES_KEY_WRAP_SHA_256")
    to = serialization.load_der_public_key(chosen["PublicKey"])
    for group in known.wycheproof("aes_kwp"):
        for test in group["tests"] if group["keySize"] == 256 else []:
            head = to.encrypt(bytes.fromhex(test["key"]), oaep("SHA_256"))
            wrapped = head + bytes.fromhex(test["ct"])
            assert import_code(kms, key, chosen["ImportToken"], wrapped) == "InvalidCiphertextException", test
            count("AES-KWP 256", "Wycheproof", f"{test['result']} refused")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"


@pytest.mark.parametrize("algorithm", OAEP + KEY_WRAP)
def test_changed_wrappings(kms, private_keys, algorithm):
    key = external_key(kms, "ECC_NIST_P256", "SIGN_VERIFY")
    chosen = parameters(kms, key, algorithm)
    wrapped = wrap(chosen["PublicKey"], algorithm, pkcs8(private_keys["ECC_NIST_P256"]))
    others = [
        *(wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1:] for at in range(0, len(wrapped), 37)),
        wrapped[:-1], wrapped + b"\0", wrapped[:-8], wrapped[:256 - 1], b"\0" * 256, b"x",
        wrap(chosen["PublicKey"], OTHER_HASH[algorithm], pkcs8(private_keys["ECC_NIST_P256"])),
    ]
    for other in others:
        assert import_code(kms, key, chosen["ImportToken"], other) == "InvalidCiphertextException"
        count(algorithm, "changed wrappings", "refused")
    assert import_code(kms, key, chosen["ImportToken"], wrapped) is None


@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P384", "ECC_NIST_EDWARDS25519"])
def test_other_specs_keys_are_refused(kms, private_keys, spec):
    for other, pair in private_keys.items():
        if other == spec:
            continue
        code = refusal(lambda: imported(kms, spec, "SIGN_VERIFY", pkcs8(pair)))
        assert code == "InvalidCiphertextException", other
        count("PKCS #8", "of another spec", "refused")
