//! The account as a whole: how many users, groups, roles and policies it has, and everything that is known of them.
//! No secret is ever part of it.

use strongroom_aws::iam::{
    BooleanType, EntityType, GetAccountAuthorizationDetailsRequest,
    GetAccountAuthorizationDetailsResponse, GetAccountSummaryResponse, MaxItemsType,
    SummaryKeyType, SummaryMapType, SummaryValueType,
};
use strongroom_aws::shape::NoOutput;

use super::access_keys::{self, keys_of_root};
use super::attachments::ATTACHED_MAX;
use super::groups::GROUPS_PER_USER_MAX;
use super::listing::{Item, Kind, Listing};
use super::policy_use::{AwsPolicyUses, PolicyUse};
use super::subjects::{Holder, Subject};
use super::{managed_policies, pages, roles};
use crate::authorize::{Authorized, Target};
use crate::call::Call;
use crate::failure::Failure;
use crate::ops::Operation;
use crate::records::{GroupRecord, ManagedPolicyRecord, RoleRecord, UserRecord};

use details::Details;

mod details;

/// Everything, in the order of GetAccountAuthorizationDetails.
const ALL: &[Kind] = &[
    Kind::Users,
    Kind::Groups,
    Kind::Roles,
    Kind::Policies,
    Kind::AwsPolicies,
];
/// The most items of one answer of GetAccountAuthorizationDetails, each with all its documents. IAM API, MaxItems: it
/// may have fewer than were asked for.
const DETAILS_MAX: i32 = 100;
/// IAM API, SetSecurityTokenServicePreferences: tokens that are good in all Regions.
const TOKEN_VERSION: usize = 2;

/// IAM API, GetAccountSummary.
pub(in crate::ops) struct GetAccountSummary;

impl Operation for GetAccountSummary {
    type Input = NoOutput;
    type Output = GetAccountSummaryResponse;

    fn targets(_: &NoOutput) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetAccountSummaryResponse, Failure> {
        let call = request.call();
        let counts = counts(call)?;
        let all = counts.iter().chain(QUOTAS).chain(NEVER);
        let entry = |(key, value): &(SummaryKeyType, usize)| {
            (
                *key,
                SummaryValueType(i32::try_from(*value).unwrap_or(i32::MAX)),
            )
        };
        Ok(GetAccountSummaryResponse {
            summary_map: Some(SummaryMapType(all.map(entry).collect())),
        })
    }
}

fn counts(call: &Call<'_>) -> Result<[(SummaryKeyType, usize); 6], Failure> {
    let (mut policies, mut versions) = (0, 0);
    pages::each(call, None, |policy: ManagedPolicyRecord| {
        policies += 1;
        versions += policy.versions.len();
        true
    })?;
    Ok([
        (
            SummaryKeyType::Users,
            pages::count::<UserRecord>(call, usize::MAX)?,
        ),
        (
            SummaryKeyType::Groups,
            pages::count::<GroupRecord>(call, usize::MAX)?,
        ),
        (
            SummaryKeyType::Roles,
            pages::count::<RoleRecord>(call, usize::MAX)?,
        ),
        (SummaryKeyType::Policies, policies),
        (SummaryKeyType::PolicyVersionsInUse, versions),
        (
            SummaryKeyType::AccountAccessKeysPresent,
            usize::from(!keys_of_root(call)?.is_empty()),
        ),
    ])
}

/// What an account may have.
const QUOTAS: &[(SummaryKeyType, usize)] = &[
    (SummaryKeyType::UsersQuota, UserRecord::PER_ACCOUNT_MAX),
    (SummaryKeyType::GroupsQuota, GroupRecord::PER_ACCOUNT_MAX),
    (SummaryKeyType::RolesQuota, RoleRecord::PER_ACCOUNT_MAX),
    (
        SummaryKeyType::PoliciesQuota,
        ManagedPolicyRecord::PER_ACCOUNT_MAX,
    ),
    (
        SummaryKeyType::UserPolicySizeQuota,
        UserRecord::INLINE_CHARACTERS_MAX,
    ),
    (
        SummaryKeyType::GroupPolicySizeQuota,
        GroupRecord::INLINE_CHARACTERS_MAX,
    ),
    (
        SummaryKeyType::RolePolicySizeQuota,
        RoleRecord::INLINE_CHARACTERS_MAX,
    ),
    (
        SummaryKeyType::PolicySizeQuota,
        managed_policies::CHARACTERS_MAX,
    ),
    (
        SummaryKeyType::AssumeRolePolicySizeQuota,
        roles::TRUST_CHARACTERS_MAX,
    ),
    (SummaryKeyType::GroupsPerUserQuota, GROUPS_PER_USER_MAX),
    (
        SummaryKeyType::AccessKeysPerUserQuota,
        access_keys::ACCESS_KEYS_MAX,
    ),
    (SummaryKeyType::AttachedPoliciesPerUserQuota, ATTACHED_MAX),
    (SummaryKeyType::AttachedPoliciesPerGroupQuota, ATTACHED_MAX),
    (SummaryKeyType::AttachedPoliciesPerRoleQuota, ATTACHED_MAX),
    (
        SummaryKeyType::VersionsPerPolicyQuota,
        managed_policies::VERSIONS_MAX,
    ),
    (
        SummaryKeyType::PolicyVersionsInUseQuota,
        ManagedPolicyRecord::PER_ACCOUNT_MAX * managed_policies::VERSIONS_MAX,
    ),
    (SummaryKeyType::GlobalEndpointTokenVersion, TOKEN_VERSION),
];

/// What no account has here, and so none may have.
const NEVER: &[(SummaryKeyType, usize)] = &[
    (SummaryKeyType::ServerCertificates, 0),
    (SummaryKeyType::ServerCertificatesQuota, 0),
    (SummaryKeyType::SigningCertificatesPerUserQuota, 0),
    (SummaryKeyType::MfaDevices, 0),
    (SummaryKeyType::MfaDevicesInUse, 0),
    (SummaryKeyType::AccountMfaEnabled, 0),
    (SummaryKeyType::AccountPasswordPresent, 0),
    (SummaryKeyType::AccountSigningCertificatesPresent, 0),
    (SummaryKeyType::InstanceProfiles, 0),
    (SummaryKeyType::InstanceProfilesQuota, 0),
    (SummaryKeyType::Providers, 0),
];

/// IAM API, GetAccountAuthorizationDetails: of the policies that every account has, those in use.
pub(in crate::ops) struct GetAccountAuthorizationDetails;

impl Operation for GetAccountAuthorizationDetails {
    type Input = GetAccountAuthorizationDetailsRequest;
    type Output = GetAccountAuthorizationDetailsResponse;

    fn targets(_: &GetAccountAuthorizationDetailsRequest) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    async fn run(
        request: Authorized<'_, Self>,
    ) -> Result<GetAccountAuthorizationDetailsResponse, Failure> {
        let (call, input) = (request.call(), request.input());
        let kinds = kinds_in(input);
        let of_aws = AwsPolicyUses::read(call)?;
        let use_of_aws = |name: &str| of_aws.of(name);
        let page = Listing::new(call, &kinds).page(
            input.marker.as_ref(),
            Some(items_max(input.max_items)),
            |item| is_shown(item, use_of_aws),
        )?;
        let mut details = Details::default();
        for item in page.items {
            details.add(call, item, use_of_aws)?;
        }
        Ok(GetAccountAuthorizationDetailsResponse {
            is_truncated: Some(BooleanType(page.marker.is_some())),
            marker: page.marker,
            ..details.into()
        })
    }
}

fn items_max(asked: Option<MaxItemsType>) -> MaxItemsType {
    MaxItemsType(asked.map_or(DETAILS_MAX, |asked| asked.0.min(DETAILS_MAX)))
}

/// A marker counts the kinds that were asked for, so it is good for the same filter only.
fn kinds_in(input: &GetAccountAuthorizationDetailsRequest) -> Vec<Kind> {
    let filter = input.filter.as_ref().map_or(&[][..], |filter| &filter.0);
    let is_in = |kind: &Kind| filter.is_empty() || filter.contains(&entity_type(*kind));
    ALL.iter().copied().filter(is_in).collect()
}

fn entity_type(kind: Kind) -> EntityType {
    match kind {
        Kind::Users => EntityType::User,
        Kind::Groups => EntityType::Group,
        Kind::Roles => EntityType::Role,
        Kind::Policies => EntityType::LocalManagedPolicy,
        Kind::AwsPolicies => EntityType::AwsManagedPolicy,
    }
}

fn is_shown(item: &Item, use_of_aws: impl Fn(&str) -> PolicyUse) -> bool {
    match item {
        Item::AwsPolicy(policy) => use_of_aws(policy.name).is_any(None),
        Item::User(_) | Item::Group(_) | Item::Role(_) | Item::Policy(_) => true,
    }
}

#[cfg(test)]
mod tests;
