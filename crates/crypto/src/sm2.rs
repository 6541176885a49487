//! SM2 key pairs on the curve of GB/T 32918.5: signatures, encryption and agreement. The back end has
//! no SM2, so the curve comes from the crate `sm2` and the hash from `sm3`; what touches a private
//! scalar or a nonce is written here, so that it is wiped and compared in constant time.

use ::sm2::elliptic_curve::point::AffineCoordinates;
use ::sm2::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ::sm2::{AffinePoint, ProjectivePoint, PublicKey, Scalar, SecretKey};
use sm3::{Digest, Sm3};
use strongroom_base::{Random, Secret};
use zeroize::Zeroizing;

use crate::exchange::InvalidPublicKey;
use crate::random::BackendRandom;
use crate::signature::KeyRejected;
use crate::{Unauthentic, or_abort};

mod der;
mod dsa;
mod pke;

#[cfg(test)]
mod tests;

/// The length of an SM3 digest in bytes.
pub const DIGEST_BYTES: usize = 32;
/// The most bytes that [`Sm2PublicKey::encrypt`] takes and [`Sm2KeyPair::decrypt`] gives.
pub const PLAINTEXT_BYTES_MAX: usize = 1024;

const FIELD_BYTES: usize = 32;
const POINT_BYTES: usize = 2 * FIELD_BYTES;

/// A plaintext that SM2 does not encrypt here: an empty one, or one longer than
/// [`PLAINTEXT_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPlaintext;

/// A key pair on the SM2 curve.
///
/// The private key is wiped on drop, and so is every value derived from it that is held here; the
/// curve arithmetic may leave copies in registers and on the stack.
pub struct Sm2KeyPair {
    private: SecretKey,
    public: Sm2PublicKey,
}

impl Sm2KeyPair {
    /// A fresh key pair.
    pub fn generate() -> Self {
        loop {
            if let Ok(pair) = Self::of(draw_scalar()) {
                return pair;
            }
        }
    }

    /// The key pair that `der`, an unencrypted PKCS#8 PrivateKeyInfo (RFC 5208 §5), holds.
    ///
    /// # Errors
    /// [`KeyRejected`] when it holds none or more, one of another curve, a private key outside
    /// 1 to n-2 (GB/T 32918.1 §6.1), or a public key that does not belong to it.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyRejected> {
        let private = SecretKey::from_pkcs8_der(der).map_err(|_| KeyRejected)?;
        Self::of(private)
    }

    /// A key pair with a fixed private key, for known answers.
    #[cfg(test)]
    fn from_private(private: &[u8; FIELD_BYTES]) -> Result<Self, KeyRejected> {
        Self::of(SecretKey::from_slice(private).map_err(|_| KeyRejected)?)
    }

    fn of(private: SecretKey) -> Result<Self, KeyRejected> {
        // GB/T 32918.2 §6.1 inverts 1 + d, which the private key n-1 makes zero.
        let scalar = Zeroizing::new(private.to_nonzero_scalar());
        if **scalar + Scalar::ONE == Scalar::ZERO {
            return Err(KeyRejected);
        }
        let public = Sm2PublicKey(PublicKey::from_secret_scalar(&scalar));
        Ok(Self { private, public })
    }

    /// The key pair as an unencrypted PKCS#8 PrivateKeyInfo (RFC 5208 §5) of an `ECPrivateKey`
    /// (RFC 5915 §3) with its public key: always the same 138 bytes for the same key pair.
    pub fn to_pkcs8(&self) -> Secret<Vec<u8>> {
        let der = or_abort(self.private.to_pkcs8_der());
        Secret::new(der.as_bytes().to_vec())
    }

    /// The public key.
    pub fn public(&self) -> &Sm2PublicKey {
        &self.public
    }

    /// See [`Sm2PublicKey::to_spki`].
    pub fn public_spki(&self) -> Vec<u8> {
        self.public.to_spki()
    }

    /// A signature over `message` under the default identifier `1234567812345678` (GM/T 0009 §10): a
    /// DER `SEQUENCE { r, s }` of at most 72 bytes (GB/T 32918.2 §6.1, GM/T 0009 §7.3).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign_digest(&dsa::digest(&self.public.0, message))
    }

    /// As [`Self::sign`], where the caller has computed the digest: SM3 of the identity hash Z
    /// (GB/T 32918.2 §5.5) and the message.
    pub fn sign_digest(&self, digest: &[u8; DIGEST_BYTES]) -> Vec<u8> {
        dsa::sign(&self.private, digest)
    }

    /// See [`Sm2PublicKey::verify`].
    ///
    /// # Errors
    /// [`Unauthentic`] when the signature is not valid.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Unauthentic> {
        self.public.verify(message, signature)
    }

    /// See [`Sm2PublicKey::verify_digest`].
    ///
    /// # Errors
    /// [`Unauthentic`] when the signature is not valid.
    pub fn verify_digest(
        &self,
        digest: &[u8; DIGEST_BYTES],
        signature: &[u8],
    ) -> Result<(), Unauthentic> {
        self.public.verify_digest(digest, signature)
    }

    /// See [`Sm2PublicKey::encrypt`].
    ///
    /// # Errors
    /// [`InvalidPlaintext`] when `plaintext` is empty or too long.
    pub fn encrypt(&self, plaintext: &[u8]) -> Result<Vec<u8>, InvalidPlaintext> {
        self.public.encrypt(plaintext)
    }

    /// The plaintext of `ciphertext`, a DER `SM2Cipher` as [`Sm2PublicKey::encrypt`] makes it
    /// (GB/T 32918.4 §7.1).
    ///
    /// # Errors
    /// [`Unauthentic`] when it was made for another key, was altered, or is not of that form.
    pub fn decrypt(&self, ciphertext: &[u8]) -> Result<Secret<Vec<u8>>, Unauthentic> {
        pke::decrypt(&self.private, ciphertext).ok_or(Unauthentic)
    }

    /// The secret shared with `peer_spki`, a DER SubjectPublicKeyInfo: the 32 bytes of the x coordinate
    /// of this private key times the peer's point (ECDH, SEC 1 §3.3.1). It is not the key exchange of
    /// GB/T 32918.3, and not uniformly random: derive a key from it.
    ///
    /// # Errors
    /// [`InvalidPublicKey`] when `peer_spki` holds no point of the curve.
    pub fn agree(&self, peer_spki: &[u8]) -> Result<Secret<Vec<u8>>, InvalidPublicKey> {
        let peer = Sm2PublicKey::from_spki(peer_spki)?;
        let shared = multiply(&self.private, peer.0.as_affine());
        let x = shared.expose().first_chunk::<FIELD_BYTES>();
        x.map(|x| Secret::new(x.to_vec())).ok_or(InvalidPublicKey)
    }
}

/// A public key on the SM2 curve: a point that is on it and not at infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sm2PublicKey(PublicKey);

impl Sm2PublicKey {
    /// The public key that `der`, a SubjectPublicKeyInfo (RFC 5480 §2), holds.
    ///
    /// # Errors
    /// [`InvalidPublicKey`] when it holds none or more, or one of another curve.
    pub fn from_spki(der: &[u8]) -> Result<Self, InvalidPublicKey> {
        PublicKey::from_public_key_der(der)
            .map(Self)
            .map_err(|_| InvalidPublicKey)
    }

    /// The public key as a DER SubjectPublicKeyInfo of 91 bytes (RFC 5480 §2): id-ecPublicKey, the
    /// curve 1.2.156.10197.1.301 (GM/T 0006) and an uncompressed point.
    pub fn to_spki(&self) -> Vec<u8> {
        or_abort(self.0.to_public_key_der()).into_vec()
    }

    /// Verifies `signature` over `message` under the default identifier; see [`Sm2KeyPair::sign`].
    ///
    /// # Errors
    /// [`Unauthentic`] when the signature is not valid.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Unauthentic> {
        self.verify_digest(&dsa::digest(&self.0, message), signature)
    }

    /// Verifies `signature` over a digest that the caller has computed; see
    /// [`Sm2KeyPair::sign_digest`].
    ///
    /// # Errors
    /// [`Unauthentic`] when the signature is not valid.
    pub fn verify_digest(
        &self,
        digest: &[u8; DIGEST_BYTES],
        signature: &[u8],
    ) -> Result<(), Unauthentic> {
        dsa::verify(&self.0, digest, signature).ok_or(Unauthentic)
    }

    /// Encrypts 1 to [`PLAINTEXT_BYTES_MAX`] bytes (GB/T 32918.4 §6.1): a DER `SM2Cipher`, a
    /// `SEQUENCE { x, y, hash, ciphertext }` (GM/T 0009 §7.2), at most 112 bytes longer.
    ///
    /// # Errors
    /// [`InvalidPlaintext`] when `plaintext` is empty or too long.
    pub fn encrypt(&self, plaintext: &[u8]) -> Result<Vec<u8>, InvalidPlaintext> {
        if !(1..=PLAINTEXT_BYTES_MAX).contains(&plaintext.len()) {
            return Err(InvalidPlaintext);
        }
        Ok(pke::encrypt(&self.0, plaintext))
    }
}

/// A uniformly random scalar from 1 to n-1.
fn draw_scalar() -> SecretKey {
    let mut bytes = Secret::<[u8; FIELD_BYTES]>::zeroed();
    loop {
        BackendRandom.fill(bytes.expose_mut());
        // Draws of n and above are discarded: reducing them would favour small scalars.
        if let Ok(scalar) = SecretKey::from_slice(bytes.expose()) {
            return scalar;
        }
    }
}

/// The point `scalar` times G.
fn multiply_generator(scalar: &SecretKey) -> AffinePoint {
    let scalar = Zeroizing::new(scalar.to_nonzero_scalar());
    *PublicKey::from_secret_scalar(&scalar).as_affine()
}

/// The coordinates x and y of `scalar` times `point`.
fn multiply(scalar: &SecretKey, point: &AffinePoint) -> Secret<[u8; POINT_BYTES]> {
    let scalar = Zeroizing::new(scalar.to_nonzero_scalar());
    let product = Zeroizing::new(ProjectivePoint::from(*point) * **scalar);
    let product = Zeroizing::new(product.to_affine());
    let mut coordinates = Secret::zeroed();
    let (x, y) = coordinates.expose_mut().split_at_mut(FIELD_BYTES);
    x.copy_from_slice(&Zeroizing::new(product.x()));
    y.copy_from_slice(&Zeroizing::new(product.y()));
    coordinates
}

/// The SM3 (GB/T 32905) digest of the concatenation of `parts`.
fn sm3(parts: &[&[u8]]) -> [u8; DIGEST_BYTES] {
    let mut state = Sm3::new();
    for part in parts {
        state.update(part);
    }
    state.finalize().into()
}
