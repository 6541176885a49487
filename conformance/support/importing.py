"""Keys with known material: wraps it with another implementation, as a customer would, and imports it."""

import os

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

HASHES = {"SHA_1": hashes.SHA1(), "SHA_256": hashes.SHA256()}
AES_256_BYTES = 32


def oaep(hash_name):
    """RFC 8017 section 7.1 with one hash throughout and no label."""
    algorithm = HASHES[hash_name]
    return padding.OAEP(padding.MGF1(algorithm), algorithm, None)


def wrap(public_key, algorithm, material):
    """`material` wrapped as the API's WrappingAlgorithm says, to the DER `public_key`."""
    to = serialization.load_der_public_key(public_key)
    if algorithm.startswith("RSAES_OAEP_"):
        return to.encrypt(material, oaep(algorithm.removeprefix("RSAES_OAEP_")))
    # PKCS #11 v3.0, section 2.1.21: an AES key under OAEP, then the material under that (RFC 5649).
    ephemeral = os.urandom(AES_256_BYTES)
    head = to.encrypt(ephemeral, oaep(algorithm.removeprefix("RSA_AES_KEY_WRAP_")))
    return head + aes_key_wrap_with_padding(ephemeral, material)


def external_key(kms, spec, usage):
    return kms.create_key(Origin="EXTERNAL", KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"]


def usual_wrapping(spec):
    """A WrappingAlgorithm that every key of `spec` fits with RSA_2048."""
    asymmetric = not spec.startswith(("HMAC_", "SYMMETRIC_"))
    return "RSA_AES_KEY_WRAP_SHA_256" if asymmetric else "RSAES_OAEP_SHA_256"


def fill(kms, key, material, algorithm, wrapping_spec="RSA_2048"):
    """Imports `material` into the EXTERNAL key `key`, without expiry."""
    parameters = kms.get_parameters_for_import(
        KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec=wrapping_spec,
    )
    return kms.import_key_material(
        KeyId=key, ImportToken=parameters["ImportToken"],
        EncryptedKeyMaterial=wrap(parameters["PublicKey"], algorithm, material),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )


def imported(kms, spec, usage, material):
    """The ARN of a new key with this material: raw bytes, or DER PKCS #8 of an asymmetric key."""
    key = external_key(kms, spec, usage)
    fill(kms, key, material, usual_wrapping(spec))
    return key


def pkcs8(private_key):
    return private_key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption(),
    )


def spki(public_key):
    return public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo,
    )
