//! What JSON allows in texts and those who show or split lines take for a command. Changes how a text is written,
//! never what it says.

use std::fmt::Write;

/// `json` with each of these characters in JSON's own escape (RFC 8259 §7). They can stand in texts only.
pub(super) fn without_controls(json: String) -> String {
    if !json.contains(is_control) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len().saturating_mul(2));
    for letter in json.chars() {
        if is_control(letter) {
            // Writing to a text does not fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(letter));
        } else {
            escaped.push(letter);
        }
    }
    escaped
}

/// DEL and the controls of ISO 6429 beyond ASCII, of which U+009B begins a command and U+0085 ends a line; the line and
/// paragraph separators; and what Unicode directs bidirectional text with (UAX #9, section 2).
fn is_control(letter: char) -> bool {
    matches!(
        letter,
        '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}
