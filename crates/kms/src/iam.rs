//! Identities with their policies compiled, and the policies of a caller. What they amount to is decided in
//! `policy`; a policy that cannot be read is an error, and so a denial.

mod aws_managed;
mod caller;
mod managed;
mod policies;
mod principals;

use std::sync::Arc;

use strongroom_policy::{CompiledPolicy, Grammar, Policy};

use crate::failure::Failure;
use crate::records::{
    GroupRecord, InlinePolicyRecord, ManagedPolicyRecord, RoleRecord, Unreadable, UserRecord,
};
use crate::repository::Stored;

pub(crate) use aws_managed::{AWS_MANAGED_POLICIES, AwsManagedPolicy};
pub(crate) use caller::{Caller, Identity, Session};
pub(crate) use managed::{
    Managed, account_policy, managed_with_arn, policy_with_arn, reference_arn,
};
pub(crate) use policies::{
    CallerPolicies, Document, Holder, Named, Policies, PolicyName, documents_of,
    documents_of_group, documents_of_role, documents_of_user, policies_of,
};
pub(crate) use principals::{
    Bound, bind, bind_or_name, bound, federated_user_arn, group_arn, iam_arn, policy_arn,
    principal_with_id, role_arn, root_arn, session_arn, show, user_arn,
};

/// Writes the entities that have inline policies.
macro_rules! entities {
    ($($(#[$doc:meta])* $entity:ident($record:ident);)*) => {$(
        $(#[$doc])*
        pub(crate) struct $entity {
            /// The version of its record, which a change must rely on.
            pub version: u64,
            /// Its record.
            pub record: $record,
            /// Its inline policies, in the order of the record.
            pub inline: Vec<Arc<CompiledPolicy>>,
        }

        impl $entity {
            /// The entity that a record describes.
            pub(crate) fn load(stored: Stored<$record>) -> Result<Self, Failure> {
                Ok(Self {
                    inline: compile_all(&stored.record.policies.inline)?,
                    version: stored.version,
                    record: stored.record,
                })
            }
        }
    )*};
}

entities! {
    /// A user.
    User(UserRecord);
    /// A group.
    Group(GroupRecord);
}

/// A role.
pub(crate) struct Role {
    /// The version of its record, which a change must rely on.
    pub version: u64,
    /// Its record.
    pub record: RoleRecord,
    /// Its inline policies, in the order of the record.
    pub inline: Vec<Arc<CompiledPolicy>>,
    /// Who may assume it.
    pub trust: CompiledPolicy,
}

impl Role {
    /// The role that a record describes.
    pub(crate) fn load(stored: Stored<RoleRecord>) -> Result<Self, Failure> {
        Ok(Self {
            inline: compile_all(&stored.record.policies.inline)?,
            trust: compile(&stored.record.trust, Grammar::Trust)?,
            version: stored.version,
            record: stored.record,
        })
    }
}

/// A managed policy of an account.
pub(crate) struct ManagedPolicy {
    /// The version of its record, which a change must rely on.
    pub version: u64,
    /// Its record.
    pub record: ManagedPolicyRecord,
    /// The version in force.
    pub policy: Arc<CompiledPolicy>,
}

impl ManagedPolicy {
    /// The policy that a record describes.
    pub(crate) fn load(stored: Stored<ManagedPolicyRecord>) -> Result<Self, Failure> {
        let document = stored.record.document().ok_or(Unreadable)?;
        Ok(Self {
            policy: Arc::new(compile(document, Grammar::Identity)?),
            version: stored.version,
            record: stored.record,
        })
    }
}

/// What limits every principal of an account, if anything does.
pub(crate) struct Guardrail(pub Option<CompiledPolicy>);

impl Guardrail {
    /// The guardrail with this document.
    pub(crate) fn load(document: Option<&str>) -> Result<Self, Failure> {
        let policy = document.map(|document| compile(document, Grammar::Identity));
        Ok(Self(policy.transpose()?))
    }
}

/// Compiles a stored document; one that was accepted once and cannot be read now is damaged.
pub(crate) fn compile(document: &str, grammar: Grammar) -> Result<CompiledPolicy, Unreadable> {
    let policy = Policy::parse_kept(document, grammar).map_err(|_| Unreadable)?;
    Ok(CompiledPolicy::new(&policy))
}

fn compile_all(policies: &[InlinePolicyRecord]) -> Result<Vec<Arc<CompiledPolicy>>, Unreadable> {
    let compiled = policies.iter();
    compiled
        .map(|policy| compile(&policy.document, Grammar::Identity).map(Arc::new))
        .collect()
}
