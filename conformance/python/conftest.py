"""One account for each test file, so that no test counts another's keys."""

import pytest

import clients


@pytest.fixture(scope="module")
def account():
    return clients.fresh_account()


@pytest.fixture(scope="module")
def kms(account):
    return clients.kms(account)


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]
