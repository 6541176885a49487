use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair,
};

use super::{Curve, verify_asn1, verify_p384_sha384_fixed};
use crate::Unauthentic;

const MESSAGE: &[u8] = b"a message";

/// A public point and its signature over [`MESSAGE`].
fn sign(algorithm: &'static EcdsaSigningAlgorithm) -> (Vec<u8>, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(algorithm).unwrap();
    let signature = pair.sign(&SystemRandom::new(), MESSAGE).unwrap();
    (
        pair.public_key().as_ref().to_vec(),
        signature.as_ref().to_vec(),
    )
}

fn check(
    verify: impl Fn(&[u8], &[u8], &[u8]) -> Result<(), Unauthentic>,
    signed: (Vec<u8>, Vec<u8>),
) {
    let (point, signature) = signed;
    assert_eq!(verify(&point, MESSAGE, &signature), Ok(()));
    assert_eq!(verify(&point, b"another", &signature), Err(Unauthentic));
    for length in 0..point.len() {
        let cut = verify(&point[..length], MESSAGE, &signature);
        assert_eq!(cut, Err(Unauthentic), "{length}");
    }
    for position in 0..signature.len() {
        let mut other = signature.clone();
        other[position] ^= 1;
        assert_eq!(
            verify(&point, MESSAGE, &other),
            Err(Unauthentic),
            "{position}"
        );
    }
    let mut other = point.clone();
    other[0] = 0x02;
    assert_eq!(verify(&other, MESSAGE, &signature), Err(Unauthentic));
}

#[test]
fn only_the_signature_of_the_key_is_valid() {
    for (curve, algorithm) in [
        (Curve::P256Sha256, &ECDSA_P256_SHA256_ASN1_SIGNING),
        (Curve::P384Sha384, &ECDSA_P384_SHA384_ASN1_SIGNING),
    ] {
        check(
            |point, message, signature| verify_asn1(curve, point, message, signature),
            sign(algorithm),
        );
    }
    check(
        |point, message, signature| {
            verify_p384_sha384_fixed(point, message, signature.try_into().unwrap())
        },
        sign(&ECDSA_P384_SHA384_FIXED_SIGNING),
    );
}

#[test]
fn a_point_of_another_curve_is_none() {
    let (point, signature) = sign(&ECDSA_P256_SHA256_ASN1_SIGNING);
    let verified = verify_asn1(Curve::P384Sha384, &point, MESSAGE, &signature);
    assert_eq!(verified, Err(Unauthentic));
}
