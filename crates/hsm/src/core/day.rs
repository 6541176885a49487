//! The days for which signing keys may be derived: the first label of a chain is a date.

use std::time::Duration;

use strongroom_base::UnixMillis;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether `label` is the UTC date, as `yyyymmdd`, of yesterday, today or tomorrow: clocks of clients
/// differ by minutes, so yesterday's and tomorrow's keys are wanted around midnight.
pub(super) fn is_near(label: &[u8], now: UnixMillis) -> bool {
    let yesterday = UnixMillis(now.0.saturating_sub(24 * 60 * 60 * 1000));
    [yesterday, now, now.plus(DAY)]
        .into_iter()
        .any(|time| date(time).as_bytes() == label)
}

/// The UTC date of `time` in the proleptic Gregorian calendar, counted from 0000-03-01 so that the leap
/// day ends a year.
fn date(time: UnixMillis) -> String {
    const DAYS_TO_EPOCH: i64 = 719_468;
    const DAYS_PER_ERA: i64 = 146_097;
    let days = time.seconds().div_euclid(24 * 60 * 60) + DAYS_TO_EPOCH;
    let era = days.div_euclid(DAYS_PER_ERA);
    let day_of_era = days.rem_euclid(DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}")
}

#[cfg(test)]
mod tests {
    use strongroom_base::UnixMillis;

    use super::{date, is_near};

    #[test]
    fn dates_are_those_of_the_calendar() {
        // Checked with date -u -d @SECONDS +%Y%m%d.
        for (seconds, expected) in [
            (0, "19700101"),
            (951_782_399, "20000228"),
            (951_782_400, "20000229"),
            (951_868_800, "20000301"),
            (1_795_305_600, "20261122"),
            (4_107_542_400, "21000301"),
            (-1, "19691231"),
        ] {
            assert_eq!(date(UnixMillis(seconds * 1000)), expected, "{seconds}");
        }
    }

    #[test]
    fn only_the_neighbouring_days_are_near() {
        let now = UnixMillis(1_795_305_600_000);
        for (label, near) in [
            ("20261120", false),
            ("20261121", true),
            ("20261122", true),
            ("20261123", true),
            ("20261124", false),
            ("", false),
        ] {
            assert_eq!(is_near(label.as_bytes(), now), near, "{label}");
        }
    }
}
