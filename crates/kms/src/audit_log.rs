//! The audit log on disk (docs/design/audit.md): records in the operating system's hands before the reply they
//! tell of, synced at most 10 ms later, chained, and signed for by the key process. A record that cannot be
//! written fails its call; a failed sync ends the process. Nothing here waits for the key process.

mod ending;
mod known;
mod reserve;
mod segments;
mod signing;
mod status;
mod writer;

pub use reserve::ReserveState;
pub use segments::segments;
pub use signing::{CheckpointSigner, Signature, SignatureAnswer, ToSign};
pub use status::{AuditStatus, LastCheckpoint};

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;

use strongroom_audit::log::{Chain, PAYLOAD_BYTES_MAX, PayloadKind};
use strongroom_base::Env;
use strongroom_store::make_folder;
use tokio::sync::oneshot;

use ending::Ending;
use known::Known;
use reserve::Reserve;
use segments::Segment;
use signing::Signing;
use status::Cells;
use writer::{Message, Writer};

/// The most records that wait to be written.
const WAITING_MAX: usize = 4096;
/// Room in the queue for what are no records: answers of the key process, and calls to look around.
const CONTROL_MAX: usize = 64;

/// What must have happened to a record before its call is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It is in the operating system's hands: a crash of the process cannot lose it.
    Written,
    /// It is on the disk.
    Synced,
}

/// The record could not be written: the call it tells of must not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotWritten;

/// What may differ between servers.
#[derive(Clone, Copy, Debug)]
pub struct AuditOptions {
    /// What is kept allocated for the day the disk is full, in bytes.
    pub reserve_bytes: u64,
}

impl AuditOptions {
    /// A server's: 64 MiB.
    pub const SERVER: Self = Self {
        reserve_bytes: 64 << 20,
    };
    /// For development: 4 MiB.
    pub const DEVELOPMENT: Self = Self {
        reserve_bytes: 4 << 20,
    };
}

/// The open end of the audit log. When it is dropped, what waits is written and synced.
pub struct AuditLog {
    folder: PathBuf,
    messages: Option<Arc<mpsc::SyncSender<Message>>>,
    signing: Arc<Signing>,
    cells: Arc<Cells>,
    known: Mutex<Known>,
    writer: Option<JoinHandle<()>>,
}

/// A record that waits to be written.
struct Entry {
    payload: Vec<u8>,
    durability: Durability,
    done: writer::Done,
}

impl AuditLog {
    /// Opens the log in `folder`, which is made if need be, in a segment of its own that goes on from the last
    /// intact frame: what a crash left behind it stays as it is.
    ///
    /// # Errors
    /// When the folder cannot be read, or no segment can be begun.
    pub fn open(folder: &Path, env: &Env, options: AuditOptions) -> io::Result<Self> {
        make_folder(folder)?;
        let reserve = Reserve::take(folder, options.reserve_bytes)?;
        let ending = Ending::read(folder)?;
        let mut chain = match ending.chain {
            Some(chain) => chain,
            None => Chain::new(env.random_bytes()),
        };
        let cells = Arc::new(Cells::new(Arc::clone(&env.clock)));
        cells.begin(chain.sequence(), ending.last_checkpoint, reserve.state());
        let number = ending.last_number.saturating_add(1);
        let segment = Segment::create(folder, number, &mut chain, env.clock.now())?;

        let (sender, messages) = mpsc::sync_channel(WAITING_MAX + CONTROL_MAX);
        let sender = Arc::new(sender);
        let signing = Arc::new(Signing::new(Arc::downgrade(&sender)));
        let signed = ending.last_checkpoint.map_or(0, |last| last.sequence);
        let writer = Writer::new(
            segment,
            chain,
            signed,
            reserve,
            Arc::clone(&signing),
            Arc::clone(&cells),
        );
        let thread = std::thread::Builder::new().name("audit".into());
        let writer = thread.spawn(move || writer.run(&messages))?;
        Ok(Self {
            folder: folder.to_owned(),
            messages: Some(sender),
            signing,
            cells,
            known: Mutex::new(Known::new(ending.event_ids)),
            writer: Some(writer),
        })
    }

    /// Where its segments are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends one record's payload.
    ///
    /// # Errors
    /// [`NotWritten`] when it is no record's payload, too much waits, or it cannot be written.
    pub async fn append(&self, payload: &[u8], durability: Durability) -> Result<(), NotWritten> {
        let wait = self.send(payload, durability)?;
        wait.await.map_err(|_| NotWritten)?
    }

    /// Appends records that share their syncs; all are on the disk when this succeeds.
    ///
    /// # Errors
    /// [`NotWritten`] when one of them is not written; others may be.
    pub async fn append_all<'p>(
        &self,
        payloads: impl Iterator<Item = &'p [u8]>,
    ) -> Result<(), NotWritten> {
        let waits: Vec<_> = payloads
            .map(|payload| self.send(payload, Durability::Synced))
            .collect::<Result<_, _>>()?;
        for wait in waits {
            wait.await.map_err(|_| NotWritten)??;
        }
        Ok(())
    }

    /// Appends records, each with its event id, as [`AuditLog::append_all`] does, but for those that the log is
    /// known to hold since they were moved before, or since the start.
    ///
    /// # Errors
    /// As of [`AuditLog::append_all`].
    pub(crate) async fn append_once(
        &self,
        records: &[(String, Vec<u8>)],
    ) -> Result<(), NotWritten> {
        let unknown: Vec<_> = {
            let known = self.known();
            let unknown = records.iter().filter(|(id, _)| !known.contains(id));
            unknown.collect()
        };
        self.append_all(unknown.iter().map(|(_, payload)| payload.as_slice()))
            .await?;
        self.known().add(unknown.into_iter().map(|(id, _)| id));
        Ok(())
    }

    /// Forgets the ids of records that the log holds: they cannot come again.
    pub(crate) fn forget_known<'i>(&self, event_ids: impl Iterator<Item = &'i String>) {
        self.known().forget(event_ids);
    }

    /// Forgets the ids of the records that the log held at the start: the outbox holds none of them any more.
    pub(crate) fn forget_start(&self) {
        self.known().forget_start();
    }

    /// Whether `payload` can be appended at all.
    pub(crate) fn takes(payload: &[u8]) -> bool {
        let is_record = PayloadKind::of(payload) == Some(PayloadKind::Record);
        is_record && payload.len() <= PAYLOAD_BYTES_MAX
    }

    /// From now on `signer` signs checkpoints, also of what was written before.
    pub fn set_signer(&self, signer: Arc<dyn CheckpointSigner>) {
        self.signing.set(Some(signer));
        if let Some(messages) = &self.messages {
            // With a full queue the writer looks around by itself.
            let _ = messages.try_send(Message::LookAround);
        }
    }

    /// From now on nothing is signed, as while the domain is sealed.
    pub fn clear_signer(&self) {
        self.signing.set(None);
    }

    /// Waits until everything appended is synced, and signed for unless nobody answers.
    ///
    /// # Errors
    /// [`NotWritten`] when too much waits.
    pub async fn settle(&self) -> Result<(), NotWritten> {
        let messages = self.messages.as_ref().ok_or(NotWritten)?;
        let (done, wait) = oneshot::channel();
        let sent = messages.try_send(Message::Settle(done));
        sent.map_err(|_| NotWritten)?;
        wait.await.map_err(|_| NotWritten)?
    }

    /// Tells how many outbox entries cannot be read.
    pub(crate) fn set_passed_over(&self, entries: u64) {
        self.cells.set_passed_over(entries);
    }

    /// How the log is.
    pub fn status(&self) -> AuditStatus {
        self.cells.status()
    }

    /// Whether the reserve is whole: changes are refused while it is not.
    pub(crate) fn has_room(&self) -> bool {
        self.cells.reserve() == ReserveState::Whole
    }

    fn send(
        &self,
        payload: &[u8],
        durability: Durability,
    ) -> Result<oneshot::Receiver<Result<(), NotWritten>>, NotWritten> {
        let messages = self.messages.as_ref().ok_or(NotWritten)?;
        if !Self::takes(payload) || !self.cells.enter_queue(WAITING_MAX) {
            return Err(NotWritten);
        }
        let (done, wait) = oneshot::channel();
        let entry = Entry {
            payload: payload.to_vec(),
            durability,
            done,
        };
        match messages.try_send(Message::Entry(entry)) {
            Ok(()) => Ok(wait),
            Err(_) => {
                self.cells.leave_queue(1);
                Err(NotWritten)
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        self.messages = None;
        if let Some(writer) = self.writer.take() {
            // Whoever opens the log next must find its end.
            let _ = writer.join();
        }
    }
}

/// The event ids of records.
type EventIds = HashSet<String>;

#[cfg(test)]
mod tests;
