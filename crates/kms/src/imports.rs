//! Imported key material: which may be a key's, and what becomes of the key when material comes and goes.
//! The key process unwraps it; here it has an id and a token, and is nothing else.

use std::sync::Arc;

use strongroom_audit::Value;
use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::ImportType;
use strongroom_aws::text;
use strongroom_base::{UnixMillis, hex};
use strongroom_hsm_api::key::MaterialId;

use crate::failure::Failure;
use crate::key::Key;
use crate::kms::Kms;
use crate::material;
use crate::multi_region::{put_related, related};
use crate::records::{
    KeyRecord, KeySpec, KeyState, MaterialOwnerRecord, MaterialRecord, MaterialRole, Millis,
};
use crate::repository::Changes;
use crate::rotation::noted;

/// Material that the key process took in for a key, as the client describes it.
pub(crate) struct Incoming {
    /// Its id.
    pub id: MaterialId,
    /// Its token, in the state of the key.
    pub token: Vec<u8>,
    /// Whether the client means it to be new; without a word, the first is and no other.
    pub import_type: Option<ImportType>,
    /// The KeyMaterialId that the client expects, in hexadecimal.
    pub expected: Option<String>,
    /// When it expires.
    pub expires: Option<Millis>,
    /// Its description.
    pub description: Option<String>,
}

/// Everything that changes when `incoming` becomes material of `key`. The caller holds
/// [`Kms::making_token`]. Errors: IncorrectKeyMaterialException, KMSInvalidStateException.
pub(crate) async fn take_in(
    kms: &Kms,
    key: &Arc<Key>,
    incoming: Incoming,
) -> Result<Changes, Failure> {
    let role = match key.material(&incoming.id) {
        Some(known) => {
            require_known(key, &incoming)?;
            known.role
        }
        None => role_of_new(key, &incoming)?,
    };
    let imported = MaterialRecord {
        role,
        expires: incoming.expires,
        description: incoming.description,
        ..MaterialRecord::new(incoming.id, incoming.token)
    };
    match role {
        MaterialRole::Permanent => permanent(kms, key, imported).await,
        MaterialRole::PendingRotation | MaterialRole::PendingMultiRegionImport => {
            pending(kms, key, &imported).await
        }
    }
}

/// Refuses material that the key has already where the client means other material.
fn require_known(key: &Key, incoming: &Incoming) -> Result<(), Refusal> {
    let id = hex::encode(&incoming.id);
    let incorrect = |text| Err(Refusal::new(KmsException::IncorrectKeyMaterial, text));
    match &incoming.expected {
        Some(expected) if *expected != id => incorrect(text::key_material_unexpected(expected)),
        _ if incoming.import_type == Some(ImportType::NewKeyMaterial) => {
            incorrect(text::key_material_not_new(&id, &key.arn))
        }
        _ => Ok(()),
    }
}

/// What material becomes that the key never had, unless it may have none: the first is in use at once, and
/// of symmetric keys others wait for a rotation, one at a time.
fn role_of_new(key: &Key, incoming: &Incoming) -> Result<MaterialRole, Refusal> {
    let id = hex::encode(&incoming.id);
    let refused = |exception, text| Err(Refusal::new(exception, text));
    let incorrect = |text| refused(KmsException::IncorrectKeyMaterial, text);
    if let Some(expected) = &incoming.expected {
        return incorrect(if *expected == id {
            text::key_material_not_existing(&id, &key.arn)
        } else {
            text::key_material_unexpected(expected)
        });
    }
    let first = key.record.materials.first();
    match (first, key.record.materials.last()) {
        // The material of these keys is fixed by the first import.
        (Some(first), _) if key.record.spec != KeySpec::SymmetricDefault => {
            incorrect(text::key_material_unexpected(&hex::encode(&first.id)))
        }
        (None, _) if incoming.import_type != Some(ImportType::ExistingKeyMaterial) => {
            Ok(MaterialRole::Permanent)
        }
        _ if incoming.import_type != Some(ImportType::NewKeyMaterial) => {
            incorrect(text::key_material_not_existing(&id, &key.arn))
        }
        (_, Some(last)) if last.is_pending() => refused(
            KmsException::KmsInvalidState,
            text::other_key_material_pending(&id, &key.arn, &hex::encode(&last.id)),
        ),
        _ => Ok(MaterialRole::PendingMultiRegionImport),
    }
}

/// Material in use comes, or comes back, to this key alone.
async fn permanent(
    kms: &Kms,
    key: &Arc<Key>,
    imported: MaterialRecord,
) -> Result<Changes, Failure> {
    let id = imported.id;
    let mut record = key.record.clone();
    record.take(imported);
    let state = record.state_of_material();
    let record = material::in_state(kms, record, state).await?;
    let changes = (kms.records).change_key(Changes::default(), key, &record)?;
    Ok(owned(changes, key, &record, &id))
}

/// Pending material comes to this key, and all related keys learn of it.
async fn pending(kms: &Kms, key: &Arc<Key>, imported: &MaterialRecord) -> Result<Changes, Failure> {
    let mut own = key.record.clone();
    own.take(imported.clone());
    let state = own.state_of_material();
    let own = material::in_state(kms, own, state).await?;
    change_pending(kms, key, &imported.id, |record| {
        if record.region == own.region {
            record.clone_from(&own);
        } else if record.materials.iter().all(|one| one.id != imported.id) {
            record.materials.push(MaterialRecord {
                token: None,
                expires: None,
                description: None,
                ..imported.clone()
            });
        }
    })
}

/// Everything that changes when the client deletes `id`, a material of `key`; nothing when it is gone already.
/// The caller holds [`Kms::making_token`].
pub(crate) async fn delete(
    kms: &Kms,
    key: &Arc<Key>,
    id: &MaterialId,
) -> Result<Option<Changes>, Failure> {
    let pending = key.material(id).is_some_and(MaterialRecord::is_pending);
    if pending && !key.is_replica() {
        let forgotten = |record: &mut KeyRecord| record.materials.retain(|one| one.id != *id);
        return change_pending(kms, key, id, forgotten).map(Some);
    }
    if key.material(id).is_none_or(|one| one.token.is_none()) {
        return Ok(None);
    }
    if pending {
        return change_pending(kms, key, id, |record| {
            if record.region == key.name.region {
                record.give_up(|one| one.id == *id);
            }
        })
        .map(Some);
    }
    let record = without(kms, key, |one| one.id == *id).await?;
    let changes = (kms.records).change_key(Changes::default(), key, &record)?;
    Ok(Some(changes))
}

/// Gives up the material in use whose time is over.
pub(crate) async fn expire(kms: &Kms, key: &Arc<Key>) -> Result<(), Failure> {
    let _making = kms.making_token().await;
    let now = kms.domain_time();
    let is_over = |one: &MaterialRecord| !one.is_pending() && one.is_over(now);
    let record = without(kms, key, is_over).await?;
    let mut changes = (kms.records).change_key(Changes::default(), key, &record)?;
    for expired in key.record.materials.iter().filter(|one| is_over(one)) {
        let told = Value::texts([
            ("keyId", key.name.id.as_str()),
            ("keyMaterialId", hex::encode(&expired.id).as_str()),
        ]);
        changes = noted(kms, changes, "DeleteExpiredKeyMaterial", key, told)?;
    }
    kms.records.commit(changes).await?;
    tracing::info!(key = %key.arn, "imported key material expired");
    Ok(())
}

/// The key's record without the tokens of some material in use.
async fn without(
    kms: &Kms,
    key: &Key,
    is_gone: impl Fn(&MaterialRecord) -> bool,
) -> Result<KeyRecord, Failure> {
    let mut record = key.record.clone();
    record.give_up(is_gone);
    let state = record.state_of_material();
    material::in_state(kms, record, state).await
}

/// Makes a change to the pending material `id` in all related keys.
fn change_pending(
    kms: &Kms,
    key: &Arc<Key>,
    id: &MaterialId,
    change: impl Fn(&mut KeyRecord),
) -> Result<Changes, Failure> {
    let keys = related(&kms.records, key)?;
    let mut changed: Vec<KeyRecord> = keys.iter().map(|key| key.record.clone()).collect();
    changed.iter_mut().for_each(change);
    settle_pending(&mut changed);
    let changes = put_related(&kms.records, Changes::default(), keys.iter().zip(&changed))?;
    let both = keys.iter().zip(&changed);
    Ok(both.fold(changes, |changes, (key, record)| {
        owned(changes, key, record, id)
    }))
}

/// Lets pending material be rotated to as soon as all related keys have it, and not before: KMS developer
/// guide, on-demand rotation of multi-Region keys with imported material.
pub(crate) fn settle_pending(related: &mut [KeyRecord]) {
    let is_here = |material: &MaterialRecord| !material.is_pending() || material.token.is_some();
    let is_everywhere = related.iter().all(|key| key.materials.iter().all(is_here));
    let role = if is_everywhere {
        MaterialRole::PendingRotation
    } else {
        MaterialRole::PendingMultiRegionImport
    };
    let materials = related.iter_mut().flat_map(|key| &mut key.materials);
    materials
        .filter(|material| material.is_pending())
        .for_each(|material| material.role = role);
}

/// Brings the index up to date with whether `id` is a material of the key.
fn owned(changes: Changes, key: &Key, record: &KeyRecord, id: &MaterialId) -> Changes {
    let was = key.material(id).is_some();
    let is = record.materials.iter().any(|one| one.id == *id);
    match (was, is) {
        (false, true) => {
            changes.put_material_owner(&record.region, id, &MaterialOwnerRecord::of(record))
        }
        (true, false) => changes.delete_material_owner(&record.region, id),
        (true, true) | (false, false) => changes,
    }
}

impl MaterialRecord {
    fn is_over(&self, now: UnixMillis) -> bool {
        let expires = self.expires.filter(|_| self.token.is_some());
        expires.is_some_and(|expires| UnixMillis::from(expires) <= now)
    }
}

impl KeyRecord {
    /// Takes material in, in the place of what it had of this id.
    fn take(&mut self, imported: MaterialRecord) {
        match (self.materials.iter_mut()).find(|one| one.id == imported.id) {
            Some(known) => {
                // KMS API, ImportKeyMaterial: without a description the last one stays.
                let description = imported.description.or_else(|| known.description.take());
                *known = MaterialRecord {
                    rotated: known.rotated,
                    description,
                    ..imported
                }
            }
            None => self.materials.push(imported),
        }
    }

    /// Forgets the tokens of some material, but not that it was there.
    fn give_up(&mut self, is_gone: impl Fn(&MaterialRecord) -> bool) {
        for gone in self.materials.iter_mut().filter(|one| is_gone(one)) {
            gone.token = None;
            gone.expires = None;
        }
    }

    /// The state after imported material has come or gone. CAP: also a disabled key is Enabled once it has
    /// all of its material.
    fn state_of_material(&self) -> KeyState {
        match self.state {
            KeyState::PendingDeletion | KeyState::PendingReplicaDeletion => self.state,
            KeyState::Enabled | KeyState::Disabled | KeyState::PendingImport => {
                if self.has_all_material() {
                    KeyState::Enabled
                } else {
                    KeyState::PendingImport
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
