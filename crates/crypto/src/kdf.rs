//! Key derivation: KBKDF from keys, Argon2id from what people type. It never keeps what it derived.

mod argon2id;
mod kbkdf;

pub use argon2id::{Argon2Block, Argon2Costs, Argon2Error, argon2id};
pub use kbkdf::kbkdf;

#[cfg(test)]
mod tests;

pub(crate) use argon2id::{Argon2Input, argon2id_of};
pub(crate) use kbkdf::counter_mode;
