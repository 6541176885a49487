//! The life of a key: made, wrapped again with other attributes, its public half shown.

use strongroom_hsm_api::Code;
use strongroom_hsm_api::command as api;
use strongroom_hsm_api::key::{Attributes, Origin, Usage};

use crate::core::kind::Kind;
use crate::core::rsa_pool::RsaPairs;
use crate::core::{Core, Outcome, material, owned_by_caller, token};

impl Core {
    pub(in crate::core) fn generate_key(
        &self,
        command: api::GenerateKey<'_>,
        rsa: &RsaPairs<'_>,
    ) -> Outcome<api::NewKey> {
        let opened = self.open()?;
        let attributes = of_new_key(command.attributes, Origin::Generated)?;
        let material =
            material::generate(attributes.spec, &*self.random, rsa).ok_or(Code::UsageRefused)?;
        Ok(self.new_key(&opened.domain, &attributes, &material))
    }

    pub(in crate::core) fn set_state(&self, command: api::SetState<'_>) -> Outcome<api::Token> {
        self.wrap_again(command.token, |attributes| {
            attributes.state = command.state;
            attributes.version = attributes.version.saturating_add(1);
            Ok(())
        })
    }

    pub(in crate::core) fn rewrap(&self, command: api::Rewrap<'_>) -> Outcome<api::Token> {
        self.wrap_again(command.token, |_| Ok(()))
    }

    pub(in crate::core) fn replicate(&self, command: api::Replicate<'_>) -> Outcome<api::Token> {
        self.wrap_again(command.token, |attributes| {
            // A wrapping key is bound to the place it was made for.
            if attributes.usage == Usage::Unwrap {
                return Err(Code::UsageRefused);
            }
            attributes.placement = command.placement;
            attributes.state = command.state;
            attributes.version = 1;
            Ok(())
        })
    }

    fn wrap_again<'a>(
        &self,
        token: &'a [u8],
        change: impl FnOnce(&mut Attributes<'a>) -> Outcome<()>,
    ) -> Outcome<api::Token> {
        let opened = self.open()?;
        let (header, material) = token::unwrap(&opened.domain, token)?;
        let mut attributes = owned_by_caller(header.attributes)?;
        change(&mut attributes)?;
        if !attributes.is_sound() {
            return Err(Code::Malformed);
        }
        Ok(api::Token {
            token: token::wrap(
                &opened.domain,
                &attributes,
                material.expose(),
                &*self.random,
            ),
        })
    }

    pub(in crate::core) fn get_public_key(
        &self,
        command: api::GetPublicKey<'_>,
    ) -> Outcome<api::PublicKey> {
        let key = self.key(command.token)?;
        Ok(api::PublicKey {
            der: key.public_key().ok_or(Code::UsageRefused)?,
        })
    }
}

/// The attributes of a key that the command may make: of the caller, and neither a wrapping key nor a
/// signing secret, which have commands of their own.
pub(super) fn of_new_key(attributes: Attributes<'_>, origin: Origin) -> Outcome<Attributes<'_>> {
    let attributes = owned_by_caller(attributes)?;
    if attributes.origin != origin {
        return Err(Code::Malformed);
    }
    match attributes.usage {
        Usage::Unwrap | Usage::DeriveSigningKey => Err(Code::UsageRefused),
        // A private half that was ever outside would prove nothing about the audit log.
        Usage::SignAudit if origin != Origin::Generated => Err(Code::UsageRefused),
        usage if Kind::of(attributes.spec).allows(usage) => Ok(attributes),
        _ => Err(Code::UsageRefused),
    }
}
