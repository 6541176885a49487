//! Campaigns: tests of the binary that go on for minutes instead of seconds. What they hold, and what they print, is
//! theirs (`crates/cli/tests/it/campaign/`); this only says for how long and with what seed, and adds up their counts.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::count::Count;
use crate::counts::Counts;
use crate::options::Options;
use crate::run::{cargo, run_and_keep};
use crate::tools::install_strace;

/// The campaigns, and the test that each is.
const CAMPAIGNS: &[(&str, &str)] = &[
    (
        "kill",
        "campaign::kill::every_answered_call_has_one_record_and_the_chain_is_whole",
    ),
    (
        "rollback",
        "campaign::rollback::what_is_put_back_is_refused_or_changes_no_answer",
    ),
    (
        "clock",
        "campaign::clock::no_clock_makes_anything_early_or_anybody_welcome",
    ),
    (
        "resources",
        "campaign::resources::a_server_under_strain_stays_up_and_answers",
    ),
    (
        "crash",
        "campaign::crash::every_state_that_a_crash_can_leave_opens_with_all_that_was_answered",
    ),
    (
        "io",
        "campaign::io::a_write_or_sync_that_fails_loses_nothing",
    ),
    (
        "rot",
        "campaign::rot::whatever_rots_is_noticed_or_changes_no_answer",
    ),
    (
        "upgrade",
        "campaign::upgrade::earlier_folders_open_and_later_ones_are_refused",
    ),
];
/// How long one runs when nobody says, in minutes.
const MINUTES: u64 = 2;
/// How long each runs in CI.
const CI_TIME: Duration = Duration::from_secs(30);
/// What CI draws its chance from: that a change fails there must not be chance. Soaks draw anew.
const CI_SEED: u64 = 1;
/// How long each runs in its turn of a soak.
const SOAK_TURN: Duration = Duration::from_secs(3 * 60);
const SECONDS_VARIABLE: &str = "STRONGROOM_CAMPAIGN_SECONDS";
const SEED_VARIABLE: &str = "STRONGROOM_CAMPAIGN_SEED";

/// What campaigns came to.
#[derive(Default)]
pub(crate) struct Campaigned {
    pub(crate) tests: Count,
    pub(crate) counts: Counts,
}

impl Campaigned {
    /// Adds what one of them printed, and whether it succeeded.
    pub(crate) fn note(&mut self, printed: &str, succeeded: bool) -> Outcome<()> {
        let counts = Counts::read(printed)?;
        let held = succeeded && !counts.is_empty() && !counts.has_faults();
        self.tests.add(Count::of_suite(printed, held));
        self.counts.add(&counts);
        Ok(())
    }
}

/// Runs the campaign `name`, or `all`: `--minutes N`, and `--seed N` to have the chance of an earlier one again.
pub(crate) fn campaign(name: &str, words: &[&str]) -> Outcome<()> {
    let options = Options::read(words, &["--minutes", "--seed"])?;
    let minutes = options.number("--minutes")?.unwrap_or(MINUTES);
    let time = Duration::from_secs(minutes.saturating_mul(60));
    let seed = options.number("--seed")?;
    let chosen = CAMPAIGNS
        .iter()
        .filter(|(known, _)| name == "all" || name == *known);
    let mut done = Campaigned::default();
    for (_, test) in chosen {
        run_one(test, time, seed, &mut done)?;
    }
    if done.tests == Count::default() {
        return Err(format!("there is no campaign {name}"));
    }
    closing(&done)
}

/// Runs all campaigns in turns until `--minutes N` are over, with another seed each turn. A failure ends it.
pub(crate) fn soak(words: &[&str]) -> Outcome<()> {
    let options = Options::read(words, &["--minutes"])?;
    let minutes = options.number("--minutes")?.unwrap_or(60);
    let time = Duration::from_secs(minutes.saturating_mul(60));
    let (start, mut done) = (Instant::now(), Campaigned::default());
    for (_, test) in CAMPAIGNS.iter().cycle() {
        let left = time.saturating_sub(start.elapsed());
        if left.is_zero() || done.tests.failed > 0 {
            break;
        }
        run_one(test, left.min(SOAK_TURN), None, &mut done)?;
    }
    closing(&done)
}

/// Runs every campaign as CI does.
pub(crate) fn run_all() -> Outcome<Campaigned> {
    let mut done = Campaigned::default();
    for (_, test) in CAMPAIGNS {
        run_one(test, CI_TIME, Some(CI_SEED), &mut done)?;
    }
    Ok(done)
}

/// Whether there is a campaign of this name.
pub(crate) fn exists(name: &str) -> bool {
    CAMPAIGNS.iter().any(|(known, _)| *known == name)
}

fn run_one(test: &str, time: Duration, seed: Option<u64>, done: &mut Campaigned) -> Outcome<()> {
    install_strace()?;
    let mut command = command(test, time);
    if let Some(seed) = seed {
        command.env(SEED_VARIABLE, seed.to_string());
    }
    let (printed, succeeded) = run_and_keep(&mut command)?;
    done.note(&printed, succeeded)
}

fn closing(done: &Campaigned) -> Outcome<()> {
    println!("{}", done.counts);
    match done.tests.failed {
        0 => Ok(()),
        failed => Err(format!("{failed} campaigns failed")),
    }
}

fn command(test: &str, time: Duration) -> Command {
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
    command.env(SECONDS_VARIABLE, time.as_secs().to_string());
    command
}
