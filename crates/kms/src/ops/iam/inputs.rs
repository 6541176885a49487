//! What the inputs of operations on users, groups, roles and policies have in common, so that each such operation is
//! written once. Nothing is decided here.

use strongroom_aws::iam::{
    self as wire, AttachedPoliciesListType, BooleanType, MarkerType, MaxItemsType,
    PolicyDocumentVersionListType, PolicyNameListType, ResponseMarkerType, TagListType,
};
use strongroom_aws::shape::Shape;

use super::subjects::Subject;
use crate::records::{GroupRecord, ManagedPolicyRecord, RoleRecord, UserRecord};

/// The input of an operation on one user, group, role or managed policy.
pub(crate) trait Names: Shape + Send + Sync + 'static {
    /// What is named.
    type Record: Subject;

    /// Its name; of a managed policy its ARN.
    fn name(&self) -> &str;
}

/// One that also names an inline policy.
pub(crate) trait NamesInlinePolicy: Names {
    /// The policy's name.
    fn policy_name(&self) -> &str;
}

/// One that also brings a policy document.
pub(crate) trait BringsDocument: NamesInlinePolicy {
    /// The document.
    fn document(&self) -> &str;
}

/// One that is answered with a policy document.
pub(crate) trait AsksForDocument: NamesInlinePolicy {
    /// The answer.
    type Output: Shape;

    /// The answer, with the URL-encoded document.
    fn answer(name: &str, policy_name: &str, document: String) -> Self::Output;
}

/// One that also names a managed policy by ARN.
pub(crate) trait NamesPolicyArn: Names {
    /// The ARN.
    fn policy_arn(&self) -> &str;
}

/// One that brings tags.
pub(crate) trait BringsTags: Names {
    /// The tags.
    fn tags(&self) -> &TagListType;
}

/// One that brings the keys of tags.
pub(crate) trait BringsTagKeys: Names {
    /// The keys.
    fn tag_keys(&self) -> Vec<&str>;
}

/// One that asks for a page of a list.
pub(crate) trait Lists: Shape + Send + Sync + 'static {
    /// What the page holds.
    type Items;
    /// The answer.
    type Output: Shape;

    /// Where the page begins.
    fn marker(&self) -> Option<&MarkerType>;

    /// How much it may hold.
    fn max_items(&self) -> Option<MaxItemsType>;

    /// The answer.
    fn answer(items: Self::Items, marker: Option<ResponseMarkerType>) -> Self::Output;
}

/// One that also wants only what is under a path.
pub(crate) trait HasPathPrefix {
    /// The beginning of paths.
    fn path_prefix(&self) -> Option<&str>;
}

macro_rules! names {
    ($($record:ident $member:ident { $($input:ident)* })*) => {$($(
        impl Names for wire::$input {
            type Record = $record;

            fn name(&self) -> &str {
                self.$member.as_str()
            }
        }
    )*)*};
}

names! {
    UserRecord user_name {
        AttachUserPolicyRequest DeleteUserPermissionsBoundaryRequest DeleteUserPolicyRequest
        DetachUserPolicyRequest GetUserPolicyRequest ListAttachedUserPoliciesRequest
        ListUserPoliciesRequest ListUserTagsRequest PutUserPermissionsBoundaryRequest
        PutUserPolicyRequest TagUserRequest UntagUserRequest
    }
    GroupRecord group_name {
        AttachGroupPolicyRequest DeleteGroupPolicyRequest DetachGroupPolicyRequest
        GetGroupPolicyRequest ListAttachedGroupPoliciesRequest ListGroupPoliciesRequest
        PutGroupPolicyRequest
    }
    RoleRecord role_name {
        AttachRolePolicyRequest DeleteRolePermissionsBoundaryRequest DeleteRolePolicyRequest
        DetachRolePolicyRequest GetRolePolicyRequest ListAttachedRolePoliciesRequest
        ListRolePoliciesRequest ListRoleTagsRequest PutRolePermissionsBoundaryRequest
        PutRolePolicyRequest TagRoleRequest UntagRoleRequest
    }
    ManagedPolicyRecord policy_arn {
        ListPolicyTagsRequest TagPolicyRequest UntagPolicyRequest
    }
}

macro_rules! inline_policies {
    ($($name:ident $put:ident $get:ident $answer:ident $delete:ident;)*) => {$(
        inline_policies!(@named $put $get $delete);

        impl BringsDocument for wire::$put {
            fn document(&self) -> &str {
                self.policy_document.as_str()
            }
        }

        impl AsksForDocument for wire::$get {
            type Output = wire::$answer;

            fn answer(name: &str, policy_name: &str, document: String) -> wire::$answer {
                wire::$answer {
                    $name: name.into(),
                    policy_name: policy_name.into(),
                    policy_document: document.into(),
                }
            }
        }
    )*};
    (@named $($input:ident)*) => {$(
        impl NamesInlinePolicy for wire::$input {
            fn policy_name(&self) -> &str {
                self.policy_name.as_str()
            }
        }
    )*};
}

inline_policies! {
    user_name PutUserPolicyRequest GetUserPolicyRequest GetUserPolicyResponse DeleteUserPolicyRequest;
    group_name PutGroupPolicyRequest GetGroupPolicyRequest GetGroupPolicyResponse DeleteGroupPolicyRequest;
    role_name PutRolePolicyRequest GetRolePolicyRequest GetRolePolicyResponse DeleteRolePolicyRequest;
}

macro_rules! policy_arns {
    ($($member:ident { $($input:ident)* })*) => {$($(
        impl NamesPolicyArn for wire::$input {
            fn policy_arn(&self) -> &str {
                self.$member.as_str()
            }
        }
    )*)*};
}

policy_arns! {
    policy_arn {
        AttachUserPolicyRequest DetachUserPolicyRequest
        AttachGroupPolicyRequest DetachGroupPolicyRequest
        AttachRolePolicyRequest DetachRolePolicyRequest
    }
    permissions_boundary {
        PutUserPermissionsBoundaryRequest PutRolePermissionsBoundaryRequest
    }
}

macro_rules! tags {
    ($($tag:ident $untag:ident;)*) => {$(
        impl BringsTags for wire::$tag {
            fn tags(&self) -> &TagListType {
                &self.tags
            }
        }

        impl BringsTagKeys for wire::$untag {
            fn tag_keys(&self) -> Vec<&str> {
                self.tag_keys.0.iter().map(|key| key.as_str()).collect()
            }
        }
    )*};
}

tags! {
    TagUserRequest UntagUserRequest;
    TagRoleRequest UntagRoleRequest;
    TagPolicyRequest UntagPolicyRequest;
}

/// Implements [`Lists`]: the input, the answer, its member that holds the items, and how the items get there.
macro_rules! lists {
    ($($input:ident $output:ident $member:ident: $items:ty = $wrap:expr;)*) => {$(
        impl Lists for wire::$input {
            type Items = $items;
            type Output = wire::$output;

            fn marker(&self) -> Option<&MarkerType> {
                self.marker.as_ref()
            }

            fn max_items(&self) -> Option<MaxItemsType> {
                self.max_items
            }

            fn answer(items: $items, marker: Option<ResponseMarkerType>) -> wire::$output {
                wire::$output {
                    $member: $wrap(items),
                    is_truncated: Some(BooleanType(marker.is_some())),
                    marker,
                }
            }
        }
    )*};
}
pub(super) use lists;

lists! {
    ListUserPoliciesRequest ListUserPoliciesResponse policy_names: Vec<String> = names;
    ListGroupPoliciesRequest ListGroupPoliciesResponse policy_names: Vec<String> = names;
    ListRolePoliciesRequest ListRolePoliciesResponse policy_names: Vec<String> = names;
    ListAttachedUserPoliciesRequest ListAttachedUserPoliciesResponse attached_policies: Vec<wire::AttachedPolicy> = attached;
    ListAttachedGroupPoliciesRequest ListAttachedGroupPoliciesResponse attached_policies: Vec<wire::AttachedPolicy> = attached;
    ListAttachedRolePoliciesRequest ListAttachedRolePoliciesResponse attached_policies: Vec<wire::AttachedPolicy> = attached;
    ListUsersRequest ListUsersResponse users: Vec<wire::User> = wire::UserListType;
    ListGroupsRequest ListGroupsResponse groups: Vec<wire::Group> = wire::GroupListType;
    ListRolesRequest ListRolesResponse roles: Vec<wire::Role> = wire::RoleListType;
    ListGroupsForUserRequest ListGroupsForUserResponse groups: Vec<wire::Group> = wire::GroupListType;
    ListAccessKeysRequest ListAccessKeysResponse access_key_metadata: Vec<wire::AccessKeyMetadata> = wire::AccessKeyMetadataListType;
    ListUserTagsRequest ListUserTagsResponse tags: Vec<wire::Tag> = TagListType;
    ListRoleTagsRequest ListRoleTagsResponse tags: Vec<wire::Tag> = TagListType;
    ListPolicyTagsRequest ListPolicyTagsResponse tags: Vec<wire::Tag> = TagListType;
    ListPolicyVersionsRequest ListPolicyVersionsResponse versions: Vec<wire::PolicyVersion> = versions;
}

impl Lists for wire::GetGroupRequest {
    type Items = (wire::Group, Vec<wire::User>);
    type Output = wire::GetGroupResponse;

    fn marker(&self) -> Option<&MarkerType> {
        self.marker.as_ref()
    }

    fn max_items(&self) -> Option<MaxItemsType> {
        self.max_items
    }

    fn answer(
        (group, users): Self::Items,
        marker: Option<ResponseMarkerType>,
    ) -> wire::GetGroupResponse {
        wire::GetGroupResponse {
            group,
            users: wire::UserListType(users),
            is_truncated: Some(BooleanType(marker.is_some())),
            marker,
        }
    }
}

fn names(names: Vec<String>) -> PolicyNameListType {
    PolicyNameListType(names.into_iter().map(Into::into).collect())
}

fn versions(versions: Vec<wire::PolicyVersion>) -> Option<PolicyDocumentVersionListType> {
    Some(PolicyDocumentVersionListType(versions))
}

fn attached(policies: Vec<wire::AttachedPolicy>) -> Option<AttachedPoliciesListType> {
    Some(AttachedPoliciesListType(policies))
}

macro_rules! path_prefixes {
    ($($input:ident)*) => {$(
        impl HasPathPrefix for wire::$input {
            fn path_prefix(&self) -> Option<&str> {
                self.path_prefix.as_ref().map(|prefix| prefix.as_str())
            }
        }
    )*};
}

path_prefixes! {
    ListAttachedUserPoliciesRequest ListAttachedGroupPoliciesRequest ListAttachedRolePoliciesRequest
}
