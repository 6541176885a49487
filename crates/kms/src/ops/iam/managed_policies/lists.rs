//! Lists of managed policies, and of who uses one.

use strongroom_aws::iam::{
    BooleanType, EntityType, ListEntitiesForPolicyRequest, ListEntitiesForPolicyResponse,
    ListPoliciesRequest, ListPoliciesResponse, Policy, PolicyGroup, PolicyGroupListType,
    PolicyListType, PolicyPathType, PolicyRole, PolicyRoleListType, PolicyScopeType, PolicyUser,
    PolicyUserListType,
};

use super::{named, shown, shown_of_aws, target};
use crate::authorize::{Authorized, Target};
use crate::failure::Failure;
use crate::ops::Operation;
use crate::ops::iam::listing::{Item, Kind, Listing};
use crate::ops::iam::policy_use::{AwsPolicyUses, PolicyUse, USERS_OF_POLICIES, uses};
use crate::records::Entity;

/// IAM API, ListPolicies.
pub(in crate::ops) struct ListPolicies;

impl Operation for ListPolicies {
    type Input = ListPoliciesRequest;
    type Output = ListPoliciesResponse;

    fn targets(_: &ListPoliciesRequest) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListPoliciesResponse, Failure> {
        let input = request.input();
        let kinds = kinds_in(input.scope);
        let of_aws = match kinds.contains(&Kind::AwsPolicies) {
            true => AwsPolicyUses::read(request.call())?,
            false => AwsPolicyUses::default(),
        };
        let use_of = |item: &Item| match item {
            Item::Policy(policy) => PolicyUse::of_own(policy),
            Item::AwsPolicy(policy) => of_aws.of(policy.name),
            Item::User(_) | Item::Group(_) | Item::Role(_) => PolicyUse::default(),
        };
        let page = Listing::new(request.call(), kinds).page(
            input.marker.as_ref(),
            input.max_items,
            |item| is_listed(input, item, use_of(item)),
        )?;
        let partition = request.caller().partition();
        let policy = |item: Item| -> Option<Policy> {
            let used = use_of(&item);
            match item {
                Item::Policy(policy) => Some(shown(&policy, partition)),
                Item::AwsPolicy(policy) => Some(shown_of_aws(policy, partition, used)),
                Item::User(_) | Item::Group(_) | Item::Role(_) => None,
            }
        };
        Ok(ListPoliciesResponse {
            policies: Some(PolicyListType(
                page.items.into_iter().filter_map(policy).collect(),
            )),
            is_truncated: Some(BooleanType(page.marker.is_some())),
            marker: page.marker,
        })
    }
}

fn kinds_in(scope: Option<PolicyScopeType>) -> &'static [Kind] {
    match scope {
        Some(PolicyScopeType::Aws) => &[Kind::AwsPolicies],
        Some(PolicyScopeType::Local) => &[Kind::Policies],
        Some(PolicyScopeType::All) | None => &[Kind::Policies, Kind::AwsPolicies],
    }
}

fn is_listed(input: &ListPoliciesRequest, item: &Item, used: PolicyUse) -> bool {
    let prefix = input
        .path_prefix
        .as_ref()
        .map_or("/", PolicyPathType::as_str);
    let only_attached = input.only_attached.is_some_and(|only| only.0);
    let usage = input.policy_usage_filter;
    let any_use_will_do = usage.is_none() && !only_attached;
    item.path().starts_with(prefix) && (any_use_will_do || used.is_any(usage))
}

/// IAM API, ListEntitiesForPolicy.
pub(in crate::ops) struct ListEntitiesForPolicy;

impl Operation for ListEntitiesForPolicy {
    type Input = ListEntitiesForPolicyRequest;
    type Output = ListEntitiesForPolicyResponse;

    fn targets(input: &ListEntitiesForPolicyRequest) -> Vec<Target<'_>> {
        target(&input.policy_arn)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListEntitiesForPolicyResponse, Failure> {
        let input = request.input();
        let policy = named(&request, &input.policy_arn)?.reference();
        let prefix = input.path_prefix.as_ref().map_or("/", |path| path.as_str());
        let page = Listing::new(request.call(), kinds_of(input.entity_filter)).page(
            input.marker.as_ref(),
            input.max_items,
            |item| {
                item.path().starts_with(prefix) && uses(item, &policy, input.policy_usage_filter)
            },
        )?;
        let (mut groups, mut users, mut roles) = (Vec::new(), Vec::new(), Vec::new());
        for item in page.items {
            match item {
                Item::Group(group) => groups.push(shown_group(group.entity)),
                Item::User(user) => users.push(shown_user(user.entity)),
                Item::Role(role) => roles.push(shown_role(role.entity)),
                Item::Policy(_) | Item::AwsPolicy(_) => {}
            }
        }
        Ok(ListEntitiesForPolicyResponse {
            policy_groups: Some(PolicyGroupListType(groups)),
            policy_users: Some(PolicyUserListType(users)),
            policy_roles: Some(PolicyRoleListType(roles)),
            is_truncated: Some(BooleanType(page.marker.is_some())),
            marker: page.marker,
        })
    }
}

fn kinds_of(filter: Option<EntityType>) -> &'static [Kind] {
    match filter {
        None => USERS_OF_POLICIES,
        Some(EntityType::User) => &[Kind::Users],
        Some(EntityType::Group) => &[Kind::Groups],
        Some(EntityType::Role) => &[Kind::Roles],
        // No policy is attached to another.
        Some(EntityType::LocalManagedPolicy | EntityType::AwsManagedPolicy) => &[],
    }
}

fn shown_group(group: Entity) -> PolicyGroup {
    PolicyGroup {
        group_name: Some(group.name.into()),
        group_id: Some(group.id.into()),
    }
}

fn shown_user(user: Entity) -> PolicyUser {
    PolicyUser {
        user_name: Some(user.name.into()),
        user_id: Some(user.id.into()),
    }
}

fn shown_role(role: Entity) -> PolicyRole {
    PolicyRole {
        role_name: Some(role.name.into()),
        role_id: Some(role.id.into()),
    }
}
