//! What may stand where a frame does not fit: the torn end that a crash leaves, or damage. Decides from the bytes
//! alone, and calls it damage when a crash does not explain them.

use strongroom_crypto::digest::sha256;

use super::{CHECK_BYTES, LENGTH_BYTES, checkpoint, payload_length};

/// Disks write whole sectors; one that did not arrive reads as zeros.
const SECTOR_BYTES: usize = 512;
/// The longest frame of a segment without a header.
const UNCHAINED_FRAME_BYTES_MAX: usize = LENGTH_BYTES + 64 * 1024 + CHECK_BYTES;

/// Whether the segment's frames are chained, as far as that is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Chained {
    Yes,
    /// They are not, or it is the first frame that does not fit.
    Unknown,
}

/// Whether `rest`, from a frame that does not fit to the end of the segment, is what a crash left of frames that
/// were being written. `expected` is the check that the frame should have, where the whole frame is there.
pub(super) fn is_torn(rest: &[u8], expected: Option<[u8; CHECK_BYTES]>, chained: Chained) -> bool {
    if is_zero(rest) {
        return true;
    }
    let shaped = ends_early(rest) || is_cut_check(rest, expected) || holds_empty_sector(rest);
    // A checkpoint is written when what it covers is on its way to the disk already, and frames before a
    // whole frame were written before it: neither stands behind something torn.
    shaped
        && !checkpoint::stands_in(rest)
        && (chained == Chained::Yes || !continues_unchained(rest))
}

/// Whether the segment ends, but for zeros, within the frame's payload.
fn ends_early(rest: &[u8]) -> bool {
    let Some(head) = rest.get(..LENGTH_BYTES) else {
        return true;
    };
    let zeros = rest.iter().rev().take_while(|byte| **byte == 0).count();
    let arrived = rest.len().saturating_sub(zeros);
    payload_length(head).is_some_and(|length| {
        arrived <= LENGTH_BYTES + length || rest.len() < LENGTH_BYTES + length + CHECK_BYTES
    })
}

/// Whether the payload is whole, a part of its check arrived, and zeros follow.
fn is_cut_check(rest: &[u8], expected: Option<[u8; CHECK_BYTES]>) -> bool {
    let end = rest.get(..LENGTH_BYTES).and_then(payload_length);
    let end = end.map(|length| LENGTH_BYTES + length);
    let (Some(expected), Some(found)) = (expected, end.and_then(|end| rest.get(end..))) else {
        return false;
    };
    let pairs = expected.iter().zip(found);
    let arrived = pairs.take_while(|(one, other)| one == other).count();
    found.get(arrived..).is_some_and(is_zero)
}

fn holds_empty_sector(rest: &[u8]) -> bool {
    let mut zeros = 0_usize;
    rest.iter().any(|byte| {
        zeros = if *byte == 0 {
            zeros.saturating_add(1)
        } else {
            0
        };
        zeros >= SECTOR_BYTES
    })
}

/// Whether `rest` is too long for one frame without a chain, or holds a whole one anywhere but at its start.
fn continues_unchained(rest: &[u8]) -> bool {
    let begins = |start: usize| rest.get(start..).is_some_and(begins_with_unchained);
    rest.len() >= UNCHAINED_FRAME_BYTES_MAX || (1..rest.len()).any(begins)
}

fn begins_with_unchained(bytes: &[u8]) -> bool {
    let Some((head, rest)) = bytes.split_at_checked(LENGTH_BYTES) else {
        return false;
    };
    let payload = payload_length(head).and_then(|length| rest.split_at_checked(length));
    payload.is_some_and(|(payload, rest)| rest.starts_with(&unchained_check(payload)))
}

/// The check of a frame in a segment without a header.
pub(super) fn unchained_check(payload: &[u8]) -> [u8; CHECK_BYTES] {
    super::check_of(&sha256(&[payload]))
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}
