//! Names against those in CloudTrail's documentation, and texts that are none.

use proptest::prelude::*;
use strongroom_base::UnixMillis;

use super::{DigestName, LogName, UNIQUE_LENGTH, unique};

/// 2026-11-22T09:08:07Z.
const TIME: UnixMillis = UnixMillis(1_795_338_487_000);

fn digest_name(trail: &str) -> DigestName {
    DigestName {
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        trail: trail.to_owned(),
        home: "us-east-1".parse().unwrap(),
        end: TIME,
    }
}

#[test]
fn keys_are_those_of_cloudtrail() {
    let log = LogName {
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        time: TIME,
        unique: "Tqv4D8sXfNUZJ9Bn".to_owned(),
    };
    let plain = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/22/111122223333_CloudTrail_eu-west-1_20261122T0908Z_Tqv4D8sXfNUZJ9Bn.json.gz";
    assert_eq!(log.key(None), plain);
    assert_eq!(log.key(Some("")), plain);
    assert_eq!(log.key(Some("a/b")), format!("a/b/{plain}"));
    assert_eq!(
        digest_name("my_trail").key(None),
        "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/11/22/111122223333_CloudTrail-Digest_eu-west-1_my_trail_us-east-1_20261122T090807Z.json.gz"
    );
}

#[test]
fn digest_names_are_read_back_and_nothing_else_is() {
    for (prefix, trail) in [
        (None, "trail"),
        (Some("logs"), "my_trail.of-all"),
        (Some("AWSLogs/x"), "t_us-east-1"),
    ] {
        let name = digest_name(trail);
        let key = name.key(prefix);
        assert_eq!(DigestName::parse(&key), Some((prefix, name)), "{key}");
    }
    let key = digest_name("trail").key(None);
    for wrong in [
        key.replace("2026/11/22", "2026/11/23"),
        key.replace("T090807Z", "T090867Z"),
        key.replace("_trail_", "_"),
        key.replace(".json.gz", "_backfill.json.gz"),
        key.replace("CloudTrail-Digest", "CloudTrail"),
        key.replacen("111122223333", "111122223334", 1),
        key.replace("AWSLogs", "Logs"),
        format!("{key}x"),
    ] {
        assert_eq!(DigestName::parse(&wrong), None, "{wrong}");
    }
}

#[test]
fn what_tells_files_apart_is_letters_and_digits() {
    let bytes: [u8; UNIQUE_LENGTH] = [0, 9, 10, 35, 36, 61, 62, 123, 124, 255, 1, 2, 3, 4, 5, 6];
    assert_eq!(unique(bytes), "09AZaz0z07123456");
}

proptest! {
    #[test]
    fn no_key_makes_the_parser_panic(key in ".{0,200}", cut in 0usize..200) {
        DigestName::parse(&key);
        let whole = digest_name("trail").key(Some("p"));
        DigestName::parse(whole.get(cut..).unwrap_or_default());
        DigestName::parse(whole.get(..cut).unwrap_or_default());
    }
}
