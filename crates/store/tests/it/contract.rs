//! One list of properties, checked on every engine.

use std::thread;

use strongroom_store::{
    COMMIT_READS_MAX, COMMIT_WRITES_MAX, Commit, Engine, Entry, Expect, Health, KEY_BYTES_MAX,
    Memory, Outcome, SCAN_ENTRIES_MAX, StoreError, VALUE_BYTES_MAX,
};

use crate::scratch::{commit, delete, must, open, put, scratch};

type Property = fn(&dyn Engine);

const CONTRACT: &[(&str, Property)] = &[
    ("absence", absence),
    ("versions", versions),
    ("conflicts_on_writes", conflicts_on_writes),
    ("conflicts_on_reads", conflicts_on_reads),
    ("all_or_nothing", all_or_nothing),
    ("one_write_a_key", one_write_a_key),
    ("sequences", sequences),
    ("scan_pages", scan_pages),
    ("scan_edges", scan_edges),
    ("scan_limit", scan_limit),
    ("limits", limits),
    ("counters", counters),
    ("awaits", awaits),
];

#[test]
fn memory_keeps_the_contract() {
    for (name, property) in CONTRACT {
        println!("{name}");
        property(&Memory::new());
    }
}

#[test]
fn sqlite_keeps_the_contract() {
    for (name, property) in CONTRACT {
        println!("{name}");
        let folder = scratch();
        property(&open(folder.path()));
    }
}

fn entry(version: u64, value: &[u8]) -> Option<Entry> {
    Some(Entry {
        version,
        value: value.to_vec(),
    })
}

fn conflict(key: &[u8]) -> Result<Outcome, StoreError> {
    Ok(Outcome::Conflict { key: key.to_vec() })
}

fn absence(engine: &dyn Engine) {
    assert_eq!(engine.get(b"a"), Ok(None));
    assert_eq!(engine.scan(b"", None, 10).unwrap().entries, []);
    assert_eq!(engine.health(), Health::SOUND);
    must(engine, [put(b"a", Expect::Absent, b"")]);
    assert_eq!(engine.get(b"a"), Ok(entry(1, b"")));
    assert_eq!(engine.get(b"b"), Ok(None));
    assert_eq!(engine.get(b""), Ok(None));
    must(engine, [delete(b"a", Expect::At(1))]);
    assert_eq!(engine.get(b"a"), Ok(None));
}

fn versions(engine: &dyn Engine) {
    must(engine, [put(b"k", Expect::Absent, b"one")]);
    must(engine, [put(b"k", Expect::At(1), b"two")]);
    must(engine, [put(b"k", Expect::At(2), b"three")]);
    assert_eq!(engine.get(b"k"), Ok(entry(3, b"three")));
    must(engine, [delete(b"k", Expect::At(3))]);
    must(engine, [put(b"k", Expect::Absent, b"again")]);
    assert_eq!(engine.get(b"k"), Ok(entry(1, b"again")));
    must(engine, [delete(b"never", Expect::Absent)]);
    assert_eq!(engine.get(b"never"), Ok(None));
}

fn conflicts_on_writes(engine: &dyn Engine) {
    must(engine, [put(b"k", Expect::Absent, b"v")]);
    for write in [
        put(b"k", Expect::Absent, b"x"),
        put(b"k", Expect::At(2), b"x"),
        put(b"k", Expect::At(0), b"x"),
        put(b"k", Expect::At(u64::MAX), b"x"),
        delete(b"k", Expect::Absent),
        delete(b"k", Expect::At(2)),
    ] {
        assert_eq!(commit(engine, [write]), conflict(b"k"));
    }
    let missing = put(b"missing", Expect::At(1), b"x");
    assert_eq!(commit(engine, [missing]), conflict(b"missing"));
    assert_eq!(engine.get(b"k"), Ok(entry(1, b"v")));
}

fn conflicts_on_reads(engine: &dyn Engine) {
    must(engine, [put(b"k", Expect::Absent, b"v")]);
    let relying_on = |key: &[u8], expect| {
        let commit = Commit {
            reads: vec![(key.to_vec(), expect)],
            writes: vec![put(b"other", Expect::Absent, b"x")],
        };
        engine.commit(commit).wait()
    };
    assert_eq!(relying_on(b"k", Expect::At(2)), conflict(b"k"));
    assert_eq!(relying_on(b"k", Expect::Absent), conflict(b"k"));
    assert_eq!(relying_on(b"no", Expect::At(1)), conflict(b"no"));
    assert_eq!(engine.get(b"other"), Ok(None));
    assert!(matches!(
        relying_on(b"k", Expect::At(1)),
        Ok(Outcome::Committed { .. })
    ));
    assert_eq!(engine.get(b"other"), Ok(entry(1, b"x")));
}

fn all_or_nothing(engine: &dyn Engine) {
    must(engine, [put(b"old", Expect::Absent, b"v")]);
    let writes = [
        put(b"new", Expect::Absent, b"x"),
        delete(b"old", Expect::At(1)),
        put(b"last", Expect::At(7), b"x"),
    ];
    assert_eq!(commit(engine, writes), conflict(b"last"));
    assert_eq!(engine.get(b"new"), Ok(None));
    assert_eq!(engine.get(b"old"), Ok(entry(1, b"v")));
}

fn one_write_a_key(engine: &dyn Engine) {
    let twice = [
        put(b"k", Expect::Absent, b"1"),
        put(b"k", Expect::Absent, b"2"),
    ];
    assert_eq!(commit(engine, twice), conflict(b"k"));
    assert_eq!(engine.get(b"k"), Ok(None));
}

fn sequences(engine: &dyn Engine) {
    let first = must(engine, [put(b"a", Expect::Absent, b"")]);
    let second = must(engine, [put(b"b", Expect::Absent, b"")]);
    assert!(second > first);
    assert_eq!(must(engine, []), second);
    let conflict = commit(engine, [put(b"b", Expect::Absent, b"")]);
    assert!(matches!(conflict, Ok(Outcome::Conflict { .. })));
    assert_eq!(must(engine, [delete(b"a", Expect::At(1))]), second + 1);
}

fn scan_pages(engine: &dyn Engine) {
    let keys: Vec<Vec<u8>> = (0..25).map(|n| vec![b'p', n * 10]).collect();
    for key in keys.iter().rev() {
        must(engine, [put(key, Expect::Absent, key)]);
    }
    must(engine, [put(b"o", Expect::Absent, b"")]);
    must(engine, [put(b"q", Expect::Absent, b"")]);
    for limit in [1, 7, 24, 25, 26] {
        let mut found = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = engine.scan(b"p", after.as_deref(), limit).unwrap();
            assert!(page.entries.len() <= limit);
            found.extend(page.entries.iter().map(|(key, _)| key.clone()));
            after = found.last().cloned();
            assert!(page.entries.iter().all(|(key, entry)| *key == entry.value));
            if !page.more {
                break;
            }
        }
        assert_eq!(found, keys, "{limit}");
    }
}

fn scan_edges(engine: &dyn Engine) {
    let keys: [&[u8]; 6] = [b"", b"\x00", b"a", b"a\xff", b"\xff", b"\xff\xff"];
    for key in keys {
        must(engine, [put(key, Expect::Absent, b"")]);
    }
    let check = |prefix: &[u8], after: Option<&[u8]>, expected: &[&[u8]]| {
        let page = engine.scan(prefix, after, 10).unwrap();
        let found: Vec<_> = page.entries.iter().map(|(key, _)| key.as_slice()).collect();
        assert_eq!(found, expected, "{prefix:?} {after:?}");
        assert!(!page.more);
    };
    check(b"", None, &keys);
    check(b"", Some(b""), &keys[1..]);
    check(b"a", None, &[b"a", b"a\xff"]);
    check(b"a", Some(b"a"), &[b"a\xff"]);
    check(b"a", Some(b"A"), &[b"a", b"a\xff"]);
    check(b"a", Some(b"b"), &[]);
    check(b"\xff", None, &[b"\xff", b"\xff\xff"]);
    check(b"\xff\xff", Some(b"\xff\xff"), &[]);
    assert!(engine.scan(b"", None, 0).unwrap().more);
}

fn scan_limit(engine: &dyn Engine) {
    let keys: Vec<[u8; 2]> = (0..=1023_u16).map(u16::to_be_bytes).collect();
    for keys in keys.chunks(COMMIT_WRITES_MAX) {
        let writes: Vec<_> = keys
            .iter()
            .map(|key| put(key, Expect::Absent, b""))
            .collect();
        must(engine, writes);
    }
    let page = engine.scan(b"", None, usize::MAX).unwrap();
    assert_eq!((page.entries.len(), page.more), (SCAN_ENTRIES_MAX, true));
}

fn limits(engine: &dyn Engine) {
    let longest_key = [7; KEY_BYTES_MAX];
    let longest_value = vec![7; VALUE_BYTES_MAX];
    must(engine, [put(&longest_key, Expect::Absent, &longest_value)]);
    assert_eq!(engine.get(&longest_key), Ok(entry(1, &longest_value)));

    let too_many: Vec<_> = (0..=COMMIT_WRITES_MAX)
        .map(|n| put(&n.to_be_bytes(), Expect::Absent, b""))
        .collect();
    for writes in [
        vec![put(&[7; KEY_BYTES_MAX + 1], Expect::Absent, b"")],
        vec![put(b"k", Expect::Absent, &vec![7; VALUE_BYTES_MAX + 1])],
        too_many,
    ] {
        assert_eq!(commit(engine, writes), Err(StoreError::TooLarge));
    }
    let reads = vec![(b"k".to_vec(), Expect::Absent); COMMIT_READS_MAX + 1];
    let writes = Vec::new();
    let pending = engine.commit(Commit { reads, writes });
    assert_eq!(pending.wait(), Err(StoreError::TooLarge));
    assert_eq!(engine.scan(b"", None, 10).unwrap().entries.len(), 1);
}

/// Every increment takes effect once, whatever the others do, and is seen by its own thread.
fn counters(engine: &dyn Engine) {
    const THREADS: u64 = 4;
    const INCREMENTS: u64 = 50;
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut last = 0;
                for _ in 0..INCREMENTS {
                    let now = increment(engine);
                    assert!(now > last);
                    last = now;
                    assert!(engine.get(b"counter").unwrap().unwrap().version >= now);
                }
            });
        }
    });
    let total = THREADS * INCREMENTS;
    assert_eq!(
        engine.get(b"counter"),
        Ok(entry(total, &total.to_be_bytes()))
    );
}

fn increment(engine: &dyn Engine) -> u64 {
    loop {
        let found = engine.get(b"counter").unwrap();
        let (expect, next) = match found {
            None => (Expect::Absent, 1_u64),
            Some(entry) => {
                let value = u64::from_be_bytes(entry.value.try_into().unwrap());
                (Expect::At(entry.version), value + 1)
            }
        };
        let write = put(b"counter", expect, &next.to_be_bytes());
        if let Outcome::Committed { .. } = commit(engine, [write]).unwrap() {
            return next;
        }
    }
}

fn awaits(engine: &dyn Engine) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let write = |n: u8| Commit {
        reads: Vec::new(),
        writes: vec![put(&[n], Expect::Absent, b"")],
    };
    let pending: Vec<_> = (0..100).map(|n| engine.commit(write(n))).collect();
    runtime.block_on(async {
        for commit in pending {
            assert!(matches!(commit.await, Ok(Outcome::Committed { .. })));
        }
    });
}
