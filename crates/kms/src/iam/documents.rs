//! The documents of a caller's policies, in the order of [`super::policies_of`], for those who are shown which
//! statement decided. Never part of a decision.

use super::caller::{PolicyName, Session};
use super::{AwsManagedPolicy, Caller, Identity, User, policy_arn};
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
    let read = Reader { records, caller };
    let mut documents = Documents {
        session: read.session(caller.session.as_deref())?,
        ..Documents::default()
    };
    match &caller.identity {
        Identity::User(user) | Identity::FederatedUser(Some(user)) => {
            read.user(user, &mut documents)?;
        }
        Identity::Role(role, _) => {
            let holder = Holder::Role(role.record.entity.name.clone());
            let policies = &role.record.policies;
            read.own(policies, &holder, &mut documents.identity)?;
            documents.boundary = read.boundary(policies, &holder)?;
        }
        Identity::FederatedUser(None) => {
            let everything = PolicyReference::Aws("AdministratorAccess".to_owned());
            let document = read.managed(&everything, &Holder::Root)?;
            documents.identity.push(document);
        }
        Identity::Root | Identity::Service | Identity::Bearer(_) => {}
    }
    Ok(documents)
}

struct Reader<'r> {
    records: &'r Repository,
    caller: &'r Caller,
}

impl Reader<'_> {
    fn user(&self, user: &User, documents: &mut Documents) -> Result<(), Failure> {
        let holder = Holder::User(user.record.entity.name.clone());
        let policies = &user.record.policies;
        self.own(policies, &holder, &mut documents.identity)?;
        for group in &user.record.group_ids {
            let group = self.records.group_with_id(group)?.ok_or(Unreadable)?;
            let holder = Holder::Group(group.record.entity.name.clone());
            self.own(&group.record.policies, &holder, &mut documents.identity)?;
        }
        documents.boundary = self.boundary(policies, &holder)?;
        Ok(())
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
        let partition = self.caller.partition();
        let (arn, text) = match reference {
            PolicyReference::Customer(name) => {
                let name = EntityName::new(self.caller.account, name);
                let Some(found) = self.records.managed_policy(&name)? else {
                    return Ok(None);
                };
                let text = found.record.document().ok_or(Unreadable)?.to_owned();
                (policy_arn(partition, &found.record.entity), text)
            }
            PolicyReference::Aws(name) => {
                let found = AwsManagedPolicy::named(name).ok_or(Unreadable)?;
                (found.arn(partition), found.document.to_owned())
            }
        };
        Ok(Some(Document {
            name: PolicyName::Managed(arn),
            holder: holder.clone(),
            text,
        }))
    }
}
