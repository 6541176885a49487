//! Who uses which managed policy. The account's own policies carry exact counts in their records; of those that
//! every account has, the users, groups and roles of the account are asked.

use strongroom_aws::iam::PolicyUsageType;

use super::listing::{Item, Kind, Listing};
use crate::call::Call;
use crate::failure::Failure;
use crate::records::{ManagedPolicyRecord, PoliciesRecord, PolicyReference};

/// What can use a managed policy.
pub(super) const USERS_OF_POLICIES: &[Kind] = &[Kind::Groups, Kind::Users, Kind::Roles];

/// How often an account uses a managed policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PolicyUse {
    /// To how many users, groups and roles it is attached.
    pub(super) attachments: u32,
    /// How many users and roles it bounds.
    pub(super) boundaries: u32,
}

impl PolicyUse {
    /// The use of one of the account's own.
    pub(super) fn of_own(policy: &ManagedPolicyRecord) -> Self {
        Self {
            attachments: policy.attachments,
            boundaries: policy.boundaries,
        }
    }

    /// Whether it is used, in this way or in any.
    pub(super) fn is_any(self, usage: Option<PolicyUsageType>) -> bool {
        match usage {
            Some(PolicyUsageType::PermissionsPolicy) => self.attachments > 0,
            Some(PolicyUsageType::PermissionsBoundary) => self.boundaries > 0,
            None => self.attachments > 0 || self.boundaries > 0,
        }
    }
}

/// The uses of policies that every account has, by the caller's account.
#[derive(Default)]
pub(super) struct AwsPolicyUses(Vec<PoliciesRecord>);

impl AwsPolicyUses {
    /// Reads all users, groups and roles, as many as the quotas of the account allow.
    pub(super) fn read(call: &Call<'_>) -> Result<Self, Failure> {
        let mut uses = Vec::new();
        for item in Listing::new(call, USERS_OF_POLICIES).all() {
            let policies = item?.policies().cloned().unwrap_or_default();
            let is_of_aws = |one: &PolicyReference| matches!(one, PolicyReference::Aws(_));
            let mut all = policies.attached.iter().chain(&policies.boundary);
            if all.any(is_of_aws) {
                uses.push(policies);
            }
        }
        Ok(Self(uses))
    }

    /// The use of the one with this name.
    pub(super) fn of(&self, name: &str) -> PolicyUse {
        let wanted = PolicyReference::Aws(name.to_owned());
        let count = |uses: fn(&PoliciesRecord, &PolicyReference) -> bool| {
            let found = self.0.iter().filter(|one| uses(one, &wanted)).count();
            u32::try_from(found).unwrap_or(u32::MAX)
        };
        PolicyUse {
            attachments: count(is_attached),
            boundaries: count(is_boundary),
        }
    }
}

/// Whether `item` uses the policy, in this way or in any.
pub(super) fn uses(item: &Item, policy: &PolicyReference, usage: Option<PolicyUsageType>) -> bool {
    item.policies().is_some_and(|policies| match usage {
        Some(PolicyUsageType::PermissionsPolicy) => is_attached(policies, policy),
        Some(PolicyUsageType::PermissionsBoundary) => is_boundary(policies, policy),
        None => is_attached(policies, policy) || is_boundary(policies, policy),
    })
}

fn is_attached(policies: &PoliciesRecord, policy: &PolicyReference) -> bool {
    policies.attached.contains(policy)
}

fn is_boundary(policies: &PoliciesRecord, policy: &PolicyReference) -> bool {
    policies.boundary.as_ref() == Some(policy)
}
