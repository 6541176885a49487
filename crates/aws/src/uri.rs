//! Percent-encoding, as signatures and the documents in IAM's replies need it. It encodes bytes one by one
//! and never looks for escapes that are there already.

/// Percent-encodes all but the unreserved characters of RFC 3986 §2.3.
pub fn encode(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(*byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}
