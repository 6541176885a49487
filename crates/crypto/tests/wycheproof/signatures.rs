//! RSA, ECDSA and Ed25519 verify what they should, and nothing else.

use serde_json::Value;
use strongroom_crypto::signature::{Curve, Hash, Input, RsaPadding, Scheme, verify};

use crate::files::{Wanted, bytes, each_test, wanted};

/// Every test of the file has the result that `wanted_of` says.
fn check(file: &str, scheme: Scheme, wanted_of: impl Fn(&Value, &Value) -> Wanted) {
    let tests = each_test(file, |group, test| {
        let (spki, message) = (bytes(group, "publicKeyDer"), bytes(test, "msg"));
        let outcome = verify(scheme, &spki, Input::Message(&message), &bytes(test, "sig"));
        match wanted_of(group, test) {
            Wanted::Valid => assert!(outcome.is_ok(), "{file}: {test}"),
            Wanted::Invalid => assert!(outcome.is_err(), "{file}: {test}"),
            Wanted::Acceptable => {}
        }
    });
    assert!(tests > 100, "{file}");
}

fn check_as_is(file: &str, scheme: Scheme) {
    check(file, scheme, |_, test| wanted(test));
}

#[test]
fn ecdsa() {
    for (file, curve, hash) in [
        (
            "ecdsa_secp256r1_sha256_test.json",
            Curve::P256,
            Hash::Sha256,
        ),
        (
            "ecdsa_secp384r1_sha384_test.json",
            Curve::P384,
            Hash::Sha384,
        ),
        (
            "ecdsa_secp521r1_sha512_test.json",
            Curve::P521,
            Hash::Sha512,
        ),
        (
            "ecdsa_secp256k1_sha256_test.json",
            Curve::Secp256k1,
            Hash::Sha256,
        ),
    ] {
        check_as_is(file, Scheme::Ecdsa(curve, hash));
    }
}

#[test]
fn ed25519() {
    check_as_is("ed25519_test.json", Scheme::Ed25519);
}

#[test]
fn rsa_pkcs1() {
    for (file, hash) in [
        ("rsa_signature_2048_sha256_test.json", Hash::Sha256),
        ("rsa_signature_2048_sha384_test.json", Hash::Sha384),
        ("rsa_signature_2048_sha512_test.json", Hash::Sha512),
        ("rsa_signature_3072_sha384_test.json", Hash::Sha384),
        ("rsa_signature_4096_sha512_test.json", Hash::Sha512),
    ] {
        check_as_is(file, Scheme::Rsa(RsaPadding::Pkcs1, hash));
    }
}

#[test]
fn rsa_pss() {
    for (file, hash) in [
        ("rsa_pss_2048_sha256_mgf1_32_test.json", Hash::Sha256),
        ("rsa_pss_2048_sha384_mgf1_48_test.json", Hash::Sha384),
        ("rsa_pss_3072_sha256_mgf1_32_test.json", Hash::Sha256),
        ("rsa_pss_4096_sha384_mgf1_48_test.json", Hash::Sha384),
        ("rsa_pss_4096_sha512_mgf1_64_test.json", Hash::Sha512),
    ] {
        check_as_is(file, Scheme::Rsa(RsaPadding::Pss, hash));
    }
}

/// A salt shorter than the hash is refused, whatever Wycheproof says for a scheme with such a salt.
#[test]
fn rsa_pss_without_a_salt() {
    let scheme = Scheme::Rsa(RsaPadding::Pss, Hash::Sha256);
    check(
        "rsa_pss_2048_sha256_mgf1_0_test.json",
        scheme,
        |group, test| {
            assert_eq!(group["sLen"], 0);
            match wanted(test) {
                Wanted::Valid => Wanted::Invalid,
                // Among them are signatures with a salt as long as the hash.
                _ => Wanted::Acceptable,
            }
        },
    );
}
