//! Every text that AWS answers with, in one place. A function's arguments are what the client sent or
//! may know; nothing else may enter a text.
//!
//! Each text names its source: CAP recorded from live AWS in 2026, LS recorded before, OBS seen in
//! public logs, DOC documentation, MEM remembered, OWN ours because AWS's is unknown.

pub mod auth;
pub mod cloudtrail;
pub mod cloudwatch;
pub mod iam;
pub mod sts;

mod aliases;
mod cryptography;
mod custom_key_stores;
mod denials;
mod grants;
mod imports;
mod keys;
mod managed_keys;
mod multi_region;
mod policies;
mod rotation;
mod server;
mod shapes;
mod tags;

pub use aliases::*;
pub use cryptography::*;
pub use custom_key_stores::*;
pub use denials::*;
pub use grants::*;
pub use imports::*;
pub use keys::*;
pub use managed_keys::*;
pub use multi_region::*;
pub use policies::*;
pub use rotation::*;
pub use server::*;
pub use shapes::*;
pub use tags::*;

#[cfg(test)]
mod tests;
