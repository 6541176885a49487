//! ML-DSA key pairs (FIPS 204), which sign hedged: with fresh randomness (§3.4).

use strongroom_base::{Random, Secret};

use super::Input;
use crate::ffi::pkey::{Mode, PKey};
use crate::random::BackendRandom;
use crate::{Unauthentic, or_abort};

/// The length of the seed ξ in bytes.
pub const ML_DSA_SEED_BYTES: usize = 32;
/// The length of the message representative μ in bytes.
pub const ML_DSA_MU_BYTES: usize = 64;

/// A parameter set (FIPS 204 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MlDsaLevel {
    /// ML-DSA-44.
    MlDsa44,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-87.
    MlDsa87,
}

impl MlDsaLevel {
    /// Every parameter set.
    pub const ALL: [Self; 3] = [Self::MlDsa44, Self::MlDsa65, Self::MlDsa87];

    /// The length of a signature in bytes.
    pub fn signature_bytes(self) -> usize {
        match self {
            Self::MlDsa44 => 2420,
            Self::MlDsa65 => 3309,
            Self::MlDsa87 => 4627,
        }
    }
}

/// An ML-DSA key pair.
pub struct MlDsaKeyPair {
    key: PKey,
    level: MlDsaLevel,
}

impl MlDsaKeyPair {
    /// A fresh key pair.
    pub fn generate(level: MlDsaLevel) -> Self {
        let mut seed = Secret::zeroed();
        BackendRandom.fill(seed.expose_mut());
        Self::from_seed(level, seed.expose())
    }

    /// The key pair of this seed (FIPS 204 §6.1, ξ).
    pub fn from_seed(level: MlDsaLevel, seed: &[u8; ML_DSA_SEED_BYTES]) -> Self {
        let key = or_abort(PKey::ml_dsa(level, seed));
        Self { key, level }
    }

    /// The seed of the key pair, to be given to [`Self::from_seed`].
    pub fn to_seed(&self) -> Secret<[u8; ML_DSA_SEED_BYTES]> {
        or_abort(self.key.seed())
    }

    /// The public key as a DER SubjectPublicKeyInfo (RFC 9881 §4).
    pub fn public_spki(&self) -> Vec<u8> {
        or_abort(self.key.to_spki())
    }

    /// The parameter set.
    pub fn level(&self) -> MlDsaLevel {
        self.level
    }

    /// A signature over `message` with an empty context (FIPS 204 §5.2).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        or_abort(self.key.sign_message(Mode::Plain, message))
    }

    /// A signature over the message with the representative `mu`, which contains the context and the
    /// public key's hash (FIPS 204 §6.2); that they belong to it goes unchecked.
    pub fn sign_mu(&self, mu: &[u8; ML_DSA_MU_BYTES]) -> Vec<u8> {
        or_abort(self.key.sign_digest(Mode::Plain, mu))
    }

    /// Verifies `signature` over `message` under the public key of this pair (FIPS 204 §5.3).
    ///
    /// # Errors
    /// [`Unauthentic`] when it is not valid.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Unauthentic> {
        verify(&self.key, Input::Message(message), signature)
    }

    /// Verifies `signature` over the message with the representative `mu`; see [`Self::sign_mu`].
    ///
    /// # Errors
    /// [`Unauthentic`] when it is not valid.
    pub fn verify_mu(
        &self,
        mu: &[u8; ML_DSA_MU_BYTES],
        signature: &[u8],
    ) -> Result<(), Unauthentic> {
        verify(&self.key, Input::Digest(mu), signature)
    }
}

pub(super) fn verify(key: &PKey, input: Input<'_>, signature: &[u8]) -> Result<(), Unauthentic> {
    Ok(match input {
        Input::Message(message) => key.verify_message(Mode::Plain, message, signature),
        Input::Digest(mu) => key.verify_digest(Mode::Plain, mu, signature),
    }?)
}
