//! Domain time: the clock of deletion and every other timer that cannot be undone. It never goes
//! back, and a wall clock that jumps ahead cannot make anything happen early.

use std::time::Duration;

use strongroom_base::{Instant, UnixMillis};

/// A wall clock this much ahead is followed at once while the server runs (NTP corrects in steps).
const STEP_FOLLOWED_MAX: Duration = Duration::from_secs(2 * 60);
/// A wall clock this much ahead is followed at once after a restart (the server was off).
const GAP_FOLLOWED_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// A wall clock further ahead is followed only after the server ran this long beside it.
const HOLD: Duration = Duration::from_secs(24 * 60 * 60);

/// Domain time as it was last recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Domain time.
    pub time: UnixMillis,
    /// How long the server has run beside a wall clock that is too far ahead.
    pub held: Duration,
    /// How far that wall clock was ahead, if it is known.
    pub lead: Option<Duration>,
}

/// Domain time of a running server.
pub(crate) struct DomainTime {
    time: UnixMillis,
    held: Duration,
    /// How far the wall clock was ahead when it was last held back.
    lead: Duration,
    read_at: Instant,
    known: bool,
}

impl DomainTime {
    /// Continues from what an earlier run recorded; without a record, from the wall clock.
    pub(crate) fn start(recorded: Option<Recorded>, wall: UnixMillis, monotonic: Instant) -> Self {
        let Some(Recorded { time, held, lead }) = recorded else {
            return Self {
                time: wall,
                held: Duration::ZERO,
                lead: Duration::ZERO,
                read_at: monotonic,
                known: true,
            };
        };
        // What the earlier run held back, a restart does not let through.
        let gap_max = if held.is_zero() {
            GAP_FOLLOWED_MAX
        } else {
            STEP_FOLLOWED_MAX
        };
        let followed = if wall.since(time) <= gap_max {
            wall.max(time)
        } else {
            time
        };
        let held = if followed == wall {
            Duration::ZERO
        } else {
            held
        };
        Self {
            time: followed,
            held,
            lead: lead_at_start(lead, wall.since(followed)),
            read_at: monotonic,
            known: true,
        }
    }

    /// Advances to the present and returns domain time.
    pub(crate) fn advance(&mut self, wall: UnixMillis, monotonic: Instant) -> UnixMillis {
        let ran = monotonic.since(self.read_at);
        self.read_at = monotonic;
        self.time = self.time.plus(ran);
        let ahead = wall.since(self.time);
        // One that jumps again is beside the server from then on, however long it was ahead by less.
        let has_jumped = ahead > self.lead.saturating_add(STEP_FOLLOWED_MAX);
        let is_believed = self.held >= HOLD && !has_jumped;
        self.lead = ahead;
        if ahead.is_zero() {
            self.held = Duration::ZERO;
        } else if ahead <= STEP_FOLLOWED_MAX || is_believed {
            self.time = wall;
            self.held = Duration::ZERO;
            self.known = true;
        } else if has_jumped {
            self.held = ran;
        } else {
            self.held += ran;
        }
        self.time
    }

    /// Domain time when the record of it cannot be read: nothing is due until the wall clock has been
    /// watched for [`HOLD`].
    pub(crate) fn unknown(monotonic: Instant) -> Self {
        Self {
            time: UnixMillis(0),
            held: Duration::ZERO,
            lead: Duration::ZERO,
            read_at: monotonic,
            known: false,
        }
    }

    /// Whether timers are held because the wall clock is too far ahead.
    pub(crate) fn is_held(&self) -> bool {
        !self.held.is_zero()
    }

    /// What to record for the next start; nothing while an earlier record could not be read, which may
    /// yet be read then.
    pub(crate) fn record(&self) -> Option<Recorded> {
        let (time, held) = (self.time, self.held);
        let lead = Some(self.lead);
        self.known.then_some(Recorded { time, held, lead })
    }
}

/// The lead that a later one is compared with: that of now, unless the wall clock was set further ahead meanwhile than
/// the server may have been off.
fn lead_at_start(recorded: Option<Duration>, ahead: Duration) -> Duration {
    match recorded {
        Some(lead) if ahead > lead.saturating_add(GAP_FOLLOWED_MAX) => lead,
        Some(_) | None => ahead,
    }
}

#[cfg(test)]
mod tests;
