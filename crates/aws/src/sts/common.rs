//! Shapes that several groups of operations share.

use crate::patterns::{is_word_or_empty, is_xml};
use crate::text;

text!(AccessKeyIdType, 16..=128, r"[\w]*", is_word_or_empty);
text!(
    ArnType,
    20..=2048,
    r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+",
    is_xml
);
