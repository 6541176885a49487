//! Groups of users.

use super::{
    ArnType, AttachedPoliciesListType, BooleanType, DateType, ExistingUserNameType, IdType,
    MarkerType, MaxItemsType, PathPrefixType, PathType, PolicyDocumentType, PolicyNameListType,
    PolicyNameType, PolicyPathType, ResponseMarkerType, UserListType,
};
use crate::patterns::is_name;
use crate::{list, structure, text};

text!(GroupNameType, 1..=128, r"[\w+=,.@-]+", is_name);

list!(GroupListType of Group);

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    Group {
        path: PathType = "Path", required;
        group_name: GroupNameType = "GroupName", required;
        group_id: IdType = "GroupId", required;
        arn: ArnType = "Arn", required;
        create_date: DateType = "CreateDate", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListGroupsForUserRequest {
        user_name: ExistingUserNameType = "UserName", required;
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListGroupsForUserResponse {
        groups: GroupListType = "Groups", required;
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    CreateGroupRequest {
        path: PathType = "Path";
        group_name: GroupNameType = "GroupName", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    CreateGroupResponse {
        group: Group = "Group", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetGroupRequest {
        group_name: GroupNameType = "GroupName", required;
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetGroupResponse {
        group: Group = "Group", required;
        users: UserListType = "Users", required;
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListGroupsRequest {
        path_prefix: PathPrefixType = "PathPrefix";
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListGroupsResponse {
        groups: GroupListType = "Groups", required;
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    UpdateGroupRequest {
        group_name: GroupNameType = "GroupName", required;
        new_path: PathType = "NewPath";
        new_group_name: GroupNameType = "NewGroupName";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeleteGroupRequest {
        group_name: GroupNameType = "GroupName", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    AddUserToGroupRequest {
        group_name: GroupNameType = "GroupName", required;
        user_name: ExistingUserNameType = "UserName", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    RemoveUserFromGroupRequest {
        group_name: GroupNameType = "GroupName", required;
        user_name: ExistingUserNameType = "UserName", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    PutGroupPolicyRequest {
        group_name: GroupNameType = "GroupName", required;
        policy_name: PolicyNameType = "PolicyName", required;
        policy_document: PolicyDocumentType = "PolicyDocument", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetGroupPolicyRequest {
        group_name: GroupNameType = "GroupName", required;
        policy_name: PolicyNameType = "PolicyName", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetGroupPolicyResponse {
        group_name: GroupNameType = "GroupName", required;
        policy_name: PolicyNameType = "PolicyName", required;
        policy_document: PolicyDocumentType = "PolicyDocument", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeleteGroupPolicyRequest {
        group_name: GroupNameType = "GroupName", required;
        policy_name: PolicyNameType = "PolicyName", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListGroupPoliciesRequest {
        group_name: GroupNameType = "GroupName", required;
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListGroupPoliciesResponse {
        policy_names: PolicyNameListType = "PolicyNames", required;
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    AttachGroupPolicyRequest {
        group_name: GroupNameType = "GroupName", required;
        policy_arn: ArnType = "PolicyArn", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DetachGroupPolicyRequest {
        group_name: GroupNameType = "GroupName", required;
        policy_arn: ArnType = "PolicyArn", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListAttachedGroupPoliciesRequest {
        group_name: GroupNameType = "GroupName", required;
        path_prefix: PolicyPathType = "PathPrefix";
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListAttachedGroupPoliciesResponse {
        attached_policies: AttachedPoliciesListType = "AttachedPolicies";
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}
