//! Sees to it that there are keys to sign the audit log with: made when missing, replaced before they expire,
//! their public halves laid beside the log. It never makes a key while those that exist cannot be read.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Weak;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use strongroom_audit::log::checkpoint_key_id;
use strongroom_base::{UnixMillis, hex};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::{GenerateKey, GetPublicKey};
use strongroom_hsm_api::key::{Attributes, Origin, Spec, State, Usage};
use strongroom_store::{Expect, make_folder, replace_file};

use super::PUBLIC_KEYS_FOLDER;
use crate::failure::Failure;
use crate::key_process::CallError;
use crate::kms::Kms;
use crate::records::{AuditKeyRecord, AuditKeyUse};
use crate::repository::{AUDIT_KEYS_MAX, Changes, Stored};

/// How often the keys are looked after.
const PAUSE: Duration = Duration::from_secs(60);
/// How long after the opening they are looked after first.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// CloudTrail user guide, "Validating CloudTrail log file integrity": of public keys, each is good for so long.
const DIGEST_KEY_VALID: Duration = Duration::from_secs(30 * DAY.as_secs());
/// A digest key is replaced when it is good for no longer than this.
const DIGEST_KEY_LEFT: Duration = Duration::from_secs(2 * DAY.as_secs());
/// How long after its end the private half of a digest key is kept, for digests that are late.
const DIGEST_KEY_KEPT: Duration = Duration::from_secs(30 * DAY.as_secs());

/// Looks after the keys that sign the log in the folder `log` until `kms` is closed.
pub(crate) async fn run(kms: Weak<Kms>, log: PathBuf) {
    // RSA shall not compete with the first replies.
    tokio::time::sleep(FIRST_PAUSE).await;
    while let Some(kms) = kms.upgrade() {
        told(look_after_checkpoint_keys(&kms, &log).await);
        told(look_after_digest_keys(&kms).await);
        drop(kms);
        tokio::time::sleep(PAUSE).await;
    }
}

fn told(result: Result<(), Failure>) {
    match result {
        // Changed meanwhile, as by a rotation of the domain: the next time finds it.
        Ok(()) | Err(Failure::Conflict) => {}
        Err(failure) => {
            tracing::warn!(
                ?failure,
                "the keys that sign the audit log could not be looked after; it is tried again"
            );
        }
    }
}

/// Makes a checkpoint key unless there is one that signs, and lays the public halves of all beside the log.
pub(crate) async fn look_after_checkpoint_keys(kms: &Kms, log: &Path) -> Result<(), Failure> {
    let found = Found::read(kms)?;
    let current = found.newest(AuditKeyUse::Checkpoints, |_| true);
    if !signs(kms, current).await? {
        make(kms, &found, AuditKeyUse::Checkpoints, current).await?;
    }
    let keys = kms.records.list_audit_keys()?;
    if let Err(error) = publish(&keys, log) {
        tracing::warn!(%error, "the public keys of the audit log could not be written; it is tried again");
    }
    Ok(())
}

/// Makes a digest key unless there is one that is good for long enough, and gives up the private halves of
/// those whose time is long over.
pub(crate) async fn look_after_digest_keys(kms: &Kms) -> Result<(), Failure> {
    let found = Found::read(kms)?;
    let now = kms.env.clock.now();
    let soon = now.plus(DIGEST_KEY_LEFT);
    let current = found.newest(AuditKeyUse::Digests, |key| {
        UnixMillis::from(key.created) <= now && end_of(key).is_some_and(|end| soon < end)
    });
    if !signs(kms, current).await? {
        make(kms, &found, AuditKeyUse::Digests, current).await?;
    }
    give_up_expired(kms).await
}

/// The keys as they were read.
struct Found(Vec<Stored<AuditKeyRecord>>);

impl Found {
    fn read(kms: &Kms) -> Result<Self, Failure> {
        kms.audit_keys.refresh(&kms.records)?;
        Ok(Self(kms.records.list_audit_keys()?))
    }

    /// The newest with a private half that `fits`.
    fn newest(
        &self,
        signs: AuditKeyUse,
        fits: impl Fn(&AuditKeyRecord) -> bool,
    ) -> Option<&Stored<AuditKeyRecord>> {
        let all = self.0.iter();
        all.filter(|stored| stored.record.signs == signs && stored.record.token.is_some())
            .filter(|stored| fits(&stored.record))
            .max_by_key(|stored| stored.record.created)
    }

    /// The digest key that must go before one more is stored in place of `lost`: the oldest, rather one that
    /// signs no more.
    fn surplus(&self, lost: Option<&Stored<AuditKeyRecord>>) -> Option<&Stored<AuditKeyRecord>> {
        if self.0.len() < AUDIT_KEYS_MAX {
            return None;
        }
        let is_lost = |key: &AuditKeyRecord| lost.is_some_and(|lost| lost.record.id == key.id);
        let keys = self.0.iter();
        keys.filter(|stored| stored.record.signs == AuditKeyUse::Digests)
            .filter(|stored| !is_lost(&stored.record))
            .min_by_key(|stored| (stored.record.token.is_some(), stored.record.created))
    }
}

fn end_of(key: &AuditKeyRecord) -> Option<UnixMillis> {
    key.expires.map(UnixMillis::from)
}

/// Whether there is a key, and the key process opens its token: not that of a domain key that was retired, as
/// in a store brought back from an old copy.
async fn signs(kms: &Kms, key: Option<&Stored<AuditKeyRecord>>) -> Result<bool, Failure> {
    let Some(token) = key.and_then(|stored| stored.record.token.as_deref()) else {
        return Ok(false);
    };
    match kms.key_process.call(&GetPublicKey { token }).await {
        Ok(_) => Ok(true),
        Err(CallError::Refused(Code::TokenRefused)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Makes a key in place of `lost`, whose token is worthless.
async fn make(
    kms: &Kms,
    found: &Found,
    signs: AuditKeyUse,
    lost: Option<&Stored<AuditKeyRecord>>,
) -> Result<(), Failure> {
    let _making = kms.making_token().await;
    let record = generate(kms, signs).await?;
    let mut changes = Changes::default().put_audit_key(Expect::Absent, &record);
    if let Some(lost) = lost {
        changes = changes.put_audit_key(Expect::At(lost.version), &without_token(lost));
    }
    if let Some(surplus) = found.surplus(lost) {
        changes = changes.delete_audit_key(surplus);
    }
    kms.records.commit(changes).await?;
    tracing::info!(signs = ?record.signs, id = hex::encode(&record.id), "key for the audit log made");
    kms.audit_keys.refresh(&kms.records)
}

async fn generate(kms: &Kms, signs: AuditKeyUse) -> Result<AuditKeyRecord, Failure> {
    let attributes = attributes(signs);
    let made = kms.key_process.call(&GenerateKey { attributes }).await?;
    let token = made.token;
    let public = kms
        .key_process
        .call(&GetPublicKey { token: &token })
        .await?;
    let created = kms.env.clock.now();
    let expires = (signs == AuditKeyUse::Digests).then(|| created.plus(DIGEST_KEY_VALID).into());
    Ok(AuditKeyRecord {
        id: checkpoint_key_id(&public.der),
        signs,
        token: Some(token),
        public: public.der,
        created: created.into(),
        expires,
    })
}

fn attributes(signs: AuditKeyUse) -> Attributes<'static> {
    let (identity, spec): (&[u8], _) = match signs {
        AuditKeyUse::Checkpoints => (b"audit/checkpoints", Spec::Ed25519),
        AuditKeyUse::Digests => (b"audit/digests", Spec::Rsa2048),
    };
    Attributes {
        identity,
        placement: b"",
        owner: 0,
        spec,
        usage: Usage::SignAudit,
        origin: Origin::Generated,
        state: State::Enabled,
        version: 1,
        wrapping: None,
    }
}

fn without_token(stored: &Stored<AuditKeyRecord>) -> AuditKeyRecord {
    AuditKeyRecord {
        token: None,
        ..stored.record.clone()
    }
}

/// What nobody can sign with any more, nobody can forge with.
async fn give_up_expired(kms: &Kms) -> Result<(), Failure> {
    let now = kms.env.clock.now();
    let is_over = |key: &AuditKeyRecord| {
        key.token.is_some() && end_of(key).is_some_and(|end| end.plus(DIGEST_KEY_KEPT) < now)
    };
    for stored in kms.records.list_audit_keys()? {
        if is_over(&stored.record) {
            let record = without_token(&stored);
            let changes = Changes::default().put_audit_key(Expect::At(stored.version), &record);
            kms.records.commit(changes).await?;
            kms.audit_keys.refresh(&kms.records)?;
        }
    }
    Ok(())
}

/// Writes the public halves of all checkpoint keys as `log`/keys/ID.pem, where the files are not so already.
fn publish(keys: &[Stored<AuditKeyRecord>], log: &Path) -> io::Result<()> {
    let folder = log.join(PUBLIC_KEYS_FOLDER);
    make_folder(&folder)?;
    let keys = keys.iter().map(|stored| &stored.record);
    for key in keys.filter(|key| key.signs == AuditKeyUse::Checkpoints) {
        let name = format!("{}.pem", hex::encode(&key.id));
        let pem = pem(&key.public);
        if std::fs::read(folder.join(&name)).ok().as_deref() != Some(pem.as_bytes()) {
            replace_file(&folder, &name, pem.as_bytes())?;
        }
    }
    Ok(())
}

/// RFC 7468 §13.
fn pem(spki: &[u8]) -> String {
    const LINE: usize = 64;
    let mut text = String::from("-----BEGIN PUBLIC KEY-----\n");
    let encoded = STANDARD.encode(spki);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(LINE).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END PUBLIC KEY-----\n");
    text
}
