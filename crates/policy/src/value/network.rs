//! Addresses and blocks of addresses; version 4 and version 6 never meet.

use std::net::IpAddr;

/// A CIDR block; a bare address is a block of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    V4 { base: u32, mask: u32 },
    V6 { base: u128, mask: u128 },
}

impl Block {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix_length(prefix)?)),
            None => (text, None),
        };
        match address.parse().ok()? {
            IpAddr::V4(address) => {
                let mask = mask(prefix, 32, u32::MAX, u32::checked_shl)?;
                let base = u32::from(address) & mask;
                Some(Self::V4 { base, mask })
            }
            IpAddr::V6(address) => {
                let mask = mask(prefix, 128, u128::MAX, u128::checked_shl)?;
                let base = u128::from(address) & mask;
                Some(Self::V6 { base, mask })
            }
        }
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match (*self, address) {
            (Self::V4 { base, mask }, IpAddr::V4(address)) => u32::from(address) & mask == base,
            (Self::V6 { base, mask }, IpAddr::V6(address)) => u128::from(address) & mask == base,
            _ => false,
        }
    }
}

fn prefix_length(text: &str) -> Option<u32> {
    let digits = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// The mask of the first `prefix` of `width` bits.
fn mask<T: Default>(
    prefix: Option<u32>,
    width: u32,
    ones: T,
    shift: fn(T, u32) -> Option<T>,
) -> Option<T> {
    let rest = width.checked_sub(prefix.unwrap_or(width))?;
    // A shift by the whole width has no result: no bit is left.
    Some(shift(ones, rest).unwrap_or_default())
}
