//! What is there after the process ended at any point, and what goes on from it.

use std::fs::{self, OpenOptions};

use strongroom_audit::{LogReader, Note};

use super::super::segments::Segment;
use super::super::{AuditLog, AuditOptions, ReserveState};
use super::{Bench, Durability, Env, append, event_id, record};

/// The frame of a segment's header.
const HEADER_BYTES: usize = 85;

#[tokio::test]
async fn the_chain_goes_on_over_every_start() {
    let bench = Bench::new();
    for start in 0..5 {
        let log = bench.open_signed();
        assert_eq!(log.status().sequence, u64::from(start) * 10);
        append(&log, start * 10..start * 10 + 10).await;
        drop(log);
    }
    let report = bench.verify().unwrap();
    assert_eq!((report.records, report.segments), (50, 5));
    assert_eq!(bench.event_ids(), (0..50).map(event_id).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_log_torn_anywhere_in_its_last_records_goes_on() {
    let bench = Bench::new();
    let log = bench.open();
    append(&log, 0..3).await;
    drop(log);
    let path = bench.last_segment();
    let whole = fs::read(&path).unwrap();
    for length in HEADER_BYTES..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let intact = super::event_ids(&whole[..length]).len();
        let log = bench.open_signed();
        assert_eq!(log.status().sequence, u64::try_from(intact).unwrap());
        append(&log, 100..102).await;
        log.settle().await.unwrap();
        drop(log);
        let report = bench.verify().unwrap();
        assert_eq!(report.records, u64::try_from(intact + 2).unwrap());
        assert_eq!(report.unsigned, 0);
        let ends = LogReader::new(&whole[..length]).last().unwrap().is_ok();
        let is_torn = |note: &Note| matches!(note, Note::Torn { .. });
        assert_eq!(report.notes.iter().any(is_torn), !ends);
        fs::remove_file(bench.last_segment()).unwrap();
    }
}

#[tokio::test]
async fn a_segment_that_was_being_begun_is_passed_over() {
    let bench = Bench::new();
    let log = bench.open_signed();
    append(&log, 0..3).await;
    drop(log);
    for (number, torn) in [(2, &b""[..]), (3, &b"\x00\x00\x00"[..])] {
        let path = bench.path().join(format!("{number:012}.log"));
        fs::write(path, torn).unwrap();
    }
    let log = bench.open_signed();
    assert_eq!(log.status().sequence, 3);
    append(&log, 3..4).await;
    drop(log);
    let report = bench.verify().unwrap();
    assert_eq!((report.records, report.segments), (4, 4));
}

#[tokio::test]
async fn damage_is_gone_on_from_and_stays_to_be_found() {
    let bench = Bench::new();
    let log = bench.open_signed();
    append(&log, 0..10).await;
    log.settle().await.unwrap();
    drop(log);
    let path = bench.last_segment();
    let mut bytes = fs::read(&path).unwrap();
    bytes[500] ^= 1;
    fs::write(&path, bytes).unwrap();
    let log = bench.open_signed();
    append(&log, 10..11).await;
    drop(log);
    let fault = bench.verify().unwrap_err();
    assert_eq!(fault.segment, 1);
}

#[tokio::test]
async fn what_the_outbox_brings_again_is_written_once() {
    let bench = Bench::new();
    let entries = |numbers: std::ops::Range<u32>| -> Vec<_> {
        numbers
            .map(|number| (event_id(number), record(number)))
            .collect()
    };
    let log = bench.open_signed();
    log.append_once(&entries(0..5)).await.unwrap();
    // The commit that clears the outbox failed.
    log.append_once(&entries(0..7)).await.unwrap();
    drop(log);
    // And then the process ended.
    let log = bench.open_signed();
    log.append_once(&entries(3..9)).await.unwrap();
    log.forget_known((3..9).map(event_id).collect::<Vec<_>>().iter());
    log.forget_start();
    drop(log);
    assert_eq!(bench.event_ids(), (0..9).map(event_id).collect::<Vec<_>>());
}

#[tokio::test]
async fn segments_are_bounded_and_one_chain() {
    let bench = Bench::new();
    let log = bench.open_signed();
    // The first byte of a record, and what no version reads.
    let large = [vec![2], vec![0xff; 255 * 1024]].concat();
    for _ in 0..140 {
        log.append(&large, Durability::Written).await.unwrap();
    }
    log.settle().await.unwrap();
    drop(log);
    let report = bench.verify().unwrap();
    assert_eq!(
        (report.records, report.segments, report.unsigned),
        (140, 3, 0)
    );
    for (_, path) in super::segments(&bench.path()).unwrap() {
        assert!(fs::metadata(path).unwrap().len() <= 16 << 20);
    }
}

#[tokio::test]
async fn what_is_no_record_is_not_written() {
    let bench = Bench::new();
    let log = bench.open();
    for payload in [&b""[..], b"\x80", b"\x81", b"\xff", &[1; 256 * 1024 + 1]] {
        assert!(log.append(payload, Durability::Written).await.is_err());
    }
    assert!(log.append(b"\x01", Durability::Written).await.is_ok());
    assert_eq!((log.status().sequence, log.status().queue), (1, 0));
}

#[test]
fn the_reserve_is_allocated_and_survives() {
    let bench = Bench::new();
    for _ in 0..2 {
        let log = bench.open();
        assert_eq!(log.status().reserve, ReserveState::Whole);
        assert!(log.has_room());
        let found = fs::metadata(bench.path().join("reserve")).unwrap();
        assert_eq!(found.len(), super::RESERVE_BYTES);
    }
    // Given back, and then the process ended.
    let reserve = OpenOptions::new()
        .write(true)
        .open(bench.path().join("reserve"));
    reserve.unwrap().set_len(0).unwrap();
    assert_eq!(bench.open().status().reserve, ReserveState::Whole);
    // A disk that has not so much.
    let options = AuditOptions {
        reserve_bytes: 1 << 60,
    };
    let log = AuditLog::open(&bench.path(), &Env::system(), options).unwrap();
    assert_eq!(log.status().reserve, ReserveState::InUse);
    assert!(!log.has_room());
}

#[test]
fn a_segment_that_cannot_be_begun_changes_nothing() {
    let bench = Bench::new();
    let absent = bench.path().join("absent");
    let mut chain = strongroom_audit::Chain::new([1; 16]);
    let before = chain.clone();
    assert!(Segment::create(&absent, 1, &mut chain, Env::system().clock.now()).is_err());
    assert_eq!(chain, before);
}
