//! `cargo xtask COMMAND`: everything CI runs, and nothing it needs beyond Rust, a C compiler, Python and Node.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a command-line tool of the developers, outside the Env door"
)]

mod bench;
mod bugs;
mod campaign;
mod conform;
mod count;
mod counts;
mod fuzz;
mod options;
mod run;
mod server;
mod sim;
mod specification;
mod test;
mod tidy;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test            everything CI runs
cargo xtask tidy            dependency table, file headers, where unsafety may stand, what SPECIFICATION.md names
cargo xtask conform SUITE   policy (two evaluators), or clients against a server: cli, boto3, javascript, encryption-sdk; or all
cargo xtask campaign NAME [--minutes N] [--seed N]
                            one way to treat a server badly, or all of them (docs/design/proof.md)
cargo xtask soak [--minutes N]
                            all campaigns in turns, an hour if nobody says
cargo xtask sim [SEED] [--histories N] [--steps N]
                            random histories of the service on a simulated machine, held to a model
cargo xtask fuzz [TARGET] [--seconds N]
                            one fuzz target, or all of them one after another, a minute each if nobody says
cargo xtask bugs [NAME]     plants the faults of the bug bank, or those whose names begin so, in a copy of the tree: each must
                            be caught by its test
cargo xtask bench audit --load PATH [--rounds N] [--seconds N]
                            what the audit step costs, measured with the program kms-load";

/// Why a command failed, in one line.
type Outcome<T> = Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["test"] => test::test(),
        ["tidy"] => tidy::tidy(),
        ["conform", suite] => conform::conform(suite),
        ["campaign", name, options @ ..] => campaign::campaign(name, options),
        ["sim", options @ ..] => sim::sim(options),
        ["fuzz", words @ ..] => fuzz::fuzz(words),
        ["bugs"] => bugs::run_bank(None),
        ["bugs", name] => bugs::run_bank(Some(name)),
        ["soak", options @ ..] => campaign::soak(options),
        ["bench", "audit", options @ ..] => bench::audit(options),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}
