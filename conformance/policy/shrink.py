"""Makes a case on which the evaluators differ as small as it gets while they differ."""

import copy
import json

import twin

LISTS = ("guardrails", "identity", "session", "grants")


def report(case, rust_answers):
    def answers(candidate):
        return twin.answer(candidate), rust_answers([candidate])[0]

    def refusals(candidate):
        return [bool(one["refused"]) for one in answers(candidate)]

    def differs(candidate):
        one, other = answers(candidate)
        # A document that shrinking itself spoiled would be another difference.
        return one != other and refusals(candidate) == wanted

    wanted = refusals(case)
    case = smallest(case, differs)
    return "\n".join((
        "the evaluators differ:", json.dumps(case), f"twin: {json.dumps(twin.answer(case))}", f"rust: {json.dumps(rust_answers([case])[0])}"
    ))


def smallest(case, differs):
    """Takes the first smaller case that still differs, until there is none."""
    while True:
        smaller = next((candidate for candidate in smaller_cases(case) if differs(candidate)), None)
        if smaller is None:
            return case
        case = smaller


def smaller_cases(case):
    if len(case["requests"]) > 1:
        yield from ({**case, "requests": [request]} for request in case["requests"])
        return
    for name in LISTS:
        yield from ({**case, name: shorter} for shorter in without_one(case.get(name) or []))
    yield from ({**case, name: None} for name in ("boundary", "session") if case.get(name) is not None)
    yield from smaller_documents(case)
    for request in case["requests"]:
        yield from ({**case, "requests": [{**request, "context": context}]} for context in smaller_contexts(request["context"]))


def smaller_contexts(context):
    for key, value in context.items():
        yield {name: one for name, one in context.items() if name != key}
        yield from ({**context, key: {"many": shorter}} for shorter in without_one(value.get("many", [])))


def without_one(values):
    return [values[:index] + values[index + 1:] for index in range(len(values))]


def smaller_documents(case):
    for path in document_paths(case):
        for text in smaller_texts(at(case, path)):
            changed = copy.deepcopy(case)
            at(changed, path[:-1])[path[-1]] = text
            yield changed


def document_paths(case):
    if case["resource"].get("policy") is not None:
        yield "resource", "policy"
    if case.get("boundary") is not None:
        yield ("boundary",)
    for name in ("guardrails", "identity", "session"):
        yield from ((name, index) for index in range(len(case.get(name) or [])))


def at(value, path):
    for step in path:
        value = value[step]
    return value


def smaller_texts(text):
    """The document with one thing less; nothing for what is no JSON object."""
    try:
        document = json.loads(text)
    except ValueError:
        return
    if isinstance(document, dict) and len(json.dumps(document)) >= len(text):
        yield from (json.dumps(smaller) for smaller in smaller_values(document))


def smaller_values(value):
    """Every value that lacks one member or element, at any depth."""
    if isinstance(value, dict):
        yield from ({name: one for name, one in value.items() if name != left} for left in value)
        yield from ({**value, name: smaller} for name, one in value.items() for smaller in smaller_values(one))
    if isinstance(value, list):
        yield from (shorter for shorter in without_one(value) if shorter)
        for index, one in enumerate(value):
            yield from (value[:index] + [smaller] + value[index + 1:] for smaller in smaller_values(one))
