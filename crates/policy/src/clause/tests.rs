use serde_json::{Value, json};

use super::Clause;
use crate::context::{Context, MapContext, Undetermined, Values};
use crate::policy::{Grammar, Policy};

/// The one condition of a policy with this block.
fn clause(block: &Value) -> Clause {
    let policy = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": block}});
    let policy = Policy::parse(&policy.to_string(), Grammar::Identity)
        .unwrap_or_else(|error| panic!("{error}: {block}"));
    let [statement] = policy.statements() else {
        panic!("one statement")
    };
    let [condition] = statement.conditions.as_slice() else {
        panic!("one condition")
    };
    Clause::new(condition, policy.version())
}

/// Null is an absent key, a text the value of a key that has one, a list those of one that can have several.
fn context(value: &Value) -> MapContext {
    let mut context = MapContext::default();
    context.set_one("aws:username", "al*ce");
    context.set_one("aws:someone", "arn:aws:iam::111122223333:user/al*ce");
    context.set_many("aws:TagKeys", vec!["one".into()]);
    match value {
        Value::String(text) => context.set_one("K:K", text),
        Value::Array(items) => {
            let items = items.iter().map(|item| item.as_str().unwrap().to_owned());
            context.set_many("K:K", items.collect());
        }
        _ => {}
    }
    context
}

/// Checks whether `operator` on these policy values holds of the request's value.
fn check(operator: &str, policy: &Value, request: &Value, holds: bool) {
    let block = json!({operator: {"k:K": policy}});
    let found = clause(&block).holds(&context(request));
    assert_eq!(found, Ok(holds), "{operator} {policy} {request}");
}

#[test]
fn absent_keys() {
    for (operator, holds) in [
        ("StringEquals", false),
        ("StringLike", false),
        ("StringEqualsIfExists", true),
        ("StringNotEquals", true),
        ("StringNotEqualsIfExists", true),
        ("StringNotLike", true),
        ("StringNotEqualsIgnoreCase", true),
        ("ForAllValues:StringEquals", true),
        ("ForAllValues:StringNotEquals", true),
        ("ForAllValues:StringEqualsIfExists", true),
        ("ForAnyValue:StringEquals", false),
        ("ForAnyValue:StringNotEquals", false),
        ("ForAnyValue:StringEqualsIfExists", true),
    ] {
        check(operator, &json!("x"), &json!(null), holds);
        check(operator, &json!("x"), &json!([]), holds);
    }
    for (operator, value, holds) in [
        ("NumericEquals", "1", false),
        ("NumericNotEquals", "1", true),
        ("NumericLessThanIfExists", "1", true),
        ("DateGreaterThan", "1", false),
        ("DateNotEquals", "1", true),
        ("Bool", "false", false),
        ("BoolIfExists", "true", true),
        ("BinaryEquals", "QQ==", false),
        ("IpAddress", "10.0.0.0/8", false),
        ("NotIpAddress", "10.0.0.0/8", true),
        ("ArnEquals", "arn:*:*:*:*:*", false),
        ("ArnNotLike", "arn:*:*:*:*:*", true),
        ("ArnNotEquals", "arn:*:*:*:*:*", true),
    ] {
        check(operator, &json!(value), &json!(null), holds);
    }
}

#[test]
fn empty_texts_are_absent_to_set_operators_and_null_only() {
    for empty in [json!(""), json!([""]), json!(["", ""])] {
        check("ForAllValues:StringEquals", &json!("x"), &empty, true);
        check("ForAnyValue:StringEquals", &json!(["x", ""]), &empty, false);
        check("ForAnyValue:StringNotEquals", &json!("x"), &empty, false);
        check(
            "ForAnyValue:StringEqualsIfExists",
            &json!("x"),
            &empty,
            true,
        );
        check("Null", &json!("true"), &empty, true);
        check("Null", &json!(false), &empty, false);
    }
    check("StringEquals", &json!(""), &json!(""), true);
    check("StringEqualsIfExists", &json!("x"), &json!(""), false);
    check("StringNotEquals", &json!("x"), &json!(""), true);
    check(
        "ForAllValues:StringEquals",
        &json!("x"),
        &json!(["", "x"]),
        true,
    );
    check(
        "ForAnyValue:StringNotEquals",
        &json!("x"),
        &json!(["", "x"]),
        false,
    );
}

#[test]
fn null_asks_for_presence() {
    for (policy, absent, present) in [
        (json!("true"), true, false),
        (json!("false"), false, true),
        (json!(true), true, false),
        (json!(["true", "false"]), true, true),
    ] {
        check("Null", &policy, &json!(null), absent);
        check("Null", &policy, &json!([]), absent);
        check("Null", &policy, &json!("x"), present);
        check("Null", &policy, &json!(["x", "y"]), present);
        check("Null", &policy, &json!(["", "y"]), present);
    }
}

#[test]
fn several_values_without_a_set_operator_never_hold() {
    for several in [json!(["x"]), json!(["x", "y"]), json!([""])] {
        for operator in [
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIfExists",
            "StringNotEqualsIfExists",
            "StringLike",
        ] {
            check(operator, &json!(["x", "y", ""]), &several, false);
            check(operator, &json!("z"), &several, false);
        }
    }
    check("NotIpAddress", &json!("10.0.0.0/8"), &json!(["::1"]), false);
}

#[test]
fn set_operators() {
    for (operator, policy, request, holds) in [
        (
            "ForAllValues:StringEquals",
            json!(["a", "b"]),
            json!(["a", "b", "a"]),
            true,
        ),
        (
            "ForAllValues:StringEquals",
            json!(["a", "b"]),
            json!(["a", "c"]),
            false,
        ),
        ("ForAllValues:StringEquals", json!("a"), json!("a"), true),
        (
            "ForAllValues:StringNotEquals",
            json!(["a", "b"]),
            json!(["c", "d"]),
            true,
        ),
        (
            "ForAllValues:StringNotEquals",
            json!(["a", "b"]),
            json!(["c", "a"]),
            false,
        ),
        (
            "ForAnyValue:StringEquals",
            json!(["a", "b"]),
            json!(["c", "b"]),
            true,
        ),
        (
            "ForAnyValue:StringEquals",
            json!(["a", "b"]),
            json!(["c", "d"]),
            false,
        ),
        (
            "ForAnyValue:StringNotEquals",
            json!(["a", "b"]),
            json!(["a", "c"]),
            true,
        ),
        (
            "ForAnyValue:StringNotEquals",
            json!(["a", "b"]),
            json!(["a", "b"]),
            false,
        ),
        (
            "ForAnyValue:StringLike",
            json!("k*"),
            json!(["a", "kk"]),
            true,
        ),
        (
            "ForAnyValue:NumericLessThan",
            json!(5),
            json!(["9", "4"]),
            true,
        ),
        (
            "ForAllValues:Bool",
            json!(true),
            json!(["true", "x"]),
            false,
        ),
    ] {
        check(operator, &policy, &request, holds);
    }
}

#[test]
fn strings() {
    for (operator, policy, request, holds) in [
        ("StringEquals", json!("a"), "a", true),
        ("StringEquals", json!("a"), "A", false),
        ("StringEquals", json!("a*"), "ab", false),
        ("StringEquals", json!(["a", "b"]), "b", true),
        ("StringEquals", json!(1), "1", true),
        ("StringEquals", json!(true), "true", true),
        ("StringEquals", json!(1.0), "1", false),
        ("StringNotEquals", json!(["a", "b"]), "b", false),
        ("StringNotEquals", json!(["a", "b"]), "c", true),
        ("StringEqualsIgnoreCase", json!("\u{c9}"), "\u{e9}", true),
        ("StringEqualsIgnoreCase", json!("k"), "\u{212a}", true),
        ("StringEqualsIgnoreCase", json!("\u{df}"), "\u{1e9e}", true),
        (
            "StringEqualsIgnoreCase",
            json!("${aws:none, '\u{df}'}"),
            "\u{1e9e}",
            true,
        ),
        ("StringEqualsIgnoreCase", json!("I"), "\u{131}", false),
        ("StringEqualsIgnoreCase", json!("s"), "\u{17f}", false),
        ("StringEqualsIgnoreCase", json!("SS"), "\u{df}", false),
        ("StringNotEqualsIgnoreCase", json!("Ab"), "aB", false),
        ("StringLike", json!("a*c"), "a/b:c", true),
        ("StringLike", json!("A*"), "ab", false),
        ("StringLike", json!("a?c"), "abc", true),
        ("StringLike", json!("a?c"), "ac", false),
        ("StringNotLike", json!("a*"), "ab", false),
        ("StringLike", json!("${aws:username}"), "al*ce", true),
        ("StringLike", json!("${aws:username}"), "alice", false),
        ("StringEquals", json!("${aws:UserName}"), "al*ce", true),
        (
            "StringEqualsIgnoreCase",
            json!("${aws:UserName}!"),
            "AL*CE!",
            true,
        ),
        ("StringEquals", json!("${aws:none}"), "", false),
        ("StringNotEquals", json!("${aws:none}"), "x", true),
        ("StringNotLike", json!("${aws:TagKeys}*"), "one", true),
        ("StringEquals", json!(["${aws:none}", "x"]), "x", true),
    ] {
        check(operator, &policy, &json!(request), holds);
    }
}

#[test]
fn typed_values() {
    for (operator, policy, request, holds) in [
        ("NumericEquals", json!("1"), "01", true),
        ("NumericEquals", json!(1), "+1", true),
        ("NumericEquals", json!(1), "1.0", true),
        ("NumericEquals", json!("1e0"), "1", true),
        ("NumericEquals", json!(1), "", false),
        ("NumericEquals", json!(1), "NaN", false),
        ("NumericNotEquals", json!(1), "NaN", true),
        ("NumericNotEquals", json!(1), "Infinity", true),
        ("NumericNotEquals", json!(1), "", true),
        ("NumericNotEquals", json!([1, 2]), "2.0", false),
        ("NumericLessThan", json!(5), "x", false),
        ("NumericLessThan", json!(5), "5", false),
        ("NumericLessThanEquals", json!(5), "5", true),
        ("NumericGreaterThan", json!([9, 5]), "6", true),
        ("NumericGreaterThanEquals", json!(-5), "-5", true),
        ("DateEquals", json!("1970-01-01T00:00:10Z"), "10", true),
        ("DateEquals", json!("1970-01-01"), "x", false),
        ("DateNotEquals", json!("1970-01-01"), "x", true),
        (
            "DateLessThan",
            json!("2026-01-01"),
            "2025-12-31T23:59:59.999Z",
            true,
        ),
        (
            "DateLessThanEquals",
            json!("2026-01-01"),
            "2026-01-01T01:00+01:00",
            true,
        ),
        (
            "DateGreaterThan",
            json!("2026-01-01"),
            "2026-01-01T00:00Z",
            false,
        ),
        ("DateGreaterThanEquals", json!(0), "1970-01-01", true),
        ("Bool", json!("TRUE"), "true", true),
        ("Bool", json!(true), "false", false),
        ("Bool", json!(true), "1", false),
        ("BinaryEquals", json!("QUJD"), "QUJD", true),
        ("BinaryEquals", json!("QUJD"), "qujd", false),
        ("BinaryEquals", json!("QUJD"), "ABC", false),
        ("IpAddress", json!(["10.0.0.0/8", "::1"]), "::1", true),
        ("IpAddress", json!("10.0.0.0/8"), "x", false),
        ("NotIpAddress", json!("10.0.0.0/8"), "10.1.1.1", false),
        ("NotIpAddress", json!("10.0.0.0/8"), "x", true),
        ("NotIpAddress", json!("10.0.0.0/8"), "2001:db8::1", true),
    ] {
        check(operator, &policy, &json!(request), holds);
    }
}

#[test]
fn arns() {
    for (policy, request, holds) in [
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/c/d:e", true),
        ("arn:aws:s3:*:*:b", "arn:aws:s3:::b", true),
        ("arn:aws:s3:::B", "arn:aws:s3:::b", false),
        ("arn:AWS:s3:::b", "arn:aws:s3:::b", false),
        ("arn:a*:?3:::b", "arn:aws:s3:::b", true),
        ("*:*:*:*:*:*", "arn:aws:s3:::b", true),
        ("*:*:*:*:*:*", "b", false),
        (
            "${aws:someone}",
            "arn:aws:iam::111122223333:user/al*ce",
            true,
        ),
        (
            "${aws:someone}",
            "arn:aws:iam::111122223333:user/alice",
            false,
        ),
        (
            "arn:aws:iam::*:user/${aws:username}",
            "arn:aws:iam::1:user/al*ce",
            true,
        ),
        (
            "arn:aws:iam::*:user/${aws:username}",
            "arn:aws:iam::1:user/alice",
            false,
        ),
        ("${aws:username}", "al*ce", false),
    ] {
        for (operator, negated) in [("ArnEquals", "ArnNotEquals"), ("ArnLike", "ArnNotLike")] {
            check(operator, &json!(policy), &json!(request), holds);
            check(negated, &json!(policy), &json!(request), !holds);
        }
    }
}

/// A context whose keys cannot be had.
struct Failing;

impl Context for Failing {
    fn values(&self, _: &str) -> Result<Values<'_>, Undetermined> {
        Err(Undetermined)
    }
}

#[test]
fn what_cannot_be_had_is_not_absent() {
    for operator in [
        "StringNotEquals",
        "StringEqualsIfExists",
        "ForAllValues:StringEquals",
    ] {
        let clause = clause(&json!({operator: {"k:k": "x"}}));
        assert_eq!(clause.holds(&Failing), Err(Undetermined), "{operator}");
    }
    let clause = clause(&json!({"Null": {"k:k": "true"}}));
    assert_eq!(clause.holds(&Failing), Err(Undetermined));
}
