//! Public keys as JWK (RFC 7517, RFC 7518 §6, RFC 8037 §2). A file with a private key in it is refused.

use strongroom_aws::json::{self, Json};
use strongroom_crypto::der;
use strongroom_crypto::signature::{Curve, Hash, RsaPadding, Scheme};

use super::{InvalidProvider, decode};

/// The most keys of a provider.
const KEYS_MAX: usize = 64;

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0, 0x22];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// A way to sign tokens (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Ps256,
    Es256,
    Es384,
    EdDsa,
}

impl Algorithm {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "PS256" => Self::Ps256,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "EdDSA" => Self::EdDsa,
            _ => return None,
        })
    }

    pub(super) fn scheme(self) -> Scheme {
        match self {
            Self::Rs256 => Scheme::Rsa(RsaPadding::Pkcs1, Hash::Sha256),
            Self::Ps256 => Scheme::Rsa(RsaPadding::Pss, Hash::Sha256),
            Self::Es256 => Scheme::Ecdsa(Curve::P256, Hash::Sha256),
            Self::Es384 => Scheme::Ecdsa(Curve::P384, Hash::Sha384),
            Self::EdDsa => Scheme::Ed25519,
        }
    }

    /// The length in bytes of each half of an ECDSA signature (RFC 7518 §3.4).
    pub(super) fn half_bytes(self) -> Option<usize> {
        match self {
            Self::Es256 => Some(32),
            Self::Es384 => Some(48),
            Self::Rs256 | Self::Ps256 | Self::EdDsa => None,
        }
    }
}

/// A public key.
pub(super) struct Key {
    /// Its kid.
    pub id: Option<String>,
    /// What it may verify.
    pub algorithms: Vec<Algorithm>,
    /// The SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
}

/// Reads a JWK set. RFC 7517 §5: keys that are not understood are passed over.
pub(super) fn read_set(bytes: &[u8]) -> Result<Vec<Key>, InvalidProvider> {
    let not_a_set = InvalidProvider("the keys are no JWK set");
    let set = json::parse(bytes).map_err(|_| not_a_set)?;
    let Some(Json::Array(items)) = set.get("keys") else {
        return Err(not_a_set);
    };
    if items.len() > KEYS_MAX {
        return Err(InvalidProvider("there are more than 64 keys"));
    }
    if items.iter().any(is_private) {
        return Err(InvalidProvider("the keys contain a private or secret key"));
    }
    let keys: Vec<Key> = items.iter().filter_map(read).collect();
    if keys.is_empty() {
        return Err(InvalidProvider(
            "there is no key for RS256, PS256, ES256, ES384 or EdDSA",
        ));
    }
    Ok(keys)
}

/// RFC 7518 §6.2.2, §6.3.2, §6.4.1.
fn is_private(key: &Json) -> bool {
    key.get("d").is_some() || key.get("k").is_some()
}

fn read(key: &Json) -> Option<Key> {
    let is_meant_otherwise = text(key, "use").is_some_and(|usage| usage != "sig");
    let (mut algorithms, spki) = match text(key, "kty")? {
        "RSA" => rsa(key)?,
        "EC" => ec(key)?,
        "OKP" => okp(key)?,
        _ => return None,
    };
    if let Some(only) = key.get("alg") {
        let only = match only {
            Json::String(name) => Algorithm::named(name),
            _ => None,
        };
        algorithms.retain(|algorithm| Some(*algorithm) == only);
    }
    if is_meant_otherwise || algorithms.is_empty() {
        return None;
    }
    Some(Key {
        id: text(key, "kid").map(str::to_owned),
        algorithms,
        spki,
    })
}

fn rsa(key: &Json) -> Option<(Vec<Algorithm>, Vec<u8>)> {
    let (modulus, exponent) = (bytes(key, "n")?, bytes(key, "e")?);
    let algorithm = [
        &der::element(der::OBJECT_IDENTIFIER, &[RSA_ENCRYPTION])[..],
        &der::element(der::NULL, &[]),
    ];
    let numbers = [&integer(&modulus)[..], &integer(&exponent)];
    let spki = spki(&algorithm, &der::sequence(&numbers));
    Some((vec![Algorithm::Rs256, Algorithm::Ps256], spki))
}

fn ec(key: &Json) -> Option<(Vec<Algorithm>, Vec<u8>)> {
    let (algorithm, curve, length) = match text(key, "crv")? {
        "P-256" => (Algorithm::Es256, P256, 32),
        "P-384" => (Algorithm::Es384, P384, 48),
        _ => return None,
    };
    let (x, y) = (bytes(key, "x")?, bytes(key, "y")?);
    if x.len() != length || y.len() != length {
        return None;
    }
    let identifier = [
        &der::element(der::OBJECT_IDENTIFIER, &[EC_PUBLIC_KEY])[..],
        &der::element(der::OBJECT_IDENTIFIER, &[curve]),
    ];
    let point = [&[0x04][..], &x, &y].concat();
    Some((vec![algorithm], spki(&identifier, &point)))
}

fn okp(key: &Json) -> Option<(Vec<Algorithm>, Vec<u8>)> {
    let x = bytes(key, "x").filter(|x| x.len() == 32)?;
    if text(key, "crv")? != "Ed25519" {
        return None;
    }
    let identifier = der::element(der::OBJECT_IDENTIFIER, &[ED25519]);
    Some((vec![Algorithm::EdDsa], spki(&[&identifier], &x)))
}

fn spki(algorithm: &[&[u8]], key: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::sequence(algorithm), &der::bit_string(key)])
}

/// A positive INTEGER (X.690 §8.3) of a number in big-endian form.
pub(super) fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = number.get(zeros..).unwrap_or_default();
    let sign: &[u8] = match digits.first() {
        Some(first) if *first < 0x80 => &[],
        Some(_) | None => &[0],
    };
    der::element(der::INTEGER, &[sign, digits])
}

fn text<'k>(key: &'k Json, name: &str) -> Option<&'k str> {
    match key.get(name)? {
        Json::String(text) => Some(text),
        _ => None,
    }
}

fn bytes(key: &Json, name: &str) -> Option<Vec<u8>> {
    decode(text(key, name)?)
}
