//! How far the delivery of one trail and Region is: what comes next, and what is written once it is done. Between the
//! two nothing of the store is held, so that a slow sink keeps nothing from being sealed.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use strongroom_base::UnixMillis;
use strongroom_base::id::Region;
use strongroom_store::Expect;

use super::digests::{self, Signed};
use super::reader::{self, Unread};
use super::sink::{Object, SinkError};
use super::steps::{self, Batch, REGIONS_MAX, Wanted};
use crate::failure::{Cause, Failure};
use crate::kms::Kms;
use crate::records::{
    DeliveredFileRecord, DeliveryStepRecord, DigestRecord, LogPositionRecord as Position,
    PreviousDigestRecord, TrailDeliveryRecord, TrailRecord,
};
use crate::repository::{Changes, Stored, TrailName};

/// How long after a trail was stopped records of before may still reach the log.
pub(super) const SETTLING: Duration = Duration::from_secs(5);
/// How much of the log without a wanted event is read again rather than noted, in bytes.
const UNNOTED_BYTES_MAX: u64 = 1 << 20;

/// What comes next.
pub(super) enum Next {
    /// Nothing for now.
    Nothing,
    /// Nothing yet, but soon: the trail was stopped, and its end waits.
    Soon,
    /// Something was noted; ask again.
    Again,
    /// This is to be put, and then to be marked as done.
    Put(Box<Put>),
}

/// An object on its way.
pub(super) struct Put {
    pub(super) object: Object,
    delivery: Stored<TrailDeliveryRecord>,
    then: Then,
}

/// What is written once the object is put.
enum Then {
    Log {
        to: Position,
        file: DeliveredFileRecord,
    },
    Digest {
        end: UnixMillis,
        record: PreviousDigestRecord,
        is_last: bool,
    },
}

/// What does not change from one object to the next.
pub(super) struct Course<'a> {
    pub(super) log: &'a Path,
    pub(super) digest_interval: Duration,
}

/// A trail with how far one Region of it is.
struct At<'a> {
    kms: &'a Kms,
    course: &'a Course<'a>,
    trail: Stored<TrailRecord>,
    delivery: Stored<TrailDeliveryRecord>,
    now: UnixMillis,
}

/// What comes next for `region` of the trail `name`.
///
/// # Errors
/// Those of the store; [`Failure::Conflict`] when somebody changed the trail meanwhile.
pub(super) async fn next(
    kms: &Kms,
    course: &Course<'_>,
    name: &TrailName,
    region: &Region,
) -> Result<Next, Failure> {
    let Some(trail) = kms.records.trail(name)? else {
        return Ok(Next::Nothing);
    };
    let Some(delivery) = kms.records.trail_delivery(name, region)? else {
        return begin(kms, course, &trail, region).await;
    };
    let at = At {
        kms,
        course,
        trail,
        delivery,
        now: kms.env.clock.now(),
    };
    at.next().await
}

/// The first time of a trail's home Region; other Regions begin when an event is found in them.
async fn begin(
    kms: &Kms,
    course: &Course<'_>,
    trail: &Stored<TrailRecord>,
    region: &Region,
) -> Result<Next, Failure> {
    let record = &trail.record;
    // One that was stopped before its first turn has something to deliver, too.
    let Some(started) = record.started else {
        return Ok(Next::Nothing);
    };
    let (log, started) = (course.log.to_owned(), started.into());
    let position = blocking(move || reader::place_of(&log, started)).await?;
    let position = position.map_err(|_| Failure::Internal(Cause::Audit))?;
    let delivery = beginning(record, region, position);
    let changes = Changes::default().relying_on_trail(trail);
    let changes = changes.put_trail_delivery(Expect::Absent, &delivery);
    kms.records.commit(changes).await?;
    Ok(Next::Again)
}

fn beginning(trail: &TrailRecord, region: &Region, position: Position) -> TrailDeliveryRecord {
    TrailDeliveryRecord {
        account: trail.account,
        home: trail.home.clone(),
        trail: trail.name.clone(),
        region: region.clone(),
        position,
        planned: None,
        digest: None,
        delivered: None,
        attempted: None,
        error: None,
        digest_delivered: None,
        digest_error: None,
    }
}

impl At<'_> {
    async fn next(self) -> Result<Next, Failure> {
        if self.is_over() {
            return Ok(Next::Nothing);
        }
        let (trail, delivery) = (&self.trail.record, &self.delivery.record);
        if trail.is_logging && trail.validates_logs && delivery.digest.is_none() {
            return self.begin_digests().await;
        }
        if delivery.planned.is_some() {
            return self.planned().await;
        }
        // A digest that is due waits for no log file: those of now belong to the next.
        match self.due_digest() {
            Some(end) if trail.is_logging => self.digest(end).await,
            _ => self.more_of_the_log().await,
        }
    }

    /// Whether everything of a stopped trail is delivered.
    fn is_over(&self) -> bool {
        let (trail, delivery) = (&self.trail.record, &self.delivery.record);
        let is_open = delivery.digest.is_some() || delivery.planned.is_some();
        let settled = self.settled_at();
        let attempted = delivery.attempted.map(UnixMillis::from);
        let is_behind = attempted.is_none_or(|attempted| attempted < settled);
        !trail.is_logging && !is_open && !is_behind
    }

    /// When nothing of before the stop can come any more.
    fn settled_at(&self) -> UnixMillis {
        let stopped = self.trail.record.stopped.map(UnixMillis::from);
        stopped.map_or(UnixMillis(0), |stopped| stopped.plus(SETTLING))
    }

    fn due_digest(&self) -> Option<UnixMillis> {
        let (trail, delivery) = (&self.trail.record, &self.delivery.record);
        digests::due(trail, delivery, self.course.digest_interval, self.now)
    }

    async fn begin_digests(&self) -> Result<Next, Failure> {
        let mut delivery = self.delivery.record.clone();
        delivery.digest = Some(digests::first(self.now, self.course.digest_interval));
        self.write(Changes::default(), &delivery).await?;
        Ok(Next::Again)
    }

    /// The step that was planned before, perhaps in an earlier life.
    async fn planned(self) -> Result<Next, Failure> {
        let to = self.delivery.record.planned.as_ref().map(|step| step.to);
        let batch = match self.collect(to).await? {
            Ok(batch) => batch,
            Err(unread) => return self.unread(&unread).await,
        };
        match steps::object(&self.trail.record, &self.delivery.record, &batch) {
            Some((object, file)) => Ok(self.put_log(object, file, batch.to)),
            // The events it was planned for are wanted no more: the trail was changed.
            None => self.pass_over(&batch).await,
        }
    }

    async fn more_of_the_log(mut self) -> Result<Next, Failure> {
        let batch = match self.collect(None).await? {
            Ok(batch) => batch,
            Err(unread) => return self.unread(&unread).await,
        };
        if batch.content.is_none() {
            return self.nothing_more(&batch).await;
        }
        if self.has_new_regions(&batch)? {
            return self.begin_others(&batch).await;
        }
        self.plan(&batch).await?;
        // Read again as planned: the version is another now.
        let name = TrailName::of(&self.trail.record);
        let region = self.delivery.record.region.clone();
        match self.kms.records.trail_delivery(&name, &region)? {
            Some(delivery) => self.delivery = delivery,
            None => return Ok(Next::Nothing),
        }
        match steps::object(&self.trail.record, &self.delivery.record, &batch) {
            Some((object, file)) => Ok(self.put_log(object, file, batch.to)),
            None => Ok(Next::Again),
        }
    }

    async fn plan(&self, batch: &Batch) -> Result<(), Failure> {
        let mut delivery = self.delivery.record.clone();
        delivery.planned = Some(DeliveryStepRecord {
            to: batch.to,
            time: self.now.into(),
            suffix: steps::suffix(self.kms.env.random_bytes()),
        });
        self.write(Changes::default(), &delivery).await
    }

    /// Begins the Regions in which something happened before anything is planned: whether one has files of its own
    /// decides what belongs into those of the home Region.
    async fn begin_others(self, batch: &Batch) -> Result<Next, Failure> {
        let changes = self.with_new_regions(batch)?;
        self.write(changes, &self.delivery.record).await?;
        Ok(Next::Again)
    }

    /// The log has nothing more that is wanted: now a stopped trail may end.
    async fn nothing_more(self, batch: &Batch) -> Result<Next, Failure> {
        let is_far = self.is_far(batch.to);
        if self.has_new_regions(batch)? {
            return self.begin_others(batch).await;
        }
        if is_far {
            return self.pass_over(batch).await;
        }
        if self.trail.record.is_logging {
            return Ok(Next::Nothing);
        }
        if self.now < self.settled_at() {
            return Ok(Next::Soon);
        }
        match self.due_digest() {
            Some(end) => self.digest(end).await,
            None if self.delivery.record.digest.is_some() => Ok(Next::Soon),
            None => self.end().await,
        }
    }

    /// Whether reading from the old position again would cost more than noting the new one.
    fn is_far(&self, to: Position) -> bool {
        let from = self.delivery.record.position;
        to.segment != from.segment || to.offset.saturating_sub(from.offset) > UNNOTED_BYTES_MAX
    }

    async fn pass_over(&self, batch: &Batch) -> Result<Next, Failure> {
        let mut delivery = self.delivery.record.clone();
        delivery.position = batch.to;
        delivery.planned = None;
        let changes = self.with_new_regions(batch)?;
        self.write(changes, &delivery).await?;
        Ok(Next::Again)
    }

    async fn end(&self) -> Result<Next, Failure> {
        let mut delivery = self.delivery.record.clone();
        delivery.attempted = Some(self.now.into());
        self.write(Changes::default(), &delivery).await?;
        Ok(Next::Nothing)
    }

    async fn digest(self, end: UnixMillis) -> Result<Next, Failure> {
        let (trail, delivery) = (&self.trail.record, &self.delivery.record);
        match digests::sign(&self.kms.audit_keys, trail, delivery, end).await {
            Ok(Signed { object, record }) => {
                let is_last = digests::is_last(trail, end);
                let then = Then::Digest {
                    end,
                    record,
                    is_last,
                };
                Ok(self.put(object, then))
            }
            Err(error) => {
                let mut delivery = delivery.clone();
                delivery.digest_error = Some(error.code);
                if delivery != self.delivery.record {
                    self.write(Changes::default(), &delivery).await?;
                }
                Ok(Next::Soon)
            }
        }
    }

    fn put_log(self, object: Object, file: DeliveredFileRecord, to: Position) -> Next {
        self.put(object, Then::Log { to, file })
    }

    fn put(self, object: Object, then: Then) -> Next {
        Next::Put(Box::new(Put {
            object,
            delivery: self.delivery,
            then,
        }))
    }

    async fn collect(&self, to: Option<Position>) -> Result<Result<Batch, Unread>, Failure> {
        let (trail, log) = (self.trail.record.clone(), self.course.log.to_owned());
        let region = self.delivery.record.region.clone();
        let from = self.delivery.record.position;
        let apart = self.regions_apart()?;
        blocking(move || {
            let wanted = Wanted::new(&trail, &region, apart.as_ref());
            steps::collect(&log, &wanted, from, to)
        })
        .await
    }

    /// Of the home Region of a trail that can begin no more Regions, those that it began.
    fn regions_apart(&self) -> Result<Option<BTreeSet<Region>>, Failure> {
        let trail = &self.trail.record;
        if self.delivery.record.region != trail.home || !trail.is_multi_region {
            return Ok(None);
        }
        let known = self.known_regions()?;
        Ok((known.len() >= REGIONS_MAX).then_some(known))
    }

    fn known_regions(&self) -> Result<BTreeSet<Region>, Failure> {
        let name = TrailName::of(&self.trail.record);
        let records = &self.kms.records;
        let known = records.list_trail_deliveries(&name, None, REGIONS_MAX)?;
        let known = known.records.into_iter();
        Ok(known.map(|one| one.record.region).collect())
    }

    /// The Regions in which events of a trail of all Regions were found for the first time. They begin where the home
    /// Region was, so that these events are not lost.
    fn new_regions(&self, batch: &Batch) -> Result<Vec<Region>, Failure> {
        if batch.elsewhere.is_empty() || self.delivery.record.region != self.trail.record.home {
            return Ok(Vec::new());
        }
        let known = self.known_regions()?;
        let free = REGIONS_MAX.saturating_sub(known.len());
        let new = batch
            .elsewhere
            .iter()
            .filter(|region| !known.contains(region));
        Ok(new.take(free).cloned().collect())
    }

    fn has_new_regions(&self, batch: &Batch) -> Result<bool, Failure> {
        Ok(!self.new_regions(batch)?.is_empty())
    }

    fn with_new_regions(&self, batch: &Batch) -> Result<Changes, Failure> {
        let (trail, from) = (&self.trail.record, self.delivery.record.position);
        let regions = self.new_regions(batch)?;
        let changes = Changes::default();
        if regions.is_empty() {
            return Ok(changes);
        }
        let new = regions.iter().map(|region| beginning(trail, region, from));
        Ok(
            new.fold(changes.relying_on_trail(&self.trail), |changes, record| {
                changes.put_trail_delivery(Expect::Absent, &record)
            }),
        )
    }

    async fn unread(&self, unread: &Unread) -> Result<Next, Failure> {
        tracing::error!(%unread, "delivery stands still");
        let error = match unread {
            Unread::Damaged(_) => "AuditLogDamaged",
            Unread::Failed(_) => "AuditLogUnreadable",
        };
        let mut delivery = self.delivery.record.clone();
        delivery.error = Some(error.to_owned());
        if delivery != self.delivery.record {
            self.write(Changes::default(), &delivery).await?;
        }
        Ok(Next::Nothing)
    }

    async fn write(&self, changes: Changes, delivery: &TrailDeliveryRecord) -> Result<(), Failure> {
        let expect = Expect::At(self.delivery.version);
        let changes = changes.put_trail_delivery(expect, delivery);
        self.kms.records.commit(changes).await
    }
}

/// Writes what came of a put.
///
/// # Errors
/// Those of the store; [`Failure::Conflict`] when the trail was deleted meanwhile.
pub(super) async fn finish(
    kms: &Kms,
    put: Put,
    outcome: Result<(), SinkError>,
) -> Result<(), Failure> {
    let now = kms.env.clock.now();
    let Stored { version, record } = put.delivery;
    let record = match (put.then, outcome) {
        (Then::Log { to, file }, Ok(())) => with_file(record, to, file, now),
        (Then::Log { .. }, Err(error)) => TrailDeliveryRecord {
            attempted: Some(now.into()),
            error: Some(error.code),
            ..record
        },
        (
            Then::Digest {
                end,
                record: previous,
                is_last,
            },
            Ok(()),
        ) => TrailDeliveryRecord {
            digest: (!is_last).then_some(DigestRecord {
                since: end.into(),
                previous: Some(previous),
                files: Vec::new(),
            }),
            digest_delivered: Some(now.into()),
            digest_error: None,
            ..record
        },
        (Then::Digest { .. }, Err(error)) => TrailDeliveryRecord {
            digest_error: Some(error.code),
            ..record
        },
    };
    let changes = Changes::default().put_trail_delivery(Expect::At(version), &record);
    kms.records.commit(changes).await
}

fn with_file(
    mut record: TrailDeliveryRecord,
    to: Position,
    file: DeliveredFileRecord,
    now: UnixMillis,
) -> TrailDeliveryRecord {
    if let Some(digest) = &mut record.digest {
        digest.files.push(file);
    }
    TrailDeliveryRecord {
        position: to,
        planned: None,
        delivered: Some(now.into()),
        attempted: Some(now.into()),
        error: None,
        ..record
    }
}

/// Runs what waits for the disk.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Failure::Internal(Cause::Audit))
}
