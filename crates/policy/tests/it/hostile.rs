//! Policies as large and nested as they may be: what would take exponential time or unbounded memory would
//! not end.

use serde_json::{Value, json};
use strongroom_base::id::AccountId;
use strongroom_policy::{
    Caller, CallerKind, Case, CompiledPolicy, Grammar, MapContext, Policy, Resource,
    ResourcePolicy, decide,
};

/// Whether a user with this statement as its only policy may do this.
fn allows(statement: &Value, action: &str, arn: &str, context: &MapContext) -> bool {
    let policy = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let policy = Policy::parse(&policy, Grammar::Identity).unwrap();
    let account: AccountId = "111122223333".parse().unwrap();
    let caller = Caller {
        account,
        arn: "arn:aws:iam::111122223333:user/a",
        kind: CallerKind::User {
            id: "AIDACKCEVSQ6C2EXAMPLE",
        },
    };
    let decision = decide(&Case {
        action,
        resource: Resource {
            arn: Some(arn),
            owner: account,
        },
        caller: &caller,
        context,
        guardrails: &[],
        resource_policy: ResourcePolicy::None,
        identity: &[&CompiledPolicy::new(&policy)],
        boundary: None,
        session: None,
        grants: &[],
    });
    decision.is_allowed()
}

#[test]
fn star_after_star_is_not_exponential() {
    let stars = "*a".repeat(500);
    let text = "a".repeat(2000);
    let mut context = MapContext::new();
    context.set_one("k:k", text.clone());
    context.set_one("k:star", "*a".repeat(200));
    let arn = format!("arn:aws:s3:::{text}");
    let action = format!("s3:{text}");
    let with = |end: &str| {
        [
            json!({"Effect": "Allow", "Action": format!("s3:{stars}*{end}"), "Resource": "*"}),
            json!({"Effect": "Allow", "Action": "*", "Resource": format!("arn:aws:s3:::{stars}*{end}")}),
            json!({"Effect": "Allow", "Action": "*", "Resource": "*",
                "Condition": {"StringLike": {"k:k": format!("{stars}*{end}")}}}),
            json!({"Effect": "Allow", "Action": "*", "Resource": "*",
                "Condition": {"ArnLike": {"k:arn": format!("*:*:*:*:*:{stars}${{k:none, ''}}*{end}")}}}),
        ]
    };
    context.set_one("k:arn", arn.clone());
    for statement in with("b") {
        assert!(!allows(&statement, &action, &arn, &context));
    }
    for statement in with("") {
        assert!(allows(&statement, &action, &arn, &context));
    }
}

#[test]
fn many_variables_with_long_values_are_not_put_together() {
    let mut context = MapContext::new();
    context.set_one("k:long", "x".repeat(100_000));
    let many = "${k:long}".repeat(10_000);
    let statement =
        json!({"Effect": "Allow", "Action": "*", "Resource": format!("arn:aws:s3:::{many}")});
    assert!(!allows(
        &statement,
        "s3:GetObject",
        "arn:aws:s3:::x",
        &context
    ));
}

#[test]
fn depth_and_size_are_bounded() {
    for open in ["[", "{\"a\":"] {
        let deep = open.repeat(20_000);
        assert!(Policy::parse(&deep, Grammar::Identity).is_err());
    }
    let statement = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    let list = [statement; 2700].join(",");
    let policy = Policy::parse(&format!(r#"{{"Statement":[{list}]}}"#), Grammar::Identity).unwrap();
    assert_eq!(CompiledPolicy::new(&policy).statement_count(), 2700);
}
