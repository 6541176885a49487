//! The audit outbox: records of mutations, committed with what they tell of, on their way to the audit log. None is
//! lost and none is written twice; a damaged entry is passed over and never in the way of later ones.

use std::collections::HashSet;

use strongroom_audit::Record;
use tokio::sync::Mutex;

use crate::audit_log::AuditLog;
use crate::failure::{Cause, Failure};
use crate::kms::Kms;
use crate::repository::{Changes, OutboxEntry};

/// The most records moved at one time; one commit deletes as many.
const PAGE: usize = 250;
/// What is left then waits for the next tick.
const PAGES_PER_TURN: usize = 32;
/// The most damaged entries that are told apart.
const DAMAGED_MAX: usize = 65_536;

/// The one who moves records, and what could not be moved.
#[derive(Default)]
pub(crate) struct Outbox(Mutex<Damaged>);

/// Store keys of entries that cannot be read.
#[derive(Default)]
struct Damaged(HashSet<Vec<u8>>);

impl Damaged {
    fn note(&mut self, entry: Vec<u8>) {
        if self.0.len() < DAMAGED_MAX && self.0.insert(entry) {
            tracing::error!("a record in the audit outbox is damaged: it is passed over");
        }
    }
}

/// Moves what is in the outbox to the audit log.
pub(crate) async fn empty(kms: &Kms) -> Result<(), Failure> {
    let mut damaged = kms.outbox.0.lock().await;
    let mut after = None;
    for _ in 0..PAGES_PER_TURN {
        let page = kms.records.outbox(after.as_ref(), PAGE)?;
        page.damaged
            .into_iter()
            .for_each(|entry| damaged.note(entry));
        let mut readable = Vec::new();
        for entry in page.entries {
            match Record::decode(&entry.payload) {
                Ok(record) if AuditLog::takes(&entry.payload) => {
                    readable.push((record.time, entry))
                }
                _ => damaged.note(entry.event_id.into_bytes()),
            }
        }
        // The store has them in an order of its own.
        readable.sort_by_key(|(time, _)| *time);
        let entries = readable.into_iter().map(|(_, entry)| entry).collect();
        move_all(kms, entries).await?;
        after = page.next;
        if after.is_none() {
            kms.audit.forget_start();
            break;
        }
    }
    let count = u64::try_from(damaged.0.len()).unwrap_or(u64::MAX);
    kms.audit.set_passed_over(count);
    Ok(())
}

/// A crash between writing and deleting leaves a record in both: the log knows which it holds.
async fn move_all(kms: &Kms, entries: Vec<OutboxEntry>) -> Result<(), Failure> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut changes = Changes::default();
    for entry in &entries {
        changes = changes.delete_outbox(&entry.event_id, entry.version);
    }
    let records = entries.into_iter();
    let records: Vec<_> = records
        .map(|entry| (entry.event_id, entry.payload))
        .collect();
    let appended = kms.audit.append_once(&records).await;
    appended.map_err(|_| Failure::Internal(Cause::Audit))?;
    kms.records.commit(changes).await?;
    kms.audit
        .forget_known(records.iter().map(|(event_id, _)| event_id));
    Ok(())
}

#[cfg(test)]
mod tests;
