//! Grants in the store. Whatever adds or removes one keeps its indexes and the count of its key in the
//! same commit.

use std::ops::ControlFlow;

use strongroom_aws::error::KmsException;
use strongroom_base::id::{AccountId, Region};
use strongroom_store::{Cursor, Expect, Name, Table};

use super::{Changes, Listed, Repository, Stored, Touched, cached, key_components, key_store_name};
use crate::failure::{Failure, refuse};
use crate::key::KeyName;
use crate::records::{
    GrantCountRecord, GrantId, GrantParty, GrantRecord, GrantReference, GrantTerms,
    GranteeIndexRecord, NamedGrantRecord, Record, Unreadable,
};

/// KMS quotas: grants per key.
pub(crate) const GRANTS_PER_KEY_MAX: u32 = 50_000;
/// What grant tokens are sealed for.
const TOKEN_PURPOSE: &[u8] = b"grant token";

/// The version of a record that is written once. Everything about a grant is, but the count.
const ONLY_VERSION: u64 = 1;

/// A grantee that has no more grants on a key than this, and in no more bytes, has them kept in memory.
const KEPT_GRANTS_MAX: usize = 64;
const KEPT_BYTES_MAX: usize = 16 * 1024;
/// How many grants are read at once of a grantee that has more.
const READ_AT_ONCE: usize = 256;
/// How many grants older than the index by grantee are added to it in one commit.
const INDEXED_AT_ONCE: usize = 200;

/// Whose grants to retire are listed.
pub(crate) struct Retiring<'r> {
    /// The principal's account.
    pub account: &'r AccountId,
    /// The Region of the keys.
    pub region: &'r Region,
    /// The principal's unique id, or its ARN if it has none.
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

/// Whose grants on which key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct GranteeName {
    key: KeyName,
    grantee: String,
}

impl GranteeName {
    fn new(key: &KeyName, grantee: &GrantParty) -> Self {
        Self {
            key: key.clone(),
            grantee: grantee.index_name().to_owned(),
        }
    }

    fn components(&self) -> [&[u8]; 4] {
        let [account, region, key] = key_components(&self.key);
        [account, region, key, self.grantee.as_bytes()]
    }
}

/// What is kept in memory of a grantee's grants on a key.
pub(super) enum Granted {
    /// All of them.
    All(Vec<(GrantId, GrantTerms)>),
    /// That there are too many to be kept.
    Many,
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
    pub(crate) fn grant(
        &self,
        key: &KeyName,
        id: &GrantId,
    ) -> Result<Option<GrantRecord>, Failure> {
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
    pub(crate) fn grant_count(
        &self,
        key: &KeyName,
    ) -> Result<Option<Stored<GrantCountRecord>>, Failure> {
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

    /// Grants on `key` to `grantee`.
    pub(crate) fn list_grants_to(
        &self,
        key: &KeyName,
        grantee: &GrantParty,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<GrantRecord>, Failure> {
        let name = GranteeName::new(key, grantee);
        let page =
            self.list::<GrantReference>(Table::GranteeGrants, &name.components(), after, limit)?;
        Ok(Listed {
            records: self.grants(&page.records)?,
            next: page.next,
        })
    }

    /// Whether `cursor` belongs to the list of grants on `key` to `grantee`.
    pub(crate) fn is_cursor_of_grants_to(
        &self,
        key: &KeyName,
        grantee: &GrantParty,
        cursor: &Cursor,
    ) -> bool {
        let name = GranteeName::new(key, grantee);
        self.is_cursor_under(Table::GranteeGrants, &name.components(), cursor)
    }

    /// Shows `look` the id and terms of each grant on `key` to `grantee`, until it breaks off. What is asked again is
    /// answered from memory, unless the grantee has very many grants on this key; those of others cost nothing.
    pub(crate) fn look_at_grants_to(
        &self,
        key: &KeyName,
        grantee: &GrantParty,
        mut look: impl FnMut(&GrantId, &GrantTerms) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let name = GranteeName::new(key, grantee);
        let granted = cached(&self.grantees, &name, || {
            self.granted(key, grantee).map(Some)
        })?;
        // The look-up always finds something, be it no grant at all.
        match &*granted.ok_or(Unreadable)? {
            Granted::All(grants) => {
                let _ = grants.iter().try_for_each(|(id, terms)| look(id, terms));
                Ok(())
            }
            Granted::Many => self.read_grants_to(key, grantee, &mut look),
        }
    }

    fn granted(&self, key: &KeyName, grantee: &GrantParty) -> Result<Granted, Failure> {
        let page = self.list_grants_to(key, grantee, None, KEPT_GRANTS_MAX)?;
        let grants = page.records.into_iter();
        let grants: Vec<_> = grants.map(|grant| (grant.id, grant.terms)).collect();
        let bytes: usize = grants.iter().map(|(_, terms)| terms.to_bytes().len()).sum();
        Ok(match page.next {
            None if bytes <= KEPT_BYTES_MAX => Granted::All(grants),
            _ => Granted::Many,
        })
    }

    fn read_grants_to(
        &self,
        key: &KeyName,
        grantee: &GrantParty,
        look: &mut impl FnMut(&GrantId, &GrantTerms) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let page = self.list_grants_to(key, grantee, after.as_ref(), READ_AT_ONCE)?;
            let seen = page
                .records
                .iter()
                .try_for_each(|grant| look(&grant.id, &grant.terms));
            after = page.next;
            if seen.is_break() || after.is_none() {
                return Ok(());
            }
        }
    }

    /// Grants that name a principal as the retiring one.
    pub(crate) fn list_retirable_grants(
        &self,
        retiring: &Retiring<'_>,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<GrantRecord>, Failure> {
        let leading = retiring.components();
        let page = self.list::<GrantReference>(Table::RetirableGrants, &leading, after, limit)?;
        Ok(Listed {
            records: self.grants(&page.records)?,
            next: page.next,
        })
    }

    /// The grants that an index names; those that ended since it was read are left out.
    fn grants(&self, named: &[GrantReference]) -> Result<Vec<GrantRecord>, Failure> {
        let found = named.iter();
        let found = found.map(|named| self.grant(&named.key_name(), &named.id));
        found.filter_map(Result::transpose).collect()
    }

    /// Whether `cursor` belongs to the list of grants that a principal may retire.
    pub(crate) fn is_cursor_of_retirable_grants(
        &self,
        retiring: &Retiring<'_>,
        cursor: &Cursor,
    ) -> bool {
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
    pub(crate) fn add_grant(
        &self,
        changes: Changes,
        grant: &GrantRecord,
    ) -> Result<Changes, Failure> {
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
        let mut changes = changes.put_grant_count(key, expect, GrantCountRecord { grants: left });
        for grant in grants {
            changes = changes.delete_grant(grant);
            // A grant older than the index can be ended even while the index cannot be completed.
            if self
                .read::<GrantReference>(&grantee_store_name(grant))?
                .is_some()
            {
                changes = changes.delete_grantee(grant);
            }
        }
        Ok(changes)
    }

    /// Adds the grants that are older than the index by grantee to it, before anybody is served. Broken off, it
    /// goes on where it ended; done once, it costs one look-up.
    pub(crate) async fn index_grantees(&self) -> Result<(), Failure> {
        if self.read::<GranteeIndexRecord>(&index_mark())?.is_some() {
            return Ok(());
        }
        let mut after = None;
        loop {
            let page =
                self.list::<GrantRecord>(Table::Grants, &[], after.as_ref(), INDEXED_AT_ONCE)?;
            let mut changes = Changes::default();
            for grant in &page.records {
                let name = grantee_store_name(grant);
                if self.read::<GrantReference>(&name)?.is_none() {
                    changes = changes.put_grantee(grant);
                }
            }
            after = page.next;
            if after.is_none() {
                let mark = GranteeIndexRecord {};
                return self
                    .commit(changes.put(index_mark(), Expect::Absent, &mark))
                    .await;
            }
            self.commit(changes).await?;
        }
    }
}

impl Changes {
    fn put_grant(self, grant: &GrantRecord) -> Self {
        let key = grant.key_name();
        let mut changes = self
            .put(grant_store_name(&key, &grant.id), Expect::Absent, grant)
            .put_grantee(grant);
        if let Some(name) = retirable_store_name(grant) {
            changes = changes.put(name, Expect::Absent, &grant.reference());
        }
        if let Some(name) = named_grant_store_name(&key, &grant.terms) {
            let named = NamedGrantRecord { id: grant.id };
            changes = changes.put(name, Expect::Absent, &named);
        }
        changes
    }

    fn put_grantee(self, grant: &GrantRecord) -> Self {
        let name = grantee_store_name(grant);
        self.put(name, Expect::Absent, &grant.reference())
            .touching_grantee(grant)
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

    fn delete_grantee(self, grant: &GrantRecord) -> Self {
        self.delete(grantee_store_name(grant), ONLY_VERSION)
            .touching_grantee(grant)
    }

    fn touching_grantee(self, grant: &GrantRecord) -> Self {
        let name = GranteeName::new(&grant.key_name(), &grant.terms.grantee);
        self.touching(Touched::Grantee(name))
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

fn grantee_store_name(grant: &GrantRecord) -> Name {
    let name = GranteeName::new(&grant.key_name(), &grant.terms.grantee);
    let [account, region, key, grantee] = name.components();
    Name::new(
        Table::GranteeGrants,
        &[account, region, key, grantee, &grant.id],
    )
}

/// Where it is kept that the index by grantee has every grant.
fn index_mark() -> Name {
    Name::new(Table::GranteeGrants, &[])
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
    let party = grant.terms.retiring.as_ref()?;
    let retiring = Retiring {
        account: party.account()?,
        region: &grant.region,
        principal: party.index_name(),
    };
    let [account, region, principal] = retiring.components();
    Some(Name::new(
        Table::RetirableGrants,
        &[account, region, principal, &grant.id],
    ))
}

#[cfg(test)]
mod tests;
