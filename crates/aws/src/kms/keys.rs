//! Creating, listing, describing, disabling and deleting keys.

use super::{
    ArnType, BooleanType, CustomKeyStoreIdType, CustomerMasterKeySpec, DateType, DescriptionType,
    GrantTokenList, KeyIdType, KeyMetadata, KeySpec, KeyState, KeyUsageType, LimitType, MarkerType,
    NullableBooleanType, OriginType, PendingWindowInDaysType, PolicyType, TagList, XksKeyIdType,
};
use crate::{enumeration, list, structure};

enumeration!(ResourceOwnerType {
    SelfOwned = "SELF",
    OtherAccountsViaRam = "OTHER_ACCOUNTS_VIA_RAM",
});

list!(ResourceOwnersList of ResourceOwnerType, 1..=2);
list!(KeyList of KeyListEntry);

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    CreateKeyRequest {
        policy: PolicyType = "Policy";
        description: DescriptionType = "Description";
        key_usage: KeyUsageType = "KeyUsage";
        customer_master_key_spec: CustomerMasterKeySpec = "CustomerMasterKeySpec";
        key_spec: KeySpec = "KeySpec";
        origin: OriginType = "Origin";
        custom_key_store_id: CustomKeyStoreIdType = "CustomKeyStoreId";
        bypass_policy_lockout_safety_check: BooleanType = "BypassPolicyLockoutSafetyCheck";
        tags: TagList = "Tags";
        multi_region: NullableBooleanType = "MultiRegion";
        xks_key_id: XksKeyIdType = "XksKeyId";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    CreateKeyResponse {
        key_metadata: KeyMetadata = "KeyMetadata";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DescribeKeyRequest {
        key_id: KeyIdType = "KeyId", required;
        grant_tokens: GrantTokenList = "GrantTokens";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    DescribeKeyResponse {
        key_metadata: KeyMetadata = "KeyMetadata";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListKeysRequest {
        limit: LimitType = "Limit";
        marker: MarkerType = "Marker";
        resource_owners: ResourceOwnersList = "ResourceOwners";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListKeysResponse {
        keys: KeyList = "Keys";
        next_marker: MarkerType = "NextMarker";
        truncated: BooleanType = "Truncated";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    KeyListEntry {
        key_id: KeyIdType = "KeyId";
        key_arn: ArnType = "KeyArn";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    UpdateKeyDescriptionRequest {
        key_id: KeyIdType = "KeyId", required;
        description: DescriptionType = "Description", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    EnableKeyRequest {
        key_id: KeyIdType = "KeyId", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DisableKeyRequest {
        key_id: KeyIdType = "KeyId", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ScheduleKeyDeletionRequest {
        key_id: KeyIdType = "KeyId", required;
        pending_window_in_days: PendingWindowInDaysType = "PendingWindowInDays";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ScheduleKeyDeletionResponse {
        key_id: KeyIdType = "KeyId";
        deletion_date: DateType = "DeletionDate";
        key_state: KeyState = "KeyState";
        pending_window_in_days: PendingWindowInDaysType = "PendingWindowInDays";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    CancelKeyDeletionRequest {
        key_id: KeyIdType = "KeyId", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    CancelKeyDeletionResponse {
        key_id: KeyIdType = "KeyId";
    }
}
