"""Holds raw KMS replies against botocore's service model: an unknown member, a member of the wrong kind,
or the absence of a member that AWS always sends fails the test. botocore itself ignores all of these."""

import base64
import binascii
import json
import re

# What the model leaves optional but AWS sends with every success.
ALWAYS = {
    "CancelKeyDeletion": {"KeyId"},
    "CreateKey": {"KeyMetadata"},
    "Decapsulate": {"EncapsulationAlgorithm", "KeyId", "SharedSecret"},
    "Decrypt": {"EncryptionAlgorithm", "KeyId"},
    "DeriveSharedSecret": {"KeyAgreementAlgorithm", "KeyId", "KeyOrigin"},
    "DescribeKey": {"KeyMetadata"},
    "Encapsulate": {"EncapsulationAlgorithm", "KeyId", "SharedSecret", "SharedSecretCiphertextBlob"},
    "Encrypt": {"CiphertextBlob", "EncryptionAlgorithm", "KeyId"},
    "GenerateDataKey": {"CiphertextBlob", "KeyId"},
    "GenerateDataKeyPair": {"KeyId", "KeyMaterialId", "KeyPairSpec", "PrivateKeyCiphertextBlob", "PublicKey"},
    "GenerateDataKeyPairWithoutPlaintext": {
        "KeyId", "KeyMaterialId", "KeyPairSpec", "PrivateKeyCiphertextBlob", "PublicKey",
    },
    "GenerateDataKeyWithoutPlaintext": {"CiphertextBlob", "KeyId", "KeyMaterialId"},
    "GenerateMac": {"KeyId", "Mac", "MacAlgorithm"},
    "GetKeyPolicy": {"Policy", "PolicyName"},
    "GetPublicKey": {"CustomerMasterKeySpec", "KeyId", "KeySpec", "KeyUsage", "PublicKey"},
    "ListAliases": {"Aliases", "Truncated"},
    "ListKeyPolicies": {"PolicyNames", "Truncated"},
    "ListKeys": {"Keys", "Truncated"},
    "ListResourceTags": {"Tags", "Truncated"},
    "ReEncrypt": {
        "CiphertextBlob", "DestinationEncryptionAlgorithm", "KeyId", "SourceEncryptionAlgorithm", "SourceKeyId",
    },
    "ReplicateKey": {"ReplicaKeyMetadata", "ReplicaPolicy"},
    # DeletionDate, too, unless the key waits for its replicas.
    "ScheduleKeyDeletion": {"KeyId", "KeyState", "PendingWindowInDays"},
    "Sign": {"KeyId", "Signature", "SigningAlgorithm"},
    "Verify": {"KeyId", "SignatureValid", "SigningAlgorithm"},
    "VerifyMac": {"KeyId", "MacAlgorithm", "MacValid"},
}
# Where a secret is, unless CiphertextForRecipient has it.
SECRETS = {
    "Decrypt": "Plaintext", "DeriveSharedSecret": "SharedSecret", "GenerateDataKey": "Plaintext",
    "GenerateDataKeyPair": "PrivateKeyPlaintext", "GenerateRandom": "Plaintext",
}
# What names the material of a symmetric key, and what tells whether the key is one; absent for recipients.
MATERIALS = {
    "Decrypt": {"KeyMaterialId": "EncryptionAlgorithm"},
    "GenerateDataKey": {"KeyMaterialId": None},
    "ReEncrypt": {
        "SourceKeyMaterialId": "SourceEncryptionAlgorithm",
        "DestinationKeyMaterialId": "DestinationEncryptionAlgorithm",
    },
}
ALWAYS_IN_SHAPE = {
    "AliasListEntry": {"AliasArn", "AliasName"},
    "KeyListEntry": {"KeyArn", "KeyId"},
    "KeyMetadata": {
        "AWSAccountId", "Arn", "CreationDate", "CustomerMasterKeySpec", "Description", "Enabled", "KeyId",
        "KeyManager", "KeySpec", "KeyState", "KeyUsage", "MultiRegion", "Origin",
    },
    "Tag": {"TagKey", "TagValue"},
}
# CustomerMasterKeySpec echoes KeySpec, also where its own enumeration has no such value.
OPEN_ENUMS = {"CustomerMasterKeySpec"}
# The exceptions that the model marks as the server's fault.
FAULTS = {"DependencyTimeoutException", "KMSInternalException", "KeyUnavailableException"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Mismatch(AssertionError):
    """A reply that the model does not allow."""


def expect(condition, path, problem):
    if not condition:
        raise Mismatch(f"{path}: {problem}")


def members_once(pairs):
    names = [name for name, _ in pairs]
    expect(len(names) == len(set(names)), "body", f"duplicate member in {names}")
    return dict(pairs)


def read_json(body):
    try:
        return json.loads(body, object_pairs_hook=members_once)
    except ValueError as error:
        raise Mismatch(f"body: {body!r} is no JSON") from error


def check_reply(model, response):
    """`response` is botocore's raw response: status_code, headers, body."""
    headers = {name.lower(): value for name, value in response["headers"].items()}
    expect(UUID.fullmatch(headers.get("x-amzn-requestid", "")), "x-amzn-RequestId", "is no UUID")
    expect("date" in headers, "Date", "is missing")
    body = response["body"]
    if response["status_code"] >= 300:
        check_error(model, response["status_code"], headers, body)
    elif model.output_shape is None:
        expect(body in (b"", b"{}"), model.name, f"answers {body!r}, should answer nothing")
    else:
        check_json_type(headers)
        value = read_json(body)
        check_shape(model.output_shape, value, model.name)
        missing = ALWAYS.get(model.name, set()) - value.keys()
        expect(not missing, model.name, f"lacks {sorted(missing)}")
        check_secret(model.name, value)


def check_secret(name, value):
    sealed = "CiphertextForRecipient" in value
    if name in SECRETS:
        expect((SECRETS[name] in value) != sealed, name, "has a secret not exactly once")
    for member, algorithm in MATERIALS.get(name, {}).items():
        symmetric = algorithm is None or value.get(algorithm) == "SYMMETRIC_DEFAULT"
        expect((member in value) == (symmetric and not sealed), name, f"has, or lacks, {member}")


def check_json_type(headers):
    expect(headers.get("content-type") == "application/x-amz-json-1.1", "Content-Type", "is another")


def check_error(model, status, headers, body):
    check_json_type(headers)
    value = read_json(body)
    code = value.get("__type")
    modelled = {shape.name for shape in model.service_model.error_shapes}
    text = "message" if code in modelled else "Message"
    expect(value.keys() <= {"__type", text}, model.name, f"error has members {sorted(value)}")
    expect(value.get(text) != "", model.name, "an empty text is left out")
    expect(status == (500 if code in FAULTS else 400), model.name, f"{code} has status {status}")


def check_shape(shape, value, path):
    CHECKS[shape.type_name](shape, value, path)


def check_structure(shape, value, path):
    expect(isinstance(value, dict), path, "is no object")
    for name, member in value.items():
        expect(name in shape.members, path, f"has the unknown member {name}")
        check_shape(shape.members[name], member, f"{path}.{name}")
    required = set(shape.required_members) | ALWAYS_IN_SHAPE.get(shape.name, set())
    missing = required - value.keys()
    expect(not missing, path, f"lacks {sorted(missing)}")


def check_list(shape, value, path):
    expect(isinstance(value, list), path, "is no array")
    for index, item in enumerate(value):
        check_shape(shape.member, item, f"{path}[{index}]")


def check_map(shape, value, path):
    expect(isinstance(value, dict), path, "is no object")
    for name, item in value.items():
        check_shape(shape.value, item, f"{path}.{name}")


def check_string(shape, value, path):
    expect(isinstance(value, str), path, "is no string")
    if shape.enum and path.rsplit(".", 1)[-1] not in OPEN_ENUMS:
        expect(value in shape.enum, path, f"{value!r} is not one of {shape.enum}")
    check_length(shape, len(value), path)


def check_blob(shape, value, path):
    expect(isinstance(value, str), path, "is no string")
    try:
        decoded = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise Mismatch(f"{path}: is no base64") from error
    check_length(shape, len(decoded), path)


def check_length(shape, length, path):
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", float("inf"))
    expect(least <= length <= most, path, f"has length {length}, not {least} to {most}")


def check_integer(shape, value, path):
    expect(isinstance(value, int) and not isinstance(value, bool), path, "is no integer")


def check_boolean(shape, value, path):
    expect(isinstance(value, bool), path, "is no boolean")


def check_timestamp(shape, value, path):
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    expect(number and value > 0, path, "is no count of seconds")


CHECKS = {
    "blob": check_blob, "boolean": check_boolean, "integer": check_integer, "list": check_list,
    "long": check_integer, "map": check_map, "string": check_string, "structure": check_structure,
    "timestamp": check_timestamp,
}
