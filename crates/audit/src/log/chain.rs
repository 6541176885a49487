//! The writing end of the chain: makes each frame from its payload and the link before it. Never makes a
//! checkpoint of its own accord: those come from the key process.

use super::{Checkpoint, FIRST_LINK, Header, Link, PAYLOAD_BYTES_MAX, PayloadKind, check_of, link};

/// A writer's chain, at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    writer: [u8; 16],
    sequence: u64,
    link: Link,
    /// The link of the last record, which checkpoints speak of.
    covered: Option<Link>,
}

/// The payload is empty, exceeds [`PAYLOAD_BYTES_MAX`], or is not of the kind that is appended here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPayload;

impl Chain {
    /// The chain of a writer that has written nothing.
    pub fn new(writer: [u8; 16]) -> Self {
        Self::resume(writer, 0, FIRST_LINK)
    }

    /// The chain of a writer whose log ends with the frame of `link`, after `sequence` records.
    pub fn resume(writer: [u8; 16], sequence: u64, link: Link) -> Self {
        Self {
            writer,
            sequence,
            link,
            covered: None,
        }
    }

    /// Whose chain it is.
    pub fn writer(&self) -> [u8; 16] {
        self.writer
    }

    /// The records written so far.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The link of the last frame.
    pub fn link(&self) -> Link {
        self.link
    }

    /// What a checkpoint of everything written so far has to say: the records, and the link of the last one; `None`
    /// until a record is appended.
    pub fn covered(&self) -> Option<(u64, Link)> {
        Some((self.sequence, self.covered?))
    }

    /// The frame that begins segment `segment` at `time`, in milliseconds since the epoch.
    pub fn header(&mut self, segment: u64, time: i64) -> Vec<u8> {
        let header = Header {
            writer: self.writer,
            segment,
            sequence: self.sequence,
            previous: self.link,
            time,
        };
        self.frame(&header.to_bytes())
    }

    /// The frame of a record.
    ///
    /// # Errors
    /// [`InvalidPayload`] when `payload` is no record's, and the chain is as it was.
    pub fn append(&mut self, payload: &[u8]) -> Result<Vec<u8>, InvalidPayload> {
        let is_record = PayloadKind::of(payload) == Some(PayloadKind::Record);
        if !is_record || payload.len() > PAYLOAD_BYTES_MAX {
            return Err(InvalidPayload);
        }
        let frame = self.frame(payload);
        self.sequence = self.sequence.saturating_add(1);
        self.covered = Some(self.link);
        Ok(frame)
    }

    /// The frame of a checkpoint.
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Vec<u8> {
        self.frame(&checkpoint.to_bytes())
    }

    /// INVARIANT: `payload` has at most [`PAYLOAD_BYTES_MAX`] bytes, so its length fits.
    fn frame(&mut self, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        self.link = link(&self.link, payload).unwrap_or(self.link);
        [&length.to_be_bytes(), payload, &check_of(&self.link)].concat()
    }
}
