//! What keeps a thread from starting.

use strongroom_hsm::arena::{ARENA_BYTES_MIN, Arena, Heap, Source};
use strongroom_hsm::threads::{SpawnError, THREAD_ARENA_BYTES, spawn};

#[test]
fn no_thread_starts_outside_the_arena() {
    let answer = spawn(&Heap::new(), "lane", || {});
    assert!(matches!(answer, Err(SpawnError::NoStack)));
}

#[test]
fn threads_start_until_the_arena_is_full() {
    let heap = Heap::new();
    heap.enter_arena(Arena::create(ARENA_BYTES_MIN, Source::Secretmem).unwrap())
        .unwrap();
    let started = (0..100)
        .take_while(|_| spawn(&heap, "lane", || {}).is_ok())
        .count();
    assert_eq!(started, ARENA_BYTES_MIN / THREAD_ARENA_BYTES);
    let answer = spawn(&heap, "lane", || {});
    assert!(matches!(answer, Err(SpawnError::NoStack)));
}

#[test]
fn a_name_is_a_c_string() {
    let answer = spawn(&Heap::new(), "la\0ne", || {});
    assert!(matches!(answer, Err(SpawnError::Name)));
}
