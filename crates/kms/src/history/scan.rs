//! Reads the segments of the log backwards. A segment can be read forwards only, so of each the newest events are
//! kept; what is damaged is passed over, as the verifier's business.

use std::collections::{HashSet, VecDeque};
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::time::Duration;

use strongroom_audit::cloudtrail::{Event, events};
use strongroom_audit::{LogError, LogReader, Record};
use strongroom_base::UnixMillis;

use super::{Place, Query};
use crate::audit_log::segments;

/// The most records that one look-up reads; the segment in which it is reached is read to its end.
const RECORDS_MAX: usize = 262_144;
/// The most bytes of stored records on one page, but for the last of them: as events they take several times as much.
const PAGE_BYTES_MAX: usize = 1 << 20;
/// What a segment that is passed over counts as, in records: opening it and reading its first record.
const PASSED_OVER: usize = 64;
/// How much later than a later one a record may have been appended: changes wait in the outbox.
const DISORDER_MAX: Duration = Duration::from_secs(15 * 60);

/// An event that was found, in the words of LookupEvents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// EventId.
    pub id: String,
    /// EventName.
    pub name: String,
    /// EventSource.
    pub source: String,
    /// EventTime.
    pub time: UnixMillis,
    /// ReadOnly.
    pub is_read_only: bool,
    /// AccessKeyId.
    pub access_key_id: Option<String>,
    /// Username.
    pub username: Option<String>,
    /// Type and name of each of the Resources.
    pub resources: Vec<(Option<&'static str>, String)>,
    /// CloudTrailEvent.
    pub json: String,
}

impl Found {
    fn of(event: &Event<'_>) -> Self {
        let resources = event.named_resources().into_iter();
        Self {
            id: event.id.clone(),
            name: event.name().to_owned(),
            source: event.source(),
            time: event.time(),
            is_read_only: event.is_read_only(),
            access_key_id: event.access_key_id().map(str::to_owned),
            username: event.username().map(str::to_owned),
            resources: resources.map(|named| (named.kind, named.name)).collect(),
            json: event.json(),
        }
    }
}

/// Part of what was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Newest first; perhaps nothing although there is more.
    pub found: Vec<Found>,
    /// Where it goes on, if it does.
    pub next: Option<Place>,
}

/// At most `limit` events that `query` asks for, newest first, before `before`. Errors: a folder or segment that cannot
/// be read.
pub(super) fn page(
    folder: &Path,
    query: &Query,
    before: Option<Place>,
    limit: usize,
) -> io::Result<Page> {
    let mut scan = Scan {
        query,
        before,
        limit,
        budget: RECORDS_MAX,
        bytes: PAGE_BYTES_MAX,
        seen: HashSet::new(),
        page: Page::default(),
    };
    let mut segments = segments(folder)?;
    while let Some((number, path)) = segments.pop() {
        if before.is_some_and(|before| number > before.segment) {
            continue;
        }
        if !scan.wants_more() {
            scan.page.next = scan.page.next.or(Some(after(number)));
            break;
        }
        match scan.look_at(number, &path)? {
            Ahead::More => {}
            Ahead::Full | Ahead::Nothing => break,
        }
    }
    // Records are appended about in the order of their times.
    scan.page
        .found
        .sort_by_key(|found| std::cmp::Reverse(found.time));
    Ok(scan.page)
}

/// What follows a segment: all of it is still to be read.
fn after(segment: u64) -> Place {
    Place {
        segment,
        offset: u64::MAX,
    }
}

/// What may be found in older segments.
enum Ahead {
    /// More.
    More,
    /// More, but the page is full.
    Full,
    /// Nothing that is asked for.
    Nothing,
}

struct Scan<'q> {
    query: &'q Query,
    before: Option<Place>,
    limit: usize,
    budget: usize,
    /// What is left of [`PAGE_BYTES_MAX`].
    bytes: usize,
    /// The ids of events that were shown, or stand behind the place where this page begins.
    seen: HashSet<String>,
    page: Page,
}

impl Scan<'_> {
    fn wants_more(&self) -> bool {
        self.page.found.len() < self.limit && self.budget > 0 && self.bytes > 0
    }

    fn look_at(&mut self, number: u64, path: &Path) -> io::Result<Ahead> {
        let first = records(path)?.next().transpose()?;
        let Some(began) = first.map(|first| first.record.time) else {
            self.spend(PASSED_OVER);
            return Ok(Ahead::More);
        };
        let is_later = began > self.query.end.plus(DISORDER_MAX);
        if is_later {
            self.spend(PASSED_OVER);
            return Ok(Ahead::More);
        }
        let ahead = self.read(number, path)?;
        let is_last = began.plus(DISORDER_MAX) < self.query.start;
        Ok(if is_last && !matches!(ahead, Ahead::Full) {
            Ahead::Nothing
        } else {
            ahead
        })
    }

    /// Keeps the newest of the segment that have room on the page.
    fn read(&mut self, number: u64, path: &Path) -> io::Result<Ahead> {
        let room = self.limit.saturating_sub(self.page.found.len());
        let mut newest = Newest::new(room, self.bytes);
        for found in records(path)? {
            let found = found?;
            self.spend(1);
            let Some(id) = self.asked_for(&found.record).map(|event| event.id) else {
                continue;
            };
            if self.is_ahead(number, found.offset) {
                newest.add(found);
            } else {
                self.seen.insert(id);
            }
        }
        let left = newest.left.map(|offset| Place {
            segment: number,
            offset,
        });
        self.page.next = left;
        self.bytes = self.bytes.saturating_sub(newest.bytes);
        for stored in newest.records.iter().rev() {
            self.show(&stored.record);
        }
        Ok(if left.is_some() {
            Ahead::Full
        } else {
            Ahead::More
        })
    }

    /// Shows what `record` tells, unless it was shown: after a crash a record may stand in the log twice.
    fn show(&mut self, record: &Record) {
        let found = self.asked_for(record).map(|event| Found::of(&event));
        if let Some(found) = found.filter(|found| !self.seen.contains(&found.id)) {
            self.seen.insert(found.id.clone());
            self.page.found.push(found);
        }
    }

    /// What `record` tells that is asked for: no account is told of one call twice.
    fn asked_for<'r>(&self, record: &'r Record) -> Option<Event<'r>> {
        let mut events = events(record).into_iter();
        events.find(|event| self.query.asks_for(event))
    }

    /// Whether this page has still to show what stands there.
    fn is_ahead(&self, segment: u64, offset: u64) -> bool {
        let place = Place { segment, offset };
        self.before.is_none_or(|before| place < before)
    }

    fn spend(&mut self, records: usize) {
        self.budget = self.budget.saturating_sub(records);
    }
}

/// A record, and where it stands.
struct StoredRecord {
    offset: u64,
    /// How long it is.
    bytes: usize,
    record: Record,
}

/// The newest records of a segment that are asked for.
struct Newest {
    room: usize,
    bytes_max: usize,
    records: VecDeque<StoredRecord>,
    /// How long all of them are.
    bytes: usize,
    /// Where the oldest of those stands that are kept, when others before it are not.
    left: Option<u64>,
}

impl Newest {
    fn new(room: usize, bytes_max: usize) -> Self {
        Self {
            room,
            bytes_max,
            records: VecDeque::with_capacity(room),
            bytes: 0,
            left: None,
        }
    }

    fn add(&mut self, stored: StoredRecord) {
        self.bytes = self.bytes.saturating_add(stored.bytes);
        self.records.push_back(stored);
        while self.is_over() {
            let gone = self.records.pop_front().map_or(0, |gone| gone.bytes);
            self.bytes = self.bytes.saturating_sub(gone);
            self.left = self.records.front().map(|first| first.offset);
        }
    }

    /// Whether there are too many. One always has room, however long it is.
    fn is_over(&self) -> bool {
        let is_long = self.bytes > self.bytes_max && self.records.len() > 1;
        self.records.len() > self.room || is_long
    }
}

/// The records of a segment, oldest first, up to what is torn or damaged.
fn records(path: &Path) -> io::Result<impl Iterator<Item = io::Result<StoredRecord>>> {
    let frames = LogReader::new(BufReader::new(File::open(path)?));
    Ok(frames.filter_map(|frame| match frame {
        Ok(frame) if frame.is_record() => {
            let record = Record::decode(&frame.payload).ok()?;
            Some(Ok(StoredRecord {
                offset: frame.offset,
                bytes: frame.payload.len(),
                record,
            }))
        }
        Ok(_) | Err(LogError::Torn { .. } | LogError::Damaged { .. }) => None,
        Err(LogError::Read(error)) => Some(Err(error)),
    }))
}
