//! Key policies as documents; what they mean is not known here.

use super::{BooleanType, KeyIdType, LimitType, MarkerType};
use crate::patterns::{is_document, is_word};
use crate::{list, structure, text};

text!(
    PolicyType,
    1..=131072,
    r"[\u0009\u000A\u000D\u0020-\u00FF]+",
    is_document
);
text!(PolicyNameType, 1..=128, r"[\w]+", is_word);
list!(PolicyNameList of PolicyNameType);

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetKeyPolicyRequest {
        key_id: KeyIdType = "KeyId", required;
        policy_name: PolicyNameType = "PolicyName";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetKeyPolicyResponse {
        policy: PolicyType = "Policy";
        policy_name: PolicyNameType = "PolicyName";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    PutKeyPolicyRequest {
        key_id: KeyIdType = "KeyId", required;
        policy_name: PolicyNameType = "PolicyName";
        policy: PolicyType = "Policy", required;
        bypass_policy_lockout_safety_check: BooleanType = "BypassPolicyLockoutSafetyCheck";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListKeyPoliciesRequest {
        key_id: KeyIdType = "KeyId", required;
        limit: LimitType = "Limit";
        marker: MarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListKeyPoliciesResponse {
        policy_names: PolicyNameList = "PolicyNames";
        next_marker: MarkerType = "NextMarker";
        truncated: BooleanType = "Truncated";
    }
}
