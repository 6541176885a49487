//! The condition keys of a request, as the evaluator asks for them. A key that cannot be had is never
//! taken for an absent one.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a request says for a condition key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values<'v> {
    /// The request has no such key.
    Absent,
    /// The value of a key that has one.
    One(Cow<'v, str>),
    /// The values of a key that can have several, however many it has.
    Many(Vec<Cow<'v, str>>),
}

/// The value cannot be had, because a look-up failed: the decision is no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undetermined;

/// Where the values of condition keys come from.
pub trait Context {
    /// The values of `key`, which is lower-case as [`folded`] makes it; fails when they cannot be had.
    fn values(&self, key: &str) -> Result<Values<'_>, Undetermined>;
}

/// The form under which condition keys are compared: Unicode lower case.
pub fn folded(key: &str) -> String {
    key.to_lowercase()
}

/// Condition keys held in memory, for simulations and tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapContext(BTreeMap<String, Held>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Held {
    One(String),
    Many(Vec<String>),
}

impl MapContext {
    /// No keys.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Gives `key`, in any case, this one value, whatever it had.
    pub fn set_one(&mut self, key: &str, value: impl Into<String>) {
        self.0.insert(folded(key), Held::One(value.into()));
    }

    /// Makes `key`, in any case, one that can have several values and has these, whatever it had.
    pub fn set_many(&mut self, key: &str, values: Vec<String>) {
        self.0.insert(folded(key), Held::Many(values));
    }
}

impl Context for MapContext {
    fn values(&self, key: &str) -> Result<Values<'_>, Undetermined> {
        Ok(match self.0.get(key) {
            None => Values::Absent,
            Some(Held::One(value)) => Values::One(Cow::Borrowed(value)),
            Some(Held::Many(values)) => Values::Many(
                values
                    .iter()
                    .map(|value| Cow::Borrowed(value.as_str()))
                    .collect(),
            ),
        })
    }
}
