//! How long samples are kept: by the minute for 15 days, by the hour for 455 (CloudWatch API, GetMetricStatistics).
//! Each step looks at few series, so that it holds up nothing.

use std::collections::BTreeMap;

use super::flushing::expected;
use super::stored;
use super::time::{Minute, hours_of_day};
use super::{Series, add};
use crate::failure::Failure;
use crate::kms::Kms;
use crate::records::{Sample, SeriesRecord};
use crate::repository::{Changes, Span, Stored};

/// How long samples are kept by the minute.
pub(super) const MINUTES_KEPT_DAYS: i64 = 15;
/// How long samples are kept by the hour.
pub(super) const HOURS_KEPT_DAYS: i64 = 455;
/// The most series that one step looks at, and takes one day from.
pub(super) const SERIES_PER_STEP: usize = 64;

/// One step: looks at the next series, and takes from each the first day that is too old.
pub(super) async fn sweep(kms: &Kms) -> Result<(), Failure> {
    let today = Minute::of(kms.domain_time()).day();
    let after = kms.measurements.schedule().swept.take();
    let page = kms
        .records
        .list_all_series(after.as_ref(), SERIES_PER_STEP)?;
    kms.measurements.schedule().swept = page.next;
    let mut result = Ok(());
    for stored in &page.records {
        result = result.and(age(kms, stored, today).await);
    }
    result
}

async fn age(kms: &Kms, stored: &Stored<SeriesRecord>, today: i64) -> Result<(), Failure> {
    let oldest = |days: &[i64], kept: i64| {
        let oldest = days.first().copied();
        oldest.filter(|day| *day < today.saturating_sub(kept))
    };
    let record = &stored.record;
    if let Some(day) = oldest(&record.days_by_hour, HOURS_KEPT_DAYS) {
        return forget(kms, stored, day).await;
    }
    match oldest(&record.days_by_minute, MINUTES_KEPT_DAYS) {
        Some(day) => roll(kms, stored, day).await,
        None => Ok(()),
    }
}

/// Forgets a day that was kept by the hour, and with its last day the series.
async fn forget(kms: &Kms, old: &Stored<SeriesRecord>, day: i64) -> Result<(), Failure> {
    let _moving = kms.measurements.moving().await;
    let series = Series::of(&old.record);
    let span = Span::Day(day);
    let mut changes = Changes::default();
    if let Some(samples) = kms.records.samples(&series, span)? {
        changes = changes.delete_samples(&series, span, samples.version);
    }
    let mut record = old.record.clone();
    record.days_by_hour.retain(|one| *one != day);
    let is_empty = record.days_by_hour.is_empty() && record.days_by_minute.is_empty();
    let changes = match is_empty {
        true => changes.delete_series(&series, old.version),
        false => changes.put_series(&series, expected(Some(old)), &record),
    };
    kms.records.commit(changes).await
}

/// Makes of the hours of a day, by the minute, one day by the hour.
async fn roll(kms: &Kms, old: &Stored<SeriesRecord>, day: i64) -> Result<(), Failure> {
    let _moving = kms.measurements.moving().await;
    let series = Series::of(&old.record);
    let mut changes = Changes::default();
    let mut by_hour = BTreeMap::<u8, Sample>::new();
    for (at, hour) in (0_u8..).zip(hours_of_day(day)) {
        let span = Span::Hour(hour);
        let Some(stored) = kms.records.samples(&series, span)? else {
            continue;
        };
        for one in &stored.record.samples {
            add(&mut by_hour, at, one.sample);
        }
        changes = changes.delete_samples(&series, span, stored.version);
    }
    let span = Span::Day(day);
    let known = kms.records.samples(&series, span)?;
    let samples = stored::with(known.as_ref().map(|known| &known.record), by_hour);
    let changes = changes
        .put_samples(&series, span, expected(known.as_ref()), &samples)
        .put_series(&series, expected(Some(old)), &rolled(&old.record, day));
    kms.records.commit(changes).await
}

fn rolled(record: &SeriesRecord, day: i64) -> SeriesRecord {
    let mut record = record.clone();
    record.days_by_minute.retain(|one| *one != day);
    if let Err(place) = record.days_by_hour.binary_search(&day) {
        record.days_by_hour.insert(place, day);
    }
    record
}
