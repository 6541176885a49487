//! Secrets that are shown once, when they are made, and the narrow signing keys that are derived from them.

use strongroom_base::Secret;
use strongroom_crypto::hmac::HmacSha256;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command as api;
use strongroom_hsm_api::key::{Origin, Usage};

use crate::core::key::Form;
use crate::core::kind::Kind;
use crate::core::{Core, Outcome, day, material, owned_by_caller, token};

impl Core {
    pub(in crate::core) fn generate_secret(
        &self,
        command: api::GenerateSecret<'_>,
    ) -> Outcome<api::NewSecret> {
        let opened = self.open()?;
        let attributes = owned_by_caller(command.attributes)?;
        if attributes.origin != Origin::Generated {
            return Err(Code::Malformed);
        }
        if attributes.usage != Usage::DeriveSigningKey
            || !Kind::of(attributes.spec).allows(attributes.usage)
        {
            return Err(Code::UsageRefused);
        }
        let secret = material::generate_secret_text(&*self.random);
        Ok(api::NewSecret {
            token: token::wrap(&opened.domain, &attributes, secret.expose(), &*self.random),
            secret,
        })
    }

    pub(in crate::core) fn derive_signing_key(
        &self,
        command: api::DeriveSigningKey<'_>,
    ) -> Outcome<api::SigningKey> {
        // A service that is taken over shall not carry away the keys of years to come.
        if !day::is_near(command.first, self.clock.now()) {
            return Err(Code::UsageRefused);
        }
        let key = self.usable_key(command.token, Usage::DeriveSigningKey)?;
        let Form::SigningSecret(secret) = &key.form else {
            return Err(Code::UsageRefused);
        };
        let labels = [command.first, command.second, command.third, command.fourth];
        Ok(api::SigningKey {
            key: chain(command.prefix, secret, labels),
        })
    }
}

/// The HMAC-SHA-256 chain of `labels`, starting from `prefix ‖ secret`.
fn chain(prefix: &[u8], secret: &Secret<Vec<u8>>, labels: [&[u8]; 4]) -> Secret<[u8; 32]> {
    let first = Secret::from([prefix, secret.expose()].concat());
    let mut key = HmacSha256::new(first.expose());
    let mut derived = Secret::zeroed();
    for label in labels {
        key.derive(label, &mut derived);
        key = HmacSha256::new(derived.expose());
    }
    derived
}
