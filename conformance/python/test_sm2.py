"""SM2 keys, which only Regions of China have."""

import os

import pytest

import clients
import sm2
from clients import refused

ENCRYPTION = {"EncryptionAlgorithm": "SM2PKE"}
SIGNING = {"SigningAlgorithm": "SM2DSA"}


@pytest.fixture(scope="module")
def china():
    return clients.kms(clients.fresh_account(), "cn-north-1")


def make(china, usage):
    metadata = china.create_key(KeySpec="SM2", KeyUsage=usage)["KeyMetadata"]
    public = china.get_public_key(KeyId=metadata["KeyId"])
    assert public["KeySpec"] == public["CustomerMasterKeySpec"] == "SM2"
    return metadata["Arn"], public["PublicKey"]


def test_signatures(china):
    key, public = make(china, "SIGN_VERIFY")
    for message in [b"x", os.urandom(4096)]:
        hashed = sm2.digest(public, message)
        for kind, signed in [("RAW", message), ("DIGEST", hashed)]:
            arguments = {"KeyId": key, "Message": signed, "MessageType": kind, **SIGNING}
            signature = china.sign(**arguments)["Signature"]
            assert sm2.verifies(public, signature, hashed)
            assert china.verify(Signature=signature, **arguments)["SignatureValid"] is True
            arguments["Message"] = signed[:-1] + bytes([signed[-1] ^ 1])
            refused(china.verify, "KMSInvalidSignatureException", "", Signature=signature, **arguments)
    refused(
        china.sign, "ValidationException", "Digest is invalid length for algorithm SM2DSA.",
        KeyId=key, Message=b"x", MessageType="DIGEST", **SIGNING,
    )


def test_encryption(china):
    key, public = make(china, "ENCRYPT_DECRYPT")
    for plaintext in [b"x", os.urandom(32), os.urandom(1024)]:
        here = china.encrypt(KeyId=key, Plaintext=plaintext, **ENCRYPTION)["CiphertextBlob"]
        for blob in [here, sm2.encrypt(public, plaintext)]:
            assert china.decrypt(KeyId=key, CiphertextBlob=blob, **ENCRYPTION)["Plaintext"] == plaintext
            changed = blob[:-1] + bytes([blob[-1] ^ 1])
            refused(
                china.decrypt, "InvalidCiphertextException", "", KeyId=key, CiphertextBlob=changed, **ENCRYPTION,
            )
    refused(
        china.encrypt, "ValidationException",
        "Algorithm SM2PKE and key spec SM2 cannot encrypt data larger than 1024 bytes.",
        KeyId=key, Plaintext=b"x" * 1025, **ENCRYPTION,
    )


def test_agreement(china):
    key, public = make(china, "KEY_AGREEMENT")
    peer = sm2.Private()
    reply = china.derive_shared_secret(KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=peer.spki())
    assert reply["SharedSecret"] == peer.exchange(public)


def test_data_key_pairs(china):
    key = china.create_key()["KeyMetadata"]["Arn"]
    reply = china.generate_data_key_pair(KeyId=key, KeyPairSpec="SM2")
    assert reply["PublicKey"][:-64] == sm2.SPKI
    # RFC 5915 inside RFC 5208: the private number, with or without the point behind it.
    private = reply["PrivateKeyPlaintext"]
    at = private.index(bytes.fromhex("0201010420")) + 5
    assert sm2.multiply(int.from_bytes(private[at:at + 32]), sm2.G) == sm2.point_of(reply["PublicKey"])
    opened = china.decrypt(CiphertextBlob=reply["PrivateKeyCiphertextBlob"])["Plaintext"]
    assert opened == private


def test_other_regions_have_none(kms):
    refused(kms.create_key, "UnsupportedOperationException", KeySpec="SM2", KeyUsage="SIGN_VERIFY")
