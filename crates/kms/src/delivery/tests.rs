//! Trails from their start to their stop, with every crash in between: what lies in the bucket in the end is each
//! event once, in files that their digests vouch for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_audit::digest::{Digest, LOG_FILES_MAX, Place};
use strongroom_audit::exported::{self, Exported, PublicKeys, Report, Scope};
use strongroom_audit::gzip;
use strongroom_base::UnixMillis;
use strongroom_store::Expect;

use super::progress::{self, Course, Next, SETTLING};
use super::reader;
use super::rounds::{Delivered, Rounds, deliver};
use super::sink::{Object, Putting, Sink, SinkError};
use super::{Delivery, Pause};
use crate::audit_keys;
use crate::failure::Failure;
use crate::records::{Millis, ReadWrite, SelectorRecord, TrailDeliveryRecord, TrailRecord};
use crate::repository::{Changes, TrailName};
use crate::workbench::Bench;

const HOUR: Duration = Duration::from_secs(3600);

/// A bucket in memory.
#[derive(Default)]
struct Bucket {
    objects: Mutex<BTreeMap<Place, Object>>,
    failing: Mutex<Option<&'static str>>,
}

impl Sink for Bucket {
    fn put<'a>(&'a self, object: &'a Object) -> Putting<'a> {
        Box::pin(async move {
            if let Some(code) = *self.failing.lock().unwrap() {
                return Err(SinkError::new(code));
            }
            let place = Place {
                bucket: object.bucket.clone(),
                key: object.key.clone(),
            };
            let old = self.objects.lock().unwrap().insert(place, object.clone());
            assert!(old.is_none_or(|old| old == *object), "another content");
            Ok(())
        })
    }
}

impl Exported for Bucket {
    fn list(&self) -> io::Result<Vec<Place>> {
        Ok(self.objects.lock().unwrap().keys().cloned().collect())
    }

    fn open(&self, place: &Place) -> io::Result<Option<exported::Object>> {
        let object = self.objects.lock().unwrap().get(place).cloned();
        Ok(object.map(|object| exported::Object {
            body: Box::new(Cursor::new(object.body)),
            metadata: (object.metadata.into_iter())
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        }))
    }
}

impl Bucket {
    fn contents(&self, part: &str) -> Vec<(Place, Vec<u8>)> {
        let objects = self.objects.lock().unwrap();
        let chosen = objects.iter().filter(|(place, _)| place.key.contains(part));
        let read = |object: &Object| {
            let mut out = Vec::new();
            gzip::decompress(&object.body[..], 1 << 24, |piece| out.extend(piece)).unwrap();
            out
        };
        chosen
            .map(|(place, object)| (place.clone(), read(object)))
            .collect()
    }

    /// The names of the events in the log files of a Region; none stands in two places.
    fn events(&self, region: &str) -> Vec<String> {
        let (mut names, mut ids) = (Vec::new(), BTreeSet::new());
        for (_, content) in self.contents(&format!("/CloudTrail/{region}/")) {
            let file: Value = serde_json::from_slice(&content).unwrap();
            for event in file["Records"].as_array().unwrap() {
                assert!(ids.insert(event["eventID"].as_str().unwrap().to_owned()));
                names.push(event["eventName"].as_str().unwrap().to_owned());
            }
        }
        names.sort();
        names
    }

    fn digests(&self) -> Vec<Digest> {
        let found = self.contents("/CloudTrail-Digest/").into_iter();
        found
            .map(|(_, json)| Digest::parse(&json).unwrap())
            .collect()
    }

    fn verified(&self, bench: &Bench) -> Report {
        let mut keys = PublicKeys::default();
        let end = bench.kms.env.clock.now().plus(HOUR);
        for key in bench.kms.audit_keys.public_keys(UnixMillis(0), end) {
            keys.trust(&key.value);
        }
        exported::verify(self, &keys, &Scope::default()).unwrap()
    }
}

fn trail(bench: &Bench) -> TrailRecord {
    let now = bench.kms.env.clock.now().into();
    TrailRecord {
        account: "000000000000".parse().unwrap(),
        home: "us-east-1".parse().unwrap(),
        name: "main".to_owned(),
        created: now,
        bucket: "logs".to_owned(),
        prefix: None,
        is_multi_region: false,
        includes_global_events: true,
        validates_logs: true,
        selectors: Vec::new(),
        tags: Vec::new(),
        is_logging: true,
        started: Some(now),
        stopped: None,
    }
}

async fn put(bench: &Bench, record: &TrailRecord) {
    let old = bench.kms.records.trail(&TrailName::of(record)).unwrap();
    let expect = old.map_or(Expect::Absent, |old| Expect::At(old.version));
    let changes = Changes::default().put_trail(expect, record);
    bench.kms.records.commit(changes).await.unwrap();
}

fn stopped(bench: &Bench, mut record: TrailRecord) -> TrailRecord {
    record.is_logging = false;
    record.stopped = Some(bench.kms.env.clock.now().into());
    record
}

async fn bench() -> Bench {
    let bench = Bench::new().await;
    audit_keys::look_after_digest_keys(&bench.kms)
        .await
        .unwrap();
    bench
}

async fn call(bench: &Bench, region: &str, operation: &str) {
    let input = match operation {
        "GenerateRandom" => json!({"NumberOfBytes": 8}),
        _ => json!({}),
    };
    bench.call_in(region, operation, &input).await.unwrap();
}

fn delivery_of(bench: &Bench, record: &TrailRecord) -> TrailDeliveryRecord {
    let found = bench
        .kms
        .records
        .trail_delivery(&TrailName::of(record), &record.home);
    found.unwrap().unwrap().record
}

/// Delivers everything there is of one trail.
async fn drain(bench: &Bench, bucket: &Bucket, record: &TrailRecord) -> Delivered {
    let log = bench.log();
    let course = Course {
        log: &log,
        digest_interval: HOUR,
    };
    let kms = Arc::downgrade(&bench.kms);
    deliver(&kms, &course, bucket, &TrailName::of(record))
        .await
        .unwrap()
}

async fn restart(bench: &mut Bench) {
    bench.restart().await;
    audit_keys::look_after_digest_keys(&bench.kms)
        .await
        .unwrap();
}

/// What ends a life of the server in the midst of delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crash {
    /// Planned, and not put.
    BeforePut,
    /// Put, and not marked as done.
    AfterPut,
    /// The sink fails, but has it.
    PutThatFails,
}

/// As [`drain`], with a crash at the object that `countdown` says.
async fn drain_with_crash(
    bench: &mut Bench,
    bucket: &Bucket,
    record: &TrailRecord,
    countdown: &mut usize,
    crash: Crash,
) {
    let log = bench.log();
    let course = Course {
        log: &log,
        digest_interval: HOUR,
    };
    let name = TrailName::of(record);
    loop {
        let next = progress::next(&bench.kms, &course, &name, &record.home);
        let put = match next.await.unwrap() {
            Next::Nothing | Next::Soon => return,
            Next::Again => continue,
            Next::Put(put) => put,
        };
        let is_now = *countdown == 0;
        *countdown = countdown.wrapping_sub(1);
        if is_now && crash == Crash::BeforePut {
            restart(bench).await;
            continue;
        }
        bucket.put(&put.object).await.unwrap();
        if is_now && crash == Crash::AfterPut {
            restart(bench).await;
            continue;
        }
        let outcome = match is_now {
            true => Err(SinkError::timeout()),
            false => Ok(()),
        };
        progress::finish(&bench.kms, *put, outcome).await.unwrap();
    }
}

/// Three hours with calls in the first and the third, and a stop; a crash at one object. Returns how many objects
/// there were before a crash.
async fn life(at: usize, crash: Crash) -> usize {
    let mut bench = bench().await;
    let bucket = Bucket::default();
    let record = trail(&bench);
    put(&bench, &record).await;
    let mut countdown = at;
    for calls in [2, 0, 3] {
        for _ in 0..calls {
            call(&bench, "us-east-1", "GenerateRandom").await;
            call(&bench, "us-east-1", "ListKeys").await;
        }
        for _ in 0..4 {
            drain_with_crash(&mut bench, &bucket, &record, &mut countdown, crash).await;
            bench.clock.run(HOUR / 4);
        }
    }
    call(&bench, "us-east-1", "ListAliases").await;
    let record = stopped(&bench, record);
    put(&bench, &record).await;
    bench.clock.run(SETTLING);
    call(&bench, "us-east-1", "ListAliases").await;
    drain_with_crash(&mut bench, &bucket, &record, &mut countdown, crash).await;

    let mut expected = vec!["ListAliases".to_owned()];
    for _ in 0..5 {
        expected.extend(["GenerateRandom".to_owned(), "ListKeys".to_owned()]);
    }
    expected.sort();
    let case = format!("{crash:?} at {at}");
    assert_eq!(bucket.events("us-east-1"), expected, "{case}");
    let report = bucket.verified(&bench);
    assert!(report.is_intact(), "{case}: {:?}", report.faults);
    assert_eq!(report.logs_uncovered, 0, "{case}");
    assert!(report.gaps.is_empty(), "{case}");
    let delivery = delivery_of(&bench, &record);
    assert_eq!(
        (delivery.planned, delivery.digest, delivery.error),
        (None, None, None),
        "{case}"
    );
    at.wrapping_sub(countdown)
}

#[tokio::test]
async fn a_crash_at_any_object_leaves_the_same_objects() {
    let objects = life(usize::MAX, Crash::BeforePut).await;
    assert!(objects >= 7, "{objects}");
    for at in 0..objects {
        for crash in [Crash::BeforePut, Crash::AfterPut, Crash::PutThatFails] {
            life(at, crash).await;
        }
    }
}

#[tokio::test]
async fn digests_follow_one_another_from_before_the_start_to_the_stop() {
    let bench = bench().await;
    let bucket = Bucket::default();
    let record = trail(&bench);
    let start = bench.kms.env.clock.now();
    put(&bench, &record).await;
    drain(&bench, &bucket, &record).await;
    let first = &bucket.digests()[0];
    assert_eq!((first.end, first.start.plus(HOUR)), (start, start));
    assert!(first.previous.is_none() && first.logs.is_empty());

    // Hours in which the server did not run are told, too.
    bench.clock.run(HOUR * 5 + HOUR / 2);
    call(&bench, "us-east-1", "ListKeys").await;
    let record = stopped(&bench, record);
    put(&bench, &record).await;
    assert_eq!(drain(&bench, &bucket, &record).await, Delivered::NotYet);
    bench.clock.run(SETTLING);
    drain(&bench, &bucket, &record).await;
    let digests = bucket.digests();
    assert_eq!(digests.len(), 7);
    for pair in digests.windows(2) {
        assert_eq!(pair[0].end, pair[1].start);
        assert_eq!(pair[1].previous.as_ref().unwrap().place, pair[0].place);
    }
    let last = digests.last().unwrap();
    let wanted = start.plus(HOUR * 5 + HOUR / 2 + Duration::from_secs(1));
    assert_eq!(last.end, wanted);
    assert!(bucket.verified(&bench).is_intact());
    let status = delivery_of(&bench, &record);
    assert!(status.digest_delivered.is_some() && status.delivered.is_some());
}

#[tokio::test]
async fn a_trail_that_is_started_again_leaves_out_what_was_in_between() {
    let bench = bench().await;
    let bucket = Bucket::default();
    let mut record = trail(&bench);
    call(&bench, "us-east-1", "GenerateRandom").await;
    bench.clock.run(Duration::from_secs(10));
    record.started = Some(bench.kms.env.clock.now().into());
    put(&bench, &record).await;
    call(&bench, "us-east-1", "ListKeys").await;
    bench.clock.run(Duration::from_secs(10));
    let mut record = stopped(&bench, record);
    put(&bench, &record).await;
    bench.clock.run(Duration::from_secs(10));
    call(&bench, "us-east-1", "GenerateRandom").await;
    drain(&bench, &bucket, &record).await;
    bench.clock.run(Duration::from_secs(10));
    (record.is_logging, record.started) = (true, Some(bench.kms.env.clock.now().into()));
    put(&bench, &record).await;
    call(&bench, "us-east-1", "ListAliases").await;
    drain(&bench, &bucket, &record).await;
    assert_eq!(bucket.events("us-east-1"), ["ListAliases", "ListKeys"]);
    let report = bucket.verified(&bench);
    assert!(report.is_intact(), "{:?}", report.faults);
}

#[tokio::test]
async fn trails_of_all_regions_begin_others_when_something_happens_there() {
    let bench = bench().await;
    let (one, all) = (Bucket::default(), Bucket::default());
    let of_one = trail(&bench);
    let of_all = TrailRecord {
        name: "all".to_owned(),
        is_multi_region: true,
        ..trail(&bench)
    };
    for record in [&of_one, &of_all] {
        put(&bench, record).await;
    }
    call(&bench, "us-east-1", "ListKeys").await;
    call(&bench, "eu-west-1", "ListAliases").await;
    call(&bench, "us-east-1", "ListKeys").await;
    drain(&bench, &one, &of_one).await;
    drain(&bench, &all, &of_all).await;
    call(&bench, "eu-west-1", "GenerateRandom").await;
    drain(&bench, &all, &of_all).await;
    for (bucket, region, events) in [
        (&one, "us-east-1", &["ListKeys", "ListKeys"][..]),
        (&one, "eu-west-1", &[]),
        (&all, "us-east-1", &["ListKeys", "ListKeys"]),
        (&all, "eu-west-1", &["GenerateRandom", "ListAliases"]),
    ] {
        assert_eq!(bucket.events(region), events, "{region}");
        assert!(bucket.verified(&bench).is_intact());
    }
}

/// Every name that can be one of a Region is served: who uses up those that have files of their own is seen
/// nevertheless.
#[tokio::test]
async fn nobody_hides_from_a_trail_in_many_regions() {
    let bench = bench().await;
    let bucket = Bucket::default();
    let record = TrailRecord {
        is_multi_region: true,
        ..trail(&bench)
    };
    put(&bench, &record).await;
    for number in 0..70 {
        call(&bench, &format!("zz-yy-{number}"), "ListAliases").await;
    }
    drain(&bench, &bucket, &record).await;
    call(&bench, "eu-west-1", "GenerateRandom").await;
    call(&bench, "us-east-1", "ListKeys").await;
    call(&bench, "zz-yy-0", "ListKeys").await;
    drain(&bench, &bucket, &record).await;
    let others: usize = (0..70)
        .map(|number| bucket.events(&format!("zz-yy-{number}")).len())
        .sum();
    // The home Region is one of the 64.
    assert_eq!(others, 63 + 1);
    let mut home = bucket.events("us-east-1");
    home.retain(|event| event != "ListAliases");
    assert_eq!(home, ["GenerateRandom", "ListKeys"]);
    assert_eq!(bucket.events("us-east-1").len(), 70 - 63 + 2);
    assert!(bucket.verified(&bench).is_intact());
}

#[tokio::test]
async fn a_trail_is_told_what_it_wants_of_its_own_account() {
    let bench = bench().await;
    let bucket = Bucket::default();
    let mut record = trail(&bench);
    record.prefix = Some("p".to_owned());
    record.selectors = vec![SelectorRecord {
        read_write: ReadWrite::WriteOnly,
        includes_management: true,
        excluded_sources: Vec::new(),
    }];
    put(&bench, &record).await;
    call(&bench, "us-east-1", "ListKeys").await;
    call(&bench, "us-east-1", "GenerateRandom").await;
    let other = bench.call_as("111122223333", "ListKeys", &json!({})).await;
    other.unwrap();
    let key = bench.call("CreateKey", &json!({})).await;
    key.unwrap();
    bench
        .call_as("111122223333", "CreateKey", &json!({}))
        .await
        .unwrap();
    crate::timers::settle(&bench.kms).await.unwrap();
    drain(&bench, &bucket, &record).await;
    assert_eq!(bucket.events("us-east-1"), ["CreateKey"]);
    let places = bucket.list().unwrap();
    assert!(
        places
            .iter()
            .all(|place| place.key.starts_with("p/AWSLogs/000000000000/"))
    );
}

#[tokio::test]
async fn a_sink_that_fails_keeps_the_position_and_is_told() {
    let bench = bench().await;
    let bucket = Bucket::default();
    let mut record = trail(&bench);
    record.validates_logs = false;
    put(&bench, &record).await;
    call(&bench, "us-east-1", "ListKeys").await;
    *bucket.failing.lock().unwrap() = Some("NoSuchBucket");
    assert_eq!(drain(&bench, &bucket, &record).await, Delivered::Failed);
    let status = delivery_of(&bench, &record);
    assert_eq!(status.error.as_deref(), Some("NoSuchBucket"));
    assert!(status.attempted.is_some() && status.delivered.is_none());
    *bucket.failing.lock().unwrap() = None;
    assert_eq!(drain(&bench, &bucket, &record).await, Delivered::All);
    let status = delivery_of(&bench, &record);
    assert_eq!((status.error, status.delivered), (None, status.attempted));
    assert_eq!(bucket.events("us-east-1"), ["ListKeys"]);
    assert!(bucket.digests().is_empty());
}

#[tokio::test]
async fn rounds_go_at_the_pace_of_each_trail() {
    let bench = bench().await;
    let (kms, log) = (Arc::downgrade(&bench.kms), bench.log());
    let delivery = Delivery {
        sink: None,
        syslog: None,
        interval: Duration::from_secs(300),
        digest_interval: HOUR,
    };
    let bucket = Bucket::default();
    let mut record = trail(&bench);
    record.validates_logs = false;
    put(&bench, &record).await;
    let mut rounds = Rounds::default();
    let mut delivered = Vec::new();
    for (seconds, change) in [(0, false), (299, false), (1, false), (2, true)] {
        bench.clock.run(Duration::from_secs(seconds));
        if change {
            record.tags.clear();
            put(&bench, &record).await;
        }
        call(&bench, "us-east-1", "ListKeys").await;
        rounds.round(&kms, &delivery, &bucket, &log).await.unwrap();
        delivered.push(bucket.events("us-east-1").len());
    }
    assert_eq!(delivered, [1, 1, 3, 4]);

    // A failure is tried again sooner, and later each time.
    *bucket.failing.lock().unwrap() = Some("SlowDown");
    call(&bench, "us-east-1", "ListKeys").await;
    let mut attempts = BTreeSet::new();
    bench.clock.run(Duration::from_secs(300));
    for _ in 0..16 {
        rounds.round(&kms, &delivery, &bucket, &log).await.unwrap();
        let attempted: Millis = delivery_of(&bench, &record).attempted.unwrap();
        attempts.insert(attempted.0 / 1000);
        bench.clock.run(Duration::from_secs(1));
    }
    let attempts: Vec<i64> = attempts.into_iter().collect();
    let pauses: Vec<i64> = attempts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses, [1, 2, 4, 8]);
}

#[test]
fn pauses_grow_to_a_limit() {
    let mut pause = Pause::default();
    let grown: Vec<u64> = (0..12).map(|_| pause.after_failure().as_secs()).collect();
    assert_eq!(grown, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    pause.reset();
    assert_eq!(pause.after_failure(), Duration::from_secs(1));
}

#[tokio::test]
async fn a_digest_that_is_full_ends_before_its_hour() {
    let bench = bench().await;
    let bucket = Bucket::default();
    let record = trail(&bench);
    put(&bench, &record).await;
    for _ in 0..=LOG_FILES_MAX {
        call(&bench, "us-east-1", "ListKeys").await;
        drain(&bench, &bucket, &record).await;
        bench.clock.run(Duration::from_secs(1));
    }
    drain(&bench, &bucket, &record).await;
    let digests = bucket.digests();
    let files: Vec<usize> = digests.iter().map(|digest| digest.logs.len()).collect();
    assert_eq!(files, [0, LOG_FILES_MAX]);
    assert!(bucket.verified(&bench).is_intact());
}

#[tokio::test]
async fn a_deleted_trail_delivers_no_more() {
    let bench = bench().await;
    let bucket = Bucket::default();
    let record = trail(&bench);
    put(&bench, &record).await;
    call(&bench, "us-east-1", "ListKeys").await;
    let log = bench.log();
    let course = Course {
        log: &log,
        digest_interval: HOUR,
    };
    let name = TrailName::of(&record);
    let next = || progress::next(&bench.kms, &course, &name, &record.home);
    let put = loop {
        if let Next::Put(put) = next().await.unwrap() {
            break put;
        }
    };
    let records = &bench.kms.records;
    let trail = records.trail(&name).unwrap().unwrap();
    let delivery = records
        .trail_delivery(&name, &record.home)
        .unwrap()
        .unwrap();
    let changes = Changes::default().delete_trail(&name, trail.version);
    let changes = changes.delete_trail_delivery(&name, &delivery);
    records.commit(changes).await.unwrap();
    let finished = progress::finish(&bench.kms, *put, Ok(())).await;
    assert!(matches!(finished, Err(Failure::Conflict)), "{finished:?}");
    assert!(matches!(next().await.unwrap(), Next::Nothing));
    assert_eq!(drain(&bench, &bucket, &record).await, Delivered::All);
    assert!(bucket.list().unwrap().is_empty());
}

#[tokio::test]
async fn the_log_is_read_from_any_place_to_any_place() {
    let bench = bench().await;
    for _ in 0..5 {
        call(&bench, "us-east-1", "ListKeys").await;
    }
    let log = bench.log();
    let beginning = reader::beginning(&log).unwrap();
    // Reads `count` records, and returns where the rest begins.
    let read = |from, to, count: usize| {
        let mut ids = Vec::new();
        let at = reader::read(&log, from, to, |record| {
            if ids.len() == count {
                return ControlFlow::Break(());
            }
            ids.push(record.event_id);
            ControlFlow::Continue(())
        });
        (ids, at.unwrap())
    };
    let (all, end) = read(beginning, None, usize::MAX);
    assert_eq!(all.len(), 5);
    for count in 0..=5 {
        let (first, at) = read(beginning, None, count);
        let (rest, last) = read(at, None, usize::MAX);
        assert_eq!([first.clone(), rest].concat(), all);
        assert_eq!(last, end);
        // A plan that says up to where gives the same again.
        let (again, to) = read(beginning, Some(at), usize::MAX);
        assert_eq!((again, to), (first, at));
    }
    let (nothing, at) = read(end, None, usize::MAX);
    assert_eq!((nothing.len(), at), (0, end));
}
