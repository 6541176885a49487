//! What users, groups, roles and managed policies have in common, and what AWS says differently of each. No operation
//! looks any of them up in another way.

use std::sync::Arc;

use strongroom_aws::error::QueryException;
use strongroom_aws::text::iam as text;

use crate::authorize::Entity;
use crate::call::Call;
use crate::failure::{Failure, refuse_with};
use crate::iam::policy_with_arn;
use crate::records::{
    GroupRecord, ManagedPolicyRecord, PoliciesRecord, RoleRecord, TagRecord, UserRecord,
};
use crate::repository::{EntityName, EntityRecord, Stored};

/// A user, group, role or managed policy.
pub(crate) trait Subject: EntityRecord + Clone + Send + Sync + 'static {
    /// What its unique ids begin with.
    const ID_PREFIX: &'static str;
    /// What a quota of an account is called in texts.
    const PER_ACCOUNT_QUOTA: &'static str;
    /// IAM User Guide, "IAM and AWS STS quotas".
    const PER_ACCOUNT_MAX: usize;

    /// It as a target, by what operations name it: policies by ARN, all else by name.
    fn target(name: &str) -> Entity<'_>;

    /// It in the caller's account, unless there is none.
    fn find(call: &Call<'_>, name: &str) -> Result<Option<Stored<Self>>, Failure>;

    /// NoSuchEntity.
    fn absent(name: &str) -> String;

    /// EntityAlreadyExists.
    fn already_exists(name: &str) -> String;

    /// It in the caller's account. Errors: NoSuchEntity.
    fn get(call: &Call<'_>, name: &str) -> Result<Stored<Self>, Failure> {
        let found = Self::find(call, name)?;
        found.ok_or_else(|| refuse_with(QueryException::NoSuchEntity, Self::absent(name)))
    }
}

/// What has tags.
pub(crate) trait Tagged: Subject {
    /// Its tags.
    fn tags(&self) -> &[TagRecord];

    /// Its tags, to be changed.
    fn tags_mut(&mut self) -> &mut Vec<TagRecord>;
}

/// What has policies: a user, group or role.
pub(crate) trait Holder: Subject {
    /// What texts call it, in lower case.
    const KIND_NAME: &'static str;
    /// How many characters all inline policies may have together (IAM User Guide, "IAM and AWS STS quotas").
    const INLINE_CHARACTERS_MAX: usize;
    /// The quota of attached policies, as texts call it.
    const ATTACHED_QUOTA: &'static str;

    /// Its policies.
    fn policies(&self) -> &PoliciesRecord;

    /// Its policies, to be changed.
    fn policies_mut(&mut self) -> &mut PoliciesRecord;

    /// NoSuchEntity, of an inline policy.
    fn no_such_inline_policy(name: &str) -> String;
}

/// What may have a permissions boundary: a user or role.
pub(crate) trait Bounded: Holder {}

impl Bounded for UserRecord {}
impl Bounded for RoleRecord {}

macro_rules! subjects {
    ($($record:ident $prefix:literal $quota:literal $max:literal
       $target:expr, $find:expr, $absent:expr, $exists:expr;)*) => {$(
        impl Subject for $record {
            const ID_PREFIX: &'static str = $prefix;
            const PER_ACCOUNT_QUOTA: &'static str = $quota;
            const PER_ACCOUNT_MAX: usize = $max;

            fn target(name: &str) -> Entity<'_> {
                $target(name)
            }

            fn find(call: &Call<'_>, name: &str) -> Result<Option<Stored<Self>>, Failure> {
                let find: fn(&Call<'_>, &str) -> _ = $find;
                let found: Option<Arc<_>> = find(call, name)?;
                Ok(found.map(|found| Stored {
                    version: found.version,
                    record: found.record.clone(),
                }))
            }

            fn absent(name: &str) -> String {
                $absent(name)
            }

            fn already_exists(name: &str) -> String {
                $exists(name)
            }
        }
    )*};
}

subjects! {
    UserRecord "AIDA" "UsersPerAccount" 5_000
        Entity::User,
        |call, name| call.kms.records.user(&place(call, name)),
        text::no_such_user, text::user_exists;
    GroupRecord "AGPA" "GroupsPerAccount" 300
        Entity::Group,
        |call, name| call.kms.records.group(&place(call, name)),
        text::no_such_group, text::group_exists;
    RoleRecord "AROA" "RolesPerAccount" 1_000
        Entity::Role,
        |call, name| call.kms.records.role(&place(call, name)),
        text::no_such_role, text::role_exists;
    ManagedPolicyRecord "ANPA" "PoliciesPerAccount" 1_500
        Entity::Arn,
        |call, arn| policy_with_arn(&call.kms.records, &call.caller, arn),
        text::no_such_policy, text::policy_exists;
}

fn place(call: &Call<'_>, name: &str) -> EntityName {
    EntityName::new(call.caller.account, name)
}

macro_rules! tagged {
    ($($record:ident)*) => {$(
        impl Tagged for $record {
            fn tags(&self) -> &[TagRecord] {
                &self.tags
            }

            fn tags_mut(&mut self) -> &mut Vec<TagRecord> {
                &mut self.tags
            }
        }
    )*};
}

tagged!(UserRecord RoleRecord ManagedPolicyRecord);

macro_rules! holders {
    ($($record:ident $kind:literal $max:literal $quota:literal $no_policy:expr;)*) => {$(
        impl Holder for $record {
            const KIND_NAME: &'static str = $kind;
            const INLINE_CHARACTERS_MAX: usize = $max;
            const ATTACHED_QUOTA: &'static str = $quota;

            fn policies(&self) -> &PoliciesRecord {
                &self.policies
            }

            fn policies_mut(&mut self) -> &mut PoliciesRecord {
                &mut self.policies
            }

            fn no_such_inline_policy(name: &str) -> String {
                $no_policy(name)
            }
        }
    )*};
}

holders! {
    UserRecord "user" 2_048 "PoliciesPerUser" text::no_such_user_policy;
    GroupRecord "group" 5_120 "PoliciesPerGroup" text::no_such_group_policy;
    RoleRecord "role" 10_240 "PoliciesPerRole" text::no_such_role_policy;
}
