//! The embedded engine: one SQLite file, one writer thread with group commit, a few readers.
//! Must never acknowledge a commit that is not on disk, nor call a key absent that it lost.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;

use strongroom_base::Secret;
use tokio::sync::oneshot;

use crate::anchor::{Anchor, Measured, Root, Rooted, Statement};
use crate::engine::{
    Commit, Engine, Entry, Health, Page, Pending, QUEUE_BYTES_MAX, QUEUE_COMMITS_MAX, StoreError,
};
use crate::folder::{Folder, Lock};

mod failure;
mod keys;
mod mark;
mod open;
mod readers;
mod writer;

pub use open::OpenError;

use keys::KeySet;
use readers::Readers;
use writer::{Request, Task, Writer};

/// With less free space than this, changes are refused before they start, so that checkpoints,
/// the audit log and an operator still have room to work in.
pub const FREE_BYTES_RESERVE: u64 = 16 * 1024 * 1024;

const STORE_FILE: &str = "store.db";
const WAL_FILE: &str = "store.db-wal";
const MARK_FILE: &str = "store.mark";

/// What a test may want different.
#[derive(Clone, Copy)]
pub struct SqliteOptions {
    /// Free bytes below which changes are refused.
    pub free_bytes_reserve: u64,
    /// Called when a write or flush failed, with what failed and nothing of the data. What is on
    /// disk is then unknown, so the process has to end and recover.
    pub fatal: fn(&str) -> !,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            free_bytes_reserve: FREE_BYTES_RESERVE,
            fatal: failure::end_process,
        }
    }
}

/// A store in the SQLite file `store.db` of a data folder. Dropping it finishes the waiting
/// commits and moves the write-ahead log into the file.
pub struct Sqlite {
    readers: Readers,
    shared: Arc<Shared>,
    health: Health,
    queue: Option<SyncSender<Request>>,
    writer: Option<JoinHandle<()>>,
    _lock: Arc<Lock>,
}

/// What the writer tells the readers.
struct Shared {
    /// The keys that exist, as of the last commit.
    keys: RwLock<KeySet>,
    /// Held while a commit becomes visible, so that its holder sees file and `keys` agree.
    settling: Mutex<()>,
    /// Held by the writer through all of a transaction.
    anchorage: Mutex<Anchorage>,
    /// Bytes of the commits that wait.
    queued_bytes: AtomicUsize,
}

/// How the store is tied to what lies outside of it. A store that was measured changes only while it is anchored.
struct Anchorage {
    /// The statement in the file.
    statement: Option<Vec<u8>>,
    rooted: Option<Rooted>,
    fastened: Option<Fastened>,
}

/// The anchor, and the sequence of the last statement.
struct Fastened {
    anchor: Arc<dyn Anchor>,
    sequence: u64,
}

impl Anchorage {
    /// A statement of a store with this `root`; none is needed of one that was never measured.
    fn advance(&self, root: impl FnOnce(&Rooted) -> Root) -> Result<Option<Stated>, StoreError> {
        let Some(rooted) = &self.rooted else {
            return Ok(None);
        };
        let fastened = self.fastened.as_ref().ok_or(StoreError::Unanchored)?;
        let root = root(rooted);
        let statement = fastened.anchor.advance(fastened.sequence, &root)?;
        Ok(Some(Stated { root, statement }))
    }
}

/// What is said of a store.
struct Stated {
    root: Root,
    statement: Statement,
}

impl Shared {
    fn anchorage(&self) -> MutexGuard<'_, Anchorage> {
        self.anchorage
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sqlite {
    /// Opens the store of `folder`, or makes an empty one if the folder never had one. Stays open
    /// in part when the file is damaged in part; see [`Sqlite::health`].
    pub fn open(folder: &Folder, options: SqliteOptions) -> Result<Self, OpenError> {
        let opened = open::open(folder.path())?;
        let readers = Readers::open(store_path(folder.path()), opened.health.absence_proved)?;
        let shared = Arc::new(Shared {
            keys: RwLock::new(opened.keys),
            settling: Mutex::new(()),
            anchorage: Mutex::new(Anchorage {
                statement: opened.statement,
                rooted: None,
                fastened: None,
            }),
            queued_bytes: AtomicUsize::new(0),
        });
        let (queue, requests) = sync_channel(QUEUE_COMMITS_MAX);
        let writer = Writer {
            connection: opened.connection,
            folder: File::open(folder.path())?,
            mark: opened.mark,
            totals: opened.totals,
            health: opened.health,
            shared: Arc::clone(&shared),
            options,
            held: None,
        };
        let writer = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || writer.run(&requests))?;
        Ok(Self {
            readers,
            shared,
            health: opened.health,
            queue: Some(queue),
            writer: Some(writer),
            _lock: folder.share_lock(),
        })
    }

    fn enqueue(&self, task: Task, size: usize) -> Result<Pending, StoreError> {
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        let waiting = self.shared.queued_bytes.fetch_add(size, Ordering::Relaxed);
        let (reply, receiver) = oneshot::channel();
        let request = Request { task, size, reply };
        let sent = if waiting.saturating_add(size) > QUEUE_BYTES_MAX {
            Err(StoreError::Busy)
        } else {
            queue.try_send(request).map_err(|error| match error {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => StoreError::Closed,
            })
        };
        if sent.is_err() {
            self.shared.queued_bytes.fetch_sub(size, Ordering::Relaxed);
        }
        sent.map(|()| Pending::waiting(receiver))
    }

    fn pending(&self, task: Task, size: usize) -> Pending {
        let queued = self.enqueue(task, size);
        queued.unwrap_or_else(|error| Pending::ready(Err(error)))
    }
}

impl Engine for Sqlite {
    fn get(&self, key: &[u8]) -> Result<Option<Entry>, StoreError> {
        self.readers.get(&self.shared, key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Page, StoreError> {
        self.readers.scan(&self.shared, prefix, after, limit)
    }

    fn commit(&self, commit: Commit) -> Pending {
        if let Err(error) = commit.check_limits() {
            return Pending::ready(Err(error));
        }
        let size = commit.size();
        self.pending(Task::Commit(commit), size)
    }

    fn health(&self) -> Health {
        self.health
    }

    fn measure(&self, key: &Secret<[u8; 32]>) -> Result<Measured, StoreError> {
        let mut anchorage = self.shared.anchorage();
        let keys = self
            .shared
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let rooted = anchorage
            .rooted
            .get_or_insert_with(|| Rooted::of(key, keys.identities()));
        Ok(Measured {
            root: rooted.root,
            statement: anchorage.statement.clone(),
            rows: keys.len() as u64,
        })
    }

    fn fasten(&self, anchor: Arc<dyn Anchor>, statement: Statement) -> Pending {
        self.pending(Task::Fasten { anchor, statement }, 0)
    }

    fn restate(&self) -> Pending {
        self.pending(Task::Restate, 0)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has already dropped what waited; nothing is left to finish.
            let _ = writer.join();
        }
    }
}

fn store_path(folder: &Path) -> std::path::PathBuf {
    folder.join(STORE_FILE)
}
