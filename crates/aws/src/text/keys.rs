//! Texts about keys: how they are named, their state, and what they are made for. Sources as in the
//! parent.

/// LS, NotFoundException: not the form of a key identifier.
pub fn invalid_key_id(key_id: &str) -> String {
    format!("Invalid keyId '{key_id}'")
}

/// LS, NotFoundException: an ARN of another Region.
pub fn invalid_arn_region(region: &str) -> String {
    format!("Invalid arn {region}")
}

/// OBS, NotFoundException: RetireGrant of a key that is not named by its ARN.
pub fn invalid_arn(key_id: &str) -> String {
    format!("Invalid arn {key_id}")
}

/// LS, NotFoundException: no such key.
pub fn key_not_found(key_arn: &str) -> String {
    format!("Key '{key_arn}' does not exist")
}

/// OBS, NotFoundException: no such alias.
pub fn alias_not_found(alias_arn: &str) -> String {
    format!("Alias {alias_arn} is not found.")
}

/// CAP, InvalidArnException: an alias names the key of a rotation or multi-Region operation.
pub const ALIASES_NOT_SUPPORTED: &str = "Key Aliases are not supported for this operation.";

/// LS, DisabledException.
pub fn key_disabled(key_arn: &str) -> String {
    format!("{key_arn} is disabled.")
}

/// CAP, KMSInvalidStateException.
pub fn key_pending_deletion(key_arn: &str) -> String {
    format!("{key_arn} is pending deletion.")
}

/// CAP, KMSInvalidStateException: a primary key whose replicas are still there.
pub fn key_pending_replica_deletion(key_arn: &str) -> String {
    format!("{key_arn} is pending replica deletion.")
}

/// LS, KMSInvalidStateException: CancelKeyDeletion of a key that is not to be deleted.
pub fn key_not_pending_deletion(key_arn: &str) -> String {
    format!("{key_arn} is not pending deletion (or pending replica deletion).")
}

/// CAP, KMSInvalidStateException: key material is missing.
pub fn key_pending_import(key_arn: &str) -> String {
    format!("{key_arn} is pending import.")
}

/// DOC, KMSInvalidStateException: a key of a custom key store that is not connected.
pub fn key_unavailable(key_arn: &str) -> String {
    format!("{key_arn} is unavailable.")
}

/// DOC, KMSInvalidStateException: a replica that is not ready yet.
pub fn key_creating(key_arn: &str) -> String {
    format!("{key_arn} is creating.")
}

/// DOC, KMSInvalidStateException: a key whose primary Region is being changed.
pub fn key_updating(key_arn: &str) -> String {
    format!("{key_arn} is updating.")
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

/// CAP, ValidationException: CreateKey.
pub fn key_spec_without_origin(key_spec: &str, origin: &str) -> String {
    format!("KeySpec {key_spec} is not supported for Origin {origin}")
}

/// LS, InvalidKeyUsageException: `operation` is not what the key is used for.
pub fn key_usage_not_valid(key_arn: &str, key_usage: &str, operation: &str) -> String {
    format!("{key_arn} key usage is {key_usage} which is not valid for {operation}.")
}

/// CAP, UnsupportedOperationException: import into a key that is not EXTERNAL, or automatic rotation
/// of one that is.
pub fn origin_not_valid(key_arn: &str, origin: &str) -> String {
    format!("{key_arn} origin is {origin} which is not valid for this operation.")
}

/// OWN, ValidationException: ScheduleKeyDeletion outside 7 to 30 days.
pub const PENDING_WINDOW_OUT_OF_RANGE: &str =
    "PendingWindowInDays must be between 7 and 30 (inclusive).";

/// OWN, UnsupportedOperationException: CreateKey of a spec that only other Regions have.
pub fn spec_not_offered(key_spec: &str, region: &str) -> String {
    format!("KeySpec {key_spec} is not supported in Region {region}.")
}
