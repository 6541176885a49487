//! Where the log ended: read once, when it is opened. Changes nothing, and takes nothing that is not intact.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use strongroom_audit::log::PayloadKind;
use strongroom_audit::{Chain, Checkpoint, Frame, Header, LogError, LogReader, Record};

use super::segments::segments;
use super::{EventIds, LastCheckpoint};

/// The most records at the end whose event ids are taken: far more than move from the outbox at one time.
const RECORDS_MAX: usize = 16_384;
/// With fewer in the last segment, the one before it is read too.
const RECORDS_MIN: usize = 1024;
/// The most segments that are read.
const SEGMENTS_MAX: usize = 2;

/// The end of the log.
#[derive(Default)]
pub(super) struct Ending {
    /// The number of the last segment, 0 without any.
    pub(super) last_number: u64,
    /// The chain, at its last intact frame; none of a log without one.
    pub(super) chain: Option<Chain>,
    /// The last checkpoint, unless it is too far back.
    pub(super) last_checkpoint: Option<LastCheckpoint>,
    /// The event ids of the last records.
    pub(super) event_ids: EventIds,
}

/// What one segment holds.
#[derive(Default)]
struct Segment {
    frames: usize,
    chain: Option<Chain>,
    checkpoint: Option<LastCheckpoint>,
    payloads: VecDeque<Vec<u8>>,
}

impl Ending {
    /// Reads the end of the log in `folder`.
    ///
    /// # Errors
    /// When a file cannot be read. Damage is no error: the chain goes on before it, and a verifier finds it.
    pub(super) fn read(folder: &Path) -> io::Result<Self> {
        let mut ending = Self::default();
        let mut read = 0_usize;
        for (number, path) in segments(folder)?.into_iter().rev() {
            ending.last_number = ending.last_number.max(number);
            let segment = Segment::read(&path)?;
            // One that was being begun when the process ended holds nothing.
            if segment.frames == 0 {
                continue;
            }
            if read == 0 {
                ending.chain.clone_from(&segment.chain);
            }
            ending.take(segment);
            read = read.saturating_add(1);
            if read == SEGMENTS_MAX || ending.event_ids.len() >= RECORDS_MIN {
                break;
            }
        }
        Ok(ending)
    }

    fn take(&mut self, segment: Segment) {
        self.last_checkpoint = self.last_checkpoint.or(segment.checkpoint);
        let records = segment.payloads.iter();
        let records = records.filter_map(|payload| Record::decode(payload).ok());
        self.event_ids.extend(records.map(|record| record.event_id));
    }
}

impl Segment {
    fn read(path: &Path) -> io::Result<Self> {
        let mut segment = Self::default();
        let file = File::open(path)?;
        // What a killed process left may be in memory alone: a segment that goes on from it, and an outbox that is
        // emptied because the log holds its records, must not be on the disk before it.
        file.sync_all()?;
        for frame in LogReader::new(BufReader::new(file)) {
            match frame {
                Ok(frame) => segment.take(frame),
                Err(LogError::Read(error)) => return Err(error),
                Err(LogError::Torn { .. }) => {}
                Err(LogError::Damaged { offset, .. }) => tracing::error!(
                    path = %path.display(),
                    offset,
                    "the audit log is damaged; it goes on from what is intact before: run `strongroom audit verify`"
                ),
            }
        }
        Ok(segment)
    }

    fn take(&mut self, frame: Frame) {
        let Frame { payload, link, .. } = frame;
        self.frames = self.frames.saturating_add(1);
        let mut added = 0;
        match PayloadKind::of(&payload) {
            Some(PayloadKind::Header) => self.begin(&payload),
            Some(PayloadKind::Checkpoint) => {
                self.checkpoint = Checkpoint::from_bytes(&payload)
                    .ok()
                    .map(|one| (&one).into());
            }
            Some(PayloadKind::Record) => {
                added = 1;
                self.keep(payload);
            }
            None => {}
        }
        let before = self.chain.as_ref().zip(link);
        self.chain = before.map(|(chain, link)| {
            let sequence = chain.sequence().saturating_add(added);
            Chain::resume(chain.writer(), sequence, link)
        });
    }

    fn begin(&mut self, payload: &[u8]) {
        let header = Header::from_bytes(payload);
        self.chain = header.map(|one| Chain::resume(one.writer, one.sequence, one.previous));
    }

    fn keep(&mut self, payload: Vec<u8>) {
        if self.payloads.len() == RECORDS_MAX {
            self.payloads.pop_front();
        }
        self.payloads.push_back(payload);
    }
}
