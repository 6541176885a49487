//! The self-tests of what hides or authenticates other than by AES-GCM and signatures.

use super::vectors::{self as known, array, bytes};
use super::{Answer, digest};
use crate::cms::aes_256_cbc;
use crate::hmac::{HmacHash, HmacKey};
use crate::key_wrap;
use crate::ml_kem::{MlKemKeyPair, MlKemSize};
use crate::rsa_encryption::{OaepHash, RsaDecryptingKey};

pub(super) fn hmac(answer: Answer, hash: HmacHash, expected: &str) -> bool {
    let tag = HmacKey::new(hash, known::HMAC_KEY).sign(known::HMAC_MESSAGE);
    answer.equals(tag, &bytes(expected))
}

pub(super) fn aes_cbc_encrypt(answer: Answer) -> bool {
    let (key, iv) = (array(known::CBC_KEY), array(known::CBC_IV));
    let ciphertext = aes_256_cbc(&key, &iv, &bytes(known::CBC_PLAINTEXT));
    answer.equals(ciphertext, &bytes(known::CBC_CIPHERTEXT))
}

pub(super) fn key_wrap(answer: Answer) -> bool {
    key_wrap::wrap(&array(known::KEK), &bytes(known::WRAPPED_PLAINTEXT))
        .is_ok_and(|wrapped| answer.equals(wrapped, &bytes(known::WRAPPED)))
}

fn unwrapped(wrapped: &[u8]) -> Option<Vec<u8>> {
    let plaintext = key_wrap::unwrap(&array(known::KEK), wrapped).ok()?;
    Some(plaintext.expose().clone())
}

pub(super) fn key_unwrap(answer: Answer) -> bool {
    unwrapped(&bytes(known::WRAPPED))
        .is_some_and(|plaintext| answer.equals(plaintext, &bytes(known::WRAPPED_PLAINTEXT)))
}

pub(super) fn key_unwrap_refuse(answer: Answer) -> bool {
    let mut altered = bytes(known::WRAPPED);
    Answer::Falsified.pass(&mut altered);
    // Falsifying the altered key restores it, so that it is not refused.
    answer.pass(&mut altered);
    unwrapped(&altered).is_none()
}

pub(super) fn rsa_oaep_encrypt(answer: Answer) -> bool {
    RsaDecryptingKey::from_pkcs8(known::RSA_KEY)
        .ok()
        .and_then(|key| key.encrypt(OaepHash::Sha256, known::SIGNED_MESSAGE).ok())
        .is_some_and(|ciphertext| {
            ciphertext != known::SIGNED_MESSAGE && rsa_oaep_decrypt(answer, &ciphertext)
        })
}

pub(super) fn rsa_oaep_decrypt(answer: Answer, ciphertext: &[u8]) -> bool {
    RsaDecryptingKey::from_pkcs8(known::RSA_KEY)
        .ok()
        .and_then(|key| key.decrypt(OaepHash::Sha256, ciphertext).ok())
        .is_some_and(|plaintext| answer.equals(plaintext.expose().clone(), known::SIGNED_MESSAGE))
}

fn ml_kem_pair() -> MlKemKeyPair {
    MlKemKeyPair::from_seed(MlKemSize::MlKem768, &array(known::ML_KEM_SEED))
}

pub(super) fn ml_kem_key_generation(answer: Answer) -> bool {
    let mut public = ml_kem_pair().public_spki();
    answer.pass(&mut public);
    digest::sha256(&[&public]) == array(known::ML_KEM_PUBLIC_SHA256)
}

pub(super) fn ml_kem_encapsulate(answer: Answer) -> bool {
    let pair = ml_kem_pair();
    let (shared, ciphertext) = pair.encapsulate();
    pair.decapsulate(&ciphertext)
        .is_ok_and(|opened| answer.equals(opened.expose().to_vec(), shared.expose()))
}

pub(super) fn ml_kem_decapsulate(answer: Answer) -> bool {
    decapsulates(answer, known::ML_KEM_CIPHERTEXT, known::ML_KEM_SHARED)
}

pub(super) fn ml_kem_reject(answer: Answer) -> bool {
    let mut altered = known::ML_KEM_CIPHERTEXT.to_vec();
    Answer::Falsified.pass(&mut altered);
    decapsulates(answer, &altered, known::ML_KEM_REJECTED)
}

fn decapsulates(answer: Answer, ciphertext: &[u8], expected: &str) -> bool {
    ml_kem_pair()
        .decapsulate(ciphertext)
        .is_ok_and(|shared| answer.equals(shared.expose().to_vec(), &bytes(expected)))
}
