"""Answers for Nitro Enclaves: a document made here, and the answer opened by OpenSSL with the enclave's key."""

import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key

from enclave import DAY, Enclave, cbor, certificate, signed
from importing import spki
from known import count, refusal


@pytest.fixture(scope="module")
def enclave():
    return Enclave()


def opened(enclave, reply, hidden):
    """The secret, which is nowhere in the reply but in CiphertextForRecipient."""
    for member in [hidden, "KeyMaterialId"]:
        assert member not in reply
    count("Recipient", "opened by OpenSSL", hidden)
    return enclave.open(reply["CiphertextForRecipient"])


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
@pytest.mark.parametrize("length", [1, 15, 16, 17, 4096])
def test_decrypt(kms, key, bits, length):
    enclave = Enclave(bits=bits)
    plaintext = bytes(range(256))[:length] * (1 if length < 256 else length // 256)
    blob = kms.encrypt(KeyId=key, Plaintext=plaintext)["CiphertextBlob"]
    reply = kms.decrypt(CiphertextBlob=blob, Recipient=enclave.recipient())
    assert opened(enclave, reply, "Plaintext") == plaintext
    assert (reply["KeyId"], reply["EncryptionAlgorithm"]) == (key, "SYMMETRIC_DEFAULT")


def test_decrypt_under_rsa(kms, enclave):
    key = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
    this = {"KeyId": key, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    blob = kms.encrypt(Plaintext=b"for the enclave", **this)["CiphertextBlob"]
    reply = kms.decrypt(CiphertextBlob=blob, Recipient=enclave.recipient(), **this)
    assert opened(enclave, reply, "Plaintext") == b"for the enclave"


def test_data_keys(kms, key, enclave):
    reply = kms.generate_data_key(KeyId=key, KeySpec="AES_256", Recipient=enclave.recipient())
    data_key = opened(enclave, reply, "Plaintext")
    assert len(data_key) == 32
    assert kms.decrypt(CiphertextBlob=reply["CiphertextBlob"])["Plaintext"] == data_key


@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P256", "ECC_NIST_EDWARDS25519"])
def test_data_key_pairs(kms, key, enclave, spec):
    reply = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec, Recipient=enclave.recipient())
    private = opened(enclave, reply, "PrivateKeyPlaintext")
    assert spki(load_der_private_key(private, None).public_key()) == reply["PublicKey"]
    assert kms.decrypt(CiphertextBlob=reply["PrivateKeyCiphertextBlob"])["Plaintext"] == private


def test_agreement(kms, enclave):
    key = kms.create_key(KeySpec="ECC_NIST_P384", KeyUsage="KEY_AGREEMENT")["KeyMetadata"]["Arn"]
    theirs = ec.generate_private_key(ec.SECP384R1())
    this = {"KeyId": key, "KeyAgreementAlgorithm": "ECDH", "PublicKey": spki(theirs.public_key())}
    reply = kms.derive_shared_secret(Recipient=enclave.recipient(), **this)
    assert opened(enclave, reply, "SharedSecret") == kms.derive_shared_secret(**this)["SharedSecret"]


def test_random(kms, enclave):
    reply = kms.generate_random(NumberOfBytes=1000, Recipient=enclave.recipient())
    assert len(opened(enclave, reply, "Plaintext")) == 1000


def test_each_answer_is_another(kms, key, enclave):
    """Key and initialisation vector are fresh: the same secret is sealed differently each time."""
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    made = {kms.decrypt(CiphertextBlob=blob, Recipient=enclave.recipient())["CiphertextForRecipient"]
            for _ in range(5)}
    assert len(made) == 5


def another_root():
    """A root that has the same name and is not trusted."""
    key = ec.generate_private_key(ec.SECP384R1())
    return {
        "root_key": key, "root_certificate": certificate("root", key.public_key(), "root", key, authority=True),
    }


def changed(document, at):
    return document[:at] + bytes([document[at] ^ 1]) + document[at + 1:]


def refused_documents():
    """Documents with one fault each."""
    enclave, other, stranger = Enclave(), Enclave(), Enclave(**another_root())
    past = datetime.datetime.now(datetime.UTC) - 10 * DAY
    good = enclave.document()
    yield "forged signature", changed(good, len(good) - 1)
    yield "forged payload", changed(good, good.index(b"SHA384") - 30)
    yield "another's key in a signed document", good.replace(
        spki(enclave.private.public_key()), spki(other.private.public_key()))
    yield "signed by another enclave", signed(cbor(enclave.fields()), other.signer)
    yield "another root", stranger.document()
    yield "another root below the trusted one", signed(
        cbor(stranger.fields(cabundle=[enclave.authorities[0], stranger.authorities[1]])), stranger.signer)
    yield "no authority between", enclave.document(cabundle=enclave.authorities[:1])
    yield "six minutes old", enclave.document(age_seconds=360)
    yield "from the future", enclave.document(age_seconds=-120)
    yield "an expired leaf", Enclave(start=past).document()
    yield "no public key", enclave.document(public_key=None)
    yield "a public key of another kind", enclave.document(public_key=spki(enclave.signer.public_key()))
    yield "another digest", enclave.document(digest="SHA256")
    yield "bytes after it", good + b"\0"
    yield "cut short", good[:-1]
    yield "no document", b"x"


def test_documents_that_prove_nothing(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for fault, document in refused_documents():
        recipient = Enclave.recipient(None, document)
        calls = [
            (kms.decrypt, {"CiphertextBlob": blob}),
            (kms.generate_data_key, {"KeyId": key, "KeySpec": "AES_256"}),
            (kms.generate_data_key_pair, {"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"}),
            (kms.generate_random, {"NumberOfBytes": 32}),
        ]
        for call, this in calls:
            assert refusal(call, Recipient=recipient, **this) == "ValidationException", fault
        count("Recipient", "documents refused", fault)
