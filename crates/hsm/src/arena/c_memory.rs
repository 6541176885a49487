//! malloc, realloc and free over the global allocator, in the shape that CRYPTO_set_mem_functions
//! takes, so that the crypto library's objects lie in the arena and are wiped too. The size of a
//! block stands in a header before it.

use std::alloc::Layout;
use std::ffi::{c_char, c_int, c_void};

use strongroom_crypto::memory::{Allocator, NotInstalled, danger_install_allocator};

/// The header, in bytes: one size, padded so that what follows is aligned for every C type.
const HEADER_BYTES: usize = 16;

/// Makes the crypto library keep its objects in memory from the functions below. To be called with a
/// single thread, before anything else calls the library.
///
/// # Errors
/// [`NotInstalled`] when the library has another allocator already.
pub fn shelter_crypto_library() -> Result<(), NotInstalled> {
    let allocator = Allocator {
        malloc,
        realloc,
        free,
    };
    keep_one_c_heap();
    // SAFETY: the caller says that the process has one thread and has not called the library yet; the
    // functions keep the contract of malloc, wipe what they free, call nothing back and do not unwind.
    unsafe { danger_install_allocator(allocator) }
}

/// Gives all threads one C heap. The library keeps its table of threads and its error state there, no
/// secrets; but for a heap of its own the ninth thread's first malloc would look up the number of
/// processors in a file, and the jail ends who opens files.
#[cfg(target_env = "gnu")]
fn keep_one_c_heap() {
    // SAFETY: mallopt takes two numbers, and the process has one thread.
    let _accepted = unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
}

#[cfg(not(target_env = "gnu"))]
fn keep_one_c_heap() {}

/// Allocates `size` bytes, aligned to 16; null when there is no memory. The source position is
/// ignored.
///
/// # Safety
/// None is needed of the caller; the type is the one that C expects.
pub unsafe extern "C" fn malloc(size: usize, _file: *const c_char, _line: c_int) -> *mut c_void {
    let Some(layout) = layout_of(size) else {
        return std::ptr::null_mut();
    };
    // SAFETY: the layout holds a header, so it is not empty.
    let start = unsafe { std::alloc::alloc(layout) };
    // SAFETY: the block is fresh and larger than the header, or null.
    unsafe { finish(start, size) }
}

/// Changes the size of `block` to `size` bytes, moving it if need be; null, with `block` intact,
/// when there is no memory.
///
/// # Safety
/// `block` must be null or have come from these functions and not be freed.
pub unsafe extern "C" fn realloc(
    block: *mut c_void,
    size: usize,
    file: *const c_char,
    line: c_int,
) -> *mut c_void {
    if block.is_null() {
        // SAFETY: malloc asks nothing of its caller.
        return unsafe { malloc(size, file, line) };
    }
    // SAFETY: the caller says that the block is ours and live.
    let (start, old) = unsafe { locate(block) };
    let Some(new) = layout_of(size) else {
        return std::ptr::null_mut();
    };
    // SAFETY: `start` is live with layout `old`, and the new size fits a layout and is not zero.
    let start = unsafe { std::alloc::realloc(start, old, new.size()) };
    // SAFETY: the block is live and larger than the header, or null.
    unsafe { finish(start, size) }
}

/// Wipes and frees `block`; null is ignored.
///
/// # Safety
/// `block` must be null or have come from these functions and not be freed.
pub unsafe extern "C" fn free(block: *mut c_void, _file: *const c_char, _line: c_int) {
    if block.is_null() {
        return;
    }
    // SAFETY: the caller says that the block is ours and live.
    let (start, layout) = unsafe { locate(block) };
    // SAFETY: `start` was allocated with exactly this layout.
    unsafe { std::alloc::dealloc(start, layout) };
}

fn layout_of(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(HEADER_BYTES)?, HEADER_BYTES).ok()
}

/// # Safety
/// `start` must be null or have room for the header.
unsafe fn finish(start: *mut u8, size: usize) -> *mut c_void {
    if start.is_null() {
        return std::ptr::null_mut();
    }
    // SAFETY: the header is the first 16 bytes of the block, aligned to 16.
    unsafe { start.cast::<usize>().write(size) };
    start.wrapping_add(HEADER_BYTES).cast()
}

/// # Safety
/// `block` must have come from [`finish`] and still be live.
unsafe fn locate(block: *mut c_void) -> (*mut u8, Layout) {
    let start = block.cast::<u8>().wrapping_sub(HEADER_BYTES);
    // SAFETY: `finish` wrote the size there.
    let size = unsafe { start.cast::<usize>().read() };
    match layout_of(size) {
        Some(layout) => (start, layout),
        // INVARIANT: `finish` ran with a size that had a layout; another one is corruption.
        None => std::process::abort(),
    }
}
