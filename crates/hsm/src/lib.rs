//! The key process: the only place where plaintext key material exists. A state machine without
//! I/O (`core`), around it a loop over one socket (`serve`), and around that the arena and the jail.

pub mod arena;
pub mod core;
pub mod jail;
pub mod process;
pub mod serve;
pub mod share;
pub mod threads;
