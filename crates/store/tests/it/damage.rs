//! Every page of the file, and the log, damaged byte by byte: a record is right or an error, never
//! absent and never something else, and records on other pages go on.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use strongroom_base::{Env, Random};
use strongroom_store::{
    Engine, Expect, Name, OpenError, Outcome, SealedStore, Sqlite, SqliteOptions, Table,
    Transaction,
};

use crate::scratch::{open, scratch, try_open};
use crate::sealed::keys;

const RECORDS: usize = 60;
const PAGE_BYTES: usize = 4096;
const HEADER_BYTES: usize = 40;
/// Changes are tried after a flip in the header proper of a page.
const CHANGED_BYTES: usize = 12;
const STRIDE: usize = 199;
const LOG_STRIDE: usize = 769;
const THREADS: usize = 2;
// The first byte of a page, https://www.sqlite.org/fileformat2.html §1.6.
const INNER_INDEX_PAGE: u8 = 2;
const INNER_TABLE_PAGE: u8 = 5;
const INDEX_LEAF_PAGE: u8 = 10;
const STORE_FILE: &str = "store.db";
const LOG_FILE: &str = "store.db-wal";

/// What flipped bytes did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    flips: usize,
    refused: usize,
    opened: usize,
    right: usize,
    damaged: usize,
    unharmed_pages: usize,
    committed: usize,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.flips += other.flips;
        self.refused += other.refused;
        self.opened += other.opened;
        self.right += other.right;
        self.damaged += other.damaged;
        self.unharmed_pages += other.unharmed_pages;
        self.committed += other.committed;
    }
}

fn name(number: usize) -> Name {
    let number = number.to_string();
    Name::new(
        Table::KeyAliases,
        &[b"000000000000", b"us-east-1", b"key", number.as_bytes()],
    )
}

/// Small, medium and large records; the large ones need pages of their own.
fn record(number: usize) -> Vec<u8> {
    let length = match number % 10 {
        0 => 9000 + number * 17,
        1 | 2 => 2500,
        3 => 1,
        _ => 600 + number,
    };
    vec![number.to_le_bytes()[0]; length]
}

fn seal(engine: Sqlite) -> SealedStore {
    let engine: Arc<dyn Engine> = Arc::new(engine);
    let random: Arc<dyn Random> = Env::system().random;
    SealedStore::new(engine, &keys(1, 2), random)
}

fn fill(store: &SealedStore) {
    for number in 0..RECORDS {
        let put = Transaction::new().put(name(number), Expect::Absent, record(number));
        store.commit(put).wait().unwrap();
    }
}

/// The pages that a read of each record touches, besides the inner ones of the trees.
fn pages_of_records(folder: &Path, file: &[u8]) -> Vec<BTreeSet<usize>> {
    const WINDOW: usize = 12;
    let windows: HashMap<&[u8], usize> = file
        .windows(WINDOW)
        .enumerate()
        .map(|(offset, window)| (window, offset / PAGE_BYTES))
        .collect();
    let engine = Arc::new(open(folder));
    let store = SealedStore::new(engine.clone(), &keys(1, 2), Env::system().random);
    let pages_of = |number: usize| {
        let key = store.store_key(&name(number)).unwrap();
        let value = engine.get(&key).unwrap().unwrap().value;
        let mut pages: BTreeSet<usize> = value
            .windows(WINDOW)
            .filter_map(|window| windows.get(window).copied())
            .collect();
        let mut in_inner_page = false;
        for (page, bytes) in file.chunks(PAGE_BYTES).enumerate() {
            if bytes.windows(key.len()).any(|window| window == key) {
                pages.insert(page);
                in_inner_page |= bytes[0] == INNER_INDEX_PAGE;
            }
        }
        // SQLite looks for such a key in the leaf before it, too.
        if in_inner_page {
            let is_leaf = |page: &usize| file[page * PAGE_BYTES] == INDEX_LEAF_PAGE;
            pages.extend((0..file.len() / PAGE_BYTES).filter(is_leaf));
        }
        pages
    };
    (0..RECORDS).map(pages_of).collect()
}

/// Page 1, which describes the file, and the inner pages of the trees.
fn is_shared(file: &[u8], page: usize) -> bool {
    page == 0 || matches!(file[page * PAGE_BYTES], INNER_INDEX_PAGE | INNER_TABLE_PAGE)
}

fn offsets(file: &[u8]) -> Vec<usize> {
    (0..file.len())
        .filter(|offset| {
            let within = offset % PAGE_BYTES;
            *offset < PAGE_BYTES || within < HEADER_BYTES || offset % STRIDE == 0
        })
        .collect()
}

fn check_flip(folder: &Path, file: &[u8], pages: &[BTreeSet<usize>], offset: usize) -> Tally {
    let mut changed = file.to_vec();
    changed[offset] ^= if offset.is_multiple_of(2) {
        1 << (offset / 2 % 8)
    } else {
        0xff
    };
    for leftover in [LOG_FILE, "store.db-shm"] {
        fs::remove_file(folder.join(leftover)).unwrap_or_default();
    }
    fs::write(folder.join(STORE_FILE), &changed).unwrap();
    let mut tally = Tally {
        flips: 1,
        ..Tally::default()
    };
    let Ok(engine) = try_open(folder, SqliteOptions::default()) else {
        tally.refused = 1;
        return tally;
    };
    tally.opened = 1;
    let store = seal(engine);
    let page = offset / PAGE_BYTES;
    for (number, pages) in pages.iter().enumerate() {
        let must_read = !is_shared(file, page) && !pages.contains(&page);
        tally.unharmed_pages += usize::from(must_read);
        match store.get(&name(number)) {
            Ok(found) => {
                let found = found.unwrap_or_else(|| panic!("byte {offset}: {number} absent"));
                assert!(
                    found.bytes == record(number),
                    "byte {offset}: {number} changed"
                );
                tally.right += 1;
            }
            Err(error) => {
                assert!(!must_read, "byte {offset}: {number} {error}");
                tally.damaged += 1;
            }
        }
    }
    if offset % PAGE_BYTES < CHANGED_BYTES {
        tally.committed = check_commit(&store, offset);
    }
    tally
}

/// A change of the damaged store is refused or right, and harms nothing else.
fn check_commit(store: &SealedStore, offset: usize) -> usize {
    let fresh = name(RECORDS);
    let before: Vec<_> = (0..RECORDS).map(|n| store.get(&name(n))).collect();
    let put = Transaction::new().put(fresh.clone(), Expect::Absent, record(RECORDS));
    let outcome = store.commit(put).wait();
    for (number, before) in before.into_iter().enumerate() {
        assert_eq!(store.get(&name(number)), before, "byte {offset}: {number}");
    }
    if outcome.is_err() {
        return 0;
    }
    assert!(matches!(outcome, Ok(Outcome::Committed { .. })));
    let found = store.get(&fresh).unwrap().unwrap();
    assert!(found.bytes == record(RECORDS), "byte {offset}");
    1
}

#[test]
fn a_changed_byte_of_the_file_is_noticed_or_changes_no_answer() {
    let origin = scratch();
    let store = seal(open(origin.path()));
    fill(&store);
    drop(store);
    let file = fs::read(origin.path().join(STORE_FILE)).unwrap();
    let pages = pages_of_records(origin.path(), &file);
    let mark = fs::read(origin.path().join("store.mark")).unwrap();
    let offsets = offsets(&file);
    let tallies = thread::scope(|scope| {
        let workers: Vec<_> = offsets
            .chunks(offsets.len().div_ceil(THREADS))
            .map(|offsets| {
                let (file, pages, mark) = (&file, &pages, &mark);
                scope.spawn(move || {
                    let folder = scratch();
                    drop(open(folder.path()));
                    let mut tally = Tally::default();
                    for offset in offsets {
                        fs::write(folder.path().join("store.mark"), mark).unwrap();
                        tally.add(&check_flip(folder.path(), file, pages, *offset));
                    }
                    tally
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect::<Vec<_>>()
    });
    let mut total = Tally::default();
    for tally in &tallies {
        total.add(tally);
    }
    println!(
        "{RECORDS} records, {} pages: {total:?}",
        file.len() / PAGE_BYTES
    );
    assert_eq!(total.flips, total.refused + total.opened);
    assert!(total.damaged > 0 && total.unharmed_pages > total.flips);
}

/// The files of a store as a crash would leave them: most of it is still in the log.
fn crashed() -> HashMap<&'static str, Vec<u8>> {
    let folder = scratch();
    let store = seal(open(folder.path()));
    fill(&store);
    [STORE_FILE, LOG_FILE, "store.mark"]
        .into_iter()
        .map(|name| (name, fs::read(folder.path().join(name)).unwrap()))
        .collect()
}

fn restore(folder: &Path, files: &HashMap<&str, Vec<u8>>) {
    fs::remove_file(folder.join("store.db-shm")).unwrap_or_default();
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

/// Whether the store opens; then every record must be right.
fn opens_right(folder: &Path) -> bool {
    match try_open(folder, SqliteOptions::default()) {
        Ok(engine) => {
            let store = seal(engine);
            for number in 0..RECORDS {
                let found = store.get(&name(number)).unwrap().unwrap();
                assert!(found.bytes == record(number));
            }
            true
        }
        Err(OpenError::LostCommits { .. }) => false,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_changed_or_cut_log_is_noticed() {
    let mut files = crashed();
    let folder = scratch();
    drop(open(folder.path()));
    restore(folder.path(), &files);
    assert!(opens_right(folder.path()));
    let log = files[LOG_FILE].clone();
    let (mut flips, mut cuts) = (0, 0);
    let first = (0..64).chain((64..log.len()).step_by(LOG_STRIDE));
    for offset in first {
        let mut changed = log.clone();
        changed[offset] ^= 1 << (offset % 8);
        files.insert(LOG_FILE, changed);
        restore(folder.path(), &files);
        assert!(!opens_right(folder.path()), "byte {offset}");
        flips += 1;
    }
    for length in (0..log.len()).step_by(1030) {
        files.insert(LOG_FILE, log[..length].to_vec());
        restore(folder.path(), &files);
        assert!(!opens_right(folder.path()), "length {length}");
        cuts += 1;
    }
    println!(
        "log of {} bytes: {flips} flips and {cuts} cuts, all noticed",
        log.len()
    );
}

#[test]
fn a_changed_mark_keeps_no_store_from_opening() {
    let mut files = crashed();
    let folder = scratch();
    drop(open(folder.path()));
    for bit in 0..files["store.mark"].len() * 8 {
        let mut mark = files["store.mark"].clone();
        mark[bit / 8] ^= 1 << (bit % 8);
        let intact = files.insert("store.mark", mark).unwrap();
        restore(folder.path(), &files);
        assert!(opens_right(folder.path()), "bit {bit}");
        files.insert("store.mark", intact);
    }
}
