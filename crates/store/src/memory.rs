//! An engine in memory, for tests and the simulator. Deterministic: a commit ends before
//! [`Engine::commit`] returns, and nothing survives the process.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strongroom_base::Secret;

use crate::anchor::{Anchor, Identity, Measured, Root, Rooted, Statement};
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
    rooted: Option<Rooted>,
    statement: Option<Statement>,
    anchor: Option<Arc<dyn Anchor>>,
    /// Nobody knows what the anchor holds: this stands for the end of the process.
    is_closed: bool,
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
        Ok(self.state().open()?.entries.get(key).cloned())
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Page, StoreError> {
        let limit = limit.min(SCAN_ENTRIES_MAX);
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let mut state = self.state();
        let mut rest = state
            .open()?
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
        Pending::ready(checked.and_then(|()| self.state().open()?.apply(commit)))
    }

    fn health(&self) -> Health {
        Health::SOUND
    }

    fn measure(&self, key: &Secret<[u8; 32]>) -> Result<Measured, StoreError> {
        let mut state = self.state();
        Ok(state.open()?.measure(key))
    }

    fn fasten(&self, anchor: Arc<dyn Anchor>, statement: Statement) -> Pending {
        Pending::ready(self.state().fasten(anchor, statement))
    }

    fn restate(&self) -> Pending {
        let mut state = self.state();
        Pending::ready(state.open().and_then(State::restate))
    }
}

impl State {
    fn open(&mut self) -> Result<&mut Self, StoreError> {
        if self.is_closed {
            Err(StoreError::Closed)
        } else {
            Ok(self)
        }
    }

    fn measure(&mut self, key: &Secret<[u8; 32]>) -> Measured {
        let identities = self.entries.iter();
        let identities = identities.map(|(key, entry)| identity_of(key, entry));
        let rooted = self
            .rooted
            .get_or_insert_with(|| Rooted::of(key, identities));
        Measured {
            root: rooted.root,
            statement: self.statement.as_ref().map(|last| last.bytes.clone()),
            rows: self.entries.len() as u64,
        }
    }

    fn fasten(
        &mut self,
        anchor: Arc<dyn Anchor>,
        statement: Statement,
    ) -> Result<Outcome, StoreError> {
        if self.rooted.is_none() {
            return Err(StoreError::Unanchored);
        }
        self.anchor = Some(anchor);
        self.publish(statement)?;
        Ok(self.committed())
    }

    fn restate(&mut self) -> Result<Outcome, StoreError> {
        if let Some((root, statement)) = self.advance(&BTreeMap::new())? {
            self.settle(root, statement)?;
        }
        Ok(self.committed())
    }

    fn apply(&mut self, commit: Commit) -> Result<Outcome, StoreError> {
        let version_of = |key: &[u8]| Ok(self.entries.get(key).map(|entry| entry.version));
        if let Some(key) = commit.find_conflict(version_of)? {
            return Ok(Outcome::Conflict { key: key.to_vec() });
        }
        if commit.writes.is_empty() {
            return Ok(self.committed());
        }
        let changes = commit.writes.into_iter().map(next_entry);
        let changes = changes.collect::<Result<BTreeMap<_, _>, _>>()?;
        let stated = self.advance(&changes)?;
        self.sequence += 1;
        for (key, entry) in changes {
            match entry {
                Some(entry) => self.entries.insert(key, entry),
                None => self.entries.remove(&key),
            };
        }
        if let Some((root, statement)) = stated {
            self.settle(root, statement)?;
        }
        Ok(self.committed())
    }

    /// The root that `changes` lead to, and a statement of it, if the store is anchored.
    fn advance(
        &self,
        changes: &BTreeMap<Vec<u8>, Option<Entry>>,
    ) -> Result<Option<(Root, Statement)>, StoreError> {
        let Some(rooted) = &self.rooted else {
            return Ok(None);
        };
        let (Some(anchor), Some(last)) = (&self.anchor, &self.statement) else {
            return Err(StoreError::Unanchored);
        };
        let identities = changes.iter().map(|(key, after)| {
            let before = self.entries.get(key);
            let identity = |entry| identity_of(key, entry);
            (before.map(identity), after.as_ref().map(identity))
        });
        let root = rooted.moved(identities);
        Ok(Some((root, anchor.advance(last.sequence, &root)?)))
    }

    fn settle(&mut self, root: Root, statement: Statement) -> Result<(), StoreError> {
        if let Some(rooted) = &mut self.rooted {
            rooted.root = root;
        }
        self.publish(statement)
    }

    fn publish(&mut self, statement: Statement) -> Result<(), StoreError> {
        let published = self
            .anchor
            .as_ref()
            .map(|anchor| anchor.publish(&statement));
        self.statement = Some(statement);
        if let Some(Err(_)) = published {
            self.is_closed = true;
            return Err(StoreError::Closed);
        }
        Ok(())
    }

    fn committed(&self) -> Outcome {
        Outcome::Committed {
            sequence: self.sequence,
        }
    }
}

fn identity_of(key: &[u8], entry: &Entry) -> Identity {
    Identity::of(key, entry.version, &entry.value)
}

fn next_entry(write: Write) -> Result<(Vec<u8>, Option<Entry>), StoreError> {
    let entry = match write.change {
        Change::Put(value) => {
            let version = write.expect.next_version().ok_or(StoreError::Damaged)?;
            Some(Entry { version, value })
        }
        Change::Delete => None,
    };
    Ok((write.key, entry))
}
