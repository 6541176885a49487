"""One account for each test file, so that no test counts another's keys; at the end, how many vectors there were."""

import itertools

import pytest

import clients
import known

_numbers = itertools.count()


@pytest.fixture(scope="module")
def account():
    return clients.fresh_account()


@pytest.fixture(scope="module")
def kms(account):
    return clients.kms(account)


@pytest.fixture(scope="module")
def iam(account):
    return clients.iam(account)


@pytest.fixture
def name(request):
    """A name that nothing has yet."""
    return f"{request.node.originalname[:40]}-{next(_numbers)}"


@pytest.fixture(scope="module")
def key_of(kms):
    """The ARN of a key of a spec and usage; one for each in a test file."""
    made = {}

    def make(spec, usage):
        if (spec, usage) not in made:
            made[spec, usage] = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"]
        return made[spec, usage]

    return make


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


def pytest_terminal_summary(terminalreporter):
    for line in known.summary():
        terminalreporter.write_line(line)
