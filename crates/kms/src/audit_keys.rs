//! The keys that sign the audit log: checkpoints by Ed25519, digest files by RSA-2048. Private halves are in the
//! key process alone; what is here are tokens and public halves, and no other use of the keys is ever asked for.

mod checkpoints;
mod upkeep;

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use strongroom_audit::CheckpointKeyId;
use strongroom_base::{UnixMillis, hex};
use strongroom_crypto::rsa_public_key::{fingerprint, pkcs1_of_spki};
use strongroom_hsm_api::command::{SignCheckpoint, SignDigest};

use crate::audit_log::Signature;
use crate::failure::Failure;
use crate::key_process::{CallError, KeyProcess};
use crate::records::{AuditKeyRecord, AuditKeyUse, Unreadable};
use crate::repository::Repository;

pub(crate) use checkpoints::Checkpoints;
#[cfg(test)]
pub(crate) use upkeep::look_after_digest_keys;
pub(crate) use upkeep::{look_after_checkpoint_keys, run};

/// The folder of the checkpoint keys' public halves, in that of the audit log.
pub const PUBLIC_KEYS_FOLDER: &str = "keys";

/// A digest file's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestSignature {
    /// The fingerprint of the key that signed.
    pub fingerprint: String,
    /// RSASSA-PKCS1-v1_5 with SHA-256, 256 bytes.
    pub signature: Vec<u8>,
}

/// The public half of a digest key, as ListPublicKeys tells it (CloudTrail API, PublicKey).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestPublicKey {
    /// The DER RSAPublicKey (RFC 8017 §A.1.1).
    pub value: Vec<u8>,
    /// MD5 of `value` in lower hexadecimal.
    pub fingerprint: String,
    /// ValidityStartTime.
    pub valid_from: UnixMillis,
    /// ValidityEndTime.
    pub valid_until: UnixMillis,
}

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsigned {
    /// There is no key yet; one is being made.
    NoKey,
    /// The key process refused or is gone.
    KeyProcess(CallError),
}

impl From<CallError> for Unsigned {
    fn from(error: CallError) -> Self {
        Self::KeyProcess(error)
    }
}

/// The keys of an open service. They follow the records: [`AuditKeys::refresh`].
pub struct AuditKeys {
    key_process: KeyProcess,
    held: ArcSwap<Held>,
    refreshing: Mutex<()>,
}

#[derive(Default)]
struct Held {
    /// The newest that signs.
    checkpoint: Option<CheckpointKey>,
    /// The oldest first.
    digests: Vec<DigestKey>,
}

struct CheckpointKey {
    id: CheckpointKeyId,
    token: Vec<u8>,
}

struct DigestKey {
    public: DigestPublicKey,
    token: Option<Vec<u8>>,
}

impl AuditKeys {
    /// No keys yet.
    pub(crate) fn new(key_process: KeyProcess) -> Self {
        Self {
            key_process,
            held: ArcSwap::default(),
            refreshing: Mutex::new(()),
        }
    }

    /// Takes the keys as the records have them now.
    pub(crate) fn refresh(&self, records: &Repository) -> Result<(), Failure> {
        // Of two at one time, the one that stores last must have read last.
        let _refreshing = self
            .refreshing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let listed = records.list_audit_keys()?.into_iter();
        let held = Held::of(listed.map(|stored| stored.record).collect())?;
        self.held.store(Arc::new(held));
        Ok(())
    }

    /// Asks the key process to sign where the log of `writer` stands after `sequence` records. Asked at once,
    /// whenever the answer is awaited.
    ///
    /// # Errors
    /// [`Unsigned`]; among them [`CheckpointRefused`](strongroom_hsm_api::Code::CheckpointRefused) when the
    /// key process signed this sequence or a later one already.
    pub fn sign_checkpoint(
        &self,
        writer: [u8; 16],
        sequence: u64,
        link: [u8; 32],
    ) -> impl Future<Output = Result<Signature, Unsigned>> + Send + use<> {
        let held = self.held.load();
        let asked = held.checkpoint.as_ref().map(|key| {
            let command = SignCheckpoint {
                token: &key.token,
                writer,
                sequence,
                link,
            };
            (key.id, self.key_process.call(&command))
        });
        async move {
            let (key, answer) = asked.ok_or(Unsigned::NoKey)?;
            let signed = answer.await?;
            let signature = <[u8; 64]>::try_from(signed.signature);
            Ok(Signature {
                key,
                boot: signed.boot,
                time: signed.time,
                signature: signature.map_err(|_| CallError::Lost)?,
            })
        }
    }

    /// Signs `message`, at most 4,096 bytes, for a digest that ends at `time`: by the key of that time, so that
    /// who looks for the keys of a period finds it even when the digest is late; else by the newest.
    ///
    /// # Errors
    /// [`Unsigned`].
    pub async fn sign_digest(
        &self,
        time: UnixMillis,
        message: &[u8],
    ) -> Result<DigestSignature, Unsigned> {
        let held = self.held.load_full();
        let (key, token) = held.digest_key(time).ok_or(Unsigned::NoKey)?;
        let signed = self
            .key_process
            .call(&SignDigest { token, message })
            .await?;
        Ok(DigestSignature {
            fingerprint: key.fingerprint.clone(),
            signature: signed.signature,
        })
    }

    /// The fingerprint of the key that [`AuditKeys::sign_digest`] would sign with: a digest names it, so it must be
    /// known before.
    pub fn digest_fingerprint(&self, time: UnixMillis) -> Option<String> {
        let held = self.held.load();
        let (key, _) = held.digest_key(time)?;
        Some(key.fingerprint.clone())
    }

    /// The public halves of the digest keys that are or were valid at some time from `start` to `end`, the
    /// oldest first.
    pub fn public_keys(&self, start: UnixMillis, end: UnixMillis) -> Vec<DigestPublicKey> {
        let held = self.held.load();
        let all = held.digests.iter().map(|key| &key.public);
        all.filter(|key| key.valid_from <= end && start <= key.valid_until)
            .cloned()
            .collect()
    }
}

impl Held {
    fn of(mut records: Vec<AuditKeyRecord>) -> Result<Self, Unreadable> {
        records.sort_by_key(|record| record.created);
        let mut held = Self::default();
        for record in records {
            match record.signs {
                AuditKeyUse::Checkpoints => {
                    held.checkpoint = checkpoint(record).or(held.checkpoint)
                }
                AuditKeyUse::Digests => held.digests.push(digest(record)?),
            }
        }
        Ok(held)
    }

    fn digest_key(&self, time: UnixMillis) -> Option<(&DigestPublicKey, &[u8])> {
        let of_time = |key: &&DigestKey| key.public.is_valid_at(time);
        let usable = || self.digests.iter().filter(|key| key.token.is_some());
        let key = usable().rfind(of_time).or_else(|| usable().next_back())?;
        Some((&key.public, key.token.as_deref()?))
    }
}

impl DigestPublicKey {
    fn is_valid_at(&self, time: UnixMillis) -> bool {
        self.valid_from <= time && time <= self.valid_until
    }
}

fn checkpoint(record: AuditKeyRecord) -> Option<CheckpointKey> {
    let (id, token) = (record.id, record.token?);
    Some(CheckpointKey { id, token })
}

fn digest(record: AuditKeyRecord) -> Result<DigestKey, Unreadable> {
    let value = pkcs1_of_spki(&record.public).map_err(|_| Unreadable)?;
    Ok(DigestKey {
        public: DigestPublicKey {
            fingerprint: hex::encode(&fingerprint(value)),
            value: value.to_vec(),
            valid_from: record.created.into(),
            valid_until: record.expires.ok_or(Unreadable)?.into(),
        },
        token: record.token,
    })
}

#[cfg(test)]
mod tests;
