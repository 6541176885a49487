use proptest::prelude::{any, proptest};
use strongroom_base::hex;

use super::{LogError, LogReader, PAYLOAD_BYTES_MAX, frame};

const PAYLOADS: [&[u8]; 3] = [b"first", b"second", b"third"];

fn log() -> Vec<u8> {
    PAYLOADS
        .iter()
        .flat_map(|payload| frame(payload).unwrap())
        .collect()
}

/// How reading ended: after so many frames, in this way.
fn read(bytes: &[u8]) -> (usize, String) {
    let mut count = 0;
    for item in LogReader::new(bytes) {
        match item {
            Ok(frame) => {
                assert_eq!(Some(&frame.payload.as_slice()), PAYLOADS.get(count));
                count += 1;
            }
            Err(LogError::Torn { offset }) => return (count, format!("torn {offset}")),
            Err(LogError::Damaged { offset }) => return (count, format!("damaged {offset}")),
            Err(LogError::Read(error)) => panic!("{error}"),
        }
    }
    (count, "end".to_owned())
}

fn check(bytes: &[u8], count: usize, end: &str) {
    assert_eq!(
        read(bytes),
        (count, end.to_owned()),
        "{}",
        hex::encode(bytes)
    );
}

#[test]
fn the_bytes_of_a_frame_are_these() {
    // SHA-256("abc") begins ba7816bf8f01cfea (FIPS 180-4 example).
    assert_eq!(
        hex::encode(&frame(b"abc").unwrap()),
        "00000003616263ba7816bf8f01cfea"
    );
}

#[test]
fn payloads_are_bounded() {
    assert!(frame(&vec![0; PAYLOAD_BYTES_MAX]).is_ok());
    assert!(frame(&vec![0; PAYLOAD_BYTES_MAX + 1]).is_err());
    assert!(frame(&[]).is_err());
}

#[test]
fn frames_come_back_with_their_offsets() {
    check(&log(), 3, "end");
    check(&[], 0, "end");
    let offsets: Vec<u64> = LogReader::new(&log()[..])
        .map(|frame| frame.unwrap().offset)
        .collect();
    assert_eq!(offsets, [0, 17, 35]);
}

#[test]
fn a_log_cut_anywhere_is_whole_or_torn() {
    let log = log();
    for length in 0..log.len() {
        let (count, start) = match length {
            0..17 => (0, 0),
            17..35 => (1, 17),
            _ => (2, 35),
        };
        let end = if length == start {
            "end".to_owned()
        } else {
            format!("torn {start}")
        };
        check(&log[..length], count, &end);
    }
}

#[test]
fn zeros_after_a_crash_are_a_torn_end() {
    for zeros in [1, 4, 100, 300_000] {
        let log = [log(), vec![0; zeros]].concat();
        check(&log, 3, "torn 52");
    }
}

#[test]
fn a_changed_byte_before_the_last_frame_is_damage() {
    for at in 0..35 {
        for bit in 0..8 {
            let mut log = log();
            log[at] ^= 1 << bit;
            let (count, offset) = if at < 17 { (0, 0) } else { (1, 17) };
            check(&log, count, &format!("damaged {offset}"));
        }
    }
}

#[test]
fn a_changed_payload_or_check_of_the_last_frame_is_damage() {
    for at in 39..52 {
        let mut log = log();
        log[at] ^= 1;
        check(&log, 2, "damaged 35");
    }
}

#[test]
fn more_than_a_frame_of_rubbish_is_damage() {
    let rubbish = vec![0xff; PAYLOAD_BYTES_MAX + 100];
    check(&[log(), rubbish].concat(), 3, "damaged 52");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
        for item in LogReader::new(&bytes[..]) {
            let _ = item;
        }
    }
}
