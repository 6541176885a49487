//! Why a policy document is refused, in words its author can act on.

use std::fmt;

use crate::json::{DEPTH_MAX, JsonError};

/// Why a policy is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// More bytes than a document of its grammar may have. KMS answers LimitExceededException.
    TooLarge {
        /// The most bytes.
        limit: usize,
    },
    /// A character outside U+0009, U+000A, U+000D and U+0020 to U+00FF (KMS API, PolicyType).
    Character,
    /// Not JSON from this byte on.
    Syntax {
        /// Where, in bytes from the start.
        offset: usize,
    },
    /// An object has two members of one name.
    Duplicate {
        /// The name.
        member: String,
    },
    /// Nested deeper than any policy is.
    TooDeep,
    /// The document outside its statements breaks the grammar.
    Document(Problem),
    /// A statement breaks the grammar.
    Statement {
        /// Which, counted from 1.
        number: usize,
        /// How.
        problem: Problem,
    },
    /// A statement names something that can never be a principal.
    Principal {
        /// Which statement, counted from 1.
        number: usize,
        /// The value, as written.
        value: String,
    },
}

/// What breaks the grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The element is not known here; element names are case-sensitive.
    Unknown(String),
    /// A required element is absent.
    Missing(&'static str),
    /// An element and its `Not` form stand side by side.
    Both(&'static str, &'static str),
    /// The element has the wrong JSON type.
    Type(&'static str),
    /// The element is an empty list or text.
    Empty(&'static str),
    /// The value is not one of those the element may have.
    Value(&'static str, String),
    /// Two statements carry this Sid.
    RepeatedSid(String),
    /// The condition operator does not exist.
    Operator(String),
    /// ForAllValues on a key with one value, which an absent key satisfies.
    OverlyPermissive,
}

impl From<JsonError> for PolicyError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Syntax { offset } => Self::Syntax { offset },
            JsonError::Duplicate { name } => Self::Duplicate { member: name },
            JsonError::TooDeep => Self::TooDeep,
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(out, "The policy is larger than {limit} bytes."),
            Self::Character => write!(out, "The policy contains a character that is not allowed."),
            Self::Syntax { offset } => {
                write!(out, "The policy is not valid JSON at byte {offset}.")
            }
            Self::Duplicate { member } => {
                write!(
                    out,
                    "The policy contains the member \"{member}\" twice in one object."
                )
            }
            Self::TooDeep => {
                write!(out, "The policy is nested deeper than {DEPTH_MAX} levels.")
            }
            Self::Document(problem) => write!(out, "The policy is malformed: {problem}."),
            // OverlyPermissiveCondition is a whole text of AWS's own.
            Self::Statement {
                problem: problem @ Problem::OverlyPermissive,
                ..
            } => {
                write!(out, "{problem}")
            }
            Self::Statement { number, problem } => {
                write!(
                    out,
                    "Statement {number} of the policy is malformed: {problem}."
                )
            }
            // KMS API, PutKeyPolicy: the text names no principal.
            Self::Principal { .. } => {
                write!(
                    out,
                    "Policy contains a statement with one or more invalid principals."
                )
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(element) => write!(out, "unknown element \"{element}\""),
            Self::Missing(element) => write!(out, "{element} is missing"),
            Self::Both(one, other) => write!(out, "{one} and {other} exclude each other"),
            Self::Type(element) => write!(out, "{element} has the wrong type"),
            Self::Empty(element) => write!(out, "{element} is empty"),
            Self::Value(element, value) => write!(out, "{element} cannot be \"{value}\""),
            Self::RepeatedSid(sid) => write!(out, "Sid \"{sid}\" is not unique"),
            Self::Operator(name) => write!(out, "unknown condition operator \"{name}\""),
            Self::OverlyPermissive => write!(
                out,
                "OverlyPermissiveCondition: Using the ForAllValues set operator with a \
                 single-valued condition key matches requests without the specified encryption \
                 context or tag or with an unspecified encryption context or tag. To fix, remove \
                 ForAllValues."
            ),
        }
    }
}

impl std::error::Error for PolicyError {}
