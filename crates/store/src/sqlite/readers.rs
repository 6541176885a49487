//! Reads, on the caller's thread through a few shared connections. A row is believed only if the
//! table names the key that the index led from, and if it is the one that was written there last.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};

use crate::anchor::Identity;
use crate::engine::{Entry, Page, SCAN_ENTRIES_MAX, StoreError, VALUE_BYTES_MAX, end_of_prefix};

use super::failure::of_read;
use super::keys::{KeyHash, Known};
use super::{Shared, open};

/// More would wait for the disk and the processors, not for each other.
const CONNECTIONS_MAX: usize = 4;

// The index gives `i`, its row number leads to `t`: one whose key differs, or that is missing, shows
// an index entry or a row that changed. With one table SQLite would return the key of the index.
const GET: &str = "SELECT i.key, t.key, t.version, t.value \
     FROM kv AS i INDEXED BY sqlite_autoindex_kv_1 LEFT JOIN kv AS t ON t.rowid = i.rowid \
     WHERE i.key = ?1";
const SCAN_FROM: &str = "SELECT i.key, t.key, t.version, t.value \
     FROM kv AS i INDEXED BY sqlite_autoindex_kv_1 LEFT JOIN kv AS t ON t.rowid = i.rowid \
     WHERE i.key >= ?1 ORDER BY i.key LIMIT ?2";
const SCAN_AFTER: &str = "SELECT i.key, t.key, t.version, t.value \
     FROM kv AS i INDEXED BY sqlite_autoindex_kv_1 LEFT JOIN kv AS t ON t.rowid = i.rowid \
     WHERE i.key > ?1 ORDER BY i.key LIMIT ?2";

pub(super) struct Readers {
    path: PathBuf,
    pool: Mutex<Pool>,
    returned: Condvar,
    absence_proved: bool,
}

/// Connections are opened when they are first needed, and then kept.
struct Pool {
    idle: Vec<Connection>,
    opened: usize,
}

impl Readers {
    pub(super) fn open(path: PathBuf, absence_proved: bool) -> rusqlite::Result<Self> {
        let idle = vec![connect(&path)?];
        Ok(Self {
            path,
            pool: Mutex::new(Pool { idle, opened: 1 }),
            returned: Condvar::new(),
            absence_proved,
        })
    }

    pub(super) fn get(&self, shared: &Shared, key: &[u8]) -> Result<Option<Entry>, StoreError> {
        let entry = self.look_up(key)?;
        if entry.is_none() && !self.absence_proved {
            return Err(StoreError::Damaged);
        }
        if shared.vouches(key, entry.as_ref()) {
            return Ok(entry);
        }
        // Either the row changed just now, or the file holds what was not written there. While no commit settles,
        // file and key set agree.
        let settled = shared.settling.lock();
        let entry = self.look_up(key)?;
        let vouched = shared.vouches(key, entry.as_ref());
        drop(settled);
        if vouched {
            Ok(entry)
        } else {
            Err(StoreError::Damaged)
        }
    }

    /// INVARIANT: absence in a scan is proved for the index as it was read at open; from then on a
    /// scan notices entries that changed, not an index page that loses entries while we run.
    pub(super) fn scan(
        &self,
        shared: &Shared,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        if !self.absence_proved {
            return Err(StoreError::Damaged);
        }
        let limit = limit.min(SCAN_ENTRIES_MAX);
        let look = || {
            self.with(|connection| scan_rows(connection, prefix, after, limit.saturating_add(1)))
        };
        let mut entries = look()?;
        if !shared.vouch_for_all(&entries) {
            // As in a get.
            let _settled = shared.settling.lock();
            entries = look()?;
            if !shared.vouch_for_all(&entries) {
                return Err(StoreError::Damaged);
            }
        }
        let more = entries.len() > limit;
        entries.truncate(limit);
        Ok(Page { entries, more })
    }

    fn look_up(&self, key: &[u8]) -> Result<Option<Entry>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(GET).map_err(|e| of_read(&e))?;
            let row = statement
                .query_row(params![key], |row| Ok(read_row(row)))
                .optional()
                .map_err(|e| of_read(&e))?;
            match row.transpose()? {
                Some((found, _)) if found != key => Err(StoreError::Damaged),
                row => Ok(row.map(|(_, entry)| entry)),
            }
        })
    }

    fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = self.take()?;
        let result = read(&connection);
        self.pool().idle.push(connection);
        self.returned.notify_one();
        result
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let mut pool = self.pool();
        loop {
            if let Some(connection) = pool.idle.pop() {
                return Ok(connection);
            }
            if pool.opened < CONNECTIONS_MAX {
                let connection = connect(&self.path).map_err(|e| of_read(&e))?;
                pool.opened += 1;
                return Ok(connection);
            }
            pool = self
                .returned
                .wait(pool)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    open::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

impl Shared {
    /// Whether this is the row that was written last under `key`, or none was.
    fn vouches(&self, key: &[u8], entry: Option<&Entry>) -> bool {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        match (keys.get(KeyHash::of(key)), entry) {
            (None, None) => true,
            (Some(known), Some(entry)) => known == Known::Row(identity_of(key, entry)),
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    fn vouch_for_all(&self, entries: &[(Vec<u8>, Entry)]) -> bool {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        entries.iter().all(|(key, entry)| {
            keys.get(KeyHash::of(key)) == Some(Known::Row(identity_of(key, entry)))
        })
    }
}

fn identity_of(key: &[u8], entry: &Entry) -> Identity {
    Identity::of(key, entry.version, &entry.value)
}

fn scan_rows(
    connection: &Connection,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<(Vec<u8>, Entry)>, StoreError> {
    let (query, start) = match after {
        Some(after) if after >= prefix => (SCAN_AFTER, after),
        _ => (SCAN_FROM, prefix),
    };
    let end = end_of_prefix(prefix);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(query).map_err(|e| of_read(&e))?;
    let mut rows = statement
        .query(params![start, limit])
        .map_err(|e| of_read(&e))?;
    let mut entries: Vec<(Vec<u8>, Entry)> = Vec::new();
    while let Some(row) = rows.next().map_err(|e| of_read(&e))? {
        let (key, entry) = read_row(row)?;
        if end.as_ref().is_some_and(|end| key >= *end) {
            break;
        }
        let previous = entries.last().map_or(start, |(key, _)| key);
        if key.as_slice() < previous || !key.starts_with(prefix) {
            return Err(StoreError::Damaged);
        }
        entries.push((key, entry));
    }
    Ok(entries)
}

fn read_row(row: &Row<'_>) -> Result<(Vec<u8>, Entry), StoreError> {
    let entry = decode_row(row).map_err(|e| of_read(&e))?;
    entry
        .filter(|(_, entry)| entry.version > 0 && entry.value.len() <= VALUE_BYTES_MAX)
        .ok_or(StoreError::Damaged)
}

fn decode_row(row: &Row<'_>) -> rusqlite::Result<Option<(Vec<u8>, Entry)>> {
    let key = row.get_ref(0)?.as_blob()?;
    if row.get_ref(1)?.as_blob_or_null()? != Some(key) {
        return Ok(None);
    }
    let version = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
    let value = row.get_ref(3)?.as_blob()?.to_vec();
    Ok(Some((key.to_vec(), Entry { version, value })))
}
