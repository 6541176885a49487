//! HMAC-SHA-256 (FIPS 198-1, RFC 2104) under a key that is prepared once and used often.

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
    pub(crate) fn derive(&self, data: &[u8], out: &mut Secret<[u8; TAG_BYTES]>) {
        or_abort(backend::sign_to_buffer(&self.0, data, out.expose_mut()));
    }
}
