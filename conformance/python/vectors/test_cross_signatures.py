"""What the service signs, MACs, agrees on and encrypts under its own keys, judged by another implementation."""

import hashlib
import hmac
import os

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from importing import HASHES as OAEP_HASHES, imported, oaep, spki
from known import count, refusal

SHA = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
ROUNDS = 5
ML_DSA = {"ML_DSA_44": mldsa.MLDSA44PublicKey, "ML_DSA_65": mldsa.MLDSA65PublicKey,
          "ML_DSA_87": mldsa.MLDSA87PublicKey}
CURVES = {"ECC_NIST_P256": ec.SECP256R1(), "ECC_NIST_P384": ec.SECP384R1(), "ECC_NIST_P521": ec.SECP521R1()}


def new_key(kms, spec, usage):
    return kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"]


def public_key(kms, key):
    reply = kms.get_public_key(KeyId=key)
    public = serialization.load_der_public_key(reply["PublicKey"])
    # It is DER as another implementation writes it, not only as it reads it.
    assert spki(public) == reply["PublicKey"]
    return public, reply


def verify(public, algorithm, signature, message):
    """Raises InvalidSignature; `message` is what was hashed, or the message of Ed25519."""
    sha = SHA.get(algorithm[-3:])
    if algorithm.startswith("RSASSA_PKCS1"):
        public.verify(signature, message, padding.PKCS1v15(), sha)
    elif algorithm.startswith("RSASSA_PSS"):
        # The salt is as long as the hash, exactly.
        public.verify(signature, message, padding.PSS(padding.MGF1(sha), sha.digest_size), sha)
    elif algorithm.startswith("ECDSA"):
        public.verify(signature, message, ec.ECDSA(sha))
    else:
        public.verify(signature, message)


def form(algorithm, message, kind):
    if kind == "RAW":
        return {"Message": message, "MessageType": "RAW"}
    return {"Message": hashlib.new(f"sha{algorithm[-3:]}", message).digest(), "MessageType": "DIGEST"}


@pytest.mark.parametrize("spec", [
    "RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1",
    "ECC_NIST_EDWARDS25519",
])
def test_signatures(kms, spec):
    key = new_key(kms, spec, "SIGN_VERIFY")
    public, reply = public_key(kms, key)
    for algorithm in reply["SigningAlgorithms"]:
        if algorithm == "ED25519_PH_SHA_512":
            continue
        for number in range(ROUNDS):
            message = os.urandom(1 + number * 1023)
            for kind in ["RAW"] if algorithm.startswith("ED25519") else ["RAW", "DIGEST"]:
                this = form(algorithm, message, kind) | {"KeyId": key, "SigningAlgorithm": algorithm}
                signature = kms.sign(**this)["Signature"]
                verify(public, algorithm, signature, message)
                with pytest.raises(InvalidSignature):
                    verify(public, algorithm, signature, message + b"\0")
                count(f"{algorithm} {spec}", "ours verified by cryptography", kind)


@pytest.mark.parametrize("spec", ML_DSA)
def test_ml_dsa(kms, spec):
    key = new_key(kms, spec, "SIGN_VERIFY")
    public, reply = public_key(kms, key)
    assert isinstance(public, ML_DSA[spec])
    assert reply["SigningAlgorithms"] == ["ML_DSA_SHAKE_256"]
    this = {"KeyId": key, "SigningAlgorithm": "ML_DSA_SHAKE_256"}
    for number in range(ROUNDS):
        message = os.urandom(1 + number * 1023)
        mu = external_mu(public, message)
        raw = kms.sign(Message=message, MessageType="RAW", **this)["Signature"]
        external = kms.sign(Message=mu, MessageType="EXTERNAL_MU", **this)["Signature"]
        # Hedged (FIPS 204 section 3.4).
        assert raw != external
        for signature in [raw, external]:
            public.verify(signature, message)
            public.verify_mu(signature, mu)
            for shape in [{"Message": message}, {"Message": mu, "MessageType": "EXTERNAL_MU"}]:
                assert kms.verify(Signature=signature, **shape, **this)["SignatureValid"] is True
            other = signature[:100] + bytes([signature[100] ^ 1]) + signature[101:]
            assert refusal(kms.verify, Message=message, Signature=other, **this) == "KMSInvalidSignatureException"
        count(f"ML_DSA_SHAKE_256 {spec}", "ours verified by cryptography", "RAW")
        count(f"ML_DSA_SHAKE_256 {spec}", "ours verified by cryptography", "EXTERNAL_MU")


def external_mu(public, message):
    """FIPS 204 algorithm 7, line 6, with the message representative of algorithm 2 without a context."""
    tr = hashlib.shake_256(public.public_bytes_raw()).digest(64)
    return hashlib.shake_256(tr + bytes([0, 0]) + message).digest(64)


@pytest.mark.parametrize("bits", [224, 256, 384, 512])
def test_imported_macs(kms, bits):
    """Keys of the service never leave it: random material that is imported stands in for them."""
    material = os.urandom(bits // 8)
    key = imported(kms, f"HMAC_{bits}", "GENERATE_VERIFY_MAC", material)
    for number in range(ROUNDS):
        message = os.urandom(1 + number * 1023)
        this = {"KeyId": key, "Message": message, "MacAlgorithm": f"HMAC_SHA_{bits}"}
        assert kms.generate_mac(**this)["Mac"] == hmac.digest(material, message, f"sha{bits}")
        count(f"HMAC_SHA_{bits}", "made alike by hmac", "valid")


@pytest.mark.parametrize("spec", ["RSA_2048", "RSA_3072", "RSA_4096"])
def test_encryption_to_our_public_key(kms, spec):
    key = new_key(kms, spec, "ENCRYPT_DECRYPT")
    public, reply = public_key(kms, key)
    for algorithm in reply["EncryptionAlgorithms"]:
        name = algorithm.removeprefix("RSAES_OAEP_")
        longest = public.key_size // 8 - 2 * OAEP_HASHES[name].digest_size - 2
        for length in [1, 2, 32, longest - 1, longest]:
            plaintext = os.urandom(length)
            sealed = public.encrypt(plaintext, oaep(name))
            this = {"KeyId": key, "EncryptionAlgorithm": algorithm}
            assert kms.decrypt(CiphertextBlob=sealed, **this)["Plaintext"] == plaintext
            count(f"{algorithm} {spec}", "theirs decrypted by us", "valid")


@pytest.mark.parametrize("spec", CURVES)
def test_agreement(kms, spec):
    key = new_key(kms, spec, "KEY_AGREEMENT")
    public, reply = public_key(kms, key)
    assert reply["KeyAgreementAlgorithms"] == ["ECDH"]
    for _ in range(ROUNDS):
        theirs = ec.generate_private_key(CURVES[spec])
        derived = kms.derive_shared_secret(
            KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=spki(theirs.public_key()),
        )
        assert derived["SharedSecret"] == theirs.exchange(ec.ECDH(), public)
        assert derived["KeyOrigin"] == "AWS_KMS"
        count(f"ECDH {spec}", "agreed with cryptography", "alike")


@pytest.mark.parametrize("algorithm, spec", [("ECDSA_SHA_256", "ECC_NIST_P256"), ("ECDSA_SHA_384", "ECC_NIST_P384"),
                                             ("ECDSA_SHA_512", "ECC_NIST_P521")])
def test_digests_of_others(kms, algorithm, spec):
    """A hash that another made, signed here, verifies there as a hash."""
    key = new_key(kms, spec, "SIGN_VERIFY")
    public, _ = public_key(kms, key)
    sha = SHA[algorithm[-3:]]
    digest = os.urandom(sha.digest_size)
    signature = kms.sign(KeyId=key, Message=digest, MessageType="DIGEST", SigningAlgorithm=algorithm)["Signature"]
    public.verify(signature, digest, ec.ECDSA(Prehashed(sha)))
    count(f"{algorithm} {spec}", "ours verified by cryptography", "random digest")
