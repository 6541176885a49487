use super::{
    EcdsaP256KeyPair, Hash, KeyRejected, RsaKeyPair, RsaKeySize, RsaPadding, Scheme, verify,
};
use crate::Unauthentic;
use crate::test_vectors::bytes;

const RSA_KEY: &[u8] = include_bytes!("../self_test/rsa_2048_test_key.pk8");
const RSA_SCHEMES: [(RsaPadding, Hash); 6] = [
    (RsaPadding::Pkcs1, Hash::Sha256),
    (RsaPadding::Pkcs1, Hash::Sha384),
    (RsaPadding::Pkcs1, Hash::Sha512),
    (RsaPadding::Pss, Hash::Sha256),
    (RsaPadding::Pss, Hash::Sha384),
    (RsaPadding::Pss, Hash::Sha512),
];

/// Verifies as it is, and neither altered nor under `other`.
fn check(scheme: Scheme, spki: &[u8], signature: &[u8], other: Scheme) {
    let refused = Err(Unauthentic);
    assert_eq!(verify(scheme, spki, b"message", signature), Ok(()));
    assert_eq!(verify(scheme, spki, b"massage", signature), refused);
    assert_eq!(verify(scheme, spki, b"message", &signature[1..]), refused);
    assert_eq!(verify(scheme, spki, b"message", b""), refused);
    assert_eq!(verify(scheme, b"", b"message", signature), refused);
    assert_eq!(verify(other, spki, b"message", signature), refused);
    for index in 0..signature.len() {
        let mut altered = signature.to_vec();
        altered[index] ^= 0x10;
        assert_eq!(verify(scheme, spki, b"message", &altered), refused);
    }
}

#[test]
fn rsa_signs_under_every_scheme_and_no_two_are_the_same() {
    let pair = RsaKeyPair::from_pkcs8(RSA_KEY).expect("a key");
    assert_eq!(pair.size(), RsaKeySize::Rsa2048);
    let others = RSA_SCHEMES.iter().cycle().skip(1);
    for ((padding, hash), other) in RSA_SCHEMES.into_iter().zip(others) {
        let signature = pair.sign(padding, hash, b"message");
        assert_eq!(signature.len(), 256);
        let scheme = Scheme::Rsa(padding, hash);
        check(
            scheme,
            &pair.public_spki(),
            &signature,
            Scheme::Rsa(other.0, other.1),
        );
    }
}

#[test]
fn rsa_keys_of_every_size_survive_pkcs8() {
    for size in [
        RsaKeySize::Rsa2048,
        RsaKeySize::Rsa3072,
        RsaKeySize::Rsa4096,
    ] {
        let pair = RsaKeyPair::generate(size);
        let restored = RsaKeyPair::from_pkcs8(pair.to_pkcs8().expose()).expect("a key");
        assert_eq!(restored.size(), size);
        assert_eq!(restored.public_spki(), pair.public_spki());
        assert!(restored.to_pkcs8().matches(pair.to_pkcs8().expose()));
        let signature = restored.sign(RsaPadding::Pss, Hash::Sha256, b"message");
        assert_eq!(signature.len(), size.bytes());
        let scheme = Scheme::Rsa(RsaPadding::Pss, Hash::Sha256);
        let outcome = verify(scheme, &pair.public_spki(), b"message", &signature);
        assert_eq!(outcome, Ok(()));
    }
}

#[test]
fn ecdsa_signs_and_survives_pkcs8() {
    let pair = EcdsaP256KeyPair::generate();
    let restored = EcdsaP256KeyPair::from_pkcs8(pair.to_pkcs8().expose()).expect("a key");
    assert_eq!(restored.public_spki(), pair.public_spki());
    assert!(restored.to_pkcs8().matches(pair.to_pkcs8().expose()));
    let other = Scheme::Rsa(RsaPadding::Pkcs1, Hash::Sha256);
    let signature = restored.sign(b"message");
    check(
        Scheme::EcdsaP256Sha256,
        &pair.public_spki(),
        &signature,
        other,
    );
}

// RFC 6979 appendix A.2.5, with SHA-256.
#[test]
fn ecdsa_verifies_rfc_6979() {
    let spki = bytes(
        "3059301306072a8648ce3d020106082a8648ce3d030107034200
         0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6
         7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    );
    for (message, signature) in [
        (
            b"sample".as_slice(),
            "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716
             022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        ),
        (
            b"test",
            "3045022100f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367
             0220019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
        ),
    ] {
        let outcome = verify(Scheme::EcdsaP256Sha256, &spki, message, &bytes(signature));
        assert_eq!(outcome, Ok(()));
    }
}

#[test]
fn other_encodings_are_rejected() {
    let rsa = RsaKeyPair::from_pkcs8(RSA_KEY).expect("a key");
    let ecdsa = EcdsaP256KeyPair::generate();
    let ecdsa_der = ecdsa.to_pkcs8();
    for der in [
        b"".as_slice(),
        ecdsa_der.expose(),
        &RSA_KEY[1..],
        &RSA_KEY[..600],
        &rsa.public_spki(),
        &[RSA_KEY, &[0]].concat(),
    ] {
        assert_eq!(RsaKeyPair::from_pkcs8(der).err(), Some(KeyRejected));
    }
    for der in [
        b"".as_slice(),
        RSA_KEY,
        &ecdsa.public_spki(),
        &[ecdsa_der.expose().as_slice(), &[0]].concat(),
    ] {
        assert_eq!(EcdsaP256KeyPair::from_pkcs8(der).err(), Some(KeyRejected));
    }
}

#[test]
fn inconsistent_rsa_numbers_are_rejected() {
    let mut der = RSA_KEY.to_vec();
    let middle = der.len() / 2;
    der[middle] ^= 1;
    assert_eq!(RsaKeyPair::from_pkcs8(&der).err(), Some(KeyRejected));
}
