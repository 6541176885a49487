//! How the log is, for metrics and operators: numbers that the writer leaves where others read them without
//! waiting. Never more than numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use strongroom_audit::Checkpoint;
use strongroom_base::{Clock, Instant};

use super::ReserveState;

/// How the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditStatus {
    /// Records that wait to be written.
    pub queue: usize,
    /// For how long the oldest record has been written and not synced; nothing when all are.
    pub unsynced: Option<Duration>,
    /// Records in the log since it began.
    pub sequence: u64,
    /// Records written since the server started.
    pub records_written: u64,
    /// The last checkpoint, if there is one.
    pub last_checkpoint: Option<LastCheckpoint>,
    /// The reserve.
    pub reserve: ReserveState,
    /// Outbox entries that cannot be read and are passed over.
    pub passed_over: u64,
}

/// The last checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastCheckpoint {
    /// When it was signed, in milliseconds since the epoch.
    pub time: u64,
    /// The records it covers.
    pub sequence: u64,
}

impl From<&Checkpoint> for LastCheckpoint {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self {
            time: checkpoint.time,
            sequence: checkpoint.sequence,
        }
    }
}

/// Where the writer leaves the numbers.
pub(super) struct Cells {
    clock: Arc<dyn Clock>,
    queue: AtomicUsize,
    /// Monotonic milliseconds and one, or 0.
    unsynced_since: AtomicU64,
    sequence: AtomicU64,
    written: AtomicU64,
    checkpoint_time: AtomicU64,
    checkpoint_sequence: AtomicU64,
    reserve: AtomicU8,
    passed_over: AtomicU64,
}

impl Cells {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            queue: AtomicUsize::new(0),
            unsynced_since: AtomicU64::new(0),
            sequence: AtomicU64::new(0),
            written: AtomicU64::new(0),
            checkpoint_time: AtomicU64::new(0),
            checkpoint_sequence: AtomicU64::new(0),
            reserve: AtomicU8::new(0),
            passed_over: AtomicU64::new(0),
        }
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// What is known when the log is opened.
    pub(super) fn begin(&self, sequence: u64, last: Option<LastCheckpoint>, reserve: ReserveState) {
        self.sequence.store(sequence, Ordering::Relaxed);
        if let Some(last) = last {
            self.signed(last);
        }
        self.set_reserve(reserve);
    }

    /// Takes a place in the queue; whether there was one.
    pub(super) fn enter_queue(&self, places: usize) -> bool {
        let taken = self
            .queue
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                (taken < places).then(|| taken.saturating_add(1))
            });
        taken.is_ok()
    }

    pub(super) fn leave_queue(&self, places: usize) {
        self.queue.fetch_sub(places, Ordering::Relaxed);
    }

    pub(super) fn wrote(&self, records: u64) {
        self.sequence.fetch_add(records, Ordering::Relaxed);
        self.written.fetch_add(records, Ordering::Relaxed);
    }

    pub(super) fn unsynced(&self, since: Option<Instant>) {
        let millis = since.map_or(0, |since| millis(since).saturating_add(1));
        self.unsynced_since.store(millis, Ordering::Relaxed);
    }

    pub(super) fn signed(&self, last: LastCheckpoint) {
        self.checkpoint_time.store(last.time, Ordering::Relaxed);
        self.checkpoint_sequence
            .store(last.sequence, Ordering::Relaxed);
    }

    pub(super) fn set_reserve(&self, state: ReserveState) {
        let number = match state {
            ReserveState::UsedUp => 0,
            ReserveState::InUse => 1,
            ReserveState::Whole => 2,
        };
        self.reserve.store(number, Ordering::Release);
    }

    pub(super) fn reserve(&self) -> ReserveState {
        match self.reserve.load(Ordering::Acquire) {
            0 => ReserveState::UsedUp,
            1 => ReserveState::InUse,
            _ => ReserveState::Whole,
        }
    }

    pub(super) fn set_passed_over(&self, entries: u64) {
        self.passed_over.store(entries, Ordering::Relaxed);
    }

    pub(super) fn status(&self) -> AuditStatus {
        let time = self.checkpoint_time.load(Ordering::Relaxed);
        let sequence = self.checkpoint_sequence.load(Ordering::Relaxed);
        AuditStatus {
            queue: self.queue.load(Ordering::Relaxed),
            unsynced: self.unsynced_for(),
            sequence: self.sequence.load(Ordering::Relaxed),
            records_written: self.written.load(Ordering::Relaxed),
            last_checkpoint: (sequence > 0).then_some(LastCheckpoint { time, sequence }),
            reserve: self.reserve(),
            passed_over: self.passed_over.load(Ordering::Relaxed),
        }
    }

    fn unsynced_for(&self) -> Option<Duration> {
        let since = self.unsynced_since.load(Ordering::Relaxed).checked_sub(1)?;
        let now = millis(self.clock.monotonic());
        Some(Duration::from_millis(now.saturating_sub(since)))
    }
}

fn millis(instant: Instant) -> u64 {
    u64::try_from(instant.0.as_millis()).unwrap_or(u64::MAX)
}
