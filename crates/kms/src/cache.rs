//! A bounded cache of stored records that can never serve what a commit replaced: an invalidation
//! comes before the commit answers, and a fill that began before it is dropped.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quick_cache::unsync::Cache as Entries;

use crate::metrics::{CacheName, Metrics};

const SHARDS: usize = 16;

/// Records by name.
pub(crate) struct Cache<K, V> {
    name: CacheName,
    metrics: Arc<Metrics>,
    hasher: RandomState,
    shards: Vec<Mutex<Shard<K, V>>>,
}

struct Shard<K, V> {
    entries: Entries<K, Arc<V>>,
    generation: u64,
}

/// That a reader began to fill a missing entry, and when.
pub(crate) struct Fill {
    generation: u64,
}

impl<K: Hash + Eq, V> Cache<K, V> {
    /// A cache of at most about `entries_max` records, whose look-ups `metrics` counts under `name`.
    pub(crate) fn new(name: CacheName, entries_max: usize, metrics: &Arc<Metrics>) -> Self {
        let shard = || {
            Mutex::new(Shard {
                entries: Entries::new(entries_max.div_ceil(SHARDS)),
                generation: 0,
            })
        };
        Self {
            name,
            metrics: Arc::clone(metrics),
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| shard()).collect(),
        }
    }

    /// The cached record, or the permission to fill it in.
    pub(crate) fn get(&self, name: &K) -> Result<Arc<V>, Fill> {
        let shard = self.shard(name);
        let found = shard.entries.get(name).cloned();
        let generation = shard.generation;
        drop(shard);
        match &found {
            Some(_) => self.metrics.note_hit(self.name),
            None => self.metrics.note_miss(self.name),
        }
        found.ok_or(Fill { generation })
    }

    /// Keeps `record`, which was read after `fill` was given; does nothing if anything in its shard
    /// was invalidated since.
    pub(crate) fn fill(&self, fill: &Fill, name: K, record: &Arc<V>) {
        let mut shard = self.shard(&name);
        if shard.generation == fill.generation {
            shard.entries.insert(name, Arc::clone(record));
        }
    }

    /// Forgets the record, and every fill under way in its shard.
    pub(crate) fn invalidate(&self, name: &K) {
        let mut shard = self.shard(name);
        shard.generation = shard.generation.wrapping_add(1);
        shard.entries.remove(name);
    }

    fn shard(&self, name: &K) -> MutexGuard<'_, Shard<K, V>> {
        let index = usize::try_from(self.hasher.hash_one(name) % SHARDS as u64).unwrap_or(0);
        let shard = self.shards.get(index).or(self.shards.first());
        match shard {
            Some(shard) => shard.lock().unwrap_or_else(PoisonError::into_inner),
            None => std::process::abort(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Cache;
    use crate::metrics::CacheName;

    #[test]
    fn a_fill_loses_to_an_invalidation_that_came_after_it_began() {
        let cache: Cache<u32, &str> = Cache::new(CacheName::Keys, 100, &Arc::default());
        let Err(fill) = cache.get(&1) else {
            panic!("cached from nowhere")
        };
        cache.invalidate(&1);
        cache.fill(&fill, 1, &Arc::new("stale"));
        assert!(cache.get(&1).is_err());
        let Err(fill) = cache.get(&1) else {
            panic!("stale")
        };
        cache.fill(&fill, 1, &Arc::new("fresh"));
        assert_eq!(cache.get(&1).ok().as_deref(), Some(&"fresh"));
        cache.invalidate(&1);
        assert!(cache.get(&1).is_err());
    }

    #[test]
    fn it_is_bounded() {
        let cache: Cache<u32, u32> = Cache::new(CacheName::Keys, 160, &Arc::default());
        for name in 0..10_000 {
            let Err(fill) = cache.get(&name) else {
                continue;
            };
            cache.fill(&fill, name, &Arc::new(name));
        }
        assert!((0..10_000).filter(|name| cache.get(name).is_ok()).count() <= 320);
    }
}
