//! Texts of grants. Sources as in the parent. Wrong grant ids, grant tokens and too many grants have none.

/// The two kinds of keys that a text tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symmetry {
    /// One secret, HMAC keys included.
    Symmetric,
    /// A public and a private key.
    Asymmetric,
}

/// CAP, ValidationException: CreateGrant; `operations` are those that do not fit the key, `valid` those
/// that do.
pub fn grant_operations_unfit(
    operations: &[&str],
    symmetry: Symmetry,
    key_usage: &str,
    valid: &[&str],
) -> String {
    let key = match symmetry {
        Symmetry::Symmetric => "a symmetric KMS key",
        Symmetry::Asymmetric => "an asymmetric KMS key",
    };
    format!(
        "Operations [{}] are not supported when creating a grant for {key} with key usage {key_usage}. Valid operations are [{}]",
        operations.join(", "),
        valid.join(", ")
    )
}

/// OWN, ValidationException: CreateGrant without any operation.
pub const GRANT_OPERATIONS_REQUIRED: &str = "Operations must not be empty.";

/// CAP, ValidationException: CreateGrant.
pub const CONTEXT_CONSTRAINT_UNFIT: &str =
    "EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key.";

/// OWN, ValidationException: KMS API, GrantConstraints: 8 pairs, values of 384 characters.
pub const CONTEXT_CONSTRAINT_TOO_LARGE: &str = "An encryption context constraint of a grant can have at most 8 pairs, with values of at most 384 characters.";

/// CAP, InvalidArnException: nobody has this ARN.
pub fn principal_not_valid(principal_arn: &str) -> String {
    format!("ARN does not refer to a valid principal: {principal_arn}")
}

/// CAP, InvalidArnException: not the form of a principal's ARN.
pub fn principal_arn_not_valid(principal_arn: &str) -> String {
    format!("ARN is not valid: {principal_arn}")
}

/// CAP of GranteePrincipal, InvalidArnException: CreateGrant to a unique id that nobody has; `member` is
/// the member that names it.
pub fn principal_member_not_valid(member: &str) -> String {
    format!("{member} does not refer to a valid principal.")
}

/// CAP, InvalidArnException: ListGrants of a unique id that nobody has.
pub const GRANTEE_FILTER_NOT_VALID: &str = "Input does not refer to a valid principal";

/// CAP, NotFoundException: ListRetirableGrants.
pub fn retiring_principal_not_found(principal: &str) -> String {
    format!("Retiring principal {principal} could not be found")
}

/// OWN, ValidationException: RetireGrant.
pub const GRANT_NOT_NAMED: &str =
    "Either GrantToken, or both KeyId and GrantId, must be specified.";
