//! The documents of a caller's policies, in the order of [`super::policies_of`], for those who are shown which
//! statement decided. Never part of a decision.

use strongroom_base::id::AccountId;

use super::caller::{PolicyName, Session};
use super::{AwsManagedPolicy, Caller, Group, Identity, Role, User, policy_arn};
use crate::failure::Failure;
use crate::records::{PoliciesRecord, PolicyReference, Unreadable};
use crate::repository::{EntityName, Repository};

/// A policy of a caller with its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// Its name.
    pub name: PolicyName,
    /// Through whom the caller has it.
    pub holder: Holder,
    /// The document as it was given.
    pub text: String,
}

/// Who has a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A user, by name.
    User(String),
    /// A group, by name.
    Group(String),
    /// A role, by name.
    Role(String),
    /// The caller's session.
    Session,
    /// The root of the account.
    Root,
}

/// The documents of a caller's policies, each list in the order of [`super::CallerPolicies`].
#[derive(Default)]
pub(crate) struct Documents {
    /// Inline policies, then attached ones, then those of each group likewise.
    pub identity: Vec<Document>,
    /// The permissions boundary.
    pub boundary: Option<Document>,
    /// Session policies, if the session is limited by any.
    pub session: Option<Vec<Document>>,
}

/// The documents of `caller`'s policies as they are now.
pub(crate) fn documents_of(records: &Repository, caller: &Caller) -> Result<Documents, Failure> {
    let read = Reader::of(records, caller);
    let mut documents = match &caller.identity {
        Identity::User(user) | Identity::FederatedUser(Some(user)) => read.user(user)?,
        Identity::Role(role, _) => read.role(role)?,
        Identity::FederatedUser(None) => {
            let everything = PolicyReference::Aws("AdministratorAccess".to_owned());
            Documents {
                identity: vec![read.managed(&everything, &Holder::Root)?],
                ..Documents::default()
            }
        }
        Identity::Root | Identity::Service | Identity::Web(_) => Documents::default(),
    };
    documents.session = read.session(caller.session.as_deref())?;
    Ok(documents)
}

/// The documents of the policies of a user of `caller`'s account.
pub(crate) fn documents_of_user(
    records: &Repository,
    caller: &Caller,
    user: &User,
) -> Result<Documents, Failure> {
    Reader::of(records, caller).user(user)
}

/// The documents of the policies of a group of `caller`'s account.
pub(crate) fn documents_of_group(
    records: &Repository,
    caller: &Caller,
    group: &Group,
) -> Result<Documents, Failure> {
    let mut documents = Documents::default();
    let read = Reader::of(records, caller);
    read.group(group, &mut documents.identity)?;
    Ok(documents)
}

/// The documents of the policies of a role of `caller`'s account.
pub(crate) fn documents_of_role(
    records: &Repository,
    caller: &Caller,
    role: &Role,
) -> Result<Documents, Failure> {
    Reader::of(records, caller).role(role)
}

struct Reader<'r> {
    records: &'r Repository,
    account: AccountId,
    partition: &'r str,
}

impl<'r> Reader<'r> {
    fn of(records: &'r Repository, caller: &'r Caller) -> Self {
        Self {
            records,
            account: caller.account,
            partition: caller.partition(),
        }
    }

    fn user(&self, user: &User) -> Result<Documents, Failure> {
        let holder = Holder::User(user.record.entity.name.clone());
        let policies = &user.record.policies;
        let mut documents = Documents::default();
        self.own(policies, &holder, &mut documents.identity)?;
        for id in &user.record.group_ids {
            let group = self.records.group_with_id(id)?.ok_or(Unreadable)?;
            self.group(&group, &mut documents.identity)?;
        }
        documents.boundary = self.boundary(policies, &holder)?;
        Ok(documents)
    }

    fn group(&self, group: &Group, out: &mut Vec<Document>) -> Result<(), Failure> {
        let holder = Holder::Group(group.record.entity.name.clone());
        self.own(&group.record.policies, &holder, out)
    }

    fn role(&self, role: &Role) -> Result<Documents, Failure> {
        let holder = Holder::Role(role.record.entity.name.clone());
        let policies = &role.record.policies;
        let mut documents = Documents::default();
        self.own(policies, &holder, &mut documents.identity)?;
        documents.boundary = self.boundary(policies, &holder)?;
        Ok(documents)
    }

    fn own(
        &self,
        policies: &PoliciesRecord,
        holder: &Holder,
        out: &mut Vec<Document>,
    ) -> Result<(), Failure> {
        out.extend(policies.inline.iter().map(|inline| Document {
            name: PolicyName::Inline(inline.name.clone()),
            holder: holder.clone(),
            text: inline.document.clone(),
        }));
        for attached in &policies.attached {
            out.push(self.managed(attached, holder)?);
        }
        Ok(())
    }

    fn boundary(
        &self,
        policies: &PoliciesRecord,
        holder: &Holder,
    ) -> Result<Option<Document>, Failure> {
        let boundary = policies.boundary.as_ref();
        boundary.map(|one| self.managed(one, holder)).transpose()
    }

    fn session(&self, session: Option<&Session>) -> Result<Option<Vec<Document>>, Failure> {
        let Some(session) = session.filter(|session| session.record.is_limited) else {
            return Ok(None);
        };
        let inline = session.record.policy.iter().map(|text| Document {
            name: PolicyName::Session,
            holder: Holder::Session,
            text: text.clone(),
        });
        let mut documents: Vec<Document> = inline.collect();
        for managed in &session.record.policies {
            match self.find(managed, &Holder::Session)? {
                Some(document) => documents.push(document),
                None => return Ok(Some(Vec::new())),
            }
        }
        Ok(Some(documents))
    }

    fn managed(&self, reference: &PolicyReference, holder: &Holder) -> Result<Document, Failure> {
        let found = self.find(reference, holder)?;
        found.ok_or_else(|| Unreadable.into())
    }

    fn find(
        &self,
        reference: &PolicyReference,
        holder: &Holder,
    ) -> Result<Option<Document>, Failure> {
        let (arn, text) = match reference {
            PolicyReference::Customer(name) => {
                let name = EntityName::new(self.account, name);
                let Some(found) = self.records.managed_policy(&name)? else {
                    return Ok(None);
                };
                let text = found.record.document().ok_or(Unreadable)?.to_owned();
                (policy_arn(self.partition, &found.record.entity), text)
            }
            PolicyReference::Aws(name) => {
                let found = AwsManagedPolicy::named(name).ok_or(Unreadable)?;
                (found.arn(self.partition), found.document.to_owned())
            }
        };
        Ok(Some(Document {
            name: PolicyName::Managed(arn),
            holder: holder.clone(),
            text,
        }))
    }
}
