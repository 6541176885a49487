//! The clock and the randomness of the machine we run on.

use std::time::Duration;

use rustix::rand::{GetRandomFlags, getrandom};
use rustix::time::{ClockId, clock_gettime};

use super::{Clock, Instant, Random, UnixMillis};

/// The kernel's clocks.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        let time = clock_gettime(ClockId::Realtime);
        let millis = time.tv_sec.saturating_mul(1000);
        moved(millis.saturating_add(time.tv_nsec / 1_000_000))
    }

    fn monotonic(&self) -> Instant {
        let time = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
        Instant(Duration::new(seconds, nanos))
    }
}

/// The wall clock's time as it is told, which is as it is.
#[cfg(not(feature = "moved-clock"))]
fn moved(millis: i64) -> UnixMillis {
    UnixMillis(millis)
}

/// The wall clock's time as it is told where a test moves it.
#[cfg(feature = "moved-clock")]
fn moved(millis: i64) -> UnixMillis {
    UnixMillis(super::moved_clock::moved(millis))
}

/// The kernel's random number generator.
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, out: &mut [u8]) {
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match getrandom(rest, GetRandomFlags::empty()) {
                Ok(count) => filled += count,
                Err(rustix::io::Errno::INTR) => {}
                // No key may be made from predictable bytes.
                Err(_) => std::process::abort(),
            }
        }
    }
}
