"""Answers for Nitro Enclaves, opened by OpenSSL, and documents that another enclave or a later hand made."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key

import openssl
from enclave import Enclave
from importing import pkcs8, spki
from known import count, refusal


@pytest.fixture(scope="module", params=[2048, 3072, 4096])
def enclave(request):
    return Enclave(bits=request.param)


def opened(enclave, reply, hidden):
    """The secret, which is nowhere in the reply but in CiphertextForRecipient (CMS EnvelopedData)."""
    assert hidden not in reply
    assert ("KeyMaterialId" in reply) == (hidden == "PrivateKeyPlaintext")
    key = openssl.run("pkey", "-inform", "DER", "-in", "IN", "-out", "OUT", **{"in": pkcs8(enclave.key)})
    secret = openssl.run(
        "cms", "-decrypt", "-inform", "DER", "-in", "MESSAGE", "-inkey", "KEY", "-binary", "-out", "OUT",
        message=reply["CiphertextForRecipient"], key=key,
    )
    count(f"Recipient RSA_{enclave.key.key_size}", "opened by OpenSSL", hidden)
    return secret


@pytest.mark.parametrize("plaintext", [b"x", b"x" * 15, b"x" * 16, b"x" * 17, bytes(range(256)) * 16])
def test_decrypt(kms, key, enclave, plaintext):
    blob = kms.encrypt(KeyId=key, Plaintext=plaintext)["CiphertextBlob"]
    reply = kms.decrypt(CiphertextBlob=blob, Recipient=enclave.recipient())
    assert opened(enclave, reply, "Plaintext") == plaintext


def test_data_keys(kms, key, enclave):
    reply = kms.generate_data_key(KeyId=key, KeySpec="AES_256", Recipient=enclave.recipient())
    data_key = opened(enclave, reply, "Plaintext")
    assert kms.decrypt(CiphertextBlob=reply["CiphertextBlob"])["Plaintext"] == data_key


@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P521", "ECC_NIST_EDWARDS25519", "ML_KEM_768"])
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


def changed(document, at):
    return document[:at] + bytes([document[at] ^ 1]) + document[at + 1:]


def forgeries(enclave):
    """What is made of a good document without the enclave's signing key."""
    good = enclave.document()
    ours, other = spki(enclave.key.public_key()), Enclave(bits=enclave.key.key_size)
    assert good.count(ours) == 1
    yield "another key put in", good.replace(ours, spki(other.key.public_key()))
    yield "another module", good.replace(b"i-0123456789abcdef0-enc", b"i-1123456789abcdef0-enc")
    yield "another time", changed(good, good.index(b"timestamp") + len("timestamp") + 8)
    yield "another measurement", changed(good, good.index(b"pcrs") + 20)
    yield "another's signature", good[:-96] + other.document()[-96:]
    yield "bytes after it", good + b"\0"


def test_forgeries(kms, enclave):
    for fault, document in forgeries(enclave):
        recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": document}
        code = refusal(kms.generate_random, NumberOfBytes=32, Recipient=recipient)
        assert code == "ValidationException", fault
        count(f"Recipient RSA_{enclave.key.key_size}", "forged documents", "refused")
