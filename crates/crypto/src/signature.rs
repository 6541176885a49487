//! Signatures and the key pairs that make them. Keys enter and leave as PKCS#8 (ML-DSA keys as seeds),
//! public keys as SubjectPublicKeyInfo; what a key may be used for is the caller's business.

use crate::Unauthentic;
use crate::ffi::pkey::{Algorithm, Mode, PKey, Refused};

mod ec;
mod ed25519;
mod ml_dsa;
mod rsa;

pub use ec::{Curve, EcKeyPair};
pub use ed25519::{ED25519_SIGNATURE_BYTES, Ed25519KeyPair};
pub use ml_dsa::{ML_DSA_MU_BYTES, ML_DSA_SEED_BYTES, MlDsaKeyPair, MlDsaLevel};
pub use rsa::{RsaKeyPair, RsaKeySize, RsaPadding};

#[cfg(test)]
mod tests;

/// The hash that a scheme applies to the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// The length of a digest in bytes.
    pub fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// A way to sign: the algorithm with all its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RSASSA (RFC 8017 §8) with this padding and hash.
    Rsa(RsaPadding, Hash),
    /// ECDSA (FIPS 186-5 §6) on this curve with this hash, signatures as DER `ECDSA-Sig-Value`
    /// (RFC 3279 §2.2.3).
    Ecdsa(Curve, Hash),
    /// Ed25519 (RFC 8032 §5.1), signatures of 64 bytes.
    Ed25519,
    /// Ed25519ph (RFC 8032 §5.1) with an empty context, signatures of 64 bytes.
    Ed25519Ph,
    /// ML-DSA (FIPS 204 §5.2) with an empty context.
    MlDsa(MlDsaLevel),
}

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// The message itself.
    Message(&'a [u8]),
    /// What the scheme makes of the message: for RSA and ECDSA its digest with the scheme's hash, for
    /// ML-DSA the 64-byte representative μ (FIPS 204 §6.2). Nothing else signs digests.
    Digest(&'a [u8]),
}

impl Input<'_> {
    /// Whether a scheme with `hash` takes this input.
    ///
    /// # Errors
    /// [`InputRejected`] for a digest that is not as long as `hash` makes it.
    pub fn suits(&self, hash: Hash) -> Result<(), InputRejected> {
        match self {
            Self::Digest(digest) if digest.len() != hash.bytes() => Err(InputRejected),
            _ => Ok(()),
        }
    }
}

/// A digest of another length than that of the scheme's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputRejected;

/// Why there is no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSigned {
    /// The input is a digest that is not as long as the hash makes it.
    Input,
    /// The key pair made none that its own public key accepts: its numbers were not those of a key pair.
    Key,
}

impl From<InputRejected> for NotSigned {
    fn from(_: InputRejected) -> Self {
        Self::Input
    }
}

/// An encoding that is not a key pair of the expected type, or one that is not sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRejected;

/// Verifies `signature` over `input` under the public key `spki`, a DER SubjectPublicKeyInfo
/// (RFC 5280 §4.1) with nothing after it. A key pair verifies faster: it has its public key at hand.
///
/// # Errors
/// [`Unauthentic`] when the signature is not valid, the scheme takes no such `input`, or `spki` is no
/// public key for `scheme`; RSA keys of less than 2048 or more than 8192 bits are none.
pub fn verify(
    scheme: Scheme,
    spki: &[u8],
    input: Input<'_>,
    signature: &[u8],
) -> Result<(), Unauthentic> {
    let key = PKey::from_spki(spki)?;
    match (scheme, key.algorithm().ok_or(Unauthentic)?) {
        (Scheme::Rsa(padding, hash), Algorithm::Rsa(2048..=8192)) => {
            verify_hashed(&key, padding.mode(hash), hash, input, signature)
        }
        (Scheme::Ecdsa(wanted, hash), Algorithm::Ec(curve)) if curve == wanted => {
            verify_hashed(&key, Mode::Hashed(hash), hash, input, signature)
        }
        (Scheme::Ed25519, Algorithm::Ed25519) => ed25519::verify(&key, input, signature),
        (Scheme::Ed25519Ph, Algorithm::Ed25519) => {
            ed25519::verify_prehashed(&key.public_for_digests()?, input, signature)
        }
        (Scheme::MlDsa(wanted), Algorithm::MlDsa(level)) if level == wanted => {
            ml_dsa::verify(&key, input, signature)
        }
        _ => Err(Unauthentic),
    }
}

fn sign_hashed(key: &PKey, mode: Mode, hash: Hash, input: Input<'_>) -> Result<Vec<u8>, NotSigned> {
    input.suits(hash)?;
    // Never an abort: the back end verifies what an RSA private key made, and whoever made the key may have
    // made it to fail.
    match input {
        Input::Message(message) => key.sign_message(mode, message),
        Input::Digest(digest) => key.sign_digest(mode, digest),
    }
    .map_err(|_| NotSigned::Key)
}

fn verify_hashed(
    key: &PKey,
    mode: Mode,
    hash: Hash,
    input: Input<'_>,
    signature: &[u8],
) -> Result<(), Unauthentic> {
    input.suits(hash).map_err(|_| Unauthentic)?;
    Ok(match input {
        Input::Message(message) => key.verify_message(mode, message, signature),
        Input::Digest(digest) => key.verify_digest(mode, digest, signature),
    }?)
}

impl From<Refused> for Unauthentic {
    fn from(_: Refused) -> Self {
        Self
    }
}

impl From<Refused> for KeyRejected {
    fn from(_: Refused) -> Self {
        Self
    }
}
