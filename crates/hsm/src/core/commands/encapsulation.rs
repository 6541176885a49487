//! Encapsulate and Decapsulate.

use strongroom_crypto::ml_kem::MlKemKeyPair;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command as api;
use strongroom_hsm_api::key::Usage;

use crate::core::key::{Form, Key};
use crate::core::{Core, Outcome};

impl Core {
    pub(in crate::core) fn encapsulate(
        &self,
        command: api::Encapsulate<'_>,
    ) -> Outcome<api::Encapsulated> {
        let key = self.usable_key(command.token, Usage::EncapsulateDecapsulate)?;
        let (secret, ciphertext) = ml_kem(&key)?.encapsulate();
        Ok(api::Encapsulated { secret, ciphertext })
    }

    pub(in crate::core) fn decapsulate(
        &self,
        command: api::Decapsulate<'_>,
    ) -> Outcome<api::Plaintext> {
        let key = self.usable_key(command.token, Usage::EncapsulateDecapsulate)?;
        let secret = ml_kem(&key)?
            .decapsulate(command.ciphertext)
            .map_err(|_| Code::CiphertextRefused)?;
        Ok(api::Plaintext {
            plaintext: secret.expose().to_vec().into(),
        })
    }
}

fn ml_kem(key: &Key) -> Outcome<&MlKemKeyPair> {
    match &key.form {
        Form::MlKem(pair) => Ok(pair),
        _ => Err(Code::UsageRefused),
    }
}
