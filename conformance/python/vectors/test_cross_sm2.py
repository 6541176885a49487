"""SM2 in a Region of China, against OpenSSL's; the agreement, which OpenSSL lacks, against plain arithmetic."""

import os

import pytest

import clients
import openssl
from importing import external_key
from known import count, refusal

# GB/T 32918.5: y² = x³ - 3x + b over the field of P.
P = 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff
IDENTITY = "distid:1234567812345678"
SPKI_HEADER = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
ROUNDS = 4


@pytest.fixture(scope="module")
def kms():
    return clients.kms(clients.fresh_account(), region="cn-north-1")


@pytest.fixture(scope="module")
def pair(kms):
    """A data key pair, the one kind of SM2 key whose private half is to be seen."""
    key = kms.create_key()["KeyMetadata"]["Arn"]
    pair = kms.generate_data_key_pair(KeyId=key, KeyPairSpec="SM2")
    written = openssl.run("pkey", "-inform", "DER", "-in", "IN", "-pubout", "-outform", "DER", "-out", "OUT",
                          **{"in": pair["PrivateKeyPlaintext"]})
    assert written == pair["PublicKey"]
    return pair


def imported(kms, usage, material):
    """SM2 keys are wrapped with SM2; OpenSSL's ciphertext is the DER of GM/T 0009, as the API's is."""
    key = external_key(kms, "SM2", usage)
    chosen = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm="SM2PKE", WrappingKeySpec="SM2")
    wrapped = openssl.run(
        "pkeyutl", "-encrypt", "-pubin", "-inkey", "KEY", "-in", "IN", "-out", "OUT",
        key=pem(["-pubin", "-pubout"], chosen["PublicKey"]), **{"in": material},
    )
    kms.import_key_material(
        KeyId=key, ImportToken=chosen["ImportToken"], EncryptedKeyMaterial=wrapped,
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )
    count("SM2PKE SM2", "wrapped by OpenSSL", "imported")
    return key


def pem(kind, der):
    return openssl.run("pkey", "-inform", "DER", "-in", "IN", "-out", "OUT", *kind, **{"in": der})


def verified(public, message, signature):
    """RAW: OpenSSL hashes the identity and the key with the message, too (GB/T 32918.2 section 5.5)."""
    openssl.run("pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-pubin", "-inkey", "KEY", "-in", "MESSAGE",
                "-sigfile", "SIGNATURE", "-pkeyopt", IDENTITY, key=public, message=message, signature=signature)


def test_ours_verify_there(kms):
    key = kms.create_key(KeySpec="SM2", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    public = pem(["-pubin", "-pubout"], kms.get_public_key(KeyId=key)["PublicKey"])
    this = {"KeyId": key, "SigningAlgorithm": "SM2DSA"}
    for number in range(ROUNDS):
        message = os.urandom(1 + number * 1000)
        verified(public, message, kms.sign(Message=message, MessageType="RAW", **this)["Signature"])
        digest = os.urandom(32)
        signature = kms.sign(Message=digest, MessageType="DIGEST", **this)["Signature"]
        openssl.run("pkeyutl", "-verify", "-pubin", "-inkey", "KEY", "-in", "DIGEST", "-sigfile", "SIGNATURE",
                    key=public, digest=digest, signature=signature)
        count("SM2DSA", "ours verified by OpenSSL", "RAW")
        count("SM2DSA", "ours verified by OpenSSL", "DIGEST")


def test_theirs_verify_here(kms, pair):
    key = imported(kms, "SIGN_VERIFY", pair["PrivateKeyPlaintext"])
    assert kms.get_public_key(KeyId=key)["PublicKey"] == pair["PublicKey"]
    private = pem([], pair["PrivateKeyPlaintext"])
    for number in range(ROUNDS):
        message = os.urandom(1 + number * 1000)
        signature = openssl.run(
            "pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-inkey", "KEY", "-in", "MESSAGE", "-out", "OUT",
            "-pkeyopt", IDENTITY, key=private, message=message,
        )
        this = {"KeyId": key, "SigningAlgorithm": "SM2DSA", "Signature": signature}
        assert kms.verify(Message=message, **this)["SignatureValid"] is True
        assert refusal(kms.verify, Message=message + b"\0", **this) == "KMSInvalidSignatureException"
        count("SM2DSA", "OpenSSL's verified by us", "valid")


def test_encryption_both_ways(kms, pair):
    key = imported(kms, "ENCRYPT_DECRYPT", pair["PrivateKeyPlaintext"])
    this = {"KeyId": key, "EncryptionAlgorithm": "SM2PKE"}
    private, public = pem([], pair["PrivateKeyPlaintext"]), pem(["-pubin", "-pubout"], pair["PublicKey"])
    for length in [1, 32, 33, 1024]:
        plaintext = os.urandom(length)
        theirs = openssl.run("pkeyutl", "-encrypt", "-pubin", "-inkey", "KEY", "-in", "IN", "-out", "OUT",
                             key=public, **{"in": plaintext})
        assert kms.decrypt(CiphertextBlob=theirs, **this)["Plaintext"] == plaintext
        ours = kms.encrypt(Plaintext=plaintext, **this)["CiphertextBlob"]
        assert plaintext == openssl.run("pkeyutl", "-decrypt", "-inkey", "KEY", "-in", "IN", "-out", "OUT",
                                        key=private, **{"in": ours})
        changed = ours[:-1] + bytes([ours[-1] ^ 1])
        assert refusal(kms.decrypt, CiphertextBlob=changed, **this) == "InvalidCiphertextException"
        count("SM2PKE", "theirs decrypted by us", "valid")
        count("SM2PKE", "ours decrypted by OpenSSL", "valid")


def test_agreement(kms, pair):
    ours = kms.create_key(KeySpec="SM2", KeyUsage="KEY_AGREEMENT")["KeyMetadata"]["Arn"]
    public = kms.get_public_key(KeyId=ours)["PublicKey"]
    derived = kms.derive_shared_secret(KeyId=ours, KeyAgreementAlgorithm="ECDH", PublicKey=pair["PublicKey"])
    scalar = private_scalar(pair["PrivateKeyPlaintext"])
    assert derived["SharedSecret"] == multiply(scalar, point(public))[0].to_bytes(32)
    assert SPKI_HEADER + encode(multiply(scalar, BASE)) == pair["PublicKey"]
    count("ECDH SM2", "agreed with plain arithmetic", "alike")


def private_scalar(pkcs8):
    """RFC 5915: ECPrivateKey begins with version 1 and the 32 bytes of the scalar."""
    marker = bytes.fromhex("0201010420")
    at = pkcs8.index(marker) + len(marker)
    return int.from_bytes(pkcs8[at:at + 32])


def point(spki):
    assert spki.startswith(SPKI_HEADER)
    raw = spki[len(SPKI_HEADER):]
    return int.from_bytes(raw[:32]), int.from_bytes(raw[32:])


def encode(of):
    return b"".join(part.to_bytes(32) for part in of)


BASE = (
    0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7,
    0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0,
)


def add(a, b):
    if a is None or b is None:
        return a or b
    (x, y), (u, v) = a, b
    if x == u and (y + v) % P == 0:
        return None
    slope = (3 * x * x - 3) * pow(2 * y, -1, P) if a == b else (v - y) * pow(u - x, -1, P)
    third = (slope * slope - x - u) % P
    return third, (slope * (x - third) - y) % P


def multiply(scalar, of):
    product = None
    for bit in bin(scalar)[2:]:
        product = add(product, product)
        product = add(product, of) if bit == "1" else product
    return product
