//! Users.

use super::{
    ArnType, AttachedPermissionsBoundary, AttachedPoliciesListType, BooleanType, DateType, IdType,
    MarkerType, MaxItemsType, PathPrefixType, PathType, PolicyDocumentType, PolicyNameListType,
    PolicyNameType, PolicyPathType, ResponseMarkerType, TagKeyListType, TagListType,
};
use crate::patterns::is_name;
use crate::{list, structure, text};

text!(ExistingUserNameType, 1..=128, r"[\w+=,.@-]+", is_name);
text!(UserNameType, 1..=64, r"[\w+=,.@-]+", is_name);

list!(UserListType of User);

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    User {
        path: PathType = "Path", required;
        user_name: UserNameType = "UserName", required;
        user_id: IdType = "UserId", required;
        arn: ArnType = "Arn", required;
        create_date: DateType = "CreateDate", required;
        password_last_used: DateType = "PasswordLastUsed";
        permissions_boundary: AttachedPermissionsBoundary = "PermissionsBoundary";
        tags: TagListType = "Tags";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    CreateUserRequest {
        path: PathType = "Path";
        user_name: UserNameType = "UserName", required;
        permissions_boundary: ArnType = "PermissionsBoundary";
        tags: TagListType = "Tags";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    CreateUserResponse {
        user: User = "User";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetUserRequest {
        user_name: ExistingUserNameType = "UserName";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetUserResponse {
        user: User = "User", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListUsersRequest {
        path_prefix: PathPrefixType = "PathPrefix";
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListUsersResponse {
        users: UserListType = "Users", required;
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    UpdateUserRequest {
        user_name: ExistingUserNameType = "UserName", required;
        new_path: PathType = "NewPath";
        new_user_name: UserNameType = "NewUserName";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeleteUserRequest {
        user_name: ExistingUserNameType = "UserName", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    TagUserRequest {
        user_name: ExistingUserNameType = "UserName", required;
        tags: TagListType = "Tags", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    UntagUserRequest {
        user_name: ExistingUserNameType = "UserName", required;
        tag_keys: TagKeyListType = "TagKeys", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListUserTagsRequest {
        user_name: ExistingUserNameType = "UserName", required;
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListUserTagsResponse {
        tags: TagListType = "Tags", required;
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    PutUserPolicyRequest {
        user_name: ExistingUserNameType = "UserName", required;
        policy_name: PolicyNameType = "PolicyName", required;
        policy_document: PolicyDocumentType = "PolicyDocument", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetUserPolicyRequest {
        user_name: ExistingUserNameType = "UserName", required;
        policy_name: PolicyNameType = "PolicyName", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetUserPolicyResponse {
        user_name: ExistingUserNameType = "UserName", required;
        policy_name: PolicyNameType = "PolicyName", required;
        policy_document: PolicyDocumentType = "PolicyDocument", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeleteUserPolicyRequest {
        user_name: ExistingUserNameType = "UserName", required;
        policy_name: PolicyNameType = "PolicyName", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListUserPoliciesRequest {
        user_name: ExistingUserNameType = "UserName", required;
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListUserPoliciesResponse {
        policy_names: PolicyNameListType = "PolicyNames", required;
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    AttachUserPolicyRequest {
        user_name: UserNameType = "UserName", required;
        policy_arn: ArnType = "PolicyArn", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DetachUserPolicyRequest {
        user_name: UserNameType = "UserName", required;
        policy_arn: ArnType = "PolicyArn", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListAttachedUserPoliciesRequest {
        user_name: UserNameType = "UserName", required;
        path_prefix: PolicyPathType = "PathPrefix";
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListAttachedUserPoliciesResponse {
        attached_policies: AttachedPoliciesListType = "AttachedPolicies";
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    PutUserPermissionsBoundaryRequest {
        user_name: UserNameType = "UserName", required;
        permissions_boundary: ArnType = "PermissionsBoundary", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeleteUserPermissionsBoundaryRequest {
        user_name: UserNameType = "UserName", required;
    }
}
