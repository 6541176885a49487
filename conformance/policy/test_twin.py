"""Random policies and requests, decided by the twin and by the Rust evaluator: every decision must agree.

STRONGROOM_DECIDE is the Rust program, STRONGROOM_TWIN_DECISIONS how many decisions, STRONGROOM_TWIN_SEED which.
"""

import collections
import json
import multiprocessing
import os
import subprocess

import pytest

import generate
import shrink
import twin

DECISIONS = int(os.environ.get("STRONGROOM_TWIN_DECISIONS", "1000000"))
SEED = os.environ.get("STRONGROOM_TWIN_SEED", "strongroom-1")
WORKERS = 2
BATCH_DECISIONS = 10_000
BATCH_SECONDS_MAX = 120
NEARLY_VALUES = 20_000

# The least share of the decisions that each category must have.
SHARES_MIN = {
    "allowed": 0.15,
    "explicit": 0.02,
    "explicit guardrail": 0.01,
    "explicit resource": 0.01,
    "explicit identity": 0.01,
    "explicit boundary": 0.01,
    "explicit session": 0.01,
    "cross-account": 0.02,
    "cross-account allowed": 0.02,
    "boundary-limited": 0.02,
    "session-limited": 0.02,
    "guardrail-limited": 0.02,
    "granted": 0.02,
    "to a service": 0.01,
    "to a web identity": 0.01,
    "refused documents": 0.001,
}
ALLOWED_SHARE_MAX = 0.40
FORM_SHARE_MIN = 0.0001


def test_a_million_decisions_agree():
    print(f"\nseed {SEED}, {DECISIONS} decisions")
    counts, forms = collections.Counter(), collections.Counter()
    batches = max(1, DECISIONS // BATCH_DECISIONS)
    with multiprocessing.Pool(WORKERS) as pool:
        for batch_counts, batch_forms, different in pool.imap_unordered(run_batch, range(batches)):
            if different:
                pytest.fail(shrink.report(different, rust_answers))
            counts += batch_counts
            forms += batch_forms
    print(", ".join(f"{counts[name]} {name}" for name in ("decisions", *SHARES_MIN)))
    print(", ".join(f"{form} {forms[form]}" for form in twin.FORMS))
    check_shares(counts, forms)


def test_texts_that_are_nearly_values_agree():
    cases = list(generate.nearly_values(SEED, NEARLY_VALUES))
    answers = [twin.answer(case) for case in cases]
    different = next((case for case, one, other in zip(cases, answers, rust_answers(cases)) if one != other), None)
    assert different is None, shrink.report(different, rust_answers)
    refused = sum(bool(answer["refused"]) for answer in answers)
    print(f"\n{NEARLY_VALUES} nearly values, {refused} refused")
    assert NEARLY_VALUES // 10 < refused < NEARLY_VALUES // 2


def check_shares(counts, forms):
    decisions = counts["decisions"]
    assert decisions >= DECISIONS
    for name, share in SHARES_MIN.items():
        assert counts[name] >= share * decisions, f"only {counts[name]} {name}"
    assert counts["allowed"] <= ALLOWED_SHARE_MAX * decisions
    for form in twin.FORMS:
        assert forms[form] >= FORM_SHARE_MIN * decisions, f"only {forms[form]} of {form}"


def run_batch(number):
    """The counts of a batch, how often each form of operator was decided, and the first case that differs."""
    twin.decided.clear()
    cases = list(generate.cases(f"{SEED}:{number}", BATCH_DECISIONS))
    malformed = [case.pop("malformed", None) for case in cases]
    answers = [twin.answer(case) for case in cases]
    different = next((case for case, one, other in zip(cases, answers, rust_answers(cases)) if one != other), None)
    for case, document, one in zip(cases, malformed, answers):
        check_refused(case, document, one)
    counts = sum((count(case, one) for case, one in zip(cases, answers)), collections.Counter())
    return counts, collections.Counter(twin.decided), different


def rust_answers(cases):
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run(
        [os.environ["STRONGROOM_DECIDE"]], input=lines, stdout=subprocess.PIPE, encoding="utf-8", check=True, timeout=BATCH_SECONDS_MAX
    )
    # What refuses a document answers no decisions.
    answers = [{"decisions": [], **json.loads(line)} for line in done.stdout.splitlines()]
    assert len(answers) == len(cases), "one answer for each case"
    return answers


def check_refused(case, malformed, answer):
    """What the generator spoiled, and nothing else, is refused."""
    spoiled = [number for number, _, text in twin.numbered(case) if text == malformed]
    assert answer["refused"] == spoiled, json.dumps(case)


def count(case, answer):
    counts = collections.Counter({"refused documents": len(answer["refused"])})
    caller = case["caller"]
    cross = caller.get("account", case["owner"]) != case["owner"]
    for decision in answer["decisions"]:
        kind = decision[0]
        counts["decisions"] += 1
        counts["allowed"] += kind == "allow"
        counts["explicit"] += kind == "explicit"
        counts["cross-account"] += cross
        counts["cross-account allowed"] += cross and kind == "allow"
        counts["granted"] += kind == "allow" and decision[1]["grant"] is not None
        if kind != "allow":
            counts[f"explicit {decision[1]}" if kind == "explicit" else f"{decision[1]}-limited"] += 1
    counts["to a service"] += len(answer["decisions"]) * (caller["kind"] == "service")
    counts["to a web identity"] += len(answer["decisions"]) * (caller["kind"] == "web")
    return counts
