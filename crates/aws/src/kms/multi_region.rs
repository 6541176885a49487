//! Replicas of keys in other Regions.

use super::{
    BooleanType, DescriptionType, KeyIdType, KeyMetadata, PolicyType, RegionType, TagList,
};
use crate::structure;

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ReplicateKeyRequest {
        key_id: KeyIdType = "KeyId", required;
        replica_region: RegionType = "ReplicaRegion", required;
        policy: PolicyType = "Policy";
        bypass_policy_lockout_safety_check: BooleanType = "BypassPolicyLockoutSafetyCheck";
        description: DescriptionType = "Description";
        tags: TagList = "Tags";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ReplicateKeyResponse {
        replica_key_metadata: KeyMetadata = "ReplicaKeyMetadata";
        replica_policy: PolicyType = "ReplicaPolicy";
        replica_tags: TagList = "ReplicaTags";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    UpdatePrimaryRegionRequest {
        key_id: KeyIdType = "KeyId", required;
        primary_region: RegionType = "PrimaryRegion", required;
    }
}
