//! RSA key pairs that sign (RFC 8017).

use std::ffi::c_int;

use strongroom_base::Secret;

use super::{Hash, Input, KeyRejected, NotSigned, sign_hashed, verify_hashed};
use crate::ffi::pkey::{Algorithm, Mode, PKey};
use crate::{Unauthentic, or_abort};

/// The public exponent of every key pair.
const EXPONENT: u32 = 65537;

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

    fn bits(self) -> c_int {
        match self {
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
        }
    }

    /// The size of a modulus with so many bits, if it is one.
    pub(crate) fn of_bits(bits: usize) -> Option<Self> {
        [Self::Rsa2048, Self::Rsa3072, Self::Rsa4096]
            .into_iter()
            .find(|size| size.bytes() * 8 == bits)
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

impl RsaPadding {
    pub(super) fn mode(self, hash: Hash) -> Mode {
        match self {
            Self::Pkcs1 => Mode::Hashed(hash),
            Self::Pss => Mode::Pss(hash),
        }
    }
}

/// An RSA key pair with the public exponent 65537.
pub struct RsaKeyPair {
    key: PKey,
    size: RsaKeySize,
}

impl RsaKeyPair {
    /// A fresh key pair. Takes 0.1 to 2 seconds.
    pub fn generate(size: RsaKeySize) -> Self {
        let key = or_abort(PKey::generate_rsa(size.bits()));
        Self { key, size }
    }

    /// The key pair that `der`, an unencrypted DER PrivateKeyInfo (RFC 5208 §5) of an `RSAPrivateKey`
    /// (RFC 8017 §A.1.2) with two primes, holds.
    ///
    /// # Errors
    /// [`KeyRejected`] when it holds none, its numbers do not fit together, its size is not an
    /// [`RsaKeySize`], its public exponent is not 65537, or something follows it.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyRejected> {
        let key = PKey::from_pkcs8(der)?;
        let Some(Algorithm::Rsa(bits)) = key.algorithm() else {
            return Err(KeyRejected);
        };
        let size = RsaKeySize::of_bits(bits).ok_or(KeyRejected)?;
        if !key.has_exponent(EXPONENT) {
            return Err(KeyRejected);
        }
        Ok(Self { key, size })
    }

    /// The key pair that `der`, from somebody who is not trusted, holds: as [`RsaKeyPair::from_pkcs8`], and
    /// both factors are tested for primality (FIPS 186-5 appendix B.3.1, error below 2^-128), which the
    /// other takes on trust. Takes 20 to 500 milliseconds.
    ///
    /// # Errors
    /// [`KeyRejected`], as there, or when a factor is not prime.
    pub fn from_foreign_pkcs8(der: &[u8]) -> Result<Self, KeyRejected> {
        let pair = Self::from_pkcs8(der)?;
        pair.key.require_prime_factors()?;
        Ok(pair)
    }

    /// The key pair as an unencrypted DER PrivateKeyInfo (RFC 5208 §5) with the greater prime first and the
    /// least private exponent; equal key pairs give equal bytes.
    pub fn to_pkcs8(&self) -> Secret<Vec<u8>> {
        or_abort(self.key.to_pkcs8())
    }

    /// The public key as a DER SubjectPublicKeyInfo (RFC 5280 §4.1, RFC 3279 §2.3.1).
    pub fn public_spki(&self) -> Vec<u8> {
        or_abort(self.key.to_spki())
    }

    /// The length of the modulus.
    pub fn size(&self) -> RsaKeySize {
        self.size
    }

    /// A signature over `input`, as long as the modulus (RFC 8017 §8).
    ///
    /// # Errors
    /// [`NotSigned`], as it says.
    pub fn sign(
        &self,
        padding: RsaPadding,
        hash: Hash,
        input: Input<'_>,
    ) -> Result<Vec<u8>, NotSigned> {
        sign_hashed(&self.key, padding.mode(hash), hash, input)
    }

    /// Verifies `signature` over `input` under the public key of this pair.
    ///
    /// # Errors
    /// [`Unauthentic`] when it is not valid, or for a digest that is not as long as `hash` makes it.
    pub fn verify(
        &self,
        padding: RsaPadding,
        hash: Hash,
        input: Input<'_>,
        signature: &[u8],
    ) -> Result<(), Unauthentic> {
        verify_hashed(&self.key, padding.mode(hash), hash, input, signature)
    }
}
