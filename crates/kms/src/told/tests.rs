use std::collections::BTreeSet;
use std::fmt::Write as _;

use strongroom_audit::Value;
use strongroom_aws::json::{self, Json};
use strongroom_aws::query;
use strongroom_aws::shape::{Kind, Model, OperationModel};
use strongroom_aws::{cloudtrail, cloudwatch, iam, kms, sts};
use strongroom_base::UnixMillis;

use super::answers::{Answer, answer_of};
use super::{date, message, parameters};
use crate::call::Input;
use crate::ops::{OPS, Op, Service};

mod events;

const GOLDEN: &str = include_str!("tests/told_names.txt");
const GOLDEN_PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/told/tests/told_names.txt");
/// What stands in everything that must not be told, as text and as bytes.
const CANARY: &str = "CANARY";
const CANARY_BYTES: &str = "Q0FOQVJZ";

/// The shapes of `op`.
fn shapes(op: &Op) -> Option<&'static OperationModel> {
    let known = match op.service {
        Service::Kms => kms::OPERATIONS,
        Service::Sts => sts::OPERATIONS,
        Service::Iam => iam::OPERATIONS,
        Service::CloudTrail => cloudtrail::OPERATIONS,
        Service::CloudWatch => cloudwatch::OPERATIONS,
    };
    known.iter().find(|known| known.name == op.name)
}

/// Members that sound as if they opened something: where a page goes on, and whom a token is about.
const HARMLESS: &[&str] = &["NextToken", "SubjectFromWebIdentityToken"];

/// Whether a member with this name holds what opens something.
fn is_secret(name: &str) -> bool {
    let words = [
        "Assertion",
        "Credential",
        "Password",
        "Plaintext",
        "Secret",
        "Token",
    ];
    !HARMLESS.contains(&name) && words.iter().any(|word| name.contains(word))
}

/// A value with every member there is.
fn filled(model: &Model, name: &str) -> Json {
    let inner = if is_secret(name) { CANARY } else { "text" };
    match &model.kind {
        Kind::Text(..) => Json::String(inner.to_owned()),
        Kind::Enumeration(names) => Json::String(names[0].to_owned()),
        Kind::Blob(..) => Json::String(CANARY_BYTES.to_owned()),
        Kind::Integer(_) | Kind::Double | Kind::Timestamp => Json::Number("7".to_owned()),
        Kind::Boolean => Json::Bool(true),
        Kind::List(item, _) => Json::Array(vec![filled(item, name)]),
        Kind::Map(_, item) => Json::Object(vec![("key".to_owned(), filled(item, name))]),
        Kind::Structure(members) => {
            let members = members.iter();
            let filled = |member: &strongroom_aws::shape::Member| {
                (member.name.to_owned(), filled(member.model, member.name))
            };
            Json::Object(members.map(filled).collect())
        }
    }
}

fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            let dot = if path.is_empty() { "" } else { "." };
            paths(value, &format!("{path}{dot}{name}"), found);
        }),
        Value::List(items) => items
            .iter()
            .for_each(|item| paths(item, &format!("{path}[]"), found)),
        Value::Bool(_) | Value::Integer(_) | Value::Text(_) => {
            found.insert(path.to_owned());
        }
    }
}

fn names(model: &Model) -> String {
    let mut found = BTreeSet::new();
    paths(&parameters(model, &filled(model, "")), "", &mut found);
    found.into_iter().collect::<Vec<_>>().join(" ")
}

/// Whoever adds a member decides here whether it is told.
#[test]
fn what_is_told_was_decided() {
    let mut told = String::new();
    for op in OPS {
        let Some(shapes) = shapes(op) else { continue };
        let (service, name) = (op.service.name(), op.name);
        writeln!(told, "{service}:{name} asks {}", names(shapes.input)).unwrap();
        match answer_of(op) {
            Answer::Untold => {}
            Answer::Noted => {
                writeln!(told, "{service}:{name} answers {}", names(shapes.output)).unwrap();
            }
            answer => writeln!(told, "{service}:{name} answers keyId ({answer:?})").unwrap(),
        }
    }
    if std::env::var_os("STRONGROOM_DECIDE_TOLD").is_some() {
        std::fs::write(GOLDEN_PATH, &told).unwrap();
        return;
    }
    for (told, decided) in told.lines().zip(GOLDEN.lines()) {
        assert_eq!(
            told, decided,
            "decide with STRONGROOM_DECIDE_TOLD=1 and read the diff"
        );
    }
    assert_eq!(told.lines().count(), GOLDEN.lines().count());
}

#[test]
fn nothing_secret_is_told_of_any_operation() {
    for model in [
        kms::OPERATIONS,
        sts::OPERATIONS,
        iam::OPERATIONS,
        cloudtrail::OPERATIONS,
        cloudwatch::OPERATIONS,
    ]
    .into_iter()
    .flatten()
    {
        for shape in [model.input, model.output] {
            let told = parameters(shape, &filled(shape, ""));
            let told = format!("{told:?}");
            assert!(!told.contains(CANARY), "{}: {told}", model.name);
            assert!(!told.contains(CANARY_BYTES), "{}: {told}", model.name);
        }
    }
}

#[test]
fn what_no_shape_has_is_not_told() {
    let encrypt = kms::OPERATIONS.iter().find(|model| model.name == "Encrypt");
    let input = Json::Object(vec![
        ("KeyId".to_owned(), Json::String("k".to_owned())),
        ("Plain".to_owned(), Json::String(CANARY.to_owned())),
        ("GrantTokens".to_owned(), Json::Null),
    ]);
    let told = parameters(encrypt.unwrap().input, &input);
    assert_eq!(told, Value::texts([("keyId", "k")]));
}

#[test]
fn texts_of_refusals_repeat_nothing_that_is_withheld() {
    let (one, other) = (format!("{CANARY}-{:20}", 1), format!("{CANARY}-{:20}", 2));
    let input = json::parse(
        format!(r#"{{"KeyId": "k", "GrantTokens": ["{one}", "{other}", "short"], "At": {{"GrantToken": "{one}"}}}}"#)
            .as_bytes(),
    );
    let input = Input::Json(input.unwrap());
    let told = message(
        &input,
        format!("Value '[{one}, {other}, short]' at 'k' is {one}"),
    );
    assert_eq!(told, "Value '[***, ***, short]' at 'k' is ***");
    let form = query::parse(b"Action=A&Version=1").unwrap();
    assert_eq!(message(&Input::Form(form), "text".to_owned()), "text");
}

#[test]
fn every_answer_that_is_told_is_of_an_operation() {
    let told = OPS.iter().filter(|op| answer_of(op) != Answer::Untold);
    assert_eq!(told.count(), super::answers::ANSWERS.len());
}

#[test]
fn dates_are_those_of_java() {
    let check = |millis, wanted: &str| assert_eq!(date(UnixMillis(millis)), wanted.into());
    check(1_789_194_117_999, "Sep 12, 2026, 6:21:57 AM");
    check(0, "Jan 1, 1970, 12:00:00 AM");
    check(43_200_000, "Jan 1, 1970, 12:00:00 PM");
    check(i64::MAX, "");
}
