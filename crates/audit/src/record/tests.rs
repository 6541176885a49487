use proptest::prelude::{any, proptest};
use strongroom_base::{UnixMillis, hex};

use super::{
    ADDITIONAL_BYTES_MAX, DEPTH_MAX, Identity, IdentityKind, Issuer, MEMBERS_MAX, Outcome,
    PARAMETERS_BYTES_MAX, Record, RecordError, Resource, Session, TEXT_BYTES_MAX, Tls,
    USER_AGENT_BYTES_MAX, Value,
};

fn record() -> Record {
    Record {
        event_id: "00010203-0405-4607-8809-0a0b0c0d0e0f".into(),
        request_id: "10111213-1415-4617-9819-1a1b1c1d1e1f".into(),
        time: UnixMillis(1_763_772_000_123),
        service: "kms".into(),
        operation: "Encrypt".into(),
        region: "us-east-1".parse().unwrap(),
        account: "000000000000".parse().unwrap(),
        identity: Identity {
            kind: IdentityKind::Root,
            principal_id: "000000000000".into(),
            arn: "arn:aws:iam::000000000000:root".into(),
            access_key_id: "test".into(),
            session: None,
        },
        source_address: "127.0.0.1".into(),
        user_agent: "cli".into(),
        tls: None,
        resources: vec![Resource {
            arn: "arn:k".into(),
            material_id: Some([7; 32]),
        }],
        parameters: Some(Value::texts([("a", "b")])),
        response: None,
        additional: None,
        details: None,
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

/// Changes a record through `change` and checks that its bytes lack what `left_out` takes away.
fn check_left_out(change: fn(&mut Record), left_out: fn(&mut Record)) {
    let mut record = record();
    change(&mut record);
    let stored = Record::decode(&record.encode().unwrap());
    left_out(&mut record);
    assert_eq!(stored, Ok(record));
}

fn deep(depth: usize) -> Value {
    (0..depth).fold(Value::Bool(true), |inner, _| Value::List(vec![inner]))
}

#[test]
fn the_stored_bytes_are_these() {
    let golden = "02\
        ad\
        00 50000102030405460788090a0b0c0d0e0f\
        01 50101112131415461798191a1b1c1d1e1f\
        02 1b0000019aa900e77b\
        03 636b6d73\
        04 67456e6372797074\
        05 6975732d656173742d31\
        06 6c303030303030303030303030\
        07 a4\
            00 00\
            01 6c303030303030303030303030\
            02 781e61726e3a6177733a69616d3a3a3030303030303030303030303a726f6f74\
            03 6474657374\
        08 693132372e302e302e31\
        09 63636c69\
        0b 81a2006561726e3a6b0158200707070707070707070707070707070707070707070707070707070707070707\
        0c a161616162\
        12 f5";
    let golden = golden.replace(' ', "");
    assert_eq!(hex::encode(&record().encode().unwrap()), golden);
}

/// What versions before the chain wrote.
#[test]
fn the_first_format_is_read() {
    let stored = "01ae\
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
    let mut wanted = record();
    wanted.event_id = "e".into();
    wanted.request_id = "r".into();
    wanted.identity.principal_id = String::new();
    wanted.parameters = Some(Value::Object(vec![(
        "encryptionContext".into(),
        Value::texts([("a", "b")]),
    )]));
    let stored = hex::decode(&stored.replace(' ', "")).unwrap();
    assert_eq!(Record::decode(&stored), Ok(wanted));
}

#[test]
fn records_survive_storage() {
    check(|_| ());
    check(|record| {
        record.outcome = Outcome::Exception {
            code: "DisabledException".into(),
            message: "arn:k is disabled.".into(),
        }
    });
    check(|record| {
        record.outcome = Outcome::Exception {
            code: "InvalidCiphertextException".into(),
            message: String::new(),
        }
    });
    check(|record| record.read_only = false);
    check(|record| record.time = UnixMillis(-1));
    check(|record| record.resources.clear());
    check(|record| record.resources.push(Resource::new("arn:l")));
    check(|record| record.request_id.clear());
    check(|record| record.identity = Identity::internal());
    check(|record| {
        record.identity.session = Some(Session {
            created: UnixMillis(5),
            mfa: true,
            role: Some("arn:r".into()),
            source_identity: Some("s".into()),
            provider: None,
            federated_by: None,
        })
    });
    check(|record| {
        record.identity.session = Some(Session {
            created: UnixMillis(5),
            mfa: false,
            role: None,
            source_identity: None,
            provider: None,
            federated_by: Some(Issuer {
                principal_id: "AIDA".into(),
                arn: "arn:u".into(),
            }),
        })
    });
    check(|record| {
        record.tls = Some(Tls {
            version: "TLSv1.3".into(),
            cipher_suite: "c".into(),
            key_exchange: String::new(),
            host: "h".into(),
        })
    });
    check(|record| {
        record.parameters = Some(Value::Object(vec![
            ("é".into(), Value::Integer(-7)),
            ("b".into(), Value::List(vec![false.into(), "x".into()])),
            ("a".into(), Value::Object(vec![])),
        ]))
    });
    check(|record| record.response = Some(deep(DEPTH_MAX)));
    check(|record| record.additional = Some(Value::texts([("grantId", "g")])));
    check(|record| record.details = Some(Value::texts([("keyId", "k")])));
}

#[test]
fn every_kind_of_identity_survives_storage() {
    for number in 0..=u8::MAX {
        let Some(kind) = IdentityKind::of_number(number) else {
            continue;
        };
        assert_eq!(kind.number(), number);
        let mut record = record();
        record.identity.kind = kind;
        assert_eq!(Record::decode(&record.encode().unwrap()), Ok(record));
    }
}

#[test]
fn every_member_is_bounded() {
    check_refused(
        |record| record.operation = "x".repeat(TEXT_BYTES_MAX + 1),
        "operation",
    );
    check_refused(
        |record| {
            record.outcome = Outcome::Exception {
                code: "x".repeat(TEXT_BYTES_MAX + 1),
                message: String::new(),
            }
        },
        "exception",
    );
    check_refused(
        |record| record.resources = vec![Resource::new("a"); 5],
        "list of resources",
    );
    check_refused(
        |record| record.resources = vec![Resource::new("x".repeat(TEXT_BYTES_MAX + 1))],
        "resource",
    );
}

#[test]
fn what_is_too_large_is_left_out() {
    let without_parameters = |record: &mut Record| record.parameters = None;
    check_left_out(
        |record| record.parameters = Some("x".repeat(PARAMETERS_BYTES_MAX).into()),
        without_parameters,
    );
    check_left_out(
        |record| record.parameters = Some(deep(DEPTH_MAX + 1)),
        without_parameters,
    );
    check_left_out(
        |record| record.parameters = Some(Value::List(vec![true.into(); MEMBERS_MAX])),
        without_parameters,
    );
    check_left_out(
        |record| record.additional = Some("x".repeat(ADDITIONAL_BYTES_MAX).into()),
        |record| record.additional = None,
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
    assert_eq!(Record::decode(&[3]), Err(RecordError::UnknownFormat(3)));
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
    record.operation = "Enc\u{1b}[2Jrypt\u{9b}".into();
    assert_eq!(
        record.to_string(),
        "2025-11-22T00:40:00.123Z kms:Enc\\u{1b}[2Jrypt\\u{9b} us-east-1 arn:aws:iam::000000000000:root 127.0.0.1\\n \
         Success arn:k"
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(format in 1_u8..=2, bytes in any::<Vec<u8>>()) {
        let _ = Record::decode(&[&[format], &bytes[..]].concat());
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
