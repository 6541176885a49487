//! What a policy document says, element by element, after the grammar has been checked.

use std::str::FromStr;

use crate::principal::Principal;

/// The version of the policy language. Absent means [`Version::V2008`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`: `${…}` is literal text.
    V2008,
    /// `2012-10-17`: `${…}` is a variable.
    V2012,
}

/// What a matching statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Allows, unless something denies.
    Allow,
    /// Denies, whatever allows.
    Deny,
}

/// The values of an element, or of its `Not` form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed<T> {
    /// Exactly these: Principal, Action, Resource.
    These(Vec<T>),
    /// All but these: NotPrincipal, NotAction, NotResource.
    AllBut(Vec<T>),
}

impl<T> Listed<T> {
    /// The values as listed, whichever form lists them.
    pub fn values(&self) -> &[T] {
        match self {
            Self::These(values) | Self::AllBut(values) => values,
        }
    }

    /// The same form of other values.
    pub(crate) fn map<U>(&self, change: impl FnMut(&T) -> U) -> Listed<U> {
        match self {
            Self::These(values) => Listed::These(values.iter().map(change).collect()),
            Self::AllBut(values) => Listed::AllBut(values.iter().map(change).collect()),
        }
    }
}

/// One statement. Without actions or resources it is stored but never matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The statement's name, unique within the document.
    pub sid: Option<String>,
    /// Allow or Deny.
    pub effect: Effect,
    /// Whom it speaks of; `None` in identity policies, which speak of whom they are attached to.
    pub principals: Option<Listed<Principal>>,
    /// Action patterns, `service:name` or `*`, compared without regard to case.
    pub actions: Option<Listed<String>>,
    /// Resource patterns: `*` or ARNs with wildcards.
    pub resources: Option<Listed<String>>,
    /// All of these must hold; none means unconditional.
    pub conditions: Vec<Condition>,
}

/// One key of a condition block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// How request values and policy values are compared.
    pub operator: Operator,
    /// The condition key as written; compared without regard to case.
    pub key: String,
    /// The policy values; numbers and booleans as the text they were written in.
    pub values: Vec<String>,
}

/// A condition operator: an optional set operator, a comparison, an optional `IfExists`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    /// `ForAnyValue:` or `ForAllValues:`.
    pub set: Option<SetOperator>,
    /// The comparison of one value with another.
    pub comparison: Comparison,
    /// `…IfExists`: an absent key satisfies the condition.
    pub if_exists: bool,
}

/// How a condition treats a key with several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOperator {
    /// Some request value satisfies the comparison.
    ForAnyValue,
    /// Every request value satisfies it; true of none.
    ForAllValues,
}

/// Writes the comparisons once: the enum, and its names in policies.
macro_rules! comparisons {
    ($($name:ident)*) => {
        /// The comparison of a condition operator, named as in policies.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the names are the policy language's own")]
        pub enum Comparison { $($name),* }

        impl Comparison {
            /// Every comparison.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name in policies.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

comparisons! {
    StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike
    NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals
    NumericGreaterThan NumericGreaterThanEquals
    DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan DateGreaterThanEquals
    Bool BinaryEquals IpAddress NotIpAddress
    ArnEquals ArnLike ArnNotEquals ArnNotLike
    Null
}

impl Comparison {
    /// Whether policy values may hold variables: String and Arn operators.
    pub(crate) fn has_variables(self) -> bool {
        self.name().starts_with("String") || self.name().starts_with("Arn")
    }
}

/// A text that is no condition operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownOperator;

impl FromStr for Operator {
    type Err = UnknownOperator;

    fn from_str(text: &str) -> Result<Self, UnknownOperator> {
        let (set, name) = match text.split_once(':') {
            None => (None, text),
            Some(("ForAnyValue", name)) => (Some(SetOperator::ForAnyValue), name),
            Some(("ForAllValues", name)) => (Some(SetOperator::ForAllValues), name),
            Some(_) => return Err(UnknownOperator),
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let comparison = Comparison::ALL.iter().find(|known| known.name() == name);
        let comparison = *comparison.ok_or(UnknownOperator)?;
        // Null itself asks whether the key exists, so it combines with nothing.
        if comparison == Comparison::Null && (if_exists || set.is_some()) {
            return Err(UnknownOperator);
        }
        Ok(Self {
            set,
            comparison,
            if_exists,
        })
    }
}
