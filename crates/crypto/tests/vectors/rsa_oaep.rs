use strongroom_crypto::rsa_encryption::{
    OaepHash, RsaDecryptingKey, oaep_encrypt, oaep_plaintext_bytes_max,
};

use crate::file::{Counts, Fields, Vectors};

fn hash_of(group: Fields<'_>) -> OaepHash {
    assert_eq!(group.text("sha"), group.text("mgfSha"));
    match group.text("sha") {
        "SHA-1" => OaepHash::Sha1,
        "SHA-256" => OaepHash::Sha256,
        other => panic!("{other} is no hash here"),
    }
}

/// A valid ciphertext with a label must be refused, as the label here is always empty.
fn check(file: &str, valid: usize, labelled: usize, invalid: usize) {
    let mut seen_labelled = 0;
    let counts = Vectors::read(file).check(|group, test, valid| {
        let key = RsaDecryptingKey::from_pkcs8(&group.bytes("privateKeyPkcs8")).expect("a key");
        assert_eq!(key.size().bytes() * 8, group.number("keySize"));
        let hash = hash_of(group);
        let label_is_empty = test.text("label").is_empty();
        seen_labelled += usize::from(valid && !label_is_empty);
        let opened = key.decrypt(hash, &test.bytes("ct"));
        let opened = opened.ok().map(|opened| opened.expose().clone());
        let expected = (valid && label_is_empty).then(|| test.bytes("msg"));
        assert_eq!(opened, expected, "{file} {}", test.id());
        if valid {
            encrypts_again(&key, hash, &test.bytes("msg"));
        }
    });
    assert_eq!(counts, Counts { valid, invalid }, "{file}");
    assert_eq!(seen_labelled, labelled, "{file}");
}

fn encrypts_again(key: &RsaDecryptingKey, hash: OaepHash, message: &[u8]) {
    assert!(message.len() <= oaep_plaintext_bytes_max(key.size(), hash));
    let ciphertext = oaep_encrypt(&key.public_spki(), hash, message).expect("it fits");
    let opened = key
        .decrypt(hash, &ciphertext)
        .expect("it was made for this key");
    assert_eq!(opened.expose(), message);
}

#[test]
fn oaep_holds_every_vector() {
    check(
        "wycheproof/rsa_oaep_2048_sha1_mgf1sha1_test.json",
        17,
        7,
        19,
    );
    check(
        "wycheproof/rsa_oaep_2048_sha256_mgf1sha256_test.json",
        18,
        8,
        19,
    );
    check(
        "wycheproof/rsa_oaep_3072_sha256_mgf1sha256_test.json",
        18,
        8,
        19,
    );
    check(
        "wycheproof/rsa_oaep_4096_sha256_mgf1sha256_test.json",
        18,
        8,
        19,
    );
    check("wycheproof/rsa_oaep_misc_test.json", 18, 0, 0);
}
