//! Every single-record mutation of a log of a thousand records is caught and located.

use super::{BOOT, Fault, Log, WRITER, event_id, payload, record, verify};
use crate::log::{Chain, Checkpoint, CheckpointFault, Header, PayloadKind, What};

const RECORDS: u64 = 1000;
const SIGNED_EVERY: u64 = 50;
const SEGMENT_RECORDS: u64 = 250;

/// What may be done to a record.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mutation {
    EditByte,
    EditLength,
    Replace,
    Drop,
    SwapWithNext,
    Duplicate,
    Insert,
}

const MUTATIONS: [Mutation; 7] = [
    Mutation::EditByte,
    Mutation::EditLength,
    Mutation::Replace,
    Mutation::Drop,
    Mutation::SwapWithNext,
    Mutation::Duplicate,
    Mutation::Insert,
];

/// Where record `number` stands: segment and frame.
fn place(log: &Log, number: u64) -> (usize, usize) {
    let mut seen = 0;
    for (segment, frames) in log.segments.iter().enumerate() {
        for (frame, bytes) in frames.iter().enumerate() {
            if PayloadKind::of(payload(bytes)) != Some(PayloadKind::Record) {
                continue;
            }
            if seen == number {
                return (segment, frame);
            }
            seen += 1;
        }
    }
    panic!("no record {number}")
}

/// Mutates a record and leaves everything else: `None` where the log would be the same.
fn mutate(log: &Log, number: u64, mutation: Mutation) -> Option<Vec<Vec<Vec<u8>>>> {
    let (segment, frame) = place(log, number);
    let mut segments = log.segments.clone();
    let frames = &mut segments[segment];
    let foreign = Chain::new([9; 16])
        .append(&record(RECORDS + number))
        .unwrap();
    match mutation {
        Mutation::EditByte => {
            let length = frames[frame].len();
            frames[frame][4 + usize::try_from(number).unwrap() % (length - 4)] ^= 0x20;
        }
        Mutation::EditLength => frames[frame][usize::try_from(number).unwrap() % 4] ^= 1,
        Mutation::Replace => frames[frame] = foreign,
        Mutation::Drop => drop(frames.remove(frame)),
        Mutation::SwapWithNext => {
            let is_record =
                |bytes: &Vec<u8>| PayloadKind::of(payload(bytes)) == Some(PayloadKind::Record);
            frames.get(frame + 1).filter(|next| is_record(next))?;
            frames.swap(frame, frame + 1);
        }
        Mutation::Duplicate => frames.insert(frame + 1, frames[frame].clone()),
        Mutation::Insert => frames.insert(frame, foreign),
    }
    Some(segments)
}

fn joined(segments: &[Vec<Vec<u8>>]) -> Vec<Vec<u8>> {
    segments.iter().map(|frames| frames.concat()).collect()
}

fn offset(frames: &[Vec<u8>], frame: usize) -> u64 {
    let before: usize = frames[..frame].iter().map(Vec::len).sum();
    u64::try_from(before).unwrap()
}

#[test]
fn what_is_changed_without_remaking_the_checks_is_found_where_it_is() {
    let log = Log::of(RECORDS, SIGNED_EVERY, SEGMENT_RECORDS);
    assert_eq!(log.verify().unwrap().records, RECORDS);
    let mut caught = 0;
    for number in 0..RECORDS {
        for mutation in MUTATIONS {
            let Some(segments) = mutate(&log, number, mutation) else {
                continue;
            };
            let fault = verify(&joined(&segments), &log.spki(), &[]).unwrap_err();
            check_place(&log, number, mutation, &fault);
            caught += 1;
        }
    }
    assert_eq!(caught, 7 * RECORDS - RECORDS / SIGNED_EVERY);
    println!("{caught} mutations without remade checks, all found where they are");
}

fn check_place(log: &Log, number: u64, mutation: Mutation, fault: &Fault) {
    let (segment, frame) = place(log, number);
    // The duplicate is what is wrong, not what it is of.
    let after = usize::from(mutation == Mutation::Duplicate);
    let expected = (segment + 1, offset(&log.segments[segment], frame + after));
    let found = (usize::try_from(fault.segment).unwrap(), fault.offset);
    assert_eq!(found, expected, "{mutation:?} of {number}");
    let sequence = number + u64::from(mutation == Mutation::Duplicate);
    assert_eq!((fault.sequence, &fault.what), (sequence, &What::Damaged));
    let told = match mutation {
        Mutation::Replace | Mutation::Insert => Some(RECORDS + number),
        Mutation::SwapWithNext => Some(number + 1),
        Mutation::Duplicate => Some(number),
        Mutation::Drop if number % SIGNED_EVERY < SIGNED_EVERY - 1 => Some(number + 1),
        Mutation::Drop => None,
        // What was changed may not be readable any more.
        Mutation::EditByte | Mutation::EditLength => return,
    };
    assert_eq!(
        fault.event_id,
        told.map(event_id),
        "{mutation:?} of {number}"
    );
    let last = number / SIGNED_EVERY * SIGNED_EVERY;
    let after = fault.after.as_ref().map_or(0, |after| after.sequence);
    assert_eq!(after, last);
}

/// Remakes every link, header and check, as whoever can write there can; signatures they cannot make.
fn remade(segments: &[Vec<Vec<u8>>]) -> Vec<Vec<u8>> {
    let mut chain = Chain::new(WRITER);
    let mut remake = |frame: &Vec<u8>| {
        let payload = payload(frame);
        match PayloadKind::of(payload) {
            Some(PayloadKind::Record) => chain.append(payload).unwrap(),
            Some(PayloadKind::Checkpoint) => {
                chain.checkpoint(&Checkpoint::from_bytes(payload).unwrap())
            }
            Some(PayloadKind::Header) => {
                let header = Header::from_bytes(payload).unwrap();
                chain.header(header.segment, header.time)
            }
            None => panic!("unknown kind"),
        }
    };
    let segments = segments.iter();
    segments
        .map(|frames| frames.iter().flat_map(&mut remake).collect())
        .collect()
}

#[test]
fn what_is_changed_with_all_checks_remade_is_found_at_the_next_checkpoint() {
    let log = Log::of(RECORDS, SIGNED_EVERY, SEGMENT_RECORDS);
    assert_eq!(remade(&log.segments), log.bytes());
    let mut caught = 0;
    for number in 0..RECORDS {
        for mutation in [
            Mutation::Replace,
            Mutation::Drop,
            Mutation::SwapWithNext,
            Mutation::Duplicate,
            Mutation::Insert,
        ] {
            let Some(segments) = mutate(&log, number, mutation) else {
                continue;
            };
            // A duplicate comes after what it is of.
            let at = number + u64::from(mutation == Mutation::Duplicate);
            let result = verify(&remade(&segments), &log.spki(), &[]);
            if at == RECORDS {
                // Nothing after it is signed: it is as if the record had been written.
                assert_eq!(result.unwrap().unsigned, 1);
                continue;
            }
            let fault = result.unwrap_err();
            let before = at / SIGNED_EVERY * SIGNED_EVERY;
            let neighbours = [&fault.after, &fault.before];
            let covers = neighbours.map(|one| one.as_ref().map_or(0, |one| one.sequence));
            assert_eq!(
                covers,
                [before, before + SIGNED_EVERY],
                "{mutation:?} of {number}"
            );
            let what = match mutation {
                Mutation::Drop => CheckpointFault::Ahead,
                _ => CheckpointFault::OtherRecords,
            };
            assert_eq!(fault.what, What::Checkpoint(what));
            caught += 1;
        }
    }
    assert_eq!(caught, 5 * RECORDS - RECORDS / SIGNED_EVERY - 1);
    println!("{caught} mutations with remade checks, all found between two checkpoints");
}

#[test]
fn checks_remade_only_up_to_the_next_checkpoint_name_it_too() {
    let log = Log::of(200, SIGNED_EVERY, SEGMENT_RECORDS);
    for number in 0..200 {
        let (segment, frame) = place(&log, number);
        let mut segments = log.segments.clone();
        segments[segment][frame] = Chain::new([9; 16]).append(&record(5000)).unwrap();
        let remade = remade(&segments).concat();
        // From the next checkpoint on everything is as it was.
        let is_checkpoint =
            |bytes: &Vec<u8>| PayloadKind::of(payload(bytes)) == Some(PayloadKind::Checkpoint);
        let next = (frame..)
            .find(|next| is_checkpoint(&log.segments[segment][*next]))
            .unwrap();
        let cut = usize::try_from(offset(&segments[segment], next)).unwrap();
        let rest = log.segments[segment][next..].concat();
        let fault = verify(&[[&remade[..cut], &rest].concat()], &log.spki(), &[]).unwrap_err();
        let before = number / SIGNED_EVERY * SIGNED_EVERY;
        assert_eq!(fault.what, What::Damaged);
        assert_eq!(fault.after.map_or(0, |one| one.sequence), before);
        assert_eq!(fault.before.unwrap().sequence, before + SIGNED_EVERY);
    }
}

#[test]
fn a_log_cut_after_any_frame_is_caught_by_a_checkpoint_that_was_kept() {
    let log = Log::of(RECORDS, SIGNED_EVERY, SEGMENT_RECORDS);
    let kept = log.signed();
    assert_eq!((kept.sequence, kept.boot), (RECORDS, BOOT));
    assert!(verify(&log.bytes(), &log.spki(), std::slice::from_ref(&kept)).is_ok());
    for left in 0..RECORDS {
        let (segment, frame) = place(&log, left);
        let mut segments = log.segments[..=segment].to_vec();
        segments[segment].truncate(frame);
        let cut = joined(&segments);
        let fault = verify(&cut, &log.spki(), std::slice::from_ref(&kept)).unwrap_err();
        assert_eq!((fault.sequence, &fault.what), (left, &What::Cut(RECORDS)));
        // Without it, nobody can know.
        let report = verify(&cut, &log.spki(), &[]).unwrap();
        assert_eq!(
            (report.records, report.unsigned),
            (left, left % SIGNED_EVERY)
        );
    }
}

#[test]
fn a_log_made_anew_is_caught_by_a_checkpoint_that_was_kept() {
    let mut log = Log::of(100, SIGNED_EVERY, SEGMENT_RECORDS);
    let kept: Vec<_> = [10, 50, 100]
        .map(|sequence| {
            let (segment, frame) = place(&log, sequence - 1);
            let bytes = log.bytes();
            let found = crate::LogReader::new(&bytes[segment][..]).nth(frame);
            log.signer
                .sign(sequence, found.unwrap().unwrap().link.unwrap())
        })
        .into();
    assert!(verify(&log.bytes(), &log.spki(), &kept).is_ok());
    // The same keys, the same writer, records of another past.
    let signer = std::mem::replace(&mut log, Log::new()).signer;
    log.signer = signer;
    for number in 0..100 {
        let frame = log
            .chain
            .append(&record(if number == 40 { 7 } else { number }))
            .unwrap();
        log.push(frame);
    }
    log.sign();
    assert!(log.verify().is_ok());
    let fault = verify(&log.bytes(), &log.spki(), &kept).unwrap_err();
    assert_eq!((fault.sequence, &fault.what), (49, &What::KeptDiffers));
    assert_eq!(fault.before.unwrap().sequence, 50);
}
