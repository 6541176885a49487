//! Texts of AccessDeniedException. Sources as in the parent.

/// How a denied caller is told where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where<'w> {
    /// A resource that the caller may see, by its ARN; `*` of an action that has none.
    Resource(&'w str),
    /// CAP: the key of another account, when the caller's own refuses.
    ThisResource,
    /// OBS: TagResource of a key that is still to be made; LookupEvents of CloudTrail.
    Nowhere,
}

fn denied(caller_arn: &str, action: &str, place: Where<'_>, because: &str) -> String {
    let place = match place {
        Where::Resource(resource) => format!(" on resource: {resource}"),
        Where::ThisResource => " on this resource".to_owned(),
        Where::Nowhere => String::new(),
    };
    format!("User: {caller_arn} is not authorized to perform: {action}{place} {because}")
}

/// OBS, CAP: no policy of a type that must allow does; `policy_type` as in "no identity-based policy".
pub fn denied_without(
    caller_arn: &str,
    action: &str,
    place: Where<'_>,
    policy_type: &str,
) -> String {
    let because = format!("because no {policy_type} allows the {action} action");
    denied(caller_arn, action, place, &because)
}

/// OBS, 2026: a policy of this type denies; `policy` is its name where the caller is told it.
pub fn denied_explicitly(
    caller_arn: &str,
    action: &str,
    place: Where<'_>,
    policy_type: &str,
    policy: Option<&str>,
) -> String {
    let article = if policy_type.starts_with('i') {
        "an"
    } else {
        "a"
    };
    let named = policy.map(|name| format!(": {name}")).unwrap_or_default();
    let because = format!("with an explicit deny in {article} {policy_type}{named}");
    denied(caller_arn, action, place, &because)
}

/// OBS; CAP for the management of an AWS managed key: a visible resource, and no resource-based policy
/// allows.
pub fn denied_by_resource(caller_arn: &str, action: &str, resource: &str) -> String {
    let place = Where::Resource(resource);
    denied_without(caller_arn, action, place, "resource-based policy")
}

/// OBS: a visible resource, and no identity-based policy allows.
pub fn denied_by_identity(caller_arn: &str, action: &str, resource: &str) -> String {
    let place = Where::Resource(resource);
    denied_without(caller_arn, action, place, "identity-based policy")
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
