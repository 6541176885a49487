//! What the SQLite engine promises beyond the contract.

use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;

use strongroom_store::{
    Commit, Engine, Expect, Folder, Health, Kind, OpenError, Outcome, QUEUE_BYTES_MAX, Sqlite,
    SqliteOptions, StoreError, VALUE_BYTES_MAX,
};

use crate::scratch::{delete, must, open, put, scratch, try_open};

fn refusal(path: &Path) -> OpenError {
    match try_open(path, SqliteOptions::default()) {
        Err(error) => error,
        Ok(_) => panic!("opened"),
    }
}

#[test]
fn a_closed_store_is_one_file_and_opens_again() {
    let folder = scratch();
    for round in 0..3_u64 {
        let store = open(folder.path());
        let sequence = must(&store, [put(&round.to_be_bytes(), Expect::Absent, b"v")]);
        assert_eq!(sequence, round + 1);
        drop(store);
        let log = fs::metadata(folder.path().join("store.db-wal"));
        assert!(log.is_ok_and(|log| log.len() == 0));
    }
    for name in ["store.db", "store.mark", "store.db-wal"] {
        let mode = fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn an_open_store_keeps_its_folder_locked() {
    let scratch = scratch();
    let folder = Folder::open_or_create(scratch.path(), Kind::Dev).unwrap();
    let store = Sqlite::open(&folder, SqliteOptions::default()).unwrap();
    drop(folder);
    assert!(Folder::open(scratch.path(), Kind::Dev).is_err());
    drop(store);
    Folder::open(scratch.path(), Kind::Dev).unwrap();
}

#[test]
fn waiting_commits_are_finished_when_the_store_is_dropped() {
    let folder = scratch();
    let store = open(folder.path());
    let pending: Vec<_> = (0..500_u64)
        .map(|n| {
            let writes = vec![put(&n.to_be_bytes(), Expect::Absent, b"v")];
            let reads = Vec::new();
            store.commit(Commit { reads, writes })
        })
        .collect();
    drop(store);
    for (index, commit) in (1..).zip(pending) {
        assert_eq!(commit.wait(), Ok(Outcome::Committed { sequence: index }));
    }
}

#[test]
fn what_waits_is_bounded() {
    let folder = scratch();
    let store = open(folder.path());
    let value = vec![7; VALUE_BYTES_MAX];
    let large = |n: usize| {
        let writes = (0..64_usize)
            .map(|m| put(&(n * 64 + m).to_be_bytes(), Expect::Absent, &value))
            .collect();
        let reads = Vec::new();
        store.commit(Commit { reads, writes })
    };
    let commits = 2 + QUEUE_BYTES_MAX / (64 * VALUE_BYTES_MAX);
    let pending: Vec<_> = (0..commits * 2).map(large).collect();
    let results: Vec<_> = pending.into_iter().map(|commit| commit.wait()).collect();
    assert!(results.contains(&Err(StoreError::Busy)));
    assert!(matches!(results[0], Ok(Outcome::Committed { .. })));
    must(&store, [put(b"later", Expect::Absent, b"v")]);
}

#[test]
fn lost_files_are_not_an_empty_store() {
    let check = |remove: &[&str], lost: bool| {
        let folder = scratch();
        must(&open(folder.path()), [put(b"k", Expect::Absent, b"v")]);
        for name in remove {
            fs::remove_file(folder.path().join(name)).unwrap();
        }
        match try_open(folder.path(), SqliteOptions::default()) {
            Ok(store) => assert!(!lost && store.get(b"k").unwrap().is_some()),
            Err(error) => assert!(lost && matches!(error, OpenError::LostCommits { .. })),
        }
    };
    check(&["store.db"], true);
    check(&["store.db", "store.db-wal"], true);
    check(&["store.db", "store.mark"], true);
    check(&["store.mark"], false);
    check(&["store.db-wal"], false);
    check(&["store.db-shm"], false);
}

#[test]
fn a_store_behind_its_mark_is_refused_and_left_alone() {
    let folder = scratch();
    let store = open(folder.path());
    must(&store, [put(b"k", Expect::Absent, b"1")]);
    drop(store);
    let file = folder.path().join("store.db");
    let old = fs::read(&file).unwrap();
    must(&open(folder.path()), [put(b"k", Expect::At(1), b"2")]);
    fs::write(&file, &old).unwrap();
    for _ in 0..2 {
        match refusal(folder.path()) {
            OpenError::LostCommits { held, acknowledged } => {
                assert_eq!((held, acknowledged), (Some(1), Some(2)));
            }
            other => panic!("{other}"),
        }
        assert_eq!(fs::read(&file).unwrap(), old);
    }
    fs::remove_file(folder.path().join("store.mark")).unwrap();
    assert_eq!(open(folder.path()).get(b"k").unwrap().unwrap().value, b"1");
}

#[test]
fn a_creation_cut_short_is_begun_again() {
    let folder = scratch();
    drop(Folder::create(folder.path(), Kind::Dev).unwrap());
    fs::write(folder.path().join("store.db.new"), "SQLi").unwrap();
    fs::write(folder.path().join("store.mark"), "").unwrap();
    must(&open(folder.path()), [put(b"k", Expect::Absent, b"v")]);
    assert!(!folder.path().join("store.db.new").exists());
}

#[test]
fn files_of_others_and_of_later_versions_are_refused() {
    let check = |offset: u64, bytes: &[u8], expected: &str| {
        let folder = scratch();
        drop(open(folder.path()));
        let file = fs::File::options()
            .write(true)
            .open(folder.path().join("store.db"))
            .unwrap();
        file.write_all_at(bytes, offset).unwrap();
        let text = refusal(folder.path()).to_string();
        assert!(text.contains(expected), "{text}");
    };
    // The fields of SQLite's file header, https://www.sqlite.org/fileformat2.html §1.3.
    check(60, &3_u32.to_be_bytes(), "schema 3, this one knows 2");
    check(60, &1_u32.to_be_bytes(), "not that of a store");
    check(68, &7_u32.to_be_bytes(), "not that of a store");
    check(0, b"something else", "is damaged");
    check(18, &[1, 1], "not that of a store");
}

/// Finds the index entry of `key`: the key, then the number of its row in one byte.
fn row_number_offset(file: &[u8], key: &[u8]) -> usize {
    let leaf = file
        .chunks(4096)
        .position(|page| page[0] == 10 && page.windows(key.len()).any(|at| at == key))
        .unwrap();
    let page = &file[leaf * 4096..];
    leaf * 4096 + page.windows(key.len()).position(|at| at == key).unwrap() + key.len()
}

/// SQLite's own checks do not see an index entry that leads to another row.
#[test]
fn an_index_entry_that_leads_astray_harms_only_its_key() {
    let folder = scratch();
    let keys: Vec<String> = (10..40).map(|n| format!("key {n}")).collect();
    let store = open(folder.path());
    for key in &keys {
        must(
            &store,
            [put(key.as_bytes(), Expect::Absent, key.as_bytes())],
        );
    }
    drop(store);
    let path = folder.path().join("store.db");
    let mut file = fs::read(&path).unwrap();
    let offset = row_number_offset(&file, b"key 20");
    assert_eq!(file[offset], 11);
    file[offset] = 12;
    fs::write(&path, &file).unwrap();

    let store = open(folder.path());
    assert_eq!(store.health(), Health::SOUND);
    assert_eq!(store.get(b"key 20"), Err(StoreError::Damaged));
    assert_eq!(store.scan(b"key 2", None, 10), Err(StoreError::Damaged));
    assert_eq!(store.scan(b"key 3", None, 20).unwrap().entries.len(), 10);
    // Sent together, so that they share transactions.
    let pending: Vec<_> = keys
        .iter()
        .map(|key| {
            let writes = vec![put(key.as_bytes(), Expect::At(1), b"new")];
            let reads = Vec::new();
            store.commit(Commit { reads, writes })
        })
        .collect();
    for (key, commit) in keys.iter().zip(pending) {
        let result = commit.wait();
        if key == "key 20" {
            assert_eq!(result, Err(StoreError::Damaged));
        } else {
            assert!(matches!(result, Ok(Outcome::Committed { .. })), "{key}");
            assert_eq!(store.get(key.as_bytes()).unwrap().unwrap().value, b"new");
        }
    }
}

/// A key that the index holds no more is not absent.
#[test]
fn an_index_entry_that_changed_is_not_absence() {
    let folder = scratch();
    let store = open(folder.path());
    for key in [b"key 1", b"key 5", b"key 9"] {
        must(&store, [put(key, Expect::Absent, b"v")]);
    }
    drop(store);
    let path = folder.path().join("store.db");
    let mut file = fs::read(&path).unwrap();
    let offset = row_number_offset(&file, b"key 5") - 1;
    file[offset] = b'6';
    fs::write(&path, &file).unwrap();

    let store = open(folder.path());
    assert!(!store.health().absence_proved);
    assert_eq!(store.get(b"key 1").unwrap().unwrap().value, b"v");
    assert_eq!(store.get(b"key 5"), Err(StoreError::Damaged));
    assert_eq!(store.get(b"never was"), Err(StoreError::Damaged));
    assert_eq!(store.scan(b"", None, 10), Err(StoreError::Damaged));
    let again = put(b"key 5", Expect::Absent, b"v");
    let result = crate::scratch::commit(&store, [again]);
    assert_eq!(result, Err(StoreError::Damaged));
    let result = crate::scratch::commit(&store, [delete(b"key 5", Expect::At(1))]);
    assert_eq!(result, Err(StoreError::Damaged));
}

/// Rows that another program removes from the file are missed, also those that were put since the store was opened.
#[test]
fn a_row_that_goes_while_the_store_is_open_is_not_absence() {
    let folder = scratch();
    must(&open(folder.path()), [put(b"old", Expect::Absent, b"v")]);
    let store = open(folder.path());
    must(&store, [put(b"new", Expect::Absent, b"v")]);
    let file = folder.path().join("store.db");
    let other = rusqlite::Connection::open(file).unwrap();
    assert_eq!(other.execute("DELETE FROM kv", []), Ok(2));
    for key in [b"old", b"new"] {
        assert_eq!(store.get(key), Err(StoreError::Damaged));
        let again = crate::scratch::commit(&store, [put(key, Expect::Absent, b"w")]);
        assert_eq!(again, Err(StoreError::Damaged));
    }
    assert_eq!(store.get(b"never was"), Ok(None));
}
