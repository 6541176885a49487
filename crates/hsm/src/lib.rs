//! The key process: state machine, domain, seals, arena and jail.

pub mod arena;
pub mod jail;
pub mod threads;
