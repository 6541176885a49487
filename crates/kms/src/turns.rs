//! Turns: changes of one thing that would only make each other be tried again happen one after another.

use std::hash::{BuildHasher, Hash, RandomState};

use tokio::sync::{Mutex, MutexGuard};

/// How many things can be changed at one time, about.
const TURNS: usize = 64;

/// A lock for whatever has a hash. Two things may share one: who holds a turn takes no other of the same
/// [`Turns`].
pub(crate) struct Turns {
    hasher: RandomState,
    locks: [Mutex<()>; TURNS],
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            locks: std::array::from_fn(|_| Mutex::new(())),
        }
    }
}

impl Turns {
    /// Waits until it is the turn of a change of `thing`.
    pub(crate) async fn take(&self, thing: &impl Hash) -> Option<MutexGuard<'_, ()>> {
        let turn = usize::try_from(self.hasher.hash_one(thing) % TURNS as u64).unwrap_or(0);
        match self.locks.get(turn) {
            Some(lock) => Some(lock.lock().await),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests;
