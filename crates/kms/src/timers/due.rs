//! When which key must be looked at: an index in memory over the timers in the store. What it says is
//! only when to look, never what to do.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use strongroom_base::UnixMillis;

use crate::failure::Failure;
use crate::key::KeyName;
use crate::records::{Millis, TimerKind};
use crate::repository::Repository;

/// The timers read from the store at one time.
const PAGE: usize = 500;

/// Keys that something will happen to, by when.
#[derive(Default)]
pub struct Timers {
    /// Keys whose timer changed, and that are not in the index as they are now.
    changed: Mutex<HashSet<KeyName>>,
    refreshing: Mutex<()>,
    index: Mutex<Index>,
}

#[derive(Default)]
struct Index {
    /// By time and ARN.
    entries: BTreeMap<(UnixMillis, String), KeyName>,
    by_key: HashMap<KeyName, (UnixMillis, TimerKind)>,
    incomplete: bool,
}

impl Timers {
    /// Fills the index with all timers in the store, as far as they can be read.
    pub(crate) fn load(records: &Repository) {
        if let Err(failure) = load_pages(records) {
            tracing::error!(?failure, "not all timers can be read: they are held");
            records.timers.index().incomplete = true;
        }
    }

    /// Whether some timers could not be read: then none must be acted on.
    pub fn is_incomplete(&self) -> bool {
        self.index().incomplete
    }

    /// Notes that a change of this key's timer may have been committed.
    // Changes of a key may be committed in one order and noted in another: what counts is read from the
    // store afterwards, by refresh alone.
    pub(crate) fn note_change(&self, key: &KeyName) {
        self.changed().insert(key.clone());
    }

    /// Brings the index up to date.
    pub(crate) fn refresh(&self, records: &Repository) -> Result<(), Failure> {
        // One at a time, or what one read before a change could replace what another read after it.
        let _refreshing = self
            .refreshing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let changed = std::mem::take(&mut *self.changed());
        for (read, key) in changed.iter().enumerate() {
            let found = records.key(key).inspect_err(|_| {
                self.changed().extend(changed.iter().skip(read).cloned());
            })?;
            self.set(key, found.and_then(|key| key.record.next_due()));
        }
        Ok(())
    }

    /// How many keys wait for this.
    pub fn count(&self, kind: TimerKind) -> usize {
        let index = self.index();
        let of_kind = index.by_key.values().filter(|(_, of)| *of == kind);
        of_kind.count()
    }

    /// The keys with a material that expires, each with when the first one does.
    pub(crate) fn expiring(&self) -> Vec<(KeyName, UnixMillis)> {
        let index = self.index();
        let expiring = index.by_key.iter();
        let expiring = expiring.filter(|(_, (_, kind))| *kind == TimerKind::Expiry);
        expiring
            .map(|(key, (due, _))| (key.clone(), *due))
            .collect()
    }

    /// When the first key material expires, unless none does.
    pub fn next_expiry(&self) -> Option<UnixMillis> {
        let index = self.index();
        let expires = |name: &KeyName| {
            let timer = index.by_key.get(name);
            timer.is_some_and(|(_, kind)| *kind == TimerKind::Expiry)
        };
        let mut entries = index.entries.iter();
        let ((due, _), _) = entries.find(|(_, name)| expires(name))?;
        Some(*due)
    }

    /// The keys to look at by `now`.
    pub(crate) fn due(&self, now: UnixMillis) -> Vec<KeyName> {
        let index = self.index();
        let due = index.entries.iter().take_while(|((due, _), _)| *due <= now);
        due.map(|(_, name)| name.clone()).collect()
    }

    fn set(&self, key: &KeyName, due: Option<(Millis, TimerKind)>) {
        let arn = key.arn();
        let mut index = self.index();
        if let Some((old, _)) = index.by_key.remove(key) {
            index.entries.remove(&(old, arn.clone()));
        }
        if let Some((time, kind)) = due {
            index.entries.insert((time.into(), arn), key.clone());
            index.by_key.insert(key.clone(), (time.into(), kind));
        }
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) -> MutexGuard<'_, HashSet<KeyName>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load_pages(records: &Repository) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let page = records.list_timers(after.as_ref(), PAGE)?;
        for timer in page.records {
            let name = KeyName {
                account: timer.account,
                region: timer.region,
                id: timer.key,
            };
            records.timers.set(&name, Some((timer.due, timer.kind)));
        }
        match page.next {
            Some(cursor) => after = Some(cursor),
            None => return Ok(()),
        }
    }
}
