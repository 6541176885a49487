use super::{
    Curve, EcKeyPair, Ed25519KeyPair, Hash, Input, KeyRejected, MlDsaKeyPair, MlDsaLevel,
    NotSigned, RsaKeyPair, RsaKeySize, RsaPadding, Scheme, verify,
};
use crate::Unauthentic;
use crate::exchange::InvalidPublicKey;
use crate::test_vectors::{array, bytes};

const RSA_KEY: &[u8] = include_bytes!("../self_test/rsa_2048_test_key.pk8");
const HASHES: [Hash; 3] = [Hash::Sha256, Hash::Sha384, Hash::Sha512];
const PADDINGS: [RsaPadding; 2] = [RsaPadding::Pkcs1, RsaPadding::Pss];

fn rsa_key() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(RSA_KEY).expect("a key")
}

fn digest_of(hash: Hash, message: &[u8]) -> Vec<u8> {
    let algorithm = match hash {
        Hash::Sha256 => &aws_lc_rs::digest::SHA256,
        Hash::Sha384 => &aws_lc_rs::digest::SHA384,
        Hash::Sha512 => &aws_lc_rs::digest::SHA512,
    };
    aws_lc_rs::digest::digest(algorithm, message)
        .as_ref()
        .to_vec()
}

/// Verifies as it is, and neither altered nor under `other`.
fn check(scheme: Scheme, spki: &[u8], signature: &[u8], other: Scheme) {
    let refused = Err(Unauthentic);
    let message = Input::Message(b"message");
    assert_eq!(verify(scheme, spki, message, signature), Ok(()));
    let massage = Input::Message(b"massage");
    assert_eq!(verify(scheme, spki, massage, signature), refused);
    assert_eq!(verify(scheme, spki, message, &signature[1..]), refused);
    assert_eq!(verify(scheme, spki, message, b""), refused);
    assert_eq!(verify(scheme, b"", message, signature), refused);
    assert_eq!(verify(other, spki, message, signature), refused);
    let followed = [spki, &[0]].concat();
    assert_eq!(verify(scheme, &followed, message, signature), refused);
    let longer = [signature, &[0]].concat();
    assert_eq!(verify(scheme, spki, message, &longer), refused);
    for index in 0..signature.len() {
        let mut altered = signature.to_vec();
        altered[index] ^= 0x10;
        assert_eq!(verify(scheme, spki, message, &altered), refused);
    }
}

#[test]
fn rsa_signs_under_every_scheme_and_no_two_are_the_same() {
    let pair = rsa_key();
    assert_eq!(pair.size(), RsaKeySize::Rsa2048);
    let schemes = PADDINGS.map(|padding| HASHES.map(|hash| (padding, hash)));
    let others = schemes.iter().flatten().cycle().skip(1);
    for ((padding, hash), other) in schemes.into_iter().flatten().zip(others) {
        let signature = pair
            .sign(padding, hash, Input::Message(b"message"))
            .expect("signs");
        assert_eq!(signature.len(), 256);
        let other = Scheme::Rsa(other.0, other.1);
        check(
            Scheme::Rsa(padding, hash),
            &pair.public_spki(),
            &signature,
            other,
        );
    }
}

/// Signatures over a message and over its digest verify over either, and other lengths are rejected.
fn check_digests(
    hash: Hash,
    sign: impl Fn(Input<'_>) -> Result<Vec<u8>, NotSigned>,
    verify: impl Fn(Input<'_>, &[u8]) -> Result<(), Unauthentic>,
) {
    let digest = digest_of(hash, b"message");
    let (message, digested) = (Input::Message(b"message"), Input::Digest(&digest));
    for signature in [sign(message), sign(digested)].map(|signed| signed.expect("signs")) {
        assert_eq!(verify(message, &signature), Ok(()));
        assert_eq!(verify(digested, &signature), Ok(()));
        let other = digest_of(hash, b"massage");
        assert_eq!(verify(Input::Digest(&other), &signature), Err(Unauthentic));
        let short = Input::Digest(&digest[1..]);
        assert_eq!(verify(short, &signature), Err(Unauthentic));
    }
    for length in (0..=65).filter(|length| *length != hash.bytes()) {
        assert_eq!(sign(Input::Digest(&vec![1; length])), Err(NotSigned::Input));
    }
}

#[test]
fn rsa_signs_digests() {
    let pair = rsa_key();
    let spki = pair.public_spki();
    for (padding, hash) in PADDINGS
        .iter()
        .flat_map(|padding| HASHES.map(|hash| (*padding, hash)))
    {
        let sign = |input: Input<'_>| pair.sign(padding, hash, input);
        check_digests(hash, sign, |input, signature| {
            pair.verify(padding, hash, input, signature)
        });
        let scheme = Scheme::Rsa(padding, hash);
        check_digests(hash, sign, |input, signature| {
            verify(scheme, &spki, input, signature)
        });
    }
}

// The test key with the lesser prime first, with d mod (p − 1)(q − 1), and with both, written by Python.
#[test]
fn equal_rsa_keys_have_equal_encodings() {
    for der in [
        RSA_KEY,
        include_bytes!("tests/rsa_primes_swapped.pk8"),
        include_bytes!("tests/rsa_greater_d.pk8"),
        include_bytes!("tests/rsa_primes_swapped_greater_d.pk8"),
    ] {
        let pair = RsaKeyPair::from_pkcs8(der).expect("a key");
        assert!(pair.to_pkcs8().matches(RSA_KEY));
    }
}

#[test]
fn rsa_exponents_but_65537_are_rejected() {
    let der = include_bytes!("tests/rsa_exponent_3.pk8");
    assert!(crate::ffi::pkey::PKey::from_pkcs8(der).is_ok());
    assert_eq!(RsaKeyPair::from_pkcs8(der).err(), Some(KeyRejected));
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
        let message = Input::Message(b"message");
        let signature = restored
            .sign(RsaPadding::Pss, Hash::Sha256, message)
            .expect("signs");
        assert_eq!(signature.len(), size.bytes());
        let scheme = Scheme::Rsa(RsaPadding::Pss, Hash::Sha256);
        let outcome = verify(scheme, &pair.public_spki(), message, &signature);
        assert_eq!(outcome, Ok(()));
    }
}

#[test]
fn ecdsa_signs_on_every_curve_with_every_hash() {
    for (curve, longest) in Curve::ALL.into_iter().zip([72, 104, 139, 72]) {
        let pair = EcKeyPair::generate(curve);
        let restored = EcKeyPair::from_pkcs8(pair.to_pkcs8().expose()).expect("a key");
        assert_eq!(restored.curve(), curve);
        assert_eq!(restored.public_spki(), pair.public_spki());
        assert!(restored.to_pkcs8().matches(pair.to_pkcs8().expose()));
        for hash in HASHES {
            let sign = |input: Input<'_>| restored.sign(hash, input);
            check_digests(hash, sign, |input, signature| {
                pair.verify(hash, input, signature)
            });
            let signature = sign(Input::Message(b"message")).expect("signs");
            assert!(signature.len() <= longest);
            let scheme = Scheme::Ecdsa(curve, hash);
            let other = Scheme::Rsa(RsaPadding::Pkcs1, hash);
            check(scheme, &pair.public_spki(), &signature, other);
        }
    }
}

#[test]
fn a_signature_verifies_on_its_own_curve_only() {
    for curve in Curve::ALL {
        let pair = EcKeyPair::generate(curve);
        let message = Input::Message(b"message");
        let signature = pair.sign(Hash::Sha256, message).expect("signs");
        for other in Curve::ALL {
            let scheme = Scheme::Ecdsa(other, Hash::Sha256);
            let outcome = verify(scheme, &pair.public_spki(), message, &signature);
            assert_eq!(outcome.is_ok(), other == curve);
        }
    }
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
        let scheme = Scheme::Ecdsa(Curve::P256, Hash::Sha256);
        let outcome = verify(scheme, &spki, Input::Message(message), &bytes(signature));
        assert_eq!(outcome, Ok(()));
    }
}

/// An EC private key of P-256 in its possible encodings: all are one key.
#[test]
fn equal_ec_keys_have_equal_encodings() {
    const D: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
    const X: &str = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
    const Y: &str = "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
    const ALGORITHM: &str = "301306072a8648ce3d020106082a8648ce3d030107";
    const PARAMETERS: &str = "a00a06082a8648ce3d030107";
    let public = format!("a14403420004{X}{Y}");
    let compressed = format!("a124032200 03{X}");
    let canonical = bytes(&format!(
        "308187020100{ALGORITHM}046d306b0201010420{D}{public}"
    ));
    for der in [
        format!("3041020100{ALGORITHM}042730250201010420{D}"),
        format!("304d020100{ALGORITHM}043330310201010420{D}{PARAMETERS}"),
        format!("3067020100{ALGORITHM}044d304b0201010420{D}{compressed}"),
        format!("308193020100{ALGORITHM}047930770201010420{D}{PARAMETERS}{public}"),
        // With an attribute (RFC 5208 §5).
        format!("3050020100{ALGORITHM}042730250201010420{D}a00d300b0603550403310413026161"),
    ] {
        let pair = EcKeyPair::from_pkcs8(&bytes(&der)).unwrap_or_else(|_| panic!("{der}"));
        assert!(pair.to_pkcs8().matches(&canonical), "{der}");
        let spki = format!("3059{ALGORITHM}03420004{X}{Y}");
        assert_eq!(pair.public_spki(), bytes(&spki));
    }
}

#[test]
fn ecdh_agrees_on_every_curve() {
    for (curve, length) in Curve::ALL.into_iter().zip([32, 48, 66, 32]) {
        let (one, two) = (EcKeyPair::generate(curve), EcKeyPair::generate(curve));
        let shared = one.agree(&two.public_spki()).expect("a shared secret");
        assert_eq!(shared.expose().len(), length);
        let again = two.agree(&one.public_spki()).expect("a shared secret");
        assert!(again.matches(shared.expose()));
        for other in Curve::ALL.into_iter().filter(|other| *other != curve) {
            let other = EcKeyPair::generate(other).public_spki();
            assert_eq!(one.agree(&other).err(), Some(InvalidPublicKey));
        }
        let followed = [two.public_spki(), vec![0]].concat();
        assert_eq!(one.agree(&followed).err(), Some(InvalidPublicKey));
    }
}

// RFC 8032 §7.1, TEST 1 to TEST 3, and §7.3 with its prehash.
#[test]
fn ed25519_makes_the_signatures_of_rfc_8032() {
    for (seed, public, message, signature) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555
             fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ] {
        let pair = Ed25519KeyPair::from_seed(&array(seed));
        assert!(pair.public_spki().ends_with(&bytes(public)));
        let (message, signature) = (bytes(message), bytes(signature));
        assert_eq!(pair.sign(&message).as_slice(), signature);
        assert_eq!(pair.verify(&message, &signature), Ok(()));
        let outcome = pair.verify_prehashed(&message, &signature);
        assert_eq!(outcome, Err(Unauthentic));
    }
    let seed = "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42";
    let pair = Ed25519KeyPair::from_seed(&array(seed));
    let signature = bytes(
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41
         31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406",
    );
    assert_eq!(pair.sign_prehashed(b"abc").as_slice(), signature);
    assert_eq!(pair.verify_prehashed(b"abc", &signature), Ok(()));
    assert_eq!(pair.verify(b"abc", &signature), Err(Unauthentic));
}

#[test]
fn ed25519_signs_and_survives_pkcs8() {
    let pair = Ed25519KeyPair::generate();
    let restored = Ed25519KeyPair::from_pkcs8(pair.to_pkcs8().expose()).expect("a key");
    assert!(restored.to_pkcs8().matches(pair.to_pkcs8().expose()));
    let spki = pair.public_spki();
    let signature = restored.sign(b"message");
    check(Scheme::Ed25519, &spki, &signature, Scheme::Ed25519Ph);
    let signature = restored.sign_prehashed(b"message");
    check(Scheme::Ed25519Ph, &spki, &signature, Scheme::Ed25519);
    let digest = digest_of(Hash::Sha512, b"message");
    let outcome = verify(Scheme::Ed25519Ph, &spki, Input::Digest(&digest), &signature);
    assert_eq!(outcome, Err(Unauthentic));
}

// RFC 8410 §10.3: the key without and with its public key and an attribute.
#[test]
fn ed25519_keys_are_read_in_both_versions() {
    let first = bytes(
        "302e020100300506032b657004220420
         d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
    );
    let second = bytes(
        "3072020101300506032b657004220420
         d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842
         a01f301d060a2a864886f70d01090914310f0c0d437572646c6520436861697273
         81210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1",
    );
    for der in [&first, &second] {
        let pair = Ed25519KeyPair::from_pkcs8(der).expect("a key");
        assert!(pair.to_pkcs8().matches(&first));
    }
    let mut other_public = second.clone();
    *other_public.last_mut().expect("not empty") ^= 1;
    for der in [
        other_public,
        [first.as_slice(), &[0]].concat(),
        second[..114].to_vec(),
    ] {
        assert_eq!(Ed25519KeyPair::from_pkcs8(&der).err(), Some(KeyRejected));
    }
}

#[test]
fn ml_dsa_signs_hedged_with_every_parameter_set() {
    let others = MlDsaLevel::ALL.into_iter().cycle().skip(1);
    for (level, other) in MlDsaLevel::ALL.into_iter().zip(others) {
        let pair = MlDsaKeyPair::generate(level);
        let restored = MlDsaKeyPair::from_seed(level, pair.to_seed().expose());
        assert!(restored.to_seed().matches(pair.to_seed().expose()));
        assert_eq!(restored.level(), level);
        let (spki, signature) = (pair.public_spki(), restored.sign(b"message"));
        assert_eq!(restored.public_spki(), spki);
        assert_eq!(signature.len(), level.signature_bytes());
        assert_ne!(signature, restored.sign(b"message"));
        assert_eq!(pair.verify(b"message", &signature), Ok(()));
        assert_eq!(pair.verify(b"massage", &signature), Err(Unauthentic));
        let message = Input::Message(b"message");
        assert_eq!(
            verify(Scheme::MlDsa(level), &spki, message, &signature),
            Ok(())
        );
        let outcome = verify(Scheme::MlDsa(other), &spki, message, &signature);
        assert_eq!(outcome, Err(Unauthentic));
    }
}

#[test]
fn ml_dsa_signs_message_representatives() {
    for level in MlDsaLevel::ALL {
        let pair = MlDsaKeyPair::generate(level);
        let (mu, spki) = ([7; 64], pair.public_spki());
        let signature = pair.sign_mu(&mu);
        assert_ne!(signature, pair.sign_mu(&mu));
        assert_eq!(pair.verify_mu(&mu, &signature), Ok(()));
        assert_eq!(pair.verify_mu(&[8; 64], &signature), Err(Unauthentic));
        assert_eq!(pair.verify(&mu, &signature), Err(Unauthentic));
        let scheme = Scheme::MlDsa(level);
        let outcome = verify(scheme, &spki, Input::Digest(&mu), &signature);
        assert_eq!(outcome, Ok(()));
        let short = verify(scheme, &spki, Input::Digest(&mu[1..]), &signature);
        assert_eq!(short, Err(Unauthentic));
    }
}

#[test]
fn other_encodings_are_rejected() {
    let ec = EcKeyPair::generate(Curve::P256).to_pkcs8();
    let ed25519 = Ed25519KeyPair::generate().to_pkcs8();
    let (ec, ed25519) = (ec.expose().as_slice(), ed25519.expose().as_slice());
    let kinds = [RSA_KEY, ec, ed25519];
    for (kind, der) in kinds.into_iter().enumerate() {
        assert_eq!(RsaKeyPair::from_pkcs8(der).is_ok(), kind == 0);
        assert_eq!(EcKeyPair::from_pkcs8(der).is_ok(), kind == 1);
        assert_eq!(Ed25519KeyPair::from_pkcs8(der).is_ok(), kind == 2);
        for length in 0..der.len() {
            rejected_by_all(&der[..length]);
        }
        rejected_by_all(&der[1..]);
        rejected_by_all(&[der, &[0]].concat());
    }
    rejected_by_all(&rsa_key().public_spki());
}

fn rejected_by_all(der: &[u8]) {
    assert_eq!(RsaKeyPair::from_pkcs8(der).err(), Some(KeyRejected));
    assert_eq!(EcKeyPair::from_pkcs8(der).err(), Some(KeyRejected));
    assert_eq!(Ed25519KeyPair::from_pkcs8(der).err(), Some(KeyRejected));
}

#[test]
fn inconsistent_rsa_numbers_are_rejected() {
    // Past the modulus, whose every alteration is another number that may be the modulus of nothing.
    for index in (300..RSA_KEY.len()).step_by(37) {
        let mut der = RSA_KEY.to_vec();
        der[index] ^= 1;
        assert_eq!(
            RsaKeyPair::from_pkcs8(&der).err(),
            Some(KeyRejected),
            "{index}"
        );
    }
}

/// Keys whose numbers fit together, but one factor is no prime: p is the product of two primes of 512 bits,
/// and the product of 3 and a prime. What one makes, its public key refuses.
const FALSE_RSA_KEYS: [&[u8]; 2] = [
    include_bytes!("tests/rsa_composite_factor.pk8"),
    include_bytes!("tests/rsa_small_factor.pk8"),
];

#[test]
fn rsa_keys_with_a_factor_that_is_no_prime_sign_nothing_and_are_told_apart() {
    for der in FALSE_RSA_KEYS {
        let pair = RsaKeyPair::from_pkcs8(der).expect("numbers that fit together");
        for padding in PADDINGS {
            let signed = pair.sign(padding, Hash::Sha256, Input::Message(b"message"));
            assert_eq!(signed, Err(NotSigned::Key));
        }
        assert_eq!(RsaKeyPair::from_foreign_pkcs8(der).err(), Some(KeyRejected));
    }
    assert!(RsaKeyPair::from_foreign_pkcs8(RSA_KEY).is_ok());
}

#[test]
fn inconsistent_ec_numbers_are_rejected() {
    for curve in Curve::ALL {
        let der = EcKeyPair::generate(curve).to_pkcs8();
        let mut other = der.expose().clone();
        *other.last_mut().expect("not empty") ^= 1;
        assert_eq!(EcKeyPair::from_pkcs8(&other).err(), Some(KeyRejected));
        let mut other = der.expose().clone();
        let private = 42;
        other[private] ^= 1;
        assert_eq!(EcKeyPair::from_pkcs8(&other).err(), Some(KeyRejected));
    }
}

/// As much stack as a thread of the key process has, whose overflow ends the process.
const STACK_BYTES: usize = 256 << 10;

#[test]
fn the_longest_signatures_fit_a_small_stack_on_several_threads_at_once() {
    let ml_dsa = MlDsaKeyPair::generate(MlDsaLevel::MlDsa87);
    let rsa = rsa_key();
    let work = || {
        let pair = MlDsaKeyPair::from_seed(MlDsaLevel::MlDsa87, ml_dsa.to_seed().expose());
        assert_eq!(ml_dsa.verify_mu(&[7; 64], &pair.sign_mu(&[7; 64])), Ok(()));
        assert_eq!(ml_dsa.verify(b"message", &ml_dsa.sign(b"message")), Ok(()));
        let message = Input::Message(b"message");
        let signature = rsa
            .sign(RsaPadding::Pss, Hash::Sha512, message)
            .expect("signs");
        assert_eq!(
            rsa.verify(RsaPadding::Pss, Hash::Sha512, message, &signature),
            Ok(())
        );
    };
    std::thread::scope(|scope| {
        let start = || {
            std::thread::Builder::new()
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, work)
        };
        let threads: Vec<_> = (0..4).map(|_| start().expect("a thread")).collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
    });
}
