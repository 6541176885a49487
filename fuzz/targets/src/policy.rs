//! Policy documents in every grammar: a policy that is taken is shown as one that decides the same, has as many places as
//! statements, and is decided without a panic for every kind of caller. A context that cannot be had allows nothing.

use strongroom_base::id::AccountId;
use strongroom_policy::{
    Caller, CallerKind, Case, CompiledPolicy, Context, Decision, Grammar, MapContext, Policy,
    Resource, ResourcePolicy, Undetermined, Values, counted_characters, decide, statement_places,
};

use crate::split::text;

const ACCOUNT: &str = "111122223333";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ACTIONS: &[&str] = &[
    "kms:Encrypt",
    "kms:CreateGrant",
    "sts:AssumeRole",
    "s3:GetObject",
];

pub(crate) fn run(data: &[u8]) {
    let Some(text) = text(data) else { return };
    for grammar in [Grammar::Identity, Grammar::Key, Grammar::Trust] {
        check(text, grammar);
    }
}

fn check(text: &str, grammar: Grammar) {
    let Ok(policy) = Policy::parse(text, grammar) else {
        return;
    };
    assert!(text.len() <= grammar.document_bytes_max());
    assert!(counted_characters(text) <= text.len());
    let compiled = CompiledPolicy::new(&policy);
    assert_eq!(compiled.statement_count(), policy.statements().len());
    let places = statement_places(text).expect("a policy has places");
    assert_eq!(places.len(), policy.statements().len());
    let _keys = policy.condition_keys();
    let shown = policy.to_pretty();
    // Shown with more white space, it may be too long to be taken again.
    let again = Policy::parse(&shown, grammar);
    if shown.len() > grammar.document_bytes_max() {
        return;
    }
    let again = again.expect("what is shown is a policy");
    assert_eq!(again.to_pretty(), shown);
    let again = CompiledPolicy::new(&again);
    for caller in callers() {
        for action in ACTIONS {
            let decided = decision(&compiled, grammar, &caller, action, &context());
            assert_eq!(
                decided,
                decision(&again, grammar, &caller, action, &context())
            );
            let unknown = decision(&compiled, grammar, &caller, action, &Failing);
            assert!(!unknown.is_allowed() || decided.is_allowed() || has_no_conditions(&policy));
        }
    }
}

fn has_no_conditions(policy: &Policy) -> bool {
    policy.condition_keys().is_empty()
}

fn callers() -> [Caller<'static>; 4] {
    let account: AccountId = ACCOUNT.parse().unwrap();
    let caller = |arn, kind| Caller { account, arn, kind };
    [
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
            "",
            CallerKind::Service {
                principal: "s3.amazonaws.com",
            },
        ),
    ]
}

fn context() -> MapContext {
    let mut context = MapContext::new();
    for (key, value) in [
        ("aws:SourceIp", "10.1.2.3"),
        ("aws:CurrentTime", "2026-11-22T00:00:00Z"),
        ("aws:username", "ann"),
        ("kms:ViaService", "s3.us-east-1.amazonaws.com"),
        ("kms:RotationPeriodInDays", "90"),
        ("aws:SecureTransport", "true"),
    ] {
        context.set_one(key, value);
    }
    context.set_many(
        "kms:EncryptionContextKeys",
        vec!["a".to_owned(), "b".to_owned()],
    );
    context
}

fn decision(
    policy: &CompiledPolicy,
    grammar: Grammar,
    caller: &Caller<'_>,
    action: &str,
    context: &dyn Context,
) -> Decision {
    let own = [policy];
    let (resource_policy, identity): (_, &[&CompiledPolicy]) = match grammar {
        Grammar::Identity => (ResourcePolicy::None, &own),
        Grammar::Key | Grammar::Trust => (ResourcePolicy::Sole(policy), &[]),
    };
    decide(&Case {
        action,
        resource: Resource {
            arn: Some(KEY),
            owner: ACCOUNT.parse().unwrap(),
        },
        caller,
        context,
        guardrails: &[],
        resource_policy,
        identity,
        boundary: None,
        session: None,
        grants: &[],
    })
}

/// A context none of whose keys can be had.
struct Failing;

impl Context for Failing {
    fn values(&self, _: &str) -> Result<Values<'_>, Undetermined> {
        Err(Undetermined)
    }
}
