//! ECDH agrees with good public keys and refuses bad ones.

use serde_json::Value;
use strongroom_base::hex;
use strongroom_crypto::exchange::InvalidPublicKey;
use strongroom_crypto::signature::EcKeyPair;

use crate::files::{Wanted, bytes, each_test, has_flag, wanted};

/// The beginning of a PrivateKeyInfo without a public key, up to the number, and the length of that.
const P256: (&str, usize) = (
    "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420",
    32,
);
const P384: (&str, usize) = (
    "304e020100301006072a8648ce3d020106052b81040022043730350201010430",
    48,
);
const P521: (&str, usize) = (
    "3060020100301006072a8648ce3d020106052b81040023044930470201010442",
    66,
);

fn check(file: &str, (prefix, length): (&str, usize)) {
    let tests = each_test(file, |_, test| {
        let pair = pair(prefix, length, &bytes(test, "private"));
        let shared = pair.agree(&bytes(test, "public"));
        let agrees = shared
            .as_ref()
            .is_ok_and(|shared| shared.matches(&bytes(test, "shared")));
        let refused = shared.err() == Some(InvalidPublicKey);
        match wanted(test) {
            Wanted::Valid => assert!(agrees, "{file}: {test}"),
            Wanted::Invalid => assert!(refused, "{file}: {test}"),
            Wanted::Acceptable => check_acceptable(test, agrees, refused),
        }
    });
    assert!(tests > 200, "{file}");
}

fn check_acceptable(test: &Value, agrees: bool, refused: bool) {
    if has_flag(test, "CompressedPoint") {
        assert!(agrees, "{test}");
    } else if has_flag(test, "UnnamedCurve") || has_flag(test, "InvalidAsn") {
        assert!(refused, "{test}");
    } else {
        assert!(agrees || refused, "{test}");
    }
}

fn pair(prefix: &str, length: usize, private: &[u8]) -> EcKeyPair {
    let zeros = private.iter().take_while(|byte| **byte == 0).count();
    let digits = &private[zeros..];
    let padding = vec![0; length - digits.len()];
    let prefix = hex::decode(prefix).expect("hexadecimal");
    let der = [prefix.as_slice(), &padding, digits].concat();
    EcKeyPair::from_pkcs8(&der).expect("a key")
}

#[test]
fn p256() {
    check("ecdh_secp256r1_test.json", P256);
}

#[test]
fn p384() {
    check("ecdh_secp384r1_test.json", P384);
}

#[test]
fn p521() {
    check("ecdh_secp521r1_test.json", P521);
}
