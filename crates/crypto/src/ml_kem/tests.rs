use super::{MlKemKeyPair, MlKemSize, PKCS8_BYTES, SEED_BYTES};
use crate::Unauthentic;
use crate::digest::sha256;
use crate::signature::KeyRejected;
use crate::test_vectors::array;

fn counting_seed() -> [u8; SEED_BYTES] {
    std::array::from_fn(|index| u8::try_from(index).expect("small"))
}

/// The encodings of the key pair with [`counting_seed`].
fn check_encodings(size: MlKemSize, oid_end: u8, spki_bytes: usize, spki_sha256: &str) {
    let pair = MlKemKeyPair::from_seed(size, &counting_seed());
    let prefix = [
        0x30, 0x54, 2, 1, 0, 0x30, 0x0b, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 4, oid_end, 4,
        0x42, 0x80, 0x40,
    ];
    let expected = [prefix.as_slice(), &counting_seed()].concat();
    assert_eq!(expected.len(), PKCS8_BYTES);
    assert_eq!(pair.to_pkcs8().expose(), &expected);
    assert!(pair.to_seed().matches(&counting_seed()));
    let spki = pair.public_spki();
    assert_eq!(spki.len(), spki_bytes);
    assert_eq!(sha256(&[&spki]), array(spki_sha256));
    let restored = MlKemKeyPair::from_pkcs8(&expected).expect("a key");
    assert_eq!((restored.size(), restored.public_spki()), (size, spki));
}

// Those of 768 and 1024 come from the Python package cryptography 48 (OpenSSL 4). It has no 512, so that one is
// our own; the key in it is held to the vectors.
#[test]
fn encodings_are_those_of_openssl() {
    check_encodings(
        MlKemSize::MlKem512,
        1,
        822,
        "0e3c8b89b54202d2545f7aba2e2aaa3cffa7b6191919ad738fab35b4f313cf71",
    );
    check_encodings(
        MlKemSize::MlKem768,
        2,
        1206,
        "c23e23dd3d485a9256cda09358a4a286e00b373db10761eadf99f710649ca31c",
    );
    check_encodings(
        MlKemSize::MlKem1024,
        3,
        1590,
        "d2b7480ae006a14b37c1e8a8e45ea39022e32a9b1a7b90d594c84d869c6ac420",
    );
}

#[test]
fn shared_secrets_agree() {
    for size in MlKemSize::ALL {
        let pair = MlKemKeyPair::generate(size);
        let (shared, ciphertext) = pair.encapsulate();
        assert_eq!(ciphertext.len(), size.ciphertext_bytes());
        let opened = pair.decapsulate(&ciphertext).expect("the right length");
        assert!(opened.matches(shared.expose()));
        let (other, _) = pair.encapsulate();
        assert!(!other.matches(shared.expose()));
    }
}

#[test]
fn altered_ciphertexts_give_other_secrets_and_other_lengths_none() {
    for size in MlKemSize::ALL {
        let pair = MlKemKeyPair::generate(size);
        let (shared, mut ciphertext) = pair.encapsulate();
        ciphertext[7] ^= 1;
        let first = pair.decapsulate(&ciphertext).expect("the right length");
        let second = pair.decapsulate(&ciphertext).expect("the right length");
        assert!(!first.matches(shared.expose()));
        assert!(first.matches(second.expose()));
        let shorter = pair.decapsulate(&ciphertext[1..]);
        assert_eq!(shorter.err(), Some(Unauthentic));
        ciphertext.push(0);
        assert_eq!(pair.decapsulate(&ciphertext).err(), Some(Unauthentic));
        assert_eq!(pair.decapsulate(&[]).err(), Some(Unauthentic));
    }
}

#[test]
fn other_encodings_are_rejected() {
    let der = MlKemKeyPair::generate(MlKemSize::MlKem768).to_pkcs8();
    let der = der.expose().as_slice();
    for other in [b"".as_slice(), &der[1..], &der[..85], &[der, &[0]].concat()] {
        assert_eq!(MlKemKeyPair::from_pkcs8(other).err(), Some(KeyRejected));
    }
    for index in 0..22 {
        let mut altered = der.to_vec();
        altered[index] ^= 4;
        assert_eq!(MlKemKeyPair::from_pkcs8(&altered).err(), Some(KeyRejected));
    }
}
