use std::str::FromStr;

use super::{AccountId, KeyId, Region, uuid};
use crate::env::SystemRandom;

fn check<T: FromStr>(valid: &[&str], invalid: &[&str]) {
    for text in valid {
        assert!(text.parse::<T>().is_ok(), "{text}");
    }
    for text in invalid {
        assert!(text.parse::<T>().is_err(), "{text}");
    }
}

#[test]
fn account_ids_are_twelve_digits() {
    check::<AccountId>(
        &["000000000000", "123456789012"],
        &["", "12345678901", "1234567890123", "12345678901a", "١٢٣٤٥٦"],
    );
}

#[test]
fn regions_follow_the_model_pattern() {
    check::<Region>(
        &[
            "us-east-1",
            "us-gov-west-1",
            "ap-southeast-12",
            "cn-north-1",
        ],
        &[
            "",
            "us-1",
            "us-east-",
            "US-EAST-1",
            "us--1",
            "a-b-c-d-1",
            "us-east-1 ",
            "us-east-1/x",
        ],
    );
}

#[test]
fn key_ids_are_uuids_or_mrk_ids() {
    check::<KeyId>(
        &[
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "mrk-1234abcd12ab34cd56ef1234567890ab",
        ],
        &[
            "",
            "1234abcd12ab34cd56ef1234567890ab",
            "mrk-fake",
            "1234abcd-12ab-34cd-56ef-1234567890ag",
            "alias/x",
        ],
    );
}

#[test]
fn partitions_follow_the_region() {
    for (region, partition) in [
        ("us-east-1", "aws"),
        ("us-gov-west-1", "aws-us-gov"),
        ("cn-north-1", "aws-cn"),
    ] {
        assert_eq!(region.parse::<Region>().unwrap().partition(), partition);
    }
}

#[test]
fn generated_uuids_are_version_4_and_parse() {
    let id = uuid(&SystemRandom);
    assert!(id.parse::<KeyId>().is_ok());
    assert_eq!(&id[14..15], "4");
    assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"));
    assert_ne!(id, uuid(&SystemRandom));
}
