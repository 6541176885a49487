//! The exceptions of the KMS API, their HTTP status, and how they are written.

use crate::json::Writer;

/// Where the name of an exception comes from, which decides how its message member is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The KMS model: `message`.
    Modelled,
    /// AWS's common errors: `Message`.
    Common,
}

macro_rules! exceptions {
    ($($origin:ident $status:literal { $($variant:ident = $name:literal),+ $(,)? })+) => {
        /// An exception that a KMS operation may answer with.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum KmsException {
            $($(#[doc = concat!("`", $name, "`")] $variant,)+)+
        }

        impl KmsException {
            /// Every exception.
            pub const ALL: &'static [Self] = &[$($(Self::$variant),+),+];

            /// The `__type` on the wire.
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

impl KmsException {
    /// The exception with this `__type`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|exception| exception.name() == name)
    }
}

/// What a client is told when its request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub exception: KmsException,
    /// The text, which names only what the client sent; some exceptions have none.
    pub message: Option<String>,
}

impl Refusal {
    /// A refusal with a text.
    pub fn new(exception: KmsException, message: impl Into<String>) -> Self {
        Self {
            exception,
            message: Some(message.into()),
        }
    }

    /// A refusal without text.
    pub fn bare(exception: KmsException) -> Self {
        Self {
            exception,
            message: None,
        }
    }

    /// The body of the reply.
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
