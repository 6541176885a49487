//! Typed values of conditions: numbers, dates, addresses, bytes, compared exactly.

mod binary;
mod date;
mod decimal;
mod network;

pub(crate) use binary::{is_base64, same_bytes};
pub(crate) use date::parse_date;
pub(crate) use decimal::Decimal;
pub(crate) use network::Block;

/// The truth value `text` is, case ignored.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    [("true", true), ("false", false)]
        .into_iter()
        .find(|(name, _)| text.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests;
