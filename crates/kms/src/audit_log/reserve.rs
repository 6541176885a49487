//! The reserve: room on the disk that is kept allocated, so that a full disk stops changes before it stops the
//! log. It holds zeros and is never read.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate, fstatvfs};
use rustix::io::Errno;

const FILE: &str = "reserve";
/// How much more than the reserve must be free before it is taken back: else the next records would want it again.
const MARGIN_BYTES: u64 = 1 << 20;
const CHUNK_BYTES: usize = 1 << 16;

/// How much of the reserve there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReserveState {
    /// Nothing is left, and the last record found no space: every call fails.
    UsedUp,
    /// It was given back to the disk, and the log lives on it: changes are refused.
    InUse,
    /// All of it.
    Whole,
}

/// The reserve of one log.
pub(super) struct Reserve {
    file: File,
    bytes: u64,
    state: ReserveState,
}

impl Reserve {
    /// Allocates `bytes` in `folder`, unless they are. On a disk without so much room the reserve counts as in use.
    ///
    /// # Errors
    /// When the file cannot be made at all.
    pub(super) fn take(folder: &Path, bytes: u64) -> io::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(folder.join(FILE))?;
        let mut reserve = Self {
            file,
            bytes,
            state: ReserveState::InUse,
        };
        if reserve.is_allocated() || reserve.allocate().is_ok() {
            reserve.state = ReserveState::Whole;
        } else {
            tracing::error!(
                "there is no room on the disk for the audit log's reserve: changes are refused"
            );
        }
        Ok(reserve)
    }

    pub(super) fn state(&self) -> ReserveState {
        self.state
    }

    /// Gives the reserve back to the disk; whether there was anything to give.
    pub(super) fn give_back(&mut self) -> bool {
        if self.state != ReserveState::Whole {
            return false;
        }
        tracing::error!(
            "the disk is full: the audit log lives on its reserve, changes are refused"
        );
        self.state = ReserveState::InUse;
        self.release();
        true
    }

    /// Notes that a record found no space although the reserve is given back.
    pub(super) fn use_up(&mut self) {
        if self.state == ReserveState::InUse {
            tracing::error!(
                "the disk is full and the audit log's reserve is used up: every call fails"
            );
            self.state = ReserveState::UsedUp;
        }
    }

    /// Notes that a record found space.
    pub(super) fn went_on(&mut self) {
        if self.state == ReserveState::UsedUp {
            self.state = ReserveState::InUse;
        }
    }

    /// Takes the reserve back if there is room.
    pub(super) fn retake(&mut self) {
        if self.state == ReserveState::Whole || !self.fits() {
            return;
        }
        if self.allocate().is_ok() {
            tracing::info!("the audit log has its reserve again: changes are let in");
            self.state = ReserveState::Whole;
        }
    }

    fn fits(&self) -> bool {
        let free = fstatvfs(&self.file).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        free.is_ok_and(|free| free >= self.bytes.saturating_add(MARGIN_BYTES))
    }

    fn is_allocated(&self) -> bool {
        let found = self.file.metadata();
        found.is_ok_and(|found| {
            found.len() == self.bytes && found.blocks().saturating_mul(512) >= self.bytes
        })
    }

    fn allocate(&self) -> io::Result<()> {
        let allocated = self.try_allocate();
        if allocated.is_err() {
            self.release();
        }
        allocated
    }

    fn try_allocate(&self) -> io::Result<()> {
        self.file.set_len(0)?;
        match fallocate(&self.file, FallocateFlags::empty(), 0, self.bytes) {
            Err(Errno::OPNOTSUPP) => self.fill()?,
            other => other?,
        }
        self.file.sync_all()
    }

    /// On file systems that allocate only what is written.
    fn fill(&self) -> io::Result<()> {
        let zeros = vec![0; CHUNK_BYTES];
        for offset in (0..self.bytes).step_by(CHUNK_BYTES) {
            let left = usize::try_from(self.bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
            self.file
                .write_all_at(zeros.get(..left).unwrap_or(&zeros), offset)?;
        }
        Ok(())
    }

    fn release(&self) {
        // Journalling file systems hand the blocks out again once this is committed. If it fails, the retry
        // that follows tells.
        let _ = self.file.set_len(0).and_then(|()| self.file.sync_all());
    }
}

/// Whether an append failed for want of space.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
