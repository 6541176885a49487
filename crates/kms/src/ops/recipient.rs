//! For whom a secret answer is: the caller, or the enclave that an attestation document proves. A secret that
//! is for an enclave leaves the key process encrypted to the enclave's key only.

use strongroom_attestation::{Attestation, Rejected};
use strongroom_audit::Value;
use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{AttestationDocumentType, CiphertextType, PlaintextType, RecipientInfo};
use strongroom_aws::text;
use strongroom_base::{Secret, hex};

use crate::call::Call;
use crate::failure::{Failure, refuse_with};
use crate::kms::Kms;

/// Refuses a recipient without its members. RSAES_OAEP_SHA_256 is the only KeyEncryptionAlgorithm there is.
pub(super) fn check(recipient: Option<&RecipientInfo>) -> Result<(), Refusal> {
    let Some(recipient) = recipient else {
        return Ok(());
    };
    let required = |member: &str| {
        let text = text::required_member(member);
        Err(Refusal::new(KmsException::Validation, text))
    };
    if recipient.key_encryption_algorithm.is_none() {
        return required("recipient.keyEncryptionAlgorithm");
    }
    match recipient.attestation_document {
        None => required("recipient.attestationDocument"),
        Some(_) => Ok(()),
    }
}

/// What the document of a request's recipient attests, if it has one: whatever is decided by a document is
/// decided by one that was verified.
pub(crate) fn attested(
    kms: &Kms,
    recipient: Option<&RecipientInfo>,
) -> Option<Result<Attestation, Rejected>> {
    let document = recipient?.attestation_document.as_ref()?;
    let AttestationDocumentType(document) = document;
    let roots = &kms.settings.attestation_roots;
    Some(strongroom_attestation::verify(
        document,
        roots,
        kms.env.clock.now(),
    ))
}

/// For whom a secret is.
pub(super) enum Audience {
    /// The caller.
    Caller,
    /// The enclave whose public key this is, a DER SubjectPublicKeyInfo.
    Enclave(Vec<u8>),
}

/// A secret as a reply shows it, in one of two members.
pub(super) struct Shown {
    pub(super) plaintext: Option<PlaintextType>,
    pub(super) for_recipient: Option<CiphertextType>,
}

impl Audience {
    /// The audience of a request with this recipient. Errors: ValidationException when the document does not
    /// prove an enclave; the operator's log alone learns why.
    pub(super) fn of(call: &Call<'_>, recipient: Option<&RecipientInfo>) -> Result<Self, Failure> {
        let Some(verified) = attested(call.kms, recipient) else {
            return Ok(Self::Caller);
        };
        let attestation = verified.map_err(|reason| {
            let request_id = call.request_id;
            tracing::info!(request_id, %reason, "an attestation document was refused");
            refuse_with(KmsException::Validation, text::ATTESTATION_NOT_VALID)
        })?;
        call.note_additional("recipient", told(&attestation));
        Ok(Self::Enclave(attestation.public_key))
    }

    /// The recipient of a command: the enclave's key, empty for the caller.
    pub(super) fn key(&self) -> &[u8] {
        match self {
            Self::Caller => &[],
            Self::Enclave(key) => key,
        }
    }

    /// Whether the caller may see the secret, and with it what is told of the material.
    pub(super) fn is_caller(&self) -> bool {
        matches!(self, Self::Caller)
    }

    /// What the key process answered to a command for this audience.
    pub(super) fn show(&self, secret: Secret<Vec<u8>>) -> Shown {
        match self {
            Self::Caller => Shown {
                plaintext: Some(PlaintextType(secret)),
                for_recipient: None,
            },
            Self::Enclave(_) => Shown {
                plaintext: None,
                for_recipient: Some(CiphertextType(secret.expose().clone())),
            },
        }
    }
}

/// What the audit tells of an enclave (KMS Developer Guide, "Logging AWS KMS requests from Nitro Enclaves").
fn told(attestation: &Attestation) -> Value {
    let image = attestation.pcrs.get(&0).map(|digest| hex::encode(digest));
    Value::texts([
        (
            "attestationDocumentModuleId",
            attestation.module_id.as_str(),
        ),
        (
            "attestationDocumentEnclaveImageDigest",
            image.as_deref().unwrap_or_default(),
        ),
    ])
}

#[cfg(test)]
mod tests;
