//! What botocore's service model says of a shape, as data.

/// A named shape.
#[derive(Debug)]
pub struct Model {
    /// The name botocore gives it.
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
    /// The greatest.
    pub max: i64,
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
