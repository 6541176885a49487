//! Process harness, clients, model and simulator for tests. Never a dependency of shipped code.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a harness fails as tests do"
)]

mod client;
mod disk;
mod memory;
pub mod model;
mod process;
mod program;
mod request;
mod server;
pub mod sim;
mod trace;
mod wait;
mod watcher;

pub use client::{Client, Reply};
pub use disk::{Change, Disk, Image, Obeys, Step, Steps, Survives};
pub use memory::OrdinaryMemory;
pub use process::Process;
pub use program::{Ended, Program};
pub use request::{Credentials, Request};
pub use server::{Ending, Server};
pub use trace::{Call, calls};
pub use wait::{elapsed_millis, eventually, now, wall_seconds};
pub use watcher::{Scrape, Watcher};

pub use tempfile::{TempDir, tempdir};

/// `bytes` as the API writes blobs.
pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The bytes of a blob as the API writes it.
pub fn from_base64(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .expect("base64")
}
