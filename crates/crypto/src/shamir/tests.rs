use std::num::NonZeroU8;
use std::sync::atomic::{AtomicU8, Ordering};

use strongroom_base::{Random, Secret};

use super::{SHARES_MAX, ShamirError, Share, combine, invert, multiply, split};
use crate::random::BackendRandom;

/// Multiplies as polynomials over GF(2) with a 16-bit product, then divides by 0x11b.
fn multiply_slowly(a: u8, b: u8) -> u8 {
    let mut product: u16 = 0;
    for bit in 0..8 {
        if b & (1 << bit) != 0 {
            product ^= u16::from(a) << bit;
        }
    }
    for bit in (8..16).rev() {
        if product & (1 << bit) != 0 {
            product ^= 0x11b << (bit - 8);
        }
    }
    u8::try_from(product).expect("reduced")
}

#[test]
fn multiplication_is_that_of_polynomials() {
    for a in 0..=255 {
        for b in 0..=255 {
            assert_eq!(multiply(a, b), multiply_slowly(a, b), "{a:#x} {b:#x}");
        }
    }
}

#[test]
fn fips_197_examples() {
    // FIPS 197 §4.2: {57} • {83} = {c1}; §4.2.1: {57} • {13} = {fe}.
    assert_eq!(multiply(0x57, 0x83), 0xc1);
    assert_eq!(multiply(0x57, 0x13), 0xfe);
}

#[test]
fn every_element_but_zero_has_its_inverse() {
    for a in 1..=255 {
        assert_eq!(multiply(a, invert(a)), 1, "{a:#x}");
    }
}

fn secret() -> [u8; 32] {
    std::array::from_fn(|index| u8::try_from(index * 7 + 1).expect("small"))
}

fn copy(share: &Share) -> Share {
    Share {
        x: share.x,
        y: Secret::new(*share.y.expose()),
    }
}

/// The shares that the bits of `selection` name.
fn select(shares: &[Share], selection: u32) -> Vec<Share> {
    let chosen = shares
        .iter()
        .enumerate()
        .filter(|(index, _)| selection & (1 << index) != 0);
    chosen.map(|(_, share)| copy(share)).collect()
}

#[test]
fn exactly_the_subsets_that_reach_the_threshold_recombine() {
    for shares in 2..=7 {
        for threshold in 2..=shares {
            let all = split(&secret(), threshold, shares, &BackendRandom).expect("bounded");
            for selection in 0..1 << shares {
                check_subset(threshold, &select(&all, selection));
            }
        }
    }
}

fn check_subset(threshold: u8, subset: &[Share]) {
    let combined = combine(threshold, subset);
    if subset.len() >= threshold.into() {
        assert!(combined.is_ok_and(|combined| combined.matches(&secret())));
        return;
    }
    assert_eq!(combined.err(), Some(ShamirError::TooFewShares));
    // Even a caller with the wrong threshold in mind does not get the secret.
    if let Ok(combined) = combine(2, subset) {
        assert!(!combined.matches(&secret()));
    }
}

#[test]
fn the_largest_split_recombines_in_any_order() {
    let mut all = split(&secret(), SHARES_MAX, SHARES_MAX, &BackendRandom).expect("bounded");
    all.reverse();
    all.swap(3, 9);
    assert!(combine(SHARES_MAX, &all).is_ok_and(|combined| combined.matches(&secret())));
}

/// For every secret byte, one share below the threshold fits: fewer shares say nothing.
#[test]
fn one_share_of_two_fits_every_secret() {
    let share = |x: u8, y: u8| Share {
        x: NonZeroU8::new(x).expect("not zero"),
        y: Secret::new([y; 32]),
    };
    let mut seen = [false; 256];
    for y in 0..=255 {
        let combined = combine(2, &[share(1, 0xa5), share(2, y)]).expect("two shares");
        seen[usize::from(combined.expose()[0])] = true;
    }
    assert!(seen.iter().all(|seen| *seen));
}

/// Draws 0x01 bytes, then 0x02 bytes, and so on.
struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, out: &mut [u8]) {
        out.fill(self.0.fetch_add(1, Ordering::Relaxed) + 1);
    }
}

#[test]
fn shares_are_the_polynomial_at_their_x() {
    // 0x05 + 0x01 x + 0x02 x²
    let shares = split(&[5; 32], 3, 4, &Counting(AtomicU8::new(0))).expect("bounded");
    for (share, x) in shares.iter().zip(1..) {
        let y = 5 ^ x ^ multiply_slowly(2, multiply_slowly(x, x));
        assert_eq!(share.x.get(), x);
        assert!(share.y.matches(&[y; 32]));
    }
}

#[test]
fn counts_and_duplicates_are_refused() {
    for (threshold, shares, expected) in [
        (0, 3, ShamirError::Threshold),
        (1, 3, ShamirError::Threshold),
        (4, 3, ShamirError::Threshold),
        (2, 0, ShamirError::Threshold),
        (2, SHARES_MAX + 1, ShamirError::TooManyShares),
        (2, 255, ShamirError::TooManyShares),
    ] {
        let outcome = split(&secret(), threshold, shares, &BackendRandom);
        assert_eq!(outcome.err(), Some(expected));
    }
    let shares = split(&secret(), 2, 3, &BackendRandom).expect("bounded");
    let twice = [copy(&shares[0]), copy(&shares[1]), copy(&shares[0])];
    assert_eq!(combine(2, &twice).err(), Some(ShamirError::DuplicateShare));
    assert_eq!(combine(2, &[]).err(), Some(ShamirError::TooFewShares));
    assert_eq!(combine(1, &shares).err(), Some(ShamirError::Threshold));
    let many: Vec<Share> = (0..300).map(|_| copy(&shares[0])).collect();
    assert_eq!(combine(2, &many).err(), Some(ShamirError::TooManyShares));
}
