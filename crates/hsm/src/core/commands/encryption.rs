//! Encrypt, Decrypt, ReEncrypt. A plaintext that is encrypted again never leaves.

use strongroom_base::Secret;
use strongroom_crypto::Unauthentic;
use strongroom_crypto::rsa_encryption::{OaepHash, RsaDecryptingKey};
use strongroom_crypto::sm2::Sm2KeyPair;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command as api;
use strongroom_hsm_api::key::Usage;
use strongroom_hsm_api::scheme::EncryptionScheme;

use crate::core::cipher::{self, MessageKey};
use crate::core::key::{Form, Key};
use crate::core::recipient::Recipient;
use crate::core::{Core, Outcome};

impl Core {
    pub(in crate::core) fn encrypt(&self, command: api::Encrypt<'_>) -> Outcome<api::Ciphertext> {
        if command.plaintext.len() > api::PLAINTEXT_LENGTH_MAX {
            return Err(Code::Malformed);
        }
        let key = self.usable_key(command.token, Usage::EncryptDecrypt)?;
        let way = Way::of(&key, command.scheme, command.context)?;
        Ok(api::Ciphertext {
            ciphertext: self.encrypt_by(way, command.plaintext)?,
        })
    }

    pub(in crate::core) fn decrypt(&self, command: api::Decrypt<'_>) -> Outcome<api::Plaintext> {
        let key = self.usable_key(command.token, Usage::EncryptDecrypt)?;
        let way = Way::of(&key, command.scheme, command.context)?;
        let recipient = Recipient::read(command.recipient)?;
        let plaintext = decrypt_by(way, command.ciphertext)?;
        Ok(api::Plaintext {
            plaintext: recipient.address(plaintext)?,
        })
    }

    pub(in crate::core) fn re_encrypt(
        &self,
        command: api::ReEncrypt<'_>,
    ) -> Outcome<api::Ciphertext> {
        let source = self.usable_key(command.source, Usage::EncryptDecrypt)?;
        let destination = self.usable_key(command.destination, Usage::EncryptDecrypt)?;
        let from = Way::of(&source, command.source_scheme, command.source_context)?;
        let to = Way::of(
            &destination,
            command.destination_scheme,
            command.destination_context,
        )?;
        let plaintext = decrypt_by(from, command.ciphertext)?;
        Ok(api::Ciphertext {
            ciphertext: self.encrypt_by(to, plaintext.expose())?,
        })
    }

    fn encrypt_by(&self, way: Way<'_>, plaintext: &[u8]) -> Outcome<Vec<u8>> {
        match way {
            Way::Symmetric(key, context) => {
                self.seal_message(key, cipher::Maker::Encrypt, context, plaintext)
            }
            Way::Oaep(pair, hash) => pair
                .encrypt(hash, plaintext)
                .map_err(|_| Code::InputRefused),
            Way::Sm2(pair) => pair.encrypt(plaintext).map_err(|_| Code::InputRefused),
        }
    }

    /// Encrypts with a symmetric key, for whichever operation.
    pub(super) fn seal_message(
        &self,
        key: &MessageKey,
        maker: cipher::Maker,
        context: &[u8],
        plaintext: &[u8],
    ) -> Outcome<Vec<u8>> {
        if context.len() > api::CONTEXT_LENGTH_MAX {
            return Err(Code::Malformed);
        }
        Ok(cipher::seal(key, maker, context, plaintext, &*self.random))
    }
}

/// A key with a scheme that fits it.
#[derive(Clone, Copy)]
enum Way<'k> {
    Symmetric(&'k MessageKey, &'k [u8]),
    Oaep(&'k RsaDecryptingKey, OaepHash),
    Sm2(&'k Sm2KeyPair),
}

impl<'k> Way<'k> {
    fn of(key: &'k Key, scheme: EncryptionScheme, context: &'k [u8]) -> Outcome<Self> {
        let way = match (&key.form, scheme) {
            (Form::Symmetric(key), EncryptionScheme::Symmetric) => {
                return Ok(Self::Symmetric(key, context));
            }
            (Form::RsaDecrypting(pair), EncryptionScheme::OaepSha1) => {
                Self::Oaep(pair, OaepHash::Sha1)
            }
            (Form::RsaDecrypting(pair), EncryptionScheme::OaepSha256) => {
                Self::Oaep(pair, OaepHash::Sha256)
            }
            (Form::Sm2(pair), EncryptionScheme::Sm2) => Self::Sm2(pair),
            _ => return Err(Code::UsageRefused),
        };
        // Only the symmetric format binds a context; it must not seem that others did.
        if context.is_empty() {
            Ok(way)
        } else {
            Err(Code::Malformed)
        }
    }
}

fn decrypt_by(way: Way<'_>, ciphertext: &[u8]) -> Outcome<Secret<Vec<u8>>> {
    if ciphertext.len() > api::CIPHERTEXT_LENGTH_MAX {
        return Err(Code::CiphertextRefused);
    }
    match way {
        Way::Symmetric(_, context) if context.len() > api::CONTEXT_LENGTH_MAX => Err(Unauthentic),
        Way::Symmetric(key, context) => cipher::open(key, context, ciphertext),
        Way::Oaep(pair, hash) => pair.decrypt(hash, ciphertext),
        Way::Sm2(pair) => pair.decrypt(ciphertext),
    }
    .map_err(|Unauthentic| Code::CiphertextRefused)
}
