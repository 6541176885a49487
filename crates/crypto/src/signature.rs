//! Signatures and the key pairs that make them. Keys enter and leave as PKCS#8, public keys as
//! SubjectPublicKeyInfo; what a key may be used for is the caller's business.

use aws_lc_rs::signature as backend;

use crate::Unauthentic;

mod ecdsa;
mod rsa;

pub use ecdsa::EcdsaP256KeyPair;
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

/// A way to sign: the algorithm with all its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RSASSA (RFC 8017 §8) with this padding and hash.
    Rsa(RsaPadding, Hash),
    /// ECDSA over P-256 with SHA-256 (FIPS 186-5), signatures as DER `ECDSA-Sig-Value` (RFC 3279 §2.2.3).
    EcdsaP256Sha256,
}

/// An encoding that is not a key pair of the expected type, or one that is not sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRejected;

/// Verifies `signature` over `message` under the public key `spki`, a DER SubjectPublicKeyInfo
/// (RFC 5280 §4.1).
///
/// # Errors
/// [`Unauthentic`] when the signature is not valid, or `spki` is no public key for `scheme`; RSA keys
/// of less than 2048 bits are none.
pub fn verify(
    scheme: Scheme,
    spki: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Unauthentic> {
    backend::UnparsedPublicKey::new(verification(scheme), spki)
        .verify(message, signature)
        .map_err(|_| Unauthentic)
}

/// Whether `der` is exactly one SEQUENCE: the back end ignores what follows a private key.
fn is_one_sequence(der: &[u8]) -> bool {
    // X.690 §8.1.3 and §10.1: a length below 128 is one byte, otherwise 0x80 + n and n bytes.
    let [0x30, first, rest @ ..] = der else {
        return false;
    };
    if *first < 0x80 {
        return rest.len() == usize::from(*first);
    }
    let Some((length, content)) = rest.split_at_checked(usize::from(first & 0x7f)) else {
        return false;
    };
    let length = length.iter().try_fold(0usize, |length, byte| {
        length.checked_mul(256)?.checked_add(usize::from(*byte))
    });
    length == Some(content.len())
}

fn verification(scheme: Scheme) -> &'static dyn backend::VerificationAlgorithm {
    match scheme {
        Scheme::Rsa(RsaPadding::Pkcs1, Hash::Sha256) => &backend::RSA_PKCS1_2048_8192_SHA256,
        Scheme::Rsa(RsaPadding::Pkcs1, Hash::Sha384) => &backend::RSA_PKCS1_2048_8192_SHA384,
        Scheme::Rsa(RsaPadding::Pkcs1, Hash::Sha512) => &backend::RSA_PKCS1_2048_8192_SHA512,
        Scheme::Rsa(RsaPadding::Pss, Hash::Sha256) => &backend::RSA_PSS_2048_8192_SHA256,
        Scheme::Rsa(RsaPadding::Pss, Hash::Sha384) => &backend::RSA_PSS_2048_8192_SHA384,
        Scheme::Rsa(RsaPadding::Pss, Hash::Sha512) => &backend::RSA_PSS_2048_8192_SHA512,
        Scheme::EcdsaP256Sha256 => &backend::ECDSA_P256_SHA256_ASN1,
    }
}
