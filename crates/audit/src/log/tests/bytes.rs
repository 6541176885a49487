//! The bytes of frames, headers and checkpoints, and what reads them back.

use proptest::prelude::{any, proptest};
use strongroom_base::hex;

use super::{BOOT, Log, WRITER, record};
use crate::log::{
    Chain, Checkpoint, Header, LogReader, PAYLOAD_BYTES_MAX, PayloadKind, checkpoint_key_id,
};

fn checkpoint() -> Checkpoint {
    Checkpoint {
        writer: WRITER,
        boot: BOOT,
        time: 1_800_000_000_123,
        sequence: 7,
        link: [0x33; 32],
        key: [0x66; 16],
        signature: [0x44; 64],
    }
}

#[test]
fn the_bytes_of_a_header_are_these() {
    let header = Header {
        writer: WRITER,
        segment: 3,
        sequence: 7,
        previous: [0x55; 32],
        time: 1_800_000_000_000,
    };
    let golden = [
        "80",
        &"11".repeat(16),
        "0000000000000003",
        "0000000000000007",
        &"55".repeat(32),
        "000001a3185c5000",
    ]
    .concat();
    assert_eq!(hex::encode(&header.to_bytes()), golden);
    assert_eq!(Header::from_bytes(&header.to_bytes()), Some(header));
    for length in 0..header.to_bytes().len() {
        assert_eq!(Header::from_bytes(&header.to_bytes()[..length]), None);
    }
}

#[test]
fn the_bytes_of_a_checkpoint_are_these() {
    let golden = [
        "81",
        &"11".repeat(16),
        &"22".repeat(16),
        "000001a3185c507b",
        "0000000000000007",
        &"33".repeat(32),
        &"66".repeat(16),
        &"44".repeat(64),
    ]
    .concat();
    let bytes = checkpoint().to_bytes();
    assert_eq!(hex::encode(&bytes), golden);
    assert_eq!(Checkpoint::from_bytes(&bytes), Ok(checkpoint()));
    for length in 0..bytes.len() {
        assert!(Checkpoint::from_bytes(&bytes[..length]).is_err());
    }
    assert!(Checkpoint::from_bytes(&[&bytes[..], b"x"].concat()).is_err());
}

#[test]
fn the_bytes_that_are_signed_are_these() {
    let golden = [
        // "strongroom audit checkpoint v1"
        "7374726f6e67726f6f6d20617564697420636865636b706f696e74207631",
        &"11".repeat(16),
        &"22".repeat(16),
        "000001a3185c507b",
        "0000000000000007",
        &"33".repeat(32),
    ]
    .concat();
    assert_eq!(hex::encode(&checkpoint().signed_bytes()), golden);
}

#[test]
fn a_checkpoint_is_a_line_too() {
    let line = checkpoint().to_string();
    assert_eq!(
        line,
        format!(
            "strongroom-audit-checkpoint-1 writer={} boot={} time=1800000000123 sequence=7 link={} key={} signature={}",
            "11".repeat(16),
            "22".repeat(16),
            "33".repeat(32),
            "66".repeat(16),
            "44".repeat(64)
        )
    );
    assert_eq!(line.parse(), Ok(checkpoint()));
    assert_eq!(format!("  {line}\n").parse(), Ok(checkpoint()));
    for changed in [
        line.replace("writer", "w"),
        line.replace("=7 ", "=-7 "),
        line.replace("key=66", "key=6"),
        line.replace("3333 ", "33 "),
        format!("{line} more=1"),
        String::new(),
    ] {
        assert!(changed.parse::<Checkpoint>().is_err(), "{changed}");
    }
}

#[test]
fn keys_are_named_by_their_bytes() {
    // SHA-256("abc") begins ba7816bf8f01cfea414140de5dae2223 (FIPS 180-4 example).
    let id = checkpoint_key_id(b"abc");
    assert_eq!(hex::encode(&id), "ba7816bf8f01cfea414140de5dae2223");
}

#[test]
fn the_bytes_of_a_chain_are_these() {
    // link = SHA-256("strongroom audit link v1" ‖ before ‖ length ‖ payload), computed apart from this program.
    let mut chain = Chain::new(WRITER);
    let header = chain.header(1, 1_800_000_000_000);
    let first = chain.append(b"\x01abc").unwrap();
    let golden = GOLDEN_CHAIN;
    assert_eq!(
        [
            hex::encode(&header),
            hex::encode(&first),
            hex::encode(&chain.link())
        ],
        golden.map(str::to_owned)
    );
    assert_eq!(chain.covered(), Some((1, chain.link())));
}

const GOLDEN_CHAIN: [&str; 3] = [
    "000000498011111111111111111111111111111111000000000000000100000000000000000000000000000000000000000000000000000000000000000000000000000000000001a3185c50001116cb4ab7c578a6",
    "0000000401616263096939458c0fdc4a",
    "096939458c0fdc4aa17897a65365f8fc775325a70ce0a08d83dd6795d193dd5d",
];

#[test]
fn payloads_are_bounded_and_kinds_apart() {
    let sized = |size: usize| [vec![1], vec![0; size - 1]].concat();
    for (payload, fits) in [
        (sized(PAYLOAD_BYTES_MAX), true),
        (sized(PAYLOAD_BYTES_MAX + 1), false),
        (vec![], false),
        (vec![0x7f], true),
        (vec![0x80], false),
        (vec![0x81], false),
        (vec![0xff], false),
    ] {
        let mut chain = Chain::new(WRITER);
        assert_eq!(chain.append(&payload).is_ok(), fits);
        assert_eq!(chain == Chain::new(WRITER), !fits);
    }
    assert_eq!(PayloadKind::of(&[0x82]), None);
}

#[test]
fn frames_come_back_with_their_offsets() {
    let mut log = Log::new();
    log.write(3);
    log.sign();
    let bytes = log.bytes().concat();
    let frames: Vec<_> = LogReader::new(&bytes[..]).map(Result::unwrap).collect();
    let mut offset = 0;
    for (frame, written) in frames.iter().zip(&log.segments[0]) {
        assert_eq!(frame.offset, offset);
        assert_eq!(frame.payload, super::payload(written));
        offset += u64::try_from(written.len()).unwrap();
    }
    let records: Vec<_> = frames.iter().filter(|frame| frame.is_record()).collect();
    assert_eq!((frames.len(), records.len()), (5, 3));
    assert_eq!(records[1].payload, record(1));
    assert_eq!(frames[4].link, Some(log.chain.link()));
}

#[test]
fn a_chain_goes_on_where_it_ended() {
    let mut log = Log::new();
    log.write(2);
    let mut resumed = Chain::resume(WRITER, 2, log.chain.link());
    let frame = resumed.append(&record(2)).unwrap();
    log.write(1);
    assert_eq!(Some(&frame), log.segments[0].last());
    assert_eq!(resumed.covered(), log.chain.covered());
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
        for item in LogReader::new(&bytes[..]) {
            let _ = item;
        }
        let _ = Checkpoint::from_bytes(&bytes);
        let _ = Header::from_bytes(&bytes);
        let _ = String::from_utf8_lossy(&bytes).parse::<Checkpoint>();
    }

    #[test]
    fn nothing_behind_a_header_panics(bytes in any::<Vec<u8>>()) {
        let log = [Log::new().bytes().concat(), bytes].concat();
        for item in LogReader::new(&log[..]) {
            let _ = item;
        }
    }
}
