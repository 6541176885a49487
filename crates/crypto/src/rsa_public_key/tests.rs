use super::{fingerprint, pkcs1_of_spki, spki_of_pkcs1};
use crate::InvalidPublicKey;
use crate::der;
use crate::digest::sha256;
use crate::signature::{Curve, EcKeyPair, RsaKeyPair, RsaKeySize};
use crate::test_vectors::array;

const RSA_KEY: &[u8] = include_bytes!("../self_test/rsa_2048_test_key.pk8");

fn spki() -> Vec<u8> {
    RsaKeyPair::from_pkcs8(RSA_KEY).unwrap().public_spki()
}

/// `openssl rsa -inform DER -RSAPublicKey_out -outform DER`, then sha256sum and md5sum.
#[test]
fn encoding_and_fingerprint_are_those_of_openssl() {
    let spki = spki();
    let pkcs1 = pkcs1_of_spki(&spki).unwrap();
    let digest = "004e78bc3c457bd4d5b7433a8c374228c41e222e8585ea641f4bd2febbe0acb0";
    assert_eq!(sha256(&[pkcs1]), array(digest));
    assert_eq!(
        fingerprint(pkcs1),
        array("38d242f6e0c8f9d8a2c28319e7959686")
    );
}

/// RFC 1321 §A.5.
#[test]
fn fingerprints_are_md5() {
    for (message, expected) in [
        ("", "d41d8cd98f00b204e9800998ecf8427e"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        (
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a",
        ),
    ] {
        assert_eq!(fingerprint(message.as_bytes()), array(expected));
    }
}

#[test]
fn every_size_is_read() {
    for size in [RsaKeySize::Rsa2048, RsaKeySize::Rsa3072] {
        let spki = RsaKeyPair::generate(size).public_spki();
        let pkcs1 = pkcs1_of_spki(&spki).unwrap();
        assert!(der::read_one(der::SEQUENCE, pkcs1).is_ok() && spki.ends_with(pkcs1));
        assert_eq!(spki_of_pkcs1(pkcs1), spki);
    }
}

#[test]
fn nothing_but_a_whole_rsa_key_is_read() {
    let spki = spki();
    let refused = |der: &[u8]| pkcs1_of_spki(der) == Err(InvalidPublicKey);
    assert!(refused(&EcKeyPair::generate(Curve::P256).public_spki()));
    assert!(refused(&[spki.as_slice(), &[0]].concat()));
    for length in 0..spki.len() {
        assert!(refused(&spki[..length]), "{length}");
    }
    let pkcs1 = pkcs1_of_spki(&spki).unwrap();
    let wrap = spki_of_pkcs1;
    assert!(!refused(&wrap(pkcs1)));
    assert!(refused(&wrap(&[pkcs1, &[0]].concat())));
    assert!(refused(&wrap(&der::sequence(&[&[2, 1, 3]]))));
    let numbers = [[2, 1, 3]; 3];
    let numbers: Vec<&[u8]> = numbers.iter().map(<[u8; 3]>::as_slice).collect();
    assert!(refused(&wrap(&der::sequence(&numbers))));
}
