"""Cases for the two evaluators: policies over a small universe, so that they match, and requests directed at them.

The same seed always makes the same cases; no value here may come from a clock or the machine.
"""

import json
import random

from twin import FORMS

REQUESTS_PER_CASE = 40
MALFORMED_CASES = 0.10
# How often the first statement of a document allows nearly everything, so that other documents decide.
BROAD_STATEMENTS = {"guardrail": 0.88, "resource": 0.44, "identity": 0.4, "boundary": 0.45, "session": 0.40}

ACCOUNTS = ("111122223333", "444455556666", "777788889999")
KEYS = ("1234abcd-12ab-34cd-56ef-1234567890ab", "mrk-1234abcd12ab34cd56ef1234567890ab")

ACTIONS = {
    "key": ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:CreateGrant"),
    "account": ("kms:ListKeys", "kms:CreateKey", "iam:GetUser", "kms:GenerateRandom"),
    "object": ("s3:GetObject", "s3:PutObject", "s3:GetObjectTagging"),
    "trust": ("sts:AssumeRole", "sts:TagSession", "sts:AssumeRoleWithWebIdentity"),
}
ACTION_PATTERNS = {
    "key": ("kms:*", "*", "kms:Encrypt", "KMS:encrypt", "kms:GenerateDataKey*", "kms:*crypt", "kms:?ncrypt", "kms:*e*r*", "kms:Create*"),
    "account": ("*", "kms:*", "kms:List*", "iam:Get*", "KMS:*Key*", "kms:CreateKey", "IAM:GETUSER"),
    "object": ("*", "s3:*", "s3:GetObject", "s3:Get*", "S3:*object", "s3:Get?bject*"),
    "trust": ("*", "sts:*", "sts:AssumeRole", "sts:Assume*", "STS:assumerole", "sts:??gSession"),
}
OTHER_PATTERNS = ("ec2:*", "kms:Sign", "s3:List*", "kms:Encrypt?")

# What a value of each type may be: in a policy, where it must be readable, and in a request, where it need not be.
POLICY_VALUES = {
    "String": ("alpha", "Alpha", "ALPHA", "alpha/beta", "al*a", "", "dave", "1", "true", "stra\u00dfe", "STRASSE", "\u00c9cole", "\u00e9COLE",
               "\u039f\u03a3", "\u03bf\u03c2", "K", "\u212a", "\u0131", "I", "i\u0307", "\u0130", "\u017f", "s", "\u1e9e", "\u00df"),
    "Like": ("alpha", "al*", "*a", "?lpha", "*", "a**a", "*l*h*", "", "?*", "A*", "alpha/?eta", "*/*", "d?ve", "*\u00df*", "?"),
    "Numeric": ("1", "01", "+1", "1.0", "1e0", "10", "-5", "0", "-0", "0.5", ".5", "5.", "1e2", "100", "365", "9007199254740993",
                "9007199254740992", "0.1", "0.1000000000000000055", "1e-400", "1e400", "12E-1", "3600"),
    "Date": ("2026-09-01", "2026-09-01T00:00:00Z", "2026-09-01T00:00Z", "2026-09-01T02:00:00+02:00", "2026-08-31T22:30-01:30",
             "2026-09-01T00:00:00.5Z", "1788220800", "1788220800.5", "2024-02-29", "1969-12-31T23:59:59Z", "-1", "0", "2026-12-31T23:59:59.999Z",
             "0000-02-29", "9999-12-31T23:59:59-23:59"),
    "Bool": ("true", "false", "True", "FALSE"),
    "Binary": ("AQID", "YQ==", "YWI=", "/+8=", "AQIDBA==", "YWJj"),
    "Ip": ("10.0.0.0/8", "10.1.2.3", "10.1.0.0/16", "10.1.2.3/32", "192.0.2.0/24", "192.0.2.128/25", "0.0.0.0/0", "::/0",
           "2001:db8::/32", "2001:db8::1", "2001:DB8:0:0::1/128", "2001:db8:8000::/33", "::1"),
    "Arn": ("arn:aws:s3:::bucket", "arn:aws:s3:::buck*", "arn:aws:sns:*:111122223333:topic", "arn:aws:sns:us-east-?:*:topic/*",
            "arn:*:*:*:*:*", "arn:aws:iam::111122223333:*", "arn:aws:sns:us-east-1:1111*:t*", "ARN:aws:s3:::bucket", "arn:aws:s3:::a:b/*", "*:*:*:*:*:*"),
}
# The first evaluator takes characters beyond U+00FF in no policy, be they escaped; variables still bring them in.
POLICY_CHARACTER_MAX = "\u00ff"
for _kind in ("String", "Like"):
    POLICY_VALUES[_kind] = tuple(text for text in POLICY_VALUES[_kind] if max(text, default="") <= POLICY_CHARACTER_MAX)
TRAPS = {
    "String": ("alpha ", "al*a*", "?lpha", "*", "\u03a3", "\u03c3", "SS", "${aws:username}", "${*}"),
    "Numeric": ("", "abc", "1 ", " 1", "NaN", "Infinity", "1e401", "1e", "e1", ".", "-", "0x1", "1,5", "1_0", "\u0661", "1" * 64, "1" * 65, "1E+2", "1e-2", "--1", "1.2.3"),
    "Date": ("2026-9-1", "2026-02-30", "2025-02-29", "2026-09-01T00:00:00", "2026-09-01T24:00:00Z", "2026-09-01 00:00:00Z", "tomorrow", "",
             "2026-13-01", "2026-09-01Z", "2026-09-01T00:60Z", "2026-09-01T00:00:00.Z", "2026-09-01T00:00:00+0200", "20260901"),
    "Bool": ("1", "yes", "", " true", "tru", "TRUE"),
    "Binary": ("AQI", "YQ=", "YQ", "!!!!", "YQ== ", "_-8=", "YQ==YQ==", "", "="),
    "Ip": ("10.1.2", "010.1.2.3", "10.1.2.3/24", "::ffff:10.1.2.3", "10.1.2.256", "", "localhost", "2001:db8::1::", "fe80::1%eth0", "10.1.2.3 "),
    "Arn": ("", "bucket", "arn:aws:s3:::", "arn:aws:s3::bucket", "arn:aws:s3:::*", "arn:aws:sns:us-east-*:111122223333:topic", "arn:aws:iam::111122223333:user/team/dave"),
}
REQUEST_VALUES = {
    "String": ("alpha", "Alpha", "alpha/beta", "al*a", "dave", "1", "true", "", "stra\u00dfe", "\u00e9cole", "\u00c9COLE", "\u03bf\u03c3", "\u039f\u03a3",
               "k", "\u212a", "\u0131", "I", "i\u0307", "\u0130", "s", "S", "\u00df", "alpha"),
    "Ip": ("10.1.2.3", "10.200.0.1", "192.0.2.1", "192.0.2.200", "2001:db8::1", "2001:db8:9000::1", "2001:0DB8::0001", "::1", "172.16.0.1"),
    "Arn": ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket/a", "arn:aws:sns:us-east-1:111122223333:topic", "arn:aws:sns:us-east-2:444455556666:topic/a:b",
            "arn:aws:s3:::Bucket", "arn:aws:s3:::a:b/c", "arn:aws:SNS:us-east-1:111122223333:topic"),
}
UNREADABLE = {
    "Numeric": ("abc", "", "1 ", "${aws:username}", "1e500"), "Date": ("2026-02-30", "soon", ""), "Bool": ("yes", "1"),
    "Binary": ("YQ", "!"), "Ip": ("10.0.0.0/33", "10.0.0", "host", "10.0.0.0/255.0.0.0", "::/129"), "Null": ("yes", ""),
}

# The keys of a request: their types and whether they have several values.
CONTEXT_KEYS = {
    "aws:username": ("String", False),
    "aws:PrincipalTag/team": ("String", False),
    "kms:EncryptionContext:App": ("String", False),
    "aws:PrincipalTag/Title": ("String", False),
    "aws:TagKeys": ("String", True),
    "kms:EncryptionContextKeys": ("String", True),
    "kms:RotationPeriodInDays": ("Numeric", False),
    "aws:MultiFactorAuthAge": ("Numeric", False),
    "app:Sizes": ("Numeric", True),
    "aws:CurrentTime": ("Date", False),
    "app:Dates": ("Date", True),
    "aws:SecureTransport": ("Bool", False),
    "kms:MultiRegion": ("Bool", False),
    "app:Flags": ("Bool", True),
    "app:Blob": ("Binary", False),
    "app:Blobs": ("Binary", True),
    "aws:SourceIp": ("Ip", False),
    "app:Addresses": ("Ip", True),
    "aws:SourceArn": ("Arn", False),
    "app:Arns": ("Arn", True),
}
KEYS_OF = {kind: [key for key, (of, _) in CONTEXT_KEYS.items() if of == kind] for kind in ("String", "Numeric", "Date", "Bool", "Binary", "Ip", "Arn")}
VARIABLES = ("${aws:username}", "${aws:PrincipalTag/Title}", "${AWS:principaltag/team}", "${aws:PrincipalTag/team, 'alpha'}", "${aws:TagKeys}", "${aws:TagKeys, 'alpha'}", "${app:absent}",
             "${app:absent,'dave'}", "${app:absent, '*'}", "${*}", "${?}", "${$}")


def type_of(form):
    name = form.split(":")[-1]
    return next(kind for kind in ("String", "Numeric", "Date", "Bool", "Binary", "Ip", "Arn", "Null") if name.removeprefix("Not").startswith(kind))


FORM_TYPES = {form: type_of(form) for form in FORMS}


def overly_permissive(form, key, grammar):
    """Whether KMS refuses the condition in a key policy, since an absent key satisfies it."""
    return grammar == "key" and form.startswith("ForAllValues:") and key.lower().startswith("kms:encryptioncontext:")


class Maker:
    """Makes the cases of one seed, one after the other."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, share):
        return self.random.random() < share

    def pick(self, values):
        return values[int(self.random.random() * len(values))]

    def some(self, values, most):
        return [self.pick(values) for _ in range(1 + int(self.random.random() * most))]

    def one_or_list(self, values):
        return values[0] if len(values) == 1 and self.chance(0.7) else values

    # ---- Cases

    def case(self):
        self.topic = self.random.choices(("key", "object", "trust", "account"), (60, 16, 12, 12))[0]
        caller = self.caller()
        owner = self.owner(caller)
        self.owner_account = owner
        malformed = self.chance(MALFORMED_CASES)
        self.documents = []
        case = {"caller": caller, "owner": owner, **self.policies(caller), "grants": self.grants(caller, owner)}
        case["requests"] = [] if malformed else self.requests()
        return self.spoil(case) if malformed else self.printed(case)

    def owner(self, caller):
        if "account" not in caller:
            return ACCOUNTS[0]
        same = self.chance(0.93 if self.topic == "account" else 0.72)
        return caller["account"] if same else self.pick([account for account in ACCOUNTS if account != caller["account"]])

    def caller(self):
        kinds = ("root", "user", "role", "federated", "service", "web")
        weights = {"key": (5, 33, 36, 18, 8, 0), "object": (5, 33, 36, 18, 8, 0), "trust": (3, 25, 25, 7, 10, 30), "account": (5, 35, 40, 18, 2, 0)}
        kind = self.random.choices(kinds, weights[self.topic])[0]
        account = self.pick(ACCOUNTS[:2])
        return getattr(self, kind)(account)

    def root(self, account):
        return {"kind": "root", "account": account, "arn": f"arn:aws:iam::{account}:root"}

    def user(self, account):
        path = self.pick(("dave", "team/dave", "Dave"))
        return {"kind": "user", "account": account, "arn": f"arn:aws:iam::{account}:user/{path}", "id": "AIDA" + self.pick("ABC") * 17}

    def role(self, account):
        name, session = self.pick(("app", "App")), self.pick(("one", "two"))
        role_id = "AROA" + self.pick("ABC") * 17
        return {
            "kind": "role",
            "account": account,
            "arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
            "role_arn": f"arn:aws:iam::{account}:role/{self.pick(('', 'path/'))}{name}",
            "role_id": role_id,
            "session_id": f"{role_id}:{session}",
        }

    def federated(self, account):
        name = self.pick(("eve", "Eve"))
        return {"kind": "federated", "account": account, "arn": f"arn:aws:sts::{account}:federated-user/{name}", "id": f"{account}:{name}"}

    def service(self, _account):
        return {"kind": "service", "principal": self.pick(("s3.amazonaws.com", "logs.amazonaws.com"))}

    def web(self, _account):
        return {"kind": "web", "provider": self.pick(("accounts.example.com", "login.example.com"))}

    def policies(self, caller):
        alone, root = caller["kind"] in ("service", "web"), caller["kind"] == "root"
        bound = not alone and not root
        return {
            "guardrails": [self.document("guardrail") for _ in range(self.random.choices((0, 1, 2), (50, 35, 15))[0])] if not alone else [],
            "resource": self.resource_policy(caller),
            "identity": [self.document("identity") for _ in range(self.random.choices((0, 1, 2, 3), (4, 48, 33, 15))[0])] if bound else [],
            "boundary": self.document("boundary") if bound and self.chance(0.45) else None,
            "session": self.session(caller),
        }

    def session(self, caller):
        if caller["kind"] == "federated":
            return [self.document("session") for _ in range(self.random.choices((0, 1, 2), (12, 58, 30))[0])]
        if caller["kind"] == "role" and self.chance(0.5):
            return [self.document("session") for _ in range(self.random.choices((1, 2), (60, 40))[0])]
        return None

    def resource_policy(self, caller):
        mode = {"key": "sole", "trust": "sole", "object": "beside", "account": "none"}[self.topic]
        if mode == "none":
            return {"mode": mode}
        grammar = "trust" if self.topic == "trust" else "key"
        if mode == "beside" and self.chance(0.2):
            return {"mode": mode, "grammar": grammar}
        return {"mode": mode, "policy": self.document("resource", grammar, caller), "grammar": grammar}

    def grants(self, caller, owner):
        if self.topic != "key" or self.chance(0.6):
            return []
        words = {"role": ("direct", "role", "account"), "service": ("direct",), "root": ("account", "direct")}.get(caller["kind"], ("direct", "account"))
        issuers = (owner, owner, caller.get("account", owner))
        return [{"speaks": self.pick(words), "issuer": self.pick(issuers)} for _ in range(self.pick((1, 1, 2, 3)))]

    # ---- Documents, as objects until they are printed

    def document(self, place, grammar="identity", caller=None):
        self.current = self.pick(("2012-10-17", "2012-10-17", "2008-10-17", None))
        statements = [self.statement(place, grammar, caller, number) for number in range(self.random.choices((1, 2, 3, 4), (30, 35, 20, 15))[0])]
        document = {"Version": self.current} if self.current else {}
        if grammar != "identity" and self.chance(0.3):
            document["Id"] = "policy-1"
        document["Statement"] = statements if len(statements) > 1 or self.chance(0.7) else statements[0]
        self.documents.append((document, grammar))
        return document

    def statement(self, place, grammar, caller, number):
        deny = self.chance(0.16)
        broad = not deny and number == 0 and self.chance(BROAD_STATEMENTS[place])
        made = {"Sid": f"S{number}" if grammar != "key" else f"S {number}"} if self.chance(0.5) else {}
        made["Effect"] = "Deny" if deny else "Allow"
        if grammar != "identity":
            made.update(self.principal(caller, deny))
        made.update(self.action(broad, grammar))
        if grammar != "trust":
            made.update(self.resource(broad, grammar))
        if deny or self.chance(0.35 if broad else 0.75):
            made["Condition"] = self.condition_block(2 if deny else 1, grammar)
        return made

    def action(self, broad, grammar):
        if broad:
            return {"Action": self.pick(("*", ACTION_PATTERNS[self.topic][0], ["*"]))}
        if grammar == "key" and self.chance(0.02):
            return {}
        if self.chance(0.12):
            return {"NotAction": self.one_or_list(self.some(ACTION_PATTERNS[self.topic] + OTHER_PATTERNS * 2, 2))}
        return {"Action": self.one_or_list(self.some(ACTION_PATTERNS[self.topic] * 3 + OTHER_PATTERNS, 3))}

    def resource(self, broad, grammar):
        if broad and self.chance(0.8):
            return {"Resource": self.pick(("*", ["*"]))}
        if grammar == "key" and self.chance(0.02):
            return {}
        name = "NotResource" if self.chance(0.12) else "Resource"
        return {name: self.one_or_list([self.resource_pattern(grammar) for _ in range(self.pick((1, 1, 2, 3)))])}

    def resource_pattern(self, grammar):
        if self.chance(0.25):
            return "*"
        patterns = [
            f"arn:aws:kms:us-east-1:{self.owner_account}:key/*", f"arn:aws:kms:*:*:key/{KEYS[0]}", f"arn:aws:kms:us-*:{self.owner_account}:key/mrk-*",
            "arn:*:kms:*:*:*", "arn:AWS:KMS:us-east-?:*:key/*", "arn:aws:kms:*:*:KEY/*", "arn:aws:kms:*:*:alias/${aws:username}",
        ]
        if self.topic == "object":
            patterns = [
                "arn:aws:s3:::bucket/*", "arn:aws:s3:::*", "arn:aws:s3:::bucket/${aws:username}/*", "arn:aws:s3:::bucket/${aws:PrincipalTag/team, 'alpha'}*",
                "arn:aws:S3:::bucket/*:*", "arn:*:s3:::*/d?ve/*", "arn:aws:s3:::bucket/${*}*", "arn:aws:s3:::${aws:TagKeys}*", "arn:aws:s3:::BUCKET/*",
            ]
        if self.topic == "account":
            patterns = ["arn:aws:iam::*:user/*", "arn:aws:iam::*:user/${aws:username}", "arn:aws:kms:*:*:*", "arn:*:*:*:*:*", "arn:aws:iam::*:user/dav?"]
        if self.topic == "trust":
            patterns = ["arn:aws:iam::*:role/*", "arn:aws:iam::*:role/app*", f"arn:aws:iam::{self.owner_account}:role/app", "arn:aws:iam::*:role/APP"]
        if grammar == "identity" and self.chance(0.15):
            return self.pick(("arn:aws:*", "arn:*", "arn:aws:kms:us-*", "arn:aws:s3", "arn:aws:iam::*", "arn:aws:kms:*:1111*"))
        return self.pick(patterns)

    # ---- Principals

    def principal(self, caller, deny):
        if self.chance(0.22 if deny else 0.03):
            everyone = self.chance(0.1)
            return {"NotPrincipal": self.pick(("*", {"AWS": "*"})) if everyone else self.principal_block(self.names(caller, spare=True))}
        if self.chance(0.12):
            return {"Principal": self.pick(("*", {"AWS": "*"}, {"AWS": ["*"]}))}
        return {"Principal": self.principal_block(self.names(caller, spare=False))}

    def names(self, caller, spare):
        """Names for a principal block: mostly the caller's own, in every form they have."""
        own = self.own_names(caller)
        if spare and self.chance(0.6):
            return own
        mine = [self.pick(own) for _ in range(self.pick((0, 1, 1, 1, 1, 2)))]
        return mine + self.some(self.foreign_names(), 2) if not mine or self.chance(0.4) else mine

    def own_names(self, caller):
        kind = caller["kind"]
        if kind == "service":
            return [("Service", caller["principal"])]
        if kind == "web":
            return [("Federated", caller["provider"])]
        account = self.pick((caller["account"], f"arn:aws:iam::{caller['account']}:root"))
        own = [account] if kind == "root" else [account, caller["arn"]]
        if kind == "user":
            own[1] = self.pick((caller["arn"], caller["id"]))
        if kind == "role":
            own = [account, self.pick((caller["arn"], caller["session_id"])), self.pick((caller["role_arn"], caller["role_id"]))]
        return [("AWS", name) for name in own]

    def foreign_names(self):
        account = self.pick(ACCOUNTS)
        others = (self.user(account)["arn"], self.role(account)["role_arn"], self.role(account)["arn"], self.role(account)["session_id"],
                  self.federated(account)["arn"], account, f"arn:aws:iam::{account}:root", self.user(account)["id"], self.role(account)["role_id"])
        return [("AWS", name) for name in others] + [("Service", "s3.amazonaws.com"), ("Federated", "accounts.example.com")]

    def principal_block(self, names):
        block = {}
        for kind, name in names:
            block.setdefault(kind, []).append(name)
        return {kind: self.one_or_list(listed) for kind, listed in block.items()}

    # ---- Conditions

    def condition_block(self, most, grammar):
        block = {}
        for form in self.some(FORMS, most):
            kind = FORM_TYPES[form]
            keys = [key for key in self.keys_for(kind, form) if not overly_permissive(form, key, grammar)]
            keys = self.some(keys, 2) if self.chance(0.2) else [self.pick(keys)]
            block[form] = {key: self.policy_values(form, kind) for key in keys}
        return block

    def keys_for(self, kind, form):
        if kind == "Null" or self.chance(0.06):
            return ["app:absent", self.cased(self.pick(list(CONTEXT_KEYS)))]
        keys = KEYS_OF[kind]
        fitting = [key for key in keys if CONTEXT_KEYS[key][1] == (":" in form)]
        return [self.cased(key) for key in (fitting if self.chance(0.8) else keys)]

    def cased(self, key):
        return self.pick((key.upper(), key.lower())) if self.chance(0.1) else key

    def policy_values(self, form, kind):
        if kind == "Null":
            return self.pick(("true", "false", "true", "false", ["true", "false"], True, False))
        values = [self.policy_value(form, kind) for _ in range(self.pick((1, 1, 2, 3)))]
        if len(values) == 1 and self.chance(0.15):
            values[0] = self.unquoted(values[0], kind)
        return self.one_or_list(values)

    def unquoted(self, text, kind):
        if kind == "Bool":
            return text.lower() == "true"
        return int(text) if text in ("1", "10", "-5", "0", "365", "3600", "1788220800") else text

    def policy_value(self, form, kind):
        if kind == "String":
            if self.chance(0.2 if self.current == "2012-10-17" else 0.04):
                return self.pick(("", "al", "*")) + self.pick(VARIABLES) + self.pick(("", "", "*", "/beta"))
            return self.pick(POLICY_VALUES["Like" if "Like" in form else "String"])
        if kind == "Arn" and self.chance(0.15):
            return self.pick(("arn:aws:s3:::", "arn:aws:s3:::bucket/", "arn:aws:sns:us-east-1:*:*", "arn:aws:iam::111122223333:user/")) + self.pick(VARIABLES)
        return self.pick(POLICY_VALUES[kind])

    # ---- Requests

    def requests(self):
        base = {key: self.context_value(key) for key in CONTEXT_KEYS if self.chance(0.75)}
        return [self.request(base) for _ in range(REQUESTS_PER_CASE)]

    def request(self, base):
        context = dict(base)
        for key in self.random.sample(list(CONTEXT_KEYS), 5):
            context.pop(key, None)
            if self.chance(0.8):
                context[key] = self.context_value(key)
        if self.chance(0.1):
            context = {self.cased(key): value for key, value in context.items()}
        return {"action": self.cased(self.pick(ACTIONS[self.topic])), "resource": self.request_resource(), "context": context}

    def context_value(self, key):
        kind, several = CONTEXT_KEYS[key]
        if self.chance(0.05):
            several = not several
        if not several:
            return {"one": self.request_value(kind)}
        return {"many": [self.request_value(kind) for _ in range(self.pick((0, 1, 1, 2, 2, 3)))]}

    def request_value(self, kind):
        if self.chance(0.08):
            return ""
        if self.chance(0.15):
            return self.pick(TRAPS[kind])
        return self.pick(REQUEST_VALUES.get(kind) or POLICY_VALUES[kind])

    def request_resource(self):
        owner = self.owner_account
        if self.topic == "key":
            return f"arn:aws:kms:{self.pick(('us-east-1', 'us-east-2'))}:{owner}:key/{self.pick(KEYS)}"
        if self.topic == "object":
            return "arn:aws:s3:::" + self.pick(("bucket/dave/a", "bucket/alpha", "bucket/a:b/c", "Bucket/x", "bucket/*", "other/dave/z"))
        if self.topic == "trust":
            return f"arn:aws:iam::{owner}:role/{self.pick(('app', 'App', 'path/app'))}"
        return self.pick((None, f"arn:aws:iam::{owner}:user/dave", f"arn:aws:iam::{owner}:user/team/alpha"))

    # ---- Printing, and documents with one thing wrong

    def printed(self, case):
        texts = {id(document): json.dumps(document) for document, _ in self.documents}
        case["guardrails"] = [texts[id(one)] for one in case["guardrails"]]
        case["identity"] = [texts[id(one)] for one in case["identity"]]
        case["boundary"] = case["boundary"] and texts[id(case["boundary"])]
        case["session"] = None if case["session"] is None else [texts[id(one)] for one in case["session"]]
        if "policy" in case["resource"]:
            case["resource"]["policy"] = texts[id(case["resource"]["policy"])]
        return case

    def spoil(self, case):
        """Prints the case with one of its documents malformed in one place; it stands under `malformed`."""
        if not self.documents:
            return self.printed(case)
        document, grammar = self.pick(self.documents)
        text = self.spoiled_text(document) if self.chance(0.35) else None
        if text is None:
            self.spoil_member(document, grammar)
        case = self.printed(case)
        whole = json.dumps(document)
        case["malformed"] = whole if text is None else text
        return case if text is None else replaced(case, whole, text)

    def spoiled_text(self, document):
        text = json.dumps(document)
        return self.pick((
            text[:-1], text + "}", text.replace("{", "{,", 1), text.replace('"Effect"', '"Effect": "Allow", "Effect"', 1),
            text.replace('"Statement"', '"Statement": [], "Statement"', 1), text.replace('"Effect"', '"Sid": null, "Effect"', 1),
            "[" + text + "]", "", "null", '"*"', text.replace('"Effect"', '"\u0141": 1, "Effect"', 1), text.replace('"Effect": ', '"Effect": \u2028', 1),
            text.replace('"Effect"', "'Effect'", 1), "// policy\n" + text, text.replace('"Statement"', '"Version": "2012-10-17", "Version": "2012-10-17", "Statement"', 1),
        ))

    def spoil_member(self, document, grammar):
        statements = document["Statement"]
        one = self.pick(statements) if isinstance(statements, list) else statements
        wrongs = [self.wrong_top, self.wrong_statement, self.wrong_statement, self.wrong_condition, self.wrong_condition, self.wrong_principal]
        self.pick(wrongs)(document, one, grammar)

    def wrong_top(self, document, _one, _grammar):
        document.update(self.pick((
            {"Version": "2012-10-18"}, {"Version": 2012}, {"version": "2012-10-17"}, {"Statement": []}, {"Statement": "Allow"}, {"Statement": [[]]},
            {"Comment": "x"}, {"Statement": None}, {"Id": 7}, {"Version": ""},
        )))

    def wrong_statement(self, document, one, grammar):
        choices = [
            {"Effect": "allow"}, {"Effect": "Permit"}, {"Effect": None}, {"Effect": ["Allow"]}, {"effect": "Allow"}, {"Actions": "kms:*"}, {"Sid": 5},
            {"Sid": "S-0!"} if grammar == "identity" else {"Sid": []}, {"Action": 5, "NotAction": "*"}, {"Action": ["kms:*", 1]}, {"Action": "Encrypt", "NotAction": "*"},
            {"Action": "*", "NotAction": "*"}, {"Resource": "*", "NotResource": "*"}, {"Condition": []}, {"Condition": "x"}, {"Resource": [None]},
        ]
        if self.chance(0.15) and grammar == "identity":
            one.pop(self.pick([name for name in ("Action", "NotAction", "Resource", "NotResource", "Effect") if name in one]))
        elif self.chance(0.15):
            document["Statement"] = [{**one, "Sid": "Same"}, {**one, "Sid": "Same"}]
        else:
            one.update(self.pick(choices))

    def wrong_condition(self, _document, one, _grammar):
        name, values = self.pick(list(UNREADABLE.items()))
        forms = [form for form in FORMS if FORM_TYPES[form] == name]
        one["Condition"] = self.pick((
            {self.pick(forms): {"app:x": self.pick(values)}},
            {self.pick(forms): {"app:x": [POLICY_VALUES.get(name, ("true",))[0], self.pick(values)]}},
            {self.pick(("StringMatches", "NullIfExists", "ForSomeValues:StringEquals", "IfExists", "NotStringEquals", "StringEqualsIfExistsIfExists", "")): {"app:x": "1"}},
            {"StringEquals": {"x": "y"}}, {"StringEquals": "x"}, {"StringEquals": ["x"]}, {"StringEquals": {"app:x": {"y": "z"}}}, {"StringEquals": {"app:x": None}}, {"StringEquals": {"app:x": ["a", None]}},
        ))

    def wrong_principal(self, _document, one, grammar):
        if grammar == "identity":
            one["Principal"] = "*"
            return
        if grammar == "trust" and self.chance(0.3):
            one["Resource"] = "*"
            return
        one.pop("NotPrincipal", None)
        one["Principal"] = self.pick((
            "dave", 5, [], None, ["*"], {"AWS": 5}, {"aws": "*"}, {"AWS": "arn:aws:iam::111122223333:user/*"}, {"AWS": "arn:aws:iam::*:root"}, {"Group": "x"},
            {"AWS": "arn:aws:iam::111122223333:group/staff"}, {"AWS": "dave"},
        ))
        if self.chance(0.1):
            del one["Principal"]
        elif self.chance(0.1):
            one.update({"Principal": "*", "NotPrincipal": "*"})


def replaced(case, text, by):
    """The case with each document that is `text` given as `by`."""
    swap = lambda documents: documents and [by if one == text else one for one in documents]
    resource = {**case["resource"]}
    if resource.get("policy") == text:
        resource["policy"] = by
    boundary = by if case["boundary"] == text else case["boundary"]
    return {**case, "resource": resource, "boundary": boundary, **{name: swap(case[name]) for name in ("guardrails", "identity", "session")}}


def cases(seed, decisions):
    """Cases with at least this number of requests."""
    maker, made = Maker(seed), 0
    while made < decisions:
        case = maker.case()
        made += len(case["requests"])
        yield case


# ---- Texts that are nearly values

# Without what no policy may hold.
LETTERS = "0123456789+-.eETZ:/*?= abcdf%,'${}"


def garbled(maker, text):
    """The text with one to three places changed."""
    for _ in range(maker.pick((1, 1, 2, 3))):
        place = int(maker.random.random() * (len(text) + 1))
        other = place + int(maker.random.random() * (len(text) + 1 - place))
        text = maker.pick((
            text[:place] + maker.pick(LETTERS) + text[place + 1:], text[:place] + maker.pick(LETTERS) + text[place:], text[:place] + text[place + 1:],
            text[:other] + text[place:],
        ))
    return text


def nearly_values(seed, count):
    """Cases of one condition each, its value and the request's read or not by a letter."""
    maker = Maker(seed)
    maker.topic, maker.owner_account = "account", ACCOUNTS[0]
    for number in range(count):
        maker.current = "2012-10-17"
        form = FORMS[number % len(FORMS)]
        kind = FORM_TYPES[form]
        value = "true" if kind == "Null" else maker.policy_value(form, kind)
        value = garbled(maker, value) if maker.chance(0.5) else value
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {form: {"app:x": value}}}
        texts = [maker.request_value("String" if kind == "Null" else kind) for _ in range(8)]
        contexts = [{"app:x": {"one": garbled(maker, text)}, "aws:username": {"one": "*"}} for text in texts] + [{"app:x": {"one": value}}]
        yield {
            "caller": maker.user(ACCOUNTS[0]), "owner": ACCOUNTS[0], "guardrails": [], "resource": {"mode": "none"},
            "identity": [json.dumps({"Version": maker.current, "Statement": statement})], "boundary": None, "session": None, "grants": [],
            "requests": [{"action": "kms:ListKeys", "resource": None, "context": context} for context in contexts],
        }
