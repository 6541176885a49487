//! Multi-Region keys: which keys are related, and how material gets from one Region to another.

use std::sync::Arc;

use strongroom_base::id::Region;
use strongroom_hsm_api::command::Replicate;

use crate::failure::Failure;
use crate::key::Key;
use crate::kms::Kms;
use crate::ops::token_state;
use crate::records::{KeyRecord, MaterialRecord, MultiRegionRecord, RegionName, Unreadable};
use crate::repository::{Changes, Repository};

impl MultiRegionRecord {
    /// Whether one of the related keys is in `region`.
    pub(crate) fn contains(&self, region: &Region) -> bool {
        self.primary == *region || self.replicas.iter().any(|replica| replica.0 == *region)
    }

    /// With a replica in `region`, too.
    pub(crate) fn with_replica(mut self, region: &Region) -> Self {
        self.replicas.push(RegionName(region.clone()));
        self.replicas.sort();
        self
    }

    /// Without the replica in `region`.
    pub(crate) fn without_replica(mut self, region: &Region) -> Self {
        self.replicas.retain(|replica| replica.0 != *region);
        self
    }

    /// With the primary in `region`, where a replica was, and a replica where the primary was.
    pub(crate) fn with_primary(self, region: &Region) -> Self {
        let old = self.primary.clone();
        Self {
            primary: region.clone(),
            ..self.without_replica(region).with_replica(&old)
        }
    }
}

/// All keys that share material with `key`: the primary first, then the replicas, and `key` among them.
/// Of a single-Region key, itself. A change that concerns all of them relies on the versions of all.
pub(crate) fn related(records: &Repository, key: &Arc<Key>) -> Result<Vec<Arc<Key>>, Failure> {
    let Some(regions) = &key.record.multi_region else {
        return Ok(vec![Arc::clone(key)]);
    };
    let replicas = regions.replicas.iter().map(|replica| &replica.0);
    std::iter::once(&regions.primary)
        .chain(replicas)
        .map(|region| {
            if *region == key.name.region {
                return Ok(Arc::clone(key));
            }
            let name = key.name.in_region(region);
            Ok(records.key(&name)?.ok_or(Unreadable)?)
        })
        .collect()
}

/// The key in `region` that is related to `key`, or is `key`, unless there is none.
pub(crate) fn related_in(
    records: &Repository,
    key: &Arc<Key>,
    region: &Region,
) -> Result<Option<Arc<Key>>, Failure> {
    let keys = related(records, key)?;
    Ok(keys.into_iter().find(|key| key.name.region == *region))
}

/// Makes the same change to the records of all `keys`.
pub(crate) fn change_each(
    records: &Repository,
    changes: Changes,
    keys: &[Arc<Key>],
    change: impl Fn(&mut KeyRecord),
) -> Result<Changes, Failure> {
    let mut changed: Vec<KeyRecord> = keys.iter().map(|key| key.record.clone()).collect();
    changed.iter_mut().for_each(change);
    put_related(records, changes, keys.iter().zip(&changed))
}

/// Writes the records of related keys, each in place of its key's. All of them are written, also those that
/// stay as they were: so the commit relies on all.
pub(crate) fn put_related<'k>(
    records: &Repository,
    changes: Changes,
    related: impl IntoIterator<Item = (&'k Arc<Key>, &'k KeyRecord)>,
) -> Result<Changes, Failure> {
    related
        .into_iter()
        .try_fold(changes, |changes, (key, record)| {
            records.change_key(changes, key, record)
        })
}

/// `material` as the related key that `record` describes holds it. The caller holds
/// [`Kms::making_token`].
pub(crate) async fn replicate(
    kms: &Kms,
    material: &MaterialRecord,
    record: &KeyRecord,
) -> Result<MaterialRecord, Failure> {
    let mut replica = material.clone();
    if let Some(token) = &material.token {
        let command = Replicate {
            token,
            placement: record.region.as_str().as_bytes(),
            state: token_state(record.state),
        };
        replica.token = Some(kms.key_process.call(&command).await?.token);
    }
    Ok(replica)
}
