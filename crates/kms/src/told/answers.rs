//! Which operations' answers the audit tells, and how (CloudTrail User Guide, responseElements). What is not listed
//! here is not told.

use strongroom_audit::Value;

use crate::ops::{Op, Service};

/// What is told of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing.
    Untold,
    /// `keyId`: the ARN of the first key that was resolved.
    FirstKey,
    /// `keyId`: the ARN of the last key that was resolved.
    LastKey,
    /// `keyId`: as the client wrote it.
    KeyAsTyped,
    /// What the operation noted before its commit.
    Noted,
}

/// CloudTrail tells of a change which key it changed, and what was made.
pub(super) const ANSWERS: &[(Service, &str, Answer)] = &[
    (Service::CloudTrail, "CreateTrail", Answer::Noted),
    (Service::CloudTrail, "PutEventSelectors", Answer::Noted),
    (Service::CloudTrail, "UpdateTrail", Answer::Noted),
    (Service::Iam, "CreateAccessKey", Answer::Noted),
    (Service::Iam, "CreateGroup", Answer::Noted),
    (Service::Iam, "CreatePolicy", Answer::Noted),
    (Service::Iam, "CreatePolicyVersion", Answer::Noted),
    (Service::Iam, "CreateRole", Answer::Noted),
    (Service::Iam, "CreateUser", Answer::Noted),
    (Service::Kms, "CancelKeyDeletion", Answer::FirstKey),
    (Service::Kms, "CreateAlias", Answer::FirstKey),
    (Service::Kms, "CreateGrant", Answer::Noted),
    (Service::Kms, "CreateKey", Answer::Noted),
    (Service::Kms, "DeleteAlias", Answer::FirstKey),
    (Service::Kms, "DeleteImportedKeyMaterial", Answer::FirstKey),
    (Service::Kms, "DisableKey", Answer::FirstKey),
    (Service::Kms, "EnableKey", Answer::FirstKey),
    (Service::Kms, "EnableKeyRotation", Answer::FirstKey),
    (Service::Kms, "ImportKeyMaterial", Answer::Noted),
    (Service::Kms, "ReplicateKey", Answer::Noted),
    (Service::Kms, "RevokeGrant", Answer::FirstKey),
    (Service::Kms, "RotateKeyOnDemand", Answer::KeyAsTyped),
    (Service::Kms, "ScheduleKeyDeletion", Answer::Noted),
    (Service::Kms, "TagResource", Answer::FirstKey),
    (Service::Kms, "UntagResource", Answer::FirstKey),
    (Service::Kms, "UpdateAlias", Answer::LastKey),
    (Service::Kms, "UpdatePrimaryRegion", Answer::FirstKey),
    (Service::Sts, "AssumeRole", Answer::Noted),
    (Service::Sts, "AssumeRoleWithWebIdentity", Answer::Noted),
    (Service::Sts, "GetFederationToken", Answer::Noted),
    (Service::Sts, "GetSessionToken", Answer::Noted),
];

/// What is told of the answer of `op`.
pub(crate) fn answer_of(op: &Op) -> Answer {
    let mut answers = ANSWERS.iter();
    let found = answers.find(|(service, name, _)| *service == op.service && *name == op.name);
    found.map_or(Answer::Untold, |(_, _, answer)| *answer)
}

/// `{"keyId": …}`.
pub(crate) fn of_key(id: &str) -> Value {
    Value::texts([("keyId", id)])
}
