//! Importing key material: the wrapping key, the material, and its deletion. Which material may be a key's is
//! decided in `imports`.

use std::time::Duration;

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{
    self as wire, AlgorithmSpec, CiphertextType, DateType, DeleteImportedKeyMaterialRequest,
    DeleteImportedKeyMaterialResponse, ExpirationModelType, GetParametersForImportRequest,
    GetParametersForImportResponse, ImportKeyMaterialRequest, ImportKeyMaterialResponse,
    ImportType, PlaintextType, WrappingKeySpec,
};
use strongroom_aws::text;
use strongroom_base::id::Region;
use strongroom_base::{Secret, UnixMillis, hex};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::{GenerateWrappingKey, ImportKey, NewKey};
use strongroom_hsm_api::key::{Attributes, MaterialId, Origin, Spec, State, Usage, Wrapping};
use strongroom_hsm_api::scheme::WrappingScheme;

use super::Operation;
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::{Failure, refuse, refuse_with};
use crate::imports::{self, Incoming};
use crate::key::{CHANGEABLE, Key};
use crate::key_process::CallError;
use crate::kms::Kms;
use crate::material::attributes;
use crate::records::{KeyOrigin, KeySpec, Millis};
use crate::told;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// KMS API, GetParametersForImport: how long material is taken under a wrapping key.
const PARAMETERS_VALID: Duration = DAY;

/// KMS API, ImportKeyMaterial: ValidTo.
const VALID_DAYS_MAX: u32 = 365;

/// KMS API, GetParametersForImport. What it answers is stored nowhere: the import token is the wrapping key,
/// bound to the key, its Region, the algorithm and the time.
pub(super) struct GetParametersForImport;

impl Operation for GetParametersForImport {
    type Input = GetParametersForImportRequest;
    type Output = GetParametersForImportResponse;

    fn targets(input: &GetParametersForImportRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        keys.one("kms:wrappingalgorithm", input.wrapping_algorithm.as_str());
        keys.one("kms:wrappingkeyspec", input.wrapping_key_spec.as_str());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetParametersForImportResponse, Failure> {
        let (kms, key) = (request.kms(), request.key()?);
        key.require_state(CHANGEABLE)?;
        require_imported(key)?;
        let (spec, scheme) = wrapping(key, request.input())?;
        let valid_to = request.env().clock.now().plus(PARAMETERS_VALID);
        let identity = key.name.identity();
        let command = GenerateWrappingKey {
            attributes: Attributes {
                spec,
                usage: Usage::Unwrap,
                state: State::Enabled,
                wrapping: Some(Wrapping {
                    scheme,
                    not_after: u64::try_from(valid_to.0).unwrap_or(0),
                }),
                ..attributes(&key.record, &identity, Origin::Generated)
            },
        };
        let made = kms.key_process.call(&command).await?;
        Ok(GetParametersForImportResponse {
            key_id: Some(key.arn.as_str().into()),
            import_token: Some(CiphertextType(made.token)),
            public_key: Some(PlaintextType(Secret::from(made.public))),
            parameters_valid_to: Some(DateType(valid_to)),
        })
    }
}

/// KMS API, GetParametersForImport: which wrapping fits which key. RSA material is too long for one block
/// of RSA, and P-521's for one of 2,048 bits.
fn wrapping(
    key: &Key,
    input: &GetParametersForImportRequest,
) -> Result<(Spec, WrappingScheme), Refusal> {
    let (algorithm, wrapping) = (input.wrapping_algorithm, input.wrapping_key_spec);
    let spec = key.record.spec;
    let unfit = || {
        let (algorithm, wrapping) = (algorithm.as_str(), wrapping.as_str());
        let text = text::wrapping_unfit(algorithm, wrapping, spec.wire().as_str());
        Refusal::new(KmsException::Validation, text)
    };
    let wrapping_spec = wrapping_spec(wrapping, &key.name.region).ok_or_else(unfit)?;
    let material = Material::of(spec);
    let is_short = spec == KeySpec::EccNistP521 && wrapping == WrappingKeySpec::Rsa2048;
    let (scheme, fits) = match algorithm {
        AlgorithmSpec::RsaesPkcs1V15 => return Err(unfit()),
        AlgorithmSpec::RsaesOaepSha1 => (WrappingScheme::OaepSha1, material.fits_oaep()),
        AlgorithmSpec::RsaesOaepSha256 => (WrappingScheme::OaepSha256, material.fits_oaep()),
        AlgorithmSpec::RsaAesKeyWrapSha1 => (WrappingScheme::AesSha1, material.fits_aes()),
        AlgorithmSpec::RsaAesKeyWrapSha256 => (WrappingScheme::AesSha256, material.fits_aes()),
        AlgorithmSpec::Sm2Pke => (WrappingScheme::Sm2, material.fits_sm2()),
    };
    let is_oaep = matches!(
        scheme,
        WrappingScheme::OaepSha1 | WrappingScheme::OaepSha256
    );
    let is_sm2 = (scheme == WrappingScheme::Sm2, wrapping_spec == Spec::Sm2);
    let agree = is_sm2 == (true, true) || is_sm2 == (false, false);
    if fits && agree && !(is_oaep && is_short) {
        return Ok((wrapping_spec, scheme));
    }
    Err(unfit())
}

/// SM2 wraps in China only.
fn wrapping_spec(spec: WrappingKeySpec, region: &Region) -> Option<Spec> {
    match spec {
        WrappingKeySpec::Rsa2048 => Some(Spec::Rsa2048),
        WrappingKeySpec::Rsa3072 => Some(Spec::Rsa3072),
        WrappingKeySpec::Rsa4096 => Some(Spec::Rsa4096),
        WrappingKeySpec::Sm2 => KeySpec::Sm2.is_offered_in(region).then_some(Spec::Sm2),
    }
}

/// Kinds of material, as wrapping algorithms tell them apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Material {
    Bytes,
    Rsa,
    Curve,
    Sm2,
}

impl Material {
    fn of(spec: KeySpec) -> Self {
        match spec.wire() {
            wire::KeySpec::Rsa2048 | wire::KeySpec::Rsa3072 | wire::KeySpec::Rsa4096 => Self::Rsa,
            wire::KeySpec::EccNistP256
            | wire::KeySpec::EccNistP384
            | wire::KeySpec::EccNistP521
            | wire::KeySpec::EccSecgP256k1
            | wire::KeySpec::EccNistEdwards25519 => Self::Curve,
            wire::KeySpec::Sm2 => Self::Sm2,
            _ => Self::Bytes,
        }
    }

    fn fits_oaep(self) -> bool {
        self != Self::Rsa
    }

    fn fits_aes(self) -> bool {
        matches!(self, Self::Rsa | Self::Curve)
    }

    fn fits_sm2(self) -> bool {
        self != Self::Bytes
    }
}

/// KMS API, ImportKeyMaterial.
pub(super) struct ImportKeyMaterial;

impl Operation for ImportKeyMaterial {
    type Input = ImportKeyMaterialRequest;
    type Output = ImportKeyMaterialResponse;

    fn targets(input: &ImportKeyMaterialRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        let model = input.expiration_model;
        keys.maybe("kms:expirationmodel", model.map(|model| model.as_str()));
        // A number of seconds, which both date and numeric operators read.
        let valid_to = input.valid_to.map(|date| date.0.seconds().to_string());
        keys.maybe("kms:validto", valid_to);
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ImportKeyMaterialResponse, Failure> {
        let (kms, key, input) = (request.kms(), request.key()?, request.input());
        key.require_state(CHANGEABLE)?;
        require_imported(key)?;
        require_fitting(key, input)?;
        let expires = expiry(input, kms.later_time())?;
        let _making = kms.making_token().await;
        let unwrapped = unwrap(kms, key, input).await?;
        request.call().note_material(key, &unwrapped.material_id);
        let description = input.key_material_description.as_ref();
        let incoming = Incoming {
            id: unwrapped.material_id,
            token: unwrapped.token,
            import_type: input.import_type,
            expected: (input.key_material_id.as_ref()).map(|id| id.as_str().to_owned()),
            expires,
            description: description.map(|text| text.as_str().to_owned()),
        };
        let changes = imports::take_in(kms, key, incoming).await?;
        let answer = ImportKeyMaterialResponse {
            key_id: Some(key.arn.as_str().into()),
            key_material_id: shown_id(key, &unwrapped.material_id).map(Into::into),
        };
        request.call().note_response(told::output(&answer));
        request.commit(changes).await?;
        Ok(answer)
    }
}

/// Refuses members that do not fit the key, or each other.
fn require_fitting(key: &Key, input: &ImportKeyMaterialRequest) -> Result<(), Refusal> {
    let invalid = |text: String| Err(Refusal::new(KmsException::Validation, text));
    if let Some(member) = symmetric_member(input).filter(|_| !is_symmetric(key)) {
        let spec = key.record.spec.wire();
        return invalid(text::import_parameter_unfit(member, spec.as_str()));
    }
    if input.import_type != Some(ImportType::NewKeyMaterial) {
        return Ok(());
    }
    if input.key_material_id.is_some() {
        return invalid(text::KEY_MATERIAL_ID_OF_NEW.to_owned());
    }
    if key.is_replica() {
        // KMS API, ImportKeyMaterial: new material comes to the primary first.
        let text = text::replica_not_valid(&key.arn, "ImportKeyMaterial");
        return Err(Refusal::new(KmsException::UnsupportedOperation, text));
    }
    Ok(())
}

/// The first member given that only symmetric keys have, by its path.
fn symmetric_member(input: &ImportKeyMaterialRequest) -> Option<&'static str> {
    if input.import_type.is_some() {
        return Some("importType");
    }
    if input.key_material_id.is_some() {
        return Some("keyMaterialId");
    }
    (input.key_material_description.as_ref()).map(|_| "keyMaterialDescription")
}

/// When the material shall expire, if it shall.
fn expiry(input: &ImportKeyMaterialRequest, now: UnixMillis) -> Result<Option<Millis>, Refusal> {
    let invalid = |text: &str| Err(Refusal::new(KmsException::Validation, text));
    let model = input.expiration_model;
    let expires = model != Some(ExpirationModelType::KeyMaterialDoesNotExpire);
    let valid_to = match (expires, input.valid_to) {
        (true, None) => return invalid(text::VALID_TO_REQUIRED),
        (false, Some(_)) => return invalid(text::VALID_TO_FORBIDDEN),
        (false, None) => return Ok(None),
        // CAP: whole seconds.
        (true, Some(DateType(time))) => UnixMillis(time.seconds().saturating_mul(1000)),
    };
    if valid_to <= now {
        return invalid(text::VALID_TO_PAST);
    }
    if valid_to > now.plus(DAY * VALID_DAYS_MAX) {
        return invalid(text::VALID_TO_TOO_LATE);
    }
    Ok(Some(valid_to.into()))
}

async fn unwrap(kms: &Kms, key: &Key, input: &ImportKeyMaterialRequest) -> Result<NewKey, Failure> {
    let identity = key.name.identity();
    let command = ImportKey {
        wrapping: &input.import_token.0,
        wrapped: &input.encrypted_key_material.0,
        attributes: attributes(&key.record, &identity, Origin::Imported),
    };
    let unwrapped = kms.key_process.call(&command).await;
    unwrapped.map_err(unwrap_failure)
}

/// The token that is refused here is the client's, so nothing is gained by another attempt.
fn unwrap_failure(error: CallError) -> Failure {
    let CallError::Refused(code) = error else {
        return error.into();
    };
    match code {
        Code::TokenRefused
        | Code::NotOwner
        | Code::Malformed
        | Code::KeyStateRefused
        | Code::UsageRefused => refuse(KmsException::InvalidImportToken),
        Code::WrappingKeyExpired => refuse(KmsException::ExpiredImportToken),
        Code::MaterialRefused => refuse(KmsException::InvalidCiphertext),
        _ => error.into(),
    }
}

/// KMS API, DeleteImportedKeyMaterial. CAP: what is not there is deleted already.
pub(super) struct DeleteImportedKeyMaterial;

impl Operation for DeleteImportedKeyMaterial {
    type Input = DeleteImportedKeyMaterialRequest;
    type Output = DeleteImportedKeyMaterialResponse;

    fn targets(input: &DeleteImportedKeyMaterialRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    async fn run(
        request: Authorized<'_, Self>,
    ) -> Result<DeleteImportedKeyMaterialResponse, Failure> {
        let (kms, key) = (request.kms(), request.key()?);
        require_imported(key)?;
        let id = material_to_delete(key, request.input())?;
        if let Some(id) = &id {
            request.call().note_material(key, id);
            let _making = kms.making_token().await;
            if let Some(changes) = imports::delete(kms, key, id).await? {
                request.commit(changes).await?;
            }
        }
        Ok(DeleteImportedKeyMaterialResponse {
            key_id: Some(key.arn.as_str().into()),
            key_material_id: id.and_then(|id| shown_id(key, &id)).map(Into::into),
        })
    }
}

/// The material that the client names, or the current one; none of a key that never had any.
fn material_to_delete(
    key: &Key,
    input: &DeleteImportedKeyMaterialRequest,
) -> Result<Option<MaterialId>, Failure> {
    let Some(named) = &input.key_material_id else {
        return Ok(key.current_material().map(|current| current.id));
    };
    let mut materials = key.record.materials.iter();
    let found = materials.find(|one| hex::encode(&one.id) == named.as_str());
    let unknown = || {
        let text = text::key_material_never_imported(named.as_str(), &key.arn);
        refuse_with(KmsException::Validation, text)
    };
    Ok(Some(found.ok_or_else(unknown)?.id))
}

/// Refuses keys whose material the key process made.
fn require_imported(key: &Key) -> Result<(), Failure> {
    match key.record.origin {
        KeyOrigin::External => Ok(()),
        KeyOrigin::AwsKms => Err(refuse_with(
            KmsException::UnsupportedOperation,
            text::origin_not_valid(&key.arn, "AWS_KMS"),
        )),
    }
}

fn is_symmetric(key: &Key) -> bool {
    key.record.spec == KeySpec::SymmetricDefault
}

/// CAP: material of other keys has an id too, but it is not shown.
fn shown_id(key: &Key, id: &MaterialId) -> Option<String> {
    is_symmetric(key).then(|| hex::encode(id))
}
