//! Where the back end keeps its objects. Nothing here allocates by itself.

use std::ffi::{c_char, c_int, c_void};

/// Gives memory for `size` bytes, aligned to 16, or null; the other arguments mean nothing.
pub type Malloc = unsafe extern "C" fn(size: usize, *const c_char, c_int) -> *mut c_void;
/// Moves the memory at a pointer (never null) to one of `size` bytes, or gives null and leaves it.
pub type Realloc =
    unsafe extern "C" fn(*mut c_void, size: usize, *const c_char, c_int) -> *mut c_void;
/// Takes memory (never null) back.
pub type Free = unsafe extern "C" fn(*mut c_void, *const c_char, c_int);

/// The three functions of a heap.
#[derive(Clone, Copy)]
pub struct Allocator {
    /// Allocates.
    pub malloc: Malloc,
    /// Resizes; must wipe what it leaves behind.
    pub realloc: Realloc,
    /// Frees; must wipe, as the back end counts on it and passes no length.
    pub free: Free,
}

/// The back end already has an allocator, or was linked with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotInstalled;

/// Makes the back end keep every object of its C code in memory from `allocator`, for good.
///
/// Not covered: what the back end's Rust half keeps inline ([`HmacSha256`](crate::hmac::HmacSha256),
/// digest states) or in `Vec`s, which is where the caller and the global allocator put it; and its
/// error queue and table of thread-locals, which stay on the C heap and hold no secrets.
///
/// # Errors
/// [`NotInstalled`] when an allocator was installed before. That the back end has *used* its default
/// heap before goes unnoticed.
///
/// # Safety
/// - The back end has allocated nothing yet in this process (so this precedes every other call into
///   it), and no other thread calls into it during this call.
/// - The functions keep the contract of `malloc`, `realloc` and `free` from any thread at any time,
///   thread exit and process exit included, call nothing of the back end and do not unwind.
// OpenSSL names, AWS-LC contract: include/openssl/mem.h, crypto/mem.c.
pub unsafe fn danger_install_allocator(allocator: Allocator) -> Result<(), NotInstalled> {
    let Allocator {
        malloc,
        realloc,
        free,
    } = allocator;
    // SAFETY: all three pointers are present, and the caller vouches for what they point to and for
    // being the only one here; the call itself only stores them.
    let installed =
        unsafe { aws_lc_sys::CRYPTO_set_mem_functions(Some(malloc), Some(realloc), Some(free)) };
    match installed {
        1 => Ok(()),
        _ => Err(NotInstalled),
    }
}
