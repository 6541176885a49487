//! The audit log on disk: frames appended in batches, in the operating system's hands before the
//! reply they tell of, synced at most 10 ms later. A failed write fails the calls it tells of; a
//! failed sync ends the process.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

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
    pub fn open(folder: &Path) -> io::Result<Self> {
        match std::fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
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
            unsynced: Vec::new(),
        };
        std::thread::Builder::new()
            .name("audit".into())
            .spawn(move || writer.run(&waiting))?;
        Ok(Self { entries })
    }

    /// Appends one record's payload.
    pub async fn append(&self, payload: &[u8], durability: Durability) -> Result<(), NotWritten> {
        let frame = strongroom_audit::frame(payload).map_err(|_| NotWritten)?;
        let (done, wait) = oneshot::channel();
        self.entries
            .try_send(Entry {
                frame,
                durability,
                done,
            })
            .map_err(|_| NotWritten)?;
        wait.await.map_err(|_| NotWritten)?
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
    unsynced: Vec<oneshot::Sender<Result<(), NotWritten>>>,
}

impl Writer {
    fn run(mut self, waiting: &mpsc::Receiver<Entry>) {
        let mut dirty = false;
        loop {
            let next = if dirty {
                waiting.recv_timeout(SYNC_DELAY_MAX)
            } else {
                waiting.recv().map_err(Into::into)
            };
            match next {
                Ok(first) => {
                    let batch = std::iter::once(first)
                        .chain(waiting.try_iter().take(BATCH_MAX - 1))
                        .collect();
                    dirty |= self.write(batch);
                    // Whoever waits for the sync should not wait for the delay too.
                    if !self.unsynced.is_empty() {
                        dirty = self.sync();
                    }
                }
                Err(mpsc::RecvTimeoutError::Timeout) => dirty = self.sync(),
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    self.sync();
                    return;
                }
            }
        }
    }

    /// Writes a batch; true when something awaits its sync.
    fn write(&mut self, batch: Vec<Entry>) -> bool {
        if self.segment.length >= SEGMENT_BYTES_MAX {
            self.sync();
            if let Ok(segment) = Segment::create(&self.folder, self.segment.number + 1) {
                self.segment = segment;
            }
        }
        let frames: Vec<&[u8]> = batch.iter().map(|entry| entry.frame.as_slice()).collect();
        let bytes = frames.concat();
        let written = (&self.segment.file).write_all(&bytes);
        if written.is_err() {
            self.cut();
        } else {
            self.segment.length += u64::try_from(bytes.len()).unwrap_or(0);
        }
        for entry in batch {
            match (&written, entry.durability) {
                (Err(_), _) => answer(entry.done, Err(NotWritten)),
                (Ok(()), Durability::Written) => answer(entry.done, Ok(())),
                (Ok(()), Durability::Synced) => self.unsynced.push(entry.done),
            }
        }
        written.is_ok()
    }

    /// Removes what a failed write left of a batch, so that the next frame begins where one should.
    fn cut(&mut self) {
        if self.segment.file.set_len(self.segment.length).is_err() {
            std::process::abort();
        }
    }

    fn sync(&mut self) -> bool {
        if self.segment.file.sync_data().is_err() {
            // What the disk holds now is unknown; the next start finds out.
            std::process::abort();
        }
        for done in self.unsynced.drain(..) {
            answer(done, Ok(()));
        }
        false
    }
}

fn answer(done: oneshot::Sender<Result<(), NotWritten>>, result: Result<(), NotWritten>) {
    // A call whose client is gone does not wait for the answer.
    let _ = done.send(result);
}
