//! The writer thread: gathers waiting commits into one transaction, and answers them when it is on
//! disk. Must never answer before, nor go on after a write whose outcome is unknown.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError};

use rusqlite::{Connection, Error, OptionalExtension, params};
use tokio::sync::oneshot;

use crate::anchor::{Anchor, Identity, Statement};
use crate::engine::{Change, Commit, Expect, Health, Outcome, StoreError, Write};

use super::failure::{self, Failure};
use super::keys::{KeyHash, Known};
use super::mark::Mark;
use super::open::{Totals, read_head, write_statement, write_totals};
use super::{Anchorage, Fastened, Shared, SqliteOptions, Stated};

/// The most commits that share one transaction, and so one flush.
const BATCH_COMMITS_MAX: usize = 256;
/// A transaction takes in no further commit beyond this.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The log is moved into the file when it holds this many pages.
const CHECKPOINT_PAGES: i64 = 1000;

const FIND: &str = "SELECT t.rowid, t.key, t.version, substr(t.value, 1, 25) \
     FROM kv AS i INDEXED BY sqlite_autoindex_kv_1 LEFT JOIN kv AS t ON t.rowid = i.rowid \
     WHERE i.key = ?1";

/// What the writer is asked for.
pub(super) enum Task {
    Commit(Commit),
    Fasten {
        anchor: Arc<dyn Anchor>,
        statement: Statement,
    },
    Restate,
}

/// A task that waits.
pub(super) struct Request {
    pub(super) task: Task,
    pub(super) size: usize,
    pub(super) reply: Reply,
}

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) folder: File,
    pub(super) mark: Mark,
    pub(super) totals: Totals,
    pub(super) health: Health,
    pub(super) shared: Arc<Shared>,
    pub(super) options: SqliteOptions,
    /// Came after a batch, and has to be carried out alone.
    pub(super) held: Option<Request>,
}

/// A commit of a batch.
struct Waiting {
    commit: Commit,
    reply: Reply,
}

type Reply = oneshot::Sender<Result<Outcome, StoreError>>;

/// An open transaction: the totals it will leave, and the rows it changed.
struct Transaction<'a> {
    connection: &'a Connection,
    shared: &'a Shared,
    absence_proved: bool,
    totals: Totals,
    changed: BTreeMap<KeyHash, Changed>,
}

/// A row before and after a transaction, where there is one.
#[derive(Clone, Copy)]
struct Changed {
    before: Option<Identity>,
    after: Option<Identity>,
}

/// Where a key is in the table.
struct Place {
    row: i64,
    version: u64,
    identity: Identity,
}

impl Writer {
    /// Serves `requests` until their sender is dropped, then closes the store.
    pub(super) fn run(mut self, requests: &Receiver<Request>) {
        while let Some(first) = self.held.take().or_else(|| requests.recv().ok()) {
            self.dequeue(first.size);
            match first.task {
                Task::Commit(commit) => {
                    let reply = first.reply;
                    let batch = self.gather(Waiting { commit, reply }, first.size, requests);
                    self.serve(batch);
                }
                Task::Fasten { anchor, statement } => {
                    answer(first.reply, self.fasten(anchor, statement));
                }
                Task::Restate => answer(first.reply, self.restate()),
            }
            self.checkpoint_if_due();
        }
        self.close();
    }

    fn dequeue(&self, size: usize) {
        self.shared.queued_bytes.fetch_sub(size, Ordering::Relaxed);
    }

    /// The commits that share a transaction with `first`, which is among them.
    fn gather(
        &mut self,
        first: Waiting,
        mut bytes: usize,
        requests: &Receiver<Request>,
    ) -> Vec<Waiting> {
        let mut batch = vec![first];
        while batch.len() < BATCH_COMMITS_MAX && bytes < BATCH_BYTES_MAX {
            let Ok(request) = requests.try_recv() else {
                break;
            };
            let Task::Commit(commit) = request.task else {
                self.held = Some(request);
                break;
            };
            bytes += request.size;
            self.dequeue(request.size);
            batch.push(Waiting {
                commit,
                reply: request.reply,
            });
        }
        batch
    }

    fn serve(&mut self, mut batch: Vec<Waiting>) {
        if let Some(refusal) = self.refusal() {
            let (changing, reading) = batch
                .into_iter()
                .partition(|waiting: &Waiting| !waiting.commit.writes.is_empty());
            answer_all(changing, refusal);
            batch = reading;
        }
        match self.attempt(&batch) {
            Ok(outcomes) => answer_each(batch, outcomes),
            // One of them touches what is damaged; the others shall not suffer for it.
            Err(StoreError::Damaged) if batch.len() > 1 => {
                for waiting in batch {
                    self.serve(vec![waiting]);
                }
            }
            Err(error) => answer_all(batch, error),
        }
    }

    /// Ties the store to `anchor`, with `statement` as its last.
    fn fasten(
        &mut self,
        anchor: Arc<dyn Anchor>,
        statement: Statement,
    ) -> Result<Outcome, StoreError> {
        let shared = Arc::clone(&self.shared);
        let mut anchorage = shared.anchorage();
        if anchorage.rooted.is_none() {
            return Err(StoreError::Unanchored);
        }
        if anchorage.statement.as_ref() != Some(&statement.bytes) {
            self.refusal().map_or(Ok(()), Err)?;
            self.begin()?;
            self.commit_statement(&statement)?;
        }
        anchorage.fastened = Some(Fastened {
            anchor,
            sequence: statement.sequence,
        });
        self.publish(&mut anchorage, statement);
        Ok(self.committed())
    }

    /// Has a new statement made of the rows as they are.
    fn restate(&mut self) -> Result<Outcome, StoreError> {
        let shared = Arc::clone(&self.shared);
        let mut anchorage = shared.anchorage();
        self.refusal().map_or(Ok(()), Err)?;
        if let Some(stated) = anchorage.advance(|rooted| rooted.root)? {
            self.begin()?;
            self.commit_statement(&stated.statement)?;
            self.publish(&mut anchorage, stated.statement);
        }
        Ok(self.committed())
    }

    fn committed(&self) -> Outcome {
        Outcome::Committed {
            sequence: self.totals.sequence,
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

    /// All of `batch` in one transaction, which is on disk and anchored when this returns its outcomes. On
    /// an error nothing has happened.
    fn attempt(&mut self, batch: &[Waiting]) -> Result<Vec<Outcome>, StoreError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let shared = Arc::clone(&self.shared);
        let mut anchorage = shared.anchorage();
        self.begin()?;
        let mut transaction = Transaction {
            connection: &self.connection,
            shared: &shared,
            absence_proved: self.health.absence_proved,
            totals: self.totals,
            changed: BTreeMap::new(),
        };
        let applied = transaction.apply_all(batch, &anchorage);
        let (totals, changed) = (transaction.totals, transaction.changed);
        match applied {
            Ok((outcomes, stated)) => {
                self.settle(totals, &changed, stated, &mut anchorage)?;
                Ok(outcomes)
            }
            Err(failure) => Err(self.undo(failure, "write a transaction")),
        }
    }

    fn begin(&self) -> Result<(), StoreError> {
        let begun = self.connection.execute_batch("BEGIN IMMEDIATE");
        begun.map_err(|error| self.undo(failure::of_transaction(&error), "begin a transaction"))
    }

    fn commit(&self) -> Result<(), StoreError> {
        let committed = self.connection.execute_batch("COMMIT");
        committed.map_err(|error| self.undo(failure::of_commit(&error), "commit a transaction"))
    }

    /// Ends the open transaction with `statement`, durably.
    fn commit_statement(&self, statement: &Statement) -> Result<(), StoreError> {
        write_statement(&self.connection, &statement.bytes)
            .map_err(|error| self.undo(failure::of_transaction(&error), "write a statement"))?;
        self.commit()
    }

    /// Makes the open transaction durable and anchored, then visible.
    fn settle(
        &mut self,
        totals: Totals,
        changed: &BTreeMap<KeyHash, Changed>,
        stated: Option<Stated>,
        anchorage: &mut Anchorage,
    ) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let settling = shared.settling.lock();
        self.commit()?;
        if let Some(Stated { root, statement }) = stated {
            if let Some(rooted) = &mut anchorage.rooted {
                rooted.root = root;
            }
            self.publish(anchorage, statement);
        }
        shared.note(changed);
        drop(settling);
        if totals.sequence != self.totals.sequence {
            self.totals = totals;
            self.advance_mark();
        }
        Ok(())
    }

    /// Lets the anchor follow what is on disk here.
    fn publish(&self, anchorage: &mut Anchorage, statement: Statement) {
        if let Some(fastened) = &mut anchorage.fastened {
            if fastened.anchor.publish(&statement).is_err() {
                (self.options.fatal)("cannot write the anchor");
            }
            fastened.sequence = statement.sequence;
        }
        anchorage.statement = Some(statement.bytes);
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
    /// The outcomes, and what the anchor says of the store they leave.
    fn apply_all(
        &mut self,
        batch: &[Waiting],
        anchorage: &Anchorage,
    ) -> Result<(Vec<Outcome>, Option<Stated>), Failure> {
        let before = self.totals.sequence;
        let outcomes = batch
            .iter()
            .map(|waiting| self.apply(&waiting.commit))
            .collect::<Result<_, _>>()?;
        if self.totals.sequence == before {
            return Ok((outcomes, None));
        }
        let rows = self.changed.values();
        let rows = rows.map(|row| (row.before, row.after));
        let stated = anchorage.advance(|rooted| rooted.moved(rows));
        let stated = stated.map_err(Failure::Answer)?;
        let wrote = write_totals(self.connection, &self.totals).and_then(|()| match &stated {
            Some(stated) => write_statement(self.connection, &stated.statement.bytes),
            None => Ok(()),
        });
        wrote.map_err(|error| failure::of_transaction(&error))?;
        Ok((outcomes, stated))
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
        match (found, self.known(key)) {
            (Some(Some(place)), Some(Known::Row(identity))) if place.identity == identity => {
                Ok(Some(place))
            }
            (None, None) if self.absence_proved || self.was_removed(key) => Ok(None),
            _ => Err(Failure::Answer(StoreError::Damaged)),
        }
    }

    /// What must be found under `key` now.
    fn known(&self, key: &[u8]) -> Option<Known> {
        let hash = KeyHash::of(key);
        match self.changed.get(&hash) {
            Some(changed) => changed.after.map(Known::Row),
            None => self.shared.known(hash),
        }
    }

    fn was_removed(&self, key: &[u8]) -> bool {
        let changed = self.changed.get(&KeyHash::of(key));
        changed.is_some_and(|changed| changed.after.is_none())
    }

    /// `None` when the index lacks the key, `Some(None)` when its row does not fit.
    fn query_place(&self, key: &[u8]) -> Result<Option<Option<Place>>, Error> {
        let mut statement = self.connection.prepare_cached(FIND)?;
        let place = statement.query_row(params![key], |row| {
            if row.get_ref(1)?.as_blob_or_null()? != Some(key) {
                return Ok(None);
            }
            let version = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
            let identity = Identity::of(key, version, read_head(row, 3)?);
            let row = row.get(0)?;
            Ok((version > 0).then_some(Place {
                row,
                version,
                identity,
            }))
        });
        place.optional()
    }

    fn write(&mut self, write: &Write) -> Result<(), Failure> {
        match (&write.change, write.expect) {
            (Change::Put(value), Expect::Absent) => {
                self.insert(&write.key, value)?;
                self.totals.keys.add(KeyHash::of(&write.key));
                self.note(&write.key, Some(Identity::of(&write.key, 1, value)));
            }
            (Change::Put(value), Expect::At(_)) => self.update(write, value)?,
            (Change::Delete, Expect::Absent) => {}
            (Change::Delete, Expect::At(_)) => {
                self.delete(&write.key)?;
                self.totals.keys.remove(KeyHash::of(&write.key));
                self.note(&write.key, None);
            }
        }
        Ok(())
    }

    fn note(&mut self, key: &[u8], after: Option<Identity>) {
        let hash = KeyHash::of(key);
        let before = match self.shared.known(hash) {
            Some(Known::Row(identity)) => Some(identity),
            Some(Known::Lost) | None => None,
        };
        let fresh = Changed { before, after };
        self.changed.entry(hash).or_insert(fresh).after = after;
    }

    fn insert(&self, key: &[u8], value: &[u8]) -> Result<(), Failure> {
        self.change_one(
            "INSERT INTO kv(key, version, value) VALUES(?1, 1, ?2)",
            params![key, value],
        )
    }

    fn update(&mut self, write: &Write, value: &[u8]) -> Result<(), Failure> {
        let next = write.expect.next_version();
        let stored = next.map(i64::try_from);
        let (Some(next), Some(Ok(stored)), Some(place)) = (next, stored, self.find(&write.key)?)
        else {
            return Err(Failure::Answer(StoreError::Damaged));
        };
        self.change_one(
            "UPDATE kv SET version=?2, value=?3 WHERE rowid=?1",
            params![place.row, stored, value],
        )?;
        self.note(&write.key, Some(Identity::of(&write.key, next, value)));
        Ok(())
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
    fn known(&self, key: KeyHash) -> Option<Known> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.get(key)
    }

    fn note(&self, changed: &BTreeMap<KeyHash, Changed>) {
        if changed.is_empty() {
            return;
        }
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        for (key, changed) in changed {
            match changed.after {
                Some(identity) => keys.insert(*key, Known::Row(identity)),
                None => keys.remove(*key),
            }
        }
    }
}

fn answer_each(batch: Vec<Waiting>, outcomes: Vec<Outcome>) {
    for (waiting, outcome) in batch.into_iter().zip(outcomes) {
        answer(waiting.reply, Ok(outcome));
    }
}

fn answer_all(batch: Vec<Waiting>, error: StoreError) {
    for waiting in batch {
        answer(waiting.reply, Err(error));
    }
}

fn answer(reply: Reply, result: Result<Outcome, StoreError>) {
    // Whoever stopped waiting does not want to know.
    let _ = reply.send(result);
}
