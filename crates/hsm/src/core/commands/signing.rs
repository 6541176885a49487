//! Sign and Verify. Which scheme fits which key is decided here; a curve has the one hash of its strength.

use strongroom_crypto::Unauthentic;
use strongroom_crypto::signature::{
    Curve, EcKeyPair, Ed25519KeyPair, Hash, Input, InputRejected, MlDsaKeyPair, NotSigned,
    RsaKeyPair, RsaPadding,
};
use strongroom_crypto::sm2::Sm2KeyPair;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command as api;
use strongroom_hsm_api::key::Usage;
use strongroom_hsm_api::scheme::{SignatureInput, SignatureScheme};

use crate::core::key::{Form, Key};
use crate::core::{Core, Outcome};

impl Core {
    pub(in crate::core) fn sign(&self, command: api::Sign<'_>) -> Outcome<api::Signature> {
        check_message(command.message)?;
        let key = self.usable_key(command.token, Usage::SignVerify)?;
        let way = Way::of(&key, command.scheme)?;
        Ok(api::Signature {
            signature: way.sign(command.input, command.message)?,
        })
    }

    pub(in crate::core) fn verify(&self, command: api::Verify<'_>) -> Outcome<()> {
        check_message(command.message)?;
        let key = self.usable_key(command.token, Usage::SignVerify)?;
        let way = Way::of(&key, command.scheme)?;
        way.verify(command.input, command.message, command.signature)
    }
}

/// Of the signing and MAC commands.
pub(super) fn check_message(message: &[u8]) -> Outcome<()> {
    if message.len() > api::MESSAGE_LENGTH_MAX {
        return Err(Code::Malformed);
    }
    Ok(())
}

/// A key with a scheme that fits it.
enum Way<'k> {
    Rsa(&'k RsaKeyPair, RsaPadding, Hash),
    Ecdsa(&'k EcKeyPair, Hash),
    Ed25519(&'k Ed25519KeyPair),
    Ed25519Prehashed(&'k Ed25519KeyPair),
    MlDsa(&'k MlDsaKeyPair),
    Sm2(&'k Sm2KeyPair),
}

impl<'k> Way<'k> {
    fn of(key: &'k Key, scheme: SignatureScheme) -> Outcome<Self> {
        let way = match (&key.form, scheme) {
            (Form::RsaSigning(pair), _) => {
                rsa_scheme(scheme).map(|(padding, hash)| Self::Rsa(pair, padding, hash))
            }
            (Form::Ec(pair), _) => {
                ecdsa_hash(pair.curve(), scheme).map(|hash| Self::Ecdsa(pair, hash))
            }
            (Form::Ed25519(pair), SignatureScheme::Ed25519) => Some(Self::Ed25519(pair)),
            (Form::Ed25519(pair), SignatureScheme::Ed25519Prehashed) => {
                Some(Self::Ed25519Prehashed(pair))
            }
            (Form::MlDsa(pair), SignatureScheme::MlDsa) => Some(Self::MlDsa(pair)),
            (Form::Sm2(pair), SignatureScheme::Sm2) => Some(Self::Sm2(pair)),
            _ => None,
        };
        way.ok_or(Code::UsageRefused)
    }

    fn sign(&self, input: SignatureInput, message: &[u8]) -> Outcome<Vec<u8>> {
        match self {
            Self::Rsa(pair, padding, hash) => {
                let input = hashed(*hash, input, message)?;
                pair.sign(*padding, *hash, input).map_err(refused)
            }
            Self::Ecdsa(pair, hash) => {
                let input = hashed(*hash, input, message)?;
                pair.sign(*hash, input).map_err(refused)
            }
            Self::Ed25519(pair) => Ok(pair.sign(whole(input, message)?).to_vec()),
            Self::Ed25519Prehashed(pair) => {
                Ok(pair.sign_prehashed(whole(input, message)?).to_vec())
            }
            Self::MlDsa(pair) => match input {
                SignatureInput::Message => Ok(pair.sign(message)),
                SignatureInput::ExternalMu => Ok(pair.sign_mu(exactly(message)?)),
                SignatureInput::Digest => Err(Code::InputRefused),
            },
            Self::Sm2(pair) => match input {
                SignatureInput::Message => Ok(pair.sign(message)),
                SignatureInput::Digest => Ok(pair.sign_digest(exactly(message)?)),
                SignatureInput::ExternalMu => Err(Code::InputRefused),
            },
        }
    }

    fn verify(&self, input: SignatureInput, message: &[u8], signature: &[u8]) -> Outcome<()> {
        match self {
            Self::Rsa(pair, padding, hash) => {
                let input = hashed(*hash, input, message)?;
                pair.verify(*padding, *hash, input, signature)
            }
            Self::Ecdsa(pair, hash) => {
                let input = hashed(*hash, input, message)?;
                pair.verify(*hash, input, signature)
            }
            Self::Ed25519(pair) => pair.verify(whole(input, message)?, signature),
            Self::Ed25519Prehashed(pair) => {
                pair.verify_prehashed(whole(input, message)?, signature)
            }
            Self::MlDsa(pair) => match input {
                SignatureInput::Message => pair.verify(message, signature),
                SignatureInput::ExternalMu => pair.verify_mu(exactly(message)?, signature),
                SignatureInput::Digest => return Err(Code::InputRefused),
            },
            Self::Sm2(pair) => match input {
                SignatureInput::Message => pair.verify(message, signature),
                SignatureInput::Digest => pair.verify_digest(exactly(message)?, signature),
                SignatureInput::ExternalMu => return Err(Code::InputRefused),
            },
        }
        .map_err(|Unauthentic| Code::SignatureRefused)
    }
}

fn rsa_scheme(scheme: SignatureScheme) -> Option<(RsaPadding, Hash)> {
    match scheme {
        SignatureScheme::RsaPkcs1Sha256 => Some((RsaPadding::Pkcs1, Hash::Sha256)),
        SignatureScheme::RsaPkcs1Sha384 => Some((RsaPadding::Pkcs1, Hash::Sha384)),
        SignatureScheme::RsaPkcs1Sha512 => Some((RsaPadding::Pkcs1, Hash::Sha512)),
        SignatureScheme::RsaPssSha256 => Some((RsaPadding::Pss, Hash::Sha256)),
        SignatureScheme::RsaPssSha384 => Some((RsaPadding::Pss, Hash::Sha384)),
        SignatureScheme::RsaPssSha512 => Some((RsaPadding::Pss, Hash::Sha512)),
        _ => None,
    }
}

fn ecdsa_hash(curve: Curve, scheme: SignatureScheme) -> Option<Hash> {
    match (curve, scheme) {
        (Curve::P256 | Curve::Secp256k1, SignatureScheme::EcdsaSha256) => Some(Hash::Sha256),
        (Curve::P384, SignatureScheme::EcdsaSha384) => Some(Hash::Sha384),
        (Curve::P521, SignatureScheme::EcdsaSha512) => Some(Hash::Sha512),
        _ => None,
    }
}

fn hashed(hash: Hash, input: SignatureInput, message: &[u8]) -> Outcome<Input<'_>> {
    let input = match input {
        SignatureInput::Message => Input::Message(message),
        SignatureInput::Digest => Input::Digest(message),
        SignatureInput::ExternalMu => return Err(Code::InputRefused),
    };
    input
        .suits(hash)
        .map_err(|InputRejected| Code::InputRefused)?;
    Ok(input)
}

fn whole(input: SignatureInput, message: &[u8]) -> Outcome<&[u8]> {
    match input {
        SignatureInput::Message => Ok(message),
        SignatureInput::Digest | SignatureInput::ExternalMu => Err(Code::InputRefused),
    }
}

fn exactly<const N: usize>(message: &[u8]) -> Outcome<&[u8; N]> {
    message.try_into().map_err(|_| Code::InputRefused)
}

pub(super) fn refused(error: NotSigned) -> Code {
    match error {
        NotSigned::Input => Code::InputRefused,
        NotSigned::Key => Code::MaterialRefused,
    }
}
