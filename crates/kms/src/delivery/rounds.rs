//! The rounds of delivery: every trail in its turn, each at its own pace. A trail whose bucket fails waits longer each
//! time and keeps no other from being delivered.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use strongroom_base::Instant;
use strongroom_base::id::Region;

use super::progress::{self, Course, Next};
use super::sink::Sink;
use super::steps::REGIONS_MAX;
use super::{Delivery, Pause};
use crate::failure::Failure;
use crate::kms::Kms;
use crate::repository::TrailName;

/// How often it is looked whose turn it is.
const TICK: Duration = Duration::from_secs(1);
/// The most objects of one Region before others have their turn.
const PUTS_MAX: usize = 64;
const PAGE: usize = 500;

/// Delivers the files of all trails until `kms` is closed.
pub(super) async fn run(kms: Weak<Kms>, delivery: Arc<Delivery>, log: PathBuf) {
    let Some(sink) = delivery.sink.as_deref() else {
        return;
    };
    let mut rounds = Rounds::default();
    while kms.strong_count() > 0 {
        if let Err(failure) = rounds.round(&kms, &delivery, sink, &log).await {
            tracing::warn!(?failure, "trails could not be looked at; it is tried again");
        }
        tokio::time::sleep(TICK).await;
    }
}

/// When each trail has its turn.
#[derive(Default)]
pub(super) struct Rounds {
    turns: HashMap<TrailName, Turn>,
}

#[derive(Default)]
struct Turn {
    /// The version of the trail that was looked at last: whoever changes a trail need not wait.
    version: u64,
    due: Option<Instant>,
    pause: Pause,
}

/// What came of a trail's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Delivered {
    /// Everything there was.
    All,
    /// There is more, or soon will be.
    NotYet,
    /// The sink failed.
    Failed,
}

impl Rounds {
    /// Delivers what trails whose turn it is have.
    ///
    /// # Errors
    /// When the trails cannot be listed.
    pub(super) async fn round(
        &mut self,
        kms: &Weak<Kms>,
        delivery: &Delivery,
        sink: &dyn Sink,
        log: &Path,
    ) -> Result<(), Failure> {
        let digest_interval = delivery.digest_interval;
        let course = Course {
            log,
            digest_interval,
        };
        for (name, version) in self.whose_turn(kms)? {
            let delivered = deliver(kms, &course, sink, &name).await;
            let Some(now) = kms.upgrade().map(|kms| kms.env.clock.monotonic()) else {
                return Ok(());
            };
            self.note(name, version, delivered, delivery.interval, now);
        }
        Ok(())
    }

    fn whose_turn(&mut self, kms: &Weak<Kms>) -> Result<Vec<(TrailName, u64)>, Failure> {
        let Some(kms) = kms.upgrade() else {
            return Ok(Vec::new());
        };
        let now = kms.env.clock.monotonic();
        let trails = trails(&kms)?;
        self.turns.retain(|name, _| trails.contains_key(name));
        let is_due = |name: &TrailName, version: u64| {
            self.turns
                .get(name)
                .is_none_or(|turn| turn.version != version || turn.due.is_none_or(|due| due <= now))
        };
        let all = trails.into_iter();
        Ok(all
            .filter(|(name, version)| is_due(name, *version))
            .collect())
    }

    fn note(
        &mut self,
        name: TrailName,
        version: u64,
        delivered: Result<Delivered, Failure>,
        interval: Duration,
        now: Instant,
    ) {
        let turn = self.turns.entry(name).or_default();
        turn.version = version;
        let wait = match delivered {
            Ok(Delivered::All) => {
                turn.pause.reset();
                interval
            }
            // Changed meanwhile: what it is now is looked at next.
            Ok(Delivered::NotYet) | Err(Failure::Conflict) => TICK,
            Ok(Delivered::Failed) => turn.pause.after_failure(),
            Err(failure) => {
                tracing::warn!(
                    ?failure,
                    "a trail could not be delivered; it is tried again"
                );
                turn.pause.after_failure()
            }
        };
        turn.due = Some(Instant(now.0.saturating_add(wait)));
    }
}

fn trails(kms: &Kms) -> Result<HashMap<TrailName, u64>, Failure> {
    let (mut trails, mut after) = (HashMap::new(), None);
    loop {
        let page = kms.records.list_all_trails(after.as_ref(), PAGE)?;
        let found = page.records.iter();
        trails.extend(found.map(|stored| (TrailName::of(&stored.record), stored.version)));
        after = page.next;
        if after.is_none() {
            return Ok(trails);
        }
    }
}

/// Delivers what there is of a trail, Region after Region.
pub(super) async fn deliver(
    kms: &Weak<Kms>,
    course: &Course<'_>,
    sink: &dyn Sink,
    name: &TrailName,
) -> Result<Delivered, Failure> {
    let mut delivered = deliver_region(kms, course, sink, name, &name.home).await?;
    // Listed now: the home Region may have found others.
    for region in other_regions(kms, name)? {
        if delivered == Delivered::Failed {
            break;
        }
        let one = deliver_region(kms, course, sink, name, &region).await?;
        delivered = delivered.max(one);
    }
    Ok(delivered)
}

fn other_regions(kms: &Weak<Kms>, name: &TrailName) -> Result<Vec<Region>, Failure> {
    let Some(kms) = kms.upgrade() else {
        return Ok(Vec::new());
    };
    let trail = kms.records.trail(name)?;
    if !trail.is_some_and(|trail| trail.record.is_multi_region) {
        return Ok(Vec::new());
    }
    let listed = kms.records.list_trail_deliveries(name, None, REGIONS_MAX)?;
    let regions = listed
        .records
        .into_iter()
        .map(|stored| stored.record.region);
    Ok(regions.filter(|region| *region != name.home).collect())
}

async fn deliver_region(
    kms: &Weak<Kms>,
    course: &Course<'_>,
    sink: &dyn Sink,
    name: &TrailName,
    region: &Region,
) -> Result<Delivered, Failure> {
    for _ in 0..PUTS_MAX {
        let next = match kms.upgrade() {
            Some(kms) => progress::next(&kms, course, name, region).await?,
            None => return Ok(Delivered::All),
        };
        let put = match next {
            Next::Nothing => return Ok(Delivered::All),
            Next::Soon => return Ok(Delivered::NotYet),
            Next::Again => continue,
            Next::Put(put) => put,
        };
        let outcome = sink.put(&put.object).await;
        let failed = outcome.clone().err();
        if let Some(kms) = kms.upgrade() {
            progress::finish(&kms, *put, outcome).await?;
        }
        if let Some(error) = failed {
            tracing::warn!(trail = name.arn(), %region, %error, "delivery failed; it is tried again");
            return Ok(Delivered::Failed);
        }
    }
    Ok(Delivered::NotYet)
}
