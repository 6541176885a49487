//! Opening the file: identity, schema, totals and mark are compared before anything is written, so
//! that a store that is refused is left as it was found.

use std::io;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params};

use crate::engine::Health;
use crate::folder::{create_file, sync_folder};

use super::keys::{KeyDigest, KeyHash, KeySet};
use super::mark::Mark;
use super::{MARK_FILE, STORE_FILE, WAL_FILE, store_path};

/// `SRst`: marks the file as ours.
const APPLICATION_ID: i64 = 0x5352_7374;
const SCHEMA_VERSION: i64 = 1;
const PAGE_BYTES: u32 = 4096;
/// Larger files are not read as a whole when they are opened.
const QUICK_CHECK_BYTES_MAX: u64 = 64 * 1024 * 1024;
const CACHE_KIBIBYTES: i64 = 8 * 1024;
/// A log that a burst made longer is cut to this when it starts anew.
const LOG_BYTES_KEPT: i64 = 32 * 1024 * 1024;
const UNFINISHED_FILE: &str = "store.db.new";

const CREATE_KV: &str = "CREATE TABLE kv(key BLOB PRIMARY KEY NOT NULL, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT";
const CREATE_META: &str = "CREATE TABLE meta(id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, count INTEGER NOT NULL, digest BLOB NOT NULL) STRICT";

/// Why a store cannot be opened.
#[derive(Debug)]
pub enum OpenError {
    /// Commits that were acknowledged are not in the store.
    LostCommits {
        /// The last commit the store holds, if there is a store at all.
        held: Option<u64>,
        /// The last commit that was acknowledged, if the mark tells.
        acknowledged: Option<u64>,
    },
    /// The file is not a store, or so damaged that nothing in it can be trusted.
    Damaged(&'static str),
    /// The file was written by a newer version.
    Newer {
        /// The version of the schema the file states.
        found: i64,
    },
    /// The operating system or SQLite refused.
    Io(io::Error),
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LostCommits { .. } => write!(
                out,
                "the store lost commits that were acknowledged; restore it from a backup, or \
                 delete {MARK_FILE} to go on without them"
            ),
            Self::Damaged(what) => write!(
                out,
                "{STORE_FILE} is damaged ({what}); restore it from a backup"
            ),
            Self::Newer { found } => write!(
                out,
                "{STORE_FILE} was written by a newer strongroom (schema {found}, this one knows \
                 {SCHEMA_VERSION}); start that version"
            ),
            Self::Io(error) => write!(
                out,
                "{STORE_FILE} cannot be opened ({error}); check its owner and disk"
            ),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The row of `meta`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) sequence: u64,
    pub(super) keys: KeyDigest,
}

/// A store that may be written.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) mark: Mark,
    pub(super) totals: Totals,
    pub(super) keys: KeySet,
    pub(super) health: Health,
}

pub(super) fn open(folder: &Path) -> Result<Opened, OpenError> {
    let path = store_path(folder);
    let (mark, acknowledged) = Mark::open(folder)?;
    if !path.try_exists()? {
        if acknowledged.is_some() || folder.join(WAL_FILE).try_exists()? {
            return Err(OpenError::LostCommits {
                held: None,
                acknowledged,
            });
        }
        create(folder)?;
        mark.advance(0)?;
        mark.flush()?;
    }
    let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(unreadable)?;
    check_identity(&connection)?;
    let totals = read_totals(&connection).map_err(unreadable)?;
    if acknowledged.is_some_and(|acknowledged| totals.sequence < acknowledged) {
        return Err(OpenError::LostCommits {
            held: Some(totals.sequence),
            acknowledged,
        });
    }
    let (keys, absence_proved) = read_keys(&connection, totals.keys);
    let writable =
        path.metadata()?.len() >= QUICK_CHECK_BYTES_MAX || passes_quick_check(&connection);
    let health = Health {
        absence_proved,
        writable,
    };
    Ok(Opened {
        connection,
        mark,
        totals,
        keys,
        health,
    })
}

/// A connection that neither creates the file nor checkpoints when it is closed: a log that was
/// refused has to survive.
pub(super) fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    for (option, value) in [
        (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
    ] {
        connection.set_db_config(option, value)?;
    }
    for (name, value) in [
        ("synchronous", "FULL"),
        ("secure_delete", "ON"),
        ("cell_size_check", "ON"),
        ("temp_store", "MEMORY"),
    ] {
        connection.pragma_update(None, name, value)?;
    }
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIBIBYTES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
    // Checkpoints that SQLite starts by itself hide their failures.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}

pub(super) fn write_totals(connection: &Connection, totals: &Totals) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare_cached("UPDATE meta SET sequence=?1, count=?2, digest=?3 WHERE id=1")?;
    let changed = statement.execute(params![
        totals.sequence.cast_signed(),
        totals.keys.count.cast_signed(),
        totals.keys.sum.to_be_bytes()
    ])?;
    if changed == 1 {
        Ok(())
    } else {
        Err(rusqlite::Error::StatementChangedRows(changed))
    }
}

/// Makes an empty store under another name and renames it, so that a crash leaves none or all.
fn create(folder: &Path) -> Result<(), OpenError> {
    let path = folder.join(UNFINISHED_FILE);
    for suffix in ["", "-wal", "-shm", "-journal"] {
        match std::fs::remove_file(folder.join(format!("{UNFINISHED_FILE}{suffix}"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    // SQLite gives the log and its index the mode of this file.
    create_file(&path)?;
    lay_out(&path).map_err(failed)?;
    std::fs::File::open(&path)?.sync_all()?;
    std::fs::rename(&path, folder.join(STORE_FILE))?;
    sync_folder(folder)?;
    Ok(())
}

fn lay_out(path: &Path) -> rusqlite::Result<()> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    connection.execute_batch(CREATE_KV)?;
    connection.execute_batch(CREATE_META)?;
    connection.execute(
        "INSERT INTO meta(id, sequence, count, digest) VALUES(1, 0, 0, ?1)",
        params![[0_u8; 16]],
    )?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // The last write of a new file, so no log is left behind under the unfinished name.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    connection.close().map_err(|(_, error)| error)
}

fn check_identity(connection: &Connection) -> Result<(), OpenError> {
    if pragma_number(connection, "application_id")? != APPLICATION_ID {
        return Err(OpenError::Damaged("its header is not that of a store"));
    }
    let found = pragma_number(connection, "user_version")?;
    if found > SCHEMA_VERSION {
        return Err(OpenError::Newer { found });
    }
    let mode: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .map_err(unreadable)?;
    let fits = found == SCHEMA_VERSION
        && mode == "wal"
        && pragma_number(connection, "auto_vacuum")? == 0
        && pragma_number(connection, "page_size")? == i64::from(PAGE_BYTES)
        && schema_fits(connection).map_err(unreadable)?;
    if fits {
        Ok(())
    } else {
        Err(OpenError::Damaged("its schema is not that of a store"))
    }
}

fn pragma_number(connection: &Connection, name: &str) -> Result<i64, OpenError> {
    connection
        .pragma_query_value(None, name, |row| row.get(0))
        .map_err(unreadable)
}

fn schema_fits(connection: &Connection) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare("SELECT sql FROM sqlite_schema ORDER BY name")?;
    let found = statement
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<Option<String>>>>()?;
    Ok(found == [Some(CREATE_KV.into()), Some(CREATE_META.into()), None])
}

fn read_totals(connection: &Connection) -> rusqlite::Result<Totals> {
    connection.query_row(
        "SELECT sequence, count, digest FROM meta WHERE id=1",
        [],
        |row| {
            Ok(Totals {
                sequence: row.get::<_, i64>(0)?.cast_unsigned(),
                keys: KeyDigest {
                    count: row.get::<_, i64>(1)?.cast_unsigned(),
                    sum: u128::from_be_bytes(row.get(2)?),
                },
            })
        },
    )
}

/// All keys the index holds, and whether they are the ones that were put there.
fn read_keys(connection: &Connection, expected: KeyDigest) -> (KeySet, bool) {
    let mut keys = KeySet::default();
    let mut found = KeyDigest::default();
    let read = for_each_key(connection, |key| {
        let key = KeyHash::of(key);
        keys.insert(key);
        found.add(key);
    });
    (keys, read.is_ok() && found == expected)
}

fn for_each_key(connection: &Connection, mut take: impl FnMut(&[u8])) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare("SELECT key FROM kv INDEXED BY sqlite_autoindex_kv_1")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take(row.get_ref(0)?.as_blob()?);
    }
    Ok(())
}

fn passes_quick_check(connection: &Connection) -> bool {
    connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .is_ok_and(|answer: String| answer == "ok")
}

/// An error of reading an existing file.
fn unreadable(error: rusqlite::Error) -> OpenError {
    match super::failure::of_read(&error) {
        crate::engine::StoreError::Damaged => OpenError::Damaged("its first pages cannot be read"),
        _ => failed(error),
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        unreadable(error)
    }
}

fn failed(error: rusqlite::Error) -> OpenError {
    OpenError::Io(io::Error::other(error))
}

#[cfg(test)]
mod tests;
