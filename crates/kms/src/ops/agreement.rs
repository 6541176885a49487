//! Secrets shared with others: DeriveSharedSecret, Encapsulate and Decapsulate.

use strongroom_aws::error::Refusal;
use strongroom_aws::kms::{
    CiphertextType, DecapsulateRequest, DecapsulateResponse, DeriveSharedSecretRequest,
    DeriveSharedSecretResponse, EncapsulateRequest, EncapsulateResponse, PlaintextType,
};
use strongroom_base::Secret;
use strongroom_hsm_api::command as hsm;

use super::Operation;
use super::cryptography::{
    carried_out, key_arn, material_in_use, usable_key, would_have_succeeded,
};
use super::recipient::{self, Audience};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::Failure;
use crate::records::KeyUsage;

/// KMS API, DeriveSharedSecret. ECDH is the only algorithm there is.
pub(super) struct DeriveSharedSecret;

impl Operation for DeriveSharedSecret {
    type Input = DeriveSharedSecretRequest;
    type Output = DeriveSharedSecretResponse;

    fn check(input: &DeriveSharedSecretRequest) -> Result<(), Refusal> {
        recipient::check(input.recipient.as_ref())
    }

    fn targets(input: &DeriveSharedSecretRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        let algorithm = input.key_agreement_algorithm;
        keys.one("kms:keyagreementalgorithm", algorithm.as_str());
        keys.recipient(input.recipient.as_ref());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<DeriveSharedSecretResponse, Failure> {
        let input = request.input();
        let audience = Audience::of(request.call(), input.recipient.as_ref())?;
        let key = usable_key(&request, KeyUsage::KeyAgreement)?;
        let (_, token) = material_in_use(&request, key)?;
        let command = hsm::DeriveSharedSecret {
            token,
            public: &input.public_key.0,
            recipient: audience.key(),
        };
        let derived = carried_out(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        let shown = audience.show(derived.plaintext);
        Ok(DeriveSharedSecretResponse {
            key_id: Some(key_arn(key)),
            shared_secret: shown.plaintext,
            ciphertext_for_recipient: shown.for_recipient,
            key_agreement_algorithm: Some(input.key_agreement_algorithm),
            key_origin: Some(key.record.origin.wire()),
        })
    }
}

/// KMS API, Encapsulate. ML_KEM is the only algorithm there is.
pub(super) struct Encapsulate;

impl Operation for Encapsulate {
    type Input = EncapsulateRequest;
    type Output = EncapsulateResponse;

    fn targets(input: &EncapsulateRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        let algorithm = input.encapsulation_algorithm;
        keys.one("kms:encapsulationalgorithm", algorithm.as_str());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<EncapsulateResponse, Failure> {
        let input = request.input();
        let key = usable_key(&request, KeyUsage::EncapsulateDecapsulate)?;
        let (_, token) = material_in_use(&request, key)?;
        let command = hsm::Encapsulate { token };
        let made = carried_out(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        let secret = Secret::new(made.secret.expose().to_vec());
        Ok(EncapsulateResponse {
            key_id: Some(key_arn(key)),
            shared_secret: Some(PlaintextType(secret)),
            shared_secret_ciphertext_blob: Some(CiphertextType(made.ciphertext)),
            encapsulation_algorithm: Some(input.encapsulation_algorithm),
        })
    }
}

/// KMS API, Decapsulate. What another key encapsulated gives a secret that nobody has (FIPS 203).
pub(super) struct Decapsulate;

impl Operation for Decapsulate {
    type Input = DecapsulateRequest;
    type Output = DecapsulateResponse;

    fn targets(input: &DecapsulateRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        let algorithm = input.encapsulation_algorithm;
        keys.one("kms:encapsulationalgorithm", algorithm.as_str());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<DecapsulateResponse, Failure> {
        let input = request.input();
        let key = usable_key(&request, KeyUsage::EncapsulateDecapsulate)?;
        let (_, token) = material_in_use(&request, key)?;
        let command = hsm::Decapsulate {
            token,
            ciphertext: &input.shared_secret_ciphertext_blob.0,
        };
        let opened = carried_out(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        Ok(DecapsulateResponse {
            key_id: Some(key_arn(key)),
            shared_secret: Some(PlaintextType(opened.plaintext)),
            encapsulation_algorithm: Some(input.encapsulation_algorithm),
        })
    }
}

#[cfg(test)]
mod tests;
