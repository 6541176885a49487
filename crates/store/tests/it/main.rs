//! The contract on every engine, and what each layer promises beyond it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and its output is for people"
)]

mod anchor;
mod contract;
mod crash;
mod damage;
mod folder;
mod full;
mod histories;
mod scratch;
mod sealed;
mod sqlite;
