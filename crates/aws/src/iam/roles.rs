//! Roles.

use super::{
    ArnType, AttachedPermissionsBoundary, AttachedPoliciesListType, BooleanType, DateType, IdType,
    IntegerType, MarkerType, MaxItemsType, PathPrefixType, PathType, PolicyDocumentType,
    PolicyNameListType, PolicyNameType, PolicyPathType, ResponseMarkerType, StringType,
    TagKeyListType, TagListType,
};
use crate::patterns::{is_description, is_name};
use crate::{integer, list, structure, text};

text!(
    RoleDescriptionType,
    0..=1000,
    r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*",
    is_description
);
text!(RoleNameType, 1..=64, r"[\w+=,.@-]+", is_name);
integer!(RoleMaxSessionDurationType, 3600..=43200);

list!(RoleListType of Role);

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    Role {
        path: PathType = "Path", required;
        role_name: RoleNameType = "RoleName", required;
        role_id: IdType = "RoleId", required;
        arn: ArnType = "Arn", required;
        create_date: DateType = "CreateDate", required;
        assume_role_policy_document: PolicyDocumentType = "AssumeRolePolicyDocument";
        description: RoleDescriptionType = "Description";
        max_session_duration: RoleMaxSessionDurationType = "MaxSessionDuration";
        permissions_boundary: AttachedPermissionsBoundary = "PermissionsBoundary";
        tags: TagListType = "Tags";
        role_last_used: RoleLastUsed = "RoleLastUsed";
        source_role_template: SourceRoleTemplate = "SourceRoleTemplate";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    RoleLastUsed {
        last_used_date: DateType = "LastUsedDate";
        region: StringType = "Region";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    SourceRoleTemplate {
        template_arn: ArnType = "TemplateArn", required;
        template_minor_version: IntegerType = "TemplateMinorVersion", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    CreateRoleRequest {
        path: PathType = "Path";
        role_name: RoleNameType = "RoleName", required;
        assume_role_policy_document: PolicyDocumentType = "AssumeRolePolicyDocument", required;
        description: RoleDescriptionType = "Description";
        max_session_duration: RoleMaxSessionDurationType = "MaxSessionDuration";
        permissions_boundary: ArnType = "PermissionsBoundary";
        tags: TagListType = "Tags";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    CreateRoleResponse {
        role: Role = "Role", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetRoleRequest {
        role_name: RoleNameType = "RoleName", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetRoleResponse {
        role: Role = "Role", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListRolesRequest {
        path_prefix: PathPrefixType = "PathPrefix";
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListRolesResponse {
        roles: RoleListType = "Roles", required;
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    UpdateRoleRequest {
        role_name: RoleNameType = "RoleName", required;
        description: RoleDescriptionType = "Description";
        max_session_duration: RoleMaxSessionDurationType = "MaxSessionDuration";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    UpdateRoleResponse {}
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    UpdateRoleDescriptionRequest {
        role_name: RoleNameType = "RoleName", required;
        description: RoleDescriptionType = "Description", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    UpdateRoleDescriptionResponse {
        role: Role = "Role";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeleteRoleRequest {
        role_name: RoleNameType = "RoleName", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    UpdateAssumeRolePolicyRequest {
        role_name: RoleNameType = "RoleName", required;
        policy_document: PolicyDocumentType = "PolicyDocument", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    TagRoleRequest {
        role_name: RoleNameType = "RoleName", required;
        tags: TagListType = "Tags", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    UntagRoleRequest {
        role_name: RoleNameType = "RoleName", required;
        tag_keys: TagKeyListType = "TagKeys", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListRoleTagsRequest {
        role_name: RoleNameType = "RoleName", required;
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListRoleTagsResponse {
        tags: TagListType = "Tags", required;
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    PutRolePolicyRequest {
        role_name: RoleNameType = "RoleName", required;
        policy_name: PolicyNameType = "PolicyName", required;
        policy_document: PolicyDocumentType = "PolicyDocument", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetRolePolicyRequest {
        role_name: RoleNameType = "RoleName", required;
        policy_name: PolicyNameType = "PolicyName", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetRolePolicyResponse {
        role_name: RoleNameType = "RoleName", required;
        policy_name: PolicyNameType = "PolicyName", required;
        policy_document: PolicyDocumentType = "PolicyDocument", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeleteRolePolicyRequest {
        role_name: RoleNameType = "RoleName", required;
        policy_name: PolicyNameType = "PolicyName", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListRolePoliciesRequest {
        role_name: RoleNameType = "RoleName", required;
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListRolePoliciesResponse {
        policy_names: PolicyNameListType = "PolicyNames", required;
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    AttachRolePolicyRequest {
        role_name: RoleNameType = "RoleName", required;
        policy_arn: ArnType = "PolicyArn", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DetachRolePolicyRequest {
        role_name: RoleNameType = "RoleName", required;
        policy_arn: ArnType = "PolicyArn", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListAttachedRolePoliciesRequest {
        role_name: RoleNameType = "RoleName", required;
        path_prefix: PolicyPathType = "PathPrefix";
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListAttachedRolePoliciesResponse {
        attached_policies: AttachedPoliciesListType = "AttachedPolicies";
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    PutRolePermissionsBoundaryRequest {
        role_name: RoleNameType = "RoleName", required;
        permissions_boundary: ArnType = "PermissionsBoundary", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeleteRolePermissionsBoundaryRequest {
        role_name: RoleNameType = "RoleName", required;
    }
}
