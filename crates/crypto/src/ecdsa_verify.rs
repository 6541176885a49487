//! ECDSA signatures of others: those of certificates and attestation documents, under bare public
//! points. It makes no signatures and holds no private key.

use aws_lc_rs::signature::{self as backend, EcdsaVerificationAlgorithm, UnparsedPublicKey};

use crate::Unauthentic;

#[cfg(test)]
mod tests;

/// The length in bytes of a P-384 signature of fixed length, r ‖ s.
pub const P384_FIXED_BYTES: usize = 96;

/// A curve, with the hash of the same strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// P-256 with SHA-256.
    P256Sha256,
    /// P-384 with SHA-384.
    P384Sha384,
}

impl Curve {
    /// The length in bytes of an uncompressed point: 0x04 and two coordinates (SEC 1 §2.3.3).
    pub fn point_bytes(self) -> usize {
        match self {
            Curve::P256Sha256 => 65,
            Curve::P384Sha384 => 97,
        }
    }
}

/// Verifies `signature`, r ‖ s (RFC 9053 §2.1), over `message` under the uncompressed P-384 point
/// `public_point`.
///
/// # Errors
/// [`Unauthentic`] when the signature is not valid, or `public_point` is no such point.
pub fn verify_p384_sha384_fixed(
    public_point: &[u8],
    message: &[u8],
    signature: &[u8; P384_FIXED_BYTES],
) -> Result<(), Unauthentic> {
    let algorithm = &backend::ECDSA_P384_SHA384_FIXED;
    check(
        algorithm,
        Curve::P384Sha384,
        public_point,
        message,
        signature,
    )
}

/// Verifies `signature`, a DER `ECDSA-Sig-Value` (RFC 3279 §2.2.3), over `message` under the
/// uncompressed point `public_point` of `curve`.
///
/// # Errors
/// [`Unauthentic`] when the signature is not valid, or `public_point` is no such point.
pub fn verify_asn1(
    curve: Curve,
    public_point: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Unauthentic> {
    let algorithm = match curve {
        Curve::P256Sha256 => &backend::ECDSA_P256_SHA256_ASN1,
        Curve::P384Sha384 => &backend::ECDSA_P384_SHA384_ASN1,
    };
    check(algorithm, curve, public_point, message, signature)
}

fn check(
    algorithm: &'static EcdsaVerificationAlgorithm,
    curve: Curve,
    public_point: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Unauthentic> {
    // The back end takes other encodings of a public key too.
    if public_point.len() != curve.point_bytes() || public_point.first() != Some(&0x04) {
        return Err(Unauthentic);
    }
    UnparsedPublicKey::new(algorithm, public_point)
        .verify(message, signature)
        .map_err(|_| Unauthentic)
}
