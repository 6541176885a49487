//! The simulator: histories of `crates/testkit/tests/sim`, as many or as long as is said. What they hold is theirs.

use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
    let seed = match seed {
        Some(seed) => seed.parse().map_err(|_| format!("{seed}: not a seed"))?,
        None => of_now(),
    };
    let mut command = command(steps);
    command.env("STRONGROOM_SIM_HISTORIES", histories.to_string());
    command.env("STRONGROOM_SIM_SEED", seed.to_string());
    run(&mut command)
}

/// A seed that nobody had before.
fn of_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(1, |now| now.as_secs())
}

/// Runs histories as CI does, always from the same seed on, and adds what they came to.
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
