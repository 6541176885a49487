//! The service's side of the key process: starting it, talking to it, starting it again.

mod client;
mod supervisor;

pub use client::{Answer, CallError, Client};
pub use supervisor::{KeyProcess, KeyProcesses, Launched, Program, StartError, Started};
