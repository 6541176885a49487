//! Texts of the server itself: rates, the Query protocol, faults. Sources as in the parent.

/// DOC, ThrottlingException.
pub const THROTTLED: &str =
    "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.";

/// DOC, Query, InvalidAction.
pub fn unknown_action(action: &str, version: &str) -> String {
    format!("Could not find operation {action} for version {version}")
}

/// DOC, Query, MissingAction.
pub const ACTION_REQUIRED: &str = "The request is missing an action or a required parameter.";

/// OWN, Query, MalformedInput: not a form that can be read in one way.
pub const MALFORMED_FORM: &str = "The request body is not a valid form.";

/// DOC, Query, Throttling.
pub const RATE_EXCEEDED: &str = "Rate exceeded";

/// DOC, Query, InternalFailure.
pub const INTERNAL_FAILURE: &str =
    "The request processing has failed because of an unknown error, exception or failure.";

// --- Faults ---

/// OWN, KMSInternalException: nothing more is told.
pub const INTERNAL: &str = "The request failed because of an internal error. It can be retried.";

/// OWN, KMSInternalException: a change was refused because it could not be made durable.
pub const DISK_FULL: &str =
    "The request failed because the server's disk is full. Nothing was changed.";

/// OWN, KMSInternalException: a record does not open or cannot be read.
pub const STORE_DAMAGED: &str = "The request failed because stored data is damaged.";

/// OWN, KMSInternalException: a call that leaves no trace must not succeed.
pub const AUDIT_UNAVAILABLE: &str =
    "The request failed because its audit record could not be written.";

/// OWN, ServiceUnavailableException: the server is sealed.
pub const SEALED: &str = "The server is sealed. Its operators can open it with strongroom unseal.";

/// OWN, RequestEntityTooLargeException.
pub fn body_too_large(bytes_max: usize) -> String {
    format!("The request body is longer than {bytes_max} bytes.")
}

/// OWN, MalformedHttpRequestException: a request with both framings, or one that never ends.
pub const MALFORMED_HTTP: &str = "The HTTP request could not be read.";

/// OWN, RequestTimeoutException.
pub const REQUEST_TIMEOUT: &str = "The request was not received in time.";
