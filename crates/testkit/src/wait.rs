//! Time for tests: deadlines, and waiting for something that can be observed. Never waits for time alone.

use std::time::Duration;

use strongroom_base::Instant;
use strongroom_base::env::{Clock, SystemClock};

/// How long to let go by between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Monotonic time.
pub fn now() -> Instant {
    SystemClock.monotonic()
}

/// Seconds since 1970, as signatures count them.
pub fn wall_seconds() -> i64 {
    SystemClock.now().seconds()
}

/// Milliseconds since `start`.
pub fn elapsed_millis(start: Instant) -> u128 {
    now().since(start).as_millis()
}

/// Looks until `look` sees something. Panics with `what` when `deadline` has passed.
pub fn eventually<T>(what: &str, deadline: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let start = now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        let waited = now().since(start);
        assert!(waited < deadline, "not within {deadline:?}: {what}");
        std::thread::park_timeout(LOOK_AGAIN);
    }
}
