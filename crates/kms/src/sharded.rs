//! A map that many threads write to at once, in shards of which each has a lock of its own. Bounded by whoever adds.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The shards of every such map.
pub(crate) const SHARDS: usize = 16;

/// A map in [`SHARDS`] shards.
pub(crate) struct Sharded<K, V> {
    hasher: RandomState,
    shards: [Mutex<HashMap<K, V>>; SHARDS],
}

impl<K, V> Default for Sharded<K, V> {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }
}

impl<K: Hash + Eq, V> Sharded<K, V> {
    /// The shard that `key` belongs to.
    pub(crate) fn shard(&self, key: &K) -> MutexGuard<'_, HashMap<K, V>> {
        let index = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        match self.shards.get(index) {
            Some(shard) => locked(shard),
            None => std::process::abort(),
        }
    }

    /// Every shard, one after another.
    pub(crate) fn shards(&self) -> impl Iterator<Item = MutexGuard<'_, HashMap<K, V>>> {
        self.shards.iter().map(locked)
    }
}

impl<K: Clone + Ord, V: Clone> Sharded<K, V> {
    /// A copy of every entry, in the order of their keys: what is done with them must not be in one of chance.
    pub(crate) fn all(&self) -> Vec<(K, V)> {
        let shards = self.shards.iter().map(locked);
        let mut all: Vec<_> = shards.flat_map(|shard| shard.clone()).collect();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        all
    }
}

/// What `mutex` guards, whether or not a thread that held it panicked.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
