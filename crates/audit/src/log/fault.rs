//! What is wrong with a log, and where. Says what the bytes show, never who did it.

use std::fmt;

use strongroom_base::hex;

use super::{Checkpoint, CheckpointKeyId};

/// The first thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The segment's number.
    pub segment: u64,
    /// Where the frame begins, in bytes from the start of the segment.
    pub offset: u64,
    /// The records that are intact before it, so the sequence of the first that is not.
    pub sequence: u64,
    /// The event id of the record that is there, where it can be read.
    pub event_id: Option<String>,
    /// What is wrong.
    pub what: What,
    /// The last checkpoint before it that was right.
    pub after: Option<Checkpoint>,
    /// The checkpoint that shows it: what is wrong came after the one and before the other.
    pub before: Option<Checkpoint>,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The frame is not the one that was written after those before it.
    Damaged,
    /// The log begins late: segments before it are missing.
    BeginsLate,
    /// A segment without a header follows one with a header.
    NoHeader,
    /// A segment's header stands within it.
    HeaderWithin,
    /// The segment is of another log.
    OtherWriter,
    /// The segment's header states this number.
    OtherSegment(u64),
    /// The segment does not go on where the one before it ended; its header states so many records before it.
    NotContinued(u64),
    /// The frame is of a kind that this program does not know.
    UnknownKind,
    /// A checkpoint is not right.
    Checkpoint(CheckpointFault),
    /// A checkpoint that was kept elsewhere is of another log.
    KeptOfOtherLog,
    /// A checkpoint that was kept elsewhere covers other records.
    KeptDiffers,
    /// A checkpoint that was kept elsewhere covers so many records, more than there are.
    Cut(u64),
}

/// What can be wrong with a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckpointFault {
    /// It cannot be read.
    Malformed,
    /// It is of another log.
    OtherWriter,
    /// There is no public key of this id.
    UnknownKey(CheckpointKeyId),
    /// Its signature is not valid.
    Signature,
    /// It covers no more than the one before it.
    NotAhead,
    /// It covers records that are not there.
    Ahead,
    /// It covers records too far back.
    Behind,
    /// It covers other records.
    OtherRecords,
    /// The life of the key process that signed it had ended.
    BootEnded,
    /// It was signed before the one before it.
    ClockBack,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            segment,
            offset,
            sequence,
            what,
            ..
        } = self;
        write!(out, "segment {segment}, byte {offset}, record {sequence}")?;
        if let Some(id) = &self.event_id {
            write!(out, " (event {})", id.escape_debug())?;
        }
        write!(out, ": {what}")?;
        let Some(before) = &self.before else {
            return Ok(());
        };
        let after = self.after.as_ref().map_or(0, |after| after.sequence);
        write!(
            out,
            "; what is wrong lies between the checkpoints of {after} and of {} records",
            before.sequence
        )
    }
}

impl fmt::Display for What {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Damaged => "the frame is not the one that was written here",
            Self::BeginsLate => "the log begins late: earlier segments are missing",
            Self::NoHeader => "the segment has no header, and the one before it has",
            Self::HeaderWithin => "a header stands within the segment",
            Self::OtherWriter => "the segment is of another log",
            Self::OtherSegment(stated) => {
                return write!(out, "the header is that of segment {stated}");
            }
            Self::NotContinued(stated) => {
                return write!(
                    out,
                    "the segment does not go on where the one before it ended: its header states {stated} records before it"
                );
            }
            Self::UnknownKind => "the frame is of a kind that this version does not know",
            Self::Checkpoint(fault) => return fault.fmt(out),
            Self::KeptOfOtherLog => "the checkpoint that was kept is of another log",
            Self::KeptDiffers => "the checkpoint that was kept covers other records",
            Self::Cut(covered) => {
                return write!(
                    out,
                    "the log is cut: the checkpoint that was kept covers {covered} records"
                );
            }
        };
        out.write_str(text)
    }
}

impl fmt::Display for CheckpointFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Malformed => "the checkpoint cannot be read",
            Self::OtherWriter => "the checkpoint is of another log",
            Self::UnknownKey(key) => {
                return write!(
                    out,
                    "the checkpoint is signed by the key {}, of which there is no public key",
                    hex::encode(key)
                );
            }
            Self::Signature => "the checkpoint's signature is not valid",
            Self::NotAhead => "the checkpoint covers no more than the one before it",
            Self::Ahead => "the checkpoint covers more records than there are",
            Self::Behind => "the checkpoint comes too long after what it covers",
            Self::OtherRecords => "the checkpoint covers other records",
            Self::BootEnded => "the checkpoint is signed by a key process that had ended",
            Self::ClockBack => "the checkpoint was signed long before the one before it",
        })
    }
}
