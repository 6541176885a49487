//! When keys were last used: noted in memory by every use, and brought to the store now and then. A use
//! must never wait for this; so a crash loses what was noted since.

use std::sync::Mutex;
use std::time::Duration;

use strongroom_audit::cloudtrail::owner_event_id;
use strongroom_aws::kms::KeyLastUsageTrackingOperation as Operation;
use strongroom_base::{Instant, UnixMillis};
use strongroom_store::Expect;

use crate::call::Call;
use crate::failure::Failure;
use crate::key::KeyName;
use crate::kms::Kms;
use crate::records::{KeyUsageRecord, Unreadable};
use crate::repository::Changes;
use crate::sharded::{SHARDS, Sharded, locked};

/// How long a use may be in memory only.
const FLUSH_SECONDS_MAX: Duration = Duration::from_secs(30);
/// The most keys whose last use is in memory only, about. A use of one more is not noted.
const KEYS_MAX: usize = 65_536;
/// From so many keys on, they are brought to the store at once.
const KEYS_HIGH: usize = KEYS_MAX / 2;
/// A commit relies on every key it writes for, and may rely on 64.
const KEYS_PER_COMMIT: usize = 64;

/// The last uses that the store does not have yet.
#[derive(Default)]
pub(crate) struct LastUses {
    keys: Sharded<KeyName, KeyUsageRecord>,
    flushed: Mutex<Option<Instant>>,
}

impl LastUses {
    /// Notes a use of `key`, unless a later one is known.
    pub(crate) fn note(&self, key: &KeyName, used: &KeyUsageRecord) {
        let mut shard = self.keys.shard(key);
        if let Some(known) = shard.get_mut(key) {
            if known.time <= used.time {
                known.clone_from(used);
            }
        } else if shard.len() < KEYS_MAX / SHARDS {
            shard.insert(key.clone(), used.clone());
        } else {
            tracing::warn!(request_id = used.request_id, key = %key.arn(), "too many keys are in use to note this use");
        }
    }

    fn noted(&self, key: &KeyName) -> Option<KeyUsageRecord> {
        self.keys.shard(key).get(key).cloned()
    }

    /// Forgets what is noted of `key`, unless it was used again since.
    fn forget(&self, key: &KeyName, stored: &KeyUsageRecord) {
        let mut shard = self.keys.shard(key);
        if shard.get(key) == Some(stored) {
            shard.remove(key);
        }
    }

    fn count(&self) -> usize {
        self.keys.shards().map(|shard| shard.len()).sum()
    }

    /// Whether it is time to bring them to the store; then the next time is reckoned from `now`.
    fn is_due(&self, now: Instant) -> bool {
        let mut flushed = locked(&self.flushed);
        let last = *flushed.get_or_insert(now);
        let is_due = now.since(last) >= FLUSH_SECONDS_MAX || self.count() >= KEYS_HIGH;
        if is_due {
            *flushed = Some(now);
        }
        is_due
    }
}

/// Notes that `call` succeeded at `time` on `keys`; its operation is one that counts as a use: KMS API,
/// GetKeyLastUsage.
pub(crate) fn note(call: &Call<'_>, keys: &[KeyName], time: UnixMillis) {
    let mut used = KeyUsageRecord {
        operation: call.op.name.to_owned(),
        time: time.into(),
        event_id: String::new(),
        request_id: call.request_id.to_owned(),
    };
    for key in keys {
        used.event_id = event_id(call, key);
        call.kms.last_uses.note(key, &used);
    }
}

/// The id under which the account of `key` is told of `call`.
fn event_id(call: &Call<'_>, key: &KeyName) -> String {
    if key.account == call.caller.account {
        return call.event_id.clone();
    }
    owner_event_id(&call.event_id, &key.account)
}

/// The last use of `key`, unless it never was used.
pub(crate) fn of(kms: &Kms, key: &KeyName) -> Result<Option<KeyUsageRecord>, Failure> {
    // In this order, or a use could leave memory between the two looks and be in neither.
    let noted = kms.last_uses.noted(key);
    let stored = kms.records.key_usage(key)?.map(|stored| stored.record);
    Ok(noted.into_iter().chain(stored).max_by_key(|used| used.time))
}

/// Brings last uses to the store when it is time.
pub(crate) async fn flush_if_due(kms: &Kms) -> Result<(), Failure> {
    if !kms.last_uses.is_due(kms.env.clock.monotonic()) {
        return Ok(());
    }
    flush(kms).await
}

/// Brings all last uses to the store. Those of keys that are gone are dropped.
pub(crate) async fn flush(kms: &Kms) -> Result<(), Failure> {
    for page in kms.last_uses.keys.all().chunks(KEYS_PER_COMMIT) {
        match store(kms, page).await {
            // A key was changed meanwhile: it must not keep the others back.
            Err(Failure::Conflict) => store_each(kms, page).await?,
            other => other?,
        }
    }
    Ok(())
}

async fn store_each(kms: &Kms, page: &[(KeyName, KeyUsageRecord)]) -> Result<(), Failure> {
    for one in page {
        match store(kms, std::slice::from_ref(one)).await {
            // It stays noted until the next time.
            Ok(()) | Err(Failure::Conflict) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

// The commit relies on the keys: what it writes must not outlive the key it is about.
async fn store(kms: &Kms, page: &[(KeyName, KeyUsageRecord)]) -> Result<(), Failure> {
    let mut changes = Changes::default();
    let mut is_empty = true;
    for (name, used) in page {
        let Some(key) = kms.records.key(name)? else {
            continue;
        };
        let stored = kms.records.key_usage(name)?;
        if stored
            .as_ref()
            .is_some_and(|old| old.record.time > used.time)
        {
            continue;
        }
        let expect = stored.map_or(Expect::Absent, |stored| Expect::At(stored.version));
        changes = changes
            .relying_on_key(&key)
            .put_key_usage(name, expect, used);
        is_empty = false;
    }
    if !is_empty {
        kms.records.commit(changes).await?;
    }
    for (name, used) in page {
        kms.last_uses.forget(name, used);
    }
    Ok(())
}

/// The changes that remove the last use of a key with it.
pub(crate) fn remove(kms: &Kms, key: &KeyName, changes: Changes) -> Result<Changes, Failure> {
    Ok(match kms.records.key_usage(key)? {
        Some(stored) => changes.delete_key_usage(key, stored.version),
        None => changes,
    })
}

impl KeyUsageRecord {
    /// The operation, as the API names it.
    pub(crate) fn operation(&self) -> Result<Operation, Unreadable> {
        Operation::named(&self.operation).ok_or(Unreadable)
    }
}

#[cfg(test)]
mod tests;
