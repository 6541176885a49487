//! Reading of hexadecimal test data.

use strongroom_base::hex;

/// The bytes that `text` spells; white space is skipped so that long vectors may be wrapped.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    hex::decode(&digits).expect("test data is hexadecimal")
}

/// As [`bytes`], for a vector of a fixed length.
pub(crate) fn array<const N: usize>(text: &str) -> [u8; N] {
    bytes(text).try_into().expect("test data has this length")
}
