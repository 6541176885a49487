//! What every other crate is given: secrets, identifiers, limits, and the environment (clock and
//! randomness). Knows nothing of HTTP, storage or cryptography.

pub mod env;
pub mod hex;
pub mod id;
mod secret;

pub use env::{Clock, Env, Instant, Random, UnixMillis};
pub use secret::Secret;
