//! A key ready for use: material of a token, parsed once. What it may do is decided where it is used.

use strongroom_base::Secret;
use strongroom_crypto::hmac::{HmacKey, HmacSha256};
use strongroom_crypto::ml_kem::MlKemKeyPair;
use strongroom_crypto::rsa_encryption::RsaDecryptingKey;
use strongroom_crypto::signature::{
    EcKeyPair, Ed25519KeyPair, KeyRejected, MlDsaKeyPair, RsaKeyPair,
};
use strongroom_crypto::sm2::Sm2KeyPair;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::key::{Attributes, State, Usage};

use super::cipher::MessageKey;
use super::kind::Kind;
use super::material::material_id;

/// An unwrapped key.
pub(super) struct Key {
    pub(super) state: State,
    pub(super) usage: Usage,
    pub(super) form: Form,
}

/// The key as its algorithm wants it. RSA has two forms: the crypto library keeps keys that sign and keys
/// that decrypt apart, and a key has one usage.
pub(super) enum Form {
    Symmetric(MessageKey),
    SigningSecret(Secret<Vec<u8>>),
    Hmac(HmacKey),
    RsaSigning(RsaKeyPair),
    RsaDecrypting(RsaDecryptingKey),
    Ec(EcKeyPair),
    // Boxed: its numbers are inline, and moving it would leave copies of them.
    Sm2(Box<Sm2KeyPair>),
    Ed25519(Ed25519KeyPair),
    MlDsa(MlDsaKeyPair),
    MlKem(MlKemKeyPair),
}

impl Key {
    /// Parses unwrapped material. Material that its own spec refuses counts as a bad token.
    pub(super) fn load(
        attributes: &Attributes<'_>,
        material: &Secret<Vec<u8>>,
    ) -> Result<Self, Code> {
        Ok(Self {
            state: attributes.state,
            usage: attributes.usage,
            form: Form::load(attributes, material.expose()).map_err(|_| Code::TokenRefused)?,
        })
    }

    /// The public half, as DER SubjectPublicKeyInfo.
    pub(super) fn public_key(&self) -> Option<Vec<u8>> {
        match &self.form {
            Form::RsaSigning(pair) => Some(pair.public_spki()),
            Form::RsaDecrypting(pair) => Some(pair.public_spki()),
            Form::Ec(pair) => Some(pair.public_spki()),
            Form::Sm2(pair) => Some(pair.public_spki()),
            Form::Ed25519(pair) => Some(pair.public_spki()),
            Form::MlDsa(pair) => Some(pair.public_spki()),
            Form::MlKem(pair) => Some(pair.public_spki()),
            Form::Symmetric(_) | Form::SigningSecret(_) | Form::Hmac(_) => None,
        }
    }

    /// The key as one that encrypts messages.
    pub(super) fn symmetric(&self) -> Result<&MessageKey, Code> {
        match &self.form {
            Form::Symmetric(key) => Ok(key),
            _ => Err(Code::UsageRefused),
        }
    }
}

impl Form {
    fn load(attributes: &Attributes<'_>, bytes: &[u8]) -> Result<Self, KeyRejected> {
        Ok(match Kind::of(attributes.spec) {
            Kind::Symmetric => Self::Symmetric(MessageKey {
                kdf: HmacSha256::new(bytes),
                identity: attributes.identity.to_vec(),
                material_id: material_id(attributes.spec, bytes, attributes.identity),
            }),
            Kind::SigningSecret => Self::SigningSecret(bytes.to_vec().into()),
            Kind::Hmac(hash) => Self::Hmac(HmacKey::new(hash, bytes)),
            Kind::Rsa(_) if signs(attributes.usage) => {
                Self::RsaSigning(RsaKeyPair::from_pkcs8(bytes)?)
            }
            Kind::Rsa(_) => Self::RsaDecrypting(RsaDecryptingKey::from_pkcs8(bytes)?),
            Kind::Ec(_) => Self::Ec(EcKeyPair::from_pkcs8(bytes)?),
            Kind::Sm2 => Self::Sm2(Box::new(Sm2KeyPair::from_pkcs8(bytes)?)),
            Kind::Ed25519 => Self::Ed25519(Ed25519KeyPair::from_pkcs8(bytes)?),
            Kind::MlDsa(level) => Self::MlDsa(MlDsaKeyPair::from_seed(level, seed(bytes)?)),
            Kind::MlKem(size) => Self::MlKem(MlKemKeyPair::from_seed(size, seed(bytes)?)),
        })
    }
}

fn signs(usage: Usage) -> bool {
    matches!(usage, Usage::SignVerify | Usage::SignAudit)
}

fn seed<const N: usize>(bytes: &[u8]) -> Result<&[u8; N], KeyRejected> {
    bytes.try_into().map_err(|_| KeyRejected)
}
