"""The vectors beside the conformance tests, what the service says to them, and how many there were."""

import collections
import json
import pathlib

from botocore.exceptions import ClientError

FOLDER = pathlib.Path(__file__).parents[2] / "vectors"

# (algorithm, source) -> verdict -> number
counts = collections.defaultdict(collections.Counter)


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


def wycheproof(name):
    """The groups of a file of Wycheproof."""
    return load(f"wycheproof/{name}_test")["testGroups"]


def count(algorithm, source, verdict, number=1):
    """Notes vectors (or cross-checks) that have just been found to hold."""
    counts[algorithm, source][verdict] += number


def refusal(call, /, **arguments):
    """The code of the error that `call` ends with, None when it succeeds. A fault of the server fails the test."""
    try:
        call(**arguments)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert status == 400, f"{status}: {error}"
        return error.response["Error"]["Code"]
    return None


def summary():
    """One line for each algorithm and source, and one for all."""
    for (algorithm, source), verdicts in sorted(counts.items()):
        parts = ", ".join(f"{name} {number}" for name, number in sorted(verdicts.items()))
        yield f"vectors through HTTP: {algorithm}, {source}: {verdicts.total()} ({parts})"
    yield f"vectors through HTTP: {sum(verdicts.total() for verdicts in counts.values())} in all"
