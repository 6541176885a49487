//! Ends of segments that a crash tore, and ends that no crash explains.

use strongroom_crypto::digest::sha256;

use super::{Log, Note, WRITER, notes, record, verify};
use crate::log::{Chain, LogError, LogReader, What};

/// The records before the end, and how the segment ends.
fn read(bytes: &[u8]) -> (usize, String) {
    let mut count = 0;
    for item in LogReader::new(bytes) {
        match item {
            Ok(_) => count += 1,
            Err(LogError::Torn { offset, bytes }) => {
                return (count, format!("torn {offset} {bytes}"));
            }
            Err(LogError::Damaged { offset, .. }) => return (count, format!("damaged {offset}")),
            Err(LogError::Read(error)) => panic!("{error}"),
        }
    }
    (count, "end".to_owned())
}

/// Frames as versions before the chain wrote them.
fn unchained(payloads: &[&[u8]]) -> Vec<u8> {
    let frame = |payload: &&[u8]| {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length, *payload, &sha256(&[payload])[..8]].concat()
    };
    payloads.iter().flat_map(frame).collect()
}

#[test]
fn a_segment_torn_at_any_byte_of_its_last_frame_is_gone_on_from() {
    for signed in [0, 1] {
        let mut log = Log::new();
        log.write(5);
        if signed == 1 {
            log.sign();
        }
        let last = log.segments[0].pop().unwrap();
        let intact = log.segments[0].concat();
        for arrived in 0..last.len() {
            for zeros in [0, last.len() - arrived, 600, 5000] {
                let torn = [&intact, &last[..arrived], &vec![0; zeros]].concat();
                // Some zeros after a checkpoint's payload are no cut check by chance alone.
                check_torn(&log, &torn, &intact, 4 + signed);
            }
        }
    }
}

/// Reads `torn`, then goes on from what is intact in another segment, and verifies both.
fn check_torn(log: &Log, torn: &[u8], intact: &[u8], records: u64) {
    let (frames, end) = read(torn);
    assert_eq!(frames, log.segments[0].len());
    let left = torn.len() - intact.len();
    let offset = u64::try_from(intact.len()).unwrap();
    let expected = match left {
        0 => "end".to_owned(),
        _ => format!("torn {offset} {left}"),
    };
    assert_eq!(end, expected);

    let last = LogReader::new(intact).last().unwrap().unwrap();
    let mut chain = Chain::resume(WRITER, records, last.link.unwrap());
    let mut next = chain.header(2, super::time_of(records));
    next.extend(chain.append(&record(records)).unwrap());
    let report = verify(&[torn.to_vec(), next], &log.spki(), &[]).unwrap();
    assert_eq!(report.records, records + 1);
    let bytes = u64::try_from(left).unwrap();
    let told = Note::Torn {
        segment: 1,
        offset,
        bytes,
    };
    let expected = if left == 0 { vec![] } else { vec![told] };
    assert_eq!(notes(&report), expected);
}

#[test]
fn a_sector_that_did_not_arrive_is_a_torn_end() {
    let mut log = Log::new();
    log.write(40);
    let mut bytes = log.bytes().concat();
    let hole = bytes.len() / 2 / 512 * 512;
    bytes[hole..hole + 512].fill(0);
    let (frames, end) = read(&bytes);
    assert!(frames < 40 && end.starts_with("torn"), "{frames} {end}");
    // But not before a checkpoint, which is written last.
    log.sign();
    let mut bytes = log.bytes().concat();
    bytes[hole..hole + 512].fill(0);
    assert_eq!(read(&bytes).0, frames);
    assert!(read(&bytes).1.starts_with("damaged"));
}

#[test]
fn a_torn_header_is_passed_over() {
    let mut log = Log::new();
    log.write(3);
    log.sign();
    let first = log.bytes().concat();
    let mut torn = log.chain.clone().header(2, 0);
    for left in 0..torn.len() {
        let mut chain = log.chain.clone();
        let mut next = chain.header(3, 0);
        next.extend(chain.append(&record(3)).unwrap());
        let segments = [first.clone(), torn[..left].to_vec(), next];
        let report = verify(&segments, &log.spki(), &[]).unwrap();
        assert_eq!((report.records, report.segments), (4, 3));
        assert_eq!(notes(&report).len(), usize::from(left > 0));
    }
    // A whole header that is not right is no crash.
    *torn.last_mut().unwrap() ^= 1;
    let fault = verify(&[first, torn], &log.spki(), &[]).unwrap_err();
    assert_eq!(
        (fault.segment, fault.offset, fault.what),
        (2, 0, What::Damaged)
    );
}

#[test]
fn what_a_crash_took_must_not_be_gone_on_from_elsewhere() {
    let mut log = Log::new();
    log.write(3);
    let before = log.chain.clone();
    log.write(1);
    let segment = log.bytes().concat();
    let mut chain = before;
    let mut next = chain.header(2, 0);
    next.extend(chain.append(&record(3)).unwrap());
    let fault = verify(&[segment, next], &log.spki(), &[]).unwrap_err();
    assert_eq!((fault.segment, fault.offset, fault.sequence), (2, 0, 4));
    assert_eq!(fault.what, What::NotContinued(3));
}

#[test]
fn segments_without_a_chain_end_like_this() {
    let log = unchained(&[b"\x01first", b"\x01second", b"\x01third"]);
    assert_eq!(read(&log), (3, "end".to_owned()));
    for (length, expected) in [
        (0, (0, "end")),
        (1, (0, "torn 0 1")),
        (17, (0, "torn 0 17")),
        (18, (1, "end")),
        (36, (1, "torn 18 18")),
        (37, (2, "end")),
        (54, (2, "torn 37 17")),
    ] {
        let (count, end) = read(&log[..length]);
        assert_eq!((count, end.as_str()), expected, "{length}");
    }
    for at in 0..37 {
        for bit in 0..8 {
            let mut log = log.clone();
            log[at] ^= 1 << bit;
            let expected = if at < 18 {
                (0, "damaged 0")
            } else {
                (1, "damaged 18")
            };
            let (count, end) = read(&log);
            assert_eq!((count, end.as_str()), expected, "{at} {bit}");
        }
    }
    for zeros in [1, 4, 100, 600_000] {
        let log = [log.clone(), vec![0; zeros]].concat();
        assert_eq!(read(&log), (3, format!("torn 55 {zeros}")));
    }
    let rubbish = vec![0xff; 100_000];
    assert_eq!(read(&[log, rubbish].concat()), (3, "damaged 55".to_owned()));
}

#[test]
fn segments_without_a_chain_are_told_and_may_not_come_later() {
    let old = unchained(&[b"\x01first", b"\x01second"]);
    let mut log = Log::new();
    log.segments = vec![vec![], vec![]];
    log.chain = Chain::new(WRITER);
    log.begin_segment();
    log.write(2);
    let [.., new] = log
        .bytes()
        .try_into()
        .unwrap_or_else(|_| [vec![], vec![], vec![]]);
    let report = verify(&[old.clone(), old.clone(), new.clone()], &log.spki(), &[]).unwrap();
    assert_eq!((report.unchained, report.records), (4, 2));
    let told = (1..=2).map(|segment| Note::Unchained { segment });
    let told: Vec<_> = told.collect();
    let unchained: Vec<_> = notes(&report)
        .iter()
        .filter(|note| matches!(note, Note::Unchained { .. }))
        .cloned()
        .collect();
    assert_eq!(unchained, told);

    let segments = [old.clone(), old.clone(), new, old];
    let fault = verify(&segments, &log.spki(), &[]).unwrap_err();
    assert_eq!((fault.segment, fault.what), (4, What::NoHeader));
}
