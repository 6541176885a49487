//! The table of key specs: what each is called by the API and by the key process, what it may be used
//! for, and with which algorithms. KMS API, CreateKey and KeyMetadata.

use strongroom_aws::kms as wire;
use strongroom_base::id::Region;
use strongroom_crypto::rsa_encryption::{OaepHash, oaep_plaintext_bytes_max};
use strongroom_crypto::signature::RsaKeySize;
use strongroom_crypto::sm2;
use strongroom_hsm_api::command::PLAINTEXT_LENGTH_MAX;
use strongroom_hsm_api::key::{Spec, Usage};
use strongroom_hsm_api::scheme::{EncryptionScheme, SignatureScheme};

use crate::records::{KeyOrigin, KeySpec, KeyUsage};

macro_rules! specs {
    ($($spec:ident = $token:ident),* $(,)?) => {
        impl KeySpec {
            /// Every spec.
            pub const ALL: &'static [Self] = &[$(Self::$spec),*];

            /// As the API names it.
            pub fn wire(self) -> wire::KeySpec {
                match self { $(Self::$spec => wire::KeySpec::$spec),* }
            }

            /// As the key process names it.
            pub fn token(self) -> Spec {
                match self { $(Self::$spec => Spec::$token),* }
            }
        }

        impl From<wire::KeySpec> for KeySpec {
            fn from(spec: wire::KeySpec) -> Self {
                match spec { $(wire::KeySpec::$spec => Self::$spec),* }
            }
        }
    };
}

specs! {
    SymmetricDefault = Symmetric,
    Hmac224 = Hmac224,
    Hmac256 = Hmac256,
    Hmac384 = Hmac384,
    Hmac512 = Hmac512,
    Rsa2048 = Rsa2048,
    Rsa3072 = Rsa3072,
    Rsa4096 = Rsa4096,
    EccNistP256 = EccP256,
    EccNistP384 = EccP384,
    EccNistP521 = EccP521,
    EccSecgP256k1 = EccSecp256k1,
    Sm2 = Sm2,
    EccNistEdwards25519 = Ed25519,
    MlDsa44 = MlDsa44,
    MlDsa65 = MlDsa65,
    MlDsa87 = MlDsa87,
    MlKem512 = MlKem512,
    MlKem768 = MlKem768,
    MlKem1024 = MlKem1024,
}

impl KeySpec {
    /// KMS API, CreateKey: the usages that the spec allows.
    pub fn usages(self) -> &'static [KeyUsage] {
        use KeyUsage::{
            EncapsulateDecapsulate, EncryptDecrypt, GenerateVerifyMac, KeyAgreement, SignVerify,
        };
        match self {
            Self::SymmetricDefault => &[EncryptDecrypt],
            Self::Hmac224 | Self::Hmac256 | Self::Hmac384 | Self::Hmac512 => &[GenerateVerifyMac],
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[EncryptDecrypt, SignVerify],
            Self::EccNistP256 | Self::EccNistP384 | Self::EccNistP521 => {
                &[SignVerify, KeyAgreement]
            }
            Self::EccSecgP256k1
            | Self::EccNistEdwards25519
            | Self::MlDsa44
            | Self::MlDsa65
            | Self::MlDsa87 => &[SignVerify],
            Self::Sm2 => &[EncryptDecrypt, SignVerify, KeyAgreement],
            Self::MlKem512 | Self::MlKem768 | Self::MlKem1024 => &[EncapsulateDecapsulate],
        }
    }

    /// Whether keys of this spec may have Origin EXTERNAL.
    pub fn can_be_imported(self) -> bool {
        match self {
            Self::MlDsa44
            | Self::MlDsa65
            | Self::MlDsa87
            | Self::MlKem512
            | Self::MlKem768
            | Self::MlKem1024 => false,
            Self::SymmetricDefault
            | Self::Hmac224
            | Self::Hmac256
            | Self::Hmac384
            | Self::Hmac512
            | Self::Rsa2048
            | Self::Rsa3072
            | Self::Rsa4096
            | Self::EccNistP256
            | Self::EccNistP384
            | Self::EccNistP521
            | Self::EccSecgP256k1
            | Self::Sm2
            | Self::EccNistEdwards25519 => true,
        }
    }

    /// Whether the spec exists in `region`: SM2 only in China.
    pub fn is_offered_in(self, region: &Region) -> bool {
        self != Self::Sm2 || region.partition() == "aws-cn"
    }

    /// What kind of key it is, as aliases and grants tell them apart.
    pub fn family(self) -> Family {
        match self {
            Self::SymmetricDefault => Family::Symmetric,
            Self::Hmac224 | Self::Hmac256 | Self::Hmac384 | Self::Hmac512 => Family::Hmac,
            Self::Rsa2048
            | Self::Rsa3072
            | Self::Rsa4096
            | Self::EccNistP256
            | Self::EccNistP384
            | Self::EccNistP521
            | Self::EccSecgP256k1
            | Self::Sm2
            | Self::EccNistEdwards25519
            | Self::MlDsa44
            | Self::MlDsa65
            | Self::MlDsa87
            | Self::MlKem512
            | Self::MlKem768
            | Self::MlKem1024 => Family::Asymmetric,
        }
    }

    /// The algorithms with which a key of this spec encrypts, in the order of DescribeKey.
    pub fn encryption_algorithms(self) -> &'static [wire::EncryptionAlgorithmSpec] {
        use wire::EncryptionAlgorithmSpec as Algorithm;
        match self {
            Self::SymmetricDefault => &[Algorithm::SymmetricDefault],
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => {
                &[Algorithm::RsaesOaepSha1, Algorithm::RsaesOaepSha256]
            }
            Self::Sm2 => &[Algorithm::Sm2Pke],
            _ => &[],
        }
    }

    /// The algorithms with which a key of this spec signs, in the order of DescribeKey.
    pub fn signing_algorithms(self) -> &'static [wire::SigningAlgorithmSpec] {
        use wire::SigningAlgorithmSpec as Algorithm;
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[
                Algorithm::RsassaPkcs1V15Sha256,
                Algorithm::RsassaPkcs1V15Sha384,
                Algorithm::RsassaPkcs1V15Sha512,
                Algorithm::RsassaPssSha256,
                Algorithm::RsassaPssSha384,
                Algorithm::RsassaPssSha512,
            ],
            Self::EccNistP256 | Self::EccSecgP256k1 => &[Algorithm::EcdsaSha256],
            Self::EccNistP384 => &[Algorithm::EcdsaSha384],
            Self::EccNistP521 => &[Algorithm::EcdsaSha512],
            Self::EccNistEdwards25519 => &[Algorithm::Ed25519PhSha512, Algorithm::Ed25519Sha512],
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => &[Algorithm::MlDsaShake256],
            Self::Sm2 => &[Algorithm::Sm2Dsa],
            _ => &[],
        }
    }

    /// The algorithm of a MAC by a key of this spec.
    pub fn mac_algorithm(self) -> Option<wire::MacAlgorithmSpec> {
        match self {
            Self::Hmac224 => Some(wire::MacAlgorithmSpec::HmacSha224),
            Self::Hmac256 => Some(wire::MacAlgorithmSpec::HmacSha256),
            Self::Hmac384 => Some(wire::MacAlgorithmSpec::HmacSha384),
            Self::Hmac512 => Some(wire::MacAlgorithmSpec::HmacSha512),
            _ => None,
        }
    }

    /// The longest plaintext that a key of this spec encrypts with `algorithm`, in bytes (RFC 8017 §7.1.1).
    pub fn plaintext_bytes_max(self, algorithm: wire::EncryptionAlgorithmSpec) -> usize {
        let size = match self {
            Self::Rsa2048 => RsaKeySize::Rsa2048,
            Self::Rsa3072 => RsaKeySize::Rsa3072,
            Self::Rsa4096 => RsaKeySize::Rsa4096,
            Self::Sm2 => return sm2::PLAINTEXT_BYTES_MAX,
            _ => return PLAINTEXT_LENGTH_MAX,
        };
        let hash = match algorithm {
            wire::EncryptionAlgorithmSpec::RsaesOaepSha1 => OaepHash::Sha1,
            _ => OaepHash::Sha256,
        };
        oaep_plaintext_bytes_max(size, hash)
    }
}

/// The kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Symmetric encryption keys.
    Symmetric,
    /// HMAC keys.
    Hmac,
    /// Key pairs.
    Asymmetric,
}

impl KeyUsage {
    /// As the API names it.
    pub fn wire(self) -> wire::KeyUsageType {
        match self {
            Self::EncryptDecrypt => wire::KeyUsageType::EncryptDecrypt,
            Self::SignVerify => wire::KeyUsageType::SignVerify,
            Self::GenerateVerifyMac => wire::KeyUsageType::GenerateVerifyMac,
            Self::KeyAgreement => wire::KeyUsageType::KeyAgreement,
            Self::EncapsulateDecapsulate => wire::KeyUsageType::EncapsulateDecapsulate,
        }
    }

    /// As the key process names it.
    pub fn token(self) -> Usage {
        match self {
            Self::EncryptDecrypt => Usage::EncryptDecrypt,
            Self::SignVerify => Usage::SignVerify,
            Self::GenerateVerifyMac => Usage::GenerateVerifyMac,
            Self::KeyAgreement => Usage::KeyAgreement,
            Self::EncapsulateDecapsulate => Usage::EncapsulateDecapsulate,
        }
    }
}

impl From<wire::KeyUsageType> for KeyUsage {
    fn from(usage: wire::KeyUsageType) -> Self {
        match usage {
            wire::KeyUsageType::EncryptDecrypt => Self::EncryptDecrypt,
            wire::KeyUsageType::SignVerify => Self::SignVerify,
            wire::KeyUsageType::GenerateVerifyMac => Self::GenerateVerifyMac,
            wire::KeyUsageType::KeyAgreement => Self::KeyAgreement,
            wire::KeyUsageType::EncapsulateDecapsulate => Self::EncapsulateDecapsulate,
        }
    }
}

impl KeyOrigin {
    /// As the API names it.
    pub fn wire(self) -> wire::OriginType {
        match self {
            Self::AwsKms => wire::OriginType::AwsKms,
            Self::External => wire::OriginType::External,
        }
    }
}

/// An encryption algorithm as the key process names it.
pub(crate) fn encryption_scheme(algorithm: wire::EncryptionAlgorithmSpec) -> EncryptionScheme {
    use wire::EncryptionAlgorithmSpec as Algorithm;
    match algorithm {
        Algorithm::SymmetricDefault => EncryptionScheme::Symmetric,
        Algorithm::RsaesOaepSha1 => EncryptionScheme::OaepSha1,
        Algorithm::RsaesOaepSha256 => EncryptionScheme::OaepSha256,
        Algorithm::Sm2Pke => EncryptionScheme::Sm2,
    }
}

/// A signing algorithm as the key process names it.
pub(crate) fn signature_scheme(algorithm: wire::SigningAlgorithmSpec) -> SignatureScheme {
    use wire::SigningAlgorithmSpec as Algorithm;
    match algorithm {
        Algorithm::RsassaPkcs1V15Sha256 => SignatureScheme::RsaPkcs1Sha256,
        Algorithm::RsassaPkcs1V15Sha384 => SignatureScheme::RsaPkcs1Sha384,
        Algorithm::RsassaPkcs1V15Sha512 => SignatureScheme::RsaPkcs1Sha512,
        Algorithm::RsassaPssSha256 => SignatureScheme::RsaPssSha256,
        Algorithm::RsassaPssSha384 => SignatureScheme::RsaPssSha384,
        Algorithm::RsassaPssSha512 => SignatureScheme::RsaPssSha512,
        Algorithm::EcdsaSha256 => SignatureScheme::EcdsaSha256,
        Algorithm::EcdsaSha384 => SignatureScheme::EcdsaSha384,
        Algorithm::EcdsaSha512 => SignatureScheme::EcdsaSha512,
        Algorithm::Ed25519Sha512 => SignatureScheme::Ed25519,
        Algorithm::Ed25519PhSha512 => SignatureScheme::Ed25519Prehashed,
        Algorithm::MlDsaShake256 => SignatureScheme::MlDsa,
        Algorithm::Sm2Dsa => SignatureScheme::Sm2,
    }
}
