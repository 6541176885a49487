//! Material from outside, wrapped here as a caller wraps it.

use strongroom_crypto::key_wrap;
use strongroom_crypto::ml_kem::{MlKemKeyPair, MlKemSize};
use strongroom_crypto::rsa_encryption::{OaepHash, oaep_encrypt};
use strongroom_crypto::signature::{Curve, EcKeyPair, Ed25519KeyPair, RsaKeyPair, RsaKeySize};
use strongroom_crypto::sm2::{Sm2KeyPair, Sm2PublicKey};
use strongroom_hsm_api::key::{MaterialId, Wrapping};

use super::*;

/// A minute past the frozen clock.
const NOT_AFTER: u64 = 1_795_348_860_000;

pub(super) fn wrapping(scheme: WrappingScheme) -> Wrapping {
    Wrapping {
        scheme,
        not_after: NOT_AFTER,
    }
}

fn wrapping_attributes(spec: Spec, scheme: WrappingScheme) -> Attributes<'static> {
    Attributes {
        wrapping: Some(wrapping(scheme)),
        ..attributes(spec, Usage::Unwrap)
    }
}

pub(super) fn new_wrapping_key(core: &Core, spec: Spec, scheme: WrappingScheme) -> NewWrappingKey {
    let attributes = wrapping_attributes(spec, scheme);
    call(core, &GenerateWrappingKey { attributes }).unwrap()
}

fn imported(spec: Spec, usage: Usage) -> Attributes<'static> {
    Attributes {
        origin: Origin::Imported,
        ..attributes(spec, usage)
    }
}

fn wrap(scheme: WrappingScheme, public: &[u8], material: &[u8]) -> Vec<u8> {
    let oaep = |hash, plaintext: &[u8]| oaep_encrypt(public, hash, plaintext).unwrap();
    let kek = [0x5c; 32];
    match scheme {
        WrappingScheme::OaepSha1 => oaep(OaepHash::Sha1, material),
        WrappingScheme::OaepSha256 => oaep(OaepHash::Sha256, material),
        WrappingScheme::AesSha1 => [
            oaep(OaepHash::Sha1, &kek),
            key_wrap::wrap(&kek, material).unwrap(),
        ]
        .concat(),
        WrappingScheme::AesSha256 => [
            oaep(OaepHash::Sha256, &kek),
            key_wrap::wrap(&kek, material).unwrap(),
        ]
        .concat(),
        WrappingScheme::Sm2 => {
            let public = Sm2PublicKey::from_spki(public).unwrap();
            public.encrypt(material).unwrap()
        }
    }
}

fn import(
    core: &Core,
    wrapping: &[u8],
    wrapped: &[u8],
    attributes: Attributes<'_>,
) -> Result<NewKey, Code> {
    let command = ImportKey {
        wrapping,
        wrapped,
        attributes,
    };
    call(core, &command)
}

fn id(spec: Spec, material: &[u8]) -> MaterialId {
    let identity = attributes(Spec::Sm2, Usage::Unwrap).identity;
    crate::core::material::material_id(spec, material, identity)
}

/// What HMAC-SHA-256 takes for the same key: a long one, and its hash with zeros behind it.
#[test]
fn hmac_keys_that_a_hash_would_take_for_one_have_identifiers_of_their_own() {
    let long = [7; 100];
    let mut hashed = strongroom_crypto::digest::sha256(&[&long]).to_vec();
    hashed.extend([0; 16]);
    assert_ne!(id(Spec::Hmac384, &long), id(Spec::Hmac384, &hashed));
}

#[test]
fn an_hmac_key_has_no_mac_that_is_its_identifier() {
    let (core, _) = open_core();
    let material = [9; 32];
    let (spec, usage) = (Spec::Hmac256, Usage::GenerateVerifyMac);
    let wrapping = new_wrapping_key(&core, Spec::Rsa2048, WrappingScheme::OaepSha256);
    let wrapped = wrap(WrappingScheme::OaepSha256, &wrapping.public, &material);
    let made = import(&core, &wrapping.token, &wrapped, imported(spec, usage)).unwrap();
    let identity = imported(spec, usage).identity;
    let message = [
        &[0, 0, 0, 1],
        b"strongroom material id v1".as_slice(),
        &[0],
        identity,
        &[0, 0, 1, 0],
    ]
    .concat();
    let verify = VerifyMac {
        token: &made.token,
        message: &message,
        mac: &made.material_id,
    };
    assert_eq!(call(&core, &verify).err(), Some(Code::MacRefused));
}

#[test]
fn an_rsa_key_with_a_factor_that_is_no_prime_does_not_come_in() {
    let (core, _) = open_core();
    let wrapping = new_wrapping_key(&core, Spec::Rsa2048, WrappingScheme::AesSha256);
    let false_key = include_bytes!("../../../../crypto/src/signature/tests/rsa_small_factor.pk8");
    let wrapped = wrap(WrappingScheme::AesSha256, &wrapping.public, false_key);
    for usage in [Usage::SignVerify, Usage::EncryptDecrypt] {
        let attributes = imported(Spec::Rsa2048, usage);
        let refused = import(&core, &wrapping.token, &wrapped, attributes);
        assert_eq!(refused.err(), Some(Code::MaterialRefused));
    }
}

/// Material of every kind that comes in: spec, usage, what is wrapped, and what the token then holds.
fn materials() -> Vec<(Spec, Usage, Vec<u8>, Vec<u8>)> {
    let ec = |curve| EcKeyPair::generate(curve).to_pkcs8().expose().clone();
    let rsa = RsaKeyPair::generate(RsaKeySize::Rsa2048);
    let rsa = rsa.to_pkcs8().expose().clone();
    let kem = MlKemKeyPair::generate(MlKemSize::MlKem768);
    let same = [
        (Spec::Symmetric, Usage::EncryptDecrypt, vec![1; 32]),
        (Spec::Hmac224, Usage::GenerateVerifyMac, vec![2; 28]),
        (Spec::Hmac256, Usage::GenerateVerifyMac, vec![3; 64]),
        (Spec::Hmac384, Usage::GenerateVerifyMac, vec![4; 128]),
        (Spec::Hmac512, Usage::GenerateVerifyMac, vec![5; 64]),
        (Spec::Rsa2048, Usage::SignVerify, rsa.clone()),
        (Spec::Rsa2048, Usage::EncryptDecrypt, rsa),
        (Spec::EccP256, Usage::SignVerify, ec(Curve::P256)),
        (Spec::EccP384, Usage::KeyAgreement, ec(Curve::P384)),
        (Spec::EccP521, Usage::SignVerify, ec(Curve::P521)),
        (Spec::EccSecp256k1, Usage::SignVerify, ec(Curve::Secp256k1)),
        (
            Spec::Ed25519,
            Usage::SignVerify,
            Ed25519KeyPair::generate().to_pkcs8().expose().clone(),
        ),
        (
            Spec::Sm2,
            Usage::EncryptDecrypt,
            Sm2KeyPair::generate().to_pkcs8().expose().clone(),
        ),
    ];
    let mut all: Vec<_> = same
        .into_iter()
        .map(|(spec, usage, bytes)| (spec, usage, bytes.clone(), bytes))
        .collect();
    all.push((
        Spec::MlKem768,
        Usage::EncapsulateDecapsulate,
        kem.to_pkcs8().expose().clone(),
        kem.to_seed().expose().to_vec(),
    ));
    all
}

#[test]
fn every_scheme_brings_in_every_spec_it_has_room_for() {
    let (core, _) = open_core();
    let materials = materials();
    for scheme in WrappingScheme::ALL {
        let (spec, room) = match scheme {
            WrappingScheme::OaepSha1 => (Spec::Rsa2048, 214),
            WrappingScheme::OaepSha256 => (Spec::Rsa2048, 190),
            WrappingScheme::AesSha1 | WrappingScheme::AesSha256 => (Spec::Rsa2048, usize::MAX),
            WrappingScheme::Sm2 => (Spec::Sm2, 1024),
        };
        let wrapping = new_wrapping_key(&core, spec, *scheme);
        for (spec, usage, material, held) in &materials {
            if material.len() > room {
                continue;
            }
            let wrapped = wrap(*scheme, &wrapping.public, material);
            let attributes = imported(*spec, *usage);
            let made = import(&core, &wrapping.token, &wrapped, attributes.clone()).unwrap();
            assert_eq!(made.material_id, id(*spec, held), "{scheme:?} {spec:?}");
            let header = TokenHeader::read(&made.token).unwrap();
            assert_eq!(header.attributes, attributes);
            // It is loaded: only a key that holds together tells its public half.
            let public = call(&core, &GetPublicKey { token: &made.token }).err();
            let is_secret = matches!(usage, Usage::GenerateVerifyMac) || *spec == Spec::Symmetric;
            assert_eq!(public, is_secret.then_some(Code::UsageRefused));
        }
    }
}

#[test]
fn equal_keys_have_equal_identifiers_however_they_were_encoded() {
    let (core, _) = open_core();
    let wrapping = new_wrapping_key(&core, Spec::Rsa2048, WrappingScheme::AesSha256);
    let der = EcKeyPair::generate(Curve::P256).to_pkcs8();
    // RFC 5915 §3: an ECPrivateKey without the public key, which may be left out.
    let scalar = &der.expose()[36..68];
    let bare = [
        strongroom_base::hex::decode(
            "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420",
        )
        .unwrap(),
        scalar.to_vec(),
    ]
    .concat();
    let id_of = |material: &[u8]| {
        let wrapped = wrap(WrappingScheme::AesSha256, &wrapping.public, material);
        let attributes = imported(Spec::EccP256, Usage::SignVerify);
        import(&core, &wrapping.token, &wrapped, attributes)
            .unwrap()
            .material_id
    };
    assert_eq!(id_of(der.expose()), id_of(&bare));
}

#[test]
fn whatever_is_wrong_with_the_material_gives_one_answer() {
    let (core, _) = open_core();
    let scheme = WrappingScheme::AesSha256;
    let wrapping = new_wrapping_key(&core, Spec::Rsa2048, scheme);
    let refused = |what: &str, wrapped: &[u8], spec, usage| {
        let answer = import(&core, &wrapping.token, wrapped, imported(spec, usage)).err();
        assert_eq!(answer, Some(Code::MaterialRefused), "{what}");
    };
    let wrong_length = |spec, usage, lengths: [usize; 2]| {
        for length in lengths {
            let wrapped = wrap(scheme, &wrapping.public, &vec![1; length]);
            refused("length", &wrapped, spec, usage);
        }
    };
    wrong_length(Spec::Symmetric, Usage::EncryptDecrypt, [31, 33]);
    let mac = Usage::GenerateVerifyMac;
    wrong_length(Spec::Hmac224, mac, [27, 65]);
    wrong_length(Spec::Hmac256, mac, [31, 65]);
    wrong_length(Spec::Hmac384, mac, [47, 129]);
    wrong_length(Spec::Hmac512, mac, [63, 129]);

    let good = wrap(scheme, &wrapping.public, &[1; 32]);
    for at in [0, 255, 256, good.len() - 1] {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        let (spec, usage) = (Spec::Symmetric, Usage::EncryptDecrypt);
        refused("flipped", &flipped, spec, usage);
        refused("cut", &good[..at], spec, usage);
    }
    let by_other = wrap(WrappingScheme::OaepSha256, &wrapping.public, &[1; 32]);
    refused("scheme", &by_other, Spec::Symmetric, Usage::EncryptDecrypt);

    for (spec, usage, material, _) in materials() {
        let wrapped = wrap(scheme, &wrapping.public, &material);
        for (other, other_usage) in [
            (Spec::Rsa3072, Usage::SignVerify),
            (Spec::MlKem512, Usage::EncapsulateDecapsulate),
        ] {
            refused("other spec", &wrapped, other, other_usage);
        }
        if !matches!(usage, Usage::GenerateVerifyMac) && spec != Spec::Symmetric {
            let mut longer = material.clone();
            longer.push(0);
            let wrapped = wrap(scheme, &wrapping.public, &longer);
            refused("trailing byte", &wrapped, spec, usage);
            let wrapped = wrap(scheme, &wrapping.public, &material[..material.len() - 1]);
            refused("cut key", &wrapped, spec, usage);
        }
    }
    let p256 = EcKeyPair::generate(Curve::P256).to_pkcs8();
    let wrapped = wrap(scheme, &wrapping.public, p256.expose());
    refused("curve", &wrapped, Spec::EccSecp256k1, Usage::SignVerify);
    refused("curve", &wrapped, Spec::Sm2, Usage::SignVerify);
}

#[test]
fn a_wrapping_key_serves_one_key_in_one_place_for_its_time() {
    let (core, _) = open_core();
    let scheme = WrappingScheme::Sm2;
    let bound = wrapping_attributes(Spec::Sm2, scheme);
    let check = |bound: Attributes<'_>, attributes: Attributes<'_>, expected| {
        let command = GenerateWrappingKey { attributes: bound };
        let wrapping = call(&core, &command).unwrap();
        let wrapped = wrap(scheme, &wrapping.public, &[1; 32]);
        let answer = import(&core, &wrapping.token, &wrapped, attributes).err();
        assert_eq!(answer, expected);
    };
    let key = imported(Spec::Symmetric, Usage::EncryptDecrypt);
    check(bound.clone(), key.clone(), None);
    for (identity, placement) in [
        (&b"000000000000/key-2"[..], bound.placement),
        (bound.identity, b"eu-west-1"),
    ] {
        let other = Attributes {
            identity,
            placement,
            ..key.clone()
        };
        check(bound.clone(), other, Some(Code::TokenRefused));
    }
    let until = |not_after| Attributes {
        wrapping: Some(Wrapping { scheme, not_after }),
        ..bound.clone()
    };
    check(until(1_795_348_800_000), key.clone(), None);
    check(
        until(1_795_348_799_999),
        key.clone(),
        Some(Code::WrappingKeyExpired),
    );
    let disabled = Attributes {
        state: State::Disabled,
        ..bound.clone()
    };
    check(disabled, key, Some(Code::KeyStateRefused));
}

#[test]
fn wrapping_keys_do_nothing_else_and_nothing_else_wraps() {
    let (core, _) = open_core();
    let wrapping = new_wrapping_key(&core, Spec::Rsa2048, WrappingScheme::OaepSha256).token;
    let decrypt = Decrypt {
        token: &wrapping,
        scheme: EncryptionScheme::OaepSha256,
        context: b"",
        ciphertext: &[0; 256],
        recipient: b"",
    };
    assert_eq!(call(&core, &decrypt).err(), Some(Code::UsageRefused));
    let key = imported(Spec::Symmetric, Usage::EncryptDecrypt);
    let rsa = super::every_key::generate(&core, Spec::Rsa2048, Usage::EncryptDecrypt);
    for token in [&rsa[..], b"", b"no token", &wrapping[..wrapping.len() - 1]] {
        let answer = import(&core, token, &[0; 256], key.clone()).err();
        assert_eq!(answer, Some(Code::TokenRefused));
    }
    let sign = Usage::SignVerify;
    for (attributes, expected) in [
        (imported(Spec::MlDsa44, sign), Code::UsageRefused),
        (
            imported(Spec::EccP256, Usage::EncryptDecrypt),
            Code::UsageRefused,
        ),
        (
            imported(Spec::SigningSecret, Usage::DeriveSigningKey),
            Code::UsageRefused,
        ),
        (
            Attributes {
                origin: Origin::Imported,
                ..wrapping_attributes(Spec::Sm2, WrappingScheme::Sm2)
            },
            Code::UsageRefused,
        ),
        (attributes(Spec::EccP256, sign), Code::Malformed),
        (
            Attributes {
                owner: 1,
                ..imported(Spec::EccP256, sign)
            },
            Code::NotOwner,
        ),
    ] {
        let answer = import(&core, &wrapping, &[0; 256], attributes).err();
        assert_eq!(answer, Some(expected));
    }
}

#[test]
fn wrapping_keys_have_specs_that_fit_their_scheme() {
    let (core, _) = open_core();
    for spec in Spec::ALL {
        for scheme in WrappingScheme::ALL {
            let fits = match scheme {
                WrappingScheme::Sm2 => *spec == Spec::Sm2,
                _ => matches!(spec, Spec::Rsa2048 | Spec::Rsa3072 | Spec::Rsa4096),
            };
            if fits {
                continue;
            }
            let attributes = wrapping_attributes(*spec, *scheme);
            let made = call(&core, &GenerateWrappingKey { attributes }).err();
            assert_eq!(made, Some(Code::UsageRefused), "{spec:?} {scheme:?}");
        }
    }
    for (attributes, expected) in [
        (
            attributes(Spec::Rsa2048, Usage::EncryptDecrypt),
            Code::UsageRefused,
        ),
        (
            Attributes {
                origin: Origin::Imported,
                ..wrapping_attributes(Spec::Sm2, WrappingScheme::Sm2)
            },
            Code::Malformed,
        ),
    ] {
        let made = call(&core, &GenerateWrappingKey { attributes }).err();
        assert_eq!(made, Some(expected));
    }
}
