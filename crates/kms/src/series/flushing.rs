//! Bringing to the store what was noted: one record for each series and hour, each minute.

use std::collections::BTreeMap;
use std::time::Duration;

use strongroom_base::Instant;
use strongroom_store::Expect;

use super::time::{Minute, day_of_hour};
use super::{Measurements, Series, retention, stored};
use crate::failure::Failure;
use crate::kms::Kms;
use crate::records::{Millis, Sample, SeriesRecord};
use crate::repository::{Changes, Span, Stored};

/// How long a measurement may be in memory only.
pub(super) const FLUSH_SECONDS_MAX: Duration = Duration::from_secs(60);
/// The most hours of a series that one flush stores; more wait for the next one.
const HOURS_PER_FLUSH: usize = 4;
/// A commit writes for each series its hours and which there are, and has room for 256 writes.
pub(super) const SERIES_PER_COMMIT: usize = 50;

type Samples = BTreeMap<Minute, Sample>;

impl Measurements {
    /// Whether it is time to bring them to the store; then the next time is reckoned from `now`.
    fn is_due(&self, now: Instant) -> bool {
        let mut schedule = self.schedule();
        let last = *schedule.flushed.get_or_insert(now);
        let is_due = now.since(last) >= FLUSH_SECONDS_MAX;
        if is_due {
            schedule.flushed = Some(now);
        }
        is_due
    }
}

/// When it is time, brings what was noted to the store, and away from it what is too old.
pub(super) async fn flush_if_due(kms: &Kms) -> Result<(), Failure> {
    if !kms.measurements.is_due(kms.env.clock.monotonic()) {
        return Ok(());
    }
    let flushed = flush(kms).await;
    tell_dropped(kms);
    let swept = retention::sweep(kms).await;
    flushed.and(swept)
}

fn tell_dropped(kms: &Kms) {
    let dropped = kms.measurements.dropped();
    let told = std::mem::replace(&mut kms.measurements.schedule().told, dropped);
    if dropped > told {
        let count = dropped.saturating_sub(told);
        tracing::warn!(count, "too many keys are in use to measure each use");
    }
}

/// Brings to the store what was noted. What cannot be stored stays noted until the next time.
pub(crate) async fn flush(kms: &Kms) -> Result<(), Failure> {
    let mut result = Ok(());
    for page in kms.measurements.all().chunks(SERIES_PER_COMMIT) {
        if store(kms, page).await.is_ok() {
            continue;
        }
        // One of them may be damaged: it must not keep the others back.
        for one in page {
            result = result.and(store(kms, std::slice::from_ref(one)).await);
        }
    }
    result
}

async fn store(kms: &Kms, page: &[(Series, Samples)]) -> Result<(), Failure> {
    let _moving = kms.measurements.moving().await;
    let mut changes = Changes::default();
    let mut taken = Vec::new();
    for (series, noted) in page {
        let hours = first_hours(noted);
        changes = put(kms, changes, series, &hours)?;
        taken.push((series, hours.into_values().flatten().collect()));
    }
    kms.records.commit(changes).await?;
    for (series, samples) in &taken {
        kms.measurements.forget(series, samples);
    }
    Ok(())
}

fn first_hours(noted: &Samples) -> BTreeMap<i64, Samples> {
    let mut hours: BTreeMap<i64, Samples> = BTreeMap::new();
    for (minute, sample) in noted {
        if hours.len() >= HOURS_PER_FLUSH && !hours.contains_key(&minute.hour()) {
            break;
        }
        hours
            .entry(minute.hour())
            .or_default()
            .insert(*minute, *sample);
    }
    hours
}

fn put(
    kms: &Kms,
    mut changes: Changes,
    series: &Series,
    hours: &BTreeMap<i64, Samples>,
) -> Result<Changes, Failure> {
    for (hour, samples) in hours {
        let span = Span::Hour(*hour);
        let old = kms.records.samples(series, span)?;
        let more = samples.iter().map(|(minute, one)| (minute.in_hour(), *one));
        let record = stored::with(old.as_ref().map(|old| &old.record), more);
        changes = changes.put_samples(series, span, expected(old.as_ref()), &record);
    }
    let old = kms.records.series(series)?;
    let record = extended(series, old.as_ref(), hours.keys());
    let is_known = old.as_ref().is_some_and(|old| old.record == record);
    Ok(match is_known {
        true => changes,
        false => changes.put_series(series, expected(old.as_ref()), &record),
    })
}

pub(super) fn expected<R>(old: Option<&Stored<R>>) -> Expect {
    old.map_or(Expect::Absent, |old| Expect::At(old.version))
}

/// When `series` measured something, with these hours.
fn extended<'h>(
    series: &Series,
    old: Option<&Stored<SeriesRecord>>,
    hours: impl Iterator<Item = &'h i64>,
) -> SeriesRecord {
    let mut record = old.map_or_else(|| empty(series), |old| old.record.clone());
    for hour in hours {
        let day = day_of_hour(*hour);
        if let Err(place) = record.days_by_minute.binary_search(&day) {
            record.days_by_minute.insert(place, day);
        }
        record.last = record.last.max(Minute::of_hour(*hour).start().into());
    }
    record
}

fn empty(series: &Series) -> SeriesRecord {
    SeriesRecord {
        account: series.account,
        region: series.region.clone(),
        metric: series.metric,
        dimensions: series.dimensions.clone(),
        last: Millis(i64::MIN),
        days_by_minute: Vec::new(),
        days_by_hour: Vec::new(),
    }
}
