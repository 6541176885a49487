//! Multi-Region keys: replicas are made, and the primary's role is passed on, each in one commit that
//! tells all related keys. Nobody ever sees a key that is being created or updated.

use strongroom_audit::Value;
use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{
    BooleanType, KeyMetadata, KeyState as WireState, RegionType, ReplicateKeyRequest,
    ReplicateKeyResponse, UpdatePrimaryRegionRequest,
};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text;
use strongroom_base::id::Region;
use strongroom_store::COMMIT_WRITES_MAX;

use super::{Operation, keys, policies, tags};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::{Failure, refuse_with};
use crate::key::{Key, KeyName, USABLE};
use crate::kms::encoded;
use crate::multi_region::{self, related};
use crate::records::{
    KeyOrigin, KeyRecord, KeyState, MaterialRecord, MaterialRole, MultiRegionRecord, PolicyKind,
};
use crate::regions;
use crate::repository::Changes;
use crate::{service_events, told};

/// The most materials of a key that can be replicated: each needs a row in the same commit. Reached after
/// 49 years of rotation every 90 days.
const REPLICATED_MATERIALS_MAX: usize = 200;
// Besides: the record of a key in every Region, the replica's timer and policy, two audit records.
const _: () = assert!(REPLICATED_MATERIALS_MAX + regions::COUNT + 4 <= COMMIT_WRITES_MAX);

/// KMS API, ReplicateKey.
pub(super) struct ReplicateKey;

impl Operation for ReplicateKey {
    type Input = ReplicateKeyRequest;
    type Output = ReplicateKeyResponse;

    /// The primary, the account in whose name CreateKey happens in the replica's Region, and the replica's tags.
    fn targets(input: &ReplicateKeyRequest) -> Vec<Target<'_>> {
        let region = input.replica_region.as_str();
        let primary = Target::key_no_alias(&input.key_id);
        let mut targets = vec![primary, Target::AccountIn { region }];
        if tags::are_given(input.tags.as_ref()) {
            let region = Some(region);
            targets.push(Target::NewKey { region });
        }
        targets
    }

    fn condition_keys<'i>(input: &'i Self::Input, index: usize, keys: &mut Keys<'i>) {
        if index == 0 {
            keys.one("kms:replicaregion", input.replica_region.as_str());
            return;
        }
        policies::bypass_key(input.bypass_policy_lockout_safety_check, keys);
        keys.request_tags(input.tags.as_ref());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ReplicateKeyResponse, Failure> {
        let (input, kms, primary) = (request.input(), request.kms(), request.key()?);
        let mut record = blank_replica(&request, primary)?;
        tags::check(input.tags.as_ref())?;
        let name = KeyName::of(&record);
        let given = match &input.policy {
            Some(document) => {
                let bypass = input.bypass_policy_lockout_safety_check;
                let key = Key::new(record.clone(), 0);
                let (kind, document) = policies::accept(&request, document, bypass, &key)?;
                record.policy = kind;
                Some(document)
            }
            None => None,
        };
        let _making = kms.making_token().await;
        record.materials = materials(&request, &record).await?;
        let replica = Key::new(record, 1);
        request.call().note_key(&replica);
        let changes = keys::creation(&replica.record, given.clone());
        let changes = relate(&request, changes, &replica)?;
        let changes = noted_elsewhere(&request, changes, "CreateKey", &replica, None)?;
        let changes = service_events::put_synchronized(&kms.env, changes, primary)?;
        let answer = ReplicateKeyResponse {
            replica_key_metadata: Some(metadata_at_first(&replica)),
            replica_policy: Some(
                given
                    .unwrap_or_else(|| policies::default_document(&name))
                    .into(),
            ),
            replica_tags: input.tags.clone().filter(|tags| !tags.0.is_empty()),
        };
        request.call().note_response(told::output(&answer));
        request.commit(changes).await?;
        Ok(answer)
    }
}

/// The record of the replica that a request describes, still without material.
fn blank_replica(
    request: &Authorized<'_, ReplicateKey>,
    primary: &Key,
) -> Result<KeyRecord, Failure> {
    let input = request.input();
    let (region, regions) = replica_region(primary, &input.replica_region)?;
    let description = input.description.as_ref();
    let mirrored = &primary.record;
    Ok(KeyRecord {
        account: mirrored.account,
        id: mirrored.id.clone(),
        created: request.env().clock.now().into(),
        description: description.map_or_else(String::new, |text| text.as_str().to_owned()),
        state: match mirrored.origin {
            KeyOrigin::AwsKms => KeyState::Enabled,
            // KMS developer guide, importing into multi-Region keys: material is not replicated.
            KeyOrigin::External => KeyState::PendingImport,
        },
        deletion: None,
        tags: tags::records(input.tags.as_ref()),
        policy: PolicyKind::Default,
        materials: Vec::new(),
        spec: mirrored.spec,
        usage: mirrored.usage,
        origin: mirrored.origin,
        managed_for: None,
        rotation: mirrored.rotation,
        multi_region: Some(regions.clone().with_replica(&region)),
        pending_window_days: None,
        on_demand_rotations: mirrored.on_demand_rotations,
        region,
    })
}

/// Where the replica is to be, and where its related keys are, unless there can be none or `primary` may
/// not be replicated now.
fn replica_region<'k>(
    primary: &'k Key,
    wanted: &RegionType,
) -> Result<(Region, &'k MultiRegionRecord), Failure> {
    primary.require_state(USABLE)?;
    let regions = match &primary.record.multi_region {
        Some(regions) if !primary.is_replica() => regions,
        Some(_) | None => {
            return Err(refuse_with(
                KmsException::UnsupportedOperation,
                text::replicate_needs_primary(&primary.arn),
            ));
        }
    };
    let region = existing_region(wanted, &regions.primary)?;
    if regions.contains(&region) {
        return Err(refuse_with(
            KmsException::AlreadyExists,
            text::ONE_REPLICA_EACH_REGION,
        ));
    }
    Ok((region, regions))
}

fn existing_region(wanted: &RegionType, primary: &Region) -> Result<Region, Refusal> {
    let invalid = |text: String| Err(Refusal::new(KmsException::Validation, text));
    let Ok(region) = wanted.as_str().parse::<Region>() else {
        return invalid(text::region_not_valid(wanted.as_str()));
    };
    if region == *primary {
        return invalid(text::region_has_primary(region.as_str()));
    }
    if region.partition() != primary.partition() {
        return invalid(text::OTHER_PARTITION.to_owned());
    }
    if !regions::exists(&region) {
        return invalid(text::region_not_valid(region.as_str()));
    }
    Ok(region)
}

/// The primary's materials as the replica that `record` describes holds them.
async fn materials(
    request: &Authorized<'_, ReplicateKey>,
    record: &KeyRecord,
) -> Result<Vec<MaterialRecord>, Failure> {
    let materials = &request.key()?.record.materials;
    if materials.len() > REPLICATED_MATERIALS_MAX {
        return Err(refuse_with(
            KmsException::LimitExceeded,
            text::too_many_materials_to_replicate(REPLICATED_MATERIALS_MAX),
        ));
    }
    let mut replicated = Vec::with_capacity(materials.len());
    for material in materials {
        replicated.push(match record.origin {
            KeyOrigin::AwsKms => multi_region::replicate(request.kms(), material, record).await?,
            KeyOrigin::External => still_to_import(material),
        });
    }
    Ok(replicated)
}

/// Imported material as a Region knows it where it was not imported.
fn still_to_import(material: &MaterialRecord) -> MaterialRecord {
    MaterialRecord {
        id: material.id,
        token: None,
        role: awaited_in_all(material.role),
        rotated: material.rotated,
        expires: None,
        description: None,
    }
}

/// KMS API, ImportKeyMaterial: rotation to new material has to wait until every Region has it, and the new
/// replica has not.
fn awaited_in_all(role: MaterialRole) -> MaterialRole {
    match role {
        MaterialRole::PendingRotation => MaterialRole::PendingMultiRegionImport,
        MaterialRole::Permanent | MaterialRole::PendingMultiRegionImport => role,
    }
}

/// Puts `replica` on the lists of all keys that it is related to.
fn relate(
    request: &Authorized<'_, ReplicateKey>,
    changes: Changes,
    replica: &Key,
) -> Result<Changes, Failure> {
    let records = &request.kms().records;
    let keys = related(records, request.key()?)?;
    multi_region::change_each(records, changes, &keys, |record| {
        record.multi_region.clone_from(&replica.record.multi_region);
        if record.origin == KeyOrigin::External {
            for material in &mut record.materials {
                material.role = awaited_in_all(material.role);
            }
        }
    })
}

/// Notes what happened to `key` in its own Region, too: CloudTrail has an event in both.
fn noted_elsewhere<O: Operation>(
    request: &Authorized<'_, O>,
    changes: Changes,
    operation: &str,
    key: &Key,
    parameters: Option<Value>,
) -> Result<Changes, Failure> {
    let time = request.env().clock.now();
    let call = request.call();
    let record = call.record_elsewhere(time, operation, key, parameters);
    Ok(changes.put_outbox(&record.event_id, &encoded(&record)?))
}

/// What AWS answers while it is still at work. Here the replica can be used as soon as this is read.
fn metadata_at_first(replica: &Key) -> KeyMetadata {
    KeyMetadata {
        key_state: Some(WireState::Creating),
        enabled: Some(BooleanType(false)),
        current_key_material_id: None,
        ..replica.metadata()
    }
}

/// KMS API, UpdatePrimaryRegion.
pub(super) struct UpdatePrimaryRegion;

impl Operation for UpdatePrimaryRegion {
    type Input = UpdatePrimaryRegionRequest;
    type Output = NoOutput;

    fn targets(input: &UpdatePrimaryRegionRequest) -> Vec<Target<'_>> {
        vec![
            Target::key_no_alias(&input.key_id),
            Target::RelatedKey {
                reference: input.key_id.as_str(),
                region: input.primary_region.as_str(),
            },
        ]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        keys.one("kms:primaryregion", input.primary_region.as_str());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let primary = request.key()?;
        primary.require_state(USABLE)?;
        let regions = primary_regions(primary)?;
        let Some(replica) = request.related_key_at(1)? else {
            return Err(refuse_with(
                KmsException::Validation,
                text::no_replica_in_region(primary.name.id.as_str()),
            ));
        };
        if replica.name == primary.name {
            return Ok(NoOutput);
        }
        replica.require_state(USABLE)?;
        let records = &request.kms().records;
        let regions = regions.clone().with_primary(&replica.name.region);
        let mut keys = related(records, primary)?;
        // What was authorized and checked is what the commit relies on.
        for key in keys.iter_mut().filter(|key| key.name == replica.name) {
            key.clone_from(replica);
        }
        let changes = multi_region::change_each(records, Changes::default(), &keys, |record| {
            record.multi_region = Some(regions.clone());
        })?;
        let told = Value::texts([
            ("keyId", primary.arn.as_str()),
            ("primaryRegion", replica.name.region.as_str()),
        ]);
        let changes = noted_elsewhere(
            &request,
            changes,
            "UpdatePrimaryRegion",
            replica,
            Some(told),
        )?;
        request.commit(changes).await?;
        Ok(NoOutput)
    }
}

/// Where the related keys of a primary are. AWS calls a replica a wrong state, and any other key a wrong
/// resource.
fn primary_regions(key: &Key) -> Result<&MultiRegionRecord, Failure> {
    let exception = match &key.record.multi_region {
        Some(regions) if !key.is_replica() => return Ok(regions),
        Some(_) => KmsException::KmsInvalidState,
        None => KmsException::UnsupportedOperation,
    };
    Err(refuse_with(exception, text::update_needs_primary(&key.arn)))
}

#[cfg(test)]
mod tests;
