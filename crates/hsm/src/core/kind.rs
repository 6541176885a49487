//! What a spec is in the terms of the crypto crate, and which usages it may have: the one table that
//! decides whether a key may be made at all.

use strongroom_crypto::hmac::HmacHash;
use strongroom_crypto::ml_kem::MlKemSize;
use strongroom_crypto::signature::{Curve, MlDsaLevel, RsaKeySize};
use strongroom_hsm_api::key::{Spec, Usage};
use strongroom_hsm_api::scheme::WrappingScheme;

/// A kind of key material.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Symmetric,
    SigningSecret,
    Hmac(HmacHash),
    Rsa(RsaKeySize),
    Ec(Curve),
    Sm2,
    Ed25519,
    MlDsa(MlDsaLevel),
    MlKem(MlKemSize),
}

impl Kind {
    pub(super) fn of(spec: Spec) -> Self {
        match spec {
            Spec::Symmetric => Self::Symmetric,
            Spec::SigningSecret => Self::SigningSecret,
            Spec::Hmac224 => Self::Hmac(HmacHash::Sha224),
            Spec::Hmac256 => Self::Hmac(HmacHash::Sha256),
            Spec::Hmac384 => Self::Hmac(HmacHash::Sha384),
            Spec::Hmac512 => Self::Hmac(HmacHash::Sha512),
            Spec::Rsa2048 => Self::Rsa(RsaKeySize::Rsa2048),
            Spec::Rsa3072 => Self::Rsa(RsaKeySize::Rsa3072),
            Spec::Rsa4096 => Self::Rsa(RsaKeySize::Rsa4096),
            Spec::EccP256 => Self::Ec(Curve::P256),
            Spec::EccP384 => Self::Ec(Curve::P384),
            Spec::EccP521 => Self::Ec(Curve::P521),
            Spec::EccSecp256k1 => Self::Ec(Curve::Secp256k1),
            Spec::Sm2 => Self::Sm2,
            Spec::Ed25519 => Self::Ed25519,
            Spec::MlDsa44 => Self::MlDsa(MlDsaLevel::MlDsa44),
            Spec::MlDsa65 => Self::MlDsa(MlDsaLevel::MlDsa65),
            Spec::MlDsa87 => Self::MlDsa(MlDsaLevel::MlDsa87),
            Spec::MlKem512 => Self::MlKem(MlKemSize::MlKem512),
            Spec::MlKem768 => Self::MlKem(MlKemSize::MlKem768),
            Spec::MlKem1024 => Self::MlKem(MlKemSize::MlKem1024),
        }
    }

    /// Whether a key of this kind may be used so.
    pub(super) fn allows(self, usage: Usage) -> bool {
        match usage {
            Usage::EncryptDecrypt => matches!(self, Self::Symmetric | Self::Rsa(_) | Self::Sm2),
            Usage::SignVerify => matches!(
                self,
                Self::Rsa(_) | Self::Ec(_) | Self::Sm2 | Self::Ed25519 | Self::MlDsa(_)
            ),
            Usage::DeriveSigningKey => matches!(self, Self::SigningSecret),
            Usage::GenerateVerifyMac => matches!(self, Self::Hmac(_)),
            // KMS API, CreateKey, KeySpec: secp256k1 signs only.
            Usage::KeyAgreement => matches!(
                self,
                Self::Ec(Curve::P256 | Curve::P384 | Curve::P521) | Self::Sm2
            ),
            Usage::EncapsulateDecapsulate => matches!(self, Self::MlKem(_)),
            Usage::Unwrap => matches!(self, Self::Rsa(_) | Self::Sm2),
            Usage::SignAudit => matches!(self, Self::Ed25519 | Self::Rsa(RsaKeySize::Rsa2048)),
        }
    }

    /// Whether material may come in under a wrapping key of this kind in this way.
    pub(super) fn unwraps_by(self, scheme: WrappingScheme) -> bool {
        match scheme {
            WrappingScheme::OaepSha1
            | WrappingScheme::OaepSha256
            | WrappingScheme::AesSha1
            | WrappingScheme::AesSha256 => matches!(self, Self::Rsa(_)),
            WrappingScheme::Sm2 => matches!(self, Self::Sm2),
        }
    }
}
