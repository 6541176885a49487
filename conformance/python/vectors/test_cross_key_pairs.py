"""The private halves of data key pairs, used by another implementation, and back here by import."""

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from importing import imported, pkcs8, spki
from known import count

SIGNATURES = {
    "RSA_2048": "RSASSA_PSS_SHA_256", "RSA_3072": "RSASSA_PSS_SHA_384", "RSA_4096": "RSASSA_PKCS1_V1_5_SHA_512",
    "ECC_NIST_P256": "ECDSA_SHA_256", "ECC_NIST_P384": "ECDSA_SHA_384", "ECC_NIST_P521": "ECDSA_SHA_512",
    "ECC_SECG_P256K1": "ECDSA_SHA_256", "ECC_NIST_EDWARDS25519": "ED25519_SHA_512",
}
SHA = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
MESSAGE = b"signed by another implementation"


def sign(private, algorithm):
    sha = SHA[algorithm[-3:]]
    if "PSS" in algorithm:
        return private.sign(MESSAGE, padding.PSS(padding.MGF1(sha), sha.digest_size), sha)
    if "PKCS1" in algorithm:
        return private.sign(MESSAGE, padding.PKCS1v15(), sha)
    if "ECDSA" in algorithm:
        return private.sign(MESSAGE, ec.ECDSA(sha))
    return private.sign(MESSAGE)


@pytest.mark.parametrize("spec", SIGNATURES)
def test_pairs(kms, key, spec):
    context = {"pair": spec}
    pair = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec, EncryptionContext=context)
    private = serialization.load_der_private_key(pair["PrivateKeyPlaintext"], None)
    assert spki(private.public_key()) == pair["PublicKey"]
    opened = kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"], EncryptionContext=context)
    assert opened["Plaintext"] == pair["PrivateKeyPlaintext"]
    # As it is, and as another implementation writes it.
    for material in [pair["PrivateKeyPlaintext"], pkcs8(private)]:
        again = imported(kms, spec, "SIGN_VERIFY", material)
        assert kms.get_public_key(KeyId=again)["PublicKey"] == pair["PublicKey"]
        signature = sign(private, SIGNATURES[spec])
        this = {"KeyId": again, "Message": MESSAGE, "SigningAlgorithm": SIGNATURES[spec]}
        assert kms.verify(Signature=signature, **this)["SignatureValid"] is True
        count(f"{SIGNATURES[spec]} {spec}", "theirs verified by us", "valid")
