use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::sync::MutexGuard;

use super::{TURNS, Turns};

/// Whose turn it is now, if it is; who waits keeps its place.
fn try_now<'t>(
    taking: Pin<&mut impl Future<Output = Option<MutexGuard<'t, ()>>>>,
) -> Option<MutexGuard<'t, ()>> {
    match taking.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(turn) => Some(turn.expect("there is a lock for everything")),
        Poll::Pending => None,
    }
}

#[test]
fn things_with_one_hash_wait_until_the_turn_is_dropped() {
    let turns = Turns::default();
    let (text, same) = ("key".to_owned(), "key");
    let first = try_now(pin!(turns.take(&text)));
    assert!(first.is_some());
    let mut second = pin!(turns.take(&same));
    let mut third = pin!(turns.take(&text));
    assert!(try_now(second.as_mut()).is_none());
    assert!(try_now(third.as_mut()).is_none());
    drop(first);
    assert!(try_now(third.as_mut()).is_none(), "the second is before it");
    let turn = try_now(second.as_mut());
    assert!(turn.is_some());
    assert!(try_now(third.as_mut()).is_none());
    drop(turn);
    assert!(try_now(third.as_mut()).is_some());
}

#[test]
fn who_gives_up_waiting_leaves_its_place() {
    let turns = Turns::default();
    let first = try_now(pin!(turns.take(&1)));
    let mut gone = Box::pin(turns.take(&1));
    let mut third = pin!(turns.take(&1));
    assert!(try_now(gone.as_mut()).is_none());
    assert!(try_now(third.as_mut()).is_none());
    drop(first);
    drop(gone);
    assert!(try_now(third.as_mut()).is_some());
}

#[test]
fn many_things_have_their_turns_at_one_time_but_no_more_than_there_are() {
    let turns = Turns::default();
    let things: Vec<usize> = (0..=TURNS).collect();
    let held = (things.iter()).filter_map(|thing| try_now(pin!(turns.take(thing))));
    let held: Vec<_> = held.collect();
    assert!((2..=TURNS).contains(&held.len()), "{}", held.len());
    drop(held);
    for thing in &things {
        assert!(try_now(pin!(turns.take(thing))).is_some(), "{thing}");
    }
}
