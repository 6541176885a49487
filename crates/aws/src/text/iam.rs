//! Texts of IAM, by the exception they belong to. Sources as in the parent.

// --- NoSuchEntity ---

/// LS
pub fn no_such_user(name: &str) -> String {
    not_found("user", name)
}

/// LS
pub fn no_such_role(name: &str) -> String {
    not_found("role", name)
}

/// MEM
pub fn no_such_group(name: &str) -> String {
    not_found("group", name)
}

/// MEM: an inline policy.
pub fn no_such_user_policy(name: &str) -> String {
    not_found("user policy", name)
}

/// MEM: an inline policy.
pub fn no_such_role_policy(name: &str) -> String {
    not_found("role policy", name)
}

/// MEM: an inline policy.
pub fn no_such_group_policy(name: &str) -> String {
    not_found("group policy", name)
}

fn not_found(kind: &str, name: &str) -> String {
    format!("The {kind} with name {name} cannot be found.")
}

/// MEM
pub fn no_such_access_key(id: &str) -> String {
    format!("The Access Key with id {id} cannot be found.")
}

/// LS: a managed policy, or one that is not attached.
pub fn no_such_policy(arn: &str) -> String {
    format!("Policy {arn} was not found.")
}

/// LS: a managed policy that is to be attached, or set as boundary.
pub fn not_attachable(arn: &str) -> String {
    format!("Policy {arn} does not exist or is not attachable.")
}

/// MEM
pub fn no_such_policy_version(arn: &str, version: &str) -> String {
    format!("Policy {arn} version {version} does not exist or is not attachable.")
}

/// MEM: `kind` in lower case.
pub fn no_boundary(kind: &str, name: &str) -> String {
    format!("The permissions boundary for the {kind} {name} cannot be found.")
}

// --- EntityAlreadyExists ---

/// OBS
pub fn user_exists(name: &str) -> String {
    exists("User", name)
}

/// MEM, after the text for users.
pub fn role_exists(name: &str) -> String {
    exists("Role", name)
}

/// MEM, after the text for users.
pub fn group_exists(name: &str) -> String {
    exists("Group", name)
}

fn exists(kind: &str, name: &str) -> String {
    format!("{kind} with name {name} already exists.")
}

/// MEM
pub fn policy_exists(name: &str) -> String {
    format!("A policy called {name} already exists. Duplicate names are not allowed.")
}

// --- DeleteConflict ---

/// MEM: managed policies are attached.
pub const HAS_ATTACHED_POLICIES: &str = "Cannot delete entity, must detach all policies first.";

/// MEM: inline policies.
pub const HAS_INLINE_POLICIES: &str = "Cannot delete entity, must delete policies first.";

/// MEM: of a user.
pub const HAS_ACCESS_KEYS: &str = "Cannot delete entity, must delete access keys first.";

/// MEM: of a group.
pub const HAS_USERS: &str = "Cannot delete entity, must remove users from group first.";

/// MEM: of a managed policy.
pub const IS_ATTACHED: &str = "Cannot delete a policy attached to entities.";

/// MEM: of a managed policy.
pub const HAS_VERSIONS: &str = "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.";

/// MEM: of a version.
pub const IS_DEFAULT_VERSION: &str = "Cannot delete the default version of a policy.";

// --- LimitExceeded ---

/// MEM: `quota` as in AccessKeysPerUser, GroupsPerUser, PoliciesPerRole, PolicySize, ACLSizePerRole.
pub fn quota_exceeded(quota: &str, max: usize) -> String {
    format!("Cannot exceed quota for {quota}: {max}")
}

/// MEM: all inline policies of a user, role or group; `kind` in lower case.
pub fn inline_policies_too_large(kind: &str, name: &str, max: usize) -> String {
    format!("Maximum policy size of {max} bytes exceeded for {kind} {name}")
}

/// MEM
pub fn too_many_versions(max: usize) -> String {
    format!(
        "A managed policy can have up to {max} versions. Before you create a new version, you must delete an existing version."
    )
}

/// MEM
pub const TOO_MANY_TAGS: &str = "The number of tags has reached the maximum limit.";

// --- MalformedPolicyDocument ---

/// LS
pub const INVALID_JSON: &str = "This policy contains invalid Json";

/// OBS
pub const SYNTAX_ERRORS: &str = "Syntax errors in policy.";

/// OBS: `kind` is the member of Principal that holds it, as `AWS`.
pub fn invalid_principal(kind: &str, principal: &str) -> String {
    format!("Invalid principal in policy: \"{kind}\":\"{principal}\"")
}

/// MEM: `field` as in Principal of an identity policy, Resource of a trust policy.
pub fn prohibited_field(field: &str) -> String {
    format!("Has prohibited field {field}")
}

/// MEM: `field` as in Principal of a trust policy.
pub fn missing_field(field: &str) -> String {
    format!("Missing required field {field}")
}

/// MEM
pub const STATEMENT_WITHOUT_ACTIONS: &str = "Policy statement must contain actions.";

/// MEM
pub const STATEMENT_WITHOUT_RESOURCES: &str = "Policy statement must contain resources.";

/// MEM
pub const REPEATED_SID: &str = "Statement IDs (SID) in a single policy must be unique.";

/// MEM
pub const INVALID_SID: &str = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*";

/// MEM
pub const ACTION_WITHOUT_SERVICE: &str =
    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";

/// MEM
pub fn resource_is_no_arn(resource: &str) -> String {
    format!("Resource {resource} must be in ARN format or \"*\".")
}

// --- InvalidInput ---

/// LS; the two spaces are AWS's.
pub const INVALID_ARN: &str = "Invalid ARN:  Could not be parsed!";

pub use super::sts::DUPLICATE_TAG_KEYS;

/// OWN: of an access key.
pub const STATUS_NOT_TO_BE_SET: &str =
    "The status of an access key can be set to Active or Inactive.";

// --- ValidationError ---

/// MEM: a call that is about the caller when it names no user, and the caller is none.
pub const USER_NAME_REQUIRED: &str = "Must specify userName when calling with non-User credentials";

/// OWN
pub const INVALID_MARKER: &str = "Invalid Marker.";

// --- InvalidInput ---

/// MEM: PolicySourceArn of a simulation.
pub fn unclear_entity(arn: &str) -> String {
    format!("Invalid Entity Arn: {arn} does not clearly define entity type and name.")
}

/// OWN: `parameter` as in PolicyInputList.1.
pub fn unreadable_policy(parameter: &str, problem: &str) -> String {
    format!("Invalid policy in {parameter}: {problem}")
}

/// OWN, after IAM API, CallerArn.
pub const CALLER_ARN_REQUIRED: &str =
    "CallerArn is required when ResourcePolicy is given and PolicySourceArn is not a user.";

/// OWN, after IAM API, CallerArn.
pub fn caller_is_no_user(arn: &str) -> String {
    format!("CallerArn must be the ARN of a user: {arn}")
}

/// OWN, after IAM API, ResourceOwner.
pub fn owner_is_no_account(owner: &str) -> String {
    format!("ResourceOwner must be the ARN of an account: {owner}")
}

/// OWN, after IAM API, PermissionsBoundaryPolicyInputList.
pub const MORE_THAN_ONE_BOUNDARY: &str =
    "PermissionsBoundaryPolicyInputList can have only one policy.";

/// OWN: `what` as in actions and resources.
pub fn simulation_too_large(what: &str, max: usize) -> String {
    format!("The simulation has more than {max} {what}.")
}

/// OWN
pub const CONTEXT_ENTRY_WITHOUT_NAME: &str = "ContextEntries has an entry without ContextKeyName.";
