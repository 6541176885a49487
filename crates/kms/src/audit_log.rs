//! The audit log on disk: frames appended in batches, in the operating system's hands before the
//! reply they tell of, synced at most 10 ms later. A failed write fails the calls it tells of; a
//! failed sync ends the process.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use strongroom_base::{Clock, Instant};
use tokio::sync::oneshot;

/// How long a written record may stay unsynced.
const SYNC_DELAY_MAX: Duration = Duration::from_millis(10);
/// A segment is closed when it has grown to this many bytes.
const SEGMENT_BYTES_MAX: u64 = 64 << 20;
/// The most records that wait to be written.
const WAITING_MAX: usize = 4096;
/// The most records written in one batch.
const BATCH_MAX: usize = 1024;
const SUFFIX: &str = "log";

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

/// The open end of the audit log.
pub struct AuditLog {
    folder: PathBuf,
    entries: mpsc::SyncSender<Entry>,
}

struct Entry {
    frame: Vec<u8>,
    durability: Durability,
    done: oneshot::Sender<Result<(), NotWritten>>,
}

impl AuditLog {
    /// Opens the log in `folder`, which is made if need be, in a segment of its own: what a crash left
    /// at the end of the last one stays as it is.
    pub fn open(folder: &Path, clock: Arc<dyn Clock>) -> io::Result<Self> {
        match DirBuilder::new().mode(0o700).create(folder) {
            Ok(()) => File::open(folder.parent().unwrap_or(folder))?.sync_all()?,
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Err(_) => {}
        }
        let last = segments(folder)?
            .into_iter()
            .next_back()
            .map_or(0, |(number, _)| number);
        let segment = Segment::create(folder, last + 1)?;
        let (entries, waiting) = mpsc::sync_channel(WAITING_MAX);
        let writer = Writer {
            folder: folder.to_owned(),
            segment,
            clock,
            unsynced: Vec::new(),
            unsynced_since: None,
        };
        std::thread::Builder::new()
            .name("audit".into())
            .spawn(move || writer.run(&waiting))?;
        Ok(Self {
            folder: folder.to_owned(),
            entries,
        })
    }

    /// Where its segments are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends one record's payload.
    pub async fn append(&self, payload: &[u8], durability: Durability) -> Result<(), NotWritten> {
        let wait = self.send(payload, durability)?;
        wait.await.map_err(|_| NotWritten)?
    }
}

impl AuditLog {
    /// Appends records that share their syncs; all are on the disk when this succeeds.
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

    fn send(
        &self,
        payload: &[u8],
        durability: Durability,
    ) -> Result<oneshot::Receiver<Result<(), NotWritten>>, NotWritten> {
        let frame = strongroom_audit::frame(payload).map_err(|_| NotWritten)?;
        let (done, wait) = oneshot::channel();
        let entry = Entry {
            frame,
            durability,
            done,
        };
        self.entries.try_send(entry).map_err(|_| NotWritten)?;
        Ok(wait)
    }
}

/// The segments in `folder` with their numbers, oldest first.
pub fn segments(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .and_then(|stem| stem.parse().ok());
        if let (Some(number), Some(true)) = (
            number,
            path.extension().map(|extension| extension == SUFFIX),
        ) {
            found.push((number, path));
        }
    }
    found.sort();
    Ok(found)
}

struct Segment {
    file: File,
    number: u64,
    length: u64,
}

impl Segment {
    fn create(folder: &Path, number: u64) -> io::Result<Self> {
        let path = folder.join(format!("{number:012}.{SUFFIX}"));
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        File::open(folder)?.sync_all()?;
        Ok(Self {
            file,
            number,
            length: 0,
        })
    }
}

struct Writer {
    folder: PathBuf,
    segment: Segment,
    clock: Arc<dyn Clock>,
    unsynced: Vec<oneshot::Sender<Result<(), NotWritten>>>,
    unsynced_since: Option<Instant>,
}

impl Writer {
    fn run(mut self, waiting: &mpsc::Receiver<Entry>) {
        loop {
            let next = match self.sync_due_in() {
                Some(delay) => waiting.recv_timeout(delay),
                None => waiting.recv().map_err(Into::into),
            };
            match next {
                Ok(first) => {
                    let batch =
                        std::iter::once(first).chain(waiting.try_iter().take(BATCH_MAX - 1));
                    self.write(batch.collect());
                    // Whoever waits for the sync should not wait for the delay too.
                    if !self.unsynced.is_empty() || self.sync_due_in() == Some(Duration::ZERO) {
                        self.sync();
                    }
                }
                Err(mpsc::RecvTimeoutError::Timeout) => self.sync(),
                Err(mpsc::RecvTimeoutError::Disconnected) => return self.sync(),
            }
        }
    }

    /// How long the oldest unsynced write may still wait; nothing when all is synced.
    fn sync_due_in(&self) -> Option<Duration> {
        let since = self.unsynced_since?;
        Some(SYNC_DELAY_MAX.saturating_sub(self.clock.monotonic().since(since)))
    }

    fn write(&mut self, batch: Vec<Entry>) {
        if self.segment.length >= SEGMENT_BYTES_MAX {
            self.sync();
            let number = self.segment.number + 1;
            match Segment::create(&self.folder, number) {
                Ok(segment) => self.segment = segment,
                // Goes on in this one; a file that was made all the same keeps its number.
                Err(_) => self.segment.number = number,
            }
        }
        let frames: Vec<&[u8]> = batch.iter().map(|entry| entry.frame.as_slice()).collect();
        let bytes = frames.concat();
        let written = (&self.segment.file).write_all(&bytes);
        if written.is_err() {
            self.cut();
        } else {
            self.unsynced_since
                .get_or_insert_with(|| self.clock.monotonic());
            self.segment.length += u64::try_from(bytes.len()).unwrap_or(0);
        }
        for entry in batch {
            match (&written, entry.durability) {
                (Err(_), _) => answer(entry.done, Err(NotWritten)),
                (Ok(()), Durability::Written) => answer(entry.done, Ok(())),
                (Ok(()), Durability::Synced) => self.unsynced.push(entry.done),
            }
        }
    }

    /// Removes what a failed write left of a batch, so that the next frame begins where one should.
    fn cut(&mut self) {
        if self.segment.file.set_len(self.segment.length).is_err() {
            std::process::abort();
        }
    }

    fn sync(&mut self) {
        self.unsynced_since = None;
        if self.segment.file.sync_data().is_err() {
            // What the disk holds now is unknown; the next start finds out.
            std::process::abort();
        }
        for done in self.unsynced.drain(..) {
            answer(done, Ok(()));
        }
    }
}

fn answer(done: oneshot::Sender<Result<(), NotWritten>>, result: Result<(), NotWritten>) {
    // A call whose client is gone does not wait for the answer.
    let _ = done.send(result);
}
