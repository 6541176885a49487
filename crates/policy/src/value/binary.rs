//! Base64 with padding (RFC 4648 §4), compared by the bytes it stands for.

/// Whether `text` is base64 with padding.
pub(crate) fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - digits.len() <= 2
        && digits.bytes().all(|byte| sextet(byte).is_some())
}

/// Whether two texts that are base64 stand for the same bytes.
pub(crate) fn same_bytes(one: &str, other: &str) -> bool {
    is_base64(one) && is_base64(other) && bytes(one).eq(bytes(other))
}

/// The bytes; bits after the last whole byte mean nothing.
fn bytes(text: &str) -> impl Iterator<Item = u8> {
    let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
    let groups = text.as_bytes().chunks(4);
    let decoded = groups.flat_map(|group| {
        let digits = group.iter().map(|byte| sextet(*byte).unwrap_or_default());
        let bits = digits.fold(0_u32, |bits, digit| bits << 6 | u32::from(digit));
        let [_, bytes @ ..] = bits.to_be_bytes();
        bytes
    });
    decoded.take((text.len() / 4 * 3).saturating_sub(padding))
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}
