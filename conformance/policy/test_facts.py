"""The twin against AWS's recorded behaviour, one row for each, so that both evaluators are not wrong together."""

import json

import pytest

import twin

ACCOUNT, OTHER = "111122223333", "444455556666"
USER = {"kind": "user", "account": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/dave", "id": "AIDAAAAAAAAAAAAAAAAAA"}
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/app"
SESSION_ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one"
SESSION = {
    "kind": "role", "account": ACCOUNT, "arn": SESSION_ARN, "role_arn": ROLE_ARN, "role_id": "AROAAAAAAAAAAAAAAAAAA", "session_id": "AROAAAAAAAAAAAAAAAAAA:one",
}
FEDERATED_ARN = f"arn:aws:sts::{ACCOUNT}:federated-user/eve"
FEDERATED = {"kind": "federated", "account": ACCOUNT, "arn": FEDERATED_ARN}
ROOT = {"kind": "root", "account": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root"}
SERVICE = {"kind": "service", "principal": "s3.amazonaws.com"}
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"


def document(**elements):
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", **elements}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


ALL, NOTHING = document(), document(Action="x:y")


def key_policy(principal):
    return document(Principal=principal)


# ---- Conditions

KEY_NAME = "app:k"

def holds(form, values, context):
    policy = document(Condition={form: {KEY_NAME: values}})
    return twin.matches(twin.compile_document(policy, "identity")[0], twin.Request("a:b", None, twin.context_of(context)))


def one(value):
    return {KEY_NAME: {"one": value}}


def many(*values):
    return {KEY_NAME: {"many": list(values)}}


CONDITIONS = [
    # Java's toLowerCase(ROOT): what is equal, and what is not.
    ("StringEqualsIgnoreCase", "\u00c9", one("\u00e9"), True),
    ("StringEqualsIgnoreCase", "K", one("\u212a"), True),
    ("StringEqualsIgnoreCase", "\u1e9e", one("\u00df"), True),
    ("StringEqualsIgnoreCase", "\u039f\u03a3", one("\u03bf\u03c2"), True),
    ("StringEqualsIgnoreCase", "\u0131", one("I"), False),
    ("StringEqualsIgnoreCase", "\u017f", one("s"), False),
    ("StringEqualsIgnoreCase", "SS", one("\u00df"), False),
    ("StringNotEqualsIgnoreCase", "\u00c9", one("\u00e9"), False),
    ("StringEquals", "a", one("A"), False),
    # Numbers: other spellings are equal, what is no number fits nothing.
    *[("NumericEquals", "1", one(text), True) for text in ("01", "+1", "1.0", "1e0", "1")],
    *[("NumericEquals", "1", one(text), False) for text in ("", "NaN", "Infinity", "one", " 1")],
    *[("NumericNotEquals", "1", one(text), True) for text in ("", "NaN", "Infinity", "one", "2")],
    *[(f"Numeric{name}", "1", one("NaN"), False) for name in ("LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")],
    ("NumericNotEquals", "1", one("01"), False),
    ("NumericEquals", "9007199254740993", one("9007199254740992"), False),
    ("NumericLessThan", "2", one("10"), False),
    # Dates: the same.
    ("DateEquals", "2026-09-01", one("1788220800"), True),
    ("DateEquals", "2026-09-01T00:00:00Z", one("2026-09-01T02:00:00+02:00"), True),
    ("DateEquals", "2026-09-01", one("tomorrow"), False),
    ("DateNotEquals", "2026-09-01", one("tomorrow"), True),
    ("DateLessThan", "2026-09-01", one("tomorrow"), False),
    # Several values without a set operator: never, unless there are none.
    *[(form, "x", many("x", "y"), False) for form in ("StringEquals", "StringNotEquals", "StringEqualsIfExists", "StringNotEqualsIfExists")],
    *[(form, "x", many("z"), False) for form in ("StringEquals", "StringNotEquals", "StringNotEqualsIfExists")],
    ("StringEquals", "x", many(), False),
    ("StringNotEquals", "x", many(), True),
    ("StringEqualsIfExists", "x", {}, True),
    # Keys that are absent.
    ("StringEquals", "x", {}, False),
    ("StringNotEquals", "x", {}, True),
    ("NotIpAddress", "10.0.0.0/8", {}, True),
    ("ForAllValues:StringEquals", "x", {}, True),
    ("ForAllValues:StringEquals", "x", many(""), True),
    ("ForAnyValue:StringEquals", "x", {}, False),
    ("ForAnyValue:StringNotEquals", "x", {}, False),
    ("ForAnyValue:StringEqualsIfExists", "x", {}, True),
    ("Null", "true", {}, True),
    ("Null", "true", one("x"), False),
    ("Null", "false", one("x"), True),
    ("Null", "false", {}, False),
    ("Null", ["true", "false"], {}, True),
    # Set operators.
    ("ForAllValues:StringEquals", ["x", "y"], many("x", "y"), True),
    ("ForAllValues:StringEquals", "x", many("x", "y"), False),
    ("ForAnyValue:StringEquals", "x", many("x", "y"), True),
    ("ForAllValues:StringNotEquals", "x", many("y", "z"), True),
    ("ForAllValues:StringNotEquals", "x", many("x", "z"), False),
    ("ForAnyValue:StringNotEquals", "x", many("x", "z"), True),
    # The values of one key: any of them; of a negated operator: none of them.
    ("StringEquals", ["x", "y"], one("y"), True),
    ("StringNotEquals", ["x", "y"], one("y"), False),
    # The other types.
    ("Bool", True, one("TRUE"), True),
    ("BinaryEquals", "YQ==", one("YQ=="), True),
    ("BinaryEquals", "YQ==", one("YQ"), False),
    ("IpAddress", "10.1.2.3", one("10.1.2.3"), True),
    ("IpAddress", "10.0.0.0/8", one("::ffff:10.1.2.3"), False),
    ("IpAddress", "2001:db8::/32", one("2001:DB8::1"), True),
    ("ArnEquals", "arn:aws:s3:::b*", one("arn:aws:s3:::bucket"), True),
    ("ArnLike", "arn:aws:s3:*", one("arn:aws:s3:::bucket"), None),
    ("ArnNotLike", "arn:aws:s3:::b", one("bucket"), True),
    # Variables bring in literal text, or nothing.
    ("StringLike", "${app:k}", one("*"), True),
    ("StringLike", "${app:absent}", one("x"), False),
    ("StringNotLike", "${app:absent}", one("x"), True),
    ("StringEquals", "${app:absent, 'x'}", one("x"), True),
    ("StringEquals", "${*}", one("*"), True),
    ("StringLike", "${*}", one("x"), False),
]


@pytest.mark.parametrize("form, values, context, expected", CONDITIONS)
def test_conditions(form, values, context, expected):
    if expected is None:
        with pytest.raises(twin.Refused):
            holds(form, values, context)
    else:
        assert holds(form, values, context) is expected


def test_a_wildcard_in_a_tag_does_not_reach_the_pattern():
    policy = document(Resource="arn:aws:s3:::bucket/${aws:PrincipalTag/team}")
    compiled = twin.compile_document(policy, "identity")[0]
    for tag, resource, expected in (("*", "arn:aws:s3:::bucket/x", False), ("*", "arn:aws:s3:::bucket/*", True), ("x", "arn:aws:s3:::bucket/x", True)):
        context = twin.context_of({"AWS:principaltag/TEAM": {"one": tag}})
        assert twin.matches(compiled, twin.Request("s3:getobject", resource, context)) is expected


# ---- Decisions on a key of ACCOUNT, or of OTHER


def decide(caller, principal, *, owner=ACCOUNT, identity=(), boundary=None, session=None, guardrails=(), grants=()):
    case = {
        "caller": caller,
        "owner": owner,
        "guardrails": list(guardrails),
        "resource": {"mode": "sole", "policy": key_policy(principal), "grammar": "key"},
        "identity": list(identity),
        "boundary": boundary,
        "session": session,
        "grants": list(grants),
        "requests": [{"action": "kms:Encrypt", "resource": KEY, "context": {}}],
    }
    return twin.answer(case)["decisions"][0]


def grant(speaks, issuer=ACCOUNT):
    return {"speaks": speaks, "issuer": issuer}


NOBODY = {"Service": "none.amazonaws.com"}
BY_ACCOUNT = {"AWS": ACCOUNT}
DENY = document(Effect="Deny")
YES = "yes"

DECISIONS = [
    # The key policy comes first: no account access but by delegation, which the account's root needs too.
    (USER, NOBODY, {"identity": [ALL]}, "resource"),
    (ROOT, NOBODY, {}, "resource"),
    (ROOT, BY_ACCOUNT, {}, YES),
    (USER, BY_ACCOUNT, {}, "identity"),
    (USER, BY_ACCOUNT, {"identity": [ALL]}, YES),
    (USER, BY_ACCOUNT, {"identity": [ALL], "boundary": NOTHING}, "boundary"),
    (USER, {"AWS": USER["arn"]}, {"boundary": NOTHING}, YES),
    (USER, {"AWS": USER["id"]}, {}, YES),
    (USER, {"AWS": "AIDABBBBBBBBBBBBBBBBB"}, {"identity": [ALL]}, "resource"),
    # A role is limited by boundary and session policy, a session or federated user is not.
    (SESSION, {"AWS": ROLE_ARN}, {}, YES),
    (SESSION, {"AWS": ROLE_ARN}, {"boundary": NOTHING}, "boundary"),
    (SESSION, {"AWS": ROLE_ARN}, {"session": [NOTHING]}, "session"),
    (SESSION, {"AWS": SESSION_ARN}, {"boundary": NOTHING, "session": [NOTHING]}, YES),
    (SESSION, {"AWS": SESSION_ARN.replace("one", "two")}, {"identity": [ALL]}, "resource"),
    (SESSION, BY_ACCOUNT, {"identity": [ALL], "session": [NOTHING, ALL]}, YES),
    (FEDERATED, {"AWS": FEDERATED_ARN}, {"session": []}, YES),
    (FEDERATED, BY_ACCOUNT, {"identity": [ALL], "session": []}, "session"),
    (USER, "*", {"boundary": NOTHING}, YES),
    (SERVICE, {"Service": "s3.amazonaws.com"}, {}, YES),
    (SERVICE, {"Service": "logs.amazonaws.com"}, {}, "resource"),
    # Another account: both sides, and no way round.
    (USER, {"AWS": USER["arn"]}, {"owner": OTHER}, "identity"),
    (USER, {"AWS": USER["arn"]}, {"owner": OTHER, "identity": [ALL]}, YES),
    (USER, NOBODY, {"owner": OTHER, "identity": [ALL]}, "resource"),
    (SESSION, {"AWS": SESSION_ARN}, {"owner": OTHER, "identity": [ALL], "session": [NOTHING]}, "session"),
    # Grants in the owner's account.
    (USER, NOBODY, {"grants": [grant("direct")], "boundary": NOTHING}, YES),
    (SESSION, NOBODY, {"grants": [grant("direct")], "boundary": NOTHING, "session": [NOTHING]}, YES),
    (FEDERATED, NOBODY, {"grants": [grant("direct")], "session": []}, YES),
    (SESSION, NOBODY, {"grants": [grant("role")]}, YES),
    (SESSION, NOBODY, {"grants": [grant("role")], "session": [NOTHING]}, "session"),
    (SESSION, NOBODY, {"grants": [grant("role")], "boundary": NOTHING}, "boundary"),
    (SERVICE, NOBODY, {"grants": [grant("direct")]}, YES),
    # Grants across accounts: who issued them decides.
    (USER, NOBODY, {"owner": OTHER, "grants": [grant("direct", OTHER)]}, "identity"),
    (USER, NOBODY, {"owner": OTHER, "grants": [grant("direct", OTHER)], "identity": [ALL]}, YES),
    (SESSION, NOBODY, {"owner": OTHER, "grants": [grant("direct", OTHER)], "identity": [ALL], "session": [NOTHING]}, "session"),
    (USER, NOBODY, {"owner": OTHER, "grants": [grant("direct", ACCOUNT)]}, YES),
    (SESSION, NOBODY, {"owner": OTHER, "grants": [grant("role", ACCOUNT)], "session": [NOTHING]}, "session"),
    (SESSION, NOBODY, {"owner": OTHER, "grants": [grant("direct", ACCOUNT)], "session": [NOTHING]}, YES),
    # A Deny anywhere beats all of them, and guardrails limit everybody but services.
    (USER, {"AWS": USER["arn"]}, {"identity": [DENY]}, ["explicit", "identity", 0, 0]),
    (USER, NOBODY, {"grants": [grant("direct")], "identity": [ALL, DENY]}, ["explicit", "identity", 1, 0]),
    (SESSION, {"AWS": SESSION_ARN}, {"session": [DENY]}, ["explicit", "session", 0, 0]),
    (USER, {"AWS": USER["arn"]}, {"boundary": DENY}, ["explicit", "boundary", 0, 0]),
    (ROOT, BY_ACCOUNT, {"guardrails": [ALL, DENY]}, ["explicit", "guardrail", 1, 0]),
    (ROOT, BY_ACCOUNT, {"guardrails": [ALL, NOTHING]}, "guardrail"),
    (USER, NOBODY, {"grants": [grant("direct")], "guardrails": [NOTHING]}, "guardrail"),
]


@pytest.mark.parametrize("caller, principal, rest, expected", DECISIONS)
def test_decisions(caller, principal, rest, expected):
    decision = decide(caller, principal, **rest)
    if expected == YES:
        assert decision[0] == "allow"
    else:
        assert decision == (expected if isinstance(expected, list) else ["missing", expected])


def test_a_deny_with_not_principal_spares_whose_names_are_all_listed():
    for names, spared in (([SESSION_ARN, ROLE_ARN, ACCOUNT], True), ([SESSION_ARN, ROLE_ARN], False), ([ROLE_ARN, ACCOUNT], False), ([SESSION_ARN, ACCOUNT], False)):
        policy = document(Effect="Deny", NotPrincipal={"AWS": names})
        statement = twin.compile_document(policy, "key")[0]
        assert (twin.word_for(statement, twin.names_of(SESSION)) is None) is spared


# ---- Documents

ALLOW = '"Effect": "Allow", "Action": "*", "Resource": "*"'
REFUSED = [
    ("identity", "{}"),
    ("identity", '{"Statement": []}'),
    ("identity", f'{{"Version": "2012-10-18", "Statement": {{{ALLOW}}}}}'),
    ("identity", f'{{"Id": "x", "Statement": {{{ALLOW}}}}}'),
    ("identity", f'{{"Statement": {{{ALLOW}, "Principal": "*"}}}}'),
    ("identity", f'{{"Statement": {{{ALLOW}, "Sid": "a b"}}}}'),
    ("identity", f'{{"Statement": {{{ALLOW}, "Effect": "Allow"}}}}'),
    ("identity", f'{{"Statement": {{{ALLOW}, "action": "*"}}}}'),
    ("identity", f'{{"Statement": [{{{ALLOW}, "Sid": "a"}}, {{{ALLOW}, "Sid": "a"}}]}}'),
    ("identity", '{"Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}'),
    ("identity", '{"Statement": {"Effect": "Allow", "Action": "*"}}'),
    ("identity", '{"Statement": {"Effect": "Allow", "Resource": "*"}}'),
    ("identity", f'{{"Statement": {{{ALLOW}, "NotAction": "*"}}}}'),
    ("identity", f'{{"Statement": {{{ALLOW}, "Condition": {{"StringIs": {{"app:k": "v"}}}}}}}}'),
    ("identity", f'{{"Statement": {{{ALLOW}, "Condition": {{"NullIfExists": {{"app:k": "true"}}}}}}}}'),
    ("identity", f'{{"Statement": {{{ALLOW}, "Condition": {{"NumericEquals": {{"app:k": "one"}}}}}}}}'),
    ("key", f'{{"Statement": {{{ALLOW}}}}}'),
    ("key", f'{{"Statement": {{{ALLOW}, "Principal": {{"AWS": "arn:aws:iam::111122223333:user/*"}}}}}}'),
    ("trust", f'{{"Statement": {{{ALLOW}, "Principal": "*"}}}}'),
]


@pytest.mark.parametrize("grammar, text", REFUSED)
def test_refused_documents(grammar, text):
    with pytest.raises(twin.Refused):
        twin.compile_document(text, grammar)


def test_a_key_policy_without_action_or_resource_never_matches():
    for missing in ("Action", "Resource"):
        elements = json.loads(key_policy("*"))
        del elements["Statement"][missing]
        statement = twin.compile_document(json.dumps(elements), "key")[0]
        assert not twin.matches(statement, twin.Request("kms:encrypt", KEY, {}))
