//! The symmetric ciphertext: derived keys, a commitment, AES-256-GCM. Its layout is drawn in
//! `docs/design/key-process.md`.

use strongroom_base::{Random, Secret};
use strongroom_crypto::hmac::HmacSha256;
use strongroom_crypto::kdf;
use strongroom_crypto::{Unauthentic, aead};
use strongroom_hsm_api::key::MaterialId;

const PREFIX: [u8; 2] = [1, 2];
const MIDDLE: [u8; 2] = [0x00, 0x78];
const FORMAT: u8 = 1;
const SALT_LENGTH: usize = 16;
const COMMITMENT_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 12;
const HEADER_LENGTH: usize = PREFIX.len()
    + 1
    + MIDDLE.len()
    + size_of::<MaterialId>()
    + 1
    + SALT_LENGTH
    + COMMITMENT_LENGTH
    + NONCE_LENGTH;
const LABEL: &[u8] = b"strongroom message v1";

/// Which operation made a ciphertext.
#[derive(Clone, Copy)]
pub(super) enum Maker {
    /// Encrypt and ReEncrypt.
    Encrypt = 2,
    /// The data key operations.
    DataKey = 3,
}

/// A symmetric backing key with its identity, ready to derive message keys.
pub(super) struct MessageKey {
    pub(super) kdf: HmacSha256,
    pub(super) identity: Vec<u8>,
    pub(super) material_id: MaterialId,
}

struct Derived {
    encryption_key: Secret<[u8; 32]>,
    commitment: [u8; COMMITMENT_LENGTH],
}

impl MessageKey {
    fn derive(&self, salt: &[u8; SALT_LENGTH]) -> Derived {
        let mut bytes = Secret::new([0; 64]);
        let identity_length = u32::try_from(self.identity.len())
            .unwrap_or(u32::MAX)
            .to_be_bytes();
        kdf::kbkdf(
            &self.kdf,
            LABEL,
            &[&identity_length, &self.identity, &self.material_id, salt],
            bytes.expose_mut(),
        );
        let (key, commitment) = bytes.expose().split_at(32);
        let mut derived = Derived {
            encryption_key: Secret::zeroed(),
            commitment: [0; COMMITMENT_LENGTH],
        };
        derived.encryption_key.expose_mut().copy_from_slice(key);
        derived.commitment.copy_from_slice(commitment);
        derived
    }
}

/// Encrypts `plaintext` with a fresh salt and nonce, bound to the canonical `context`.
pub(super) fn seal(
    key: &MessageKey,
    maker: Maker,
    context: &[u8],
    plaintext: &[u8],
    random: &dyn Random,
) -> Vec<u8> {
    let mut drawn = [0; SALT_LENGTH + NONCE_LENGTH];
    random.fill(&mut drawn);
    let mut salt = [0; SALT_LENGTH];
    let mut nonce = [0; NONCE_LENGTH];
    let (drawn_salt, drawn_nonce) = drawn.split_at(SALT_LENGTH);
    salt.copy_from_slice(drawn_salt);
    nonce.copy_from_slice(drawn_nonce);
    let derived = key.derive(&salt);

    let mut associated = Vec::with_capacity(HEADER_LENGTH + context.len());
    associated.extend_from_slice(&PREFIX);
    associated.push(maker as u8);
    associated.extend_from_slice(&MIDDLE);
    associated.extend_from_slice(&key.material_id);
    associated.push(FORMAT);
    associated.extend_from_slice(&salt);
    associated.extend_from_slice(&derived.commitment);
    associated.extend_from_slice(&nonce);
    let mut ciphertext = Vec::with_capacity(HEADER_LENGTH + plaintext.len() + 16);
    ciphertext.extend_from_slice(&associated);
    associated.extend_from_slice(context);
    aead::seal(
        derived.encryption_key.expose(),
        &nonce,
        &associated,
        plaintext,
        &mut ciphertext,
    );
    ciphertext
}

/// Decrypts; every reason to refuse is the same [`Unauthentic`].
pub(super) fn open(
    key: &MessageKey,
    context: &[u8],
    ciphertext: &[u8],
) -> Result<Secret<Vec<u8>>, Unauthentic> {
    let (header, body) = ciphertext
        .split_at_checked(HEADER_LENGTH)
        .ok_or(Unauthentic)?;
    let parts = Header::read(header).ok_or(Unauthentic)?;
    if parts.material_id != key.material_id {
        return Err(Unauthentic);
    }
    let derived = key.derive(parts.salt);
    // Before GCM: a ciphertext made under two keys at once must open under neither by chance of the tag.
    if !Secret::new(derived.commitment).matches(parts.commitment) {
        return Err(Unauthentic);
    }
    let associated = [header, context].concat();
    aead::open(
        derived.encryption_key.expose(),
        parts.nonce,
        &associated,
        body,
    )
}

/// The key that encrypts the message in `ciphertext`.
#[cfg(feature = "reveal")]
pub(super) fn danger_message_key(key: &MessageKey, ciphertext: &[u8]) -> Option<Secret<[u8; 32]>> {
    let (header, _) = ciphertext.split_at_checked(HEADER_LENGTH)?;
    Some(key.derive(Header::read(header)?.salt).encryption_key)
}

struct Header<'a> {
    material_id: &'a [u8],
    salt: &'a [u8; SALT_LENGTH],
    commitment: &'a [u8],
    nonce: &'a [u8; NONCE_LENGTH],
}

impl<'a> Header<'a> {
    fn read(header: &'a [u8]) -> Option<Self> {
        let rest = header.strip_prefix(&PREFIX)?;
        let (maker, rest) = rest.split_first()?;
        if *maker != Maker::Encrypt as u8 && *maker != Maker::DataKey as u8 {
            return None;
        }
        let rest = rest.strip_prefix(&MIDDLE)?;
        let (material_id, rest) = rest.split_at_checked(size_of::<MaterialId>())?;
        let rest = rest.strip_prefix(&[FORMAT])?;
        let (salt, rest) = rest.split_first_chunk()?;
        let (commitment, rest) = rest.split_at_checked(COMMITMENT_LENGTH)?;
        let nonce = rest.try_into().ok()?;
        Some(Self {
            material_id,
            salt,
            commitment,
            nonce,
        })
    }
}

#[cfg(test)]
mod tests;
