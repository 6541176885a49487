//! A time range cut into periods, and what a series measured in each.

use std::collections::BTreeMap;

use strongroom_aws::cloudwatch::{Period, Timestamp};
use strongroom_base::UnixMillis;

use crate::failure::Failure;
use crate::kms::Kms;
use crate::records::Sample;
use crate::series::{self, Minute, Minutes, Series};

const SECOND_MILLIS: i64 = 1000;
const MINUTE_SECONDS: i64 = 60;
const HOUR_SECONDS: i64 = 3600;
const DAY_MILLIS: i64 = 24 * HOUR_SECONDS * SECOND_MILLIS;
/// CloudWatch API, GetMetricStatistics, Period: of high resolution, which no metric here has.
const PERIODS_BELOW_MINUTE: [i32; 5] = [1, 5, 10, 20, 30];

/// Whether there is such a period: CloudWatch API, GetMetricStatistics and MetricStat.
pub(super) fn is_period(Period(seconds): Period) -> bool {
    PERIODS_BELOW_MINUTE.contains(&seconds) || i64::from(seconds) % MINUTE_SECONDS == 0
}

/// A time range and how it is cut.
#[derive(Clone, Copy)]
pub(super) struct Window {
    /// The first moment.
    pub(super) start: UnixMillis,
    /// The first moment after.
    pub(super) end: UnixMillis,
    /// The length of each part, in seconds.
    pub(super) period: i64,
}

impl Window {
    pub(super) fn new(start: Timestamp, end: Timestamp, Period(period): Period) -> Self {
        Self {
            start: start.0,
            end: end.0,
            period: period.into(),
        }
    }

    /// How many parts there are.
    pub(super) fn parts(&self) -> i64 {
        let length = self.end.0.saturating_sub(self.start.0);
        let parts = length.div_euclid(self.period_millis());
        let rest = length.rem_euclid(self.period_millis());
        parts.saturating_add(i64::from(rest > 0))
    }

    fn period_millis(&self) -> i64 {
        self.period.saturating_mul(SECOND_MILLIS).max(1)
    }

    /// CloudWatch API, GetMetricStatistics, StartTime: rounded down to a minute; of more than 15 days ago, to five; of
    /// more than 63, to an hour.
    fn rounded_start(&self, now: UnixMillis) -> i64 {
        let days = now.0.saturating_sub(self.start.0).div_euclid(DAY_MILLIS);
        let seconds = match days {
            63.. => HOUR_SECONDS,
            15.. => 5 * MINUTE_SECONDS,
            _ => MINUTE_SECONDS,
        };
        let unit = seconds.saturating_mul(SECOND_MILLIS);
        self.start.0.div_euclid(unit).saturating_mul(unit)
    }

    /// What `series` measured in each part, by when the part begins, and how many records that took. Parts without
    /// samples are left out.
    pub(super) fn samples(
        &self,
        kms: &Kms,
        series: &Series,
    ) -> Result<(BTreeMap<UnixMillis, Sample>, usize), Failure> {
        let start = self.rounded_start(kms.env.clock.now());
        let last = Minute::of(UnixMillis(self.end.0.saturating_sub(1)));
        let minutes = Minutes {
            from: Minute::of(UnixMillis(start)),
            until: Minute(last.0.saturating_add(1)),
            by_hour: self.period % HOUR_SECONDS == 0,
        };
        let (samples, read) = series::measured(kms, series, &minutes)?;
        let mut parts: BTreeMap<UnixMillis, Sample> = BTreeMap::new();
        for (minute, sample) in samples {
            let before = minute.start().0.saturating_sub(start);
            let begin = before.div_euclid(self.period_millis());
            let begin = start.saturating_add(begin.saturating_mul(self.period_millis()));
            let part = parts.entry(UnixMillis(begin));
            part.and_modify(|known| *known = known.and(sample))
                .or_insert(sample);
        }
        Ok((parts, read))
    }
}
