//! The shapes of the KMS API, version 2014-11-01, named and limited as in botocore's model.

use crate::shape::{Model, NoOutput, Shape};

mod aliases;
mod common;
mod cryptography;
mod keys;
mod metadata;
mod policies;
mod tags;

pub use aliases::*;
pub use common::*;
pub use cryptography::*;
pub use keys::*;
pub use metadata::*;
pub use policies::*;
pub use tags::*;

/// What the `X-Amz-Target` header of a KMS request starts with, before the dot.
pub const TARGET_PREFIX: &str = "TrentService";

/// The service name in the scope of a signature.
pub const SIGNING_NAME: &str = "kms";

/// The content type of requests and replies.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// The shapes of one operation.
#[derive(Debug)]
pub struct OperationModel {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub input: &'static Model,
    /// What it answers with; the model of [`NoOutput`] when it answers with an empty body.
    pub output: &'static Model,
}

impl OperationModel {
    const fn new<Input: Shape, Output: Shape>(name: &'static str) -> Self {
        Self {
            name,
            input: Input::MODEL,
            output: Output::MODEL,
        }
    }
}

/// Every operation whose shapes are here.
pub const OPERATIONS: &[OperationModel] = &[
    OperationModel::new::<CancelKeyDeletionRequest, CancelKeyDeletionResponse>("CancelKeyDeletion"),
    OperationModel::new::<CreateAliasRequest, NoOutput>("CreateAlias"),
    OperationModel::new::<CreateKeyRequest, CreateKeyResponse>("CreateKey"),
    OperationModel::new::<DecryptRequest, DecryptResponse>("Decrypt"),
    OperationModel::new::<DeleteAliasRequest, NoOutput>("DeleteAlias"),
    OperationModel::new::<DescribeKeyRequest, DescribeKeyResponse>("DescribeKey"),
    OperationModel::new::<DisableKeyRequest, NoOutput>("DisableKey"),
    OperationModel::new::<EnableKeyRequest, NoOutput>("EnableKey"),
    OperationModel::new::<EncryptRequest, EncryptResponse>("Encrypt"),
    OperationModel::new::<GenerateDataKeyRequest, GenerateDataKeyResponse>("GenerateDataKey"),
    OperationModel::new::<
        GenerateDataKeyWithoutPlaintextRequest,
        GenerateDataKeyWithoutPlaintextResponse,
    >("GenerateDataKeyWithoutPlaintext"),
    OperationModel::new::<GenerateRandomRequest, GenerateRandomResponse>("GenerateRandom"),
    OperationModel::new::<GetKeyPolicyRequest, GetKeyPolicyResponse>("GetKeyPolicy"),
    OperationModel::new::<ListAliasesRequest, ListAliasesResponse>("ListAliases"),
    OperationModel::new::<ListKeyPoliciesRequest, ListKeyPoliciesResponse>("ListKeyPolicies"),
    OperationModel::new::<ListKeysRequest, ListKeysResponse>("ListKeys"),
    OperationModel::new::<ListResourceTagsRequest, ListResourceTagsResponse>("ListResourceTags"),
    OperationModel::new::<PutKeyPolicyRequest, NoOutput>("PutKeyPolicy"),
    OperationModel::new::<ReEncryptRequest, ReEncryptResponse>("ReEncrypt"),
    OperationModel::new::<ScheduleKeyDeletionRequest, ScheduleKeyDeletionResponse>(
        "ScheduleKeyDeletion",
    ),
    OperationModel::new::<TagResourceRequest, NoOutput>("TagResource"),
    OperationModel::new::<UntagResourceRequest, NoOutput>("UntagResource"),
    OperationModel::new::<UpdateAliasRequest, NoOutput>("UpdateAlias"),
    OperationModel::new::<UpdateKeyDescriptionRequest, NoOutput>("UpdateKeyDescription"),
];

#[cfg(test)]
mod tests;
