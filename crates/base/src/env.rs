//! The only door through which time and randomness enter. Everything that decides takes an [`Env`];
//! tests and the simulator pass their own.

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "moved-clock")]
pub mod moved_clock;
mod system;

pub use system::{SystemClock, SystemRandom};

/// Wall-clock time as milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// Whole seconds since the epoch, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This time moved by `duration`; saturates at the ends of the range.
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// The time from `earlier` to `self`, or zero when `self` is not later.
    pub fn since(self, earlier: Self) -> Duration {
        let millis = self.0.saturating_sub(earlier.0);
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }
}

/// A reading of a monotonic clock that counts suspended time too, as the time since an arbitrary
/// fixed point (on Linux, boot).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub Duration);

impl Instant {
    /// The time from `earlier` to `self`, or zero when `self` is not later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Wall-clock time; may jump in either direction.
    fn now(&self) -> UnixMillis;
    /// Monotonic time; never goes back, and means nothing outside this boot.
    fn monotonic(&self) -> Instant;
}

/// Gives unpredictable bytes.
pub trait Random: Send + Sync {
    /// Fills `out` from a cryptographically secure source; a source that fails ends the process.
    fn fill(&self, out: &mut [u8]);
}

/// The environment: handed down from `main`, never global.
#[derive(Clone)]
pub struct Env {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub random: Arc<dyn Random>,
}

impl Env {
    /// The environment of the running machine.
    pub fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        }
    }

    /// `N` random bytes.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }
}
