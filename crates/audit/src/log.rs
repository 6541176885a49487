//! The frames of the audit log: what a segment begins with, how every frame is tied to the one before it, and
//! the reader that tells a tail torn by a crash from damage. Opens no file and holds no key.
//!
//! Frame: `length u32, big endian ‖ payload ‖ check`, the check being the first 8 bytes of the frame's link
//! (docs/design/audit.md, "The hot log"). Segments of versions before the chain have no header, and checks
//! that are the first 8 bytes of SHA-256(payload): those detect accidents only.

mod chain;
mod checkpoint;
mod fault;
mod header;
mod reader;
mod tail;
mod verify;

pub use chain::{Chain, InvalidPayload};
pub use checkpoint::{Checkpoint, CheckpointKeyId, NotACheckpoint, checkpoint_key_id};
pub use fault::{CheckpointFault, Fault, What};
pub use header::Header;
pub use reader::{Frame, LogError, LogReader};
pub use verify::{Begins, Item, LAG_RECORDS_MAX, NOTES_MAX, Note, Report, Stop, Verifier};

use strongroom_crypto::digest::sha256;

/// The longest payload, in bytes.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;
/// The longest frame, in bytes.
pub const FRAME_BYTES_MAX: usize = LENGTH_BYTES + PAYLOAD_BYTES_MAX + CHECK_BYTES;
/// A segment that has grown to this many bytes is followed by another.
pub const SEGMENT_BYTES_MAX: u64 = 16 << 20;
/// The link before a writer's first frame.
pub const FIRST_LINK: Link = [0; 32];

const LENGTH_BYTES: usize = 4;
const CHECK_BYTES: usize = 8;
const LINK_LABEL: &[u8] = b"strongroom audit link v1";

/// What ties a frame to everything before it: SHA-256 over the link before it, its length and its payload.
pub type Link = [u8; 32];

/// What a payload is, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadKind {
    /// A record; the byte is its format.
    Record,
    /// The header of a segment.
    Header,
    /// A checkpoint.
    Checkpoint,
}

impl PayloadKind {
    /// The kind of `payload`; `None` when it is empty or of a kind that this program does not know.
    pub fn of(payload: &[u8]) -> Option<Self> {
        match *payload.first()? {
            header::FORMAT => Some(Self::Header),
            checkpoint::FORMAT => Some(Self::Checkpoint),
            format if format < header::FORMAT => Some(Self::Record),
            _ => None,
        }
    }
}

/// The link of a frame with this payload, after `before`.
fn link(before: &Link, payload: &[u8]) -> Option<Link> {
    let length = u32::try_from(payload.len()).ok()?;
    let parts: [&[u8]; 4] = [LINK_LABEL, before, &length.to_be_bytes(), payload];
    Some(sha256(&parts))
}

fn check_of(link: &Link) -> [u8; CHECK_BYTES] {
    let [a, b, c, d, e, f, g, h, ..] = *link;
    [a, b, c, d, e, f, g, h]
}

/// The length that a frame states, unless no payload has it.
fn payload_length(head: &[u8]) -> Option<usize> {
    let head: [u8; LENGTH_BYTES] = head.try_into().ok()?;
    let length = usize::try_from(u32::from_be_bytes(head)).ok()?;
    (1..=PAYLOAD_BYTES_MAX).contains(&length).then_some(length)
}

#[cfg(test)]
mod tests;
