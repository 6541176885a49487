//! What happens to keys by itself: deletion, rotation and expiry when their time has come, the audit
//! outbox, and the record of domain time. Every decision is made in domain time and from the store, never from memory alone.

use std::sync::Arc;
use std::time::Duration;

use strongroom_base::UnixMillis;
use strongroom_store::Expect;

use crate::failure::Failure;
use crate::grants;
use crate::key::{Key, KeyName};
use crate::kms::{Kms, encoded};
use crate::last_use;
use crate::multi_region;
use crate::ops::end_of_window;
use crate::records::{ClockRecord, KeyRecord, KeyState, TimerKind};
use crate::repository::{AliasName, Changes};
use crate::series;
use crate::service_events;
use crate::told::answers;
use crate::{imports, outbox, rotation};

mod due;

pub use due::Timers;

/// How often due timers are looked for.
const TICK: Duration = Duration::from_millis(500);
/// How often domain time is recorded.
const TICKS_PER_CLOCK_RECORD: u32 = 120;
const PAGE: usize = 500;

/// Runs the timers of `kms` until it is closed.
pub async fn run(kms: std::sync::Weak<Kms>) {
    let mut ticks = TICKS_PER_CLOCK_RECORD;
    while let Some(kms) = kms.upgrade() {
        tick(&kms, &mut ticks).await;
        drop(kms);
        tokio::time::sleep(TICK).await;
    }
}

async fn tick(kms: &Arc<Kms>, ticks: &mut u32) {
    look_at_due_keys(kms).await;
    told("the audit outbox", outbox::empty(kms).await);
    told("the last uses of keys", last_use::flush_if_due(kms).await);
    told("the metrics of keys", series::tick(kms).await);
    *ticks += 1;
    if *ticks >= TICKS_PER_CLOCK_RECORD {
        told("the record of domain time", record_clock(kms).await);
        *ticks = 0;
    }
}

/// What could not be done is tried again by a later tick; it must not keep the rest from being done.
fn told(what: &str, result: Result<(), Failure>) {
    if let Err(failure) = result {
        tracing::warn!(
            ?failure,
            "{what} could not be dealt with; it is tried again"
        );
    }
}

/// Does what is due to keys.
pub(crate) async fn look_at_due_keys(kms: &Kms) {
    let timers = &kms.records.timers;
    told("the index of timers", timers.refresh(&kms.records));
    if timers.is_incomplete() {
        return;
    }
    for name in timers.due(kms.domain_time()) {
        match look_at(kms, &name).await {
            // Changed meanwhile, perhaps cancelled: the next tick looks again.
            Ok(()) | Err(Failure::Conflict) => {}
            Err(other) => told("a key that is due", Err(other)),
        }
    }
    told("the index of timers", timers.refresh(&kms.records));
}

/// Does what the key's record says is due, if anything still is.
async fn look_at(kms: &Kms, name: &KeyName) -> Result<(), Failure> {
    let key = kms.records.key(name)?;
    let next = key.as_ref().and_then(|key| key.record.next_due());
    let (Some(key), Some((due, kind))) = (key, next) else {
        return Ok(());
    };
    if UnixMillis::from(due) > kms.domain_time() {
        return Ok(());
    }
    match kind {
        TimerKind::Deletion => delete(kms, &key).await,
        TimerKind::Rotation => rotation::rotate_by_plan(kms, &key).await,
        TimerKind::Expiry => imports::expire(kms, &key).await,
    }
}

async fn delete(kms: &Kms, key: &Arc<Key>) -> Result<(), Failure> {
    // In commits of their own, as one commit would not hold all; a crash in between is made good by the
    // next tick.
    grants::remove_all(kms, key).await?;
    remove_aliases(kms, key).await?;
    let told = answers::of_key(key.name.id.as_str());
    let record = service_events::of_key_with(&kms.env, "DeleteKey", key, told);
    let changes = leave_related(kms, removal(kms, key)?, key)?;
    let changes = changes.put_outbox(&record.event_id, &encoded(&record)?);
    kms.records.commit(changes).await?;
    tracing::info!(key = %key.arn, "key deleted");
    Ok(())
}

/// Removes the aliases of a key, of which there are at most 50.
async fn remove_aliases(kms: &Kms, key: &Key) -> Result<(), Failure> {
    let listed = kms.records.list_key_aliases(&key.name, None, PAGE)?.records;
    if listed.is_empty() {
        return Ok(());
    }
    let mut changes = Changes::default();
    for listed in listed {
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
    kms.records.commit(changes).await
}

/// Everything that goes with a key but its grants and aliases: a write for each of its materials and a few
/// more, so one commit holds it.
fn removal(kms: &Kms, key: &Key) -> Result<Changes, Failure> {
    let changes = Changes::default().delete_key(key);
    let changes = grants::remove_count(&kms.records, &key.name, changes)?;
    let mut changes = last_use::remove(kms, &key.name, changes)?;
    for material in &key.record.materials {
        changes = changes.delete_material_owner(&key.name.region, &material.id);
    }
    if let Some(policy) = kms.records.policy(&key.name)? {
        changes = changes.delete_policy(&key.name, policy.version);
    }
    if let Some(timer) = kms.records.timer(&key.name)? {
        changes = changes.delete_timer(&key.name, timer.version);
    }
    Ok(changes)
}

/// Takes a replica off the lists of the keys related to it.
fn leave_related(kms: &Kms, changes: Changes, key: &Arc<Key>) -> Result<Changes, Failure> {
    if !key.is_replica() {
        return Ok(changes);
    }
    let mut others = multi_region::related(&kms.records, key)?;
    others.retain(|other| other.name != key.name);
    let mut left: Vec<KeyRecord> = others.iter().map(|other| other.record.clone()).collect();
    for record in &mut left {
        let regions = record.multi_region.take();
        record.multi_region = regions.map(|regions| regions.without_replica(&key.name.region));
        begin_window_after_last_replica(kms, record);
    }
    // Perhaps the others waited for this one's import alone.
    imports::settle_pending(&mut left);
    multi_region::put_related(&kms.records, changes, others.iter().zip(&left))
}

/// KMS developer guide, deleting multi-Region keys: a primary's window begins when its last replica is
/// gone. The tokens of both states are the same.
fn begin_window_after_last_replica(kms: &Kms, record: &mut KeyRecord) {
    let has_replicas = (record.multi_region.as_ref()).is_some_and(|one| !one.replicas.is_empty());
    if has_replicas || record.state != KeyState::PendingReplicaDeletion {
        return;
    }
    if let Some(days) = record.pending_window_days.take() {
        record.state = KeyState::PendingDeletion;
        record.deletion = Some(end_of_window(kms, days));
    }
}

/// Does what a tick would do, whether its time has come or not, but for deletion.
pub async fn settle(kms: &Kms) -> Result<(), Failure> {
    let emptied = outbox::empty(kms).await;
    let flushed = last_use::flush(kms).await;
    let measured = series::flush(kms).await;
    record_clock(kms).await?;
    emptied.and(flushed).and(measured)
}

async fn record_clock(kms: &Kms) -> Result<(), Failure> {
    kms.domain_time();
    let Some(recorded) = kms.domain_clock().record() else {
        return Ok(());
    };
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let clock = ClockRecord {
        time: recorded.time.into(),
        held_millis: millis(recorded.held),
        lead_millis: recorded.lead.map(millis),
    };
    let old = kms.records.clock()?;
    let expect = old.map_or(Expect::Absent, |stored| Expect::At(stored.version));
    kms.records
        .commit(Changes::default().put_clock(expect, &clock))
        .await
}

#[cfg(test)]
mod tests;
