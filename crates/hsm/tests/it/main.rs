//! The key process as a whole, in child processes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

mod jail;
mod memory;
mod prisoner;
mod threads;
