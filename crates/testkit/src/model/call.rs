//! Calls as data, and how a client writes them: AWS JSON for KMS, Query for IAM.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::policy::{Policy, Who};

/// A key as a call names it.
pub type Key = String;
/// An encryption context, or the constraint of a grant.
pub type Context = BTreeMap<String, String>;

/// Who signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The access key id.
    pub access_key_id: String,
    /// The secret that is signed with.
    pub secret: String,
}

/// The specs that histories make keys of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spec {
    /// `SYMMETRIC_DEFAULT`
    Symmetric,
    /// `HMAC_256`
    Hmac,
    /// `ML_DSA_44`
    MlDsa,
}

impl Spec {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Symmetric => "SYMMETRIC_DEFAULT",
            Self::Hmac => "HMAC_256",
            Self::MlDsa => "ML_DSA_44",
        }
    }

    pub(super) fn usage(self) -> &'static str {
        match self {
            Self::Symmetric => "ENCRYPT_DECRYPT",
            Self::Hmac => "GENERATE_VERIFY_MAC",
            Self::MlDsa => "SIGN_VERIFY",
        }
    }
}

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who signs it.
    pub signer: Signer,
    /// The Region it is sent to; IAM's is always the same.
    pub region: String,
    /// What it asks for.
    pub operation: Operations,
}

/// What calls ask for. The members are those of the APIs.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the operations and members of KMS and IAM")]
pub enum Operations {
    CreateKey {
        spec: Spec,
        policy: Option<Policy>,
        tags: BTreeMap<String, String>,
    },
    DescribeKey(Key),
    ListKeys,
    EnableKey(Key),
    DisableKey(Key),
    ScheduleKeyDeletion(Key, i64),
    CancelKeyDeletion(Key),
    UpdateKeyDescription(Key, String),
    Encrypt {
        key: Key,
        plaintext: Vec<u8>,
        context: Context,
    },
    Decrypt {
        key: Option<Key>,
        ciphertext: Vec<u8>,
        context: Context,
    },
    ReEncrypt {
        source: Option<Key>,
        ciphertext: Vec<u8>,
        from: Context,
        destination: Key,
        to: Context,
    },
    GenerateDataKey {
        key: Key,
        context: Context,
    },
    GenerateMac(Key, Vec<u8>),
    VerifyMac(Key, Vec<u8>, Vec<u8>),
    Sign(Key, Vec<u8>),
    Verify(Key, Vec<u8>, Vec<u8>),
    PutKeyPolicy(Key, Policy),
    GetKeyPolicy(Key),
    CreateAlias(String, Key),
    UpdateAlias(String, Key),
    DeleteAlias(String),
    ListAliases,
    TagResource(Key, BTreeMap<String, String>),
    UntagResource(Key, Vec<String>),
    ListResourceTags(Key),
    CreateGrant {
        key: Key,
        grantee: Who,
        retiring: Option<Who>,
        operations: Vec<String>,
        equals: Option<Context>,
        subset: Option<Context>,
        name: Option<String>,
    },
    ListGrants(Key),
    RetireGrant(Key, String),
    RevokeGrant(Key, String),
    EnableKeyRotation(Key, Option<i64>),
    DisableKeyRotation(Key),
    GetKeyRotationStatus(Key),
    RotateKeyOnDemand(Key),
    CreateUser(String),
    DeleteUser(String),
    PutUserPolicy(String, String, Policy),
    DeleteUserPolicy(String, String),
    CreateAccessKey(String),
    UpdateAccessKey(String, String, bool),
    DeleteAccessKey(String, String),
    ListAccessKeys(String),
}

use Operations as Op;

impl Operations {
    /// The name of the operation.
    pub fn name(&self) -> &'static str {
        match self {
            Op::CreateKey { .. } => "CreateKey",
            Op::DescribeKey(..) => "DescribeKey",
            Op::ListKeys => "ListKeys",
            Op::EnableKey(..) => "EnableKey",
            Op::DisableKey(..) => "DisableKey",
            Op::ScheduleKeyDeletion(..) => "ScheduleKeyDeletion",
            Op::CancelKeyDeletion(..) => "CancelKeyDeletion",
            Op::UpdateKeyDescription(..) => "UpdateKeyDescription",
            Op::Encrypt { .. } => "Encrypt",
            Op::Decrypt { .. } => "Decrypt",
            Op::ReEncrypt { .. } => "ReEncrypt",
            Op::GenerateDataKey { .. } => "GenerateDataKey",
            Op::GenerateMac(..) => "GenerateMac",
            Op::VerifyMac(..) => "VerifyMac",
            Op::Sign(..) => "Sign",
            Op::Verify(..) => "Verify",
            Op::PutKeyPolicy(..) => "PutKeyPolicy",
            Op::GetKeyPolicy(..) => "GetKeyPolicy",
            Op::CreateAlias(..) => "CreateAlias",
            Op::UpdateAlias(..) => "UpdateAlias",
            Op::DeleteAlias(..) => "DeleteAlias",
            Op::ListAliases => "ListAliases",
            Op::TagResource(..) => "TagResource",
            Op::UntagResource(..) => "UntagResource",
            Op::ListResourceTags(..) => "ListResourceTags",
            Op::CreateGrant { .. } => "CreateGrant",
            Op::ListGrants(..) => "ListGrants",
            Op::RetireGrant(..) => "RetireGrant",
            Op::RevokeGrant(..) => "RevokeGrant",
            Op::EnableKeyRotation(..) => "EnableKeyRotation",
            Op::DisableKeyRotation(..) => "DisableKeyRotation",
            Op::GetKeyRotationStatus(..) => "GetKeyRotationStatus",
            Op::RotateKeyOnDemand(..) => "RotateKeyOnDemand",
            Op::CreateUser(..) => "CreateUser",
            Op::DeleteUser(..) => "DeleteUser",
            Op::PutUserPolicy(..) => "PutUserPolicy",
            Op::DeleteUserPolicy(..) => "DeleteUserPolicy",
            Op::CreateAccessKey(..) => "CreateAccessKey",
            Op::UpdateAccessKey(..) => "UpdateAccessKey",
            Op::DeleteAccessKey(..) => "DeleteAccessKey",
            Op::ListAccessKeys(..) => "ListAccessKeys",
        }
    }

    /// Whether it is IAM's.
    pub fn is_iam(&self) -> bool {
        self.form().is_some()
    }

    /// The members of the form, of IAM's operations.
    pub fn form(&self) -> Option<Vec<(&'static str, String)>> {
        Some(match self {
            Op::CreateUser(user) | Op::DeleteUser(user) => vec![("UserName", user.clone())],
            Op::CreateAccessKey(user) | Op::ListAccessKeys(user) => {
                vec![("UserName", user.clone())]
            }
            Op::PutUserPolicy(user, name, policy) => vec![
                ("UserName", user.clone()),
                ("PolicyName", name.clone()),
                ("PolicyDocument", policy.text()),
            ],
            Op::DeleteUserPolicy(user, name) => {
                vec![("UserName", user.clone()), ("PolicyName", name.clone())]
            }
            Op::UpdateAccessKey(user, id, active) => vec![
                ("UserName", user.clone()),
                ("AccessKeyId", id.clone()),
                (
                    "Status",
                    if *active { "Active" } else { "Inactive" }.to_owned(),
                ),
            ],
            Op::DeleteAccessKey(user, id) => {
                vec![("UserName", user.clone()), ("AccessKeyId", id.clone())]
            }
            _ => return None,
        })
    }

    /// The input, of KMS's operations.
    pub fn json(&self) -> Value {
        let blob = |bytes: &[u8]| json!(crate::base64(bytes));
        match self {
            Op::CreateKey { spec, policy, tags } => {
                let mut input = json!({"KeySpec": spec.name(), "KeyUsage": spec.usage()});
                if let Some(policy) = policy {
                    input["Policy"] = json!(policy.text());
                }
                if !tags.is_empty() {
                    input["Tags"] = tag_list(tags);
                }
                input
            }
            Op::ListKeys => json!({"Limit": 1000}),
            Op::ListAliases => json!({"Limit": 100}),
            Op::ListGrants(key) => json!({"KeyId": key, "Limit": 100}),
            Op::ScheduleKeyDeletion(key, days) => {
                json!({"KeyId": key, "PendingWindowInDays": days})
            }
            Op::UpdateKeyDescription(key, text) => json!({"KeyId": key, "Description": text}),
            Op::Encrypt {
                key,
                plaintext,
                context,
            } => with(
                json!({"KeyId": key, "Plaintext": blob(plaintext)}),
                "EncryptionContext",
                context,
            ),
            Op::Decrypt {
                key,
                ciphertext,
                context,
            } => {
                let mut input = json!({"CiphertextBlob": blob(ciphertext)});
                if let Some(key) = key {
                    input["KeyId"] = json!(key);
                }
                with(input, "EncryptionContext", context)
            }
            Op::ReEncrypt {
                source,
                ciphertext,
                from,
                destination,
                to,
            } => {
                let mut input =
                    json!({"CiphertextBlob": blob(ciphertext), "DestinationKeyId": destination});
                if let Some(source) = source {
                    input["SourceKeyId"] = json!(source);
                }
                let input = with(input, "SourceEncryptionContext", from);
                with(input, "DestinationEncryptionContext", to)
            }
            Op::GenerateDataKey { key, context } => with(
                json!({"KeyId": key, "KeySpec": "AES_256"}),
                "EncryptionContext",
                context,
            ),
            Op::GenerateMac(key, message) => {
                json!({"KeyId": key, "Message": blob(message), "MacAlgorithm": "HMAC_SHA_256"})
            }
            Op::VerifyMac(key, message, mac) => json!({
                "KeyId": key, "Message": blob(message), "Mac": blob(mac), "MacAlgorithm": "HMAC_SHA_256",
            }),
            Op::Sign(key, message) => json!({
                "KeyId": key, "Message": blob(message), "SigningAlgorithm": "ML_DSA_SHAKE_256",
            }),
            Op::Verify(key, message, signature) => json!({
                "KeyId": key, "Message": blob(message), "Signature": blob(signature),
                "SigningAlgorithm": "ML_DSA_SHAKE_256",
            }),
            Op::PutKeyPolicy(key, policy) => json!({"KeyId": key, "Policy": policy.text()}),
            Op::CreateAlias(alias, key) | Op::UpdateAlias(alias, key) => {
                json!({"AliasName": alias, "TargetKeyId": key})
            }
            Op::DeleteAlias(alias) => json!({"AliasName": alias}),
            Op::TagResource(key, tags) => json!({"KeyId": key, "Tags": tag_list(tags)}),
            Op::UntagResource(key, tags) => json!({"KeyId": key, "TagKeys": tags}),
            Op::CreateGrant {
                key,
                grantee,
                retiring,
                operations,
                equals,
                subset,
                name,
            } => {
                let mut input = json!({
                    "KeyId": key, "GranteePrincipal": grantee.arn(), "Operations": operations,
                });
                if let Some(retiring) = retiring {
                    input["RetiringPrincipal"] = json!(retiring.arn());
                }
                if let Some(name) = name {
                    input["Name"] = json!(name);
                }
                let mut constraints = Map::new();
                if let Some(equals) = equals {
                    constraints.insert("EncryptionContextEquals".into(), json!(equals));
                }
                if let Some(subset) = subset {
                    constraints.insert("EncryptionContextSubset".into(), json!(subset));
                }
                if !constraints.is_empty() {
                    input["Constraints"] = constraints.into();
                }
                input
            }
            Op::RetireGrant(key, id) | Op::RevokeGrant(key, id) => {
                json!({"KeyId": key, "GrantId": id})
            }
            Op::EnableKeyRotation(key, Some(days)) => {
                json!({"KeyId": key, "RotationPeriodInDays": days})
            }
            Op::DescribeKey(key)
            | Op::EnableKey(key)
            | Op::DisableKey(key)
            | Op::CancelKeyDeletion(key)
            | Op::GetKeyPolicy(key)
            | Op::ListResourceTags(key)
            | Op::EnableKeyRotation(key, None)
            | Op::DisableKeyRotation(key)
            | Op::GetKeyRotationStatus(key)
            | Op::RotateKeyOnDemand(key) => json!({"KeyId": key}),
            Op::CreateUser(..)
            | Op::DeleteUser(..)
            | Op::PutUserPolicy(..)
            | Op::DeleteUserPolicy(..)
            | Op::CreateAccessKey(..)
            | Op::UpdateAccessKey(..)
            | Op::DeleteAccessKey(..)
            | Op::ListAccessKeys(..) => Value::Null,
        }
    }
}

fn with(mut input: Value, member: &str, context: &Context) -> Value {
    if !context.is_empty() {
        input[member] = json!(context);
    }
    input
}

fn tag_list(tags: &BTreeMap<String, String>) -> Value {
    let tags = tags.iter();
    tags.map(|(key, value)| json!({"TagKey": key, "TagValue": value}))
        .collect()
}
