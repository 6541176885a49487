//! Time as a history has it: it stands still until a step moves it, in either direction.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use strongroom_base::env::SystemClock;
use strongroom_base::{Clock, Instant, UnixMillis};

/// The wall clock and the monotonic clock of a simulated machine.
pub(super) struct SimClock(Mutex<(UnixMillis, Duration)>);

impl SimClock {
    /// A clock that shows `wall`.
    pub(super) fn new(wall: UnixMillis) -> Self {
        Self(Mutex::new((wall, Duration::from_secs(1000))))
    }

    /// Lets time go by.
    pub(super) fn run(&self, time: Duration) {
        let mut now = self.both();
        *now = (now.0.plus(time), now.1 + time);
    }

    /// Sets the wall clock by so many milliseconds, ahead or back.
    pub(super) fn jump(&self, millis: i64) {
        self.both().0.0 += millis;
    }

    fn both(&self) -> MutexGuard<'_, (UnixMillis, Duration)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SimClock {
    fn now(&self) -> UnixMillis {
        self.both().0
    }

    fn monotonic(&self) -> Instant {
        Instant(self.both().1)
    }
}

/// The name of the thread that writes the audit log.
const WRITER: &str = "audit";

/// The clock of the audit log's writer, a thread of its own: it stamps with simulated time, and waits for its
/// syncs in real time, as simulated time does not go by while it waits. No reply depends on when it syncs.
pub(super) struct WriterClock {
    pub(super) clock: Arc<SimClock>,
    /// While this is held, the writer waits, and answers nobody: it asks for the time before it does.
    pub(super) gate: Arc<Mutex<()>>,
}

impl Clock for WriterClock {
    fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    fn monotonic(&self) -> Instant {
        if std::thread::current().name() == Some(WRITER) {
            drop(self.gate.lock().unwrap_or_else(PoisonError::into_inner));
        }
        SystemClock.monotonic()
    }
}
