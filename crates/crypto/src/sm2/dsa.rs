//! The digital signature of GB/T 32918.2. A nonce signs once and never leaves this file.

use ::sm2::elliptic_curve::ops::{MulByGeneratorVartime, Reduce};
use ::sm2::elliptic_curve::point::AffineCoordinates;
use ::sm2::elliptic_curve::{Group, PrimeField};
use ::sm2::{AffinePoint, FieldBytes, ProjectivePoint, PublicKey, Scalar, SecretKey};
use zeroize::Zeroizing;

use super::der::{self, Signature};
use super::{DIGEST_BYTES, FIELD_BYTES, draw_scalar, multiply_generator, sm3};

/// ENTL and ID of the default identifier (GM/T 0009 §10): its length in bits, then itself.
const IDENTIFIER: &[u8] = b"\x00\x801234567812345678";

/// The curve's a, b, xG and yG (GB/T 32918.5), each as two halves.
const CURVE: [[u8; 16]; 8] = [
    0xfffffffe_ffffffff_ffffffff_ffffffff_u128.to_be_bytes(),
    0xffffffff_00000000_ffffffff_fffffffc_u128.to_be_bytes(),
    0x28e9fa9e_9d9f5e34_4d5a9e4b_cf6509a7_u128.to_be_bytes(),
    0xf39789f5_15ab8f92_ddbcbd41_4d940e93_u128.to_be_bytes(),
    0x32c4ae2c_1f198119_5f990446_6a39c994_u128.to_be_bytes(),
    0x8fe30bbf_f2660be1_715a4589_334c74c7_u128.to_be_bytes(),
    0xbc3736a2_f4f6779c_59bdcee3_6b692153_u128.to_be_bytes(),
    0xd0a9877c_c62a4740_02df32e5_2139f0a0_u128.to_be_bytes(),
];

/// The digest e of `message` (GB/T 32918.2 §6.1 A1 and A2): SM3 of the identity hash Z (§5.5) and it.
pub(super) fn digest(public: &PublicKey, message: &[u8]) -> [u8; DIGEST_BYTES] {
    let (x, y) = (public.as_affine().x(), public.as_affine().y());
    let z = sm3(&[IDENTIFIER, CURVE.as_flattened(), &x, &y]);
    sm3(&[&z, message])
}

/// A DER signature over `digest` (GB/T 32918.2 §6.1 A3 to A7).
pub(super) fn sign(private: &SecretKey, digest: &[u8; DIGEST_BYTES]) -> Vec<u8> {
    loop {
        if let Some(signature) = sign_with(private, &draw_scalar(), digest) {
            return der::of_signature(&signature);
        }
    }
}

/// Signs with this `nonce`, or `None` when A5 or A6 asks for another.
pub(super) fn sign_with(
    private: &SecretKey,
    nonce: &SecretKey,
    digest: &[u8; DIGEST_BYTES],
) -> Option<Signature> {
    let r = reduced(digest) + x_of(&multiply_generator(nonce));
    let private = Zeroizing::new(private.to_nonzero_scalar());
    let nonce = Zeroizing::new(nonce.to_nonzero_scalar());
    if r == Scalar::ZERO || r + **nonce == Scalar::ZERO {
        return None;
    }
    let divisor = Zeroizing::new(**private + Scalar::ONE);
    let inverse: Zeroizing<Scalar> = Zeroizing::new(Option::from(divisor.invert())?);
    let difference = Zeroizing::new(**nonce - r * **private);
    let s = *inverse * *difference;
    (s != Scalar::ZERO).then(|| Signature {
        r: r.to_repr().into(),
        s: s.to_repr().into(),
    })
}

/// Whether the DER `signature` is one over `digest` (GB/T 32918.2 §7.1 B1, B2 and B5 to B7).
pub(super) fn verify(
    public: &PublicKey,
    digest: &[u8; DIGEST_BYTES],
    signature: &[u8],
) -> Option<()> {
    let Signature { r, s } = der::to_signature(signature)?;
    let (r, s) = (in_range(&r)?, in_range(&s)?);
    let t = r + s;
    if t == Scalar::ZERO {
        return None;
    }
    let key = public.to_projective();
    let point = ProjectivePoint::mul_by_generator_and_mul_add_vartime(&s, &t, &key);
    // The point at infinity has no x: with the one that the back end gives, r = e would be valid.
    if bool::from(point.is_identity()) {
        return None;
    }
    (reduced(digest) + x_of(&point.to_affine()) == r).then_some(())
}

/// The number from 1 to n-1 that `bytes` spell.
fn in_range(bytes: &[u8; FIELD_BYTES]) -> Option<Scalar> {
    let scalar: Scalar = Option::from(Scalar::from_repr((*bytes).into()))?;
    (scalar != Scalar::ZERO).then_some(scalar)
}

fn x_of(point: &AffinePoint) -> Scalar {
    Scalar::reduce(&point.x())
}

fn reduced(bytes: &[u8; FIELD_BYTES]) -> Scalar {
    Scalar::reduce(&FieldBytes::from(*bytes))
}
