//! Histories: lists of steps that a seed makes. A step says what happens, not to what: that is chosen from what there is
//! when its turn comes, by chance of the step's own, so that a history without some of its steps is one, too.

use std::fmt;

use super::chance::Chance;
use super::disk::{CrashAt, Fault};

/// A call that is still to be chosen, by chance of its own.
pub type Draft = u64;

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// One call, or two at one time.
    Calls(Vec<Draft>),
    /// Calls, and the machine crashes at a commit, or after the answers.
    Crash(Vec<Draft>, CrashAt),
    /// Calls, and the key process ends at a command.
    KeyProcessEnds(Vec<Draft>, i64),
    /// Calls, and the disk fails so many times.
    Fault(Vec<Draft>, Fault, u32),
    /// The service ends in order and starts again.
    Restart,
    /// Time goes by, in seconds.
    Run(u64),
    /// The wall clock is set, in seconds.
    Jump(i64),
}

/// A seed, and which of its steps happen.
#[derive(Clone)]
pub struct History {
    /// The seed.
    pub seed: u64,
    /// The steps, each with its number in the whole history.
    pub steps: Vec<(usize, Step)>,
}

impl History {
    /// The history of `seed` with so many steps.
    pub fn of(seed: u64, steps: usize) -> Self {
        let mut chance = Chance::new(seed).apart(3);
        let steps = (0..steps).map(|number| (number, step(&mut chance)));
        Self {
            seed,
            steps: steps.collect(),
        }
    }

    /// The same without some steps.
    pub fn only(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept = self.steps.iter().enumerate();
        let kept = kept.filter(|(index, _)| keep(*index));
        Self {
            seed: self.seed,
            steps: kept.map(|(_, step)| step.clone()).collect(),
        }
    }
}

impl fmt::Display for History {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "seed {} steps", self.seed)?;
        self.steps
            .iter()
            .try_for_each(|(number, _)| write!(out, " {number}"))
    }
}

fn step(chance: &mut Chance) -> Step {
    match chance.weighed(&[70, 12, 6, 3, 3, 2, 3, 1]) {
        0 => Step::Calls(vec![chance.bits()]),
        1 => Step::Calls(drafts(chance, 2)),
        2 => {
            let crash = CrashAt {
                after: u64::try_from(chance.below(2)).expect("a count"),
                survives: chance.one_in(2),
            };
            let calls = 1 + chance.below(2);
            Step::Crash(drafts(chance, calls), crash)
        }
        3 => {
            let commands = i64::try_from(chance.below(4)).expect("a count");
            let calls = 1 + chance.below(2);
            Step::KeyProcessEnds(drafts(chance, calls), commands)
        }
        4 => {
            let fault = *chance.pick(&[Fault::Full, Fault::Busy, Fault::Damaged]);
            let times = u32::try_from(1 + chance.below(3)).expect("a count");
            Step::Fault(drafts(chance, 1), fault, times)
        }
        5 => Step::Restart,
        6 => Step::Run(*chance.pick(&[60, 3600, 20 * 3600, 6 * 86_400, 8 * 86_400, 31 * 86_400])),
        _ => Step::Jump(*chance.pick(&[-90_000, -3600, 60, 3600, 80_000, 40 * 86_400])),
    }
}

fn drafts(chance: &mut Chance, count: usize) -> Vec<Draft> {
    (0..count).map(|_| chance.bits()).collect()
}
