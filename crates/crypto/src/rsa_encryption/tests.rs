use super::{
    EncryptError, OaepHash, RsaDecryptingKey, TooLong, oaep_encrypt, oaep_plaintext_bytes_max,
};
use crate::signature::{Curve, EcKeyPair, KeyRejected, RsaKeySize};
use crate::{Unauthentic, key_wrap};

const RSA_KEY: &[u8] = include_bytes!("../self_test/rsa_2048_test_key.pk8");
const HASHES: [OaepHash; 2] = [OaepHash::Sha1, OaepHash::Sha256];

fn test_key() -> RsaDecryptingKey {
    RsaDecryptingKey::from_pkcs8(RSA_KEY).expect("a key")
}

#[test]
fn plaintexts_are_limited_by_size_and_hash() {
    for (size, with_sha1, with_sha256) in [
        (RsaKeySize::Rsa2048, 214, 190),
        (RsaKeySize::Rsa3072, 342, 318),
        (RsaKeySize::Rsa4096, 470, 446),
    ] {
        assert_eq!(oaep_plaintext_bytes_max(size, OaepHash::Sha1), with_sha1);
        assert_eq!(
            oaep_plaintext_bytes_max(size, OaepHash::Sha256),
            with_sha256
        );
    }
}

/// Plaintexts of every kind of length survive; longer ones are refused by both ways to encrypt.
fn check(key: &RsaDecryptingKey, hash: OaepHash) {
    let longest = oaep_plaintext_bytes_max(key.size(), hash);
    for length in [0, 1, 32, longest] {
        let plaintext = vec![9; length];
        let by_pair = key.encrypt(hash, &plaintext).expect("it fits");
        let by_public = oaep_encrypt(&key.public_spki(), hash, &plaintext).expect("it fits");
        assert_ne!(by_pair, by_public);
        for ciphertext in [by_pair, by_public] {
            assert_eq!(ciphertext.len(), key.size().bytes());
            let opened = key.decrypt(hash, &ciphertext).expect("for this key");
            assert_eq!(opened.expose(), &plaintext);
        }
    }
    let too_long = vec![9; longest + 1];
    assert_eq!(key.encrypt(hash, &too_long), Err(TooLong));
    let outcome = oaep_encrypt(&key.public_spki(), hash, &too_long);
    assert_eq!(outcome, Err(EncryptError::TooLong));
}

#[test]
fn keys_of_every_size_encrypt_and_survive_pkcs8() {
    for size in [
        RsaKeySize::Rsa2048,
        RsaKeySize::Rsa3072,
        RsaKeySize::Rsa4096,
    ] {
        let key = RsaDecryptingKey::generate(size);
        let restored = RsaDecryptingKey::from_pkcs8(key.to_pkcs8().expose()).expect("a key");
        assert_eq!(restored.size(), size);
        assert_eq!(restored.public_spki(), key.public_spki());
        assert!(restored.to_pkcs8().matches(key.to_pkcs8().expose()));
        for hash in HASHES {
            check(&restored, hash);
        }
    }
}

#[test]
fn the_encoding_is_canonical() {
    assert!(test_key().to_pkcs8().matches(RSA_KEY));
}

#[test]
fn other_ciphertexts_are_refused() {
    let key = test_key();
    let refused = |hash, ciphertext: &[u8]| {
        assert_eq!(key.decrypt(hash, ciphertext).err(), Some(Unauthentic));
    };
    let ciphertext = key
        .encrypt(OaepHash::Sha256, b"plaintext")
        .expect("it fits");
    refused(OaepHash::Sha1, &ciphertext);
    refused(OaepHash::Sha256, &[]);
    refused(OaepHash::Sha256, &ciphertext[1..]);
    refused(OaepHash::Sha256, &[&[0], ciphertext.as_slice()].concat());
    // Larger than every modulus of this length.
    refused(OaepHash::Sha256, &[0xff; 256]);
    refused(OaepHash::Sha256, &[0; 256]);
    for index in (0..256).step_by(17) {
        let mut altered = ciphertext.clone();
        altered[index] ^= 1;
        refused(OaepHash::Sha256, &altered);
    }
}

#[test]
fn wrapped_keys_are_unwrapped() {
    let key = test_key();
    let secret = [5; 1217];
    for hash in HASHES {
        let kek = key.encrypt(hash, &[7; 32]).expect("it fits");
        let wrapped = key_wrap::wrap(&[7; 32], &secret).expect("it is not too long");
        let both = [kek.as_slice(), &wrapped].concat();
        let opened = key.unwrap_aes_wrapped(hash, &both).expect("for this key");
        assert_eq!(opened.expose(), &secret);
        for other in [
            b"".as_slice(),
            &kek,
            &both[..both.len() - 8],
            &both[1..],
            &[both.as_slice(), &[0; 8]].concat(),
        ] {
            let outcome = key.unwrap_aes_wrapped(hash, other);
            assert_eq!(outcome.err(), Some(Unauthentic));
        }
        let short_kek = key.encrypt(hash, &[7; 16]).expect("it fits");
        let outcome = key.unwrap_aes_wrapped(hash, &[short_kek, wrapped].concat());
        assert_eq!(outcome.err(), Some(Unauthentic));
    }
}

#[test]
fn other_private_keys_are_rejected() {
    let ecdsa = EcKeyPair::generate(Curve::P256).to_pkcs8();
    let mut inconsistent = RSA_KEY.to_vec();
    let middle = inconsistent.len() / 2;
    inconsistent[middle] ^= 1;
    for der in [
        b"".as_slice(),
        ecdsa.expose(),
        &test_key().public_spki(),
        &RSA_KEY[..600],
        &[RSA_KEY, &[0]].concat(),
        &inconsistent,
        EXPONENT_3,
        BITS_2560,
    ] {
        let outcome = RsaDecryptingKey::from_pkcs8(der);
        assert_eq!(outcome.err(), Some(KeyRejected));
    }
}

// Sound keys made with `openssl genpkey` 3 for this test.
const EXPONENT_3: &[u8] = include_bytes!("tests/rsa_2048_exponent_3.pk8");
const BITS_2560: &[u8] = include_bytes!("tests/rsa_2560.pk8");

#[test]
fn other_public_keys_are_rejected() {
    let spki = test_key().public_spki();
    let mut pss = spki.clone();
    // RFC 8017 appendix A.2: id-RSASSA-PSS ends in 10, rsaEncryption in 1.
    let end_of_oid = 4 + 2 + 2 + 8;
    assert_eq!(pss[end_of_oid], 1);
    pss[end_of_oid] = 10;
    for other in [
        b"".as_slice(),
        &EcKeyPair::generate(Curve::P256).public_spki(),
        RSA_KEY,
        &pss,
        &spki[..200],
        &[spki.as_slice(), &[0]].concat(),
    ] {
        let outcome = oaep_encrypt(other, OaepHash::Sha256, b"plaintext");
        assert_eq!(outcome, Err(EncryptError::InvalidPublicKey));
    }
}
