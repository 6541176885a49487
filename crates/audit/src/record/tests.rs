use proptest::prelude::{any, proptest};
use strongroom_base::{UnixMillis, hex};

use super::{
    CONTEXT_BYTES_MAX, Caller, KeyUse, Outcome, Record, RecordError, TEXT_BYTES_MAX,
    USER_AGENT_BYTES_MAX,
};

fn record() -> Record {
    Record {
        event_id: "e".into(),
        request_id: "r".into(),
        time: UnixMillis(1_763_772_000_123),
        service: "kms".into(),
        operation: "Encrypt".into(),
        region: "us-east-1".parse().unwrap(),
        caller: Caller {
            account: "000000000000".parse().unwrap(),
            access_key_id: "test".into(),
            principal: "arn:aws:iam::000000000000:root".into(),
        },
        source_address: "127.0.0.1".into(),
        user_agent: "cli".into(),
        keys: vec![KeyUse {
            arn: "arn:k".into(),
            material_id: Some([7; 32]),
        }],
        encryption_context: vec![("a".into(), "b".into())],
        destination_encryption_context: vec![],
        outcome: Outcome::Success,
        read_only: true,
    }
}

/// Changes a record through `change` and checks that its bytes hold all of it.
fn check(change: fn(&mut Record)) {
    let mut wanted = record();
    change(&mut wanted);
    assert_eq!(Record::decode(&wanted.encode().unwrap()), Ok(wanted));
}

fn check_refused(change: fn(&mut Record), wanted: &'static str) {
    let mut record = record();
    change(&mut record);
    assert_eq!(record.encode(), Err(RecordError::TooLarge(wanted)));
}

#[test]
fn the_stored_bytes_are_these() {
    let golden = "01\
        ae\
        00 6165\
        01 6172\
        02 1b0000019aa900e77b\
        03 636b6d73\
        04 67456e6372797074\
        05 6975732d656173742d31\
        06 6c303030303030303030303030\
        07 6474657374\
        08 781e61726e3a6177733a69616d3a3a3030303030303030303030303a726f6f74\
        09 693132372e302e302e31\
        0a 63636c69\
        0b 81a2006561726e3a6b0158200707070707070707070707070707070707070707070707070707070707070707\
        0c 818261616162\
        0f f5";
    let golden = golden.replace(' ', "");
    assert_eq!(hex::encode(&record().encode().unwrap()), golden);
}

#[test]
fn records_survive_storage() {
    check(|_| ());
    check(|record| record.outcome = Outcome::Exception("DisabledException".into()));
    check(|record| record.read_only = false);
    check(|record| record.time = UnixMillis(-1));
    check(|record| record.keys.clear());
    check(|record| {
        record.keys.push(KeyUse {
            arn: "arn:l".into(),
            material_id: None,
        })
    });
    check(|record| record.encryption_context.clear());
    check(|record| {
        record
            .destination_encryption_context
            .push(("é".into(), String::new()))
    });
}

#[test]
fn every_member_is_bounded() {
    check_refused(
        |record| record.operation = "x".repeat(TEXT_BYTES_MAX + 1),
        "operation",
    );
    check_refused(
        |record| record.outcome = Outcome::Exception("x".repeat(TEXT_BYTES_MAX + 1)),
        "exception",
    );
    check_refused(
        |record| record.keys = vec![record.keys[0].clone(); 3],
        "key list",
    );
    check_refused(
        |record| record.encryption_context = vec![("x".repeat(CONTEXT_BYTES_MAX), String::new())],
        "encryption context",
    );
}

#[test]
fn long_user_agents_are_cut_at_a_character() {
    let mut record = record();
    record.user_agent = format!("x{}", "é".repeat(USER_AGENT_BYTES_MAX));
    let stored = Record::decode(&record.encode().unwrap()).unwrap();
    assert_eq!(stored.user_agent.len(), USER_AGENT_BYTES_MAX - 1);
    assert!(record.user_agent.starts_with(&stored.user_agent));
}

#[test]
fn other_bytes_are_refused() {
    let bytes = record().encode().unwrap();
    assert_eq!(Record::decode(&[]), Err(RecordError::Malformed));
    assert_eq!(Record::decode(&[2]), Err(RecordError::UnknownFormat(2)));
    for length in 1..bytes.len() {
        assert_eq!(
            Record::decode(&bytes[..length]),
            Err(RecordError::Malformed),
            "{length}"
        );
    }
    let longer = [bytes, vec![0]].concat();
    assert_eq!(Record::decode(&longer), Err(RecordError::Malformed));
}

#[test]
fn a_record_is_shown_on_one_line() {
    let mut record = record();
    record.source_address = "127.0.0.1\n".into();
    assert_eq!(
        record.to_string(),
        "2025-11-22T00:40:00.123Z kms:Encrypt us-east-1 arn:aws:iam::000000000000:root 127.0.0.1\\n \
         Success arn:k"
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
        let _ = Record::decode(&[&[super::FORMAT], &bytes[..]].concat());
    }

    #[test]
    fn no_change_of_one_byte_panics(at in 0_usize..250, byte in any::<u8>()) {
        let mut bytes = record().encode().unwrap();
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        if let Ok(record) = Record::decode(&bytes) {
            let _ = record.to_string();
        }
    }
}
