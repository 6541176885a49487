//! The allocator against its promises: nothing overlaps, free memory is zero, exhaustion is null.

use std::alloc::{GlobalAlloc, Layout};
use std::ffi::c_void;
use std::ptr::null;
use std::sync::Arc;

use super::classes::{CLASSES, Fit, fit};
use super::page::BLOCKS_MAX;
use super::{ARENA_BYTES_MIN, Arena, Heap, Memory, PAGE_BYTES, SCRATCH_BYTES_MAX, Source, scratch};

fn heap() -> Heap {
    let heap = Heap::new();
    heap.enter_arena(Arena::create(ARENA_BYTES_MIN, Source::Secretmem).unwrap())
        .unwrap();
    heap
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

/// The bytes at `start`, which must stay mapped: arenas are never unmapped.
fn peek<'a>(start: *const u8, length: usize) -> &'a [u8] {
    // SAFETY: the tests look only at mapped memory that no other thread writes meanwhile.
    unsafe { std::slice::from_raw_parts(start, length) }
}

fn fill(start: *mut u8, length: usize, byte: u8) {
    // SAFETY: the tests pass live allocations of at least `length` bytes.
    unsafe { start.write_bytes(byte, length) };
}

fn allocate(heap: &Heap, layout: Layout) -> *mut u8 {
    // SAFETY: no test asks for an empty layout.
    unsafe { heap.alloc(layout) }
}

fn release(heap: &Heap, start: *mut u8, layout: Layout) {
    // SAFETY: the tests release each allocation once, with its layout.
    unsafe { heap.dealloc(start, layout) };
}

fn resize(heap: &Heap, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
    // SAFETY: the tests resize live allocations to sizes that are not zero.
    unsafe { heap.realloc(start, layout, size) }
}

#[test]
fn every_request_fits_its_class_and_wastes_at_most_a_fifth() {
    for size in 1..=3 * PAGE_BYTES {
        for shift in 0..=13 {
            let align = 1 << shift;
            match fit(layout(size, align)) {
                Fit::Block(class) => {
                    let bytes = CLASSES[class].block_bytes;
                    assert!(bytes >= size, "{size}/{align} in {bytes}");
                    let promised = if align <= 16 { 16 } else { align };
                    assert_eq!(bytes % promised.min(bytes), 0, "{size}/{align} in {bytes}");
                    let tight = align > 16 || size <= 128 || (bytes - size) * 5 <= bytes;
                    assert!(tight, "{size} in {bytes}");
                }
                Fit::Pages {
                    count,
                    align: pages,
                } => {
                    assert!(count * PAGE_BYTES >= size && pages * PAGE_BYTES >= align);
                }
            }
        }
    }
}

#[test]
fn no_span_has_more_blocks_than_its_bitmap() {
    for class in &CLASSES {
        assert!(class.span_pages * PAGE_BYTES / class.block_bytes <= BLOCKS_MAX);
        assert!(class.block_bytes <= class.span_pages * PAGE_BYTES);
    }
}

#[test]
fn allocations_are_zero_aligned_and_inside() {
    let heap = heap();
    for size in [1, 16, 17, 100, 129, 2048, 2049, 4096, 70_000] {
        for align in [1, 8, 16, 64, 1024, 4096, 16_384] {
            let start = allocate(&heap, layout(size, align));
            assert!(heap.contains(start));
            assert_eq!(start.addr() % align, 0, "{size}/{align}");
            assert!(peek(start, size).iter().all(|byte| *byte == 0));
            fill(start, size, 0xa5);
            release(&heap, start, layout(size, align));
            assert!(peek(start, size).iter().all(|byte| *byte == 0));
        }
    }
}

#[test]
fn reallocation_keeps_contents_and_wipes_what_it_leaves() {
    let heap = heap();
    let (mut start, mut size) = (allocate(&heap, layout(10, 1)), 10);
    fill(start, size, 0x5a);
    for new_size in [12, 16, 40, 3000, 2900, 50_000, 9000, 33, 10] {
        let (old, old_size, kept) = (start, size, size.min(new_size).min(10));
        start = resize(&heap, old, layout(size, 1), new_size);
        size = new_size;
        assert!(peek(start, kept).iter().all(|byte| *byte == 0x5a));
        if start != old {
            assert!(
                peek(old, old_size).iter().all(|byte| *byte == 0),
                "{new_size}"
            );
        }
    }
}

#[test]
fn shrinking_in_place_wipes_the_tail() {
    let heap = heap();
    let start = allocate(&heap, layout(64, 1));
    fill(start, 64, 0xff);
    assert_eq!(resize(&heap, start, layout(64, 1), 50), start);
    assert_eq!(peek(start, 64)[49..51], [0xff, 0]);
    assert!(peek(start, 64)[50..].iter().all(|byte| *byte == 0));
}

#[test]
fn an_exhausted_arena_gives_null_and_recovers() {
    let heap = heap();
    for size in [16, 700, 2048, PAGE_BYTES, 100_000] {
        let layout = layout(size, 8);
        let taken: Vec<_> = std::iter::repeat_with(|| allocate(&heap, layout))
            .take_while(|start| !start.is_null())
            .collect();
        assert!(taken.len() * size > ARENA_BYTES_MIN * 3 / 4, "{size}");
        assert!(allocate(&heap, layout).is_null());
        for start in taken {
            release(&heap, start, layout);
        }
    }
    // Each class may keep one empty span, no more.
    let kept: usize = CLASSES.iter().map(|class| class.span_pages).sum();
    let rest = layout(ARENA_BYTES_MIN - kept * PAGE_BYTES, 8);
    assert!(!allocate(&heap, rest).is_null());
    assert!(allocate(&heap, layout(usize::MAX >> 2, 8)).is_null());
}

/// xorshift: the tests need variety, not randomness.
fn next(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 20).unwrap()
}

#[test]
fn threads_never_see_each_others_bytes() {
    let heap = Arc::new(heap());
    let threads: Vec<_> = (1..=4_u8)
        .map(|mark| {
            let heap = Arc::clone(&heap);
            std::thread::spawn(move || churn(&heap, mark))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

fn churn(heap: &Heap, mark: u8) {
    let mut state = u64::from(mark).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut live: Vec<(usize, usize)> = Vec::new();
    for _ in 0..20_000 {
        if live.len() < 40 || next(&mut state).is_multiple_of(2) {
            let size = 1 + next(&mut state) % [64, 600, 5000][next(&mut state) % 3];
            let start = allocate(heap, layout(size, 8));
            if start.is_null() {
                continue;
            }
            assert!(peek(start, size).iter().all(|byte| *byte == 0));
            fill(start, size, mark);
            live.push((start.expose_provenance(), size));
        } else {
            let (address, size) = live.swap_remove(next(&mut state) % live.len());
            let start = std::ptr::with_exposed_provenance_mut(address);
            assert!(peek(start, size).iter().all(|byte| *byte == mark));
            release(heap, start, layout(size, 8));
        }
    }
}

#[test]
fn the_systems_memory_is_wiped_too() {
    let heap = Heap::new();
    let start = allocate(&heap, layout(1000, 8));
    assert!(!heap.contains(start));
    fill(start, 1000, 0xa5);
    release(&heap, start, layout(1000, 8));
    // The C library keeps its links in the first words of a free block.
    assert!(!peek(start, 1000)[32..].contains(&0xa5));
}

#[test]
fn c_functions_keep_contents_and_take_null() {
    // SAFETY: each block is used between its allocation and its release, within its size.
    unsafe { check_c_functions() };
}

#[expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "a sequence of C calls"
)]
unsafe fn check_c_functions() {
    // SAFETY: as for the caller.
    unsafe {
        let block = super::malloc(40, null(), 0);
        assert_eq!(block.addr() % 16, 0);
        fill(block.cast(), 40, 7);
        let block = super::realloc(block, 4000, null(), 0);
        assert_eq!(peek(block.cast(), 40), [7; 40]);
        let block = super::realloc(block, 0, null(), 0);
        assert!(!block.is_null());
        super::free(block, null(), 0);
        super::free(std::ptr::null_mut::<c_void>(), null(), 0);
        assert!(super::malloc(usize::MAX, null(), 0).is_null());
        let block = super::realloc(std::ptr::null_mut(), 8, null(), 0);
        super::free(block, null(), 0);
    }
}

#[test]
fn anonymous_memory_is_reported_as_such() {
    let arena = Arena::create(ARENA_BYTES_MIN, Source::Anonymous).unwrap();
    let shelter = arena.shelter();
    assert_eq!(shelter.memory, Memory::Locked);
    assert!(shelter.dump_excluded && shelter.fork_excluded);
    assert_eq!(shelter.bytes, ARENA_BYTES_MIN);
}

#[test]
fn a_heap_enters_one_arena_only() {
    let heap = heap();
    let second = Arena::create(ARENA_BYTES_MIN, Source::Anonymous).unwrap();
    assert!(heap.enter_arena(second).is_err());
}

#[test]
fn scratch_memory_is_zero_and_bounded() {
    let mut memory = scratch(1 << 20, Source::Anonymous).unwrap();
    assert!(memory.iter().all(|byte| *byte == 0));
    memory[(1 << 20) - 1] = 1;
    assert_ne!(memory.shelter().memory, Memory::Secretmem);
    assert_eq!(memory.len(), 1 << 20);
    assert_eq!(memory.items_mut::<u64>().len(), (1 << 20) / 8);
    assert_eq!(memory.items_mut::<u64>().last(), Some(&(1 << 56)));
    assert!(scratch(SCRATCH_BYTES_MAX + 1, Source::Secretmem).is_err());
}
