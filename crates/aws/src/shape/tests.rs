use proptest::prelude::*;

use super::{Shape, decode, encode};
use crate::error::{Exception, KmsException, QueryException};
use crate::kms::{
    CreateAliasRequest, CreateKeyRequest, DateType, DecryptResponse, EncryptRequest,
    GenerateDataKeyRequest, ListKeysRequest, PlaintextType, TagResourceRequest,
    UntagResourceRequest,
};
use crate::shape::NoOutput;
use strongroom_base::{Secret, UnixMillis};

fn refusal<S: Shape>(body: &str) -> (Exception, Option<String>) {
    let refusal = decode::<S>(body.as_bytes()).err().unwrap().json();
    (refusal.exception, refusal.message)
}

fn invalid<S: Shape>(body: &str, violations: &[&str]) {
    let plural = if violations.len() == 1 { "" } else { "s" };
    let all = violations.join("; ");
    let text = format!(
        "{} validation error{plural} detected: {all}",
        violations.len()
    );
    assert_eq!(
        refusal::<S>(body),
        (KmsException::Validation.into(), Some(text))
    );
}

fn malformed<S: Shape>(body: &str) {
    let exception = refusal::<S>(body).0;
    assert_eq!(exception, KmsException::Serialization.into(), "{body}");
}

#[test]
fn reads_a_request() {
    let body = br#"{"Unknown":[{}],"KeyId":"k","NumberOfBytes":null,"KeySpec":"AES_256",
        "EncryptionContext":{"b":1.5,"a":true,"c":"x"},"GrantTokens":["t"],"DryRun":false}"#;
    let request: GenerateDataKeyRequest = decode(body).ok().unwrap();
    assert_eq!(request.key_id.as_str(), "k");
    assert!(request.number_of_bytes.is_none());
    let context = request.encryption_context.unwrap();
    let context: Vec<_> = context
        .0
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    assert_eq!(context, [("a", "true"), ("b", "1.5"), ("c", "x")]);
    assert!(!request.dry_run.unwrap().0);
}

#[test]
fn every_violation_is_told() {
    invalid::<GenerateDataKeyRequest>(
        r#"{"NumberOfBytes":1025,"KeySpec":"AES_1"}"#,
        &[
            "Value null at 'keyId' failed to satisfy constraint: Member must not be null",
            "Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
            "Value 'AES_1' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]",
        ],
    );
    invalid::<CreateAliasRequest>(
        r#"{"AliasName":"a b","TargetKeyId":""}"#,
        &[
            "Value 'a b' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$",
            "Value '' at 'targetKeyId' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ],
    );
}

#[test]
fn the_query_protocol_has_names_of_its_own() {
    for (body, exception) in [
        (r#"{"KeyId":""}"#, QueryException::Validation),
        (r#"{"KeyId":1}"#, QueryException::MalformedInput),
    ] {
        let error = decode::<EncryptRequest>(body.as_bytes()).err().unwrap();
        assert_eq!(error.query().exception, exception.into(), "{body}");
        assert_eq!(error.query().message, error.json().message, "{body}");
    }
}

#[test]
fn blobs_are_not_shown() {
    invalid::<EncryptRequest>(
        r#"{"KeyId":"k","Plaintext":""}"#,
        &[
            "Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ],
    );
    let long = format!(r#"{{"KeyId":"k","Plaintext":"{}"}}"#, "AAAA".repeat(1366));
    invalid::<EncryptRequest>(
        &long,
        &[
            "Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
        ],
    );
}

#[test]
fn items_are_counted_from_one() {
    invalid::<TagResourceRequest>(
        r#"{"KeyId":"k","Tags":[{"TagKey":"a","TagValue":"b"},{"TagKey":""},null]}"#,
        &[
            "Value '' at 'tags.2.member.tagKey' failed to satisfy constraint: Member must have length greater than or equal to 1",
            "Value null at 'tags.2.member.tagValue' failed to satisfy constraint: Member must not be null",
            "Value null at 'tags.3.member' failed to satisfy constraint: Member must not be null",
        ],
    );
}

#[test]
fn lists_of_texts_are_told_whole() {
    invalid::<UntagResourceRequest>(
        r#"{"KeyId":"k","TagKeys":["a",""]}"#,
        &[
            "Value '[a, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must not be null]",
        ],
    );
    invalid::<ListKeysRequest>(
        r#"{"ResourceOwners":[]}"#,
        &[
            "Value '[]' at 'resourceOwners' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ],
    );
}

#[test]
fn other_json_types_are_not_values() {
    for body in [
        r#"{"KeyId":1}"#,
        r#"{"KeyId":["k"]}"#,
        r#"{"KeyId":"k","NumberOfBytes":"16"}"#,
        r#"{"KeyId":"k","NumberOfBytes":16.0}"#,
        r#"{"KeyId":"k","NumberOfBytes":2147483648}"#,
        r#"{"KeyId":"k","DryRun":"true"}"#,
        r#"{"KeyId":"k","GrantTokens":"t"}"#,
        r#"{"KeyId":"k","GrantTokens":{}}"#,
        r#"{"KeyId":"k","EncryptionContext":[]}"#,
        r#"{"KeyId":"k","EncryptionContext":{"a":{}}}"#,
        r#"{"KeyId":"k","Recipient":"r"}"#,
        r#"{"KeyId":"k","Recipient":{"AttestationDocument":"!"}}"#,
        r#"{"KeyId":"k","KeyId":"k"}"#,
        "[]",
    ] {
        malformed::<GenerateDataKeyRequest>(body);
    }
    assert_eq!(
        refusal::<GenerateDataKeyRequest>(r#"{"KeyId":1}"#)
            .1
            .as_deref(),
        Some("NUMBER_VALUE cannot be converted to String")
    );
}

#[test]
fn base64_is_strict() {
    for text in [
        "A", "AA", "AA=", "AB==", "AA==\\n", " AA==", "AA--", "AA==AA==",
    ] {
        malformed::<EncryptRequest>(&format!(r#"{{"KeyId":"k","Plaintext":"{text}"}}"#));
    }
}

#[test]
fn an_empty_body_is_a_request_without_members() {
    let request: CreateKeyRequest = decode(b"").ok().unwrap();
    assert_eq!(request, CreateKeyRequest::default());
}

#[test]
fn writes_members_in_order_and_leaves_out_what_is_absent() {
    let reply = DecryptResponse {
        key_id: Some("k".into()),
        plaintext: Some(PlaintextType(Secret::new(b"ab".to_vec()))),
        ..DecryptResponse::default()
    };
    assert_eq!(encode(&reply), br#"{"KeyId":"k","Plaintext":"YWI="}"#);
    assert_eq!(encode(&NoOutput), b"");
}

#[test]
fn times_are_seconds_with_three_decimals() {
    for (millis, text) in [
        (0, "0"),
        (1_600_000_000_000, "1600000000"),
        (1_600_000_000_120, "1600000000.120"),
        (1, "0.001"),
        (-1_500, "-1.500"),
    ] {
        let written = encode(&DateType(UnixMillis(millis)));
        assert_eq!(String::from_utf8(written).unwrap(), text);
    }
}

proptest! {
    #[test]
    fn times_are_read_as_written(millis in -1_000_000_000_000_i64..10_000_000_000_000) {
        let time = UnixMillis(millis);
        let body = [b"{\"V\":".to_vec(), encode(&DateType(time)), b"}".to_vec()].concat();
        let json = crate::json::parse(&body).unwrap();
        let read = super::decode_json::<DateType>(json.get("V").unwrap());
        prop_assert_eq!(read.ok().map(|date| date.0), Some(time));
    }
}
