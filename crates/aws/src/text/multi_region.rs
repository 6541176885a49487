//! Texts of multi-Region keys. Sources as in the parent.

/// CAP, UnsupportedOperationException: `operation` belongs to the primary key.
pub fn replica_not_valid(key_arn: &str, operation: &str) -> String {
    format!("{key_arn} is a multi-region replica key which is not valid for {operation}.")
}

/// CAP, UnsupportedOperationException: ReplicateKey.
pub fn replicate_needs_primary(key_arn: &str) -> String {
    format!("{key_arn} is not a multi-region primary key.")
}

/// CAP, KMSInvalidStateException: UpdatePrimaryRegion, which spells Region with a capital.
pub fn update_needs_primary(key_arn: &str) -> String {
    format!("{key_arn} is not a multi-Region primary key.")
}

/// CAP, ValidationException: ReplicateKey.
pub fn region_has_primary(region: &str) -> String {
    format!("{region} cannot have a replica because it contains the primary.")
}

/// CAP, ValidationException: ReplicateKey.
pub const OTHER_PARTITION: &str =
    "The replica key Region must be in the same AWS partition as the primary key Region.";

/// CAP, ValidationException: ReplicateKey to a Region that does not exist.
pub fn region_not_valid(region: &str) -> String {
    format!(
        "Region {region} is not a valid Region or multi-Region keys are not supported in Region {region}."
    )
}

/// CAP, AlreadyExistsException: ReplicateKey, also while the replica there is pending deletion.
pub const ONE_REPLICA_EACH_REGION: &str =
    "You can create only one replica of each primary key in each AWS Region.";

/// CAP, ValidationException: UpdatePrimaryRegion; `key_id` is the bare id.
pub fn no_replica_in_region(key_id: &str) -> String {
    format!("{key_id} does not have a replica key in the specified Region.")
}

/// OWN, LimitExceededException: ReplicateKey of a key that was rotated too often.
pub fn too_many_materials_to_replicate(materials_max: usize) -> String {
    format!("A key with more than {materials_max} key materials cannot be replicated.")
}
