//! Why a request is not authenticated, and how each protocol says so.

use crate::text::auth as text;

/// Why a request is not authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthFailure {
    /// There is no Authorization header of a scheme we know. Signatures in the query are not read.
    MissingToken,
    /// A header that decides what is signed or done stands there twice; its name.
    DuplicatedHeader(String),
    /// The Authorization header, the date or the credential cannot be read; the whole text.
    Incomplete(String),
    /// A header that must be signed is not; its name.
    UnsignedHeader(String),
    /// A signed header is not in the request; its name.
    AbsentSignedHeader(String),
    /// SignedHeaders is not in lower case, sorted and without repetition.
    UnorderedSignedHeaders,
    /// `x-amz-content-sha256` is not the hash of the body.
    ContentHash,
    /// The scope has another day than the request.
    ScopeDate {
        /// The day in the scope.
        scope: String,
        /// The time of the request.
        timestamp: String,
    },
    /// The scope has a Region that is none; its text.
    ScopeRegion(String),
    /// The scope has a service that the request is not for; those it may be for.
    ScopeService(Vec<String>),
    /// The scope ends wrongly; its end.
    ScopeTerminator(String),
    /// The request is too old.
    Expired {
        /// The time of the request.
        timestamp: String,
        /// The earliest time accepted.
        earliest: String,
        /// The time now.
        now: String,
    },
    /// The request comes from the future.
    NotYetCurrent {
        /// The time of the request.
        timestamp: String,
        /// The latest time accepted.
        latest: String,
        /// The time now.
        now: String,
    },
    /// The signature is not that of the request under the key.
    SignatureMismatch,
    /// There is no such access key, or its session token is not that of the request.
    UnknownAccessKey,
    /// The session is over.
    ExpiredSession,
    /// The account may not use the service.
    NotSubscribed,
}

/// The name of an error and its HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommonError {
    /// `__type` in JSON, `Code` in XML.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
}

impl AuthFailure {
    /// The text of every protocol.
    pub fn message(&self) -> String {
        match self {
            Self::MissingToken => text::MISSING_TOKEN.to_owned(),
            Self::DuplicatedHeader(name) => text::duplicated_header(name),
            Self::Incomplete(text) => text.clone(),
            Self::UnsignedHeader(name) if name == "host" => text::UNSIGNED_HOST.to_owned(),
            Self::UnsignedHeader(name) => text::unsigned_header(name),
            Self::AbsentSignedHeader(name) => text::absent_signed_header(name),
            Self::UnorderedSignedHeaders => text::UNORDERED_SIGNED_HEADERS.to_owned(),
            Self::ContentHash => text::CONTENT_HASH.to_owned(),
            Self::ScopeDate { scope, timestamp } => text::scope_date(scope, timestamp),
            Self::ScopeRegion(region) => text::scope_region(region),
            Self::ScopeService(services) => text::scope_service(services),
            Self::ScopeTerminator(terminator) => text::scope_terminator(terminator),
            Self::Expired {
                timestamp,
                earliest,
                now,
            } => text::expired(timestamp, earliest, now),
            Self::NotYetCurrent {
                timestamp,
                latest,
                now,
            } => text::not_yet_current(timestamp, latest, now),
            Self::SignatureMismatch => text::SIGNATURE_MISMATCH.to_owned(),
            Self::UnknownAccessKey => text::UNKNOWN_ACCESS_KEY.to_owned(),
            Self::ExpiredSession => text::EXPIRED_SESSION.to_owned(),
            Self::NotSubscribed => text::NOT_SUBSCRIBED.to_owned(),
        }
    }

    /// The error of a service that speaks JSON, such as KMS.
    pub fn json(&self) -> CommonError {
        let (code, status) = match self {
            Self::MissingToken => ("MissingAuthenticationTokenException", 400),
            Self::DuplicatedHeader(_) => ("MalformedHttpRequestException", 400),
            Self::Incomplete(_) => ("IncompleteSignatureException", 400),
            Self::UnsignedHeader(_)
            | Self::AbsentSignedHeader(_)
            | Self::UnorderedSignedHeaders
            | Self::ContentHash
            | Self::ScopeDate { .. }
            | Self::ScopeRegion(_)
            | Self::ScopeService(_)
            | Self::ScopeTerminator(_)
            | Self::Expired { .. }
            | Self::NotYetCurrent { .. }
            | Self::SignatureMismatch => ("InvalidSignatureException", 400),
            Self::UnknownAccessKey => ("UnrecognizedClientException", 400),
            Self::ExpiredSession => ("ExpiredTokenException", 400),
            Self::NotSubscribed => ("OptInRequired", 403),
        };
        CommonError { code, status }
    }

    /// The error of a service that speaks Query, such as STS.
    pub fn query(&self) -> CommonError {
        let (code, status) = match self {
            Self::MissingToken => ("MissingAuthenticationToken", 403),
            Self::DuplicatedHeader(_) => ("MalformedHttpRequestException", 400),
            Self::Incomplete(_) => ("IncompleteSignature", 400),
            Self::UnsignedHeader(_)
            | Self::AbsentSignedHeader(_)
            | Self::UnorderedSignedHeaders
            | Self::ContentHash
            | Self::ScopeDate { .. }
            | Self::ScopeRegion(_)
            | Self::ScopeService(_)
            | Self::ScopeTerminator(_)
            | Self::Expired { .. }
            | Self::NotYetCurrent { .. }
            | Self::SignatureMismatch => ("SignatureDoesNotMatch", 403),
            Self::UnknownAccessKey => ("InvalidClientTokenId", 403),
            Self::ExpiredSession => ("ExpiredToken", 403),
            Self::NotSubscribed => ("OptInRequired", 403),
        };
        CommonError { code, status }
    }
}

#[cfg(test)]
mod tests;
