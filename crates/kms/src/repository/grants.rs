//! Grants in the store. Whatever adds or removes one keeps its indexes and the count of its key in the
//! same commit.

use strongroom_aws::error::KmsException;
use strongroom_base::id::{AccountId, Region};
use strongroom_store::{Cursor, Expect, Name, Table};

use super::{Changes, Listed, Repository, Stored, key_components, key_store_name};
use crate::failure::{Failure, refuse};
use crate::key::KeyName;
use crate::records::{
    GrantCountRecord, GrantId, GrantParty, GrantRecord, GrantReference, GrantTerms,
    NamedGrantRecord, Record, Unreadable,
};

/// KMS quotas: grants per key.
pub(crate) const GRANTS_PER_KEY_MAX: u32 = 50_000;
/// What grant tokens are sealed for.
const TOKEN_PURPOSE: &[u8] = b"grant token";

/// The version of a record that is written once. Everything about a grant is, but the count.
const ONLY_VERSION: u64 = 1;

/// Whose grants to retire are listed.
pub(crate) struct Retiring<'r> {
    /// The principal's account.
    pub account: &'r AccountId,
    /// The Region of the keys.
    pub region: &'r Region,
    /// The principal's ARN.
    pub principal: &'r str,
}

impl Retiring<'_> {
    fn components(&self) -> [&[u8]; 3] {
        [
            self.account.as_str().as_bytes(),
            self.region.as_str().as_bytes(),
            self.principal.as_bytes(),
        ]
    }
}

impl GrantReference {
    /// Where the key of the grant is.
    pub(crate) fn key_name(&self) -> KeyName {
        KeyName {
            account: self.account,
            region: self.region.clone(),
            id: self.key.clone(),
        }
    }
}

impl GrantRecord {
    /// Where the key of the grant is.
    pub(crate) fn key_name(&self) -> KeyName {
        self.reference().key_name()
    }

    /// Which grant it is.
    pub(crate) fn reference(&self) -> GrantReference {
        GrantReference {
            account: self.account,
            region: self.region.clone(),
            key: self.key.clone(),
            id: self.id,
        }
    }
}

impl Repository {
    /// The grant on `key` with this id, unless there is none.
    pub(crate) fn grant(&self, key: &KeyName, id: &GrantId) -> Result<Option<GrantRecord>, Failure> {
        let found = self.read::<GrantRecord>(&grant_store_name(key, id))?;
        Ok(found.map(|stored| stored.record))
    }

    /// The grant on `key` that a request with this name and these terms made, unless there is none or it
    /// has no name.
    pub(crate) fn named_grant(
        &self,
        key: &KeyName,
        terms: &GrantTerms,
    ) -> Result<Option<GrantRecord>, Failure> {
        let named = match named_grant_store_name(key, terms) {
            Some(name) => self.read::<NamedGrantRecord>(&name)?,
            None => None,
        };
        let grant = match named {
            Some(named) => self.grant(key, &named.record.id)?,
            None => None,
        };
        Ok(grant.filter(|grant| grant.terms == *terms))
    }

    /// How many grants there are on `key`.
    pub(crate) fn grant_count(&self, key: &KeyName) -> Result<Option<Stored<GrantCountRecord>>, Failure> {
        self.read(&key_store_name(Table::GrantCounts, key))
    }

    /// Grants on `key`.
    pub(crate) fn list_grants(
        &self,
        key: &KeyName,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<GrantRecord>, Failure> {
        self.list(Table::Grants, &key_components(key), after, limit)
    }

    /// Whether `cursor` belongs to the list of grants on `key`.
    pub(crate) fn is_cursor_of_grants(&self, key: &KeyName, cursor: &Cursor) -> bool {
        self.is_cursor_under(Table::Grants, &key_components(key), cursor)
    }

    /// Grants that name a principal as the retiring one.
    pub(crate) fn list_retirable_grants(
        &self,
        retiring: &Retiring<'_>,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<GrantReference>, Failure> {
        self.list(Table::RetirableGrants, &retiring.components(), after, limit)
    }

    /// Whether `cursor` belongs to the list of grants that a principal may retire.
    pub(crate) fn is_cursor_of_retirable_grants(&self, retiring: &Retiring<'_>, cursor: &Cursor) -> bool {
        self.is_cursor_under(Table::RetirableGrants, &retiring.components(), cursor)
    }

    /// Seals the name of a grant into a token that only this store opens. No two tokens are the same.
    pub(crate) fn seal_grant_token(&self, grant: &GrantReference) -> Vec<u8> {
        self.store.seal_value(TOKEN_PURPOSE, &grant.to_bytes())
    }

    /// What a token names; `None` of any other bytes.
    pub(crate) fn open_grant_token(&self, token: &[u8]) -> Option<GrantReference> {
        let bytes = self.store.open_value(TOKEN_PURPOSE, token)?;
        GrantReference::from_bytes(&bytes).ok()
    }

    /// The changes that add a grant. Errors: LimitExceededException when its key has as many as may be.
    // The count is a record of its own: it is exact because every change of a key's grants replaces it,
    // and cheap because nothing else must be read. It is never removed before its key, or a count that
    // began again could have the version of one that somebody still relies on.
    pub(crate) fn add_grant(&self, changes: Changes, grant: &GrantRecord) -> Result<Changes, Failure> {
        let key = grant.key_name();
        let count = self.grant_count(&key)?;
        let (expect, grants) = count.map_or((Expect::Absent, 0), |count| {
            (Expect::At(count.version), count.record.grants)
        });
        if grants >= GRANTS_PER_KEY_MAX {
            return Err(refuse(KmsException::LimitExceeded));
        }
        let count = GrantCountRecord { grants: grants + 1 };
        Ok(changes
            .put_grant(grant)
            .put_grant_count(&key, expect, count))
    }

    /// The changes that remove `grants`, all of them on `key`.
    pub(crate) fn remove_grants(
        &self,
        changes: Changes,
        key: &KeyName,
        grants: &[GrantRecord],
    ) -> Result<Changes, Failure> {
        let count = self.grant_count(key)?.ok_or(Unreadable)?;
        let gone = u32::try_from(grants.len()).map_err(|_| Unreadable)?;
        let left = count.record.grants.checked_sub(gone).ok_or(Unreadable)?;
        let expect = Expect::At(count.version);
        let changes = changes.put_grant_count(key, expect, GrantCountRecord { grants: left });
        Ok(grants.iter().fold(changes, Changes::delete_grant))
    }
}

impl Changes {
    fn put_grant(self, grant: &GrantRecord) -> Self {
        let key = grant.key_name();
        let mut changes = self.put(grant_store_name(&key, &grant.id), Expect::Absent, grant);
        if let Some(name) = retirable_store_name(grant) {
            changes = changes.put(name, Expect::Absent, &grant.reference());
        }
        if let Some(name) = named_grant_store_name(&key, &grant.terms) {
            let named = NamedGrantRecord { id: grant.id };
            changes = changes.put(name, Expect::Absent, &named);
        }
        changes
    }

    fn delete_grant(self, grant: &GrantRecord) -> Self {
        let key = grant.key_name();
        let mut changes = self.delete(grant_store_name(&key, &grant.id), ONLY_VERSION);
        if let Some(name) = retirable_store_name(grant) {
            changes = changes.delete(name, ONLY_VERSION);
        }
        if let Some(name) = named_grant_store_name(&key, &grant.terms) {
            changes = changes.delete(name, ONLY_VERSION);
        }
        changes
    }

    pub(crate) fn put_grant_count(
        self,
        key: &KeyName,
        expect: Expect,
        count: GrantCountRecord,
    ) -> Self {
        self.put(key_store_name(Table::GrantCounts, key), expect, &count)
    }

    /// Removes the count of a key that has no grants left, with the key.
    pub(crate) fn delete_grant_count(self, key: &KeyName, version: u64) -> Self {
        self.delete(key_store_name(Table::GrantCounts, key), version)
    }
}

fn grant_store_name(key: &KeyName, id: &GrantId) -> Name {
    let [account, region, key] = key_components(key);
    Name::new(Table::Grants, &[account, region, key, id])
}

fn named_grant_store_name(key: &KeyName, terms: &GrantTerms) -> Option<Name> {
    terms.name.as_ref()?;
    let [account, region, key] = key_components(key);
    let terms = terms.to_bytes();
    Some(Name::new(
        Table::NamedGrants,
        &[account, region, key, &terms],
    ))
}

/// Only principals have an account in which they are looked for.
fn retirable_store_name(grant: &GrantRecord) -> Option<Name> {
    let Some(GrantParty::Principal(account, principal)) = &grant.terms.retiring else {
        return None;
    };
    let retiring = Retiring {
        account,
        region: &grant.region,
        principal,
    };
    let [account, region, principal] = retiring.components();
    Some(Name::new(
        Table::RetirableGrants,
        &[account, region, principal, &grant.id],
    ))
}
