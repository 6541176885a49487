//! Chance that comes from a seed alone: the same seed draws the same, whatever else happens on the machine.

use std::sync::{Mutex, PoisonError};

use strongroom_base::Random;

/// A stream of draws (SplitMix64). Not for secrets of anybody.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    /// The stream of `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream of its own for `purpose`, so that what draws more does not move what others draw.
    pub(super) fn apart(&self, purpose: u64) -> Self {
        Self(mixed(
            self.0 ^ mixed(purpose.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
        ))
    }

    /// The next 64 bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.0)
    }

    /// A number below `limit`, which is not 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).expect("a limit");
        usize::try_from(self.bits() % limit).expect("below a limit")
    }

    /// Whether one of `n` equal chances came true.
    pub(super) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of `all`.
    pub(super) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// The index of one of `weights`, each as likely as it says.
    pub(super) fn weighed(&mut self, weights: &[usize]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        unreachable!("what is left is below the sum")
    }
}

fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

/// What the service and the key process draw from. Predictable: for simulations alone.
pub(super) struct Seeded(Mutex<Chance>);

impl Seeded {
    /// Draws from `chance`.
    pub(super) fn new(chance: Chance) -> Self {
        Self(Mutex::new(chance))
    }
}

impl Random for Seeded {
    fn fill(&self, out: &mut [u8]) {
        let mut chance = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for part in out.chunks_mut(8) {
            let drawn = chance.bits().to_le_bytes();
            part.copy_from_slice(&drawn[..part.len()]);
        }
    }
}
