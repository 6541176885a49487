//! Texts of key policies. Sources as in the parent.

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
