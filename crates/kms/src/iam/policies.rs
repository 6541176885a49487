//! Every policy that speaks for or limits a caller at this moment. One reader finds those that a decision compares
//! and the documents of those who are shown which statement decided, so that both are in one order.

use std::sync::Arc;

use strongroom_aws::error::KmsException;
use strongroom_base::id::AccountId;
use strongroom_policy::CompiledPolicy;

use super::managed::managed_in;
use super::{Caller, Group, Guardrail, Identity, Role, Session, User};
use crate::failure::{Failure, refuse};
use crate::records::{PoliciesRecord, PolicyReference, Unreadable};
use crate::repository::Repository;

/// The name of a policy, for those who are told which one decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PolicyName {
    /// A policy that is part of a user, group or role, by its bare name.
    Inline(String),
    /// A managed policy, by its ARN.
    Managed(String),
    /// The policy given with a session.
    Session,
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

/// A policy as it is found.
pub(crate) struct Found<'f> {
    compiled: &'f Arc<CompiledPolicy>,
    document: &'f str,
    name: PolicyName,
    holder: &'f Holder,
}

/// A policy to decide by, and its name.
pub(crate) struct Named {
    /// The policy.
    pub policy: Arc<CompiledPolicy>,
    /// Its name.
    pub name: PolicyName,
}

impl From<Found<'_>> for Named {
    fn from(found: Found<'_>) -> Self {
        Self {
            policy: Arc::clone(found.compiled),
            name: found.name,
        }
    }
}

/// A policy to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// Its name.
    pub name: PolicyName,
    /// Through whom the caller has it.
    pub holder: Holder,
    /// The document as it was given.
    pub text: String,
}

impl From<Found<'_>> for Document {
    fn from(found: Found<'_>) -> Self {
        Self {
            name: found.name,
            holder: found.holder.clone(),
            text: found.document.to_owned(),
        }
    }
}

/// The policies of a caller, user, group or role.
pub(crate) struct Policies<P> {
    /// Inline policies, then attached ones, then those of each group likewise.
    pub identity: Vec<P>,
    /// The permissions boundary.
    pub boundary: Option<P>,
    /// Session policies, if the session is limited by any.
    pub session: Option<Vec<P>>,
}

impl<P> Default for Policies<P> {
    fn default() -> Self {
        Self {
            identity: Vec::new(),
            boundary: None,
            session: None,
        }
    }
}

/// Every policy that a decision on a request of a caller compares, but for the resource's.
pub(crate) struct CallerPolicies {
    /// What limits the account.
    pub guardrail: Option<Arc<Guardrail>>,
    /// The caller's own.
    pub own: Policies<Named>,
}

/// The policies of `caller` as they are now, not as they were when the signature was verified: the call may have
/// waited since. Errors: AccessDeniedException when its user or role is gone.
pub(crate) fn policies_of(
    records: &Repository,
    caller: &Caller,
) -> Result<CallerPolicies, Failure> {
    let guardrail = match caller.identity {
        Identity::Service | Identity::Web(_) => None,
        _ => Some(records.guardrail(&caller.account)?),
    };
    let own = Reader::of(records, caller).caller(caller)?;
    Ok(CallerPolicies { guardrail, own })
}

/// The documents of `caller`'s policies as they are now. Errors: as [`policies_of`].
pub(crate) fn documents_of(
    records: &Repository,
    caller: &Caller,
) -> Result<Policies<Document>, Failure> {
    Reader::of(records, caller).caller(caller)
}

/// The documents of the policies of a user of `caller`'s account.
pub(crate) fn documents_of_user(
    records: &Repository,
    caller: &Caller,
    user: &User,
) -> Result<Policies<Document>, Failure> {
    Reader::of(records, caller).user(user)
}

/// The documents of the policies of a group of `caller`'s account.
pub(crate) fn documents_of_group(
    records: &Repository,
    caller: &Caller,
    group: &Group,
) -> Result<Policies<Document>, Failure> {
    let mut policies = Policies::default();
    Reader::of(records, caller).group(group, &mut policies.identity)?;
    Ok(policies)
}

/// The documents of the policies of a role of `caller`'s account.
pub(crate) fn documents_of_role(
    records: &Repository,
    caller: &Caller,
    role: &Role,
) -> Result<Policies<Document>, Failure> {
    Reader::of(records, caller).role(role)
}

fn gone() -> Failure {
    refuse(KmsException::AccessDenied)
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

    fn caller<P: for<'f> From<Found<'f>>>(&self, caller: &Caller) -> Result<Policies<P>, Failure> {
        let policies = match &caller.identity {
            Identity::User(user) | Identity::FederatedUser(Some(user)) => {
                let now = self.records.user_with_id(&user.record.entity.id)?;
                self.user(&*now.ok_or_else(gone)?)?
            }
            Identity::Role(role, _) => {
                let now = self.records.role_with_id(&role.record.entity.id)?;
                self.role(&*now.ok_or_else(gone)?)?
            }
            // STS API, GetFederationToken: by a root, the session policies alone limit what everything allows.
            Identity::FederatedUser(None) => {
                let everything = PolicyReference::Aws("AdministratorAccess".to_owned());
                Policies {
                    identity: vec![self.managed(&everything, &Holder::Root)?],
                    ..Policies::default()
                }
            }
            Identity::Root | Identity::Service | Identity::Web(_) => Policies::default(),
        };
        Ok(Policies {
            session: self.session(caller.session.as_deref())?,
            ..policies
        })
    }

    fn user<P: for<'f> From<Found<'f>>>(&self, user: &User) -> Result<Policies<P>, Failure> {
        let holder = Holder::User(user.record.entity.name.clone());
        let mut policies = self.held(&user.inline, &user.record.policies, &holder)?;
        for group in &user.record.group_ids {
            // A group with users in it cannot be deleted, so one that is missing is damage, or the user left it
            // since the caller was looked up: either way not everything is known that denies.
            let group = self.records.group_with_id(group)?.ok_or(Unreadable)?;
            self.group(&group, &mut policies.identity)?;
        }
        Ok(policies)
    }

    fn group<P: for<'f> From<Found<'f>>>(
        &self,
        group: &Group,
        out: &mut Vec<P>,
    ) -> Result<(), Failure> {
        let holder = Holder::Group(group.record.entity.name.clone());
        self.identity(&group.inline, &group.record.policies, &holder, out)
    }

    fn role<P: for<'f> From<Found<'f>>>(&self, role: &Role) -> Result<Policies<P>, Failure> {
        let holder = Holder::Role(role.record.entity.name.clone());
        self.held(&role.inline, &role.record.policies, &holder)
    }

    fn held<P: for<'f> From<Found<'f>>>(
        &self,
        inline: &[Arc<CompiledPolicy>],
        record: &PoliciesRecord,
        holder: &Holder,
    ) -> Result<Policies<P>, Failure> {
        let mut policies = Policies::default();
        self.identity(inline, record, holder, &mut policies.identity)?;
        let boundary = record.boundary.as_ref();
        let boundary = boundary.map(|one| self.managed(one, holder));
        policies.boundary = boundary.transpose()?;
        Ok(policies)
    }

    fn identity<P: for<'f> From<Found<'f>>>(
        &self,
        inline: &[Arc<CompiledPolicy>],
        record: &PoliciesRecord,
        holder: &Holder,
        out: &mut Vec<P>,
    ) -> Result<(), Failure> {
        out.extend(inline.iter().zip(&record.inline).map(|(compiled, inline)| {
            P::from(Found {
                compiled,
                document: &inline.document,
                name: PolicyName::Inline(inline.name.clone()),
                holder,
            })
        }));
        for attached in &record.attached {
            out.push(self.managed(attached, holder)?);
        }
        Ok(())
    }

    fn session<P: for<'f> From<Found<'f>>>(
        &self,
        session: Option<&Session>,
    ) -> Result<Option<Vec<P>>, Failure> {
        let Some(session) = session.filter(|session| session.record.is_limited) else {
            return Ok(None);
        };
        let inline = session.policy.iter().zip(&session.record.policy);
        let inline = inline.map(|(compiled, document)| {
            P::from(Found {
                compiled,
                document,
                name: PolicyName::Session,
                holder: &Holder::Session,
            })
        });
        let mut policies: Vec<P> = inline.collect();
        for managed in &session.record.policies {
            let Some(found) = self.find(managed, &Holder::Session)? else {
                // What it denied is no longer known, so nothing is allowed.
                return Ok(Some(Vec::new()));
            };
            policies.push(found);
        }
        Ok(Some(policies))
    }

    /// An attached policy, which cannot have been deleted.
    fn managed<P: for<'f> From<Found<'f>>>(
        &self,
        reference: &PolicyReference,
        holder: &Holder,
    ) -> Result<P, Failure> {
        let found = self.find(reference, holder)?;
        found.ok_or_else(|| Unreadable.into())
    }

    fn find<P: for<'f> From<Found<'f>>>(
        &self,
        reference: &PolicyReference,
        holder: &Holder,
    ) -> Result<Option<P>, Failure> {
        let Some(managed) = managed_in(self.records, self.account, reference)? else {
            return Ok(None);
        };
        Ok(Some(P::from(Found {
            compiled: managed.compiled()?,
            document: managed.document()?,
            name: PolicyName::Managed(managed.arn(self.partition)),
            holder,
        })))
    }
}
