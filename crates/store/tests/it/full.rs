//! A full disk refuses changes and loses nothing.

use std::fs;
use std::path::Path;
use std::process::Command;

use strongroom_store::{Engine, Expect, Health, Sqlite, SqliteOptions, StoreError};

use crate::scratch::{commit, delete, must, open, put, scratch, try_open};

const VALUE_BYTES: usize = 50_000;

/// A small disk, unmounted when dropped.
struct Disk(tempfile::TempDir);

impl Disk {
    /// `None` where the test may not mount one.
    fn mount(size: &str) -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", size, "tmpfs"])
            .arg(disk.0.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: mounting a small disk needs root");
        }
        mounted.then_some(disk)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Nothing is mounted when mounting failed.
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

fn options(free_bytes_reserve: u64) -> SqliteOptions {
    SqliteOptions {
        free_bytes_reserve,
        ..SqliteOptions::default()
    }
}

fn value(number: u64) -> Vec<u8> {
    vec![number.to_le_bytes()[0]; VALUE_BYTES]
}

/// Puts records from `first` on until the store is full; gives the number after the last.
fn fill(store: &Sqlite, first: u64) -> u64 {
    for number in first.. {
        let write = put(&number.to_be_bytes(), Expect::Absent, &value(number));
        match commit(store, [write]) {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error, StoreError::Full);
                return number;
            }
        }
    }
    unreachable!()
}

fn check_records(store: &Sqlite, end: u64) {
    assert_eq!(store.health(), Health::SOUND);
    for number in 0..end {
        let entry = store.get(&number.to_be_bytes()).unwrap().unwrap();
        assert_eq!(entry.value, value(number));
    }
    assert_eq!(store.get(&end.to_be_bytes()), Ok(None));
}

#[test]
fn changes_are_refused_before_they_start_when_the_reserve_is_touched() {
    let folder = scratch();
    must(&open(folder.path()), [put(b"k", Expect::Absent, b"v")]);
    let store = try_open(folder.path(), options(u64::MAX)).unwrap();
    for write in [
        put(b"n", Expect::Absent, b""),
        put(b"k", Expect::At(1), b""),
        delete(b"k", Expect::At(1)),
    ] {
        assert_eq!(commit(&store, [write]), Err(StoreError::Full));
    }
    must(&store, []);
    assert_eq!(store.get(b"k").unwrap().unwrap().value, b"v");
}

#[test]
fn a_full_disk_loses_nothing_and_recovers() {
    let Some(disk) = Disk::mount("size=12m") else {
        return;
    };
    let path = disk.path().join("data");
    let ballast = disk.path().join("ballast");
    fs::write(&ballast, vec![7; 2 << 20]).unwrap();
    let store = try_open(&path, options(0)).unwrap();
    let end = fill(&store, 0);
    assert!(end > 50, "{end}");
    for _ in 0..3 {
        assert_eq!(fill(&store, end), end);
        check_records(&store, end);
    }
    drop(store);
    let store = try_open(&path, options(0)).unwrap();
    check_records(&store, end);
    fs::remove_file(&ballast).unwrap();
    let later = fill(&store, end);
    assert!(later > end, "{later}");
    check_records(&store, later);
    drop(store);
    check_records(&try_open(&path, options(0)).unwrap(), later);
}

#[test]
fn the_reserve_is_left_free() {
    let Some(disk) = Disk::mount("size=24m") else {
        return;
    };
    let store = try_open(&disk.path().join("data"), SqliteOptions::default()).unwrap();
    let end = fill(&store, 0);
    check_records(&store, end);
    fs::write(disk.path().join("audit"), vec![7; 14 << 20]).unwrap();
}
