//! What happens to keys by itself: deletion when its time has come, the audit outbox, and the record
//! of domain time. Every decision is made in domain time and from the store, never from memory alone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use strongroom_base::UnixMillis;
use strongroom_store::Expect;

use crate::call::service_event;
use crate::failure::{Cause, Failure};
use crate::key::{Key, KeyName};
use crate::kms::{Kms, encoded};
use crate::records::{ClockRecord, KeyState};
use crate::repository::{AliasName, Changes, Repository};

/// How often due timers are looked for.
const TICK: Duration = Duration::from_millis(500);
/// How often domain time is recorded.
const TICKS_PER_CLOCK_RECORD: u32 = 120;
const PAGE: usize = 500;
/// The most audit records moved from the outbox at one time; one commit deletes as many.
const OUTBOX_PAGE: usize = 250;
/// What is left then waits for the next tick.
const OUTBOX_PAGES_PER_TICK: usize = 32;

/// Keys that wait for their deletion, by name.
#[derive(Default)]
pub struct Timers {
    entries: Mutex<BTreeMap<(UnixMillis, String), KeyName>>,
    incomplete: bool,
}

impl Timers {
    /// All timers in the store, as far as they can be read.
    pub fn load(records: &Repository) -> Self {
        let mut timers = Self::default();
        if let Err(failure) = timers.load_pages(records) {
            tracing::error!(?failure, "not all timers can be read: deletion is held");
            timers.incomplete = true;
        }
        timers
    }

    fn load_pages(&self, records: &Repository) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let page = records.list_timers(after.as_ref(), PAGE)?;
            for timer in page.records {
                let name = KeyName {
                    account: timer.account,
                    region: timer.region,
                    id: timer.key,
                };
                self.set(name, timer.due.into());
            }
            match page.next {
                Some(cursor) => after = Some(cursor),
                None => return Ok(()),
            }
        }
    }

    /// Whether some timers could not be read.
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// Sets the timer of a key.
    pub fn set(&self, key: KeyName, due: UnixMillis) {
        self.all().insert((due, key.arn()), key);
    }

    /// Forgets the timer of a key that was set for `due`, and no other.
    pub fn cancel(&self, key: &KeyName, due: UnixMillis) {
        self.all().remove(&(due, key.arn()));
    }

    /// How many keys wait.
    pub fn count(&self) -> usize {
        self.all().len()
    }

    fn due(&self, now: UnixMillis) -> Vec<(UnixMillis, KeyName)> {
        let all = self.all();
        let due = all.iter().take_while(|((due, _), _)| *due <= now);
        due.map(|((due, _), name)| (*due, name.clone())).collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<(UnixMillis, String), KeyName>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
    delete_due_keys(kms).await;
    told("the audit outbox", empty_outbox(kms).await);
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

/// Deletes the keys whose time has come.
pub(crate) async fn delete_due_keys(kms: &Kms) {
    if kms.timers.is_incomplete() {
        return;
    }
    for (due, name) in kms.timers.due(kms.domain_time()) {
        match delete_if_due(kms, &name).await {
            Ok(()) => kms.timers.cancel(&name, due),
            // Changed meanwhile, perhaps cancelled: the next tick looks again.
            Err(Failure::Conflict) => {}
            Err(other) => told("a key to be deleted", Err(other)),
        }
    }
}

async fn delete_if_due(kms: &Kms, name: &KeyName) -> Result<(), Failure> {
    let Some(key) = kms.records.key(name)? else {
        return Ok(());
    };
    let due = match (key.record.state, key.record.deletion) {
        (KeyState::PendingDeletion, Some(due)) => UnixMillis::from(due),
        _ => return Ok(()),
    };
    if due > kms.domain_time() {
        // Cancelled and scheduled again since this timer was set.
        kms.timers.set(name.clone(), due);
        return Ok(());
    }
    let record = service_event(
        &kms.env,
        "kms",
        "DeleteKey",
        &key.name.account,
        &key.name.region,
        &[&key],
    );
    let changes = removal(kms, &key)?.put_outbox(&record.event_id, &encoded(&record)?);
    kms.records.commit(changes).await?;
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
    for _ in 0..OUTBOX_PAGES_PER_TICK {
        let page = kms.records.list_outbox(OUTBOX_PAGE)?;
        if page.is_empty() {
            break;
        }
        let records = page.iter().map(|(_, _, record)| record.as_slice());
        let appended = kms.audit.append_all(records).await;
        appended.map_err(|_| Failure::Internal(Cause::Audit))?;
        let mut changes = Changes::default();
        for (event_id, version, _) in &page {
            changes = changes.delete_outbox(event_id, *version);
        }
        kms.records.commit(changes).await?;
    }
    Ok(())
}

/// Does what a tick would do, whether its time has come or not, but for deletion.
pub async fn settle(kms: &Kms) -> Result<(), Failure> {
    let emptied = empty_outbox(kms).await;
    record_clock(kms).await?;
    emptied
}

async fn record_clock(kms: &Kms) -> Result<(), Failure> {
    kms.domain_time();
    let Some(recorded) = kms.domain_clock().record() else {
        return Ok(());
    };
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
