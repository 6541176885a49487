//! HMAC (FIPS 198-1, RFC 2104): with SHA-256 under a key that is prepared once and used often, and with
//! any SHA-2 hash for the keys of customers. It never compares tags in variable time.

use aws_lc_rs::hmac as backend;
use strongroom_base::Secret;
use subtle::ConstantTimeEq;

use crate::{Unauthentic, or_abort};

#[cfg(test)]
mod tests;

/// The length of an HMAC-SHA-256 tag in bytes.
pub const TAG_BYTES: usize = 32;

/// An HMAC-SHA-256 key with both pads already hashed.
// The back end keeps the hashed pads inside its struct, not behind a pointer. The box gives them one
// place, so that moving the key leaves no copies; the back end wipes them on drop.
pub struct HmacSha256(Box<backend::Key>);

impl HmacSha256 {
    /// Prepares `key`, of any length; longer than 64 bytes it is hashed first (RFC 2104 §2).
    pub fn new(key: &[u8]) -> Self {
        Self(Box::new(backend::Key::new(backend::HMAC_SHA256, key)))
    }

    /// The tag of the concatenation of `parts`.
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; TAG_BYTES] {
        let mut context = backend::Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }

    /// Compares `tag` with the tag of the concatenation of `parts`, in constant time.
    ///
    /// # Errors
    /// [`Unauthentic`] when they differ, or `tag` is not [`TAG_BYTES`] long.
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> Result<(), Unauthentic> {
        if bool::from(self.sign(parts).ct_eq(tag)) {
            Ok(())
        } else {
            Err(Unauthentic)
        }
    }

    /// Writes the tag of `data` to `out` without leaving a copy of it: for tags that are keys.
    pub fn derive(&self, data: &[u8], out: &mut Secret<[u8; TAG_BYTES]>) {
        or_abort(backend::sign_to_buffer(&self.0, data, out.expose_mut()));
    }
}

/// The hash of an [`HmacKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HmacHash {
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HmacHash {
    /// The length of a tag in bytes.
    pub fn tag_bytes(self) -> usize {
        self.backend().tag_len()
    }

    fn backend(self) -> backend::Algorithm {
        match self {
            Self::Sha224 => backend::HMAC_SHA224,
            Self::Sha256 => backend::HMAC_SHA256,
            Self::Sha384 => backend::HMAC_SHA384,
            Self::Sha512 => backend::HMAC_SHA512,
        }
    }
}

/// An HMAC key with both pads already hashed.
// Boxed for the reason that `HmacSha256` is.
pub struct HmacKey(Box<backend::Key>);

impl HmacKey {
    /// Prepares `key`, of any length; longer than a block of the hash it is hashed first (RFC 2104 §2).
    pub fn new(hash: HmacHash, key: &[u8]) -> Self {
        Self(Box::new(backend::Key::new(hash.backend(), key)))
    }

    /// The tag of `message`, [`HmacHash::tag_bytes`] long.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        backend::sign(&self.0, message).as_ref().to_vec()
    }

    /// Compares `tag` with the whole tag of `message`, in constant time.
    ///
    /// # Errors
    /// [`Unauthentic`] when they differ, also in length.
    pub fn verify(&self, message: &[u8], tag: &[u8]) -> Result<(), Unauthentic> {
        if bool::from(backend::sign(&self.0, message).as_ref().ct_eq(tag)) {
            Ok(())
        } else {
            Err(Unauthentic)
        }
    }
}
