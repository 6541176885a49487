//! Sealed boxes: what only the holder of an X25519 key can open. A box hides its content but does not
//! say who made it.

use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use strongroom_base::Secret;

use crate::{Unauthentic, aead, or_abort};

/// Here: a point of small order, with which no agreement is possible (RFC 7748 §6.1).
pub use crate::InvalidPublicKey;

#[cfg(test)]
mod tests;

/// The length of a public key in bytes.
pub const PUBLIC_BYTES: usize = 32;
/// What a box is longer than its content: the ephemeral public key and the tag.
pub const OVERHEAD_BYTES: usize = PUBLIC_BYTES + aead::TAG_BYTES;

const SALT: &[u8] = b"strongroom sealed box v1";

/// An X25519 key pair that boxes are sealed to; lives as long as this value and is never written.
pub struct Recipient {
    private: PrivateKey,
    public: [u8; PUBLIC_BYTES],
}

impl Recipient {
    /// A fresh key pair.
    pub fn generate() -> Self {
        Self::of(or_abort(PrivateKey::generate(&X25519)))
    }

    /// A key pair with a fixed private key, for known answers.
    pub(crate) fn from_private(private: &[u8; 32]) -> Self {
        Self::of(or_abort(PrivateKey::from_private_key(&X25519, private)))
    }

    fn of(private: PrivateKey) -> Self {
        let mut public = [0; PUBLIC_BYTES];
        public.copy_from_slice(or_abort(private.compute_public_key()).as_ref());
        Self { private, public }
    }

    /// The public key to give to [`seal_to`].
    pub fn public(&self) -> [u8; PUBLIC_BYTES] {
        self.public
    }

    /// The content of `sealed`, a box made by [`seal_to`] for this recipient and `purpose`. A recipient
    /// may open any number of boxes.
    ///
    /// # Errors
    /// [`Unauthentic`] when the box was made for another recipient or purpose, or was altered.
    pub fn open(&self, purpose: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>, Unauthentic> {
        let (ephemeral, sealed) = sealed
            .split_first_chunk::<PUBLIC_BYTES>()
            .ok_or(Unauthentic)?;
        let shared = self.agree(ephemeral).map_err(|_| Unauthentic)?;
        let key = box_key(&shared, ephemeral, &self.public, purpose);
        aead::open(key.expose(), &[0; aead::NONCE_BYTES], &[], sealed)
    }

    /// Seals with this key pair as the ephemeral one; see [`seal_to`].
    pub(crate) fn seal_as_ephemeral(
        self,
        public: &[u8; PUBLIC_BYTES],
        purpose: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, InvalidPublicKey> {
        let shared = self.agree(public)?;
        let key = box_key(&shared, &self.public, public, purpose);
        let mut sealed = self.public.to_vec();
        // The zero nonce is unique because the key is: the ephemeral key pair ends here.
        aead::seal(
            key.expose(),
            &[0; aead::NONCE_BYTES],
            &[],
            plaintext,
            &mut sealed,
        );
        Ok(sealed)
    }

    /// The X25519 function (RFC 7748 §5) of this private key and `public`.
    pub(crate) fn agree(
        &self,
        public: &[u8; PUBLIC_BYTES],
    ) -> Result<Secret<[u8; 32]>, InvalidPublicKey> {
        let public = UnparsedPublicKey::new(&X25519, public.as_slice());
        agree(&self.private, public, InvalidPublicKey, |shared| {
            Secret::from_slice(shared).ok_or(InvalidPublicKey)
        })
    }
}

/// A box that only the recipient with this `public` key can open, and only for the same `purpose`: a
/// fresh ephemeral public key (32 bytes), then the AES-256-GCM ciphertext of `plaintext` and its tag.
///
/// The key is HKDF-SHA-256 (RFC 5869) of the shared secret, with both public keys and the purpose as
/// its info.
///
/// # Errors
/// [`InvalidPublicKey`] when `public` is of small order.
pub fn seal_to(
    public: &[u8; PUBLIC_BYTES],
    purpose: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, InvalidPublicKey> {
    Recipient::generate().seal_as_ephemeral(public, purpose, plaintext)
}

fn box_key(
    shared: &Secret<[u8; 32]>,
    ephemeral: &[u8; PUBLIC_BYTES],
    recipient: &[u8; PUBLIC_BYTES],
    purpose: &[u8],
) -> Secret<[u8; aead::KEY_BYTES]> {
    hkdf_sha256(SALT, shared.expose(), &[ephemeral, recipient, purpose])
}

/// 32 bytes of HKDF-SHA-256 (RFC 5869) with the concatenation of `info`.
pub(crate) fn hkdf_sha256(salt: &[u8], secret: &[u8], info: &[&[u8]]) -> Secret<[u8; 32]> {
    let mut key = Secret::zeroed();
    let extracted = Salt::new(HKDF_SHA256, salt).extract(secret);
    let expanded = or_abort(extracted.expand(info, Bytes32));
    or_abort(expanded.fill(key.expose_mut()));
    key
}

struct Bytes32;

impl KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}
