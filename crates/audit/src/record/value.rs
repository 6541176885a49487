//! A value of JSON as records hold it: names and texts that were decided to be told.

use minicbor::data::Type;
use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};
use serde::ser::{Serialize, Serializer};

/// Lists and objects that may lie in each other, the outermost included.
pub const DEPTH_MAX: usize = 8;
/// The most values that one value may hold, itself included.
pub const MEMBERS_MAX: usize = 1024;

/// A value of JSON. Objects keep their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// An object.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// An object of texts.
    pub fn texts<'t>(members: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let members = members.into_iter();
        Self::Object(
            members
                .map(|(name, text)| (name.to_owned(), text.into()))
                .collect(),
        )
    }

    /// The member `name` of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => {
                let member = members.iter().find(|(known, _)| known == name);
                member.map(|(_, value)| value)
            }
            Self::Bool(_) | Self::Integer(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Bool(_) | Self::Integer(_) | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// Whether it is within [`DEPTH_MAX`] and [`MEMBERS_MAX`], and takes at most about `bytes_max` when encoded.
    pub(super) fn is_within(&self, bytes_max: usize) -> bool {
        let mut size = Size {
            values: 0,
            bytes: 0,
        };
        self.measure(0, &mut size) && size.values <= MEMBERS_MAX && size.bytes <= bytes_max
    }

    /// Adds its size; whether it is not too deep.
    fn measure(&self, depth: usize, size: &mut Size) -> bool {
        size.values += 1;
        size.bytes += match self {
            Self::Text(text) => HEAD_BYTES + text.len(),
            Self::Bool(_) | Self::Integer(_) | Self::List(_) | Self::Object(_) => HEAD_BYTES,
        };
        match self {
            Self::Bool(_) | Self::Integer(_) | Self::Text(_) => true,
            Self::List(items) => {
                depth < DEPTH_MAX && items.iter().all(|item| item.measure(depth + 1, size))
            }
            Self::Object(members) => {
                let mut members = members.iter();
                depth < DEPTH_MAX
                    && members.all(|(name, value)| {
                        size.bytes += HEAD_BYTES + name.len();
                        value.measure(depth + 1, size)
                    })
            }
        }
    }
}

/// How large a value is.
struct Size {
    values: usize,
    bytes: usize,
}

/// About what type and length of one value take when encoded.
const HEAD_BYTES: usize = 3;

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => out.serialize_bool(*value),
            Self::Integer(value) => out.serialize_i64(*value),
            Self::Text(text) => out.serialize_str(text),
            Self::List(items) => out.collect_seq(items),
            Self::Object(members) => {
                out.collect_map(members.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}

impl<C> Encode<C> for Value {
    fn encode<W: Write>(
        &self,
        out: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        match self {
            Self::Bool(value) => out.bool(*value)?.ok(),
            Self::Integer(value) => out.i64(*value)?.ok(),
            Self::Text(text) => out.str(text)?.ok(),
            Self::List(items) => items.encode(out, context),
            Self::Object(members) => {
                out.map(u64::try_from(members.len()).unwrap_or(u64::MAX))?;
                for (name, value) in members {
                    out.str(name)?;
                    value.encode(out, context)?;
                }
                Ok(())
            }
        }
    }
}

impl<'b, C> Decode<'b, C> for Value {
    fn decode(input: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        let mut left = MEMBERS_MAX;
        decode(input, 0, &mut left)
    }
}

fn decode(input: &mut Decoder<'_>, depth: usize, left: &mut usize) -> Result<Value, DecodeError> {
    *left = left
        .checked_sub(1)
        .ok_or_else(|| DecodeError::message("too many values"))?;
    Ok(match input.datatype()? {
        Type::Bool => Value::Bool(input.bool()?),
        Type::String => Value::Text(input.str()?.to_owned()),
        Type::Array => Value::List(decode_each(
            input,
            depth,
            left,
            |input| input.array(),
            decode,
        )?),
        Type::Map => Value::Object(decode_each(
            input,
            depth,
            left,
            |input| input.map(),
            decode_member,
        )?),
        _ => Value::Integer(input.i64()?),
    })
}

fn decode_member(
    input: &mut Decoder<'_>,
    depth: usize,
    left: &mut usize,
) -> Result<(String, Value), DecodeError> {
    let name = input.str()?.to_owned();
    Ok((name, decode(input, depth, left)?))
}

fn decode_each<T>(
    input: &mut Decoder<'_>,
    depth: usize,
    left: &mut usize,
    length: fn(&mut Decoder<'_>) -> Result<Option<u64>, DecodeError>,
    one: fn(&mut Decoder<'_>, usize, &mut usize) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let length = length(input)?.ok_or_else(|| DecodeError::message("of unknown length"))?;
    if depth >= DEPTH_MAX {
        return Err(DecodeError::message("too deep"));
    }
    (0..length).map(|_| one(input, depth + 1, left)).collect()
}
