use std::fs;
use std::os::unix::fs::PermissionsExt;

use strongroom_hsm_api::wire::encode;

use super::*;

fn statement(epoch: u32, sequence: u64) -> Vec<u8> {
    let position = Position {
        epoch,
        sequence,
        root: [1; 32],
        base: 0,
        seal: 1,
    };
    encode(&Statement {
        domain: [2; 16],
        position,
        tag: [3; 32],
    })
}

fn ages(path: &Path) -> [Option<(u32, u64)>; 2] {
    AnchorFile::read(path).unwrap().map(|slot| age(&slot))
}

#[test]
fn statements_go_into_the_older_slot() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("anchor");
    assert_eq!(ages(&path), [None, None]);
    AnchorFile::begin(&path, &statement(0, 0)).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(ages(&path), [Some((0, 0)), None]);
    let file = AnchorFile::open(&path).unwrap();
    for (sequence, expected) in [
        (0, [0, 9]),
        (1, [0, 1]),
        (1, [0, 1]),
        (2, [2, 1]),
        (3, [2, 3]),
    ] {
        file.publish(&statement(0, sequence)).unwrap();
        let expected = expected.map(|one| (one < 9).then_some((0, one)));
        assert_eq!(ages(&path), expected, "{sequence}");
    }
    let file = AnchorFile::open(&path).unwrap();
    file.publish(&statement(1, 1)).unwrap();
    assert_eq!(ages(&path), [Some((1, 1)), Some((0, 3))]);
    file.publish(&statement(1, 2)).unwrap();
    assert_eq!(ages(&path), [Some((1, 1)), Some((1, 2))]);
    assert_eq!(fs::metadata(&path).unwrap().len(), 8192);
}

#[test]
fn the_bytes_of_a_file_do_not_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("anchor");
    AnchorFile::open(&path)
        .unwrap()
        .publish(&statement(0, 7))
        .unwrap();
    let mut expected = statement(0, 7);
    assert_eq!(expected.len(), 118);
    expected.resize(8192, 0);
    assert_eq!(fs::read(&path).unwrap(), expected);
}

#[test]
fn a_file_that_is_cut_or_garbled_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("anchor");
    for content in [&b""[..], b"x", &[0; 4095], &[0xff; 5000], &[7; 8192]] {
        fs::write(&path, content).unwrap();
        assert_eq!(ages(&path), [None, None]);
        let file = AnchorFile::open(&path).unwrap();
        file.publish(&statement(0, 5)).unwrap();
        file.publish(&statement(0, 6)).unwrap();
        assert_eq!(ages(&path), [Some((0, 5)), Some((0, 6))]);
    }
}

#[test]
fn an_anchor_in_use_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("anchor");
    for again in [statement(0, 0), statement(0, 0)] {
        AnchorFile::begin(&path, &again).unwrap();
    }
    AnchorFile::open(&path)
        .unwrap()
        .publish(&statement(0, 1))
        .unwrap();
    let refused = AnchorFile::begin(&path, &statement(0, 0)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
    assert_eq!(ages(&path), [Some((0, 0)), Some((0, 1))]);
}

/// Damage, or the anchor of another domain: else every statement would be written over the one before, and a write cut
/// short would leave none.
#[test]
fn a_slot_that_claims_to_be_newer_than_what_is_published_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("anchor");
    for [first, second] in [[3, 900], [900, 3], [900, 901]] {
        AnchorFile::begin(&path, &statement(0, 0)).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        for (slot, sequence) in [(0, first), (SLOT_BYTES, second)] {
            let stated = statement(0, sequence);
            bytes[slot..slot + stated.len()].copy_from_slice(&stated);
        }
        fs::write(&path, bytes).unwrap();
        let file = AnchorFile::open(&path).unwrap();
        for sequence in [4, 5] {
            file.publish(&statement(0, sequence)).unwrap();
        }
        let mut found = ages(&path).map(|age| age.unwrap().1);
        found.sort_unstable();
        assert_eq!(found, [4, 5], "{first} {second}");
        fs::remove_file(&path).unwrap();
    }
}

/// As when the configuration names a file by mistake.
#[test]
fn what_is_no_anchor_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("anchor");
    for (content, is_damaged) in [(&b"x"[..], true), (&[7; 8192], true), (&[0; 8193], false)] {
        fs::write(&path, content).unwrap();
        let refused = AnchorFile::begin(&path, &statement(0, 0)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        assert_eq!(AnchorFile::open(&path).is_ok(), is_damaged);
        assert_eq!(fs::read(&path).unwrap(), content);
    }
    let null = Path::new("/dev/null");
    assert!(AnchorFile::begin(null, &statement(0, 0)).is_err());
    assert!(AnchorFile::open(null).is_err());
    assert!(AnchorFile::open(folder.path()).is_err());
}
