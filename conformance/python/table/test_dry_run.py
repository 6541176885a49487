"""DryRun: what would succeed answers DryRunOperationException and does nothing; what would fail fails as ever."""

import pytest

from . import expected, operations
from .kinds import KINDS, MANAGED, SYMMETRIC
from .test_table import answer_of

CASES = [case for case in operations.CASES if case.operation in operations.WITH_DRY_RUN and not case.variant]
CASES += [case for case in operations.CASES if str(case) in ("ReEncrypt_from_the_key", "ReEncrypt_to_the_key")]
FAILURES = [case for case in operations.CASES if "corrupt" in case.variant or "too_little" in str(case)]


def fitting(case):
    """The first kind of key for which the table has the case succeed."""
    kinds = (kind for kind in KINDS if kind != MANAGED and case.concerns(kind))
    return next(kind for kind in kinds if expected.expected(case, expected.Named(kind)) == [expected.SUCCESS])


def test_every_operation_with_a_dry_run_is_tried():
    assert {case.operation for case in CASES} == set(operations.WITH_DRY_RUN)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_would_succeed(world, case):
    key = world.key(fitting(case), "Enabled")
    code, text, _ = answer_of(lambda: case.call(key, DryRun=True))
    expected.hold([expected.dry_run()], code, text)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_the_state_refuses(world, case):
    key = world.key(fitting(case), "Disabled")
    code, text, _ = answer_of(lambda: case.call(key, DryRun=True))
    # Retiring and revoking pass in every state.
    wanted = expected.state_answer(case, key) or expected.dry_run()
    expected.hold([wanted], code, text)


@pytest.mark.parametrize("case", FAILURES, ids=str)
def test_what_cryptography_refuses(world, case):
    kind = next(kind for kind in KINDS if case.concerns(kind))
    key = world.key(kind, "Enabled")
    (wanted,) = expected.expected(case, key)
    code, text, _ = answer_of(lambda: case.call(key, DryRun=True))
    expected.hold([wanted], code, text)


def test_a_dry_run_makes_no_grant(world):
    key = world.key(SYMMETRIC, "Enabled")
    case = next(case for case in CASES if case.operation == "CreateGrant")
    before = key.kms.list_grants(KeyId=key.arn)["Grants"]
    code, _, _ = answer_of(lambda: case.call(key, DryRun=True))
    assert code == expected.dry_run().code
    assert key.kms.list_grants(KeyId=key.arn)["Grants"] == before
