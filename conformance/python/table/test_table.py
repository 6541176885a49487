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
# What may leave the key in another state than it was.
MUTATIONS = {
    "CancelKeyDeletion", "DeleteImportedKeyMaterial", "DisableKey", "EnableKey", "ImportKeyMaterial",
    "ReplicateKey", "RotateKeyOnDemand", "ScheduleKeyDeletion", "UpdatePrimaryRegion",
}


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


def look_at_mutation(case, key):
    """Checks a cell that may change the key, and how it does; leaves the key as it was."""
    try:
        if look(case, key) == "success":
            found, wanted = states.settle(key.kms, key.arn)["KeyState"], expected.after(case, key)
            assert found == wanted, f"the key is then {found}, not {wanted}"
    finally:
        restore(case, key)


def restore(case, key):
    if case.operation == "UpdatePrimaryRegion" and key.kind.place == "primary":
        states.make_primary_again(key)
    # The state pending deletion does not tell whether the key still has its material.
    if case.operation == "DeleteImportedKeyMaterial" and key.kind.external:
        states.enable(key)
    states.bring(key, key.state)


def check(case, key):
    """Checks a cell. Returns what is wrong."""
    lasts = key.state == ABSENT or key.kind.manager == "AWS" or case.operation not in MUTATIONS
    try:
        look(case, key) if lasts else look_at_mutation(case, key)
    except (AssertionError, BotoCoreError, ClientError) as error:
        return f"{key.state}: {error}"
    return None


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


def test_keys_are_still_in_their_states(world):
    """What is no mutation has not been one, and the rows above were what they say they are."""
    for key in world.made():
        assert key.current_state() == key.state, f"{key.kind} {key.arn}"
