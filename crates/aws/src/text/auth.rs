//! Texts of failed authentication, each named like the failure it belongs to. Sources as in the parent.

/// DOC
pub const MISSING_TOKEN: &str = "Request is missing Authentication Token";

/// MEM
pub const SIGNATURE_MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/// CAP
pub const UNKNOWN_ACCESS_KEY: &str = "The security token included in the request is invalid.";

/// DOC
pub const EXPIRED_SESSION: &str = "The security token included in the request is expired";

/// DOC
pub const NOT_SUBSCRIBED: &str = "The AWS Access Key Id needs a subscription for the service";

/// OWN
pub const UNORDERED_SIGNED_HEADERS: &str =
    "'SignedHeaders' must be lower-case, sorted and without repetition.";

/// MEM, of S3
pub const CONTENT_HASH: &str =
    "The provided 'x-amz-content-sha256' header does not match what was computed.";

/// MEM
pub const UNSIGNED_HOST: &str =
    "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";

/// MEM, after the text for Host
pub fn unsigned_header(name: &str) -> String {
    format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")
}

/// OWN
pub fn absent_signed_header(name: &str) -> String {
    format!("The 'SignedHeader' '{name}' is not in the request.")
}

/// OWN
pub fn duplicated_header(name: &str) -> String {
    format!("The request has the header '{name}' more than once.")
}

/// OWN
pub fn unsupported_algorithm(algorithm: &str) -> String {
    format!("Unsupported AWS 'algorithm': '{algorithm}'.")
}

/// MEM
pub fn missing_equal_sign(part: &str, header: &str) -> String {
    format!(
        "'{part}' not a valid key=value pair (missing equal-sign) in Authorization header: '{header}'."
    )
}

/// OWN
pub fn unknown_or_repeated(name: &str, header: &str) -> String {
    format!("'{name}' is unknown or repeated in Authorization header: '{header}'.")
}

/// MEM: the names of what is missing, in this order: parameters, then the date.
pub fn missing_parameters(parameters: &[&str], header: &str) -> String {
    let sentences: Vec<String> = parameters
        .iter()
        .map(|name| format!("Authorization header requires '{name}' parameter. "))
        .collect();
    format!("{}Authorization={header}", sentences.concat())
}

/// MEM
pub fn missing_date(header: &str) -> String {
    format!(
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization={header}"
    )
}

/// MEM
pub fn malformed_date(date: &str) -> String {
    format!(
        "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
    )
}

/// MEM
pub fn malformed_credential(credential: &str) -> String {
    format!(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
    )
}

/// MEM
pub fn scope_date(scope: &str, timestamp: &str) -> String {
    let day = timestamp.get(..8).unwrap_or_default();
    format!(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != '{day}', from '{timestamp}'."
    )
}

/// MEM
pub fn scope_region(region: &str) -> String {
    format!("Credential should be scoped to a valid region, not '{region}'.")
}

/// MEM
pub fn scope_service(services: &[String]) -> String {
    format!(
        "Credential should be scoped to correct service: '{}'.",
        services.join("' or '")
    )
}

/// MEM
pub fn scope_terminator(terminator: &str) -> String {
    format!(
        "Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'."
    )
}

/// MEM
pub fn expired(timestamp: &str, earliest: &str, now: &str) -> String {
    format!("Signature expired: {timestamp} is now earlier than {earliest} ({now} - 5 min.)")
}

/// MEM
pub fn not_yet_current(timestamp: &str, latest: &str, now: &str) -> String {
    format!("Signature not yet current: {timestamp} is still later than {latest} ({now} + 5 min.)")
}

/// OWN: of a service on its own socket.
pub fn malformed_service_scope(header: &str) -> String {
    format!(
        "Authorization header must be 'Strongroom-Service Region=REGION, Account=ACCOUNT': '{header}'."
    )
}

/// OWN: of a service on its own socket.
pub fn unknown_service_account(account: &str) -> String {
    format!("There is no account '{account}' on whose behalf to call.")
}

/// OWN: of a service on its own socket.
pub fn malformed_header(name: &str) -> String {
    format!("The header '{name}' cannot be read.")
}
