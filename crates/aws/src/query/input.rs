//! The input of an operation from the parameters of its form, guided by the model of its shape. A parameter
//! that stands twice, however it is spelled, is refused.

use std::collections::BTreeMap;

use jiff::Timestamp;
use strongroom_base::UnixMillis;

use super::Form;
use crate::error::{QueryException, Refusal};
use crate::json::{Json, Writer};
use crate::shape::parts::encode_timestamp;
use crate::shape::{Kind, Member, Model};
use crate::text;

/// Items of a list that may be left out between two that are sent; they are null.
pub const SKIPPED_MAX: u64 = 10;

/// The input of an operation of shape `model` as a JSON tree: structures are `A.B`, lists `A.member.N`, maps
/// `A.entry.N.key` and `A.entry.N.value`, and `A=` is the empty list, map or structure. Parameters that the
/// model does not have are ignored. The tree is as deep as the model at most, and holds
/// [`PARAMETERS_MAX`](super::PARAMETERS_MAX) values at most and [`SKIPPED_MAX`] nulls with each. Errors:
/// MalformedInput.
pub fn to_json(form: &Form, model: &Model) -> Result<Json, Refusal> {
    let mut root = Part::default();
    for (name, value) in &form.parameters {
        root.add(Some(name), value);
    }
    root.read(model)
}

fn malformed(text: impl Into<String>) -> Refusal {
    Refusal::new(QueryException::MalformedInput, text)
}

/// The parameters that stand for one value of the tree.
#[derive(Default)]
struct Part<'f> {
    /// What is given for the value itself.
    own: Vec<&'f str>,
    /// What is given for its parts, with what is left of the names.
    below: Vec<(&'f str, &'f str)>,
}

impl<'f> Part<'f> {
    fn add(&mut self, name: Option<&'f str>, value: &'f str) {
        match name {
            None => self.own.push(value),
            Some(name) => self.below.push((name, value)),
        }
    }

    fn read(&self, model: &Model) -> Result<Json, Refusal> {
        match &model.kind {
            Kind::Text(..) | Kind::Enumeration(_) | Kind::Blob(..) => self.text().map(Json::String),
            Kind::Integer(_) => self.scalar(text::NOT_AN_INTEGER, integer),
            Kind::Double => self.scalar(text::NOT_A_DOUBLE, double),
            Kind::Boolean => self.scalar(text::NOT_A_BOOLEAN, boolean),
            Kind::Timestamp => self.scalar(text::NOT_A_TIMESTAMP, timestamp),
            Kind::List(item, _) => self.list(item),
            Kind::Map(_, item) => self.map(item),
            Kind::Structure(members) => self.structure(members),
        }
    }

    fn text(&self) -> Result<String, Refusal> {
        match (self.own.as_slice(), self.below.as_slice()) {
            ([value], []) => Ok((*value).to_owned()),
            ([_, _, ..], _) => Err(malformed(text::REPEATED_PARAMETER)),
            _ => Err(malformed(text::UNEXPECTED_STRUCTURE)),
        }
    }

    fn scalar(
        &self,
        otherwise: &str,
        read: impl FnOnce(&str) -> Option<Json>,
    ) -> Result<Json, Refusal> {
        read(&self.text()?).ok_or_else(|| malformed(otherwise))
    }

    /// The parts of a value that has parts. botocore sends an empty list as `A=`.
    fn parts(&self) -> Result<&[(&'f str, &'f str)], Refusal> {
        match self.own.as_slice() {
            [] | [""] => Ok(&self.below),
            [_] => Err(malformed(text::UNEXPECTED_VALUE)),
            _ => Err(malformed(text::REPEATED_PARAMETER)),
        }
    }

    fn structure(&self, members: &[Member]) -> Result<Json, Refusal> {
        let mut named: BTreeMap<&str, Part<'f>> = BTreeMap::new();
        for (name, value) in self.parts()? {
            let (name, rest) = first_segment(name);
            named.entry(name).or_default().add(rest, value);
        }
        let mut values = Vec::new();
        for member in members {
            if let Some(part) = named.get(member.name) {
                values.push((member.name.to_owned(), part.read(member.model)?));
            }
        }
        Ok(Json::Object(values))
    }

    fn list(&self, item: &Model) -> Result<Json, Refusal> {
        let mut values = Vec::new();
        let mut next = 1;
        for (index, part) in self.numbered("member")? {
            for _ in next..index {
                values.push(Json::Null);
            }
            values.push(part.read(item)?);
            next = index.saturating_add(1);
        }
        Ok(Json::Array(values))
    }

    fn map(&self, item: &Model) -> Result<Json, Refusal> {
        let mut entries: Vec<(String, Json)> = Vec::new();
        for part in self.numbered("entry")?.values() {
            let (key, value) = part.entry(item)?;
            if entries.iter().any(|(known, _)| *known == key) {
                return Err(malformed(text::REPEATED_PARAMETER));
            }
            entries.push((key, value));
        }
        Ok(Json::Object(entries))
    }

    fn entry(&self, item: &Model) -> Result<(String, Json), Refusal> {
        let (mut key, mut value) = (Part::default(), Part::default());
        for (name, given) in self.parts()? {
            match first_segment(name) {
                ("key", rest) => key.add(rest, given),
                ("value", rest) => value.add(rest, given),
                _ => {}
            }
        }
        Ok((key.text()?, value.read(item)?))
    }

    /// The items of a list or the entries of a map by their numbers, of which few are left out.
    fn numbered(&self, word: &str) -> Result<BTreeMap<u64, Part<'f>>, Refusal> {
        let mut items: BTreeMap<u64, Part<'f>> = BTreeMap::new();
        for (name, value) in self.parts()? {
            let (first, rest) = first_segment(name);
            let number = rest.filter(|_| first == word).map(first_segment);
            let (number, rest) = number.ok_or_else(|| malformed(text::UNEXPECTED_LIST))?;
            items.entry(index(number)?).or_default().add(rest, value);
        }
        require_dense(&items)?;
        Ok(items)
    }
}

fn first_segment(name: &str) -> (&str, Option<&str>) {
    match name.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (name, None),
    }
}

/// The number of an item: plain digits, counted from 1.
fn index(number: &str) -> Result<u64, Refusal> {
    if number.starts_with('-') {
        return Err(malformed(text::negative_index(number)));
    }
    if number.is_empty() || !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(malformed(text::UNEXPECTED_LIST));
    }
    match number.parse() {
        Ok(0) => Err(malformed(text::invalid_index(number))),
        Ok(index) => Ok(index),
        Err(_) => Err(malformed(text::UNEXPECTED_LIST)),
    }
}

fn require_dense(items: &BTreeMap<u64, Part<'_>>) -> Result<(), Refusal> {
    let mut previous = 0;
    for index in items.keys() {
        // Keys ascend from 1.
        let skipped = index.saturating_sub(previous).saturating_sub(1);
        if skipped > SKIPPED_MAX {
            return Err(malformed(text::sparse_list(skipped)));
        }
        previous = *index;
    }
    Ok(())
}

fn integer(text: &str) -> Option<Json> {
    let value: i32 = text.parse().ok()?;
    Some(Json::Number(value.to_string()))
}

fn double(text: &str) -> Option<Json> {
    let value: f64 = text.parse().ok()?;
    value
        .is_finite()
        .then(|| Json::Number(format!("{value:?}")))
}

fn boolean(text: &str) -> Option<Json> {
    text.parse().ok().map(Json::Bool)
}

/// ISO 8601 with an offset, or seconds since the epoch.
fn timestamp(text: &str) -> Option<Json> {
    let parts = text.split('.');
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    if parts.clone().count() <= 2 && parts.clone().all(digits) {
        return Some(Json::Number(text.to_owned()));
    }
    let time: Timestamp = text.parse().ok()?;
    let mut out = Writer::new();
    encode_timestamp(UnixMillis(time.as_millisecond()), &mut out);
    String::from_utf8(out.into_bytes()).ok().map(Json::Number)
}

#[cfg(test)]
mod tests;
