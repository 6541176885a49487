//! Key policies as documents; what they mean is not known here.

use super::{BooleanType, KeyIdType, LimitType, MarkerType};
use crate::{list, structure, text};

text!(
    PolicyType,
    1..=131072,
    r"[\u0009\u000A\u000D\u0020-\u00FF]+",
    is_policy
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

fn is_policy(text: &str) -> bool {
    let letter = |letter: char| matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}');
    !text.is_empty() && text.chars().all(letter)
}

fn is_word(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && text.bytes().all(letter)
}
