//! Key pairs on elliptic curves, for ECDSA (FIPS 186-5 §6) and ECDH (SP 800-56A §5.7.1.2).

use strongroom_base::Secret;

use super::{Hash, Input, KeyRejected, NotSigned, sign_hashed, verify_hashed};
use crate::exchange::InvalidPublicKey;
use crate::ffi::pkey::{Algorithm, Mode, PKey};
use crate::{Unauthentic, or_abort};

/// An elliptic curve of prime order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// P-256, also called secp256r1 (SP 800-186 §3.2.1.3).
    P256,
    /// P-384, also called secp384r1 (SP 800-186 §3.2.1.4).
    P384,
    /// P-521, also called secp521r1 (SP 800-186 §3.2.1.5).
    P521,
    /// secp256k1 (SEC 2 §2.4.1).
    Secp256k1,
}

impl Curve {
    /// Every curve.
    pub const ALL: [Self; 4] = [Self::P256, Self::P384, Self::P521, Self::Secp256k1];
}

/// A key pair on an elliptic curve.
pub struct EcKeyPair {
    key: PKey,
    curve: Curve,
}

impl EcKeyPair {
    /// A fresh key pair.
    pub fn generate(curve: Curve) -> Self {
        let key = or_abort(PKey::generate_ec(curve));
        Self { key, curve }
    }

    /// The key pair that `der`, an unencrypted DER PrivateKeyInfo (RFC 5208 §5) of an `ECPrivateKey`
    /// (RFC 5915), holds. The public key and the curve's second mention may be missing.
    ///
    /// # Errors
    /// [`KeyRejected`] when it holds none, or one of no [`Curve`], its public key does not belong to its
    /// private key, or something follows it.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyRejected> {
        let key = PKey::from_pkcs8(der)?;
        match key.algorithm() {
            Some(Algorithm::Ec(curve)) => Ok(Self { key, curve }),
            _ => Err(KeyRejected),
        }
    }

    /// The key pair as an unencrypted DER PrivateKeyInfo (RFC 5208 §5) of an `ECPrivateKey` (RFC 5915) with
    /// the public key and without the curve's second mention; equal key pairs give equal bytes.
    pub fn to_pkcs8(&self) -> Secret<Vec<u8>> {
        or_abort(self.key.to_pkcs8())
    }

    /// The public key as a DER SubjectPublicKeyInfo with an uncompressed point (RFC 5480 §2).
    pub fn public_spki(&self) -> Vec<u8> {
        or_abort(self.key.to_spki())
    }

    /// The curve.
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// An ECDSA signature over `input`: a DER `ECDSA-Sig-Value` (RFC 3279 §2.2.3) of at most 72, 104 or
    /// 139 bytes with 256, 384 or 521 bits. Any hash goes with any curve.
    ///
    /// # Errors
    /// [`NotSigned`], as it says.
    pub fn sign(&self, hash: Hash, input: Input<'_>) -> Result<Vec<u8>, NotSigned> {
        sign_hashed(&self.key, Mode::Hashed(hash), hash, input)
    }

    /// Verifies an ECDSA `signature` over `input` under the public key of this pair.
    ///
    /// # Errors
    /// [`Unauthentic`] when it is not valid, or for a digest that is not as long as `hash` makes it.
    pub fn verify(
        &self,
        hash: Hash,
        input: Input<'_>,
        signature: &[u8],
    ) -> Result<(), Unauthentic> {
        verify_hashed(&self.key, Mode::Hashed(hash), hash, input, signature)
    }

    /// The secret shared with the holder of the public key `peer`, a DER SubjectPublicKeyInfo (RFC 5480 §2)
    /// with a compressed or uncompressed point: the x-coordinate as it is, 32, 48 or 66 bytes
    /// (SP 800-56A §5.7.1.2).
    ///
    /// # Errors
    /// [`InvalidPublicKey`] when `peer` is no such encoding, its curve is another or not named, or its
    /// point is not on it (SP 800-56A §5.6.2.3.3).
    pub fn agree(&self, peer: &[u8]) -> Result<Secret<Vec<u8>>, InvalidPublicKey> {
        let peer = PKey::from_spki(peer).map_err(|_| InvalidPublicKey)?;
        if peer.algorithm() != Some(Algorithm::Ec(self.curve)) {
            return Err(InvalidPublicKey);
        }
        self.key.agree(&peer).map_err(|_| InvalidPublicKey)
    }
}
