//! A wall clock that a file beside the running binary moves, for tests that let the clock of whole processes jump. Never
//! part of a build that anyone ships: only the feature `moved-clock` has it, and `cargo xtask tidy` keeps that to tests.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use rustix::mm::{MapFlags, ProtFlags, mmap};

/// What the file's name has beyond the binary's.
const SUFFIX: &str = ".clock";
/// Two numbers of 64 bits, of the machine's byte order.
pub const BYTES: usize = 16;

/// What the file says: milliseconds to add; the time that is told instead, unless it is 0.
type Said = [AtomicI64; 2];

/// What moves the clock of this process, once it was looked for.
static SAID: OnceLock<Option<&'static Said>> = OnceLock::new();

/// The file that moves the clock of the binary at `program`.
pub fn file_of(program: &Path) -> PathBuf {
    let mut name = OsString::from(program);
    name.push(SUFFIX);
    name.into()
}

/// The time that is told when it is `millis`. The first call looks for the file, later ones make no system call.
pub(super) fn moved(millis: i64) -> i64 {
    let Some([ahead, instead]) = SAID.get_or_init(attach) else {
        return millis;
    };
    match instead.load(Ordering::SeqCst) {
        0 => millis.saturating_add(ahead.load(Ordering::SeqCst)),
        instead => instead,
    }
}

/// Maps the file, if there is one.
fn attach() -> Option<&'static Said> {
    let file = File::open(file_of(&std::env::current_exe().ok()?)).ok()?;
    if file.metadata().ok()?.len() < BYTES as u64 {
        return None;
    }
    // SAFETY: a new mapping at an address that the kernel chooses.
    let mapped = unsafe {
        mmap(
            ptr::null_mut(),
            BYTES,
            ProtFlags::READ,
            MapFlags::SHARED,
            file.as_fd(),
            0,
        )
    };
    let mapped = mapped.ok()?.cast::<Said>();
    // SAFETY: the mapping is as long as `Said`, begins at a page, and is never unmapped; others write it only as a
    // test does, word by word.
    Some(unsafe { &*mapped })
}
