//! Users, groups, roles and managed policies in the store, with caches of them and of what their policies
//! compile to. Their unique ids are kept in the same commit.

use std::sync::Arc;

use strongroom_base::id::AccountId;
use strongroom_store::{Cursor, Expect, Name, Table};

use super::{Changes, Listed, Repository, Stored, Touched, cached};
use crate::cache::Cache;
use crate::failure::Failure;
use crate::iam::{Group, Guardrail, ManagedPolicy, Role, User};
use crate::metrics::{CacheName, Metrics};
use crate::records::{
    AccountRecord, Entity, EntityKind, EntityReference, GroupRecord, ManagedPolicyRecord, Record,
    RoleRecord, SessionRecord, UserRecord,
};
use crate::strictness::Strictness;

/// The most users, groups, roles, managed policies, unique ids and accounts kept in memory, each.
const CACHED_ENTITIES_MAX: usize = 16_384;
/// How often something may be renamed while it is looked up by its unique id.
const RENAMES_MAX: usize = 4;
/// What session tokens are sealed for.
const SESSION_PURPOSE: &[u8] = b"session token";

/// Where an entity of an account is: its kind is known from where it is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EntityName {
    /// The account.
    pub account: AccountId,
    /// The name in lower case: names are unique without regard to case.
    name: String,
}

impl EntityName {
    /// The entity that `name` names in `account`, whatever its case.
    pub(crate) fn new(account: AccountId, name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        Self { account, name }
    }

    /// The name in lower case.
    pub(crate) fn as_str(&self) -> &str {
        &self.name
    }

    fn in_table(&self, table: Table) -> Name {
        let account = self.account.as_str().as_bytes();
        Name::new(table, &[account, self.name.as_bytes()])
    }
}

impl Entity {
    /// Where it is.
    pub(crate) fn name(&self) -> EntityName {
        EntityName::new(self.account, &self.name)
    }
}

/// The caches of entities.
pub(super) struct Entities {
    users: Cache<EntityName, User>,
    groups: Cache<EntityName, Group>,
    roles: Cache<EntityName, Role>,
    policies: Cache<EntityName, ManagedPolicy>,
    ids: Cache<String, EntityReference>,
    guardrails: Cache<AccountId, Guardrail>,
    strictness: Cache<AccountId, Strictness>,
}

impl Entities {
    pub(super) fn new(metrics: &Arc<Metrics>) -> Self {
        Self {
            users: Cache::new(CacheName::Users, CACHED_ENTITIES_MAX, metrics),
            groups: Cache::new(CacheName::Groups, CACHED_ENTITIES_MAX, metrics),
            roles: Cache::new(CacheName::Roles, CACHED_ENTITIES_MAX, metrics),
            policies: Cache::new(CacheName::ManagedPolicies, CACHED_ENTITIES_MAX, metrics),
            ids: Cache::new(CacheName::EntityIds, CACHED_ENTITIES_MAX, metrics),
            guardrails: Cache::new(CacheName::Guardrails, CACHED_ENTITIES_MAX, metrics),
            strictness: Cache::new(CacheName::Strictness, CACHED_ENTITIES_MAX, metrics),
        }
    }

    pub(super) fn forget(&self, touched: &TouchedEntity) {
        match touched {
            TouchedEntity::Entity(EntityKind::User, name) => self.users.invalidate(name),
            TouchedEntity::Entity(EntityKind::Group, name) => self.groups.invalidate(name),
            TouchedEntity::Entity(EntityKind::Role, name) => self.roles.invalidate(name),
            TouchedEntity::Entity(EntityKind::ManagedPolicy, name) => {
                self.policies.invalidate(name)
            }
            TouchedEntity::Id(id) => self.ids.invalidate(id),
            TouchedEntity::Account(id) => {
                self.guardrails.invalidate(id);
                self.strictness.invalidate(id);
            }
        }
    }
}

/// What a commit replaced.
pub(super) enum TouchedEntity {
    Entity(EntityKind, EntityName),
    Id(String),
    Account(AccountId),
}

/// A record with an [`Entity`], and where it is kept.
pub(crate) trait EntityRecord: Record {
    /// What it is.
    const KIND: EntityKind;

    /// Name, path and unique id.
    fn entity(&self) -> &Entity;
}

macro_rules! entity_records {
    ($($record:ident $kind:ident),* $(,)?) => {$(
        impl EntityRecord for $record {
            const KIND: EntityKind = EntityKind::$kind;

            fn entity(&self) -> &Entity {
                &self.entity
            }
        }
    )*};
}

entity_records!(
    UserRecord User,
    GroupRecord Group,
    RoleRecord Role,
    ManagedPolicyRecord ManagedPolicy,
);

fn table(kind: EntityKind) -> Table {
    match kind {
        EntityKind::User => Table::Users,
        EntityKind::Group => Table::Groups,
        EntityKind::Role => Table::Roles,
        EntityKind::ManagedPolicy => Table::ManagedPolicies,
    }
}

impl Repository {
    /// The user, unless there is none.
    pub(crate) fn user(&self, name: &EntityName) -> Result<Option<Arc<User>>, Failure> {
        cached(&self.entities.users, name, || self.load(name, User::load))
    }

    /// The group, unless there is none.
    pub(crate) fn group(&self, name: &EntityName) -> Result<Option<Arc<Group>>, Failure> {
        cached(&self.entities.groups, name, || self.load(name, Group::load))
    }

    /// The role, unless there is none.
    pub(crate) fn role(&self, name: &EntityName) -> Result<Option<Arc<Role>>, Failure> {
        cached(&self.entities.roles, name, || self.load(name, Role::load))
    }

    /// The managed policy of an account, unless there is none.
    pub(crate) fn managed_policy(
        &self,
        name: &EntityName,
    ) -> Result<Option<Arc<ManagedPolicy>>, Failure> {
        cached(&self.entities.policies, name, || {
            self.load(name, ManagedPolicy::load)
        })
    }

    /// What has this unique id, unless nothing has.
    pub(crate) fn entity_with_id(&self, id: &str) -> Result<Option<Arc<EntityReference>>, Failure> {
        cached(&self.entities.ids, &id.to_owned(), || {
            let found = self.read::<EntityReference>(&id_store_name(id))?;
            Ok(found.map(|stored| stored.record))
        })
    }

    /// The user with this unique id, unless there is none.
    pub(crate) fn user_with_id(&self, id: &str) -> Result<Option<Arc<User>>, Failure> {
        self.with_id(id, EntityKind::User, |name| {
            let user = self.user(name)?;
            Ok(user.filter(|user| user.record.entity.id == id))
        })
    }

    /// The group with this unique id, unless there is none.
    pub(crate) fn group_with_id(&self, id: &str) -> Result<Option<Arc<Group>>, Failure> {
        self.with_id(id, EntityKind::Group, |name| {
            let group = self.group(name)?;
            Ok(group.filter(|group| group.record.entity.id == id))
        })
    }

    /// The role with this unique id, unless there is none.
    pub(crate) fn role_with_id(&self, id: &str) -> Result<Option<Arc<Role>>, Failure> {
        self.with_id(id, EntityKind::Role, |name| {
            let role = self.role(name)?;
            Ok(role.filter(|role| role.record.entity.id == id))
        })
    }

    /// What `find` finds under the name that has this unique id. What is renamed between the two look-ups is looked
    /// for again under its new name.
    fn with_id<T>(
        &self,
        id: &str,
        kind: EntityKind,
        find: impl Fn(&EntityName) -> Result<Option<Arc<T>>, Failure>,
    ) -> Result<Option<Arc<T>>, Failure> {
        for _ in 0..RENAMES_MAX {
            let Some(name) = self.name_with_id(id, kind)? else {
                return Ok(None);
            };
            let found = find(&name)?;
            if found.is_some() || self.name_with_id(id, kind)?.as_ref() == Some(&name) {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn name_with_id(&self, id: &str, kind: EntityKind) -> Result<Option<EntityName>, Failure> {
        let reference = self.entity_with_id(id)?;
        let reference = reference.filter(|reference| reference.kind == kind);
        Ok(reference.map(|found| EntityName::new(found.account, &found.name)))
    }

    /// What limits every principal of an account.
    pub(crate) fn guardrail(&self, account: &AccountId) -> Result<Arc<Guardrail>, Failure> {
        let found = cached(&self.entities.guardrails, account, || {
            let record = self.account(account)?;
            let document = record.and_then(|stored| stored.record.guardrail);
            Guardrail::load(document.as_deref()).map(Some)
        })?;
        // The look-up always finds something, be it no limit at all.
        found.ok_or_else(|| crate::records::Unreadable.into())
    }

    /// How strict the audit of an account is.
    pub(crate) fn strictness(&self, account: &AccountId) -> Result<Strictness, Failure> {
        let found = cached(&self.entities.strictness, account, || {
            let record = self.account(account)?;
            let strict = record.and_then(|stored| stored.record.strict_audit);
            Ok(Some(match strict {
                Some(true) => Strictness::Strict,
                Some(false) | None => Strictness::Usual,
            }))
        })?;
        // The look-up always finds something.
        Ok(found.map_or(Strictness::Strict, |found| *found))
    }

    /// Records of an account, in no order that means anything.
    pub(crate) fn list_entities<R: EntityRecord>(
        &self,
        account: &AccountId,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<R>, Failure> {
        self.list(table(R::KIND), &[account.as_str().as_bytes()], after, limit)
    }

    /// Where an entity is in the list of its account's records of its kind.
    pub(crate) fn place_of_entity<R: EntityRecord>(&self, record: &R) -> Result<Cursor, Failure> {
        self.place_of_name(R::KIND, &record.entity().name())
    }

    /// The place of a name in the list of its account's records of one kind, whether anything has it or not.
    pub(crate) fn place_of_name(
        &self,
        kind: EntityKind,
        name: &EntityName,
    ) -> Result<Cursor, Failure> {
        let key = self.store.store_key(&name.in_table(table(kind)))?;
        Ok(Cursor::from_bytes(&key))
    }

    /// Whether `cursor` belongs to the list of an account's records of one kind.
    pub(crate) fn is_cursor_of_entities(
        &self,
        kind: EntityKind,
        account: &AccountId,
        cursor: &Cursor,
    ) -> bool {
        self.is_cursor_under(table(kind), &[account.as_str().as_bytes()], cursor)
    }

    /// Seals a session into a token that only this store opens.
    pub(crate) fn seal_session(&self, session: &SessionRecord) -> Vec<u8> {
        self.store.seal_value(SESSION_PURPOSE, &session.to_bytes())
    }

    /// The session that a token is of; `None` of any other bytes.
    pub(crate) fn open_session(&self, token: &[u8]) -> Option<SessionRecord> {
        let bytes = self.store.open_value(SESSION_PURPOSE, token)?;
        SessionRecord::from_bytes(&bytes).ok()
    }

    fn load<R: EntityRecord, T>(
        &self,
        name: &EntityName,
        load: impl FnOnce(Stored<R>) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        let found = self.read::<R>(&name.in_table(table(R::KIND)))?;
        found.map(load).transpose()
    }
}

impl Changes {
    /// Adds an entity and its unique id.
    pub(crate) fn create_entity<R: EntityRecord>(self, record: &R) -> Self {
        self.put_entity(Expect::Absent, record).put_reference(
            Expect::Absent,
            R::KIND,
            record.entity(),
        )
    }

    /// Writes an entity's record in place of the one of the same name that is at `version`.
    pub(crate) fn replace_entity<R: EntityRecord>(self, version: u64, record: &R) -> Self {
        self.put_entity(Expect::At(version), record)
    }

    /// Writes an entity's record under its new name, in place of `old`.
    pub(crate) fn rename_entity<R: EntityRecord>(
        self,
        old: &Stored<R>,
        reference_version: u64,
        record: &R,
    ) -> Self {
        let old_name = old.record.entity().name();
        let changes = self
            .delete(old_name.in_table(table(R::KIND)), old.version)
            .touching(Touched::Entity(TouchedEntity::Entity(R::KIND, old_name)));
        let expect = Expect::At(reference_version);
        changes
            .put_entity(Expect::Absent, record)
            .put_reference(expect, R::KIND, record.entity())
    }

    /// Removes an entity and its unique id.
    pub(crate) fn delete_entity<R: EntityRecord>(
        self,
        record: &R,
        version: u64,
        reference_version: u64,
    ) -> Self {
        let (name, id) = (record.entity().name(), record.entity().id.clone());
        self.delete(name.in_table(table(R::KIND)), version)
            .touching(Touched::Entity(TouchedEntity::Entity(R::KIND, name)))
            .delete(id_store_name(&id), reference_version)
            .touching(Touched::Entity(TouchedEntity::Id(id)))
    }

    /// Writes an account's record.
    pub(crate) fn put_account(self, expect: Expect, account: &AccountRecord) -> Self {
        self.put(super::account_store_name(&account.id), expect, account)
            .touching(Touched::Entity(TouchedEntity::Account(account.id)))
    }

    fn put_entity<R: EntityRecord>(self, expect: Expect, record: &R) -> Self {
        let name = record.entity().name();
        self.put(name.in_table(table(R::KIND)), expect, record)
            .touching(Touched::Entity(TouchedEntity::Entity(R::KIND, name)))
    }

    fn put_reference(self, expect: Expect, kind: EntityKind, entity: &Entity) -> Self {
        let reference = EntityReference {
            account: entity.account,
            kind,
            name: entity.name().name,
        };
        self.put(id_store_name(&entity.id), expect, &reference)
            .touching(Touched::Entity(TouchedEntity::Id(entity.id.clone())))
    }
}

fn id_store_name(id: &str) -> Name {
    Name::new(Table::Entities, &[id.as_bytes()])
}

impl Repository {
    /// The version of what is kept of a unique id, which a rename or deletion must rely on.
    pub(crate) fn reference_version(&self, id: &str) -> Result<u64, Failure> {
        let found = self.read::<EntityReference>(&id_store_name(id))?;
        let found = found.ok_or(crate::records::Unreadable)?;
        Ok(found.version)
    }
}
