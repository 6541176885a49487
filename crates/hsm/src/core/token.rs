//! Exported key tokens: key material wrapped under a domain key, its attributes bound to it.

use strongroom_base::{Random, Secret};
use strongroom_crypto::{aead, kdf};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::key::{Attributes, SALT_LENGTH, TokenHeader};

use super::domain::Domain;

const LABEL: &[u8] = b"strongroom ekt v1";

/// Each salt gives a key of its own, which is used once: the nonce need not vary.
const NONCE: [u8; 12] = [0; 12];

/// Wraps `material` under the domain's current epoch, with a fresh salt.
pub(super) fn wrap(
    domain: &Domain,
    attributes: &Attributes<'_>,
    material: &[u8],
    random: &dyn Random,
) -> Vec<u8> {
    let mut salt = [0; SALT_LENGTH];
    random.fill(&mut salt);
    let (epoch, domain_key) = domain.current();
    let header = TokenHeader::write(epoch, &salt, attributes);
    let mut token = header.clone();
    aead::seal(
        wrapping_key(domain_key, &salt).expose(),
        &NONCE,
        &header,
        material,
        &mut token,
    );
    token
}

/// Opens `token`: its header, authentic from here on, and the key material.
pub(super) fn unwrap<'a>(
    domain: &Domain,
    token: &'a [u8],
) -> Result<(TokenHeader<'a>, Secret<Vec<u8>>), Code> {
    let header = TokenHeader::read(token).map_err(|_| Code::TokenRefused)?;
    let domain_key = domain.key_of(header.epoch).ok_or(Code::TokenRefused)?;
    let (bound, wrapped) = token
        .split_at_checked(header.length)
        .ok_or(Code::TokenRefused)?;
    let key = wrapping_key(domain_key, &header.salt);
    let material =
        aead::open(key.expose(), &NONCE, bound, wrapped).map_err(|_| Code::TokenRefused)?;
    Ok((header, material))
}

/// The key that wraps the material of `token`.
#[cfg(feature = "reveal")]
pub(super) fn danger_wrapping_key(domain: &Domain, token: &[u8]) -> Option<Secret<[u8; 32]>> {
    let header = TokenHeader::read(token).ok()?;
    Some(wrapping_key(domain.key_of(header.epoch)?, &header.salt))
}

fn wrapping_key(
    domain_key: &strongroom_crypto::hmac::HmacSha256,
    salt: &[u8; SALT_LENGTH],
) -> Secret<[u8; 32]> {
    let mut key = Secret::zeroed();
    kdf::kbkdf(domain_key, LABEL, &[salt], key.expose_mut());
    key
}
