//! What the audit may tell of what was asked for and answered: member by member along the shape, nothing that is not
//! decided to be told. Never bytes, secrets, tokens, or members that no shape has.

use strongroom_audit::Value;
use strongroom_aws::json::{self, Json};
use strongroom_aws::kms::DateType;
use strongroom_aws::shape::{self, Kind, Member, Model, Path, Sensitivity, Shape, Violations};
use strongroom_aws::time::java_medium;
use strongroom_base::UnixMillis;

use crate::call::Input;

pub(crate) mod answers;

/// Members that are never told, besides bytes and what the model calls sensitive: tokens that open something, and
/// structures with nothing but secrets in them.
const WITHHELD: &[&str] = &[
    "ContextAssertion",
    "GrantToken",
    "GrantTokens",
    "KeyStorePassword",
    "Recipient",
    "SessionToken",
    "TokenCode",
    "TrustAnchorCertificate",
    "XksProxyAuthenticationCredential",
];

/// What stands in a text in place of what is withheld.
const MASK: &str = "***";
/// What is shorter is no token of any kind.
const TOKEN_LENGTH_MIN: usize = 16;

/// Members that CloudTrail calls otherwise than the API does.
const RENAMED: &[(&str, &str)] = &[("CloudHsmClusterId", "clusterId")];

/// What may be told of `json`, which was read as a value of shape `model`.
pub(crate) fn parameters(model: &Model, json: &Json) -> Value {
    value(model, json).unwrap_or_else(|| Value::Object(Vec::new()))
}

/// What may be told of an answer. Only for what has no secrets in it: they would be written on the way.
pub(crate) fn output<S: Shape>(output: &S) -> Value {
    match json::parse(&shape::encode(output)) {
        Ok(json) => parameters(S::MODEL, &json),
        Err(json::NotJson) => Value::Object(Vec::new()),
    }
}

/// What may be told of the text of a refusal: it repeats what does not satisfy its shape, and so may hold what is
/// withheld of `input`.
pub(crate) fn message(input: &Input, text: String) -> String {
    let Input::Json(input) = input else {
        return text;
    };
    let mut withheld = Vec::new();
    collect_withheld(input, &mut withheld);
    withheld
        .into_iter()
        .fold(text, |text, secret| text.replace(secret, MASK))
}

/// The texts of members that are withheld, but for those too short to open anything.
fn collect_withheld<'j>(json: &'j Json, found: &mut Vec<&'j str>) {
    let Json::Object(members) = json else {
        return;
    };
    for (name, json) in members {
        if WITHHELD.contains(&name.as_str()) {
            collect_texts(json, found);
        } else {
            collect_withheld(json, found);
        }
    }
}

fn collect_texts<'j>(json: &'j Json, found: &mut Vec<&'j str>) {
    match json {
        Json::String(text) if text.len() >= TOKEN_LENGTH_MIN => found.push(text),
        Json::Array(items) => items.iter().for_each(|item| collect_texts(item, found)),
        Json::Object(members) => (members.iter()).for_each(|(_, json)| collect_texts(json, found)),
        Json::String(_) | Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// A date as CloudTrail tells those of parameters.
pub(crate) fn date(time: UnixMillis) -> Value {
    java_medium(time).into()
}

fn value(model: &Model, json: &Json) -> Option<Value> {
    match (&model.kind, json) {
        (Kind::Blob(..) | Kind::Text(_, _, Sensitivity::Secret), _) | (_, Json::Null) => None,
        (Kind::Text(..) | Kind::Enumeration(_), json) => text(json),
        (Kind::Integer(_), Json::Number(number)) => number.parse().ok().map(Value::Integer),
        (Kind::Boolean, Json::Bool(value)) => Some(Value::Bool(*value)),
        (Kind::Timestamp, json) => time(json).map(date),
        (Kind::List(item, _), Json::Array(items)) => {
            let items = items.iter().filter_map(|json| value(item, json));
            Some(Value::List(items.collect()))
        }
        (Kind::Map(_, item), Json::Object(entries)) => {
            let told = |(key, json): &(String, Json)| Some((key.clone(), value(item, json)?));
            Some(Value::Object(entries.iter().filter_map(told).collect()))
        }
        (Kind::Structure(members), json) => Some(structure(members, json)),
        // No request has a double, and CloudTrail's values have no form of one.
        (Kind::Double, _)
        | (Kind::Integer(_) | Kind::Boolean | Kind::List(..) | Kind::Map(..), _) => None,
    }
}

fn structure(members: &[Member], json: &Json) -> Value {
    let told = members.iter().filter(|member| may_be_told(member));
    let told = told.filter_map(|member| {
        let told = value(member.model, json.get(member.name)?)?;
        Some((name(member.name), told))
    });
    Value::Object(told.collect())
}

fn may_be_told(member: &Member) -> bool {
    !WITHHELD.contains(&member.name)
}

/// Strings; in maps of strings other scalars stand for their texts.
fn text(json: &Json) -> Option<Value> {
    match json {
        Json::String(text) | Json::Number(text) => Some(text.as_str().into()),
        Json::Bool(value) => Some(value.to_string().into()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

fn time(json: &Json) -> Option<UnixMillis> {
    let date = DateType::decode(json, &Path::Root, &mut Violations::default());
    date.ok().flatten().map(|DateType(time)| time)
}

/// The name of a member with a small first letter.
fn name(member: &str) -> String {
    if let Some((_, renamed)) = RENAMED.iter().find(|(known, _)| *known == member) {
        return (*renamed).to_owned();
    }
    let mut letters = member.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests;
