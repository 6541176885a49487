//! Grants: who may use a key for what, beside its policy. What they mean is not known here.

use super::common::is_name;
use super::{
    BooleanType, DateType, EncryptionContextType, GrantTokenList, GrantTokenType, KeyIdType,
    LimitType, MarkerType, NullableBooleanType,
};
use crate::patterns::is_digits;
use crate::{enumeration, list, structure, text};

text!(GrantIdType, 1..=128);
text!(GrantNameType, 1..=256, "^[a-zA-Z0-9:/_-]+$", is_name);
text!(PrincipalIdType, 1..=256, r"^[\w+=,.@:/-]+$", is_principal);
text!(
    ServicePrincipalType,
    1..=128,
    r"^([A-Za-z0-9\-]+)\.([A-Za-z0-9\-]+)(\.[A-Za-z0-9\-]+)+$",
    is_service_principal
);
text!(
    GrantConstraintSourceArnType,
    20..=512,
    "^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$",
    is_source_arn
);

enumeration!(GrantOperation {
    Decrypt = "Decrypt",
    Encrypt = "Encrypt",
    GenerateDataKey = "GenerateDataKey",
    GenerateDataKeyWithoutPlaintext = "GenerateDataKeyWithoutPlaintext",
    ReEncryptFrom = "ReEncryptFrom",
    ReEncryptTo = "ReEncryptTo",
    Sign = "Sign",
    Verify = "Verify",
    GetPublicKey = "GetPublicKey",
    CreateGrant = "CreateGrant",
    RetireGrant = "RetireGrant",
    DescribeKey = "DescribeKey",
    GenerateDataKeyPair = "GenerateDataKeyPair",
    GenerateDataKeyPairWithoutPlaintext = "GenerateDataKeyPairWithoutPlaintext",
    GenerateMac = "GenerateMac",
    VerifyMac = "VerifyMac",
    DeriveSharedSecret = "DeriveSharedSecret",
    Encapsulate = "Encapsulate",
    Decapsulate = "Decapsulate",
});

list!(GrantOperationList of GrantOperation);
list!(GrantList of GrantListEntry);

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GrantConstraints {
        encryption_context_subset: EncryptionContextType = "EncryptionContextSubset";
        encryption_context_equals: EncryptionContextType = "EncryptionContextEquals";
        source_arn: GrantConstraintSourceArnType = "SourceArn";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    CreateGrantRequest {
        key_id: KeyIdType = "KeyId", required;
        grantee_principal: PrincipalIdType = "GranteePrincipal";
        retiring_principal: PrincipalIdType = "RetiringPrincipal";
        operations: GrantOperationList = "Operations", required;
        constraints: GrantConstraints = "Constraints";
        grant_tokens: GrantTokenList = "GrantTokens";
        name: GrantNameType = "Name";
        dry_run: NullableBooleanType = "DryRun";
        grantee_service_principal: ServicePrincipalType = "GranteeServicePrincipal";
        retiring_service_principal: ServicePrincipalType = "RetiringServicePrincipal";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    CreateGrantResponse {
        grant_token: GrantTokenType = "GrantToken";
        grant_id: GrantIdType = "GrantId";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListGrantsRequest {
        limit: LimitType = "Limit";
        marker: MarkerType = "Marker";
        key_id: KeyIdType = "KeyId", required;
        grant_id: GrantIdType = "GrantId";
        grantee_principal: PrincipalIdType = "GranteePrincipal";
        grantee_service_principal: ServicePrincipalType = "GranteeServicePrincipal";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListRetirableGrantsRequest {
        limit: LimitType = "Limit";
        marker: MarkerType = "Marker";
        retiring_principal: PrincipalIdType = "RetiringPrincipal";
        retiring_service_principal: ServicePrincipalType = "RetiringServicePrincipal";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListGrantsResponse {
        grants: GrantList = "Grants";
        next_marker: MarkerType = "NextMarker";
        truncated: BooleanType = "Truncated";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GrantListEntry {
        key_id: KeyIdType = "KeyId";
        grant_id: GrantIdType = "GrantId";
        name: GrantNameType = "Name";
        creation_date: DateType = "CreationDate";
        grantee_principal: PrincipalIdType = "GranteePrincipal";
        retiring_principal: PrincipalIdType = "RetiringPrincipal";
        issuing_account: PrincipalIdType = "IssuingAccount";
        operations: GrantOperationList = "Operations";
        constraints: GrantConstraints = "Constraints";
        grantee_service_principal: ServicePrincipalType = "GranteeServicePrincipal";
        retiring_service_principal: ServicePrincipalType = "RetiringServicePrincipal";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    RetireGrantRequest {
        grant_token: GrantTokenType = "GrantToken";
        key_id: KeyIdType = "KeyId";
        grant_id: GrantIdType = "GrantId";
        dry_run: NullableBooleanType = "DryRun";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    RevokeGrantRequest {
        key_id: KeyIdType = "KeyId", required;
        grant_id: GrantIdType = "GrantId", required;
        dry_run: NullableBooleanType = "DryRun";
    }
}

fn is_principal(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte);
    !text.is_empty() && text.bytes().all(letter)
}

fn is_service_principal(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let label = |label: &str| !label.is_empty() && label.bytes().all(letter);
    text.split('.').count() >= 3 && text.split('.').all(label)
}

fn is_source_arn(text: &str) -> bool {
    let letter = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let word = |word: &str| word.bytes().all(letter);
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, service, region, account, resource] = parts.as_slice() else {
        return false;
    };
    *arn == "arn"
        && partition.strip_prefix("aws").is_some_and(word)
        && !service.is_empty()
        && word(service)
        && word(region)
        && account.len() == 12
        && is_digits(account)
        && !resource.is_empty()
        && !resource.contains(is_line_end)
}

// What `.` does not match in Java's expressions.
fn is_line_end(letter: char) -> bool {
    matches!(letter, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
