//! What was called, by whom and with which keys, and how long keys stood: counted from audit records, as a
//! price estimate needs it. Pure: reads no file and no clock, knows no price, and guesses nothing.

mod calls;
mod class;
mod keys;
mod seen;

use std::fmt;

use serde::{Deserialize, Serialize};
use strongroom_audit::{IdentityKind, Record};
use strongroom_base::UnixMillis;
use strongroom_base::id::AccountId;

use calls::Calls;
use keys::Keys;
use seen::Seen;

pub use calls::{By, CALL_ROWS_MAX, CallRow};
pub use class::Class;
pub(crate) use keys::ROTATIONS_CHARGED;
pub use keys::{KEYS_MAX, KeyRow, MANAGED_BY_AWS, MANAGED_BY_CUSTOMER};

/// What to count.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The first moment.
    pub from: UnixMillis,
    /// The moment that is too late.
    pub to: UnixMillis,
    /// The account that pays; every account without one.
    pub account: Option<AccountId>,
    /// What calls are told apart by.
    pub by: By,
}

/// A key that a server holds now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StandingKey {
    /// Its ARN.
    pub arn: String,
    /// Its KeySpec, as the API names it.
    pub spec: String,
    /// Its KeyUsage, as the API names it.
    pub usage: String,
    /// Its Origin, as the API names it.
    pub origin: String,
    /// Its KeyManager, as the API names it.
    pub manager: String,
    /// When it was created, in milliseconds since 1970.
    pub created: i64,
    /// When its material was rotated, in milliseconds since 1970; at most the first two times.
    pub rotated: Vec<i64>,
    /// Whether it waits for its deletion.
    pub is_pending_deletion: bool,
}

/// There is more to tell apart than this many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMany {
    /// [`CALL_ROWS_MAX`].
    CallRows,
    /// [`KEYS_MAX`].
    Keys,
}

/// What was counted, sorted.
#[derive(Debug, PartialEq)]
pub struct Report {
    /// The calls.
    pub calls: Vec<CallRow>,
    /// The keys that stood at some time between the two moments; those of one kind together unless calls are told
    /// apart by key.
    pub keys: Vec<KeyRow>,
}

/// Counting under way. Holds at most [`CALL_ROWS_MAX`] rows, [`KEYS_MAX`] keys and the ids of the last changes.
pub struct UsageCount {
    scope: Scope,
    seen: Seen,
    calls: Calls,
    keys: Keys,
}

impl UsageCount {
    /// Nothing counted yet.
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            seen: Seen::default(),
            calls: Calls::default(),
            keys: Keys::default(),
        }
    }

    /// Takes in a key that a server holds now: what it says of the key counts more than what records say.
    pub fn take_in_key(&mut self, key: &StandingKey) -> Result<(), TooMany> {
        self.keys.take_in(key)
    }

    /// Takes in a record; records come in the order of the log. One that comes twice counts once, and so do the
    /// records of one request in two Regions.
    pub fn take_in(&mut self, record: &Record) -> Result<(), TooMany> {
        if self.seen.is_repeated(record) {
            return Ok(());
        }
        self.keys.note(record, self.scope.from)?;
        if record.identity.kind == IdentityKind::Internal {
            return Ok(());
        }
        let counted = self.calls.row_of(record, &self.scope)?;
        for (row, change) in self.seen.settle(record, counted) {
            self.calls.change(row, change, record);
        }
        Ok(())
    }

    /// What was counted.
    pub fn finish(mut self) -> Report {
        self.keys.relate();
        Report {
            calls: self.calls.finish(&self.keys),
            keys: self.keys.finish(&self.scope),
        }
    }
}

impl Scope {
    fn covers(&self, time: UnixMillis) -> bool {
        self.from <= time && time < self.to
    }

    fn is_about(&self, account: &str) -> bool {
        self.account.is_none_or(|asked| asked.as_str() == account)
    }
}

impl fmt::Display for TooMany {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CallRows => write!(
                out,
                "the calls fall into more than {CALL_ROWS_MAX} rows: ask for a shorter period, one account, or --by account"
            ),
            Self::Keys => write!(out, "there are more than {KEYS_MAX} keys"),
        }
    }
}

impl std::error::Error for TooMany {}

#[cfg(test)]
mod tests;
