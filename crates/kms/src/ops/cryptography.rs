//! What the cryptographic operations share: the encryption context, the material in use, the wait for the
//! key process, and the dry run. Holds no operation of its own.

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{
    BackingKeyIdType, EncryptionAlgorithmSpec, EncryptionContextType, KeyIdType,
    NullableBooleanType,
};
use strongroom_aws::text;
use strongroom_base::hex;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::context::canonical;
use strongroom_hsm_api::key::MaterialId;
use strongroom_hsm_api::wire::Field;

use super::Operation;
use crate::authorize::{Authorized, Keys};
use crate::failure::{Failure, refuse, refuse_with};
use crate::key::{Key, USABLE};
use crate::key_process::{Answer, CallError};
use crate::records::{KeySpec, KeyUsage};

/// The longest encryption context, in bytes, written as compact JSON: quotes, colon and comma are six
/// bytes a pair. What the key process and the audit record allow is more.
const CONTEXT_BYTES_MAX: usize = 8192;
const PAIR_OVERHEAD_BYTES: usize = 6;

pub(super) fn check_context(context: Option<&EncryptionContextType>) -> Result<(), Refusal> {
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

pub(super) fn canonical_context(context: Option<&EncryptionContextType>) -> Vec<u8> {
    let pairs = context.into_iter().flat_map(|context| &context.0);
    canonical(pairs.map(|(key, value)| (key.as_str(), value.as_str())))
}

/// The condition keys of encryption: kms:EncryptionAlgorithm, of which absent is SYMMETRIC_DEFAULT, and the context.
pub(super) fn encryption_keys<'i>(
    keys: &mut Keys<'i>,
    algorithm: Option<EncryptionAlgorithmSpec>,
    context: Option<&'i EncryptionContextType>,
) {
    let algorithm = algorithm.unwrap_or(EncryptionAlgorithmSpec::SymmetricDefault);
    keys.one("kms:encryptionalgorithm", algorithm.as_str());
    keys.encryption_context(context);
}

/// The key of an operation that is there for `usage` only, and may be used now.
pub(super) fn usable_key<'r, O: Operation>(
    request: &'r Authorized<'_, O>,
    usage: KeyUsage,
) -> Result<&'r Key, Failure> {
    let key = request.key()?;
    key.require_state(USABLE)?;
    key.require_usage(usage, request.call().op.name)?;
    Ok(key)
}

/// The material that `key` works with unless a ciphertext names another, on the trail when symmetric.
pub(super) fn material_in_use<'k, O: Operation>(
    request: &Authorized<'_, O>,
    key: &'k Key,
) -> Result<(&'k MaterialId, &'k [u8]), Failure> {
    let (material, token) = key.material_in_use()?;
    note_material(request, key, material);
    Ok((material, token))
}

/// Notes the material that is used. Only symmetric keys have material that AWS tells apart.
pub(super) fn note_material<O: Operation>(
    request: &Authorized<'_, O>,
    key: &Key,
    material: &MaterialId,
) {
    if key.record.spec == KeySpec::SymmetricDefault {
        request.call().note_material(key, material);
    }
}

/// Waits for the key process.
pub(super) async fn carried_out<R: for<'b> Field<'b>>(answer: Answer<R>) -> Result<R, Failure> {
    answer.await.map_err(refusal)
}

/// What the key process refuses of the input, as the exception that the API has for it.
pub(super) fn refusal(error: CallError) -> Failure {
    match error {
        CallError::Refused(Code::CiphertextRefused) => refuse(KmsException::InvalidCiphertext),
        CallError::Refused(Code::SignatureRefused) => refuse(KmsException::KmsInvalidSignature),
        CallError::Refused(Code::MacRefused) => refuse(KmsException::KmsInvalidMac),
        // KMS API, DeriveSharedSecret: AWS says no more of a public key.
        CallError::Refused(Code::PublicKeyRefused) => refuse(KmsException::Validation),
        other => Failure::from(other),
    }
}

/// Success is an error when the request is a dry run.
pub(super) fn would_have_succeeded(dry_run: Option<NullableBooleanType>) -> Result<(), Failure> {
    match dry_run {
        Some(NullableBooleanType(true)) => Err(refuse_with(
            KmsException::DryRunOperation,
            text::DRY_RUN_WOULD_HAVE_SUCCEEDED,
        )),
        Some(NullableBooleanType(false)) | None => Ok(()),
    }
}

pub(super) fn key_arn(key: &Key) -> KeyIdType {
    key.arn.as_str().into()
}

pub(super) fn material_id(material: &MaterialId) -> BackingKeyIdType {
    hex::encode(material).into()
}
