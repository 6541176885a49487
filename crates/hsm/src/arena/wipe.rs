//! Zeroing that the optimiser cannot remove.

use std::arch::asm;

/// Overwrites `length` bytes at `start` with zeros, also when nothing reads them again.
///
/// # Safety
/// The bytes must be mapped, writable and used by no one else.
pub(crate) unsafe fn wipe(start: *mut u8, length: usize) {
    // SAFETY: the caller owns `length` writable bytes at `start`.
    unsafe { start.write_bytes(0, length) };
    // SAFETY: no instruction is emitted; the block may read all memory as far as the compiler
    // knows, so the zeros above must have been written.
    unsafe { asm!("/* {0} */", in(reg) start, options(nostack, preserves_flags)) };
}
