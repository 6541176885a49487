//! What a verifier says of segments as a whole, and of checkpoints that are not right.

use super::{Begins, Log, Note, Signer, notes, record, time_of, verify, verify_from};
use crate::log::{Chain, Checkpoint, CheckpointFault, What};

/// A log of ten records, five of them signed, with the checkpoint that `forge` makes at its end.
fn with_checkpoint(forge: impl FnOnce(&Log) -> Checkpoint) -> Log {
    let mut log = Log::new();
    log.write(5);
    log.sign();
    log.write(5);
    let checkpoint = forge(&log);
    log.push_checkpoint(&checkpoint);
    log
}

fn signed(log: &Log, change: impl FnOnce(&mut Checkpoint)) -> Checkpoint {
    let mut checkpoint = log.signed();
    change(&mut checkpoint);
    checkpoint.signature = log.signer.pair.sign(&checkpoint.signed_bytes());
    checkpoint
}

fn check(log: &Log, expected: CheckpointFault) {
    let fault = log.verify().unwrap_err();
    assert_eq!(fault.what, What::Checkpoint(expected));
    assert_eq!((fault.segment, fault.sequence), (1, 10));
    assert_eq!(fault.after.unwrap().sequence, 5);
    assert!(fault.before.is_some());
}

#[test]
fn checkpoints_that_are_not_right_are_found() {
    check(
        &with_checkpoint(|log| signed(log, |one| one.writer = [9; 16])),
        CheckpointFault::OtherWriter,
    );
    let unknown = [7; 16];
    check(
        &with_checkpoint(|log| signed(log, |one| one.key = unknown)),
        CheckpointFault::UnknownKey(unknown),
    );
    check(
        &with_checkpoint(|log| Checkpoint {
            key: log.signed().key,
            ..Signer::new().sign(10, log.chain.covered().unwrap().1)
        }),
        CheckpointFault::Signature,
    );
    check(
        &with_checkpoint(|log| signed(log, |one| one.sequence = 11)),
        CheckpointFault::Ahead,
    );
    for sequence in [0, 4, 5] {
        check(
            &with_checkpoint(|log| signed(log, |one| one.sequence = sequence)),
            CheckpointFault::NotAhead,
        );
    }
    check(
        &with_checkpoint(|log| signed(log, |one| one.sequence = 9)),
        CheckpointFault::OtherRecords,
    );
    check(
        &with_checkpoint(|log| signed(log, |one| one.link[0] ^= 1)),
        CheckpointFault::OtherRecords,
    );
    check(
        &with_checkpoint(|log| signed(log, |one| one.time -= 10 * 60 * 1000)),
        CheckpointFault::ClockBack,
    );
}

#[test]
fn a_life_of_the_key_process_does_not_come_back() {
    let mut log = Log::new();
    for boot in [1, 1, 2, 3] {
        log.write(1);
        log.signer.boot = [boot; 16];
        log.sign();
    }
    assert_eq!(log.verify().unwrap().checkpoints, 4);
    log.write(1);
    log.signer.boot = [1; 16];
    log.sign();
    let fault = log.verify().unwrap_err();
    assert_eq!(fault.what, What::Checkpoint(CheckpointFault::BootEnded));
}

#[test]
fn a_checkpoint_may_come_after_later_records() {
    let mut log = Log::new();
    log.write(5);
    let early = log.signed();
    log.write(5);
    log.push_checkpoint(&early);
    log.begin_segment();
    log.write(2);
    let report = log.verify().unwrap();
    assert_eq!((report.records, report.unsigned), (12, 7));
    assert_eq!(report.last, Some(early));
    assert_eq!(report.writer, Some(super::WRITER));
}

#[test]
fn clocks_that_disagree_are_told() {
    let minute = 60 * 1000;
    // The record that is furthest away counts, the first or the last of five.
    for (nearest, minutes, furthest) in [
        (0, -6, Some(4)),
        (4, -5, None),
        (0, 0, None),
        (0, 5, None),
        (4, 5, Some(0)),
        (4, 6, Some(0)),
    ] {
        let mut log = Log::new();
        log.write(5);
        let (sequence, link) = log.chain.covered().unwrap();
        let signed = time_of(nearest) + minutes * minute;
        let time = u64::try_from(signed).unwrap();
        let checkpoint = log.signer.sign_at(time, sequence, link);
        log.push_checkpoint(&checkpoint);
        let note = furthest.map(|record| Note::TimesApart {
            sequence,
            signed,
            recorded: time_of(record),
        });
        let expected: Vec<_> = note.into_iter().collect();
        assert_eq!(notes(&log.verify().unwrap()), expected, "{minutes}");
    }
    // Set back a little between two checkpoints.
    let log = with_checkpoint(|log| signed(log, |one| one.time -= 6000));
    let told = [Note::ClockBack { sequence: 10 }];
    assert_eq!(notes(&log.verify().unwrap()), told);
}

#[test]
fn segments_belong_where_they_stand() {
    let log = Log::of(40, 5, 10);
    let segments = log.bytes();
    let check = |order: &[usize], expected: Option<(u64, What)>| {
        let given: Vec<_> = order.iter().map(|at| segments[*at].clone()).collect();
        let fault = verify(&given, &log.spki(), &[]).err();
        let found = fault.map(|fault| (fault.segment, fault.what));
        assert_eq!(found, expected, "{order:?}");
    };
    check(&[0, 1, 2, 3], None);
    check(&[0, 1], None);
    check(&[0, 2, 1, 3], Some((2, What::OtherSegment(3))));
    check(&[0, 0], Some((2, What::OtherSegment(1))));
    check(&[1, 2, 3], Some((1, What::OtherSegment(2))));

    let from = |first: u64, begins: Begins, kept: &[Checkpoint]| {
        let given = &segments[usize::try_from(first).unwrap() - 1..];
        verify_from(first, given, &log.spki(), kept, begins)
    };
    let fault = from(2, Begins::AtTheStart, &[]).unwrap_err();
    assert_eq!((fault.segment, fault.what), (2, What::BeginsLate));
    let report = from(3, Begins::Anywhere, &[]).unwrap();
    assert_eq!(notes(&report), [Note::BeginsAt(20)]);
    assert_eq!((report.records, report.unsigned), (40, 0));
    let (_, link) = log.chain.covered().unwrap();
    let early = log.signer.sign(20, link);
    let report = from(3, Begins::Anywhere, &[early]).unwrap();
    assert_eq!(notes(&report), [Note::BeginsAt(20), Note::KeptEarlier(20)]);

    let gap = [segments[0].clone(), segments[3].clone()];
    let keys = log.spki();
    let one = verify_from(1, &gap[..1], &keys, &[], Begins::Anywhere);
    assert_eq!(one.unwrap().records, 10);
    let mut chain = Chain::new([9; 16]);
    let mut other = chain.header(2, 0);
    other.extend(chain.append(&record(0)).unwrap());
    let fault = verify(&[segments[0].clone(), other], &keys, &[]).unwrap_err();
    assert_eq!((fault.segment, fault.what), (2, What::OtherWriter));
}

#[test]
fn a_kept_checkpoint_is_of_this_log_and_of_this_key() {
    let log = Log::of(10, 5, 100);
    let other = signed(&log, |one| one.writer = [9; 16]);
    let fault = verify(&log.bytes(), &log.spki(), &[other]).unwrap_err();
    assert_eq!(fault.what, What::KeptOfOtherLog);
    let keys = |_: &super::CheckpointKeyId| Some(log.spki());
    let mut verifier = super::Verifier::new(&keys, Begins::AtTheStart);
    let forged = Signer::new().sign(10, log.chain.covered().unwrap().1);
    assert_eq!(verifier.keep(forged), Err(CheckpointFault::Signature));
    // An empty folder is a log that was cut, too.
    assert!(verifier.keep(log.signed()).is_ok());
    assert_eq!(verifier.finish().unwrap_err().what, What::Cut(10));
}

#[test]
fn what_only_a_later_version_knows_is_told() {
    let mut log = Log::new();
    let frame = log.chain.append(b"\x7funknown").unwrap();
    log.push(frame);
    log.sign();
    let report = log.verify().unwrap();
    let offset = u64::try_from(log.segments[0][0].len()).unwrap();
    let unreadable = Note::Unreadable { segment: 1, offset };
    assert_eq!((report.records, notes(&report)), (1, &[unreadable][..]));
}

#[test]
fn faults_are_told_in_words() {
    let log = with_checkpoint(|log| signed(log, |one| one.link[0] ^= 1));
    let text = log.verify().unwrap_err().to_string();
    let expected = ", record 10: the checkpoint covers other records; \
                    what is wrong lies between the checkpoints of 5 and of 10 records";
    assert!(
        text.starts_with("segment 1, byte ") && text.ends_with(expected),
        "{text}"
    );
}
