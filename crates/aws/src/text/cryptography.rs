//! Texts of cryptographic operations. Sources as in the parent.

/// LS, InvalidKeyUsageException.
pub fn algorithm_incompatible(algorithm: &str, key_spec: &str) -> String {
    format!("Algorithm {algorithm} is incompatible with key spec {key_spec}.")
}

/// LS, IncorrectKeyException.
pub const INCORRECT_KEY: &str =
    "The key ID in the request does not identify a CMK that can perform this operation.";

/// LS, ValidationException: GenerateRandom.
pub const NUMBER_OF_BYTES_REQUIRED: &str = "NumberOfBytes is required.";

/// OBS, ValidationException: GenerateDataKey with both or neither.
pub const NUMBER_OF_BYTES_OR_KEY_SPEC: &str = "Please specify either number of bytes or key spec.";

/// CAP, ValidationException: Decrypt that needs a KeyId.
pub const KEY_ID_NOT_NULL: &str = "KeyId must not be null";

/// MEM, ValidationException: an encryption context of more than 8 KiB.
pub const CONTEXT_TOO_LONG: &str =
    "The encryption context must not be longer than 8192 bytes in all.";

/// CAP, ValidationException: an encryption context with an asymmetric algorithm.
pub const CONTEXT_WITH_ASYMMETRIC: &str =
    "EncryptionContext is not supported when encrypting/decrypting with asymmetric CMKs.";

/// LS, ValidationException: a plaintext of more than `bytes_max` for an RSA key.
pub fn plaintext_too_long(algorithm: &str, key_spec: &str, bytes_max: usize) -> String {
    format!(
        "Algorithm {algorithm} and key spec {key_spec} cannot encrypt data larger than {bytes_max} bytes."
    )
}

/// CAP, ValidationException: Sign, Verify.
pub fn digest_length(algorithm: &str) -> String {
    format!("Digest is invalid length for algorithm {algorithm}.")
}

/// OBS, ValidationException: Sign, Verify.
pub fn external_mu_length(algorithm: &str) -> String {
    format!("External Mu is invalid length for algorithm {algorithm}.")
}

/// CAP, ValidationException: Sign, Verify.
pub fn message_type_without_key_spec(message_type: &str, key_spec: &str) -> String {
    format!("Message type {message_type} is incompatible with key spec {key_spec}.")
}

/// OBS, ValidationException: Sign, Verify.
pub fn message_type_without_algorithm(message_type: &str, algorithm: &str) -> String {
    format!("Message type {message_type} is incompatible with algorithm {algorithm}.")
}

/// OWN, UnsupportedOperationException: a data key pair of a spec that only other Regions have.
pub fn pair_spec_not_offered(pair_spec: &str, region: &str) -> String {
    format!("KeyPairSpec {pair_spec} is not supported in Region {region}.")
}

/// OWN, ValidationException: whatever is wrong with it, for only the operator may learn what is.
pub const ATTESTATION_NOT_VALID: &str = "The attestation document is not valid.";

/// OBS, ValidationException.
pub const DRY_RUN_MODIFIERS_WITHOUT_DRY_RUN: &str =
    "DryRunModifiers can only be specified when DryRun is true";

/// LS, DryRunOperationException.
pub const DRY_RUN_WOULD_HAVE_SUCCEEDED: &str =
    "The request would have succeeded, but the DryRun option is set.";
