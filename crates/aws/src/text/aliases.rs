//! Texts of aliases. Sources as in the parent. NotAuthorizedException of `alias/aws/` has none.

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

/// OWN, ValidationException: UpdateAlias to a key of another kind or usage.
pub fn alias_target_unlike(current_arn: &str, new_arn: &str) -> String {
    format!(
        "The current key {current_arn} and the new key {new_arn} of an alias must be of the same type and have the same key usage."
    )
}
