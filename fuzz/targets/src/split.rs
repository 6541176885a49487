//! How targets cut their input into parts: at line ends and zero bytes, so that seeds stay readable and a mutation of one
//! part leaves the others where they are.

/// The first line, and all that follows it.
pub(crate) fn line(data: &[u8]) -> (&[u8], &[u8]) {
    at(data, b'\n')
}

/// What comes before the first zero byte, and all that follows it.
pub(crate) fn zero(data: &[u8]) -> (&[u8], &[u8]) {
    at(data, 0)
}

/// `data` as text, if it is.
pub(crate) fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

fn at(data: &[u8], end: u8) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == end) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &[]),
    }
}
