//! Constraint violations and how AWS words them.

use std::fmt;

use super::model::{Bounds, Pattern};
use crate::text;

/// Where in a request a value stands; shown as `tags.1.member.tagKey`.
pub enum Path<'a> {
    /// The request itself.
    Root,
    /// A member of the structure at a path, by its name on the wire.
    Member(&'a Path<'a>, &'static str),
    /// An item of the list at a path, counted from 0.
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// The name of the parameter that the Query protocol has for what stands here.
    fn in_query(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(Path::Root, name) => (*name).to_owned(),
            Self::Member(parent, name) => format!("{}.{name}", parent.in_query()),
            Self::Item(parent, index) => format!("{}.member.{}", parent.in_query(), index + 1),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Path::Root, name) => lower_camel(name, out),
            Self::Member(parent, name) => {
                write!(out, "{parent}.")?;
                lower_camel(name, out)
            }
            Self::Item(parent, index) => write!(out, "{parent}.{}.member", index + 1),
        }
    }
}

fn lower_camel(name: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    write!(out, "{}{}", first.unwrap_or_default(), letters.as_str())
}

/// What a value must satisfy.
#[derive(Clone, Debug)]
pub enum Constraint {
    /// Be there.
    NotNull,
    /// Be at least so long.
    LengthMin(i64),
    /// Be at most so long.
    LengthMax(i64),
    /// Be at least so great.
    ValueMin(i64),
    /// Be at most so great.
    ValueMax(i64),
    /// Be one of these.
    OneOf(&'static [&'static str]),
    /// Match this expression.
    Pattern(&'static str),
    /// Every item of a list of scalars must satisfy all these.
    Items(Vec<Constraint>),
    /// Every value of a map must satisfy all these.
    Values(Vec<Constraint>),
}

impl fmt::Display for Constraint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::constraint(self, out)
    }
}

/// The violations of one request, in the order they were found.
#[derive(Debug, Default)]
pub struct Violations {
    texts: Vec<String>,
    first_absent: Option<String>,
}

impl Violations {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.texts.len()
    }

    /// The path of the first member that is null or absent, as Query would write it: `Dimensions.member.1.Name`.
    pub fn first_absent(&self) -> Option<&str> {
        self.first_absent.as_deref()
    }

    /// Notes that the member at `path` is null or absent.
    pub fn null(&mut self, path: &Path<'_>) {
        self.first_absent.get_or_insert_with(|| path.in_query());
        self.texts.push(text::null_violation(path));
    }

    /// Notes that `value` at `path` violates `constraint`.
    pub fn add(&mut self, path: &Path<'_>, value: impl fmt::Display, constraint: &Constraint) {
        self.texts.push(text::violation(path, &value, constraint));
    }

    /// Notes that a value at `path`, which messages must not show, violates `constraint`.
    pub fn add_hidden(&mut self, path: &Path<'_>, constraint: &Constraint) {
        self.texts.push(text::hidden_violation(path, constraint));
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::violations(&self.texts, out)
    }
}

/// The length constraint that `length` violates.
pub(super) fn length_violated(length: usize, bounds: Option<Bounds>) -> Option<Constraint> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    match bounds? {
        Bounds { max, .. } if length > max => Some(Constraint::LengthMax(max)),
        Bounds { min, .. } if length < min => Some(Constraint::LengthMin(min)),
        _ => None,
    }
}

/// The value constraint that `value` violates.
pub(super) fn value_violated(value: i64, bounds: Option<Bounds>) -> Option<Constraint> {
    match bounds? {
        Bounds { max, .. } if value > max => Some(Constraint::ValueMax(max)),
        Bounds { min, .. } if value < min => Some(Constraint::ValueMin(min)),
        _ => None,
    }
}

/// The pattern constraint that `text` violates.
pub(super) fn pattern_violated(text: &str, pattern: Option<Pattern>) -> Option<Constraint> {
    pattern
        .filter(|pattern| !(pattern.matches)(text))
        .map(|pattern| Constraint::Pattern(pattern.text))
}
