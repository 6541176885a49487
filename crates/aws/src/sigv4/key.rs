//! The signing key of a day, Region and service: four HMACs away from the secret access key.

use strongroom_base::Secret;
use strongroom_crypto::hmac::HmacSha256;

use super::TERMINATOR;

/// A derived signing key. Who holds it can sign for its scope only.
pub struct SigningKey(Secret<[u8; 32]>);

impl SigningKey {
    /// What precedes the secret access key in the first HMAC key.
    pub const PREFIX: &'static [u8] = b"AWS4";

    /// The messages of the HMAC chain in turn. Each tag is the key of the next HMAC; the first key is
    /// [`SigningKey::PREFIX`] and the secret access key.
    pub fn messages<'a>(date: &'a str, region: &'a str, service: &'a str) -> [&'a [u8]; 4] {
        [date, region, service, TERMINATOR].map(str::as_bytes)
    }

    /// Derives the key of a scope; `date` is `yyyymmdd`.
    pub fn derive(secret_access_key: &[u8], date: &str, region: &str, service: &str) -> Self {
        let first = Secret::new([Self::PREFIX, secret_access_key].concat());
        let [date, rest @ ..] = Self::messages(date, region, service);
        let mut key = Secret::new(HmacSha256::new(first.expose()).sign(&[date]));
        for message in rest {
            key = Secret::new(HmacSha256::new(key.expose()).sign(&[message]));
        }
        Self(key)
    }

    /// A key that was derived elsewhere.
    pub fn new(key: Secret<[u8; 32]>) -> Self {
        Self(key)
    }

    /// The signature of a string to sign.
    pub(super) fn sign(&self, string_to_sign: &str) -> Secret<[u8; 32]> {
        Secret::new(HmacSha256::new(self.0.expose()).sign(&[string_to_sign.as_bytes()]))
    }
}
