//! Everything CI runs, in the order in which failures are cheapest.

use crate::Outcome;
use crate::bugs;
use crate::campaign;
use crate::conform;
use crate::count::Count;
use crate::fuzz;
use crate::run::{cargo, exists, run, run_and_keep};
use crate::sim;
use crate::tidy;
use crate::tools::install_strace;

/// Formatting, lints, tests, tidy, campaigns, simulation, fuzz targets, the bug bank and conformance; the last line is the
/// total.
pub(crate) fn test() -> Outcome<()> {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]))?;
    tidy::tidy()?;
    install_strace()?;
    let mut total = run_tests()?;
    let mut proof = campaign::run_all()?;
    sim::run_in_ci(&mut proof)?;
    let fuzzed = fuzz::run_all()?;
    proof.counts.add(&fuzzed.counts()?);
    total.add(proof.tests);
    total.add(fuzzed.tests());
    let (caught, counts) = bugs::plant(None)?;
    total.add(caught);
    proof.counts.add(&counts);
    total.add(conform::run_all()?);
    println!("{}", proof.counts);
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed > 0 {
        Err("some tests failed".to_owned())
    } else {
        Ok(())
    }
}

fn run_tests() -> Outcome<Count> {
    let runner: &[&str] = if exists(cargo().args(["nextest", "--version"])) {
        &[
            "nextest",
            "run",
            "--workspace",
            "--locked",
            "--no-fail-fast",
        ]
    } else {
        &["test", "--workspace", "--locked", "--no-fail-fast"]
    };
    let (output, succeeded) = run_and_keep(cargo().args(runner))?;
    Ok(Count::of_suite(&output, succeeded))
}
