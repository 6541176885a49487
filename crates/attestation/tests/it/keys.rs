//! The recipient's public key.

use strongroom_attestation::{Rejected, verify};

use crate::forge::{
    Document, NOW, RSA_ALGORITHM, bytes, chain, der, modulus, rsa_key, rsa_spki, spki,
};

fn check(what: &str, key: &[u8], wanted: Result<(), Rejected>) {
    let document = Document::of(chain()).with("public_key", bytes(key));
    let verified = verify(&document.sign(chain()), &chain().roots(), NOW);
    assert_eq!(verified.map(|_| ()), wanted, "{what}");
}

fn refused(what: &str, key: &[u8]) {
    check(what, key, Err(Rejected::PublicKey));
}

#[test]
fn rsa_keys_of_2048_to_4096_bits_are_taken() {
    for bits in [2048, 2049, 3072, 4096] {
        check(&bits.to_string(), &rsa_spki(bits), Ok(()));
    }
    for bits in [1024, 2047, 4097] {
        refused(&bits.to_string(), &rsa_spki(bits));
    }
}

#[test]
fn a_key_that_a_library_made_is_taken() {
    let size = rcgen::RsaKeySize::_2048;
    let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size).unwrap();
    let key = rcgen::PublicKeyData::subject_public_key_info(&pair);
    check("generated", &key, Ok(()));
}

#[test]
fn other_keys_are_refused() {
    let number = modulus(2048);
    let key = rsa_key(&number, &[1, 0, 1]);
    refused("nothing but zero", &[0]);
    refused("no SubjectPublicKeyInfo around it", &key);
    refused("a certificate", &chain().leaf);
    let spki_of = |key: &[u8]| spki(&RSA_ALGORITHM, key);
    refused("a byte after", &[&spki_of(&key)[..], &[0]].concat());
    refused("a byte after the key", &spki_of(&[&key[..], &[0]].concat()));
    let three = der(0x30, &[&key[4..], &[2, 1, 1]].concat());
    refused("three integers", &spki_of(&three));
    let mut even = number.clone();
    *even.last_mut().unwrap() = 0xa4;
    refused("even modulus", &spki_of(&rsa_key(&even, &[1, 0, 1])));
    for exponent in [&[1][..], &[2], &[0], &[1, 0, 0], &[1, 0, 0, 0, 1]] {
        refused("exponent", &spki_of(&rsa_key(&number, exponent)));
    }
    check("3", &spki_of(&rsa_key(&number, &[3])), Ok(()));
    let negative = der(
        0x30,
        &[
            der(2, &[&[0x80], &number[1..]].concat()),
            der(2, &[1, 0, 1]),
        ]
        .concat(),
    );
    refused("negative modulus", &spki_of(&negative));
    let padded = der(
        0x30,
        &[der(2, &[&[0, 0], &number[..]].concat()), der(2, &[1, 0, 1])].concat(),
    );
    refused("padded modulus", &spki_of(&padded));
    let without_null = der(0x30, &RSA_ALGORITHM[2..13]);
    refused("no parameters", &spki(&without_null, &key));
    let pss = [&RSA_ALGORITHM[..12], &[0x0a, 0x05, 0x00]].concat();
    refused("RSASSA-PSS", &spki(&pss, &key));
    for position in 0..20 {
        let mut flipped = rsa_spki(2048);
        flipped[position] ^= 1;
        refused(&format!("byte {position}"), &flipped);
    }
}
