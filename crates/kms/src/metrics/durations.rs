//! How long things took: counts by upper bounds that fit what a key management service does, from an answer out of
//! its caches to a key pair of RSA. Never which thing it was.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const BOUNDS: usize = 17;

/// Upper bounds of the buckets, in microseconds; one more bucket has none.
const BOUNDS_MICROS: [u32; BOUNDS] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000,
];

/// Counted durations.
#[derive(Debug, Default)]
pub(super) struct Durations {
    buckets: [AtomicU64; BOUNDS + 1],
    nanos: AtomicU64,
}

impl Durations {
    /// Counts one. The sum overflows after 584 years.
    pub(super) fn note(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let is_below = |bound: &u32| u64::from(*bound) * 1_000 < nanos;
        if let Some(bucket) = self.buckets.get(BOUNDS_MICROS.partition_point(is_below)) {
            bucket.fetch_add(1, Ordering::Relaxed);
            self.nanos.fetch_add(nanos, Ordering::Relaxed);
        }
    }
}

/// Durations as they are told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spread {
    buckets: [u64; BOUNDS + 1],
    nanos: u64,
}

impl Spread {
    /// These and those of `more`.
    pub(super) fn with(mut self, more: &Durations) -> Self {
        for (sum, bucket) in self.buckets.iter_mut().zip(&more.buckets) {
            *sum += bucket.load(Ordering::Relaxed);
        }
        self.nanos += more.nanos.load(Ordering::Relaxed);
        self
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Their sum in seconds.
    pub(super) fn seconds(&self) -> f64 {
        Duration::from_nanos(self.nanos).as_secs_f64()
    }

    /// How many there are in each bucket alone, with its upper bound in seconds; the last bound is infinite.
    pub(super) fn buckets(&self) -> [(f64, u64); BOUNDS + 1] {
        let mut told = [(f64::INFINITY, 0); BOUNDS + 1];
        for (told, bound) in told.iter_mut().zip(BOUNDS_MICROS) {
            told.0 = f64::from(bound) / 1e6;
        }
        for (told, count) in told.iter_mut().zip(self.buckets) {
            told.1 = count;
        }
        told
    }
}
