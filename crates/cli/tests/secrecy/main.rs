//! What root, and whoever has the disk, must not find: keys in the memory of the two processes and in the
//! data folder. And the wire that secrets come by: TLS and HTTP/2. Every search has a control that it must find.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail as tests do"
)]

mod canary;
mod client;
mod data_folder;
mod key_process;
mod memory;
mod needles;
mod sandbox;
mod server;
mod service;
mod transport;
mod truth;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_strongroom");

/// Whether other processes' memory may be read; says so when not.
fn may_read_memory() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("skipped: only root may read the memory of another process");
    }
    root
}

/// Runs `work` to its end.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}
