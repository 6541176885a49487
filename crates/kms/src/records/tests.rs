use strongroom_base::hex;

use super::{
    AliasRecord, KeyRecord, KeySpec, KeyState, MaterialRecord, Millis, PolicyKind, Record,
    TagRecord, Unreadable,
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
        materials: vec![MaterialRecord {
            id: [7; 32],
            token: vec![1, 2],
        }],
        spec: KeySpec::SymmetricDefault,
    }
}

#[test]
fn key_record_bytes_do_not_change() {
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
    assert_eq!(hex::encode(&key().to_bytes()), golden);
    assert_eq!(
        KeyRecord::from_bytes(&hex::decode(golden).unwrap()),
        Ok(key())
    );
}

#[test]
fn newer_versions_and_other_bytes_are_refused() {
    let mut bytes = key().to_bytes();
    bytes[0] = 2;
    assert_eq!(KeyRecord::from_bytes(&bytes), Err(Unreadable));
    assert_eq!(KeyRecord::from_bytes(&[]), Err(Unreadable));
    assert_eq!(AliasRecord::from_bytes(&key().to_bytes()), Err(Unreadable));
}
