//! Principals in stored documents and grants: bound to unique ids when written, shown as ARNs while they
//! exist. What is deleted and made again under its old name is somebody else.

use strongroom_base::id::AccountId;
use strongroom_policy::{IdentityKind, Policy, Principal};

use crate::failure::Failure;
use crate::kms::Kms;
use crate::records::{Entity, EntityKind, Unreadable};
use crate::repository::{EntityName, Repository};

/// A principal of a policy or grant, after its look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// It exists, and is kept as it was written.
    AsWritten,
    /// It exists, and is kept by its unique id; of a role's session followed by `:` and its name.
    ById(AccountId, String),
    /// There is no such principal.
    Absent,
}

/// A principal that does not exist, as a document names it.
pub(crate) struct AbsentPrincipal {
    /// The member of the Principal element that holds it: `AWS`, `Service`, …
    pub member: String,
    /// The principal, as written.
    pub value: String,
}

/// The policy as it is stored; `None` when it names a principal that does not exist.
pub(crate) fn bind(kms: &Kms, policy: &Policy, partition: &str) -> Result<Option<Policy>, Failure> {
    Ok(bind_or_name(kms, policy, partition)?.ok())
}

/// The policy as it is stored, or the first principal in it that does not exist.
pub(crate) fn bind_or_name(
    kms: &Kms,
    policy: &Policy,
    partition: &str,
) -> Result<Result<Policy, AbsentPrincipal>, Failure> {
    let mut obstacle = None;
    let stored = policy.map_principals(|member, value| {
        if obstacle.is_some() {
            return None;
        }
        match bound(kms, member, value, partition) {
            Ok(Bound::AsWritten) => return None,
            Ok(Bound::ById(_, id)) => return Some(id),
            Ok(Bound::Absent) => {
                let (member, value) = (member.to_owned(), value.to_owned());
                obstacle = Some(Ok(AbsentPrincipal { member, value }));
            }
            Err(failure) => obstacle = Some(Err(failure)),
        }
        None
    });
    match obstacle {
        None => Ok(Ok(stored.map_err(|_| Unreadable)?)),
        Some(Ok(absent)) => Ok(Err(absent)),
        Some(Err(failure)) => Err(failure),
    }
}

/// Looks up the principal that `value` means under `member` of a Principal element.
pub(crate) fn bound(
    kms: &Kms,
    member: &str,
    value: &str,
    partition: &str,
) -> Result<Bound, Failure> {
    match Principal::parse(member, value) {
        Some(Principal::Anyone | Principal::Service(_)) => Ok(Bound::AsWritten),
        Some(Principal::Account {
            account,
            partition: written,
        }) => {
            let is_here = written.is_none_or(|written| written == partition);
            Ok(as_written(is_here && kms.account_exists(&account)?))
        }
        Some(Principal::Identity { kind, account, arn }) if arn.partition() == partition => {
            bound_identity(kms, kind, account, arn.resource())
        }
        Some(Principal::UniqueId(id)) => bound_id(&kms.records, &id),
        // Which providers there are is known to those who check their tokens.
        Some(Principal::Federated(_)) => Ok(Bound::AsWritten),
        Some(Principal::Identity { .. } | Principal::CanonicalUser(_)) | None => Ok(Bound::Absent),
    }
}

fn as_written(exists: bool) -> Bound {
    if exists {
        Bound::AsWritten
    } else {
        Bound::Absent
    }
}

fn bound_identity(
    kms: &Kms,
    kind: IdentityKind,
    account: AccountId,
    resource: &str,
) -> Result<Bound, Failure> {
    let records = &kms.records;
    let name = |resource: &str| {
        let (_, name) = resource.rsplit_once('/').unwrap_or_default();
        EntityName::new(account, name)
    };
    let found = match kind {
        IdentityKind::User => {
            let user = records.user(&name(resource))?;
            let user = user.filter(|user| resource_part("user", &user.record.entity) == resource);
            user.map(|user| user.record.entity.id.clone())
        }
        IdentityKind::Role => {
            let role = records.role(&name(resource))?;
            let role = role.filter(|role| resource_part("role", &role.record.entity) == resource);
            role.map(|role| role.record.entity.id.clone())
        }
        IdentityKind::AssumedRoleSession => {
            let (role, session) = resource.rsplit_once('/').unwrap_or_default();
            let (_, written) = role.split_once('/').unwrap_or_default();
            let role = records.role(&EntityName::new(account, written))?;
            // Another case is another name: a policy that names the session (kms:GranteePrincipal) must not be got
            // around by it.
            let role = role.filter(|role| role.record.entity.name == written);
            role.map(|role| format!("{}:{session}", role.record.entity.id))
        }
        IdentityKind::FederatedUserSession => return Ok(as_written(kms.account_exists(&account)?)),
    };
    Ok(found.map_or(Bound::Absent, |id| Bound::ById(account, id)))
}

fn bound_id(records: &Repository, id: &str) -> Result<Bound, Failure> {
    let (entity, session) = entity_and_session(id);
    let found = records.entity_with_id(entity)?;
    let found = found.filter(|found| match found.kind {
        EntityKind::User => session.is_none(),
        EntityKind::Role => true,
        EntityKind::Group | EntityKind::ManagedPolicy => false,
    });
    Ok(found.map_or(Bound::Absent, |found| {
        Bound::ById(found.account, id.to_owned())
    }))
}

/// The unique id of the entity, and the session's name if the id is a session's.
fn entity_and_session(id: &str) -> (&str, Option<&str>) {
    match id.split_once(':') {
        Some((entity, session)) => (entity, Some(session)),
        None => (id, None),
    }
}

/// A stored policy document as it is shown: unique ids become the ARNs of those who still have them.
pub(crate) fn show(
    records: &Repository,
    policy: &Policy,
    partition: &str,
) -> Result<Policy, Failure> {
    let mut failed = None;
    let shown = policy.map_principals(|member, value| {
        if member != "AWS" {
            return None;
        }
        principal_with_id(records, value, partition).unwrap_or_else(|failure| {
            failed = Some(failure);
            None
        })
    });
    match failed {
        Some(failure) => Err(failure),
        None => Ok(shown.map_err(|_| Unreadable)?),
    }
}

/// The ARN of the user, role or role's session with this unique id; `None` when nothing has it now.
pub(crate) fn principal_with_id(
    records: &Repository,
    id: &str,
    partition: &str,
) -> Result<Option<String>, Failure> {
    let (entity, session) = entity_and_session(id);
    if let Some(user) = records.user_with_id(entity)? {
        return Ok(Some(user_arn(partition, &user.record.entity)));
    }
    let role = records.role_with_id(entity)?;
    Ok(role.map(|role| match session {
        Some(session) => session_arn(partition, &role.record.entity, session),
        None => role_arn(partition, &role.record.entity),
    }))
}

/// The ARN of an account's root.
pub(crate) fn root_arn(partition: &str, account: &AccountId) -> String {
    iam_arn(partition, account, "root")
}

/// The ARN of a user.
pub(crate) fn user_arn(partition: &str, entity: &Entity) -> String {
    entity_arn(partition, "user", entity)
}

/// The ARN of a group.
pub(crate) fn group_arn(partition: &str, entity: &Entity) -> String {
    entity_arn(partition, "group", entity)
}

/// The ARN of a role.
pub(crate) fn role_arn(partition: &str, entity: &Entity) -> String {
    entity_arn(partition, "role", entity)
}

/// The ARN of a managed policy of an account.
pub(crate) fn policy_arn(partition: &str, entity: &Entity) -> String {
    entity_arn(partition, "policy", entity)
}

/// The ARN of a session of a role: the role's path is not in it.
pub(crate) fn session_arn(partition: &str, role: &Entity, session: &str) -> String {
    let (account, name) = (&role.account, &role.name);
    format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}")
}

/// The ARN of a federated user.
pub(crate) fn federated_user_arn(partition: &str, account: &AccountId, name: &str) -> String {
    format!("arn:{partition}:sts::{account}:federated-user/{name}")
}

/// The ARN of what IAM has in an account under `resource`, as in `user/path/name`.
pub(crate) fn iam_arn(partition: &str, account: &AccountId, resource: &str) -> String {
    format!("arn:{partition}:iam::{account}:{resource}")
}

fn entity_arn(partition: &str, kind: &str, entity: &Entity) -> String {
    iam_arn(partition, &entity.account, &resource_part(kind, entity))
}

fn resource_part(kind: &str, entity: &Entity) -> String {
    format!("{kind}{}{}", entity.path, entity.name)
}
