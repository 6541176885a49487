use strongroom_base::hex;

use std::collections::BTreeMap;

use super::{
    AliasRecord, AuditKeyRecord, AuditKeyUse, DimensionRecord, GrantCountRecord, GrantOperation,
    GrantParty, GrantRecord, GrantTerms, GranteeIndexRecord, KeyOrigin, KeyRecord, KeySpec,
    KeyState, KeyUsage, KeyUsageRecord, MaterialRecord, MaterialRole, MetricDimension, MetricKind,
    Millis, MultiRegionRecord, NamedGrantRecord, PolicyKind, Record, RegionName, RotationKind,
    RotationMark, RotationRecord, Sample, SampleRecord, SamplesRecord, SeriesRecord, TagRecord,
    TimerKind, TimerRecord, Unreadable,
};

fn key() -> KeyRecord {
    KeyRecord {
        account: "123456789012".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        id: "1234abcd-12ab-34cd-56ef-1234567890ab".parse().unwrap(),
        created: Millis(1),
        description: "d".into(),
        state: KeyState::PendingDeletion,
        deletion: Some(Millis(2)),
        tags: vec![TagRecord {
            key: "k".into(),
            value: "v".into(),
        }],
        policy: PolicyKind::Default,
        materials: vec![MaterialRecord::new([7; 32], vec![1, 2])],
        spec: KeySpec::SymmetricDefault,
        usage: KeyUsage::EncryptDecrypt,
        origin: KeyOrigin::AwsKms,
        managed_for: None,
        rotation: None,
        multi_region: None,
        pending_window_days: None,
        on_demand_rotations: 0,
    }
}

/// A key with all that a key can have.
fn full_key() -> KeyRecord {
    KeyRecord {
        state: KeyState::PendingReplicaDeletion,
        deletion: None,
        materials: vec![MaterialRecord {
            id: [7; 32],
            token: None,
            role: MaterialRole::PendingRotation,
            rotated: Some(RotationMark {
                date: Millis(3),
                kind: RotationKind::OnDemand,
            }),
            expires: Some(Millis(4)),
            description: Some("m".into()),
        }],
        origin: KeyOrigin::External,
        managed_for: Some("s3".into()),
        rotation: Some(RotationRecord {
            period_days: 90,
            next: Millis(5),
        }),
        multi_region: Some(MultiRegionRecord {
            primary: "us-east-1".parse().unwrap(),
            replicas: vec![RegionName("eu-west-1".parse().unwrap())],
        }),
        pending_window_days: Some(7),
        on_demand_rotations: 6,
        ..key()
    }
}

/// As the first version wrote it, when keys had no more than this.
#[test]
fn the_oldest_key_records_are_still_read() {
    let golden = concat!(
        "01",
        "8b",
        "6c313233343536373839303132",
        "6975732d656173742d31",
        "782431323334616263642d313261622d333463642d353665662d313233343536373839306162",
        "01",
        "6164",
        "03",
        "02",
        "81",
        "82",
        "616b",
        "6176",
        "01",
        "81",
        "82",
        "58200707070707070707070707070707070707070707070707070707070707070707",
        "420102",
        "01",
    );
    assert_eq!(
        KeyRecord::from_bytes(&hex::decode(golden).unwrap()),
        Ok(key())
    );
}

#[test]
fn key_record_bytes_do_not_change() {
    let golden = concat!(
        "01",
        "92",
        "6c313233343536373839303132",
        "6975732d656173742d31",
        "782431323334616263642d313261622d333463642d353665662d313233343536373839306162",
        "01",
        "6164",
        "05",
        "f6",
        "8182616b6176",
        "01",
        "8186",
        "58200707070707070707070707070707070707070707070707070707070707070707",
        "f6",
        "02",
        "820302",
        "04",
        "616d",
        "01",
        "01",
        "02",
        "627333",
        "82185a05",
        "826975732d656173742d31816965752d776573742d31",
        "07",
        "06",
    );
    assert_eq!(hex::encode(&full_key().to_bytes()), golden);
    for key in [key(), full_key()] {
        assert_eq!(KeyRecord::from_bytes(&key.to_bytes()), Ok(key));
    }
}

#[test]
fn a_timer_of_the_first_version_is_one_of_deletion() {
    let golden = concat!(
        "01",
        "84",
        "6c313233343536373839303132",
        "6975732d656173742d31",
        "782431323334616263642d313261622d333463642d353665662d313233343536373839306162",
        "02",
    );
    let timer = TimerRecord::from_bytes(&hex::decode(golden).unwrap()).unwrap();
    assert_eq!((timer.due, timer.kind), (Millis(2), TimerKind::Deletion));
}

#[test]
fn newer_versions_and_other_bytes_are_refused() {
    let mut bytes = key().to_bytes();
    bytes[0] = 2;
    assert_eq!(KeyRecord::from_bytes(&bytes), Err(Unreadable));
    assert_eq!(KeyRecord::from_bytes(&[]), Err(Unreadable));
    assert_eq!(AliasRecord::from_bytes(&key().to_bytes()), Err(Unreadable));
}

/// A grant with all that a grant can have, though no request can ask for all of it.
fn grant() -> GrantRecord {
    let context = |key: &str| Some(BTreeMap::from([(key.to_owned(), "v".to_owned())]));
    let account = "123456789012".parse().unwrap();
    GrantRecord {
        account,
        region: "us-east-1".parse().unwrap(),
        key: "1234abcd-12ab-34cd-56ef-1234567890ab".parse().unwrap(),
        id: [7; 32],
        created: Millis(1),
        terms: GrantTerms {
            issuer: account,
            name: Some("n".into()),
            grantee: GrantParty::Principal(account, "a".into()),
            retiring: Some(GrantParty::Service("s".into())),
            operations: vec![GrantOperation::Decrypt, GrantOperation::Decapsulate],
            context_equals: context("e"),
            context_subset: context("s"),
            source_arn: Some("r".into()),
        },
    }
}

fn check_golden<R: Record + PartialEq + std::fmt::Debug>(record: &R, golden: &str) {
    assert_eq!(hex::encode(&record.to_bytes()), golden);
    assert_eq!(R::from_bytes(&record.to_bytes()).as_ref(), Ok(record));
}

#[test]
fn grant_record_bytes_do_not_change() {
    check_golden(
        &grant(),
        concat!(
            "01866c3132333435363738393031326975732d656173742d31782431323334616263642d3132",
            "61622d333463642d353665662d31323334353637383930616258200707070707070707070707",
            "07070707070707070707070707070707070707070701886c313233343536373839303132616e",
            "8201826c31323334353637383930313261618202816173820113a161656176a1617361766172",
        ),
    );
    check_golden(
        &grant().terms,
        concat!(
            "01886c313233343536373839303132616e8201826c3132333435363738393031326161820281",
            "6173820113a161656176a1617361766172",
        ),
    );
    let least = GrantTerms {
        name: None,
        grantee: GrantParty::Service("s".into()),
        retiring: None,
        operations: vec![GrantOperation::DescribeKey],
        context_equals: None,
        context_subset: None,
        source_arn: None,
        ..grant().terms
    };
    check_golden(&least, "01856c313233343536373839303132f68202816173f6810c");
    let by_id = GrantTerms {
        grantee: GrantParty::Identity("123456789012".parse().unwrap(), "AROAA:s".into()),
        ..least.clone()
    };
    check_golden(
        &by_id,
        "01856c313233343536373839303132f68203826c31323334353637383930313267\
         41524f41413a73f6810c",
    );
    check_golden(
        &grant().reference(),
        concat!(
            "01846c3132333435363738393031326975732d656173742d31782431323334616263642d3132",
            "61622d333463642d353665662d31323334353637383930616258200707070707070707070707",
            "070707070707070707070707070707070707070707",
        ),
    );
    check_golden(
        &NamedGrantRecord { id: [7; 32] },
        "018158200707070707070707070707070707070707070707070707070707070707070707",
    );
    check_golden(&GrantCountRecord { grants: 50_000 }, "018119c350");
    check_golden(&GranteeIndexRecord {}, "0180");
}

#[test]
fn audit_key_record_bytes_do_not_change() {
    let checkpoints = AuditKeyRecord {
        id: [7; 16],
        signs: AuditKeyUse::Checkpoints,
        token: Some(vec![1, 2]),
        public: vec![3],
        created: Millis(4),
        expires: None,
    };
    check_golden(
        &checkpoints,
        "0185500707070707070707070707070707070701420102410304",
    );
    let digests = AuditKeyRecord {
        signs: AuditKeyUse::Digests,
        token: None,
        expires: Some(Millis(5)),
        ..checkpoints
    };
    check_golden(
        &digests,
        "0186500707070707070707070707070707070702f641030405",
    );
}

#[test]
fn usage_record_bytes_do_not_change() {
    let used = KeyUsageRecord {
        operation: "Sign".into(),
        time: Millis(1),
        event_id: "e".into(),
        request_id: "r".into(),
    };
    check_golden(&used, "0184645369676e0161656172");
}

#[test]
fn series_record_bytes_do_not_change() {
    let sample = Sample {
        count: 2,
        sum: 3.5,
        min: 1.0,
        max: 2.5,
    };
    let samples = vec![SampleRecord { at: 59, sample }];
    check_golden(
        &SamplesRecord { samples },
        "01818182183b8402fb400c000000000000fb3ff0000000000000fb4004000000000000",
    );
    let dimension = |name, value: &str| DimensionRecord {
        name,
        value: value.to_owned(),
    };
    let series = SeriesRecord {
        account: "123456789012".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        metric: MetricKind::SuccessfulRequest,
        dimensions: vec![
            dimension(MetricDimension::DestinationKeyArn, "d"),
            dimension(MetricDimension::KeyArn, "k"),
            dimension(MetricDimension::KeyId, "i"),
            dimension(MetricDimension::Operation, "o"),
            dimension(MetricDimension::SourceKeyArn, "s"),
        ],
        last: Millis(3_600_000),
        days_by_minute: vec![20_000],
        days_by_hour: vec![-1, 19_000],
    };
    check_golden(
        &series,
        concat!(
            "01876c3132333435363738393031326975732d656173742d310185820161648202616b820361",
            "698204616f820561731a0036ee8081194e208220194a38",
        ),
    );
    let metric = MetricKind::SecondsUntilKeyMaterialExpiration;
    check_golden(
        &SeriesRecord { metric, ..series },
        concat!(
            "01876c3132333435363738393031326975732d656173742d310285820161648202616b820361",
            "698204616f820561731a0036ee8081194e208220194a38",
        ),
    );
}

#[test]
fn operations_of_grants_keep_their_numbers() {
    for (number, operation) in (1_u8..).zip(strongroom_aws::kms::GrantOperation::ALL) {
        let stored = GrantOperation::from(*operation);
        assert_eq!(stored.wire(), *operation);
        let mut bytes = Vec::new();
        minicbor::encode(stored, &mut bytes).unwrap();
        assert_eq!(bytes, [number], "{operation:?}");
    }
}
