//! The metrics that CloudWatch shows of AWS/KMS: noted in memory by every use, and brought to the store each minute.
//! A use must never wait for this; so a crash loses what was noted since.
//!
//! Source: KMS Developer Guide, "Monitoring KMS keys with Amazon CloudWatch"; CloudWatch API, GetMetricStatistics, of
//! how long samples are kept.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use strongroom_aws::kms::KeyLastUsageTrackingOperation as Operation;
use strongroom_base::id::{AccountId, Region};
use strongroom_base::{Instant, UnixMillis};
use strongroom_store::Cursor;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::failure::Failure;
use crate::key::KeyName;
use crate::kms::Kms;
use crate::records::{DimensionRecord, MetricDimension, MetricKind, Sample, SeriesRecord};
use crate::sharded::{SHARDS, Sharded, locked};

mod flushing;
mod retention;
mod stored;
mod time;

pub(crate) use flushing::flush;
pub(crate) use time::{Minute, Minutes};

/// The namespace of all metrics.
pub(crate) const NAMESPACE: &str = "AWS/KMS";
/// The most series that are in memory only; what more measure is dropped.
const SERIES_MAX: usize = 65_536;
/// The most minutes of one series that are in memory only, as when the store cannot be written.
const MINUTES_MAX: usize = 180;

impl MetricKind {
    /// Every metric.
    pub(crate) const ALL: [Self; 2] = [
        Self::SuccessfulRequest,
        Self::SecondsUntilKeyMaterialExpiration,
    ];

    /// The name, as CloudWatch has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SuccessfulRequest => "SuccessfulRequest",
            Self::SecondsUntilKeyMaterialExpiration => "SecondsUntilKeyMaterialExpiration",
        }
    }
}

impl MetricDimension {
    const ALL: [Self; 5] = [
        Self::DestinationKeyArn,
        Self::KeyArn,
        Self::KeyId,
        Self::Operation,
        Self::SourceKeyArn,
    ];

    /// The name, as CloudWatch has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DestinationKeyArn => "DestinationKeyArn",
            Self::KeyArn => "KeyArn",
            Self::KeyId => "KeyId",
            Self::Operation => "Operation",
            Self::SourceKeyArn => "SourceKeyArn",
        }
    }

    /// The dimension with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

impl Sample {
    fn one(value: f64) -> Self {
        Self {
            count: 1,
            sum: value,
            min: value,
            max: value,
        }
    }

    /// What both measured.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            count: self.count.saturating_add(other.count),
            sum: self.sum + other.sum,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }

    /// What is left after `stored`, of which this has grown. Least and greatest may stay: it does not matter how often
    /// they are taken into account.
    fn without(self, stored: Self) -> Option<Self> {
        let count = self.count.saturating_sub(stored.count);
        (count > 0).then_some(Self {
            count,
            sum: self.sum - stored.sum,
            ..self
        })
    }
}

/// One metric of one key and operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Series {
    /// The account that may see it.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The metric.
    pub metric: MetricKind,
    /// The dimensions, each once and in their order.
    pub dimensions: Vec<DimensionRecord>,
}

impl Series {
    /// What the series is told apart by in its account and Region: metric, and dimensions with their lengths.
    pub(crate) fn id(&self) -> Vec<u8> {
        let mut id = self.metric.name().as_bytes().to_vec();
        for dimension in &self.dimensions {
            for part in [dimension.name.name(), &dimension.value] {
                id.extend(part.len().to_be_bytes());
                id.extend(part.as_bytes());
            }
        }
        id
    }

    /// The series that `record` tells of.
    pub(crate) fn of(record: &SeriesRecord) -> Self {
        Self {
            account: record.account,
            region: record.region.clone(),
            metric: record.metric,
            dimensions: record.dimensions.clone(),
        }
    }

    fn new(key: &KeyName, metric: MetricKind, dimensions: Vec<DimensionRecord>) -> Self {
        Self {
            account: key.account,
            region: key.region.clone(),
            metric,
            dimensions,
        }
    }
}

fn dimension(name: MetricDimension, value: impl Into<String>) -> DimensionRecord {
    let value = value.into();
    DimensionRecord { name, value }
}

/// What the store does not have yet.
type Noted = Sharded<Series, BTreeMap<Minute, Sample>>;

/// The measurements of all series.
#[derive(Default)]
pub(crate) struct Measurements {
    noted: Noted,
    dropped: AtomicU64,
    /// Held while measurements move to the store: who reads meanwhile would find them in both places.
    moving: RwLock<()>,
    schedule: Mutex<Schedule>,
}

/// When what was done last.
#[derive(Default)]
struct Schedule {
    sampled: Option<Minute>,
    flushed: Option<Instant>,
    /// How many dropped measurements the log was told of.
    told: u64,
    /// Where the search for what is too old goes on.
    swept: Option<Cursor>,
}

impl Measurements {
    /// How many measurements were dropped for want of room since the start.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// What the store does not have yet of `series`.
    pub(crate) fn noted(&self, series: &Series) -> BTreeMap<Minute, Sample> {
        self.noted
            .shard(series)
            .get(series)
            .cloned()
            .unwrap_or_default()
    }

    /// The series of an account in a Region that the store does not have all of yet, in their order.
    pub(crate) fn noted_in(&self, account: &AccountId, region: &Region) -> Vec<Series> {
        let mut found = Vec::new();
        for shard in self.noted.shards() {
            let theirs = |one: &&Series| one.account == *account && one.region == *region;
            found.extend(shard.keys().filter(theirs).cloned());
        }
        found.sort_unstable();
        found
    }

    /// Held while series are read: nothing moves to the store meanwhile.
    pub(crate) async fn reading(&self) -> RwLockReadGuard<'_, ()> {
        self.moving.read().await
    }

    async fn moving(&self) -> RwLockWriteGuard<'_, ()> {
        self.moving.write().await
    }

    fn note(&self, series: Series, minute: Minute, value: f64) {
        let mut shard = self.noted.shard(&series);
        if shard.len() >= SERIES_MAX / SHARDS && !shard.contains_key(&series) {
            return self.drop_one();
        }
        let minutes = shard.entry(series).or_default();
        if minutes.len() >= MINUTES_MAX && !minutes.contains_key(&minute) {
            return self.drop_one();
        }
        add(minutes, minute, Sample::one(value));
    }

    fn drop_one(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    fn all(&self) -> Vec<(Series, BTreeMap<Minute, Sample>)> {
        self.noted.all()
    }

    /// Forgets what the store has of `series` now.
    fn forget(&self, series: &Series, stored: &BTreeMap<Minute, Sample>) {
        let mut shard = self.noted.shard(series);
        let Some(minutes) = shard.get_mut(series) else {
            return;
        };
        for (minute, stored) in stored {
            let left = minutes.remove(minute).and_then(|all| all.without(*stored));
            minutes.extend(left.map(|left| (*minute, left)));
        }
        if minutes.is_empty() {
            shard.remove(series);
        }
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        locked(&self.schedule)
    }
}

/// Notes that `operation` succeeded at `time` with `keys`: one, or of ReEncrypt source and destination, which
/// may be the same. Each account that owns one of them sees it.
pub(crate) fn note_request(
    measurements: &Measurements,
    operation: Operation,
    keys: &[KeyName],
    time: UnixMillis,
) {
    let minute = Minute::of(time);
    let (Some(first), Some(last)) = (keys.first(), keys.last()) else {
        return;
    };
    let dimensions = match operation {
        Operation::ReEncrypt => vec![
            dimension(MetricDimension::DestinationKeyArn, last.arn()),
            dimension(MetricDimension::Operation, operation.as_str()),
            dimension(MetricDimension::SourceKeyArn, first.arn()),
        ],
        _ => vec![
            dimension(MetricDimension::KeyArn, first.arn()),
            dimension(MetricDimension::Operation, operation.as_str()),
        ],
    };
    if first.account != last.account {
        let series = Series::new(first, MetricKind::SuccessfulRequest, dimensions.clone());
        measurements.note(series, minute, 1.0);
    }
    let series = Series::new(last, MetricKind::SuccessfulRequest, dimensions);
    measurements.note(series, minute, 1.0);
}

/// Measures what is measured each minute, and brings to the store what was noted, when it is time.
pub(crate) async fn tick(kms: &Kms) -> Result<(), Failure> {
    sample_expiries(kms);
    flushing::flush_if_due(kms).await
}

/// Once in a minute, notes of each key how long its first material still lasts.
fn sample_expiries(kms: &Kms) {
    let minute = Minute::of(kms.env.clock.now());
    let sampled = kms.measurements.schedule().sampled.replace(minute);
    // A new service waits for the next minute: the one before may have sampled in this one.
    if sampled.is_none_or(|sampled| sampled == minute) {
        return;
    }
    let now = kms.domain_time();
    for (key, due) in kms.records.timers.expiring() {
        let left = due.0.saturating_sub(now.0) / 1000;
        // Exact: an f64 holds more seconds than there are between any two times here.
        let Ok(left) = u32::try_from(left) else {
            continue;
        };
        let metric = MetricKind::SecondsUntilKeyMaterialExpiration;
        let dimensions = vec![dimension(MetricDimension::KeyId, key.id.as_str())];
        let series = Series::new(&key, metric, dimensions);
        kms.measurements.note(series, minute, left.into());
    }
}

/// What `series` measured in `minutes`, and how many records that took. Called while [`Measurements::reading`] is held.
pub(crate) fn measured(
    kms: &Kms,
    series: &Series,
    minutes: &Minutes,
) -> Result<(BTreeMap<Minute, Sample>, usize), Failure> {
    let (stored, read) = stored::read(kms, series, minutes)?;
    let noted = kms.measurements.noted(series);
    let mut found = BTreeMap::new();
    for (minute, sample) in stored.into_iter().chain(noted) {
        if minutes.contain(minute) {
            add(&mut found, minute, sample);
        }
    }
    Ok((found, read))
}

fn add<K: Ord>(samples: &mut BTreeMap<K, Sample>, at: K, sample: Sample) {
    let known = samples.entry(at);
    known
        .and_modify(|known| *known = known.and(sample))
        .or_insert(sample);
}

#[cfg(test)]
mod tests;
