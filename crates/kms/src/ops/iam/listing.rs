//! Lists of several kinds: an account's users, groups, roles and managed policies, one kind after another; those of
//! one kind are in `pages`. A marker says after which name a list goes on: what is made or deleted meanwhile makes no
//! other item be skipped or shown twice.

use strongroom_aws::iam::{MarkerType, MaxItemsType, ResponseMarkerType};
use strongroom_base::id::AccountId;
use strongroom_store::Cursor;

use super::pages::{self, MIXED_LIST, Page, RECORDS_AT_ONCE};
use crate::call::Call;
use crate::failure::Failure;
use crate::iam::{AWS_MANAGED_POLICIES, AwsManagedPolicy};
use crate::records::{GroupRecord, ManagedPolicyRecord, PoliciesRecord, RoleRecord, UserRecord};
use crate::repository::{EntityName, EntityRecord, Repository};

/// What a list has, in the order of its kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Users,
    Groups,
    Roles,
    Policies,
    AwsPolicies,
}

/// An item of a list.
pub(super) enum Item {
    User(UserRecord),
    Group(GroupRecord),
    Role(RoleRecord),
    Policy(ManagedPolicyRecord),
    AwsPolicy(&'static AwsManagedPolicy),
}

impl Item {
    /// The path.
    pub(super) fn path(&self) -> &str {
        match self {
            Self::User(user) => &user.entity.path,
            Self::Group(group) => &group.entity.path,
            Self::Role(role) => &role.entity.path,
            Self::Policy(policy) => &policy.entity.path,
            Self::AwsPolicy(_) => "/",
        }
    }

    /// Its policies, of what can have any.
    pub(super) fn policies(&self) -> Option<&PoliciesRecord> {
        match self {
            Self::User(user) => Some(&user.policies),
            Self::Group(group) => Some(&group.policies),
            Self::Role(role) => Some(&role.policies),
            Self::Policy(_) | Self::AwsPolicy(_) => None,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::User(user) => &user.entity.name,
            Self::Group(group) => &group.entity.name,
            Self::Role(role) => &role.entity.name,
            Self::Policy(policy) => &policy.entity.name,
            Self::AwsPolicy(policy) => policy.name,
        }
    }
}

/// A list of an account.
pub(super) struct Listing<'l> {
    records: &'l Repository,
    account: AccountId,
    kinds: &'l [Kind],
}

impl<'l> Listing<'l> {
    /// The caller's account's list of these kinds.
    pub(super) fn new(call: &'l Call<'_>, kinds: &'l [Kind]) -> Self {
        Self {
            records: &call.kms.records,
            account: call.caller.account,
            kinds,
        }
    }

    /// The part of the list that follows `marker`: of what `keeps` keeps at most `max_items`. Errors:
    /// ValidationError for a marker that no list gave.
    pub(super) fn page(
        &self,
        marker: Option<&MarkerType>,
        max_items: Option<MaxItemsType>,
        keeps: impl Fn(&Item) -> bool,
    ) -> Result<Page<Item>, Failure> {
        let max = pages::limit(max_items);
        let mut page = Page {
            items: Vec::new(),
            marker: None,
        };
        let mut last = None;
        // What is read is bounded by the quotas of the account.
        for found in self.walk(marker)? {
            let (kind, item) = found?;
            if !keeps(&item) {
                continue;
            }
            if page.items.len() == max {
                page.marker = last;
                return Ok(page);
            }
            last = Some(marker_after(kind, item.name()));
            page.items.push(item);
        }
        Ok(page)
    }

    /// All items.
    pub(super) fn all(&self) -> impl Iterator<Item = Result<Item, Failure>> {
        let walk = Walk::after(self, 0, None);
        walk.map(|found| found.map(|(_, item)| item))
    }

    fn walk(&self, marker: Option<&MarkerType>) -> Result<Walk<'_>, Failure> {
        let Some(marker) = marker else {
            return Ok(Walk::after(self, 0, None));
        };
        let (kind, name) = place(marker).ok_or_else(pages::invalid_marker)?;
        Ok(Walk::after(self, kind, Some(name)))
    }

    /// Items of one kind, and whether there are more.
    fn batch(&self, kind: Kind, after: Option<&str>) -> Result<(Vec<Item>, bool), Failure> {
        match kind {
            Kind::Users => self.stored(after, Item::User),
            Kind::Groups => self.stored(after, Item::Group),
            Kind::Roles => self.stored(after, Item::Role),
            Kind::Policies => self.stored(after, Item::Policy),
            Kind::AwsPolicies => {
                let all = AWS_MANAGED_POLICIES.iter();
                let rest = all.filter(|policy| after.is_none_or(|after| follows(policy, after)));
                Ok((rest.map(Item::AwsPolicy).collect(), false))
            }
        }
    }

    fn stored<R: EntityRecord>(
        &self,
        after: Option<&str>,
        item: impl Fn(R) -> Item,
    ) -> Result<(Vec<Item>, bool), Failure> {
        let after: Option<Cursor> = match after {
            Some(name) => {
                let name = EntityName::new(self.account, name);
                Some(self.records.place_of_name(R::KIND, &name)?)
            }
            None => None,
        };
        let found =
            self.records
                .list_entities::<R>(&self.account, after.as_ref(), RECORDS_AT_ONCE)?;
        let items = found.records.into_iter().map(item).collect();
        Ok((items, found.next.is_some()))
    }
}

/// Reads a list to its end.
struct Walk<'w> {
    listing: &'w Listing<'w>,
    kind: usize,
    after: Option<String>,
    read: std::vec::IntoIter<Item>,
    more: bool,
}

impl<'w> Walk<'w> {
    fn after(listing: &'w Listing<'w>, kind: usize, after: Option<String>) -> Self {
        Self {
            listing,
            kind,
            after,
            read: Vec::new().into_iter(),
            more: true,
        }
    }

    fn step(&mut self) -> Result<Option<(usize, Item)>, Failure> {
        loop {
            if let Some(item) = self.read.next() {
                self.after = Some(item.name().to_owned());
                return Ok(Some((self.kind, item)));
            }
            if !self.more {
                (self.kind, self.after, self.more) = (self.kind + 1, None, true);
            }
            let Some(kind) = self.listing.kinds.get(self.kind) else {
                return Ok(None);
            };
            let (read, more) = self.listing.batch(*kind, self.after.as_deref())?;
            (self.read, self.more) = (read.into_iter(), more);
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<(usize, Item), Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

/// The policies of AWS are kept in the order of their names, case ignored.
fn follows(policy: &AwsManagedPolicy, name: &str) -> bool {
    policy.name.to_ascii_lowercase() > name.to_ascii_lowercase()
}

fn marker_after(kind: usize, name: &str) -> ResponseMarkerType {
    pages::marker(MIXED_LIST, format!("{kind}/{name}").as_bytes())
}

fn place(marker: &MarkerType) -> Option<(usize, String)> {
    let place = String::from_utf8(pages::place(MIXED_LIST, marker)?).ok()?;
    let (kind, name) = place.split_once('/')?;
    Some((kind.parse().ok()?, name.to_owned()))
}
