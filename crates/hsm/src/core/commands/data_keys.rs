//! Random bytes and key pairs that callers keep, encrypted under a key of theirs.

use strongroom_base::Secret;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command as api;
use strongroom_hsm_api::key::{Spec, Usage};

use crate::core::cipher::Maker;
use crate::core::material::{DataKeyPair, generate_data_key_pair, random_bytes};
use crate::core::recipient::Recipient;
use crate::core::rsa_pool::RsaPairs;
use crate::core::{Core, Outcome};

impl Core {
    pub(in crate::core) fn generate_random(
        &self,
        command: api::GenerateRandom<'_>,
    ) -> Outcome<api::Plaintext> {
        self.open()?;
        let recipient = Recipient::read(command.recipient)?;
        let plaintext = self.random_secret(command.length)?;
        Ok(api::Plaintext {
            plaintext: recipient.address(plaintext)?,
        })
    }

    pub(in crate::core) fn generate_data_key(
        &self,
        command: api::GenerateDataKey<'_>,
    ) -> Outcome<api::DataKey> {
        let key = self.usable_key(command.token, Usage::EncryptDecrypt)?;
        let recipient = Recipient::read(command.recipient)?;
        let plaintext = self.random_secret(command.length)?;
        let ciphertext = self.seal_message(
            key.symmetric()?,
            Maker::DataKey,
            command.context,
            plaintext.expose(),
        )?;
        Ok(api::DataKey {
            plaintext: recipient.address(plaintext)?,
            ciphertext,
        })
    }

    pub(in crate::core) fn generate_data_key_without_plaintext(
        &self,
        command: api::GenerateDataKeyWithoutPlaintext<'_>,
    ) -> Outcome<api::Ciphertext> {
        let with_plaintext = api::GenerateDataKey {
            token: command.token,
            context: command.context,
            length: command.length,
            recipient: &[],
        };
        let api::DataKey { ciphertext, .. } = self.generate_data_key(with_plaintext)?;
        Ok(api::Ciphertext { ciphertext })
    }

    pub(in crate::core) fn generate_data_key_pair(
        &self,
        command: api::GenerateDataKeyPair<'_>,
        rsa: &RsaPairs<'_>,
    ) -> Outcome<api::DataKeyPair> {
        let recipient = Recipient::read(command.recipient)?;
        let (pair, ciphertext) =
            self.sealed_pair(command.token, command.context, command.spec, rsa)?;
        Ok(api::DataKeyPair {
            plaintext: recipient.address(pair.private)?,
            ciphertext,
            public: pair.public,
        })
    }

    pub(in crate::core) fn generate_data_key_pair_without_plaintext(
        &self,
        command: api::GenerateDataKeyPairWithoutPlaintext<'_>,
        rsa: &RsaPairs<'_>,
    ) -> Outcome<api::SealedKeyPair> {
        let (pair, ciphertext) =
            self.sealed_pair(command.token, command.context, command.spec, rsa)?;
        Ok(api::SealedKeyPair {
            ciphertext,
            public: pair.public,
        })
    }

    fn sealed_pair(
        &self,
        token: &[u8],
        context: &[u8],
        spec: Spec,
        rsa: &RsaPairs<'_>,
    ) -> Outcome<(DataKeyPair, Vec<u8>)> {
        let key = self.usable_key(token, Usage::EncryptDecrypt)?;
        let key = key.symmetric()?;
        // Before the pair is made, which takes long.
        if context.len() > api::CONTEXT_LENGTH_MAX {
            return Err(Code::Malformed);
        }
        let pair = generate_data_key_pair(spec, rsa).ok_or(Code::UsageRefused)?;
        let private = pair.private.expose();
        let ciphertext = self.seal_message(key, Maker::DataKey, context, private)?;
        Ok((pair, ciphertext))
    }

    fn random_secret(&self, length: u16) -> Outcome<Secret<Vec<u8>>> {
        let length = usize::from(length);
        if !(1..=api::DATA_KEY_LENGTH_MAX).contains(&length) {
            return Err(Code::Malformed);
        }
        Ok(random_bytes(&*self.random, length))
    }
}
