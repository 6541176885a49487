"""Key material of our own, and how it is wrapped for its way into a key of Origin EXTERNAL."""

import functools
import os

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

CURVES = {
    "ECC_NIST_P256": ec.SECP256R1,
    "ECC_NIST_P384": ec.SECP384R1,
    "ECC_NIST_P521": ec.SECP521R1,
    "ECC_SECG_P256K1": ec.SECP256K1,
}
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
# PKCS #8 of RSA keys and of P-521 is longer than what OAEP under 2048 bits carries.
LONG = ("RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P521")


@functools.cache
def material(spec):
    """Material for keys of a spec: bytes of a secret, or PKCS #8 of a private key."""
    if spec == "SYMMETRIC_DEFAULT":
        return os.urandom(32)
    if spec.startswith("HMAC_"):
        return os.urandom(int(spec.removeprefix("HMAC_")) // 8)
    return private_key(spec).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption(),
    )


def private_key(spec):
    if spec.startswith("RSA_"):
        return rsa.generate_private_key(65537, int(spec.removeprefix("RSA_")))
    if spec == "ECC_NIST_EDWARDS25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(CURVES[spec]())


@functools.cache
def public_key(spec):
    """SubjectPublicKeyInfo of somebody else's key on the curve of a spec."""
    return private_key(spec).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo,
    )


def wrapping(spec):
    """The arguments of GetParametersForImport that fit any material of a spec."""
    algorithm = "RSA_AES_KEY_WRAP_SHA_256" if spec in LONG else "RSAES_OAEP_SHA_256"
    return {"WrappingAlgorithm": algorithm, "WrappingKeySpec": "RSA_2048"}


def wrap(spec, parameters):
    """The arguments of ImportKeyMaterial, under what GetParametersForImport answered."""
    public = serialization.load_der_public_key(parameters["PublicKey"])
    if spec in LONG:
        wrapper = os.urandom(32)
        wrapped = public.encrypt(wrapper, OAEP) + keywrap.aes_key_wrap_with_padding(wrapper, material(spec))
    else:
        wrapped = public.encrypt(material(spec), OAEP)
    return {
        "EncryptedKeyMaterial": wrapped,
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        "ImportToken": parameters["ImportToken"],
    }
