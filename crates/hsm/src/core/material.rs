//! Key material as a token holds it: made, taken in, named. One key has one encoding here, so that equal
//! keys have equal identifiers however they came.

use strongroom_base::{Random, Secret};
use strongroom_crypto::hmac::{HmacHash, HmacSha256};
use strongroom_crypto::ml_kem::{self, MlKemKeyPair};
use strongroom_crypto::signature::{EcKeyPair, Ed25519KeyPair, ML_DSA_SEED_BYTES, RsaKeyPair};
use strongroom_crypto::sm2::Sm2KeyPair;
use strongroom_crypto::{der, digest, kdf};
use strongroom_hsm_api::command::SECRET_TEXT_LENGTH;
use strongroom_hsm_api::key::{MaterialId, Spec};

use super::kind::Kind;
use super::rsa_pool::RsaPairs;

/// The length of symmetric material, in bytes.
const SYMMETRIC_BYTES: usize = 32;

const MATERIAL_ID_LABEL: &[u8] = b"strongroom material id v1";
const HMAC_MATERIAL_LABEL: &[u8] = b"strongroom hmac material v1";

/// The alphabet of secret access keys: 64 characters, so six random bits choose one without bias.
const SECRET_ALPHABET: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Fresh material: raw bytes, a seed, or PKCS#8. `None` of signing secrets, which are shown when they are
/// made, and only GenerateSecret shows.
pub(super) fn generate(
    spec: Spec,
    random: &dyn Random,
    rsa: &RsaPairs<'_>,
) -> Option<Secret<Vec<u8>>> {
    match Kind::of(spec) {
        Kind::Symmetric => Some(random_bytes(random, SYMMETRIC_BYTES)),
        Kind::Hmac(hash) => Some(random_bytes(random, hash.tag_bytes())),
        // FIPS 204 §6.1 and FIPS 203 §7.1: every seed is one of a key pair.
        Kind::MlDsa(_) => Some(random_bytes(random, ML_DSA_SEED_BYTES)),
        Kind::MlKem(_) => Some(random_bytes(random, ml_kem::SEED_BYTES)),
        Kind::Rsa(size) => Some(rsa.pair(size).to_pkcs8()),
        Kind::Ec(curve) => Some(EcKeyPair::generate(curve).to_pkcs8()),
        Kind::Sm2 => Some(Sm2KeyPair::generate().to_pkcs8()),
        Kind::Ed25519 => Some(Ed25519KeyPair::generate().to_pkcs8()),
        Kind::SigningSecret => None,
    }
}

/// A key pair for a caller to keep.
pub(super) struct DataKeyPair {
    /// The private half, as PKCS#8.
    pub(super) private: Secret<Vec<u8>>,
    /// The public half, as DER SubjectPublicKeyInfo.
    pub(super) public: Vec<u8>,
}

/// A fresh key pair, unless `spec` is none that callers get.
pub(super) fn generate_data_key_pair(spec: Spec, rsa: &RsaPairs<'_>) -> Option<DataKeyPair> {
    macro_rules! halves {
        ($pair:expr) => {{
            let pair = $pair;
            Some(DataKeyPair {
                private: pair.to_pkcs8(),
                public: pair.public_spki(),
            })
        }};
    }
    match Kind::of(spec) {
        Kind::Rsa(size) => halves!(rsa.pair(size)),
        Kind::Ec(curve) => halves!(EcKeyPair::generate(curve)),
        Kind::Sm2 => halves!(Sm2KeyPair::generate()),
        Kind::Ed25519 => halves!(Ed25519KeyPair::generate()),
        Kind::MlKem(size) => halves!(MlKemKeyPair::generate(size)),
        Kind::Symmetric | Kind::SigningSecret | Kind::Hmac(_) | Kind::MlDsa(_) => None,
    }
}

/// Material that came from outside, in our encoding, or `None` when it is not of `spec`. PKCS#8 may be BER.
/// ML-DSA has no encoding of private keys here that would be taken in.
pub(super) fn import(spec: Spec, bytes: &Secret<Vec<u8>>) -> Option<Secret<Vec<u8>>> {
    match Kind::of(spec) {
        Kind::Symmetric => raw(bytes, SYMMETRIC_BYTES, SYMMETRIC_BYTES),
        Kind::Hmac(hash) => raw(bytes, hash.tag_bytes(), block_bytes(hash)),
        kind => import_pkcs8(kind, &der::to_der(bytes.expose()).ok()?),
    }
}

/// The private key of a PrivateKeyInfo in DER.
fn import_pkcs8(kind: Kind, der: &Secret<Vec<u8>>) -> Option<Secret<Vec<u8>>> {
    let der = der.expose();
    match kind {
        Kind::Rsa(size) => {
            let pair = RsaKeyPair::from_foreign_pkcs8(der).ok()?;
            (pair.size() == size).then(|| pair.to_pkcs8())
        }
        Kind::Ec(curve) => {
            let pair = EcKeyPair::from_pkcs8(der).ok()?;
            (pair.curve() == curve).then(|| pair.to_pkcs8())
        }
        Kind::MlKem(size) => {
            let pair = MlKemKeyPair::from_pkcs8(der).ok()?;
            (pair.size() == size).then(|| pair.to_seed().expose().to_vec().into())
        }
        Kind::Sm2 => Sm2KeyPair::from_pkcs8(der).ok().map(|pair| pair.to_pkcs8()),
        Kind::Ed25519 => Ed25519KeyPair::from_pkcs8(der)
            .ok()
            .map(|pair| pair.to_pkcs8()),
        Kind::Symmetric | Kind::Hmac(_) | Kind::SigningSecret | Kind::MlDsa(_) => None,
    }
}

/// Whether [`import`] takes in material of `spec` at all.
pub(super) fn is_importable(spec: Spec) -> bool {
    !matches!(Kind::of(spec), Kind::SigningSecret | Kind::MlDsa(_))
}

fn raw(bytes: &Secret<Vec<u8>>, least: usize, most: usize) -> Option<Secret<Vec<u8>>> {
    let bytes = bytes.expose();
    (least..=most)
        .contains(&bytes.len())
        .then(|| bytes.clone().into())
}

/// The block of the hash (FIPS 180-4 §1, figure 1): HMAC hashes longer keys first (RFC 2104 §2), which
/// makes two keys of one.
fn block_bytes(hash: HmacHash) -> usize {
    match hash {
        HmacHash::Sha224 | HmacHash::Sha256 => 64,
        HmacHash::Sha384 | HmacHash::Sha512 => 128,
    }
}

/// A random text of [`SECRET_TEXT_LENGTH`] characters.
pub(super) fn generate_secret_text(random: &dyn Random) -> Secret<Vec<u8>> {
    let mut text = random_bytes(random, SECRET_TEXT_LENGTH);
    for byte in text.expose_mut() {
        *byte = SECRET_ALPHABET
            .get(usize::from(*byte & 63))
            .copied()
            .unwrap_or(b'A');
    }
    text
}

/// `length` random bytes.
pub(super) fn random_bytes(random: &dyn Random, length: usize) -> Secret<Vec<u8>> {
    let mut bytes = Secret::from(vec![0; length]);
    random.fill(bytes.expose_mut());
    bytes
}

/// The identifier of `material` under `identity`.
pub(super) fn material_id(spec: Spec, material: &[u8], identity: &[u8]) -> MaterialId {
    match Kind::of(spec) {
        // What is derived is named by a hash of the material instead: the material itself is the key of
        // HMACs that callers ask for, and HMAC takes a long key for the hash of it.
        Kind::Hmac(_) => {
            let hashed = Secret::new(digest::sha256(&[HMAC_MATERIAL_LABEL, material]));
            named(hashed.expose(), identity)
        }
        Kind::Symmetric
        | Kind::SigningSecret
        | Kind::Rsa(_)
        | Kind::Ec(_)
        | Kind::Sm2
        | Kind::Ed25519
        | Kind::MlDsa(_)
        | Kind::MlKem(_) => named(material, identity),
    }
}

fn named(secret: &[u8], identity: &[u8]) -> MaterialId {
    let mut id = [0; 32];
    let key = HmacSha256::new(secret);
    kdf::kbkdf(&key, MATERIAL_ID_LABEL, &[identity], &mut id);
    id
}
