//! A small world of callers, and policies and requests about it that meet often.

use std::borrow::Cow;

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, prop_oneof};
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};
use strongroom_base::id::AccountId;
use strongroom_policy::{
    Caller, CallerKind, Case, CompiledPolicy, Context, Decision, Grammar, GrantMatch, MapContext,
    Policy, Resource, ResourcePolicy, Undetermined, Values, Word, decide,
};

pub(crate) const HOME: &str = "111122223333";
const AWAY: &str = "444455556666";

fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn callers() -> Vec<Caller<'static>> {
    let caller = |arn, kind| Caller {
        account: id(HOME),
        arn,
        kind,
    };
    vec![
        caller("arn:aws:iam::111122223333:root", CallerKind::Root),
        caller(
            "arn:aws:iam::111122223333:user/ann",
            CallerKind::User {
                id: "AIDACKCEVSQ6C2EXAMPLE",
            },
        ),
        caller(
            "arn:aws:sts::111122223333:assumed-role/r/s",
            CallerKind::RoleSession {
                role_arn: "arn:aws:iam::111122223333:role/r",
                role_id: "AROACKCEVSQ6C2EXAMPLE",
                session_id: "AROACKCEVSQ6C2EXAMPLE:s",
            },
        ),
        caller(
            "arn:aws:sts::111122223333:federated-user/f",
            CallerKind::FederatedUser,
        ),
        caller(
            "",
            CallerKind::Service {
                principal: "s3.amazonaws.com",
            },
        ),
        caller(
            "",
            CallerKind::WebIdentity {
                provider: "accounts.example.com",
            },
        ),
    ]
}

const OPERATORS: &[(&str, &[&str])] = &[
    ("StringEquals", &["a", "${k:b}", "${k:none, 'a'}", "é"]),
    ("StringNotEqualsIgnoreCase", &["A", "b", "${k:many}"]),
    ("StringLike", &["*", "?", "a*b*", "${k:a}*"]),
    ("NumericLessThan", &["5", "1e400", "-.5"]),
    ("NumericNotEquals", &["1", "0"]),
    (
        "DateGreaterThanEquals",
        &["2026-01-01", "0", "1969-12-31T23:59:59.5Z"],
    ),
    ("Bool", &["true", "false"]),
    ("BinaryEquals", &["QQ==", ""]),
    ("IpAddress", &["10.0.0.0/8", "::/0"]),
    ("NotIpAddress", &["10.0.0.0/8"]),
    (
        "ArnLike",
        &["arn:*:*:*:*:*", "${k:a}", "a:b:c:d:e:${k:b}:f"],
    ),
    ("Null", &["true", "false"]),
];

const VALUES: &[&str] = &[
    "",
    "a",
    "A",
    "b",
    "*",
    "1",
    "-7e3",
    "true",
    "2026-11-22T00:00Z",
    "10.1.2.3",
    "::1",
    "QQ==",
    "arn:a:b:c:d:e",
    "é",
    "\u{212a}",
    "x\u{0}",
];

const KEYS: &[&str] = &["k:a", "K:B", "k:many", "k:none"];

fn condition() -> impl Strategy<Value = Value> {
    let operator = select(OPERATORS).prop_flat_map(|(name, values)| {
        let set = select(&["", "ForAnyValue:", "ForAllValues:"][..]);
        let suffix = select(&["", "IfExists"][..]);
        let count = 1..=values.len();
        (Just(name), set, suffix, subsequence(values.to_vec(), count))
    });
    (operator, select(KEYS)).prop_map(|((name, set, suffix, values), key)| {
        let operator = match name {
            "Null" => name.to_owned(),
            _ => format!("{set}{name}{suffix}"),
        };
        json!({operator: {key: values}})
    })
}

fn principal() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("*")),
        select(&["s3.amazonaws.com", "sns.amazonaws.com"][..])
            .prop_map(|name| json!({"Service": name})),
        Just(json!({"Federated": "accounts.example.com"})),
        subsequence(
            vec![
                HOME,
                AWAY,
                "arn:aws:iam::111122223333:root",
                "arn:aws:iam::111122223333:user/ann",
                "AIDACKCEVSQ6C2EXAMPLE",
                "arn:aws:iam::111122223333:role/r",
                "AROACKCEVSQ6C2EXAMPLE:s",
                "arn:aws:sts::111122223333:federated-user/f",
            ],
            1..4
        )
        .prop_map(|names| json!({"AWS": names})),
    ]
}

const ACTIONS: &[&str] = &[
    "*",
    "kms:*",
    "KMS:encrypt",
    "kms:De*",
    "s3:*",
    "*:*",
    "kms:*c*t",
];

const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:kms:*:*:key/*",
    "arn:aws:kms:us-east-1:111122223333:key/a*a*b",
    "arn:aws:kms:us-east-1:111122223333:${k:a}",
    "arn:AWS:kms:*:1*:key/${k:b, 'x'}*",
];

/// A statement of this grammar.
fn statement(grammar: Grammar) -> BoxedStrategy<Value> {
    let parts = (
        select(&["Allow", "Allow", "Deny"][..]),
        select(&["Action", "Action", "NotAction"][..]),
        vec(select(ACTIONS), 1..3),
        select(&["Resource", "Resource", "NotResource"][..]),
        vec(select(RESOURCES), 1..3),
        proptest::option::weighted(0.4, condition()),
        (
            select(&["Principal", "Principal", "NotPrincipal"][..]),
            principal(),
        ),
    );
    parts
        .prop_map(
            move |(effect, action, actions, resource, resources, condition, principal)| {
                let mut statement = json!({"Effect": effect, action: actions});
                if grammar != Grammar::Trust {
                    statement[resource] = json!(resources);
                }
                if grammar != Grammar::Identity {
                    statement[principal.0] = principal.1;
                }
                if let Some(condition) = condition {
                    statement["Condition"] = condition;
                }
                statement
            },
        )
        .boxed()
}

/// The statements of a policy of this grammar.
fn statements(grammar: Grammar) -> impl Strategy<Value = Vec<Value>> {
    vec(statement(grammar), 1..4)
}

/// The text of the policy of these statements.
pub(crate) fn document(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// The statements of every policy of a case, and the rest of it by indices.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) guardrails: Vec<Vec<Value>>,
    pub(crate) resource: Vec<Value>,
    pub(crate) identity: Vec<Vec<Value>>,
    pub(crate) boundary: Option<Vec<Value>>,
    pub(crate) session: Option<Vec<Vec<Value>>>,
    caller: usize,
    mode: usize,
    owner: &'static str,
    action: &'static str,
    arn: Option<&'static str>,
    grants: Vec<(Word, &'static str)>,
    keys: Vec<(&'static str, Vec<&'static str>)>,
}

/// A scene whose policies are read back from their pretty texts or not.
#[derive(Clone, Copy)]
pub(crate) enum Reading {
    AsWritten,
    AsShown,
}

pub(crate) fn scene() -> impl Strategy<Value = Scene> {
    let own = || vec(statements(Grammar::Identity), 0..3);
    let policies = (
        vec(statements(Grammar::Identity), 0..2),
        statements(Grammar::Key),
        own(),
        proptest::option::of(statements(Grammar::Identity)),
        proptest::option::of(own()),
    );
    let words = select(&[Word::Direct, Word::Role, Word::Account][..]);
    let request = (
        (0..6_usize, 0..3_usize, select(&[HOME, AWAY][..])),
        select(&["kms:Encrypt", "kms:Decrypt", "s3:GetObject"][..]),
        select(
            &[
                Some("arn:aws:kms:us-east-1:111122223333:key/ab"),
                Some("arn:aws:kms:us-east-1:111122223333:a"),
                None,
            ][..],
        ),
        vec((words, select(&[HOME, AWAY][..])), 0..3),
        vec((select(KEYS), vec(select(VALUES), 0..3)), 0..5),
    );
    (policies, request).prop_map(
        |(policies, ((caller, mode, owner), action, arn, grants, keys))| {
            let (guardrails, resource, identity, boundary, session) = policies;
            Scene {
                guardrails,
                resource,
                identity,
                boundary,
                session,
                caller,
                mode,
                owner,
                action,
                arn,
                grants,
                keys,
            }
        },
    )
}

impl Scene {
    fn context(&self) -> MapContext {
        let mut context = MapContext::new();
        for (key, values) in &self.keys {
            match (*key, values.as_slice()) {
                ("k:many", values) => {
                    context.set_many(key, values.iter().map(ToString::to_string).collect());
                }
                (key, [one, ..]) => context.set_one(key, *one),
                _ => {}
            }
        }
        context
    }

    pub(crate) fn decide(&self, reading: Reading) -> Decision {
        self.decide_in(reading, &self.context())
    }

    pub(crate) fn decide_in(&self, reading: Reading, context: &dyn Context) -> Decision {
        let compile = |statements: &Vec<Value>| compile(statements, Grammar::Identity, reading);
        let guardrails: Vec<_> = self.guardrails.iter().map(compile).collect();
        let identity: Vec<_> = self.identity.iter().map(compile).collect();
        let boundary = self.boundary.as_ref().map(compile);
        let session: Option<Vec<_>> = self
            .session
            .as_ref()
            .map(|all| all.iter().map(compile).collect());
        let resource = self::compile(&self.resource, Grammar::Key, reading);
        let session = session.as_deref().map(references);
        let grants = self.grants.iter().map(|(speaks, issuer)| GrantMatch {
            speaks: *speaks,
            issuer: id(issuer),
        });
        decide(&Case {
            action: self.action,
            resource: Resource {
                arn: self.arn,
                owner: id(self.owner),
            },
            caller: &callers()[self.caller],
            context,
            guardrails: &references(&guardrails),
            resource_policy: [
                ResourcePolicy::None,
                ResourcePolicy::Sole(&resource),
                ResourcePolicy::Beside(&resource),
            ][self.mode],
            identity: &references(&identity),
            boundary: boundary.as_ref(),
            session: session.as_deref(),
            grants: &grants.collect::<Vec<_>>(),
        })
    }
}

fn compile(statements: &[Value], grammar: Grammar, reading: Reading) -> CompiledPolicy {
    let text = document(statements);
    let policy = Policy::parse(&text, grammar).unwrap_or_else(|error| panic!("{error}: {text}"));
    match reading {
        Reading::AsWritten => CompiledPolicy::new(&policy),
        Reading::AsShown => {
            CompiledPolicy::new(&Policy::parse(&policy.to_pretty(), grammar).unwrap())
        }
    }
}

fn references(policies: &[CompiledPolicy]) -> Vec<&CompiledPolicy> {
    policies.iter().collect()
}

/// A context none of whose keys can be had.
pub(crate) struct Failing;

impl Context for Failing {
    fn values(&self, _: &str) -> Result<Values<'_>, Undetermined> {
        Err(Undetermined)
    }
}

/// A context that answers each key with the same text.
pub(crate) struct Same(pub(crate) String);

impl Context for Same {
    fn values(&self, key: &str) -> Result<Values<'_>, Undetermined> {
        Ok(match key {
            "k:many" => Values::Many(vec![Cow::Borrowed(&self.0); 2]),
            _ => Values::One(Cow::Borrowed(&self.0)),
        })
    }
}
