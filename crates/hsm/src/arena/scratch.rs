//! Working memory for one slow computation (Argon2id), outside the arena because it is larger than
//! the arena may be. It must not outlive the computation with its contents.

use std::io;
use std::ops::{Deref, DerefMut};

use strongroom_crypto::kdf::Argon2Block;

use super::mapping::Mapping;
use super::{Shelter, Source, wipe};

/// The most that one computation may use, in bytes.
pub const SCRATCH_BYTES_MAX: usize = 64 << 20;

/// A type that working memory may be seen as.
///
/// # Safety
/// Every bit pattern must be a valid value, without padding; the alignment must divide 4096.
pub unsafe trait Plain: Copy + 'static {}

// SAFETY: every 64 bits are an integer, aligned to at most 8.
unsafe impl Plain for u64 {}

// SAFETY: an Argon2 block is 128 integers of 64 bits, aligned to 64 bytes, without padding.
unsafe impl Plain for Argon2Block {}

/// Zeroed, page-aligned memory; wiped, if anyone could have written to it, and unmapped on drop.
pub struct Scratch {
    mapping: Mapping,
    length: usize,
    lent: bool,
}

/// Maps `length` bytes: secret memory when the limit allows, else anonymous memory left out of
/// dumps and locked if possible; [`Scratch::shelter`] says which.
///
/// # Errors
/// `InvalidInput` above [`SCRATCH_BYTES_MAX`]; the kernel's error when it has no memory at all.
pub fn scratch(length: usize, source: Source) -> io::Result<Scratch> {
    if length > SCRATCH_BYTES_MAX {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mapping = Mapping::best_effort(length, source)?;
    Ok(Scratch {
        mapping,
        length,
        lent: false,
    })
}

impl Scratch {
    /// What protects it.
    pub fn shelter(&self) -> Shelter {
        self.mapping.shelter()
    }

    /// The whole items of type `T` that fit.
    pub fn items_mut<T: Plain>(&mut self) -> &mut [T] {
        self.lent = true;
        let count = self.length.checked_div(size_of::<T>()).unwrap_or(0);
        let start = self.mapping.base().as_ptr().cast::<T>();
        // SAFETY: `count` items fit into the mapping, whose page alignment suffices and whose bytes
        // are valid values, as `Plain` promises; `self` is borrowed alone.
        unsafe { std::slice::from_raw_parts_mut(start, count) }
    }
}

impl Deref for Scratch {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the mapping has at least `length` initialised bytes and lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.mapping.base().as_ptr(), self.length) }
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.lent = true;
        // SAFETY: the mapping has at least `length` initialised bytes, and `self` is borrowed alone.
        unsafe { std::slice::from_raw_parts_mut(self.mapping.base().as_ptr(), self.length) }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.lent {
            // Wiping would only make the kernel provide every page first: a third of a second.
            return;
        }
        // SAFETY: the mapping is alive and no one borrows it while it is dropped.
        unsafe { wipe(self.mapping.base().as_ptr(), self.length) };
    }
}
