use super::{
    AccountIdType, AliasNameType, BackingKeyIdResponseType, BackingKeyIdType,
    CloudHsmClusterIdType, ConnectCustomKeyStoreResponse, CreateCustomKeyStoreRequest,
    CustomerMasterKeySpec, EchoedKeySpec, GetPublicKeyResponse, GrantConstraintSourceArnType,
    GrantNameType, KeyMaterialDescriptionType, KeyMetadata, KeySpec, MarkerType, PolicyNameType,
    PolicyType, PrincipalIdType, PublicKeyType, RegionType, ServicePrincipalType, XksKeyIdType,
    XksProxyAuthenticationAccessKeyIdType, XksProxyAuthenticationCredentialType,
    XksProxyAuthenticationRawSecretAccessKeyType, XksProxyUriEndpointType, XksProxyUriPathType,
    XksProxyVpcEndpointServiceNameType,
};
use crate::shape::{Kind, Shape, decode, encode};

fn check<S: Shape>(matching: &[&str], others: &[&str]) {
    let Kind::Text(_, Some(pattern), _) = &S::MODEL.kind else {
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
    check::<RegionType>(
        &["eu-west-1", "us-gov-west-12", "a-b-0"],
        &[
            "",
            "eu-1",
            "eu-west-",
            "eu-west",
            "a-b-c-d-1",
            "eu--1",
            "EU-west-1",
            "eu-west-1 ",
            "-west-1",
            "eu-west-1a",
        ],
    );
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
fn patterns_of_imports_and_grants() {
    check::<BackingKeyIdResponseType>(&["0af"], &["", "A", "g"]);
    check::<KeyMaterialDescriptionType>(
        &["aZ9:/_.-", " \t\n\u{b}\u{c}\r"],
        &["", "a+b", "é", "\u{a0}", "\u{85}"],
    );
    check::<GrantNameType>(&["a-B_9:/x"], &["", "a b", "a.b", "é"]);
    check::<PrincipalIdType>(
        &[
            "arn:aws:sts::111122223333:assumed-role/R_1/a+b=c,d.e@f-g",
            "AROAEXAMPLE:session",
            "1",
        ],
        &["", "a b", "arn:aws:iam::111122223333:user/é", "a*", "a\n"],
    );
    check::<ServicePrincipalType>(
        &["dynamodb.amazonaws.com", "a-1.b.c.D9"],
        &["", "a.b", "a..b", ".a.b", "a.b.", "a_.b.c", "a.b.c "],
    );
    check::<GrantConstraintSourceArnType>(
        &[
            "arn:aws:s3::111122223333:b",
            "arn:aws-us-gov:dynamodb:us-gov-west-1:111122223333:table/a:b *é",
            "arn:aws9:a-1:eu-west-1:000000000000: ",
        ],
        &[
            "",
            "arn:aws:s3::111122223333",
            "arn:aws:s3::111122223333:",
            "arn:aws:::111122223333:b",
            "arn:aws:s3::11112222333:b",
            "arn:aws:s3::1111222233334:b",
            "arn:aws:s3::11112222333x:b",
            "arn:aws:S3::111122223333:b",
            "arn:aws:s3:EU:111122223333:b",
            "arn:AWS:s3::111122223333:b",
            "arn:gcp:s3::111122223333:b",
            "xrn:aws:s3::111122223333:b",
            "arn:aws:s3::111122223333:b\nc",
            "arn:aws:s3::111122223333:b\u{2028}",
        ],
    );
}

#[test]
fn patterns_of_custom_key_stores() {
    check::<AccountIdType>(
        &["012345678901"],
        &["", "01234567890", "0123456789012", "01234567890x"],
    );
    check::<XksProxyUriEndpointType>(
        &["https://a", "https://xks-1.Example.com"],
        &[
            "",
            "https://",
            "http://a",
            "https://a/",
            "https://a:443",
            "https://a_b",
        ],
    );
    check::<XksProxyUriPathType>(
        &[
            "/kms/xks/v1",
            "/a_B-9/c/kms/xks/v12",
            "///kms/xks/v1",
            "/kms/xks/v1/kms/xks/v2",
        ],
        &[
            "",
            "/kms/xks/v",
            "/kms/xks/v123",
            "/kms/xks/v1/",
            "kms/xks/v1",
            "a/kms/xks/v1",
            "//kms/xks/v1",
            "/a/kms/xks/vx",
            "/a.b/kms/xks/v1",
            "/kms/xks/V1",
        ],
    );
    check::<XksProxyVpcEndpointServiceNameType>(
        &[
            "com.amazonaws.vpce.eu-west-1.vpce-svc-0a9z",
            "eu.amazonaws.vpce.us-gov-west-1.vpce-svc-1",
        ],
        &[
            "",
            "org.amazonaws.vpce.eu-west-1.vpce-svc-0a",
            "com.amazonaws.vpce.eu-1.vpce-svc-0a",
            "com.amazonaws.vpce.eu-west-1.vpce-svc-",
            "com.amazonaws.vpce.eu-west-1.vpce-svc-A",
            "com.amazonaws.vpce.eu-west-1.svc-0a",
            "com.amazonaws.vpce.eu-west-1.vpce-svc-0a.b",
            "com.amazonaws.eu-west-1.vpce-svc-0a",
        ],
    );
    check::<XksProxyAuthenticationAccessKeyIdType>(&["AZ27"], &["", "a", "A1", "A8", "A "]);
    check::<XksProxyAuthenticationRawSecretAccessKeyType>(&["aZ09/+="], &["", "a-b", "a b", "é"]);
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

#[test]
fn public_keys_echo_specs_too() {
    let response = GetPublicKeyResponse {
        public_key: Some(PublicKeyType(vec![0])),
        customer_master_key_spec: Some(EchoedKeySpec(KeySpec::EccNistEdwards25519)),
        ..GetPublicKeyResponse::default()
    };
    assert_eq!(
        encode(&response),
        br#"{"PublicKey":"AA==","CustomerMasterKeySpec":"ECC_NIST_EDWARDS25519"}"#
    );
}

#[test]
fn an_empty_structure_is_an_object() {
    assert_eq!(encode(&ConnectCustomKeyStoreResponse::default()), b"{}");
}

fn refused<S: Shape>(body: &str) -> String {
    decode::<S>(body.as_bytes())
        .err()
        .unwrap()
        .json()
        .message
        .unwrap()
}

#[test]
fn messages_do_not_show_secret_texts() {
    assert_eq!(
        refused::<CreateCustomKeyStoreRequest>(
            r#"{"CustomKeyStoreName":"n","KeyStorePassword":"secret",
                "XksProxyAuthenticationCredential":{"AccessKeyId":"ABCDEFGHIJKLMNOPQRS1"}}"#
        ),
        "3 validation errors detected: \
         Value at 'keyStorePassword' failed to satisfy constraint: \
         Member must have length greater than or equal to 7; \
         Value at 'xksProxyAuthenticationCredential.accessKeyId' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: ^[A-Z2-7]+$; \
         Value at 'xksProxyAuthenticationCredential.rawSecretAccessKey' failed to satisfy constraint: \
         Member must not be null"
    );
}

#[test]
fn secret_texts_are_read_and_written() {
    let body = br#"{"AccessKeyId":"ABCDEFGHIJKLMNOPQRST","RawSecretAccessKey":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#;
    let credential: XksProxyAuthenticationCredentialType = decode(body).ok().unwrap();
    assert_eq!(credential.access_key_id.0.expose(), "ABCDEFGHIJKLMNOPQRST");
    assert_eq!(encode(&credential), body);
}
