//! JSON as requests may write it, and as replies are written. What two readers could understand
//! differently (a duplicated member, bytes after the value) is refused.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

mod writer;

pub use writer::Writer;

/// Objects and arrays that may lie in each other, the outermost included.
pub const DEPTH_MAX: usize = 16;

/// Values that one body may hold, containers included.
pub const VALUES_MAX: usize = 4096;

/// A JSON value. It has no `Debug`, since requests carry plaintexts.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// The text of a number: of a 64-bit integer as sent, of any other the shortest that means the
    /// same double.
    Number(String),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object in the order it was sent; names are unique.
    Object(Vec<(String, Json)>),
}

/// The body is not the JSON object it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotJson;

impl Json {
    /// The value of the member `name`, when this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Self::Object(members) => members
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }
}

/// Reads one JSON object that fills `body`. An empty body is the empty object, as on AWS.
pub fn parse(body: &[u8]) -> Result<Json, NotJson> {
    if body.is_empty() {
        return Ok(Json::Object(Vec::new()));
    }
    match read(body, VALUES_MAX)? {
        object @ Json::Object(_) => Ok(object),
        _ => Err(NotJson),
    }
}

/// Reads what [`Writer`] wrote, however many values that are. What is not JSON, which a writer does not
/// write, is null; nothing written is the empty object.
pub(crate) fn parse_written(bytes: &[u8]) -> Json {
    if bytes.is_empty() {
        return Json::Object(Vec::new());
    }
    read(bytes, usize::MAX).unwrap_or(Json::Null)
}

fn read(bytes: &[u8], values_max: usize) -> Result<Json, NotJson> {
    let left = Cell::new(values_max);
    let reader = Reader {
        depth_left: DEPTH_MAX,
        values_left: &left,
    };
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let value = reader.deserialize(&mut source).map_err(|_| NotJson)?;
    source.end().map_err(|_| NotJson)?;
    Ok(value)
}

/// Reads one value, and counts down what the whole body may still hold.
#[derive(Clone, Copy)]
struct Reader<'a> {
    depth_left: usize,
    values_left: &'a Cell<usize>,
}

impl Reader<'_> {
    fn inner<E: Error>(self) -> Result<Self, E> {
        let depth_left = self
            .depth_left
            .checked_sub(1)
            .ok_or_else(|| E::custom("too deep"))?;
        Ok(Self { depth_left, ..self })
    }

    fn count<E: Error>(self) -> Result<(), E> {
        let left = self.values_left.get().checked_sub(1);
        self.values_left
            .set(left.ok_or_else(|| E::custom("too many values"))?);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Json, D::Error> {
        self.count()?;
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Json;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(format!("{value:?}")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Json, A::Error> {
        let reader = self.inner()?;
        let mut items = Vec::new();
        while let Some(item) = source.next_element_seed(reader)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Json, A::Error> {
        let reader = self.inner()?;
        let mut members = Vec::new();
        while let Some(name) = source.next_key::<String>()? {
            members.push((name, source.next_value_seed(reader)?));
        }
        if has_duplicates(&members) {
            return Err(A::Error::custom("duplicate member"));
        }
        Ok(Json::Object(members))
    }
}

/// Whether a name stands twice among `members`.
pub(crate) fn has_duplicates(members: &[(String, Json)]) -> bool {
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.array_windows().any(|[one, next]| one == next)
}

#[cfg(test)]
mod tests;
