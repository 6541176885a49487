//! Every text that AWS answers with, in one place. A function's arguments are what the client sent or
//! may know; nothing else may enter a text.
//!
//! Each text names its source: CAP recorded from live AWS in 2026, LS recorded before, OBS seen in
//! public logs, DOC documentation, MEM remembered, OWN ours because AWS's is unknown.

use std::fmt::{self, Display};

use crate::shape::{Constraint, Malformed, Path};

pub mod auth;

/// LS: one violated constraint, and the value that violates it.
pub fn violation(path: &Path<'_>, value: &dyn Display, constraint: &Constraint) -> String {
    format!("Value '{value}' at '{path}' failed to satisfy constraint: {constraint}")
}

/// LS: the same of a blob, whose value is not shown.
pub fn hidden_violation(path: &Path<'_>, constraint: &Constraint) -> String {
    format!("Value at '{path}' failed to satisfy constraint: {constraint}")
}

/// MEM: a required member is absent.
pub fn null_violation(path: &Path<'_>) -> String {
    format!("Value null at '{path}' failed to satisfy constraint: Member must not be null")
}

/// MEM: all violations of a request.
pub fn violations(violations: &[String], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let plural = if violations.len() == 1 { "" } else { "s" };
    let all = violations.join("; ");
    write!(
        out,
        "{} validation error{plural} detected: {all}",
        violations.len()
    )
}

/// LS; the forms for items and values MEM.
pub fn constraint(constraint: &Constraint, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    match constraint {
        Constraint::NotNull => out.write_str("Member must not be null"),
        Constraint::LengthMin(min) => write!(
            out,
            "Member must have length greater than or equal to {min}"
        ),
        Constraint::LengthMax(max) => {
            write!(out, "Member must have length less than or equal to {max}")
        }
        Constraint::ValueMin(min) => {
            write!(out, "Member must have value greater than or equal to {min}")
        }
        Constraint::ValueMax(max) => {
            write!(out, "Member must have value less than or equal to {max}")
        }
        Constraint::OneOf(names) => write!(
            out,
            "Member must satisfy enum value set: [{}]",
            names.join(", ")
        ),
        Constraint::Pattern(pattern) => write!(
            out,
            "Member must satisfy regular expression pattern: {pattern}"
        ),
        Constraint::Items(all) => {
            write!(out, "Member must satisfy constraint: [{}]", joined(all))
        }
        Constraint::Values(all) => {
            write!(out, "Map value must satisfy constraint: [{}]", joined(all))
        }
    }
}

fn joined(constraints: &[Constraint]) -> String {
    let texts: Vec<String> = constraints.iter().map(Constraint::to_string).collect();
    texts.join(", ")
}

/// MEM: a value of another JSON type than its shape.
pub fn wrong_json_type(error: &Malformed) -> String {
    format!("{} cannot be converted to {}", error.found, error.expected)
}

/// LS, NotFoundException: not the form of a key identifier.
pub fn invalid_key_id(key_id: &str) -> String {
    format!("Invalid keyId '{key_id}'")
}

/// LS, NotFoundException: an ARN of another Region.
pub fn invalid_arn_region(region: &str) -> String {
    format!("Invalid arn {region}")
}

/// LS, NotFoundException: no such key.
pub fn key_not_found(key_arn: &str) -> String {
    format!("Key '{key_arn}' does not exist")
}

/// OBS, NotFoundException: no such alias.
pub fn alias_not_found(alias_arn: &str) -> String {
    format!("Alias {alias_arn} is not found.")
}

/// LS, DisabledException.
pub fn key_disabled(key_arn: &str) -> String {
    format!("{key_arn} is disabled.")
}

/// CAP, KMSInvalidStateException.
pub fn key_pending_deletion(key_arn: &str) -> String {
    format!("{key_arn} is pending deletion.")
}

/// CAP, KMSInvalidStateException.
pub fn key_pending_replica_deletion(key_arn: &str) -> String {
    format!("{key_arn} is pending replica deletion.")
}

/// CAP, KMSInvalidStateException.
pub fn key_pending_import(key_arn: &str) -> String {
    format!("{key_arn} is pending import.")
}

/// LS, InvalidKeyUsageException.
pub fn key_usage_not_valid(key_arn: &str, key_usage: &str, operation: &str) -> String {
    format!("{key_arn} key usage is {key_usage} which is not valid for {operation}.")
}

/// CAP, ValidationException: CreateKey.
pub fn spec_not_supported_for_origin(key_spec: &str, origin: &str) -> String {
    format!("KeySpec {key_spec} is not supported for Origin {origin}")
}

/// OWN, UnsupportedOperationException: CreateKey of a spec that only other Regions have.
pub fn spec_not_offered(key_spec: &str, region: &str) -> String {
    format!("KeySpec {key_spec} is not supported in Region {region}.")
}

/// LS, KMSInvalidStateException: CancelKeyDeletion of a key that is not to be deleted.
pub fn key_not_pending_deletion(key_arn: &str) -> String {
    format!("{key_arn} is not pending deletion (or pending replica deletion).")
}

/// OBS, AccessDeniedException: a visible resource, and no resource-based policy allows.
pub fn denied_by_resource(caller_arn: &str, action: &str, resource: &str) -> String {
    denied_for(caller_arn, action, resource, "no resource-based policy")
}

fn denied_for(caller_arn: &str, action: &str, resource: &str, none: &str) -> String {
    format!(
        "User: {caller_arn} is not authorized to perform: {action} on resource: {resource} because {none} allows the {action} action"
    )
}

/// OBS, AccessDeniedException: the caller may not see whether the key exists.
pub fn denied_unseen(caller_arn: &str, action: &str) -> String {
    denied_blindly(caller_arn, action, "this resource")
}

/// OBS, AccessDeniedException: the key that a ciphertext names is absent or forbidden.
pub fn denied_ciphertext(caller_arn: &str, action: &str) -> String {
    denied_blindly(
        caller_arn,
        action,
        "the resource associated with this ciphertext",
    )
}

fn denied_blindly(caller_arn: &str, action: &str, resource: &str) -> String {
    format!(
        "User: {caller_arn} is not authorized to perform: {action} on {resource} because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
    )
}

/// LS, ValidationException: CreateKey.
pub const KEY_USAGE_REQUIRED: &str =
    "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.";

/// LS, ValidationException: CreateKey.
pub fn key_usage_incompatible(key_usage: &str, key_spec: &str) -> String {
    format!("KeyUsage {key_usage} is not compatible with KeySpec {key_spec}")
}

/// OBS, ValidationException: CreateKey with both synonyms.
pub const BOTH_KEY_SPECS: &str = "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.";

/// OWN, UnsupportedOperationException: a value of the model that this server does not serve.
pub fn not_supported(member: &str, value: &str) -> String {
    format!("{member} {value} is not supported.")
}

/// OWN, UnsupportedOperationException: a member of the model that this server does not serve.
pub fn not_served(member: &str) -> String {
    format!("{member} is not supported.")
}

/// OWN, ValidationException: ScheduleKeyDeletion outside 7 to 30 days.
pub const PENDING_WINDOW_OUT_OF_RANGE: &str =
    "PendingWindowInDays must be between 7 and 30 (inclusive).";

/// LS, InvalidKeyUsageException.
pub fn algorithm_incompatible(algorithm: &str, key_spec: &str) -> String {
    format!("Algorithm {algorithm} is incompatible with key spec {key_spec}.")
}

/// LS, IncorrectKeyException.
pub const INCORRECT_KEY: &str =
    "The key ID in the request does not identify a CMK that can perform this operation.";

/// LS, ValidationException: GenerateRandom.
pub const NUMBER_OF_BYTES_REQUIRED: &str = "NumberOfBytes is required.";

/// OBS, ValidationException: GenerateDataKey with both or neither.
pub const NUMBER_OF_BYTES_OR_KEY_SPEC: &str = "Please specify either number of bytes or key spec.";

/// CAP, ValidationException: Decrypt that needs a KeyId.
pub const KEY_ID_NOT_NULL: &str = "KeyId must not be null";

/// MEM, ValidationException: an encryption context of more than 8 KiB.
pub const CONTEXT_TOO_LONG: &str =
    "The encryption context must not be longer than 8192 bytes in all.";

/// MEM, ValidationException: a member that is required only sometimes is absent; `member` is its path.
pub fn required_member(member: &str) -> String {
    format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    )
}

/// OBS, ValidationException.
pub const DRY_RUN_MODIFIERS_WITHOUT_DRY_RUN: &str =
    "DryRunModifiers can only be specified when DryRun is true";

/// LS, DryRunOperationException.
pub const DRY_RUN_WOULD_HAVE_SUCCEEDED: &str =
    "The request would have succeeded, but the DryRun option is set.";

/// LS, AlreadyExistsException.
pub fn alias_exists(alias_arn: &str) -> String {
    format!("An alias with the name {alias_arn} already exists")
}

/// LS, ValidationException.
pub const ALIAS_PREFIX: &str = "Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html";

/// OBS, ValidationException.
pub fn alias_invalid_characters(alias_name: &str) -> String {
    format!("{alias_name} contains invalid characters for an alias")
}

/// OBS, ValidationException: an alias given as the target of an alias.
pub const ALIAS_OF_ALIAS: &str = "Aliases must refer to keys. Not aliases";

/// LS, TagException.
pub const DUPLICATE_TAG_KEYS: &str = "Duplicate tag keys";

/// LS, TagException.
pub const TOO_MANY_TAGS: &str = "Too many tags";

/// LS, TagException.
pub const RESERVED_TAG: &str = "Tags beginning with aws: are reserved";

/// OBS, TagException.
pub const INVALID_TAG: &str = "Invalid tag";

/// OBS, NotFoundException: GetKeyPolicy.
pub const NO_SUCH_POLICY: &str = "No such policy exists";

/// OBS, MalformedPolicyDocumentException: the lockout check.
pub const POLICY_LOCKS_OUT: &str =
    "The new key policy will not allow you to update the key policy in the future.";

/// OBS, MalformedPolicyDocumentException.
pub const POLICY_INVALID_PRINCIPALS: &str =
    "Policy contains a statement with one or more invalid principals.";

/// DOC, ValidationException: PutKeyPolicy of the other policy.
pub const AWS_RAM_POLICY: &str = "The AWS_RAM policy can only be managed by the RAM service";

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

// --- Faults of the server ---

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
