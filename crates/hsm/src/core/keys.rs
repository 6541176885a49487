//! Key material by spec: made, loaded for use, and kept unwrapped in a bounded cache.

use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use strongroom_base::{Random, Secret};
use strongroom_crypto::hmac::HmacSha256;
use strongroom_crypto::kdf;
use strongroom_crypto::signature::{EcdsaP256KeyPair, Hash, RsaKeyPair, RsaKeySize, RsaPadding};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::SECRET_TEXT_LENGTH;
use strongroom_hsm_api::key::{Attributes, MaterialId, SALT_LENGTH, Spec, State, Usage};

use super::cipher::MessageKey;
use super::domain::random_key;

const MATERIAL_ID_LABEL: &[u8] = b"strongroom material id v1";

/// The alphabet of secret access keys: 64 characters, so six random bits choose one without bias.
const SECRET_ALPHABET: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// More than there are lanes, so that they seldom meet.
const SHARDS: usize = 32;

/// An unwrapped key.
pub(super) struct Key {
    pub(super) state: State,
    pub(super) usage: Usage,
    material: Material,
}

enum Material {
    Symmetric(MessageKey),
    SigningSecret(Secret<Vec<u8>>),
    Rsa(RsaKeyPair),
    EccP256(EcdsaP256KeyPair),
}

impl Key {
    /// Parses unwrapped material. Material that its own spec refuses counts as a bad token.
    pub(super) fn load(
        attributes: &Attributes<'_>,
        material: &Secret<Vec<u8>>,
    ) -> Result<Self, Code> {
        let bytes = material.expose();
        let material = match attributes.spec {
            Spec::Symmetric => Material::Symmetric(MessageKey {
                kdf: HmacSha256::new(bytes),
                identity: attributes.identity.to_vec(),
                material_id: material_id(bytes, attributes.identity),
            }),
            Spec::SigningSecret => Material::SigningSecret(bytes.clone().into()),
            Spec::Rsa2048 | Spec::Rsa3072 | Spec::Rsa4096 => {
                Material::Rsa(RsaKeyPair::from_pkcs8(bytes).map_err(|_| Code::TokenRefused)?)
            }
            Spec::EccP256 => Material::EccP256(
                EcdsaP256KeyPair::from_pkcs8(bytes).map_err(|_| Code::TokenRefused)?,
            ),
            _ => return Err(Code::TokenRefused),
        };
        Ok(Self {
            state: attributes.state,
            usage: attributes.usage,
            material,
        })
    }

    /// The key as one that encrypts messages.
    pub(super) fn symmetric(&self) -> Option<&MessageKey> {
        match &self.material {
            Material::Symmetric(key) => Some(key),
            Material::SigningSecret(_) | Material::Rsa(_) | Material::EccP256(_) => None,
        }
    }

    /// The public half, as DER SubjectPublicKeyInfo.
    pub(super) fn public_key(&self) -> Option<Vec<u8>> {
        match &self.material {
            Material::Rsa(pair) => Some(pair.public_spki()),
            Material::EccP256(pair) => Some(pair.public_spki()),
            Material::Symmetric(_) | Material::SigningSecret(_) => None,
        }
    }

    /// A signature with SHA-256: RSASSA-PKCS1-v1_5, or ECDSA in DER.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match &self.material {
            Material::Rsa(pair) => Some(pair.sign(RsaPadding::Pkcs1, Hash::Sha256, message)),
            Material::EccP256(pair) => Some(pair.sign(message)),
            Material::Symmetric(_) | Material::SigningSecret(_) => None,
        }
    }

    /// The HMAC-SHA-256 chain of `labels`, starting from `prefix ‖ secret`.
    pub(super) fn signing_key(
        &self,
        prefix: &[u8],
        labels: [&[u8]; 4],
    ) -> Option<Secret<[u8; 32]>> {
        let Material::SigningSecret(secret) = &self.material else {
            return None;
        };
        let first = Secret::from([prefix, secret.expose()].concat());
        let mut key = HmacSha256::new(first.expose());
        let mut derived = Secret::zeroed();
        for label in labels {
            *derived.expose_mut() = key.sign(&[label]);
            key = HmacSha256::new(derived.expose());
        }
        Some(derived)
    }
}

/// Fresh material: 32 random bytes, or a PKCS#8 private key.
pub(super) fn generate(spec: Spec, random: &dyn Random) -> Result<Secret<Vec<u8>>, Code> {
    match spec {
        Spec::Symmetric => Ok(random_key(random).expose().to_vec().into()),
        // A secret is shown when it is made, and only GenerateSecret shows.
        Spec::SigningSecret => Err(Code::UsageRefused),
        Spec::Rsa2048 => Ok(RsaKeyPair::generate(RsaKeySize::Rsa2048).to_pkcs8()),
        Spec::Rsa3072 => Ok(RsaKeyPair::generate(RsaKeySize::Rsa3072).to_pkcs8()),
        Spec::Rsa4096 => Ok(RsaKeyPair::generate(RsaKeySize::Rsa4096).to_pkcs8()),
        Spec::EccP256 => Ok(EcdsaP256KeyPair::generate().to_pkcs8()),
        _ => Err(Code::UsageRefused),
    }
}

/// A random text of [`SECRET_TEXT_LENGTH`] characters.
pub(super) fn generate_secret_text(random: &dyn Random) -> Secret<Vec<u8>> {
    let mut text = Secret::from(vec![0; SECRET_TEXT_LENGTH]);
    random.fill(text.expose_mut());
    for byte in text.expose_mut() {
        *byte = SECRET_ALPHABET
            .get(usize::from(*byte & 63))
            .copied()
            .unwrap_or(b'A');
    }
    text
}

/// The identifier of `material` under `identity`.
pub(super) fn material_id(material: &[u8], identity: &[u8]) -> MaterialId {
    let mut id = [0; 32];
    kdf::kbkdf(
        &HmacSha256::new(material),
        MATERIAL_ID_LABEL,
        &[identity],
        &mut id,
    );
    id
}

/// Unwrapped keys by the salt of their token.
pub(super) struct KeyCache {
    entries: Cache<[u8; SALT_LENGTH], Arc<Entry>, Bytes>,
}

struct Entry {
    token: Vec<u8>,
    key: Arc<Key>,
}

/// Weighs an entry by the memory it takes: token, parsed key, and what the crypto library makes of it at
/// the first use. Measured, with room to spare.
#[derive(Clone)]
struct Bytes;

const SYMMETRIC_KEY_BYTES: usize = 4 << 10;

impl Weighter<[u8; SALT_LENGTH], Arc<Entry>> for Bytes {
    fn weight(&self, _: &[u8; SALT_LENGTH], entry: &Arc<Entry>) -> u64 {
        let bytes = match &entry.key.material {
            Material::Symmetric(_) | Material::SigningSecret(_) => SYMMETRIC_KEY_BYTES,
            Material::EccP256(_) => 8 << 10,
            // Per byte of the modulus: token, the private key's numbers, Montgomery and blinding state.
            Material::Rsa(pair) => pair.size().bytes() * 64,
        };
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

impl KeyCache {
    /// A cache whose keys take at most about `bytes_max`.
    pub(super) fn new(bytes_max: usize) -> Self {
        // Shards are told, not found out: the jail forbids to look how many processors there are.
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(bytes_max / SYMMETRIC_KEY_BYTES)
            .weight_capacity(u64::try_from(bytes_max).unwrap_or(u64::MAX))
            .build();
        let entries = match options {
            Ok(options) => Cache::with_options(
                options,
                Bytes,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            // Every option that is required is given above.
            Err(_) => std::process::abort(),
        };
        Self { entries }
    }

    /// The key, if this very token was opened before: a token that differs in any byte is another one.
    pub(super) fn get(&self, salt: &[u8; SALT_LENGTH], token: &[u8]) -> Option<Arc<Key>> {
        self.entries
            .get(salt)
            .filter(|entry| entry.token == token)
            .map(|entry| Arc::clone(&entry.key))
    }

    pub(super) fn insert(&self, salt: [u8; SALT_LENGTH], token: &[u8], key: &Arc<Key>) {
        self.entries.insert(
            salt,
            Arc::new(Entry {
                token: token.to_vec(),
                key: Arc::clone(key),
            }),
        );
    }
}
