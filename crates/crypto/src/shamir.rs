//! Shamir's secret sharing of 32-byte secrets over GF(2^8) with the polynomial 0x11b, byte by byte.
//! It never branches on, nor indexes by, a secret: running time depends on counts alone.

use std::hint::black_box;
use std::num::NonZeroU8;

use strongroom_base::{Random, Secret};

#[cfg(test)]
mod tests;

/// The length of a secret, and of a share's value, in bytes.
pub const SECRET_BYTES: usize = 32;
/// The least threshold: with one, every share would be the secret.
pub const THRESHOLD_MIN: u8 = 2;
/// The most shares of one secret.
pub const SHARES_MAX: u8 = 16;

/// One point of the 32 polynomials whose constant terms are the secret's bytes.
pub struct Share {
    /// Where the polynomials were evaluated; distinct among the shares of a secret, and not secret.
    pub x: NonZeroU8,
    /// Their values there.
    pub y: Secret<[u8; SECRET_BYTES]>,
}

/// Why a secret was not split or combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShamirError {
    /// The threshold is less than [`THRESHOLD_MIN`] or more than the number of shares.
    Threshold,
    /// More than [`SHARES_MAX`] shares.
    TooManyShares,
    /// Fewer shares than the threshold.
    TooFewShares,
    /// Two shares have the same `x`.
    DuplicateShare,
}

/// Splits `secret` into `shares` shares with x from 1 up, any `threshold` of which [`combine`] to it
/// while fewer say nothing about it. Draws 32 bytes from `random` per unit of `threshold` but one.
///
/// # Errors
/// [`ShamirError`] unless [`THRESHOLD_MIN`] ≤ `threshold` ≤ `shares` ≤ [`SHARES_MAX`].
pub fn split(
    secret: &[u8; SECRET_BYTES],
    threshold: u8,
    shares: u8,
    random: &dyn Random,
) -> Result<Vec<Share>, ShamirError> {
    check_counts(threshold, shares)?;
    let coefficients: Vec<_> = (1..threshold).map(|_| draw(random)).collect();
    let points = (1..=shares).filter_map(NonZeroU8::new);
    Ok(points
        .map(|x| Share {
            x,
            y: evaluate(x.get(), secret, &coefficients),
        })
        .collect())
}

/// The secret that `shares`, at least `threshold` of one [`split`], determine.
///
/// Shares of different secrets, or altered ones, combine to an unrelated value: the caller verifies
/// each share, or uses the result where a wrong one is noticed.
///
/// # Errors
/// [`ShamirError`] when the threshold is out of bounds, the shares are too few or too many, or two
/// have the same x.
pub fn combine(threshold: u8, shares: &[Share]) -> Result<Secret<[u8; SECRET_BYTES]>, ShamirError> {
    let count = u8::try_from(shares.len()).map_err(|_| ShamirError::TooManyShares)?;
    if count < threshold {
        return Err(ShamirError::TooFewShares);
    }
    check_counts(threshold, count)?;
    let xs: Vec<u8> = shares.iter().map(|share| share.x.get()).collect();
    if has_duplicate(&xs) {
        return Err(ShamirError::DuplicateShare);
    }
    let mut secret = Secret::zeroed();
    for share in shares {
        let weight = weight_at_zero(share.x.get(), &xs);
        for (byte, y) in secret.expose_mut().iter_mut().zip(share.y.expose()) {
            *byte ^= multiply(*y, weight);
        }
    }
    Ok(secret)
}

fn check_counts(threshold: u8, shares: u8) -> Result<(), ShamirError> {
    if shares > SHARES_MAX {
        return Err(ShamirError::TooManyShares);
    }
    if !(THRESHOLD_MIN..=shares).contains(&threshold) {
        return Err(ShamirError::Threshold);
    }
    Ok(())
}

fn draw(random: &dyn Random) -> Secret<[u8; SECRET_BYTES]> {
    let mut bytes = Secret::zeroed();
    random.fill(bytes.expose_mut());
    bytes
}

fn has_duplicate(xs: &[u8]) -> bool {
    let mut sorted = xs.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len() != xs.len()
}

/// The polynomials at `x`, by Horner's rule; coefficient i of all of them is `coefficients[i - 1]`.
fn evaluate(
    x: u8,
    constant: &[u8; SECRET_BYTES],
    coefficients: &[Secret<[u8; SECRET_BYTES]>],
) -> Secret<[u8; SECRET_BYTES]> {
    let mut value = Secret::zeroed();
    let highest_first = coefficients.iter().rev().map(Secret::expose);
    for coefficient in highest_first.chain([constant]) {
        for (byte, term) in value.expose_mut().iter_mut().zip(coefficient) {
            *byte = multiply(*byte, x) ^ term;
        }
    }
    value
}

/// The Lagrange basis polynomial of `x` among `xs`, at zero.
fn weight_at_zero(x: u8, xs: &[u8]) -> u8 {
    xs.iter()
        .filter(|other| **other != x)
        .fold(1, |weight, other| {
            multiply(weight, multiply(*other, invert(*other ^ x)))
        })
}

/// The product in GF(2^8), in constant time.
pub(crate) fn multiply(a: u8, b: u8) -> u8 {
    let mut shifted = a;
    let mut product = 0;
    for bit in 0..8 {
        product ^= shifted & mask(b >> bit);
        shifted = (shifted << 1) ^ (0x1b & mask(shifted >> 7));
    }
    product
}

/// All ones when the lowest bit is one, else zero; opaque, so that no branch is made of it.
fn mask(bit: u8) -> u8 {
    black_box(0u8.wrapping_sub(bit & 1))
}

/// The inverse of a non-zero element: a^254, as a^255 is one.
fn invert(a: u8) -> u8 {
    let mut power = a;
    for _ in 0..6 {
        power = multiply(multiply(power, power), a);
    }
    multiply(power, power)
}
