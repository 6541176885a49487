//! Access keys of users.

use super::{
    BooleanType, DateType, ExistingUserNameType, MarkerType, MaxItemsType, ResponseMarkerType,
    StringType, UserNameType,
};
use crate::patterns::is_word;
use crate::{enumeration, list, structure, text};

text!(AccessKeyIdType, 16..=128, r"[\w]+", is_word);
text!(secret AccessKeySecretType);

enumeration!(StatusType {
    Active = "Active",
    Inactive = "Inactive",
    Expired = "Expired",
});

list!(AccessKeyMetadataListType of AccessKeyMetadata);

structure! {
    AccessKey {
        user_name: UserNameType = "UserName", required;
        access_key_id: AccessKeyIdType = "AccessKeyId", required;
        status: StatusType = "Status", required;
        secret_access_key: AccessKeySecretType = "SecretAccessKey", required;
        create_date: DateType = "CreateDate";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    AccessKeyLastUsed {
        last_used_date: DateType = "LastUsedDate";
        service_name: StringType = "ServiceName", required;
        region: StringType = "Region", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    AccessKeyMetadata {
        user_name: UserNameType = "UserName";
        access_key_id: AccessKeyIdType = "AccessKeyId";
        status: StatusType = "Status";
        create_date: DateType = "CreateDate";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    CreateAccessKeyRequest {
        user_name: ExistingUserNameType = "UserName";
    }
}

structure! {
    CreateAccessKeyResponse {
        access_key: AccessKey = "AccessKey", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListAccessKeysRequest {
        user_name: ExistingUserNameType = "UserName";
        marker: MarkerType = "Marker";
        max_items: MaxItemsType = "MaxItems";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListAccessKeysResponse {
        access_key_metadata: AccessKeyMetadataListType = "AccessKeyMetadata", required;
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    UpdateAccessKeyRequest {
        user_name: ExistingUserNameType = "UserName";
        access_key_id: AccessKeyIdType = "AccessKeyId", required;
        status: StatusType = "Status", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeleteAccessKeyRequest {
        user_name: ExistingUserNameType = "UserName";
        access_key_id: AccessKeyIdType = "AccessKeyId", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetAccessKeyLastUsedRequest {
        access_key_id: AccessKeyIdType = "AccessKeyId", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetAccessKeyLastUsedResponse {
        user_name: ExistingUserNameType = "UserName";
        access_key_last_used: AccessKeyLastUsed = "AccessKeyLastUsed";
    }
}
