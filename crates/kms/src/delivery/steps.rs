//! One step of delivering a trail's events of one Region: planned in the store, put, marked as done. A crash between
//! any two of these puts the same object again, and neither loses an event nor delivers one twice.

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::path::Path;

use bytes::Bytes;
use strongroom_audit::cloudtrail::{self, Event};
use strongroom_audit::objects::{self, LogName, UNIQUE_LENGTH};
use strongroom_audit::{Record, gzip};
use strongroom_base::UnixMillis;
use strongroom_base::id::Region;
use strongroom_crypto::digest::sha256;

use super::reader::{self, Unread};
use super::sink::Object;
use crate::records::{
    DeliveredFileRecord, LogPositionRecord as Position, TrailDeliveryRecord, TrailRecord,
};

/// The most events in one file.
pub(super) const FILE_EVENTS_MAX: usize = 20_000;
/// A file is closed when its content has grown to this many bytes before compression.
const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most Regions that one trail delivers from in files of their own. Every name that can be one of a Region is served:
/// events of further ones go with those of the home Region, so that nobody hides in many.
pub(super) const REGIONS_MAX: usize = 64;

const OPENING: &str = "{\"Records\":[";
const CLOSING: &str = "]}";

/// What was found to deliver.
pub(super) struct Batch {
    /// Where the rest begins.
    pub(super) to: Position,
    /// The file's content; nothing of a batch without events.
    pub(super) content: Option<String>,
    newest: UnixMillis,
    oldest: UnixMillis,
    /// Other Regions with events that the trail wants, at most [`REGIONS_MAX`].
    pub(super) elsewhere: BTreeSet<Region>,
}

/// Which events are collected.
pub(super) struct Wanted<'a> {
    trail: &'a TrailRecord,
    region: &'a Region,
    /// The Regions with files of their own, when events of others belong here.
    apart: Option<&'a BTreeSet<Region>>,
}

impl<'a> Wanted<'a> {
    pub(super) fn new(
        trail: &'a TrailRecord,
        region: &'a Region,
        apart: Option<&'a BTreeSet<Region>>,
    ) -> Self {
        Self {
            trail,
            region,
            apart,
        }
    }

    /// Whether what happened in `region` belongs into these files.
    fn is_told_here(&self, region: &Region) -> bool {
        region == self.region || self.apart.is_some_and(|apart| !apart.contains(region))
    }

    /// Whether the trail wants `event`, of whichever Region.
    fn is_of_trail(&self, event: &Event<'_>) -> bool {
        event.recipient == self.trail.account
            && self.trail.covers(event.region(), is_global(event))
            && self.trail.wants(&event.source(), event.is_read_only())
            && self.was_logging(event.time())
    }

    /// Whether the trail was started when something happened. While it is stopped its position goes on.
    fn was_logging(&self, time: UnixMillis) -> bool {
        let started = self.trail.started.map(UnixMillis::from);
        let stopped = self.trail.stopped.map(UnixMillis::from);
        let created = UnixMillis::from(self.trail.created);
        match (started, stopped) {
            (None, _) => false,
            (Some(started), None) => started <= time,
            // Stopped and started again: what happened before the stop may still be on its way.
            (Some(started), Some(stopped)) if stopped <= started => {
                started <= time || created <= time && time <= stopped
            }
            (Some(started), Some(stopped)) => started <= time && time <= stopped,
        }
    }
}

/// Services that are in no Region: their events stand in one that the partition chose for them.
fn is_global(event: &Event<'_>) -> bool {
    let source = event.source();
    source == "iam.amazonaws.com"
        || source == "sts.amazonaws.com" && event.region().as_str() == "us-east-1"
}

/// Reads the log behind `from`: up to `to` when a plan says so, else as much as fits one file.
pub(super) fn collect(
    log: &Path,
    wanted: &Wanted<'_>,
    from: Position,
    to: Option<Position>,
) -> Result<Batch, Unread> {
    let mut collecting = Collecting::default();
    let to = reader::read(log, from, to, |record| collecting.take(wanted, &record))?;
    Ok(collecting.finish(to))
}

#[derive(Default)]
struct Collecting {
    content: String,
    seen: HashSet<String>,
    times: Option<(UnixMillis, UnixMillis)>,
    elsewhere: BTreeSet<Region>,
}

impl Collecting {
    fn take(&mut self, wanted: &Wanted<'_>, record: &Record) -> ControlFlow<()> {
        if self.seen.len() >= FILE_EVENTS_MAX || self.content.len() >= FILE_BYTES_MAX {
            return ControlFlow::Break(());
        }
        let events = cloudtrail::events(record).into_iter();
        for event in events.filter(|event| wanted.is_of_trail(event)) {
            if wanted.is_told_here(event.region()) {
                self.add(&event);
            } else if self.elsewhere.len() < REGIONS_MAX {
                self.elsewhere.insert(event.region().clone());
            }
        }
        ControlFlow::Continue(())
    }

    fn add(&mut self, event: &Event<'_>) {
        // A record may stand in the log twice after a crash.
        if !self.seen.insert(event.id.clone()) {
            return;
        }
        let before = if self.content.is_empty() {
            OPENING
        } else {
            ","
        };
        self.content.push_str(before);
        self.content.push_str(&event.json());
        let (oldest, newest) = self.times.unwrap_or((event.time(), event.time()));
        self.times = Some((oldest.min(event.time()), newest.max(event.time())));
    }

    fn finish(mut self, to: Position) -> Batch {
        let (oldest, newest) = self.times.unwrap_or((UnixMillis(0), UnixMillis(0)));
        let content = self.times.map(|_| {
            self.content.push_str(CLOSING);
            self.content
        });
        Batch {
            to,
            content,
            newest,
            oldest,
            elsewhere: self.elsewhere,
        }
    }
}

/// The object of a planned step, and what a digest says of it; nothing when the batch has no events.
pub(super) fn object(
    trail: &TrailRecord,
    delivery: &TrailDeliveryRecord,
    batch: &Batch,
) -> Option<(Object, DeliveredFileRecord)> {
    let step = delivery.planned.as_ref()?;
    let content = batch.content.as_ref()?;
    let name = LogName {
        account: trail.account,
        region: delivery.region.clone(),
        time: step.time.into(),
        unique: step.suffix.clone(),
    };
    let key = name.key(trail.prefix.as_deref());
    let object = Object {
        bucket: trail.bucket.clone(),
        key: key.clone(),
        // Writing to memory does not fail.
        body: Bytes::from(gzip::compress(content.as_bytes()).ok()?),
        metadata: Vec::new(),
    };
    let file = DeliveredFileRecord {
        bucket: trail.bucket.clone(),
        key,
        hash: sha256(&[content.as_bytes()]),
        newest: batch.newest.into(),
        oldest: batch.oldest.into(),
    };
    Some((object, file))
}

/// What makes the names of a step's files unique.
pub(super) fn suffix(random: [u8; UNIQUE_LENGTH]) -> String {
    objects::unique(random)
}
