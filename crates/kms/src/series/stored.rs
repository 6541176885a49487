//! What the store has of series, read by the record.

use std::collections::BTreeMap;

use super::time::{Minute, Minutes, hours_of_day};
use super::{Series, add};
use crate::failure::Failure;
use crate::kms::Kms;
use crate::records::{Sample, SampleRecord, SamplesRecord};
use crate::repository::Span;

/// What the store has of `series` in the hours of `minutes`, and how many records were looked for.
pub(super) fn read(
    kms: &Kms,
    series: &Series,
    minutes: &Minutes,
) -> Result<(Vec<(Minute, Sample)>, usize), Failure> {
    let mut found = Vec::new();
    let Some(stored) = kms.records.series(series)? else {
        return Ok((found, 1));
    };
    let spans = spans(
        minutes,
        &stored.record.days_by_minute,
        &stored.record.days_by_hour,
    );
    for span in &spans {
        if let Some(stored) = kms.records.samples(series, *span)? {
            let samples = stored.record.samples.iter();
            found.extend(samples.map(|one| (minute(*span, one.at), one.sample)));
        }
    }
    Ok((found, spans.len().saturating_add(1)))
}

/// The records that may have samples in `minutes`, of series that have samples on these days.
fn spans(minutes: &Minutes, by_minute: &[i64], by_hour: &[i64]) -> Vec<Span> {
    let last = Minute(minutes.until.0.saturating_sub(1));
    let asked = |day: &&i64| minutes.from.day() <= **day && **day <= last.day();
    let hours = by_minute
        .iter()
        .filter(asked)
        .copied()
        .flat_map(hours_of_day);
    let hours = hours.filter(|hour| minutes.from.hour() <= *hour && *hour <= last.hour());
    let days = by_hour.iter().filter(|_| minutes.by_hour).filter(asked);
    hours
        .map(Span::Hour)
        .chain(days.copied().map(Span::Day))
        .collect()
}

fn minute(span: Span, at: u8) -> Minute {
    match span {
        Span::Hour(hour) => Minute(Minute::of_hour(hour).0.saturating_add(at.into())),
        Span::Day(day) => Minute::of_hour(hours_of_day(day).start.saturating_add(at.into())),
    }
}

/// `record` with these samples as well.
pub(super) fn with(
    record: Option<&SamplesRecord>,
    more: impl IntoIterator<Item = (u8, Sample)>,
) -> SamplesRecord {
    let known = record.map_or(&[][..], |record| &record.samples);
    let mut samples: BTreeMap<u8, Sample> = BTreeMap::new();
    let known = known.iter().map(|one| (one.at, one.sample));
    for (at, sample) in known.chain(more) {
        add(&mut samples, at, sample);
    }
    let samples = samples.into_iter();
    SamplesRecord {
        samples: samples
            .map(|(at, sample)| SampleRecord { at, sample })
            .collect(),
    }
}
