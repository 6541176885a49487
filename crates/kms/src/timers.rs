//! What happens to keys by itself: deletion when its time has come, the audit outbox, and the record
//! of domain time. Every decision is made in domain time and from the store, never from memory alone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use strongroom_base::UnixMillis;
use strongroom_store::Expect;

use crate::audit_log::Durability;
use crate::failure::{Cause, Failure};
use crate::key::{Key, KeyName};
use crate::kms::Kms;
use crate::records::{ClockRecord, KeyState};
use crate::repository::{AliasName, Changes, Repository};

/// How often due timers are looked for.
const TICK: Duration = Duration::from_millis(500);
/// How often domain time is recorded.
const TICKS_PER_CLOCK_RECORD: u32 = 120;
const PAGE: usize = 500;
/// The most audit records moved from the outbox at one time; one commit deletes as many.
const OUTBOX_PAGE: usize = 60;

/// Keys that wait for their deletion, by name.
#[derive(Default)]
pub struct Timers(Mutex<BTreeMap<(UnixMillis, String), KeyName>>);

impl Timers {
    /// All timers in the store.
    pub fn load(records: &Repository) -> Result<Self, Failure> {
        let timers = Self::default();
        let mut after = None;
        loop {
            let page = records.list_timers(after.as_ref(), PAGE)?;
            for timer in page.records {
                let name = KeyName {
                    account: timer.account,
                    region: timer.region,
                    id: timer.key,
                };
                timers.set(name, timer.due.into());
            }
            match page.next {
                Some(cursor) => after = Some(cursor),
                None => return Ok(timers),
            }
        }
    }

    /// Sets the timer of a key.
    pub fn set(&self, key: KeyName, due: UnixMillis) {
        self.all().insert((due, key.arn()), key);
    }

    /// Forgets the timer of a key that was due at `due`; a later one of the same key stays.
    pub fn cancel(&self, key: &KeyName, due: UnixMillis) {
        self.all().remove(&(due, key.arn()));
    }

    /// How many keys wait.
    pub fn count(&self) -> usize {
        self.all().len()
    }

    fn due(&self, now: UnixMillis) -> Vec<(UnixMillis, KeyName)> {
        self.all()
            .iter()
            .take_while(|((due, _), _)| *due <= now)
            .map(|((due, _), name)| (*due, name.clone()))
            .collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<(UnixMillis, String), KeyName>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the timers of `kms` until it is closed.
pub async fn run(kms: std::sync::Weak<Kms>) {
    let mut ticks = TICKS_PER_CLOCK_RECORD;
    while let Some(kms) = kms.upgrade() {
        if let Err(failure) = tick(&kms, &mut ticks).await {
            tracing::warn!(?failure, "a timer could not do its work; it is tried again");
        }
        drop(kms);
        tokio::time::sleep(TICK).await;
    }
}

async fn tick(kms: &Arc<Kms>, ticks: &mut u32) -> Result<(), Failure> {
    delete_due_keys(kms).await?;
    empty_outbox(kms).await?;
    *ticks += 1;
    if *ticks >= TICKS_PER_CLOCK_RECORD {
        record_clock(kms).await?;
        *ticks = 0;
    }
    Ok(())
}

/// Deletes the keys whose time has come.
pub async fn delete_due_keys(kms: &Kms) -> Result<(), Failure> {
    for (due, name) in kms.timers.due(kms.domain_time()) {
        match delete_if_due(kms, &name).await {
            Ok(()) => kms.timers.cancel(&name, due),
            // Changed meanwhile, perhaps cancelled: the next tick looks again.
            Err(Failure::Conflict) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

async fn delete_if_due(kms: &Kms, name: &KeyName) -> Result<(), Failure> {
    let Some(key) = kms.records.key(name)? else {
        return Ok(());
    };
    let due = key.record.deletion.map(UnixMillis::from);
    if key.record.state != KeyState::PendingDeletion
        || due.is_none_or(|due| due > kms.domain_time())
    {
        return Ok(());
    }
    kms.records.commit(removal(kms, &key)?).await?;
    tracing::info!(key = %key.arn, "key deleted");
    Ok(())
}

/// Everything that goes with a key: at most 50 aliases, so one commit holds it.
fn removal(kms: &Kms, key: &Key) -> Result<Changes, Failure> {
    let mut changes = Changes::default().delete_key(key);
    for material in &key.record.materials {
        changes = changes.delete_material_owner(&key.name.region, &material.id);
    }
    if let Some(policy) = kms.records.policy(&key.name)? {
        changes = changes.delete_policy(&key.name, policy.version);
    }
    if let Some(timer) = kms.records.timer(&key.name)? {
        changes = changes.delete_timer(&key.name, timer.version);
    }
    for listed in kms.records.list_key_aliases(&key.name, None, PAGE)?.records {
        let name = AliasName {
            account: key.name.account,
            region: key.name.region.clone(),
            name: listed.name,
        };
        if let Some(alias) = kms.records.alias(&name)? {
            changes = changes.delete_alias(&name, alias.version);
        }
        changes = changes.delete_key_alias(&key.name, &name.name);
    }
    Ok(changes)
}

/// Moves audit records of mutations to the audit log. A crash in between leaves a record in both;
/// readers know it by its event id.
async fn empty_outbox(kms: &Kms) -> Result<(), Failure> {
    loop {
        let page = kms.records.list_outbox(OUTBOX_PAGE)?;
        if page.is_empty() {
            return Ok(());
        }
        let mut changes = Changes::default();
        for (event_id, version, record) in page {
            kms.audit
                .append(&record, Durability::Synced)
                .await
                .map_err(|_| Failure::Internal(Cause::Audit))?;
            changes = changes.delete_outbox(&event_id, version);
        }
        kms.records.commit(changes).await?;
    }
}

/// Does what a tick would do, whether its time has come or not, but for deletion.
pub async fn settle(kms: &Kms) -> Result<(), Failure> {
    empty_outbox(kms).await?;
    record_clock(kms).await
}

async fn record_clock(kms: &Kms) -> Result<(), Failure> {
    kms.domain_time();
    let recorded = kms.domain_clock().record();
    let clock = ClockRecord {
        time: recorded.time.into(),
        held_millis: u64::try_from(recorded.held.as_millis()).unwrap_or(u64::MAX),
    };
    let old = kms.records.clock()?;
    let expect = old.map_or(Expect::Absent, |stored| Expect::At(stored.version));
    kms.records
        .commit(Changes::default().put_clock(expect, &clock))
        .await
}

#[cfg(test)]
mod tests;
