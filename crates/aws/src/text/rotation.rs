//! Texts of rotating key material. Sources as in the parent. UnsupportedOperationException of a key that
//! never rotates has none.

/// LS, LimitExceededException: RotateKeyOnDemand.
pub fn rotations_exhausted(key_arn: &str) -> String {
    format!(
        "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: {key_arn}"
    )
}

/// LS, KMSInvalidStateException: RotateKeyOnDemand of an EXTERNAL key.
pub fn no_key_material_pending(key_arn: &str) -> String {
    format!("No available key material pending rotation for the key: {key_arn}.")
}

/// OWN, ConflictException: RotateKeyOnDemand while an automatic rotation runs or is about to.
pub fn rotation_in_progress(key_arn: &str) -> String {
    format!("An automatic rotation of {key_arn} is in progress or about to begin.")
}

/// CAP, ValidationException: ListKeyRotations.
pub const INCLUDE_KEY_MATERIAL_UNFIT: &str =
    "Input parameter includeKeyMaterial can only be used with symmetric keys.";
