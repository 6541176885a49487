//! Condition operators: numbers, dates, addresses, booleans, binaries, ARNs and texts. The input is a line with what a policy
//! wants and a line with what a request has. Each operator and its negation disagree, comparisons are those of one order, and
//! whole numbers and IPv4 networks are held to plain arithmetic.

use std::net::Ipv4Addr;

use serde_json::json;

use crate::decided::allows_user;
use crate::split::{line, text};

pub(crate) fn run(data: &[u8]) {
    let (wanted, found) = line(data);
    let (Some(wanted), Some(found)) = (text(wanted), text(found)) else {
        return;
    };
    let holds = |operator: &str| holds(operator, wanted, found);
    for family in ["Numeric", "Date"] {
        check_order(family, &holds);
    }
    for (operator, negation) in [
        ("StringEquals", "StringNotEquals"),
        ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
        ("StringLike", "StringNotLike"),
        ("ArnLike", "ArnNotLike"),
        ("ArnEquals", "ArnNotEquals"),
        ("IpAddress", "NotIpAddress"),
    ] {
        let (plain, negated) = (holds(operator), holds(negation));
        assert_eq!(plain.is_some(), negated.is_some(), "{operator} {wanted:?}");
        assert!(
            plain.is_none() || plain != negated,
            "{operator} and its negation: {wanted:?} {found:?}"
        );
    }
    if let Some(equal) = holds("StringEquals") {
        assert_eq!(equal, wanted == found);
    }
    for operator in ["Bool", "BinaryEquals", "Null"] {
        let _held = holds(operator);
    }
    check_numbers(wanted, found, &holds);
    check_network(wanted, found, &holds);
}

fn check_order(family: &str, holds: &dyn Fn(&str) -> Option<bool>) {
    let holds = |relation: &str| holds(&format!("{family}{relation}"));
    let Some(equal) = holds("Equals") else { return };
    let [less, greater, at_most, at_least] = [
        "LessThan",
        "GreaterThan",
        "LessThanEquals",
        "GreaterThanEquals",
    ]
    .map(|relation| holds(relation) == Some(true));
    // What is no number or date is in no relation.
    if !(less || greater || equal) {
        assert!(
            !at_most && !at_least,
            "{family}: in no relation but in both"
        );
        return;
    }
    assert_eq!(
        usize::from(less) + usize::from(greater) + usize::from(equal),
        1,
        "{family}: more than one relation"
    );
    assert_eq!((at_most, at_least), (!greater, !less), "{family}");
    assert_eq!(holds("NotEquals"), Some(!equal), "{family}");
}

fn check_numbers(wanted: &str, found: &str, holds: &dyn Fn(&str) -> Option<bool>) {
    let whole = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|_| is_plain)
    };
    let (Some(wanted), Some(found)) = (whole(wanted), whole(found)) else {
        return;
    };
    assert_eq!(
        holds("NumericLessThan"),
        Some(found < wanted),
        "{found} < {wanted}"
    );
    assert_eq!(
        holds("NumericEquals"),
        Some(found == wanted),
        "{found} = {wanted}"
    );
}

fn check_network(wanted: &str, found: &str, holds: &dyn Fn(&str) -> Option<bool>) {
    let (network, bits) = wanted.split_once('/').unwrap_or((wanted, "32"));
    let (Ok(network), Ok(found)) = (network.parse::<Ipv4Addr>(), found.parse::<Ipv4Addr>()) else {
        return;
    };
    let (Ok(bits), Some(held)) = (bits.parse::<u32>(), holds("IpAddress")) else {
        return;
    };
    assert!(bits <= 32, "a network of {bits} bits");
    let differ = u64::from(network.to_bits() ^ found.to_bits());
    assert_eq!(held, differ >> (32 - bits) == 0, "{found} in {wanted}");
}

/// Whether a condition with this operator holds of a request whose key `k:k` is `found`; nothing of what is no policy.
fn holds(operator: &str, wanted: &str, found: &str) -> Option<bool> {
    let statement = json!({
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Condition": {operator: {"k:k": wanted}},
    });
    allows_user(&statement, "arn:aws:s3:::x", found)
}
