//! Shapes that several groups of operations share.

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
