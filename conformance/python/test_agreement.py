"""DeriveSharedSecret, Encapsulate and Decapsulate: both sides have the same secret, also when one is not KMS."""

import os

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mlkem, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from kyber_py.ml_kem import ML_KEM_512

import specs
from clients import refused
from known import count

DRY_RUN = "The request would have succeeded, but the DryRun option is set."
CURVES = {"ECC_NIST_P256": ec.SECP256R1(), "ECC_NIST_P384": ec.SECP384R1(), "ECC_NIST_P521": ec.SECP521R1()}
LENGTHS = {"ECC_NIST_P256": 32, "ECC_NIST_P384": 48, "ECC_NIST_P521": 66}
ENCAPSULATIONS = {"ML_KEM_512": 768, "ML_KEM_768": 1088, "ML_KEM_1024": 1568}
AGREEMENT, ENCAPSULATION = "KEY_AGREEMENT", "ENCAPSULATE_DECAPSULATE"


def spki(private):
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def derive(kms, key, public):
    reply = kms.derive_shared_secret(KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=public)
    assert (reply["KeyId"], reply["KeyAgreementAlgorithm"], reply["KeyOrigin"]) == (key, "ECDH", "AWS_KMS")
    return reply["SharedSecret"]


@pytest.mark.parametrize("spec", CURVES)
def test_both_sides_agree(kms, key_of, spec):
    key = key_of(spec, AGREEMENT)
    public = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    for _ in range(8):
        peer = ec.generate_private_key(CURVES[spec])
        secret = derive(kms, key, spki(peer))
        assert len(secret) == LENGTHS[spec]
        assert secret == peer.exchange(ec.ECDH(), public)
        count(f"ECDH {spec}", "agreed with cryptography", "alike")
    other = kms.create_key(KeySpec=spec, KeyUsage=AGREEMENT)["KeyMetadata"]["Arn"]
    there = derive(kms, key, kms.get_public_key(KeyId=other)["PublicKey"])
    assert there == derive(kms, other, kms.get_public_key(KeyId=key)["PublicKey"])


def test_public_keys_that_cannot_be_used(kms, key_of):
    point = ec.generate_private_key(ec.SECP256R1())
    off_the_curve = spki(point)[:-1] + bytes([spki(point)[-1] ^ 1])
    for public in [
        b"x", spki(point)[:-1], spki(point) + b"\0", off_the_curve,
        spki(ec.generate_private_key(ec.SECP384R1())), spki(ec.generate_private_key(ec.SECP256K1())),
        spki(rsa.generate_private_key(65537, 2048)), spki(ed25519.Ed25519PrivateKey.generate()),
    ]:
        refused(
            kms.derive_shared_secret, "ValidationException", "",
            KeyId=key_of("ECC_NIST_P256", AGREEMENT), KeyAgreementAlgorithm="ECDH", PublicKey=public,
        )


def test_dry_runs_and_states_of_agreement(kms, key):
    pair = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage=AGREEMENT)["KeyMetadata"]["Arn"]
    arguments = {"KeyAgreementAlgorithm": "ECDH", "PublicKey": spki(ec.generate_private_key(ec.SECP256R1()))}
    call = kms.derive_shared_secret
    refused(call, "DryRunOperationException", DRY_RUN, KeyId=pair, DryRun=True, **arguments)
    refused(
        call, "ValidationException", "", KeyId=pair, DryRun=True, KeyAgreementAlgorithm="ECDH", PublicKey=b"x",
    )
    refused(
        call, "InvalidKeyUsageException",
        f"{key} key usage is ENCRYPT_DECRYPT which is not valid for DeriveSharedSecret.", KeyId=key, **arguments,
    )
    kms.disable_key(KeyId=pair)
    refused(call, "DisabledException", f"{pair} is disabled.", KeyId=pair, **arguments)


def encapsulate_elsewhere(spec, public):
    """Secret and ciphertext, made by another implementation from a DER SubjectPublicKeyInfo."""
    if spec == "ML_KEM_512":
        # The package has no ML-KEM-512; the key is the last 800 bytes.
        return ML_KEM_512.encaps(public[-800:])
    loaded = load_der_public_key(public)
    assert isinstance(loaded, (mlkem.MLKEM768PublicKey, mlkem.MLKEM1024PublicKey))
    return loaded.encapsulate()


def decapsulate(kms, key, ciphertext):
    reply = kms.decapsulate(
        KeyId=key, SharedSecretCiphertextBlob=ciphertext, EncapsulationAlgorithm="ML_KEM",
    )
    assert (reply["KeyId"], reply["EncapsulationAlgorithm"]) == (key, "ML_KEM")
    return reply["SharedSecret"]


@pytest.mark.parametrize("spec", specs.ML_KEM)
def test_encapsulation(kms, key_of, spec):
    key = key_of(spec, ENCAPSULATION)
    public = kms.get_public_key(KeyId=key)["PublicKey"]
    for _ in range(4):
        made = kms.encapsulate(KeyId=key, EncapsulationAlgorithm="ML_KEM")
        assert (made["KeyId"], made["EncapsulationAlgorithm"]) == (key, "ML_KEM")
        ciphertext = made["SharedSecretCiphertextBlob"]
        assert (len(made["SharedSecret"]), len(ciphertext)) == (32, ENCAPSULATIONS[spec])
        assert decapsulate(kms, key, ciphertext) == made["SharedSecret"]
        secret, ciphertext = encapsulate_elsewhere(spec, public)
        assert decapsulate(kms, key, ciphertext) == secret
        count(spec, "encapsulated elsewhere", "alike")


@pytest.mark.parametrize("spec", specs.ML_KEM)
def test_other_ciphertexts_give_other_secrets(kms, key_of, spec):
    """FIPS 203, implicit rejection: a secret all the same, and always the same one."""
    key = key_of(spec, ENCAPSULATION)
    made = kms.encapsulate(KeyId=key, EncapsulationAlgorithm="ML_KEM")
    ciphertext = made["SharedSecretCiphertextBlob"]
    changed = ciphertext[:-1] + bytes([ciphertext[-1] ^ 1])
    rejected = decapsulate(kms, key, changed)
    assert len(rejected) == 32 and rejected != made["SharedSecret"]
    assert decapsulate(kms, key, changed) == rejected
    count(spec, "implicit rejection", "another secret")
    assert len(decapsulate(kms, key, os.urandom(len(ciphertext)))) == 32
    for other in [ciphertext[:-1], ciphertext + b"\0", b"x"]:
        refused(
            kms.decapsulate, "InvalidCiphertextException", "",
            KeyId=key, SharedSecretCiphertextBlob=other, EncapsulationAlgorithm="ML_KEM",
        )


def test_dry_runs_and_states_of_encapsulation(kms, key):
    pair = kms.create_key(KeySpec="ML_KEM_768", KeyUsage=ENCAPSULATION)["KeyMetadata"]["Arn"]
    algorithm = {"EncapsulationAlgorithm": "ML_KEM"}
    ciphertext = kms.encapsulate(KeyId=pair, **algorithm)["SharedSecretCiphertextBlob"]
    for name, call, arguments in [
        ("Encapsulate", kms.encapsulate, algorithm),
        ("Decapsulate", kms.decapsulate, {"SharedSecretCiphertextBlob": ciphertext, **algorithm}),
    ]:
        refused(call, "DryRunOperationException", DRY_RUN, KeyId=pair, DryRun=True, **arguments)
        text = f"{key} key usage is ENCRYPT_DECRYPT which is not valid for {name}."
        refused(call, "InvalidKeyUsageException", text, KeyId=key, **arguments)
    refused(
        kms.decapsulate, "InvalidCiphertextException", "",
        KeyId=pair, SharedSecretCiphertextBlob=ciphertext[1:], DryRun=True, **algorithm,
    )
    kms.disable_key(KeyId=pair)
    refused(kms.encapsulate, "DisabledException", f"{pair} is disabled.", KeyId=pair, **algorithm)
