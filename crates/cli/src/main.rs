//! The `strongroom` binary: one file per command in `commands/`. The key process is the same file,
//! executed again as `strongroom hsm`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program talks on its standard streams"
)]

mod commands;
mod config;
mod delivery;
mod operator;
mod server;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use strongroom_hsm::arena::Heap;

/// Wipes what it frees; in the key process it is the secret arena.
#[global_allocator]
static HEAP: Heap = Heap::new();

/// A key management service and software HSM that speaks the AWS KMS API.
#[derive(Parser)]
#[command(
    name = "strongroom",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything for development: one command, nothing to configure, no protection of the root key
    Dev(commands::dev::Arguments),
    /// Make a data folder: a domain with its seal, and a first account
    Init(commands::init::Arguments),
    /// Serve a data folder that `init` made
    Serve(commands::serve::Arguments),
    /// Give a sealed server a passphrase or one share
    Unseal(commands::unseal::Arguments),
    /// Tell how a server is
    Status(commands::status::Arguments),
    /// Create accounts, list them, and limit what they may do
    Account(commands::account::Arguments),
    /// Tell whether somebody may do something, and which statement says so
    Explain(commands::explain::Arguments),
    /// Tell how far the store is, and go on with one that was put back
    Anchor(commands::anchor::Arguments),
    /// Rotate and retire domain keys
    Domain(commands::domain::Arguments),
    /// Read the audit log and verify it
    Audit(commands::audit::Arguments),
    /// Count calls and keys of a period, as a price estimate needs them
    Usage(commands::usage::Arguments),
    /// The key process; started by the other commands, never by hand
    #[command(hide = true)]
    Hsm,
}

/// What a command failed with, for the person who ran it.
type Failed = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    // Before anything else allocates or starts threads.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|command| command == "hsm")
    {
        return commands::hsm::run(&HEAP);
    }
    let result = match Arguments::parse().command {
        Command::Dev(arguments) => commands::dev::run(&arguments),
        Command::Init(arguments) => commands::init::run(&arguments),
        Command::Serve(arguments) => commands::serve::run(&arguments),
        Command::Unseal(arguments) => commands::unseal::run(&arguments),
        Command::Status(arguments) => commands::status::run(&arguments),
        Command::Account(arguments) => commands::account::run(&arguments),
        Command::Explain(arguments) => commands::explain::run(&arguments),
        Command::Anchor(arguments) => commands::anchor::run(&arguments),
        Command::Domain(arguments) => commands::domain::run(&arguments),
        Command::Audit(arguments) => return commands::audit::run(&arguments),
        Command::Usage(arguments) => commands::usage::run(&arguments),
        Command::Hsm => return commands::hsm::run(&HEAP),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// Tells what a command failed with.
fn failed(error: &Failed) -> ExitCode {
    eprintln!("strongroom: {error}");
    ExitCode::FAILURE
}
