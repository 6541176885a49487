//! The history of events, read backwards from the audit log. An account is shown only events it is the recipient of,
//! and asking costs a bounded amount of reading, whoever asks.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strongroom_aws::cloudtrail::LookupAttributeKey;
use strongroom_base::id::{AccountId, Region};
use strongroom_base::{Instant, UnixMillis};
use tokio::sync::Semaphore;

mod matching;
mod place;
mod rate;
mod scan;

pub(crate) use place::Place;
use rate::Rates;
pub(crate) use scan::{Found, Page};

/// The most look-ups that wait for the one that reads, or read.
const WAITING_MAX: usize = 32;
/// The most of them of one account: nobody keeps the others out.
const WAITING_OF_ACCOUNT_MAX: usize = 4;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    /// The account that is told.
    pub account: AccountId,
    /// The Region in which the events stand.
    pub region: Region,
    /// What an event must have.
    pub attribute: Option<(LookupAttributeKey, String)>,
    /// The earliest time.
    pub start: UnixMillis,
    /// The latest time.
    pub end: UnixMillis,
}

/// Why nothing is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotRead {
    /// The account asks too often, or too many wait.
    TooMany,
    /// The log cannot be read.
    Unreadable,
}

/// The look-ups of an open service: one reads at a time.
pub(crate) struct Lookups {
    rates: Rates,
    turn: Arc<Semaphore>,
    waiting: Mutex<Vec<AccountId>>,
}

/// A place among those that wait; given back when it is dropped.
struct Waiting<'l> {
    lookups: &'l Lookups,
    account: AccountId,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waiting = self.lookups.waiting();
        if let Some(place) = waiting.iter().position(|one| *one == self.account) {
            waiting.swap_remove(place);
        }
    }
}

impl Default for Lookups {
    fn default() -> Self {
        Self {
            rates: Rates::default(),
            turn: Arc::new(Semaphore::new(1)),
            waiting: Mutex::default(),
        }
    }
}

impl Lookups {
    /// Counts a call of `account` in `region`. Errors: [`NotRead::TooMany`].
    pub(crate) fn admit(
        &self,
        account: &AccountId,
        region: &Region,
        now: Instant,
    ) -> Result<(), NotRead> {
        match self.rates.admit(account, region, now) {
            true => Ok(()),
            false => Err(NotRead::TooMany),
        }
    }

    /// At most `limit` events that `query` asks for, newest first, from the log in `folder`: those before `before`,
    /// or the newest. Errors: [`NotRead`].
    pub(crate) async fn read(
        &self,
        folder: PathBuf,
        query: Query,
        before: Option<Place>,
        limit: usize,
    ) -> Result<Page, NotRead> {
        let _place = self.wait(query.account)?;
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        let turn = turn.map_err(|_| NotRead::Unreadable)?;
        let reading = tokio::task::spawn_blocking(move || {
            let page = scan::page(&folder, &query, before, limit);
            // Whoever asked may be gone; the turn is over only when the reading is.
            drop(turn);
            page
        });
        let read = reading.await.map_err(|_| NotRead::Unreadable)?;
        read.map_err(|_| NotRead::Unreadable)
    }

    fn wait(&self, account: AccountId) -> Result<Waiting<'_>, NotRead> {
        let mut waiting = self.waiting();
        let of_account = waiting.iter().filter(|one| **one == account).count();
        if waiting.len() >= WAITING_MAX || of_account >= WAITING_OF_ACCOUNT_MAX {
            return Err(NotRead::TooMany);
        }
        waiting.push(account);
        Ok(Waiting {
            lookups: self,
            account,
        })
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<AccountId>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
