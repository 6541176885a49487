//! Texts of AccessDeniedException. Sources as in the parent.

/// OBS; CAP for the management of an AWS managed key: a visible resource, and no resource-based policy
/// allows.
pub fn denied_by_resource(caller_arn: &str, action: &str, resource: &str) -> String {
    denied_for(caller_arn, action, resource, "no resource-based policy")
}

/// OBS: a visible resource, and no identity-based policy allows.
pub fn denied_by_identity(caller_arn: &str, action: &str, resource: &str) -> String {
    denied_for(caller_arn, action, resource, "no identity-based policy")
}

/// CAP: a visible resource, and no session policy allows, which a grant to a role needs.
pub fn denied_by_session(caller_arn: &str, action: &str, resource: &str) -> String {
    denied_for(caller_arn, action, resource, "no session policy")
}

/// CAP: a visible resource, and no permissions boundary allows, which a grant to a role needs.
pub fn denied_by_boundary(caller_arn: &str, action: &str, resource: &str) -> String {
    denied_for(caller_arn, action, resource, "no permissions boundary")
}

fn denied_for(caller_arn: &str, action: &str, resource: &str, none: &str) -> String {
    format!(
        "User: {caller_arn} is not authorized to perform: {action} on resource: {resource} because {none} allows the {action} action"
    )
}

/// CAP: the key of another account, and no identity-based policy in the caller's own allows.
pub fn denied_by_own_identity(caller_arn: &str, action: &str) -> String {
    denied_at_home(caller_arn, action, "no identity-based policy")
}

/// CAP: the key of another account, and no session policy in the caller's own allows.
pub fn denied_by_own_session(caller_arn: &str, action: &str) -> String {
    denied_at_home(caller_arn, action, "no session policy")
}

fn denied_at_home(caller_arn: &str, action: &str, none: &str) -> String {
    format!(
        "User: {caller_arn} is not authorized to perform: {action} on this resource because {none} allows the {action} action"
    )
}

/// OBS: the caller may not see whether the key exists.
pub fn denied_unseen(caller_arn: &str, action: &str) -> String {
    denied_blindly(caller_arn, action, "this resource")
}

/// OBS: the key that a ciphertext names is absent or forbidden.
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
