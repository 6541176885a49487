//! Opening the file: identity, schema, totals and mark are compared before anything is written, so
//! that a store that is refused is left as it was found.

use std::io;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Row, params};

use crate::anchor::Identity;
use crate::engine::Health;
use crate::folder::{create_file, sync_folder};

use super::keys::{KeyDigest, KeyHash, KeySet, Known};
use super::mark::Mark;
use super::{MARK_FILE, STORE_FILE, WAL_FILE, store_path};

/// `SRst`: marks the file as ours.
const APPLICATION_ID: i64 = 0x5352_7374;
const SCHEMA_VERSION: i64 = 2;
/// The first version, in which no statement lay in the store.
const SCHEMA_WITHOUT_STATEMENT: i64 = 1;
const PAGE_BYTES: u32 = 4096;
/// Larger files are not read as a whole when they are opened.
const QUICK_CHECK_BYTES_MAX: u64 = 64 * 1024 * 1024;
const CACHE_KIBIBYTES: i64 = 8 * 1024;
/// A log that a burst made longer is cut to this when it starts anew.
const LOG_BYTES_KEPT: i64 = 32 * 1024 * 1024;
const UNFINISHED_FILE: &str = "store.db.new";

const CREATE_KV: &str = "CREATE TABLE kv(key BLOB PRIMARY KEY NOT NULL, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT";
const CREATE_META: &str = "CREATE TABLE meta(id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, count INTEGER NOT NULL, digest BLOB NOT NULL, statement BLOB) STRICT";
const CREATE_META_WITHOUT_STATEMENT: &str = "CREATE TABLE meta(id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, count INTEGER NOT NULL, digest BLOB NOT NULL) STRICT";
/// SQLite adds the column to the text of the table just as [`CREATE_META`] has it.
const ADD_STATEMENT: &str =
    "BEGIN IMMEDIATE; ALTER TABLE meta ADD COLUMN statement BLOB; PRAGMA user_version=2; COMMIT";

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
    pub(super) statement: Option<Vec<u8>>,
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
    sync_log(folder)?;
    let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(unreadable)?;
    let schema = check_identity(&connection)?;
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
    if schema == SCHEMA_WITHOUT_STATEMENT {
        if !writable {
            return Err(OpenError::Damaged("it cannot be brought up to date"));
        }
        connection.execute_batch(ADD_STATEMENT).map_err(failed)?;
    }
    let statement = read_statement(&connection).map_err(unreadable)?;
    let health = Health {
        absence_proved,
        writable,
    };
    Ok(Opened {
        connection,
        mark,
        totals,
        keys,
        statement,
        health,
    })
}

/// What a killed process was writing may be in memory alone: no answer, anchor or mark may tell of a commit that a power
/// failure could still take back.
fn sync_log(folder: &Path) -> io::Result<()> {
    match std::fs::File::open(folder.join(WAL_FILE)) {
        Ok(log) => log.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
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

/// Notes what the anchor says of the store as this transaction leaves it.
pub(super) fn write_statement(connection: &Connection, statement: &[u8]) -> rusqlite::Result<()> {
    let mut prepared = connection.prepare_cached("UPDATE meta SET statement=?1 WHERE id=1")?;
    match prepared.execute(params![statement])? {
        1 => Ok(()),
        changed => Err(rusqlite::Error::StatementChangedRows(changed)),
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

/// The version of the schema, which fits it.
fn check_identity(connection: &Connection) -> Result<i64, OpenError> {
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
    let fits = mode == "wal"
        && pragma_number(connection, "auto_vacuum")? == 0
        && pragma_number(connection, "page_size")? == i64::from(PAGE_BYTES)
        && schema_fits(connection, found).map_err(unreadable)?;
    if fits {
        Ok(found)
    } else {
        Err(OpenError::Damaged("its schema is not that of a store"))
    }
}

fn pragma_number(connection: &Connection, name: &str) -> Result<i64, OpenError> {
    connection
        .pragma_query_value(None, name, |row| row.get(0))
        .map_err(unreadable)
}

fn schema_fits(connection: &Connection, version: i64) -> rusqlite::Result<bool> {
    let meta = match version {
        SCHEMA_VERSION => CREATE_META,
        SCHEMA_WITHOUT_STATEMENT => CREATE_META_WITHOUT_STATEMENT,
        _ => return Ok(false),
    };
    let mut statement = connection.prepare("SELECT sql FROM sqlite_schema ORDER BY name")?;
    let found = statement
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<Option<String>>>>()?;
    Ok(found == [Some(CREATE_KV.into()), Some(meta.into()), None])
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

fn read_statement(connection: &Connection) -> rusqlite::Result<Option<Vec<u8>>> {
    let query = "SELECT statement FROM meta WHERE id=1";
    connection.query_row(query, [], |row| row.get(0))
}

/// All keys the index holds with the identities of their rows, and whether they are the ones that were put there: all
/// of them, in their order and so where a search looks for them, and none beside them in the table, which no scan would
/// find. Count and digest alone say nothing against who writes the file: they lie in it.
fn read_keys(connection: &Connection, expected: KeyDigest) -> (KeySet, bool) {
    let mut keys = KeySet::default();
    let mut found = KeyDigest::default();
    let (mut last, mut is_in_order) = (Vec::new(), true);
    let indexed = for_each_key(connection, |key| {
        is_in_order &= found.count == 0 || last.as_slice() < key;
        last.clear();
        last.extend_from_slice(key);
        let key = KeyHash::of(key);
        keys.insert(key, Known::Lost);
        found.add(key);
    });
    let (mut rows, mut is_indexed) = (0, true);
    let listed = for_each_row(connection, |key, identity| {
        let key = KeyHash::of(key);
        is_indexed &= keys.get(key).is_some();
        keys.insert(key, Known::Row(identity));
        rows += 1;
    });
    if listed.is_err() {
        recover_rows(connection, &mut keys);
    }
    let is_whole = listed.is_err() || rows == expected.count;
    let is_same = found == expected && is_in_order && is_indexed && is_whole;
    (keys, indexed.is_ok() && is_same)
}

/// Finds what a damaged page kept from being read, row by row.
fn recover_rows(connection: &Connection, keys: &mut KeySet) {
    let mut lost = Vec::new();
    // What the index does not tell stays lost.
    let _ = for_each_key(connection, |key| {
        if keys.get(KeyHash::of(key)) == Some(Known::Lost) {
            lost.push(key.to_vec());
        }
    });
    for key in lost {
        if let Ok(identity) = read_identity(connection, &key) {
            keys.insert(KeyHash::of(&key), Known::Row(identity));
        }
    }
}

fn read_identity(connection: &Connection, key: &[u8]) -> rusqlite::Result<Identity> {
    const FIND: &str = "SELECT t.key, t.version, substr(t.value, 1, 25) \
         FROM kv AS i INDEXED BY sqlite_autoindex_kv_1 JOIN kv AS t ON t.rowid = i.rowid \
         WHERE i.key = ?1";
    let mut statement = connection.prepare_cached(FIND)?;
    statement.query_row(params![key], |row| {
        if row.get_ref(0)?.as_blob()? != key {
            return Err(rusqlite::Error::QueryReturnedNoRows);
        }
        let version = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
        Ok(Identity::of(key, version, read_head(row, 2)?))
    })
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

/// Reads the table from its beginning to its end, which is much faster than in the order of the keys.
fn for_each_row(
    connection: &Connection,
    mut take: impl FnMut(&[u8], Identity),
) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare("SELECT key, version, substr(value, 1, 25) FROM kv NOT INDEXED")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let key = row.get_ref(0)?.as_blob()?;
        let version = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
        take(key, Identity::of(key, version, read_head(row, 2)?));
    }
    Ok(())
}

/// The first bytes of a value, which SQLite takes for NULL where there are none.
pub(super) fn read_head<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<&'r [u8]> {
    Ok(row.get_ref(column)?.as_blob_or_null()?.unwrap_or_default())
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
