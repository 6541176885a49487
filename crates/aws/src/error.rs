//! The exceptions of the KMS, IAM, STS, CloudTrail and CloudWatch APIs, their HTTP status, and how they are written. A refusal
//! never says more than its text.

use crate::json::Writer;
use crate::text;

/// Where the name of an exception comes from, which decides how its message member is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The model of the API: `message`.
    Modelled,
    /// AWS's common errors: `Message`.
    Common,
}

macro_rules! exceptions {
    (
        $(#[$documentation:meta])* $enum:ident;
        $($origin:ident $status:literal { $($variant:ident = $name:literal),+ $(,)? })+
    ) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $enum {
            $($(#[doc = concat!("`", $name, "`")] $variant,)+)+
        }

        impl $enum {
            /// Every exception.
            pub const ALL: &'static [Self] = &[$($(Self::$variant),+),+];

            /// The exception with this name on the wire.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|exception| exception.name() == name)
            }

            /// The `__type` of JSON, the `Code` of Query.
            pub fn name(self) -> &'static str {
                match self {
                    $($(Self::$variant => $name,)+)+
                }
            }

            /// The HTTP status.
            pub fn status(self) -> u16 {
                match self {
                    $($(Self::$variant => $status,)+)+
                }
            }

            /// Where the name comes from.
            pub fn origin(self) -> Origin {
                match self {
                    $($(Self::$variant => Origin::$origin,)+)+
                }
            }
        }
    };
}

exceptions! {
    /// An exception that a KMS operation may answer with.
    KmsException;
    Modelled 400 {
        AlreadyExists = "AlreadyExistsException",
        CloudHsmClusterInUse = "CloudHsmClusterInUseException",
        CloudHsmClusterInvalidConfiguration = "CloudHsmClusterInvalidConfigurationException",
        CloudHsmClusterNotActive = "CloudHsmClusterNotActiveException",
        CloudHsmClusterNotFound = "CloudHsmClusterNotFoundException",
        CloudHsmClusterNotRelated = "CloudHsmClusterNotRelatedException",
        Conflict = "ConflictException",
        CustomKeyStoreHasCmks = "CustomKeyStoreHasCMKsException",
        CustomKeyStoreInvalidState = "CustomKeyStoreInvalidStateException",
        CustomKeyStoreNameInUse = "CustomKeyStoreNameInUseException",
        CustomKeyStoreNotFound = "CustomKeyStoreNotFoundException",
        Disabled = "DisabledException",
        DryRunOperation = "DryRunOperationException",
        ExpiredImportToken = "ExpiredImportTokenException",
        IncorrectKey = "IncorrectKeyException",
        IncorrectKeyMaterial = "IncorrectKeyMaterialException",
        IncorrectTrustAnchor = "IncorrectTrustAnchorException",
        InvalidAliasName = "InvalidAliasNameException",
        InvalidArn = "InvalidArnException",
        InvalidCiphertext = "InvalidCiphertextException",
        InvalidGrantId = "InvalidGrantIdException",
        InvalidGrantToken = "InvalidGrantTokenException",
        InvalidImportToken = "InvalidImportTokenException",
        InvalidKeyUsage = "InvalidKeyUsageException",
        InvalidMarker = "InvalidMarkerException",
        KmsInvalidMac = "KMSInvalidMacException",
        KmsInvalidSignature = "KMSInvalidSignatureException",
        KmsInvalidState = "KMSInvalidStateException",
        LimitExceeded = "LimitExceededException",
        MalformedPolicyDocument = "MalformedPolicyDocumentException",
        NotFound = "NotFoundException",
        Tag = "TagException",
        UnsupportedOperation = "UnsupportedOperationException",
        XksKeyAlreadyInUse = "XksKeyAlreadyInUseException",
        XksKeyInvalidConfiguration = "XksKeyInvalidConfigurationException",
        XksKeyNotFound = "XksKeyNotFoundException",
        XksProxyIncorrectAuthenticationCredential = "XksProxyIncorrectAuthenticationCredentialException",
        XksProxyInvalidConfiguration = "XksProxyInvalidConfigurationException",
        XksProxyInvalidResponse = "XksProxyInvalidResponseException",
        XksProxyUriEndpointInUse = "XksProxyUriEndpointInUseException",
        XksProxyUriInUse = "XksProxyUriInUseException",
        XksProxyUriUnreachable = "XksProxyUriUnreachableException",
        XksProxyVpcEndpointServiceInUse = "XksProxyVpcEndpointServiceInUseException",
        XksProxyVpcEndpointServiceInvalidConfiguration = "XksProxyVpcEndpointServiceInvalidConfigurationException",
        XksProxyVpcEndpointServiceNotFound = "XksProxyVpcEndpointServiceNotFoundException",
    }
    Modelled 500 {
        DependencyTimeout = "DependencyTimeoutException",
        KeyUnavailable = "KeyUnavailableException",
        KmsInternal = "KMSInternalException",
    }
    Common 400 {
        AccessDenied = "AccessDeniedException",
        NotAuthorized = "NotAuthorizedException",
        Serialization = "SerializationException",
        Throttling = "ThrottlingException",
        UnknownOperation = "UnknownOperationException",
        Validation = "ValidationException",
    }
}

exceptions! {
    /// An exception that an operation of IAM, STS or CloudWatch may answer with.
    QueryException;
    Modelled 400 {
        ExpiredToken = "ExpiredTokenException",
        IdpCommunicationError = "IDPCommunicationError",
        InvalidIdentityToken = "InvalidIdentityToken",
        InvalidInput = "InvalidInput",
        InvalidNextToken = "InvalidNextToken",
        InvalidParameterCombination = "InvalidParameterCombination",
        InvalidParameterValue = "InvalidParameterValue",
        MalformedPolicyDocument = "MalformedPolicyDocument",
        MissingParameter = "MissingParameter",
        PackedPolicyTooLarge = "PackedPolicyTooLarge",
        PolicyNotAttachable = "PolicyNotAttachable",
        UnmodifiableEntity = "UnmodifiableEntity",
    }
    Modelled 403 {
        IdpRejectedClaim = "IDPRejectedClaim",
        RegionDisabled = "RegionDisabledException",
    }
    Modelled 404 {
        NoSuchEntity = "NoSuchEntity",
    }
    Modelled 409 {
        ConcurrentModification = "ConcurrentModification",
        DeleteConflict = "DeleteConflict",
        EntityAlreadyExists = "EntityAlreadyExists",
        EntityTemporarilyUnmodifiable = "EntityTemporarilyUnmodifiable",
        LimitExceeded = "LimitExceeded",
    }
    Modelled 500 {
        InternalServiceError = "InternalServiceError",
        PolicyEvaluation = "PolicyEvaluation",
        ServiceFailure = "ServiceFailure",
    }
    Common 400 {
        MalformedInput = "MalformedInput",
        Throttling = "Throttling",
        Validation = "ValidationError",
    }
    Common 403 {
        AccessDenied = "AccessDenied",
    }
    Common 500 {
        InternalFailure = "InternalFailure",
    }
}

exceptions! {
    /// An exception that an operation of CloudTrail may answer with.
    CloudTrailException;
    Modelled 400 {
        ChannelArnInvalid = "ChannelARNInvalidException",
        ChannelNotFound = "ChannelNotFoundException",
        CloudTrailArnInvalid = "CloudTrailARNInvalidException",
        CloudTrailAccessNotEnabled = "CloudTrailAccessNotEnabledException",
        CloudTrailInvalidClientTokenId = "CloudTrailInvalidClientTokenIdException",
        CloudWatchLogsDeliveryUnavailable = "CloudWatchLogsDeliveryUnavailableException",
        Conflict = "ConflictException",
        EventDataStoreArnInvalid = "EventDataStoreARNInvalidException",
        EventDataStoreNotFound = "EventDataStoreNotFoundException",
        InactiveEventDataStore = "InactiveEventDataStoreException",
        InsufficientDependencyServiceAccessPermission = "InsufficientDependencyServiceAccessPermissionException",
        InsufficientEncryptionPolicy = "InsufficientEncryptionPolicyException",
        InsufficientS3BucketPolicy = "InsufficientS3BucketPolicyException",
        InsufficientSnsTopicPolicy = "InsufficientSnsTopicPolicyException",
        InvalidCloudWatchLogsLogGroupArn = "InvalidCloudWatchLogsLogGroupArnException",
        InvalidCloudWatchLogsRoleArn = "InvalidCloudWatchLogsRoleArnException",
        InvalidEventCategory = "InvalidEventCategoryException",
        InvalidEventSelectors = "InvalidEventSelectorsException",
        InvalidHomeRegion = "InvalidHomeRegionException",
        InvalidKmsKeyId = "InvalidKmsKeyIdException",
        InvalidLookupAttributes = "InvalidLookupAttributesException",
        InvalidMaxResults = "InvalidMaxResultsException",
        InvalidNextToken = "InvalidNextTokenException",
        InvalidParameterCombination = "InvalidParameterCombinationException",
        InvalidParameter = "InvalidParameterException",
        InvalidS3BucketName = "InvalidS3BucketNameException",
        InvalidS3Prefix = "InvalidS3PrefixException",
        InvalidSnsTopicName = "InvalidSnsTopicNameException",
        InvalidTagParameter = "InvalidTagParameterException",
        InvalidTimeRange = "InvalidTimeRangeException",
        InvalidToken = "InvalidTokenException",
        InvalidTrailName = "InvalidTrailNameException",
        Kms = "KmsException",
        KmsKeyDisabled = "KmsKeyDisabledException",
        KmsKeyNotFound = "KmsKeyNotFoundException",
        MaximumNumberOfTrailsExceeded = "MaximumNumberOfTrailsExceededException",
        NoManagementAccountSlrExists = "NoManagementAccountSLRExistsException",
        NotOrganizationMasterAccount = "NotOrganizationMasterAccountException",
        OperationNotPermitted = "OperationNotPermittedException",
        OrganizationNotInAllFeaturesMode = "OrganizationNotInAllFeaturesModeException",
        OrganizationsNotInUse = "OrganizationsNotInUseException",
        ResourceNotFound = "ResourceNotFoundException",
        ResourceTypeNotSupported = "ResourceTypeNotSupportedException",
        S3BucketDoesNotExist = "S3BucketDoesNotExistException",
        TagsLimitExceeded = "TagsLimitExceededException",
        Throttling = "ThrottlingException",
        TrailAlreadyExists = "TrailAlreadyExistsException",
        TrailNotFound = "TrailNotFoundException",
        TrailNotProvided = "TrailNotProvidedException",
        UnsupportedOperation = "UnsupportedOperationException",
    }
}

/// An exception of any service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exception {
    /// Of KMS, or of what all services share.
    Kms(KmsException),
    /// Of IAM, STS or CloudWatch.
    Query(QueryException),
    /// Of CloudTrail.
    CloudTrail(CloudTrailException),
}

impl Exception {
    /// The `__type` of JSON, the `Code` of Query.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kms(exception) => exception.name(),
            Self::Query(exception) => exception.name(),
            Self::CloudTrail(exception) => exception.name(),
        }
    }

    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::Kms(exception) => exception.status(),
            Self::Query(exception) => exception.status(),
            Self::CloudTrail(exception) => exception.status(),
        }
    }

    /// Where the name comes from.
    pub fn origin(self) -> Origin {
        match self {
            Self::Kms(exception) => exception.origin(),
            Self::Query(exception) => exception.origin(),
            Self::CloudTrail(exception) => exception.origin(),
        }
    }
}

impl From<KmsException> for Exception {
    fn from(exception: KmsException) -> Self {
        Self::Kms(exception)
    }
}

impl From<QueryException> for Exception {
    fn from(exception: QueryException) -> Self {
        Self::Query(exception)
    }
}

impl From<CloudTrailException> for Exception {
    fn from(exception: CloudTrailException) -> Self {
        Self::CloudTrail(exception)
    }
}

/// What a client is told when its request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub exception: Exception,
    /// The text, which names only what the client sent; some exceptions have none.
    pub message: Option<String>,
}

impl Refusal {
    /// A refusal with a text.
    pub fn new(exception: impl Into<Exception>, message: impl Into<String>) -> Self {
        Self {
            exception: exception.into(),
            message: Some(message.into()),
        }
    }

    /// A refusal without text.
    pub fn bare(exception: impl Into<Exception>) -> Self {
        Self {
            exception: exception.into(),
            message: None,
        }
    }

    /// The code and the text of a reply of the Query protocol. Of what all services share, KMS's names
    /// become those of Query; anything else of services that speak JSON is a fault there, and nothing of it is told.
    pub fn query(&self) -> (QueryException, &str) {
        let message = self.message.as_deref().unwrap_or_default();
        match self.exception {
            Exception::Query(exception) => (exception, message),
            Exception::Kms(KmsException::AccessDenied) => (QueryException::AccessDenied, message),
            Exception::Kms(KmsException::Throttling) => {
                (QueryException::Throttling, text::RATE_EXCEEDED)
            }
            Exception::Kms(_) | Exception::CloudTrail(_) => {
                (QueryException::InternalFailure, text::INTERNAL_FAILURE)
            }
        }
    }

    /// The body of the reply of AWS JSON 1.1.
    pub fn body(&self) -> Vec<u8> {
        body(
            self.exception.name(),
            self.exception.origin(),
            self.message.as_deref(),
        )
    }
}

/// The body of an error reply of AWS JSON 1.1; without a text there is no message member.
pub fn body(name: &str, origin: Origin, message: Option<&str>) -> Vec<u8> {
    let member = match origin {
        Origin::Modelled => "message",
        Origin::Common => "Message",
    };
    let mut out = Writer::new();
    out.object(|out| {
        out.name("__type");
        out.string(name);
        if let Some(message) = message {
            out.name(member);
            out.string(message);
        }
    });
    out.into_bytes()
}

#[cfg(test)]
mod tests;
