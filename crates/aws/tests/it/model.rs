//! Our shapes are those of botocore 1.44.5 (extracted by conformance/extract_model.py), and hold no
//! member, limit or value more or less. Of IAM, STS, CloudTrail and CloudWatch that goes for the operations that
//! are served.

use std::collections::BTreeMap;

use serde::Deserialize;
use strongroom_aws::error::{CloudTrailException, KmsException, Origin, QueryException};
use strongroom_aws::shape::{Bounds, Kind, Member, Model, OperationModel, Presence, Sensitivity};
use strongroom_aws::{cloudtrail, cloudwatch, iam, kms, sts};

const CLOUDWATCH: &str = include_str!("../data/cloudwatch-model.json");
const KMS: &str = include_str!("../data/kms-model.json");
const IAM: &str = include_str!("../data/iam-model.json");
const STS: &str = include_str!("../data/sts-model.json");
const CLOUDTRAIL: &str = include_str!("../data/cloudtrail-model.json");

/// Shapes that we keep secret although botocore does not call them sensitive.
const SECRET: &[&str] = &["TokenType"];

/// A structure whose members AWS writes in another order than botocore lists them.
const REORDERED: &str = "GetCallerIdentityResponse";

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
    input: Option<String>,
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

fn extract(json: &str) -> Extract {
    serde_json::from_str(json).unwrap()
}

/// Our name of a shape of botocore's: a type needs a capital first letter.
fn our_name(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

impl Extract {
    /// The shapes by our names of them, which must not clash.
    fn shapes(self) -> BTreeMap<String, Shape> {
        let count = self.shapes.len();
        let shapes = self.shapes.into_iter();
        let shapes: BTreeMap<_, _> = shapes
            .map(|(name, shape)| (our_name(&name), shape.in_our_names(&name)))
            .collect();
        assert_eq!(shapes.len(), count);
        shapes
    }
}

impl Shape {
    fn in_our_names(mut self, name: &str) -> Self {
        for part in [&mut self.member, &mut self.key, &mut self.value] {
            *part = part.as_deref().map(our_name);
        }
        for (_, shape) in &mut self.members.0 {
            *shape = our_name(shape);
        }
        if our_name(name) == REORDERED {
            self.members.0.sort();
        }
        if SECRET.contains(&our_name(name).as_str()) {
            self.sensitive = true;
        }
        // A length without a least one is at least nothing.
        if matches!(self.r#type.as_str(), "string" | "list") && self.max.is_some() {
            self.min = self.min.or(Some(0));
        }
        self
    }
}

fn bounded(kind: &str, bounds: Option<Bounds>) -> Shape {
    Shape {
        r#type: kind.to_owned(),
        min: bounds.map(|bounds| bounds.min),
        max: bounds
            .map(|bounds| bounds.max)
            .filter(|max| *max != Bounds::NO_MAX),
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
        Kind::Double => bounded("double", None),
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
            let mut all: Vec<&Member> = members.iter().collect();
            if model.name == REORDERED {
                all.sort_by_key(|member| member.name);
            }
            let all = all.into_iter();
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
        | Kind::Double
        | Kind::Boolean
        | Kind::Timestamp => vec![],
    }
}

fn check_shape(ours: &Model, theirs: &BTreeMap<String, Shape>) {
    let same = &theirs[ours.name];
    assert_eq!(&in_words_of_botocore(ours), same, "{}", ours.name);
    for part in parts(ours) {
        check_shape(part, theirs);
    }
}

fn check_operation(ours: &OperationModel, theirs: &Operation, shapes: &BTreeMap<String, Shape>) {
    for (model, name) in [(ours.input, &theirs.input), (ours.output, &theirs.output)] {
        let name = name.as_deref().map(our_name).unwrap_or_default();
        assert_eq!(model.name, name, "{}", ours.name);
        if !name.is_empty() {
            check_shape(model, shapes);
        }
    }
}

#[test]
fn every_shape_is_that_of_botocore() {
    for (ours, json, count) in [
        (kms::OPERATIONS, KMS, 56),
        (iam::OPERATIONS, IAM, 75),
        (sts::OPERATIONS, STS, 6),
        (cloudtrail::OPERATIONS, CLOUDTRAIL, 16),
        (cloudwatch::OPERATIONS, CLOUDWATCH, 3),
    ] {
        let mut theirs = extract(json);
        let operations = std::mem::take(&mut theirs.operations);
        let shapes = theirs.shapes();
        let names: Vec<&str> = ours.iter().map(|operation| operation.name).collect();
        assert_eq!(names, operations.keys().collect::<Vec<_>>());
        assert_eq!(names.len(), count);
        for operation in ours {
            check_operation(operation, &operations[operation.name], &shapes);
        }
    }
}

fn modelled(errors: impl Iterator<Item = (&'static str, u16, Origin)>) -> BTreeMap<String, u16> {
    errors
        .filter(|(.., origin)| *origin == Origin::Modelled)
        .map(|(name, status, _)| (name.to_owned(), status))
        .collect()
}

#[test]
fn every_error_is_known_with_its_status() {
    let ours = KmsException::ALL.iter();
    let ours = ours.map(|error| (error.name(), error.status(), error.origin()));
    assert_eq!(modelled(ours), extract(KMS).errors);
    let ours = QueryException::ALL.iter();
    let ours = ours.map(|error| (error.name(), error.status(), error.origin()));
    let mut theirs = extract(IAM).errors;
    theirs.extend(extract(STS).errors);
    theirs.extend(extract(CLOUDWATCH).errors);
    assert_eq!(modelled(ours), theirs);
    let ours = CloudTrailException::ALL.iter();
    let ours = ours.map(|error| (error.name(), error.status(), error.origin()));
    assert_eq!(modelled(ours), extract(CLOUDTRAIL).errors);
}
