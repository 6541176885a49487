//! Campaigns: what must hold however long a server is used badly. Run for seconds among the tests, and by
//! `cargo xtask campaign` for as long as it says; all chance comes from the seed, which is printed.

mod burglar;
mod clock;
mod crash;
mod crew;
mod finding;
mod history;
mod io;
mod kill;
mod ledger;
mod load;
mod opened;
mod person;
mod promises;
mod resources;
mod rollback;
mod rot;
mod site;
mod upgrade;
mod witness;

use std::time::Duration;

use strongroom_base::Env;

/// How long a campaign runs, in seconds, if not briefly.
const SECONDS: &str = "STRONGROOM_CAMPAIGN_SECONDS";
/// What its chance begins with, if not with something new.
const SEED: &str = "STRONGROOM_CAMPAIGN_SEED";
const BRIEFLY: Duration = Duration::from_secs(5);

/// How long a campaign runs, and what its chance begins with.
pub(crate) struct Plan {
    pub(crate) time: Duration,
    pub(crate) seed: u64,
}

impl Plan {
    /// What the environment asks for.
    pub(crate) fn of_environment() -> Self {
        Self {
            time: variable(SECONDS).map_or(BRIEFLY, Duration::from_secs),
            seed: variable(SEED)
                .unwrap_or_else(|| u64::from_be_bytes(Env::system().random_bytes())),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test has no arguments of its own"
)]
fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}: {text}")))
}

/// Chance that can be had again (SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators").
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of their own for number `number`.
    pub(crate) fn of(seed: u64, number: usize) -> Self {
        let mut dice = Self(seed ^ number as u64);
        Self(dice.next())
    }

    /// A number below `bound`, which is small.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    /// One of `choices`.
    pub(crate) fn pick<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        &choices[self.below(choices.len())]
    }

    /// Any number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
