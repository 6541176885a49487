//! The classes in which AWS's price list counts requests. A class follows from the key's spec, or from what was
//! asked for; where neither tells, it is unknown.

use strongroom_audit::{Record, Value};

use crate::records::KeySpec;
use crate::spec::Family;

/// A class of requests (AWS KMS pricing, key usage).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// With symmetric and HMAC keys, and those that use no key.
    Symmetric,
    /// With RSA_2048 keys.
    Rsa2048,
    /// With other asymmetric keys.
    Asymmetric,
    /// GenerateDataKeyPair of elliptic curves.
    EccKeyPair,
    /// GenerateDataKeyPair of RSA.
    RsaKeyPair,
    /// A request of KMS of which nothing tells the class.
    Unknown,
    /// No request of KMS.
    OtherService,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 7] = [
        Self::Symmetric,
        Self::Rsa2048,
        Self::Asymmetric,
        Self::EccKeyPair,
        Self::RsaKeyPair,
        Self::Unknown,
        Self::OtherService,
    ];

    /// Its name in reports and price files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Symmetric => "symmetric",
            Self::Rsa2048 => "rsa-2048",
            Self::Asymmetric => "asymmetric",
            Self::EccKeyPair => "ecc-key-pair",
            Self::RsaKeyPair => "rsa-key-pair",
            Self::Unknown => "unknown",
            Self::OtherService => "other-service",
        }
    }

    /// That of what is done with a key of this spec.
    pub(super) fn of_spec(spec: KeySpec) -> Self {
        match (spec, spec.family()) {
            (KeySpec::Rsa2048, _) => Self::Rsa2048,
            (_, Family::Symmetric | Family::Hmac) => Self::Symmetric,
            (_, Family::Asymmetric) => Self::Asymmetric,
        }
    }
}

/// What decides on the class of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    /// The operation and what was asked for.
    Call(Class),
    /// The spec of its keys; where that is not known, this class.
    Keys(Class),
}

/// What decides on the class of the call that `record` tells of.
pub(super) fn basis(record: &Record) -> Basis {
    if record.service != "kms" {
        return Basis::Call(Class::OtherService);
    }
    match record.operation.as_str() {
        "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" => {
            Basis::Call(of_pair(parameter(record, "keyPairSpec")))
        }
        // KMS API: no symmetric and no RSA key does these.
        "DeriveSharedSecret" | "Encapsulate" | "Decapsulate" => Basis::Call(Class::Asymmetric),
        "Encrypt" | "Decrypt" => {
            by_keys(record, encryption(record, "encryptionAlgorithm", "keyId"))
        }
        "ReEncrypt" => by_keys(record, re_encryption(record)),
        "Sign" | "Verify" => by_keys(record, of_algorithm(parameter(record, "signingAlgorithm"))),
        "GetPublicKey" => Basis::Keys(Class::Unknown),
        _ => Basis::Call(Class::Symmetric),
    }
}

/// The class that all of `classes` are; unknown when they differ, as the price list does not say.
pub(super) fn common(classes: impl IntoIterator<Item = Class>) -> Class {
    let mut classes = classes.into_iter();
    let first = classes.next().unwrap_or(Class::Unknown);
    if classes.all(|class| class == first) {
        first
    } else {
        Class::Unknown
    }
}

/// The material is told of symmetric operations alone.
fn by_keys(record: &Record, otherwise: Class) -> Basis {
    let mut resources = record.resources.iter();
    if !record.resources.is_empty() && resources.all(|one| one.material_id.is_some()) {
        return Basis::Call(Class::Symmetric);
    }
    Basis::Keys(otherwise)
}

fn re_encryption(record: &Record) -> Class {
    common([
        encryption(record, "sourceEncryptionAlgorithm", "destinationKeyId"),
        encryption(record, "destinationEncryptionAlgorithm", "destinationKeyId"),
    ])
}

/// KMS API, Encrypt, Decrypt and ReEncrypt: without an algorithm it is SYMMETRIC_DEFAULT. That it was absent is
/// known where a member is told that says the parameters were.
fn encryption(record: &Record, algorithm: &str, told: &str) -> Class {
    match parameter(record, algorithm) {
        None if parameter(record, told).is_some() => Class::Symmetric,
        algorithm => of_algorithm(algorithm),
    }
}

/// An RSA algorithm does not tell the size of the key.
fn of_algorithm(algorithm: Option<&str>) -> Class {
    let Some(algorithm) = algorithm else {
        return Class::Unknown;
    };
    let is = |prefix: &&str| algorithm.starts_with(prefix);
    if algorithm == "SYMMETRIC_DEFAULT" {
        return Class::Symmetric;
    }
    if ["ECDSA_", "ED25519_", "ML_DSA_", "SM2"].iter().any(is) {
        return Class::Asymmetric;
    }
    Class::Unknown
}

/// The price list names no pairs but those of RSA and of elliptic curves.
fn of_pair(spec: Option<&str>) -> Class {
    match spec {
        Some(spec) if spec.starts_with("RSA_") => Class::RsaKeyPair,
        Some(spec) if spec.starts_with("ECC_") => Class::EccKeyPair,
        _ => Class::Unknown,
    }
}

pub(super) fn parameter<'r>(record: &'r Record, name: &str) -> Option<&'r str> {
    record
        .parameters
        .as_ref()?
        .get(name)
        .and_then(Value::as_text)
}
