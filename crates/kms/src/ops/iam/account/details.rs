//! Users, groups, roles and policies with everything that belongs to them, documents included.

use strongroom_aws::iam::{
    AttachedPoliciesListType, GetAccountAuthorizationDetailsResponse, GroupDetail,
    GroupDetailListType, GroupNameListType, InstanceProfileListType, ManagedPolicyDetail,
    ManagedPolicyDetailListType, Policy, PolicyDetail, PolicyDetailListType,
    PolicyDocumentVersionListType, PolicyVersion, RoleDetail, RoleDetailListType, RoleLastUsed,
    UserDetail, UserDetailListType,
};

use crate::call::Call;
use crate::failure::Failure;
use crate::iam::{group_arn, role_arn, user_arn};
use crate::ops::iam::listing::Item;
use crate::ops::iam::managed_policies::{
    date, described, shown_of_aws, shown_version_of_aws, shown_versions,
};
use crate::ops::iam::policy_use::PolicyUse;
use crate::ops::iam::roles::shown_trust;
use crate::ops::iam::users::shown_boundary;
use crate::ops::iam::{attachments, documents, tags};
use crate::records::{GroupRecord, PoliciesRecord, RoleRecord, Unreadable, UserRecord};

/// The details of some of an account's users, groups, roles and policies.
#[derive(Default)]
pub(super) struct Details {
    users: Vec<UserDetail>,
    groups: Vec<GroupDetail>,
    roles: Vec<RoleDetail>,
    policies: Vec<ManagedPolicyDetail>,
}

impl From<Details> for GetAccountAuthorizationDetailsResponse {
    fn from(details: Details) -> Self {
        Self {
            user_detail_list: Some(UserDetailListType(details.users)),
            group_detail_list: Some(GroupDetailListType(details.groups)),
            role_detail_list: Some(RoleDetailListType(details.roles)),
            policies: Some(ManagedPolicyDetailListType(details.policies)),
            is_truncated: None,
            marker: None,
        }
    }
}

impl Details {
    /// Adds an item.
    pub(super) fn add(
        &mut self,
        call: &Call<'_>,
        item: Item,
        use_of_aws: impl Fn(&str) -> PolicyUse,
    ) -> Result<(), Failure> {
        let partition = call.caller.partition();
        match item {
            Item::User(user) => self.users.push(of_user(call, &user)?),
            Item::Group(group) => self.groups.push(of_group(call, &group)?),
            Item::Role(role) => self.roles.push(of_role(call, &role)?),
            Item::Policy(policy) => {
                let versions = shown_versions(&policy);
                let shown = described(&policy, partition);
                self.policies.push(of_policy(shown, versions));
            }
            Item::AwsPolicy(policy) => {
                let shown = shown_of_aws(policy, partition, use_of_aws(policy.name));
                let versions = vec![shown_version_of_aws(policy)];
                self.policies.push(of_policy(shown, versions));
            }
        }
        Ok(())
    }
}

fn of_user(call: &Call<'_>, user: &UserRecord) -> Result<UserDetail, Failure> {
    let entity = &user.entity;
    Ok(UserDetail {
        path: Some(entity.path.as_str().into()),
        user_name: Some(entity.name.as_str().into()),
        user_id: Some(entity.id.as_str().into()),
        arn: Some(user_arn(call.caller.partition(), entity).into()),
        create_date: Some(date(entity.created)),
        user_policy_list: Some(inline(&user.policies)),
        group_list: Some(group_names(call, user)?),
        attached_managed_policies: Some(attached(call, &user.policies)?),
        permissions_boundary: shown_boundary(call, user.policies.boundary.as_ref())?,
        tags: tags::shown(&user.tags),
    })
}

fn group_names(call: &Call<'_>, user: &UserRecord) -> Result<GroupNameListType, Failure> {
    let mut names = Vec::with_capacity(user.group_ids.len());
    for id in &user.group_ids {
        let group = call.kms.records.group_with_id(id)?.ok_or(Unreadable)?;
        names.push(group.record.entity.name.as_str().into());
    }
    Ok(GroupNameListType(names))
}

fn of_group(call: &Call<'_>, group: &GroupRecord) -> Result<GroupDetail, Failure> {
    let entity = &group.entity;
    Ok(GroupDetail {
        path: Some(entity.path.as_str().into()),
        group_name: Some(entity.name.as_str().into()),
        group_id: Some(entity.id.as_str().into()),
        arn: Some(group_arn(call.caller.partition(), entity).into()),
        create_date: Some(date(entity.created)),
        group_policy_list: Some(inline(&group.policies)),
        attached_managed_policies: Some(attached(call, &group.policies)?),
    })
}

fn of_role(call: &Call<'_>, role: &RoleRecord) -> Result<RoleDetail, Failure> {
    let entity = &role.entity;
    Ok(RoleDetail {
        path: Some(entity.path.as_str().into()),
        role_name: Some(entity.name.as_str().into()),
        role_id: Some(entity.id.as_str().into()),
        arn: Some(role_arn(call.caller.partition(), entity).into()),
        create_date: Some(date(entity.created)),
        assume_role_policy_document: Some(shown_trust(call, &role.trust)?),
        instance_profile_list: Some(InstanceProfileListType(Vec::new())),
        role_policy_list: Some(inline(&role.policies)),
        attached_managed_policies: Some(attached(call, &role.policies)?),
        permissions_boundary: shown_boundary(call, role.policies.boundary.as_ref())?,
        tags: tags::shown(&role.tags),
        role_last_used: Some(RoleLastUsed::default()),
    })
}

fn of_policy(policy: Policy, versions: Vec<PolicyVersion>) -> ManagedPolicyDetail {
    ManagedPolicyDetail {
        policy_name: policy.policy_name,
        policy_id: policy.policy_id,
        arn: policy.arn,
        path: policy.path,
        default_version_id: policy.default_version_id,
        attachment_count: policy.attachment_count,
        permissions_boundary_usage_count: policy.permissions_boundary_usage_count,
        is_attachable: policy.is_attachable,
        description: policy.description,
        create_date: policy.create_date,
        update_date: policy.update_date,
        policy_version_list: Some(PolicyDocumentVersionListType(versions)),
    }
}

fn inline(policies: &PoliciesRecord) -> PolicyDetailListType {
    let shown = policies.inline.iter().map(|policy| PolicyDetail {
        policy_name: Some(policy.name.as_str().into()),
        policy_document: Some(documents::shown(&policy.document).into()),
    });
    PolicyDetailListType(shown.collect())
}

fn attached(
    call: &Call<'_>,
    policies: &PoliciesRecord,
) -> Result<AttachedPoliciesListType, Failure> {
    Ok(AttachedPoliciesListType(attachments::all_shown(
        call, policies,
    )?))
}
