//! What a denied caller is told: never more than the caller may see.

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::text::{self, Where};
use strongroom_policy::{At, Denial, PolicyType};

use crate::iam::{Named, Policies, PolicyName};

/// The refusal of `action` for this reason, where the caller may see `place`.
pub(super) fn refusal(
    caller_arn: &str,
    action: &str,
    place: Where<'_>,
    denial: &Denial,
    policies: &Policies<Named>,
) -> Refusal {
    let text = match denial {
        Denial::Missing(policy_type) => {
            text::denied_without(caller_arn, action, place, policy_type.name())
        }
        Denial::Explicit(at) => {
            let name = name_of(at, policies);
            text::denied_explicitly(caller_arn, action, place, at.policy_type.name(), name)
        }
        // Something could not be looked up, so nobody can say what would have allowed it.
        Denial::Undetermined => {
            text::denied_without(caller_arn, action, place, PolicyType::Identity.name())
        }
    };
    Refusal::new(KmsException::AccessDenied, text)
}

/// Since 2026 AWS names the policy that denies, where the caller's own account holds it.
fn name_of<'p>(at: &At, policies: &'p Policies<Named>) -> Option<&'p str> {
    let named = match at.policy_type {
        PolicyType::Identity => policies.identity.get(at.policy),
        PolicyType::Boundary => policies.boundary.as_ref(),
        PolicyType::Session => policies.session.as_ref()?.get(at.policy),
        PolicyType::Guardrail | PolicyType::Resource => None,
    };
    match &named?.name {
        PolicyName::Inline(name) | PolicyName::Managed(name) => Some(name),
        PolicyName::Session => None,
    }
}
