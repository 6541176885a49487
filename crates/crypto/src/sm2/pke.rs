//! The public key encryption of GB/T 32918.4. A ciphertext that fails its hash gives no plaintext.

use ::sm2::elliptic_curve::point::AffineCoordinates;
use ::sm2::{AffinePoint, PublicKey, SecretKey};
use strongroom_base::Secret;
use subtle::ConstantTimeEq;

use super::der::{self, Cipher};
use super::{
    DIGEST_BYTES, FIELD_BYTES, PLAINTEXT_BYTES_MAX, POINT_BYTES, draw_scalar, multiply,
    multiply_generator, sm3,
};

/// A DER `SM2Cipher` of `plaintext`, which is not empty (GB/T 32918.4 §6.1).
pub(super) fn encrypt(public: &PublicKey, plaintext: &[u8]) -> Vec<u8> {
    loop {
        if let Some(cipher) = encrypt_with(public, &draw_scalar(), plaintext) {
            return der::of_cipher(&cipher);
        }
    }
}

/// Encrypts with this `nonce`, or `None` when A5 asks for another.
pub(super) fn encrypt_with(
    public: &PublicKey,
    nonce: &SecretKey,
    plaintext: &[u8],
) -> Option<Cipher> {
    let ephemeral = multiply_generator(nonce);
    let shared = multiply(nonce, public.as_affine());
    let mut masked = plaintext.to_vec();
    mask(&shared, &mut masked);
    if is_same(&masked, plaintext) {
        return None;
    }
    Some(Cipher {
        x: ephemeral.x().into(),
        y: ephemeral.y().into(),
        hash: hash(&shared, plaintext),
        masked,
    })
}

/// The plaintext of a DER `SM2Cipher` (GB/T 32918.4 §7.1), unless it is not sound.
pub(super) fn decrypt(private: &SecretKey, ciphertext: &[u8]) -> Option<Secret<Vec<u8>>> {
    let cipher = der::to_cipher(ciphertext)?;
    if !(1..=PLAINTEXT_BYTES_MAX).contains(&cipher.masked.len()) {
        return None;
    }
    let (x, y) = (cipher.x.into(), cipher.y.into());
    let ephemeral: AffinePoint = Option::from(AffinePoint::from_coordinates(&x, &y))?;
    let shared = multiply(private, &ephemeral);
    let mut plaintext = Secret::new(cipher.masked.clone());
    mask(&shared, plaintext.expose_mut());
    // B4 refuses a mask of zeros, which hides nothing.
    if is_same(&cipher.masked, plaintext.expose()) {
        return None;
    }
    // A duration that told how much of the hash is right would let it be forged byte by byte.
    let expected = hash(&shared, plaintext.expose());
    is_same(&expected, &cipher.hash).then_some(plaintext)
}

fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// Adds the mask t (GB/T 32918.4 §5.4.3) to `text`: its own inverse.
fn mask(shared: &Secret<[u8; POINT_BYTES]>, text: &mut [u8]) {
    for (counter, chunk) in (1u32..).zip(text.chunks_mut(DIGEST_BYTES)) {
        let block = Secret::new(sm3(&[shared.expose(), &counter.to_be_bytes()]));
        for (byte, mask) in chunk.iter_mut().zip(block.expose()) {
            *byte ^= mask;
        }
    }
}

/// C3, the SM3 of x2, the plaintext and y2 (GB/T 32918.4 §6.1 A7).
fn hash(shared: &Secret<[u8; POINT_BYTES]>, plaintext: &[u8]) -> [u8; DIGEST_BYTES] {
    let (x, y) = shared.expose().split_at(FIELD_BYTES);
    sm3(&[x, plaintext, y])
}
