#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use strongroom_kms::usage_report::{CallRow, Class, KeyRow, Report};

use super::printed::Printed;
use super::*;

const EXAMPLE: &str = include_str!("../../../../../docs/operations/prices.toml");
const HOUR: u64 = 3_600_000;

fn calls(class: Class, succeeded: u64, failed: u64) -> CallRow {
    CallRow {
        account: "111111111111".to_owned(),
        region: "us-east-1".to_owned(),
        key: String::new(),
        principal: "a \"name\", and more".to_owned(),
        operation: String::new(),
        class,
        succeeded,
        failed,
    }
}

fn keys(manager: &str, hours: u64) -> KeyRow {
    KeyRow {
        account: "111111111111".to_owned(),
        region: "us-east-1".to_owned(),
        key: "k".to_owned(),
        manager: manager.to_owned(),
        spec: "RSA_2048".to_owned(),
        usage: String::new(),
        origin: String::new(),
        created: Some(0),
        ended: None,
        keys: 1,
        standing_millis: hours * HOUR,
        first_rotation_millis: hours * HOUR / 2,
        second_rotation_millis: 0,
    }
}

fn printed(prices: &str) -> Printed {
    Printed {
        report: Report {
            calls: vec![
                calls(Class::Symmetric, 20_000, 10_000),
                calls(Class::Unknown, 3, 4),
            ],
            keys: vec![keys("CUSTOMER", 730), keys("AWS", 730), keys("", 730)],
        },
        scope: Scope {
            from: moment("2026-11-01").unwrap(),
            to: moment("2026-12-01").unwrap(),
            account: None,
            by: By::KeyAndPrincipal,
        },
        without_server: None,
        prices: (!prices.is_empty()).then(|| prices::parse(prices).unwrap()),
    }
}

#[test]
fn moments_are_days_in_utc_or_times() {
    for (text, millis) in [
        ("1970-01-02", Some(86_400_000)),
        ("1970-01-01T00:00:01Z", Some(1000)),
        ("1970-01-01T01:00:00.5+01:00", Some(500)),
        ("1970-01-01T00:00:00", None),
        ("1970-13-01", None),
        ("now", None),
        ("", None),
    ] {
        let found = moment(text).ok().map(|time| time.0);
        assert_eq!(found, millis, "{text}");
    }
}

#[test]
fn the_period_begins_with_the_month_of_its_last_moment() {
    for (to, from) in [
        ("2026-11-22T10:00:00Z", "2026-11-01"),
        ("2026-12-01", "2026-11-01"),
        ("2026-12-01T00:00:01Z", "2026-12-01"),
    ] {
        let found = start_of_month(moment(to).unwrap()).unwrap();
        assert_eq!(found, moment(from).unwrap(), "{to}");
    }
}

#[test]
fn prices_multiply_what_they_are_known_for() {
    let charged = EXAMPLE.replace("\"free\"", "\"charged\"");
    // A key-month and half a month of a first rotation; 20,000 calls, or 30,000 with those that failed.
    for (file, estimate) in [(EXAMPLE, 1.5 + 0.06), (&*charged, 1.5 + 0.09)] {
        let text = printed(file).json().unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["estimate"]["price"], estimate);
        assert_eq!(value["estimate"]["calls_of_unknown_class"], 7);
        assert_eq!(value["keys"][1]["price"], 0.0);
        assert_eq!(value["keys"][2].get("price"), None);
        assert_eq!(value["calls"][1].get("price"), None);
    }
}

#[test]
fn a_price_file_that_is_not_whole_is_refused() {
    for (find, replace) in [
        ("symmetric = 0.03\n", ""),
        ("key_month = 1.0", "key_month = -1.0"),
        ("key_month = 1.0", "key_month = nan"),
        ("730.0", "0.0"),
        ("failed_calls = \"free\"", "failed_calls = \"half\""),
        ("currency", "money = 1\ncurrency"),
    ] {
        assert!(EXAMPLE.contains(find), "{find}");
        assert!(
            prices::parse(&EXAMPLE.replacen(find, replace, 1)).is_err(),
            "{find}"
        );
    }
}

#[test]
fn a_csv_has_the_same_columns_in_each_row_and_quotes_what_must_be() {
    let text = printed("").csv();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6);
    assert_eq!(
        lines[1],
        "calls,111111111111,us-east-1,,\"a \"\"name\"\", and more\",,symmetric,20000,10000,,,,,,,,,,,,"
    );
    assert_eq!(
        lines[3],
        "keys,111111111111,us-east-1,k,,,,,,CUSTOMER,RSA_2048,,,1970-01-01T00:00:00Z,,1,30.416667,15.208333,0,server,"
    );
}

#[test]
fn small_prices_are_in_digits() {
    let mut printed = printed(EXAMPLE);
    printed.report.calls = vec![calls(Class::Symmetric, 1, 0)];
    assert!(
        printed
            .csv()
            .contains(",symmetric,1,0,,,,,,,,,,,,0.000003\r\n")
    );
}

#[test]
fn a_table_says_where_the_keys_are_told_from() {
    let mut printed = printed(EXAMPLE);
    let text = printed.table().unwrap();
    assert!(
        text.contains("\nKeys are told by the server and the audit log.\n"),
        "{text}"
    );
    assert!(
        text.contains("\nEstimate: 1.56 USD\nNot in it: 7 calls of unknown class.\n"),
        "{text}"
    );
    printed.without_server = Some("nobody".to_owned());
    let text = printed.table().unwrap();
    assert!(
        text.contains("the audit log alone, as the server did not tell them: nobody.\n"),
        "{text}"
    );
}
