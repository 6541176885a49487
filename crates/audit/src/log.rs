//! The frames of the audit log, and the reader that tells a tail torn by a crash from damage. Frame:
//! `length u32, big endian ‖ payload ‖ first 8 bytes of SHA-256(payload)`. Detects accidents only; whoever
//! can write the file can write valid frames.

use std::fmt;
use std::io::{self, Read};

use strongroom_crypto::digest::sha256;

/// The longest payload, in bytes.
pub const PAYLOAD_BYTES_MAX: usize = 64 * 1024;

const LENGTH_BYTES: usize = 4;
const CHECK_BYTES: usize = 8;

/// A frame as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where the frame begins, in bytes from the start of the log.
    pub offset: u64,
    /// What it holds.
    pub payload: Vec<u8>,
}

/// Why the log cannot be read on.
#[derive(Debug)]
pub enum LogError {
    /// The log ends within the frame at `offset`, as after a crash. Everything before is intact; cut the
    /// log here and go on.
    Torn {
        /// The end of the intact part.
        offset: u64,
    },
    /// The frame at `offset` is damaged, and no crash explains it.
    Damaged {
        /// Where the damaged frame begins.
        offset: u64,
    },
    /// The source failed.
    Read(io::Error),
}

/// The payload is empty or exceeds [`PAYLOAD_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPayload;

/// The bytes to append for `payload`.
pub fn frame(payload: &[u8]) -> Result<Vec<u8>, InvalidPayload> {
    let length = u32::try_from(payload.len()).map_err(|_| InvalidPayload)?;
    if payload.is_empty() || payload.len() > PAYLOAD_BYTES_MAX {
        return Err(InvalidPayload);
    }
    Ok([&length.to_be_bytes(), payload, &check(payload)].concat())
}

/// Iterates over the frames of a log; ends after the first error.
pub struct LogReader<R> {
    source: R,
    offset: u64,
    ended: bool,
}

impl<R: Read> LogReader<R> {
    /// Reads from `source`, which begins with a frame.
    pub fn new(source: R) -> Self {
        Self {
            source,
            offset: 0,
            ended: false,
        }
    }

    fn read_frame(&mut self) -> Result<Option<Frame>, LogError> {
        let head = self.read_up_to(LENGTH_BYTES)?;
        if head.is_empty() {
            return Ok(None);
        }
        let offset = self.offset;
        let Some(length) = payload_length(&head) else {
            return Err(self.judge_rest(head)?);
        };
        let body = self.read_up_to(length + CHECK_BYTES)?;
        if body.len() < length + CHECK_BYTES {
            return Err(self.judge_rest([head, body].concat())?);
        }
        let payload = match body.split_last_chunk::<CHECK_BYTES>() {
            Some((payload, found)) if check(payload) == *found => payload.to_vec(),
            _ => return Err(LogError::Damaged { offset }),
        };
        let size = LENGTH_BYTES + body.len();
        self.offset += u64::try_from(size).unwrap_or(u64::MAX);
        Ok(Some(Frame { offset, payload }))
    }

    /// Tells apart why a frame does not fit. It is the torn end of the log when nothing but zeros follows,
    /// which a crash may leave where data had not arrived, or when what follows is shorter than a frame
    /// can be and holds no whole one. `start` is what was read of it.
    fn judge_rest(&mut self, start: Vec<u8>) -> Result<LogError, LogError> {
        let offset = self.offset;
        let largest = LENGTH_BYTES + PAYLOAD_BYTES_MAX + CHECK_BYTES;
        let mut rest = start;
        rest.extend(self.read_up_to(largest.saturating_sub(rest.len()))?);
        let fits = rest.len() < largest && !holds_frame(&rest);
        let torn = fits || is_zero(&rest) && self.only_zeros_follow()?;
        Ok(if torn {
            LogError::Torn { offset }
        } else {
            LogError::Damaged { offset }
        })
    }

    fn only_zeros_follow(&mut self) -> Result<bool, LogError> {
        loop {
            let more = self.read_up_to(PAYLOAD_BYTES_MAX)?;
            if more.is_empty() || !is_zero(&more) {
                return Ok(more.is_empty());
            }
        }
    }

    /// `count` bytes, or fewer at the end of the source.
    fn read_up_to(&mut self, count: usize) -> Result<Vec<u8>, LogError> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(count).unwrap_or(u64::MAX);
        let read = self.source.by_ref().take(limit).read_to_end(&mut bytes);
        read.map_err(LogError::Read)?;
        Ok(bytes)
    }
}

impl<R: Read> Iterator for LogReader<R> {
    type Item = Result<Frame, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let frame = self.read_frame().transpose();
        self.ended = !matches!(frame, Some(Ok(_)));
        frame
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

fn payload_length(head: &[u8]) -> Option<usize> {
    let head: [u8; LENGTH_BYTES] = head.try_into().ok()?;
    let length = usize::try_from(u32::from_be_bytes(head)).ok()?;
    (1..=PAYLOAD_BYTES_MAX).contains(&length).then_some(length)
}

/// Whether a whole frame begins anywhere in `bytes` but at their start.
fn holds_frame(bytes: &[u8]) -> bool {
    (1..bytes.len()).any(|start| bytes.get(start..).is_some_and(begins_with_frame))
}

fn begins_with_frame(bytes: &[u8]) -> bool {
    let Some((head, rest)) = bytes.split_at_checked(LENGTH_BYTES) else {
        return false;
    };
    let Some(length) = payload_length(head) else {
        return false;
    };
    let Some((payload, rest)) = rest.split_at_checked(length) else {
        return false;
    };
    rest.starts_with(&check(payload))
}

fn check(payload: &[u8]) -> [u8; CHECK_BYTES] {
    let [a, b, c, d, e, f, g, h, ..] = sha256(&[payload]);
    [a, b, c, d, e, f, g, h]
}

impl fmt::Display for LogError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn { offset } => {
                write!(out, "the audit log ends within a frame at byte {offset}")
            }
            Self::Damaged { offset } => write!(out, "the audit log is damaged at byte {offset}"),
            Self::Read(_) => write!(out, "the audit log cannot be read"),
        }
    }
}

impl std::error::Error for LogError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(error) => Some(error),
            Self::Torn { .. } | Self::Damaged { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
