//! What a power failure would show, and nothing less: how connections are set up.

use rusqlite::OpenFlags;

use super::{connect, open};
use crate::sqlite::store_path;

/// https://www.sqlite.org/pragma.html#pragma_synchronous: FULL, without which a commit in the log is not flushed.
const FULL: i64 = 2;

#[test]
fn every_commit_is_flushed_and_no_checkpoint_starts_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let writer = open(folder.path()).unwrap().connection;
    let reader = connect(&store_path(folder.path()), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    for connection in [writer, reader] {
        for (name, expected) in [("synchronous", FULL), ("wal_autocheckpoint", 0)] {
            let found: i64 = connection
                .pragma_query_value(None, name, |row| row.get(0))
                .unwrap();
            assert_eq!(found, expected, "{name}");
        }
    }
}
