//! Campaigns: tests of the binary that go on for minutes instead of seconds. What they hold, and what they print, is
//! theirs (`crates/cli/tests/it/campaign/`); this only says for how long and with what seed.

use std::process::Command;

use crate::Outcome;
use crate::options::Options;
use crate::run::{cargo, run, run_and_keep};

/// The campaigns, and the test that each is.
const CAMPAIGNS: &[(&str, &str)] = &[(
    "kill",
    "campaign::kill::every_answered_call_has_one_record_and_the_chain_is_whole",
)];
/// How long one runs when nobody says, in minutes: as in CI.
const MINUTES: u64 = 2;
const SECONDS_VARIABLE: &str = "STRONGROOM_CAMPAIGN_SECONDS";
const SEED_VARIABLE: &str = "STRONGROOM_CAMPAIGN_SEED";

/// Runs the campaign `name`: `--minutes N`, and `--seed N` to have the chance of an earlier one again.
pub(crate) fn campaign(name: &str, words: &[&str]) -> Outcome<()> {
    let options = Options::read(words, &["--minutes", "--seed"])?;
    let minutes = options.number("--minutes")?.unwrap_or(MINUTES);
    let mut command = command(name, minutes)?;
    if let Some(seed) = options.number("--seed")? {
        command.env(SEED_VARIABLE, seed.to_string());
    }
    run(&mut command)
}

/// Runs every campaign as CI does; what they printed, and whether all succeeded.
pub(crate) fn run_all() -> Outcome<(String, bool)> {
    let (mut text, mut succeeded) = (String::new(), true);
    for (name, _) in CAMPAIGNS {
        let (printed, held) = run_and_keep(&mut command(name, MINUTES)?)?;
        text.push_str(&printed);
        succeeded &= held;
    }
    Ok((text, succeeded))
}

fn command(name: &str, minutes: u64) -> Outcome<Command> {
    let found = CAMPAIGNS.iter().find(|(known, _)| *known == name);
    let (_, test) = found.ok_or_else(|| format!("there is no campaign {name}"))?;
    let mut command = cargo();
    command.args([
        "test",
        "--package",
        "strongroom",
        "--locked",
        "--test",
        "it",
    ]);
    command.args(["--", "--exact", "--nocapture", test]);
    let seconds = minutes.saturating_mul(60);
    command.env(SECONDS_VARIABLE, seconds.to_string());
    Ok(command)
}
