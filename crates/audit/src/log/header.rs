//! The first frame of a segment: whose log it is, and where the chain goes on. Never says more than what the
//! segment before it proves.

use super::Link;

/// The first byte of a header's payload. Another layout takes another byte.
pub(super) const FORMAT: u8 = 0x80;
const BYTES: usize = 1 + 16 + 8 + 8 + 32 + 8;

/// The header of a segment: `0x80 ‖ writer (16) ‖ segment u64 ‖ sequence u64 ‖ previous link (32) ‖ time i64`,
/// big endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The log's own id, random, made once.
    pub writer: [u8; 16],
    /// The segment's number.
    pub segment: u64,
    /// The records written before it.
    pub sequence: u64,
    /// The link of the last intact frame before it; [`FIRST_LINK`](super::FIRST_LINK) in a writer's first segment.
    pub previous: Link,
    /// When the segment was begun, in milliseconds since the epoch.
    pub time: i64,
}

impl Header {
    /// The payload's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let parts: [&[u8]; 6] = [
            &[FORMAT],
            &self.writer,
            &self.segment.to_be_bytes(),
            &self.sequence.to_be_bytes(),
            &self.previous,
            &self.time.to_be_bytes(),
        ];
        parts.concat()
    }

    /// The header that `payload` is, all of it.
    pub fn from_bytes(payload: &[u8]) -> Option<Self> {
        if payload.len() != BYTES {
            return None;
        }
        let rest = payload.strip_prefix(&[FORMAT])?;
        let (writer, rest) = rest.split_first_chunk()?;
        let (segment, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (previous, rest) = rest.split_first_chunk()?;
        Some(Self {
            writer: *writer,
            segment: u64::from_be_bytes(*segment),
            sequence: u64::from_be_bytes(*sequence),
            previous: *previous,
            time: i64::from_be_bytes(rest.try_into().ok()?),
        })
    }
}
