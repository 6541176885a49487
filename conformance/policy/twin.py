"""The second evaluator of the policy language, written from docs/design/authorization.md and AWS's documentation.

It exists to disagree with the first one: nothing here may be taken from crates/policy.
"""

import base64
import collections
import functools
import ipaddress
import json
import operator
import re
from datetime import datetime, timedelta, timezone
from fractions import Fraction

NUMBER_CHARACTERS_MAX = 64
EXPONENT_MAX = 400
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DAYS_OF_400_YEARS = 146_097

STAR, ONE = object(), object()
Variable = collections.namedtuple("Variable", "key default")
Statement = collections.namedtuple("Statement", "index deny principals actions resources conditions")
# A list of patterns and whether what they match is what the statement leaves out.
Patterns = collections.namedtuple("Patterns", "patterns excluded")
Request = collections.namedtuple("Request", "action resource context")


class Refused(Exception):
    """The document must not be stored."""


def need(condition, reason):
    if not condition:
        raise Refused(reason)


# ---- Texts with wildcards and variables

VARIABLE = re.compile(r"\$\{(?:([*?$])|\s*([^{}',*?$\s][^{}',*?$]*?)\s*(?:,\s*'([^']*)'\s*)?)\}")


def tokens_of(text, variables):
    """Cuts text into literal strings, STAR, ONE and Variables."""
    tokens, position = [], 0
    need(not variables or VARIABLE.sub("", text).count("${") == 0, "unreadable variable")
    for found in VARIABLE.finditer(text) if variables and "$" in text else ():
        tokens += wildcards(text[position:found.start()])
        escaped, key, default = found.groups()
        tokens.append(escaped or Variable(key.lower(), default))
        position = found.end()
    return tuple(tokens + wildcards(text[position:]))


def wildcards(text):
    pieces = re.split(r"([*?])", text)
    return [{"*": STAR, "?": ONE}.get(piece, piece) for piece in pieces if piece]


def literals_of(text, variables):
    """As tokens_of, for operators without wildcards."""
    return tuple({STAR: "*", ONE: "?"}.get(token, token) for token in tokens_of(text, variables))


def resolve(tokens, context):
    """The tokens with every variable replaced by literal text, or None when one has no single value."""
    resolved = []
    for token in tokens:
        if isinstance(token, Variable):
            many, values = context.get(token.key, (False, ()))
            # IAM, policy variables: only keys of a single value, which a key of several never is, be it empty.
            if many:
                return None
            token = values[0] if values else token.default
            if token is None:
                return None
        resolved.append(token)
    return tuple(resolved)


def expression(tokens):
    """A regular expression whose stars never give back what they took, but for the last, which looks from the end."""
    pieces = [""]
    for token in tokens:
        if token is STAR:
            pieces.append("")
        else:
            pieces[-1] += "." if token is ONE else re.escape(token)
    first, *middle = pieces
    last = [".*" + middle.pop()] if middle else []
    # What a lookahead has found is kept: an atomic group, for Python before 3.11 too.
    kept = [f"(?=(?P<p{number}>.*?{piece}))(?P=p{number})" for number, piece in enumerate(middle) if piece]
    return "".join([first] + kept + last)


@functools.lru_cache(200_000)
def matcher(tokens):
    return re.compile(expression(tokens), re.DOTALL).fullmatch


@functools.lru_cache(200_000)
def split_arn(tokens):
    """Cuts tokens without variables at the first five colons."""
    parts = [[]]
    for token in tokens:
        pieces = token.split(":", 6 - len(parts)) if isinstance(token, str) else [token]
        parts[-1].append(pieces[0])
        parts += [[piece] for piece in pieces[1:]]
    return tuple(tuple(token for token in part if token != "") for part in parts)


# ---- Values of typed operators; None is what cannot be read

NUMBER = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?", re.ASCII)
MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(?::(\d{2})(?:\.(\d+))?)?(?:Z|([+-])(\d{2}):(\d{2})))?", re.ASCII
)
BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII)
ADDRESS = re.compile(r"[0-9A-Fa-f:.]+", re.ASCII)


@functools.lru_cache(100_000)
def number(text):
    found = NUMBER.fullmatch(text)
    if not found or len(text) > NUMBER_CHARACTERS_MAX:
        return None
    sign, whole, fraction, exponent = found.groups("")
    exponent = int(exponent or 0)
    if not whole + fraction or abs(exponent) > EXPONENT_MAX:
        return None
    value = int(whole + fraction) * Fraction(10) ** (exponent - len(fraction))
    return -value if sign == "-" else value


@functools.lru_cache(100_000)
def moment(text):
    """Seconds since the epoch."""
    found = MOMENT.fullmatch(text)
    return instant(*found.groups()) if found else number(text)


def instant(day, time, seconds, fraction, sign, hours, minutes):
    if int(hours or 0) > 23 or int(minutes or 0) > 59:
        return None
    # The calendar repeats after 400 years, which brings the year 0000 into datetime's range.
    early = day.startswith("0000")
    day = "0400" + day[4:] if early else day
    try:
        start = datetime.fromisoformat(f"{day}T{time or '00:00'}:{seconds or '00'}+00:00")
    except ValueError:
        return None
    since = start - EPOCH - (timedelta(days=DAYS_OF_400_YEARS) if early else timedelta())
    offset = int(hours or 0) * 3600 + int(minutes or 0) * 60
    whole = since // timedelta(seconds=1) - (-offset if sign == "-" else offset)
    return whole + Fraction(int(fraction or 0), 10 ** len(fraction or ""))


def boolean(text):
    return {"true": True, "false": False}.get(text.lower())


@functools.lru_cache(100_000)
def binary(text):
    return base64.b64decode(text) if BASE64.fullmatch(text) else None


@functools.lru_cache(100_000)
def address(text):
    try:
        return ipaddress.ip_address(text) if ADDRESS.fullmatch(text) else None
    except ValueError:
        return None


def network(text):
    start, slash, length = text.partition("/")
    start = address(start)
    if start is None or (slash and not re.fullmatch("[0-9]{1,3}", length)):
        return None
    length = int(length) if slash else start.max_prefixlen
    if length > start.max_prefixlen:
        return None
    return ipaddress.ip_network((start, length), strict=False)


# ---- Condition operators: each makes, of the values of a policy, a function of a request's value and its context


def typed(read_policy, read_request, fits):
    def build(texts, _variables):
        wanted = [read_policy(text) for text in texts]
        need(None not in wanted, "value that its operator cannot read")

        def test(text, _context):
            value = read_request(text)
            return value is not None and any(fits(value, one) for one in wanted)

        return test

    return build


def within(value, block):
    return value.version == block.version and value in block


def templates(texts, variables, cut, compare):
    """Tests a value against texts that hold variables; `compare(tokens, text)` with the tokens resolved."""
    wanted = [cut(text, variables) for text in texts]

    def test(text, context):
        resolved = (resolve(tokens, context) for tokens in wanted)
        return any(compare(tokens, text) for tokens in resolved if tokens is not None)

    return test


def string_equals(texts, variables):
    if not (variables and any("${" in text for text in texts)):
        wanted = frozenset(texts)
        return lambda text, _context: text in wanted
    return templates(texts, variables, literals_of, lambda tokens, text: "".join(tokens) == text)


def string_equals_ignoring_case(texts, variables):
    return templates(texts, variables, literals_of, lambda tokens, text: "".join(tokens).lower() == text.lower())


def string_like(texts, variables):
    return templates(texts, variables, tokens_of, lambda tokens, text: matcher(tokens)(text))


def arn_like(texts, variables):
    fixed = [text for text in texts if not (variables and "${" in text)]
    need(all(text.count(":") >= 5 for text in fixed), "ARN that has not six parts")
    return templates(texts, variables, tokens_of, arn_fits)


def arn_fits(tokens, text):
    """Variables have their values before the cut, so that one may bring in a whole ARN."""
    parts, given = split_arn(tokens), text.split(":", 5)
    return len(parts) == len(given) == 6 and all(matcher(part)(piece) for part, piece in zip(parts, given))


COMPARISONS = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}

# Name: how its values are tested, and whether the operator is the negation of that.
OPERATORS = {
    "StringEquals": (string_equals, False),
    "StringNotEquals": (string_equals, True),
    "StringEqualsIgnoreCase": (string_equals_ignoring_case, False),
    "StringNotEqualsIgnoreCase": (string_equals_ignoring_case, True),
    "StringLike": (string_like, False),
    "StringNotLike": (string_like, True),
    "NumericNotEquals": (typed(number, number, operator.eq), True),
    "DateNotEquals": (typed(moment, moment, operator.eq), True),
    "Bool": (typed(boolean, boolean, operator.eq), False),
    "BinaryEquals": (typed(binary, binary, operator.eq), False),
    "IpAddress": (typed(network, address, within), False),
    "NotIpAddress": (typed(network, address, within), True),
    "ArnEquals": (arn_like, False),
    "ArnLike": (arn_like, False),
    "ArnNotEquals": (arn_like, True),
    "ArnNotLike": (arn_like, True),
}
for _name, _compare in COMPARISONS.items():
    OPERATORS["Numeric" + _name] = (typed(number, number, _compare), False)
    OPERATORS["Date" + _name] = (typed(moment, moment, _compare), False)

PREFIXES = ("", "ForAllValues:", "ForAnyValue:")
FORMS = [f"{prefix}{name}{suffix}" for name in OPERATORS for prefix in PREFIXES for suffix in ("", "IfExists")] + ["Null"]

# How often each form was decided; the tests demand that none is left out.
decided = collections.Counter()


def condition(form, key, texts, variables):
    """A function of the context that says whether the condition holds."""
    if form == "Null":
        return null_condition(key, texts)
    prefix, name, if_exists = cut_operator(form)
    build, negated = OPERATORS[name]
    fits = build(texts, variables)
    when_absent = if_exists or prefix == "ForAllValues:" or (negated and prefix != "ForAnyValue:")
    quantifier = {"ForAllValues:": all, "ForAnyValue:": any, "": None}[prefix]

    def holds(context):
        decided[form] += 1
        many, values = context.get(key, (False, ()))
        if quantifier:
            values = [value for value in values if value]
        if not values:
            return when_absent
        if quantifier:
            return quantifier(bool(fits(value, context)) != negated for value in values)
        return not many and bool(fits(values[0], context)) != negated

    return holds


def cut_operator(form):
    prefix = next((prefix for prefix in PREFIXES[1:] if form.startswith(prefix)), "")
    name = form.removeprefix(prefix)
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    need(name in OPERATORS, f"unknown operator {form}")
    return prefix, name, if_exists


def null_condition(key, texts):
    wanted = [boolean(text) for text in texts]
    need(None not in wanted, "Null takes true or false")

    def holds(context):
        decided["Null"] += 1
        absent = not any(context.get(key, (False, ()))[1])
        return absent in wanted

    return holds


# ---- Documents

FORBIDDEN_CHARACTER = re.compile("[^\t\n\r\u0020-\u00ff]")
SID_OF_IDENTITY = re.compile("[A-Za-z0-9]*")
ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[\w*?-]+", re.ASCII)
CONDITION_KEY = re.compile("[^:]+:.+", re.DOTALL)
# KMS refuses a set operator that an absent encryption context or tag would satisfy: errors.md, OverlyPermissiveCondition.
ABSENT_SATISFIES = ("kms:encryptioncontext:", "aws:requesttag/")
ELEMENTS = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}


class Scalar(str):
    """The text of an unquoted number or boolean, which only conditions may hold."""


def members(pairs):
    made = dict(pairs)
    need(len(made) == len(pairs), "repeated member")
    return {name: Scalar(str(value).lower()) if isinstance(value, bool) else value for name, value in made.items()}


def refuse_constant(name):
    raise Refused(f"{name} is no JSON")


def read(text):
    need(not FORBIDDEN_CHARACTER.search(text), "character outside the allowed ones")
    try:
        return json.loads(
            text, object_pairs_hook=members, parse_int=Scalar, parse_float=Scalar, parse_constant=refuse_constant
        )
    except ValueError as error:
        raise Refused("no JSON") from error


def is_text(value):
    return type(value) is str


def texts_of(value, unquoted=False):
    """The strings of a member that is one or a list of them."""
    values = value if isinstance(value, list) else [value]
    values = [Scalar(str(one).lower()) if isinstance(one, bool) else one for one in values]
    need(values and all(is_text(one) or (unquoted and isinstance(one, Scalar)) for one in values), "no text")
    return [str(one) for one in values]


def compile_document(text, grammar):
    """The statements of a document of the grammar `identity`, `key` or `trust`; raises Refused."""
    document = read(text)
    need(isinstance(document, dict), "no object")
    need(set(document) <= {"Version", "Statement"} | (set() if grammar == "identity" else {"Id"}), "unknown element")
    version = document.get("Version", "2008-10-17")
    need(is_text(version) and version in ("2008-10-17", "2012-10-17"), "unknown version")
    need(is_text(document.get("Id", "")), "Id is no text")
    statements = document.get("Statement")
    statements = [statements] if isinstance(statements, dict) else statements
    need(isinstance(statements, list) and statements, "no statements")
    check_sids(statements, grammar)
    return [statement(index, one, grammar, version == "2012-10-17") for index, one in enumerate(statements)]


def check_sids(statements, grammar):
    need(all(isinstance(one, dict) for one in statements), "a statement is no object")
    sids = [one["Sid"] for one in statements if "Sid" in one]
    need(all(is_text(sid) for sid in sids), "Sid is no text")
    need(grammar != "identity" or all(SID_OF_IDENTITY.fullmatch(sid) for sid in sids), "unreadable Sid")
    need(len(set(sids)) == len(sids), "repeated Sid")


def statement(index, source, grammar, variables):
    need(set(source) <= ELEMENTS, "unknown element")
    need(is_text(source.get("Effect")) and source["Effect"] in ("Allow", "Deny"), "no Effect")
    return Statement(
        index,
        source["Effect"] == "Deny",
        principals_of(source, grammar),
        actions_of(source, grammar),
        resources_of(source, grammar, variables),
        conditions_of(source.get("Condition", {}), grammar, variables),
    )


def one_of(source, name, required):
    """The member `name` or `Not…` of a statement, and which of them it is."""
    need(name not in source or "Not" + name not in source, f"{name} twice")
    if name in source:
        return source[name], False
    need(not required or "Not" + name in source, f"{name} is missing")
    return source.get("Not" + name), True


def actions_of(source, grammar):
    value, excluded = one_of(source, "Action", grammar == "identity")
    if value is None and "NotAction" not in source:
        return None
    texts = texts_of(value)
    need(all(ACTION.fullmatch(text) for text in texts), "unreadable action")
    return Patterns(tuple(tokens_of(text.lower(), False) for text in texts), excluded)


def resources_of(source, grammar, variables):
    value, excluded = one_of(source, "Resource", grammar == "identity")
    absent = "Resource" not in source and "NotResource" not in source
    if grammar == "trust":
        need(absent, "trust policies have no Resource")
        return Patterns(((STAR,),), False)
    if absent:
        return None
    return Patterns(tuple(resource(text, grammar, variables) for text in texts_of(value)), excluded)


def resource(text, grammar, variables):
    """(STAR,) for everything, or six parts; AWS documents that identity policies may leave the last ones out."""
    if not text.strip("*") and text:
        return (STAR,)
    need(text.startswith("arn:"), "no ARN")
    pieces = text.split(":", 5)
    if grammar == "identity":
        pieces += ["*"] * (6 - len(pieces))
    need(len(pieces) == 6, "ARN that has not six parts")
    return tuple(tokens_of(piece, variables and index == 5) for index, piece in enumerate(pieces))


def conditions_of(block, grammar, variables):
    need(isinstance(block, dict), "Condition is no object")
    made = []
    for form, keys in block.items():
        need(isinstance(keys, dict), "an operator needs keys")
        for key, values in keys.items():
            need(CONDITION_KEY.fullmatch(key), "condition key without a service")
            lenient = form.startswith("ForAllValues:") and key.lower().startswith(ABSENT_SATISFIES)
            need(grammar != "key" or not lenient, "condition that an absent key satisfies")
            made.append(condition(form, key.lower(), texts_of(values, unquoted=True), variables))
        if form != "Null":
            cut_operator(form)
    return made


# ---- Principals

ACCOUNT = re.compile(r"(?:arn:aws[a-z-]*:iam::)?([0-9]{12})(:root)?")
UNIQUE_ID = re.compile(r"AIDA[A-Z0-9]{12,124}|AROA[A-Z0-9]{12,124}(:[\w+=,.@-]{2,64})?", re.ASCII)
PRINCIPAL_ARN = re.compile(
    r"arn:aws[a-z-]*:(?:iam::[0-9]{12}:(?:user|role)/[^*?]+"
    r"|sts::[0-9]{12}:(?:assumed-role/[^/*?]+/[^/*?]+|federated-user/[^/*?]+))"
)
EVERYONE = ("everyone", "")


def principals_of(source, grammar):
    """The names and whether they are those left out, or None where policies have no principals."""
    if grammar == "identity":
        need("Principal" not in source and "NotPrincipal" not in source, "principal in an identity policy")
        return None
    value, excluded = one_of(source, "Principal", True)
    if value == "*" and is_text(value):
        return {EVERYONE}, excluded
    need(isinstance(value, dict) and value, "unreadable principal")
    return {principal(kind, text) for kind, texts in value.items() for text in texts_of(texts)}, excluded


def principal(kind, text):
    if kind in ("Service", "Federated"):
        need("*" not in text and "?" not in text, "wildcard in a principal")
        return kind, text
    need(kind == "AWS", "unknown kind of principal")
    if text == "*":
        return EVERYONE
    account = ACCOUNT.fullmatch(text)
    if account and text.startswith("arn:") == bool(account[2]):
        return "account", account[1]
    need(UNIQUE_ID.fullmatch(text) or PRINCIPAL_ARN.fullmatch(text), "unreadable principal")
    return "AWS", text


WORDS = ("direct", "role", "account")


def names_of(caller):
    """For each word, the names under which a policy may speak of the caller with it."""
    kind = caller["kind"]
    if kind == "service":
        return {"direct": {EVERYONE, ("Service", caller["principal"])}}
    if kind == "web":
        return {"direct": {("Federated", caller["provider"])}}
    account = ("account", caller["account"])
    if kind == "root":
        return {"direct": {EVERYONE, account}}
    own = {EVERYONE, ("AWS", caller["arn"])}
    if kind == "federated":
        return {"direct": own, "account": {account}}
    if kind == "user":
        return {"direct": own | {("AWS", caller["id"])}, "account": {account}}
    role = {("AWS", caller["role_arn"]), ("AWS", caller["role_id"])}
    return {"direct": own | {("AWS", caller["session_id"])}, "role": role, "account": {account}}


def word_for(statement, names):
    """The best word of a statement's principals for the caller, or None when they do not match."""
    listed, excluded = statement.principals
    if not excluded:
        return next((word for word in WORDS if names.get(word, frozenset()) & listed), None)
    spared = EVERYONE in listed & names["direct"] or all(group & listed for group in names.values())
    return "direct" if statement.deny and not spared else None


# ---- One statement and one request


@functools.lru_cache(200_000)
def action_matches(patterns, action):
    return any(matcher(pattern)(action) for pattern in patterns.patterns) != patterns.excluded


def resource_matches(patterns, request):
    return any(resource_fits(pattern, request) for pattern in patterns.patterns) != patterns.excluded


def resource_fits(pattern, request):
    if pattern == (STAR,):
        return True
    if request.resource is None:
        return False
    return fixed_resource_fits(pattern[:5], request.resource) and last_part_fits(pattern[5], request)


@functools.lru_cache(200_000)
def fixed_resource_fits(head, resource):
    given = resource.split(":", 5)[:5]
    return len(given) == 5 and all(matcher(lowered(part))(piece.lower()) for part, piece in zip(head, given))


def lowered(tokens):
    return tuple(token.lower() if isinstance(token, str) else token for token in tokens)


def last_part_fits(tokens, request):
    tokens = resolve(tokens, request.context)
    return tokens is not None and bool(matcher(tokens)(request.resource.split(":", 5)[-1]))


def matches(statement, request):
    return (
        statement.actions is not None
        and statement.resources is not None
        and action_matches(statement.actions, request.action)
        and resource_matches(statement.resources, request)
        and all(holds(request.context) for holds in statement.conditions)
    )


# ---- Decisions

PLACES = ("guardrail", "resource", "identity", "boundary", "session")


class Policies:
    """The policies of one place, those for other callers being left out."""

    def __init__(self, documents, names=None):
        placed = [(number, one) for number, document in enumerate(documents) for one in document]
        words = [word_for(one, names) if names is not None else "direct" for _, one in placed]
        kept = [(number, one, word) for (number, one), word in zip(placed, words) if word]
        self.count = len(documents)
        self.denies = [entry for entry in kept if entry[1].deny]
        self.allows = [entry for entry in kept if not entry[1].deny]

    def denial(self, request):
        return next(([number, one.index] for number, one, _ in self.denies if matches(one, request)), None)

    def permission(self, request):
        return next(([number, one.index] for number, one, _ in self.allows if matches(one, request)), None)

    def word(self, request):
        """The best word and the first statement that says it."""
        found = [(WORDS.index(word), one.index) for _, one, word in self.allows if matches(one, request)]
        rank, index = min(found, default=(None, None))
        return (None, None) if rank is None else (WORDS[rank], [0, index])


class PolicySet:
    """Everything that decides about one caller's requests for the resources of one owner."""

    def __init__(self, case):
        self.case = case
        self.caller = case["caller"]
        self.alone = self.caller["kind"] in ("service", "web")
        self.same = not self.alone and self.caller["account"] == case["owner"]
        self.mode = case["resource"]["mode"]
        self.refused = []
        documents = {place: self.compiled(place) for place in PLACES}
        if not self.refused:
            self.arrange(documents)

    def compiled(self, place):
        grammar = case_grammar(self.case) if place == "resource" else "identity"
        return [self.document(number, text, grammar) for number, where, text in numbered(self.case) if where == place]

    def document(self, number, text, grammar):
        try:
            return compile_document(text, grammar)
        except Refused:
            self.refused.append(number)
            return []

    def arrange(self, documents):
        self.guardrails = [Policies([document]) for document in documents["guardrail"]]
        self.resource = Policies(documents["resource"], names_of(self.caller))
        self.identity = Policies(documents["identity"])
        self.boundary = Policies(documents["boundary"]) if self.case.get("boundary") is not None else None
        self.session = Policies(documents["session"]) if self.case.get("session") is not None else None

    def decide(self, request):
        return self.explicit(request) or self.unguarded(request) or self.combined(request)

    def explicit(self, request):
        if not self.alone:
            for number, guardrail in enumerate(self.guardrails):
                if found := guardrail.denial(request):
                    return ["explicit", "guardrail", number, found[1]]
        places = ("resource",) if self.alone else PLACES[1:]
        for place in places:
            policies = getattr(self, place)
            if policies and (found := policies.denial(request)):
                return ["explicit", place, *found]
        return None

    def unguarded(self, request):
        allowed = self.alone or all(guardrail.permission(request) for guardrail in self.guardrails)
        return None if allowed else ["missing", "guardrail"]

    def combined(self, request):
        word, where = self.resource.word(request)
        shown = {"resource": where, "word": word}
        way = self.way(word)
        if way == "no":
            return self.granted(request) or ["missing", "resource"]
        if self.mode == "beside" and self.same and way == "own":
            shown = {}
        reason = self.walk(way, request, shown)
        return self.granted(request) or reason if reason[0] == "missing" else reason

    def way(self, word):
        """What the combination table asks for: yes, limits, own or no."""
        if self.alone:
            return "yes" if word == "direct" else "no"
        if self.mode == "none":
            return "own" if self.same else "no"
        if not self.same:
            return "own" if word else "no"
        otherwise = "own" if self.mode == "beside" else "no"
        return {"direct": "yes", "role": "limits", "account": "own"}.get(word, otherwise)

    def walk(self, way, request, shown):
        """Asks the caller's own policies as far as `way` demands."""
        shown = dict(shown)
        for place in {"yes": (), "limits": PLACES[3:], "own": PLACES[2:]}[way]:
            if self.unlimited(place):
                continue
            shown[place] = getattr(self, place).permission(request)
            if not shown[place]:
                return ["missing", place]
        shown["guardrail"] = self.last_guardrail(request)
        return ["allow", {name: shown.get(name) for name in (*PLACES, "word", "grant")}]

    def unlimited(self, place):
        return self.caller["kind"] == "root" if place == "identity" else getattr(self, place) is None

    def last_guardrail(self, request):
        if self.alone or not self.guardrails:
            return None
        return [len(self.guardrails) - 1, self.guardrails[-1].permission(request)[1]]

    def granted(self, request):
        reason = None
        for number, grant in enumerate(self.case["grants"]):
            reason = self.walk(self.grant_way(grant), request, {"grant": number})
            if reason[0] == "allow":
                return reason
        return reason

    def grant_way(self, grant):
        if self.alone:
            return "yes"
        if self.same or grant["issuer"] == self.caller["account"]:
            return {"direct": "yes", "role": "limits", "account": "own"}[grant["speaks"]]
        return "own"


def case_grammar(case):
    return case["resource"].get("grammar", "key")


def numbered(case):
    """The documents of a case, each with its number and its place."""
    resource, boundary = case["resource"].get("policy"), case.get("boundary")
    lists = {
        "guardrail": case["guardrails"],
        "resource": [] if resource is None else [resource],
        "identity": case["identity"],
        "boundary": [] if boundary is None else [boundary],
        "session": case.get("session") or [],
    }
    placed = [(place, text) for place in PLACES for text in lists[place]]
    return [(number, place, text) for number, (place, text) in enumerate(placed)]


def context_of(values):
    return {key.lower(): (False, (value["one"],)) if "one" in value else (True, tuple(value["many"])) for key, value in values.items()}


def answer(case):
    """The answer to a case: the numbers of refused documents, and a decision for each request."""
    policies = PolicySet(case)
    if policies.refused:
        return {"refused": sorted(policies.refused), "decisions": []}
    requests = (Request(one["action"].lower(), one["resource"], context_of(one["context"])) for one in case["requests"])
    return {"refused": [], "decisions": [policies.decide(request) for request in requests]}
