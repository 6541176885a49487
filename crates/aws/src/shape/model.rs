//! What botocore's service model says of a shape, as data.

use super::Shape;

/// A named shape.
#[derive(Debug)]
pub struct Model {
    /// The name botocore gives it, with a capital first letter.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
}

/// What a shape is, and which values it has.
#[derive(Debug)]
pub enum Kind {
    /// A string; bounds are lengths in characters.
    Text(Option<Bounds>, Option<Pattern>, Sensitivity),
    /// One of these strings.
    Enumeration(&'static [&'static str]),
    /// Bytes, in base64; bounds are lengths in bytes.
    Blob(Option<Bounds>, Sensitivity),
    /// A 32-bit integer; bounds are values.
    Integer(Option<Bounds>),
    /// A 64-bit floating-point number.
    Double,
    /// `true` or `false`.
    Boolean,
    /// Seconds since the epoch.
    Timestamp,
    /// A list of one shape; bounds are lengths in items.
    List(&'static Model, Option<Bounds>),
    /// A map from one shape to another.
    Map(&'static Model, &'static Model),
    /// Members in the order they are written.
    Structure(&'static [Member]),
}

/// The least and the greatest allowed value or length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The least.
    pub min: i64,
    /// The greatest, or [`Bounds::NO_MAX`].
    pub max: i64,
}

impl Bounds {
    /// There is no greatest.
    pub const NO_MAX: i64 = i64::MAX;
}

/// A regular expression of the model and a predicate that decides it for a whole text.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// The expression, as the model and error messages write it.
    pub text: &'static str,
    /// Whether a text matches from its first to its last character.
    pub matches: fn(&str) -> bool,
}

/// Whether a value may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensitivity {
    /// It may.
    Plain,
    /// It may not: the type wipes it and has no `Debug`.
    Secret,
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// Its name on the wire.
    pub name: &'static str,
    /// Its shape.
    pub model: &'static Model,
    /// Whether it must be there.
    pub presence: Presence,
}

/// Whether a member must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It must.
    Required,
    /// It may be absent or null.
    Optional,
}

/// The shapes of one operation.
#[derive(Debug)]
pub struct OperationModel {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub input: &'static Model,
    /// What it answers with; the model of [`NoOutput`](super::NoOutput) when it answers with an empty body.
    pub output: &'static Model,
}

impl OperationModel {
    pub(crate) const fn new<Input: Shape, Output: Shape>(name: &'static str) -> Self {
        Self {
            name,
            input: Input::MODEL,
            output: Output::MODEL,
        }
    }
}
