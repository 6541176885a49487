//! The secret arena: the one region of memory that may hold plaintext keys, and the allocator that
//! keeps every allocation of the key process inside it. It must never hand out memory that still
//! shows what an earlier owner wrote.

use std::fmt;
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::AtomicPtr;

mod c_memory;
mod classes;
mod heap;
mod lock;
mod mapping;
mod page;
mod runs;
mod scratch;
mod space;
mod wipe;

#[cfg(test)]
mod tests;

pub use c_memory::{free, malloc, realloc, shelter_crypto_library};
pub use heap::Heap;
pub use scratch::{Plain, SCRATCH_BYTES_MAX, Scratch, scratch};
pub(crate) use wipe::wipe;

use mapping::Mapping;

/// The unit in which the arena is given out, in bytes.
pub(crate) const PAGE_BYTES: usize = 4096;

/// The smallest arena a key process can work in, in bytes.
pub const ARENA_BYTES_MIN: usize = 2 << 20;

/// The largest arena, in bytes: page numbers stay far inside 32 bits.
pub const ARENA_BYTES_MAX: usize = 4 << 30;

/// What the kernel made of a region that was meant to be secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// memfd_secret(2): out of the kernel's direct map, refused to ptrace, /proc/pid/mem and swap.
    Secretmem,
    /// Anonymous memory locked into RAM: never swapped, but readable by root.
    Locked,
    /// Anonymous memory without any lock.
    Unlocked,
}

/// Which memory to ask the kernel for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// memfd_secret, and locked anonymous memory where the kernel has none.
    Secretmem,
    /// Locked anonymous memory even where memfd_secret exists, to test that fallback.
    Anonymous,
}

/// What protects a region, as the kernel confirmed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shelter {
    /// The kind of memory.
    pub memory: Memory,
    /// Left out of core dumps (MADV_DONTDUMP).
    pub dump_excluded: bool,
    /// Absent from, or zero in, a forked child (MADV_DONTFORK, MADV_WIPEONFORK).
    pub fork_excluded: bool,
    /// Its size in bytes.
    pub bytes: usize,
}

/// Why there is no arena.
#[derive(Debug)]
pub enum ArenaError {
    /// Not even [`ARENA_BYTES_MIN`] could be mapped and locked.
    TooSmall {
        /// The bytes that RLIMIT_MEMLOCK grants.
        granted: u64,
        /// What the kernel said to the smallest attempt.
        cause: io::Error,
    },
    /// The heap allocates from an arena already.
    AlreadyEntered,
}

impl fmt::Display for ArenaError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooSmall { granted, .. } => write!(
                out,
                "the secret arena needs {ARENA_BYTES_MIN} bytes of locked memory, RLIMIT_MEMLOCK grants {granted}"
            ),
            Self::AlreadyEntered => out.write_str("the heap is in an arena already"),
        }
    }
}

impl std::error::Error for ArenaError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TooSmall { cause, .. } => Some(cause),
            Self::AlreadyEntered => None,
        }
    }
}

/// A contiguous region of secret memory, all zero, that no one uses yet.
pub struct Arena {
    mapping: Mapping,
}

impl Arena {
    /// Maps at most `requested` bytes from `source`, fewer when RLIMIT_MEMLOCK grants fewer; raises
    /// that limit first, so call it while still privileged.
    ///
    /// # Errors
    /// [`ArenaError::TooSmall`] when fewer than [`ARENA_BYTES_MIN`] can be had.
    pub fn create(requested: usize, source: Source) -> Result<Self, ArenaError> {
        let requested = requested.clamp(ARENA_BYTES_MIN, ARENA_BYTES_MAX) & !(PAGE_BYTES - 1);
        let granted = mapping::raise_lock_limit(requested.saturating_add(SCRATCH_BYTES_MAX));
        let mut bytes = requested;
        loop {
            match Mapping::locked(bytes, source) {
                Ok(mapping) => return Ok(Self { mapping }),
                Err(cause) if bytes <= ARENA_BYTES_MIN => {
                    return Err(ArenaError::TooSmall { granted, cause });
                }
                Err(_) => bytes = smaller(bytes, granted),
            }
        }
    }

    /// What protects it.
    pub fn shelter(&self) -> Shelter {
        self.mapping.shelter()
    }

    /// Its first byte and its length; nothing unmaps it from here on.
    pub(crate) fn leak(self) -> (AtomicPtr<u8>, usize) {
        let length = self.mapping.shelter().bytes;
        let base: NonNull<u8> = self.mapping.leak();
        (AtomicPtr::new(base.as_ptr()), length)
    }
}

/// The next size to try: what the limit grants, then less and less of it, because some of the grant
/// may be in use already.
fn smaller(bytes: usize, granted: u64) -> usize {
    let granted = usize::try_from(granted).unwrap_or(usize::MAX);
    let next = granted.min(bytes - bytes / 8);
    (next & !(PAGE_BYTES - 1)).max(ARENA_BYTES_MIN)
}
