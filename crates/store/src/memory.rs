//! An engine in memory, for tests and the simulator. Deterministic: a commit ends before
//! [`Engine::commit`] returns, and nothing survives the process.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::engine::{
    Change, Commit, Engine, Entry, Health, Outcome, Page, Pending, SCAN_ENTRIES_MAX, StoreError,
    Write,
};

/// A store that forgets.
#[derive(Default)]
pub struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    sequence: u64,
    entries: BTreeMap<Vec<u8>, Entry>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Entry>, StoreError> {
        Ok(self.state().entries.get(key).cloned())
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Page, StoreError> {
        let limit = limit.min(SCAN_ENTRIES_MAX);
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let state = self.state();
        let mut rest = state
            .entries
            .range::<[u8], _>((start, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix));
        let entries = rest
            .by_ref()
            .take(limit)
            .map(|(key, entry)| (key.clone(), entry.clone()))
            .collect();
        let more = rest.next().is_some();
        Ok(Page { entries, more })
    }

    fn commit(&self, commit: Commit) -> Pending {
        let checked = commit.check_limits();
        Pending::ready(checked.and_then(|()| self.state().apply(commit)))
    }

    fn health(&self) -> Health {
        Health::SOUND
    }
}

impl State {
    fn apply(&mut self, commit: Commit) -> Result<Outcome, StoreError> {
        let version_of = |key: &[u8]| Ok(self.entries.get(key).map(|entry| entry.version));
        if let Some(key) = commit.find_conflict(version_of)? {
            return Ok(Outcome::Conflict { key: key.to_vec() });
        }
        if !commit.writes.is_empty() {
            self.sequence += 1;
        }
        for write in commit.writes {
            self.write(write)?;
        }
        Ok(Outcome::Committed {
            sequence: self.sequence,
        })
    }

    fn write(&mut self, write: Write) -> Result<(), StoreError> {
        match write.change {
            Change::Put(value) => {
                let version = write.expect.next_version().ok_or(StoreError::Damaged)?;
                self.entries.insert(write.key, Entry { version, value });
            }
            Change::Delete => {
                self.entries.remove(&write.key);
            }
        }
        Ok(())
    }
}
