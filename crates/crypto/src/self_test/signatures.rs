//! The self-tests of signatures and of key agreement on curves.

use super::Answer;
use super::vectors::{self as known, array, bytes};
use crate::digest::sha256;
use crate::signature::{
    Curve, EcKeyPair, Ed25519KeyPair, Hash, Input, MlDsaKeyPair, MlDsaLevel, RsaKeyPair,
    RsaPadding, Scheme, verify,
};
use crate::sm2::Sm2PublicKey;

pub(super) fn rsa_pkcs1_sign(answer: Answer) -> bool {
    rsa_sign(RsaPadding::Pkcs1)
        .is_some_and(|signature| answer.equals(signature, known::RSA_PKCS1_SIGNATURE))
}

pub(super) fn rsa_pss_sign(answer: Answer) -> bool {
    rsa_sign(RsaPadding::Pss)
        .is_some_and(|signature| rsa_verify(answer, RsaPadding::Pss, &signature))
}

pub(super) fn rsa_verify(answer: Answer, padding: RsaPadding, signature: &[u8]) -> bool {
    let scheme = Scheme::Rsa(padding, Hash::Sha256);
    let message = Input::Message(known::SIGNED_MESSAGE);
    verifies(
        answer,
        scheme,
        &bytes(known::RSA_PUBLIC),
        message,
        signature,
    )
}

fn rsa_sign(padding: RsaPadding) -> Option<Vec<u8>> {
    let pair = RsaKeyPair::from_pkcs8(known::RSA_KEY).ok()?;
    let message = Input::Message(known::SIGNED_MESSAGE);
    pair.sign(padding, Hash::Sha256, message).ok()
}

pub(super) fn ecdsa_sign(answer: Answer, curve: Curve) -> bool {
    let (pair, message) = (
        EcKeyPair::generate(curve),
        Input::Message(known::SIGNED_MESSAGE),
    );
    pair.sign(hash_of(curve), message).is_ok_and(|signature| {
        let scheme = Scheme::Ecdsa(curve, hash_of(curve));
        verifies(answer, scheme, &pair.public_spki(), message, &signature)
    })
}

pub(super) fn ecdsa_verify(answer: Answer, curve: Curve) -> bool {
    let (public, message, signature) = match curve {
        Curve::P256 => (
            known::P256_PUBLIC,
            known::SIGNED_MESSAGE,
            known::P256_SIGNATURE,
        ),
        Curve::P384 => (known::P384_PUBLIC, known::EC_MESSAGE, known::P384_SIGNATURE),
        Curve::P521 => (known::P521_PUBLIC, known::EC_MESSAGE, known::P521_SIGNATURE),
        Curve::Secp256k1 => (
            known::SECP256K1_PUBLIC,
            known::EC_MESSAGE,
            known::SECP256K1_SIGNATURE,
        ),
    };
    let scheme = Scheme::Ecdsa(curve, hash_of(curve));
    let message = Input::Message(message);
    verifies(answer, scheme, &bytes(public), message, &bytes(signature))
}

pub(super) fn ecdh(answer: Answer) -> bool {
    let Ok(pair) = EcKeyPair::from_pkcs8(&bytes(known::ECDH_PRIVATE)) else {
        return false;
    };
    let shared = pair.agree(&bytes(known::ECDH_PEER));
    shared.is_ok_and(|shared| answer.equals(shared.expose().clone(), &bytes(known::ECDH_SHARED)))
}

pub(super) fn ed25519_sign(answer: Answer) -> bool {
    let pair = Ed25519KeyPair::from_seed(&array(known::ED25519_SEED));
    let signature = pair.sign(known::ED25519_MESSAGE);
    answer.equals(signature.to_vec(), &bytes(known::ED25519_SIGNATURE))
}

pub(super) fn ed25519_verify(answer: Answer) -> bool {
    let public = ed25519_spki(known::ED25519_PUBLIC);
    let message = Input::Message(known::ED25519_MESSAGE);
    let signature = bytes(known::ED25519_SIGNATURE);
    verifies(answer, Scheme::Ed25519, &public, message, &signature)
}

pub(super) fn ed25519ph_sign(answer: Answer) -> bool {
    let pair = Ed25519KeyPair::from_seed(&array(known::ED25519PH_SEED));
    let signature = pair.sign_prehashed(known::ED25519PH_MESSAGE);
    answer.equals(signature.to_vec(), &bytes(known::ED25519PH_SIGNATURE))
}

pub(super) fn ed25519ph_verify(answer: Answer) -> bool {
    let public = ed25519_spki(known::ED25519PH_PUBLIC);
    let message = Input::Message(known::ED25519PH_MESSAGE);
    let signature = bytes(known::ED25519PH_SIGNATURE);
    verifies(answer, Scheme::Ed25519Ph, &public, message, &signature)
}

pub(super) fn ml_dsa_key_pair(answer: Answer) -> bool {
    known::ML_DSA_PUBLIC_SHA256.iter().all(|(level, expected)| {
        let pair = MlDsaKeyPair::from_seed(*level, &known::ML_DSA_SEED);
        answer.equals(sha256(&[&pair.public_spki()]).to_vec(), &bytes(expected))
    })
}

pub(super) fn ml_dsa_sign(answer: Answer) -> bool {
    MlDsaLevel::ALL.into_iter().all(|level| {
        let pair = MlDsaKeyPair::from_seed(level, &known::ML_DSA_SEED);
        let mut signature = pair.sign(known::ML_DSA_MESSAGE);
        answer.pass(&mut signature);
        pair.verify(known::ML_DSA_MESSAGE, &signature).is_ok()
    })
}

pub(super) fn ml_dsa_mu_sign(answer: Answer) -> bool {
    MlDsaLevel::ALL.into_iter().all(|level| {
        let pair = MlDsaKeyPair::from_seed(level, &known::ML_DSA_SEED);
        let mut signature = pair.sign_mu(&known::ML_DSA_MU);
        answer.pass(&mut signature);
        pair.verify_mu(&known::ML_DSA_MU, &signature).is_ok()
    })
}

pub(super) fn ml_dsa_verify(answer: Answer) -> bool {
    let level = MlDsaLevel::MlDsa44;
    let public = MlDsaKeyPair::from_seed(level, &known::ML_DSA_SEED).public_spki();
    let message = Input::Message(known::ML_DSA_MESSAGE);
    let scheme = Scheme::MlDsa(level);
    verifies(answer, scheme, &public, message, known::ML_DSA_SIGNATURE)
}

pub(super) fn sm2_verify(answer: Answer) -> bool {
    Sm2PublicKey::from_spki(&bytes(known::SM2_PUBLIC)).is_ok_and(|public| {
        only_unaltered(answer, &bytes(known::SM2_SIGNATURE), |signature| {
            public.verify(known::SM2_MESSAGE, signature).is_ok()
        })
    })
}

fn hash_of(curve: Curve) -> Hash {
    match curve {
        Curve::P256 | Curve::Secp256k1 => Hash::Sha256,
        Curve::P384 => Hash::Sha384,
        Curve::P521 => Hash::Sha512,
    }
}

/// The public key as a SubjectPublicKeyInfo (RFC 8410 §4).
fn ed25519_spki(public: &str) -> Vec<u8> {
    [bytes("302a300506032b6570032100"), bytes(public)].concat()
}

fn verifies(
    answer: Answer,
    scheme: Scheme,
    spki: &[u8],
    message: Input<'_>,
    signature: &[u8],
) -> bool {
    only_unaltered(answer, signature, |signature| {
        verify(scheme, spki, message, signature).is_ok()
    })
}

/// Whether the signature is accepted and, altered in its last byte, refused.
fn only_unaltered(answer: Answer, signature: &[u8], accepts: impl Fn(&[u8]) -> bool) -> bool {
    let mut signature = signature.to_vec();
    answer.pass(&mut signature);
    let accepted = accepts(&signature);
    if let Some(byte) = signature.last_mut() {
        *byte ^= 1;
    }
    accepted && !accepts(&signature)
}
