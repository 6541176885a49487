//! Decimal numbers compared exactly, whatever their exponents.

use std::cmp::Ordering;

/// The longest number, in bytes.
pub(crate) const NUMBER_BYTES_MAX: usize = 64;

/// The largest exponent, and the smallest below zero.
const EXPONENT_MAX: i32 = 400;

/// `±0.d₁d₂… × 10^magnitude`, where neither the first nor the last digit is 0. Zero has no digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    magnitude: i32,
    length: usize,
    digits: [u8; NUMBER_BYTES_MAX],
}

impl Decimal {
    /// Reads `[+-]?digits[.digits][e[+-]digits]`, one run of digits around the point being dispensable.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > NUMBER_BYTES_MAX {
            return None;
        }
        let (negative, rest) = signed(text);
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = || whole.bytes().chain(fraction.bytes());
        if digits().next().is_none() || !digits().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let point = i32::try_from(whole.len()).ok()? + exponent;
        Self::from_digits(negative, digits().map(|byte| byte - b'0'), point)
    }

    /// The number of these digits, of which the first `point` stand before the decimal point.
    pub(crate) fn from_digits(
        negative: bool,
        digits: impl Iterator<Item = u8>,
        point: i32,
    ) -> Option<Self> {
        let mut kept = [0; NUMBER_BYTES_MAX];
        let mut length = 0;
        let mut magnitude = point;
        for digit in digits {
            if length == 0 && digit == 0 {
                magnitude -= 1;
                continue;
            }
            *kept.get_mut(length)? = digit;
            length += 1;
        }
        let significant = kept.iter().rposition(|digit| *digit != 0);
        let length = significant.map_or(0, |last| last + 1);
        Some(Self {
            negative: negative && length > 0,
            magnitude: if length > 0 { magnitude } else { 0 },
            length,
            digits: kept,
        })
    }

    /// -1, 0 or 1.
    fn sign(&self) -> i8 {
        match (self.length, self.negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        }
    }

    fn size(&self) -> (i32, &[u8]) {
        let digits = self.digits.get(..self.length).unwrap_or_default();
        (self.magnitude, digits)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_size = || match self.negative {
            true => other.size().cmp(&self.size()),
            false => self.size().cmp(&other.size()),
        };
        self.sign().cmp(&other.sign()).then_with(by_size)
    }
}

fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn parse_exponent(text: &str) -> Option<i32> {
    let (negative, digits) = signed(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // A number too large for the type is beyond the limit too.
    let size: i32 = digits.parse().ok().filter(|size| *size <= EXPONENT_MAX)?;
    Some(if negative { -size } else { size })
}
