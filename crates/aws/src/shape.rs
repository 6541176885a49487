//! Shapes of requests and replies, declared once: the type, how it is read, checked and written, and
//! a [`Model`] that a test holds to botocore's. Shapes are wire types and carry no meaning of ours.
//!
//! ```
//! use strongroom_aws::{shape, integer, structure, text};
//!
//! text!(NameType, 1..=8);
//! integer!(SizeType, 1..=64);
//! structure! {
//!     BoxRequest {
//!         name: NameType = "Name", required;
//!         size: SizeType = "Size";
//!     }
//! }
//!
//! let request: BoxRequest = shape::decode(br#"{"Name":"a"}"#).ok().unwrap();
//! assert_eq!(request.name.as_str(), "a");
//! assert!(request.size.is_none());
//!
//! let error = shape::decode::<BoxRequest>(br#"{"Size":0}"#).err().unwrap();
//! assert_eq!(
//!     error.json().message.as_deref(),
//!     Some(
//!         "2 validation errors detected: \
//!          Value null at 'name' failed to satisfy constraint: Member must not be null; \
//!          Value '0' at 'size' failed to satisfy constraint: \
//!          Member must have value greater than or equal to 1"
//!     )
//! );
//! ```

use crate::error::{KmsException, QueryException, Refusal};
use crate::json::{self, Json, Writer};
use crate::text;

mod aggregate;
mod model;
mod scalar;
mod violation;

pub use model::{Bounds, Kind, Member, Model, OperationModel, Pattern, Presence, Sensitivity};
pub use violation::{Constraint, Path, Violations};

/// The functions that the macros expand to.
#[doc(hidden)]
pub mod parts {
    pub use super::aggregate::{decode_list, decode_map, member, members, optional, required};
    pub use super::scalar::{
        decode_blob, decode_boolean, decode_double, decode_integer, decode_text, decode_timestamp,
        encode_blob, encode_double, encode_timestamp,
    };
    pub use strongroom_base::{Secret, UnixMillis};
}

/// A type of the wire.
pub trait Shape: Sized {
    /// What botocore's model says of this shape.
    const MODEL: &'static Model;

    /// Reads `json`, which stands at `path` and is not null. Constraints that do not hold are added
    /// to `violations`; the answer is `None` when that leaves no value.
    fn decode(
        json: &Json,
        path: &Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<Self>, Malformed>;

    /// Writes this value.
    fn encode(&self, out: &mut Writer);
}

/// A value has a JSON type that its shape does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What the shape should be, in AWS's words: `String`, `Integer`, `Blob` …
    pub expected: &'static str,
    /// What was found, in AWS's words: `STRING_VALUE`, `Start of list` …
    pub found: &'static str,
}

impl Malformed {
    /// That `found` is not `expected`.
    pub fn new(expected: &'static str, found: &Json) -> Self {
        let found = match found {
            Json::Null => "NULL_VALUE",
            Json::Bool(true) => "TRUE_VALUE",
            Json::Bool(false) => "FALSE_VALUE",
            Json::Number(text) if text.contains(['.', 'e', 'E']) => "DECIMAL_VALUE",
            Json::Number(_) => "NUMBER_VALUE",
            Json::String(_) => "STRING_VALUE",
            Json::Array(_) => "START_ARRAY",
            Json::Object(_) => "START_OBJECT",
        };
        Self { expected, found }
    }
}

/// Why a request is not a value of its shape. Protocols name that differently.
#[derive(Debug)]
pub enum NotShape {
    /// It is not JSON.
    NotJson,
    /// A value has another JSON type than its shape.
    Malformed(Malformed),
    /// Values are absent or out of range.
    Violated(Violations),
}

impl NotShape {
    /// What a client of AWS JSON 1.1 is told: SerializationException, or ValidationException with every
    /// violated constraint.
    pub fn json(&self) -> Refusal {
        let exception = match self {
            Self::NotJson | Self::Malformed(_) => KmsException::Serialization,
            Self::Violated(_) => KmsException::Validation,
        };
        Refusal {
            exception: exception.into(),
            message: self.message(),
        }
    }

    /// What a client of the Query protocol is told: MalformedInput, or ValidationError with every
    /// violated constraint.
    pub fn query(&self) -> Refusal {
        let exception = match self {
            Self::NotJson | Self::Malformed(_) => QueryException::MalformedInput,
            Self::Violated(_) => QueryException::Validation,
        };
        Refusal {
            exception: exception.into(),
            message: self.message(),
        }
    }

    /// What a client of CloudWatch is told: SerializationException, MissingParameter of the first required member
    /// that is absent, or ValidationError with every violated constraint.
    pub fn cloudwatch(&self) -> Refusal {
        let absent = match self {
            Self::NotJson | Self::Malformed(_) => return self.json(),
            Self::Violated(violations) => violations.first_absent(),
        };
        match absent {
            Some(path) => Refusal::new(
                QueryException::MissingParameter,
                text::cloudwatch::required(path),
            ),
            None => self.query(),
        }
    }

    fn message(&self) -> Option<String> {
        match self {
            Self::NotJson => None,
            Self::Malformed(error) => Some(text::wrong_json_type(error)),
            Self::Violated(violations) => Some(violations.to_string()),
        }
    }
}

/// Reads a request body. Members that the shape does not have are ignored.
pub fn decode<S: Shape>(body: &[u8]) -> Result<S, NotShape> {
    let json = json::parse(body).map_err(|json::NotJson| NotShape::NotJson)?;
    decode_json(&json)
}

/// Reads a request that is already a JSON tree; otherwise as [`decode`].
pub fn decode_json<S: Shape>(json: &Json) -> Result<S, NotShape> {
    let mut violations = Violations::default();
    let value = S::decode(json, &Path::Root, &mut violations).map_err(NotShape::Malformed)?;
    match value {
        Some(value) if violations.is_empty() => Ok(value),
        _ => Err(NotShape::Violated(violations)),
    }
}

/// Writes the body of a reply.
pub fn encode<S: Shape>(value: &S) -> Vec<u8> {
    let mut out = Writer::new();
    value.encode(&mut out);
    out.into_bytes()
}

/// The reply of an operation without modelled output: an empty body. Also the request of one without
/// modelled input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoOutput;

impl Shape for NoOutput {
    const MODEL: &'static Model = &Model {
        name: "",
        kind: Kind::Structure(&[]),
    };

    fn decode(_: &Json, _: &Path<'_>, _: &mut Violations) -> Result<Option<Self>, Malformed> {
        Ok(Some(Self))
    }

    fn encode(&self, _: &mut Writer) {}
}

#[cfg(test)]
mod tests;
