//! AES-256 key wrap with padding (RFC 5649; KWP in SP 800-38F §6.3). For keys only: it is deterministic
//! and slow, and must not be used for messages.

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use strongroom_base::Secret;

use crate::{Unauthentic, or_abort};

#[cfg(test)]
mod tests;

/// The length of a key-encryption key in bytes.
pub const KEK_BYTES: usize = 32;
/// The most bytes that are wrapped: several times the longest key there is.
pub const PLAINTEXT_BYTES_MAX: usize = 16 << 10;

/// A block of AES key wrap; a wrapped key is a multiple of it and at least two.
const BLOCK_BYTES: usize = 8;

/// A plaintext that is empty or longer than [`PLAINTEXT_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongLength;

/// Wraps `plaintext`, of 1 to [`PLAINTEXT_BYTES_MAX`] bytes: 8 bytes more, rounded up to a multiple of 8.
///
/// # Errors
/// [`WrongLength`] for every other length.
pub fn wrap(kek: &[u8; KEK_BYTES], plaintext: &[u8]) -> Result<Vec<u8>, WrongLength> {
    if plaintext.is_empty() || plaintext.len() > PLAINTEXT_BYTES_MAX {
        return Err(WrongLength);
    }
    let mut wrapped = vec![0; plaintext.len().next_multiple_of(BLOCK_BYTES) + BLOCK_BYTES];
    or_abort(cipher(kek).wrap_with_padding(plaintext, &mut wrapped));
    Ok(wrapped)
}

/// The plaintext of `wrapped`, as [`wrap`] makes it.
///
/// # Errors
/// [`Unauthentic`] when `wrapped` was not made with this key, or has an impossible length.
pub fn unwrap(kek: &[u8; KEK_BYTES], wrapped: &[u8]) -> Result<Secret<Vec<u8>>, Unauthentic> {
    if !is_possible_length(wrapped.len()) {
        return Err(Unauthentic);
    }
    let mut plaintext = Secret::new(vec![0; wrapped.len()]);
    let length = cipher(kek)
        .unwrap_with_padding(wrapped, plaintext.expose_mut())
        .map_err(|_| Unauthentic)?
        .len();
    plaintext.expose_mut().truncate(length);
    Ok(plaintext)
}

fn is_possible_length(wrapped: usize) -> bool {
    let possible = 2 * BLOCK_BYTES..=PLAINTEXT_BYTES_MAX + BLOCK_BYTES;
    wrapped.is_multiple_of(BLOCK_BYTES) && possible.contains(&wrapped)
}

fn cipher(kek: &[u8; KEK_BYTES]) -> AesKek {
    or_abort(AesKek::new(&AES_256, kek))
}
