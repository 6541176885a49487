//! ML-DSA makes the keys that it should of seeds, and verifies what it should.

use serde_json::Value;
use strongroom_crypto::signature::{Input, MlDsaKeyPair, MlDsaLevel, Scheme, verify};

use crate::files::{Wanted, bytes, each_test, field, wanted};

const LEVELS: [(MlDsaLevel, &str); 3] = [
    (MlDsaLevel::MlDsa44, "44"),
    (MlDsaLevel::MlDsa65, "65"),
    (MlDsaLevel::MlDsa87, "87"),
];

#[test]
fn verification() {
    for (level, name) in LEVELS {
        let file = format!("mldsa_{name}_verify_test.json");
        let tests = each_test(&file, |group, test| check_verification(level, group, test));
        assert!(tests > 15, "{file}");
    }
}

fn check_verification(level: MlDsaLevel, group: &Value, test: &Value) {
    let Some(spki) = field(group, "publicKeyDer") else {
        // Keys of another length have no encoding.
        assert_eq!(wanted(test), Wanted::Invalid, "{test}");
        return;
    };
    let message = bytes(test, "msg");
    let signature = bytes(test, "sig");
    let outcome = verify(
        Scheme::MlDsa(level),
        &spki,
        Input::Message(&message),
        &signature,
    );
    let good = wanted(test) == Wanted::Valid && has_no_context(test);
    assert_eq!(outcome.is_ok(), good, "{test}");
}

#[test]
fn keys_of_seeds_and_what_they_sign() {
    for (level, name) in LEVELS {
        let file = format!("mldsa_{name}_sign_seed_test.json");
        let tests = each_test(&file, |group, test| check_key(level, group, test));
        assert!(tests > 15, "{file}");
    }
}

fn check_key(level: MlDsaLevel, group: &Value, test: &Value) {
    let Ok(seed) = bytes(group, "privateSeed").try_into() else {
        assert_eq!(wanted(test), Wanted::Invalid, "{test}");
        return;
    };
    let pair = MlDsaKeyPair::from_seed(level, &seed);
    assert!(pair.public_spki().ends_with(&bytes(group, "publicKey")));
    if wanted(test) == Wanted::Valid {
        check_signed(&pair, test);
    }
}

/// Signatures are hedged, so that none is known: those of the test and of the pair both verify.
fn check_signed(pair: &MlDsaKeyPair, test: &Value) {
    let known = bytes(test, "sig");
    let mu = bytes(test, "mu").try_into().expect("64 bytes");
    assert!(pair.verify_mu(&mu, &known).is_ok(), "{test}");
    let signed = pair.sign_mu(&mu);
    assert!(pair.verify_mu(&mu, &signed).is_ok(), "{test}");
    let Some(message) = field(test, "msg") else {
        return;
    };
    let own = has_no_context(test);
    for signature in [known, signed] {
        assert_eq!(pair.verify(&message, &signature).is_ok(), own, "{test}");
    }
    let signed = pair.sign(&message);
    assert!(pair.verify(&message, &signed).is_ok(), "{test}");
    assert_eq!(pair.verify_mu(&mu, &signed).is_ok(), own, "{test}");
}

fn has_no_context(test: &Value) -> bool {
    field(test, "ctx").is_none_or(|context| context.is_empty())
}
