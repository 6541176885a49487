//! Shapes without parts: text, enumerations, blobs, numbers, booleans, timestamps.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use strongroom_base::UnixMillis;

use super::model::{Kind, Model, Sensitivity};
use super::violation::{length_violated, pattern_violated, value_violated};
use super::{Constraint, Malformed, Path, Violations};
use crate::json::{Json, Writer};

/// A string or the name of a value of an enumeration; every violated constraint is noted.
pub fn decode_text<'a>(
    model: &Model,
    json: &'a Json,
    path: &Path<'_>,
    violations: &mut Violations,
) -> Result<Option<&'a str>, Malformed> {
    let text = string(json, "String")?;
    let violated = violated_by_text(model, text);
    for constraint in &violated {
        match model.kind {
            Kind::Text(_, _, Sensitivity::Secret) => violations.add_hidden(path, constraint),
            _ => violations.add(path, text, constraint),
        }
    }
    Ok(violated.is_empty().then_some(text))
}

fn violated_by_text(model: &Model, text: &str) -> Vec<Constraint> {
    match &model.kind {
        Kind::Text(bounds, pattern, _) => length_violated(text.chars().count(), *bounds)
            .into_iter()
            .chain(pattern_violated(text, *pattern))
            .collect(),
        Kind::Enumeration(names) if !names.contains(&text) => vec![Constraint::OneOf(names)],
        _ => Vec::new(),
    }
}

/// Bytes written in padded base64. Messages never show them.
pub fn decode_blob(
    model: &Model,
    json: &Json,
    path: &Path<'_>,
    violations: &mut Violations,
) -> Result<Option<Vec<u8>>, Malformed> {
    let text = string(json, "Blob")?;
    let bytes = STANDARD
        .decode(text)
        .map_err(|_| Malformed::new("Blob", json))?;
    let Kind::Blob(bounds, _) = model.kind else {
        return Ok(Some(bytes));
    };
    let Some(constraint) = length_violated(bytes.len(), bounds) else {
        return Ok(Some(bytes));
    };
    violations.add_hidden(path, &constraint);
    Ok(None)
}

/// Writes bytes in padded base64.
pub fn encode_blob(bytes: &[u8], out: &mut Writer) {
    out.string(&STANDARD.encode(bytes));
}

/// A 32-bit integer, written without fraction or exponent.
pub fn decode_integer(
    model: &Model,
    json: &Json,
    path: &Path<'_>,
    violations: &mut Violations,
) -> Result<Option<i32>, Malformed> {
    let wrong = || Malformed::new("Integer", json);
    let Json::Number(literal) = json else {
        return Err(wrong());
    };
    let value: i32 = literal.parse().map_err(|_| wrong())?;
    let Kind::Integer(bounds) = model.kind else {
        return Ok(Some(value));
    };
    let Some(constraint) = value_violated(value.into(), bounds) else {
        return Ok(Some(value));
    };
    violations.add(path, value, &constraint);
    Ok(None)
}

/// A finite number.
pub fn decode_double(json: &Json) -> Result<Option<f64>, Malformed> {
    let wrong = || Malformed::new("Double", json);
    let Json::Number(literal) = json else {
        return Err(wrong());
    };
    let value: f64 = literal.parse().map_err(|_| wrong())?;
    Ok(Some(value).filter(|value| value.is_finite()))
}

/// Writes a number with a decimal point or an exponent. What is not finite, which no metric measures, is null.
pub fn encode_double(value: f64, out: &mut Writer) {
    match value.is_finite() {
        true => out.literal(format_args!("{value:?}")),
        false => out.literal("null"),
    }
}

/// `true` or `false`.
pub fn decode_boolean(json: &Json) -> Result<Option<bool>, Malformed> {
    match json {
        Json::Bool(value) => Ok(Some(*value)),
        _ => Err(Malformed::new("Boolean", json)),
    }
}

/// Seconds since the epoch; what is finer than a millisecond is cut off.
pub fn decode_timestamp(json: &Json) -> Result<Option<UnixMillis>, Malformed> {
    let wrong = || Malformed::new("Timestamp", json);
    let Json::Number(literal) = json else {
        return Err(wrong());
    };
    parse_seconds(literal).map(Some).ok_or_else(wrong)
}

fn parse_seconds(literal: &str) -> Option<UnixMillis> {
    let (whole, fraction) = literal.split_once('.').unwrap_or((literal, ""));
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
    let millis: i64 = millis.parse().ok()?;
    let seconds: i64 = whole.parse().ok()?;
    let signed = if whole.starts_with('-') {
        -millis
    } else {
        millis
    };
    seconds
        .checked_mul(1000)?
        .checked_add(signed)
        .map(UnixMillis)
}

/// Writes seconds since the epoch, with three decimals when they are not whole.
pub fn encode_timestamp(time: UnixMillis, out: &mut Writer) {
    let sign = if time.0 < 0 { "-" } else { "" };
    let (seconds, millis) = (time.0.unsigned_abs() / 1000, time.0.unsigned_abs() % 1000);
    match millis {
        0 => out.literal(format_args!("{sign}{seconds}")),
        _ => out.literal(format_args!("{sign}{seconds}.{millis:03}")),
    }
}

fn string<'a>(json: &'a Json, expected: &'static str) -> Result<&'a str, Malformed> {
    match json {
        Json::String(text) => Ok(text),
        _ => Err(Malformed::new(expected, json)),
    }
}

/// A string shape: `text!(KeyIdType, 1..=2048)`, with a pattern `text!(NameType, 1..=8, "[a-z]+", is_name)`,
/// without a greatest length `text!(LongType, 1..)`, or without limits `text!(AnyType)`. Values made by
/// `From` are not checked. `text!(secret PasswordType, 7..=32)`, with or without a pattern or limits, is
/// wiped, has no `Debug`, and messages do not show it.
#[macro_export]
macro_rules! text {
    (secret $name:ident
     $(, $min:literal ..= $max:literal $(, $pattern:literal, $matches:expr)?)?) => {
        #[doc = concat!("The secret string shape `", stringify!($name), "`.")]
        pub struct $name(pub $crate::shape::parts::Secret<String>);

        $crate::shape! {
            $name,
            Text(
                $crate::optional!($($crate::shape::Bounds { min: $min, max: $max })?),
                $crate::optional!($($($crate::shape::Pattern { text: $pattern, matches: $matches })?)?),
                $crate::shape::Sensitivity::Secret
            ),
            |json, path, violations| Ok($crate::shape::parts::decode_text(
                Self::MODEL, json, path, violations
            )?.map(|text| Self($crate::shape::parts::Secret::new(text.to_owned())))),
            |value, out| out.string(value.0.expose())
        }
    };
    (@plain $name:ident, $bounds:expr, $pattern:expr) => {
        #[doc = concat!("The string shape `", stringify!($name), "`.")]
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        $crate::shape! {
            $name,
            Text($bounds, $pattern, $crate::shape::Sensitivity::Plain),
            |json, path, violations| Ok($crate::shape::parts::decode_text(
                Self::MODEL, json, path, violations
            )?.map(Self::from)),
            |value, out| out.string(&value.0)
        }
    };
    ($name:ident $(, $min:literal ..= $max:literal $(, $pattern:literal, $matches:expr)?)?) => {
        $crate::text! {
            @plain $name,
            $crate::optional!($($crate::shape::Bounds { min: $min, max: $max })?),
            $crate::optional!($($($crate::shape::Pattern { text: $pattern, matches: $matches })?)?)
        }
    };
    ($name:ident, $min:literal .. $(, $pattern:literal, $matches:expr)?) => {
        $crate::text! {
            @plain $name,
            Some($crate::shape::Bounds { min: $min, max: $crate::shape::Bounds::NO_MAX }),
            $crate::optional!($($crate::shape::Pattern { text: $pattern, matches: $matches })?)
        }
    };
    ($name:ident, $pattern:literal, $matches:expr) => {
        $crate::text! {
            @plain $name,
            None,
            Some($crate::shape::Pattern { text: $pattern, matches: $matches })
        }
    };
}

/// A string shape with named values: `enumeration!(DataKeySpec { Aes256 = "AES_256", Aes128 = "AES_128" })`.
#[macro_export]
macro_rules! enumeration {
    ($name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        #[doc = concat!("The enumeration `", stringify!($name), "`.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] $variant),+
        }

        impl $name {
            /// Every value, in the order of the model.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            /// The value with this name on the wire.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        $crate::shape! {
            $name,
            Enumeration(&[$($text),+]),
            |json, path, violations| Ok($crate::shape::parts::decode_text(
                Self::MODEL, json, path, violations
            )?.and_then(Self::named)),
            |value, out| out.string(value.as_str())
        }
    };
}

/// A bytes shape: `blob!(CiphertextType, 1..=6144)`, or without limits `blob!(AnyType)`; `blob!(secret PlaintextType, 1..=4096)` is wiped and
/// has no `Debug`.
#[macro_export]
macro_rules! blob {
    ($name:ident $(, $min:literal ..= $max:literal)?) => {
        #[doc = concat!("The bytes shape `", stringify!($name), "`.")]
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(pub Vec<u8>);

        $crate::blob!(
            @shape $name,
            $crate::optional!($($crate::shape::Bounds { min: $min, max: $max })?),
            Plain, Self, |value| &value.0
        );
    };
    (secret $name:ident, $min:literal ..= $max:literal) => {
        #[doc = concat!("The secret bytes shape `", stringify!($name), "`.")]
        pub struct $name(pub $crate::shape::parts::Secret<Vec<u8>>);

        $crate::blob!(
            @shape $name, Some($crate::shape::Bounds { min: $min, max: $max }), Secret,
            |bytes| Self($crate::shape::parts::Secret::new(bytes)), |value| value.0.expose()
        );
    };
    (@shape $name:ident, $bounds:expr, $sensitivity:ident, $make:expr,
     |$value:ident| $bytes:expr) => {
        $crate::shape! {
            $name,
            Blob($bounds, $crate::shape::Sensitivity::$sensitivity),
            |json, path, violations| Ok($crate::shape::parts::decode_blob(
                Self::MODEL, json, path, violations
            )?.map($make)),
            |$value, out| $crate::shape::parts::encode_blob($bytes, out)
        }
    };
}

/// An integer shape: `integer!(LimitType, 1..=1000)`, without a greatest value `integer!(CountType, 0..)`, or
/// without limits `integer!(AnyType)`.
#[macro_export]
macro_rules! integer {
    (@bounded $name:ident, $bounds:expr) => {
        #[doc = concat!("The integer shape `", stringify!($name), "`.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub i32);

        $crate::shape! {
            $name,
            Integer($bounds),
            |json, path, violations| Ok($crate::shape::parts::decode_integer(
                Self::MODEL, json, path, violations
            )?.map(Self)),
            |value, out| out.literal(value.0)
        }
    };
    ($name:ident $(, $min:literal ..= $max:literal)?) => {
        $crate::integer! {
            @bounded $name,
            $crate::optional!($($crate::shape::Bounds { min: $min, max: $max })?)
        }
    };
    ($name:ident, $min:literal ..) => {
        $crate::integer! {
            @bounded $name,
            Some($crate::shape::Bounds { min: $min, max: $crate::shape::Bounds::NO_MAX })
        }
    };
}

/// A floating-point shape: `double!(DatapointValue)`. Values are equal when their bits are.
#[macro_export]
macro_rules! double {
    ($name:ident) => {
        #[doc = concat!("The floating-point shape `", stringify!($name), "`.")]
        #[derive(Clone, Copy, Debug)]
        pub struct $name(pub f64);

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.to_bits() == other.0.to_bits()
            }
        }

        impl Eq for $name {}

        $crate::shape! {
            $name,
            Double,
            |json, _path, _violations| {
                Ok($crate::shape::parts::decode_double(json)?.map(Self))
            },
            |value, out| $crate::shape::parts::encode_double(value.0, out)
        }
    };
}

/// A boolean shape: `boolean!(BooleanType)`.
#[macro_export]
macro_rules! boolean {
    ($name:ident) => {
        #[doc = concat!("The boolean shape `", stringify!($name), "`.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub bool);

        $crate::shape! {
            $name,
            Boolean,
            |json, _path, _violations| {
                Ok($crate::shape::parts::decode_boolean(json)?.map(Self))
            },
            |value, out| out.literal(value.0)
        }
    };
}

/// A timestamp shape: `timestamp!(DateType)`.
#[macro_export]
macro_rules! timestamp {
    ($name:ident) => {
        #[doc = concat!("The timestamp shape `", stringify!($name), "`.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $crate::shape::parts::UnixMillis);

        $crate::shape! {
            $name,
            Timestamp,
            |json, _path, _violations| {
                Ok($crate::shape::parts::decode_timestamp(json)?.map(Self))
            },
            |value, out| $crate::shape::parts::encode_timestamp(value.0, out)
        }
    };
}

/// `Some` of what is given, if anything is.
#[doc(hidden)]
#[macro_export]
macro_rules! optional {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}

/// The implementation of `Shape` that every other macro ends in.
#[doc(hidden)]
#[macro_export]
macro_rules! shape {
    ($name:ident, $kind:ident $(($($argument:expr),+))?,
     |$json:ident, $path:ident, $violations:ident| $decode:expr,
     |$value:ident, $out:ident| $encode:expr) => {
        impl $crate::shape::Shape for $name {
            const MODEL: &'static $crate::shape::Model = &$crate::shape::Model {
                name: stringify!($name),
                kind: $crate::shape::Kind::$kind $(($($argument),+))?,
            };

            fn decode(
                $json: &$crate::json::Json,
                $path: &$crate::shape::Path<'_>,
                $violations: &mut $crate::shape::Violations,
            ) -> Result<Option<Self>, $crate::shape::Malformed> {
                $decode
            }

            fn encode(&self, $out: &mut $crate::json::Writer) {
                let $value = self;
                $encode
            }
        }
    };
}
