//! Ed25519 key pairs (RFC 8032 §5.1), which sign deterministically.

use aws_lc_rs::digest::{SHA512, digest};
use strongroom_base::{Random, Secret};

use super::{Input, KeyRejected};
use crate::ffi::pkey::{Algorithm, Mode, PKey, Refused};
use crate::random::BackendRandom;
use crate::{Unauthentic, or_abort};

/// The length of a signature in bytes.
pub const ED25519_SIGNATURE_BYTES: usize = 64;

/// An Ed25519 key pair.
pub struct Ed25519KeyPair {
    key: PKey,
    /// The same key, in the form of which the back end signs and verifies digests.
    prehashed: PKey,
}

impl Ed25519KeyPair {
    /// A fresh key pair.
    pub fn generate() -> Self {
        let mut seed = Secret::zeroed();
        BackendRandom.fill(seed.expose_mut());
        Self::from_seed(seed.expose())
    }

    /// The key pair of a fixed seed, for known answers too.
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        or_abort(PKey::ed25519(Algorithm::Ed25519, seed).and_then(Self::of))
    }

    /// The key pair that `der`, an unencrypted DER PrivateKeyInfo or OneAsymmetricKey (RFC 8410 §7), holds.
    ///
    /// # Errors
    /// [`KeyRejected`] when it holds none, its public key does not belong to its private key, or
    /// something follows it.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyRejected> {
        Ok(PKey::from_pkcs8(der).and_then(Self::of)?)
    }

    /// The key pair as an unencrypted DER PrivateKeyInfo (RFC 8410 §7) without the public key; equal key
    /// pairs give equal bytes.
    pub fn to_pkcs8(&self) -> Secret<Vec<u8>> {
        or_abort(self.key.to_pkcs8())
    }

    /// The public key as a DER SubjectPublicKeyInfo (RFC 8410 §4).
    pub fn public_spki(&self) -> Vec<u8> {
        or_abort(self.key.to_spki())
    }

    /// The Ed25519 signature over `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; ED25519_SIGNATURE_BYTES] {
        array(self.key.sign_message(Mode::Plain, message))
    }

    /// The Ed25519ph signature over `message`: that over its SHA-512, with an empty context.
    pub fn sign_prehashed(&self, message: &[u8]) -> [u8; ED25519_SIGNATURE_BYTES] {
        let digest = digest(&SHA512, message);
        array(self.prehashed.sign_digest(Mode::Plain, digest.as_ref()))
    }

    /// Verifies an Ed25519 `signature` over `message` under the public key of this pair.
    ///
    /// # Errors
    /// [`Unauthentic`] when it is not valid.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Unauthentic> {
        verify(&self.key, Input::Message(message), signature)
    }

    /// Verifies an Ed25519ph `signature` over `message` under the public key of this pair.
    ///
    /// # Errors
    /// [`Unauthentic`] when it is not valid.
    pub fn verify_prehashed(&self, message: &[u8], signature: &[u8]) -> Result<(), Unauthentic> {
        verify_prehashed(&self.prehashed, Input::Message(message), signature)
    }

    fn of(key: PKey) -> Result<Self, Refused> {
        if key.algorithm() != Some(Algorithm::Ed25519) {
            return Err(Refused);
        }
        let prehashed = PKey::ed25519(Algorithm::Ed25519Ph, key.seed()?.expose())?;
        Ok(Self { key, prehashed })
    }
}

pub(super) fn verify(key: &PKey, input: Input<'_>, signature: &[u8]) -> Result<(), Unauthentic> {
    let Input::Message(message) = input else {
        return Err(Unauthentic);
    };
    Ok(key.verify_message(Mode::Plain, message, signature)?)
}

/// With a `key` for digests.
pub(super) fn verify_prehashed(
    key: &PKey,
    input: Input<'_>,
    signature: &[u8],
) -> Result<(), Unauthentic> {
    let Input::Message(message) = input else {
        return Err(Unauthentic);
    };
    let digest = digest(&SHA512, message);
    Ok(key.verify_digest(Mode::Plain, digest.as_ref(), signature)?)
}

fn array(signature: Result<Vec<u8>, Refused>) -> [u8; ED25519_SIGNATURE_BYTES] {
    or_abort(or_abort(signature).try_into())
}
