//! What the allocator knows of a page. It lies in ordinary memory: it holds no secret, and an
//! overflow inside the arena cannot reach it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// The most blocks a span can have.
pub(super) const BLOCKS_MAX: usize = 256;

/// The class number of a run of whole pages.
pub(super) const WHOLE_PAGES: u32 = u32::MAX;

/// A number that may be absent, stored as number plus one.
#[derive(Default)]
pub(super) struct Link(AtomicU32);

impl Link {
    pub(super) const fn none() -> Self {
        Self(AtomicU32::new(0))
    }

    pub(super) fn get(&self) -> Option<usize> {
        let stored = self.0.load(Ordering::Relaxed).checked_sub(1)?;
        usize::try_from(stored).ok()
    }

    pub(super) fn set(&self, number: Option<usize>) {
        let stored = number.map_or(0, |number| narrow(number).saturating_add(1));
        self.0.store(stored, Ordering::Relaxed);
    }
}

/// One page. All fields but `head` mean something only on the first page of a span or run, and
/// change only under the lock of their class.
///
/// Atomics without ordering: the lock orders them, and safe code needs no proof.
#[derive(Default)]
pub(super) struct Page {
    /// The first page of the span or run that this page belongs to.
    pub(super) head: Link,
    pub(super) next: Link,
    pub(super) previous: Link,
    class: AtomicU32,
    blocks: AtomicU32,
    used: AtomicU32,
    /// One bit per block, set while the block is free.
    free: [AtomicU64; BLOCKS_MAX / 64],
}

impl Page {
    /// Makes it the first page of a span of `blocks` free blocks of `class`.
    pub(super) fn begin_span(&self, class: usize, blocks: usize) {
        self.class.store(narrow(class), Ordering::Relaxed);
        self.blocks.store(narrow(blocks), Ordering::Relaxed);
        self.used.store(0, Ordering::Relaxed);
        for (index, word) in self.free.iter().enumerate() {
            let here = blocks.saturating_sub(index * 64).min(64);
            word.store(low_bits(here), Ordering::Relaxed);
        }
    }

    /// Makes it the first page of a run of `count` whole pages.
    pub(super) fn begin_run(&self, count: usize) {
        self.class.store(WHOLE_PAGES, Ordering::Relaxed);
        self.blocks.store(narrow(count), Ordering::Relaxed);
    }

    /// The class of its span, as it was begun.
    pub(super) fn class(&self) -> u32 {
        self.class.load(Ordering::Relaxed)
    }

    /// The blocks of its span, or the pages of its run.
    pub(super) fn count(&self) -> u32 {
        self.blocks.load(Ordering::Relaxed)
    }

    /// Takes a free block, the lowest there is.
    pub(super) fn take_block(&self) -> Option<usize> {
        for (index, word) in self.free.iter().enumerate() {
            let bits = word.load(Ordering::Relaxed);
            if bits != 0 {
                word.store(bits & (bits - 1), Ordering::Relaxed);
                self.add_used(1);
                return Some(index * 64 + usize::try_from(bits.trailing_zeros()).ok()?);
            }
        }
        None
    }

    /// Gives a block back; false when it is not in use.
    pub(super) fn give_block(&self, block: usize) -> bool {
        let Some(word) = self.free.get(block / 64) else {
            return false;
        };
        let bits = word.load(Ordering::Relaxed);
        let bit = 1_u64 << (block % 64);
        if bits & bit != 0 || narrow(block) >= self.count() {
            return false;
        }
        word.store(bits | bit, Ordering::Relaxed);
        self.add_used(u32::MAX);
        true
    }

    fn add_used(&self, change: u32) {
        let used = self.used.load(Ordering::Relaxed).wrapping_add(change);
        self.used.store(used, Ordering::Relaxed);
    }

    pub(super) fn is_full(&self) -> bool {
        self.used.load(Ordering::Relaxed) == self.count()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.used.load(Ordering::Relaxed) == 0
    }
}

fn low_bits(count: usize) -> u64 {
    match count {
        64.. => u64::MAX,
        _ => (1 << count) - 1,
    }
}

/// Page and block numbers are bounded by [`super::ARENA_BYTES_MAX`], far below 32 bits.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
