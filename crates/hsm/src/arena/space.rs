//! The allocator inside the arena: spans of equal blocks, and runs of whole pages. Free memory is
//! zero, always; the lists of free blocks lie elsewhere. A free that matches no allocation ends the
//! process.

use std::alloc::Layout;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::classes::{CLASSES, Fit, fit};
use super::lock::Lock;
use super::page::{Link, Page, WHOLE_PAGES};
use super::runs::Runs;
use super::{Arena, PAGE_BYTES, wipe};

pub(super) struct Space {
    base: AtomicPtr<u8>,
    length: usize,
    pages: Box<[Page]>,
    runs: Runs,
    classes: [Spans; CLASSES.len()],
}

/// The spans of a class that have a free block, as a list through their first pages.
struct Spans {
    lock: Lock,
    first: Link,
}

impl Space {
    /// Takes over `arena` for good. Its tables come from the global allocator, so from outside.
    pub(super) fn new(arena: Arena) -> Self {
        let (base, length) = arena.leak();
        let pages = length / PAGE_BYTES;
        let first = base.load(Ordering::Relaxed).addr() / PAGE_BYTES;
        Self {
            base,
            length,
            pages: (0..pages).map(|_| Page::default()).collect(),
            runs: Runs::new(pages, first),
            classes: std::array::from_fn(|_| Spans {
                lock: Lock::new(),
                first: Link::none(),
            }),
        }
    }

    pub(super) fn contains(&self, address: *const u8) -> bool {
        self.offset(address).is_some()
    }

    /// Zeroed memory for `layout`, or null when the arena is exhausted.
    pub(super) fn allocate(&self, layout: Layout) -> *mut u8 {
        let offset = match fit(layout) {
            Fit::Block(class) => self.take_block(class),
            Fit::Pages { count, align } => self.take_pages(count, align),
        };
        match offset {
            Some(offset) => self.base.load(Ordering::Relaxed).wrapping_add(offset),
            None => std::ptr::null_mut(),
        }
    }

    /// Wipes and frees what [`Self::allocate`] gave for `layout`.
    ///
    /// # Safety
    /// `start` must have come from `allocate` of the same layout, and no one may use it any more.
    pub(super) unsafe fn release(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller owns the bytes of the allocation it gives up.
        unsafe { wipe(start, layout.size()) };
        let freed = self.offset(start).and_then(|offset| match fit(layout) {
            Fit::Block(class) => self.give_block(class, offset),
            Fit::Pages { count, .. } => self.give_pages(count, offset),
        });
        // INVARIANT: a double or foreign free means that the heap cannot be trusted any more.
        if freed.is_none() {
            std::process::abort();
        }
    }

    /// Whether an allocation of `old` also serves `new`, where it lies.
    pub(super) fn fits_in_place(old: Layout, new: Layout) -> bool {
        fit(old) == fit(new)
    }

    fn offset(&self, address: *const u8) -> Option<usize> {
        let base = self.base.load(Ordering::Relaxed).addr();
        let offset = address.addr().checked_sub(base)?;
        (offset < self.length).then_some(offset)
    }

    fn take_block(&self, class: usize) -> Option<usize> {
        let spans = self.classes.get(class)?;
        let _held = spans.lock.hold();
        let head = match spans.first.get() {
            Some(head) => head,
            None => self.begin_span(spans, class)?,
        };
        let span = self.pages.get(head)?;
        let block = span.take_block()?;
        if span.is_full() {
            self.unlink(spans, span);
        }
        Some(head * PAGE_BYTES + block * CLASSES.get(class)?.block_bytes)
    }

    fn give_block(&self, class: usize, offset: usize) -> Option<()> {
        let spans = self.classes.get(class)?;
        let block_bytes = CLASSES.get(class)?.block_bytes;
        let head = self.pages.get(offset / PAGE_BYTES)?.head.get()?;
        let span = self.pages.get(head)?;
        let inside = offset.checked_sub(head * PAGE_BYTES)?;
        let _held = spans.lock.hold();
        let was_full = span.is_full();
        let matches = usize::try_from(span.class()) == Ok(class) && inside % block_bytes == 0;
        if !matches || !span.give_block(inside / block_bytes) {
            return None;
        }
        if was_full {
            self.link(spans, span, head);
        }
        if span.is_empty() && (span.next.get().is_some() || span.previous.get().is_some()) {
            self.unlink(spans, span);
            self.return_pages(head, CLASSES.get(class)?.span_pages);
        }
        Some(())
    }

    fn begin_span(&self, spans: &Spans, class: usize) -> Option<usize> {
        let shape = CLASSES.get(class)?;
        let head = self.claim_pages(shape.span_pages, 1)?;
        let span = self.pages.get(head)?;
        span.begin_span(class, shape.span_pages * PAGE_BYTES / shape.block_bytes);
        self.link(spans, span, head);
        Some(head)
    }

    fn take_pages(&self, count: usize, align: usize) -> Option<usize> {
        let start = self.claim_pages(count, align)?;
        self.pages.get(start)?.begin_run(count);
        Some(start * PAGE_BYTES)
    }

    fn give_pages(&self, count: usize, offset: usize) -> Option<()> {
        let start = offset / PAGE_BYTES;
        let run = self.pages.get(start)?;
        let whole = run.head.get() == Some(start) && run.class() == WHOLE_PAGES;
        if !whole || !offset.is_multiple_of(PAGE_BYTES) || usize::try_from(run.count()) != Ok(count)
        {
            return None;
        }
        self.return_pages(start, count);
        Some(())
    }

    fn claim_pages(&self, count: usize, align: usize) -> Option<usize> {
        let start = self.runs.take(count, align)?;
        for page in self.pages.get(start..start + count)? {
            page.head.set(Some(start));
        }
        Some(start)
    }

    fn return_pages(&self, start: usize, count: usize) {
        for page in self.pages.iter().skip(start).take(count) {
            page.head.set(None);
        }
        self.runs.give(start, count);
    }

    fn link(&self, spans: &Spans, span: &Page, head: usize) {
        let second = spans.first.get();
        if let Some(second) = second.and_then(|second| self.pages.get(second)) {
            second.previous.set(Some(head));
        }
        span.previous.set(None);
        span.next.set(second);
        spans.first.set(Some(head));
    }

    fn unlink(&self, spans: &Spans, span: &Page) {
        let (previous, next) = (span.previous.get(), span.next.get());
        match previous.and_then(|previous| self.pages.get(previous)) {
            Some(page) => page.next.set(next),
            None => spans.first.set(next),
        }
        if let Some(page) = next.and_then(|next| self.pages.get(next)) {
            page.previous.set(previous);
        }
        span.previous.set(None);
        span.next.set(None);
    }
}
