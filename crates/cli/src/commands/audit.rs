//! `strongroom audit`: reads the audit log, offline, without the store and without secrets.

mod checkpoint;
mod exported;
mod keys;
mod list;
pub(super) mod segments;
mod verify;

use std::process::ExitCode;

use crate::failed;
use crate::operator::Server;

/// The exit code of a log that has a fault.
const FAULT: u8 = 1;
/// The exit code when it cannot be said whether it has one.
const NOT_READABLE: u8 = 2;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Print every record, one a line
    List {
        #[command(flatten)]
        server: Server,
        /// Print CloudTrail's events as JSON, one a line: of a call that another account is told of too, two
        #[arg(long)]
        json: bool,
    },
    /// Verify the log: every link of its chain and every signature. Exit code 0: intact, 1: a fault, 2: not readable, or nothing there
    Verify(verify::Arguments),
    /// Print the last signed checkpoint, to be kept elsewhere: `verify --checkpoint` holds the log against it
    Checkpoint {
        #[command(flatten)]
        server: Server,
    },
    /// Print the public keys that checkpoints are verified with, as PEM, to be kept elsewhere
    Key {
        #[command(flatten)]
        server: Server,
    },
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let result = match &arguments.action {
        Action::List { server, json } => list::run(server, (*json).into()),
        Action::Checkpoint { server } => checkpoint::run(server),
        Action::Key { server } => keys::run(server),
        Action::Verify(arguments) => return verified(verify::run(arguments)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn verified(result: Result<verify::Verdict, crate::Failed>) -> ExitCode {
    match result {
        Ok(verify::Verdict::Intact) => ExitCode::SUCCESS,
        Ok(verify::Verdict::Fault) => ExitCode::from(FAULT),
        Err(error) => {
            failed(&error);
            ExitCode::from(NOT_READABLE)
        }
    }
}
