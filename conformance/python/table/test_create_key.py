"""CreateKey: each key spec with each usage, and none, and with each origin."""

import itertools

import pytest

from . import expected, tally
from .kinds import ALGORITHMS, CHINA, CHINESE, KINDS, SPECS, Kind
from .test_table import answer_of

CELLS = list(itertools.product(SPECS, [None, *ALGORITHMS], ["AWS_KMS", "EXTERNAL"]))
MISSING_USAGE = "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."


def answers_to(spec, usage, origin):
    answers = []
    if usage is None and spec != "SYMMETRIC_DEFAULT":
        answers.append(expected.invalid(MISSING_USAGE))
    elif usage and spec not in ALGORITHMS[usage]:
        answers.append(expected.invalid(f"KeyUsage {usage} is not compatible with KeySpec {spec}"))
    if origin == "EXTERNAL" and spec.startswith("ML_"):
        answers.append(expected.invalid(f"KeySpec {spec} is not supported for Origin EXTERNAL"))
    # Neither whether other key specs of this kind can be imported is known, nor what the refusal is.
    if origin == "EXTERNAL" and not answers and spec in CHINESE:
        answers += [expected.SUCCESS, expected.Answer("ValidationException")]
    return answers or [expected.SUCCESS]


@pytest.mark.parametrize("spec, usage, origin", CELLS)
def test_kinds_of_keys(world, spec, usage, origin):
    answers = answers_to(spec, usage, origin)
    arguments = {"KeySpec": spec, "KeyUsage": usage, "Origin": origin}
    arguments = {name: value for name, value in arguments.items() if value}
    kms = world.kms(CHINA if spec in CHINESE else "us-east-1")
    kind = Kind(spec, usage, origin)
    if kind in KINDS:
        # Made once, for the table too: making RSA keys takes time.
        code, reply = "success", kms.describe_key(KeyId=world.key(kind, "Enabled").arn)
    else:
        code, text, reply = answer_of(lambda: kms.create_key(**arguments))
        expected.hold(answers, code, text)
    tally.count(code, answers)
    if reply:
        check_metadata(reply["KeyMetadata"], spec, usage, origin)


def check_metadata(metadata, spec, usage, origin):
    wanted = (spec, usage or "ENCRYPT_DECRYPT", origin)
    assert (metadata["KeySpec"], metadata["KeyUsage"], metadata["Origin"]) == wanted


@pytest.mark.parametrize("spec", CHINESE)
def test_key_specs_of_china_are_not_elsewhere(world, spec):
    code, _, _ = answer_of(lambda: world.kms().create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY"))
    assert code in ("ValidationException", "UnsupportedOperationException")
