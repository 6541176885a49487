use std::cmp::Ordering;

use proptest::prelude::{any, prop_assert_eq, proptest};

use super::{Block, Decimal, is_base64, parse_bool, parse_date, same_bytes};

#[test]
fn numbers_are_compared_exactly() {
    for (one, order, other) in [
        ("01", Ordering::Equal, "1"),
        ("+1", Ordering::Equal, "1.0"),
        ("1e0", Ordering::Equal, "1."),
        (".5", Ordering::Equal, "5E-1"),
        ("-0", Ordering::Equal, "0e400"),
        ("0.000", Ordering::Less, "1e-400"),
        ("10", Ordering::Greater, "9"),
        ("-10", Ordering::Less, "-9"),
        ("-1", Ordering::Less, "0"),
        ("9007199254740993", Ordering::Greater, "9007199254740992"),
        ("0.1", Ordering::Less, "0.10000000000000000000000000001"),
        ("1e400", Ordering::Greater, "9e399"),
        ("123.45", Ordering::Equal, "12345e-2"),
    ] {
        let [read, bound] = [one, other].map(|text| Decimal::parse(text).unwrap());
        assert_eq!(read.cmp(&bound), order, "{one} {other}");
        assert_eq!(bound.cmp(&read), order.reverse(), "{other} {one}");
    }
}

#[test]
fn what_is_no_number_is_none() {
    let long = "1".repeat(65);
    for text in [
        "",
        ".",
        "+",
        "-",
        "e5",
        "1e",
        "1e+",
        "1e401",
        "1e-401",
        "1e99999999999",
        "NaN",
        "Infinity",
        "0x10",
        " 1",
        "1 ",
        "1_0",
        "--1",
        "1.2.3",
        "1e1.0",
        "١",
        "1,0",
        "${aws:x}",
        &long,
    ] {
        assert_eq!(Decimal::parse(text), None, "{text}");
    }
    assert!(Decimal::parse(&"1".repeat(64)).is_some());
}

#[test]
fn dates_are_points_in_time() {
    for (text, seconds) in [
        ("1970-01-01", "0"),
        ("1970-01-01T00:00Z", "0"),
        ("1970-01-01T01:00+01:00", "0"),
        ("1969-12-31T23:30:00-00:30", "0"),
        ("2000-02-29", "951782400"),
        ("2038-01-19T03:14:08Z", "2147483648"),
        ("2026-11-22T06:56:11.250Z", "1795330571.25"),
        ("1969-12-31T23:59:58.5Z", "-1.5"),
        ("1969-12-31T23:59:59.75Z", "-0.25"),
        ("1969-12-31T23:59:59.000Z", "-1"),
        ("0001-01-01", "-62135596800"),
        ("9999-12-31T23:59:59Z", "253402300799"),
        ("1e3", "1000"),
        ("2012", "2012"),
    ] {
        assert_eq!(parse_date(text), Decimal::parse(seconds), "{text}");
        assert!(parse_date(text).is_some(), "{text}");
    }
}

#[test]
fn what_is_no_date_is_none() {
    let long = format!("2026-01-01T00:00:00.{}Z", "0".repeat(60));
    for text in [
        "",
        "2026-01",
        "2026-02-29",
        "1900-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-01-00",
        "2026-04-31",
        "2026-1-1",
        "2026-01-01T00:00",
        "2026-01-01T00:00:00",
        "2026-01-01T24:00Z",
        "2026-01-01T00:60Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00+0100",
        "2026-01-01T00:00+24:00",
        "2026-01-01T00Z",
        "2026-01-01t00:00Z",
        "2026-01-01T00:00z",
        "2026-01-01 00:00Z",
        "2026-01-01Z",
        "2026-01-01T00:00Z ",
        "2026-*",
        "2026-01-é1",
        &long,
    ] {
        assert_eq!(parse_date(text), None, "{text}");
    }
}

#[test]
fn blocks_hold_addresses_of_their_version() {
    for (block, address, holds) in [
        ("10.0.0.0/8", "10.255.0.1", true),
        ("10.9.9.9/8", "10.255.0.1", true),
        ("10.0.0.0/8", "11.0.0.1", false),
        ("0.0.0.0/0", "255.255.255.255", true),
        ("0.0.0.0/0", "::1", false),
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.1/32", "192.0.2.1", true),
        ("2001:db8::/32", "2001:db8:1::1", true),
        ("2001:DB8::/33", "2001:db8:8000::1", false),
        ("::/0", "::ffff:10.0.0.1", true),
        ("10.0.0.0/8", "::ffff:10.0.0.1", false),
        ("::1", "0:0:0:0:0:0:0:1", true),
    ] {
        let parsed = Block::parse(block).unwrap();
        assert_eq!(
            parsed.contains(address.parse().unwrap()),
            holds,
            "{block} {address}"
        );
    }
    for text in [
        "",
        "10.0.0.0/33",
        "::/129",
        "10.0.0/8",
        "10.0.0.0/",
        "10.0.0.0/+8",
        "10.0.0.0/8/8",
        "10.0.0.256",
        "10.0.0.0/0008",
        "01.0.0.0",
        "fe80::1%eth0",
        "*",
    ] {
        assert_eq!(Block::parse(text), None, "{text}");
    }
}

#[test]
fn base64_is_compared_by_bytes() {
    for (one, other, same) in [
        ("", "", true),
        ("QUJD", "QUJD", true),
        ("QUJD", "QUJE", false),
        ("QQ==", "QR==", true),
        ("QQ==", "QUE=", false),
        ("QQ", "QQ", false),
        ("QUJD\n", "QUJD", false),
        ("+/+/", "-_-_", false),
    ] {
        assert_eq!(same_bytes(one, other), same, "{one} {other}");
    }
    for text in ["=", "====", "Q===", "QQ=A", "QQQ", "Q Q=", "é==="] {
        assert!(!is_base64(text), "{text}");
    }
}

#[test]
fn truth_values_ignore_case() {
    for (text, value) in [
        ("true", Some(true)),
        ("TRUE", Some(true)),
        ("False", Some(false)),
        ("1", None),
        ("", None),
        (" true", None),
    ] {
        assert_eq!(parse_bool(text), value, "{text}");
    }
}

proptest! {
    #[test]
    fn numbers_have_the_order_of_integers(one in any::<i64>(), other in any::<i64>()) {
        let read = |number: i64| Decimal::parse(&number.to_string()).unwrap();
        prop_assert_eq!(read(one).cmp(&read(other)), one.cmp(&other));
    }

    #[test]
    fn dates_come_in_the_order_of_their_texts(
        one in "[0-9]{4}-0[1-9]-[01][1-9]T[01][0-9]:[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}Z",
        other in "[0-9]{4}-0[1-9]-[01][1-9]T[01][0-9]:[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}Z",
    ) {
        let order = parse_date(&one).unwrap().cmp(&parse_date(&other).unwrap());
        prop_assert_eq!(order, one.cmp(&other));
    }

    #[test]
    fn no_text_panics(text in any::<String>(), near in "[-+0-9TZ:.e/a-f=]{0,30}") {
        for text in [text, near] {
            let _ = (Decimal::parse(&text), parse_date(&text), Block::parse(&text));
            let _ = same_bytes(&text, &text);
        }
    }
}
