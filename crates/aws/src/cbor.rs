//! Smithy RPC v2 CBOR: requests as clients may write them, and replies. What two readers could understand differently
//! (a duplicated member, bytes after the value) is refused.
//!
//! Source: Smithy 2.0, "Smithy RPC v2 CBOR protocol"; RFC 8949.

use std::cell::Cell;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minicbor::data::{Tag, Type};
use minicbor::{Decoder, Encoder, decode};

use crate::json::{self, DEPTH_MAX, Json, VALUES_MAX, has_duplicates};
use crate::shape::{self, Kind, Member, Model, Shape};

/// The header that names the protocol, in requests and replies.
pub const PROTOCOL_HEADER: &str = "smithy-protocol";
/// What that header says.
pub const PROTOCOL: &str = "rpc-v2-cbor";
/// The content type of requests and replies.
pub const CONTENT_TYPE: &str = "application/cbor";

/// RFC 8949 §3.4.2: seconds since the epoch.
const EPOCH_TAG: Tag = Tag::new(1);

/// The body is not the CBOR map it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotCbor;

/// A place in the path of a request: the names of the service and the operation, unless `path` is none.
pub fn operation(path: &str) -> Option<(&str, &str)> {
    let (service, operation) = path.strip_prefix("/service/")?.split_once("/operation/")?;
    let is_name = |name: &str| !name.is_empty() && !name.contains('/');
    (is_name(service) && is_name(operation)).then_some((service, operation))
}

/// Reads one map that fills `body` as the JSON tree that means the same: times are numbers, bytes base64, undefined is
/// null. As deep and as many values as [`json::parse`] allows. An empty body is the empty map.
pub fn parse(body: &[u8]) -> Result<Json, NotCbor> {
    if body.is_empty() {
        return Ok(Json::Object(Vec::new()));
    }
    let left = Cell::new(VALUES_MAX);
    let mut source = Decoder::new(body);
    let reader = Reader {
        depth_left: DEPTH_MAX,
        values_left: &left,
    };
    let value = reader.value(&mut source).map_err(|_| NotCbor)?;
    match value {
        Json::Object(_) if source.position() == body.len() => Ok(value),
        _ => Err(NotCbor),
    }
}

/// Reads one value, and counts down what the whole body may still hold.
#[derive(Clone, Copy)]
struct Reader<'a> {
    depth_left: usize,
    values_left: &'a Cell<usize>,
}

type Source<'b> = Decoder<'b>;

impl Reader<'_> {
    fn inner(self) -> Result<Self, decode::Error> {
        let depth_left = self.depth_left.checked_sub(1);
        let depth_left = depth_left.ok_or_else(|| refused("too deep"))?;
        Ok(Self { depth_left, ..self })
    }

    fn count(self) -> Result<(), decode::Error> {
        let left = self.values_left.get().checked_sub(1);
        let left = left.ok_or_else(|| refused("too many values"))?;
        self.values_left.set(left);
        Ok(())
    }

    fn value(self, source: &mut Source<'_>) -> Result<Json, decode::Error> {
        self.count()?;
        match source.datatype()? {
            Type::Null => source.null().map(|()| Json::Null),
            Type::Undefined => source.undefined().map(|()| Json::Null),
            Type::Bool => source.bool().map(Json::Bool),
            Type::String | Type::StringIndef => text(source).map(Json::String),
            Type::Bytes | Type::BytesIndef => bytes(source).map(Json::String),
            Type::Array | Type::ArrayIndef => self.inner()?.array(source),
            Type::Map | Type::MapIndef => self.inner()?.map(source),
            Type::Tag => time(source),
            _ => number(source),
        }
    }

    fn array(self, source: &mut Source<'_>) -> Result<Json, decode::Error> {
        let length = source.array()?;
        let mut items = Vec::new();
        while goes_on(source, length, items.len())? {
            items.push(self.value(source)?);
        }
        Ok(Json::Array(items))
    }

    fn map(self, source: &mut Source<'_>) -> Result<Json, decode::Error> {
        let length = source.map()?;
        let mut members = Vec::new();
        while goes_on(source, length, members.len())? {
            members.push((text(source)?, self.value(source)?));
        }
        match has_duplicates(&members) {
            true => Err(refused("duplicate member")),
            false => Ok(Json::Object(members)),
        }
    }
}

fn refused(why: &'static str) -> decode::Error {
    decode::Error::message(why)
}

/// Whether an array or a map has more than the `read` items or entries. The end of an indefinite one is read.
fn goes_on(
    source: &mut Source<'_>,
    length: Option<u64>,
    read: usize,
) -> Result<bool, decode::Error> {
    if let Some(length) = length {
        return Ok(u64::try_from(read).is_ok_and(|read| read < length));
    }
    if source.datatype()? != Type::Break {
        return Ok(true);
    }
    source.skip()?;
    Ok(false)
}

fn text(source: &mut Source<'_>) -> Result<String, decode::Error> {
    source.str_iter()?.collect()
}

fn bytes(source: &mut Source<'_>) -> Result<String, decode::Error> {
    let parts: Vec<&[u8]> = source.bytes_iter()?.collect::<Result<_, _>>()?;
    Ok(STANDARD.encode(parts.concat()))
}

fn time(source: &mut Source<'_>) -> Result<Json, decode::Error> {
    match source.tag()? {
        EPOCH_TAG => number(source),
        _ => Err(refused("unknown tag")),
    }
}

fn number(source: &mut Source<'_>) -> Result<Json, decode::Error> {
    let value = match source.datatype()? {
        Type::F16 => half(source)?,
        Type::F32 => source.f32()?.into(),
        Type::F64 => source.f64()?,
        _ => return Ok(Json::Number(source.int()?.to_string())),
    };
    match value.is_finite() {
        true => Ok(Json::Number(format!("{value:?}"))),
        false => Err(refused("not a number")),
    }
}

/// RFC 8949, Appendix D: sign (1), exponent (5), fraction (10).
fn half(source: &mut Source<'_>) -> Result<f64, decode::Error> {
    let start = source.position();
    let bytes = source.input().get(start..start.saturating_add(3));
    let Some(&[_, high, low]) = bytes else {
        return Err(decode::Error::end_of_input());
    };
    source.set_position(start.saturating_add(3));
    let exponent = i32::from(high >> 2 & 0x1f);
    let fraction = f64::from(u16::from(high & 3) << 8 | u16::from(low));
    let size = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f64.powi(exponent.saturating_sub(15)),
    };
    Ok(if high & 0x80 == 0 { size } else { -size })
}

/// Writes the body of a reply, with definite lengths.
pub fn encode<S: Shape>(value: &S) -> Vec<u8> {
    let value = json::parse_written(&shape::encode(value));
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = write(S::MODEL, &value, &mut Encoder::new(&mut bytes));
    bytes
}

/// The body of an error reply: Smithy RPC v2 CBOR, "Operation error serialization". `id` is the absolute id of the
/// error's shape.
pub fn error(id: &str, message: Option<&str>) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = write_error(id, message, &mut Encoder::new(&mut bytes));
    bytes
}

type Sink<'b> = Encoder<&'b mut Vec<u8>>;
type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

fn write_error(id: &str, message: Option<&str>, out: &mut Sink<'_>) -> Written {
    out.map(if message.is_some() { 2 } else { 1 })?;
    out.str("__type")?.str(id)?;
    if let Some(message) = message {
        out.str("message")?.str(message)?;
    }
    Ok(())
}

fn write(model: &Model, value: &Json, out: &mut Sink<'_>) -> Written {
    match (&model.kind, value) {
        (Kind::Structure(members), Json::Object(_)) => write_structure(members, value, out),
        (Kind::Map(_, item), Json::Object(entries)) => {
            out.map(length(entries))?;
            entries.iter().try_for_each(|(key, value)| {
                out.str(key)?;
                write(item, value, out)
            })
        }
        (Kind::List(item, _), Json::Array(items)) => {
            out.array(length(items))?;
            items.iter().try_for_each(|value| write(item, value, out))
        }
        (kind, scalar) => write_scalar(kind, scalar, out),
    }
}

fn write_structure(members: &[Member], value: &Json, out: &mut Sink<'_>) -> Written {
    let present = members.iter();
    let present: Vec<_> = present
        .filter_map(|member| Some((member, value.get(member.name)?)))
        .collect();
    out.map(length(&present))?;
    present.into_iter().try_for_each(|(member, value)| {
        out.str(member.name)?;
        write(member.model, value, out)
    })
}

fn length<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

fn write_scalar(kind: &Kind, value: &Json, out: &mut Sink<'_>) -> Written {
    match (kind, value) {
        (Kind::Blob(..), Json::String(text)) => {
            out.bytes(&STANDARD.decode(text).unwrap_or_default())?;
        }
        (_, Json::String(text)) => {
            out.str(text)?;
        }
        (_, Json::Bool(value)) => {
            out.bool(*value)?;
        }
        (kind, Json::Number(literal)) => write_number(kind, literal, out)?,
        // No shape writes containers where its model has a scalar.
        (_, Json::Null | Json::Array(_) | Json::Object(_)) => {
            out.null()?;
        }
    }
    Ok(())
}

fn write_number(kind: &Kind, literal: &str, out: &mut Sink<'_>) -> Written {
    if let Kind::Timestamp = kind {
        out.tag(EPOCH_TAG)?;
    }
    match (kind, literal.parse::<i64>()) {
        (Kind::Integer(_) | Kind::Timestamp, Ok(whole)) => out.i64(whole)?,
        _ => out.f64(literal.parse().unwrap_or_default())?,
    };
    Ok(())
}

#[cfg(test)]
mod tests;
