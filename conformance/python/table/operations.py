"""For each operation on a key: the least input that is valid for a kind, and the inputs that are nearly so."""

import datetime
import json
from dataclasses import dataclass
from typing import Callable

import botocore.session
from botocore import xform_name

from . import material, states
from .kinds import ENCRYPTION, MACS, OTHER_REGION, SERVICE, SIGNING, THIRD_REGION
from .states import ABSENT, MESSAGE

SERVICE_MODEL = botocore.session.get_session().get_service_model("kms")
NAMES = SERVICE_MODEL.operation_names
WITH_DRY_RUN = [name for name in NAMES if "DryRun" in SERVICE_MODEL.operation_model(name).input_shape.members]
# What a policy must have to be accepted for any key of the account.
OPEN_POLICY = '{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{root}"}},' \
              '"Action":"kms:*","Resource":"*"}}]}}'


@dataclass(frozen=True)
class Case:
    """An operation with one kind of input. `concerns` tells which kinds of keys it is a case for."""

    operation: str
    variant: str
    arguments: Callable
    concerns: Callable = lambda kind: True

    def __str__(self):
        return f"{self.operation} {self.variant}".rstrip().replace(" ", "_")

    def call(self, key, **more):
        method = getattr(key.kms, xform_name(self.operation))
        return method(**self.arguments(key), **more)


CASES = []


def case(operation, variant="", concerns=lambda kind: True):
    def register(arguments):
        CASES.append(Case(operation, variant, arguments, concerns))
        return arguments

    return register


def fits(usage):
    """The algorithm for a usage: the key's own where it has the usage, else one that is valid by itself."""
    others = {
        "ENCRYPT_DECRYPT": "SYMMETRIC_DEFAULT", "SIGN_VERIFY": "RSASSA_PSS_SHA_256",
        "GENERATE_VERIFY_MAC": "HMAC_SHA_256",
    }
    return lambda key: key.kind.algorithm if key.kind.usage == usage else others[usage]


encryption, signing, mac = fits("ENCRYPT_DECRYPT"), fits("SIGN_VERIFY"), fits("GENERATE_VERIFY_MAC")


def has_usage(usage):
    return lambda kind: kind.usage == usage and kind.manager != "AWS"


def another(algorithms, kind):
    """An algorithm of the same usage that the key spec does not have."""
    return next(name for name in algorithms.values() if name.split("_")[0] != kind.algorithm.split("_")[0])


def made_by(key, usage, size=32):
    """What a key of the usage made of the message; for any other key, bytes that are as good as any."""
    made = key.kind.usage == usage and key.kind.manager != "AWS" and key.state != ABSENT
    return key.sample("output") if made else b"\x01" * size


def corrupt(data):
    return data[:-1] + bytes([data[-1] ^ 1])


def only_key(operation, **more):
    case(operation)(lambda key: {"KeyId": key.key_id, **more})


for name in [
    "CancelKeyDeletion", "DeleteImportedKeyMaterial", "DescribeKey", "DisableKey", "DisableKeyRotation", "EnableKey",
    "EnableKeyRotation", "GetKeyLastUsage", "GetKeyPolicy", "GetKeyRotationStatus", "GetPublicKey", "ListAliases",
    "ListGrants", "ListKeyPolicies", "ListKeyRotations", "ListResourceTags", "RotateKeyOnDemand",
]:
    only_key(name)
only_key("ScheduleKeyDeletion", PendingWindowInDays=7)
only_key("TagResource", Tags=[{"TagKey": "table", "TagValue": "1"}])
only_key("UntagResource", TagKeys=["table"])
only_key("UpdateKeyDescription", Description="of the table")
for name in ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"]:
    only_key(name, KeySpec="AES_256")
for name in ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"]:
    only_key(name, KeyPairSpec="ECC_NIST_P256")
only_key("Encapsulate", EncapsulationAlgorithm="ML_KEM")
case("ListKeyRotations", "of all material")(
    lambda key: {"KeyId": key.key_id, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"},
)


# Aliases


@case("CreateAlias")
def create_alias(key):
    return {"AliasName": states.new_alias(), "TargetKeyId": key.key_id}


def alias_of(key, name):
    if key.state == ABSENT:
        return "alias/absent"
    return f"alias/aws/{SERVICE}" if key.kind.manager == "AWS" else key.sample(name)


@case("DeleteAlias")
def delete_alias(key):
    return {"AliasName": alias_of(key, "doomed alias")}


def twin(key):
    """An enabled key of the same kind."""
    if key.kind.manager == "AWS":
        return key.world.partner(key.kind.region)
    return key.world.key(key.kind, "Enabled")


@case("UpdateAlias", "to the key")
def update_alias_to(key):
    return {"AliasName": twin(key).sample("arriving alias"), "TargetKeyId": key.key_id}


@case("UpdateAlias", "from the key")
def update_alias_from(key):
    return {"AliasName": alias_of(key, "moving alias"), "TargetKeyId": twin(key).arn}


# Policies and grants


@case("PutKeyPolicy")
def put_key_policy(key):
    return {"KeyId": key.key_id, "Policy": OPEN_POLICY.format(root=key.caller)}


# An operation that a grant for a key of each usage may allow, and one that it may not.
GRANTABLE = {
    "ENCRYPT_DECRYPT": ("Decrypt", "Sign"), "SIGN_VERIFY": ("Verify", "Encrypt"),
    "GENERATE_VERIFY_MAC": ("GenerateMac", "Encrypt"), "KEY_AGREEMENT": ("DeriveSharedSecret", "Sign"),
    "ENCAPSULATE_DECAPSULATE": ("Decapsulate", "Encrypt"),
}


@case("CreateGrant")
def create_grant(key):
    fit, _ = GRANTABLE[key.kind.usage]
    return {"KeyId": key.key_id, "GranteePrincipal": key.caller, "Operations": [fit]}


@case("CreateGrant", "of an operation of other keys")
def create_unfit_grant(key):
    _, unfit = GRANTABLE[key.kind.usage]
    return {"KeyId": key.key_id, "GranteePrincipal": key.caller, "Operations": [unfit]}


def grant_of(key, name):
    made = key.state != ABSENT and key.kind.manager != "AWS"
    return key.sample(name) if made else "0" * 64


@case("RevokeGrant")
def revoke_grant(key):
    return {"KeyId": key.key_id, "GrantId": grant_of(key, "grant to revoke")}


@case("RetireGrant")
def retire_grant(key):
    return {"KeyId": key.arn, "GrantId": grant_of(key, "grant to retire")}


# Imported material


@case("GetParametersForImport")
def get_parameters_for_import(key):
    return {"KeyId": key.key_id, **material.wrapping(key.kind.spec)}


@case("ImportKeyMaterial")
def import_key_material(key):
    imported = key.state != ABSENT and key.sample("import") if key.kind.external else None
    nothing = {
        "EncryptedKeyMaterial": b"\x01" * 256, "ImportToken": b"\x01" * 64,
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    }
    return {"KeyId": key.key_id, **(imported or nothing)}


@case("ImportKeyMaterial", "that expires", lambda kind: kind.external)
def import_expiring_material(key):
    tomorrow = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    return import_key_material(key) | {"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": tomorrow}


# Related multi-Region keys


@case("ReplicateKey")
def replicate_key(key):
    return {"KeyId": key.key_id, "ReplicaRegion": THIRD_REGION}


@case("ReplicateKey", "again", lambda kind: kind.place == "primary")
def replicate_key_again(key):
    return {"KeyId": key.key_id, "ReplicaRegion": OTHER_REGION}


@case("UpdatePrimaryRegion")
def update_primary_region(key):
    return {"KeyId": key.key_id, "PrimaryRegion": OTHER_REGION}


@case("UpdatePrimaryRegion", "to where it is", lambda kind: kind.place == "primary")
def keep_primary_region(key):
    return {"KeyId": key.key_id, "PrimaryRegion": key.kind.region}


# Encryption


@case("Encrypt")
def encrypt(key):
    return {"KeyId": key.key_id, "Plaintext": MESSAGE, "EncryptionAlgorithm": encryption(key)}


@case("Encrypt", "with another algorithm", has_usage("ENCRYPT_DECRYPT"))
def encrypt_otherwise(key):
    return encrypt(key) | {"EncryptionAlgorithm": another(ENCRYPTION, key.kind)}


def ciphertext(key):
    """A ciphertext of the key; where it makes none, that of another."""
    own = key.kind.usage == "ENCRYPT_DECRYPT" and key.kind.manager != "AWS" and key.state != ABSENT
    return (key if own else key.world.partner(key.kind.region)).sample("output")


def ciphertext_algorithm(key):
    return "SYMMETRIC_DEFAULT" if key.state == ABSENT else encryption(key)


@case("Decrypt")
def decrypt(key):
    algorithm = ciphertext_algorithm(key)
    return {"KeyId": key.key_id, "CiphertextBlob": ciphertext(key), "EncryptionAlgorithm": algorithm}


def own_symmetric(kind):
    return kind.symmetric and kind.manager != "AWS"


@case("Decrypt", "by the ciphertext alone", own_symmetric)
def decrypt_by_ciphertext(key):
    return {"CiphertextBlob": ciphertext(key)}


@case("Decrypt", "of corrupt ciphertext", has_usage("ENCRYPT_DECRYPT"))
def decrypt_corrupt(key):
    return decrypt(key) | {"CiphertextBlob": corrupt(ciphertext(key))}


@case("ReEncrypt", "from the key")
def re_encrypt_from(key):
    return {
        "SourceKeyId": key.key_id, "CiphertextBlob": ciphertext(key),
        "SourceEncryptionAlgorithm": ciphertext_algorithm(key),
        "DestinationKeyId": key.world.partner(key.kind.region).arn,
    }


@case("ReEncrypt", "to the key")
def re_encrypt_to(key):
    partner = key.world.partner(key.kind.region)
    return {
        "SourceKeyId": partner.arn, "CiphertextBlob": partner.sample("output"),
        "DestinationKeyId": key.key_id, "DestinationEncryptionAlgorithm": encryption(key),
    }


# Signatures, tags and shared secrets


@case("Sign")
def sign(key):
    return {"KeyId": key.key_id, "Message": MESSAGE, "SigningAlgorithm": signing(key)}


@case("Sign", "with another algorithm", has_usage("SIGN_VERIFY"))
def sign_otherwise(key):
    return sign(key) | {"SigningAlgorithm": another(SIGNING, key.kind)}


@case("Verify")
def verify(key):
    return sign(key) | {"Signature": made_by(key, "SIGN_VERIFY")}


@case("Verify", "of a corrupt signature", has_usage("SIGN_VERIFY"))
def verify_corrupt(key):
    return sign(key) | {"Signature": corrupt(made_by(key, "SIGN_VERIFY"))}


@case("GenerateMac")
def generate_mac(key):
    return {"KeyId": key.key_id, "Message": MESSAGE, "MacAlgorithm": mac(key)}


@case("GenerateMac", "with another algorithm", has_usage("GENERATE_VERIFY_MAC"))
def generate_mac_otherwise(key):
    other = next(name for name in MACS.values() if name != key.kind.algorithm)
    return generate_mac(key) | {"MacAlgorithm": other}


@case("VerifyMac")
def verify_mac(key):
    return generate_mac(key) | {"Mac": made_by(key, "GENERATE_VERIFY_MAC")}


@case("VerifyMac", "of a corrupt tag", has_usage("GENERATE_VERIFY_MAC"))
def verify_mac_corrupt(key):
    return generate_mac(key) | {"Mac": corrupt(made_by(key, "GENERATE_VERIFY_MAC"))}


@case("DeriveSharedSecret")
def derive_shared_secret(key):
    known = key.kind.usage == "KEY_AGREEMENT" and key.state != ABSENT
    public = key.sample("output") if known else material.public_key("ECC_NIST_P256")
    return {"KeyId": key.key_id, "KeyAgreementAlgorithm": "ECDH", "PublicKey": public}


@case("Decapsulate")
def decapsulate(key):
    blob = made_by(key, "ENCAPSULATE_DECAPSULATE", 768)
    return {"KeyId": key.key_id, "SharedSecretCiphertextBlob": blob, "EncapsulationAlgorithm": "ML_KEM"}


@case("Decapsulate", "of too little", has_usage("ENCAPSULATE_DECAPSULATE"))
def decapsulate_too_little(key):
    return decapsulate(key) | {"SharedSecretCiphertextBlob": b"\x01" * 767}


# Operations on no key


STORE = {"CustomKeyStoreId": "cks-1234567890abcdef0"}
WITHOUT_KEY = {
    "ConnectCustomKeyStore": STORE,
    "CreateCustomKeyStore": {
        "CustomKeyStoreName": "store", "CloudHsmClusterId": "cluster-2a34b5cdefg",
        "KeyStorePassword": "kmsPswd", "TrustAnchorCertificate": "certificate",
    },
    "CreateKey": {},
    "DeleteCustomKeyStore": STORE,
    "DescribeCustomKeyStores": {},
    "DisconnectCustomKeyStore": STORE,
    "GenerateRandom": {"NumberOfBytes": 32},
    "ListAliases": {},
    "ListKeys": {},
    "ListRetirableGrants": {"RetiringPrincipal": "{root}"},
    "UpdateCustomKeyStore": STORE | {"NewCustomKeyStoreName": "shop"},
}


def without_key(operation, root):
    return json.loads(json.dumps(WITHOUT_KEY[operation]).replace("{root}", root))
