//! One Shamir share of the unseal secret, as an operator keeps it: text with a digest, so that a
//! mistyped share is noticed before anything is tried.

use strongroom_base::{Secret, hex};
use strongroom_crypto::digest::sha256;

const TEXT_PREFIX: &str = "srshare1-";
const DIGEST_LENGTH: usize = 8;
const VALUE_LENGTH: usize = 32;
const BODY_LENGTH: usize = 4 + 1 + VALUE_LENGTH;

/// One share: which seal it belongs to, its number, its value.
pub struct UnsealShare {
    /// The first bytes of the domain id.
    pub domain: [u8; 4],
    /// The number of the share, 1 and up: its x-coordinate.
    pub number: u8,
    /// The y-coordinates.
    pub value: Secret<[u8; VALUE_LENGTH]>,
}

/// A share that is not one: mistyped, cut, or something else altogether.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAShare;

impl UnsealShare {
    /// The bytes that travel: domain, number, value, digest of these.
    pub fn to_bytes(&self) -> Secret<Vec<u8>> {
        let mut bytes = Vec::with_capacity(BODY_LENGTH + DIGEST_LENGTH);
        bytes.extend_from_slice(&self.domain);
        bytes.push(self.number);
        bytes.extend_from_slice(self.value.expose());
        let digest = sha256(&[&bytes]);
        bytes.extend(digest.iter().take(DIGEST_LENGTH));
        bytes.into()
    }

    /// Reads what [`UnsealShare::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAShare> {
        let (body, digest) = bytes.split_at_checked(BODY_LENGTH).ok_or(NotAShare)?;
        if digest.len() != DIGEST_LENGTH || !sha256(&[body]).starts_with(digest) {
            return Err(NotAShare);
        }
        let (domain, rest) = body.split_first_chunk().ok_or(NotAShare)?;
        let (number, value) = rest.split_first().ok_or(NotAShare)?;
        let value = Secret::from_slice(value).ok_or(NotAShare)?;
        Ok(Self {
            domain: *domain,
            number: *number,
            value,
        })
    }

    /// The text an operator keeps.
    pub fn to_text(&self) -> Secret<String> {
        Secret::new(format!(
            "{TEXT_PREFIX}{}",
            hex::encode(self.to_bytes().expose())
        ))
    }

    /// Reads a share's text; surrounding white space is ignored.
    pub fn from_text(text: &str) -> Result<Self, NotAShare> {
        let digits = text.trim().strip_prefix(TEXT_PREFIX).ok_or(NotAShare)?;
        let bytes = Secret::from(hex::decode(digits).ok_or(NotAShare)?);
        Self::from_bytes(bytes.expose())
    }
}

#[cfg(test)]
mod tests;
