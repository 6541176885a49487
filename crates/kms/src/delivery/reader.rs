//! Reads the hot log from a place on. It changes nothing, and tells damage from the end that is still being written.

use std::fs::File;
use std::io::{self, BufReader};
use std::ops::ControlFlow;
use std::path::Path;

use strongroom_audit::{LogError, LogReader, Record};

use crate::audit_log::segments;
use crate::records::LogPositionRecord as Position;

/// Payloads whose first byte has this bit say something of the log, not of a call (docs/design/audit.md, "The hot
/// log").
const NO_RECORD: u8 = 0x80;

/// Why the log is not read on.
#[derive(Debug)]
pub(super) enum Unread {
    /// A frame is damaged: nothing behind it is delivered until somebody has looked at it.
    Damaged(Position),
    /// The disk.
    Failed(io::Error),
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

/// The end of the log, as it is now.
pub(super) fn end(log: &Path) -> io::Result<Position> {
    let last = segments(log)?.pop();
    let Some((segment, path)) = last else {
        return Ok(begin(0));
    };
    let offset = std::fs::metadata(path)?.len();
    Ok(Position { segment, offset })
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
        .inspect_err(|error| tracing::error!(%error, "an audit record cannot be read: not delivered"))
        .ok()
}

#[cfg(test)]
mod tests;
