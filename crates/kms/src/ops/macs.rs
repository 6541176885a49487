//! GenerateMac and VerifyMac.

use strongroom_aws::kms::{
    BooleanType, CiphertextType, GenerateMacRequest, GenerateMacResponse, MacAlgorithmSpec,
    VerifyMacRequest, VerifyMacResponse,
};
use strongroom_hsm_api::command as hsm;

use super::Operation;
use super::cryptography::{
    carried_out, key_arn, material_in_use, usable_key, would_have_succeeded,
};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::Failure;
use crate::key::Key;
use crate::records::KeyUsage;

/// KMS API, GenerateMac.
pub(super) struct GenerateMac;

impl Operation for GenerateMac {
    type Input = GenerateMacRequest;
    type Output = GenerateMacResponse;

    fn targets(input: &GenerateMacRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        keys.one("kms:macalgorithm", input.mac_algorithm.as_str());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GenerateMacResponse, Failure> {
        let input = request.input();
        let (key, token) = mac_key(&request, input.mac_algorithm)?;
        let message = input.message.0.expose();
        let command = hsm::GenerateMac { token, message };
        let made = carried_out(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        Ok(GenerateMacResponse {
            mac: Some(CiphertextType(made.mac)),
            mac_algorithm: Some(input.mac_algorithm),
            key_id: Some(key_arn(key)),
        })
    }
}

/// KMS API, VerifyMac. A MAC that is not valid is an exception, never an answer.
pub(super) struct VerifyMac;

impl Operation for VerifyMac {
    type Input = VerifyMacRequest;
    type Output = VerifyMacResponse;

    fn targets(input: &VerifyMacRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        keys.one("kms:macalgorithm", input.mac_algorithm.as_str());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<VerifyMacResponse, Failure> {
        let input = request.input();
        let (key, token) = mac_key(&request, input.mac_algorithm)?;
        let command = hsm::VerifyMac {
            token,
            message: input.message.0.expose(),
            mac: &input.mac.0,
        };
        carried_out(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        Ok(VerifyMacResponse {
            key_id: Some(key_arn(key)),
            mac_valid: Some(BooleanType(true)),
            mac_algorithm: Some(input.mac_algorithm),
        })
    }
}

/// The HMAC key and its token; only the algorithm of the key's spec fits.
fn mac_key<'r, O: Operation>(
    request: &'r Authorized<'_, O>,
    algorithm: MacAlgorithmSpec,
) -> Result<(&'r Key, &'r [u8]), Failure> {
    let key = usable_key(request, KeyUsage::GenerateVerifyMac)?;
    if key.record.spec.mac_algorithm() != Some(algorithm) {
        return Err(key.incompatible(algorithm.as_str()));
    }
    let (_, token) = material_in_use(request, key)?;
    Ok((key, token))
}
