//! Managed policies by ARN and by reference. An ARN must be written exactly as IAM writes it, or a policy that names
//! one (iam:PolicyARN) could be got around by another spelling.

use std::sync::Arc;

use strongroom_base::id::AccountId;
use strongroom_policy::CompiledPolicy;

use super::{AwsManagedPolicy, Caller, ManagedPolicy, policy_arn};
use crate::failure::Failure;
use crate::records::{PolicyReference, Unreadable};
use crate::repository::{EntityName, Repository};

/// A managed policy that a caller may use.
pub(crate) enum Managed {
    /// One of the caller's account.
    Customer(Arc<ManagedPolicy>),
    /// One that every account has.
    Aws(&'static AwsManagedPolicy),
}

impl Managed {
    /// What records keep of it.
    pub(crate) fn reference(&self) -> PolicyReference {
        match self {
            Self::Customer(policy) => {
                PolicyReference::Customer(policy.record.entity.name().as_str().to_owned())
            }
            Self::Aws(policy) => PolicyReference::Aws(policy.name.to_owned()),
        }
    }

    /// Its name as it was given.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Customer(policy) => &policy.record.entity.name,
            Self::Aws(policy) => policy.name,
        }
    }

    /// Its path, `/` or `/…/`.
    pub(crate) fn path(&self) -> &str {
        match self {
            Self::Customer(policy) => &policy.record.entity.path,
            Self::Aws(_) => "/",
        }
    }

    /// Its ARN.
    pub(crate) fn arn(&self, partition: &str) -> String {
        match self {
            Self::Customer(policy) => policy_arn(partition, &policy.record.entity),
            Self::Aws(policy) => policy.arn(partition),
        }
    }

    /// The version in force, compiled.
    pub(super) fn compiled(&self) -> Result<&Arc<CompiledPolicy>, Unreadable> {
        match self {
            Self::Customer(policy) => Ok(&policy.policy),
            Self::Aws(policy) => policy.policy.as_ref().ok_or(Unreadable),
        }
    }

    /// The document of the version in force.
    pub(super) fn document(&self) -> Result<&str, Unreadable> {
        match self {
            Self::Customer(policy) => policy.record.document().ok_or(Unreadable),
            Self::Aws(policy) => Ok(policy.document),
        }
    }
}

/// The managed policy with this ARN, of the caller's account or AWS's; `None` when there is none.
pub(crate) fn managed_with_arn(
    records: &Repository,
    caller: &Caller,
    arn: &str,
) -> Result<Option<Managed>, Failure> {
    if let Some(policy) = policy_with_arn(records, caller, arn)? {
        return Ok(Some(Managed::Customer(policy)));
    }
    let (_, name) = arn.rsplit_once('/').unwrap_or_default();
    let known = AwsManagedPolicy::named(name);
    let known = known.filter(|policy| policy.arn(caller.partition()) == arn);
    Ok(known.map(Managed::Aws))
}

/// The managed policy of the caller's account with this ARN; `None` when there is none.
pub(crate) fn policy_with_arn(
    records: &Repository,
    caller: &Caller,
    arn: &str,
) -> Result<Option<Arc<ManagedPolicy>>, Failure> {
    let (_, name) = arn.rsplit_once('/').unwrap_or_default();
    let found = records.managed_policy(&EntityName::new(caller.account, name))?;
    Ok(found.filter(|policy| policy_arn(caller.partition(), &policy.record.entity) == arn))
}

/// What a record of `account` refers to; `None` when it was deleted.
pub(super) fn managed_in(
    records: &Repository,
    account: AccountId,
    reference: &PolicyReference,
) -> Result<Option<Managed>, Failure> {
    Ok(match reference {
        PolicyReference::Customer(name) => {
            let found = records.managed_policy(&EntityName::new(account, name))?;
            found.map(Managed::Customer)
        }
        PolicyReference::Aws(name) => {
            let found = AwsManagedPolicy::named(name).ok_or(Unreadable)?;
            Some(Managed::Aws(found))
        }
    })
}

/// What a record of the caller's account refers to; what is referred to cannot have been deleted.
pub(crate) fn account_policy(
    records: &Repository,
    caller: &Caller,
    reference: &PolicyReference,
) -> Result<Managed, Failure> {
    let found = managed_in(records, caller.account, reference)?;
    found.ok_or_else(|| Unreadable.into())
}

/// The ARN of what a record of the caller's account refers to.
pub(crate) fn reference_arn(
    records: &Repository,
    caller: &Caller,
    reference: &PolicyReference,
) -> Result<String, Failure> {
    Ok(account_policy(records, caller, reference)?.arn(caller.partition()))
}
