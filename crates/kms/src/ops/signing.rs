//! Sign and Verify, and which messages an algorithm takes.

use strongroom_aws::error::KmsException;
use strongroom_aws::kms::{
    BooleanType, CiphertextType, MessageType, SignRequest, SignResponse, SigningAlgorithmSpec,
    VerifyRequest, VerifyResponse,
};
use strongroom_aws::text;
use strongroom_hsm_api::command as hsm;
use strongroom_hsm_api::scheme::{SignatureInput, SignatureScheme};

use super::Operation;
use super::cryptography::{
    carried_out, key_arn, material_in_use, usable_key, would_have_succeeded,
};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::{Failure, refuse_with};
use crate::key::Key;
use crate::records::KeyUsage;
use crate::spec::signature_scheme;

/// KMS API, Sign.
pub(super) struct Sign;

impl Operation for Sign {
    type Input = SignRequest;
    type Output = SignResponse;

    fn targets(input: &SignRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        signing_keys(keys, input.signing_algorithm, input.message_type);
    }

    async fn run(request: Authorized<'_, Self>) -> Result<SignResponse, Failure> {
        let input = request.input();
        let message = input.message.0.expose();
        let signing = Signing::begin(
            &request,
            input.signing_algorithm,
            input.message_type,
            message,
        )?;
        let command = hsm::Sign {
            token: signing.token,
            scheme: signing.scheme,
            input: signing.input,
            message,
        };
        let made = carried_out(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        Ok(SignResponse {
            key_id: Some(key_arn(signing.key)),
            signature: Some(CiphertextType(made.signature)),
            signing_algorithm: Some(input.signing_algorithm),
        })
    }
}

/// KMS API, Verify. A signature that is not valid is an exception, never an answer.
pub(super) struct Verify;

impl Operation for Verify {
    type Input = VerifyRequest;
    type Output = VerifyResponse;

    fn targets(input: &VerifyRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        signing_keys(keys, input.signing_algorithm, input.message_type);
    }

    async fn run(request: Authorized<'_, Self>) -> Result<VerifyResponse, Failure> {
        let input = request.input();
        let message = input.message.0.expose();
        let signing = Signing::begin(
            &request,
            input.signing_algorithm,
            input.message_type,
            message,
        )?;
        let command = hsm::Verify {
            token: signing.token,
            scheme: signing.scheme,
            input: signing.input,
            message,
            signature: &input.signature.0,
        };
        carried_out(request.kms().key_process.call(&command)).await?;
        would_have_succeeded(input.dry_run)?;
        Ok(VerifyResponse {
            key_id: Some(key_arn(signing.key)),
            signature_valid: Some(BooleanType(true)),
            signing_algorithm: Some(input.signing_algorithm),
        })
    }
}

/// kms:SigningAlgorithm and kms:MessageType; KMS API, Sign: RAW by default.
fn signing_keys(
    keys: &mut Keys<'_>,
    algorithm: SigningAlgorithmSpec,
    message_type: Option<MessageType>,
) {
    keys.one("kms:signingalgorithm", algorithm.as_str());
    let message_type = message_type.unwrap_or(MessageType::Raw);
    keys.one("kms:messagetype", message_type.as_str());
}

/// What Sign and Verify begin with: a key, an algorithm and a message that fit each other.
struct Signing<'k> {
    key: &'k Key,
    token: &'k [u8],
    scheme: SignatureScheme,
    input: SignatureInput,
}

impl<'k> Signing<'k> {
    fn begin<O: Operation>(
        request: &'k Authorized<'_, O>,
        algorithm: SigningAlgorithmSpec,
        message_type: Option<MessageType>,
        message: &[u8],
    ) -> Result<Self, Failure> {
        let key = usable_key(request, KeyUsage::SignVerify)?;
        key.require_signing_algorithm(algorithm)?;
        let message_type = message_type.unwrap_or(MessageType::Raw);
        let input = signature_input(key, algorithm, message_type, message)?;
        let (_, token) = material_in_use(request, key)?;
        Ok(Self {
            key,
            token,
            scheme: signature_scheme(algorithm),
            input,
        })
    }
}

/// What the key process makes of a message, if the message is one that key and algorithm take.
fn signature_input(
    key: &Key,
    algorithm: SigningAlgorithmSpec,
    message_type: MessageType,
    message: &[u8],
) -> Result<SignatureInput, Failure> {
    let invalid = |text: String| Err(refuse_with(KmsException::Validation, text));
    let Some(taken) = taken(algorithm, message_type) else {
        return invalid(incompatible(key, algorithm, message_type));
    };
    if taken.length.is_none_or(|length| length == message.len()) {
        return Ok(taken.input);
    }
    invalid(match message_type {
        MessageType::ExternalMu => text::external_mu_length(algorithm.as_str()),
        MessageType::Raw | MessageType::Digest => text::digest_length(algorithm.as_str()),
    })
}

/// That a message type does not fit: the key, when none of its algorithms takes it, else the algorithm.
fn incompatible(key: &Key, algorithm: SigningAlgorithmSpec, message_type: MessageType) -> String {
    let spec = key.record.spec;
    let mut others = spec.signing_algorithms().iter();
    if others.any(|other| taken(*other, message_type).is_some()) {
        return text::message_type_without_algorithm(message_type.as_str(), algorithm.as_str());
    }
    text::message_type_without_key_spec(message_type.as_str(), spec.wire().as_str())
}

/// A message that an algorithm takes.
struct Taken {
    input: SignatureInput,
    /// Its only length in bytes.
    length: Option<usize>,
}

/// KMS API, Sign, MessageType.
fn taken(algorithm: SigningAlgorithmSpec, message_type: MessageType) -> Option<Taken> {
    use SigningAlgorithmSpec as Algorithm;
    let message = |length| Taken {
        input: SignatureInput::Message,
        length,
    };
    match (message_type, algorithm) {
        // What Ed25519ph signs is hashed again: the client's hash is the message (RFC 8032 §5.1).
        (MessageType::Digest, Algorithm::Ed25519PhSha512) => Some(message(Some(64))),
        (MessageType::Raw, Algorithm::Ed25519PhSha512) => None,
        (MessageType::Raw, _) => Some(message(None)),
        (MessageType::Digest, _) => Some(Taken {
            input: SignatureInput::Digest,
            length: Some(digest_length(algorithm)?),
        }),
        (MessageType::ExternalMu, Algorithm::MlDsaShake256) => Some(Taken {
            input: SignatureInput::ExternalMu,
            length: Some(64),
        }),
        (MessageType::ExternalMu, _) => None,
    }
}

/// The bytes of the hash that an algorithm signs, if it signs one.
fn digest_length(algorithm: SigningAlgorithmSpec) -> Option<usize> {
    use SigningAlgorithmSpec as Algorithm;
    match algorithm {
        Algorithm::RsassaPkcs1V15Sha256
        | Algorithm::RsassaPssSha256
        | Algorithm::EcdsaSha256
        | Algorithm::Sm2Dsa => Some(32),
        Algorithm::RsassaPkcs1V15Sha384 | Algorithm::RsassaPssSha384 | Algorithm::EcdsaSha384 => {
            Some(48)
        }
        Algorithm::RsassaPkcs1V15Sha512 | Algorithm::RsassaPssSha512 | Algorithm::EcdsaSha512 => {
            Some(64)
        }
        Algorithm::Ed25519Sha512 | Algorithm::Ed25519PhSha512 | Algorithm::MlDsaShake256 => None,
    }
}

#[cfg(test)]
mod tests;
