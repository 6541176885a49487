//! What an engine promises of its anchor: one statement a transaction, nothing done without one, and no row taken for
//! the present one that is not.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, params};
use strongroom_base::Secret;
use strongroom_store::{
    Anchor, Commit, Engine, Expect, Memory, Outcome, Root, SqliteOptions, Statement, StoreError,
    Write,
};

use crate::scratch::{commit, delete, must, open, put, scratch, try_open};

const KEY: [u8; 32] = [3; 32];
/// The first statement of every test.
const FIRST: u64 = 10;

/// Notes what it is asked for.
#[derive(Default)]
struct Noting(Mutex<Notes>);

#[derive(Default)]
struct Notes {
    /// Base and root of each statement.
    asked: Vec<(u64, Root)>,
    published: Vec<u64>,
    refusal: Option<StoreError>,
    is_broken: bool,
}

fn statement(sequence: u64) -> Statement {
    let bytes = format!("statement {sequence}").into_bytes();
    Statement { sequence, bytes }
}

impl Anchor for Noting {
    fn advance(&self, base: u64, root: &Root) -> Result<Statement, StoreError> {
        let mut notes = self.0.lock().unwrap();
        if let Some(refusal) = notes.refusal {
            return Err(refusal);
        }
        notes.asked.push((base, *root));
        Ok(statement(FIRST + notes.asked.len() as u64))
    }

    fn publish(&self, statement: &Statement) -> io::Result<()> {
        let mut notes = self.0.lock().unwrap();
        if notes.is_broken {
            return Err(io::ErrorKind::StorageFull.into());
        }
        notes.published.push(statement.sequence);
        Ok(())
    }
}

fn root(engine: &dyn Engine) -> Root {
    engine.measure(&Secret::new(KEY)).unwrap().root
}

fn stated(engine: &dyn Engine) -> Option<String> {
    let statement = engine.measure(&Secret::new(KEY)).unwrap().statement?;
    Some(String::from_utf8(statement).unwrap())
}

fn fasten(engine: &dyn Engine) -> Arc<Noting> {
    let anchor = Arc::new(Noting::default());
    root(engine);
    let fastened = engine.fasten(Arc::clone(&anchor) as Arc<dyn Anchor>, statement(FIRST));
    assert!(matches!(fastened.wait(), Ok(Outcome::Committed { .. })));
    anchor
}

/// The root of a store with these rows, put there one by one.
fn root_of(rows: &[Write]) -> Root {
    let engine = Memory::new();
    for row in rows {
        must(&engine, [row.clone()]);
    }
    root(&engine)
}

/// Both engines, empty.
fn each(check: impl Fn(&dyn Engine)) {
    check(&Memory::new());
    check(&open(scratch().path()));
}

#[test]
fn the_root_is_that_of_the_rows() {
    each(|engine| {
        assert_eq!(root(engine), Root::default());
        let anchor = fasten(engine);
        must(engine, [put(b"a", Expect::Absent, b"1")]);
        must(
            engine,
            [
                put(b"b", Expect::Absent, b"1"),
                put(b"c", Expect::Absent, b"1"),
            ],
        );
        must(
            engine,
            [put(b"a", Expect::At(1), b"2"), delete(b"b", Expect::At(1))],
        );
        let rows = [
            put(b"c", Expect::Absent, b"1"),
            put(b"a", Expect::Absent, b"0"),
            put(b"a", Expect::At(1), b"2"),
        ];
        assert_eq!(root(engine), root_of(&rows));
        assert_eq!(engine.measure(&Secret::new(KEY)).unwrap().rows, 2);
        must(
            engine,
            [delete(b"a", Expect::At(2)), delete(b"c", Expect::At(1))],
        );
        assert_eq!(root(engine), Root::default());
        assert_eq!(anchor.0.lock().unwrap().asked[0].1, root_of(&rows_of_a()));
    });
}

fn rows_of_a() -> [Write; 1] {
    [put(b"a", Expect::Absent, b"1")]
}

#[test]
fn every_transaction_follows_the_last() {
    each(|engine| {
        let anchor = fasten(engine);
        assert_eq!(stated(engine), Some("statement 10".to_owned()));
        must(engine, rows_of_a());
        let conflict = commit(engine, rows_of_a());
        assert!(matches!(conflict, Ok(Outcome::Conflict { .. })));
        must(engine, []);
        must(engine, [put(b"a", Expect::At(1), b"2")]);
        engine.restate().wait().unwrap();
        let notes = anchor.0.lock().unwrap();
        let bases: Vec<_> = notes.asked.iter().map(|(base, _)| *base).collect();
        assert_eq!(bases, [10, 11, 12]);
        assert_eq!(notes.published, [10, 11, 12, 13]);
        assert_eq!(notes.asked[1].1, notes.asked[2].1);
        drop(notes);
        assert_eq!(stated(engine), Some("statement 13".to_owned()));
    });
}

#[test]
fn without_a_statement_nothing_happens() {
    each(|engine| {
        must(engine, rows_of_a());
        let before = root(engine);
        let unanchored = Err(StoreError::Unanchored);
        // Measured, but not anchored.
        assert_eq!(
            commit(engine, [put(b"a", Expect::At(1), b"2")]),
            Err(StoreError::Unanchored)
        );
        let anchor = fasten(engine);
        for refusal in [StoreError::Unanchored, StoreError::Busy] {
            anchor.0.lock().unwrap().refusal = Some(refusal);
            let writes = [put(b"b", Expect::Absent, b"1"), delete(b"a", Expect::At(1))];
            assert_eq!(commit(engine, writes), Err(refusal));
            assert_eq!(engine.restate().wait(), Err(refusal));
            assert_eq!(engine.get(b"b"), Ok(None));
            assert_eq!(engine.get(b"a").unwrap().unwrap().version, 1);
            assert_eq!(engine.scan(b"", None, 9).unwrap().entries.len(), 1);
        }
        assert_eq!((root(engine), unanchored), (before, commit_nothing(engine)));
        anchor.0.lock().unwrap().refusal = None;
        must(engine, [put(b"a", Expect::At(1), b"2")]);
        let notes = anchor.0.lock().unwrap();
        assert_eq!(notes.asked.last().unwrap().0, FIRST);
    });
}

/// An engine that was never measured cannot be anchored.
fn commit_nothing(_: &dyn Engine) -> Result<Outcome, StoreError> {
    let anchor: Arc<dyn Anchor> = Arc::new(Noting::default());
    Memory::new().fasten(anchor, statement(1)).wait()
}

fn fail(reason: &str) -> ! {
    panic!("{reason}")
}

#[test]
fn a_statement_that_cannot_be_published_ends_the_process() {
    let folder = scratch();
    let options = SqliteOptions {
        fatal: fail,
        ..SqliteOptions::default()
    };
    let check = |engine: &dyn Engine| {
        let anchor = fasten(engine);
        anchor.0.lock().unwrap().is_broken = true;
        assert_eq!(commit(engine, rows_of_a()), Err(StoreError::Closed));
        assert_eq!(commit(engine, rows_of_a()), Err(StoreError::Closed));
    };
    check(&Memory::new());
    check(&try_open(folder.path(), options).unwrap());
    // What was not answered may have happened: the store is one statement ahead.
    assert_eq!(
        stated(&open(folder.path())),
        Some("statement 11".to_owned())
    );
}

#[test]
fn waiting_commits_share_a_statement() {
    let folder = scratch();
    let store = open(folder.path());
    let anchor = fasten(&store);
    let pending: Vec<_> = (0..500_u64)
        .map(|number| {
            let writes = vec![put(&number.to_be_bytes(), Expect::Absent, b"v")];
            let reads = Vec::new();
            store.commit(Commit { reads, writes })
        })
        .collect();
    for commit in pending {
        assert!(matches!(commit.wait(), Ok(Outcome::Committed { .. })));
    }
    let statements = anchor.0.lock().unwrap().asked.len();
    println!("500 commits, {statements} statements");
    assert!(statements < 250, "{statements}");
    let running = root(&store);
    drop(store);
    assert_eq!(root(&open(folder.path())), running);
}

#[test]
fn a_store_knows_its_root_and_statement_when_it_opens_again() {
    let folder = scratch();
    let store = open(folder.path());
    let _anchor = fasten(&store);
    must(&store, rows_of_a());
    must(&store, [put(b"b", Expect::Absent, b"1")]);
    let before = root(&store);
    drop(store);
    let store = open(folder.path());
    assert_eq!(root(&store), before);
    assert_eq!(stated(&store), Some("statement 12".to_owned()));
}

/// A value as long as a sealed one, told from others by its head.
fn value(head: u8) -> Vec<u8> {
    vec![head; 60]
}

fn file(folder: &Path) -> Connection {
    Connection::open(folder.join("store.db")).unwrap()
}

#[test]
fn a_row_that_is_put_back_under_a_running_store_is_damaged() {
    let changes: &[(&str, &[&str])] = &[
        (
            "UPDATE kv SET version = 1, value = ?1 WHERE key = x'61'",
            &["a"],
        ),
        ("UPDATE kv SET version = 1 WHERE key = x'61'", &["a"]),
        ("UPDATE kv SET value = ?1 WHERE key = x'61'", &["a"]),
        ("DELETE FROM kv WHERE key = x'61'", &["a"]),
        ("INSERT INTO kv VALUES(x'64', 1, ?1)", &["d"]),
    ];
    for (change, harmed) in changes {
        let folder = scratch();
        let store = open(folder.path());
        let anchor = fasten(&store);
        for key in [b"a", b"b", b"c"] {
            must(&store, [put(key, Expect::Absent, &value(1))]);
            must(&store, [put(key, Expect::At(1), &value(2))]);
        }
        let count = anchor.0.lock().unwrap().asked.len();
        let connection = file(folder.path());
        let mut statement = connection.prepare(change).unwrap();
        match statement.parameter_count() {
            0 => statement.execute([]),
            _ => statement.execute(params![value(1)]),
        }
        .unwrap();
        for key in ["a", "b", "c", "d"] {
            let found = store.get(key.as_bytes());
            let is_harmed = harmed.contains(&key);
            assert_eq!(
                found == Err(StoreError::Damaged),
                is_harmed,
                "{change} {key}"
            );
            for expect in [Expect::At(1), Expect::At(2), Expect::Absent] {
                let outcome = commit(&store, [put(key.as_bytes(), expect, &value(3))]);
                let refused = outcome == Err(StoreError::Damaged);
                assert_eq!(refused, is_harmed, "{change} {key}");
            }
        }
        let deleted = change.starts_with("DELETE");
        let scanned = store.scan(b"", None, 9);
        assert_eq!(scanned == Err(StoreError::Damaged), !deleted, "{change}");
        assert!(anchor.0.lock().unwrap().asked.len() > count);
    }
}

/// Every way to have another set of rows in the file shows in its root.
#[test]
fn a_store_that_was_changed_while_closed_has_another_root() {
    let changes = [
        "UPDATE kv SET version = 1 WHERE key = x'61'",
        "UPDATE kv SET value = zeroblob(60) WHERE key = x'61'",
        "DELETE FROM kv WHERE key = x'61'",
        "INSERT INTO kv VALUES(x'64', 1, zeroblob(60))",
        "UPDATE kv SET key = x'64' WHERE key = x'61'",
    ];
    for change in changes {
        let folder = scratch();
        let store = open(folder.path());
        must(&store, [put(b"a", Expect::Absent, &value(1))]);
        must(&store, [put(b"a", Expect::At(1), &value(2))]);
        let before = root(&store);
        drop(store);
        file(folder.path()).execute(change, []).unwrap();
        assert_ne!(root(&open(folder.path())), before, "{change}");
    }
}

/// A row that the index leaves out would be missing from scans, whatever count and digest of keys are made to say.
#[test]
fn a_row_that_the_index_leaves_out_is_not_absent() {
    let folder = scratch();
    let store = open(folder.path());
    must(&store, [put(b"key 1", Expect::Absent, &value(1))]);
    let one = file(folder.path());
    let totals: (i64, Vec<u8>) = one
        .query_row("SELECT count, digest FROM meta", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    must(&store, [put(b"key 2", Expect::Absent, &value(2))]);
    drop(store);
    one.execute(
        "UPDATE meta SET count = ?1, digest = ?2",
        params![totals.0, totals.1],
    )
    .unwrap();
    one.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    drop(one);
    // The index's one leaf loses its second cell (https://www.sqlite.org/fileformat2.html, §1.6).
    let path = folder.path().join("store.db");
    let mut bytes = fs::read(&path).unwrap();
    let leaf = bytes
        .chunks(4096)
        .position(|page| page[0] == 10 && page.windows(5).any(|at| at == b"key 2"))
        .unwrap();
    assert_eq!(bytes[leaf * 4096 + 4], 2);
    bytes[leaf * 4096 + 4] = 1;
    fs::write(&path, bytes).unwrap();
    let store = open(folder.path());
    assert!(!store.health().absence_proved);
    assert_eq!(store.scan(b"key", None, 9), Err(StoreError::Damaged));
    assert_eq!(store.get(b"key 2"), Err(StoreError::Damaged));
    assert_eq!(store.get(b"key 1").unwrap().unwrap().value, value(1));
}

/// The file is of one table and one index, each of one page: the index's leaf with `text` in it, as
/// https://www.sqlite.org/fileformat2.html, §1.6, has it, changed by `change`.
fn change_index(folder: &Path, text: &[u8], change: impl Fn(&mut [u8])) {
    let path = folder.join("store.db");
    let mut bytes = fs::read(&path).unwrap();
    let leaf = bytes
        .chunks_mut(4096)
        .find(|page| page[0] == 10 && page.windows(text.len()).any(|at| at == text));
    change(leaf.unwrap());
    fs::write(&path, bytes).unwrap();
}

/// All keys, each once, but where no search finds one of them: a scan of its prefix would leave it out.
#[test]
fn an_index_out_of_order_proves_no_absence() {
    let folder = scratch();
    let store = open(folder.path());
    let keys = [&b"p 1"[..], b"p 2", b"q 1", b"q 2"];
    for key in keys {
        must(&store, [put(key, Expect::Absent, &value(1))]);
    }
    let before = root(&store);
    drop(store);
    change_index(folder.path(), b"q 1", |page| {
        // The pointers to the cells follow a header of eight bytes.
        page[8..14].rotate_right(2);
    });
    let store = open(folder.path());
    assert_eq!(root(&store), before);
    assert!(!store.health().absence_proved);
    assert_eq!(store.scan(b"q", None, 9), Err(StoreError::Damaged));
}

/// A table that cannot be read to its end says less, not more, of what the index leaves out.
#[test]
fn a_table_that_ends_in_damage_proves_no_absence() {
    let folder = scratch();
    let store = open(folder.path());
    for key in [&b"key 1"[..], b"key 2"] {
        must(&store, [put(key, Expect::Absent, &value(1))]);
    }
    drop(store);
    let one = file(folder.path());
    let root: i64 = one
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'kv'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    drop(one);
    change_index(folder.path(), b"key 2", |page| page[4] = 1);
    let path = folder.path().join("store.db");
    let mut bytes = fs::read(&path).unwrap();
    // A third cell, of which the pointer leads nowhere.
    let at = usize::try_from(root - 1).unwrap() * 4096;
    let page = &mut bytes[at..at + 4096];
    assert_eq!((page[0], page[4]), (13, 2));
    page[4] = 3;
    page[12..14].copy_from_slice(&[0xff, 0xff]);
    fs::write(&path, bytes).unwrap();
    let store = open(folder.path());
    assert!(!store.health().absence_proved);
    assert_eq!(store.scan(b"key", None, 9), Err(StoreError::Damaged));
}

/// Schema 1 had no statement; everything else stays as it was.
#[test]
fn a_store_of_the_first_schema_is_brought_up_to_date() {
    let folder = scratch();
    must(&open(folder.path()), rows_of_a());
    file(folder.path())
        .execute_batch("ALTER TABLE meta DROP COLUMN statement; PRAGMA user_version = 1")
        .unwrap();
    let schema = |folder: &Path| -> (i64, String) {
        let file = file(folder);
        let version = file.query_row("PRAGMA user_version", [], |row| row.get(0));
        let query = "SELECT sql FROM sqlite_schema WHERE name = 'meta'";
        let text = file.query_row(query, [], |row| row.get(0));
        (version.unwrap(), text.unwrap())
    };
    assert_eq!(
        schema(folder.path()),
        (
            1,
            "CREATE TABLE meta(id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, \
             count INTEGER NOT NULL, digest BLOB NOT NULL) STRICT"
                .to_owned()
        )
    );
    for _ in 0..2 {
        let store = open(folder.path());
        assert_eq!(store.get(b"a").unwrap().unwrap().value, b"1");
        assert_eq!(stated(&store), None);
    }
    let (version, text) = schema(folder.path());
    assert_eq!(version, 2);
    assert!(text.ends_with("digest BLOB NOT NULL, statement BLOB) STRICT"));
    let store = open(folder.path());
    let _anchor = fasten(&store);
    assert_eq!(stated(&store), Some("statement 10".to_owned()));
}
