//! The account as a whole.

use super::{
    ArnType, AttachedPermissionsBoundary, AttachedPoliciesListType, AttachmentCountType,
    BooleanType, DateType, EntityType, GroupNameType, IdType, MarkerType, MaxItemsType, PathType,
    PolicyDescriptionType, PolicyDocumentType, PolicyDocumentVersionListType, PolicyNameType,
    PolicyPathType, PolicyVersionIdType, ResponseMarkerType, RoleLastUsed, RoleListType,
    RoleNameType, TagListType, UserNameType,
};
use crate::patterns::is_name;
use crate::{enumeration, integer, list, map, structure, text};

text!(InstanceProfileNameType, 1..=128, r"[\w+=,.@-]+", is_name);
integer!(SummaryValueType);

enumeration!(SummaryKeyType {
    Users = "Users",
    UsersQuota = "UsersQuota",
    Groups = "Groups",
    GroupsQuota = "GroupsQuota",
    ServerCertificates = "ServerCertificates",
    ServerCertificatesQuota = "ServerCertificatesQuota",
    UserPolicySizeQuota = "UserPolicySizeQuota",
    GroupPolicySizeQuota = "GroupPolicySizeQuota",
    GroupsPerUserQuota = "GroupsPerUserQuota",
    SigningCertificatesPerUserQuota = "SigningCertificatesPerUserQuota",
    AccessKeysPerUserQuota = "AccessKeysPerUserQuota",
    MfaDevices = "MFADevices",
    MfaDevicesInUse = "MFADevicesInUse",
    AccountMfaEnabled = "AccountMFAEnabled",
    AccountAccessKeysPresent = "AccountAccessKeysPresent",
    AccountPasswordPresent = "AccountPasswordPresent",
    AccountSigningCertificatesPresent = "AccountSigningCertificatesPresent",
    AttachedPoliciesPerGroupQuota = "AttachedPoliciesPerGroupQuota",
    AttachedPoliciesPerRoleQuota = "AttachedPoliciesPerRoleQuota",
    AttachedPoliciesPerUserQuota = "AttachedPoliciesPerUserQuota",
    Policies = "Policies",
    PoliciesQuota = "PoliciesQuota",
    PolicySizeQuota = "PolicySizeQuota",
    PolicyVersionsInUse = "PolicyVersionsInUse",
    PolicyVersionsInUseQuota = "PolicyVersionsInUseQuota",
    VersionsPerPolicyQuota = "VersionsPerPolicyQuota",
    GlobalEndpointTokenVersion = "GlobalEndpointTokenVersion",
    AssumeRolePolicySizeQuota = "AssumeRolePolicySizeQuota",
    InstanceProfiles = "InstanceProfiles",
    InstanceProfilesQuota = "InstanceProfilesQuota",
    Providers = "Providers",
    RolePolicySizeQuota = "RolePolicySizeQuota",
    Roles = "Roles",
    RolesQuota = "RolesQuota",
});

list!(EntityListType of EntityType);
list!(GroupDetailListType of GroupDetail);
list!(GroupNameListType of GroupNameType);
list!(InstanceProfileListType of InstanceProfile);
list!(ManagedPolicyDetailListType of ManagedPolicyDetail);
list!(PolicyDetailListType of PolicyDetail);
list!(RoleDetailListType of RoleDetail);
map!(SummaryMapType, SummaryKeyType => SummaryValueType);
list!(UserDetailListType of UserDetail);

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GroupDetail {
        path: PathType = "Path";
        group_name: GroupNameType = "GroupName";
        group_id: IdType = "GroupId";
        arn: ArnType = "Arn";
        create_date: DateType = "CreateDate";
        group_policy_list: PolicyDetailListType = "GroupPolicyList";
        attached_managed_policies: AttachedPoliciesListType = "AttachedManagedPolicies";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    InstanceProfile {
        path: PathType = "Path", required;
        instance_profile_name: InstanceProfileNameType = "InstanceProfileName", required;
        instance_profile_id: IdType = "InstanceProfileId", required;
        arn: ArnType = "Arn", required;
        create_date: DateType = "CreateDate", required;
        roles: RoleListType = "Roles", required;
        tags: TagListType = "Tags";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ManagedPolicyDetail {
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
        policy_version_list: PolicyDocumentVersionListType = "PolicyVersionList";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    PolicyDetail {
        policy_name: PolicyNameType = "PolicyName";
        policy_document: PolicyDocumentType = "PolicyDocument";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    RoleDetail {
        path: PathType = "Path";
        role_name: RoleNameType = "RoleName";
        role_id: IdType = "RoleId";
        arn: ArnType = "Arn";
        create_date: DateType = "CreateDate";
        assume_role_policy_document: PolicyDocumentType = "AssumeRolePolicyDocument";
        instance_profile_list: InstanceProfileListType = "InstanceProfileList";
        role_policy_list: PolicyDetailListType = "RolePolicyList";
        attached_managed_policies: AttachedPoliciesListType = "AttachedManagedPolicies";
        permissions_boundary: AttachedPermissionsBoundary = "PermissionsBoundary";
        tags: TagListType = "Tags";
        role_last_used: RoleLastUsed = "RoleLastUsed";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    UserDetail {
        path: PathType = "Path";
        user_name: UserNameType = "UserName";
        user_id: IdType = "UserId";
        arn: ArnType = "Arn";
        create_date: DateType = "CreateDate";
        user_policy_list: PolicyDetailListType = "UserPolicyList";
        group_list: GroupNameListType = "GroupList";
        attached_managed_policies: AttachedPoliciesListType = "AttachedManagedPolicies";
        permissions_boundary: AttachedPermissionsBoundary = "PermissionsBoundary";
        tags: TagListType = "Tags";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetAccountSummaryResponse {
        summary_map: SummaryMapType = "SummaryMap";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetAccountAuthorizationDetailsRequest {
        filter: EntityListType = "Filter";
        max_items: MaxItemsType = "MaxItems";
        marker: MarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetAccountAuthorizationDetailsResponse {
        user_detail_list: UserDetailListType = "UserDetailList";
        group_detail_list: GroupDetailListType = "GroupDetailList";
        role_detail_list: RoleDetailListType = "RoleDetailList";
        policies: ManagedPolicyDetailListType = "Policies";
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}
