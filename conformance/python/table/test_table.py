"""The table: each operation, on each kind of key, in each state the kind can be in and on a key that is not there."""

import pytest
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from . import expected, operations, states, tally
from .kinds import KINDS
from .states import ABSENT

CELLS = [
    pytest.param(case, kind, id=f"{case}-{kind}")
    for case in operations.CASES for kind in KINDS if case.concerns(kind)
]
# What a key may have lost unseen, or may have become, so that its state does not tell whether all is as before.
REMAKES = {"DeleteImportedKeyMaterial"}


def answer_of(call):
    """The answer, as code and text, and the reply of a success."""
    try:
        return "success", "", call()
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"].get("Message", ""), None


def look(case, key):
    """Checks one cell."""
    answers = expected.expected(case, key)
    code, text, reply = answer_of(lambda: case.call(key))
    expected.hold(answers, code, text)
    if code == "success":
        expected.check_success(case, key, reply)
    tally.count(code, answers)
    return code


def look_at_state(case, key):
    found, wanted = states.settle(key.kms, key.arn)["KeyState"], expected.after(case, key)
    assert found == wanted, f"the key is then {found}, not {wanted}"


def restore(case, key):
    if case.operation == "UpdatePrimaryRegion" and key.kind.place == "primary":
        states.make_primary_again(key)
    if case.operation in REMAKES:
        states.enable(key)
    states.bring(key, key.state)


def check(case, key):
    """Checks a cell and leaves the key as it was. Returns what is wrong."""
    try:
        if look(case, key) == "success" and key.state != ABSENT:
            look_at_state(case, key)
    except (AssertionError, BotoCoreError, ClientError) as error:
        return f"{key.state}: {error}"
    finally:
        if key.state != ABSENT and key.kind.manager != "AWS":
            restore(case, key)


@pytest.mark.parametrize("case, kind", CELLS)
def test_table(world, case, kind):
    rows = [*kind.states, ABSENT] if case.variant != "by the ciphertext alone" else kind.states
    wrong = [check(case, world.key(kind, state)) for state in rows]
    wrong = [problem for problem in wrong if problem]
    if wrong:
        pytest.fail(f"{case} of {kind}\n" + "\n".join(wrong), pytrace=False)


@pytest.mark.parametrize("operation", operations.WITHOUT_KEY)
def test_operations_without_key(world, operation):
    arguments = operations.without_key(operation, world.partner("us-east-1").caller)
    answers = expected.without_key(operation)
    call = getattr(world.kms(), xform_name(operation))
    code, text, _ = answer_of(lambda: call(**arguments))
    expected.hold(answers, code, text)
    tally.count(code, answers)


def test_every_operation_is_in_the_table():
    cells = {case.operation for case in operations.CASES} | set(operations.WITHOUT_KEY)
    assert cells == set(operations.NAMES)
    assert len(operations.NAMES) == 56
