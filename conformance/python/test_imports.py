"""Imported key material: wrapped here by `cryptography`, unwrapped by the server."""

import datetime
import os
import re

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat, load_der_public_key,
)

import clients
from clients import refused

OAEP = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]
AES = ["RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"]
WRAPPING_SPECS = ["RSA_2048", "RSA_3072", "RSA_4096"]
CURVES = {
    "ECC_NIST_P256": ec.SECP256R1,
    "ECC_NIST_P384": ec.SECP384R1,
    "ECC_NIST_P521": ec.SECP521R1,
    "ECC_SECG_P256K1": ec.SECP256K1,
}
HMACS = {"HMAC_224": 28, "HMAC_256": 32, "HMAC_384": 48, "HMAC_512": 64}
KEEPS = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}


def pkcs8(private):
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def make_material(spec):
    if spec in CURVES:
        return pkcs8(ec.generate_private_key(CURVES[spec]()))
    if spec.startswith("RSA"):
        return pkcs8(rsa.generate_private_key(65537, int(spec[4:])))
    if spec == "ECC_NIST_EDWARDS25519":
        return pkcs8(ed25519.Ed25519PrivateKey.generate())
    return os.urandom(HMACS.get(spec, 32))


def usage(spec):
    if spec.startswith("HMAC"):
        return "GENERATE_VERIFY_MAC"
    return "ENCRYPT_DECRYPT" if spec == "SYMMETRIC_DEFAULT" else "SIGN_VERIFY"


def fits(spec, algorithm, wrapping):
    """KMS API, GetParametersForImport."""
    if algorithm in AES:
        return spec.startswith(("RSA", "ECC"))
    if spec == "ECC_NIST_P521" and wrapping == "RSA_2048":
        return False
    return not spec.startswith("RSA")


def wrap(parameters, algorithm, material):
    public = load_der_public_key(parameters["PublicKey"])
    chosen = hashes.SHA1() if algorithm.endswith("SHA_1") else hashes.SHA256()
    oaep = padding.OAEP(padding.MGF1(chosen), chosen, None)
    if algorithm in OAEP:
        return public.encrypt(material, oaep)
    ephemeral = os.urandom(32)
    return public.encrypt(ephemeral, oaep) + aes_key_wrap_with_padding(ephemeral, material)


class Imported:
    """An EXTERNAL key with a wrapping key of its own."""

    def __init__(self, kms, spec="SYMMETRIC_DEFAULT", algorithm=None, wrapping="RSA_2048", **more):
        self.kms = kms
        self.algorithm = algorithm or (AES if spec.startswith("RSA") else OAEP)[1]
        made = kms.create_key(Origin="EXTERNAL", KeySpec=spec, KeyUsage=usage(spec), **more)
        self.arn = made["KeyMetadata"]["Arn"]
        self.id = made["KeyMetadata"]["KeyId"]
        self.wrapping = wrapping
        self.parameters = self.get_parameters()

    def get_parameters(self):
        return self.kms.get_parameters_for_import(
            KeyId=self.id, WrappingAlgorithm=self.algorithm, WrappingKeySpec=self.wrapping,
        )

    def input(self, material, **more):
        arguments = {
            "KeyId": self.id,
            "ImportToken": self.parameters["ImportToken"],
            "EncryptedKeyMaterial": wrap(self.parameters, self.algorithm, material),
        }
        return arguments | (KEEPS if "ValidTo" not in more else {}) | more

    def take(self, material, **more):
        reply = self.kms.import_key_material(**self.input(material, **more))
        assert reply["KeyId"] == self.arn
        return reply.get("KeyMaterialId")

    def metadata(self):
        return self.kms.describe_key(KeyId=self.id)["KeyMetadata"]

    def state(self):
        return self.metadata()["KeyState"]

    def listed(self):
        reply = self.kms.list_key_rotations(KeyId=self.id, IncludeKeyMaterial="ALL_KEY_MATERIAL")
        return reply["Rotations"]

    def states(self):
        return [(entry["KeyMaterialState"], entry["ImportState"]) for entry in self.listed()]

    def refuses(self, code, text, material, **more):
        refused(self.kms.import_key_material, code, text, **self.input(material, **more))


@pytest.fixture
def key(kms):
    return Imported(kms)


# Finding large primes takes seconds, so the longer wrapping keys carry these alone.
CARRIED_BY_LONG_KEYS = ["SYMMETRIC_DEFAULT", "ECC_NIST_P521", "RSA_4096"]
COMBINATIONS = [
    (spec, algorithm, wrapping)
    for spec in [
        "SYMMETRIC_DEFAULT", *HMACS, *CURVES, "ECC_NIST_EDWARDS25519", "RSA_2048", "RSA_3072", "RSA_4096",
    ]
    for algorithm in OAEP + AES
    for wrapping in WRAPPING_SPECS
    if wrapping == "RSA_2048" or spec in CARRIED_BY_LONG_KEYS or not fits(spec, algorithm, wrapping)
]


@pytest.mark.parametrize("spec, algorithm, wrapping", COMBINATIONS)
def test_every_wrapping_of_every_spec(kms, spec, algorithm, wrapping):
    if not fits(spec, algorithm, wrapping):
        key = kms.create_key(Origin="EXTERNAL", KeySpec=spec, KeyUsage=usage(spec))["KeyMetadata"]
        refused(
            kms.get_parameters_for_import, "ValidationException",
            f"Wrapping algorithm {algorithm} and wrapping key spec {wrapping} cannot be used to import a "
            f"{spec} key.",
            KeyId=key["KeyId"], WrappingAlgorithm=algorithm, WrappingKeySpec=wrapping,
        )
        return
    key = Imported(kms, spec, algorithm, wrapping)
    material = make_material(spec)
    shown = key.take(material)
    assert key.state() == "Enabled"
    assert (shown is not None) == (spec == "SYMMETRIC_DEFAULT")
    assert key.metadata().get("CurrentKeyMaterialId") == shown
    # The same key again, and no other.
    assert key.take(material) == shown
    key.refuses("IncorrectKeyMaterialException", None, make_material(spec))


@pytest.mark.parametrize("algorithm", ["RSAES_PKCS1_V1_5", "SM2PKE"])
def test_wrapping_that_fits_no_key(kms, algorithm):
    key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    refused(
        kms.get_parameters_for_import, "ValidationException",
        f"Wrapping algorithm {algorithm} and wrapping key spec RSA_2048 cannot be used to import a "
        "SYMMETRIC_DEFAULT key.",
        KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_2048",
    )


def test_parameters(key):
    parameters = key.parameters
    ahead = parameters["ParametersValidTo"] - datetime.datetime.now(datetime.timezone.utc)
    assert abs(ahead - datetime.timedelta(hours=24)) < datetime.timedelta(minutes=1)
    assert parameters["KeyId"] == key.arn
    assert len(parameters["ImportToken"]) <= 6144
    assert load_der_public_key(parameters["PublicKey"]).key_size == 2048


def test_the_life_of_imported_material(kms, key):
    refused(
        kms.encrypt, "KMSInvalidStateException", f"{key.arn} is pending import.",
        KeyId=key.id, Plaintext=b"x",
    )
    material = os.urandom(32)
    shown = key.take(material, KeyMaterialDescription="safe 7")
    entry = {
        "KeyId": key.arn,
        "KeyMaterialId": shown,
        "KeyMaterialDescription": "safe 7",
        "ImportState": "IMPORTED",
        "KeyMaterialState": "CURRENT",
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    }
    assert key.listed() == [entry]
    blob = kms.encrypt(KeyId=key.id, Plaintext=b"kept")["CiphertextBlob"]
    for _ in range(2):
        reply = kms.delete_imported_key_material(KeyId=key.id)
        assert (reply["KeyId"], reply["KeyMaterialId"]) == (key.arn, shown)
    assert key.state() == "PendingImport"
    assert key.metadata()["CurrentKeyMaterialId"] == shown
    del entry["ExpirationModel"]
    assert key.listed() == [entry | {"ImportState": "PENDING_IMPORT"}]
    refused(
        kms.decrypt, "KMSInvalidStateException", f"{key.arn} is pending import.", CiphertextBlob=blob,
    )
    for call in [kms.enable_key, kms.disable_key]:
        refused(call, "KMSInvalidStateException", f"{key.arn} is pending import.", KeyId=key.id)
    assert key.take(material) == shown
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"kept"


def test_the_same_bytes_under_another_key_open_nothing(kms, key):
    material = os.urandom(32)
    other = Imported(kms)
    assert key.take(material) != other.take(material)
    blob = kms.encrypt(KeyId=key.id, Plaintext=b"x")["CiphertextBlob"]
    refused(kms.decrypt, "IncorrectKeyException", None, CiphertextBlob=blob, KeyId=other.id)


def test_new_material_waits_for_its_rotation(kms, key):
    first, second = os.urandom(32), os.urandom(32)
    ids = [key.take(first), key.take(second, ImportType="NEW_KEY_MATERIAL")]
    assert key.states() == [("CURRENT", "IMPORTED"), ("PENDING_ROTATION", "IMPORTED")]
    assert set(key.listed()[1]) == {
        "KeyId", "KeyMaterialId", "ImportState", "KeyMaterialState", "ExpirationModel",
    }
    assert kms.list_key_rotations(KeyId=key.id)["Rotations"] == []
    blob = kms.encrypt(KeyId=key.id, Plaintext=b"x")["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=key.id)
    assert key.metadata()["CurrentKeyMaterialId"] == ids[1]
    assert kms.decrypt(CiphertextBlob=blob)["KeyMaterialId"] == ids[0]
    assert key.states() == [("NON_CURRENT", "IMPORTED"), ("CURRENT", "IMPORTED")]
    refused(
        kms.rotate_key_on_demand, "KMSInvalidStateException",
        f"No available key material pending rotation for the key: {key.arn}.", KeyId=key.id,
    )
    # Usable only while all of it is there.
    for number, material in enumerate([first, second]):
        kms.delete_imported_key_material(KeyId=key.id, KeyMaterialId=ids[number])
        assert key.state() == "PendingImport"
        assert key.take(material, KeyMaterialId=ids[number]) == ids[number]
        assert key.state() == "Enabled"


def test_material_that_is_not_what_was_asked_for(kms, key):
    first, second = os.urandom(32), os.urandom(32)
    ids = [key.take(first), key.take(second, ImportType="NEW_KEY_MATERIAL")]
    for material, shown in zip([first, second], ids):
        key.refuses(
            "IncorrectKeyMaterialException",
            f"Key material (id: {shown}) being imported as NEW_KEY_MATERIAL is already associated with KMS "
            f"key {key.arn}.",
            material, ImportType="NEW_KEY_MATERIAL",
        )
    key.refuses(
        "IncorrectKeyMaterialException",
        f"Imported key material does not have the expected identifier ({ids[0]}).",
        second, KeyMaterialId=ids[0],
    )
    key.refuses(
        "KMSInvalidStateException",
        re.compile(
            rf"New key material \(id: [0-9a-f]{{64}}\) cannot be imported into KMS key {key.arn}, because "
            rf"another key material \(id: {ids[1]}\) is pending rotation\."
        ),
        os.urandom(32), ImportType="NEW_KEY_MATERIAL",
    )
    key.refuses(
        "ValidationException",
        "Input parameter keyMaterialId cannot be used with NEW_KEY_MATERIAL importType.",
        os.urandom(32), ImportType="NEW_KEY_MATERIAL", KeyMaterialId=ids[0],
    )
    kms.delete_imported_key_material(KeyId=key.id, KeyMaterialId=ids[1])
    assert key.states() == [("CURRENT", "IMPORTED")]
    refused(
        kms.delete_imported_key_material, "ValidationException",
        f"Key material (id: {ids[1]}) has never been imported into KMS key {key.arn}.",
        KeyId=key.id, KeyMaterialId=ids[1],
    )


@pytest.mark.parametrize("spec, shortest", HMACS.items())
def test_hmac_material_is_as_long_as_its_hash(kms, spec, shortest):
    key = Imported(kms, spec)
    key.refuses("InvalidCiphertextException", "", os.urandom(shortest - 1))
    material = os.urandom(shortest)
    assert key.take(material) is None
    key.refuses(
        "IncorrectKeyMaterialException",
        re.compile(r"Imported key material does not have the expected identifier \([0-9a-f]{64}\)\."),
        os.urandom(shortest),
    )
    reply = kms.delete_imported_key_material(KeyId=key.id)
    assert "KeyMaterialId" not in reply
    assert key.state() == "PendingImport"
    key.take(material)
    for member, name, value in [
        ("ImportType", "importType", "EXISTING_KEY_MATERIAL"),
        ("KeyMaterialId", "keyMaterialId", "ab" * 32),
        ("KeyMaterialDescription", "keyMaterialDescription", "one"),
    ]:
        key.refuses(
            "ValidationException", f"Input parameter {name} cannot be used with {spec} imported keys.",
            material, **{member: value},
        )


@pytest.mark.parametrize("length", [16, 31, 33, 64])
def test_symmetric_material_has_32_bytes(key, length):
    key.refuses("InvalidCiphertextException", "", os.urandom(length))


def in_ber(der):
    """The same SEQUENCE with an indefinite length (X.690, 8.1.3.6)."""
    header = 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)
    return b"\x30\x80" + der[header:] + b"\x00\x00"


@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P256", "ECC_NIST_EDWARDS25519"])
def test_private_keys_in_ber_are_the_same_keys(kms, spec):
    key, material = Imported(kms, spec), make_material(spec)
    key.take(in_ber(material))
    public = kms.get_public_key(KeyId=key.id)["PublicKey"]
    kms.delete_imported_key_material(KeyId=key.id)
    key.take(material)
    assert kms.get_public_key(KeyId=key.id)["PublicKey"] == public


def test_material_of_another_spec(kms):
    key = Imported(kms, "ECC_NIST_P256")
    for material in [make_material("ECC_NIST_P384"), make_material("ECC_SECG_P256K1"), b"\x30\x00"]:
        key.refuses("InvalidCiphertextException", "", material)
    key = Imported(kms, "RSA_3072")
    key.refuses("InvalidCiphertextException", "", make_material("RSA_2048"))


def test_wrapped_otherwise_than_agreed(kms, key):
    arguments = key.input(os.urandom(32))
    arguments["EncryptedKeyMaterial"] = wrap(key.parameters, "RSAES_OAEP_SHA_1", os.urandom(32))
    refused(kms.import_key_material, "InvalidCiphertextException", "", **arguments)
    arguments["EncryptedKeyMaterial"] = os.urandom(256)
    refused(kms.import_key_material, "InvalidCiphertextException", "", **arguments)


def test_tokens_of_other_keys_and_rubbish(kms, key):
    material = os.urandom(32)
    foreign = Imported(kms).input(material) | {"KeyId": key.id}
    refused(kms.import_key_material, "InvalidImportTokenException", "", **foreign)
    token = bytearray(key.parameters["ImportToken"])
    for place in [0, len(token) // 2, len(token) - 1]:
        altered = bytes(token[:place] + bytes([token[place] ^ 1]) + token[place + 1:])
        refused(
            kms.import_key_material, "InvalidImportTokenException", "",
            **key.input(material) | {"ImportToken": altered},
        )
    older = key.parameters
    key.parameters = key.get_parameters()
    shown = key.take(material)
    key.parameters = older
    assert key.take(material) == shown


def in_days(days):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)


@pytest.mark.parametrize("more, text", [
    ({}, "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"),
    ({"ExpirationModel": "KEY_MATERIAL_EXPIRES"},
     "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"),
    (KEEPS | {"ValidTo": in_days(1)},
     "A validTo date cannot be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE"),
    ({"ValidTo": in_days(-1)}, "ValidTo must be in the future"),
    ({"ValidTo": in_days(366)}, "ValidTo must be less than 365 days in the future"),
])
def test_dates_that_do_not_fit(kms, key, more, text):
    arguments = key.input(os.urandom(32))
    del arguments["ExpirationModel"]
    refused(kms.import_key_material, "ValidationException", text, **arguments | more)


def test_dates_are_whole_seconds(key):
    date = in_days(30).replace(microsecond=900_000)
    key.take(os.urandom(32), ValidTo=date)
    metadata = key.metadata()
    assert metadata["ValidTo"] == date.replace(microsecond=0)
    assert metadata["ExpirationModel"] == "KEY_MATERIAL_EXPIRES"
    assert key.listed()[0]["ValidTo"] == metadata["ValidTo"]


def test_states(kms, key):
    material = os.urandom(32)
    assert "KeyMaterialId" not in kms.delete_imported_key_material(KeyId=key.id)
    key.take(material)
    kms.disable_key(KeyId=key.id)
    key.parameters = key.get_parameters()
    key.take(material)
    assert key.state() == "Enabled"
    kms.schedule_key_deletion(KeyId=key.id, PendingWindowInDays=7)
    key.refuses("KMSInvalidStateException", f"{key.arn} is pending deletion.", material)
    kms.delete_imported_key_material(KeyId=key.id)
    assert key.state() == "PendingDeletion"
    kms.cancel_key_deletion(KeyId=key.id)
    assert key.state() == "PendingImport"


def test_keys_that_import_nothing(kms, key):
    own = kms.create_key()["KeyMetadata"]["Arn"]
    text = f"{own} origin is AWS_KMS which is not valid for this operation."
    refused(
        kms.get_parameters_for_import, "UnsupportedOperationException", text,
        KeyId=own, WrappingAlgorithm=OAEP[0], WrappingKeySpec="RSA_2048",
    )
    arguments = key.input(os.urandom(32)) | {"KeyId": own}
    refused(kms.import_key_material, "UnsupportedOperationException", text, **arguments)
    refused(kms.delete_imported_key_material, "UnsupportedOperationException", text, KeyId=own)


def test_related_keys_import_each_for_itself(kms, account):
    key = Imported(kms, MultiRegion=True)
    first, second = os.urandom(32), os.urandom(32)
    key.take(first)
    kms.replicate_key(KeyId=key.id, ReplicaRegion="eu-west-1")
    replica = Imported.__new__(Imported)
    replica.__dict__ = key.__dict__ | {
        "kms": clients.kms(account, "eu-west-1"), "arn": key.arn.replace("us-east-1", "eu-west-1"),
    }
    assert replica.state() == "PendingImport"
    # A token of the primary is none of the replica's.
    replica.refuses("InvalidImportTokenException", "", first)
    replica.parameters = replica.get_parameters()
    assert replica.take(first) == key.metadata()["CurrentKeyMaterialId"]
    shown = key.take(second, ImportType="NEW_KEY_MATERIAL")
    waiting = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
    assert key.states()[1] == (waiting, "IMPORTED")
    assert replica.states()[1] == (waiting, "PENDING_IMPORT")
    replica.take(second, KeyMaterialId=shown)
    for one in [key, replica]:
        assert one.states()[1] == ("PENDING_ROTATION", "IMPORTED")
    kms.rotate_key_on_demand(KeyId=key.id)
    blob = kms.encrypt(KeyId=key.id, Plaintext=b"x")["CiphertextBlob"]
    assert replica.kms.decrypt(CiphertextBlob=blob)["KeyMaterialId"] == shown
