use strongroom_crypto::ml_kem::{MlKemKeyPair, MlKemSize};

use crate::file::{Counts, Fields, Vectors};

fn size_of(group: Fields<'_>) -> MlKemSize {
    match group.text("parameterSet") {
        "ML-KEM-512" => MlKemSize::MlKem512,
        "ML-KEM-768" => MlKemSize::MlKem768,
        "ML-KEM-1024" => MlKemSize::MlKem1024,
        other => panic!("{other} is no size here"),
    }
}

/// The encapsulation key of `seed` is `public`, and restoring the pair gives the same.
fn check_key_pair(size: MlKemSize, seed: &[u8], public: &[u8]) {
    let pair = MlKemKeyPair::from_seed(size, seed.try_into().expect("64 bytes"));
    assert!(pair.to_seed().matches(seed));
    assert!(pair.public_spki().ends_with(public));
    assert_eq!(public.len(), size.public_bytes());
    let restored = MlKemKeyPair::from_pkcs8(pair.to_pkcs8().expose()).expect("a key");
    assert_eq!(restored.public_spki(), pair.public_spki());
}

#[test]
fn wycheproof_seeds_have_their_key_pairs() {
    for size in ["512", "768", "1024"] {
        let vectors = Vectors::read(&format!("wycheproof/mlkem_{size}_keygen_seed_test.json"));
        let counts = vectors.check(|group, test, valid| {
            assert!(valid);
            check_key_pair(size_of(group), &test.bytes("seed"), &test.bytes("ek"));
        });
        let all = Counts {
            valid: 100,
            invalid: 0,
        };
        assert_eq!(counts, all, "{size}");
    }
}

#[test]
fn nist_seeds_have_their_key_pairs() {
    let vectors = Vectors::read("acvp/ml_kem_keygen.json");
    for (group, test) in vectors.tests() {
        let seed = [test.bytes("d"), test.bytes("z")].concat();
        check_key_pair(size_of(group), &seed, &test.bytes("ek"));
    }
    assert_eq!(vectors.tests().count(), 75);
}

/// Refused are only seeds and ciphertexts of a wrong length.
fn check_decapsulation(file: &str, valid: usize, invalid: usize) {
    let counts = Vectors::read(file).check(|group, test, valid| {
        let size = size_of(group);
        let (seed, ciphertext) = (test.bytes("seed"), test.bytes("c"));
        let Ok(seed) = <[u8; 64]>::try_from(seed) else {
            assert!(!valid);
            return;
        };
        let shared = MlKemKeyPair::from_seed(size, &seed).decapsulate(&ciphertext);
        let shared = shared.ok().map(|shared| shared.expose().to_vec());
        let expected = valid.then(|| test.bytes("K"));
        assert_eq!(shared, expected, "{file} {}", test.id());
        assert_eq!(ciphertext.len() == size.ciphertext_bytes(), valid);
    });
    assert_eq!(counts, Counts { valid, invalid }, "{file}");
}

#[test]
fn ciphertexts_have_their_shared_secrets() {
    check_decapsulation("wycheproof/mlkem_512_test.json", 153, 40);
    check_decapsulation("wycheproof/mlkem_768_test.json", 153, 40);
    check_decapsulation("wycheproof/mlkem_1024_test.json", 103, 40);
}
