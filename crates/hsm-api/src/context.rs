//! The canonical form of an encryption context, as it enters the associated data.

use crate::wire::Field;

/// `pairs` sorted by the bytes of their keys, each key and value preceded by its length as u32: no
/// two different contexts have the same form. An empty context has the empty form. Keys must be distinct.
pub fn canonical<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut sorted: Vec<(&str, &str)> = pairs.collect();
    sorted.sort_unstable();
    let mut out = Vec::new();
    for text in sorted.into_iter().flat_map(|(key, value)| [key, value]) {
        u32::try_from(text.len())
            .unwrap_or(u32::MAX)
            .write(&mut out);
        out.extend_from_slice(text.as_bytes());
    }
    out
}
