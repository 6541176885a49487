//! Encrypt, Decrypt and ReEncrypt with symmetric keys and key pairs. Everything secret happens in the key
//! process; here are the rules of the API around it.

use strongroom_audit::Resource;
use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{
    BackingKeyIdType, CiphertextType, DecryptRequest, DecryptResponse, DryRunModifierList,
    EncryptRequest, EncryptResponse, EncryptionAlgorithmSpec, EncryptionContextType, KeyIdType,
    NullableBooleanType, ReEncryptRequest, ReEncryptResponse,
};
use strongroom_aws::text;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command as hsm;
use strongroom_hsm_api::key::MaterialId;
use strongroom_hsm_api::scheme::EncryptionScheme;

use super::Operation;
use super::cryptography::{
    canonical_context, carried_out, check_context, encryption_keys, key_arn, material_id,
    material_in_use, note_material, refusal, would_have_succeeded,
};
use super::recipient::{self, Audience};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::{Failure, refuse, refuse_with};
use crate::key::{Key, USABLE};
use crate::key_process::CallError;
use crate::records::{KeySpec, KeyUsage};
use crate::resolve::ciphertext_material;
use crate::spec::encryption_scheme;

const SYMMETRIC: EncryptionAlgorithmSpec = EncryptionAlgorithmSpec::SymmetricDefault;

/// KMS API, Encrypt.
pub(super) struct Encrypt;

impl Operation for Encrypt {
    type Input = EncryptRequest;
    type Output = EncryptResponse;

    fn check(input: &EncryptRequest) -> Result<(), Refusal> {
        check_context(input.encryption_context.as_ref())
    }

    fn targets(input: &EncryptRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        let context = input.encryption_context.as_ref();
        encryption_keys(keys, input.encryption_algorithm, context);
    }

    async fn run(request: Authorized<'_, Self>) -> Result<EncryptResponse, Failure> {
        let input = request.input();
        let context = input.encryption_context.as_ref();
        let key = request.key()?;
        key.require_state(USABLE)?;
        let side = Side::encrypting(&request, key, input.encryption_algorithm, context)?;
        let plaintext = input.plaintext.0.expose();
        side.require_room(plaintext)?;
        let command = hsm::Encrypt {
            token: side.token,
            scheme: side.scheme(),
            context: &side.context,
            plaintext,
        };
        let made = carried_out(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        Ok(EncryptResponse {
            ciphertext_blob: Some(CiphertextType(made.ciphertext)),
            key_id: Some(key_arn(key)),
            encryption_algorithm: Some(side.algorithm),
        })
    }
}

/// KMS API, Decrypt.
pub(super) struct Decrypt;

impl Operation for Decrypt {
    type Input = DecryptRequest;
    type Output = DecryptResponse;

    fn check(input: &DecryptRequest) -> Result<(), Refusal> {
        let source = Source {
            ciphertext: input.ciphertext_blob.as_ref(),
            key_id: input.key_id.as_ref(),
            algorithm: input.encryption_algorithm,
            modifiers: input.dry_run_modifiers.as_ref(),
        };
        source.check(input.dry_run)?;
        check_context(input.encryption_context.as_ref())?;
        recipient::check(input.recipient.as_ref())
    }

    fn targets(input: &DecryptRequest) -> Vec<Target<'_>> {
        vec![ciphertext_target(
            input.ciphertext_blob.as_ref(),
            input.key_id.as_ref(),
        )]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        let context = input.encryption_context.as_ref();
        encryption_keys(keys, input.encryption_algorithm, context);
        keys.recipient(input.recipient.as_ref());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<DecryptResponse, Failure> {
        let (input, key) = (request.input(), request.key()?);
        let context = input.encryption_context.as_ref();
        let audience = Audience::of(request.call(), input.recipient.as_ref())?;
        key.require_state(USABLE)?;
        let algorithm = require_decryption(key, input.encryption_algorithm)?;
        if ignores_ciphertext(input.dry_run_modifiers.as_ref()) {
            would_have_succeeded(input.dry_run)?;
        }
        let ciphertext = bytes(input.ciphertext_blob.as_ref());
        let side = Side::decrypting(&request, key, algorithm, context, ciphertext)?;
        let command = hsm::Decrypt {
            token: side.token,
            scheme: side.scheme(),
            context: &side.context,
            ciphertext,
            recipient: audience.key(),
        };
        let opened = carried_out(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        let shown = audience.show(opened.plaintext);
        Ok(DecryptResponse {
            key_id: Some(key_arn(key)),
            plaintext: shown.plaintext,
            encryption_algorithm: Some(algorithm),
            ciphertext_for_recipient: shown.for_recipient,
            key_material_id: side.material_id().filter(|_| audience.is_caller()),
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
            algorithm: input.source_encryption_algorithm,
            modifiers: input.dry_run_modifiers.as_ref(),
        };
        source.check(input.dry_run)?;
        check_context(input.source_encryption_context.as_ref())?;
        check_context(input.destination_encryption_context.as_ref())
    }

    fn targets(input: &ReEncryptRequest) -> Vec<Target<'_>> {
        vec![
            ciphertext_target(input.ciphertext_blob.as_ref(), input.source_key_id.as_ref()),
            Target::key_or_alias(&input.destination_key_id),
        ]
    }

    fn condition_keys<'i>(input: &'i Self::Input, index: usize, keys: &mut Keys<'i>) {
        let (algorithm, context) = match index {
            0 => (
                input.source_encryption_algorithm,
                &input.source_encryption_context,
            ),
            _ => (
                input.destination_encryption_algorithm,
                &input.destination_encryption_context,
            ),
        };
        encryption_keys(keys, algorithm, context.as_ref());
        let source =
            ciphertext_target(input.ciphertext_blob.as_ref(), input.source_key_id.as_ref());
        keys.both_sides(source, Target::key_or_alias(&input.destination_key_id));
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ReEncryptResponse, Failure> {
        let input = request.input();
        let (source, destination) = (request.key_at(0)?, request.key_at(1)?);
        let source_context = input.source_encryption_context.as_ref();
        let destination_context = input.destination_encryption_context.as_ref();
        source.require_state(USABLE)?;
        destination.require_state(USABLE)?;
        let algorithm = require_decryption(source, input.source_encryption_algorithm)?;
        let to = Side::encrypting(
            &request,
            destination,
            input.destination_encryption_algorithm,
            destination_context,
        )?;
        if ignores_ciphertext(input.dry_run_modifiers.as_ref()) {
            would_have_succeeded(input.dry_run)?;
        }
        let ciphertext = bytes(input.ciphertext_blob.as_ref());
        let from = Side::decrypting(&request, source, algorithm, source_context, ciphertext)?;
        request.call().note_sides(from.used(), to.used());
        let made = re_encrypt(&request, &from, ciphertext, &to).await?;
        would_have_succeeded(input.dry_run)?;
        Ok(ReEncryptResponse {
            ciphertext_blob: Some(made),
            source_key_id: Some(key_arn(source)),
            key_id: Some(key_arn(destination)),
            source_encryption_algorithm: Some(from.algorithm),
            destination_encryption_algorithm: Some(to.algorithm),
            source_key_material_id: from.material_id(),
            destination_key_material_id: to.material_id(),
        })
    }
}

async fn re_encrypt(
    request: &Authorized<'_, ReEncrypt>,
    from: &Side<'_>,
    ciphertext: &[u8],
    to: &Side<'_>,
) -> Result<CiphertextType, Failure> {
    let command = hsm::ReEncrypt {
        source: from.token,
        source_scheme: from.scheme(),
        source_context: &from.context,
        ciphertext,
        destination: to.token,
        destination_scheme: to.scheme(),
        destination_context: &to.context,
    };
    let made = request.kms().key_process.call(&command).await;
    let made = made.map_err(|error| match error {
        // Only the key process sees how long the plaintext is.
        CallError::Refused(Code::InputRefused) => to.no_room(),
        other => refusal(other),
    })?;
    Ok(CiphertextType(made.ciphertext))
}

/// One side of an encryption: a key that fits its algorithm and context.
struct Side<'k> {
    key: &'k Key,
    material: &'k MaterialId,
    token: &'k [u8],
    algorithm: EncryptionAlgorithmSpec,
    /// In its canonical form; empty with asymmetric algorithms.
    context: Vec<u8>,
}

impl<'k> Side<'k> {
    /// The side that encrypts, under the current material.
    fn encrypting<O: Operation>(
        request: &Authorized<'_, O>,
        key: &'k Key,
        algorithm: Option<EncryptionAlgorithmSpec>,
        context: Option<&EncryptionContextType>,
    ) -> Result<Self, Failure> {
        key.require_usage(KeyUsage::EncryptDecrypt, request.call().op.name)?;
        let algorithm = key.require_encryption_algorithm(algorithm)?;
        let context = context_for(algorithm, context)?;
        let (material, token) = material_in_use(request, key)?;
        Ok(Self {
            key,
            material,
            token,
            algorithm,
            context,
        })
    }

    /// The side that decrypts `ciphertext`, under the material it names if it names any.
    fn decrypting<O: Operation>(
        request: &Authorized<'_, O>,
        key: &'k Key,
        algorithm: EncryptionAlgorithmSpec,
        context: Option<&EncryptionContextType>,
        ciphertext: &[u8],
    ) -> Result<Self, Failure> {
        let context = context_for(algorithm, context)?;
        let (material, token) = match algorithm {
            SYMMETRIC => named_material(request, key, ciphertext)?,
            _ => material_in_use(request, key)?,
        };
        Ok(Self {
            key,
            material,
            token,
            algorithm,
            context,
        })
    }

    fn scheme(&self) -> EncryptionScheme {
        encryption_scheme(self.algorithm)
    }

    /// What replies tell of the material: nothing of key pairs.
    fn material_id(&self) -> Option<BackingKeyIdType> {
        let is_symmetric = self.key.record.spec == KeySpec::SymmetricDefault;
        is_symmetric.then(|| material_id(self.material))
    }

    /// The key and, if it is symmetric, the material, as the audit tells them.
    fn used(&self) -> Resource {
        let is_symmetric = self.key.record.spec == KeySpec::SymmetricDefault;
        Resource {
            arn: self.key.arn.clone(),
            material_id: is_symmetric.then_some(*self.material),
        }
    }

    /// Refuses a plaintext that is too long for the key and algorithm.
    fn require_room(&self, plaintext: &[u8]) -> Result<(), Failure> {
        if plaintext.len() > self.plaintext_bytes_max() {
            return Err(self.no_room());
        }
        Ok(())
    }

    fn no_room(&self) -> Failure {
        let (algorithm, spec) = (self.algorithm.as_str(), self.key.record.spec.wire());
        let text = text::plaintext_too_long(algorithm, spec.as_str(), self.plaintext_bytes_max());
        refuse_with(KmsException::Validation, text)
    }

    fn plaintext_bytes_max(&self) -> usize {
        self.key.record.spec.plaintext_bytes_max(self.algorithm)
    }
}

/// The canonical encryption context, which only the symmetric algorithm has; an empty one is none.
fn context_for(
    algorithm: EncryptionAlgorithmSpec,
    context: Option<&EncryptionContextType>,
) -> Result<Vec<u8>, Failure> {
    let is_given = context.is_some_and(|context| !context.0.is_empty());
    match algorithm {
        SYMMETRIC => Ok(canonical_context(context)),
        _ if is_given => Err(refuse_with(
            KmsException::Validation,
            text::CONTEXT_WITH_ASYMMETRIC,
        )),
        _ => Ok(Vec::new()),
    }
}

/// Refuses a key that decrypts nothing, or nothing by this algorithm. Whether the default algorithm fits is
/// left to the ciphertext: with a key pair it is the ciphertext that AWS finds at fault.
fn require_decryption(
    key: &Key,
    algorithm: Option<EncryptionAlgorithmSpec>,
) -> Result<EncryptionAlgorithmSpec, Failure> {
    if key.record.usage != KeyUsage::EncryptDecrypt {
        return Err(incorrect_key());
    }
    match algorithm {
        None | Some(SYMMETRIC) => Ok(SYMMETRIC),
        other => key.require_encryption_algorithm(other),
    }
}

/// The material of `key` that a ciphertext names. Errors: InvalidCiphertextException when the blob is
/// none of ours, IncorrectKeyException when it names another key's material.
fn named_material<'k, O: Operation>(
    request: &Authorized<'_, O>,
    key: &'k Key,
    ciphertext: &[u8],
) -> Result<(&'k MaterialId, &'k [u8]), Failure> {
    let id = ciphertext_material(ciphertext)?;
    let is_symmetric = key.record.spec == KeySpec::SymmetricDefault;
    let material = key.material(&id).filter(|_| is_symmetric);
    let material = material.ok_or_else(incorrect_key)?;
    note_material(request, key, &id);
    // Material that is not in use yet has encrypted nothing; a ciphertext that names it is forged.
    let token = material.token.as_deref().filter(|_| !material.is_pending());
    let token = token.ok_or_else(|| refuse(KmsException::InvalidCiphertext))?;
    Ok((&material.id, token))
}

fn incorrect_key() -> Failure {
    refuse_with(KmsException::IncorrectKey, text::INCORRECT_KEY)
}

/// The ciphertext that an operation decrypts, and what the client says of it.
struct Source<'i> {
    ciphertext: Option<&'i CiphertextType>,
    key_id: Option<&'i KeyIdType>,
    algorithm: Option<EncryptionAlgorithmSpec>,
    modifiers: Option<&'i DryRunModifierList>,
}

impl Source<'_> {
    fn check(&self, dry_run: Option<NullableBooleanType>) -> Result<(), Refusal> {
        let invalid = |text: &str| Err(Refusal::new(KmsException::Validation, text));
        let is_dry = dry_run.is_some_and(|dry_run| dry_run.0);
        if self.modifiers.is_some() && !is_dry {
            return invalid(text::DRY_RUN_MODIFIERS_WITHOUT_DRY_RUN);
        }
        let ignores_ciphertext = ignores_ciphertext(self.modifiers);
        if self.ciphertext.is_none() && !ignores_ciphertext {
            return invalid(&text::required_member("ciphertextBlob"));
        }
        let is_symmetric = self
            .algorithm
            .is_none_or(|algorithm| algorithm == SYMMETRIC);
        if self.key_id.is_none() && (ignores_ciphertext || !is_symmetric) {
            return invalid(text::KEY_ID_NOT_NULL);
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

#[cfg(test)]
mod tests;
