//! Power-up self-tests: every algorithm against a known answer, before the process does anything else
//! (FIPS 140-3, ISO/IEC 19790 §7.10.2). They touch no key but the public test keys in this folder.

use std::num::NonZeroU8;
use std::sync::atomic::{AtomicUsize, Ordering};

use strongroom_base::{Random, Secret};

use crate::exchange::{Recipient, hkdf_sha256};
use crate::hmac::{HmacHash, HmacSha256};
use crate::kdf::{Argon2Block, Argon2Costs, Argon2Input, argon2id_of, counter_mode};
use crate::random::BackendRandom;
use crate::shamir::{self, Share};
use crate::signature::{Curve, RsaPadding};
use crate::{aead, digest};

mod sealing;
mod signatures;
mod vectors;

#[cfg(test)]
mod tests;

use vectors as known;
use vectors::{array, bytes};

/// One self-test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// SHA-256 of a known message.
    Sha256,
    /// HMAC-SHA-256 of a known message.
    HmacSha256,
    /// HMAC-SHA-384 of a known message.
    HmacSha384,
    /// HMAC-SHA-512 of a known message.
    HmacSha512,
    /// KBKDF in counter mode over more than one block.
    Kbkdf,
    /// HKDF-SHA-256.
    Hkdf,
    /// Argon2id at its lowest cost.
    Argon2id,
    /// AES-256-GCM makes the known ciphertext.
    AesGcmSeal,
    /// AES-256-GCM opens it again.
    AesGcmOpen,
    /// AES-256-GCM refuses an altered ciphertext.
    AesGcmRefuse,
    /// AES-256-CBC makes the known ciphertext.
    AesCbcEncrypt,
    /// AES-256 key wrap makes the known wrapped key.
    KeyWrap,
    /// AES-256 key wrap unwraps it again.
    KeyUnwrap,
    /// AES-256 key wrap refuses an altered wrapped key.
    KeyUnwrapRefuse,
    /// X25519 agrees on the known secret.
    X25519,
    /// A known sealed box opens.
    SealedBox,
    /// A known secret splits into the known shares.
    ShamirSplit,
    /// Known shares combine to the known secret.
    ShamirCombine,
    /// RSASSA-PKCS1-v1_5 makes the known signature.
    RsaPkcs1Sign,
    /// RSASSA-PKCS1-v1_5 accepts it.
    RsaPkcs1Verify,
    /// RSASSA-PSS makes a signature that it accepts.
    RsaPssSign,
    /// RSASSA-PSS accepts a known signature.
    RsaPssVerify,
    /// RSAES-OAEP makes a ciphertext that it decrypts.
    RsaOaepEncrypt,
    /// RSAES-OAEP decrypts a known ciphertext.
    RsaOaepDecrypt,
    /// ECDSA over P-256 makes a signature that it accepts, under a fresh key.
    EcdsaP256Sign,
    /// ECDSA over P-256 accepts a known signature.
    EcdsaP256Verify,
    /// ECDSA over P-384 makes a signature that it accepts, under a fresh key.
    EcdsaP384Sign,
    /// ECDSA over P-384 accepts a known signature.
    EcdsaP384Verify,
    /// ECDSA over P-521 makes a signature that it accepts, under a fresh key.
    EcdsaP521Sign,
    /// ECDSA over P-521 accepts a known signature.
    EcdsaP521Verify,
    /// ECDSA over secp256k1 makes a signature that it accepts, under a fresh key.
    EcdsaSecp256k1Sign,
    /// ECDSA over secp256k1 accepts a known signature.
    EcdsaSecp256k1Verify,
    /// ECDH on P-256 agrees on the known secret.
    Ecdh,
    /// Ed25519 makes the known signature.
    Ed25519Sign,
    /// Ed25519 accepts it.
    Ed25519Verify,
    /// Ed25519ph makes the known signature.
    Ed25519PhSign,
    /// Ed25519ph accepts it.
    Ed25519PhVerify,
    /// ML-DSA makes the known public keys of every parameter set from a known seed.
    MlDsaKeyPair,
    /// ML-DSA makes signatures that it accepts, with every parameter set.
    MlDsaSign,
    /// ML-DSA makes signatures over message representatives that it accepts.
    MlDsaMuSign,
    /// ML-DSA accepts a known signature.
    MlDsaVerify,
    /// ML-KEM-768 makes the known encapsulation key of a seed.
    MlKemKeyGeneration,
    /// ML-KEM-768 encapsulates a secret that it decapsulates.
    MlKemEncapsulate,
    /// ML-KEM-768 decapsulates a known ciphertext.
    MlKemDecapsulate,
    /// ML-KEM-768 gives the known other secret for an altered ciphertext.
    MlKemReject,
    /// SM2 accepts a known signature.
    Sm2Verify,
    /// Two draws of random bytes differ.
    Random,
}

impl Check {
    /// Every self-test, in the order in which they run.
    pub const ALL: [Self; 47] = [
        Self::Sha256,
        Self::HmacSha256,
        Self::HmacSha384,
        Self::HmacSha512,
        Self::Kbkdf,
        Self::Hkdf,
        Self::Argon2id,
        Self::AesGcmSeal,
        Self::AesGcmOpen,
        Self::AesGcmRefuse,
        Self::AesCbcEncrypt,
        Self::KeyWrap,
        Self::KeyUnwrap,
        Self::KeyUnwrapRefuse,
        Self::X25519,
        Self::SealedBox,
        Self::ShamirSplit,
        Self::ShamirCombine,
        Self::RsaPkcs1Sign,
        Self::RsaPkcs1Verify,
        Self::RsaPssSign,
        Self::RsaPssVerify,
        Self::RsaOaepEncrypt,
        Self::RsaOaepDecrypt,
        Self::EcdsaP256Sign,
        Self::EcdsaP256Verify,
        Self::EcdsaP384Sign,
        Self::EcdsaP384Verify,
        Self::EcdsaP521Sign,
        Self::EcdsaP521Verify,
        Self::EcdsaSecp256k1Sign,
        Self::EcdsaSecp256k1Verify,
        Self::Ecdh,
        Self::Ed25519Sign,
        Self::Ed25519Verify,
        Self::Ed25519PhSign,
        Self::Ed25519PhVerify,
        Self::MlDsaKeyPair,
        Self::MlDsaSign,
        Self::MlDsaMuSign,
        Self::MlDsaVerify,
        Self::MlKemKeyGeneration,
        Self::MlKemEncapsulate,
        Self::MlKemDecapsulate,
        Self::MlKemReject,
        Self::Sm2Verify,
        Self::Random,
    ];
}

/// The first self-test that failed. The process must not serve anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfTestFailure(pub Check);

/// Runs every self-test. Takes about 10 ms, but where it draws the first random bytes of the
/// process, their seeding from CPU jitter adds 30 to 60 ms.
///
/// # Errors
/// [`SelfTestFailure`] with the first one that failed.
pub fn run() -> Result<(), SelfTestFailure> {
    run_with_fault(None)
}

/// As [`run`], but falsifies the answer that `fault` checks: proves that the check can fail.
///
/// # Errors
/// [`SelfTestFailure`] with `fault`, unless an earlier check fails by itself.
pub fn run_with_fault(fault: Option<Check>) -> Result<(), SelfTestFailure> {
    for check in Check::ALL {
        let answer = if fault == Some(check) {
            Answer::Falsified
        } else {
            Answer::Kept
        };
        if !passes(check, answer) {
            return Err(SelfTestFailure(check));
        }
    }
    Ok(())
}

/// What becomes of an algorithm's answer before it is checked.
#[derive(Clone, Copy)]
enum Answer {
    Kept,
    Falsified,
}

impl Answer {
    /// Flips one bit of `bytes` when the answer is to be falsified.
    fn pass(self, bytes: &mut [u8]) {
        if let (Self::Falsified, Some(byte)) = (self, bytes.first_mut()) {
            *byte ^= 1;
        }
    }

    fn equals(self, mut actual: Vec<u8>, expected: &[u8]) -> bool {
        self.pass(&mut actual);
        actual == expected
    }
}

fn passes(check: Check, answer: Answer) -> bool {
    match check {
        Check::Sha256 => sha256(answer),
        Check::HmacSha256 => hmac_sha256(answer),
        Check::HmacSha384 => sealing::hmac(answer, HmacHash::Sha384, known::HMAC_SHA384_TAG),
        Check::HmacSha512 => sealing::hmac(answer, HmacHash::Sha512, known::HMAC_SHA512_TAG),
        Check::Kbkdf => kbkdf(answer),
        Check::Hkdf => hkdf(answer),
        Check::Argon2id => argon2id(answer),
        Check::AesGcmSeal => aes_gcm_seal(answer),
        Check::AesGcmOpen => aes_gcm_open(answer),
        Check::AesGcmRefuse => aes_gcm_refuse(answer),
        Check::AesCbcEncrypt => sealing::aes_cbc_encrypt(answer),
        Check::KeyWrap => sealing::key_wrap(answer),
        Check::KeyUnwrap => sealing::key_unwrap(answer),
        Check::KeyUnwrapRefuse => sealing::key_unwrap_refuse(answer),
        Check::X25519 => x25519(answer),
        Check::SealedBox => sealed_box(answer),
        Check::ShamirSplit => shamir_split(answer),
        Check::ShamirCombine => shamir_combine(answer),
        Check::RsaPkcs1Sign => signatures::rsa_pkcs1_sign(answer),
        Check::RsaPkcs1Verify => {
            signatures::rsa_verify(answer, RsaPadding::Pkcs1, known::RSA_PKCS1_SIGNATURE)
        }
        Check::RsaPssSign => signatures::rsa_pss_sign(answer),
        Check::RsaPssVerify => {
            signatures::rsa_verify(answer, RsaPadding::Pss, known::RSA_PSS_SIGNATURE)
        }
        Check::RsaOaepEncrypt => sealing::rsa_oaep_encrypt(answer),
        Check::RsaOaepDecrypt => sealing::rsa_oaep_decrypt(answer, known::RSA_OAEP_CIPHERTEXT),
        Check::EcdsaP256Sign => signatures::ecdsa_sign(answer, Curve::P256),
        Check::EcdsaP256Verify => signatures::ecdsa_verify(answer, Curve::P256),
        Check::EcdsaP384Sign => signatures::ecdsa_sign(answer, Curve::P384),
        Check::EcdsaP384Verify => signatures::ecdsa_verify(answer, Curve::P384),
        Check::EcdsaP521Sign => signatures::ecdsa_sign(answer, Curve::P521),
        Check::EcdsaP521Verify => signatures::ecdsa_verify(answer, Curve::P521),
        Check::EcdsaSecp256k1Sign => signatures::ecdsa_sign(answer, Curve::Secp256k1),
        Check::EcdsaSecp256k1Verify => signatures::ecdsa_verify(answer, Curve::Secp256k1),
        Check::Ecdh => signatures::ecdh(answer),
        Check::Ed25519Sign => signatures::ed25519_sign(answer),
        Check::Ed25519Verify => signatures::ed25519_verify(answer),
        Check::Ed25519PhSign => signatures::ed25519ph_sign(answer),
        Check::Ed25519PhVerify => signatures::ed25519ph_verify(answer),
        Check::MlDsaKeyPair => signatures::ml_dsa_key_pair(answer),
        Check::MlDsaSign => signatures::ml_dsa_sign(answer),
        Check::MlDsaMuSign => signatures::ml_dsa_mu_sign(answer),
        Check::MlDsaVerify => signatures::ml_dsa_verify(answer),
        Check::MlKemKeyGeneration => sealing::ml_kem_key_generation(answer),
        Check::MlKemEncapsulate => sealing::ml_kem_encapsulate(answer),
        Check::MlKemDecapsulate => sealing::ml_kem_decapsulate(answer),
        Check::MlKemReject => sealing::ml_kem_reject(answer),
        Check::Sm2Verify => signatures::sm2_verify(answer),
        Check::Random => random(answer),
    }
}

fn sha256(answer: Answer) -> bool {
    let digest = digest::sha256(&[known::SHA256_MESSAGE]);
    answer.equals(digest.to_vec(), &bytes(known::SHA256_DIGEST))
}

fn hmac_sha256(answer: Answer) -> bool {
    let tag = HmacSha256::new(known::HMAC_KEY).sign(&[known::HMAC_MESSAGE]);
    answer.equals(tag.to_vec(), &bytes(known::HMAC_TAG))
}

fn kbkdf(answer: Answer) -> bool {
    let expected = bytes(known::KBKDF_OUT);
    let mut out = vec![0; expected.len()];
    let key = HmacSha256::new(&bytes(known::KBKDF_KEY));
    counter_mode(&key, &bytes(known::KBKDF_FIXED), &mut out);
    answer.equals(out, &expected)
}

fn hkdf(answer: Answer) -> bool {
    let (salt, info) = (bytes(known::HKDF_SALT), bytes(known::HKDF_INFO));
    let out = hkdf_sha256(&salt, &known::HKDF_SECRET, &[&info]);
    answer.equals(out.expose().to_vec(), &bytes(known::HKDF_OUT))
}

fn argon2id(answer: Answer) -> bool {
    let input = Argon2Input {
        password: &[1; 32],
        salt: &[2; 16],
        secret: &[3; 8],
        associated: &[4; 12],
    };
    let costs = Argon2Costs {
        memory_kib: 32,
        iterations: 3,
        lanes: 4,
    };
    let mut memory = vec![Argon2Block::new(); 32];
    let mut out = vec![0; 32];
    argon2id_of(&input, costs, &mut memory, &mut out).is_ok()
        && answer.equals(out, &bytes(known::ARGON2ID_OUT))
}

fn aes_gcm_seal(answer: Answer) -> bool {
    let (key, nonce) = (array(known::GCM_KEY), array(known::GCM_NONCE));
    let mut sealed = Vec::new();
    let plaintext = bytes(known::GCM_PLAINTEXT);
    aead::seal(
        &key,
        &nonce,
        &bytes(known::GCM_AAD),
        &plaintext,
        &mut sealed,
    );
    answer.equals(sealed, &bytes(known::GCM_SEALED))
}

fn gcm_open(sealed: &[u8]) -> Option<Vec<u8>> {
    let (key, nonce) = (array(known::GCM_KEY), array(known::GCM_NONCE));
    let opened = aead::open(&key, &nonce, &bytes(known::GCM_AAD), sealed).ok()?;
    Some(opened.expose().clone())
}

fn aes_gcm_open(answer: Answer) -> bool {
    gcm_open(&bytes(known::GCM_SEALED))
        .is_some_and(|opened| answer.equals(opened, &bytes(known::GCM_PLAINTEXT)))
}

fn aes_gcm_refuse(answer: Answer) -> bool {
    let mut altered = bytes(known::GCM_SEALED);
    Answer::Falsified.pass(&mut altered);
    // Falsifying the altered ciphertext restores it, so that it is not refused.
    answer.pass(&mut altered);
    gcm_open(&altered).is_none()
}

fn x25519(answer: Answer) -> bool {
    let shared = Recipient::from_private(&array(known::X25519_PRIVATE))
        .agree(&array(known::X25519_PEER_PUBLIC));
    shared.is_ok_and(|shared| answer.equals(shared.expose().to_vec(), &bytes(known::X25519_SHARED)))
}

fn sealed_box(answer: Answer) -> bool {
    Recipient::from_private(&array(known::X25519_PRIVATE))
        .open(known::BOX_PURPOSE, &bytes(known::BOX_SEALED))
        .is_ok_and(|opened| answer.equals(opened.expose().clone(), known::BOX_PLAINTEXT))
}

/// Gives the known coefficients, one byte value for each draw.
struct KnownCoefficients(AtomicUsize);

impl Random for KnownCoefficients {
    fn fill(&self, out: &mut [u8]) {
        let draw = self.0.fetch_add(1, Ordering::Relaxed);
        let value = known::SHAMIR_COEFFICIENTS.get(draw);
        out.fill(value.copied().unwrap_or(0));
    }
}

fn shamir_split(answer: Answer) -> bool {
    let coefficients = KnownCoefficients(AtomicUsize::new(0));
    let shares = shamir::split(&array(known::SHAMIR_SECRET), 3, 5, &coefficients);
    let values: Option<Vec<u8>> = shares.ok().map(|shares| {
        let chosen = shares
            .iter()
            .filter(|share| known::SHAMIR_XS.contains(&share.x.get()));
        chosen.flat_map(|share| *share.y.expose()).collect()
    });
    values.is_some_and(|values| answer.equals(values, &bytes(known::SHAMIR_SHARES)))
}

fn shamir_combine(answer: Answer) -> bool {
    let values = bytes(known::SHAMIR_SHARES);
    let xs = known::SHAMIR_XS.into_iter().filter_map(NonZeroU8::new);
    let shares: Vec<Share> = xs
        .zip(values.chunks_exact(shamir::SECRET_BYTES))
        .filter_map(|(x, y)| {
            Some(Share {
                x,
                y: Secret::from_slice(y)?,
            })
        })
        .collect();
    shamir::combine(3, &shares)
        .is_ok_and(|secret| answer.equals(secret.expose().to_vec(), &bytes(known::SHAMIR_SECRET)))
}

fn random(answer: Answer) -> bool {
    let (mut first, mut second) = ([0; 32], [0; 32]);
    BackendRandom.fill(&mut first);
    BackendRandom.fill(&mut second);
    if let Answer::Falsified = answer {
        second = first;
    }
    first != second && first != [0; 32] && second != [0; 32]
}
