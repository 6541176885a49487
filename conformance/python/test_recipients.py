"""Answers for enclaves: encrypted to the attested key, and to nobody else."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding, PublicFormat, load_der_private_key, load_der_public_key,
)

from clients import refused, starts, violation
from enclave import Enclave

NOT_VALID = "The attestation document is not valid."
DRY_RUN = "The request would have succeeded, but the DryRun option is set."


@pytest.fixture(scope="module")
def enclave():
    return Enclave()


def opened(enclave, reply, member="Plaintext"):
    assert member not in reply
    assert ("KeyMaterialId" in reply) == (member == "PrivateKeyPlaintext")
    return enclave.open(reply["CiphertextForRecipient"])


def test_decrypt(kms, key, key_of, enclave):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x" * 4096, EncryptionContext={"a": "b"})["CiphertextBlob"]
    reply = kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"}, Recipient=enclave.recipient())
    assert opened(enclave, reply) == b"x" * 4096
    assert (reply["KeyId"], reply["EncryptionAlgorithm"]) == (key, "SYMMETRIC_DEFAULT")
    rsa = {"KeyId": key_of("RSA_2048", "ENCRYPT_DECRYPT"), "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    blob = kms.encrypt(Plaintext=b"x", **rsa)["CiphertextBlob"]
    assert opened(enclave, kms.decrypt(CiphertextBlob=blob, Recipient=enclave.recipient(), **rsa)) == b"x"


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_data_keys(kms, key, bits):
    enclave = Enclave(bits)
    reply = kms.generate_data_key(KeyId=key, KeySpec="AES_256", Recipient=enclave.recipient())
    assert kms.decrypt(CiphertextBlob=reply["CiphertextBlob"])["Plaintext"] == opened(enclave, reply)


def test_data_key_pairs(kms, key, enclave):
    reply = kms.generate_data_key_pair(
        KeyId=key, KeyPairSpec="ECC_NIST_P256", Recipient=enclave.recipient(),
    )
    private = opened(enclave, reply, "PrivateKeyPlaintext")
    assert load_der_private_key(private, None).public_key() == load_der_public_key(reply["PublicKey"])
    assert kms.decrypt(CiphertextBlob=reply["PrivateKeyCiphertextBlob"])["Plaintext"] == private


def test_shared_secrets(kms, key_of, enclave):
    key, peer = key_of("ECC_NIST_P256", "KEY_AGREEMENT"), ec.generate_private_key(ec.SECP256R1())
    reply = kms.derive_shared_secret(
        KeyId=key, KeyAgreementAlgorithm="ECDH", Recipient=enclave.recipient(),
        PublicKey=peer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    )
    public = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    assert opened(enclave, reply, "SharedSecret") == peer.exchange(ec.ECDH(), public)


@pytest.mark.parametrize("length", [1, 15, 16, 17, 1024])
def test_random_bytes(kms, enclave, length):
    recipient = enclave.recipient()
    replies = [kms.generate_random(NumberOfBytes=length, Recipient=recipient) for _ in range(2)]
    secrets = [opened(enclave, reply) for reply in replies]
    assert [len(secret) for secret in secrets] == [length, length]
    assert replies[0]["CiphertextForRecipient"] != replies[1]["CiphertextForRecipient"]


def documents(enclave):
    good = enclave.document()
    return {
        "nothing": b"x",
        "changed": good[:-1] + bytes([good[-1] ^ 1]),
        "cut": good[:-1],
        "another root": enclave.document(signer=ec.generate_private_key(ec.SECP384R1())),
        "old": enclave.document(age=600),
        "of the future": enclave.document(age=-600),
        "without a key": enclave.document(public=None),
        "with another key": enclave.document(public=b"x"),
    }


def test_documents_that_prove_nothing(kms, key, enclave):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for document in documents(enclave).values():
        recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": document}
        for call, arguments in [
            (kms.decrypt, {"CiphertextBlob": blob}),
            (kms.generate_data_key, {"KeyId": key, "KeySpec": "AES_256"}),
            (kms.generate_data_key_pair, {"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"}),
            (kms.generate_random, {"NumberOfBytes": 1}),
        ]:
            refused(call, "ValidationException", NOT_VALID, Recipient=recipient, **arguments)


def test_members_of_the_recipient(kms, key, enclave):
    arguments = {"KeyId": key, "KeySpec": "AES_256"}
    for member, path in [
        ("AttestationDocument", "attestationDocument"), ("KeyEncryptionAlgorithm", "keyEncryptionAlgorithm"),
    ]:
        recipient = enclave.recipient()
        del recipient[member]
        text = violation(f"Value null at 'recipient.{path}' failed to satisfy constraint: Member must not be null")
        refused(kms.generate_data_key, "ValidationException", text, Recipient=recipient, **arguments)
    recipient = enclave.recipient() | {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_1"}
    refused(
        kms.generate_data_key, "ValidationException",
        starts(violation("Value 'RSAES_OAEP_SHA_1' at 'recipient.keyEncryptionAlgorithm'")),
        Recipient=recipient, **arguments,
    )


def test_dry_runs(kms, key, enclave):
    refused(
        kms.generate_data_key, "DryRunOperationException", DRY_RUN,
        KeyId=key, KeySpec="AES_256", DryRun=True, Recipient=enclave.recipient(),
    )


def test_a_policy_that_asks_for_the_image(kms, account, enclave):
    image, root = bytes(range(48)), {"AWS": f"arn:aws:iam::{account}:root"}
    asked = {"StringNotEqualsIgnoreCase": {"kms:RecipientAttestation:ImageSha384": image.hex().upper()}}
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Deny", "Principal": root, "Action": "kms:Decrypt", "Resource": "*", "Condition": asked},
    ]}
    key = kms.create_key(Policy=json.dumps(policy))["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    denied = (
        f"User: {root['AWS']} is not authorized to perform: kms:Decrypt on resource: {key} "
        "with an explicit deny in a resource-based policy"
    )
    stranger = ec.generate_private_key(ec.SECP384R1())
    for recipient in [
        {}, {"Recipient": enclave.recipient()}, {"Recipient": enclave.recipient(image=image, signer=stranger)},
    ]:
        refused(kms.decrypt, "AccessDeniedException", denied, CiphertextBlob=blob, **recipient)
    reply = kms.decrypt(CiphertextBlob=blob, Recipient=enclave.recipient(image=image))
    assert opened(enclave, reply) == b"x"
