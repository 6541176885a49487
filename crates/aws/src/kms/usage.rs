//! When a key was last used.

use super::{DateType, KeyIdType};
use crate::{enumeration, structure, text};

text!(CloudTrailEventIdType);
text!(KmsRequestIdType);

enumeration!(KeyLastUsageTrackingOperation {
    Decrypt = "Decrypt",
    DeriveSharedSecret = "DeriveSharedSecret",
    Encrypt = "Encrypt",
    GenerateDataKey = "GenerateDataKey",
    GenerateDataKeyPair = "GenerateDataKeyPair",
    GenerateDataKeyPairWithoutPlaintext = "GenerateDataKeyPairWithoutPlaintext",
    GenerateDataKeyWithoutPlaintext = "GenerateDataKeyWithoutPlaintext",
    GenerateMac = "GenerateMac",
    ReEncrypt = "ReEncrypt",
    Sign = "Sign",
    Verify = "Verify",
    VerifyMac = "VerifyMac",
    Encapsulate = "Encapsulate",
    Decapsulate = "Decapsulate",
});

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetKeyLastUsageRequest {
        key_id: KeyIdType = "KeyId", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetKeyLastUsageResponse {
        key_id: KeyIdType = "KeyId";
        key_last_usage: KeyLastUsageData = "KeyLastUsage";
        tracking_start_date: DateType = "TrackingStartDate";
        key_creation_date: DateType = "KeyCreationDate";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    KeyLastUsageData {
        operation: KeyLastUsageTrackingOperation = "Operation";
        timestamp: DateType = "Timestamp";
        cloud_trail_event_id: CloudTrailEventIdType = "CloudTrailEventId";
        kms_request_id: KmsRequestIdType = "KmsRequestId";
    }
}
