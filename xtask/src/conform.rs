//! Real clients against a running server, and the twin of the policy evaluator. Each suite of clients gets a
//! server of its own; all install what they need from the project's pinned lists.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::Outcome;
use crate::count::Count;
use crate::run::{cargo, exists, root, run, run_and_keep, target};
use crate::server::{Server, build};

/// The suites, in the order `all` runs them, and the folder of the Python ones.
const SUITES: &[(&str, Client)] = &[
    ("policy", Client::Twin),
    ("cli", Client::Python("cli")),
    ("boto3", Client::Python("python")),
    ("javascript", Client::Node),
    ("encryption-sdk", Client::Python("encryption_sdk")),
];

#[derive(Clone, Copy)]
enum Client {
    Python(&'static str),
    Node,
    /// No client: the second policy evaluator, which runs the first one itself.
    Twin,
}

/// Runs one suite or `all`, and prints the totals.
pub(crate) fn conform(name: &str) -> Outcome<()> {
    let chosen: Vec<_> = SUITES
        .iter()
        .filter(|(known, _)| name == "all" || name == *known)
        .collect();
    if chosen.is_empty() {
        return Err(format!("there is no suite {name}"));
    }
    if chosen
        .iter()
        .any(|(_, client)| !matches!(client, Client::Twin))
    {
        build()?;
    }
    let mut total = Count::default();
    for (name, client) in chosen {
        total.add(run_suite(name, *client));
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed > 0 {
        Err("some conformance tests failed".to_owned())
    } else {
        Ok(())
    }
}

/// Runs every suite and returns the totals; whatever keeps a suite from running counts as its failure.
pub(crate) fn run_all() -> Outcome<Count> {
    build()?;
    let mut total = Count::default();
    for (name, client) in SUITES {
        total.add(run_suite(name, *client));
    }
    Ok(total)
}

fn run_suite(name: &str, client: Client) -> Count {
    println!("--- {name}");
    let count = match run_client(name, client) {
        Ok((output, succeeded)) => Count::of_suite(&output, succeeded),
        Err(reason) => {
            eprintln!("{reason}");
            Count {
                passed: 0,
                failed: 1,
            }
        }
    };
    println!("{name}: {} passed, {} failed", count.passed, count.failed);
    count
}

/// What the client printed, and whether it succeeded.
fn run_client(name: &str, client: Client) -> Outcome<(String, bool)> {
    let mut command = command(client)?;
    if matches!(client, Client::Twin) {
        return run_and_keep(&mut command);
    }
    let server = Server::start(name)?;
    run_and_keep(server.point(&mut command))
}

/// The command that runs the client, whatever it needs being installed.
fn command(client: Client) -> Outcome<Command> {
    match client {
        Client::Python(folder) => pytest(folder),
        Client::Twin => {
            let decide = build_decide()?;
            let mut command = pytest("policy")?;
            command.env("STRONGROOM_DECIDE", decide);
            Ok(command)
        }
        Client::Node => {
            install_node_packages()?;
            let mut command = Command::new("node");
            command
                .args(["--test", "--test-reporter=tap"])
                .current_dir(folder_of("javascript"));
            Ok(command)
        }
    }
}

fn pytest(folder: &str) -> Outcome<Command> {
    let mut command = Command::new(python()?);
    // -s: the encryption suite prints its MB/s, the twin what it decided.
    command
        .args(["-m", "pytest", "-s", folder])
        .current_dir(folder_of("."));
    Ok(command)
}

/// Builds the program that answers the twin's cases, and returns its path.
fn build_decide() -> Outcome<PathBuf> {
    run(cargo().args([
        "build",
        "--release",
        "--package",
        "strongroom-policy",
        "--example",
        "decide",
    ]))?;
    Ok(target()?.join("release").join("examples").join("decide"))
}

fn folder_of(part: &str) -> PathBuf {
    root().join("conformance").join(part)
}

/// The Python of the suites' virtual environment, made anew whenever the pinned list has changed.
fn python() -> Outcome<PathBuf> {
    let (folder, list) = (folder_of(".venv"), folder_of("requirements.txt"));
    let wanted = fs::read_to_string(&list).map_err(|error| format!("requirements.txt: {error}"))?;
    let python = folder.join("bin").join("python");
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    if !exists(Command::new("python3").args(["-c", "import venv, ensurepip"])) {
        return Err("Python 3 with venv is missing: install python3 and python3-venv".to_owned());
    }
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder))?;
    run(Command::new(&python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(&list))?;
    fs::write(&stamp, wanted).map_err(|error| format!("virtual environment: {error}"))?;
    Ok(python)
}

fn install_node_packages() -> Outcome<()> {
    let enough = "process.exit(Number(process.versions.node.split('.')[0]) >= 20 ? 0 : 1)";
    if !exists(Command::new("node").args(["-e", enough]))
        || !exists(Command::new("npm").arg("--version"))
    {
        return Err("Node is missing: install nodejs 20 or newer and npm".to_owned());
    }
    let folder = folder_of("javascript");
    run(Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir(folder))
}
