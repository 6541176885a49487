//! Rotation of keys, as clients ask for it and see it. The rotation itself is in `rotation`, and is over when
//! its call is answered, where AWS takes minutes.

use std::time::Duration;

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{
    BooleanType, DisableKeyRotationRequest, EnableKeyRotationRequest, ExpirationModelType,
    GetKeyRotationStatusRequest, GetKeyRotationStatusResponse, ImportState, IncludeKeyMaterial,
    KeyMaterialState, ListKeyRotationsRequest, ListKeyRotationsResponse, RotateKeyOnDemandRequest,
    RotateKeyOnDemandResponse, RotationPeriodInDaysType, RotationType, RotationsList,
    RotationsListEntry,
};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text;
use strongroom_base::{UnixMillis, hex};

use super::{Operation, paging};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::{Failure, refuse, refuse_with};
use crate::key::{Key, USABLE, wire_date};
use crate::multi_region::{change_each, related};
use crate::records::{
    KeyOrigin, KeySpec, KeyState, MaterialRecord, MaterialRole, RotationKind, RotationRecord,
};
use crate::repository::Changes;
use crate::rotation::rotate;

/// Marks the markers of this list.
const ROTATIONS_LIST: u8 = 10;
const ROTATIONS_DEFAULT: usize = 100;
const ROTATIONS_MAX: usize = 1000;

/// KMS API, EnableKeyRotation: RotationPeriodInDays.
const PERIOD_DAYS_DEFAULT: u32 = 365;

/// KMS API, RotateKeyOnDemand: in a key's life.
const ON_DEMAND_ROTATIONS_MAX: u32 = 25;

/// KMS API, RotateKeyOnDemand: so long before an automatic rotation there is none on demand.
const PLAN_GUARD: Duration = Duration::from_secs(20 * 60);

/// The states in which rotation settings get as far as the key's origin: material that is still to be
/// imported never rotates automatically.
const CONFIGURABLE: &[KeyState] = &[KeyState::Enabled, KeyState::PendingImport];

/// KMS API, EnableKeyRotation. What is on already keeps its plan, unless the period is another.
pub(super) struct EnableKeyRotation;

impl Operation for EnableKeyRotation {
    type Input = EnableKeyRotationRequest;
    type Output = NoOutput;

    fn targets(input: &EnableKeyRotationRequest) -> Vec<Target<'_>> {
        vec![Target::key_no_alias(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        // CAP: absent is the default even of a key that keeps another period.
        let asked = input.rotation_period_in_days.map(|days| days.0.to_string());
        let days = asked.unwrap_or_else(|| PERIOD_DAYS_DEFAULT.to_string());
        keys.one("kms:rotationperiodindays", days);
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let key = request.key()?;
        key.require_state(CONFIGURABLE)?;
        require_symmetric(key)?;
        require_configurable(key, "EnableKeyRotation")?;
        let asked = request.input().rotation_period_in_days;
        let asked = asked.and_then(|RotationPeriodInDaysType(days)| u32::try_from(days).ok());
        let plan = match (key.record.rotation, asked) {
            (Some(_), None) => return Ok(NoOutput),
            (Some(plan), Some(days)) if plan.period_days == days => return Ok(NoOutput),
            (_, days) => {
                let now = request.kms().later_time();
                RotationRecord::starting(now, days.unwrap_or(PERIOD_DAYS_DEFAULT))
            }
        };
        set_plan(&request, Some(plan)).await
    }
}

/// KMS API, DisableKeyRotation. CAP: of a key that never rotates it succeeds.
pub(super) struct DisableKeyRotation;

impl Operation for DisableKeyRotation {
    type Input = DisableKeyRotationRequest;
    type Output = NoOutput;

    fn targets(input: &DisableKeyRotationRequest) -> Vec<Target<'_>> {
        vec![Target::key_no_alias(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let key = request.key()?;
        key.require_state(CONFIGURABLE)?;
        if key.record.spec != KeySpec::SymmetricDefault {
            return Ok(NoOutput);
        }
        require_configurable(key, "DisableKeyRotation")?;
        if key.record.rotation.is_none() {
            return Ok(NoOutput);
        }
        set_plan(&request, None).await
    }
}

/// Writes the plan to all related keys: they share it.
async fn set_plan<O: Operation>(
    request: &Authorized<'_, O>,
    plan: Option<RotationRecord>,
) -> Result<NoOutput, Failure> {
    let records = &request.kms().records;
    let keys = related(records, request.key()?)?;
    let changes = change_each(records, Changes::default(), &keys, |record| {
        record.rotation = plan;
    })?;
    request.commit(changes).await?;
    Ok(NoOutput)
}

/// CAP: a key that is not symmetric is refused without a text.
fn require_symmetric(key: &Key) -> Result<(), Failure> {
    if key.record.spec == KeySpec::SymmetricDefault {
        return Ok(());
    }
    Err(refuse(KmsException::UnsupportedOperation))
}

/// Refuses keys without automatic rotation of their own.
fn require_configurable(key: &Key, operation: &str) -> Result<(), Failure> {
    let unsupported = |text| Err(refuse_with(KmsException::UnsupportedOperation, text));
    match key.record.origin {
        KeyOrigin::External => unsupported(text::origin_not_valid(&key.arn, "EXTERNAL")),
        KeyOrigin::AwsKms if key.is_replica() => {
            unsupported(text::replica_not_valid(&key.arn, operation))
        }
        KeyOrigin::AwsKms => Ok(()),
    }
}

/// KMS API, GetKeyRotationStatus. CAP: it succeeds for every key, and tells nothing of a plan while the key is
/// pending deletion.
pub(super) struct GetKeyRotationStatus;

impl Operation for GetKeyRotationStatus {
    type Input = GetKeyRotationStatusRequest;
    type Output = GetKeyRotationStatusResponse;

    fn targets(input: &GetKeyRotationStatusRequest) -> Vec<Target<'_>> {
        vec![Target::key_no_alias(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetKeyRotationStatusResponse, Failure> {
        let key = request.key()?;
        let is_doomed = key.record.state == KeyState::PendingDeletion;
        // CAP: AWS managed keys rotate, but say that they do not.
        let is_silent = is_doomed || key.record.managed_for.is_some();
        let plan = key.record.rotation.filter(|_| !is_silent);
        let days = plan.and_then(|plan| i32::try_from(plan.period_days).ok());
        Ok(GetKeyRotationStatusResponse {
            key_rotation_enabled: Some(BooleanType(plan.is_some())),
            key_id: Some(key.arn.as_str().into()),
            rotation_period_in_days: days.map(RotationPeriodInDaysType),
            next_rotation_date: plan.map(|plan| wire_date(plan.next)),
            on_demand_rotation_start_date: None,
        })
    }
}

/// KMS API, RotateKeyOnDemand.
pub(super) struct RotateKeyOnDemand;

impl Operation for RotateKeyOnDemand {
    type Input = RotateKeyOnDemandRequest;
    type Output = RotateKeyOnDemandResponse;

    fn targets(input: &RotateKeyOnDemandRequest) -> Vec<Target<'_>> {
        vec![Target::key_no_alias(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<RotateKeyOnDemandResponse, Failure> {
        let (kms, key) = (request.kms(), request.key()?);
        key.require_state(USABLE)?;
        require_symmetric(key)?;
        require_rotatable_now(key, kms.domain_time())?;
        let _making = kms.making_token().await;
        let changes = rotate(kms, key, RotationKind::OnDemand).await?;
        request.commit(changes).await?;
        Ok(RotateKeyOnDemandResponse {
            key_id: Some(key.arn.as_str().into()),
        })
    }
}

fn require_rotatable_now(key: &Key, now: UnixMillis) -> Result<(), Refusal> {
    let refused = |exception, text| Err(Refusal::new(exception, text));
    if key.is_replica() {
        let text = text::replica_not_valid(&key.arn, "RotateKeyOnDemand");
        return refused(KmsException::UnsupportedOperation, text);
    }
    let pending = key.record.materials.last().map(|last| last.role);
    if key.record.origin == KeyOrigin::External && pending != Some(MaterialRole::PendingRotation) {
        let text = text::no_key_material_pending(&key.arn);
        return refused(KmsException::KmsInvalidState, text);
    }
    if key.record.on_demand_rotations >= ON_DEMAND_ROTATIONS_MAX {
        let text = text::rotations_exhausted(&key.arn);
        return refused(KmsException::LimitExceeded, text);
    }
    let planned = key.record.rotation.map(|plan| UnixMillis::from(plan.next));
    if planned.is_some_and(|planned| planned <= now.plus(PLAN_GUARD)) {
        let text = text::rotation_in_progress(&key.arn);
        return refused(KmsException::Conflict, text);
    }
    Ok(())
}

/// KMS API, ListKeyRotations: oldest first, and empty for keys that never rotate.
pub(super) struct ListKeyRotations;

impl Operation for ListKeyRotations {
    type Input = ListKeyRotationsRequest;
    type Output = ListKeyRotationsResponse;

    fn targets(input: &ListKeyRotationsRequest) -> Vec<Target<'_>> {
        vec![Target::key_no_alias(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListKeyRotationsResponse, Failure> {
        let (input, key) = (request.input(), request.key()?);
        let entries = entries(key, input.include_key_material)?;
        let limit = paging::limit(input.limit, ROTATIONS_DEFAULT, ROTATIONS_MAX);
        let list = paging::List {
            kind: ROTATIONS_LIST,
            owner: &key.arn,
        };
        let (page, next) = list.page(&entries, |(name, _)| name, input.marker.as_ref(), limit)?;
        let shown = page.into_iter().map(|(_, entry)| entry).collect();
        Ok(ListKeyRotationsResponse {
            rotations: Some(RotationsList(shown)),
            truncated: Some(BooleanType(next.is_some())),
            next_marker: next,
        })
    }
}

/// The materials to show, by their number in the key's life, which no other material ever gets while a list
/// goes on: only the last one, still pending, can be deleted.
fn entries(
    key: &Key,
    include: Option<IncludeKeyMaterial>,
) -> Result<Vec<(String, RotationsListEntry)>, Failure> {
    if key.record.spec != KeySpec::SymmetricDefault {
        let unfit = || refuse_with(KmsException::Validation, text::INCLUDE_KEY_MATERIAL_UNFIT);
        return include.map_or(Ok(Vec::new()), |_| Err(unfit()));
    }
    let shows_all = include == Some(IncludeKeyMaterial::AllKeyMaterial);
    let numbered = key.record.materials.iter().enumerate();
    let shown = numbered.filter(|(_, material)| shows_all || material.rotated.is_some());
    Ok(shown
        .map(|(number, material)| (format!("{number:08}"), entry(key, material)))
        .collect())
}

fn entry(key: &Key, material: &MaterialRecord) -> RotationsListEntry {
    let mark = material.rotated;
    let shown = RotationsListEntry {
        key_id: Some(key.arn.as_str().into()),
        key_material_id: Some(hex::encode(&material.id).into()),
        key_material_state: Some(material_state(key, material)),
        rotation_date: mark.map(|mark| wire_date(mark.date)),
        rotation_type: mark.map(|mark| match mark.kind {
            RotationKind::Automatic => RotationType::Automatic,
            RotationKind::OnDemand => RotationType::OnDemand,
        }),
        ..RotationsListEntry::default()
    };
    match key.record.origin {
        KeyOrigin::AwsKms => shown,
        KeyOrigin::External => with_import(shown, material),
    }
}

fn with_import(shown: RotationsListEntry, material: &MaterialRecord) -> RotationsListEntry {
    let description = material.description.clone();
    let expiration = match material.expires {
        Some(_) => ExpirationModelType::KeyMaterialExpires,
        None => ExpirationModelType::KeyMaterialDoesNotExpire,
    };
    let is_here = material.token.is_some();
    RotationsListEntry {
        key_material_description: description.map(Into::into),
        import_state: Some(if is_here {
            ImportState::Imported
        } else {
            ImportState::PendingImport
        }),
        expiration_model: is_here.then_some(expiration),
        valid_to: material.expires.map(wire_date),
        ..shown
    }
}

fn material_state(key: &Key, material: &MaterialRecord) -> KeyMaterialState {
    let current = key.current_material().map(|current| current.id);
    match material.role {
        MaterialRole::Permanent if current == Some(material.id) => KeyMaterialState::Current,
        MaterialRole::Permanent => KeyMaterialState::NonCurrent,
        MaterialRole::PendingRotation => KeyMaterialState::PendingRotation,
        MaterialRole::PendingMultiRegionImport => {
            KeyMaterialState::PendingMultiRegionImportAndRotation
        }
    }
}
