//! Signed tokens (RFC 7519, RFC 7515 §3.1). What a token claims counts for nothing before its signature is verified.

use strongroom_aws::json::{self, Json};
use strongroom_crypto::Unauthentic;
use strongroom_crypto::der;
use strongroom_crypto::signature::{self, Input};

use super::decode;
use super::jwk::{Algorithm, Key, integer};

/// A token, read but not verified.
pub(super) struct Token<'t> {
    signed: &'t str,
    algorithm: Algorithm,
    key_id: Option<String>,
    claims: Json,
    signature: Vec<u8>,
}

impl<'t> Token<'t> {
    /// Reads the compact form; `None` of anything else, of an algorithm that is not known, or of extensions that
    /// must be understood (RFC 7515 §4.1.11).
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let (header, claims) = (object(header)?, object(claims)?);
        if header.get("crit").is_some() {
            return None;
        }
        let key_id = match header.get("kid") {
            None => None,
            Some(id) => Some(as_text(id)?.to_owned()),
        };
        Some(Self {
            signed,
            algorithm: Algorithm::named(as_text(header.get("alg")?)?)?,
            key_id,
            claims,
            signature: decode(signature)?,
        })
    }

    /// The key that the token says it was signed with; without a kid, the only one of its algorithm.
    pub(super) fn key_among<'k>(&self, keys: &'k [Key]) -> Option<&'k Key> {
        let mut fitting = keys.iter().filter(|key| {
            let is_meant = self.key_id.is_none() || key.id == self.key_id;
            is_meant && key.algorithms.contains(&self.algorithm)
        });
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first)
    }

    /// Verifies the signature under `key`.
    pub(super) fn verify(&self, key: &Key) -> Result<(), Unauthentic> {
        let input = Input::Message(self.signed.as_bytes());
        let scheme = self.algorithm.scheme();
        let signature = match self.algorithm.half_bytes() {
            Some(half) => ecdsa_der(&self.signature, half).ok_or(Unauthentic)?,
            None => self.signature.clone(),
        };
        signature::verify(scheme, &key.spki, input, &signature)
    }

    /// The claim `name`.
    pub(super) fn claim(&self, name: &str) -> Option<&Json> {
        self.claims.get(name)
    }

    /// The claim `name` that is a text.
    pub(super) fn claim_text(&self, name: &str) -> Option<&str> {
        as_text(self.claim(name)?)
    }

    /// The claim `name` that is a NumericDate (RFC 7519 §2), in whole seconds.
    pub(super) fn claim_time(&self, name: &str) -> Option<i64> {
        let Json::Number(number) = self.claim(name)? else {
            return None;
        };
        let (whole, _) = number.split_once('.').unwrap_or((number, ""));
        whole.parse().ok()
    }

    /// The audiences: one text, or a list of at least one.
    pub(super) fn audiences(&self) -> Option<Vec<&str>> {
        match self.claim("aud")? {
            Json::String(only) => Some(vec![only]),
            Json::Array(items) if !items.is_empty() => items.iter().map(as_text).collect(),
            _ => None,
        }
    }

    /// All claims.
    pub(super) fn into_claims(self) -> Vec<(String, Json)> {
        match self.claims {
            Json::Object(claims) => claims,
            _ => Vec::new(),
        }
    }
}

fn as_text(json: &Json) -> Option<&str> {
    match json {
        Json::String(text) => Some(text),
        _ => None,
    }
}

fn object(part: &str) -> Option<Json> {
    let bytes = decode(part).filter(|bytes| !bytes.is_empty())?;
    json::parse(&bytes).ok()
}

/// RFC 7518 §3.4 writes r and s side by side; verified is the ECDSA-Sig-Value of RFC 3279 §2.2.3.
fn ecdsa_der(fixed: &[u8], half: usize) -> Option<Vec<u8>> {
    let (r, s) = fixed.split_at_checked(half)?;
    (s.len() == half).then(|| der::sequence(&[&integer(r), &integer(s)]))
}
