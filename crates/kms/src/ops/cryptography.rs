//! The use of symmetric keys. Everything secret happens in the key process; here are the rules of
//! the API around it.

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{
    BackingKeyIdType, CiphertextType, DataKeySpec, DecryptRequest, DecryptResponse,
    DryRunModifierList, EncryptRequest, EncryptResponse, EncryptionAlgorithmSpec,
    EncryptionContextType, GenerateDataKeyRequest, GenerateDataKeyResponse,
    GenerateDataKeyWithoutPlaintextRequest, GenerateDataKeyWithoutPlaintextResponse,
    GenerateRandomRequest, GenerateRandomResponse, KeyIdType, NullableBooleanType,
    NumberOfBytesType, PlaintextType, ReEncryptRequest, ReEncryptResponse, RecipientInfo,
};
use strongroom_aws::text;
use strongroom_base::hex;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command as hsm;
use strongroom_hsm_api::context::canonical;
use strongroom_hsm_api::key::MaterialId;
use strongroom_hsm_api::scheme::EncryptionScheme;
use strongroom_hsm_api::wire::Field;

use super::{Operation, refuse_grant_tokens};
use crate::authorize::{Authorized, Target};
use crate::failure::{Failure, refuse, refuse_with};
use crate::key::{Key, USABLE};
use crate::key_process::{Answer, CallError};
use crate::resolve::ciphertext_material;

/// The longest encryption context, in bytes, written as compact JSON: quotes, colon and comma are six
/// bytes a pair. What the key process and the audit record allow is more.
const CONTEXT_BYTES_MAX: usize = 8192;
const PAIR_OVERHEAD_BYTES: usize = 6;

const SYMMETRIC: EncryptionAlgorithmSpec = EncryptionAlgorithmSpec::SymmetricDefault;

/// KMS API, Encrypt.
pub(super) struct Encrypt;

impl Operation for Encrypt {
    type Input = EncryptRequest;
    type Output = EncryptResponse;

    fn check(input: &EncryptRequest) -> Result<(), Refusal> {
        check_context(input.encryption_context.as_ref())?;
        refuse_grant_tokens(input.grant_tokens.as_ref())
    }

    fn targets(input: &EncryptRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<EncryptResponse, Failure> {
        let (input, key) = (request.input(), request.key()?);
        let (algorithm, context) = (
            input.encryption_algorithm,
            input.encryption_context.as_ref(),
        );
        let (_, token, context) = encrypting(&request, key, algorithm, context)?;
        let command = hsm::Encrypt {
            token,
            scheme: EncryptionScheme::Symmetric,
            context: &context,
            plaintext: input.plaintext.0.expose(),
        };
        let made = authentic(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        Ok(EncryptResponse {
            ciphertext_blob: Some(CiphertextType(made.ciphertext)),
            key_id: Some(key_arn(key)),
            encryption_algorithm: Some(SYMMETRIC),
        })
    }
}

/// KMS API, Decrypt.
pub(super) struct Decrypt;

impl Operation for Decrypt {
    type Input = DecryptRequest;
    type Output = DecryptResponse;

    fn check(input: &DecryptRequest) -> Result<(), Refusal> {
        refuse_recipient(input.recipient.as_ref())?;
        let source = Source {
            ciphertext: input.ciphertext_blob.as_ref(),
            key_id: input.key_id.as_ref(),
            member: "ciphertextBlob",
        };
        source.check(
            input.encryption_algorithm,
            input.dry_run,
            input.dry_run_modifiers.as_ref(),
        )?;
        check_context(input.encryption_context.as_ref())?;
        refuse_grant_tokens(input.grant_tokens.as_ref())
    }

    fn targets(input: &DecryptRequest) -> Vec<Target<'_>> {
        vec![ciphertext_target(
            input.ciphertext_blob.as_ref(),
            input.key_id.as_ref(),
        )]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<DecryptResponse, Failure> {
        let (input, key) = (request.input(), request.key()?);
        request
            .call()
            .note_context(input.encryption_context.as_ref());
        key.require_state(USABLE)?;
        key.require_encryption_algorithm(input.encryption_algorithm)?;
        if ignores_ciphertext(input.dry_run_modifiers.as_ref()) {
            would_have_succeeded(input.dry_run)?;
        }
        let ciphertext = bytes(input.ciphertext_blob.as_ref());
        let (material, token) = decrypting_material(&request, key, ciphertext)?;
        let context = canonical_context(input.encryption_context.as_ref());
        let command = hsm::Decrypt {
            token,
            scheme: EncryptionScheme::Symmetric,
            context: &context,
            ciphertext,
            recipient: &[],
        };
        let opened = authentic(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        Ok(DecryptResponse {
            key_id: Some(key_arn(key)),
            plaintext: Some(PlaintextType(opened.plaintext)),
            encryption_algorithm: Some(SYMMETRIC),
            ciphertext_for_recipient: None,
            key_material_id: Some(material_id(material)),
        })
    }
}

/// KMS API, ReEncrypt. The plaintext stays in the key process.
pub(super) struct ReEncrypt;

impl Operation for ReEncrypt {
    type Input = ReEncryptRequest;
    type Output = ReEncryptResponse;

    fn check(input: &ReEncryptRequest) -> Result<(), Refusal> {
        let source = Source {
            ciphertext: input.ciphertext_blob.as_ref(),
            key_id: input.source_key_id.as_ref(),
            member: "ciphertextBlob",
        };
        source.check(
            input.source_encryption_algorithm,
            input.dry_run,
            input.dry_run_modifiers.as_ref(),
        )?;
        check_context(input.source_encryption_context.as_ref())?;
        check_context(input.destination_encryption_context.as_ref())?;
        refuse_grant_tokens(input.grant_tokens.as_ref())
    }

    fn targets(input: &ReEncryptRequest) -> Vec<Target<'_>> {
        vec![
            ciphertext_target(input.ciphertext_blob.as_ref(), input.source_key_id.as_ref()),
            Target::key_or_alias(&input.destination_key_id),
        ]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ReEncryptResponse, Failure> {
        let input = request.input();
        let (source, destination) = (request.key_at(0)?, request.key_at(1)?);
        request
            .call()
            .note_context(input.source_encryption_context.as_ref());
        request
            .call()
            .note_destination_context(input.destination_encryption_context.as_ref());
        source.require_state(USABLE)?;
        destination.require_state(USABLE)?;
        source.require_encryption_algorithm(input.source_encryption_algorithm)?;
        let (to, to_token) = encrypting_material(
            &request,
            destination,
            input.destination_encryption_algorithm,
        )?;
        if ignores_ciphertext(input.dry_run_modifiers.as_ref()) {
            would_have_succeeded(input.dry_run)?;
        }
        let ciphertext = bytes(input.ciphertext_blob.as_ref());
        let (from, from_token) = decrypting_material(&request, source, ciphertext)?;
        let command = hsm::ReEncrypt {
            source: from_token,
            source_scheme: EncryptionScheme::Symmetric,
            source_context: &canonical_context(input.source_encryption_context.as_ref()),
            ciphertext,
            destination: to_token,
            destination_scheme: EncryptionScheme::Symmetric,
            destination_context: &canonical_context(input.destination_encryption_context.as_ref()),
        };
        let made = authentic(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        Ok(ReEncryptResponse {
            ciphertext_blob: Some(CiphertextType(made.ciphertext)),
            source_key_id: Some(key_arn(source)),
            key_id: Some(key_arn(destination)),
            source_encryption_algorithm: Some(SYMMETRIC),
            destination_encryption_algorithm: Some(SYMMETRIC),
            source_key_material_id: Some(material_id(from)),
            destination_key_material_id: Some(material_id(to)),
        })
    }
}

/// KMS API, GenerateDataKey.
pub(super) struct GenerateDataKey;

impl Operation for GenerateDataKey {
    type Input = GenerateDataKeyRequest;
    type Output = GenerateDataKeyResponse;

    fn check(input: &GenerateDataKeyRequest) -> Result<(), Refusal> {
        refuse_recipient(input.recipient.as_ref())?;
        data_key_length(input.key_spec, input.number_of_bytes)?;
        check_context(input.encryption_context.as_ref())?;
        refuse_grant_tokens(input.grant_tokens.as_ref())
    }

    fn targets(input: &GenerateDataKeyRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GenerateDataKeyResponse, Failure> {
        let (input, key) = (request.input(), request.key()?);
        let context = input.encryption_context.as_ref();
        let (material, token, context) = encrypting(&request, key, None, context)?;
        let length = data_key_length(input.key_spec, input.number_of_bytes)?;
        let made = authentic(request.kms().key_process.call(&hsm::GenerateDataKey {
            token,
            context: &context,
            length,
            recipient: &[],
        }))
        .await?;
        would_have_succeeded(input.dry_run)?;
        Ok(GenerateDataKeyResponse {
            ciphertext_blob: Some(CiphertextType(made.ciphertext)),
            plaintext: Some(PlaintextType(made.plaintext)),
            key_id: Some(key_arn(key)),
            ciphertext_for_recipient: None,
            key_material_id: Some(material_id(material)),
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
        check_context(input.encryption_context.as_ref())?;
        refuse_grant_tokens(input.grant_tokens.as_ref())
    }

    fn targets(input: &GenerateDataKeyWithoutPlaintextRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    async fn run(
        request: Authorized<'_, Self>,
    ) -> Result<GenerateDataKeyWithoutPlaintextResponse, Failure> {
        let (input, key) = (request.input(), request.key()?);
        let context = input.encryption_context.as_ref();
        let (material, token, context) = encrypting(&request, key, None, context)?;
        let length = data_key_length(input.key_spec, input.number_of_bytes)?;
        let command = hsm::GenerateDataKeyWithoutPlaintext {
            token,
            context: &context,
            length,
        };
        let made = authentic(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        Ok(GenerateDataKeyWithoutPlaintextResponse {
            ciphertext_blob: Some(CiphertextType(made.ciphertext)),
            key_id: Some(key_arn(key)),
            key_material_id: Some(material_id(material)),
        })
    }
}

/// KMS API, GenerateRandom.
pub(super) struct GenerateRandom;

impl Operation for GenerateRandom {
    type Input = GenerateRandomRequest;
    type Output = GenerateRandomResponse;

    fn check(input: &GenerateRandomRequest) -> Result<(), Refusal> {
        refuse_recipient(input.recipient.as_ref())?;
        if input.number_of_bytes.is_none() {
            return Err(Refusal::new(
                KmsException::Validation,
                text::NUMBER_OF_BYTES_REQUIRED,
            ));
        }
        match &input.custom_key_store_id {
            Some(_) => Err(Refusal::bare(KmsException::CustomKeyStoreNotFound)),
            None => Ok(()),
        }
    }

    fn targets(_: &GenerateRandomRequest) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GenerateRandomResponse, Failure> {
        let length = request
            .input()
            .number_of_bytes
            .map_or(0, |NumberOfBytesType(length)| length);
        let length = u16::try_from(length).unwrap_or(0);
        let made = authentic(request.kms().key_process.call(&hsm::GenerateRandom {
            length,
            recipient: &[],
        }))
        .await?;
        Ok(GenerateRandomResponse {
            plaintext: Some(PlaintextType(made.plaintext)),
            ciphertext_for_recipient: None,
        })
    }
}

/// The ciphertext that an operation decrypts, and the key the client names for it.
struct Source<'i> {
    ciphertext: Option<&'i CiphertextType>,
    key_id: Option<&'i KeyIdType>,
    member: &'static str,
}

impl Source<'_> {
    fn check(
        &self,
        algorithm: Option<EncryptionAlgorithmSpec>,
        dry_run: Option<NullableBooleanType>,
        modifiers: Option<&DryRunModifierList>,
    ) -> Result<(), Refusal> {
        let invalid = |text: String| Err(Refusal::new(KmsException::Validation, text));
        let is_dry = dry_run.is_some_and(|dry_run| dry_run.0);
        if modifiers.is_some() && !is_dry {
            return invalid(text::DRY_RUN_MODIFIERS_WITHOUT_DRY_RUN.to_owned());
        }
        let ignores_ciphertext = ignores_ciphertext(modifiers);
        if self.ciphertext.is_none() && !ignores_ciphertext {
            return invalid(text::required_member(self.member));
        }
        let is_symmetric = algorithm.is_none_or(|algorithm| algorithm == SYMMETRIC);
        if self.key_id.is_none() && (ignores_ciphertext || !is_symmetric) {
            return invalid(text::KEY_ID_NOT_NULL.to_owned());
        }
        Ok(())
    }
}

/// KMS API, DryRunModifiers: IGNORE_CIPHERTEXT is the only one there is.
fn ignores_ciphertext(modifiers: Option<&DryRunModifierList>) -> bool {
    modifiers.is_some_and(|modifiers| !modifiers.0.is_empty())
}

fn ciphertext_target<'i>(
    ciphertext: Option<&'i CiphertextType>,
    key_id: Option<&'i KeyIdType>,
) -> Target<'i> {
    Target::Ciphertext {
        ciphertext: bytes(ciphertext),
        reference: key_id.map(KeyIdType::as_str),
    }
}

fn bytes(ciphertext: Option<&CiphertextType>) -> &[u8] {
    ciphertext.map_or(&[], |ciphertext| &ciphertext.0)
}

fn check_context(context: Option<&EncryptionContextType>) -> Result<(), Refusal> {
    let pairs = context.into_iter().flat_map(|context| &context.0);
    let length: usize = pairs
        .map(|(key, value)| PAIR_OVERHEAD_BYTES + key.as_str().len() + value.as_str().len())
        .sum();
    if length > CONTEXT_BYTES_MAX {
        return Err(Refusal::new(
            KmsException::Validation,
            text::CONTEXT_TOO_LONG,
        ));
    }
    Ok(())
}

fn canonical_context(context: Option<&EncryptionContextType>) -> Vec<u8> {
    let pairs = context.into_iter().flat_map(|context| &context.0);
    canonical(pairs.map(|(key, value)| (key.as_str(), value.as_str())))
}

/// Attestation documents come with their own operations.
fn refuse_recipient(recipient: Option<&RecipientInfo>) -> Result<(), Refusal> {
    match recipient {
        Some(_) => Err(Refusal::new(
            KmsException::UnsupportedOperation,
            text::not_served("Recipient"),
        )),
        None => Ok(()),
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

/// What the operations that encrypt under one key begin with: its material, and the canonical context.
fn encrypting<'k, O: Operation>(
    request: &Authorized<'_, O>,
    key: &'k Key,
    algorithm: Option<EncryptionAlgorithmSpec>,
    context: Option<&EncryptionContextType>,
) -> Result<(&'k MaterialId, &'k [u8], Vec<u8>), Failure> {
    request.call().note_context(context);
    let (material, token) = encrypting_material(request, key, algorithm)?;
    Ok((material, token, canonical_context(context)))
}

fn encrypting_material<'k, O: Operation>(
    request: &Authorized<'_, O>,
    key: &'k Key,
    algorithm: Option<EncryptionAlgorithmSpec>,
) -> Result<(&'k MaterialId, &'k [u8]), Failure> {
    key.require_state(USABLE)?;
    key.require_encryption_algorithm(algorithm)?;
    let (material, token) = key.material_in_use()?;
    request.call().note_material(key, material);
    Ok((material, token))
}

/// The material of `key` that a ciphertext names. Errors: InvalidCiphertextException when the blob is
/// none of ours, IncorrectKeyException when it names another key's material.
fn decrypting_material<'k, O: Operation>(
    request: &Authorized<'_, O>,
    key: &'k Key,
    ciphertext: &[u8],
) -> Result<(&'k MaterialId, &'k [u8]), Failure> {
    let id = ciphertext_material(ciphertext)?;
    let material = key
        .material(&id)
        .ok_or_else(|| refuse_with(KmsException::IncorrectKey, text::INCORRECT_KEY))?;
    request.call().note_material(key, &id);
    let token = material
        .token
        .as_deref()
        .ok_or(crate::records::Unreadable)?;
    Ok((&material.id, token))
}

/// Waits for the key process; what it refuses to authenticate is an InvalidCiphertextException.
async fn authentic<R: for<'b> Field<'b>>(answer: Answer<R>) -> Result<R, Failure> {
    match answer.await {
        Err(CallError::Refused(Code::CiphertextRefused)) => {
            Err(refuse(KmsException::InvalidCiphertext))
        }
        other => other.map_err(Failure::from),
    }
}

/// Success is an error when the request is a dry run.
fn would_have_succeeded(dry_run: Option<NullableBooleanType>) -> Result<(), Failure> {
    match dry_run {
        Some(NullableBooleanType(true)) => Err(refuse_with(
            KmsException::DryRunOperation,
            text::DRY_RUN_WOULD_HAVE_SUCCEEDED,
        )),
        Some(NullableBooleanType(false)) | None => Ok(()),
    }
}

fn key_arn(key: &Key) -> KeyIdType {
    key.arn.as_str().into()
}

fn material_id(material: &MaterialId) -> BackingKeyIdType {
    hex::encode(material).into()
}
