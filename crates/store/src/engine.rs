//! The contract of an engine: bytes under versioned keys, changed only by commits that state what
//! they rely on. An engine must never answer "absent" for a key that a commit it acknowledged put.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use strongroom_base::Secret;
use tokio::sync::oneshot;

use crate::anchor::{Anchor, Measured, Statement};

/// The longest key.
pub const KEY_BYTES_MAX: usize = 128;
/// The longest value.
pub const VALUE_BYTES_MAX: usize = 256 * 1024;
/// The most writes in one commit: all that goes with a key, 50 aliases among it, fits.
pub const COMMIT_WRITES_MAX: usize = 256;
/// The most reads that one commit may rely on.
pub const COMMIT_READS_MAX: usize = 64;
/// The most commits that wait to be written; one more is answered [`StoreError::Busy`].
pub const QUEUE_COMMITS_MAX: usize = 1024;
/// The most bytes of keys and values that wait to be written; more is answered
/// [`StoreError::Busy`].
pub const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The most entries a scan returns; a larger limit is cut to this.
pub const SCAN_ENTRIES_MAX: usize = 1000;

/// Why the store did not do what it was asked. A commit answered with any of these changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The disk is full, or has less than the reserve left.
    Full,
    /// What the disk holds is not what was written there.
    Damaged,
    /// More commits or reads wait than the engine queues; try again later.
    Busy,
    /// A key, value or commit exceeds its limit.
    TooLarge,
    /// The engine is shutting down.
    Closed,
    /// The anchor made no statement of what the store would be.
    Unanchored,
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Full => "the disk of the data folder is full",
            Self::Damaged => "the store is damaged here",
            Self::Busy => "the store is busy",
            Self::TooLarge => "too large for the store",
            Self::Closed => "the store is closed",
            Self::Unanchored => "the key process does not vouch for the store",
        })
    }
}

impl std::error::Error for StoreError {}

/// What a commit relies on finding under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Absent,
    /// Exactly this version.
    At(u64),
}

impl Expect {
    /// Whether a key that is at `version`, or absent, is as expected.
    pub fn holds(self, version: Option<u64>) -> bool {
        match self {
            Self::Absent => version.is_none(),
            Self::At(expected) => version == Some(expected),
        }
    }

    /// The version a put makes of what it replaces, or `None` when versions are used up.
    pub fn next_version(self) -> Option<u64> {
        match self {
            Self::Absent => Some(1),
            Self::At(version) => version.checked_add(1),
        }
    }
}

/// A value and how often it was put since the key was last absent: the first put makes version 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The version, at least 1.
    pub version: u64,
    /// The value.
    pub value: Vec<u8>,
}

/// Part of a scan, in ascending order of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Keys with their entries.
    pub entries: Vec<(Vec<u8>, Entry)>,
    /// Whether keys follow the last one of this page.
    pub more: bool,
}

/// What becomes of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The key gets this value and its next version.
    Put(Vec<u8>),
    /// The key becomes absent.
    Delete,
}

/// One change, and what it replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The key.
    pub key: Vec<u8>,
    /// What must be there before.
    pub expect: Expect,
    /// What is there afterwards.
    pub change: Change,
}

/// Changes that happen together, and only if everything they rely on is as expected. A key may be
/// written once in a commit; a second write of it is a conflict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Keys that are relied on without being written.
    pub reads: Vec<(Vec<u8>, Expect)>,
    /// The changes.
    pub writes: Vec<Write>,
}

impl Commit {
    /// Refuses what exceeds a limit.
    pub fn check_limits(&self) -> Result<(), StoreError> {
        let keys_fit = self.keys().all(|key| key.len() <= KEY_BYTES_MAX);
        let values_fit = self.writes.iter().all(|write| match &write.change {
            Change::Put(value) => value.len() <= VALUE_BYTES_MAX,
            Change::Delete => true,
        });
        let counts_fit =
            self.writes.len() <= COMMIT_WRITES_MAX && self.reads.len() <= COMMIT_READS_MAX;
        if keys_fit && values_fit && counts_fit {
            Ok(())
        } else {
            Err(StoreError::TooLarge)
        }
    }

    /// The first key that is not as expected when `version_of` tells what is there now.
    pub fn find_conflict<E>(
        &self,
        mut version_of: impl FnMut(&[u8]) -> Result<Option<u64>, E>,
    ) -> Result<Option<&[u8]>, E> {
        for (key, expect) in &self.reads {
            if !expect.holds(version_of(key)?) {
                return Ok(Some(key));
            }
        }
        for (index, write) in self.writes.iter().enumerate() {
            let mut earlier = self.writes.iter().take(index);
            if earlier.any(|other| other.key == write.key) {
                return Ok(Some(&write.key));
            }
            if !write.expect.holds(version_of(&write.key)?) {
                return Ok(Some(&write.key));
            }
        }
        Ok(None)
    }

    /// The bytes this commit holds while it waits.
    pub(crate) fn size(&self) -> usize {
        let values = self.writes.iter().map(|write| match &write.change {
            Change::Put(value) => value.len(),
            Change::Delete => 0,
        });
        self.keys().map(Vec::len).chain(values).sum()
    }

    fn keys(&self) -> impl Iterator<Item = &Vec<u8>> {
        let reads = self.reads.iter().map(|(key, _)| key);
        reads.chain(self.writes.iter().map(|write| &write.key))
    }
}

/// How a commit ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it is durable.
    Committed {
        /// Counts the commits that wrote something; a later commit has a larger one.
        sequence: u64,
    },
    /// None of it happened.
    Conflict {
        /// The first key that was not as expected.
        key: Vec<u8>,
    },
}

/// A commit under way. Dropping it does not undo the commit.
pub struct Pending(State);

enum State {
    Ready(Result<Outcome, StoreError>),
    Waiting(oneshot::Receiver<Result<Outcome, StoreError>>),
}

impl Pending {
    /// A commit that has already ended.
    pub fn ready(result: Result<Outcome, StoreError>) -> Self {
        Self(State::Ready(result))
    }

    /// A commit that ends when the sender is used; `Closed` if it is dropped instead.
    pub fn waiting(receiver: oneshot::Receiver<Result<Outcome, StoreError>>) -> Self {
        Self(State::Waiting(receiver))
    }

    /// Blocks the thread until the commit ends. Not for threads of an async runtime.
    pub fn wait(self) -> Result<Outcome, StoreError> {
        match self.0 {
            State::Ready(result) => result,
            State::Waiting(receiver) => receiver.blocking_recv().unwrap_or(Err(StoreError::Closed)),
        }
    }
}

impl Future for Pending {
    type Output = Result<Outcome, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Ready(result) => Poll::Ready(result.clone()),
            State::Waiting(receiver) => Pin::new(receiver)
                .poll(context)
                .map(|sent| sent.unwrap_or(Err(StoreError::Closed))),
        }
    }
}

/// What an engine can still promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether "absent" can be told from "lost". If not, every miss and every scan is
    /// [`StoreError::Damaged`].
    pub absence_proved: bool,
    /// Whether changes are accepted. If not, every commit with writes is
    /// [`StoreError::Damaged`].
    pub writable: bool,
}

impl Health {
    /// Everything works.
    pub const SOUND: Self = Self {
        absence_proved: true,
        writable: true,
    };
}

/// Where bytes are kept. Reads block for microseconds; commits are awaited.
pub trait Engine: Send + Sync {
    /// What the last commit left under `key`.
    fn get(&self, key: &[u8]) -> Result<Option<Entry>, StoreError>;

    /// Entries whose key starts with `prefix` and is greater than `after`: at most `limit` of them
    /// and at most [`SCAN_ENTRIES_MAX`].
    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Page, StoreError>;

    /// Starts a commit. When its future yields `Committed`, the changes are durable and every
    /// later read sees them.
    fn commit(&self, commit: Commit) -> Pending;

    /// What the engine can still promise.
    fn health(&self) -> Health;

    /// What the store holds, its root under `key`. Blocks: the first time an HMAC for each row, later until the commit under
    /// way has ended. One engine is measured under one key.
    fn measure(&self, key: &Secret<[u8; 32]>) -> Result<Measured, StoreError>;

    /// Anchors the store, which was measured, and has `statement` for its last: made durable here, then there. Every
    /// later commit follows it.
    fn fasten(&self, anchor: Arc<dyn Anchor>, statement: Statement) -> Pending;

    /// Has a new statement made of the same rows, if the store is anchored: of what else a statement tells.
    fn restate(&self) -> Pending;
}

/// The least key that is greater than every key starting with `prefix`, or `None` when there is
/// no such key.
pub(crate) fn end_of_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}
