"""The AWS Encryption SDK for Python: envelope encryption of a file through two keys of the server."""

import filecmp
import os
import time

import aws_encryption_sdk
import pytest
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.errors import AwsCryptographicMaterialProvidersException
from aws_cryptographic_material_providers.mpl.models import (
    CreateAwsKmsKeyringInput, CreateAwsKmsMultiKeyringInput,
)
from aws_encryption_sdk import CommitmentPolicy
from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError
from botocore.exceptions import ClientError

import clients

FILE_BYTES = 50_000_000
CHUNK_BYTES = 1 << 20
CONTEXT = {"file": "random", "tenant": "7"}
SDK = aws_encryption_sdk.EncryptionSDKClient(
    commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
)
MPL = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())


@pytest.fixture(scope="module")
def kms():
    return clients.kms()


@pytest.fixture(scope="module")
def keys(kms):
    return [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("envelope") / "plain"
    with path.open("wb") as out:
        for _ in range(FILE_BYTES // 1_000_000):
            out.write(os.urandom(1_000_000))
    return path


@pytest.fixture(scope="module")
def both(keys):
    # The multi-keyring makes its own clients from the environment.
    return MPL.create_aws_kms_multi_keyring(
        CreateAwsKmsMultiKeyringInput(generator=keys[0], kms_key_ids=keys[1:])
    )


@pytest.fixture(scope="module")
def sealed(plain, both):
    path = plain.with_name("sealed")
    copy("encrypted", plain, path, mode="e", keyring=both, encryption_context=CONTEXT)
    return path


def single(kms, key):
    return MPL.create_aws_kms_keyring(CreateAwsKmsKeyringInput(kms_key_id=key, kms_client=kms))


def copy(verb, source_path, target_path, **arguments):
    started = time.perf_counter()
    with source_path.open("rb") as source, target_path.open("wb") as target:
        with SDK.stream(source=source, **arguments) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                target.write(chunk)
    rate = source_path.stat().st_size / 1e6 / (time.perf_counter() - started)
    print(f"{verb} {source_path.stat().st_size / 1e6:.0f} MB at {rate:.0f} MB/s")


@pytest.mark.parametrize("which", [0, 1])
def test_either_key_alone_opens_the_file(kms, keys, plain, sealed, which):
    assert sealed.stat().st_size > FILE_BYTES
    opened = plain.with_name(f"opened-{which}")
    copy("decrypted", sealed, opened, mode="d", keyring=single(kms, keys[which]), encryption_context=CONTEXT)
    assert filecmp.cmp(plain, opened, shallow=False)


def test_a_disabled_key_opens_nothing_and_the_other_still_does(kms, keys, both, sealed):
    small, _ = SDK.encrypt(source=b"small", keyring=both, encryption_context=CONTEXT)
    kms.disable_key(KeyId=keys[0])
    try:
        with pytest.raises(ClientErrorOrProviders):
            SDK.decrypt(source=small, keyring=single(kms, keys[0]), encryption_context=CONTEXT)
        opened, _ = SDK.decrypt(source=small, keyring=single(kms, keys[1]), encryption_context=CONTEXT)
        assert opened == b"small"
    finally:
        kms.enable_key(KeyId=keys[0])


ClientErrorOrProviders = (ClientError, AwsCryptographicMaterialProvidersException, AWSEncryptionSDKClientError)


def test_another_context_is_refused(kms, keys, both):
    small, _ = SDK.encrypt(source=b"small", keyring=both, encryption_context=CONTEXT)
    with pytest.raises(ClientErrorOrProviders):
        wrong = CONTEXT | {"tenant": "8"}
        SDK.decrypt(source=small, keyring=single(kms, keys[0]), encryption_context=wrong)


def test_the_server_binds_the_context_of_the_data_key(kms, keys, both):
    """The SDK compares contexts itself; this asks the server with the message's own data key."""
    _, header = SDK.encrypt(source=b"small", keyring=both, encryption_context=CONTEXT)
    for data_key in header.encrypted_data_keys:
        blob = data_key.encrypted_data_key
        opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=header.encryption_context)
        assert opened["KeyId"] in keys
        clients.refused(
            kms.decrypt, "InvalidCiphertextException", "",
            CiphertextBlob=blob, EncryptionContext=dict(header.encryption_context) | {"tenant": "8"},
        )


def test_a_strangers_key_opens_nothing(kms, both):
    small, _ = SDK.encrypt(source=b"small", keyring=both, encryption_context=CONTEXT)
    stranger = kms.create_key()["KeyMetadata"]["Arn"]
    with pytest.raises(ClientErrorOrProviders):
        SDK.decrypt(source=small, keyring=single(kms, stranger), encryption_context=CONTEXT)
