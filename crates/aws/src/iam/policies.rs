//! Managed policies, and what all policies share. What documents mean is not known here.

use super::{
    ArnType, BooleanType, DateType, EntityType, GroupNameType, IdType, MarkerType, MaxItemsType,
    PathType, ResponseMarkerType, RoleNameType, TagKeyListType, TagListType, UserNameType,
};
use crate::patterns::{is_document, is_name, is_policy_path, is_version_id};
use crate::{enumeration, integer, list, structure, text};

text!(PolicyDescriptionType, 0..=1000);
text!(
    PolicyDocumentType,
    1..=131072,
    r"[\u0009\u000A\u000D\u0020-\u00FF]+",
    is_document
);
text!(PolicyNameType, 1..=128, r"[\w+=,.@-]+", is_name);
text!(
    PolicyPathType,
    1..=512,
    r"((/[A-Za-z0-9\.,\+@=_-]+)*)/",
    is_policy_path
);
text!(
    PolicyVersionIdType,
    r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?",
    is_version_id
);
integer!(AttachmentCountType);

enumeration!(PermissionsBoundaryAttachmentType {
    PermissionsBoundaryPolicy = "PermissionsBoundaryPolicy",
});

enumeration!(PolicyScopeType {
    All = "All",
    Aws = "AWS",
    Local = "Local",
});

enumeration!(PolicyUsageType {
    PermissionsPolicy = "PermissionsPolicy",
    PermissionsBoundary = "PermissionsBoundary",
});

list!(AttachedPoliciesListType of AttachedPolicy);
list!(PolicyDocumentVersionListType of PolicyVersion);
list!(PolicyGroupListType of PolicyGroup);
list!(PolicyListType of Policy);
list!(PolicyNameListType of PolicyNameType);
list!(PolicyRoleListType of PolicyRole);
list!(PolicyUserListType of PolicyUser);

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    AttachedPermissionsBoundary {
        permissions_boundary_type: PermissionsBoundaryAttachmentType = "PermissionsBoundaryType";
        permissions_boundary_arn: ArnType = "PermissionsBoundaryArn";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    AttachedPolicy {
        policy_name: PolicyNameType = "PolicyName";
        policy_arn: ArnType = "PolicyArn";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    Policy {
        policy_name: PolicyNameType = "PolicyName";
        policy_id: IdType = "PolicyId";
        arn: ArnType = "Arn";
        path: PolicyPathType = "Path";
        default_version_id: PolicyVersionIdType = "DefaultVersionId";
        attachment_count: AttachmentCountType = "AttachmentCount";
        permissions_boundary_usage_count: AttachmentCountType = "PermissionsBoundaryUsageCount";
        is_attachable: BooleanType = "IsAttachable";
        description: PolicyDescriptionType = "Description";
        create_date: DateType = "CreateDate";
        update_date: DateType = "UpdateDate";
        tags: TagListType = "Tags";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    PolicyGroup {
        group_name: GroupNameType = "GroupName";
        group_id: IdType = "GroupId";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    PolicyRole {
        role_name: RoleNameType = "RoleName";
        role_id: IdType = "RoleId";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    PolicyUser {
        user_name: UserNameType = "UserName";
        user_id: IdType = "UserId";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    PolicyVersion {
        document: PolicyDocumentType = "Document";
        version_id: PolicyVersionIdType = "VersionId";
        is_default_version: BooleanType = "IsDefaultVersion";
        create_date: DateType = "CreateDate";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    CreatePolicyRequest {
        policy_name: PolicyNameType = "PolicyName", required;
        path: PolicyPathType = "Path";
        policy_document: PolicyDocumentType = "PolicyDocument", required;
        description: PolicyDescriptionType = "Description";
        tags: TagListType = "Tags";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    CreatePolicyResponse {
        policy: Policy = "Policy";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetPolicyRequest {
        policy_arn: ArnType = "PolicyArn", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetPolicyResponse {
        policy: Policy = "Policy";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListPoliciesRequest {
        scope: PolicyScopeType = "Scope";
        only_attached: BooleanType = "OnlyAttached";
        path_prefix: PolicyPathType = "PathPrefix";
        policy_usage_filter: PolicyUsageType = "PolicyUsageFilter";
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListPoliciesResponse {
        policies: PolicyListType = "Policies";
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeletePolicyRequest {
        policy_arn: ArnType = "PolicyArn", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    CreatePolicyVersionRequest {
        policy_arn: ArnType = "PolicyArn", required;
        policy_document: PolicyDocumentType = "PolicyDocument", required;
        set_as_default: BooleanType = "SetAsDefault";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    CreatePolicyVersionResponse {
        policy_version: PolicyVersion = "PolicyVersion";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetPolicyVersionRequest {
        policy_arn: ArnType = "PolicyArn", required;
        version_id: PolicyVersionIdType = "VersionId", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetPolicyVersionResponse {
        policy_version: PolicyVersion = "PolicyVersion";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListPolicyVersionsRequest {
        policy_arn: ArnType = "PolicyArn", required;
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListPolicyVersionsResponse {
        versions: PolicyDocumentVersionListType = "Versions";
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    SetDefaultPolicyVersionRequest {
        policy_arn: ArnType = "PolicyArn", required;
        version_id: PolicyVersionIdType = "VersionId", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeletePolicyVersionRequest {
        policy_arn: ArnType = "PolicyArn", required;
        version_id: PolicyVersionIdType = "VersionId", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    TagPolicyRequest {
        policy_arn: ArnType = "PolicyArn", required;
        tags: TagListType = "Tags", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    UntagPolicyRequest {
        policy_arn: ArnType = "PolicyArn", required;
        tag_keys: TagKeyListType = "TagKeys", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListPolicyTagsRequest {
        policy_arn: ArnType = "PolicyArn", required;
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListPolicyTagsResponse {
        tags: TagListType = "Tags", required;
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListEntitiesForPolicyRequest {
        policy_arn: ArnType = "PolicyArn", required;
        entity_filter: EntityType = "EntityFilter";
        path_prefix: PathType = "PathPrefix";
        policy_usage_filter: PolicyUsageType = "PolicyUsageFilter";
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListEntitiesForPolicyResponse {
        policy_groups: PolicyGroupListType = "PolicyGroups";
        policy_users: PolicyUserListType = "PolicyUsers";
        policy_roles: PolicyRoleListType = "PolicyRoles";
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}
