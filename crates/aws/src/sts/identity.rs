//! Who calls, and whose an access key is.

use super::{AccessKeyIdType, ArnType};
use crate::{structure, text};

text!(AccountType);
text!(UserIdType);

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetCallerIdentityRequest {}
}

// AWS writes the ARN first.
structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetCallerIdentityResponse {
        arn: ArnType = "Arn";
        user_id: UserIdType = "UserId";
        account: AccountType = "Account";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetAccessKeyInfoRequest {
        access_key_id: AccessKeyIdType = "AccessKeyId", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetAccessKeyInfoResponse {
        account: AccountType = "Account";
    }
}
