//! Closes what the service may have left open.

use std::os::fd::{AsRawFd, BorrowedFd};

const STANDARD_ERROR: u32 = 2;

/// Closes all descriptors but `channel` and standard error; false when the kernel refused.
pub(super) fn close_others(channel: BorrowedFd<'_>) -> bool {
    let Ok(channel) = u32::try_from(channel.as_raw_fd()) else {
        return false;
    };
    let (low, high) = (channel.min(STANDARD_ERROR), channel.max(STANDARD_ERROR));
    let ranges = [
        (0, low.checked_sub(1)),
        (low + 1, high.checked_sub(1)),
        (high + 1, Some(u32::MAX)),
    ];
    ranges.into_iter().all(|(first, last)| match last {
        Some(last) if first <= last => close_range(first, last),
        _ => true,
    })
}

fn close_range(first: u32, last: u32) -> bool {
    // SAFETY: the process has just started and has one thread; it uses no descriptor but those kept.
    (unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) }) == 0
}
