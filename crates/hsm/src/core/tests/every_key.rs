//! Every spec with every usage it has, through the commands alone, checked with public keys.

use strongroom_crypto::digest::sha256;
use strongroom_crypto::ml_kem::MlKemKeyPair;
use strongroom_crypto::rsa_encryption::{OaepHash, RsaDecryptingKey, oaep_encrypt};
use strongroom_crypto::signature::{
    Curve, EcKeyPair, Ed25519KeyPair, Hash, Input, MlDsaLevel, RsaPadding, Scheme, verify,
};
use strongroom_crypto::sm2::{Sm2KeyPair, Sm2PublicKey};
use strongroom_hsm_api::scheme::{SignatureInput, SignatureScheme};

use super::*;

pub(super) const USAGES: [(Usage, &[Spec]); 6] = [
    (
        Usage::EncryptDecrypt,
        &[
            Spec::Symmetric,
            Spec::Rsa2048,
            Spec::Rsa3072,
            Spec::Rsa4096,
            Spec::Sm2,
        ],
    ),
    (
        Usage::SignVerify,
        &[
            Spec::Rsa2048,
            Spec::Rsa3072,
            Spec::Rsa4096,
            Spec::EccP256,
            Spec::EccP384,
            Spec::EccP521,
            Spec::EccSecp256k1,
            Spec::Sm2,
            Spec::Ed25519,
            Spec::MlDsa44,
            Spec::MlDsa65,
            Spec::MlDsa87,
        ],
    ),
    (
        Usage::GenerateVerifyMac,
        &[Spec::Hmac224, Spec::Hmac256, Spec::Hmac384, Spec::Hmac512],
    ),
    (
        Usage::KeyAgreement,
        &[Spec::EccP256, Spec::EccP384, Spec::EccP521, Spec::Sm2],
    ),
    (
        Usage::EncapsulateDecapsulate,
        &[Spec::MlKem512, Spec::MlKem768, Spec::MlKem1024],
    ),
    (Usage::SignAudit, &[Spec::Rsa2048, Spec::Ed25519]),
];

pub(super) fn generate(core: &Core, spec: Spec, usage: Usage) -> Vec<u8> {
    let attributes = attributes(spec, usage);
    call(core, &GenerateKey { attributes }).unwrap().token
}

pub(super) fn public(core: &Core, token: &[u8]) -> Vec<u8> {
    call(core, &GetPublicKey { token }).unwrap().der
}

#[test]
fn a_key_of_each_spec_has_the_usages_of_its_spec() {
    let (core, _) = open_core();
    for spec in Spec::ALL {
        for usage in Usage::ALL {
            let expected = USAGES
                .iter()
                .any(|(allowed, specs)| allowed == usage && specs.contains(spec));
            let mut attributes = attributes(*spec, *usage);
            if *usage == Usage::Unwrap {
                attributes.wrapping = Some(super::import::wrapping(WrappingScheme::OaepSha256));
            }
            // Large RSA keys take long to make.
            if expected && matches!(spec, Spec::Rsa3072 | Spec::Rsa4096) {
                continue;
            }
            let made = call(&core, &GenerateKey { attributes }).err();
            let refused = (!expected).then_some(Code::UsageRefused);
            assert_eq!(made, refused, "{spec:?} {usage:?}");
        }
    }
}

const MESSAGE: &[u8] = b"message";

fn check_signatures(core: &Core, spec: Spec, scheme: SignatureScheme, known: Option<Scheme>) {
    let token = generate(core, spec, Usage::SignVerify);
    let (token, public) = (token.as_slice(), public(core, &token));
    let sign = Sign {
        token,
        scheme,
        input: SignatureInput::Message,
        message: MESSAGE,
    };
    let signature = call(core, &sign).unwrap().signature;
    let verify_by_core = |message: &[u8]| {
        let command = Verify {
            token,
            scheme,
            input: SignatureInput::Message,
            message,
            signature: &signature,
        };
        call(core, &command).err()
    };
    assert_eq!(verify_by_core(MESSAGE), None, "{scheme:?}");
    assert_eq!(verify_by_core(b"massage"), Some(Code::SignatureRefused));
    match known {
        Some(known) => {
            let valid = |message| verify(known, &public, Input::Message(message), &signature);
            assert!(valid(MESSAGE).is_ok() && valid(b"massage").is_err());
        }
        None => {
            let public = Sm2PublicKey::from_spki(&public).unwrap();
            assert!(public.verify(MESSAGE, &signature).is_ok());
        }
    }
}

#[test]
fn every_signature_scheme_signs_and_verifies() {
    let (core, _) = open_core();
    let check = |spec, scheme, known| check_signatures(&core, spec, scheme, Some(known));
    for (scheme, padding, hash) in [
        (
            SignatureScheme::RsaPkcs1Sha256,
            RsaPadding::Pkcs1,
            Hash::Sha256,
        ),
        (
            SignatureScheme::RsaPkcs1Sha384,
            RsaPadding::Pkcs1,
            Hash::Sha384,
        ),
        (
            SignatureScheme::RsaPkcs1Sha512,
            RsaPadding::Pkcs1,
            Hash::Sha512,
        ),
        (SignatureScheme::RsaPssSha256, RsaPadding::Pss, Hash::Sha256),
        (SignatureScheme::RsaPssSha384, RsaPadding::Pss, Hash::Sha384),
        (SignatureScheme::RsaPssSha512, RsaPadding::Pss, Hash::Sha512),
    ] {
        check(Spec::Rsa2048, scheme, Scheme::Rsa(padding, hash));
    }
    for (spec, scheme, curve, hash) in [
        (
            Spec::EccP256,
            SignatureScheme::EcdsaSha256,
            Curve::P256,
            Hash::Sha256,
        ),
        (
            Spec::EccP384,
            SignatureScheme::EcdsaSha384,
            Curve::P384,
            Hash::Sha384,
        ),
        (
            Spec::EccP521,
            SignatureScheme::EcdsaSha512,
            Curve::P521,
            Hash::Sha512,
        ),
        (
            Spec::EccSecp256k1,
            SignatureScheme::EcdsaSha256,
            Curve::Secp256k1,
            Hash::Sha256,
        ),
    ] {
        check(spec, scheme, Scheme::Ecdsa(curve, hash));
    }
    check(Spec::Ed25519, SignatureScheme::Ed25519, Scheme::Ed25519);
    let prehashed = SignatureScheme::Ed25519Prehashed;
    check(Spec::Ed25519, prehashed, Scheme::Ed25519Ph);
    for (spec, level) in [
        (Spec::MlDsa44, MlDsaLevel::MlDsa44),
        (Spec::MlDsa65, MlDsaLevel::MlDsa65),
        (Spec::MlDsa87, MlDsaLevel::MlDsa87),
    ] {
        check(spec, SignatureScheme::MlDsa, Scheme::MlDsa(level));
    }
    check_signatures(&core, Spec::Sm2, SignatureScheme::Sm2, None);
}

#[test]
fn a_digest_is_signed_as_its_message_is() {
    let (core, _) = open_core();
    let digest = sha256(&[MESSAGE]);
    for (spec, scheme) in [
        (Spec::Rsa2048, SignatureScheme::RsaPkcs1Sha256),
        (Spec::Rsa2048, SignatureScheme::RsaPssSha256),
        (Spec::EccP256, SignatureScheme::EcdsaSha256),
        (Spec::EccSecp256k1, SignatureScheme::EcdsaSha256),
    ] {
        let token = generate(&core, spec, Usage::SignVerify);
        let by_digest = Sign {
            token: &token,
            scheme,
            input: SignatureInput::Digest,
            message: &digest,
        };
        let signature = call(&core, &by_digest).unwrap().signature;
        for (input, message) in [
            (SignatureInput::Message, MESSAGE),
            (SignatureInput::Digest, &digest),
        ] {
            let by_message = Verify {
                token: &token,
                scheme,
                input,
                message,
                signature: &signature,
            };
            assert!(call(&core, &by_message).is_ok(), "{scheme:?}");
        }
    }
}

#[test]
fn inputs_of_other_kinds_and_lengths_are_refused() {
    use SignatureInput::{Digest, ExternalMu, Message};
    let (core, _) = open_core();
    let (mu, short) = ([1; 64], [1; 31]);
    for (spec, scheme, input, message, expected) in [
        (
            Spec::EccP256,
            SignatureScheme::EcdsaSha256,
            Digest,
            &short[..],
            Some(Code::InputRefused),
        ),
        (
            Spec::EccP256,
            SignatureScheme::EcdsaSha256,
            ExternalMu,
            &mu,
            Some(Code::InputRefused),
        ),
        (
            Spec::Rsa2048,
            SignatureScheme::RsaPssSha512,
            Digest,
            &mu[..63],
            Some(Code::InputRefused),
        ),
        (
            Spec::Rsa2048,
            SignatureScheme::RsaPssSha512,
            Digest,
            &mu,
            None,
        ),
        (
            Spec::Ed25519,
            SignatureScheme::Ed25519,
            Digest,
            &mu,
            Some(Code::InputRefused),
        ),
        (
            Spec::Ed25519,
            SignatureScheme::Ed25519Prehashed,
            Digest,
            &mu,
            Some(Code::InputRefused),
        ),
        (
            Spec::Ed25519,
            SignatureScheme::Ed25519Prehashed,
            Message,
            &mu,
            None,
        ),
        (
            Spec::MlDsa44,
            SignatureScheme::MlDsa,
            ExternalMu,
            &mu[..63],
            Some(Code::InputRefused),
        ),
        (
            Spec::MlDsa44,
            SignatureScheme::MlDsa,
            Digest,
            &mu,
            Some(Code::InputRefused),
        ),
        (Spec::MlDsa44, SignatureScheme::MlDsa, ExternalMu, &mu, None),
        (
            Spec::Sm2,
            SignatureScheme::Sm2,
            Digest,
            &short,
            Some(Code::InputRefused),
        ),
        (Spec::Sm2, SignatureScheme::Sm2, Digest, &mu[..32], None),
        (
            Spec::Sm2,
            SignatureScheme::Sm2,
            Message,
            &[0; 4097],
            Some(Code::Malformed),
        ),
    ] {
        let token = generate(&core, spec, Usage::SignVerify);
        let sign = Sign {
            token: &token,
            scheme,
            input,
            message,
        };
        let made = call(&core, &sign);
        let signature = made
            .as_ref()
            .map_or(vec![0; 64], |made| made.signature.clone());
        assert_eq!(made.err(), expected, "{spec:?} {input:?}");
        let verify = Verify {
            token: &token,
            scheme,
            input,
            message,
            signature: &signature,
        };
        assert_eq!(call(&core, &verify).err(), expected, "{spec:?} {input:?}");
    }
}

#[test]
fn plaintexts_move_between_all_schemes() {
    let (core, _) = open_core();
    let keys = [
        (Spec::Symmetric, EncryptionScheme::Symmetric),
        (Spec::Rsa2048, EncryptionScheme::OaepSha1),
        (Spec::Rsa2048, EncryptionScheme::OaepSha256),
        (Spec::Sm2, EncryptionScheme::Sm2),
    ]
    .map(|(spec, scheme)| (generate(&core, spec, Usage::EncryptDecrypt), scheme));
    for (source, source_scheme) in &keys {
        let encrypt = Encrypt {
            token: source,
            scheme: *source_scheme,
            context: b"",
            plaintext: b"hello",
        };
        let ciphertext = call(&core, &encrypt).unwrap().ciphertext;
        for (destination, destination_scheme) in &keys {
            let re_encrypt = ReEncrypt {
                source,
                source_scheme: *source_scheme,
                source_context: b"",
                ciphertext: &ciphertext,
                destination,
                destination_scheme: *destination_scheme,
                destination_context: b"",
            };
            let moved = call(&core, &re_encrypt).unwrap().ciphertext;
            let mut decrypt = Decrypt {
                token: destination,
                scheme: *destination_scheme,
                context: b"",
                ciphertext: &moved,
                recipient: b"",
            };
            let plaintext = call(&core, &decrypt).unwrap().plaintext;
            assert!(plaintext.matches(b"hello"));
            decrypt.ciphertext = &moved[1..];
            assert_eq!(call(&core, &decrypt).err(), Some(Code::CiphertextRefused));
        }
    }
}

#[test]
fn others_encrypt_to_public_keys() {
    let (core, _) = open_core();
    let rsa = generate(&core, Spec::Rsa2048, Usage::EncryptDecrypt);
    let sm2 = generate(&core, Spec::Sm2, Usage::EncryptDecrypt);
    let spki = public(&core, &rsa);
    let by_hash = |hash| oaep_encrypt(&spki, hash, b"hello").unwrap();
    let by_sm2 = Sm2PublicKey::from_spki(&public(&core, &sm2)).unwrap();
    for (token, scheme, ciphertext) in [
        (&rsa, EncryptionScheme::OaepSha1, by_hash(OaepHash::Sha1)),
        (
            &rsa,
            EncryptionScheme::OaepSha256,
            by_hash(OaepHash::Sha256),
        ),
        (
            &sm2,
            EncryptionScheme::Sm2,
            by_sm2.encrypt(b"hello").unwrap(),
        ),
    ] {
        let decrypt = Decrypt {
            token,
            scheme,
            context: b"",
            ciphertext: &ciphertext,
            recipient: b"",
        };
        let plaintext = call(&core, &decrypt).unwrap().plaintext;
        assert!(plaintext.matches(b"hello"), "{scheme:?}");
    }
}

#[test]
fn asymmetric_encryption_has_a_longest_plaintext_and_no_context() {
    let (core, _) = open_core();
    for (spec, scheme, most) in [
        (Spec::Rsa2048, EncryptionScheme::OaepSha1, 214),
        (Spec::Rsa2048, EncryptionScheme::OaepSha256, 190),
        (Spec::Sm2, EncryptionScheme::Sm2, 1024),
    ] {
        let token = generate(&core, spec, Usage::EncryptDecrypt);
        let check = |length, context: &[u8], expected| {
            let plaintext = vec![7; length];
            let encrypt = Encrypt {
                token: &token,
                scheme,
                context,
                plaintext: &plaintext,
            };
            assert_eq!(call(&core, &encrypt).err(), expected, "{scheme:?} {length}");
        };
        check(most, b"", None);
        check(most + 1, b"", Some(Code::InputRefused));
        check(1, b"c", Some(Code::Malformed));
        check(4097, b"", Some(Code::Malformed));
    }
}

#[test]
fn codes_of_every_hash_are_whole_and_verified() {
    let (core, _) = open_core();
    for (spec, length) in [
        (Spec::Hmac224, 28),
        (Spec::Hmac256, 32),
        (Spec::Hmac384, 48),
        (Spec::Hmac512, 64),
    ] {
        let token = generate(&core, spec, Usage::GenerateVerifyMac);
        let generate = |message| {
            let command = GenerateMac {
                token: &token,
                message,
            };
            call(&core, &command)
        };
        let verify = |message, mac: &[u8]| {
            let command = VerifyMac {
                token: &token,
                message,
                mac,
            };
            call(&core, &command).err()
        };
        let mac = generate(MESSAGE).unwrap().mac;
        assert_eq!(mac.len(), length);
        assert_eq!(verify(MESSAGE, &mac), None);
        assert_eq!(verify(b"massage", &mac), Some(Code::MacRefused));
        assert_eq!(verify(MESSAGE, &mac[1..]), Some(Code::MacRefused));
        assert_eq!(generate(&[0; 4097]).err(), Some(Code::Malformed));
        assert_eq!(verify(&[0; 4097], &mac), Some(Code::Malformed));
    }
}

#[test]
fn both_sides_agree_on_every_curve() {
    let (core, _) = open_core();
    for (spec, length) in [
        (Spec::EccP256, 32),
        (Spec::EccP384, 48),
        (Spec::EccP521, 66),
        (Spec::Sm2, 32),
    ] {
        let pair = [(); 2].map(|()| generate(&core, spec, Usage::KeyAgreement));
        let derive = |token: &[u8], public: &[u8]| {
            let command = DeriveSharedSecret {
                token,
                public,
                recipient: b"",
            };
            call(&core, &command).map(|reply| reply.plaintext)
        };
        let one = derive(&pair[0], &public(&core, &pair[1])).unwrap();
        let other = derive(&pair[1], &public(&core, &pair[0])).unwrap();
        assert_eq!(one.expose().len(), length, "{spec:?}");
        assert!(one.matches(other.expose()));
        let elsewhere = EcKeyPair::generate(Curve::Secp256k1).public_spki();
        for bad in [&elsewhere[..], b"", b"no key"] {
            let refused = derive(&pair[0], bad).err();
            assert_eq!(refused, Some(Code::PublicKeyRefused), "{spec:?}");
        }
    }
}

#[test]
fn encapsulated_secrets_are_decapsulated() {
    let (core, _) = open_core();
    for spec in [Spec::MlKem512, Spec::MlKem768, Spec::MlKem1024] {
        let token = generate(&core, spec, Usage::EncapsulateDecapsulate);
        let made = call(&core, &Encapsulate { token: &token }).unwrap();
        let decapsulate = |ciphertext: &[u8]| {
            let command = Decapsulate {
                token: &token,
                ciphertext,
            };
            call(&core, &command).map(|reply| reply.plaintext)
        };
        let secret = decapsulate(&made.ciphertext).unwrap();
        assert!(made.secret.matches(secret.expose()), "{spec:?}");
        let mut altered = made.ciphertext.clone();
        altered[0] ^= 1;
        assert!(!made.secret.matches(decapsulate(&altered).unwrap().expose()));
        for bad in [&made.ciphertext[1..], b""] {
            assert_eq!(decapsulate(bad).err(), Some(Code::CiphertextRefused));
        }
    }
}

/// Whether the private half of a data key pair belongs to the public one, tried by using both.
fn belong_together(spec: Spec, private: &[u8], public: &[u8]) -> bool {
    match spec {
        Spec::Rsa2048 => {
            let pair = RsaDecryptingKey::from_pkcs8(private).unwrap();
            let sealed = oaep_encrypt(public, OaepHash::Sha256, MESSAGE).unwrap();
            let opened = pair.decrypt(OaepHash::Sha256, &sealed);
            opened.is_ok_and(|plaintext| plaintext.matches(MESSAGE))
        }
        Spec::Sm2 => {
            let pair = Sm2KeyPair::from_pkcs8(private).unwrap();
            let public = Sm2PublicKey::from_spki(public).unwrap();
            public.verify(MESSAGE, &pair.sign(MESSAGE)).is_ok()
        }
        Spec::Ed25519 => {
            let pair = Ed25519KeyPair::from_pkcs8(private).unwrap();
            let message = Input::Message(MESSAGE);
            verify(Scheme::Ed25519, public, message, &pair.sign(MESSAGE)).is_ok()
        }
        Spec::MlKem512 | Spec::MlKem768 | Spec::MlKem1024 => {
            MlKemKeyPair::from_pkcs8(private).unwrap().public_spki() == public
        }
        _ => {
            let pair = EcKeyPair::from_pkcs8(private).unwrap();
            let signature = pair.sign(Hash::Sha256, Input::Message(MESSAGE)).unwrap();
            let scheme = Scheme::Ecdsa(pair.curve(), Hash::Sha256);
            verify(scheme, public, Input::Message(MESSAGE), &signature).is_ok()
        }
    }
}

#[test]
fn data_key_pairs_are_pairs_and_sealed_under_the_key() {
    let (core, _) = open_core();
    let token = new_key(&core).token;
    for spec in Spec::ALL {
        if matches!(spec, Spec::Rsa3072 | Spec::Rsa4096) {
            continue;
        }
        let command = GenerateDataKeyPair {
            token: &token,
            context: b"c",
            spec: *spec,
            recipient: b"",
        };
        let without = GenerateDataKeyPairWithoutPlaintext {
            token: &token,
            context: b"c",
            spec: *spec,
        };
        let is_pair = matches!(
            spec,
            Spec::Rsa2048
                | Spec::EccP256
                | Spec::EccP384
                | Spec::EccP521
                | Spec::EccSecp256k1
                | Spec::Sm2
                | Spec::Ed25519
                | Spec::MlKem512
                | Spec::MlKem768
                | Spec::MlKem1024
        );
        if !is_pair {
            let refused = Some(Code::UsageRefused);
            assert_eq!(call(&core, &command).err(), refused, "{spec:?}");
            assert_eq!(call(&core, &without).err(), refused, "{spec:?}");
            continue;
        }
        let made = call(&core, &command).unwrap();
        let private = decrypt(&core, &token, b"c", &made.ciphertext).unwrap();
        assert!(made.plaintext.matches(&private));
        assert_eq!(made.ciphertext[..5], [1, 2, 3, 0, 0x78]);
        assert!(belong_together(*spec, &private, &made.public), "{spec:?}");
        let made = call(&core, &without).unwrap();
        let private = decrypt(&core, &token, b"c", &made.ciphertext).unwrap();
        assert!(belong_together(*spec, &private, &made.public), "{spec:?}");
    }
}

#[test]
fn keys_of_every_spec_stay_themselves_however_they_are_wrapped() {
    let (core, seal) = open_core();
    let later = reopened(&seal);
    for (usage, specs) in USAGES {
        for spec in specs {
            if matches!(spec, Spec::Rsa3072 | Spec::Rsa4096) {
                continue;
            }
            let token = generate(&core, *spec, usage);
            let replica = call(
                &core,
                &Replicate {
                    token: &token,
                    placement: b"eu-west-1",
                    state: State::Disabled,
                },
            );
            let replica = replica.unwrap().token;
            let header = TokenHeader::read(&replica).unwrap();
            let expected = Attributes {
                placement: b"eu-west-1",
                state: State::Disabled,
                ..attributes(*spec, usage)
            };
            assert_eq!(header.attributes, expected);
            let enable = SetState {
                token: &replica,
                state: State::Enabled,
            };
            let enabled = call(&later, &enable).unwrap().token;
            assert_eq!(
                material_of(&later, &token),
                material_of(&later, &enabled),
                "{spec:?}"
            );
        }
    }
}

/// What stands for the material: the public key, or a code, or a message that only it opens.
fn material_of(core: &Core, token: &[u8]) -> Vec<u8> {
    let header = TokenHeader::read(token).unwrap();
    match header.attributes.usage {
        Usage::GenerateVerifyMac => {
            let command = GenerateMac {
                token,
                message: MESSAGE,
            };
            call(core, &command).unwrap().mac
        }
        _ if header.attributes.spec == Spec::Symmetric => {
            // The header of a ciphertext names the material.
            encrypt(core, token, b"", MESSAGE)[5..37].to_vec()
        }
        _ => public(core, token),
    }
}

#[test]
fn a_replica_has_a_sound_placement_and_is_no_wrapping_key() {
    let (core, _) = open_core();
    let token = new_key(&core).token;
    let wrapping = super::import::new_wrapping_key(&core, Spec::Sm2, WrappingScheme::Sm2).token;
    let long = [b'x'; 65];
    for (token, placement, expected) in [
        (&token, &long[..64], None),
        (&token, &long[..], Some(Code::Malformed)),
        (&wrapping, b"eu-west-1", Some(Code::UsageRefused)),
    ] {
        let replicate = Replicate {
            token,
            placement,
            state: State::Enabled,
        };
        assert_eq!(call(&core, &replicate).err(), expected);
    }
}
