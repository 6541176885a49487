//! The shapes of the KMS API, version 2014-11-01, named and limited as in botocore's model.

use crate::shape::{NoOutput, OperationModel};

mod agreement;
mod aliases;
mod common;
mod cryptography;
mod custom_key_stores;
mod data_keys;
mod grants;
mod imports;
mod keys;
mod metadata;
mod multi_region;
mod policies;
mod public_keys;
mod rotation;
mod signing;
mod tags;
mod usage;

pub use agreement::*;
pub use aliases::*;
pub use common::*;
pub use cryptography::*;
pub use custom_key_stores::*;
pub use data_keys::*;
pub use grants::*;
pub use imports::*;
pub use keys::*;
pub use metadata::*;
pub use multi_region::*;
pub use policies::*;
pub use public_keys::*;
pub use rotation::*;
pub use signing::*;
pub use tags::*;
pub use usage::*;

/// What the `X-Amz-Target` header of a KMS request starts with, before the dot.
pub const TARGET_PREFIX: &str = "TrentService";

/// The content type of requests and replies.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Every operation of the API.
pub const OPERATIONS: &[OperationModel] = &[
    OperationModel::new::<CancelKeyDeletionRequest, CancelKeyDeletionResponse>("CancelKeyDeletion"),
    OperationModel::new::<ConnectCustomKeyStoreRequest, ConnectCustomKeyStoreResponse>(
        "ConnectCustomKeyStore",
    ),
    OperationModel::new::<CreateAliasRequest, NoOutput>("CreateAlias"),
    OperationModel::new::<CreateCustomKeyStoreRequest, CreateCustomKeyStoreResponse>(
        "CreateCustomKeyStore",
    ),
    OperationModel::new::<CreateGrantRequest, CreateGrantResponse>("CreateGrant"),
    OperationModel::new::<CreateKeyRequest, CreateKeyResponse>("CreateKey"),
    OperationModel::new::<DecapsulateRequest, DecapsulateResponse>("Decapsulate"),
    OperationModel::new::<DecryptRequest, DecryptResponse>("Decrypt"),
    OperationModel::new::<DeleteAliasRequest, NoOutput>("DeleteAlias"),
    OperationModel::new::<DeleteCustomKeyStoreRequest, DeleteCustomKeyStoreResponse>(
        "DeleteCustomKeyStore",
    ),
    OperationModel::new::<DeleteImportedKeyMaterialRequest, DeleteImportedKeyMaterialResponse>(
        "DeleteImportedKeyMaterial",
    ),
    OperationModel::new::<DeriveSharedSecretRequest, DeriveSharedSecretResponse>(
        "DeriveSharedSecret",
    ),
    OperationModel::new::<DescribeCustomKeyStoresRequest, DescribeCustomKeyStoresResponse>(
        "DescribeCustomKeyStores",
    ),
    OperationModel::new::<DescribeKeyRequest, DescribeKeyResponse>("DescribeKey"),
    OperationModel::new::<DisableKeyRequest, NoOutput>("DisableKey"),
    OperationModel::new::<DisableKeyRotationRequest, NoOutput>("DisableKeyRotation"),
    OperationModel::new::<DisconnectCustomKeyStoreRequest, DisconnectCustomKeyStoreResponse>(
        "DisconnectCustomKeyStore",
    ),
    OperationModel::new::<EnableKeyRequest, NoOutput>("EnableKey"),
    OperationModel::new::<EnableKeyRotationRequest, NoOutput>("EnableKeyRotation"),
    OperationModel::new::<EncapsulateRequest, EncapsulateResponse>("Encapsulate"),
    OperationModel::new::<EncryptRequest, EncryptResponse>("Encrypt"),
    OperationModel::new::<GenerateDataKeyRequest, GenerateDataKeyResponse>("GenerateDataKey"),
    OperationModel::new::<GenerateDataKeyPairRequest, GenerateDataKeyPairResponse>(
        "GenerateDataKeyPair",
    ),
    OperationModel::new::<
        GenerateDataKeyPairWithoutPlaintextRequest,
        GenerateDataKeyPairWithoutPlaintextResponse,
    >("GenerateDataKeyPairWithoutPlaintext"),
    OperationModel::new::<
        GenerateDataKeyWithoutPlaintextRequest,
        GenerateDataKeyWithoutPlaintextResponse,
    >("GenerateDataKeyWithoutPlaintext"),
    OperationModel::new::<GenerateMacRequest, GenerateMacResponse>("GenerateMac"),
    OperationModel::new::<GenerateRandomRequest, GenerateRandomResponse>("GenerateRandom"),
    OperationModel::new::<GetKeyLastUsageRequest, GetKeyLastUsageResponse>("GetKeyLastUsage"),
    OperationModel::new::<GetKeyPolicyRequest, GetKeyPolicyResponse>("GetKeyPolicy"),
    OperationModel::new::<GetKeyRotationStatusRequest, GetKeyRotationStatusResponse>(
        "GetKeyRotationStatus",
    ),
    OperationModel::new::<GetParametersForImportRequest, GetParametersForImportResponse>(
        "GetParametersForImport",
    ),
    OperationModel::new::<GetPublicKeyRequest, GetPublicKeyResponse>("GetPublicKey"),
    OperationModel::new::<ImportKeyMaterialRequest, ImportKeyMaterialResponse>("ImportKeyMaterial"),
    OperationModel::new::<ListAliasesRequest, ListAliasesResponse>("ListAliases"),
    OperationModel::new::<ListGrantsRequest, ListGrantsResponse>("ListGrants"),
    OperationModel::new::<ListKeyPoliciesRequest, ListKeyPoliciesResponse>("ListKeyPolicies"),
    OperationModel::new::<ListKeyRotationsRequest, ListKeyRotationsResponse>("ListKeyRotations"),
    OperationModel::new::<ListKeysRequest, ListKeysResponse>("ListKeys"),
    OperationModel::new::<ListResourceTagsRequest, ListResourceTagsResponse>("ListResourceTags"),
    OperationModel::new::<ListRetirableGrantsRequest, ListGrantsResponse>("ListRetirableGrants"),
    OperationModel::new::<PutKeyPolicyRequest, NoOutput>("PutKeyPolicy"),
    OperationModel::new::<ReEncryptRequest, ReEncryptResponse>("ReEncrypt"),
    OperationModel::new::<ReplicateKeyRequest, ReplicateKeyResponse>("ReplicateKey"),
    OperationModel::new::<RetireGrantRequest, NoOutput>("RetireGrant"),
    OperationModel::new::<RevokeGrantRequest, NoOutput>("RevokeGrant"),
    OperationModel::new::<RotateKeyOnDemandRequest, RotateKeyOnDemandResponse>("RotateKeyOnDemand"),
    OperationModel::new::<ScheduleKeyDeletionRequest, ScheduleKeyDeletionResponse>(
        "ScheduleKeyDeletion",
    ),
    OperationModel::new::<SignRequest, SignResponse>("Sign"),
    OperationModel::new::<TagResourceRequest, NoOutput>("TagResource"),
    OperationModel::new::<UntagResourceRequest, NoOutput>("UntagResource"),
    OperationModel::new::<UpdateAliasRequest, NoOutput>("UpdateAlias"),
    OperationModel::new::<UpdateCustomKeyStoreRequest, UpdateCustomKeyStoreResponse>(
        "UpdateCustomKeyStore",
    ),
    OperationModel::new::<UpdateKeyDescriptionRequest, NoOutput>("UpdateKeyDescription"),
    OperationModel::new::<UpdatePrimaryRegionRequest, NoOutput>("UpdatePrimaryRegion"),
    OperationModel::new::<VerifyRequest, VerifyResponse>("Verify"),
    OperationModel::new::<VerifyMacRequest, VerifyMacResponse>("VerifyMac"),
];

#[cfg(test)]
mod tests;
