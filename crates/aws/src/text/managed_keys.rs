//! Texts of AWS managed keys. Sources as in the parent.

/// OWN: the description of the key of service `name`.
pub fn managed_key_description(name: &str) -> String {
    format!("Default key of {name}, used when no other key is chosen")
}

/// OWN in its naming of the service: the Sid of the statement that lets a service use its key.
pub fn managed_key_statement(name: &str) -> String {
    format!(
        "Allow access through {name} for all principals in the account that are authorized to use {name}"
    )
}
