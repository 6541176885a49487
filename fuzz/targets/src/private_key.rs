//! PKCS#8 of every kind, as ImportKey gets it, and DER below it. A key that is taken is written as one that is taken again
//! and has the same public key.

use strongroom_crypto::der::{
    BIT_STRING, Reader, SEQUENCE, bit_string, read_one, sequence, whole_bytes,
};
use strongroom_crypto::ml_kem::MlKemKeyPair;
use strongroom_crypto::rsa_encryption::RsaDecryptingKey;
use strongroom_crypto::signature::{EcKeyPair, Ed25519KeyPair, RsaKeyPair};
use strongroom_crypto::sm2::Sm2KeyPair;

pub(crate) fn run(data: &[u8]) {
    check_der(data);
    check(
        data,
        EcKeyPair::from_pkcs8,
        EcKeyPair::to_pkcs8,
        EcKeyPair::public_spki,
    );
    check(
        data,
        Ed25519KeyPair::from_pkcs8,
        Ed25519KeyPair::to_pkcs8,
        Ed25519KeyPair::public_spki,
    );
    check(
        data,
        Sm2KeyPair::from_pkcs8,
        Sm2KeyPair::to_pkcs8,
        Sm2KeyPair::public_spki,
    );
    check(
        data,
        MlKemKeyPair::from_pkcs8,
        MlKemKeyPair::to_pkcs8,
        MlKemKeyPair::public_spki,
    );
    check(
        data,
        RsaKeyPair::from_pkcs8,
        RsaKeyPair::to_pkcs8,
        RsaKeyPair::public_spki,
    );
    check(
        data,
        RsaKeyPair::from_foreign_pkcs8,
        RsaKeyPair::to_pkcs8,
        RsaKeyPair::public_spki,
    );
    check(
        data,
        RsaDecryptingKey::from_pkcs8,
        RsaDecryptingKey::to_pkcs8,
        RsaDecryptingKey::public_spki,
    );
}

fn check<K, E>(
    data: &[u8],
    read: fn(&[u8]) -> Result<K, E>,
    write: fn(&K) -> strongroom_base::Secret<Vec<u8>>,
    public: fn(&K) -> Vec<u8>,
) {
    let Ok(key) = read(data) else { return };
    let Ok(again) = read(write(&key).expose()) else {
        panic!("a key is written as none")
    };
    assert_eq!(public(&again), public(&key));
}

fn check_der(data: &[u8]) {
    let mut reader = Reader::new(data);
    while let Ok(content) = reader.read(SEQUENCE) {
        assert!(content.len() < data.len());
    }
    let _end = reader.finish();
    if let Ok(content) = read_one(SEQUENCE, data) {
        assert_eq!(sequence(&[content]), data);
    }
    if let Ok(bytes) = read_one(BIT_STRING, data).and_then(whole_bytes) {
        assert_eq!(bit_string(bytes), data);
    }
}
