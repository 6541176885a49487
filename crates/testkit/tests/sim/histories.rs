//! Histories of saved seeds, of fresh ones, and twice of the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use strongroom_testkit::now;
use strongroom_testkit::sim::{Counts, History, run, shrink};

/// Seeds that failed, or that reach far: a seed, a number of steps and why.
const SAVED: &str = include_str!("seeds.txt");
const STEPS: usize = 100;
const FRESH: u64 = 10;
/// Where they begin when nobody says: a change is to be judged by the same histories as the one before it.
const FIRST: u64 = 1;
/// So many seeds reach everything that histories can do.
const REACHING: u64 = 20;
/// The operations that histories call.
const OPERATIONS: usize = 41;
/// What `cargo xtask sim` sets.
const SEED_VARIABLE: &str = "STRONGROOM_SIM_SEED";
const HISTORIES_VARIABLE: &str = "STRONGROOM_SIM_HISTORIES";
const STEPS_VARIABLE: &str = "STRONGROOM_SIM_STEPS";
const SECONDS_VARIABLE: &str = "STRONGROOM_SIM_SECONDS";

fn number(variable: &str) -> Option<u64> {
    #[allow(clippy::disallowed_methods, reason = "set by xtask")]
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

#[derive(Default)]
struct Totals {
    histories: usize,
    all: Counts,
}

impl Totals {
    fn check(&mut self, history: &History) {
        let report = run(history).unwrap_or_else(|failure| {
            let shortest = shrink(history, |shorter| run(shorter).is_err());
            let again = run(&shortest).err().unwrap_or(failure);
            let (seed, steps) = (history.seed, history.steps.len());
            println!("counts: histories={} lost=0 wrong=1", self.histories + 1);
            panic!(
                "{}\nshortest: {shortest}\nreplay: cargo xtask sim {seed} --steps {steps} --histories 1\n\
                 save: echo '{seed} {steps} WHY' >> crates/testkit/tests/sim/seeds.txt",
                again.0
            );
        });
        let (all, more) = (&mut self.all, report.counts);
        self.histories += 1;
        all.steps += more.steps;
        all.calls += more.calls;
        all.successes += more.successes;
        all.unanswered += more.unanswered;
        all.crashes += more.crashes;
        all.faults += more.faults;
    }

    fn print(&self) {
        let (all, histories) = (&self.all, self.histories);
        println!(
            "counts: histories={histories} steps={} calls={} successes={} unanswered={} crashes={} faults={} lost=0 wrong=0",
            all.steps, all.calls, all.successes, all.unanswered, all.crashes, all.faults
        );
    }
}

#[test]
fn saved_seeds_hold() {
    let mut totals = Totals::default();
    let lines = SAVED.lines().filter(|line| !line.starts_with('#'));
    for line in lines {
        let mut words = line.split_whitespace();
        let mut number = || words.next().unwrap().parse::<usize>().unwrap();
        let (seed, steps) = (number(), number());
        totals.check(&History::of(u64::try_from(seed).unwrap(), steps));
    }
    totals.print();
}

/// Some histories, or as many as fit in the time that is set; their seeds follow one another.
#[test]
fn fresh_seeds_hold() {
    let steps = number(STEPS_VARIABLE).map_or(STEPS, |steps| usize::try_from(steps).unwrap());
    let first = number(SEED_VARIABLE).unwrap_or(FIRST);
    let time = number(SECONDS_VARIABLE).map(Duration::from_secs);
    let count = number(HISTORIES_VARIABLE).unwrap_or(FRESH);
    println!("seed {first}");
    let mut totals = Totals::default();
    let begun = now();
    for number in 0.. {
        let is_over = match time {
            Some(time) => now().since(begun) >= time,
            None => number >= count,
        };
        if is_over {
            break;
        }
        totals.check(&History::of(first.wrapping_add(number), steps));
    }
    totals.print();
}

#[test]
fn a_seed_is_one_run_bit_for_bit() {
    for seed in 1..=6 {
        let history = History::of(seed, STEPS);
        let (first, second) = (run(&history), run(&history));
        assert_eq!(first.unwrap(), second.unwrap(), "seed {seed}");
    }
}

/// A history in which nothing succeeds, or nothing is refused, holds nothing.
#[test]
fn histories_reach_far() {
    let mut reached: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..REACHING {
        let report = run(&History::of(seed, STEPS)).unwrap();
        for (outcome, times) in report.outcomes {
            *reached.entry(outcome).or_default() += times;
        }
    }
    for (outcome, times) in &reached {
        println!("{times:6} {outcome}");
    }
    let operations: BTreeSet<_> = (reached.keys())
        .filter_map(|outcome| outcome.split(' ').next())
        .collect();
    assert_eq!(operations.len(), OPERATIONS, "{operations:?}");
    for operation in operations {
        assert!(
            reached.contains_key(&format!("{operation} Success")),
            "{operation}"
        );
    }
    for outcome in [
        "Decrypt AccessDeniedException",
        "Decrypt IncorrectKeyException",
        "Decrypt InvalidCiphertextException",
        "Encrypt DisabledException",
        "Encrypt KMSInvalidStateException",
        "Encrypt NotFoundException",
        "Encrypt UnrecognizedClientException",
        "PutKeyPolicy MalformedPolicyDocumentException",
        "VerifyMac KMSInvalidMacException",
    ] {
        assert!(reached.contains_key(outcome), "{outcome}");
    }
}
