//! DeriveSharedSecret.

use strongroom_hsm_api::Code;
use strongroom_hsm_api::command as api;
use strongroom_hsm_api::key::Usage;

use crate::core::key::Form;
use crate::core::recipient::Recipient;
use crate::core::{Core, Outcome};

impl Core {
    pub(in crate::core) fn derive_shared_secret(
        &self,
        command: api::DeriveSharedSecret<'_>,
    ) -> Outcome<api::Plaintext> {
        let key = self.usable_key(command.token, Usage::KeyAgreement)?;
        let recipient = Recipient::read(command.recipient)?;
        let secret = match &key.form {
            Form::Ec(pair) => pair.agree(command.public),
            Form::Sm2(pair) => pair.agree(command.public),
            _ => return Err(Code::UsageRefused),
        }
        .map_err(|_| Code::PublicKeyRefused)?;
        Ok(api::Plaintext {
            plaintext: recipient.address(secret)?,
        })
    }
}
