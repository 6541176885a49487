//! Typed records over the sealed store, with caches that a commit invalidates before it answers.

mod audit_keys;
mod grants;
mod identities;
mod series;
mod trails;

use std::sync::Arc;

use strongroom_base::id::{AccountId, Region};
use strongroom_hsm_api::key::MaterialId;
use strongroom_policy::{CompiledPolicy, Grammar, default_key_policy};
use strongroom_store::{Cursor, Expect, Health, Name, Outcome, SealedStore, Table, Transaction};
use tokio::time::Instant;

use crate::cache::Cache;
use crate::failure::Failure;
use crate::iam::compile;
use crate::key::{Key, KeyName};
use crate::managed_keys;
use crate::metrics::{CacheName, CommitResult, Metrics};
use crate::records::{
    AccessKeyRecord, AccountRecord, AliasRecord, ClockRecord, KeyAliasRecord, KeyRecord,
    KeyUsageRecord, MaterialOwnerRecord, Millis, PolicyKind, PolicyRecord, Record, TimerKind,
    TimerRecord, Unreadable,
};
use crate::timers::Timers;

pub(crate) use audit_keys::AUDIT_KEYS_MAX;
#[cfg(test)]
pub(crate) use grants::GRANTS_PER_KEY_MAX;
pub(crate) use grants::Retiring;
use grants::{Granted, GranteeName};
use identities::{Entities, TouchedEntity};
pub(crate) use identities::{EntityName, EntityRecord};
pub(crate) use series::Span;
pub(crate) use trails::TrailName;

/// The most key records kept in memory.
const CACHED_KEYS_MAX: usize = 65_536;
/// The most aliases, material owners and access keys kept in memory, each.
const CACHED_NAMES_MAX: usize = 65_536;

/// The most compiled key policies kept in memory.
const CACHED_POLICIES_MAX: usize = 8_192;
/// The most grantees whose grants on a key are kept in memory, each at most 16 KiB of them.
const CACHED_GRANTEES_MAX: usize = 4_096;

/// The most records of the outbox that are counted.
const OUTBOX_COUNTED_MAX: usize = 1000;

/// A record with the version that a change of it must rely on.
#[derive(Clone, Debug)]
pub struct Stored<R> {
    /// The version.
    pub version: u64,
    /// The record.
    pub record: R,
}

/// Where an alias is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AliasName {
    /// The owning account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The name, `alias/…`.
    pub name: String,
}

/// Part of a list.
pub struct Listed<R> {
    /// The records, in store order.
    pub records: Vec<R>,
    /// Where the list goes on, if it does.
    pub next: Option<Cursor>,
}

/// All records of the service.
pub struct Repository {
    metrics: Arc<Metrics>,
    store: SealedStore,
    keys: Cache<KeyName, Key>,
    policies: Cache<KeyName, CompiledPolicy>,
    default_policies: Cache<(String, AccountId), CompiledPolicy>,
    aliases: Cache<AliasName, Stored<AliasRecord>>,
    materials: Cache<(Region, MaterialId), KeyName>,
    access_keys: Cache<String, Stored<AccessKeyRecord>>,
    entities: Entities,
    grantees: Cache<GranteeName, Granted>,
    /// When which key must be looked at.
    pub timers: Timers,
}

/// Changes that are committed together.
#[derive(Default)]
pub struct Changes {
    transaction: Transaction,
    touched: Vec<Touched>,
}

enum Touched {
    Key(KeyName),
    Policy(KeyName),
    Alias(AliasName),
    Material(Region, MaterialId),
    AccessKey(String),
    Timer(KeyName),
    Entity(TouchedEntity),
    Grantee(GranteeName),
}

impl Repository {
    /// The records in `store`; `metrics` counts look-ups and commits.
    pub fn new(store: SealedStore, metrics: &Arc<Metrics>) -> Self {
        Self {
            metrics: Arc::clone(metrics),
            store,
            keys: Cache::new(CacheName::Keys, CACHED_KEYS_MAX, metrics),
            policies: Cache::new(CacheName::KeyPolicies, CACHED_POLICIES_MAX, metrics),
            default_policies: Cache::new(CacheName::DefaultPolicies, CACHED_POLICIES_MAX, metrics),
            aliases: Cache::new(CacheName::Aliases, CACHED_NAMES_MAX, metrics),
            materials: Cache::new(CacheName::Materials, CACHED_NAMES_MAX, metrics),
            access_keys: Cache::new(CacheName::AccessKeys, CACHED_NAMES_MAX, metrics),
            entities: Entities::new(metrics),
            grantees: Cache::new(CacheName::Grantees, CACHED_GRANTEES_MAX, metrics),
            timers: Timers::default(),
        }
    }

    /// Has a new statement made of the store as it is.
    pub(crate) async fn restate(&self) -> Result<(), Failure> {
        self.store.restate().await?;
        Ok(())
    }

    /// What the store can still promise.
    pub fn health(&self) -> Health {
        self.store.health()
    }

    /// The key, unless there is none.
    pub fn key(&self, name: &KeyName) -> Result<Option<Arc<Key>>, Failure> {
        cached(&self.keys, name, || {
            let found = self.read::<KeyRecord>(&key_store_name(Table::Keys, name))?;
            Ok(found.map(|stored| Key::new(stored.record, stored.version)))
        })
    }

    /// The alias, unless there is none.
    pub fn alias(&self, name: &AliasName) -> Result<Option<Arc<Stored<AliasRecord>>>, Failure> {
        cached(&self.aliases, name, || self.read(&alias_store_name(name)))
    }

    /// The key in `region` that a material belongs to, unless there is none.
    pub fn material_owner(
        &self,
        region: &Region,
        id: &MaterialId,
    ) -> Result<Option<Arc<KeyName>>, Failure> {
        cached(&self.materials, &(region.clone(), *id), || {
            let found = self.read::<MaterialOwnerRecord>(&material_store_name(region, id))?;
            Ok(found.map(|Stored { record, .. }| KeyName {
                account: record.account,
                region: region.clone(),
                id: record.key,
            }))
        })
    }

    /// The access key, unless there is none.
    pub fn access_key(&self, id: &str) -> Result<Option<Arc<Stored<AccessKeyRecord>>>, Failure> {
        cached(&self.access_keys, &id.to_owned(), || {
            self.read(&access_key_store_name(id))
        })
    }

    /// The stored policy of a key whose policy is not the default one.
    pub fn policy(&self, key: &KeyName) -> Result<Option<Stored<PolicyRecord>>, Failure> {
        self.read(&key_store_name(Table::Policies, key))
    }

    /// The policy in force on `key`, compiled.
    pub(crate) fn key_policy(&self, key: &Key) -> Result<Arc<CompiledPolicy>, Failure> {
        let found = match key.record.policy {
            PolicyKind::Default => {
                let (partition, account) = (key.name.region.partition(), key.name.account);
                cached(
                    &self.default_policies,
                    &(partition.to_owned(), account),
                    || {
                        let document = default_key_policy(partition, &account);
                        Ok(Some(compile(&document, Grammar::Key)?))
                    },
                )
            }
            PolicyKind::AwsManaged => cached(&self.policies, &key.name, || {
                let service = key.record.managed_for.as_ref().ok_or(Unreadable)?;
                let document = managed_keys::policy(service, &key.name);
                Ok(Some(compile(&document, Grammar::Key)?))
            }),
            PolicyKind::EquivalentToDefault | PolicyKind::Custom => {
                cached(&self.policies, &key.name, || {
                    let Some(stored) = self.policy(&key.name)? else {
                        return Ok(None);
                    };
                    Ok(Some(compile(&stored.record.document, Grammar::Key)?))
                })
            }
        };
        // The key's record and its policy are written together.
        found?.ok_or_else(|| Unreadable.into())
    }

    /// The account, unless there is none.
    pub fn account(&self, id: &AccountId) -> Result<Option<Stored<AccountRecord>>, Failure> {
        self.read(&account_store_name(id))
    }

    /// The timer of a key, unless there is none.
    pub fn timer(&self, key: &KeyName) -> Result<Option<Stored<TimerRecord>>, Failure> {
        self.read(&key_store_name(Table::Timers, key))
    }

    /// The last use of a key that the store knows of.
    pub fn key_usage(&self, key: &KeyName) -> Result<Option<Stored<KeyUsageRecord>>, Failure> {
        self.read(&key_store_name(Table::KeyUsage, key))
    }

    /// Domain time as last recorded.
    pub fn clock(&self) -> Result<Option<Stored<ClockRecord>>, Failure> {
        self.read(&clock_store_name())
    }

    /// Keys of an account in a Region.
    pub fn list_keys(
        &self,
        account: &AccountId,
        region: &Region,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<KeyRecord>, Failure> {
        self.list(
            Table::Keys,
            &[account.as_str().as_bytes(), region.as_str().as_bytes()],
            after,
            limit,
        )
    }

    /// Keys of all accounts and Regions, with their versions.
    pub fn list_all_keys(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<Stored<KeyRecord>>, Failure> {
        self.list_stored(Table::Keys, &[], after, limit)
    }

    /// Access keys of all accounts, with their versions.
    pub fn list_all_access_keys(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<Stored<AccessKeyRecord>>, Failure> {
        self.list_stored(Table::AccessKeys, &[], after, limit)
    }

    /// All accounts that are stored.
    pub fn list_accounts(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<AccountRecord>, Failure> {
        self.list(Table::Accounts, &[], after, limit)
    }

    /// Aliases of an account in a Region.
    pub fn list_aliases(
        &self,
        account: &AccountId,
        region: &Region,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<AliasRecord>, Failure> {
        self.list(
            Table::Aliases,
            &[account.as_str().as_bytes(), region.as_str().as_bytes()],
            after,
            limit,
        )
    }

    /// The place of an alias in the list of aliases, whether it exists or not.
    pub fn place_of_alias(&self, name: &AliasName) -> Result<Cursor, Failure> {
        let key = self.store.store_key(&alias_store_name(name))?;
        Ok(Cursor::from_bytes(&key))
    }

    /// The names of a key's aliases.
    pub fn list_key_aliases(
        &self,
        key: &KeyName,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<KeyAliasRecord>, Failure> {
        self.list(Table::KeyAliases, &key_components(key), after, limit)
    }

    /// Timers of all keys.
    pub fn list_timers(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<TimerRecord>, Failure> {
        self.list(Table::Timers, &[], after, limit)
    }

    /// Audit records that still have to be written to the audit log, oldest not first.
    pub(crate) fn outbox(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<OutboxPage, Failure> {
        let page = self.store.scan_each(Table::Outbox, &[], after, limit)?;
        let mut found = OutboxPage {
            entries: Vec::new(),
            damaged: Vec::new(),
            next: page.next,
        };
        for (key, record) in page.records {
            match record.ok().and_then(OutboxEntry::of) {
                Some(entry) => found.entries.push(entry),
                None => found.damaged.push(key.as_bytes().to_vec()),
            }
        }
        Ok(found)
    }

    /// How many audit records still have to be written to the audit log, counted up to [`OUTBOX_COUNTED_MAX`].
    pub fn outbox_length(&self) -> Result<usize, Failure> {
        let page = (self.store).scan(Table::Outbox, &[], None, OUTBOX_COUNTED_MAX)?;
        Ok(page.records.len())
    }

    /// Whether `cursor` belongs to this list of keys or aliases: a marker of another account, Region
    /// or list must not be taken.
    pub fn is_cursor_of(
        &self,
        table: Table,
        account: &AccountId,
        region: &Region,
        cursor: &Cursor,
    ) -> bool {
        let (account, region) = (account.as_str().as_bytes(), region.as_str().as_bytes());
        self.is_cursor_under(table, &[account, region], cursor)
    }

    /// Whether `cursor` belongs to the list of what has one component more than `leading`.
    fn is_cursor_under(&self, table: Table, leading: &[&[u8]], cursor: &Cursor) -> bool {
        let list = self.store.store_key(&Name::new(table, leading));
        let item = [leading, &[b""]].concat();
        let item = self.store.store_key(&Name::new(table, &item));
        match (list, item) {
            (Ok(list), Ok(item)) => {
                cursor.as_bytes().len() == item.len() && cursor.as_bytes().starts_with(&list)
            }
            _ => false,
        }
    }

    /// Writes `record` in place of that of `key`, and the key's timer where that changes with it.
    pub fn change_key(
        &self,
        changes: Changes,
        key: &Key,
        record: &KeyRecord,
    ) -> Result<Changes, Failure> {
        let changes = changes.put_key(Expect::At(key.version), record);
        let due = record.next_due();
        if due == key.record.next_due() {
            return Ok(changes);
        }
        let timer = self.timer(&key.name)?;
        Ok(match (timer, due) {
            (Some(timer), None) => changes.delete_timer(&key.name, timer.version),
            (Some(timer), Some(due)) => {
                changes.put_timer(&key.name, Expect::At(timer.version), due)
            }
            (None, Some(due)) => changes.put_timer(&key.name, Expect::Absent, due),
            (None, None) => changes,
        })
    }

    /// Commits, and forgets what was cached of the records before it answers.
    pub async fn commit(&self, changes: Changes) -> Result<(), Failure> {
        let begun = Instant::now();
        let outcome = self.store.commit(changes.transaction).await;
        let result = match &outcome {
            Ok(Outcome::Committed { .. }) => CommitResult::Committed,
            Ok(Outcome::Conflict { .. }) => CommitResult::Conflict,
            Err(_) => CommitResult::Failed,
        };
        self.metrics.note_commit(result, begun.elapsed());
        // Even when the outcome is an error: what was committed is what the next read finds.
        for touched in &changes.touched {
            self.forget(touched);
        }
        match outcome? {
            Outcome::Committed { .. } => Ok(()),
            Outcome::Conflict { .. } => Err(Failure::Conflict),
        }
    }

    fn forget(&self, touched: &Touched) {
        match touched {
            Touched::Key(name) => self.keys.invalidate(name),
            Touched::Policy(name) => self.policies.invalidate(name),
            Touched::Alias(name) => self.aliases.invalidate(name),
            Touched::Material(region, id) => self.materials.invalidate(&(region.clone(), *id)),
            Touched::AccessKey(id) => self.access_keys.invalidate(id),
            Touched::Timer(name) => self.timers.note_change(name),
            Touched::Entity(touched) => self.entities.forget(touched),
            Touched::Grantee(name) => self.grantees.invalidate(name),
        }
    }

    fn read<R: Record>(&self, name: &Name) -> Result<Option<Stored<R>>, Failure> {
        let Some(found) = self.store.get(name)? else {
            return Ok(None);
        };
        Ok(Some(Stored {
            version: found.version,
            record: R::from_bytes(&found.bytes)?,
        }))
    }

    fn list<R: Record>(
        &self,
        table: Table,
        leading: &[&[u8]],
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<R>, Failure> {
        let Listed { records, next } = self.list_stored(table, leading, after, limit)?;
        Ok(Listed {
            records: records.into_iter().map(|stored| stored.record).collect(),
            next,
        })
    }

    fn list_stored<R: Record>(
        &self,
        table: Table,
        leading: &[&[u8]],
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<Stored<R>>, Failure> {
        let page = self.store.scan(table, leading, after, limit)?;
        let stored = |found: &strongroom_store::Record| {
            Ok(Stored {
                version: found.version,
                record: R::from_bytes(&found.bytes)?,
            })
        };
        Ok(Listed {
            records: page
                .records
                .iter()
                .map(stored)
                .collect::<Result<_, Failure>>()?,
            next: page.next,
        })
    }
}

/// Looks `name` up in `cache`, or reads it and keeps what was read. Absence is not cached.
fn cached<K: std::hash::Hash + Eq + Clone, V>(
    cache: &Cache<K, V>,
    name: &K,
    read: impl FnOnce() -> Result<Option<V>, Failure>,
) -> Result<Option<Arc<V>>, Failure> {
    let fill = match cache.get(name) {
        Ok(found) => return Ok(Some(found)),
        Err(fill) => fill,
    };
    let Some(found) = read()?.map(Arc::new) else {
        return Ok(None);
    };
    cache.fill(&fill, name.clone(), &found);
    Ok(Some(found))
}

/// Some entries of the audit outbox.
pub(crate) struct OutboxPage {
    /// Those that can be read.
    pub(crate) entries: Vec<OutboxEntry>,
    /// The stored keys of those that cannot.
    pub(crate) damaged: Vec<Vec<u8>>,
    /// Where it goes on, if it does.
    pub(crate) next: Option<Cursor>,
}

/// An audit record that still has to be written to the audit log.
pub(crate) struct OutboxEntry {
    /// The record's event id.
    pub(crate) event_id: String,
    /// The entry's version.
    pub(crate) version: u64,
    /// The record.
    pub(crate) payload: Vec<u8>,
}

impl OutboxEntry {
    fn of(found: strongroom_store::Record) -> Option<Self> {
        let (event_id, payload) = found.bytes.split_at_checked(EVENT_ID_LENGTH)?;
        Some(Self {
            event_id: String::from_utf8(event_id.to_vec()).ok()?,
            version: found.version,
            payload: payload.to_vec(),
        })
    }
}

/// The length of an event id's text, which precedes the record in the outbox.
const EVENT_ID_LENGTH: usize = 36;

impl Changes {
    /// Writes a key's record.
    pub fn put_key(self, expect: Expect, record: &KeyRecord) -> Self {
        let name = KeyName::of(record);
        let store_name = key_store_name(Table::Keys, &name);
        self.put(store_name, expect, record)
            .touching(Touched::Key(name))
    }

    /// Relies on the key being as it was read.
    pub fn relying_on_key(mut self, key: &Key) -> Self {
        let store_name = key_store_name(Table::Keys, &key.name);
        self.transaction = self.transaction.read(store_name, Expect::At(key.version));
        self
    }

    /// Deletes a key's record.
    pub fn delete_key(self, key: &Key) -> Self {
        let store_name = key_store_name(Table::Keys, &key.name);
        self.delete(store_name, key.version)
            .touching(Touched::Key(key.name.clone()))
    }

    /// Says whose key a material is.
    pub fn put_material_owner(
        self,
        region: &Region,
        id: &MaterialId,
        owner: &MaterialOwnerRecord,
    ) -> Self {
        self.put(material_store_name(region, id), Expect::Absent, owner)
            .touching(Touched::Material(region.clone(), *id))
    }

    /// Forgets whose key a material was.
    pub fn delete_material_owner(self, region: &Region, id: &MaterialId) -> Self {
        self.delete(material_store_name(region, id), 1)
            .touching(Touched::Material(region.clone(), *id))
    }

    /// Writes a key's policy.
    pub fn put_policy(self, key: &KeyName, expect: Expect, policy: &PolicyRecord) -> Self {
        self.put(key_store_name(Table::Policies, key), expect, policy)
            .touching(Touched::Policy(key.clone()))
    }

    /// Deletes a key's policy.
    pub fn delete_policy(self, key: &KeyName, version: u64) -> Self {
        self.delete(key_store_name(Table::Policies, key), version)
            .touching(Touched::Policy(key.clone()))
    }

    /// Writes an alias.
    pub fn put_alias(self, name: &AliasName, expect: Expect, record: &AliasRecord) -> Self {
        self.put(alias_store_name(name), expect, record)
            .touching(Touched::Alias(name.clone()))
    }

    /// Deletes an alias.
    pub fn delete_alias(self, name: &AliasName, version: u64) -> Self {
        self.delete(alias_store_name(name), version)
            .touching(Touched::Alias(name.clone()))
    }

    /// Notes that an alias belongs to a key.
    pub fn put_key_alias(self, key: &KeyName, name: &str) -> Self {
        self.put(
            key_alias_store_name(key, name),
            Expect::Absent,
            &KeyAliasRecord {
                name: name.to_owned(),
            },
        )
    }

    /// Notes that an alias no longer belongs to a key.
    pub fn delete_key_alias(self, key: &KeyName, name: &str) -> Self {
        self.delete(key_alias_store_name(key, name), 1)
    }

    /// Writes the record of a new key, and its timer if it needs one.
    pub fn create_key(self, record: &KeyRecord) -> Self {
        let changes = self.put_key(Expect::Absent, record);
        match record.next_due() {
            Some(due) => changes.put_timer(&KeyName::of(record), Expect::Absent, due),
            None => changes,
        }
    }

    fn put_timer(self, key: &KeyName, expect: Expect, (due, kind): (Millis, TimerKind)) -> Self {
        let timer = TimerRecord {
            account: key.account,
            region: key.region.clone(),
            key: key.id.clone(),
            due,
            kind,
        };
        self.put(key_store_name(Table::Timers, key), expect, &timer)
            .touching(Touched::Timer(key.clone()))
    }

    /// Removes a key's timer.
    pub fn delete_timer(self, key: &KeyName, version: u64) -> Self {
        self.delete(key_store_name(Table::Timers, key), version)
            .touching(Touched::Timer(key.clone()))
    }

    /// Writes the last use of a key.
    pub fn put_key_usage(self, key: &KeyName, expect: Expect, used: &KeyUsageRecord) -> Self {
        self.put(key_store_name(Table::KeyUsage, key), expect, used)
    }

    /// Deletes the last use of a key.
    pub fn delete_key_usage(self, key: &KeyName, version: u64) -> Self {
        self.delete(key_store_name(Table::KeyUsage, key), version)
    }

    /// Records domain time.
    pub fn put_clock(self, expect: Expect, clock: &ClockRecord) -> Self {
        self.put(clock_store_name(), expect, clock)
    }

    /// Writes an access key.
    pub fn put_access_key(self, expect: Expect, record: &AccessKeyRecord) -> Self {
        self.put(access_key_store_name(&record.id), expect, record)
            .touching(Touched::AccessKey(record.id.clone()))
    }

    /// Deletes an access key.
    pub fn delete_access_key(self, id: &str, version: u64) -> Self {
        self.delete(access_key_store_name(id), version)
            .touching(Touched::AccessKey(id.to_owned()))
    }

    /// Puts an audit record into the outbox, where it stays until the audit log holds it.
    pub fn put_outbox(mut self, event_id: &str, record: &[u8]) -> Self {
        debug_assert_eq!(event_id.len(), EVENT_ID_LENGTH);
        let bytes = [event_id.as_bytes(), record].concat();
        self.transaction = self
            .transaction
            .put(outbox_store_name(event_id), Expect::Absent, bytes);
        self
    }

    /// Removes an audit record that the audit log holds.
    pub fn delete_outbox(self, event_id: &str, version: u64) -> Self {
        self.delete(outbox_store_name(event_id), version)
    }

    fn put<R: Record>(mut self, name: Name, expect: Expect, record: &R) -> Self {
        self.transaction = self.transaction.put(name, expect, record.to_bytes());
        self
    }

    fn delete(mut self, name: Name, version: u64) -> Self {
        self.transaction = self.transaction.delete(name, Expect::At(version));
        self
    }

    fn touching(mut self, touched: Touched) -> Self {
        self.touched.push(touched);
        self
    }
}

fn key_components(key: &KeyName) -> [&[u8]; 3] {
    [
        key.account.as_str().as_bytes(),
        key.region.as_str().as_bytes(),
        key.id.as_str().as_bytes(),
    ]
}

fn key_store_name(table: Table, key: &KeyName) -> Name {
    Name::new(table, &key_components(key))
}

fn key_alias_store_name(key: &KeyName, name: &str) -> Name {
    let [account, region, id] = key_components(key);
    Name::new(Table::KeyAliases, &[account, region, id, name.as_bytes()])
}

fn alias_store_name(alias: &AliasName) -> Name {
    Name::new(
        Table::Aliases,
        &[
            alias.account.as_str().as_bytes(),
            alias.region.as_str().as_bytes(),
            alias.name.as_bytes(),
        ],
    )
}

fn material_store_name(region: &Region, id: &MaterialId) -> Name {
    Name::new(Table::Materials, &[region.as_str().as_bytes(), id])
}

fn account_store_name(id: &AccountId) -> Name {
    Name::new(Table::Accounts, &[id.as_str().as_bytes()])
}

fn access_key_store_name(id: &str) -> Name {
    Name::new(Table::AccessKeys, &[id.as_bytes()])
}

fn outbox_store_name(event_id: &str) -> Name {
    Name::new(Table::Outbox, &[event_id.as_bytes()])
}

fn clock_store_name() -> Name {
    Name::new(Table::Clock, &[])
}

#[cfg(test)]
mod tests;
