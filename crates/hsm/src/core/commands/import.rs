//! Key material from outside. It comes in encrypted to a wrapping key, whose token says for which key, how
//! and until when; whatever is wrong with it gives one and the same answer.

use strongroom_base::{Secret, UnixMillis};
use strongroom_crypto::rsa_encryption::OaepHash;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command as api;
use strongroom_hsm_api::key::{Attributes, Origin, State, TokenHeader, Usage, Wrapping};
use strongroom_hsm_api::scheme::WrappingScheme;

use super::keys::of_new_key;
use crate::core::domain::Domain;
use crate::core::key::{Form, Key};
use crate::core::kind::Kind;
use crate::core::rsa_pool::RsaPairs;
use crate::core::{Core, Outcome, material, owned_by_caller, token};

impl Core {
    pub(in crate::core) fn generate_wrapping_key(
        &self,
        command: api::GenerateWrappingKey<'_>,
        rsa: &RsaPairs<'_>,
    ) -> Outcome<api::NewWrappingKey> {
        let opened = self.open()?;
        let attributes = of_wrapping_key(command.attributes, self.clock.now())?;
        let material =
            material::generate(attributes.spec, &*self.random, rsa).ok_or(Code::UsageRefused)?;
        let key = Key::load(&attributes, &material)?;
        Ok(api::NewWrappingKey {
            token: token::wrap(
                &opened.domain,
                &attributes,
                material.expose(),
                &*self.random,
            ),
            public: key.public_key().ok_or(Code::UsageRefused)?,
        })
    }

    pub(in crate::core) fn import_key(&self, command: api::ImportKey<'_>) -> Outcome<api::NewKey> {
        let opened = self.open()?;
        let attributes = of_new_key(command.attributes, Origin::Imported)?;
        if !material::is_importable(attributes.spec) {
            return Err(Code::UsageRefused);
        }
        if command.wrapped.len() > api::WRAPPED_LENGTH_MAX {
            return Err(Code::MaterialRefused);
        }
        let (key, scheme) = self.wrapping_key(&opened.domain, command.wrapping, &attributes)?;
        let material = unwrap(&key.form, scheme, command.wrapped)
            .and_then(|bytes| material::import(attributes.spec, &bytes))
            .ok_or(Code::MaterialRefused)?;
        Ok(self.new_key(&opened.domain, &attributes, &material))
    }

    /// The wrapping key of `token`, if it is one for the key with these attributes and its time is not
    /// over. Not kept in the cache: it is used once.
    fn wrapping_key(
        &self,
        domain: &Domain,
        token: &[u8],
        attributes: &Attributes<'_>,
    ) -> Outcome<(Key, WrappingScheme)> {
        let (header, material) = token::unwrap(domain, token)?;
        let wrapping = wrapping_for(&header, attributes)?;
        if header.attributes.state != State::Enabled {
            return Err(Code::KeyStateRefused);
        }
        let now = u64::try_from(self.clock.now().0).unwrap_or(0);
        if wrapping.not_after < now {
            return Err(Code::WrappingKeyExpired);
        }
        let key = Key::load(&header.attributes, &material)?;
        Ok((key, wrapping.scheme))
    }
}

fn of_wrapping_key(attributes: Attributes<'_>, now: UnixMillis) -> Outcome<Attributes<'_>> {
    let attributes = owned_by_caller(attributes)?;
    if attributes.origin != Origin::Generated {
        return Err(Code::Malformed);
    }
    // Sound attributes have it exactly when the usage is Unwrap.
    let wrapping = attributes.wrapping.ok_or(Code::UsageRefused)?;
    let end = now.plus(api::WRAPPING_KEY_LIFETIME_MAX);
    if wrapping.not_after > u64::try_from(end.0).unwrap_or(0) {
        return Err(Code::Malformed);
    }
    if Kind::of(attributes.spec).unwraps_by(wrapping.scheme) {
        Ok(attributes)
    } else {
        Err(Code::UsageRefused)
    }
}

fn wrapping_for(header: &TokenHeader<'_>, of_key: &Attributes<'_>) -> Outcome<Wrapping> {
    let bound = &header.attributes;
    let fits = bound.usage == Usage::Unwrap
        && bound.owner == of_key.owner
        && bound.identity == of_key.identity
        && bound.placement == of_key.placement;
    bound.wrapping.filter(|_| fits).ok_or(Code::TokenRefused)
}

fn unwrap(key: &Form, scheme: WrappingScheme, wrapped: &[u8]) -> Option<Secret<Vec<u8>>> {
    match (key, scheme) {
        (Form::RsaDecrypting(pair), WrappingScheme::OaepSha1) => {
            pair.decrypt(OaepHash::Sha1, wrapped).ok()
        }
        (Form::RsaDecrypting(pair), WrappingScheme::OaepSha256) => {
            pair.decrypt(OaepHash::Sha256, wrapped).ok()
        }
        (Form::RsaDecrypting(pair), WrappingScheme::AesSha1) => {
            pair.unwrap_aes_wrapped(OaepHash::Sha1, wrapped).ok()
        }
        (Form::RsaDecrypting(pair), WrappingScheme::AesSha256) => {
            pair.unwrap_aes_wrapped(OaepHash::Sha256, wrapped).ok()
        }
        (Form::Sm2(pair), WrappingScheme::Sm2) => pair.decrypt(wrapped).ok(),
        _ => None,
    }
}
