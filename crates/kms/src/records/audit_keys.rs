//! The stored form of keys that sign the audit log.

use minicbor::{Decode, Encode};

use super::Millis;

/// A key that signs the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AuditKeyRecord {
    /// The first 16 bytes of SHA-256 of `public`.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub id: [u8; 16],
    /// What it signs.
    #[n(1)]
    pub signs: AuditKeyUse,
    /// Its exported key token; none once the private half was given up.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub token: Option<Vec<u8>>,
    /// The public half, a DER SubjectPublicKeyInfo.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub public: Vec<u8>,
    /// When it was made: from then on it is valid.
    #[n(4)]
    pub created: Millis,
    /// Of a digest key: until when it is valid.
    #[n(5)]
    pub expires: Option<Millis>,
}

/// What a key that signs the audit log signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum AuditKeyUse {
    /// Checkpoints, by Ed25519.
    #[n(1)]
    Checkpoints,
    /// Digest files, by RSA-2048.
    #[n(2)]
    Digests,
}
