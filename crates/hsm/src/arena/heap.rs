//! The global allocator of the whole binary. What is freed is zero before anyone else can get it,
//! in every process; in the key process everything new comes from the arena.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::OnceLock;

use super::space::Space;
use super::{Arena, ArenaError, wipe};

/// The heap: the system's until [`Heap::enter_arena`], then the arena's.
pub struct Heap {
    space: OnceLock<Space>,
}

impl Heap {
    /// A heap on the system's allocator.
    pub const fn new() -> Self {
        Self {
            space: OnceLock::new(),
        }
    }

    /// Takes every later allocation from `arena`; when it is exhausted, allocations fail. What was
    /// allocated before stays where it is, so call this before the first secret is in memory.
    ///
    /// # Errors
    /// [`ArenaError::AlreadyEntered`] on the second call.
    pub fn enter_arena(&self, arena: Arena) -> Result<(), ArenaError> {
        let space = Space::new(arena);
        self.space
            .set(space)
            .map_err(|_| ArenaError::AlreadyEntered)
    }

    /// Whether `address` lies in the arena.
    pub fn contains(&self, address: *const u8) -> bool {
        self.space().is_some_and(|space| space.contains(address))
    }

    fn space(&self) -> Option<&Space> {
        self.space.get()
    }
}

impl Default for Heap {
    fn default() -> Self {
        Self::new()
    }
}

// SAFETY: both allocators behind it keep the contract: a live allocation overlaps no other, is
// aligned as asked, and is freed by the one that made it, told apart by address. Nothing unwinds.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match self.space() {
            Some(space) => space.allocate(layout),
            // SAFETY: the caller's promise about `layout` is the one System asks for.
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match self.space() {
            // Free memory of the arena is zero already.
            Some(space) => space.allocate(layout),
            // SAFETY: the caller's promise about `layout` is the one System asks for.
            None => unsafe { System.alloc_zeroed(layout) },
        }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        match self.space().filter(|space| space.contains(start)) {
            // SAFETY: the address lies in the arena, so the arena gave it for this layout.
            Some(space) => unsafe { space.release(start, layout) },
            // SAFETY: the address lies outside the arena, so System gave it for this layout.
            None => unsafe { release_to_system(start, layout) },
        }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let Ok(new) = Layout::from_size_align(new_size, layout.align()) else {
            return std::ptr::null_mut();
        };
        if self.contains(start) && Space::fits_in_place(layout, new) {
            let cut = layout.size().saturating_sub(new_size);
            // SAFETY: the last `cut` bytes of the allocation are the caller's no longer, and the
            // allocation has `new_size` bytes before them when `cut` is not zero.
            unsafe { wipe(start.wrapping_add(layout.size() - cut), cut) };
            return start;
        }
        // Never the system's own realloc: it moves a block without wiping where it was.
        // SAFETY: the caller owns `start` of `layout` and asks for a valid, non-zero new size.
        unsafe { self.relocate(start, layout, new) }
    }
}

impl Heap {
    /// # Safety
    /// `start` must be a live allocation of `layout`, and `new` not empty.
    unsafe fn relocate(&self, start: *mut u8, layout: Layout, new: Layout) -> *mut u8 {
        // SAFETY: `new` is not empty, says the caller.
        let moved = unsafe { self.alloc(new) };
        if moved.is_null() {
            return moved;
        }
        let kept = layout.size().min(new.size());
        // SAFETY: both allocations have at least `kept` bytes, and the new one overlaps no live one.
        unsafe { start.copy_to_nonoverlapping(moved, kept) };
        // SAFETY: `start` is live with `layout`; after this the caller has only `moved`.
        unsafe { self.dealloc(start, layout) };
        moved
    }
}

/// # Safety
/// `start` must be a live allocation of [`System`] with `layout`.
unsafe fn release_to_system(start: *mut u8, layout: Layout) {
    // SAFETY: the caller gives the bytes up, so no one else uses them.
    unsafe { wipe(start, layout.size()) };
    // SAFETY: System made this allocation, says the caller.
    unsafe { System.dealloc(start, layout) };
}
