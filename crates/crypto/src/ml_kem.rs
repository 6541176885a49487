//! ML-KEM (FIPS 203). Private keys are seeds: they enter and leave as the 64 bytes d‖z or as PKCS#8 of
//! them, never in expanded form, which could not be checked.

use strongroom_base::{Random, Secret};

use crate::ffi::ml_kem::PrivateKey;
use crate::random::BackendRandom;
use crate::signature::KeyRejected;
use crate::{Unauthentic, der, or_abort};

#[cfg(test)]
mod tests;

/// The length of a seed in bytes: d and z (FIPS 203 §7.1).
pub const SEED_BYTES: usize = 64;
/// The length of a shared secret in bytes.
pub const SHARED_BYTES: usize = 32;
/// The length of a private key as PKCS#8 in bytes, the same for every size.
pub const PKCS8_BYTES: usize = PREFIX_BYTES + SEED_BYTES;

const PREFIX_BYTES: usize = 22;

/// A parameter set (FIPS 203 §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MlKemSize {
    /// ML-KEM-512, category 1.
    MlKem512,
    /// ML-KEM-768, category 3.
    MlKem768,
    /// ML-KEM-1024, category 5.
    MlKem1024,
}

impl MlKemSize {
    /// Every size.
    pub const ALL: [Self; 3] = [Self::MlKem512, Self::MlKem768, Self::MlKem1024];

    /// The length of a ciphertext in bytes.
    pub fn ciphertext_bytes(self) -> usize {
        match self {
            Self::MlKem512 => 768,
            Self::MlKem768 => 1088,
            Self::MlKem1024 => 1568,
        }
    }

    /// The length of an encapsulation key in bytes.
    pub fn public_bytes(self) -> usize {
        match self {
            Self::MlKem512 => 800,
            Self::MlKem768 => 1184,
            Self::MlKem1024 => 1568,
        }
    }

    // RFC 9935 §3: 2.16.840.1.101.3.4.4.1, .2 and .3, without parameters.
    fn algorithm(self) -> [u8; 13] {
        let last = match self {
            Self::MlKem512 => 1,
            Self::MlKem768 => 2,
            Self::MlKem1024 => 3,
        };
        [0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 4, last]
    }

    // RFC 5958 §2 version 0, RFC 9935 §6 seed [0]: what precedes the seed in PKCS#8.
    fn prefix(self) -> [u8; PREFIX_BYTES] {
        let mut prefix = [
            0x30, 84, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 66, 0x80, 64,
        ];
        let (_, rest) = prefix.split_at_mut(5);
        let (algorithm, _) = rest.split_at_mut(13);
        algorithm.copy_from_slice(&self.algorithm());
        prefix
    }
}

/// A decapsulation key and its encapsulation key.
pub struct MlKemKeyPair {
    key: PrivateKey,
    size: MlKemSize,
}

impl MlKemKeyPair {
    /// A fresh key pair.
    pub fn generate(size: MlKemSize) -> Self {
        let mut seed = Secret::zeroed();
        BackendRandom.fill(seed.expose_mut());
        Self::from_seed(size, seed.expose())
    }

    /// The key pair of a seed: d, then z (FIPS 203 algorithm 16). Every seed has one.
    pub fn from_seed(size: MlKemSize, seed: &[u8; SEED_BYTES]) -> Self {
        let der = pkcs8(size, seed);
        let key = or_abort(PrivateKey::parse(der.expose()));
        Self { key, size }
    }

    /// The key pair that `der` holds, exactly as [`to_pkcs8`](Self::to_pkcs8) writes it.
    ///
    /// # Errors
    /// [`KeyRejected`] for every other encoding, also those with an expanded key (RFC 9935 §6).
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyRejected> {
        let (prefix, seed) = der.split_first_chunk().ok_or(KeyRejected)?;
        let seed = Secret::from_slice(seed).ok_or(KeyRejected)?;
        let size = MlKemSize::ALL
            .into_iter()
            .find(|size| size.prefix() == *prefix)
            .ok_or(KeyRejected)?;
        Ok(Self::from_seed(size, seed.expose()))
    }

    /// The seed: d, then z.
    pub fn to_seed(&self) -> Secret<[u8; SEED_BYTES]> {
        let mut seed = Secret::zeroed();
        or_abort(self.key.write_seed(seed.expose_mut()));
        seed
    }

    /// The key pair as an unencrypted PKCS#8 PrivateKeyInfo (RFC 5208 §5) of its seed (RFC 9935 §6):
    /// [`PKCS8_BYTES`] bytes.
    pub fn to_pkcs8(&self) -> Secret<Vec<u8>> {
        pkcs8(self.size, self.to_seed().expose())
    }

    /// The encapsulation key as a DER SubjectPublicKeyInfo (RFC 9935 §4).
    pub fn public_spki(&self) -> Vec<u8> {
        let mut public = vec![0; self.size.public_bytes()];
        or_abort(self.key.write_public(&mut public));
        der::sequence(&[&self.size.algorithm(), &der::bit_string(&public)])
    }

    /// The parameter set.
    pub fn size(&self) -> MlKemSize {
        self.size
    }

    /// A fresh shared secret and the ciphertext that this key pair restores it from (FIPS 203
    /// algorithm 20).
    pub fn encapsulate(&self) -> (Secret<[u8; SHARED_BYTES]>, Vec<u8>) {
        let mut ciphertext = vec![0; self.size.ciphertext_bytes()];
        let mut shared = Secret::zeroed();
        or_abort(self.key.encapsulate(&mut ciphertext, shared.expose_mut()));
        (shared, ciphertext)
    }

    /// The shared secret of `ciphertext` (FIPS 203 algorithm 21). A ciphertext that was not made for
    /// this key gives a secret that nobody else knows.
    ///
    /// # Errors
    /// [`Unauthentic`] when the length is not [`MlKemSize::ciphertext_bytes`].
    pub fn decapsulate(
        &self,
        ciphertext: &[u8],
    ) -> Result<Secret<[u8; SHARED_BYTES]>, Unauthentic> {
        if ciphertext.len() != self.size.ciphertext_bytes() {
            return Err(Unauthentic);
        }
        let mut shared = Secret::zeroed();
        or_abort(self.key.decapsulate(ciphertext, shared.expose_mut()));
        Ok(shared)
    }
}

fn pkcs8(size: MlKemSize, seed: &[u8; SEED_BYTES]) -> Secret<Vec<u8>> {
    Secret::new([size.prefix().as_slice(), seed].concat())
}
