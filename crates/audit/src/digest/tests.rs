//! Digests against CloudTrail's format, byte for byte, and bytes that are none.

use proptest::prelude::*;
use strongroom_base::UnixMillis;

use super::{Digest, LogFile, NotADigest, Place, Previous, hash};

fn place(bucket: &str, key: &str) -> Place {
    Place {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
    }
}

fn first() -> Digest {
    Digest {
        account: "111122223333".to_owned(),
        start: UnixMillis(1_795_334_400_000),
        end: UnixMillis(1_795_338_000_000),
        place: place("bucket", "digest"),
        fingerprint: "0123456789abcdef0123456789abcdef".to_owned(),
        previous: None,
        logs: Vec::new(),
    }
}

fn second() -> Digest {
    let log = |key: &str, oldest: i64, newest: i64| LogFile {
        place: place("bucket", key),
        hash: hash(key.as_bytes()),
        newest: UnixMillis(1_795_338_000_000 + newest),
        oldest: UnixMillis(1_795_338_000_000 + oldest),
    };
    Digest {
        start: UnixMillis(1_795_338_000_000),
        end: UnixMillis(1_795_341_600_000),
        previous: Some(Previous {
            place: place("bucket", "digest"),
            hash: hash(first().json().as_bytes()),
            signature: "00ff".to_owned(),
        }),
        logs: vec![log("a", 5000, 9000), log("b", 2000, 7999)],
        ..first()
    }
}

const FIRST: &str = r#"{"awsAccountId":"111122223333","digestStartTime":"2026-11-22T08:00:00Z","digestEndTime":"2026-11-22T09:00:00Z","digestS3Bucket":"bucket","digestS3Object":"digest","digestPublicKeyFingerprint":"0123456789abcdef0123456789abcdef","digestSignatureAlgorithm":"SHA256withRSA","newestEventTime":null,"oldestEventTime":null,"previousDigestS3Bucket":null,"previousDigestS3Object":null,"previousDigestHashValue":null,"previousDigestHashAlgorithm":null,"previousDigestSignature":null,"logFiles":[]}"#;

const LOGS: &str = r#""newestEventTime":"2026-11-22T09:00:09Z","oldestEventTime":"2026-11-22T09:00:02Z","previousDigestS3Bucket":"bucket","previousDigestS3Object":"digest","previousDigestHashValue":"#;
const LOG_B: &str = r#"{"s3Bucket":"bucket","s3Object":"b","hashValue":"3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d","hashAlgorithm":"SHA-256","newestEventTime":"2026-11-22T09:00:07Z","oldestEventTime":"2026-11-22T09:00:02Z"}]}"#;

#[test]
fn digests_are_written_as_cloudtrail_writes_them() {
    assert_eq!(first().json(), FIRST);
    let json = second().json();
    assert!(json.contains(LOGS), "{json}");
    assert!(json.ends_with(LOG_B), "{json}");
}

#[test]
fn digests_are_read_back() {
    let mut second = second();
    assert_eq!(Digest::parse(first().json().as_bytes()), Ok(first()));
    let read = Digest::parse(second.json().as_bytes()).unwrap();
    // Digests tell whole seconds.
    second.logs[1].newest = UnixMillis(1_795_338_007_000);
    assert_eq!(read, second);
}

#[test]
fn what_is_signed_ties_the_digest_to_its_place_and_predecessor() {
    let json = first().json();
    let hash_of_first = hash(FIRST.as_bytes());
    assert_eq!(
        first().string_to_sign(json.as_bytes()),
        format!("2026-11-22T09:00:00Z\nbucket/digest\n{hash_of_first}\nnull")
    );
    let signed = second().string_to_sign(b"any");
    assert!(signed.ends_with(&format!("\n{}\n00ff", hash(b"any"))));
}

#[test]
fn what_is_no_digest_is_refused() {
    for (part, instead) in [
        ("SHA256withRSA", "SHA1withRSA"),
        ("111122223333", "11112222333"),
        ("T09:00:00Z", "T09:00:00.5Z"),
        ("T09:00:00Z", "T09:00:00+00:00"),
        (
            "\"previousDigestSignature\":null",
            "\"previousDigestSignature\":\"00\"",
        ),
        ("\"logFiles\":[]", "\"logFiles\":null"),
        ("\"logFiles\":[]", "\"logFiles\":[{}]"),
        ("\"digestS3Object\":\"digest\",", ""),
        ("}", ""),
    ] {
        let wrong = FIRST.replace(part, instead);
        assert_ne!(wrong, FIRST);
        assert_eq!(Digest::parse(wrong.as_bytes()), Err(NotADigest), "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0usize..500) {
        let _ = Digest::parse(&bytes);
        let mut whole = second().json().into_bytes();
        if let Some(byte) = whole.get_mut(at) {
            *byte = bytes.first().copied().unwrap_or(b'x');
        }
        let _ = Digest::parse(&whole);
    }
}
