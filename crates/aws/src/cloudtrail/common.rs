//! Shapes that several groups of operations share.

use crate::json::{Json, Writer};
use crate::shape::{Kind, Malformed, Model, Path, Sensitivity, Shape, Violations, parts};
use crate::{blob, boolean, timestamp};

boolean!(Boolean);
timestamp!(Date);
blob!(ByteBuffer);

/// The string shape `String`, which has the name of a type that the macros need.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(String);

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Shape for Text {
    const MODEL: &'static Model = &Model {
        name: "String",
        kind: Kind::Text(None, None, Sensitivity::Plain),
    };

    fn decode(
        json: &Json,
        path: &Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<Self>, Malformed> {
        let text = parts::decode_text(Self::MODEL, json, path, violations)?;
        Ok(text.map(Self::from))
    }

    fn encode(&self, out: &mut Writer) {
        out.string(&self.0);
    }
}
