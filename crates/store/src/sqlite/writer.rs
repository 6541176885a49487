//! The writer thread: gathers waiting commits into one transaction, and answers them when it is on
//! disk. Must never answer before, nor go on after a write whose outcome is unknown.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError};

use rusqlite::{Connection, Error, OptionalExtension, params};
use tokio::sync::oneshot;

use crate::engine::{Change, Commit, Expect, Health, Outcome, StoreError, Write};

use super::failure::{self, Failure};
use super::keys::KeyHash;
use super::mark::Mark;
use super::open::{Totals, write_totals};
use super::{Shared, SqliteOptions};

/// The most commits that share one transaction, and so one flush.
const BATCH_COMMITS_MAX: usize = 256;
/// A transaction takes in no further commit beyond this.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The log is moved into the file when it holds this many pages.
const CHECKPOINT_PAGES: i64 = 1000;

const FIND: &str = "SELECT t.rowid, t.key, t.version \
     FROM kv AS i INDEXED BY sqlite_autoindex_kv_1 LEFT JOIN kv AS t ON t.rowid = i.rowid \
     WHERE i.key = ?1";

/// A commit that waits.
pub(super) struct Request {
    pub(super) commit: Commit,
    pub(super) size: usize,
    pub(super) reply: oneshot::Sender<Result<Outcome, StoreError>>,
}

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) folder: File,
    pub(super) mark: Mark,
    pub(super) totals: Totals,
    pub(super) health: Health,
    pub(super) shared: Arc<Shared>,
    pub(super) options: SqliteOptions,
}

/// An open transaction: the totals it will leave, and the keys it added (true) or removed (false).
struct Transaction<'a> {
    connection: &'a Connection,
    shared: &'a Shared,
    absence_proved: bool,
    totals: Totals,
    changed: BTreeMap<KeyHash, Presence>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Added,
    Removed,
}

/// Where a key is in the table.
struct Place {
    row: i64,
    version: u64,
}

impl Writer {
    /// Serves `requests` until their sender is dropped, then closes the store.
    pub(super) fn run(mut self, requests: &Receiver<Request>) {
        while let Some(batch) = self.gather(requests) {
            self.serve(batch);
            self.checkpoint_if_due();
        }
        self.close();
    }

    fn gather(&self, requests: &Receiver<Request>) -> Option<Vec<Request>> {
        let first = requests.recv().ok()?;
        let mut bytes = first.size;
        let mut batch = vec![first];
        while batch.len() < BATCH_COMMITS_MAX && bytes < BATCH_BYTES_MAX {
            let Ok(request) = requests.try_recv() else {
                break;
            };
            bytes += request.size;
            batch.push(request);
        }
        self.shared.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        Some(batch)
    }

    fn serve(&mut self, mut batch: Vec<Request>) {
        if let Some(refusal) = self.refusal() {
            let (changing, reading) = batch
                .into_iter()
                .partition(|request: &Request| !request.commit.writes.is_empty());
            answer_all(changing, refusal);
            batch = reading;
        }
        match self.attempt(&batch) {
            Ok(outcomes) => answer_each(batch, outcomes),
            // One of them touches what is damaged; the others shall not suffer for it.
            Err(StoreError::Damaged) if batch.len() > 1 => {
                for request in batch {
                    self.serve(vec![request]);
                }
            }
            Err(error) => answer_all(batch, error),
        }
    }

    /// Why no change may start now.
    fn refusal(&self) -> Option<StoreError> {
        if !self.health.writable {
            return Some(StoreError::Damaged);
        }
        let free = rustix::fs::fstatvfs(&self.folder)
            .map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        (free < self.options.free_bytes_reserve).then_some(StoreError::Full)
    }

    /// All of `batch` in one transaction, which is on disk when this returns its outcomes. On an
    /// error nothing has happened.
    fn attempt(&mut self, batch: &[Request]) -> Result<Vec<Outcome>, StoreError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        if let Err(error) = self.connection.execute_batch("BEGIN IMMEDIATE") {
            return Err(self.undo(failure::of_transaction(&error), "begin a transaction"));
        }
        let mut transaction = Transaction {
            connection: &self.connection,
            shared: &self.shared,
            absence_proved: self.health.absence_proved,
            totals: self.totals,
            changed: BTreeMap::new(),
        };
        let applied = transaction.apply_all(batch);
        let (totals, changed) = (transaction.totals, transaction.changed);
        match applied {
            Ok(outcomes) => {
                self.settle(totals, &changed)?;
                Ok(outcomes)
            }
            Err(failure) => Err(self.undo(failure, "write a transaction")),
        }
    }

    /// Makes the open transaction durable and visible.
    fn settle(
        &mut self,
        totals: Totals,
        changed: &BTreeMap<KeyHash, Presence>,
    ) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let settling = shared.settling.lock();
        if let Err(error) = self.connection.execute_batch("COMMIT") {
            return Err(self.undo(failure::of_commit(&error), "commit a transaction"));
        }
        shared.note(changed);
        drop(settling);
        if totals.sequence != self.totals.sequence {
            self.totals = totals;
            self.advance_mark();
        }
        Ok(())
    }

    fn advance_mark(&self) {
        match self.mark.advance(self.totals.sequence) {
            // An old mark finds less, but calls nothing lost that is there.
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {}
            Err(_) => (self.options.fatal)("cannot write store.mark"),
            Ok(()) => {}
        }
    }

    /// Rolls back, and turns `failure` into what its commits are answered.
    fn undo(&self, failure: Failure, what: &str) -> StoreError {
        let Failure::Answer(answer) = failure else {
            (self.options.fatal)(&format!("the store cannot {what}"));
        };
        // SQLite has rolled back by itself after some errors.
        if !self.connection.is_autocommit() && self.connection.execute_batch("ROLLBACK").is_err() {
            (self.options.fatal)("the store cannot roll a transaction back");
        }
        answer
    }

    fn checkpoint_if_due(&self) {
        let pages = self.checkpoint("NOOP");
        if pages >= CHECKPOINT_PAGES {
            self.checkpoint("PASSIVE");
        }
    }

    /// Moves the log into the file, and gives the number of pages the log held. What only stops a
    /// checkpoint is left to the next one: the log still has everything.
    fn checkpoint(&self, mode: &str) -> i64 {
        let pragma = format!("PRAGMA wal_checkpoint({mode})");
        match self.connection.query_row(&pragma, [], |row| row.get(1)) {
            Ok(pages) => pages,
            Err(error) => {
                if failure::of_checkpoint(&error) == Failure::End {
                    (self.options.fatal)("the store cannot write a checkpoint");
                }
                0
            }
        }
    }

    fn close(self) {
        // A file that is damaged stays as it is, for whoever repairs it.
        if self.health == Health::SOUND {
            self.checkpoint("TRUNCATE");
        }
        if self.mark.flush().is_err() {
            (self.options.fatal)("cannot flush store.mark");
        }
    }
}

impl Transaction<'_> {
    fn apply_all(&mut self, batch: &[Request]) -> Result<Vec<Outcome>, Failure> {
        let before = self.totals.sequence;
        let outcomes = batch
            .iter()
            .map(|request| self.apply(&request.commit))
            .collect::<Result<_, _>>()?;
        if self.totals.sequence != before {
            write_totals(self.connection, &self.totals)
                .map_err(|error| failure::of_transaction(&error))?;
        }
        Ok(outcomes)
    }

    fn apply(&mut self, commit: &Commit) -> Result<Outcome, Failure> {
        let version_of = |key: &[u8]| Ok(self.find(key)?.map(|place| place.version));
        if let Some(key) = commit.find_conflict(version_of)? {
            return Ok(Outcome::Conflict { key: key.to_vec() });
        }
        if !commit.writes.is_empty() {
            self.totals.sequence += 1;
        }
        for write in &commit.writes {
            self.write(write)?;
        }
        Ok(Outcome::Committed {
            sequence: self.totals.sequence,
        })
    }

    fn find(&self, key: &[u8]) -> Result<Option<Place>, Failure> {
        let found = self
            .query_place(key)
            .map_err(|error| failure::of_transaction(&error))?;
        match found {
            Some(Some(place)) => Ok(Some(place)),
            Some(None) => Err(Failure::Answer(StoreError::Damaged)),
            None if self.may_be_absent(key) => Ok(None),
            None => Err(Failure::Answer(StoreError::Damaged)),
        }
    }

    /// `None` when the index lacks the key, `Some(None)` when its row does not fit.
    fn query_place(&self, key: &[u8]) -> Result<Option<Option<Place>>, Error> {
        let mut statement = self.connection.prepare_cached(FIND)?;
        let place = statement.query_row(params![key], |row| {
            if row.get_ref(1)?.as_blob_or_null()? != Some(key) {
                return Ok(None);
            }
            let version = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
            let row = row.get(0)?;
            Ok((version > 0).then_some(Place { row, version }))
        });
        place.optional()
    }

    fn may_be_absent(&self, key: &[u8]) -> bool {
        match self.changed.get(&KeyHash::of(key)) {
            Some(presence) => *presence == Presence::Removed,
            None => self.absence_proved && !self.shared.knows(key),
        }
    }

    fn write(&mut self, write: &Write) -> Result<(), Failure> {
        let hash = KeyHash::of(&write.key);
        match (&write.change, write.expect) {
            (Change::Put(value), Expect::Absent) => {
                self.insert(&write.key, value)?;
                self.totals.keys.add(hash);
                self.changed.insert(hash, Presence::Added);
            }
            (Change::Put(value), Expect::At(_)) => self.update(write, value)?,
            (Change::Delete, Expect::Absent) => {}
            (Change::Delete, Expect::At(_)) => {
                self.delete(&write.key)?;
                self.totals.keys.remove(hash);
                self.changed.insert(hash, Presence::Removed);
            }
        }
        Ok(())
    }

    fn insert(&self, key: &[u8], value: &[u8]) -> Result<(), Failure> {
        self.change_one(
            "INSERT INTO kv(key, version, value) VALUES(?1, 1, ?2)",
            params![key, value],
        )
    }

    fn update(&self, write: &Write, value: &[u8]) -> Result<(), Failure> {
        let version = write.expect.next_version().map(i64::try_from);
        let (Some(Ok(version)), Some(place)) = (version, self.find(&write.key)?) else {
            return Err(Failure::Answer(StoreError::Damaged));
        };
        self.change_one(
            "UPDATE kv SET version=?2, value=?3 WHERE rowid=?1",
            params![place.row, version, value],
        )
    }

    fn delete(&self, key: &[u8]) -> Result<(), Failure> {
        let place = self
            .find(key)?
            .ok_or(Failure::Answer(StoreError::Damaged))?;
        self.change_one("DELETE FROM kv WHERE rowid=?1", params![place.row])
    }

    fn change_one(&self, query: &str, values: impl rusqlite::Params) -> Result<(), Failure> {
        let changed = self
            .connection
            .prepare_cached(query)
            .and_then(|mut statement| statement.execute(values))
            .map_err(|error| failure::of_transaction(&error))?;
        if changed == 1 {
            Ok(())
        } else {
            Err(Failure::Answer(StoreError::Damaged))
        }
    }
}

impl Shared {
    fn note(&self, changed: &BTreeMap<KeyHash, Presence>) {
        if changed.is_empty() {
            return;
        }
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        for (key, presence) in changed {
            match presence {
                Presence::Added => keys.insert(*key),
                Presence::Removed => keys.remove(*key),
            }
        }
    }
}

fn answer_each(batch: Vec<Request>, outcomes: Vec<Outcome>) {
    for (request, outcome) in batch.into_iter().zip(outcomes) {
        // Whoever stopped waiting does not want to know.
        let _ = request.reply.send(Ok(outcome));
    }
}

fn answer_all(batch: Vec<Request>, error: StoreError) {
    for request in batch {
        let _ = request.reply.send(Err(error));
    }
}
