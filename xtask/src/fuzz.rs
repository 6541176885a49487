//! The fuzz targets: built once with coverage counters, then run one after another from their seeds. Works with the toolchain
//! that builds everything else: the flags are LLVM's, and libFuzzer comes as a crate.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::count::Count;
use crate::counts::Counts;
use crate::options::Options;
use crate::run::{cargo, output, root, run, run_and_keep, target};

/// How long a target runs when nobody says, in seconds.
const SECONDS: u64 = 60;
/// How long it runs in CI.
const CI_SECONDS: u64 = 5;
/// The longest that the canary may stay unfound. Guided by coverage it takes about a second.
const CANARY_SECONDS: u64 = 60;
/// The longest input in bytes: every reader is past its interesting limits there.
const INPUT_BYTES_MAX: u64 = 8 * 1024;
/// The longest that one input may take, in seconds, on a machine that does other things too.
const INPUT_SECONDS_MAX: u64 = 20;
/// The most memory that a target may take, in MiB.
const MEMORY_MIB_MAX: u64 = 2048;

const CANARY: &str = "canary";
const VARIABLE: &str = "STRONGROOM_FUZZ_TARGET";
const EXECUTED: &str = "stat::number_of_executed_units:";

/// A counter at every edge, and every comparison told to libFuzzer: what cargo-fuzz sets, less the sanitizers, which a stable
/// compiler does not have.
const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// What running targets came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fuzzed {
    targets: u64,
    inputs: u64,
    panics: u64,
}

/// Runs the target named first in `words`, or all; `--seconds N` each.
pub(crate) fn fuzz(words: &[&str]) -> Outcome<()> {
    let (name, words) = match words {
        [name, rest @ ..] if !name.starts_with("--") => (Some(*name), rest),
        _ => (None, words),
    };
    let options = Options::read(words, &["--seconds"])?;
    let seconds = options.number("--seconds")?.unwrap_or(SECONDS);
    let fuzzed = run_targets(name, seconds)?;
    println!("{}", fuzzed.counts()?);
    match fuzzed.panics {
        0 => Ok(()),
        panics => Err(format!("{panics} fuzz targets failed")),
    }
}

/// Runs every target as CI does.
pub(crate) fn run_all() -> Outcome<Fuzzed> {
    run_targets(None, CI_SECONDS)
}

impl Fuzzed {
    /// Inputs that were tried, and targets that failed.
    pub(crate) fn counts(self) -> Outcome<Counts> {
        let Self { inputs, panics, .. } = self;
        Counts::read(&format!("counts: inputs={inputs} panics={panics}"))
    }

    /// Each target as a test.
    pub(crate) fn tests(self) -> Count {
        Count {
            passed: self.targets - self.panics,
            failed: self.panics,
        }
    }

    fn add(&mut self, other: Self) {
        self.targets += other.targets;
        self.inputs += other.inputs;
        self.panics += other.panics;
    }
}

fn run_targets(only: Option<&str>, seconds: u64) -> Outcome<Fuzzed> {
    let known = targets()?;
    let chosen: Vec<&String> = known
        .iter()
        .filter(|name| only.is_none_or(|only| only == *name))
        .collect();
    if chosen.is_empty() {
        return Err(format!("targets are {}", known.join(", ")));
    }
    let fuzzer = build()?;
    find_canary(&fuzzer)?;
    let mut all = Fuzzed::default();
    for name in chosen {
        let one = run_target(&fuzzer, name, seconds)?;
        println!("{name}: inputs={} panics={}", one.inputs, one.panics);
        all.add(one);
    }
    Ok(all)
}

/// The names of the targets: each has seeds, which a test holds.
fn targets() -> Outcome<Vec<String>> {
    let folder = root().join("fuzz").join("seeds");
    let unread = |error| format!("{}: {error}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unread)? {
        let name = entry.map_err(unread)?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Builds the fuzzer, and returns its path. Build scripts and macros are built without the counters, for the target is named.
fn build() -> Outcome<PathBuf> {
    let host = host()?;
    let folder = target()?.join("fuzz");
    let mut command = cargo();
    command.args(["build", "--locked", "--manifest-path", "fuzz/Cargo.toml"]);
    command
        .args(["--target", &host, "--target-dir"])
        .arg(&folder);
    command.env("RUSTFLAGS", FLAGS.join(" "));
    run(&mut command)?;
    Ok(folder.join(host).join("debug").join("strongroom-fuzz"))
}

fn host() -> Outcome<String> {
    let told = output(Command::new("rustc").arg("-vV").current_dir(root()))?;
    let line = told.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned)
        .ok_or_else(|| "rustc does not tell its host".to_owned())
}

/// A fuzzer that does not find the canary finds nothing else: then its silence must not pass for a result.
fn find_canary(fuzzer: &Path) -> Outcome<()> {
    let mut command = started(fuzzer, CANARY, CANARY_SECONDS)?;
    let (printed, succeeded) = run_and_keep(&mut command)?;
    match !succeeded && printed.contains("the canary is found") {
        true => Ok(()),
        false => Err(format!(
            "the fuzzer did not find its canary in {CANARY_SECONDS} seconds"
        )),
    }
}

fn run_target(fuzzer: &Path, name: &str, seconds: u64) -> Outcome<Fuzzed> {
    let mut command = started(fuzzer, name, seconds)?;
    // Comparisons that come closer count as progress: what one reader compares, it has few of.
    command.arg("-use_value_profile=1");
    let dictionary = root()
        .join("fuzz")
        .join("dictionaries")
        .join(format!("{name}.dict"));
    if dictionary.exists() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    command.arg(root().join("fuzz").join("seeds").join(name));
    let (printed, succeeded) = run_and_keep(&mut command)?;
    Ok(Fuzzed {
        targets: 1,
        inputs: executed(&printed)?,
        panics: u64::from(!succeeded),
    })
}

/// The fuzzer with a corpus that is kept between runs, and a place for inputs that fail.
fn started(fuzzer: &Path, name: &str, seconds: u64) -> Outcome<Command> {
    let place = target()?.join("fuzz");
    let corpus = folder(place.join("corpus").join(name))?;
    let failed = folder(place.join("failed").join(name))?;
    let mut command = Command::new(fuzzer);
    command.current_dir(root()).env(VARIABLE, name);
    command.args([
        format!("-max_total_time={seconds}"),
        format!("-max_len={INPUT_BYTES_MAX}"),
        format!("-timeout={INPUT_SECONDS_MAX}"),
        format!("-rss_limit_mb={MEMORY_MIB_MAX}"),
        format!("-artifact_prefix={}/", failed.display()),
        "-print_final_stats=1".to_owned(),
        "-verbosity=0".to_owned(),
    ]);
    command.arg(corpus);
    Ok(command)
}

fn folder(path: PathBuf) -> Outcome<PathBuf> {
    let made = fs::create_dir_all(&path);
    made.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// How many inputs were tried; a target that does not say so has not run.
fn executed(printed: &str) -> Outcome<u64> {
    let mut lines = printed.lines();
    let number = lines.find_map(|line| line.trim().strip_prefix(EXECUTED)?.trim().parse().ok());
    match number {
        Some(number) if number > 0 => Ok(number),
        _ => Err("the fuzzer tried no input".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Fuzzed, executed};

    #[test]
    fn inputs_are_counted() {
        let printed =
            "Done 7 runs\nstat::number_of_executed_units: 7\nstat::average_exec_per_sec: 1";
        assert_eq!(executed(printed), Ok(7));
        for silent in ["", "stat::number_of_executed_units: 0", "thread panicked"] {
            assert!(executed(silent).is_err(), "{silent}");
        }
    }

    #[test]
    fn a_panic_is_a_fault() {
        let one = |panics| Fuzzed {
            targets: 1,
            inputs: 5,
            panics,
        };
        let mut all = one(0);
        assert!(!all.counts().is_ok_and(|counts| counts.has_faults()));
        all.add(one(1));
        assert!(all.counts().is_ok_and(|counts| counts.has_faults()));
        assert_eq!((all.tests().passed, all.tests().failed), (1, 1));
        let told = all.counts().map(|counts| counts.to_string());
        assert_eq!(told.as_deref(), Ok("counts: inputs=10 panics=1"));
    }
}
