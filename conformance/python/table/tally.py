"""Counts the cells of the table, for the last lines of the run."""

import collections

OUTCOMES = collections.Counter()
# Cells for which AWS's answer is one of several, and cells for which the exception is known but not its text.
UNKNOWN = collections.Counter()


def count(outcome, alternatives):
    OUTCOMES[outcome] += 1
    if len(alternatives) > 1:
        UNKNOWN["answer"] += 1
    elif alternatives[0].any_text:
        UNKNOWN["text"] += 1


def lines():
    """Nothing when no cell was looked at."""
    if not OUTCOMES:
        return
    refused = sum(OUTCOMES.values()) - OUTCOMES["success"]
    yield f"cells: {sum(OUTCOMES.values())}; successes: {OUTCOMES['success']}; refusals: {refused}"
    for name, number in OUTCOMES.most_common():
        if name != "success":
            yield f"refused with {name}: {number}"
    yield f"unknown in AWS: {UNKNOWN['answer']}; text unknown in AWS: {UNKNOWN['text']}"
