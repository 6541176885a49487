//! Random histories of commits, scans and restarts, compared with a map.

use std::collections::BTreeMap;

use proptest::prelude::*;
use strongroom_store::{Change, Commit, Engine, Entry, Expect, Memory, Outcome, Sqlite, Write};

use crate::scratch::{open, scratch};

type Model = BTreeMap<Vec<u8>, Entry>;

#[derive(Clone, Debug)]
enum Step {
    Commit(Commit),
    Scan(Vec<u8>, Option<Vec<u8>>, usize),
    Restart,
}

fn keys() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(vec![0, 1, 255]), 0..3)
}

fn expectations() -> impl Strategy<Value = Expect> {
    prop_oneof![Just(Expect::Absent), (1..4_u64).prop_map(Expect::At)]
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (0..9000_usize, any::<u8>()).prop_map(|(len, byte)| Change::Put(vec![byte; len])),
        1 => Just(Change::Delete),
    ]
}

fn commits() -> impl Strategy<Value = Commit> {
    let read = (keys(), expectations());
    let write = (keys(), expectations(), changes()).prop_map(|(key, expect, change)| Write {
        key,
        expect,
        change,
    });
    let reads = prop::collection::vec(read, 0..2);
    let writes = prop::collection::vec(write, 0..4);
    (reads, writes).prop_map(|(reads, writes)| Commit { reads, writes })
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => commits().prop_map(Step::Commit),
        2 => (keys(), prop::option::of(keys()), 0..5_usize)
            .prop_map(|(prefix, after, limit)| Step::Scan(prefix, after, limit)),
        1 => Just(Step::Restart),
    ]
}

/// Half of the expectations are made to hold, or few commits of several writes would succeed.
fn aim(model: &Model, commit: &mut Commit) {
    let actual = |key: &[u8]| {
        model
            .get(key)
            .map_or(Expect::Absent, |e| Expect::At(e.version))
    };
    if commit.writes.len().is_multiple_of(2) || commit.reads.is_empty() {
        for write in &mut commit.writes {
            write.expect = actual(&write.key);
        }
        for (key, expect) in &mut commit.reads {
            *expect = actual(key);
        }
    }
}

fn expected_outcome(model: &mut Model, commit: &Commit) -> Option<Vec<u8>> {
    let version = |key: &[u8]| model.get(key).map(|entry| entry.version);
    for (key, expect) in &commit.reads {
        if !expect.holds(version(key)) {
            return Some(key.clone());
        }
    }
    for (index, write) in commit.writes.iter().enumerate() {
        let repeated = commit.writes[..index].iter().any(|w| w.key == write.key);
        if repeated || !write.expect.holds(version(&write.key)) {
            return Some(write.key.clone());
        }
    }
    for write in &commit.writes {
        let version = version_after(write.expect);
        match &write.change {
            Change::Put(value) => {
                let value = value.clone();
                model.insert(write.key.clone(), Entry { version, value });
            }
            Change::Delete => {
                model.remove(&write.key);
            }
        }
    }
    None
}

fn version_after(expect: Expect) -> u64 {
    match expect {
        Expect::Absent => 1,
        Expect::At(version) => version + 1,
    }
}

fn check_step(engine: &dyn Engine, model: &mut Model, step: &Step) {
    match step {
        Step::Commit(commit) => {
            let mut commit = commit.clone();
            aim(model, &mut commit);
            let outcome = engine.commit(commit.clone()).wait().unwrap();
            let conflict = match outcome {
                Outcome::Committed { .. } => None,
                Outcome::Conflict { key } => Some(key),
            };
            assert_eq!(conflict, expected_outcome(model, &commit));
        }
        Step::Scan(prefix, after, limit) => {
            let mut expected: Vec<_> = model
                .iter()
                .filter(|(key, _)| key.starts_with(prefix))
                .filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after))
                .map(|(key, entry)| (key.clone(), entry.clone()))
                .collect();
            let page = engine.scan(prefix, after.as_deref(), *limit).unwrap();
            assert_eq!(page.more, expected.len() > *limit);
            expected.truncate(*limit);
            assert_eq!(page.entries, expected);
        }
        Step::Restart => {}
    }
}

fn check_all(engine: &dyn Engine, model: &Model) {
    for (key, entry) in model {
        assert_eq!(engine.get(key), Ok(Some(entry.clone())));
    }
    let page = engine.scan(b"", None, 1000).unwrap();
    assert_eq!(page.entries.len(), model.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn memory_follows_the_model(steps in prop::collection::vec(steps(), 1..60)) {
        let engine = Memory::new();
        let mut model = Model::new();
        for step in &steps {
            check_step(&engine, &mut model, step);
        }
        check_all(&engine, &model);
    }

    #[test]
    fn sqlite_follows_the_model(steps in prop::collection::vec(steps(), 1..60)) {
        let folder = scratch();
        let mut engine: Option<Sqlite> = None;
        let mut model = Model::new();
        for step in &steps {
            if matches!(step, Step::Restart) {
                drop(engine.take());
            }
            let engine = engine.get_or_insert_with(|| open(folder.path()));
            check_step(engine, &mut model, step);
        }
        drop(engine);
        check_all(&open(folder.path()), &model);
    }
}
