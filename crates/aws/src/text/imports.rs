//! Texts of importing key material. Sources as in the parent. Wrong tokens and material that cannot be
//! unwrapped have none.

/// CAP, ValidationException: GetParametersForImport.
pub fn wrapping_unfit(wrapping_algorithm: &str, wrapping_key_spec: &str, key_spec: &str) -> String {
    format!(
        "Wrapping algorithm {wrapping_algorithm} and wrapping key spec {wrapping_key_spec} cannot be used to import a {key_spec} key."
    )
}

/// CAP, ValidationException.
pub const VALID_TO_REQUIRED: &str =
    "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES";

/// CAP, ValidationException.
pub const VALID_TO_FORBIDDEN: &str =
    "A validTo date cannot be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE";

/// CAP, ValidationException.
pub const VALID_TO_PAST: &str = "ValidTo must be in the future";

/// CAP, ValidationException.
pub const VALID_TO_TOO_LATE: &str = "ValidTo must be less than 365 days in the future";

/// CAP, ValidationException: a member that only imports into symmetric encryption keys have;
/// `parameter` is its path.
pub fn import_parameter_unfit(parameter: &str, key_spec: &str) -> String {
    format!("Input parameter {parameter} cannot be used with {key_spec} imported keys.")
}

/// CAP, ValidationException.
pub const KEY_MATERIAL_ID_OF_NEW: &str =
    "Input parameter keyMaterialId cannot be used with NEW_KEY_MATERIAL importType.";

/// CAP, IncorrectKeyMaterialException: `expected_id` is what the client or the key asks for.
pub fn key_material_unexpected(expected_id: &str) -> String {
    format!("Imported key material does not have the expected identifier ({expected_id}).")
}

/// CAP, IncorrectKeyMaterialException.
pub fn key_material_not_new(key_material_id: &str, key_arn: &str) -> String {
    format!(
        "Key material (id: {key_material_id}) being imported as NEW_KEY_MATERIAL is already associated with KMS key {key_arn}."
    )
}

/// OWN, IncorrectKeyMaterialException, after the text for new material.
pub fn key_material_not_existing(key_material_id: &str, key_arn: &str) -> String {
    format!(
        "Key material (id: {key_material_id}) being imported as EXISTING_KEY_MATERIAL is not associated with KMS key {key_arn}."
    )
}

/// LS, KMSInvalidStateException.
pub fn other_key_material_pending(
    key_material_id: &str,
    key_arn: &str,
    pending_material_id: &str,
) -> String {
    format!(
        "New key material (id: {key_material_id}) cannot be imported into KMS key {key_arn}, because another key material (id: {pending_material_id}) is pending rotation."
    )
}

/// CAP, ValidationException: DeleteImportedKeyMaterial.
pub fn key_material_never_imported(key_material_id: &str, key_arn: &str) -> String {
    format!("Key material (id: {key_material_id}) has never been imported into KMS key {key_arn}.")
}
