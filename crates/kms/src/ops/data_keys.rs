//! Data keys and data key pairs, which symmetric keys make and seal for use elsewhere.

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{
    CiphertextType, DataKeyPairSpec, DataKeySpec, EncryptionContextType,
    GenerateDataKeyPairRequest, GenerateDataKeyPairResponse,
    GenerateDataKeyPairWithoutPlaintextRequest, GenerateDataKeyPairWithoutPlaintextResponse,
    GenerateDataKeyRequest, GenerateDataKeyResponse, GenerateDataKeyWithoutPlaintextRequest,
    GenerateDataKeyWithoutPlaintextResponse, NumberOfBytesType, PublicKeyType,
};
use strongroom_aws::text;
use strongroom_hsm_api::command as hsm;
use strongroom_hsm_api::key::{MaterialId, Spec};

use super::Operation;
use super::cryptography::{
    canonical_context, carried_out, check_context, encryption_keys, key_arn, material_id,
    material_in_use, usable_key, would_have_succeeded,
};
use super::recipient::{self, Audience};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::{Failure, refuse_with};
use crate::key::Key;
use crate::records::{KeySpec, KeyUsage};

/// KMS API, GenerateDataKey.
pub(super) struct GenerateDataKey;

impl Operation for GenerateDataKey {
    type Input = GenerateDataKeyRequest;
    type Output = GenerateDataKeyResponse;

    fn check(input: &GenerateDataKeyRequest) -> Result<(), Refusal> {
        data_key_length(input.key_spec, input.number_of_bytes)?;
        check_context(input.encryption_context.as_ref())?;
        recipient::check(input.recipient.as_ref())
    }

    fn targets(input: &GenerateDataKeyRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        encryption_keys(keys, None, input.encryption_context.as_ref());
        keys.recipient(input.recipient.as_ref());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GenerateDataKeyResponse, Failure> {
        let input = request.input();
        let audience = Audience::of(request.call(), input.recipient.as_ref())?;
        let sealing = Sealing::begin(&request, input.encryption_context.as_ref())?;
        let command = hsm::GenerateDataKey {
            token: sealing.token,
            context: &sealing.context,
            length: data_key_length(input.key_spec, input.number_of_bytes)?,
            recipient: audience.key(),
        };
        let made = carried_out(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        let shown = audience.show(made.plaintext);
        Ok(GenerateDataKeyResponse {
            ciphertext_blob: Some(CiphertextType(made.ciphertext)),
            plaintext: shown.plaintext,
            key_id: Some(key_arn(sealing.key)),
            ciphertext_for_recipient: shown.for_recipient,
            key_material_id: audience.is_caller().then(|| material_id(sealing.material)),
        })
    }
}

/// KMS API, GenerateDataKeyWithoutPlaintext. The plaintext stays in the key process.
pub(super) struct GenerateDataKeyWithoutPlaintext;

impl Operation for GenerateDataKeyWithoutPlaintext {
    type Input = GenerateDataKeyWithoutPlaintextRequest;
    type Output = GenerateDataKeyWithoutPlaintextResponse;

    fn check(input: &GenerateDataKeyWithoutPlaintextRequest) -> Result<(), Refusal> {
        data_key_length(input.key_spec, input.number_of_bytes)?;
        check_context(input.encryption_context.as_ref())
    }

    fn targets(input: &GenerateDataKeyWithoutPlaintextRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        encryption_keys(keys, None, input.encryption_context.as_ref());
    }

    async fn run(
        request: Authorized<'_, Self>,
    ) -> Result<GenerateDataKeyWithoutPlaintextResponse, Failure> {
        let input = request.input();
        let sealing = Sealing::begin(&request, input.encryption_context.as_ref())?;
        let command = hsm::GenerateDataKeyWithoutPlaintext {
            token: sealing.token,
            context: &sealing.context,
            length: data_key_length(input.key_spec, input.number_of_bytes)?,
        };
        let made = carried_out(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        Ok(GenerateDataKeyWithoutPlaintextResponse {
            ciphertext_blob: Some(CiphertextType(made.ciphertext)),
            key_id: Some(key_arn(sealing.key)),
            key_material_id: Some(material_id(sealing.material)),
        })
    }
}

/// KMS API, GenerateDataKeyPair.
pub(super) struct GenerateDataKeyPair;

impl Operation for GenerateDataKeyPair {
    type Input = GenerateDataKeyPairRequest;
    type Output = GenerateDataKeyPairResponse;

    fn check(input: &GenerateDataKeyPairRequest) -> Result<(), Refusal> {
        check_context(input.encryption_context.as_ref())?;
        recipient::check(input.recipient.as_ref())
    }

    fn targets(input: &GenerateDataKeyPairRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        encryption_keys(keys, None, input.encryption_context.as_ref());
        keys.one("kms:datakeypairspec", input.key_pair_spec.as_str());
        keys.recipient(input.recipient.as_ref());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GenerateDataKeyPairResponse, Failure> {
        let input = request.input();
        let audience = Audience::of(request.call(), input.recipient.as_ref())?;
        let sealing = Sealing::begin(&request, input.encryption_context.as_ref())?;
        let command = hsm::GenerateDataKeyPair {
            token: sealing.token,
            context: &sealing.context,
            spec: pair_spec(&request, input.key_pair_spec)?,
            recipient: audience.key(),
        };
        let made = carried_out(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        let shown = audience.show(made.plaintext);
        Ok(GenerateDataKeyPairResponse {
            private_key_ciphertext_blob: Some(CiphertextType(made.ciphertext)),
            private_key_plaintext: shown.plaintext,
            public_key: Some(PublicKeyType(made.public)),
            key_id: Some(key_arn(sealing.key)),
            key_pair_spec: Some(input.key_pair_spec),
            ciphertext_for_recipient: shown.for_recipient,
            // KMS API, GenerateDataKeyPair: unlike GenerateDataKey's it is told to recipients, too.
            key_material_id: Some(material_id(sealing.material)),
        })
    }
}

/// KMS API, GenerateDataKeyPairWithoutPlaintext. The private half stays in the key process.
pub(super) struct GenerateDataKeyPairWithoutPlaintext;

impl Operation for GenerateDataKeyPairWithoutPlaintext {
    type Input = GenerateDataKeyPairWithoutPlaintextRequest;
    type Output = GenerateDataKeyPairWithoutPlaintextResponse;

    fn check(input: &GenerateDataKeyPairWithoutPlaintextRequest) -> Result<(), Refusal> {
        check_context(input.encryption_context.as_ref())
    }

    fn targets(input: &GenerateDataKeyPairWithoutPlaintextRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        encryption_keys(keys, None, input.encryption_context.as_ref());
        keys.one("kms:datakeypairspec", input.key_pair_spec.as_str());
    }

    async fn run(
        request: Authorized<'_, Self>,
    ) -> Result<GenerateDataKeyPairWithoutPlaintextResponse, Failure> {
        let input = request.input();
        let sealing = Sealing::begin(&request, input.encryption_context.as_ref())?;
        let command = hsm::GenerateDataKeyPairWithoutPlaintext {
            token: sealing.token,
            context: &sealing.context,
            spec: pair_spec(&request, input.key_pair_spec)?,
        };
        let made = carried_out(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        Ok(GenerateDataKeyPairWithoutPlaintextResponse {
            private_key_ciphertext_blob: Some(CiphertextType(made.ciphertext)),
            public_key: Some(PublicKeyType(made.public)),
            key_id: Some(key_arn(sealing.key)),
            key_pair_spec: Some(input.key_pair_spec),
            key_material_id: Some(material_id(sealing.material)),
        })
    }
}

/// What seals a data key: the current material of a symmetric key, and the canonical context.
struct Sealing<'k> {
    key: &'k Key,
    material: &'k MaterialId,
    token: &'k [u8],
    context: Vec<u8>,
}

impl<'k> Sealing<'k> {
    fn begin<O: Operation>(
        request: &'k Authorized<'_, O>,
        context: Option<&EncryptionContextType>,
    ) -> Result<Self, Failure> {
        let key = usable_key(request, KeyUsage::EncryptDecrypt)?;
        // Absent is SYMMETRIC_DEFAULT: key pairs seal no data keys.
        key.require_encryption_algorithm(None)?;
        let (material, token) = material_in_use(request, key)?;
        Ok(Self {
            key,
            material,
            token,
            context: canonical_context(context),
        })
    }
}

/// KMS API, GenerateDataKey: exactly one of KeySpec and NumberOfBytes.
fn data_key_length(
    spec: Option<DataKeySpec>,
    bytes: Option<NumberOfBytesType>,
) -> Result<u16, Refusal> {
    let length = match (spec, bytes) {
        (Some(DataKeySpec::Aes128), None) => Some(16),
        (Some(DataKeySpec::Aes256), None) => Some(32),
        (None, Some(NumberOfBytesType(length))) => u16::try_from(length).ok(),
        (Some(_), Some(_)) | (None, None) => None,
    };
    length.ok_or_else(|| Refusal::new(KmsException::Validation, text::NUMBER_OF_BYTES_OR_KEY_SPEC))
}

/// The spec of a data key pair as the key process names it, if the Region has it.
fn pair_spec<O: Operation>(
    request: &Authorized<'_, O>,
    spec: DataKeyPairSpec,
) -> Result<Spec, Failure> {
    let region = &request.call().region;
    let pair = key_spec(spec);
    if pair.is_offered_in(region) {
        return Ok(pair.token());
    }
    Err(refuse_with(
        KmsException::UnsupportedOperation,
        text::pair_spec_not_offered(spec.as_str(), region.as_str()),
    ))
}

/// The KMS keys that a data key pair is like.
fn key_spec(spec: DataKeyPairSpec) -> KeySpec {
    match spec {
        DataKeyPairSpec::Rsa2048 => KeySpec::Rsa2048,
        DataKeyPairSpec::Rsa3072 => KeySpec::Rsa3072,
        DataKeyPairSpec::Rsa4096 => KeySpec::Rsa4096,
        DataKeyPairSpec::EccNistP256 => KeySpec::EccNistP256,
        DataKeyPairSpec::EccNistP384 => KeySpec::EccNistP384,
        DataKeyPairSpec::EccNistP521 => KeySpec::EccNistP521,
        DataKeyPairSpec::EccSecgP256k1 => KeySpec::EccSecgP256k1,
        DataKeyPairSpec::Sm2 => KeySpec::Sm2,
        DataKeyPairSpec::EccNistEdwards25519 => KeySpec::EccNistEdwards25519,
        DataKeyPairSpec::MlKem512 => KeySpec::MlKem512,
        DataKeyPairSpec::MlKem768 => KeySpec::MlKem768,
        DataKeyPairSpec::MlKem1024 => KeySpec::MlKem1024,
    }
}

#[cfg(test)]
mod tests;
