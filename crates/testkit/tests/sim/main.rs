//! The simulator: saved and fresh seeds, that a seed is one run, and that what is broken is noticed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod canaries;
mod histories;
