//! What the audit step costs: a build that writes no records of calls, the usual one, and the usual one in strict mode,
//! under the same load in turns. Says medians and ratios, never a single run.

mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::options::Options;
use crate::run::{cargo, output, run, target};
use crate::server::{self, Server, number};
use table::{Measured, print};

/// The feature of a build that writes no records; `tidy` holds that nothing turns it on.
const WITHOUT_AUDIT: &str = "strongroom-kms/bench-without-audit";
const CONNECTIONS: &[u64] = &[1, 16, 64];
/// Fewer rounds say nothing on a machine that does other things, too.
const ROUNDS_MIN: u64 = 5;
const SECONDS: u64 = 3;
const HOW_TO_LOAD: &str = "--load PATH is missing: the program kms-load, which `cargo build --release` makes in ../shared/tools/kms-load";

/// A server whose cost is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    Without,
    With,
    Strict,
}

const VARIANTS: [Variant; 3] = [Variant::Without, Variant::With, Variant::Strict];

impl Variant {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Without => "without",
            Self::With => "with",
            Self::Strict => "strict",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Without | Self::With => &[],
            Self::Strict => &["--strict-audit"],
        }
    }
}

/// Measures `--rounds N` rounds of `--seconds N` for each variant and number of connections, with `--load PATH`.
pub(crate) fn audit(words: &[&str]) -> Outcome<()> {
    let options = Options::read(words, &["--load", "--rounds", "--seconds"])?;
    let load = PathBuf::from(options.text("--load").ok_or(HOW_TO_LOAD)?);
    let rounds = options.number("--rounds")?.unwrap_or(ROUNDS_MIN);
    let seconds = options.number("--seconds")?.unwrap_or(SECONDS);
    let folder = target()?.join("bench-audit");
    let programs = build(&folder)?;
    let servers = VARIANTS.map(|variant| start(&programs, &folder, variant));
    let servers = servers.into_iter().collect::<Outcome<Vec<_>>>()?;
    let mut measured = Vec::new();
    for round in 0..rounds.max(ROUNDS_MIN) {
        for connections in CONNECTIONS {
            for (variant, server) in in_turn(&servers, round) {
                let once = measure(&load, server, *connections, seconds)?;
                measured.push((*variant, *connections, once));
            }
        }
    }
    drop(servers);
    print(&measured, CONNECTIONS, &VARIANTS);
    println!("{}", size(&programs, &folder)?);
    Ok(())
}

/// Builds without and with audit, in this order: what is left in the target folder writes records.
fn build(folder: &Path) -> Outcome<Programs> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let built = target()?.join("release").join("strongroom");
    let without = folder.join("strongroom-without-audit");
    run(cargo()
        .args(["build", "--release", "--locked", "--package", "strongroom"])
        .args(["--features", WITHOUT_AUDIT]))?;
    fs::rename(&built, &without).map_err(|error| format!("{}: {error}", built.display()))?;
    server::build()?;
    Ok(Programs {
        without,
        usual: built,
    })
}

struct Programs {
    without: PathBuf,
    usual: PathBuf,
}

fn start(programs: &Programs, folder: &Path, variant: Variant) -> Outcome<(Variant, Server)> {
    let program = match variant {
        Variant::Without => &programs.without,
        Variant::With | Variant::Strict => &programs.usual,
    };
    let mut command = Command::new(program);
    command.args(["dev"]).args(variant.arguments());
    let server = Server::run(command, &folder.join(variant.name()))?;
    Ok((variant, server))
}

/// The servers, in another order each round: none always comes first.
fn in_turn(servers: &[(Variant, Server)], round: u64) -> impl Iterator<Item = &(Variant, Server)> {
    let count = servers.len();
    let first = usize::try_from(round).unwrap_or(0) % count.max(1);
    servers.iter().cycle().skip(first).take(count)
}

fn measure(load: &Path, server: &Server, connections: u64, seconds: u64) -> Outcome<Measured> {
    let mut command = Command::new(load);
    command.args(["--json", "--op", "Encrypt", "--endpoint", &server.endpoint]);
    command.args(["--conns", &connections.to_string()]);
    command.args(["--secs", &seconds.to_string()]);
    for process in server.processes() {
        command.args(["--server-pid", &process.to_string()]);
    }
    let line = output(&mut command)?;
    let read = |name| number(&line, name).ok_or_else(|| format!("no {name} in {line}"));
    Ok(Measured {
        rate: read("req_s")?,
        p50_micros: read("p50_us")?,
        p99_micros: read("p99_us")?,
        cpu_micros: read("server_cpu_us_per_req")?,
    })
}

/// What a record takes in the log, checkpoints and headers included.
fn size(programs: &Programs, folder: &Path) -> Outcome<String> {
    let data = folder.join(Variant::With.name()).join("data");
    let mut command = Command::new(&programs.usual);
    let verdict = output(command.args(["audit", "verify", "--data"]).arg(&data))?;
    let line = verdict
        .lines()
        .find_map(|line| line.strip_prefix("records"));
    let records = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    let records = records.ok_or_else(|| format!("no records in {verdict}"))?;
    let bytes = log_bytes(&data.join("audit"))?;
    let each = bytes / records.max(1);
    Ok(format!(
        "{records} records in {bytes} bytes of log: {each} each"
    ))
}

fn log_bytes(folder: &Path) -> Outcome<u64> {
    let fault = |error| format!("{}: {error}", folder.display());
    let mut bytes: u64 = 0;
    for entry in fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        if entry
            .path()
            .extension()
            .is_some_and(|suffix| suffix == "log")
        {
            bytes = bytes.saturating_add(entry.metadata().map_err(fault)?.len());
        }
    }
    Ok(bytes)
}
