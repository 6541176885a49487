//! Every command that uses a key, with every kind of key in every state: what does not fit is refused.

use strongroom_hsm_api::scheme::{SignatureInput, SignatureScheme};

use super::every_key::{USAGES, generate};
use super::*;

type Use = (&'static str, Usage, Spec, fn(&Core, &[u8]) -> Option<Code>);

/// Every command that uses a key, with a spec that it fits.
const USES: &[Use] = &[
    (
        "Encrypt",
        Usage::EncryptDecrypt,
        Spec::Symmetric,
        |core, token| call(core, &encrypt_by(token, EncryptionScheme::Symmetric)).err(),
    ),
    (
        "Encrypt, OAEP",
        Usage::EncryptDecrypt,
        Spec::Rsa2048,
        |core, token| call(core, &encrypt_by(token, EncryptionScheme::OaepSha256)).err(),
    ),
    (
        "Encrypt, SM2",
        Usage::EncryptDecrypt,
        Spec::Sm2,
        |core, token| call(core, &encrypt_by(token, EncryptionScheme::Sm2)).err(),
    ),
    (
        "Decrypt",
        Usage::EncryptDecrypt,
        Spec::Symmetric,
        |core, token| call(core, &decrypt_by(token, EncryptionScheme::Symmetric)).err(),
    ),
    (
        "Decrypt, OAEP",
        Usage::EncryptDecrypt,
        Spec::Rsa2048,
        |core, token| call(core, &decrypt_by(token, EncryptionScheme::OaepSha1)).err(),
    ),
    (
        "ReEncrypt from",
        Usage::EncryptDecrypt,
        Spec::Symmetric,
        |core, token| {
            let good = new_key(core).token;
            call(core, &re_encrypt(token, &good)).err()
        },
    ),
    (
        "ReEncrypt to",
        Usage::EncryptDecrypt,
        Spec::Symmetric,
        |core, token| {
            let good = new_key(core).token;
            call(core, &re_encrypt(&good, token)).err()
        },
    ),
    (
        "GenerateDataKey",
        Usage::EncryptDecrypt,
        Spec::Symmetric,
        |core, token| {
            let command = GenerateDataKey {
                token,
                context: b"",
                length: 32,
                recipient: b"",
            };
            call(core, &command).err()
        },
    ),
    (
        "GenerateDataKeyWithoutPlaintext",
        Usage::EncryptDecrypt,
        Spec::Symmetric,
        |core, token| {
            let command = GenerateDataKeyWithoutPlaintext {
                token,
                context: b"",
                length: 32,
            };
            call(core, &command).err()
        },
    ),
    (
        "GenerateDataKeyPair",
        Usage::EncryptDecrypt,
        Spec::Symmetric,
        |core, token| {
            let command = GenerateDataKeyPair {
                token,
                context: b"",
                spec: Spec::EccP256,
                recipient: b"",
            };
            call(core, &command).err()
        },
    ),
    (
        "GenerateDataKeyPairWithoutPlaintext",
        Usage::EncryptDecrypt,
        Spec::Symmetric,
        |core, token| {
            let command = GenerateDataKeyPairWithoutPlaintext {
                token,
                context: b"",
                spec: Spec::EccP256,
            };
            call(core, &command).err()
        },
    ),
    (
        "Sign, RSA",
        Usage::SignVerify,
        Spec::Rsa2048,
        |core, token| call(core, &sign(token, SignatureScheme::RsaPssSha256)).err(),
    ),
    (
        "Sign, P-384",
        Usage::SignVerify,
        Spec::EccP384,
        |core, token| call(core, &sign(token, SignatureScheme::EcdsaSha384)).err(),
    ),
    (
        "Sign, P-521",
        Usage::SignVerify,
        Spec::EccP521,
        |core, token| call(core, &sign(token, SignatureScheme::EcdsaSha512)).err(),
    ),
    (
        "Sign, Ed25519",
        Usage::SignVerify,
        Spec::Ed25519,
        |core, token| call(core, &sign(token, SignatureScheme::Ed25519)).err(),
    ),
    ("Sign, SM2", Usage::SignVerify, Spec::Sm2, |core, token| {
        call(core, &sign(token, SignatureScheme::Sm2)).err()
    }),
    ("Verify", Usage::SignVerify, Spec::Ed25519, |core, token| {
        let command = Verify {
            token,
            scheme: SignatureScheme::Ed25519,
            input: SignatureInput::Message,
            message: b"m",
            signature: b"s",
        };
        call(core, &command).err()
    }),
    (
        "GenerateMac",
        Usage::GenerateVerifyMac,
        Spec::Hmac256,
        |core, token| {
            call(
                core,
                &GenerateMac {
                    token,
                    message: b"m",
                },
            )
            .err()
        },
    ),
    (
        "VerifyMac",
        Usage::GenerateVerifyMac,
        Spec::Hmac256,
        |core, token| {
            let command = VerifyMac {
                token,
                message: b"m",
                mac: b"c",
            };
            call(core, &command).err()
        },
    ),
    (
        "DeriveSharedSecret",
        Usage::KeyAgreement,
        Spec::EccP256,
        |core, token| {
            let command = DeriveSharedSecret {
                token,
                public: b"p",
                recipient: b"",
            };
            call(core, &command).err()
        },
    ),
    (
        "Encapsulate",
        Usage::EncapsulateDecapsulate,
        Spec::MlKem512,
        |core, token| call(core, &Encapsulate { token }).err(),
    ),
    (
        "Decapsulate",
        Usage::EncapsulateDecapsulate,
        Spec::MlKem512,
        |core, token| {
            let command = Decapsulate {
                token,
                ciphertext: b"c",
            };
            call(core, &command).err()
        },
    ),
    (
        "SignCheckpoint",
        Usage::SignAudit,
        Spec::Ed25519,
        |core, token| {
            let command = SignCheckpoint {
                token,
                writer: [1; 16],
                sequence: 1,
                link: [2; 32],
            };
            call(core, &command).err()
        },
    ),
    (
        "SignDigest",
        Usage::SignAudit,
        Spec::Rsa2048,
        |core, token| {
            let message = b"m";
            call(core, &SignDigest { token, message }).err()
        },
    ),
    (
        "DeriveSigningKey",
        Usage::DeriveSigningKey,
        Spec::SigningSecret,
        |core, token| {
            let command = DeriveSigningKey {
                token,
                prefix: b"AWS4",
                first: b"20261122",
                second: b"us-east-1",
                third: b"kms",
                fourth: b"aws4_request",
            };
            call(core, &command).err()
        },
    ),
];

fn encrypt_by(token: &[u8], scheme: EncryptionScheme) -> Encrypt<'_> {
    Encrypt {
        token,
        scheme,
        context: b"",
        plaintext: b"x",
    }
}

fn decrypt_by(token: &[u8], scheme: EncryptionScheme) -> Decrypt<'_> {
    Decrypt {
        token,
        scheme,
        context: b"",
        ciphertext: b"x",
        recipient: b"",
    }
}

fn re_encrypt<'a>(source: &'a [u8], destination: &'a [u8]) -> ReEncrypt<'a> {
    ReEncrypt {
        source,
        source_scheme: EncryptionScheme::Symmetric,
        source_context: b"",
        ciphertext: b"x",
        destination,
        destination_scheme: EncryptionScheme::Symmetric,
        destination_context: b"",
    }
}

fn sign(token: &[u8], scheme: SignatureScheme) -> Sign<'_> {
    Sign {
        token,
        scheme,
        input: SignatureInput::Message,
        message: b"m",
    }
}

/// A key of every spec and usage that is quickly made.
fn keys(core: &Core) -> Vec<(Spec, Usage, Vec<u8>)> {
    let mut keys: Vec<_> = USAGES
        .iter()
        .flat_map(|(usage, specs)| specs.iter().map(move |spec| (*spec, *usage)))
        .filter(|(spec, _)| !matches!(spec, Spec::Rsa3072 | Spec::Rsa4096))
        .map(|(spec, usage)| (spec, usage, generate(core, spec, usage)))
        .collect();
    let attributes = attributes(Spec::SigningSecret, Usage::DeriveSigningKey);
    let secret = call(core, &GenerateSecret { attributes }).unwrap().token;
    keys.push((Spec::SigningSecret, Usage::DeriveSigningKey, secret));
    let wrapping = super::import::new_wrapping_key(core, Spec::Sm2, WrappingScheme::Sm2).token;
    keys.push((Spec::Sm2, Usage::Unwrap, wrapping));
    keys
}

/// Specs that a command takes alike.
fn alike(one: Spec, other: Spec) -> bool {
    let class = |spec| match spec {
        Spec::Hmac224 | Spec::Hmac256 | Spec::Hmac384 | Spec::Hmac512 => Spec::Hmac256,
        Spec::MlKem512 | Spec::MlKem768 | Spec::MlKem1024 => Spec::MlKem512,
        other => other,
    };
    class(one) == class(other)
}

#[test]
fn every_command_refuses_keys_of_another_usage_or_spec() {
    let (core, _) = open_core();
    let keys = keys(&core);
    for (name, usage, spec, run) in USES {
        for (key_spec, key_usage, token) in &keys {
            let agreement = *usage == Usage::KeyAgreement && key_usage == usage;
            let fits = agreement || (usage == key_usage && alike(*spec, *key_spec));
            let answer = run(&core, token);
            let refused = answer == Some(Code::UsageRefused);
            assert_eq!(
                refused, !fits,
                "{name} {key_spec:?} {key_usage:?} {answer:?}"
            );
        }
    }
}

#[test]
fn every_command_refuses_keys_that_are_not_enabled() {
    let (core, _) = open_core();
    let keys = keys(&core);
    for state in [State::Disabled, State::PendingDeletion] {
        for (name, usage, spec, run) in USES {
            let (_, _, token) = keys
                .iter()
                .find(|(key_spec, key_usage, _)| key_spec == spec && key_usage == usage)
                .unwrap();
            let token = call(&core, &SetState { token, state }).unwrap().token;
            assert_eq!(run(&core, &token), Some(Code::KeyStateRefused), "{name}");
        }
    }
}

#[test]
fn every_command_refuses_what_is_no_token() {
    let (core, _) = open_core();
    for (name, _, _, run) in USES {
        assert_eq!(run(&core, b"no token"), Some(Code::TokenRefused), "{name}");
    }
}

#[test]
fn generated_keys_say_that_they_were_generated() {
    let (core, _) = open_core();
    let imported = |spec, usage| Attributes {
        origin: Origin::Imported,
        ..attributes(spec, usage)
    };
    let key = GenerateKey {
        attributes: imported(Spec::Symmetric, Usage::EncryptDecrypt),
    };
    assert_eq!(call(&core, &key).err(), Some(Code::Malformed));
    let secret = GenerateSecret {
        attributes: imported(Spec::SigningSecret, Usage::DeriveSigningKey),
    };
    assert_eq!(call(&core, &secret).err(), Some(Code::Malformed));
    let other = GenerateSecret {
        attributes: attributes(Spec::Symmetric, Usage::EncryptDecrypt),
    };
    assert_eq!(call(&core, &other).err(), Some(Code::UsageRefused));
}
