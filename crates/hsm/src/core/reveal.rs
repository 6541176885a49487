//! The keys of an open core, for the tests that search memory and disks for them. Compiled only with the
//! feature `reveal`, and never reachable through a command: a test reveals what its own core opened.

use strongroom_base::Secret;
use strongroom_hsm_api::Code;

use super::{Core, Outcome, cipher, token};

/// The keys of a domain.
pub struct DomainKeys {
    /// The root key.
    pub root: Secret<[u8; 32]>,
    /// The key that seals the ring in the seal's present version.
    pub ring: Secret<[u8; 32]>,
    /// The domain keys of all epochs, oldest first.
    pub epochs: Vec<Secret<[u8; 32]>>,
}

/// The keys around one exported key token.
pub struct TokenKeys {
    /// The key material: raw bytes, a text, a seed, or PKCS#8.
    pub material: Secret<Vec<u8>>,
    /// The key that wraps it in this token.
    pub wrapping: Secret<[u8; 32]>,
}

impl Core {
    /// The keys of the open domain.
    ///
    /// # Errors
    /// [`Code::Sealed`] when none is open.
    pub fn danger_reveal_domain(&self) -> Result<DomainKeys, Code> {
        let opened = self.unsealed()?;
        let domain = &opened.domain;
        let ring = match &self.life().seal {
            Some(seal) => seal.danger_ring_key(domain),
            None => return Err(Code::Sealed),
        };
        Ok(DomainKeys {
            root: Secret::new(*domain.root().expose()),
            ring,
            epochs: domain
                .danger_keys()
                .map(|key| Secret::new(*key.expose()))
                .collect(),
        })
    }

    /// The key that seals the root key, when a key file of these bytes does.
    ///
    /// # Errors
    /// [`Code::Sealed`] when there is no seal.
    pub fn danger_reveal_key_encryption_key(
        &self,
        key_file: &[u8],
    ) -> Result<Secret<[u8; 32]>, Code> {
        let life = self.life();
        let seal = life.seal.as_ref().ok_or(Code::Sealed)?;
        Ok(seal.danger_key_encryption_key(key_file))
    }

    /// The keys around `token`.
    ///
    /// # Errors
    /// Those of opening a token.
    pub fn danger_reveal_token(&self, token: &[u8]) -> Result<TokenKeys, Code> {
        let opened = self.unsealed()?;
        let (_, material) = token::unwrap(&opened.domain, token)?;
        let wrapping = token::danger_wrapping_key(&opened.domain, token);
        Ok(TokenKeys {
            material,
            wrapping: wrapping.ok_or(Code::TokenRefused)?,
        })
    }

    /// The key that encrypts the message in `ciphertext`, made under the symmetric key of `token`.
    ///
    /// # Errors
    /// Those of using a key, and [`Code::CiphertextRefused`] when it made no such ciphertext.
    pub fn danger_reveal_message_key(
        &self,
        token: &[u8],
        ciphertext: &[u8],
    ) -> Outcome<Secret<[u8; 32]>> {
        let key = Self::key_under(&*self.unsealed()?, token)?;
        let message_key = key.symmetric()?;
        cipher::danger_message_key(message_key, ciphertext).ok_or(Code::CiphertextRefused)
    }
}
