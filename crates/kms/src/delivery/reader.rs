//! Reads the hot log from a place on. It changes nothing, and tells damage from the end that is still being written.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader};
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use strongroom_audit::{LogError, LogReader, Record};
use strongroom_base::UnixMillis;

use crate::audit_log::segments;
use crate::records::LogPositionRecord as Position;

/// Payloads whose first byte has this bit say something of the log, not of a call (docs/design/audit.md, "The hot
/// log").
const NO_RECORD: u8 = 0x80;

/// How much earlier than what it tells of a segment may seem to have been written.
const WRITTEN_BEFORE_MAX: Duration = Duration::from_secs(60);

/// Why the log is not read on.
#[derive(Debug)]
pub(super) enum Unread {
    /// A frame is damaged: nothing behind it is delivered until somebody has looked at it.
    Damaged(Position),
    /// The disk.
    Failed(io::Error),
}

impl fmt::Display for Unread {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(Position { segment, offset }) => {
                write!(
                    out,
                    "segment {segment} of the audit log is damaged at byte {offset}"
                )
            }
            Self::Failed(error) => write!(out, "the audit log cannot be read: {error}"),
        }
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Gives the records behind `from` to `take` in turn, until it breaks or `to` or the end is reached; returns where
/// the rest begins. A record that made `take` break belongs to the rest.
pub(super) fn read(
    log: &Path,
    from: Position,
    to: Option<Position>,
    mut take: impl FnMut(Record) -> ControlFlow<()>,
) -> Result<Position, Unread> {
    let mut at = from;
    let is_past = |at: Position| to.is_some_and(|to| at >= to);
    // Listed before it is read: only the last of these can still grow.
    let ahead = segments(log)?.into_iter();
    for (number, path) in ahead.filter(|(number, _)| *number >= from.segment) {
        if number > at.segment {
            at = begin(number);
        }
        if is_past(at) {
            break;
        }
        let mut reader = LogReader::new(BufReader::new(File::open(path)?));
        loop {
            let frame = match reader.next() {
                None | Some(Err(LogError::Torn { .. })) => break,
                Some(Err(LogError::Read(error))) => return Err(error.into()),
                // What is intact before it goes first; the next time begins here.
                Some(Err(LogError::Damaged { .. })) if at > from => return Ok(at),
                Some(Err(LogError::Damaged { offset, .. })) => {
                    let segment = number;
                    return Err(Unread::Damaged(Position { segment, offset }));
                }
                Some(Ok(frame)) => frame,
            };
            if frame.offset < at.offset {
                continue;
            }
            at.offset = frame.offset;
            if is_past(at) {
                return Ok(at);
            }
            if let Some(record) = record(&frame.payload)
                && take(record).is_break()
            {
                return Ok(at);
            }
            // Behind its first byte is behind it: no other frame begins before the next one.
            at.offset = frame.offset.saturating_add(1);
        }
    }
    Ok(at)
}

/// A place before everything that happened since `time`: the first segment that was written to since a little before
/// then, or the last one.
pub(super) fn place_of(log: &Path, time: UnixMillis) -> io::Result<Position> {
    let segments = segments(log)?;
    let last = segments.last().map_or(0, |(number, _)| *number);
    for (number, path) in segments {
        let written = std::fs::metadata(path)?.mtime().saturating_mul(1000);
        if UnixMillis(written).plus(WRITTEN_BEFORE_MAX) >= time {
            return Ok(begin(number));
        }
    }
    Ok(begin(last))
}

/// The beginning of the log, as far as it is kept.
pub(super) fn beginning(log: &Path) -> io::Result<Position> {
    let first = segments(log)?.into_iter().next();
    Ok(begin(first.map_or(0, |(number, _)| number)))
}

fn begin(segment: u64) -> Position {
    Position { segment, offset: 0 }
}

/// The record in a payload; what is none is passed over, and what cannot be read is told.
fn record(payload: &[u8]) -> Option<Record> {
    if payload.first().is_none_or(|kind| kind & NO_RECORD != 0) {
        return None;
    }
    Record::decode(payload)
        .inspect_err(
            |error| tracing::error!(%error, "an audit record cannot be read: not delivered"),
        )
        .ok()
}
