//! Folders and commits for tests.

use std::path::Path;

use strongroom_store::{
    Change, Commit, Engine, Expect, Folder, Kind, OpenError, Outcome, Sqlite, SqliteOptions,
    StoreError, Write,
};
use tempfile::TempDir;

/// A folder that vanishes; in memory where the machine offers it, since tests flush a lot.
pub(crate) fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

pub(crate) fn try_open(path: &Path, options: SqliteOptions) -> Result<Sqlite, OpenError> {
    let folder = Folder::open_or_create(path, Kind::Dev).unwrap();
    Sqlite::open(&folder, options)
}

pub(crate) fn open(path: &Path) -> Sqlite {
    try_open(path, SqliteOptions::default()).unwrap()
}

pub(crate) fn put(key: &[u8], expect: Expect, value: &[u8]) -> Write {
    Write {
        key: key.to_vec(),
        expect,
        change: Change::Put(value.to_vec()),
    }
}

pub(crate) fn delete(key: &[u8], expect: Expect) -> Write {
    Write {
        key: key.to_vec(),
        expect,
        change: Change::Delete,
    }
}

pub(crate) fn commit(
    engine: &dyn Engine,
    writes: impl Into<Vec<Write>>,
) -> Result<Outcome, StoreError> {
    let commit = Commit {
        reads: Vec::new(),
        writes: writes.into(),
    };
    engine.commit(commit).wait()
}

/// Commits what must succeed, and gives its sequence.
pub(crate) fn must(engine: &dyn Engine, writes: impl Into<Vec<Write>>) -> u64 {
    match commit(engine, writes).unwrap() {
        Outcome::Committed { sequence } => sequence,
        Outcome::Conflict { key } => panic!("conflict on {key:?}"),
    }
}
