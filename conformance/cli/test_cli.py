"""The five minutes of the README, with the AWS CLI: one story, told in order."""

import base64
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from aws_cli import aws, fails


@pytest.fixture(scope="module")
def key():
    metadata = aws(
        "kms", "create-key", "--description", "orders",
        "--tags", "TagKey=team,TagValue=shop", "TagKey=stage,TagValue=test",
    )["KeyMetadata"]
    assert (metadata["Description"], metadata["KeyState"]) == ("orders", "Enabled")
    aws("kms", "create-alias", "--alias-name", "alias/orders", "--target-key-id", metadata["KeyId"])
    return metadata


@pytest.fixture
def files(tmp_path):
    tmp_path.joinpath("plain").write_bytes(bytes(range(256)))
    return tmp_path


def encrypt(files, *arguments):
    reply = aws("kms", "encrypt", "--key-id", "alias/orders", "--plaintext", "fileb://plain", *arguments, cwd=files)
    files.joinpath("sealed").write_bytes(base64.b64decode(reply["CiphertextBlob"]))
    return reply


def test_who_am_i():
    reply = aws("sts", "get-caller-identity")
    wanted = {"UserId": "000000000000", "Account": "000000000000", "Arn": "arn:aws:iam::000000000000:root"}
    assert reply == wanted


def test_keys_are_described_and_listed(key):
    assert aws("kms", "describe-key", "--key-id", "alias/orders")["KeyMetadata"] == key
    assert {"KeyId": key["KeyId"], "KeyArn": key["Arn"]} in aws("kms", "list-keys")["Keys"]
    aliases = aws("kms", "list-aliases", "--key-id", key["KeyId"])["Aliases"]
    assert [alias["AliasName"] for alias in aliases] == ["alias/orders"]
    assert len(aws("kms", "list-keys", "--max-items", "1", "--page-size", "1")["Keys"]) == 1


def test_encrypt_and_decrypt(key, files):
    assert encrypt(files)["KeyId"] == key["Arn"]
    reply = aws("kms", "decrypt", "--ciphertext-blob", "fileb://sealed", cwd=files)
    assert base64.b64decode(reply["Plaintext"]) == bytes(range(256))
    assert reply["KeyId"] == key["Arn"]


def test_the_encryption_context_must_match(key, files):
    encrypt(files, "--encryption-context", "order=7,customer=3")
    decrypt = ["kms", "decrypt", "--ciphertext-blob", "fileb://sealed"]
    reply = aws(*decrypt, "--encryption-context", "customer=3,order=7", cwd=files)
    assert base64.b64decode(reply["Plaintext"]) == bytes(range(256))
    fails("InvalidCiphertextException", *decrypt, "--encryption-context", "order=8,customer=3", cwd=files)
    fails("InvalidCiphertextException", *decrypt, cwd=files)


def test_data_keys(key, files):
    reply = aws("kms", "generate-data-key", "--key-id", "alias/orders", "--key-spec", "AES_256")
    files.joinpath("sealed").write_bytes(base64.b64decode(reply["CiphertextBlob"]))
    opened = aws("kms", "decrypt", "--ciphertext-blob", "fileb://sealed", cwd=files)
    assert opened["Plaintext"] == reply["Plaintext"]
    assert len(base64.b64decode(reply["Plaintext"])) == 32
    arguments = ["--key-id", key["Arn"], "--number-of-bytes", "64"]
    reply = aws("kms", "generate-data-key-without-plaintext", *arguments)
    assert "Plaintext" not in reply


def test_random_bytes():
    reply = aws("kms", "generate-random", "--number-of-bytes", "24")
    assert len(base64.b64decode(reply["Plaintext"])) == 24


def test_re_encrypt(key, files):
    encrypt(files)
    other = aws("kms", "create-key")["KeyMetadata"]["Arn"]
    reply = aws(
        "kms", "re-encrypt", "--ciphertext-blob", "fileb://sealed", "--destination-key-id", other, cwd=files,
    )
    assert (reply["SourceKeyId"], reply["KeyId"]) == (key["Arn"], other)


def test_disable_and_enable(key, files):
    encrypt(files)
    aws("kms", "disable-key", "--key-id", key["KeyId"])
    error = fails(
        "DisabledException", "kms", "encrypt", "--key-id", "alias/orders", "--plaintext", "fileb://plain",
        cwd=files,
    )
    assert f"{key['Arn']} is disabled." in error
    aws("kms", "enable-key", "--key-id", key["KeyId"])
    aws("kms", "decrypt", "--ciphertext-blob", "fileb://sealed", cwd=files)


def test_deletion_is_scheduled_and_cancelled():
    key = aws("kms", "create-key")["KeyMetadata"]["KeyId"]
    reply = aws("kms", "schedule-key-deletion", "--key-id", key, "--pending-window-in-days", "7")
    assert (reply["KeyState"], reply["PendingWindowInDays"]) == ("PendingDeletion", 7)
    arguments = ["--key-id", key, "--key-spec", "AES_256"]
    fails("KMSInvalidStateException", "kms", "generate-data-key", *arguments)
    aws("kms", "cancel-key-deletion", "--key-id", key)
    assert aws("kms", "describe-key", "--key-id", key)["KeyMetadata"]["KeyState"] == "Disabled"


def test_tags(key):
    aws("kms", "tag-resource", "--key-id", key["KeyId"], "--tags", "TagKey=new,TagValue=1")
    aws("kms", "untag-resource", "--key-id", key["KeyId"], "--tag-keys", "stage")
    tags = aws("kms", "list-resource-tags", "--key-id", key["KeyId"])["Tags"]
    assert {tag["TagKey"]: tag["TagValue"] for tag in tags} == {"team": "shop", "new": "1"}


def test_policies(key):
    assert aws("kms", "list-key-policies", "--key-id", key["KeyId"])["PolicyNames"] == ["default"]
    policy = aws("kms", "get-key-policy", "--key-id", key["KeyId"], "--policy-name", "default")["Policy"]
    arguments = ["--key-id", key["KeyId"], "--policy-name", "default", "--policy"]
    aws("kms", "put-key-policy", *arguments, policy)
    error = fails("MalformedPolicyDocumentException", "kms", "put-key-policy", *arguments, "{}")
    assert re.search("PutKeyPolicy", error)


def test_descriptions_and_aliases_change(key):
    aws("kms", "update-key-description", "--key-id", key["KeyId"], "--description", "all orders")
    other = aws("kms", "create-key")["KeyMetadata"]["KeyId"]
    aws("kms", "create-alias", "--alias-name", "alias/short-lived", "--target-key-id", key["KeyId"])
    aws("kms", "update-alias", "--alias-name", "alias/short-lived", "--target-key-id", other)
    assert aws("kms", "describe-key", "--key-id", "alias/short-lived")["KeyMetadata"]["KeyId"] == other
    aws("kms", "delete-alias", "--alias-name", "alias/short-lived")
    fails("NotFoundException", "kms", "describe-key", "--key-id", "alias/short-lived")


def test_a_key_moves_to_another_region(files):
    europe = ["--region", "eu-west-1"]
    key_id = aws("kms", "create-key", "--multi-region")["KeyMetadata"]["KeyId"]
    reply = aws("kms", "replicate-key", "--key-id", key_id, "--replica-region", "eu-west-1")
    assert reply["ReplicaKeyMetadata"]["KeyState"] == "Creating"
    reply = aws("kms", "encrypt", "--key-id", key_id, "--plaintext", "fileb://plain", cwd=files)
    files.joinpath("sealed").write_bytes(base64.b64decode(reply["CiphertextBlob"]))
    opened = aws("kms", "decrypt", "--ciphertext-blob", "fileb://sealed", *europe, cwd=files)
    assert base64.b64decode(opened["Plaintext"]) == bytes(range(256))
    aws("kms", "update-primary-region", "--key-id", key_id, "--primary-region", "eu-west-1")
    metadata = aws("kms", "describe-key", "--key-id", key_id, *europe)["KeyMetadata"]
    assert metadata["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    move = ["kms", "update-primary-region", "--key-id", key_id, "--primary-region", "eu-west-1"]
    fails("KMSInvalidStateException", *move)


def make_key(spec, usage):
    return aws("kms", "create-key", "--key-spec", spec, "--key-usage", usage)["KeyMetadata"]["KeyId"]


def save(files, name, text):
    files.joinpath(name).write_bytes(base64.b64decode(text))
    return f"fileb://{name}"


def test_sign_and_verify(files):
    algorithm = ["--signing-algorithm", "ECDSA_SHA_256"]
    arguments = ["--key-id", make_key("ECC_NIST_P256", "SIGN_VERIFY"), "--message", "fileb://plain", *algorithm]
    signature = save(files, "signature", aws("kms", "sign", *arguments, cwd=files)["Signature"])
    assert aws("kms", "verify", *arguments, "--signature", signature, cwd=files)["SignatureValid"] is True
    files.joinpath("plain").write_bytes(b"another")
    fails("KMSInvalidSignatureException", "kms", "verify", *arguments, "--signature", signature, cwd=files)


def test_macs(files):
    arguments = ["--key-id", make_key("HMAC_512", "GENERATE_VERIFY_MAC"), "--message", "fileb://plain"]
    arguments += ["--mac-algorithm", "HMAC_SHA_512"]
    mac = save(files, "mac", aws("kms", "generate-mac", *arguments, cwd=files)["Mac"])
    assert aws("kms", "verify-mac", *arguments, "--mac", mac, cwd=files)["MacValid"] is True
    files.joinpath("plain").write_bytes(b"another")
    fails("KMSInvalidMacException", "kms", "verify-mac", *arguments, "--mac", mac, cwd=files)


def test_public_keys(files):
    key = make_key("RSA_2048", "ENCRYPT_DECRYPT")
    reply = aws("kms", "get-public-key", "--key-id", key)
    assert (reply["KeySpec"], reply["KeyUsage"]) == ("RSA_2048", "ENCRYPT_DECRYPT")
    public = load_der_public_key(base64.b64decode(reply["PublicKey"]))
    oaep = padding.OAEP(mgf=padding.MGF1(algorithm=SHA256()), algorithm=SHA256(), label=None)
    files.joinpath("sealed").write_bytes(public.encrypt(b"from outside", oaep))
    reply = aws(
        "kms", "decrypt", "--key-id", key, "--encryption-algorithm", "RSAES_OAEP_SHA_256",
        "--ciphertext-blob", "fileb://sealed", cwd=files,
    )
    assert base64.b64decode(reply["Plaintext"]) == b"from outside"


def test_data_key_pairs(key, files):
    pair = ["--key-id", key["Arn"], "--key-pair-spec", "ECC_NIST_P384"]
    reply = aws("kms", "generate-data-key-pair", *pair)
    sealed = save(files, "private", reply["PrivateKeyCiphertextBlob"])
    opened = aws("kms", "decrypt", "--ciphertext-blob", sealed, cwd=files)
    assert opened["Plaintext"] == reply["PrivateKeyPlaintext"]
    private = load_der_private_key(base64.b64decode(opened["Plaintext"]), None)
    assert private.public_key() == load_der_public_key(base64.b64decode(reply["PublicKey"]))
    assert "PrivateKeyPlaintext" not in aws("kms", "generate-data-key-pair-without-plaintext", *pair)


def test_shared_secrets(files):
    keys = [make_key("ECC_NIST_P256", "KEY_AGREEMENT") for _ in range(2)]
    for key in keys:
        save(files, key, aws("kms", "get-public-key", "--key-id", key)["PublicKey"])
    secrets = [
        aws(
            "kms", "derive-shared-secret", "--key-id", ours, "--public-key", f"fileb://{theirs}",
            "--key-agreement-algorithm", "ECDH", cwd=files,
        )["SharedSecret"]
        for ours, theirs in [keys, keys[::-1]]
    ]
    assert secrets[0] == secrets[1]


def test_grants(key):
    trust = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", '
        '"Principal": {"AWS": "arn:aws:iam::000000000000:root"}}}'
    )
    role = aws("iam", "create-role", "--role-name", "reader", "--assume-role-policy-document", trust)["Role"]
    grantee = ["--grantee-principal", role["Arn"]]
    create = ["kms", "create-grant", "--key-id", key["Arn"], *grantee, "--operations", "Decrypt", "DescribeKey"]
    made = aws(*create, "--constraints", "EncryptionContextSubset={order=7}")
    [grant] = aws("kms", "list-grants", "--key-id", key["Arn"])["Grants"]
    assert (grant["GrantId"], grant["Operations"]) == (made["GrantId"], ["Decrypt", "DescribeKey"])
    aws("kms", "revoke-grant", "--key-id", key["Arn"], "--grant-id", made["GrantId"])
    fails("InvalidGrantTokenException", "kms", "retire-grant", "--grant-token", made["GrantToken"])
    aws("kms", "retire-grant", "--grant-token", aws(*create)["GrantToken"])
    assert aws("kms", "list-grants", "--key-id", key["Arn"])["Grants"] == []
