//! Shapes that several groups of operations share.

use crate::patterns::is_digits;
use crate::{boolean, integer, list, text, timestamp};

text!(KeyIdType, 1..=2048);
text!(ArnType, 20..=2048);
text!(GrantTokenType, 1..=8192);
text!(CustomKeyStoreIdType, 1..=64);
text!(MarkerType, 1..=1024, r"[\u0020-\u00FF]*", is_latin);
list!(GrantTokenList of GrantTokenType, 0..=10);
integer!(LimitType, 1..=1000);
boolean!(BooleanType);
boolean!(NullableBooleanType);
timestamp!(DateType);

fn is_latin(text: &str) -> bool {
    text.chars()
        .all(|letter| matches!(letter, '\u{20}'..='\u{ff}'))
}

/// `^[a-zA-Z0-9:/_-]+$`: the names of aliases and grants.
pub(super) fn is_name(text: &str) -> bool {
    let letter =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'/' | b'_' | b'-');
    !text.is_empty() && text.bytes().all(letter)
}

/// `^[a-f0-9]+$`
pub(super) fn is_lower_hex(text: &str) -> bool {
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    !text.is_empty() && text.bytes().all(digit)
}

/// `^([a-z]+-){2,3}\d+$`
pub(super) fn is_region(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    text.rsplit_once('-').is_some_and(|(words, number)| {
        (2..=3).contains(&words.split('-').count())
            && words.split('-').all(word)
            && !number.is_empty()
            && is_digits(number)
    })
}
