//! Every algorithm: the only crate that sees the cryptographic back end. It never stores, logs or
//! names a key, and its interface shows no type of the back end (but `Argon2Block`).

pub mod aead;
pub mod cms;
pub mod der;
pub mod digest;
pub mod ecdsa_verify;
pub mod exchange;
mod ffi;
pub mod hmac;
pub mod kdf;
pub mod key_wrap;
pub mod memory;
pub mod ml_kem;
pub mod random;
pub mod rsa_encryption;
pub mod rsa_public_key;
pub mod self_test;
pub mod shamir;
pub mod signature;
pub mod sm2;

#[cfg(test)]
mod test_vectors;

/// A tag, ciphertext or signature that its key does not vouch for. Deliberately says nothing more:
/// a caller that could tell the reasons apart would be an oracle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unauthentic;

/// A public key of another kind or size than expected, or one that nothing can be safely sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPublicKey;

/// The value of a back-end call that fails only when memory or the operating system's entropy has
/// run out. No caller could continue safely, so the process ends.
fn or_abort<T, E>(outcome: Result<T, E>) -> T {
    outcome.unwrap_or_else(|_| std::process::abort())
}
