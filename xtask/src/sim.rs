//! The simulator: histories of `crates/testkit/tests/sim`, as many or as long as is said. What they hold is theirs.

use std::process::Command;
use std::time::Duration;

use crate::Outcome;
use crate::campaign::Campaigned;
use crate::options::Options;
use crate::run::{cargo, run, run_and_keep};

/// The test that makes fresh histories.
const FRESH: &str = "histories::fresh_seeds_hold";
/// How many histories when nobody says, and how long each is.
const HISTORIES: u64 = 100;
const STEPS: u64 = 200;
/// How long it runs in CI.
const CI_TIME: Duration = Duration::from_secs(60);

/// Runs fresh histories: `SEED` to begin with an earlier one, `--histories N`, `--steps N` each.
pub(crate) fn sim(words: &[&str]) -> Outcome<()> {
    let (seed, words) = match words.split_first() {
        Some((first, rest)) if !first.starts_with("--") => (Some(*first), rest),
        _ => (None, words),
    };
    let options = Options::read(words, &["--histories", "--steps"])?;
    let histories = options.number("--histories")?.unwrap_or(HISTORIES);
    let steps = options.number("--steps")?.unwrap_or(STEPS);
    let mut command = command(steps);
    command.env("STRONGROOM_SIM_HISTORIES", histories.to_string());
    if let Some(seed) = seed {
        seed.parse::<u64>()
            .map_err(|_| format!("{seed}: not a seed"))?;
        command.env("STRONGROOM_SIM_SEED", seed);
    }
    run(&mut command)
}

/// Runs fresh histories as CI does, and adds what they came to.
pub(crate) fn run_in_ci(done: &mut Campaigned) -> Outcome<()> {
    let mut command = command(STEPS);
    command.env("STRONGROOM_SIM_SECONDS", CI_TIME.as_secs().to_string());
    let (printed, succeeded) = run_and_keep(&mut command)?;
    done.note(&printed, succeeded)
}

fn command(steps: u64) -> Command {
    let mut command = cargo();
    command.args(["test", "--package", "strongroom-testkit", "--locked"]);
    command.args(["--test", "sim", "--", "--exact", "--nocapture", FRESH]);
    command.env("STRONGROOM_SIM_STEPS", steps.to_string());
    command
}
