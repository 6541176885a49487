"""What AWS answers in each cell, from its documentation and from recorded answers, never from a server's code.

The order of checks is: shape, key, authorization, state, usage and algorithm, input, cryptography. Where AWS's
answer is not known for sure, the cell has every answer that is known to be possible.
"""

import re
from dataclasses import dataclass

from .kinds import Kind
from .states import ABSENT, MESSAGE

CUSTOM_KEY_STORE = re.compile("(Connect|Create|Delete|Describe|Disconnect|Update)CustomKeyStores?")


@dataclass(frozen=True)
class Answer:
    """Success, or an exception with its exact text, a pattern of it, or any text (None)."""

    code: str
    text: str | re.Pattern | None = None

    @property
    def any_text(self):
        return self.code != "success" and self.text is None

    def __str__(self):
        text = self.text.pattern if isinstance(self.text, re.Pattern) else self.text
        return f"{self.code}: {text!r}"

    def allows(self, code, text):
        if isinstance(self.text, re.Pattern):
            return self.code == code and bool(self.text.fullmatch(text))
        return self.code == code and self.text in (None, text)


def hold(answers, code, text):
    """Fails unless one of the answers is `code` with `text`."""
    if not any(answer.allows(code, text) for answer in answers):
        raise AssertionError(f"got {code}: {text!r}, expected " + " or ".join(map(str, answers)))


@dataclass(frozen=True)
class Named:
    """As much of a key as the answers depend on, where there need not be one."""

    kind: Kind
    state: str = "Enabled"
    arn: str = "arn"
    caller: str = "caller"


SUCCESS = Answer("success")
NO_TEXT = ""

# Key states of AWS KMS keys, for each operation: what Disabled, the two states of pending deletion, and
# PendingImport do to it. `-` lets it pass.
STATES = {
    "CreateAlias": "-P-", "CreateGrant": "DPI", "Decapsulate": "DPI", "Decrypt": "DPI", "DeleteAlias": "---",
    "DeleteImportedKeyMaterial": "---", "DeriveSharedSecret": "DPI", "DescribeKey": "---", "DisableKey": "-PI",
    "DisableKeyRotation": "DP-", "EnableKey": "-PI", "EnableKeyRotation": "DP-", "Encapsulate": "DPI",
    "Encrypt": "DPI", "GenerateDataKey": "DPI", "GenerateDataKeyPair": "DPI",
    "GenerateDataKeyPairWithoutPlaintext": "DPI", "GenerateDataKeyWithoutPlaintext": "DPI", "GenerateMac": "DPI",
    "GetKeyLastUsage": "---", "GetKeyPolicy": "---", "GetKeyRotationStatus": "---",
    "GetParametersForImport": "-P-", "GetPublicKey": "-PI", "ImportKeyMaterial": "-P-", "ListAliases": "---",
    "ListGrants": "---", "ListKeyPolicies": "---", "ListKeyRotations": "---", "ListResourceTags": "---",
    "PutKeyPolicy": "---", "ReEncrypt": "DPI", "ReplicateKey": "DPI", "RetireGrant": "---", "RevokeGrant": "---",
    "RotateKeyOnDemand": "DPI", "ScheduleKeyDeletion": "-P-", "Sign": "DPI", "TagResource": "-P-",
    "UntagResource": "-P-", "UpdateKeyDescription": "-P-", "UpdatePrimaryRegion": "DPI", "Verify": "DPI",
    "VerifyMac": "DPI",
}
COLUMNS = {"Disabled": 0, "PendingDeletion": 1, "PendingReplicaDeletion": 1, "PendingImport": 2}
WORDS = {
    "PendingDeletion": "pending deletion", "PendingReplicaDeletion": "pending replica deletion",
    "PendingImport": "pending import",
}
USAGES = {
    "Decapsulate": "ENCAPSULATE_DECAPSULATE", "DeriveSharedSecret": "KEY_AGREEMENT",
    "Encapsulate": "ENCAPSULATE_DECAPSULATE", "Encrypt": "ENCRYPT_DECRYPT", "GenerateDataKey": "ENCRYPT_DECRYPT",
    "GenerateDataKeyPair": "ENCRYPT_DECRYPT", "GenerateDataKeyPairWithoutPlaintext": "ENCRYPT_DECRYPT",
    "GenerateDataKeyWithoutPlaintext": "ENCRYPT_DECRYPT", "GenerateMac": "GENERATE_VERIFY_MAC",
    "Sign": "SIGN_VERIFY", "Verify": "SIGN_VERIFY", "VerifyMac": "GENERATE_VERIFY_MAC",
}
# Which of state and kind is looked at first is not known: "DisabledException or UnsupportedOperationException".
ORDER_UNKNOWN = {
    "Decrypt", "DisableKeyRotation", "EnableKeyRotation", "GetParametersForImport", "ImportKeyMaterial",
    "UpdatePrimaryRegion",
}
OTHER_KEY = Answer(
    "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.",
)


def expected(case, key):
    """The answers that AWS may give to `case` for `key` in its state."""
    if key.state == ABSENT:
        return absent(case, key)
    if key.kind.manager == "AWS":
        return managed(case, key)
    state, kind = state_answer(case, key), kind_answers(case, key)
    if not state:
        return kind or input_answers(case, key)
    if kind and order_unknown(case):
        return [state, *kind]
    if str(case) == "UpdatePrimaryRegion_to_where_it_is":
        return [state, SUCCESS]
    return [state]


def order_unknown(case):
    return case.operation in ORDER_UNKNOWN or str(case) == "ReEncrypt_from_the_key"


def unsupported(text=None):
    return Answer("UnsupportedOperationException", text)


def invalid(text):
    return Answer("ValidationException", text)


def wrong_usage(text=None):
    return Answer("InvalidKeyUsageException", text)


# Keys that are not there, and keys of AWS


def absent(case, key):
    if str(case) in ("DeleteAlias", "UpdateAlias_from_the_key"):
        alias = key.arn.rsplit(":", 1)[0] + ":alias/absent"
        return [Answer("NotFoundException", f"Alias {alias} is not found.")]
    if case.operation == "RetireGrant":
        return NO_SUCH_GRANT
    return [Answer("NotFoundException", f"Key '{key.arn}' does not exist")]


NO_SUCH_GRANT = [Answer(code) for code in ("NotFoundException", "InvalidGrantIdException", "AccessDeniedException")]


def managed(case, key):
    """The policy of an AWS managed key lets its account look, and revoke grants."""
    operation = case.operation
    if operation in ("RetireGrant", "RevokeGrant"):
        return NO_SUCH_GRANT
    if operation == "DeleteAlias":
        return [Answer("NotAuthorizedException"), Answer("AccessDeniedException")]
    if str(case) == "UpdateAlias_from_the_key":
        return [Answer("NotAuthorizedException", NO_TEXT)]
    if operation.startswith(("Describe", "Get", "List")):
        return kind_answers(case, key) or [SUCCESS]
    action = {"ReEncrypt_from_the_key": "ReEncryptFrom", "ReEncrypt_to_the_key": "ReEncryptTo"}
    action = "kms:" + action.get(str(case), operation)
    return [Answer(
        "AccessDeniedException", f"User: {key.caller} is not authorized to perform: {action} on resource: "
        f"{key.arn} because no resource-based policy allows the {action} action",
    )]


# States


def state_answer(case, key):
    """The refusal of the state, if it does refuse."""
    if case.operation == "CancelKeyDeletion":
        text = f"{key.arn} is not pending deletion (or pending replica deletion)."
        pending = key.state in ("PendingDeletion", "PendingReplicaDeletion")
        return None if pending else Answer("KMSInvalidStateException", text)
    if key.state == "Enabled" or columns(case)[COLUMNS[key.state]] == "-":
        return None
    if key.state == "Disabled":
        return Answer("DisabledException", f"{key.arn} is disabled.")
    return Answer("KMSInvalidStateException", f"{key.arn} is {WORDS[key.state]}.")


def columns(case):
    if case.operation == "UpdateAlias":
        return "-P-" if case.variant == "to the key" else "---"
    return STATES[case.operation]


def after(case, key):
    """The state of the key after success."""
    match case.operation:
        case "DisableKey" | "CancelKeyDeletion":
            return "Disabled"
        case "EnableKey" | "ImportKeyMaterial":
            return "Enabled"
        case "ScheduleKeyDeletion":
            return "PendingReplicaDeletion" if key.kind.place == "primary" else "PendingDeletion"
        case "DeleteImportedKeyMaterial" if key.state not in ("PendingDeletion", "PendingReplicaDeletion"):
            return "PendingImport"
    return key.state


# Kinds


def kind_answers(case, key):
    """The refusals of a key of this kind in any state, if it does refuse."""
    kind, operation = key.kind, case.operation
    usage = USAGES.get(operation)
    if usage and kind.usage != usage:
        return [wrong_usage(f"{key.arn} key usage is {kind.usage} which is not valid for {operation}.")]
    return KINDS.get(operation, lambda case, key: [])(case, key)


def data_key(case, key):
    return [] if key.kind.symmetric else [wrong_usage()]


def data_key_pair(case, key):
    return [] if key.kind.symmetric else [wrong_usage(), unsupported()]


def decryption(case, key):
    return [] if key.kind.usage == "ENCRYPT_DECRYPT" else [OTHER_KEY]


def re_encryption(case, key):
    if key.kind.usage == "ENCRYPT_DECRYPT":
        return []
    if case.variant == "from the key":
        return [OTHER_KEY, wrong_usage()]
    text = re.escape(f"{key.arn} key usage is {key.kind.usage} which is not valid for ReEncrypt")
    return [wrong_usage(re.compile(text + r"(To)?\."))]


def public_key(case, key):
    return [unsupported(NO_TEXT)] if key.kind.secret else []


def wrong_origin(key):
    return unsupported(f"{key.arn} origin is {key.kind.origin} which is not valid for this operation.")


def import_of_material(case, key):
    return [] if key.kind.external else [wrong_origin(key)]


def replica_text(case, key):
    return f"{key.arn} is a multi-region replica key which is not valid for {case.operation}."


def enabling_rotation(case, key):
    kind, replica = key.kind, []
    if kind.place == "replica":
        replica = [unsupported(replica_text(case, key))]
    if kind.symmetric:
        return replica + [wrong_origin(key)] * kind.external
    return [unsupported(NO_TEXT)] + replica + [wrong_origin(key)] * kind.external


def disabling_rotation(case, key):
    kind = key.kind
    if kind.symmetric:
        return enabling_rotation(case, key)
    if kind.external or kind.place == "replica" or key.state != "Enabled":
        return [SUCCESS, unsupported()]
    return []


def rotating_on_demand(case, key):
    kind = key.kind
    replica = [unsupported(replica_text(case, key))] if kind.place == "replica" else []
    if not kind.symmetric:
        return [unsupported(NO_TEXT)] + replica
    text = f"No available key material pending rotation for the key: {key.arn}."
    return replica + [Answer("KMSInvalidStateException", text)] * kind.external


def replicating(case, key):
    if key.kind.place == "primary":
        return []
    return [unsupported(f"{key.arn} is not a multi-region primary key.")]


def moving_primary(case, key):
    refusal = Answer("KMSInvalidStateException", f"{key.arn} is not a multi-Region primary key.")
    return {"primary": [], "replica": [refusal], "single": [refusal, unsupported()]}[key.kind.place]


KINDS = {
    "Decrypt": decryption, "DeleteImportedKeyMaterial": import_of_material,
    "DisableKeyRotation": disabling_rotation, "EnableKeyRotation": enabling_rotation, "GenerateDataKey": data_key,
    "GenerateDataKeyPair": data_key_pair, "GenerateDataKeyPairWithoutPlaintext": data_key_pair,
    "GenerateDataKeyWithoutPlaintext": data_key, "GetParametersForImport": import_of_material,
    "GetPublicKey": public_key, "ImportKeyMaterial": import_of_material, "ReEncrypt": re_encryption,
    "ReplicateKey": replicating, "RotateKeyOnDemand": rotating_on_demand, "UpdatePrimaryRegion": moving_primary,
}


# Inputs


def input_answers(case, key):
    return INPUTS.get(str(case), lambda case, key: [SUCCESS])(case, key)


def other_algorithm(case, key):
    arguments = case.arguments(key)
    algorithm = next(value for name, value in arguments.items() if name.endswith("Algorithm"))
    return [wrong_usage(f"Algorithm {algorithm} is incompatible with key spec {key.kind.spec}.")]


def always(code):
    return lambda case, key: [Answer(code, NO_TEXT)]


def unfit_grant(case, key):
    (operation,) = case.arguments(key)["Operations"]
    kind = key.kind
    start = (
        f"Operations [{operation}] are not supported when creating a grant for {'a ' if kind.secret else 'an a'}"
        f"symmetric KMS key with key usage {kind.usage}. Valid operations are [CreateGrant, RetireGrant, DescribeKey"
    )
    rest = re.escape(", GenerateMac, VerifyMac]") if kind.usage == "GENERATE_VERIFY_MAC" else r"(, \w+)+\]"
    return [invalid(re.compile(re.escape(start) + rest))]


def all_material(case, key):
    text = "Input parameter includeKeyMaterial can only be used with symmetric keys."
    return [SUCCESS] if key.kind.symmetric else [invalid(text)]


def replica_exists(case, key):
    text = "You can create only one replica of each primary key in each AWS Region."
    return [Answer("AlreadyExistsException", text)]


INPUTS = {
    "CreateGrant_of_an_operation_of_other_keys": unfit_grant,
    "Decapsulate_of_too_little": always("InvalidCiphertextException"),
    "Decrypt_of_corrupt_ciphertext": always("InvalidCiphertextException"),
    "Encrypt_with_another_algorithm": other_algorithm,
    "GenerateMac_with_another_algorithm": other_algorithm,
    "ListKeyRotations_of_all_material": all_material,
    "ReplicateKey_again": replica_exists,
    "Sign_with_another_algorithm": other_algorithm,
    "VerifyMac_of_a_corrupt_tag": always("KMSInvalidMacException"),
    "Verify_of_a_corrupt_signature": always("KMSInvalidSignatureException"),
}


# Replies of success


def check_success(case, key, reply):
    """What a reply says of the key, and of the message it was given."""
    named = "SourceKeyId" if str(case) == "ReEncrypt_from_the_key" else "KeyId"
    if named in reply and case.operation != "GetKeyLastUsage":
        assert reply[named] == key.arn, f"{named} is {reply[named]}"
    for name, value in {"Plaintext": MESSAGE, "SignatureValid": True, "MacValid": True}.items():
        if name in reply and not case.operation.startswith("Generate"):
            assert reply[name] == value, f"{name} is {reply[name]}"


def without_key(operation):
    """The answers to operations that name no key."""
    return [unsupported()] if CUSTOM_KEY_STORE.fullmatch(operation) else [SUCCESS]


def dry_run():
    return Answer("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
