//! Runs of whole pages, first fit over one bit per page.

use std::sync::atomic::{AtomicU64, Ordering};

use super::lock::Lock;

pub(super) struct Runs {
    lock: Lock,
    /// One bit per page, set while the page is in use.
    used: Box<[AtomicU64]>,
    pages: usize,
    /// The number of the first page counted from address zero, for alignment.
    first: usize,
}

impl Runs {
    pub(super) fn new(pages: usize, first: usize) -> Self {
        Self {
            lock: Lock::new(),
            used: (0..pages.div_ceil(64)).map(|_| AtomicU64::new(0)).collect(),
            pages,
            first,
        }
    }

    /// Takes `count` free pages in a row whose first lies at a multiple of `align` pages.
    pub(super) fn take(&self, count: usize, align: usize) -> Option<usize> {
        let _held = self.lock.hold();
        let mut at = 0;
        loop {
            let start = self.aligned(self.find(at, Bit::Free)?, align)?;
            let end = start.checked_add(count)?;
            if end > self.pages {
                return None;
            }
            match self.find(start, Bit::Used) {
                Some(busy) if busy < end => at = busy,
                _ => {
                    self.mark(start, end, Bit::Used);
                    return Some(start);
                }
            }
        }
    }

    /// Gives back the `count` pages from `start` on.
    pub(super) fn give(&self, start: usize, count: usize) {
        let _held = self.lock.hold();
        self.mark(start, start + count, Bit::Free);
    }

    fn aligned(&self, page: usize, align: usize) -> Option<usize> {
        let page = self.first.checked_add(page)?;
        page.checked_next_multiple_of(align.max(1))?
            .checked_sub(self.first)
    }

    /// The first page from `at` on that is in state `bit`.
    fn find(&self, at: usize, bit: Bit) -> Option<usize> {
        let mut mask = u64::MAX << (at % 64);
        for (index, word) in self.used.iter().enumerate().skip(at / 64) {
            let bits = match bit {
                Bit::Used => word.load(Ordering::Relaxed),
                Bit::Free => !word.load(Ordering::Relaxed),
            };
            let found = bits & mask;
            if found != 0 {
                let page = index * 64 + usize::try_from(found.trailing_zeros()).ok()?;
                return (page < self.pages).then_some(page);
            }
            mask = u64::MAX;
        }
        None
    }

    fn mark(&self, start: usize, end: usize, bit: Bit) {
        let mut at = start;
        while at < end {
            let here = (64 - at % 64).min(end - at);
            let mask = (u64::MAX >> (64 - here)) << (at % 64);
            if let Some(word) = self.used.get(at / 64) {
                let bits = word.load(Ordering::Relaxed);
                let bits = match bit {
                    Bit::Used => bits | mask,
                    Bit::Free => bits & !mask,
                };
                word.store(bits, Ordering::Relaxed);
            }
            at += here;
        }
    }
}

#[derive(Clone, Copy)]
enum Bit {
    Used,
    Free,
}
