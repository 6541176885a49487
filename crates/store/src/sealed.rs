//! Records under names, above any engine: names become keys of a pseudo-random function, values are
//! sealed. The engine below must never see a name or a value in clear.

use std::sync::Arc;

use strongroom_base::{Random, Secret};
use strongroom_crypto::hmac::HmacSha256;
use strongroom_crypto::{aead, kdf};

use crate::engine::{
    Change, Commit, Engine, Expect, Health, KEY_BYTES_MAX, Pending, StoreError, VALUE_BYTES_MAX,
    Write,
};

/// The most components of a name.
pub const COMPONENTS_MAX: usize = (KEY_BYTES_MAX - 1) / COMPONENT_BYTES;
/// The longest record.
pub const RECORD_BYTES_MAX: usize = VALUE_BYTES_MAX - 1 - SALT_BYTES - TAG_BYTES;

const FORMAT: u8 = 1;
const COMPONENT_BYTES: usize = 16;
const SALT_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const LABEL: &[u8] = b"strongroom record v1";
const VALUE_LABEL: &[u8] = b"strongroom value v1";
/// Every record has a key of its own, made from its salt, so the nonce never repeats under a key.
const NONCE: [u8; 12] = [0; 12];

/// The kind of a record; the numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Table {
    /// Account, Region, key id -> metadata of a key.
    Keys = 1,
    /// Account, Region, key id -> key policy.
    Policies = 2,
    /// Account, Region, alias -> key id.
    Aliases = 3,
    /// Account, Region, key id, alias -> nothing.
    KeyAliases = 4,
    /// Region, material id -> key.
    Materials = 5,
    /// Account -> creation date and guardrail.
    Accounts = 6,
    /// Access key id -> its owner and secret.
    AccessKeys = 7,
    /// Account, Region, key id -> what happens when.
    Timers = 8,
    /// Nothing -> domain time.
    Clock = 9,
    /// Event id -> audit record.
    Outbox = 10,
    /// Account, Region, key id, grant id -> grant.
    Grants = 11,
    /// Account, Region, retiring principal, grant id -> key and grant id.
    RetirableGrants = 12,
    /// Account, Region, key id, name and terms of a grant -> grant id.
    NamedGrants = 13,
    /// Account, Region, key id -> how many grants there are.
    GrantCounts = 14,
    /// Account, Region, key id -> the last use of a key.
    KeyUsage = 15,
    /// Account, user name in lower case -> user.
    Users = 16,
    /// Account, group name in lower case -> group.
    Groups = 17,
    /// Account, role name in lower case -> role.
    Roles = 18,
    /// Account, name of a managed policy in lower case -> managed policy.
    ManagedPolicies = 19,
    /// Unique id -> the user, group, role or managed policy that has it.
    Entities = 20,
    /// Account, Region, key id, grantee, grant id -> key and grant id; nothing -> that no grant is missing.
    GranteeGrants = 21,
    /// Id of a key -> a key that signs the audit log.
    AuditKeys = 22,
    /// Account, home Region, name -> trail.
    Trails = 23,
    /// Account, home Region, name of a trail, source Region -> how far its delivery is.
    TrailDeliveries = 24,
    /// Account, Region, series, hour or day -> what the series measured in it.
    Samples = 25,
    /// Account, Region, series -> when the series measured something.
    Series = 26,
    /// Nothing -> how far the stream of events to the syslog receiver is.
    Stream = 27,
}

/// What a record is stored under, in clear.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    table: Table,
    components: Vec<Vec<u8>>,
}

impl Name {
    /// A name in `table`. With more than [`COMPONENTS_MAX`] components it is
    /// [`StoreError::TooLarge`] wherever it is used.
    pub fn new(table: Table, components: &[&[u8]]) -> Self {
        Self {
            table,
            components: components.iter().map(|part| part.to_vec()).collect(),
        }
    }
}

/// The keys of a sealed store.
pub struct StoreKeys {
    /// Seals values.
    pub seal: Secret<[u8; 32]>,
    /// Hides names.
    pub name: Secret<[u8; 32]>,
}

/// A record as it was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its version, at least 1.
    pub version: u64,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Where a scan stopped. Reveals neither names nor values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(Vec<u8>);

impl Cursor {
    /// A cursor that [`Cursor::as_bytes`] gave. Any other bytes start the scan somewhere, and are
    /// harmless.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The cursor, to be kept elsewhere.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Part of a scan, in an order without meaning that stays the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordPage {
    /// The records.
    pub records: Vec<Record>,
    /// Where the rest starts, if there is a rest.
    pub next: Option<Cursor>,
}

/// Part of a scan that passes over what is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EachPage {
    /// The records, or why they cannot be read, with the keys they are stored under.
    pub records: Vec<(Cursor, Result<Record, StoreError>)>,
    /// Where the rest starts, if there is a rest.
    pub next: Option<Cursor>,
}

/// Changes that happen together or not at all.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    reads: Vec<(Name, Expect)>,
    writes: Vec<(Name, Expect, Option<Vec<u8>>)>,
}

impl Transaction {
    /// No changes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Relies on `name` being as expected.
    pub fn read(mut self, name: Name, expect: Expect) -> Self {
        self.reads.push((name, expect));
        self
    }

    /// Replaces what is expected under `name` by `bytes`.
    pub fn put(mut self, name: Name, expect: Expect, bytes: Vec<u8>) -> Self {
        self.writes.push((name, expect, Some(bytes)));
        self
    }

    /// Removes what is expected under `name`.
    pub fn delete(mut self, name: Name, expect: Expect) -> Self {
        self.writes.push((name, expect, None));
        self
    }
}

/// A store of sealed records.
pub struct SealedStore {
    engine: Arc<dyn Engine>,
    random: Arc<dyn Random>,
    seal: HmacSha256,
    name: HmacSha256,
}

impl SealedStore {
    /// Seals with `keys` what goes into `engine`; salts come from `random`.
    pub fn new(engine: Arc<dyn Engine>, keys: &StoreKeys, random: Arc<dyn Random>) -> Self {
        Self {
            engine,
            random,
            seal: HmacSha256::new(keys.seal.expose()),
            name: HmacSha256::new(keys.name.expose()),
        }
    }

    /// The record under `name`.
    pub fn get(&self, name: &Name) -> Result<Option<Record>, StoreError> {
        let key = self.store_key(name)?;
        let entry = self.engine.get(&key)?;
        entry
            .map(|entry| self.open(&key, entry.version, &entry.value))
            .transpose()
    }

    /// The records of `table` whose name starts with the components `leading`, from `after` on. One
    /// damaged record makes the page [`StoreError::Damaged`]: a list must not leave it out.
    pub fn scan(
        &self,
        table: Table,
        leading: &[&[u8]],
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<RecordPage, StoreError> {
        let page = self.scan_each(table, leading, after, limit)?;
        let records = page.records.into_iter().map(|(_, record)| record);
        Ok(RecordPage {
            records: records.collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    /// Like [`SealedStore::scan`], for whoever can pass over what is damaged: each record or its error, with its
    /// stored key.
    pub fn scan_each(
        &self,
        table: Table,
        leading: &[&[u8]],
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<EachPage, StoreError> {
        let prefix = self.store_key(&Name::new(table, leading))?;
        let after = after.map(Cursor::as_bytes);
        let page = self.engine.scan(&prefix, after, limit)?;
        let open = |(key, entry): (Vec<u8>, crate::engine::Entry)| {
            let record = self.open(&key, entry.version, &entry.value);
            (Cursor(key), record)
        };
        let records: Vec<_> = page.entries.into_iter().map(open).collect();
        let last = records.last().map(|(key, _)| key.clone());
        Ok(EachPage {
            records,
            next: last.filter(|_| page.more),
        })
    }

    /// Starts to commit `transaction`, see [`Engine::commit`]. The key in a conflict is the stored
    /// one, see [`SealedStore::store_key`].
    pub fn commit(&self, transaction: Transaction) -> Pending {
        match self.seal_transaction(transaction) {
            Ok(commit) => self.engine.commit(commit),
            Err(error) => Pending::ready(Err(error)),
        }
    }

    /// Has a new statement made of the same records, see [`Engine::restate`].
    pub fn restate(&self) -> Pending {
        self.engine.restate()
    }

    /// What the engine can still promise.
    pub fn health(&self) -> Health {
        self.engine.health()
    }

    /// Seals `value` for others to keep: format (1) ‖ salt (24) ‖ AES-256-GCM(KBKDF(seal key, label of
    /// values, salt), zero nonce, value) ‖ tag, associated data: `purpose`. No two are the same.
    pub fn seal_value(&self, purpose: &[u8], value: &[u8]) -> Vec<u8> {
        self.seal_bytes(VALUE_LABEL, purpose, value)
    }

    /// What [`SealedStore::seal_value`] of this store sealed for this purpose; `None` of any other bytes.
    pub fn open_value(&self, purpose: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        self.open_bytes(VALUE_LABEL, purpose, sealed).ok()
    }

    /// What the engine sees of `name`: table (1) ‖ for each component 16 bytes of HMAC-SHA-256(name
    /// key, table ‖ position ‖ component).
    pub fn store_key(&self, name: &Name) -> Result<Vec<u8>, StoreError> {
        if name.components.len() > COMPONENTS_MAX {
            return Err(StoreError::TooLarge);
        }
        let table = name.table as u8;
        let mut key = vec![table];
        for (position, component) in (0_u8..).zip(&name.components) {
            let hidden = self.name.sign(&[&[table, position], component]);
            key.extend(hidden.iter().take(COMPONENT_BYTES));
        }
        Ok(key)
    }

    fn seal_transaction(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        let mut commit = Commit::default();
        for (name, expect) in transaction.reads {
            commit.reads.push((self.store_key(&name)?, expect));
        }
        for (name, expect, bytes) in transaction.writes {
            let key = self.store_key(&name)?;
            let change = match bytes {
                Some(bytes) => Change::Put(self.seal(&key, expect, &bytes)?),
                None => Change::Delete,
            };
            commit.writes.push(Write {
                key,
                expect,
                change,
            });
        }
        Ok(commit)
    }

    fn seal(&self, key: &[u8], expect: Expect, record: &[u8]) -> Result<Vec<u8>, StoreError> {
        let version = expect.next_version().ok_or(StoreError::TooLarge)?;
        if record.len() > RECORD_BYTES_MAX {
            return Err(StoreError::TooLarge);
        }
        Ok(self.seal_bytes(LABEL, &associated_data(key, version), record))
    }

    fn open(&self, key: &[u8], version: u64, value: &[u8]) -> Result<Record, StoreError> {
        let bytes = self.open_bytes(LABEL, &associated_data(key, version), value)?;
        Ok(Record { version, bytes })
    }

    /// Format (1) ‖ salt (24) ‖ AES-256-GCM(KBKDF(seal key, label, salt), zero nonce, bytes) ‖ tag.
    fn seal_bytes(&self, label: &[u8], data: &[u8], bytes: &[u8]) -> Vec<u8> {
        let mut salt = [0; SALT_BYTES];
        self.random.fill(&mut salt);
        let mut value = Vec::with_capacity(1 + SALT_BYTES + bytes.len() + TAG_BYTES);
        value.push(FORMAT);
        value.extend(salt);
        let key = self.derive(label, &salt);
        aead::seal(key.expose(), &NONCE, data, bytes, &mut value);
        value
    }

    fn open_bytes(&self, label: &[u8], data: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (format, rest) = value.split_first().ok_or(StoreError::Damaged)?;
        let (salt, sealed) = rest
            .split_at_checked(SALT_BYTES)
            .ok_or(StoreError::Damaged)?;
        if *format != FORMAT {
            return Err(StoreError::Damaged);
        }
        let key = self.derive(label, salt);
        let bytes =
            aead::open(key.expose(), &NONCE, data, sealed).map_err(|_| StoreError::Damaged)?;
        Ok(bytes.expose().clone())
    }

    fn derive(&self, label: &[u8], salt: &[u8]) -> Secret<[u8; 32]> {
        let mut key = Secret::zeroed();
        kdf::kbkdf(&self.seal, label, &[salt], key.expose_mut());
        key
    }
}

fn associated_data(key: &[u8], version: u64) -> Vec<u8> {
    [key, &version.to_be_bytes()].concat()
}
