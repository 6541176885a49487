//! AES-256-GCM (SP 800-38D) with a 96-bit nonce and a 128-bit tag. It never chooses a nonce: the
//! caller guarantees that no key meets the same nonce twice.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use strongroom_base::Secret;

use crate::{Unauthentic, or_abort};

#[cfg(test)]
mod tests;

/// The length of a key in bytes.
pub const KEY_BYTES: usize = 32;
/// The length of a nonce in bytes.
pub const NONCE_BYTES: usize = 12;
/// The length of a tag in bytes: what a ciphertext is longer than its plaintext.
pub const TAG_BYTES: usize = 16;

/// Appends the ciphertext of `plaintext` and its tag to `out`: `plaintext.len()` + [`TAG_BYTES`] bytes.
///
/// `aad` is authenticated but not included. The pair of `key` and `nonce` must not have been used
/// before. A plaintext longer than 64 GiB ends the process (SP 800-38D §5.2.1.1).
pub fn seal(
    key: &[u8; KEY_BYTES],
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    plaintext: &[u8],
    out: &mut Vec<u8>,
) {
    let start = out.len();
    out.resize(start + plaintext.len() + TAG_BYTES, 0);
    let (_, sealed) = out.split_at_mut(start);
    let (ciphertext, tag) = sealed.split_at_mut(plaintext.len());
    or_abort(cipher(key).seal_out_of_place_scatter(
        Nonce::assume_unique_for_key(*nonce),
        Aad::from(aad),
        plaintext,
        ciphertext,
        &[],
        tag,
    ));
}

/// The plaintext of `sealed`, a ciphertext and tag as [`seal`] appends them.
///
/// # Errors
/// [`Unauthentic`] when `sealed` is not what [`seal`] made of this key, nonce and `aad`.
pub fn open(
    key: &[u8; KEY_BYTES],
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Secret<Vec<u8>>, Unauthentic> {
    let (ciphertext, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(Unauthentic)?;
    let mut plaintext = Secret::new(vec![0; ciphertext.len()]);
    cipher(key)
        .open_separate_gather(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(aad),
            ciphertext,
            tag,
            plaintext.expose_mut(),
        )
        .map_err(|_| Unauthentic)?;
    Ok(plaintext)
}

// The key schedule lives on the back end's heap, which wipes it when the cipher is dropped.
fn cipher(key: &[u8; KEY_BYTES]) -> LessSafeKey {
    LessSafeKey::new(or_abort(UnboundKey::new(&AES_256_GCM, key)))
}
