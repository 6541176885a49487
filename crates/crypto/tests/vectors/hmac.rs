use strongroom_crypto::Unauthentic;
use strongroom_crypto::hmac::{HmacHash, HmacKey, HmacSha256};

use crate::file::{Counts, Vectors};

/// A truncated tag is expected to be the beginning of ours; only whole tags verify.
fn check(hash: HmacHash, file: &str, valid: usize, invalid: usize) {
    let counts = Vectors::read(file).check(|group, test, valid| {
        let (message, expected) = (test.bytes("msg"), test.bytes("tag"));
        let key = HmacKey::new(hash, &test.bytes("key"));
        let tag = key.sign(&message);
        assert_eq!(tag.len(), hash.tag_bytes());
        assert_eq!(expected.len() * 8, group.number("tagSize"));
        assert_eq!(tag.starts_with(&expected), valid, "{file} {}", test.id());
        let whole = expected.len() == tag.len();
        let outcome = if valid && whole {
            Ok(())
        } else {
            Err(Unauthentic)
        };
        assert_eq!(
            key.verify(&message, &expected),
            outcome,
            "{file} {}",
            test.id()
        );
    });
    assert_eq!(counts, Counts { valid, invalid }, "{file}");
}

#[test]
fn hmac_holds_every_vector() {
    check(
        HmacHash::Sha224,
        "wycheproof/hmac_sha224_test.json",
        66,
        106,
    );
    check(
        HmacHash::Sha256,
        "wycheproof/hmac_sha256_test.json",
        66,
        108,
    );
    check(
        HmacHash::Sha384,
        "wycheproof/hmac_sha384_test.json",
        66,
        108,
    );
    check(
        HmacHash::Sha512,
        "wycheproof/hmac_sha512_test.json",
        66,
        108,
    );
}

#[test]
fn both_hmac_with_sha_256_agree() {
    let vectors = Vectors::read("wycheproof/hmac_sha256_test.json");
    for (_, test) in vectors.tests() {
        let (key, message) = (test.bytes("key"), test.bytes("msg"));
        let tag = HmacKey::new(HmacHash::Sha256, &key).sign(&message);
        assert_eq!(tag, HmacSha256::new(&key).sign(&[&message]));
    }
}
