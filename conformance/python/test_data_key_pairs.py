"""GenerateDataKeyPair and its like without plaintext: pairs that other implementations can use."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from kyber_py.ml_kem import ML_KEM_512

import specs
from clients import refused, starts, violation
from known import count

DRY_RUN = "The request would have succeeded, but the DryRun option is set."
PAIRS = [*specs.RSA, *specs.NIST, "ECC_SECG_P256K1", specs.ED25519, *specs.ML_KEM]
CONTEXT = {"file": "größe"}


def material(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"]


def fit(spec, private, public):
    """Checks that the halves, DER PKCS#8 and SubjectPublicKeyInfo, belong together and are of `spec`."""
    if spec == "ML_KEM_512":
        # The package has no ML-KEM-512. PKCS#8 in seed format: [0] of 64 bytes at the end (RFC 9935).
        assert private[-66:-64] == bytes([0x80, 64])
        made, _ = ML_KEM_512.key_derive(private[-64:])
        assert public[-800:] == made
        return
    private, public = load_der_private_key(private, None), load_der_public_key(public)
    assert private.public_key() == public
    if isinstance(private, rsa.RSAPrivateKey):
        assert (f"RSA_{private.key_size}", public.public_numbers().e) == (spec, 65537)
        public.verify(private.sign(b"x", padding.PKCS1v15(), SHA256()), b"x", padding.PKCS1v15(), SHA256())
    elif isinstance(private, ec.EllipticCurvePrivateKey):
        names = {"P256": "secp256r1", "P384": "secp384r1", "P521": "secp521r1", "P256K1": "secp256k1"}
        assert private.curve.name == names[spec.rsplit("_", 1)[-1]]
        public.verify(private.sign(b"x", ec.ECDSA(SHA256())), b"x", ec.ECDSA(SHA256()))
    elif spec == specs.ED25519:
        public.verify(private.sign(b"x"), b"x")
    else:
        assert isinstance(private, {"ML_KEM_768": mlkem.MLKEM768PrivateKey,
                                    "ML_KEM_1024": mlkem.MLKEM1024PrivateKey}[spec])
        secret, ciphertext = public.encapsulate()
        assert private.decapsulate(ciphertext) == secret


@pytest.mark.parametrize("spec", PAIRS)
def test_pairs(kms, key, spec):
    arguments = {"KeyId": key, "KeyPairSpec": spec, "EncryptionContext": CONTEXT}
    reply = kms.generate_data_key_pair(**arguments)
    assert (reply["KeyId"], reply["KeyPairSpec"]) == (key, spec)
    assert reply["KeyMaterialId"] == material(kms, key)
    fit(spec, reply["PrivateKeyPlaintext"], reply["PublicKey"])
    opened = kms.decrypt(CiphertextBlob=reply["PrivateKeyCiphertextBlob"], EncryptionContext=CONTEXT)
    assert opened["Plaintext"] == reply["PrivateKeyPlaintext"]
    count(f"data key pairs {spec}", "used by others", "alike")
    sealed = kms.generate_data_key_pair_without_plaintext(**arguments)
    assert (sealed["KeyId"], sealed["KeyPairSpec"], sealed["KeyMaterialId"]) == (key, spec, material(kms, key))
    assert sealed["PublicKey"] != reply["PublicKey"]
    opened = kms.decrypt(CiphertextBlob=sealed["PrivateKeyCiphertextBlob"], EncryptionContext=CONTEXT)
    fit(spec, opened["Plaintext"], sealed["PublicKey"])
    blob = sealed["PrivateKeyCiphertextBlob"]
    refused(kms.decrypt, "InvalidCiphertextException", "", CiphertextBlob=blob)


@pytest.mark.parametrize("name", ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"])
def test_what_is_refused(kms, key_of, name):
    call = getattr(kms, {
        "GenerateDataKeyPair": "generate_data_key_pair",
        "GenerateDataKeyPairWithoutPlaintext": "generate_data_key_pair_without_plaintext",
    }[name])
    key = kms.create_key()["KeyMetadata"]["Arn"]
    refused(
        call, "ValidationException",
        starts(violation("Value 'ML_DSA_44' at 'keyPairSpec' failed to satisfy constraint: "
                         "Member must satisfy enum value set: [")),
        KeyId=key, KeyPairSpec="ML_DSA_44",
    )
    pair = {"KeyPairSpec": "ECC_NIST_P256"}
    refused(call, "UnsupportedOperationException", KeyId=key, KeyPairSpec="SM2")
    refused(call, "DryRunOperationException", DRY_RUN, KeyId=key, DryRun=True, **pair)
    mac = key_of("HMAC_256", "GENERATE_VERIFY_MAC")
    text = f"{mac} key usage is GENERATE_VERIFY_MAC which is not valid for {name}."
    refused(call, "InvalidKeyUsageException", text, KeyId=mac, **pair)
    refused(
        call, "InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.",
        KeyId=key_of("RSA_2048", "ENCRYPT_DECRYPT"), **pair,
    )
    kms.disable_key(KeyId=key)
    refused(call, "DisabledException", f"{key} is disabled.", KeyId=key, **pair)
