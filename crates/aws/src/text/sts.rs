//! Texts of STS, by the exception they belong to. Sources as in the parent.

// --- ValidationError ---

/// LS: the ARN of a role or a session policy.
pub fn invalid_arn(arn: &str) -> String {
    format!("{arn} is invalid")
}

/// OBS
pub const DURATION_EXCEEDS_ROLE: &str =
    "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";

/// MEM: a session of a role assumes a role.
pub const DURATION_EXCEEDS_CHAINING: &str = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.";

/// OWN: GetAccessKeyInfo of a key that is none of this server's.
pub fn unknown_access_key(id: &str) -> String {
    format!("The access key {id} is not known")
}

/// OWN: a context provider, of which there is none.
pub fn unknown_context_provider(arn: &str) -> String {
    format!("{arn} is not a known context provider")
}

/// OWN: the start of names that are kept for AWS.
pub const RESERVED_SOURCE_IDENTITY: &str = "SourceIdentity must not begin with aws:";

// --- InvalidParameterValue ---

/// OWN
pub const RESERVED_TAG_KEY: &str = "Tag keys must not begin with aws:";

/// LS
pub const TRANSITIVE_TAG_ABSENT: &str =
    "The specified transitive tag key must be included in the requested tags.";

/// LS
pub const DUPLICATE_TAG_KEYS: &str =
    "Duplicate tag keys found. Please note that Tag keys are case insensitive.";

/// LS
pub const TRANSITIVE_TAG_CONFLICT: &str = "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.";

// --- AccessDenied ---

/// OBS for sts:AssumeRole: the trust policy does not let the caller in, or there is no such role.
pub fn denied_role(caller_arn: &str, action: &str, role_arn: &str) -> String {
    format!("User: {caller_arn} is not authorized to perform: {action} on resource: {role_arn}")
}

/// MEM: nobody is known yet who could be named.
pub const DENIED_WEB_IDENTITY: &str = "Not authorized to perform sts:AssumeRoleWithWebIdentity";

/// MEM
pub const ROOT_ASSUMES_ROLE: &str = "Roles may not be assumed by root accounts.";

/// MEM: a code of a device for a second factor; no such devices exist.
pub const MFA_FAILED: &str = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.";

/// MEM: GetSessionToken or GetFederationToken.
pub fn session_credentials(operation: &str) -> String {
    format!("Cannot call {operation} with session credentials")
}

// --- PackedPolicyTooLarge ---

/// MEM: `percent` of what a session may carry.
pub fn packed_policy_too_large(percent: usize) -> String {
    format!("Packed policy consumes {percent}% of allotted space, please use smaller policy.")
}

// --- InvalidIdentityToken ---

/// MEM
pub const NOT_A_JWT: &str = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";

/// MEM
pub fn unknown_identity_provider(issuer: &str) -> String {
    format!("No OpenIDConnect provider found in your account for {issuer}")
}

/// MEM
pub fn missing_claim(claim: &str) -> String {
    format!("Missing a required claim: {claim}")
}

/// OWN
pub const WRONG_TOKEN_SIGNATURE: &str = "The signature of the ID Token is not valid";

/// MEM
pub const WRONG_AUDIENCE: &str = "Incorrect token audience";

/// MEM
pub const UNKNOWN_VERIFICATION_KEY: &str = "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements";

// --- IDPRejectedClaim ---

/// OWN
pub const TOKEN_NOT_YET_VALID: &str = "The ID Token is not valid yet";

/// OWN: a claim that no session could have.
pub fn rejected_claim(claim: &str) -> String {
    format!("The claim {claim} of the ID Token cannot be used")
}

// --- ExpiredTokenException ---

/// MEM: both in seconds since the epoch.
pub fn token_expired(now: i64, expiry: i64) -> String {
    format!(
        "Token expired: current date/time {now} must be before the expiration date/time {expiry}"
    )
}
