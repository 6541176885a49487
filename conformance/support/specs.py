"""What each key spec can do, as AWS documents it, and how the `cryptography` package does the same."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

import known

RSA = ["RSA_2048", "RSA_3072", "RSA_4096"]
NIST = ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"]
ED25519 = "ECC_NIST_EDWARDS25519"
ML_DSA = ["ML_DSA_44", "ML_DSA_65", "ML_DSA_87"]
ML_KEM = ["ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"]
HMAC = {"HMAC_224": "sha224", "HMAC_256": "sha256", "HMAC_384": "sha384", "HMAC_512": "sha512"}

HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
RSA_SIGNING = [
    f"{family}_SHA_{bits}" for family in ["RSASSA_PKCS1_V1_5", "RSASSA_PSS"] for bits in HASHES
]
# By spec: the algorithms that sign a message or its hash, in the order of DescribeKey.
SIGNING = {spec: RSA_SIGNING for spec in RSA} | {
    "ECC_NIST_P256": ["ECDSA_SHA_256"], "ECC_SECG_P256K1": ["ECDSA_SHA_256"],
    "ECC_NIST_P384": ["ECDSA_SHA_384"], "ECC_NIST_P521": ["ECDSA_SHA_512"],
}
OAEP = {"RSAES_OAEP_SHA_1": hashes.SHA1(), "RSAES_OAEP_SHA_256": hashes.SHA256()}


def every_signing_algorithm():
    return [(spec, algorithm) for spec, algorithms in SIGNING.items() for algorithm in algorithms]


def hash_of(algorithm):
    return HASHES[algorithm[-3:]]


def digest(algorithm, message):
    context = hashes.Hash(hash_of(algorithm))
    context.update(message)
    return context.finalize()


def oaep(algorithm):
    one = OAEP[algorithm]
    return padding.OAEP(mgf=padding.MGF1(algorithm=one), algorithm=one, label=None)


def scheme(algorithm, one):
    """What `verify` and `sign` of the package take besides the message."""
    if algorithm.startswith("ECDSA"):
        return (ec.ECDSA(one),)
    if "PSS" in algorithm:
        return (padding.PSS(mgf=padding.MGF1(hash_of(algorithm)), salt_length=padding.PSS.DIGEST_LENGTH), one)
    return (padding.PKCS1v15(), one)


def verify(public, algorithm, signature, message):
    """Fails unless `signature` is one of `message` under the package's own code."""
    public.verify(signature, message, *scheme(algorithm, hash_of(algorithm)))
    known.count(algorithm, "ours, judged by cryptography", "RAW")


def verify_digest(public, algorithm, signature, hashed):
    public.verify(signature, hashed, *scheme(algorithm, utils.Prehashed(hash_of(algorithm))))
    known.count(algorithm, "ours, judged by cryptography", "DIGEST")
