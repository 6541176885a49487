//! The plainest decision there is: of one statement of a user's own, on one action.

use serde_json::{Value, json};
use strongroom_base::id::AccountId;
use strongroom_policy::{
    Caller, CallerKind, Case, CompiledPolicy, Grammar, MapContext, Policy, Resource,
    ResourcePolicy, decide,
};

/// Whether `statement` allows a user `s3:GetObject` on `arn` while `k:k` is `value`; nothing of what is no policy. The
/// version is the old one, which has no variables.
pub(crate) fn allows_user(statement: &Value, arn: &str, value: &str) -> Option<bool> {
    let document = json!({"Version": "2008-10-17", "Statement": [statement]}).to_string();
    let policy = CompiledPolicy::new(&Policy::parse(&document, Grammar::Identity).ok()?);
    let account: AccountId = "111122223333".parse().unwrap();
    let mut context = MapContext::new();
    context.set_one("k:k", value);
    let decision = decide(&Case {
        action: "s3:GetObject",
        resource: Resource {
            arn: Some(arn),
            owner: account,
        },
        caller: &Caller {
            account,
            arn: "arn:aws:iam::111122223333:user/ann",
            kind: CallerKind::User {
                id: "AIDACKCEVSQ6C2EXAMPLE",
            },
        },
        context: &context,
        guardrails: &[],
        resource_policy: ResourcePolicy::None,
        identity: &[&policy],
        boundary: None,
        session: None,
        grants: &[],
    });
    Some(decision.is_allowed())
}
