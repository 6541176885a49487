use super::{
    AliasNameType, BackingKeyIdType, CloudHsmClusterIdType, CustomerMasterKeySpec, EchoedKeySpec,
    KeyMetadata, KeySpec, MarkerType, PolicyNameType, PolicyType, RegionType, XksKeyIdType,
};
use crate::shape::{Kind, Shape, encode};

fn check<S: Shape>(matching: &[&str], others: &[&str]) {
    let Kind::Text(_, Some(pattern)) = &S::MODEL.kind else {
        panic!("{} has no pattern", S::MODEL.name);
    };
    for text in matching {
        assert!((pattern.matches)(text), "{text}");
    }
    for text in others {
        assert!(!(pattern.matches)(text), "{text}");
    }
}

#[test]
fn patterns_are_decided_for_the_whole_text() {
    check::<AliasNameType>(&["alias/a-B_9:x"], &["", "a b", "é", "a\n"]);
    check::<MarkerType>(&["", " ~\u{ff}"], &["\u{100}", "\n"]);
    check::<PolicyType>(&["{\t\r\n \u{ff}}"], &["", "\u{100}", "\u{0b}", "\u{7}"]);
    check::<PolicyNameType>(&["default", "AWS_RAM"], &["", "a-b", "é"]);
    check::<BackingKeyIdType>(&["0af"], &["", "A", "g"]);
    check::<RegionType>(&["eu-west-1", "us-gov-west-1"], &["", "eu-1", "eu-west-"]);
    check::<XksKeyIdType>(&["a.b-c_9"], &["", "a b"]);
    check::<CloudHsmClusterIdType>(
        &["cluster-2abcdefghiJ", "cluster-abcdefghijklmnop"],
        &[
            "cluster-1abcdefghij",
            "cluster-abc",
            "cluster-abcdefghijklmnopq",
            "abcdefghijk",
        ],
    );
}

#[test]
fn every_old_key_spec_is_a_key_spec_of_the_same_name() {
    for spec in CustomerMasterKeySpec::ALL {
        assert_eq!(KeySpec::from(*spec).as_str(), spec.as_str());
    }
}

#[test]
fn metadata_echoes_specs_that_the_old_enumeration_lacks() {
    let metadata = KeyMetadata {
        key_id: "k".into(),
        customer_master_key_spec: Some(EchoedKeySpec(KeySpec::MlDsa44)),
        key_spec: Some(KeySpec::MlDsa44),
        ..KeyMetadata::default()
    };
    assert_eq!(
        encode(&metadata),
        br#"{"KeyId":"k","CustomerMasterKeySpec":"ML_DSA_44","KeySpec":"ML_DSA_44"}"#
    );
}
