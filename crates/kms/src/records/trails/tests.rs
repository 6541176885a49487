use strongroom_base::hex;

use super::super::Record;
use super::*;

fn trail() -> TrailRecord {
    TrailRecord {
        account: "123456789012".parse().unwrap(),
        home: "us-east-1".parse().unwrap(),
        name: "main".into(),
        created: Millis(1),
        bucket: "b".into(),
        prefix: Some("p".into()),
        is_multi_region: true,
        includes_global_events: true,
        validates_logs: false,
        selectors: vec![SelectorRecord {
            read_write: ReadWrite::WriteOnly,
            includes_management: true,
            excluded_sources: vec!["kms.amazonaws.com".into()],
        }],
        tags: vec![TagRecord {
            key: "k".into(),
            value: "v".into(),
        }],
        is_logging: true,
        started: Some(Millis(3)),
        stopped: Some(Millis(2)),
    }
}

fn delivery() -> TrailDeliveryRecord {
    TrailDeliveryRecord {
        account: "123456789012".parse().unwrap(),
        home: "us-east-1".parse().unwrap(),
        trail: "main".into(),
        region: "eu-west-1".parse().unwrap(),
        position: LogPositionRecord {
            segment: 1,
            offset: 2,
        },
        planned: Some(DeliveryStepRecord {
            to: LogPositionRecord {
                segment: 3,
                offset: 4,
            },
            time: Millis(5),
            suffix: "s".into(),
        }),
        digest: Some(DigestRecord {
            since: Millis(6),
            previous: Some(PreviousDigestRecord {
                bucket: "b".into(),
                key: "d".into(),
                hash: [7; 32],
                signature: vec![8],
            }),
            files: vec![DeliveredFileRecord {
                bucket: "b".into(),
                key: "f".into(),
                hash: [9; 32],
                newest: Millis(11),
                oldest: Millis(10),
            }],
        }),
        delivered: Some(Millis(12)),
        attempted: Some(Millis(13)),
        error: Some("e".into()),
        digest_delivered: Some(Millis(14)),
        digest_error: Some("g".into()),
    }
}

fn check_golden<R: Record + PartialEq + std::fmt::Debug>(record: &R, golden: &str) {
    assert_eq!(hex::encode(&record.to_bytes()), golden);
    assert_eq!(R::from_bytes(&record.to_bytes()).as_ref(), Ok(record));
}

#[test]
fn bytes_do_not_change() {
    check_golden(
        &trail(),
        concat!(
            "018e",
            "6c313233343536373839303132",
            "6975732d656173742d31",
            "646d61696e",
            "01",
            "6162",
            "6170",
            "f5f5f4",
            "818303f581716b6d732e616d617a6f6e6177732e636f6d",
            "8182616b6176",
            "f50302",
        ),
    );
    check_golden(
        &delivery(),
        concat!(
            "018c",
            "6c313233343536373839303132",
            "6975732d656173742d31",
            "646d61696e",
            "6965752d776573742d31",
            "820102",
            "83820304056173",
            "8306",
            "8461626164",
            "58200707070707070707070707070707070707070707070707070707070707070707",
            "4108",
            "818561626166",
            "58200909090909090909090909090909090909090909090909090909090909090909",
            "0b0a",
            "0c0d6165",
            "0e6167",
        ),
    );
    let position = LogPositionRecord {
        segment: 1,
        offset: 2,
    };
    check_golden(&StreamRecord { position }, "0181820102");
}

#[test]
fn selectors_select() {
    let check = |trail: &TrailRecord, source: &str, read_only: bool, expected: bool| {
        assert_eq!(trail.wants(source, read_only), expected, "{trail:?}");
    };
    let (kms, sts) = ("kms.amazonaws.com", "sts.amazonaws.com");
    let of = |selectors: &[(ReadWrite, bool, &[&str])]| TrailRecord {
        selectors: selectors
            .iter()
            .map(|(read_write, management, excluded)| SelectorRecord {
                read_write: *read_write,
                includes_management: *management,
                excluded_sources: excluded.iter().map(|one| (*one).to_owned()).collect(),
            })
            .collect(),
        ..trail()
    };
    check(&of(&[]), kms, true, true);
    check(&of(&[(ReadWrite::All, true, &[])]), kms, true, true);
    check(&of(&[(ReadWrite::All, false, &[])]), kms, true, false);
    check(&of(&[(ReadWrite::All, true, &[kms])]), kms, false, false);
    check(&of(&[(ReadWrite::All, true, &[kms])]), sts, false, true);
    check(&of(&[(ReadWrite::ReadOnly, true, &[])]), kms, false, false);
    check(&of(&[(ReadWrite::WriteOnly, true, &[])]), kms, true, false);
    let either = of(&[
        (ReadWrite::WriteOnly, true, &[]),
        (ReadWrite::ReadOnly, true, &[kms]),
    ]);
    check(&either, kms, false, true);
    check(&either, kms, true, false);
    check(&either, sts, true, true);
}

#[test]
fn a_trail_covers_its_regions() {
    let region = |name: &str| name.parse().unwrap();
    let single = TrailRecord {
        is_multi_region: false,
        includes_global_events: false,
        ..trail()
    };
    for (trail, name, is_global, expected) in [
        (&trail(), "eu-west-1", false, true),
        (&trail(), "us-east-1", true, true),
        (&single, "eu-west-1", false, false),
        (&single, "us-east-1", false, true),
        (&single, "us-east-1", true, false),
    ] {
        let covers = trail.covers(&region(name), is_global);
        assert_eq!(covers, expected, "{trail:?} {name}");
    }
}
