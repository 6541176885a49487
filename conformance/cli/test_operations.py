"""Every operation of KMS through the stock AWS CLI: one scenario for each group of operations."""

import base64
import gzip
import json
import os
from pathlib import Path

import botocore
import pytest
from botocore import xform_name
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from aws_cli import NEWER, Folder, aws, fails, succeeded

MESSAGE = b"a message"
EUROPE = ["--region", "eu-west-1"]
CALLER = "arn:aws:iam::000000000000:root"
STORE = ["--custom-key-store-id", "cks-1234567890abcdef0"]

SCENARIOS = []
# What the server answers to no one with success.
REFUSED = {
    "connect-custom-key-store": STORE,
    "create-custom-key-store": ["--custom-key-store-name", "store"],
    "delete-custom-key-store": STORE,
    "describe-custom-key-stores": [],
    "disconnect-custom-key-store": STORE,
    "update-custom-key-store": [*STORE, "--new-custom-key-store-name", "shop"],
}


def scenario(*commands):
    """Says which commands the scenario has succeed."""

    def register(run):
        SCENARIOS.append(pytest.param(run, set(commands), id=run.__name__))
        return run

    return register


def kms(command, *arguments):
    return aws("kms", command, *arguments)


def create_key(*arguments):
    return kms("create-key", *arguments)["KeyMetadata"]["Arn"]


def describe(key, *arguments):
    return kms("describe-key", "--key-id", key, *arguments)["KeyMetadata"]


def opened(sealed, *arguments):
    return base64.b64decode(kms("decrypt", "--ciphertext-blob", sealed, *arguments)["Plaintext"])


@scenario(
    "create-key", "describe-key", "list-keys", "update-key-description", "disable-key", "enable-key",
    "schedule-key-deletion", "cancel-key-deletion", "get-key-last-usage",
)
def life_of_a_key(_folder):
    key = ["--key-id", create_key("--description", "first")]
    assert {"KeyArn": key[1], "KeyId": describe(key[1])["KeyId"]} in kms("list-keys")["Keys"]
    assert kms("update-key-description", *key, "--description", "second") is None
    assert describe(key[1])["Description"] == "second"
    assert kms("disable-key", *key) is None
    assert describe(key[1])["KeyState"] == "Disabled"
    assert kms("enable-key", *key) is None
    assert kms("get-key-last-usage", *key)["KeyLastUsage"] == {}
    assert describe(key[1])["Enabled"] is True
    reply = kms("schedule-key-deletion", *key, "--pending-window-in-days", "7")
    assert (reply["KeyState"], reply["KeyId"]) == ("PendingDeletion", key[1])
    assert kms("cancel-key-deletion", *key) == {"KeyId": key[1]}
    assert describe(key[1])["KeyState"] == "Disabled"


@scenario("create-alias", "list-aliases", "update-alias", "delete-alias")
def aliases(_folder):
    keys = [create_key(), create_key()]
    kms("create-alias", "--alias-name", "alias/operations", "--target-key-id", keys[0])
    assert describe("alias/operations")["Arn"] == keys[0]
    kms("update-alias", "--alias-name", "alias/operations", "--target-key-id", keys[1])
    (alias,) = kms("list-aliases", "--key-id", keys[1])["Aliases"]
    assert alias["AliasName"] == "alias/operations"
    kms("delete-alias", "--alias-name", "alias/operations")
    fails("NotFoundException", "kms", "describe-key", "--key-id", "alias/operations")


@scenario("tag-resource", "list-resource-tags", "untag-resource")
def tags(_folder):
    key = ["--key-id", create_key()]
    kms("tag-resource", *key, "--tags", "TagKey=a,TagValue=1", "TagKey=b,TagValue=2")
    kms("untag-resource", *key, "--tag-keys", "a")
    assert kms("list-resource-tags", *key)["Tags"] == [{"TagKey": "b", "TagValue": "2"}]


@scenario("put-key-policy", "get-key-policy", "list-key-policies")
def policies(_folder):
    key = ["--key-id", create_key()]
    policy = json.loads(kms("get-key-policy", *key)["Policy"])
    policy["Statement"].append({
        "Sid": "look", "Effect": "Allow", "Principal": {"AWS": CALLER}, "Action": "kms:DescribeKey", "Resource": "*",
    })
    kms("put-key-policy", *key, "--policy", json.dumps(policy))
    reply = kms("get-key-policy", *key, "--policy-name", "default")
    assert (json.loads(reply["Policy"]), reply["PolicyName"]) == (policy, "default")
    assert kms("list-key-policies", *key)["PolicyNames"] == ["default"]


@scenario("create-grant", "list-grants", "list-retirable-grants", "retire-grant", "revoke-grant")
def grants(_folder):
    key = ["--key-id", create_key()]
    people = ["--grantee-principal", CALLER, "--retiring-principal", CALLER]
    made = [kms("create-grant", *key, *people, "--operations", "Encrypt", "Decrypt") for _ in range(2)]
    listed = {grant["GrantId"]: grant for grant in kms("list-grants", *key)["Grants"]}
    assert listed.keys() == {grant["GrantId"] for grant in made}
    assert listed[made[0]["GrantId"]]["Operations"] == ["Encrypt", "Decrypt"]
    retirable = kms("list-retirable-grants", "--retiring-principal", CALLER)["Grants"]
    assert listed.keys() <= {grant["GrantId"] for grant in retirable}
    kms("retire-grant", "--grant-token", made[0]["GrantToken"])
    kms("revoke-grant", *key, "--grant-id", made[1]["GrantId"])
    assert kms("list-grants", *key)["Grants"] == []


@scenario("encrypt", "decrypt", "re-encrypt", "generate-random")
def symmetric_encryption(folder):
    keys = [create_key(), create_key()]
    context = ["--encryption-context", "order=7"]
    data = base64.b64decode(kms("generate-random", "--number-of-bytes", "100")["Plaintext"])
    assert len(data) == 100
    plain = folder.put("plain", data)
    sealed = folder.put("sealed", kms("encrypt", "--key-id", keys[0], "--plaintext", plain, *context)["CiphertextBlob"])
    assert opened(sealed, *context) == data
    fails("InvalidCiphertextException", "kms", "decrypt", "--ciphertext-blob", sealed)
    reply = kms(
        "re-encrypt", "--ciphertext-blob", sealed, "--source-encryption-context", "order=7",
        "--destination-key-id", keys[1],
    )
    assert (reply["SourceKeyId"], reply["KeyId"]) == tuple(keys)
    assert opened(folder.put("sealed", reply["CiphertextBlob"])) == data


@scenario(
    "generate-data-key", "generate-data-key-without-plaintext", "generate-data-key-pair",
    "generate-data-key-pair-without-plaintext",
)
def data_keys(folder):
    key = ["--key-id", create_key()]
    reply = kms("generate-data-key", *key, "--key-spec", "AES_256")
    assert opened(folder.put("sealed", reply["CiphertextBlob"])) == base64.b64decode(reply["Plaintext"])
    reply = kms("generate-data-key-without-plaintext", *key, "--number-of-bytes", "24")
    assert len(opened(folder.put("sealed", reply["CiphertextBlob"]))) == 24
    pair = [*key, "--key-pair-spec", "ECC_NIST_P256"]
    reply = kms("generate-data-key-pair", *pair)
    sealed = folder.put("sealed", reply["PrivateKeyCiphertextBlob"])
    assert opened(sealed) == base64.b64decode(reply["PrivateKeyPlaintext"])
    reply = kms("generate-data-key-pair-without-plaintext", *pair)
    private = load_der_private_key(opened(folder.put("sealed", reply["PrivateKeyCiphertextBlob"])), None)
    assert private.public_key() == load_der_public_key(base64.b64decode(reply["PublicKey"]))


@scenario("sign", "verify", "get-public-key")
def signatures(folder):
    key = ["--key-id", create_key("--key-spec", "RSA_2048", "--key-usage", "SIGN_VERIFY")]
    said = [*key, "--message", folder.put("message", MESSAGE), "--signing-algorithm", "RSASSA_PKCS1_V1_5_SHA_256"]
    signature = kms("sign", *said)["Signature"]
    public = load_der_public_key(base64.b64decode(kms("get-public-key", *key)["PublicKey"]))
    public.verify(base64.b64decode(signature), MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    assert kms("verify", *said, "--signature", folder.put("signature", signature))["SignatureValid"] is True
    wrong = folder.put("signature", bytes(256))
    fails("KMSInvalidSignatureException", "kms", "verify", *said, "--signature", wrong)


@scenario("generate-mac", "verify-mac")
def macs(folder):
    key = ["--key-id", create_key("--key-spec", "HMAC_384", "--key-usage", "GENERATE_VERIFY_MAC")]
    said = [*key, "--message", folder.put("message", MESSAGE), "--mac-algorithm", "HMAC_SHA_384"]
    mac = folder.put("mac", kms("generate-mac", *said)["Mac"])
    assert kms("verify-mac", *said, "--mac", mac)["MacValid"] is True
    fails("KMSInvalidMacException", "kms", "verify-mac", *said, "--mac", folder.put("mac", bytes(48)))


@scenario("derive-shared-secret", "encapsulate", "decapsulate")
def shared_secrets(folder):
    keys = [create_key("--key-spec", "ECC_NIST_P384", "--key-usage", "KEY_AGREEMENT") for _ in range(2)]
    publics = [folder.put(f"public{i}", kms("get-public-key", "--key-id", keys[i])["PublicKey"]) for i in range(2)]
    derive = ["derive-shared-secret", "--key-agreement-algorithm", "ECDH"]
    secrets = [
        kms(*derive, "--key-id", ours, "--public-key", theirs)["SharedSecret"]
        for ours, theirs in zip(keys, reversed(publics))
    ]
    assert secrets[0] == secrets[1]
    key = create_key("--key-spec", "ML_KEM_768", "--key-usage", "ENCAPSULATE_DECAPSULATE")
    key = ["--key-id", key, "--encapsulation-algorithm", "ML_KEM"]
    reply = kms("encapsulate", *key)
    blob = folder.put("blob", reply["SharedSecretCiphertextBlob"])
    assert kms("decapsulate", *key, "--shared-secret-ciphertext-blob", blob)["SharedSecret"] == reply["SharedSecret"]


@scenario("get-parameters-for-import", "import-key-material", "delete-imported-key-material")
def imports(folder):
    key = ["--key-id", create_key("--origin", "EXTERNAL")]
    wrapping = ["--wrapping-algorithm", "RSAES_OAEP_SHA_256", "--wrapping-key-spec", "RSA_2048"]
    parameters = kms("get-parameters-for-import", *key, *wrapping)
    public = load_der_public_key(base64.b64decode(parameters["PublicKey"]))
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    reply = kms(
        "import-key-material", *key, "--import-token", folder.put("token", parameters["ImportToken"]),
        "--encrypted-key-material", folder.put("material", public.encrypt(os.urandom(32), oaep)),
        "--expiration-model", "KEY_MATERIAL_DOES_NOT_EXPIRE",
    )
    assert describe(key[1])["KeyState"] == "Enabled"
    assert describe(key[1])["CurrentKeyMaterialId"] == reply["KeyMaterialId"]
    assert kms("delete-imported-key-material", *key) == reply
    assert describe(key[1])["KeyState"] == "PendingImport"


@scenario(
    "enable-key-rotation", "get-key-rotation-status", "disable-key-rotation", "rotate-key-on-demand",
    "list-key-rotations",
)
def rotation(_folder):
    key = ["--key-id", create_key()]
    kms("enable-key-rotation", *key, "--rotation-period-in-days", "90")
    status = kms("get-key-rotation-status", *key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 90)
    kms("disable-key-rotation", *key)
    assert kms("rotate-key-on-demand", *key) == {"KeyId": key[1]}
    listed = kms("list-key-rotations", *key, "--include-key-material", "ALL_KEY_MATERIAL")["Rotations"]
    assert [material["KeyMaterialState"] for material in listed][0] in ("CURRENT", "NON_CURRENT")
    assert kms("get-key-rotation-status", *key)["KeyRotationEnabled"] is False


@scenario("replicate-key", "update-primary-region")
def regions(_folder):
    key = create_key("--multi-region")
    reply = kms("replicate-key", "--key-id", key, "--replica-region", "eu-west-1")
    replica = reply["ReplicaKeyMetadata"]["Arn"]
    assert replica == key.replace("us-east-1", "eu-west-1")
    kms("update-primary-region", "--key-id", key, "--primary-region", "eu-west-1")
    configuration = describe(replica, *EUROPE)["MultiRegionConfiguration"]
    assert configuration["PrimaryKey"] == {"Arn": replica, "Region": "eu-west-1"}
    assert configuration["ReplicaKeys"] == [{"Arn": key, "Region": "us-east-1"}]


@pytest.mark.parametrize("run, commands", SCENARIOS)
def test_scenario(run, commands, tmp_path):
    with succeeded() as found:
        run(Folder(tmp_path))
    assert commands <= found


@pytest.mark.parametrize("command", REFUSED)
def test_custom_key_stores_are_refused(command):
    fails("UnsupportedOperationException", "kms", command, *REFUSED[command])


PACKAGE = Path(botocore.__file__).parent
# The CLI brings a botocore of its own; to import it would replace the other.
PACKAGE_OF_CLI = PACKAGE.with_name("awscli") / "botocore"


def commands_of(package):
    """The commands in the model that comes with boto3 or with the CLI."""
    (path,) = package.glob("data/kms/2014-11-01/service-2.json*")
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return {xform_name(name, "-") for name in json.loads(data)["operations"]}


def test_every_operation_has_a_scenario():
    run = set(REFUSED).union(*(scenario.values[1] for scenario in SCENARIOS))
    assert run == commands_of(PACKAGE)
    assert len(run) == 56


def test_only_what_the_cli_lacks_is_added_to_it():
    assert commands_of(PACKAGE) - commands_of(PACKAGE_OF_CLI) == NEWER
