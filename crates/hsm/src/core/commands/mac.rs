//! GenerateMac and VerifyMac. Whole codes only: a cut one would be easier to guess.

use strongroom_crypto::hmac::HmacKey;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command as api;
use strongroom_hsm_api::key::Usage;

use super::signing::check_message;
use crate::core::key::{Form, Key};
use crate::core::{Core, Outcome};

impl Core {
    pub(in crate::core) fn generate_mac(&self, command: api::GenerateMac<'_>) -> Outcome<api::Mac> {
        check_message(command.message)?;
        let key = self.usable_key(command.token, Usage::GenerateVerifyMac)?;
        Ok(api::Mac {
            mac: hmac(&key)?.sign(command.message),
        })
    }

    pub(in crate::core) fn verify_mac(&self, command: api::VerifyMac<'_>) -> Outcome<()> {
        check_message(command.message)?;
        let key = self.usable_key(command.token, Usage::GenerateVerifyMac)?;
        hmac(&key)?
            .verify(command.message, command.mac)
            .map_err(|_| Code::MacRefused)
    }
}

fn hmac(key: &Key) -> Outcome<&HmacKey> {
    match &key.form {
        Form::Hmac(key) => Ok(key),
        _ => Err(Code::UsageRefused),
    }
}
