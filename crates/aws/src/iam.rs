//! The shapes of Identity and Access Management, version 2010-05-08, named and limited as in botocore's
//! model. They carry no meaning of ours.

use crate::shape::{NoOutput, OperationModel};

mod access_keys;
mod account;
mod common;
mod groups;
mod policies;
mod roles;
mod simulation;
mod tags;
mod users;

pub use access_keys::*;
pub use account::*;
pub use common::*;
pub use groups::*;
pub use policies::*;
pub use roles::*;
pub use simulation::*;
pub use tags::*;
pub use users::*;

/// Every operation of the API that is served.
pub const OPERATIONS: &[OperationModel] = &[
    OperationModel::new::<AddUserToGroupRequest, NoOutput>("AddUserToGroup"),
    OperationModel::new::<AttachGroupPolicyRequest, NoOutput>("AttachGroupPolicy"),
    OperationModel::new::<AttachRolePolicyRequest, NoOutput>("AttachRolePolicy"),
    OperationModel::new::<AttachUserPolicyRequest, NoOutput>("AttachUserPolicy"),
    OperationModel::new::<CreateAccessKeyRequest, CreateAccessKeyResponse>("CreateAccessKey"),
    OperationModel::new::<CreateGroupRequest, CreateGroupResponse>("CreateGroup"),
    OperationModel::new::<CreatePolicyRequest, CreatePolicyResponse>("CreatePolicy"),
    OperationModel::new::<CreatePolicyVersionRequest, CreatePolicyVersionResponse>(
        "CreatePolicyVersion",
    ),
    OperationModel::new::<CreateRoleRequest, CreateRoleResponse>("CreateRole"),
    OperationModel::new::<CreateUserRequest, CreateUserResponse>("CreateUser"),
    OperationModel::new::<DeleteAccessKeyRequest, NoOutput>("DeleteAccessKey"),
    OperationModel::new::<DeleteGroupRequest, NoOutput>("DeleteGroup"),
    OperationModel::new::<DeleteGroupPolicyRequest, NoOutput>("DeleteGroupPolicy"),
    OperationModel::new::<DeletePolicyRequest, NoOutput>("DeletePolicy"),
    OperationModel::new::<DeletePolicyVersionRequest, NoOutput>("DeletePolicyVersion"),
    OperationModel::new::<DeleteRoleRequest, NoOutput>("DeleteRole"),
    OperationModel::new::<DeleteRolePermissionsBoundaryRequest, NoOutput>(
        "DeleteRolePermissionsBoundary",
    ),
    OperationModel::new::<DeleteRolePolicyRequest, NoOutput>("DeleteRolePolicy"),
    OperationModel::new::<DeleteUserRequest, NoOutput>("DeleteUser"),
    OperationModel::new::<DeleteUserPermissionsBoundaryRequest, NoOutput>(
        "DeleteUserPermissionsBoundary",
    ),
    OperationModel::new::<DeleteUserPolicyRequest, NoOutput>("DeleteUserPolicy"),
    OperationModel::new::<DetachGroupPolicyRequest, NoOutput>("DetachGroupPolicy"),
    OperationModel::new::<DetachRolePolicyRequest, NoOutput>("DetachRolePolicy"),
    OperationModel::new::<DetachUserPolicyRequest, NoOutput>("DetachUserPolicy"),
    OperationModel::new::<GetAccessKeyLastUsedRequest, GetAccessKeyLastUsedResponse>(
        "GetAccessKeyLastUsed",
    ),
    OperationModel::new::<
        GetAccountAuthorizationDetailsRequest,
        GetAccountAuthorizationDetailsResponse,
    >("GetAccountAuthorizationDetails"),
    OperationModel::new::<NoOutput, GetAccountSummaryResponse>("GetAccountSummary"),
    OperationModel::new::<GetContextKeysForCustomPolicyRequest, GetContextKeysForPolicyResponse>(
        "GetContextKeysForCustomPolicy",
    ),
    OperationModel::new::<GetContextKeysForPrincipalPolicyRequest, GetContextKeysForPolicyResponse>(
        "GetContextKeysForPrincipalPolicy",
    ),
    OperationModel::new::<GetGroupRequest, GetGroupResponse>("GetGroup"),
    OperationModel::new::<GetGroupPolicyRequest, GetGroupPolicyResponse>("GetGroupPolicy"),
    OperationModel::new::<GetPolicyRequest, GetPolicyResponse>("GetPolicy"),
    OperationModel::new::<GetPolicyVersionRequest, GetPolicyVersionResponse>("GetPolicyVersion"),
    OperationModel::new::<GetRoleRequest, GetRoleResponse>("GetRole"),
    OperationModel::new::<GetRolePolicyRequest, GetRolePolicyResponse>("GetRolePolicy"),
    OperationModel::new::<GetUserRequest, GetUserResponse>("GetUser"),
    OperationModel::new::<GetUserPolicyRequest, GetUserPolicyResponse>("GetUserPolicy"),
    OperationModel::new::<ListAccessKeysRequest, ListAccessKeysResponse>("ListAccessKeys"),
    OperationModel::new::<ListAttachedGroupPoliciesRequest, ListAttachedGroupPoliciesResponse>(
        "ListAttachedGroupPolicies",
    ),
    OperationModel::new::<ListAttachedRolePoliciesRequest, ListAttachedRolePoliciesResponse>(
        "ListAttachedRolePolicies",
    ),
    OperationModel::new::<ListAttachedUserPoliciesRequest, ListAttachedUserPoliciesResponse>(
        "ListAttachedUserPolicies",
    ),
    OperationModel::new::<ListEntitiesForPolicyRequest, ListEntitiesForPolicyResponse>(
        "ListEntitiesForPolicy",
    ),
    OperationModel::new::<ListGroupPoliciesRequest, ListGroupPoliciesResponse>("ListGroupPolicies"),
    OperationModel::new::<ListGroupsRequest, ListGroupsResponse>("ListGroups"),
    OperationModel::new::<ListGroupsForUserRequest, ListGroupsForUserResponse>("ListGroupsForUser"),
    OperationModel::new::<ListPoliciesRequest, ListPoliciesResponse>("ListPolicies"),
    OperationModel::new::<ListPolicyTagsRequest, ListPolicyTagsResponse>("ListPolicyTags"),
    OperationModel::new::<ListPolicyVersionsRequest, ListPolicyVersionsResponse>(
        "ListPolicyVersions",
    ),
    OperationModel::new::<ListRolePoliciesRequest, ListRolePoliciesResponse>("ListRolePolicies"),
    OperationModel::new::<ListRoleTagsRequest, ListRoleTagsResponse>("ListRoleTags"),
    OperationModel::new::<ListRolesRequest, ListRolesResponse>("ListRoles"),
    OperationModel::new::<ListUserPoliciesRequest, ListUserPoliciesResponse>("ListUserPolicies"),
    OperationModel::new::<ListUserTagsRequest, ListUserTagsResponse>("ListUserTags"),
    OperationModel::new::<ListUsersRequest, ListUsersResponse>("ListUsers"),
    OperationModel::new::<PutGroupPolicyRequest, NoOutput>("PutGroupPolicy"),
    OperationModel::new::<PutRolePermissionsBoundaryRequest, NoOutput>(
        "PutRolePermissionsBoundary",
    ),
    OperationModel::new::<PutRolePolicyRequest, NoOutput>("PutRolePolicy"),
    OperationModel::new::<PutUserPermissionsBoundaryRequest, NoOutput>(
        "PutUserPermissionsBoundary",
    ),
    OperationModel::new::<PutUserPolicyRequest, NoOutput>("PutUserPolicy"),
    OperationModel::new::<RemoveUserFromGroupRequest, NoOutput>("RemoveUserFromGroup"),
    OperationModel::new::<SetDefaultPolicyVersionRequest, NoOutput>("SetDefaultPolicyVersion"),
    OperationModel::new::<SimulateCustomPolicyRequest, SimulatePolicyResponse>(
        "SimulateCustomPolicy",
    ),
    OperationModel::new::<SimulatePrincipalPolicyRequest, SimulatePolicyResponse>(
        "SimulatePrincipalPolicy",
    ),
    OperationModel::new::<TagPolicyRequest, NoOutput>("TagPolicy"),
    OperationModel::new::<TagRoleRequest, NoOutput>("TagRole"),
    OperationModel::new::<TagUserRequest, NoOutput>("TagUser"),
    OperationModel::new::<UntagPolicyRequest, NoOutput>("UntagPolicy"),
    OperationModel::new::<UntagRoleRequest, NoOutput>("UntagRole"),
    OperationModel::new::<UntagUserRequest, NoOutput>("UntagUser"),
    OperationModel::new::<UpdateAccessKeyRequest, NoOutput>("UpdateAccessKey"),
    OperationModel::new::<UpdateAssumeRolePolicyRequest, NoOutput>("UpdateAssumeRolePolicy"),
    OperationModel::new::<UpdateGroupRequest, NoOutput>("UpdateGroup"),
    OperationModel::new::<UpdateRoleRequest, UpdateRoleResponse>("UpdateRole"),
    OperationModel::new::<UpdateRoleDescriptionRequest, UpdateRoleDescriptionResponse>(
        "UpdateRoleDescription",
    ),
    OperationModel::new::<UpdateUserRequest, NoOutput>("UpdateUser"),
];

#[cfg(test)]
mod tests;
