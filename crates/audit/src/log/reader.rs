//! Reads a segment frame by frame and checks each against the one before it. Whether the segment belongs where
//! it stands is the verifier's business.

use std::fmt;
use std::io::{self, Read};

use super::tail::{self, Chained};
use super::{
    CHECK_BYTES, FRAME_BYTES_MAX, Header, LENGTH_BYTES, Link, PayloadKind, SEGMENT_BYTES_MAX,
    check_of, link, payload_length,
};

/// The most that is read behind a frame that does not fit, in bytes: a whole segment.
const TAIL_BYTES_MAX: u64 = SEGMENT_BYTES_MAX.saturating_add(FRAME_BYTES_MAX as u64);

/// A frame as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where the frame begins, in bytes from the start of the segment.
    pub offset: u64,
    /// What it holds.
    pub payload: Vec<u8>,
    /// Its link; none in a segment without a header.
    pub link: Option<Link>,
}

impl Frame {
    /// Whether it holds a record, and not what the log says of itself.
    pub fn is_record(&self) -> bool {
        PayloadKind::of(&self.payload) == Some(PayloadKind::Record)
    }
}

/// Why a segment cannot be read on.
#[derive(Debug)]
pub enum LogError {
    /// The segment ends within the frame at `offset`, as after a crash. Everything before is intact.
    Torn {
        /// The end of the intact part.
        offset: u64,
        /// How much follows it, at least.
        bytes: u64,
    },
    /// The frame at `offset` is damaged, and no crash explains it.
    Damaged {
        /// Where the damaged frame begins.
        offset: u64,
        /// What it holds, if it is whole.
        payload: Option<Vec<u8>>,
    },
    /// The source failed.
    Read(io::Error),
}

/// Iterates over the frames of a segment; ends after the first error.
pub struct LogReader<R> {
    source: R,
    offset: u64,
    checks: Checks,
    ended: bool,
}

/// How the next frame's check is made.
#[derive(Clone, Copy)]
enum Checks {
    /// The first frame will tell.
    Unknown,
    /// From the payload alone.
    Unchained,
    /// From the link before it, too.
    After(Link),
}

impl<R: Read> LogReader<R> {
    /// Reads from `source`, which begins with a frame.
    pub fn new(source: R) -> Self {
        Self {
            source,
            offset: 0,
            checks: Checks::Unknown,
            ended: false,
        }
    }

    fn read_frame(&mut self) -> Result<Option<Frame>, LogError> {
        let head = self.read_up_to(LENGTH_BYTES)?;
        if head.is_empty() {
            return Ok(None);
        }
        let Some(length) = payload_length(&head) else {
            return Err(self.judge(head, None, None)?);
        };
        let mut body = self.read_up_to(length + CHECK_BYTES)?;
        if body.len() < length + CHECK_BYTES {
            return Err(self.judge([head, body].concat(), None, None)?);
        }
        let found = body.split_off(length);
        self.accept(&head, body, &found).map(Some)
    }

    /// The frame of a whole `payload`, if `found` is its check.
    fn accept(&mut self, head: &[u8], payload: Vec<u8>, found: &[u8]) -> Result<Frame, LogError> {
        let (expected, checks) = self.expected(&payload);
        if expected != found {
            let start = [head, &payload, found].concat();
            return Err(self.judge(start, Some(expected), Some(payload))?);
        }
        let offset = self.offset;
        self.checks = checks;
        self.offset = offset.saturating_add(long(LENGTH_BYTES + payload.len() + CHECK_BYTES));
        let link = match checks {
            Checks::After(link) => Some(link),
            Checks::Unchained | Checks::Unknown => None,
        };
        Ok(Frame {
            offset,
            payload,
            link,
        })
    }

    /// The check that a frame with this payload must have here, and how the frames after it are checked.
    fn expected(&self, payload: &[u8]) -> ([u8; CHECK_BYTES], Checks) {
        let before = match self.checks {
            Checks::Unknown => Header::from_bytes(payload).map(|header| header.previous),
            Checks::Unchained => None,
            Checks::After(before) => Some(before),
        };
        match before.and_then(|before| link(&before, payload)) {
            Some(link) => (check_of(&link), Checks::After(link)),
            None => (tail::unchained_check(payload), Checks::Unchained),
        }
    }

    /// Tells apart why the frame that begins with `start` does not fit.
    fn judge(
        &mut self,
        start: Vec<u8>,
        expected: Option<[u8; CHECK_BYTES]>,
        payload: Option<Vec<u8>>,
    ) -> Result<LogError, LogError> {
        let mut rest = start;
        let limit = TAIL_BYTES_MAX.saturating_sub(long(rest.len()));
        let read = self.source.by_ref().take(limit).read_to_end(&mut rest);
        read.map_err(LogError::Read)?;
        let (offset, bytes) = (self.offset, long(rest.len()));
        let chained = match self.checks {
            Checks::After(_) => Chained::Yes,
            Checks::Unknown | Checks::Unchained => Chained::Unknown,
        };
        Ok(if tail::is_torn(&rest, expected, chained) {
            LogError::Torn { offset, bytes }
        } else {
            LogError::Damaged { offset, payload }
        })
    }

    /// `count` bytes, or fewer at the end of the source.
    fn read_up_to(&mut self, count: usize) -> Result<Vec<u8>, LogError> {
        let mut bytes = Vec::with_capacity(count);
        let read = self
            .source
            .by_ref()
            .take(long(count))
            .read_to_end(&mut bytes);
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

fn long(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl fmt::Display for LogError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn { offset, .. } => {
                write!(out, "the audit log ends within a frame at byte {offset}")
            }
            Self::Damaged { offset, .. } => {
                write!(out, "the audit log is damaged at byte {offset}")
            }
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
