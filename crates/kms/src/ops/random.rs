//! GenerateRandom.

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{GenerateRandomRequest, GenerateRandomResponse, NumberOfBytesType};
use strongroom_aws::text;
use strongroom_hsm_api::command as hsm;

use super::Operation;
use super::cryptography::carried_out;
use super::recipient::{self, Audience};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::Failure;

/// KMS API, GenerateRandom.
pub(super) struct GenerateRandom;

impl Operation for GenerateRandom {
    type Input = GenerateRandomRequest;
    type Output = GenerateRandomResponse;

    fn check(input: &GenerateRandomRequest) -> Result<(), Refusal> {
        if input.number_of_bytes.is_none() {
            return Err(Refusal::new(
                KmsException::Validation,
                text::NUMBER_OF_BYTES_REQUIRED,
            ));
        }
        recipient::check(input.recipient.as_ref())?;
        match &input.custom_key_store_id {
            Some(_) => Err(Refusal::bare(KmsException::CustomKeyStoreNotFound)),
            None => Ok(()),
        }
    }

    fn targets(_: &GenerateRandomRequest) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        keys.recipient(input.recipient.as_ref());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GenerateRandomResponse, Failure> {
        let input = request.input();
        let audience = Audience::of(request.call(), input.recipient.as_ref())?;
        let length = input
            .number_of_bytes
            .map_or(0, |NumberOfBytesType(length)| length);
        let command = hsm::GenerateRandom {
            length: u16::try_from(length).unwrap_or(0),
            recipient: audience.key(),
        };
        let made = carried_out(request.kms().key_process.call(&command)).await?;
        let shown = audience.show(made.plaintext);
        Ok(GenerateRandomResponse {
            plaintext: shown.plaintext,
            ciphertext_for_recipient: shown.for_recipient,
        })
    }
}
