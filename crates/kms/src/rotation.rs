//! Rotation: a key gets new current material, in every Region it is in and in one commit. Material that it had
//! is never given up: it goes on decrypting what it encrypted.

use std::sync::Arc;
use std::time::Duration;

use strongroom_audit::Value;
use strongroom_base::{UnixMillis, hex};
use strongroom_hsm_api::key::MaterialId;

use crate::failure::Failure;
use crate::key::Key;
use crate::kms::{Kms, encoded};
use crate::material;
use crate::multi_region::{put_related, related, replicate};
use crate::records::{
    KeyOrigin, KeyRecord, MaterialOwnerRecord, MaterialRecord, MaterialRole, RotationKind,
    RotationMark, RotationRecord, Unreadable,
};
use crate::repository::Changes;
use crate::service_events;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Everything that goes with one rotation of `key`, which is no replica, and of all keys related to it: the
/// new current material, the count or the next date, and the service's own audit records. The caller holds
/// [`Kms::making_token`], and commits.
pub(crate) async fn rotate(
    kms: &Kms,
    key: &Arc<Key>,
    kind: RotationKind,
) -> Result<Changes, Failure> {
    let keys = related(&kms.records, key)?;
    let now = kms.domain_time();
    let mut rotated = match key.record.origin {
        KeyOrigin::AwsKms => with_new_material(kms, &keys).await?,
        KeyOrigin::External => with_pending_material(&keys)?,
    };
    for record in &mut rotated {
        let current = record.materials.last_mut().ok_or(Unreadable)?;
        current.rotated = Some(RotationMark {
            date: now.into(),
            kind,
        });
        match kind {
            RotationKind::Automatic => record.rotation = record.rotation.map(|old| old.after(now)),
            RotationKind::OnDemand => record.on_demand_rotations += 1,
        }
    }
    let mut changes = put_related(&kms.records, Changes::default(), keys.iter().zip(&rotated))?;
    for (key, record) in keys.iter().zip(&rotated) {
        let current = record.materials.last().ok_or(Unreadable)?;
        if key.material(&current.id).is_none() {
            let owner = MaterialOwnerRecord::of(record);
            changes = changes.put_material_owner(&record.region, &current.id, &owner);
        }
        changes = noted(kms, changes, "RotateKey", key, told(key, kind, &current.id))?;
    }
    match keys.as_slice() {
        [primary, _, ..] => service_events::put_synchronized(&kms.env, changes, primary),
        _ => Ok(changes),
    }
}

fn rotation_type(kind: RotationKind) -> &'static str {
    match kind {
        RotationKind::Automatic => "AUTOMATIC",
        RotationKind::OnDemand => "ON_DEMAND",
    }
}

/// What the audit tells of a rotation (KMS Developer Guide, "RotateKey").
fn told(key: &Key, kind: RotationKind, current: &MaterialId) -> Value {
    let previous = key.current_material();
    let previous = previous.map(|previous| ("previousKeyMaterialId", hex::encode(&previous.id)));
    let members = [
        ("rotationType", rotation_type(kind).to_owned()),
        ("keyOrigin", key.record.origin.wire().as_str().to_owned()),
    ];
    let members = members.into_iter().chain(previous).chain([
        ("currentKeyMaterialId", hex::encode(current)),
        ("keyId", key.name.id.to_string()),
    ]);
    Value::Object(
        members
            .map(|(name, text)| (name.to_owned(), text.into()))
            .collect(),
    )
}

/// Rotates a key whose planned date has come.
pub(crate) async fn rotate_by_plan(kms: &Kms, key: &Arc<Key>) -> Result<(), Failure> {
    let _making = kms.making_token().await;
    let changes = rotate(kms, key, RotationKind::Automatic).await?;
    kms.records.commit(changes).await?;
    tracing::info!(key = %key.arn, "key rotated");
    Ok(())
}

impl RotationRecord {
    /// Rotation that begins at `now`.
    pub(crate) fn starting(now: UnixMillis, period_days: u32) -> Self {
        Self {
            period_days,
            next: now.plus(DAY * period_days).into(),
        }
    }

    /// The plan after the rotation at `now`. Dates that were missed meanwhile are not made up for: one
    /// rotation stands for all of them.
    fn after(self, now: UnixMillis) -> Self {
        let period = DAY * self.period_days;
        let planned = UnixMillis::from(self.next);
        let missed = (now.since(planned).as_millis())
            .checked_div(period.as_millis())
            .and_then(|missed| u32::try_from(missed).ok())
            .unwrap_or(0);
        Self {
            next: planned.plus(period * missed).plus(period).into(),
            ..self
        }
    }
}

impl MaterialOwnerRecord {
    /// That a material is of the key that `record` describes.
    pub(crate) fn of(record: &KeyRecord) -> Self {
        Self {
            account: record.account,
            key: record.id.clone(),
        }
    }
}

/// The records of `keys`, the primary first, with material that the key process makes now.
async fn with_new_material(kms: &Kms, keys: &[Arc<Key>]) -> Result<Vec<KeyRecord>, Failure> {
    let primary = keys.first().ok_or(Unreadable)?;
    let made = material::generate(kms, &primary.record).await?;
    let mut rotated = Vec::with_capacity(keys.len());
    for key in keys {
        let mut record = key.record.clone();
        record.materials.push(if key.name == primary.name {
            made.clone()
        } else {
            replicate(kms, &made, &record).await?
        });
        rotated.push(record);
    }
    Ok(rotated)
}

/// The records of `keys` with the material in use that waits for its rotation. Pending material comes last.
fn with_pending_material(keys: &[Arc<Key>]) -> Result<Vec<KeyRecord>, Failure> {
    let with_it = |key: &Arc<Key>| {
        let mut record = key.record.clone();
        let pending = record.materials.last_mut().filter(|one| one.is_pending());
        pending.ok_or(Unreadable)?.role = MaterialRole::Permanent;
        Ok(record)
    };
    keys.iter().map(with_it).collect()
}

impl MaterialRecord {
    /// Whether it waits for a rotation, and was never in use.
    pub(crate) fn is_pending(&self) -> bool {
        match self.role {
            MaterialRole::Permanent => false,
            MaterialRole::PendingRotation | MaterialRole::PendingMultiRegionImport => true,
        }
    }
}

/// Adds the audit record of what the service does to `key` by itself.
pub(crate) fn noted(
    kms: &Kms,
    changes: Changes,
    operation: &str,
    key: &Key,
    told: Value,
) -> Result<Changes, Failure> {
    let record = service_events::of_key_with(&kms.env, operation, key, told);
    Ok(changes.put_outbox(&record.event_id, &encoded(&record)?))
}

#[cfg(test)]
mod tests;
