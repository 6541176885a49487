//! The patterns that several models share, decided for whole texts without an engine that could be slow.

/// `[\w]*`
pub(crate) fn is_word_or_empty(text: &str) -> bool {
    text.chars().all(is_word_letter)
}

/// `[\w]+`
pub(crate) fn is_word(text: &str) -> bool {
    !text.is_empty() && is_word_or_empty(text)
}

/// `[\w+=,.@-]*`
pub(crate) fn is_name_or_empty(text: &str) -> bool {
    text.chars().all(is_name_letter)
}

/// `[\w+=,.@-]+`
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && is_name_or_empty(text)
}

/// `[\w+=,.@:-]*`
pub(crate) fn is_session_id(text: &str) -> bool {
    let letter = |letter| is_name_letter(letter) || letter == ':';
    text.chars().all(letter)
}

/// `[\w+=,.@:\/-]*`
pub(crate) fn is_external_id(text: &str) -> bool {
    let letter = |letter| is_name_letter(letter) || matches!(letter, ':' | '/');
    text.chars().all(letter)
}

/// `[^:].*`; what `.` does not match are the ends of lines.
pub(crate) fn begins_without_colon(text: &str) -> bool {
    let is_line_end = |letter| matches!(letter, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first != ':') && !letters.any(is_line_end)
}

/// `[\d]*`
pub(crate) fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `[\u0009\u000A\u000D\u0020-\u00FF]+`
pub(crate) fn is_document(text: &str) -> bool {
    let letter = |letter| matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}');
    !text.is_empty() && text.chars().all(letter)
}

/// `[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`
pub(crate) fn is_description(text: &str) -> bool {
    let letter =
        |letter| matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{7e}' | '\u{a1}'..='\u{ff}');
    text.chars().all(letter)
}

/// `[\u0020-\u00FF]+`
pub(crate) fn is_latin(text: &str) -> bool {
    let letter = |letter| matches!(letter, '\u{20}'..='\u{ff}');
    !text.is_empty() && text.chars().all(letter)
}

/// `[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`, the last range
/// read as it is meant.
pub(crate) fn is_xml(text: &str) -> bool {
    let letter = |letter| {
        let ascii = matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{7e}');
        ascii || matches!(letter, '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
    };
    !text.is_empty() && text.chars().all(letter)
}

/// `\u002F[\u0021-\u007F]*`
pub(crate) fn is_path_prefix(text: &str) -> bool {
    let letter = |byte| matches!(byte, b'!'..=0x7f);
    text.strip_prefix('/')
        .is_some_and(|rest| rest.bytes().all(letter))
}

/// `(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`
pub(crate) fn is_path(text: &str) -> bool {
    let inner = text
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'));
    let letter = |byte| matches!(byte, b'!'..=b'~');
    text == "/" || inner.is_some_and(|inner| !inner.is_empty() && inner.bytes().all(letter))
}

/// `((/[A-Za-z0-9\.,\+@=_-]+)*)/`
pub(crate) fn is_policy_path(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('/') else {
        return false;
    };
    let names = rest.strip_suffix('/').map(|names| names.split('/'));
    rest.is_empty() || names.is_some_and(|mut names| names.all(is_name))
}

/// `v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`
pub(crate) fn is_version_id(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('v') else {
        return false;
    };
    let (number, label) = rest.split_once('.').unwrap_or((rest, ""));
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    matches!(number.bytes().next(), Some(b'1'..=b'9'))
        && is_digits(number)
        && label.bytes().all(letter)
}

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`
pub(crate) fn is_tag_value(text: &str) -> bool {
    text.chars().all(is_tag_letter)
}

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`
pub(crate) fn is_tag_key(text: &str) -> bool {
    !text.is_empty() && is_tag_value(text)
}

fn is_word_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

fn is_name_letter(letter: char) -> bool {
    is_word_letter(letter) || matches!(letter, '+' | '=' | ',' | '.' | '@' | '-')
}

/// Of `\p{L}` the standard library knows the superset Alphabetic, which has vowel signs and circled
/// letters besides; of `\p{N}` exactly that.
fn is_tag_letter(letter: char) -> bool {
    let sign = matches!(letter, '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@');
    sign || letter.is_alphabetic() || letter.is_numeric() || is_separator(letter)
}

/// `\p{Z}`
fn is_separator(letter: char) -> bool {
    matches!(
        letter,
        ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

#[cfg(test)]
mod tests;
