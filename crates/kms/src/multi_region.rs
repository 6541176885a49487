//! Multi-Region keys: which keys are related, and how material gets from one Region to another.

use std::sync::Arc;

use strongroom_hsm_api::command::Replicate;

use crate::failure::Failure;
use crate::key::Key;
use crate::kms::Kms;
use crate::ops::token_state;
use crate::records::{KeyRecord, MaterialRecord, Unreadable};
use crate::repository::{Changes, Repository};

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
