//! Which block size serves which request: four steps per doubling, so rounding wastes at most a
//! fifth of a block.

use std::alloc::Layout;

use super::PAGE_BYTES;

/// A block size and the pages of one span of such blocks.
pub(super) struct Class {
    pub(super) block_bytes: usize,
    pub(super) span_pages: usize,
}

const fn class(block_bytes: usize, span_pages: usize) -> Class {
    Class {
        block_bytes,
        span_pages,
    }
}

/// The size classes. A span holds at most [`super::page::BLOCKS_MAX`] blocks.
pub(super) const CLASSES: [Class; 24] = [
    class(16, 1),
    class(32, 2),
    class(48, 3),
    class(64, 4),
    class(80, 4),
    class(96, 4),
    class(112, 4),
    class(128, 4),
    class(160, 4),
    class(192, 4),
    class(224, 4),
    class(256, 4),
    class(320, 4),
    class(384, 4),
    class(448, 4),
    class(512, 4),
    class(640, 8),
    class(768, 8),
    class(896, 8),
    class(1024, 8),
    class(1280, 8),
    class(1536, 8),
    class(1792, 8),
    class(BLOCK_BYTES_MAX, 8),
];

/// The largest request served from spans; what is larger gets whole pages.
const BLOCK_BYTES_MAX: usize = 2048;

/// How a request is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// A block of the class with this number.
    Block(usize),
    /// So many whole pages, the first of them aligned to so many.
    Pages {
        /// Number of pages.
        count: usize,
        /// Alignment in pages.
        align: usize,
    },
}

/// How `layout` is served: a pure function, so that freeing finds what allocating chose.
pub(super) fn fit(layout: Layout) -> Fit {
    let bytes = block_bytes(layout);
    if bytes <= BLOCK_BYTES_MAX {
        return Fit::Block(class_of(bytes));
    }
    Fit::Pages {
        count: layout.size().div_ceil(PAGE_BYTES).max(1),
        align: layout.align().div_ceil(PAGE_BYTES),
    }
}

/// Blocks are multiples of 16 and lie at multiples of their size from a page boundary, so a power
/// of two gives every larger alignment.
fn block_bytes(layout: Layout) -> usize {
    let bytes = layout.size().max(1);
    if layout.align() <= 16 || bytes > BLOCK_BYTES_MAX {
        return bytes.max(layout.align());
    }
    bytes.max(layout.align()).next_power_of_two()
}

/// The number of the smallest class that holds `bytes`, which is 1..=2048.
fn class_of(bytes: usize) -> usize {
    if bytes <= 128 {
        return (bytes - 1) / 16;
    }
    // 129..=256 is doubling 0 above 128, with steps of 32; each further doubling doubles the step.
    let doubling = usize::BITS - 1 - (bytes - 1).leading_zeros() - 7;
    let step = (bytes - 1) >> (doubling + 5);
    let doubling = usize::try_from(doubling).unwrap_or(0);
    8 + doubling * 4 + (step - 4)
}
