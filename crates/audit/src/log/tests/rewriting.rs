//! What somebody tries who writes the disk, or owns the service and so gets new checkpoints, but no old ones.

use super::{Begins, Log, Note, Signer, notes, record, time_of, verify, verify_from};
use crate::Record;
use crate::log::{Chain, LAG_RECORDS_MAX, What};

/// A record each second, a checkpoint each minute.
const HOUR: u64 = 3600;
const MINUTE: u64 = 60;

/// The hour as it was for `kept` records, then those of `other` in one more than there were, and one checkpoint that
/// the key process signs now.
fn remade(signer: Signer, kept: u64, other: impl Fn(u64) -> Vec<u8>) -> Log {
    let mut log = Log::new();
    log.signer = signer;
    for number in 1..=kept {
        log.write(1);
        if number % MINUTE == 0 {
            log.sign();
        }
    }
    for number in kept..=HOUR {
        let frame = log.chain.append(&other(number)).unwrap();
        log.push(frame);
    }
    log.sign();
    log
}

/// A record that somebody wrote in place of another, which is told to be of the time of record `time`.
fn forged(number: u64, time: u64) -> Vec<u8> {
    let mut record = Record::decode(&record(number)).unwrap();
    record.operation = "ListKeys".to_owned();
    record.time.0 = time_of(time);
    record.encode().unwrap()
}

/// The service owner edits a record of the past, takes the checkpoints after it away and gets a new one.
#[test]
fn a_past_that_was_signed_again_is_told_by_the_times_of_its_records() {
    let edited = HOUR / 2;
    let log = remade(Signer::new(), edited, |number| match number {
        number if number == edited => forged(number, number),
        number => record(number),
    });
    let note = Note::TimesApart {
        sequence: HOUR + 1,
        signed: time_of(HOUR + 1),
        recorded: time_of(edited),
    };
    assert_eq!(notes(&log.verify().unwrap()), [note]);
}

/// More records than a verifier remembers do not push the evidence out.
#[test]
fn no_number_of_records_hides_an_old_one() {
    let mut log = Log::new();
    let old = log.chain.append(&forged(0, 0)).unwrap();
    log.push(old);
    let now = HOUR;
    for number in 1..=u64::try_from(LAG_RECORDS_MAX).unwrap() {
        let frame = log.chain.append(&forged(number, now)).unwrap();
        log.push(frame);
    }
    let (sequence, link) = log.chain.covered().unwrap();
    let time = u64::try_from(time_of(now)).unwrap();
    let checkpoint = log.signer.sign_at(time, sequence, link);
    log.push_checkpoint(&checkpoint);
    let told = |log: &Log| notes(&log.verify().unwrap()).to_vec();
    let expected = [Note::TimesApart {
        sequence,
        signed: time_of(now),
        recorded: time_of(0),
    }];
    assert_eq!(told(&log), expected);
    // What is covered counts once.
    let frame = log.chain.append(&forged(sequence, now)).unwrap();
    log.push(frame);
    let (sequence, link) = log.chain.covered().unwrap();
    let checkpoint = log.signer.sign_at(time, sequence, link);
    log.push_checkpoint(&checkpoint);
    assert_eq!(told(&log), expected);
}

/// Who owns the service cuts the past away and fills the numbers up with records of now: only what was kept elsewhere
/// knows better.
#[test]
fn a_past_that_was_filled_up_is_found_by_what_was_kept() {
    let original = Log::of(HOUR, MINUTE, HOUR);
    let (kept, keys) = (original.signed(), original.spki());
    let log = remade(original.signer, HOUR / 2, |number| forged(number, HOUR));
    let report = verify(&log.bytes(), &keys, &[]).unwrap();
    assert_eq!((report.records, report.unsigned), (HOUR + 1, 0));
    assert_eq!(notes(&report), []);
    let fault = verify(&log.bytes(), &keys, std::slice::from_ref(&kept)).unwrap_err();
    assert_eq!((fault.what, fault.before), (What::KeptDiffers, Some(kept)));
}

/// Who writes the disk takes the end of a segment away and makes the next header look as if a crash had been there.
#[test]
fn a_crash_that_never_was_is_found() {
    let log = Log::of(40, 5, 10);
    let keys = log.spki();
    for cut in 1..10 {
        let mut segments = log.segments.clone();
        let left = segments[1].len() - cut;
        segments[1].truncate(left);
        let (left, _) = rechained(&segments[..2]);
        assert_eq!(left, segments[..2]);
        // The header states the end that is there now, and every check after it is made again.
        let (all, chain) = rechained(&segments);
        assert_ne!(chain.sequence(), 0);
        let fault = verify(&joined(&all), &keys, &[]).unwrap_err();
        assert!(
            matches!(fault.what, What::Checkpoint(_)),
            "{cut}: {:?}",
            fault.what
        );
        assert_eq!(fault.segment, 3, "{cut}");
    }
}

/// Whole segments are taken away and the others numbered anew.
#[test]
fn a_gap_that_was_closed_is_found() {
    let log = Log::of(40, 5, 10);
    let keys = log.spki();
    for gone in 0..3 {
        let mut segments = log.segments.clone();
        segments.remove(gone);
        let (all, _) = rechained(&segments);
        let fault = verify(&joined(&all), &keys, &[]).unwrap_err();
        assert!(
            matches!(fault.what, What::Checkpoint(_)),
            "{gone}: {:?}",
            fault.what
        );
    }
}

/// A segment of a version before the chain, an empty one, or one of zeros, between two others.
#[test]
fn nothing_without_a_header_gets_between_segments() {
    let log = Log::of(20, 5, 10);
    let old = record(99);
    let length = u32::try_from(old.len()).unwrap().to_be_bytes();
    let check = super::super::tail::unchained_check(&old);
    let old = [&length[..], &old, &check].concat();
    let segments = log.bytes();
    for (between, expected) in [
        (old, Some(What::NoHeader)),
        (vec![0; 4096], Some(What::OtherSegment(2))),
        (vec![], Some(What::OtherSegment(2))),
    ] {
        let given = [segments[0].clone(), between, segments[1].clone()];
        let fault = verify(&given, &log.spki(), &[]).err();
        assert_eq!(fault.map(|fault| fault.what), expected);
    }
}

/// The answer of the key process comes when the next segment has begun: who verifies that segment alone cannot hold
/// it against anything.
#[test]
fn a_checkpoint_of_an_earlier_segment_is_no_fault_of_the_first_that_is_given() {
    let mut log = Log::new();
    log.write(5);
    let late = log.signed();
    log.begin_segment();
    log.push_checkpoint(&late);
    log.write(5);
    log.sign();
    assert_eq!(notes(&log.verify().unwrap()), []);
    let second = &log.bytes()[1..];
    let report = verify_from(2, second, &log.spki(), &[], Begins::Anywhere).unwrap();
    let told = [Note::BeginsAt(5), Note::CoversEarlier { sequence: 5 }];
    assert_eq!((report.unsigned, notes(&report)), (0, &told[..]));
}

/// The frames with headers and checks as the writer would have made them.
fn rechained(segments: &[Vec<Vec<u8>>]) -> (Vec<Vec<Vec<u8>>>, Chain) {
    let mut chain = Chain::new(super::WRITER);
    let mut all = Vec::new();
    for (number, frames) in (1..).zip(segments) {
        let mut made = vec![chain.header(number, header_time(&frames[0]))];
        for frame in &frames[1..] {
            let payload = super::payload(frame);
            let frame = match super::super::Checkpoint::from_bytes(payload) {
                Ok(checkpoint) => chain.checkpoint(&checkpoint),
                Err(_) => chain.append(payload).unwrap(),
            };
            made.push(frame);
        }
        all.push(made);
    }
    (all, chain)
}

fn header_time(frame: &[u8]) -> i64 {
    let header = crate::log::Header::from_bytes(super::payload(frame));
    header.unwrap().time
}

fn joined(segments: &[Vec<Vec<u8>>]) -> Vec<Vec<u8>> {
    segments.iter().map(|frames| frames.concat()).collect()
}
