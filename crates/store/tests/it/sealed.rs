//! Records under names.

use std::sync::Arc;

use strongroom_base::{Random, Secret};
use strongroom_store::{
    COMPONENTS_MAX, Change, Commit, Cursor, Engine, Entry, Expect, Memory, Name, Outcome,
    RECORD_BYTES_MAX, Record, SealedStore, StoreError, StoreKeys, Table, Transaction, Write,
};

/// Counts instead of being random.
pub(crate) struct Counting;

impl Random for Counting {
    fn fill(&self, out: &mut [u8]) {
        for (byte, value) in out.iter_mut().zip(0..) {
            *byte = value;
        }
    }
}

pub(crate) fn keys(seal: u8, name: u8) -> StoreKeys {
    StoreKeys {
        seal: Secret::new([seal; 32]),
        name: Secret::new([name; 32]),
    }
}

fn store(engine: &Arc<Memory>, keys: &StoreKeys) -> SealedStore {
    let engine: Arc<dyn Engine> = engine.clone();
    SealedStore::new(engine, keys, Arc::new(Counting))
}

fn name(parts: &[&str]) -> Name {
    let parts: Vec<_> = parts.iter().map(|part| part.as_bytes()).collect();
    Name::new(Table::Keys, &parts)
}

fn committed(store: &SealedStore, transaction: Transaction) {
    let outcome = store.commit(transaction).wait().unwrap();
    assert!(matches!(outcome, Outcome::Committed { .. }), "{outcome:?}");
}

#[test]
fn records_come_back_as_they_were_put() {
    let engine = Arc::new(Memory::new());
    let store = store(&engine, &keys(1, 2));
    let name = name(&["000000000000", "us-east-1", "k"]);
    assert_eq!(store.get(&name), Ok(None));
    for (expect, version) in [(Expect::Absent, 1), (Expect::At(1), 2), (Expect::At(2), 3)] {
        let bytes = vec![7; RECORD_BYTES_MAX];
        committed(
            &store,
            Transaction::new().put(name.clone(), expect, bytes.clone()),
        );
        assert_eq!(store.get(&name), Ok(Some(Record { version, bytes })));
    }
    let stale = Transaction::new().delete(name.clone(), Expect::At(1));
    let key = store.store_key(&name).unwrap();
    assert_eq!(store.commit(stale).wait(), Ok(Outcome::Conflict { key }));
    let relying = Transaction::new().read(name.clone(), Expect::At(3)).put(
        Name::new(Table::Clock, &[]),
        Expect::Absent,
        vec![],
    );
    committed(&store, relying);
    committed(
        &store,
        Transaction::new().delete(name.clone(), Expect::At(3)),
    );
    assert_eq!(store.get(&name), Ok(None));
}

#[test]
fn scans_go_by_leading_components() {
    let engine = Arc::new(Memory::new());
    let store = store(&engine, &keys(1, 2));
    for account in ["1", "2"] {
        for region in ["a", "b"] {
            for id in 0..5 {
                let bytes = format!("{account}{region}{id}").into_bytes();
                let name = name(&[account, region, &id.to_string()]);
                committed(&store, Transaction::new().put(name, Expect::Absent, bytes));
            }
        }
    }
    let outbox = Name::new(Table::Outbox, &[b"1"]);
    committed(
        &store,
        Transaction::new().put(outbox, Expect::Absent, vec![]),
    );
    let check = |leading: &[&[u8]], expected: usize| {
        let mut found = Vec::new();
        let mut after: Option<Cursor> = None;
        loop {
            let page = store.scan(Table::Keys, leading, after.as_ref(), 3).unwrap();
            found.extend(page.records.into_iter().map(|record| record.bytes));
            match page.next {
                Some(next) => after = Some(Cursor::from_bytes(next.as_bytes())),
                None => break,
            }
        }
        let wanted = leading.concat();
        assert!(found.iter().all(|bytes| bytes.starts_with(&wanted)));
        found.sort();
        found.dedup();
        assert_eq!(found.len(), expected);
    };
    check(&[], 20);
    check(&[b"1"], 10);
    check(&[b"1", b"b"], 5);
    check(&[b"1", b"b", b"3"], 1);
    check(&[b"3"], 0);
}

#[test]
fn a_commit_relies_on_what_was_read() {
    let engine = Arc::new(Memory::new());
    let store = store(&engine, &keys(1, 2));
    let (read, written) = (name(&["read"]), name(&["written"]));
    committed(
        &store,
        Transaction::new().put(read.clone(), Expect::Absent, b"1".to_vec()),
    );
    let put = |read_as| {
        let transaction = Transaction::new().read(read.clone(), read_as);
        transaction.put(written.clone(), Expect::Absent, b"2".to_vec())
    };
    let key = store.store_key(&read).unwrap();
    for stale in [Expect::Absent, Expect::At(2)] {
        let outcome = store.commit(put(stale)).wait();
        assert_eq!(outcome, Ok(Outcome::Conflict { key: key.clone() }));
        assert_eq!(store.get(&written), Ok(None));
    }
    committed(&store, put(Expect::At(1)));
}

#[test]
fn limits_are_named() {
    assert_eq!(COMPONENTS_MAX, 7);
    let engine = Arc::new(Memory::new());
    let store = store(&engine, &keys(1, 2));
    let long = Name::new(Table::Keys, &[b"x".as_slice(); COMPONENTS_MAX + 1]);
    assert_eq!(store.get(&long), Err(StoreError::TooLarge));
    let longest = Name::new(Table::Keys, &[b"x".as_slice(); COMPONENTS_MAX]);
    assert_eq!(store.get(&longest), Ok(None));
    let large = vec![0; RECORD_BYTES_MAX + 1];
    let put = Transaction::new().put(longest, Expect::Absent, large);
    assert_eq!(store.commit(put).wait(), Err(StoreError::TooLarge));
}

/// Overwrites what the engine holds, as someone with the disk could.
fn plant(engine: &Memory, key: &[u8], value: &[u8]) -> u64 {
    let found = engine.get(key).unwrap();
    let version = found.map_or(0, |entry| entry.version);
    let write = Write {
        key: key.to_vec(),
        expect: if version == 0 {
            Expect::Absent
        } else {
            Expect::At(version)
        },
        change: Change::Put(value.to_vec()),
    };
    let reads = Vec::new();
    let writes = vec![write];
    engine.commit(Commit { reads, writes }).wait().unwrap();
    version + 1
}

#[test]
fn a_value_opens_only_where_and_as_it_was_put() {
    let engine = Arc::new(Memory::new());
    let sealed = store(&engine, &keys(1, 2));
    let [first, second] = [name(&["a"]), name(&["b"])];
    committed(
        &sealed,
        Transaction::new().put(first.clone(), Expect::Absent, b"secret".to_vec()),
    );
    let key = sealed.store_key(&first).unwrap();
    let Entry { value, .. } = engine.get(&key).unwrap().unwrap();
    assert!(!value.windows(6).any(|window| window == b"secret"));

    let other_keys = store(&engine, &keys(3, 2));
    assert_eq!(other_keys.get(&first), Err(StoreError::Damaged));
    let other_names = store(&engine, &keys(1, 3));
    assert_eq!(other_names.get(&first), Ok(None));

    plant(&engine, &sealed.store_key(&second).unwrap(), &value);
    assert_eq!(sealed.get(&second), Err(StoreError::Damaged), "other name");
    plant(&engine, &key, &value);
    assert_eq!(
        sealed.get(&first),
        Err(StoreError::Damaged),
        "other version"
    );
    assert!(sealed.scan(Table::Keys, &[], None, 10).is_err());
    for length in 0..value.len() {
        let third = sealed.store_key(&name(&[&length.to_string()])).unwrap();
        plant(&engine, &third, &value[..length]);
        let read = sealed.get(&name(&[&length.to_string()]));
        assert_eq!(read, Err(StoreError::Damaged), "{length}");
    }
}

#[test]
fn every_changed_bit_of_a_value_is_noticed() {
    let reference = Arc::new(Memory::new());
    let sealed = store(&reference, &keys(1, 2));
    let name = name(&["a"]);
    let put = Transaction::new().put(name.clone(), Expect::Absent, b"record".to_vec());
    committed(&sealed, put);
    let key = sealed.store_key(&name).unwrap();
    let value = reference.get(&key).unwrap().unwrap().value;
    for bit in 0..value.len() * 8 {
        let engine = Arc::new(Memory::new());
        let mut changed = value.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        plant(&engine, &key, &changed);
        let read = store(&engine, &keys(1, 2)).get(&name);
        assert_eq!(read, Err(StoreError::Damaged), "bit {bit}");
    }
}

/// Stores are read by later versions: these bytes may not change.
#[test]
fn golden_bytes() {
    let engine = Arc::new(Memory::new());
    let sealed = store(&engine, &keys(1, 2));
    let name = name(&["000000000000", "us-east-1", "key"]);
    let put = Transaction::new().put(name.clone(), Expect::Absent, b"golden record".to_vec());
    committed(&sealed, put);
    let key = sealed.store_key(&name).unwrap();
    let value = engine.get(&key).unwrap().unwrap().value;
    assert_eq!(
        strongroom_base::hex::encode(&key),
        "0151739bc835207893e27dca25171f5af6771c81d02f4e816fe06040788d5c5fa5ad37cc1c9cdfc02f20dd4f13f8c393f0"
    );
    assert_eq!(
        strongroom_base::hex::encode(&value),
        "01000102030405060708090a0b0c0d0e0f1011121314151617894ea7a4cfb7bde5443948d8da0de3083f849f96a1951b8874ee24805c"
    );
}

#[test]
fn tables_keep_their_numbers() {
    let engine = Arc::new(Memory::new());
    let sealed = store(&engine, &keys(1, 2));
    for (number, table) in (1..).zip([
        Table::Keys,
        Table::Policies,
        Table::Aliases,
        Table::KeyAliases,
        Table::Materials,
        Table::Accounts,
        Table::AccessKeys,
        Table::Timers,
        Table::Clock,
        Table::Outbox,
    ]) {
        let key = sealed.store_key(&Name::new(table, &[])).unwrap();
        assert_eq!(key, [number]);
        assert_eq!(table as u8, number);
    }
}

#[test]
fn values_open_in_the_same_store_for_the_same_purpose_only() {
    let engine = Arc::new(Memory::new());
    let sealing = store(&engine, &keys(1, 2));
    let sealed = sealing.seal_value(b"p", b"value");
    assert_eq!(sealed.len(), 1 + 24 + 5 + 16);
    assert_eq!(
        sealing.open_value(b"p", &sealed).as_deref(),
        Some(&b"value"[..])
    );
    assert_eq!(sealing.open_value(b"q", &sealed), None);
    assert_eq!(store(&engine, &keys(3, 2)).open_value(b"p", &sealed), None);
    for index in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[index] ^= 1;
        assert_eq!(sealing.open_value(b"p", &altered), None, "{index}");
        assert_eq!(sealing.open_value(b"p", &sealed[..index]), None, "{index}");
    }
    // A record is no value, though both are sealed with the same key.
    let name = name(&["a"]);
    committed(
        &sealing,
        Transaction::new().put(name.clone(), Expect::Absent, vec![1]),
    );
    let key = sealing.store_key(&name).unwrap();
    let record = engine.get(&key).unwrap().unwrap().value;
    let data = [&key[..], &1_u64.to_be_bytes()].concat();
    assert_eq!(sealing.open_value(&data, &record), None);
}

#[test]
fn sealed_value_bytes_do_not_change() {
    let engine = Arc::new(Memory::new());
    let sealed = store(&engine, &keys(1, 2)).seal_value(b"p", b"value");
    let text: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        text,
        concat!(
            "01",
            "000102030405060708090a0b0c0d0e0f1011121314151617",
            "47a0647d47",
            "14e5b51541c17afb0a4a81da4807558a"
        )
    );
}
