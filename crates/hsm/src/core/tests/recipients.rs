//! Plaintexts for the holder of a key: nothing in the clear, and the holder opens what there is.

use strongroom_crypto::rsa_encryption::{OaepHash, RsaDecryptingKey};
use strongroom_crypto::signature::{Curve, EcKeyPair, RsaKeySize};

use super::every_key::{generate, public};
use super::*;

/// Opens the message key of an EnvelopedData (RFC 5652 §6.1) and checks that its content is as long as
/// that of `plaintext_bytes` padded (§6.3).
fn check_envelope(envelope: &[u8], holder: &RsaDecryptingKey, plaintext_bytes: usize) {
    let padded = plaintext_bytes / 16 * 16 + 16;
    let (_, content) = envelope.split_at(envelope.len() - padded);
    assert_eq!(content.len(), padded);
    let length = holder.size().bytes();
    let key = (0..envelope.len() - length)
        .filter(|at| envelope[*at..].starts_with(&[4, 0x82, 1, 0]))
        .find_map(|at| {
            let encrypted = &envelope[at + 4..at + 4 + length];
            holder.decrypt(OaepHash::Sha256, encrypted).ok()
        });
    assert_eq!(key.unwrap().expose().len(), 32);
}

#[test]
fn every_command_that_shows_a_plaintext_shows_it_to_its_recipient_only() {
    let (core, _) = open_core();
    let holder = RsaDecryptingKey::generate(RsaKeySize::Rsa2048);
    let spki = holder.public_spki();
    let recipient = spki.as_slice();
    let token = new_key(&core).token;
    let token = token.as_slice();

    let random = GenerateRandom {
        length: 40,
        recipient,
    };
    let made = call(&core, &random).unwrap().plaintext;
    check_envelope(made.expose(), &holder, 40);

    let data_key = GenerateDataKey {
        token,
        context: b"c",
        length: 32,
        recipient,
    };
    let made = call(&core, &data_key).unwrap();
    check_envelope(made.plaintext.expose(), &holder, 32);
    assert_eq!(
        decrypt(&core, token, b"c", &made.ciphertext).unwrap().len(),
        32
    );

    let opened = Decrypt {
        token,
        scheme: EncryptionScheme::Symmetric,
        context: b"c",
        ciphertext: &made.ciphertext,
        recipient,
    };
    let opened = call(&core, &opened).unwrap().plaintext;
    check_envelope(opened.expose(), &holder, 32);

    let pair = GenerateDataKeyPair {
        token,
        context: b"",
        spec: Spec::Ed25519,
        recipient,
    };
    let made = call(&core, &pair).unwrap();
    let private = decrypt(&core, token, b"", &made.ciphertext).unwrap();
    check_envelope(made.plaintext.expose(), &holder, private.len());

    let one = generate(&core, Spec::EccP384, Usage::KeyAgreement);
    let derive = DeriveSharedSecret {
        token: &one,
        public: &public(&core, &one),
        recipient,
    };
    let made = call(&core, &derive).unwrap().plaintext;
    check_envelope(made.expose(), &holder, 48);
}

#[test]
fn a_recipient_that_is_no_rsa_key_is_refused() {
    let (core, _) = open_core();
    let ec = EcKeyPair::generate(Curve::P256).public_spki();
    let mut cut = RsaDecryptingKey::generate(RsaKeySize::Rsa2048).public_spki();
    cut.pop();
    for (recipient, expected) in [
        (&ec[..], Code::PublicKeyRefused),
        (b"no key", Code::PublicKeyRefused),
        (&cut, Code::PublicKeyRefused),
        (&[0x30; 1025], Code::Malformed),
    ] {
        let random = GenerateRandom {
            length: 8,
            recipient,
        };
        assert_eq!(call(&core, &random).err(), Some(expected));
    }
}
