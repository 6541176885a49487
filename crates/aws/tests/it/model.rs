//! Our shapes are those of botocore 1.44.5 (extracted by conformance/extract_model.py), and hold no
//! member, limit or value more or less.

use std::collections::BTreeMap;

use serde::Deserialize;
use strongroom_aws::error::{KmsException, Origin};
use strongroom_aws::kms::OPERATIONS;
use strongroom_aws::shape::{Bounds, Kind, Model, Presence, Sensitivity};

/// The operations of the KMS API, version 2014-11-01, in botocore 1.44.5.
const OPERATION_COUNT: usize = 56;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Extract {
    operations: BTreeMap<String, Operation>,
    errors: BTreeMap<String, u16>,
    shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operation {
    input: String,
    output: Option<String>,
}

/// A shape of botocore, or one of ours written in its words.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
struct Shape {
    r#type: String,
    min: Option<i64>,
    max: Option<i64>,
    pattern: Option<String>,
    r#enum: Vec<String>,
    sensitive: bool,
    required: Vec<String>,
    member: Option<String>,
    key: Option<String>,
    value: Option<String>,
    members: Members,
}

/// Names and shapes of members, in their order.
#[derive(Debug, Default, PartialEq)]
struct Members(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> serde::de::Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("members")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut source: A,
            ) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = source.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        source.deserialize_map(InOrder)
    }
}

fn extract() -> Extract {
    serde_json::from_str(include_str!("../data/kms-model.json")).unwrap()
}

fn bounded(kind: &str, bounds: Option<Bounds>) -> Shape {
    Shape {
        r#type: kind.to_owned(),
        min: bounds.map(|bounds| bounds.min),
        max: bounds.map(|bounds| bounds.max),
        ..Shape::default()
    }
}

fn in_words_of_botocore(model: &Model) -> Shape {
    match &model.kind {
        Kind::Text(bounds, pattern, sensitivity) => Shape {
            pattern: pattern.map(|pattern| pattern.text.to_owned()),
            sensitive: *sensitivity == Sensitivity::Secret,
            ..bounded("string", *bounds)
        },
        Kind::Enumeration(names) => Shape {
            r#enum: names.iter().map(|name| name.to_string()).collect(),
            ..bounded("string", None)
        },
        Kind::Blob(bounds, sensitivity) => Shape {
            sensitive: *sensitivity == Sensitivity::Secret,
            ..bounded("blob", *bounds)
        },
        Kind::Integer(bounds) => bounded("integer", *bounds),
        Kind::Boolean => bounded("boolean", None),
        Kind::Timestamp => bounded("timestamp", None),
        Kind::List(member, bounds) => Shape {
            member: Some(member.name.to_owned()),
            ..bounded("list", *bounds)
        },
        Kind::Map(key, value) => Shape {
            key: Some(key.name.to_owned()),
            value: Some(value.name.to_owned()),
            ..bounded("map", None)
        },
        Kind::Structure(members) => {
            let all = members.iter();
            let required = all
                .clone()
                .filter(|member| member.presence == Presence::Required);
            Shape {
                required: required.map(|member| member.name.to_owned()).collect(),
                members: Members(
                    all.map(|member| (member.name.to_owned(), member.model.name.to_owned()))
                        .collect(),
                ),
                ..bounded("structure", None)
            }
        }
    }
}

fn parts(model: &Model) -> Vec<&'static Model> {
    match &model.kind {
        Kind::List(member, _) => vec![member],
        Kind::Map(key, value) => vec![key, value],
        Kind::Structure(members) => members.iter().map(|member| member.model).collect(),
        Kind::Text(..)
        | Kind::Enumeration(_)
        | Kind::Blob(..)
        | Kind::Integer(_)
        | Kind::Boolean
        | Kind::Timestamp => vec![],
    }
}

fn check(ours: &Model, extract: &Extract) {
    let theirs = &extract.shapes[ours.name];
    assert_eq!(&in_words_of_botocore(ours), theirs, "{}", ours.name);
    for part in parts(ours) {
        check(part, extract);
    }
}

#[test]
fn every_shape_is_that_of_botocore() {
    let extract = extract();
    let ours: Vec<&str> = OPERATIONS.iter().map(|operation| operation.name).collect();
    let theirs: Vec<&String> = extract.operations.keys().collect();
    assert_eq!(ours, theirs);
    assert_eq!(ours.len(), OPERATION_COUNT);
    for operation in OPERATIONS {
        let theirs = &extract.operations[operation.name];
        assert_eq!(operation.input.name, theirs.input);
        check(operation.input, &extract);
        assert_eq!(
            operation.output.name,
            theirs.output.clone().unwrap_or_default()
        );
        if theirs.output.is_some() {
            check(operation.output, &extract);
        }
    }
}

#[test]
fn every_error_is_known_with_its_status() {
    let ours: BTreeMap<String, u16> = KmsException::ALL
        .iter()
        .filter(|exception| exception.origin() == Origin::Modelled)
        .map(|exception| (exception.name().to_owned(), exception.status()))
        .collect();
    assert_eq!(ours, extract().errors);
}
