"""boto3 has each operation of the model answered with success, save those on custom key stores."""

import pytest
from botocore import xform_name

from . import expected, operations, states
from .kinds import KINDS, MANAGED
from .test_table import answer_of


def successes(operation):
    """Where the table has the operation succeed."""
    for case in operations.CASES:
        for kind in KINDS if case.operation == operation else []:
            if kind != MANAGED and case.concerns(kind):
                yield from ((case, kind, state) for state in kind.states)


@pytest.mark.parametrize("operation", operations.NAMES)
def test_operation(operation):
    world = states.World()
    if operation in operations.WITHOUT_KEY:
        arguments = operations.without_key(operation, world.partner("us-east-1").caller)
        code, text, _ = answer_of(lambda: getattr(world.kms(), xform_name(operation))(**arguments))
        expected.hold(expected.without_key(operation), code, text)
        return
    case, kind, state = next(
        (case, kind, state) for case, kind, state in successes(operation)
        if expected.expected(case, expected.Named(kind, state)) == [expected.SUCCESS]
    )
    code, text, _ = answer_of(lambda: case.call(world.key(kind, state)))
    expected.hold([expected.SUCCESS], code, text)
