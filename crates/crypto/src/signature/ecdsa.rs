//! ECDSA key pairs (FIPS 186-5 §6).

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use strongroom_base::Secret;

use super::{KeyRejected, is_one_sequence};
use crate::or_abort;

/// A key pair on the curve P-256 (secp256r1).
pub struct EcdsaP256KeyPair(EcdsaKeyPair);

impl EcdsaP256KeyPair {
    /// A fresh key pair.
    pub fn generate() -> Self {
        Self(or_abort(EcdsaKeyPair::generate(
            &ECDSA_P256_SHA256_ASN1_SIGNING,
        )))
    }

    /// The key pair that `der`, an unencrypted PKCS#8 PrivateKeyInfo (RFC 5208 §5), holds.
    ///
    /// # Errors
    /// [`KeyRejected`] when it holds none, or one of another curve, or its public key does not belong
    /// to its private key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyRejected> {
        if !is_one_sequence(der) {
            return Err(KeyRejected);
        }
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der)
            .map(Self)
            .map_err(|_| KeyRejected)
    }

    /// The key pair as an unencrypted PKCS#8 PrivateKeyInfo (RFC 5208 §5) of an `ECPrivateKey` (RFC 5915).
    pub fn to_pkcs8(&self) -> Secret<Vec<u8>> {
        Secret::new(or_abort(self.0.to_pkcs8v1()).as_ref().to_vec())
    }

    /// The public key as a DER SubjectPublicKeyInfo with an uncompressed point (RFC 5480 §2).
    pub fn public_spki(&self) -> Vec<u8> {
        let der: PublicKeyX509Der = or_abort(self.0.public_key().as_der());
        der.as_ref().to_vec()
    }

    /// A signature over the SHA-256 of `message`: a DER `ECDSA-Sig-Value` of at most 72 bytes
    /// (RFC 3279 §2.2.3).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        or_abort(self.0.sign(&SystemRandom::new(), message))
            .as_ref()
            .to_vec()
    }
}
