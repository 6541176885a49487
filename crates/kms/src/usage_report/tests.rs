use strongroom_audit::{Identity, IdentityKind, Outcome, Record, Resource, Session, Value};
use strongroom_base::UnixMillis;

use super::seen::REMEMBERED_MAX;
use super::*;
use crate::ops::{AuditClass, OPS, Service};

const FROM: i64 = 1_000_000;
const TO: i64 = 2_000_000;
const OURS: &str = "111111111111";
const THEIRS: &str = "222222222222";

/// The ARN of a key of `account`, told apart by a digit.
fn key(account: &str, digit: u8) -> String {
    format!("arn:aws:kms:us-east-1:{account}:key/00000000-0000-4000-8000-00000000000{digit}")
}

fn related(region: &str) -> String {
    format!("arn:aws:kms:{region}:{OURS}:key/mrk-{}", "0".repeat(32))
}

/// A record of our root's call in the middle of the period, of which nothing else is the same as any other's.
fn record(operation: &str, keys: &[String], parameters: &[(&str, &str)]) -> Record {
    let read_only = OPS
        .iter()
        .find(|op| op.name == operation)
        .is_some_and(|op| op.audit.is_read_only());
    Record {
        event_id: format!("event of {operation} {keys:?} {parameters:?}"),
        request_id: format!("request of {operation} {keys:?} {parameters:?}"),
        time: UnixMillis(1_500_000),
        service: "kms".to_owned(),
        operation: operation.to_owned(),
        region: "us-east-1".parse().unwrap(),
        account: OURS.parse().unwrap(),
        identity: Identity {
            kind: IdentityKind::Root,
            arn: format!("arn:aws:iam::{OURS}:root"),
            ..Identity::internal()
        },
        source_address: String::new(),
        user_agent: String::new(),
        tls: None,
        resources: keys.iter().map(Resource::new).collect(),
        parameters: (!parameters.is_empty()).then(|| Value::texts(parameters.iter().copied())),
        response: None,
        additional: None,
        details: None,
        outcome: Outcome::Success,
        read_only,
    }
}

fn failed(record: Record) -> Record {
    let (code, message) = ("AccessDeniedException".to_owned(), String::new());
    Record {
        outcome: Outcome::Exception { code, message },
        ..record
    }
}

fn at(time: i64, record: Record) -> Record {
    Record {
        event_id: format!("{} at {time}", record.event_id),
        request_id: format!("{} at {time}", record.request_id),
        time: UnixMillis(time),
        ..record
    }
}

fn by_the_server(record: Record) -> Record {
    Record {
        request_id: String::new(),
        identity: Identity::internal(),
        ..record
    }
}

fn scope(by: By) -> Scope {
    Scope {
        from: UnixMillis(FROM),
        to: UnixMillis(TO),
        account: None,
        by,
    }
}

fn standing(arn: &str, spec: &str) -> StandingKey {
    StandingKey {
        arn: arn.to_owned(),
        spec: spec.to_owned(),
        usage: String::new(),
        origin: String::new(),
        manager: MANAGED_BY_CUSTOMER.to_owned(),
        created: 0,
        rotated: Vec::new(),
        is_pending_deletion: false,
    }
}

fn count(scope: Scope, keys: &[StandingKey], records: &[Record]) -> Report {
    let mut count = UsageCount::new(scope);
    for key in keys {
        count.take_in_key(key).unwrap();
    }
    for record in records {
        count.take_in(record).unwrap();
    }
    count.finish()
}

/// What the rows say: account, Region, key, principal, operation, class, and the two counts.
fn told(report: &Report) -> Vec<String> {
    let rows = report.calls.iter().map(|row| {
        let CallRow {
            account,
            region,
            key,
            principal,
            operation,
            class,
            succeeded,
            failed,
        } = row;
        let (class, key) = (class.name(), key.rsplit('/').next().unwrap());
        let key = key.strip_prefix("00000000-0000-4000-8000-").unwrap_or(key);
        format!("{account} {region} {key} {principal} {operation} {class} {succeeded}+{failed}")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    });
    rows.collect()
}

fn check(what: &str, scope: Scope, records: &[Record], expected: &[&str]) {
    assert_eq!(told(&count(scope, &[], records)), expected, "{what}");
}

#[test]
fn the_first_moment_counts_and_the_last_does_not() {
    for (time, counted) in [(FROM - 1, false), (FROM, true), (TO - 1, true), (TO, false)] {
        let expected = [format!("{OURS} us-east-1 symmetric 1+0")];
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        let records = [at(time, record("ListKeys", &[], &[]))];
        let expected = if counted { &expected[..] } else { &[] };
        check(&format!("{time}"), scope(By::Account), &records, expected);
    }
}

#[test]
fn who_calls_pays_for_the_call_and_who_owns_pays_for_the_key() {
    let theirs = key(THEIRS, 1);
    let created = Record {
        account: THEIRS.parse().unwrap(),
        ..record(
            "CreateKey",
            std::slice::from_ref(&theirs),
            &[("keySpec", "RSA_2048")],
        )
    };
    let records = [
        created,
        record("Sign", std::slice::from_ref(&theirs), &[]),
        failed(at(TO - 1, record("Sign", &[theirs], &[]))),
    ];
    let only = |account: &str| Scope {
        account: Some(account.parse().unwrap()),
        ..scope(By::Key)
    };
    let key_time = |report: &Report| {
        report
            .keys
            .iter()
            .map(|row| row.standing_millis)
            .sum::<u64>()
    };
    let ours = count(only(OURS), &[], &records);
    assert_eq!(
        told(&ours),
        [format!("{OURS} us-east-1 000000000001 rsa-2048 1+1")]
    );
    assert_eq!(key_time(&ours), 0);
    let theirs = count(only(THEIRS), &[], &records);
    assert_eq!(
        told(&theirs),
        [format!("{THEIRS} us-east-1 000000000001 symmetric 1+0")]
    );
    assert_eq!(key_time(&theirs), 500_000);
}

#[test]
fn calls_are_told_apart_as_asked() {
    let session = Session {
        created: UnixMillis(0),
        mfa: false,
        role: Some("role".to_owned()),
        federated_by: None,
        source_identity: None,
        provider: None,
    };
    let by_session = |name: &str, record: Record| Record {
        identity: Identity {
            kind: IdentityKind::AssumedRole,
            arn: name.to_owned(),
            session: Some(session.clone()),
            ..Identity::internal()
        },
        ..at(FROM, record)
    };
    let root = format!("arn:aws:iam::{OURS}:root");
    let records = [
        record("GenerateDataKey", &[key(OURS, 1)], &[]),
        record("DescribeKey", &[key(OURS, 2)], &[]),
        by_session("one", record("DescribeKey", &[key(OURS, 2)], &[])),
        by_session("two", failed(record("ListKeys", &[], &[]))),
        by_the_server(record("RotateKey", &[key(OURS, 1)], &[])),
        Record {
            service: "sts".to_owned(),
            ..record("GetCallerIdentity", &[], &[])
        },
    ];
    for (by, expected) in [
        (
            By::Account,
            vec!["symmetric 3+1".to_owned(), "other-service 1+0".to_owned()],
        ),
        (
            By::Key,
            vec![
                "symmetric 0+1".to_owned(),
                "other-service 1+0".to_owned(),
                "000000000001 symmetric 1+0".to_owned(),
                "000000000002 symmetric 2+0".to_owned(),
            ],
        ),
        (
            By::Principal,
            vec![
                format!("{root} symmetric 2+0"),
                format!("{root} other-service 1+0"),
                "role symmetric 1+1".to_owned(),
            ],
        ),
        (
            By::Operation,
            vec![
                "kms:DescribeKey symmetric 2+0".to_owned(),
                "kms:GenerateDataKey symmetric 1+0".to_owned(),
                "kms:ListKeys symmetric 0+1".to_owned(),
                "sts:GetCallerIdentity other-service 1+0".to_owned(),
            ],
        ),
        (
            By::KeyAndPrincipal,
            vec![
                format!("{root} other-service 1+0"),
                "role symmetric 0+1".to_owned(),
                format!("000000000001 {root} symmetric 1+0"),
                format!("000000000002 {root} symmetric 1+0"),
                "000000000002 role symmetric 1+0".to_owned(),
            ],
        ),
    ] {
        let expected: Vec<String> = expected
            .iter()
            .map(|row| format!("{OURS} us-east-1 {row}"))
            .collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(&format!("{by:?}"), scope(by), &records, &expected);
    }
}

#[test]
fn the_class_is_that_of_the_keys_else_of_what_was_asked_else_unknown() {
    let (one, other) = (key(OURS, 1), key(OURS, 2));
    let (one, both) = (vec![one.clone()], vec![one, other]);
    let keyed = ("keyId", "k");
    for (operation, keys, specs, parameters, class) in [
        (
            "Encrypt",
            &one,
            &["SYMMETRIC_DEFAULT"][..],
            &[][..],
            "symmetric",
        ),
        ("Encrypt", &one, &["RSA_2048"], &[], "rsa-2048"),
        ("Encrypt", &one, &["RSA_3072"], &[], "asymmetric"),
        ("Decrypt", &one, &["SM2"], &[], "asymmetric"),
        ("Sign", &one, &["ML_DSA_44"], &[], "asymmetric"),
        ("Verify", &one, &["ECC_NIST_P256"], &[], "asymmetric"),
        ("GetPublicKey", &one, &["RSA_2048"], &[], "rsa-2048"),
        ("GetPublicKey", &one, &["ECC_NIST_P384"], &[], "asymmetric"),
        ("GetPublicKey", &one, &[], &[], "unknown"),
        ("DescribeKey", &one, &["RSA_4096"], &[], "symmetric"),
        ("GenerateMac", &one, &[], &[], "symmetric"),
        ("DeriveSharedSecret", &one, &[], &[], "asymmetric"),
        ("Encapsulate", &one, &[], &[], "asymmetric"),
        ("Encrypt", &one, &[], &[], "unknown"),
        ("Encrypt", &one, &[], &[keyed], "symmetric"),
        (
            "Decrypt",
            &one,
            &[],
            &[("encryptionAlgorithm", "SYMMETRIC_DEFAULT")],
            "symmetric",
        ),
        (
            "Decrypt",
            &one,
            &[],
            &[("encryptionAlgorithm", "RSAES_OAEP_SHA_256")],
            "unknown",
        ),
        (
            "Decrypt",
            &one,
            &[],
            &[("encryptionAlgorithm", "SM2PKE")],
            "asymmetric",
        ),
        (
            "Sign",
            &one,
            &[],
            &[keyed, ("signingAlgorithm", "ECDSA_SHA_256")],
            "asymmetric",
        ),
        (
            "Sign",
            &one,
            &[],
            &[keyed, ("signingAlgorithm", "RSASSA_PSS_SHA_256")],
            "unknown",
        ),
        (
            "Sign",
            &one,
            &["RSA_2048"],
            &[("signingAlgorithm", "ECDSA_SHA_256")],
            "rsa-2048",
        ),
        (
            "ReEncrypt",
            &both,
            &["RSA_2048", "RSA_2048"],
            &[],
            "rsa-2048",
        ),
        (
            "ReEncrypt",
            &both,
            &["RSA_2048", "SYMMETRIC_DEFAULT"],
            &[],
            "unknown",
        ),
        ("ReEncrypt", &both, &["RSA_2048"], &[], "unknown"),
        (
            "ReEncrypt",
            &both,
            &[],
            &[("destinationKeyId", "k")],
            "symmetric",
        ),
        (
            "ReEncrypt",
            &both,
            &[],
            &[
                ("destinationKeyId", "k"),
                ("destinationEncryptionAlgorithm", "SM2PKE"),
            ],
            "unknown",
        ),
        (
            "GenerateDataKeyPair",
            &one,
            &["SYMMETRIC_DEFAULT"],
            &[("keyPairSpec", "RSA_2048")],
            "rsa-key-pair",
        ),
        (
            "GenerateDataKeyPairWithoutPlaintext",
            &one,
            &[],
            &[("keyPairSpec", "ECC_NIST_P256")],
            "ecc-key-pair",
        ),
        (
            "GenerateDataKeyPair",
            &one,
            &["SYMMETRIC_DEFAULT"],
            &[("keyPairSpec", "SM2")],
            "unknown",
        ),
        (
            "GenerateDataKeyPair",
            &one,
            &["SYMMETRIC_DEFAULT"],
            &[],
            "unknown",
        ),
    ] {
        let held = keys.iter().zip(specs);
        let held: Vec<StandingKey> = held.map(|(arn, spec)| standing(arn, spec)).collect();
        let calls = count(
            scope(By::Account),
            &held,
            &[record(operation, keys, parameters)],
        )
        .calls;
        let classes: Vec<&str> = calls.iter().map(|row| row.class.name()).collect();
        assert_eq!(classes, [class], "{operation} {specs:?} {parameters:?}");
    }
}

#[test]
fn material_is_told_of_symmetric_operations_alone() {
    let mut record = record("Decrypt", &[key(OURS, 1)], &[]);
    record.resources[0].material_id = Some([1; 32]);
    check(
        "material",
        scope(By::Account),
        &[record],
        &["111111111111 us-east-1 symmetric 1+0"],
    );
}

/// A new operation is told to belong to a class by decision, not because it fell through.
#[test]
fn every_cryptographic_operation_has_its_class() {
    const SYMMETRIC: &[&str] = &[
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "GenerateRandom",
        "VerifyMac",
    ];
    let cryptographic =
        |op: &&crate::ops::Op| op.service == Service::Kms && op.audit == AuditClass::Cryptographic;
    for op in OPS.iter().filter(cryptographic) {
        let calls = count(
            scope(By::Account),
            &[],
            &[record(op.name, &[key(OURS, 1)], &[])],
        )
        .calls;
        let is_symmetric = calls[0].class == Class::Symmetric;
        assert_eq!(is_symmetric, SYMMETRIC.contains(&op.name), "{}", op.name);
    }
}

#[test]
fn what_comes_twice_counts_once() {
    let read = record("DescribeKey", &[key(OURS, 1)], &[]);
    let change = record("DisableKey", &[key(OURS, 1)], &[]);
    let (here, there) = (related("us-east-1"), related("eu-west-1"));
    let replicate = record("ReplicateKey", &[here.clone(), there.clone()], &[]);
    let replica = Record {
        event_id: "another".to_owned(),
        operation: "CreateKey".to_owned(),
        region: "eu-west-1".parse().unwrap(),
        resources: vec![Resource::new(&there)],
        ..replicate.clone()
    };
    let one = "111111111111 us-east-1 kms:";
    let once = [format!("{one}ReplicateKey symmetric 1+0")];
    let twice = [format!("{one}DescribeKey symmetric 2+0")];
    let changed = [format!("{one}DisableKey symmetric 1+0")];
    for (what, records, expected) in [
        ("a change", [change.clone(), change], &changed),
        ("reads, which nothing repeats", [read.clone(), read], &twice),
        (
            "the caller's Region first",
            [replicate.clone(), replica.clone()],
            &once,
        ),
        ("the other Region first", [replica, replicate], &once),
    ] {
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(what, scope(By::Operation), &records, &expected);
    }
}

#[test]
fn no_more_than_the_last_changes_are_remembered() {
    let first = record("DisableKey", &[key(OURS, 1)], &[]);
    let mut count = UsageCount::new(scope(By::Account));
    count.take_in(&first).unwrap();
    let time = |number: usize| TO + i64::try_from(number).unwrap();
    for number in 0..REMEMBERED_MAX - 1 {
        count.take_in(&at(time(number), first.clone())).unwrap();
    }
    count.take_in(&first).unwrap();
    count
        .take_in(&at(time(REMEMBERED_MAX), first.clone()))
        .unwrap();
    count.take_in(&first).unwrap();
    assert_eq!(count.finish().calls[0].succeeded, 2);
}

#[test]
fn more_rows_than_the_limit_are_an_error_and_not_a_guess() {
    let mut count = UsageCount::new(scope(By::Principal));
    let mut call = record("ListKeys", &[], &[]);
    for number in 0..CALL_ROWS_MAX {
        call.identity.arn = format!("arn:aws:iam::{OURS}:user/{number}");
        count.take_in(&call).unwrap();
    }
    count.take_in(&call).unwrap();
    call.identity.arn.push_str("more");
    assert_eq!(count.take_in(&call), Err(TooMany::CallRows));
}

/// A day in the life of a key: operation and time.
type Event = (&'static str, i64);

/// How long the only key stood, and after its rotations.
fn stood(keys: &[StandingKey], events: &[Event]) -> Option<(u64, u64, u64)> {
    let records: Vec<Record> = events
        .iter()
        .map(|(operation, time)| {
            let record = at(*time, record(operation, &[key(OURS, 1)], &[]));
            match *operation {
                "RotateKey" | "DeleteKey" => by_the_server(record),
                _ => record,
            }
        })
        .collect();
    let report = count(scope(By::Key), keys, &records);
    assert!(report.keys.len() <= 1);
    let row = report.keys.first()?;
    Some((
        row.standing_millis,
        row.first_rotation_millis,
        row.second_rotation_millis,
    ))
}

#[test]
fn a_key_costs_from_its_creation_until_it_waits_for_its_deletion() {
    let whole = 1_000_000;
    for (events, expected) in [
        (&[("CreateKey", FROM - 1)][..], Some((whole, 0, 0))),
        (&[("CreateKey", FROM + 400_000)], Some((600_000, 0, 0))),
        (&[("CreateKey", TO - 1)], Some((1, 0, 0))),
        (&[("CreateKey", TO)], None),
        (&[("CreateKey", 0), ("ScheduleKeyDeletion", FROM)], None),
        (
            &[("CreateKey", 0), ("ScheduleKeyDeletion", FROM + 1)],
            Some((1, 0, 0)),
        ),
        (
            &[("CreateKey", 0), ("ScheduleKeyDeletion", TO + 1)],
            Some((whole, 0, 0)),
        ),
        (
            &[
                ("CreateKey", 0),
                ("ScheduleKeyDeletion", FROM),
                ("CancelKeyDeletion", TO + 5),
            ],
            Some((whole, 0, 0)),
        ),
        (
            &[
                ("CreateKey", 0),
                ("ScheduleKeyDeletion", FROM),
                ("CancelKeyDeletion", FROM + 1),
                ("ScheduleKeyDeletion", FROM + 7),
                ("DeleteKey", FROM + 9),
            ],
            Some((7, 0, 0)),
        ),
        (&[("CreateKey", 0), ("DeleteKey", FROM - 1)], None),
        // The beginning of the log is gone, and with it the creation.
        (&[("DeleteKey", FROM + 9)], Some((9, 0, 0))),
        (
            &[
                ("CreateKey", 0),
                ("RotateKey", FROM - 1),
                ("RotateKey", TO - 3),
                ("RotateKey", TO - 2),
            ],
            Some((whole, 1_000_000, 3)),
        ),
        // The outbox keeps no order.
        (
            &[
                ("RotateKey", TO - 3),
                ("RotateKey", FROM + 1),
                ("CreateKey", FROM),
            ],
            Some((whole, 999_999, 3)),
        ),
        (
            &[
                ("CreateKey", 0),
                ("RotateKey", FROM),
                ("ScheduleKeyDeletion", FROM + 10),
            ],
            Some((10, 10, 0)),
        ),
        (&[("DisableKey", FROM)], None),
    ] {
        assert_eq!(stood(&[], events), expected, "{events:?}");
    }
}

#[test]
fn what_the_server_says_of_a_key_counts_more_than_records() {
    let in_use = StandingKey {
        created: FROM + 100,
        rotated: vec![TO - 20, TO - 10],
        ..standing(&key(OURS, 1), "SYMMETRIC_DEFAULT")
    };
    let pending = StandingKey {
        is_pending_deletion: true,
        ..in_use.clone()
    };
    let scheduled = ("ScheduleKeyDeletion", TO - 15);
    let events = [("CreateKey", FROM), ("RotateKey", FROM + 5), scheduled];
    for (key, events, expected) in [
        (&in_use, &events[..0], (999_900, 20, 10)),
        (&in_use, &events[..], (999_900, 20, 10)),
        (&pending, &events[..], (999_885, 5, 0)),
        // When it was scheduled is not known.
        (&pending, &events[..2], (999_900, 20, 10)),
    ] {
        let found = stood(std::slice::from_ref(key), events);
        assert_eq!(found, Some(expected), "{events:?}");
    }
}

#[test]
fn keys_are_of_the_kind_their_creation_says() {
    let (here, there) = (related("us-east-1"), related("eu-west-1"));
    let made =
        |arn: &str, parameters: &[(&str, &str)]| record("CreateKey", &[arn.to_owned()], parameters);
    let rsa = [
        ("keySpec", "RSA_2048"),
        ("keyUsage", "SIGN_VERIFY"),
        ("origin", "EXTERNAL"),
    ];
    let one = key(OURS, 1);
    for (what, records, expected) in [
        (
            "told",
            vec![made(&one, &rsa)],
            vec!["CUSTOMER RSA_2048 SIGN_VERIFY EXTERNAL 1"],
        ),
        (
            "defaults",
            vec![
                made(&one, &[("description", "d")]),
                made(&key(OURS, 2), &[("description", "d")]),
            ],
            vec!["CUSTOMER SYMMETRIC_DEFAULT ENCRYPT_DECRYPT AWS_KMS 2"],
        ),
        ("untold", vec![made(&one, &[])], vec!["CUSTOMER    1"]),
        (
            "managed by AWS",
            vec![by_the_server(made(&one, &[]))],
            vec!["AWS    1"],
        ),
        (
            "a replica",
            vec![
                made(&here, &rsa),
                made(&there, &[("replicaRegion", "eu-west-1")]),
            ],
            vec!["CUSTOMER RSA_2048 SIGN_VERIFY EXTERNAL 1"; 2],
        ),
        ("failed", vec![failed(made(&one, &rsa))], vec![]),
    ] {
        let rows = count(scope(By::Account), &[], &records).keys;
        let told = |row: &KeyRow| {
            let KeyRow {
                manager,
                spec,
                usage,
                origin,
                keys,
                ..
            } = row;
            format!("{manager} {spec} {usage} {origin} {keys}")
        };
        assert_eq!(
            rows.iter().map(told).collect::<Vec<_>>(),
            expected,
            "{what}"
        );
    }
}
