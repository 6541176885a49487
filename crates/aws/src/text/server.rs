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

/// CAP, Query, MalformedInput: the number of an item is no number, or what should name one does not.
pub const UNEXPECTED_LIST: &str = "Start of list found where not expected";

/// MEM, Query, MalformedInput: parts of a value that has none, or no value where one must be.
pub const UNEXPECTED_STRUCTURE: &str = "Start of structure or map found where not expected.";

/// OWN, Query, MalformedInput: a value for what has parts.
pub const UNEXPECTED_VALUE: &str = "Value found where not expected.";

/// OWN, Query, MalformedInput: two parameters for one value.
pub const REPEATED_PARAMETER: &str = "A parameter of the request is repeated.";

/// OWN, Query, MalformedInput; the code CAP.
pub const NOT_AN_INTEGER: &str = "A parameter of the request is not a valid integer.";

/// OWN, Query, MalformedInput.
pub const NOT_A_DOUBLE: &str = "A parameter of the request is not a valid number.";

/// OWN, Query, MalformedInput.
pub const NOT_A_BOOLEAN: &str = "A parameter of the request is not a valid boolean.";

/// OWN, Query, MalformedInput.
pub const NOT_A_TIMESTAMP: &str = "A parameter of the request is not a valid timestamp.";

/// CAP, Query, MalformedInput: items are counted from 1.
pub fn invalid_index(index: &str) -> String {
    format!("{index} is not a valid index")
}

/// CAP, Query, MalformedInput.
pub fn negative_index(index: &str) -> String {
    format!("Key {index} may not have a leading '-'")
}

/// CAP, Query, MalformedInput: `skipped` items are left out one after another.
pub fn sparse_list(skipped: u64) -> String {
    format!("Excessively sparse input would skip {skipped} list elements")
}

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
