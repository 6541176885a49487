//! RSA key pairs that sign (RFC 8017).

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self as backend, KeyPair};
use strongroom_base::Secret;

use super::{Hash, KeyRejected, is_one_sequence};
use crate::or_abort;

/// The length of an RSA modulus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RsaKeySize {
    /// 2048 bits.
    Rsa2048,
    /// 3072 bits.
    Rsa3072,
    /// 4096 bits.
    Rsa4096,
}

impl RsaKeySize {
    /// The length in bytes, which is also that of a signature.
    pub fn bytes(self) -> usize {
        match self {
            Self::Rsa2048 => 256,
            Self::Rsa3072 => 384,
            Self::Rsa4096 => 512,
        }
    }

    fn of_bytes(bytes: usize) -> Option<Self> {
        [Self::Rsa2048, Self::Rsa3072, Self::Rsa4096]
            .into_iter()
            .find(|size| size.bytes() == bytes)
    }

    fn backend(self) -> KeySize {
        match self {
            Self::Rsa2048 => KeySize::Rsa2048,
            Self::Rsa3072 => KeySize::Rsa3072,
            Self::Rsa4096 => KeySize::Rsa4096,
        }
    }
}

/// How the hash is padded before the private key is applied to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RsaPadding {
    /// EMSA-PKCS1-v1_5 (RFC 8017 §9.2); deterministic.
    Pkcs1,
    /// EMSA-PSS (RFC 8017 §9.1), MGF1 with the same hash and a salt as long as it.
    Pss,
}

/// An RSA key pair.
pub struct RsaKeyPair {
    pair: backend::RsaKeyPair,
    size: RsaKeySize,
}

impl RsaKeyPair {
    /// A fresh key pair with the public exponent 65537. Takes 0.1 to 2 seconds.
    pub fn generate(size: RsaKeySize) -> Self {
        let pair = or_abort(backend::RsaKeyPair::generate(size.backend()));
        Self { pair, size }
    }

    /// The key pair that `der`, an unencrypted PKCS#8 PrivateKeyInfo (RFC 5208 §5), holds.
    ///
    /// # Errors
    /// [`KeyRejected`] when it holds none, its numbers do not fit together, or its size is not an
    /// [`RsaKeySize`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyRejected> {
        if !is_one_sequence(der) {
            return Err(KeyRejected);
        }
        let pair = backend::RsaKeyPair::from_pkcs8(der).map_err(|_| KeyRejected)?;
        let size = RsaKeySize::of_bytes(pair.public_modulus_len()).ok_or(KeyRejected)?;
        Ok(Self { pair, size })
    }

    /// The key pair as an unencrypted PKCS#8 PrivateKeyInfo (RFC 5208 §5).
    pub fn to_pkcs8(&self) -> Secret<Vec<u8>> {
        let der: Pkcs8V1Der = or_abort(self.pair.as_der());
        Secret::new(der.as_ref().to_vec())
    }

    /// The public key as a DER SubjectPublicKeyInfo (RFC 5280 §4.1, RFC 3279 §2.3.1).
    pub fn public_spki(&self) -> Vec<u8> {
        let der: PublicKeyX509Der = or_abort(self.pair.public_key().as_der());
        der.as_ref().to_vec()
    }

    /// The length of the modulus.
    pub fn size(&self) -> RsaKeySize {
        self.size
    }

    /// A signature over `message`, as long as the modulus (RFC 8017 §8).
    pub fn sign(&self, padding: RsaPadding, hash: Hash, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.size.bytes()];
        or_abort(self.pair.sign(
            encoding(padding, hash),
            &SystemRandom::new(),
            message,
            &mut signature,
        ));
        signature
    }
}

fn encoding(padding: RsaPadding, hash: Hash) -> &'static dyn backend::RsaEncoding {
    match (padding, hash) {
        (RsaPadding::Pkcs1, Hash::Sha256) => &backend::RSA_PKCS1_SHA256,
        (RsaPadding::Pkcs1, Hash::Sha384) => &backend::RSA_PKCS1_SHA384,
        (RsaPadding::Pkcs1, Hash::Sha512) => &backend::RSA_PKCS1_SHA512,
        (RsaPadding::Pss, Hash::Sha256) => &backend::RSA_PSS_SHA256,
        (RsaPadding::Pss, Hash::Sha384) => &backend::RSA_PSS_SHA384,
        (RsaPadding::Pss, Hash::Sha512) => &backend::RSA_PSS_SHA512,
    }
}
