//! GetPublicKey.

use strongroom_aws::error::KmsException;
use strongroom_aws::kms::{
    EchoedKeySpec, GetPublicKeyRequest, GetPublicKeyResponse, PublicKeyType,
};
use strongroom_hsm_api::command as hsm;

use super::Operation;
use super::cryptography::{carried_out, key_arn, material_in_use};
use crate::authorize::{Authorized, Target};
use crate::failure::{Failure, refuse};
use crate::records::KeyState;
use crate::spec::Family;

/// KMS API, GetPublicKey. A disabled key's public half may be read: it is no secret, and others have it.
pub(super) struct GetPublicKey;

impl Operation for GetPublicKey {
    type Input = GetPublicKeyRequest;
    type Output = GetPublicKeyResponse;

    fn targets(input: &GetPublicKeyRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetPublicKeyResponse, Failure> {
        let key = request.key()?;
        key.require_state(&[KeyState::Enabled, KeyState::Disabled])?;
        match key.record.spec.family() {
            Family::Asymmetric => {}
            Family::Symmetric | Family::Hmac => {
                return Err(refuse(KmsException::UnsupportedOperation));
            }
        }
        let (_, token) = material_in_use(&request, key)?;
        let command = hsm::GetPublicKey { token };
        let public = carried_out(request.kms().key_process.call(&command)).await?;
        let algorithms = key.algorithms();
        Ok(GetPublicKeyResponse {
            key_id: Some(key_arn(key)),
            public_key: Some(PublicKeyType(public.der)),
            customer_master_key_spec: Some(EchoedKeySpec(key.record.spec.wire())),
            key_spec: Some(key.record.spec.wire()),
            key_usage: Some(key.record.usage.wire()),
            encryption_algorithms: algorithms.encryption_algorithms,
            signing_algorithms: algorithms.signing_algorithms,
            key_agreement_algorithms: algorithms.key_agreement_algorithms,
            encapsulation_algorithms: algorithms.encapsulation_algorithms,
        })
    }
}
