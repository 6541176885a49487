//! The store of a simulated machine: commits become durable in the order in which they were begun, some turns
//! later, and a crash keeps exactly those. What it acknowledged it holds, unless it is told to have a [`Flaw`].

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strongroom_base::Secret;
use strongroom_crypto::digest::sha256;
use strongroom_store::{
    Anchor, Change, Commit, Engine, Entry, Health, Measured, Outcome, Page, Pending, Root,
    SCAN_ENTRIES_MAX, Statement, StoreError,
};
use tokio::sync::{Notify, oneshot};

/// When the machine crashes: at the commit after so many, which is durable by then or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashAt {
    /// How many commits become durable before.
    pub after: u64,
    /// Whether the commit itself is durable. Nobody is told either way.
    pub survives: bool,
}

/// What goes wrong next, without a crash: nothing changes on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The next commits with writes find no room.
    Full,
    /// The next commits find the queue full.
    Busy,
    /// The next reads find damage.
    Damaged,
}

/// How a disk breaks its word, so that a test sees that somebody notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It keeps its word.
    None,
    /// Every so many-th commit is acknowledged, and gone after a crash.
    LosesAcknowledged(u64),
    /// Every so many-th read answers what was there before the last change.
    AnswersStale(u64),
}

type Waiting = (Commit, oneshot::Sender<Result<Outcome, StoreError>>);

/// The disk. It outlives the service.
pub(super) struct Disk {
    state: Mutex<State>,
    came: Notify,
    flaw: Flaw,
}

#[derive(Default)]
struct State {
    entries: BTreeMap<Vec<u8>, Entry>,
    sequence: u64,
    waiting: Vec<Waiting>,
    /// Commits whose end nobody will be told.
    untold: Vec<Waiting>,
    statement: Option<Statement>,
    fastened: u64,
    crash: Option<CrashAt>,
    crashed: bool,
    fault: Option<(Fault, u32)>,
    faults_met: u64,
    reads: u64,
    durable: u64,
    /// What a change replaced, for a disk that answers stale.
    before: BTreeMap<Vec<u8>, Option<Entry>>,
    /// What a crash takes back, for a disk that loses.
    unkept: BTreeMap<Vec<u8>, Option<Entry>>,
}

impl Disk {
    /// An empty disk.
    pub(super) fn new(flaw: Flaw) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            came: Notify::new(),
            flaw,
        })
    }

    /// Plans a crash.
    pub(super) fn crash_at(&self, crash: CrashAt) {
        let mut state = self.state();
        let after = state.durable + crash.after;
        state.crash = Some(CrashAt { after, ..crash });
    }

    /// Whether the planned crash has happened. From then on nothing becomes durable.
    pub(super) fn has_crashed(&self) -> bool {
        self.state().crashed
    }

    /// Plans a fault: it is met so many times at most.
    pub(super) fn fail_next(&self, fault: Fault, times: u32) {
        self.state().fault = Some((fault, times));
    }

    /// Ends the plan of faults.
    pub(super) fn heal(&self) {
        self.state().fault = None;
    }

    /// How many faults were met since the beginning.
    pub(super) fn faults_met(&self) -> u64 {
        self.state().faults_met
    }

    /// Begins the next life of the machine: what was not durable is gone.
    pub(super) fn recover(&self) {
        let mut state = self.state();
        state.crash = None;
        state.crashed = false;
        state.waiting.clear();
        state.untold.clear();
        for (key, entry) in std::mem::take(&mut state.unkept) {
            match entry {
                Some(entry) => state.entries.insert(key, entry),
                None => state.entries.remove(&key),
            };
        }
    }

    /// How many commits became durable.
    pub(super) fn durable(&self) -> u64 {
        self.state().durable
    }

    /// How often the store was anchored: once for every key process that is ready.
    pub(super) fn fastened(&self) -> u64 {
        self.state().fastened
    }

    /// Whether no commit waits.
    pub(super) fn is_idle(&self) -> bool {
        self.state().waiting.is_empty()
    }

    /// The SHA-256 of all rows, in the order of their keys.
    pub(super) fn digest(&self) -> [u8; 32] {
        let state = self.state();
        let mut all = Vec::new();
        for (key, entry) in &state.entries {
            for part in [key, &entry.version.to_be_bytes().to_vec(), &entry.value] {
                all.extend_from_slice(&u64::try_from(part.len()).unwrap().to_be_bytes());
                all.extend_from_slice(part);
            }
        }
        sha256(&[&all])
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes everything durable that waits, and then says so, up to a crash.
    fn sync(&self) {
        let mut state = self.state();
        let waiting = std::mem::take(&mut state.waiting);
        let mut told = Vec::new();
        for (commit, sender) in waiting {
            if state.crashes_now() {
                if state.crash.is_some_and(|crash| crash.survives) {
                    let _ = state.apply(&commit, self.flaw);
                }
                state.crashed = true;
            }
            if state.crashed {
                state.untold.push((commit, sender));
                continue;
            }
            let outcome = state.apply(&commit, self.flaw);
            told.push((sender, outcome));
        }
        if state.crashed {
            // One sync is for all of them: nobody is told before it is over.
            return std::mem::forget(told);
        }
        for (sender, outcome) in told {
            let _ = sender.send(Ok(outcome));
        }
    }
}

impl State {
    fn crashes_now(&self) -> bool {
        self.crash.is_some_and(|crash| crash.after <= self.durable) && !self.crashed
    }

    fn apply(&mut self, commit: &Commit, flaw: Flaw) -> Outcome {
        let version_of = |key: &[u8]| -> Result<_, StoreError> {
            Ok(self.entries.get(key).map(|entry| entry.version))
        };
        if let Ok(Some(key)) = commit.find_conflict(version_of) {
            return Outcome::Conflict { key: key.to_vec() };
        }
        if !commit.writes.is_empty() {
            self.sequence += 1;
            self.durable += 1;
        }
        let loses =
            matches!(flaw, Flaw::LosesAcknowledged(every) if self.durable.is_multiple_of(every));
        for write in &commit.writes {
            let old = match &write.change {
                Change::Put(value) => {
                    let version = write.expect.next_version().expect("a version");
                    let value = value.clone();
                    self.entries
                        .insert(write.key.clone(), Entry { version, value })
                }
                Change::Delete => self.entries.remove(&write.key),
            };
            if loses {
                self.unkept.entry(write.key.clone()).or_insert(old.clone());
            } else {
                self.unkept.remove(&write.key);
            }
            if let Flaw::AnswersStale(_) = flaw {
                self.before.insert(write.key.clone(), old);
            }
        }
        Outcome::Committed {
            sequence: self.sequence,
        }
    }

    fn meets(&mut self, wanted: impl Fn(Fault) -> bool) -> Option<Fault> {
        let (fault, times) = self.fault.filter(|(fault, _)| wanted(*fault))?;
        self.fault = (times > 1).then(|| (fault, times - 1));
        self.faults_met += 1;
        Some(fault)
    }

    fn read(&mut self) -> Result<(), StoreError> {
        self.reads += 1;
        match self.meets(|fault| fault == Fault::Damaged) {
            Some(_) => Err(StoreError::Damaged),
            None => Ok(()),
        }
    }
}

impl Engine for Disk {
    fn get(&self, key: &[u8]) -> Result<Option<Entry>, StoreError> {
        let mut state = self.state();
        state.read()?;
        if let Flaw::AnswersStale(every) = self.flaw
            && state.reads.is_multiple_of(every)
            && let Some(before) = state.before.get(key)
        {
            return Ok(before.clone());
        }
        Ok(state.entries.get(key).cloned())
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Page, StoreError> {
        let mut state = self.state();
        state.read()?;
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let mut rest = state
            .entries
            .range::<[u8], _>((start, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix));
        let entries = rest.by_ref().take(limit.min(SCAN_ENTRIES_MAX));
        let entries = entries
            .map(|(key, entry)| (key.clone(), entry.clone()))
            .collect();
        let more = rest.next().is_some();
        Ok(Page { entries, more })
    }

    fn commit(&self, commit: Commit) -> Pending {
        if let Err(error) = commit.check_limits() {
            return Pending::ready(Err(error));
        }
        let mut state = self.state();
        let is_change = !commit.writes.is_empty();
        match state.meets(|fault| is_change && fault != Fault::Damaged) {
            Some(Fault::Full) => return Pending::ready(Err(StoreError::Full)),
            Some(_) => return Pending::ready(Err(StoreError::Busy)),
            None => {}
        }
        let (sender, receiver) = oneshot::channel();
        state.waiting.push((commit, sender));
        drop(state);
        self.came.notify_one();
        Pending::waiting(receiver)
    }

    fn health(&self) -> Health {
        Health::SOUND
    }

    /// To its anchor it is always empty: a statement of every commit would have to wait for a key process that waits
    /// for the same thread.
    fn measure(&self, _: &Secret<[u8; 32]>) -> Result<Measured, StoreError> {
        let state = self.state();
        Ok(Measured {
            root: Root::default(),
            statement: state.statement.as_ref().map(|last| last.bytes.clone()),
            rows: 0,
        })
    }

    fn fasten(&self, anchor: Arc<dyn Anchor>, statement: Statement) -> Pending {
        let published = anchor.publish(&statement);
        let mut state = self.state();
        state.statement = Some(statement);
        state.fastened += 1;
        let sequence = state.sequence;
        let fastened = published.map(|()| Outcome::Committed { sequence });
        Pending::ready(fastened.map_err(|_| StoreError::Closed))
    }

    fn restate(&self) -> Pending {
        let sequence = self.state().sequence;
        Pending::ready(Ok(Outcome::Committed { sequence }))
    }
}

/// Syncs the disk some turns after commits came, for as long as the machine runs: those who commit at one time share a
/// sync.
pub(super) async fn keep_syncing(disk: Arc<Disk>) {
    loop {
        disk.came.notified().await;
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        disk.sync();
    }
}
