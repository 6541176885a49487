//! The one thread that writes the log: takes what waits in batches, chains and appends it, has it signed for, and
//! syncs. Never waits for the key process: what is not signed in time is synced without, and signed for later.

use std::io;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use strongroom_audit::log::{FRAME_BYTES_MAX, LAG_RECORDS_MAX, PAYLOAD_BYTES_MAX};
use strongroom_audit::{Chain, Checkpoint};
use strongroom_base::Instant;
use tokio::sync::oneshot;

use super::reserve::{Reserve, is_full};
use super::segments::Segment;
use super::signing::{Signing, ToSign};
use super::status::Cells;
use super::{Durability, Entry, NotWritten};

/// How long a written record may stay unsynced.
const SYNC_DELAY_MAX: Duration = Duration::from_millis(10);
/// How long after the first record that is not signed for a checkpoint is asked for, if nobody waits: so that
/// the answer is there when the sync is due.
const ASK_DELAY: Duration = Duration::from_millis(8);
/// For an answer that is later, nobody who waits for a sync waits.
const ANSWER_WAIT_MAX: Duration = Duration::from_millis(20);
/// After an answer that did not come, the next is asked for.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// How often room for the reserve is looked for.
const RETAKE_PAUSE: Duration = Duration::from_secs(1);
/// The most records written in one batch.
const BATCH_MAX: usize = 1024;
/// What a frame has besides its payload.
const FRAME_EXTRA_BYTES: usize = FRAME_BYTES_MAX - PAYLOAD_BYTES_MAX;

/// What the writer is told.
pub(super) enum Message {
    /// Write this.
    Entry(Entry),
    /// The answer to a request for a signature; `None` when there is none.
    Signed {
        request: u64,
        checkpoint: Option<Checkpoint>,
    },
    /// Somebody else signs now.
    LookAround,
    /// Sync what is written, signed for if possible.
    Settle(Done),
}

pub(super) type Done = oneshot::Sender<Result<(), NotWritten>>;

pub(super) struct Writer {
    segment: Segment,
    chain: Chain,
    reserve: Reserve,
    signing: Arc<Signing>,
    cells: Arc<Cells>,
    /// Who waits for the next sync.
    waiting: Vec<Done>,
    /// Since when something is written and not synced.
    unsynced_since: Option<Instant>,
    /// Since when there is a record that no checkpoint was asked for.
    unsigned_since: Option<Instant>,
    asked: Option<Asked>,
    requests: u64,
    /// The records that the last checkpoint covers.
    signed: u64,
    retake_at: Option<Instant>,
}

/// A request for a signature that is not answered.
struct Asked {
    request: u64,
    at: Instant,
}

/// Records that are written at once.
struct Run {
    before: Chain,
    bytes: Vec<u8>,
    entries: Vec<(Durability, Done)>,
}

impl Writer {
    pub(super) fn new(
        segment: Segment,
        chain: Chain,
        signed: u64,
        reserve: Reserve,
        signing: Arc<Signing>,
        cells: Arc<Cells>,
    ) -> Self {
        Self {
            segment,
            chain,
            reserve,
            signing,
            cells,
            waiting: Vec::new(),
            unsynced_since: None,
            unsigned_since: None,
            asked: None,
            requests: 0,
            signed,
            retake_at: None,
        }
    }

    pub(super) fn run(mut self, messages: &mpsc::Receiver<Message>) {
        self.note_reserve();
        loop {
            let next = match self.next_due() {
                Some(delay) => messages.recv_timeout(delay),
                None => messages.recv().map_err(Into::into),
            };
            match next {
                Ok(first) => {
                    let more = messages.try_iter().take(BATCH_MAX - 1);
                    let batch = std::iter::once(first).chain(more).collect();
                    self.take(batch);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return self.sync(),
            }
            self.do_what_is_due();
        }
    }

    fn take(&mut self, batch: Vec<Message>) {
        let mut entries = Vec::with_capacity(batch.len());
        for message in batch {
            match message {
                Message::Entry(entry) => entries.push(entry),
                Message::LookAround => {}
                Message::Settle(done) => self.settle(done),
                Message::Signed {
                    request,
                    checkpoint,
                } => self.answered(request, checkpoint),
            }
        }
        self.cells.leave_queue(entries.len());
        self.write(entries);
    }

    fn settle(&mut self, done: Done) {
        let now = self.now();
        self.unsynced_since.get_or_insert(now);
        self.waiting.push(done);
    }

    // --- Records ---

    fn write(&mut self, entries: Vec<Entry>) {
        let mut run = self.begin_run();
        for entry in entries {
            let size = entry.payload.len().saturating_add(FRAME_EXTRA_BYTES);
            if !self.segment.has_room(run.bytes.len().saturating_add(size)) {
                self.write_run(run);
                self.begin_segment();
                run = self.begin_run();
            }
            match self.chain.append(&entry.payload) {
                Ok(frame) => run.push(&frame, entry),
                Err(_) => answer(entry.done, Err(NotWritten)),
            }
        }
        self.write_run(run);
    }

    fn begin_run(&self) -> Run {
        Run {
            before: self.chain.clone(),
            bytes: Vec::new(),
            entries: Vec::new(),
        }
    }

    fn write_run(&mut self, run: Run) {
        if run.entries.is_empty() {
            return;
        }
        if self.append(&run.bytes).is_err() {
            self.chain = run.before;
            for (_, done) in run.entries {
                answer(done, Err(NotWritten));
            }
            return;
        }
        let now = self.now();
        self.unsigned_since.get_or_insert(now);
        let records = u64::try_from(run.entries.len()).unwrap_or(0);
        self.cells.wrote(records);
        for (durability, done) in run.entries {
            match durability {
                Durability::Written => answer(done, Ok(())),
                Durability::Synced => self.waiting.push(done),
            }
        }
    }

    /// Appends `bytes`, at the price of the reserve if need be.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut appended = self.segment.append(bytes);
        if appended.as_ref().is_err_and(is_full) && self.reserve.give_back() {
            appended = self.segment.append(bytes);
        }
        match &appended {
            Ok(()) => {
                self.reserve.went_on();
                let now = self.now();
                let since = *self.unsynced_since.get_or_insert(now);
                self.cells.unsynced(Some(since));
            }
            Err(error) if is_full(error) => self.reserve.use_up(),
            Err(error) => tracing::error!(%error, "the audit log cannot be written"),
        }
        self.note_reserve();
        appended
    }

    /// Goes on in another segment; in this one if there can be no other.
    fn begin_segment(&mut self) {
        self.sync();
        let time = self.cells.clock().now();
        let mut next = self.segment.next(&mut self.chain, time);
        if next.as_ref().is_err_and(is_full) && self.reserve.give_back() {
            next = self.segment.next(&mut self.chain, time);
        }
        self.note_reserve();
        match next {
            Ok(segment) => self.segment = segment,
            Err(error) => tracing::error!(%error, "no new segment of the audit log can be begun"),
        }
    }

    // --- Checkpoints ---

    /// Asks for a checkpoint of everything written so far.
    fn ask(&mut self) {
        let now = self.now();
        let Some((sequence, link)) = self.chain.covered() else {
            return;
        };
        let writer = self.chain.writer();
        let what = ToSign {
            writer,
            sequence,
            link,
        };
        self.requests = self.requests.wrapping_add(1);
        if self.signing.ask(self.requests, what) {
            let request = self.requests;
            self.asked = Some(Asked { request, at: now });
            self.unsigned_since = None;
        }
    }

    fn answered(&mut self, request: u64, checkpoint: Option<Checkpoint>) {
        if (self.asked.as_ref()).is_some_and(|asked| asked.request == request) {
            self.asked = None;
        }
        let appended = checkpoint.is_some_and(|checkpoint| self.append_checkpoint(&checkpoint));
        if appended {
            self.sync();
        } else if self.chain.sequence() > self.signed {
            // Asked again after a pause, with what comes until then.
            let again = Instant(self.now().0.saturating_add(ASK_AGAIN));
            self.unsigned_since.get_or_insert(again);
        }
    }

    /// Whether it was worth appending, and could be.
    fn append_checkpoint(&mut self, checkpoint: &Checkpoint) -> bool {
        let lag = self.chain.sequence().saturating_sub(checkpoint.sequence);
        let is_close = usize::try_from(lag).is_ok_and(|lag| lag < LAG_RECORDS_MAX);
        if checkpoint.sequence <= self.signed || !is_close {
            return false;
        }
        let before = self.chain.clone();
        let frame = self.chain.checkpoint(checkpoint);
        if self.append(&frame).is_err() {
            self.chain = before;
            return false;
        }
        self.signed = checkpoint.sequence;
        self.cells.signed(checkpoint.into());
        true
    }

    // --- When ---

    fn do_what_is_due(&mut self) {
        let now = self.now();
        if self.ask_due().is_some_and(|due| due <= now) {
            self.ask();
        }
        if self.sync_due().is_some_and(|due| due <= now) {
            self.sync();
        }
        if self.retake_at.is_some_and(|due| due <= now) {
            self.reserve.retake();
            self.retake_at = None;
            self.note_reserve();
        }
    }

    /// How long nothing has to be done; for ever when nothing is said.
    fn next_due(&self) -> Option<Duration> {
        let due = [self.ask_due(), self.sync_due(), self.retake_at];
        let next = due.into_iter().flatten().min()?;
        Some(next.since(self.now()))
    }

    fn ask_due(&self) -> Option<Instant> {
        let since = self.unsigned_since?;
        if !self.signing.is_possible() {
            return None;
        }
        // One at a time, unless it seems that the answer will not come.
        if let Some(asked) = &self.asked {
            return Some(later(asked.at, ASK_AGAIN));
        }
        let delay = if self.waiting.is_empty() {
            ASK_DELAY
        } else {
            Duration::ZERO
        };
        Some(later(since, delay))
    }

    fn sync_due(&self) -> Option<Instant> {
        let latest = later(self.unsynced_since?, SYNC_DELAY_MAX);
        if self.waiting.is_empty() {
            return Some(latest);
        }
        let answer = (self.asked.as_ref()).map(|asked| later(asked.at, ANSWER_WAIT_MAX));
        Some(answer.unwrap_or(Instant(Duration::ZERO)).min(latest))
    }

    fn sync(&mut self) {
        if self.unsynced_since.take().is_some() {
            self.segment.sync();
            self.cells.unsynced(None);
        }
        for done in self.waiting.drain(..) {
            answer(done, Ok(()));
        }
    }

    fn note_reserve(&mut self) {
        let state = self.reserve.state();
        if state != self.cells.reserve() {
            self.cells.set_reserve(state);
        }
        if state != super::ReserveState::Whole && self.retake_at.is_none() {
            self.retake_at = Some(later(self.now(), RETAKE_PAUSE));
        }
    }

    fn now(&self) -> Instant {
        self.cells.clock().monotonic()
    }
}

impl Run {
    fn push(&mut self, frame: &[u8], entry: Entry) {
        self.bytes.extend_from_slice(frame);
        self.entries.push((entry.durability, entry.done));
    }
}

fn later(instant: Instant, delay: Duration) -> Instant {
    Instant(instant.0.saturating_add(delay))
}

fn answer(done: Done, result: Result<(), NotWritten>) {
    // A call whose client is gone does not wait for the answer.
    let _ = done.send(result);
}
