//! Temporary credentials: of roles, federated users and users.

use super::{AccessKeyIdType, ArnType};
use crate::patterns::{
    is_digits, is_document, is_external_id, is_name_or_empty, is_session_id, is_tag_key,
    is_tag_value,
};
use crate::{integer, list, structure, text, timestamp};

text!(secret AccessKeySecretType);
text!(AssumedRoleIdType, 2..=193, r"[\w+=,.@:-]*", is_session_id);
text!(Audience);
text!(secret ClientTokenType, 4..=20000);
text!(ContextAssertionType, 4..=2048);
text!(ExternalIdType, 2..=1224, r"[\w+=,.@:\/-]*", is_external_id);
text!(FederatedIdType, 2..=193, r"[\w+=,.@\:-]*", is_session_id);
text!(Issuer);
text!(
    RoleSessionNameType,
    2..=64,
    r"[\w+=,.@-]*",
    is_name_or_empty
);
text!(SerialNumberType, 9..=256, r"[\w+=/:,.@-]*", is_external_id);
text!(
    SessionPolicyDocumentType,
    1..=2048,
    r"[\u0009\u000A\u000D\u0020-\u00FF]+",
    is_document
);
text!(SourceIdentityType, 2..=64, r"[\w+=,.@-]*", is_name_or_empty);
text!(
    TagKeyType,
    1..=128,
    r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+",
    is_tag_key
);
text!(
    TagValueType,
    0..=256,
    r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*",
    is_tag_value
);
text!(TokenCodeType, 6..=6, r"[\d]*", is_digits);
text!(secret TokenType);
text!(
    UnrestrictedSessionPolicyDocumentType,
    1..,
    r"[\u0009\u000A\u000D\u0020-\u00FF]+",
    is_document
);
text!(UrlType, 4..=2048);
text!(UserNameType, 2..=32, r"[\w+=,.@-]*", is_name_or_empty);
text!(WebIdentitySubjectType, 6..=255);
integer!(DurationSecondsType, 900..=129600);
integer!(MinimumSessionTokenSizeType, 0..=4096);
integer!(NonNegativeIntegerType, 0..);
integer!(RoleDurationSecondsType, 900..=43200);
integer!(SessionTokenSizeType, 0..);
integer!(SessionTokenUtilizationType, 0..);
timestamp!(DateType);

list!(PolicyDescriptorListType of PolicyDescriptorType);
list!(ProvidedContextsListType of ProvidedContext, 1..=5);
list!(TagKeyListType of TagKeyType, 0..=50);
list!(TagListType of Tag, 0..=50);

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    AssumedRoleUser {
        assumed_role_id: AssumedRoleIdType = "AssumedRoleId", required;
        arn: ArnType = "Arn", required;
    }
}

structure! {
    Credentials {
        access_key_id: AccessKeyIdType = "AccessKeyId", required;
        secret_access_key: AccessKeySecretType = "SecretAccessKey", required;
        session_token: TokenType = "SessionToken", required;
        expiration: DateType = "Expiration", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    FederatedUser {
        federated_user_id: FederatedIdType = "FederatedUserId", required;
        arn: ArnType = "Arn", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    PolicyDescriptorType {
        arn: ArnType = "arn";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ProvidedContext {
        provider_arn: ArnType = "ProviderArn";
        context_assertion: ContextAssertionType = "ContextAssertion";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    Tag {
        key: TagKeyType = "Key", required;
        value: TagValueType = "Value", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    AssumeRoleRequest {
        role_arn: ArnType = "RoleArn", required;
        role_session_name: RoleSessionNameType = "RoleSessionName", required;
        policy_arns: PolicyDescriptorListType = "PolicyArns";
        policy: UnrestrictedSessionPolicyDocumentType = "Policy";
        duration_seconds: RoleDurationSecondsType = "DurationSeconds";
        tags: TagListType = "Tags";
        transitive_tag_keys: TagKeyListType = "TransitiveTagKeys";
        external_id: ExternalIdType = "ExternalId";
        serial_number: SerialNumberType = "SerialNumber";
        token_code: TokenCodeType = "TokenCode";
        source_identity: SourceIdentityType = "SourceIdentity";
        provided_contexts: ProvidedContextsListType = "ProvidedContexts";
        minimum_session_token_size: MinimumSessionTokenSizeType = "MinimumSessionTokenSize";
    }
}

structure! {
    #[derive(Default)]
    AssumeRoleResponse {
        credentials: Credentials = "Credentials";
        assumed_role_user: AssumedRoleUser = "AssumedRoleUser";
        packed_policy_size: NonNegativeIntegerType = "PackedPolicySize";
        source_identity: SourceIdentityType = "SourceIdentity";
        session_token_utilization: SessionTokenUtilizationType = "SessionTokenUtilization";
        session_token_size: SessionTokenSizeType = "SessionTokenSize";
    }
}

structure! {
    AssumeRoleWithWebIdentityRequest {
        role_arn: ArnType = "RoleArn", required;
        role_session_name: RoleSessionNameType = "RoleSessionName", required;
        web_identity_token: ClientTokenType = "WebIdentityToken", required;
        provider_id: UrlType = "ProviderId";
        policy_arns: PolicyDescriptorListType = "PolicyArns";
        policy: SessionPolicyDocumentType = "Policy";
        duration_seconds: RoleDurationSecondsType = "DurationSeconds";
        minimum_session_token_size: MinimumSessionTokenSizeType = "MinimumSessionTokenSize";
    }
}

structure! {
    #[derive(Default)]
    AssumeRoleWithWebIdentityResponse {
        credentials: Credentials = "Credentials";
        subject_from_web_identity_token: WebIdentitySubjectType = "SubjectFromWebIdentityToken";
        assumed_role_user: AssumedRoleUser = "AssumedRoleUser";
        packed_policy_size: NonNegativeIntegerType = "PackedPolicySize";
        provider: Issuer = "Provider";
        audience: Audience = "Audience";
        source_identity: SourceIdentityType = "SourceIdentity";
        session_token_utilization: SessionTokenUtilizationType = "SessionTokenUtilization";
        session_token_size: SessionTokenSizeType = "SessionTokenSize";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetSessionTokenRequest {
        duration_seconds: DurationSecondsType = "DurationSeconds";
        serial_number: SerialNumberType = "SerialNumber";
        token_code: TokenCodeType = "TokenCode";
        minimum_session_token_size: MinimumSessionTokenSizeType = "MinimumSessionTokenSize";
    }
}

structure! {
    #[derive(Default)]
    GetSessionTokenResponse {
        credentials: Credentials = "Credentials";
        session_token_utilization: SessionTokenUtilizationType = "SessionTokenUtilization";
        session_token_size: SessionTokenSizeType = "SessionTokenSize";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetFederationTokenRequest {
        name: UserNameType = "Name", required;
        policy: SessionPolicyDocumentType = "Policy";
        policy_arns: PolicyDescriptorListType = "PolicyArns";
        duration_seconds: DurationSecondsType = "DurationSeconds";
        tags: TagListType = "Tags";
        minimum_session_token_size: MinimumSessionTokenSizeType = "MinimumSessionTokenSize";
    }
}

structure! {
    #[derive(Default)]
    GetFederationTokenResponse {
        credentials: Credentials = "Credentials";
        federated_user: FederatedUser = "FederatedUser";
        packed_policy_size: NonNegativeIntegerType = "PackedPolicySize";
        session_token_utilization: SessionTokenUtilizationType = "SessionTokenUtilization";
        session_token_size: SessionTokenSizeType = "SessionTokenSize";
    }
}
