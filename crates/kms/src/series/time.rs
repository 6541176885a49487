//! Minutes, hours and days since the epoch, in which samples are counted.

use strongroom_base::UnixMillis;

const MINUTE_MILLIS: i64 = 60_000;
pub(super) const HOUR_MINUTES: i64 = 60;
pub(super) const DAY_HOURS: i64 = 24;

/// A minute since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Minute(pub(crate) i64);

impl Minute {
    /// The minute that `time` lies in.
    pub(crate) fn of(time: UnixMillis) -> Self {
        Self(time.0.div_euclid(MINUTE_MILLIS))
    }

    /// When it begins.
    pub(crate) fn start(self) -> UnixMillis {
        UnixMillis(self.0.saturating_mul(MINUTE_MILLIS))
    }

    pub(super) fn of_hour(hour: i64) -> Self {
        Self(hour.saturating_mul(HOUR_MINUTES))
    }

    pub(super) fn hour(self) -> i64 {
        self.0.div_euclid(HOUR_MINUTES)
    }

    /// The minute of its hour.
    pub(super) fn in_hour(self) -> u8 {
        u8::try_from(self.0.rem_euclid(HOUR_MINUTES)).unwrap_or_default()
    }

    pub(super) fn day(self) -> i64 {
        day_of_hour(self.hour())
    }
}

/// The day that an hour lies in.
pub(super) fn day_of_hour(hour: i64) -> i64 {
    hour.div_euclid(DAY_HOURS)
}

/// The hours of a day.
pub(super) fn hours_of_day(day: i64) -> std::ops::Range<i64> {
    let first = day.saturating_mul(DAY_HOURS);
    first..first.saturating_add(DAY_HOURS)
}

/// Which samples are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Minutes {
    /// The first minute.
    pub from: Minute,
    /// The first minute after.
    pub until: Minute,
    /// Whether samples of whole hours serve, too.
    pub by_hour: bool,
}

impl Minutes {
    /// Whether `minute` is one of them.
    pub(crate) fn contain(&self, minute: Minute) -> bool {
        self.from <= minute && minute < self.until
    }
}
