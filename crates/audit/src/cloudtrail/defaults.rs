//! What AWS fills in for members that a request leaves out, before CloudTrail tells them.

use crate::record::{Record, Value};

/// What stands for an absent member.
enum Absent {
    /// This text.
    Text(&'static str),
    /// What another member says, if it is there.
    Same(&'static str),
    /// `false`.
    No,
}

const ALGORITHM: Absent = Absent::Text("SYMMETRIC_DEFAULT");
const LOCKOUT_CHECK: (&str, Absent) = ("bypassPolicyLockoutSafetyCheck", Absent::No);

/// By operation of KMS, in the order in which they are filled in.
const DEFAULTS: &[(&str, &[(&str, Absent)])] = &[
    (
        "CreateKey",
        &[
            ("keyUsage", Absent::Text("ENCRYPT_DECRYPT")),
            ("origin", Absent::Text("AWS_KMS")),
            ("keySpec", Absent::Same("customerMasterKeySpec")),
            ("keySpec", ALGORITHM),
            ("customerMasterKeySpec", Absent::Same("keySpec")),
            LOCKOUT_CHECK,
        ],
    ),
    ("Decrypt", &[("encryptionAlgorithm", ALGORITHM)]),
    ("Encrypt", &[("encryptionAlgorithm", ALGORITHM)]),
    (
        "PutKeyPolicy",
        &[("policyName", Absent::Text("default")), LOCKOUT_CHECK],
    ),
    (
        "ReEncrypt",
        &[
            ("sourceEncryptionAlgorithm", ALGORITHM),
            ("destinationEncryptionAlgorithm", ALGORITHM),
        ],
    ),
    (
        "ReplicateKey",
        &[LOCKOUT_CHECK, ("description", Absent::Text(""))],
    ),
    ("Sign", &[("messageType", Absent::Text("RAW"))]),
    ("Verify", &[("messageType", Absent::Text("RAW"))]),
];

/// The parameters of `record` with what AWS fills in at their end.
pub(super) fn filled_in(record: &Record, parameters: Value) -> Value {
    let mut defaults = DEFAULTS.iter();
    let of_operation = defaults.find(|(operation, _)| *operation == record.operation);
    match (of_operation, parameters) {
        (Some((_, defaults)), Value::Object(members)) if record.service == "kms" => {
            Value::Object(with(members, defaults))
        }
        (_, parameters) => parameters,
    }
}

fn with(
    mut members: Vec<(String, Value)>,
    defaults: &[(&'static str, Absent)],
) -> Vec<(String, Value)> {
    for (name, absent) in defaults {
        if member(&members, name).is_some() {
            continue;
        }
        let value = match absent {
            Absent::Text(text) => Some((*text).into()),
            Absent::Same(other) => member(&members, other).cloned(),
            Absent::No => Some(false.into()),
        };
        members.extend(value.map(|value| ((*name).to_owned(), value)));
    }
    members
}

fn member<'m>(members: &'m [(String, Value)], name: &str) -> Option<&'m Value> {
    let mut members = members.iter();
    members
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}
