use serde_json::{Value, json};
use strongroom_aws::json;
use strongroom_aws::kms::CreateGrantRequest;
use strongroom_aws::shape;

use super::Wanted;
use crate::records::{GrantOperation, GrantParty, GrantTerms};

/// The terms of a grant with these constraints, as CreateGrant has them.
fn terms(operations: &[GrantOperation], constraints: &Value) -> GrantTerms {
    let context = |member: &str| {
        let pairs = constraints.get(member)?.as_object()?.iter();
        let text = |(key, value): (&String, &Value)| (key.clone(), value.as_str().unwrap().into());
        Some(pairs.map(text).collect())
    };
    let source = constraints.get("SourceArn");
    GrantTerms {
        issuer: "000000000000".parse().unwrap(),
        name: None,
        grantee: GrantParty::Service("a.b.c".into()),
        retiring: None,
        operations: operations.to_vec(),
        context_equals: context("EncryptionContextEquals"),
        context_subset: context("EncryptionContextSubset"),
        source_arn: source.map(|source| source.as_str().unwrap().into()),
    }
}

fn equals(pairs: Value) -> Value {
    json!({"EncryptionContextEquals": pairs})
}

fn subset(pairs: Value) -> Value {
    json!({"EncryptionContextSubset": pairs})
}

const BUCKET: &str = "arn:aws:s3::000000000000:bucket";

fn source(arn: &str) -> Value {
    json!({"SourceArn": arn})
}

type Pair = (&'static str, &'static str);

#[test]
fn a_request_keeps_to_the_context_of_a_grant_or_is_not_permitted() {
    let check = |constraints: &Value, context: &[Pair], expected: bool| {
        let terms = terms(&[GrantOperation::Encrypt], constraints);
        let wanted = Wanted {
            operation: GrantOperation::Encrypt,
            context,
            source_arn: None,
            child: None,
        };
        let found = wanted.is_permitted_by(&terms);
        assert_eq!(found, expected, "{constraints} {context:?}");
    };
    let both = json!({
        "EncryptionContextEquals": {"a": "1", "b": "2"},
        "EncryptionContextSubset": {"a": "2"},
    });
    let table: [(Value, &[Pair], bool); 22] = [
        (json!({}), &[], true),
        (json!({}), &[("a", "1")], true),
        (json!({}), &[("a", "1"), ("A", "1")], true),
        (equals(json!({"a": "1"})), &[("a", "1")], true),
        (equals(json!({"Dept": "IT"})), &[("dEPT", "IT")], true),
        (equals(json!({"Dept": "IT"})), &[("Dept", "it")], false),
        (equals(json!({"a": "1"})), &[("a", "1"), ("b", "2")], false),
        (equals(json!({"a": "1"})), &[], false),
        (equals(json!({"a": "1"})), &[("b", "1")], false),
        (equals(json!({})), &[], true),
        (equals(json!({})), &[("a", "1")], false),
        (equals(json!({"a": "1"})), &[("a", "1"), ("A", "1")], false),
        (
            equals(json!({"a": "1", "A": "1"})),
            &[("a", "1"), ("A", "1")],
            false,
        ),
        (subset(json!({"a": "1"})), &[("a", "1")], true),
        (subset(json!({"a": "1"})), &[("b", "2"), ("A", "1")], true),
        (subset(json!({"a": "1"})), &[("b", "1")], false),
        (subset(json!({"a": "1"})), &[("a", "1 ")], false),
        (subset(json!({"a": "1"})), &[("a", "1"), ("A", "2")], false),
        (subset(json!({"a": "1"})), &[], false),
        (subset(json!({})), &[("b", "1")], true),
        (subset(json!({"ä": "1"})), &[("Ä", "1")], true),
        (both, &[("a", "1"), ("b", "2")], false),
    ];
    for (constraints, context, expected) in table {
        check(&constraints, context, expected);
    }
}

#[test]
fn only_operations_with_a_context_are_held_to_one() {
    let constraints = equals(json!({"a": "1"}));
    let all = strongroom_aws::kms::GrantOperation::ALL.iter();
    let all: Vec<GrantOperation> = all.copied().map(GrantOperation::from).collect();
    let terms = terms(&all, &constraints);
    for operation in all {
        let wanted = Wanted {
            operation,
            context: &[],
            source_arn: None,
            child: None,
        };
        let is_free = [
            GrantOperation::DescribeKey,
            GrantOperation::GetPublicKey,
            GrantOperation::RetireGrant,
        ]
        .contains(&operation);
        assert_eq!(wanted.is_permitted_by(&terms), is_free, "{operation:?}");
    }
}

#[test]
fn the_source_counts_for_every_operation() {
    for operation in [GrantOperation::DescribeKey, GrantOperation::Encrypt] {
        let terms = terms(&[operation], &source(BUCKET));
        for (source_arn, expected) in [
            (None, false),
            (Some(BUCKET), true),
            (Some("arn:aws:s3::000000000000:Bucket"), false),
            (Some("*"), false),
        ] {
            let wanted = Wanted {
                operation,
                context: &[],
                source_arn,
                child: None,
            };
            assert_eq!(wanted.is_permitted_by(&terms), expected, "{source_arn:?}");
        }
    }
    let terms = terms(
        &[GrantOperation::Encrypt],
        &source("arn:aws:s3::000000000000:*"),
    );
    let wanted = Wanted {
        operation: GrantOperation::Encrypt,
        context: &[],
        source_arn: Some(BUCKET),
        child: None,
    };
    assert!(!wanted.is_permitted_by(&terms), "a pattern is no pattern");
}

fn child(operations: &Value, constraints: &Value) -> CreateGrantRequest {
    let mut request = json!({
        "KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab",
        "GranteePrincipal": "arn:aws:iam::000000000000:root",
        "Operations": operations,
    });
    if *constraints != json!({}) {
        request["Constraints"] = constraints.clone();
    }
    let input = json::parse(request.to_string().as_bytes()).ok().unwrap();
    shape::decode_json(&input).ok().unwrap()
}

fn is_made_under(parent: &GrantTerms, request: &CreateGrantRequest) -> bool {
    let wanted = Wanted {
        operation: GrantOperation::CreateGrant,
        context: &[],
        source_arn: None,
        child: Some(request),
    };
    wanted.is_permitted_by(parent)
}

#[test]
fn a_child_has_no_operation_that_its_parent_has_not() {
    let parent = [GrantOperation::CreateGrant, GrantOperation::Encrypt];
    for (operations, expected) in [
        (json!(["Encrypt"]), true),
        (json!(["CreateGrant", "Encrypt"]), true),
        (json!(["Encrypt", "Decrypt"]), false),
        (json!(["RetireGrant"]), false),
    ] {
        let request = child(&operations, &json!({}));
        let found = is_made_under(&terms(&parent, &json!({})), &request);
        assert_eq!(found, expected, "{operations}");
        let powerless = terms(&[GrantOperation::Encrypt], &json!({}));
        assert!(!is_made_under(&powerless, &request));
    }
}

#[test]
fn a_child_is_as_strict_as_its_parent_or_stricter() {
    let one = || json!({"a": "1"});
    let two = || json!({"A": "1", "b": "2"});
    let both = json!({
        "EncryptionContextEquals": {"a": "1"},
        "EncryptionContextSubset": {"c": "3"},
    });
    let table = [
        (json!({}), json!({}), true),
        (json!({}), subset(one()), true),
        (json!({}), equals(one()), true),
        (json!({}), source(BUCKET), true),
        (subset(one()), json!({}), false),
        (subset(one()), subset(one()), true),
        (subset(one()), subset(two()), true),
        (subset(two()), subset(one()), false),
        (subset(one()), equals(two()), true),
        (subset(one()), equals(json!({"b": "2"})), false),
        (subset(one()), subset(json!({"a": "2"})), false),
        (subset(one()), subset(json!({"a": "1", "A": "1"})), false),
        (subset(one()), source(BUCKET), false),
        (equals(one()), equals(one()), true),
        (equals(one()), equals(json!({"A": "1"})), true),
        (equals(one()), equals(two()), false),
        (equals(one()), subset(one()), false),
        (equals(one()), json!({}), false),
        (equals(one()), both.clone(), true),
        (both.clone(), equals(one()), false),
        (both.clone(), both, true),
        (source(BUCKET), source(BUCKET), true),
        (source(BUCKET), json!({}), false),
        (source(BUCKET), source("arn:aws:s3::000000000000:*"), false),
    ];
    for (parent, own, expected) in table {
        let operations = [GrantOperation::CreateGrant, GrantOperation::Encrypt];
        let request = child(&json!(["Encrypt"]), &own);
        // The source of a parent is also one of the request that makes the child.
        let wanted = Wanted {
            operation: GrantOperation::CreateGrant,
            context: &[],
            source_arn: Some(BUCKET),
            child: Some(&request),
        };
        let found = wanted.is_permitted_by(&terms(&operations, &parent));
        assert_eq!(found, expected, "{parent} {own}");
    }
}
