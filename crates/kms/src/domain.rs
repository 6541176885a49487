//! The domain in the key process, as the service keeps it: `hsm.seal`, making a domain, unsealing,
//! rotating domain keys and wrapping all tokens again.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use strongroom_base::{Env, Secret};
use strongroom_crypto::exchange::{Recipient, seal_to};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::StoreKeys as HsmStoreKeys;
use strongroom_hsm_api::command::{
    Abandon, Confirm, GetStatus, Initialize, LoadSeal, PURPOSE_SHARE, PURPOSE_UNSEAL,
    PendingChange, RetireEpoch, Rewrap, RotateDomain, Unseal, UnsealOutcome, UnsealProgress,
};
use strongroom_hsm_api::key::TokenHeader;
use strongroom_hsm_api::status::{SealKind, Status};
use strongroom_store::{Engine, Expect, Folder, SealedStore, StoreKeys};
use tokio::task::JoinSet;

use crate::anchor::AnchorFile;
use crate::audit_log::Durability;
use crate::failure::{Cause, Failure};
use crate::key_process::{Answer, CallError, Client};
use crate::kms::{Kms, encoded};
use crate::records::{AccessKeyRecord, AuditKeyRecord, KeyRecord, Unreadable};
use crate::repository::{Changes, Stored};
use crate::service_events;

/// The file that holds the sealed root key and ring, beside the store.
pub const SEAL_FILE: &str = "hsm.seal";
const SEAL_BYTES_MAX: u64 = 64 * 1024;
const PAGE: usize = 500;
/// How many passes over all tokens a rotation makes at most; each finds only what the one before
/// could not change.
const REWRAP_PASSES_MAX: usize = 8;
/// A Confirm that could not be sent is sent again, for a minute.
const CONFIRM_ATTEMPTS_MAX: usize = 600;
const CONFIRM_PAUSE: Duration = Duration::from_millis(100);

/// Why the domain could not be changed.
#[derive(Debug)]
pub enum DomainError {
    /// The key process refused or is gone.
    KeyProcess(CallError),
    /// `hsm.seal` could not be read or written.
    Seal(io::Error),
    /// The anchor file could not be made.
    Anchor(io::Error),
    /// There is no `hsm.seal`.
    NoSeal,
    /// Records could not be read or written.
    Records(Failure),
    /// Tokens of the epoch are still in use: so many were seen.
    EpochInUse(u64),
    /// The change is durable, but the key process did not confirm it.
    NotConfirmed,
    /// The change is done, but the anchor does not know of it.
    NotStated(Failure),
    /// The domain is sealed.
    Sealed,
}

impl From<CallError> for DomainError {
    fn from(error: CallError) -> Self {
        Self::KeyProcess(error)
    }
}

impl From<io::Error> for DomainError {
    fn from(error: io::Error) -> Self {
        Self::Seal(error)
    }
}

impl From<Failure> for DomainError {
    fn from(failure: Failure) -> Self {
        Self::Records(failure)
    }
}

impl std::fmt::Display for DomainError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::KeyProcess(CallError::Refused(Code::SealUnreadable)) => write!(
                out,
                "{SEAL_FILE} is damaged, or was written by a newer strongroom; restore it from where it is kept"
            ),
            Self::KeyProcess(CallError::Refused(Code::EpochRefused)) => out.write_str(
                "this is the current epoch, or one that is not kept; `strongroom status` shows them",
            ),
            Self::KeyProcess(error) => write!(out, "the key process did not do it ({error:?})"),
            Self::Seal(error) => write!(out, "{SEAL_FILE} could not be read or written: {error}"),
            Self::Anchor(error) => write!(out, "the anchor file could not be made: {error}"),
            Self::NoSeal => write!(
                out,
                "{SEAL_FILE} is missing; restore it from where it is kept, without it no key can be used"
            ),
            Self::Records(failure) => {
                write!(out, "the store could not be read or written ({failure:?})")
            }
            Self::EpochInUse(tokens) => write!(
                out,
                "{tokens} keys are still wrapped under this epoch; rotate first, then retire it"
            ),
            Self::NotConfirmed => write!(out, "the change is in {SEAL_FILE}, but the key process did not confirm it; it takes effect when the key process starts again"),
            Self::NotStated(failure) => write!(out, "it is done, but the anchor does not know of it ({failure:?}): until the next change of a key, nobody would notice that the {SEAL_FILE} of before was put back"),
            Self::Sealed => out.write_str("the server is sealed; run `strongroom unseal` first"),
        }
    }
}

/// How a new domain shall be sealed.
pub enum NewSeal<'s> {
    /// By 32 bytes kept beside the data: development only.
    KeyFile(&'s Secret<[u8; 32]>),
    /// By a passphrase of at least 12 bytes.
    Passphrase(&'s Secret<String>),
    /// By shares, some of which unseal.
    Shares {
        /// How many unseal.
        threshold: u8,
        /// How many there are.
        count: u8,
    },
}

/// Makes a domain in an empty key process; its anchor at `anchor`, and then `hsm.seal`, are durable before
/// it takes effect. Returns the shares, in the form that operators keep, if there are any.
pub async fn initialize(
    client: &Client,
    folder: &Folder,
    seal: &NewSeal<'_>,
    anchor: &Path,
) -> Result<Vec<Secret<Vec<u8>>>, DomainError> {
    let status = client.call(&GetStatus {}).await?;
    let recipient = Recipient::generate();
    let boxed = |secret: &[u8]| sealed_to_key_process(&status, secret);
    let (kind, threshold, shares, secret) = match seal {
        NewSeal::KeyFile(key) => (SealKind::KeyFile, 0, 0, boxed(key.expose())?),
        NewSeal::Passphrase(passphrase) => (
            SealKind::Passphrase,
            0,
            0,
            boxed(passphrase.expose().as_bytes())?,
        ),
        NewSeal::Shares { threshold, count } => (SealKind::Shares, *threshold, *count, Vec::new()),
    };
    let command = Initialize {
        kind,
        threshold,
        shares,
        secret: &secret,
        recipient: recipient.public(),
    };
    let change = client.call(&command).await?;
    // A domain that demands an anchor has one at every moment.
    AnchorFile::begin(anchor, &change.statement).map_err(DomainError::Anchor)?;
    folder.replace_file(SEAL_FILE, &change.seal)?;
    let confirmed = client
        .call(&Confirm {
            version: change.version,
        })
        .await?;
    let open = |sealed: &Vec<u8>| {
        recipient
            .open(PURPOSE_SHARE, sealed)
            .map_err(|_| CallError::Lost.into())
    };
    confirmed.shares.0.iter().map(open).collect()
}

/// Seals `secret` to the ephemeral key of the key process that `status` tells of.
pub fn sealed_to_key_process(status: &Status, secret: &[u8]) -> Result<Vec<u8>, DomainError> {
    seal_to(&status.exchange_key, PURPOSE_UNSEAL, secret)
        .map_err(|_| DomainError::KeyProcess(CallError::Lost))
}

/// The sealed store over `engine`, under the keys that an open key process handed out.
pub(crate) fn sealed_store(keys: HsmStoreKeys, engine: Arc<dyn Engine>, env: &Env) -> SealedStore {
    let HsmStoreKeys { seal, name, .. } = keys;
    SealedStore::new(engine, &StoreKeys { seal, name }, Arc::clone(&env.random))
}

/// Whether `folder` holds a domain.
pub fn exists(folder: &Folder) -> io::Result<bool> {
    Ok(folder.read_file(SEAL_FILE, SEAL_BYTES_MAX)?.is_some())
}

/// Gives an empty key process its `hsm.seal`.
pub async fn load(client: &Client, folder: &Folder) -> Result<(), DomainError> {
    let seal = folder
        .read_file(SEAL_FILE, SEAL_BYTES_MAX)?
        .ok_or(DomainError::NoSeal)?;
    Ok(client.call(&LoadSeal { seal: &seal }).await?)
}

/// Offers an unseal secret, already in a box to the key process.
pub async fn unseal(client: &Client, boxed: &[u8]) -> Result<UnsealProgress, DomainError> {
    Ok(client.call(&Unseal { secret: boxed }).await?)
}

/// Unseals with a key file; anything but success is an error.
pub async fn unseal_with_key_file(
    client: &Client,
    key: &Secret<[u8; 32]>,
) -> Result<(), DomainError> {
    let status = client.call(&GetStatus {}).await?;
    let boxed = sealed_to_key_process(&status, key.expose())?;
    match unseal(client, &boxed).await?.outcome {
        UnsealOutcome::Opened => Ok(()),
        _ => Err(DomainError::Sealed),
    }
}

/// What a rotation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// The epoch that is current now.
    pub epoch: u32,
    /// Tokens wrapped again.
    pub rewrapped: u64,
    /// Tokens that other changes kept from being wrapped again; the next rotation finds them.
    pub left: u64,
}

/// Makes a new domain key and wraps all tokens again under it, while the service goes on. What an
/// earlier rotation left is wrapped again first.
pub async fn rotate(kms: &Arc<Kms>, folder: &Folder) -> Result<Rotation, DomainError> {
    let mut rotation = Rotation {
        epoch: kms.key_process.call(&GetStatus {}).await?.epoch,
        ..Rotation::default()
    };
    // A new key must be had even if a record cannot be read.
    if let Err(error) = rewrap_all(kms, &mut rotation).await {
        tracing::warn!(%error, "what an earlier rotation left could not all be wrapped again");
    }
    let change = propose(kms, || kms.key_process.call(&RotateDomain {})).await?;
    commit_change(kms, folder, &change, "RotateDomain").await?;
    // Tokens made under the old epoch must be committed before they are looked for.
    kms.wait_for_tokens().await;
    rotation.epoch = kms.key_process.call(&GetStatus {}).await?.epoch;
    rewrap_all(kms, &mut rotation).await?;
    Ok(rotation)
}

/// Forgets the domain key of `epoch`, unless tokens of it are left: what is wrapped under it, in any
/// copy of the store, is gone for good.
pub async fn retire(kms: &Kms, folder: &Folder, epoch: u32) -> Result<(), DomainError> {
    if kms.key_process.call(&GetStatus {}).await?.epoch == epoch {
        return Err(CallError::Refused(Code::EpochRefused).into());
    }
    kms.wait_for_tokens().await;
    let left = count_tokens(kms, epoch).await?;
    if left > 0 {
        return Err(DomainError::EpochInUse(left));
    }
    let change = propose(kms, || kms.key_process.call(&RetireEpoch { epoch })).await?;
    let retired = commit_change(kms, folder, &change, "RetireEpoch").await;
    // Secrets of sessions that were wrapped under it are gone, and what was derived from them goes too.
    kms.signing_keys.forget();
    retired
}

/// Asks for a change; one that an earlier attempt left pending is abandoned first.
async fn propose(
    kms: &Kms,
    ask: impl Fn() -> Answer<PendingChange>,
) -> Result<PendingChange, DomainError> {
    match ask().await {
        Err(CallError::Refused(Code::ChangePending)) => {
            let version = kms
                .key_process
                .call(&GetStatus {})
                .await?
                .seal_version
                .saturating_add(1);
            kms.key_process.call(&Abandon { version }).await?;
            Ok(ask().await?)
        }
        other => Ok(other?),
    }
}

/// Makes a pending change durable, then lets it take effect. The lock of the folder keeps every other
/// writer away from the file.
async fn commit_change(
    kms: &Kms,
    folder: &Folder,
    change: &PendingChange,
    operation: &str,
) -> Result<(), DomainError> {
    let version = change.version;
    if let Err(error) = folder.replace_file(SEAL_FILE, &change.seal) {
        kms.key_process.call(&Abandon { version }).await?;
        return Err(error.into());
    }
    // What is durable is told, whatever comes of it; and confirmed, whether it could be told or not: the
    // file and the key process must not be left to disagree.
    let told = tell_audit(kms, operation).await;
    for _ in 0..CONFIRM_ATTEMPTS_MAX {
        match kms.key_process.call(&Confirm { version }).await {
            Ok(_) => {
                // The anchor must know of the new seal, so that the old one is noticed.
                let stated = kms.records.restate().await;
                return told.and(stated.map_err(DomainError::NotStated));
            }
            // Not sent.
            Err(CallError::Overloaded) => tokio::time::sleep(CONFIRM_PAUSE).await,
            Err(_) => break,
        }
    }
    Err(DomainError::NotConfirmed)
}

async fn tell_audit(kms: &Kms, operation: &str) -> Result<(), DomainError> {
    // The domain belongs to no account.
    let account = "000000000000".parse();
    let account = account.map_err(|_| Failure::from(Unreadable))?;
    let record =
        service_events::of_account(&kms.env, operation, &account).map_err(Failure::from)?;
    let appended = kms
        .audit
        .append(&encoded(&record)?, Durability::Synced)
        .await;
    Ok(appended.map_err(|_| Failure::Internal(Cause::Audit))?)
}

fn epoch_of(token: &[u8]) -> u32 {
    TokenHeader::read(token).map_or(0, |header| header.epoch)
}

/// Wraps every token again that is not of the rotation's epoch.
async fn rewrap_all(kms: &Arc<Kms>, rotation: &mut Rotation) -> Result<(), DomainError> {
    for _ in 0..REWRAP_PASSES_MAX {
        rotation.left = 0;
        rewrap_keys(kms, rotation).await?;
        rewrap_access_keys(kms, rotation).await?;
        rewrap_audit_keys(kms, rotation).await?;
        if rotation.left == 0 {
            break;
        }
    }
    Ok(())
}

async fn rewrap_keys(kms: &Arc<Kms>, rotation: &mut Rotation) -> Result<(), DomainError> {
    let epoch = rotation.epoch;
    let mut after = None;
    loop {
        let page = kms.records.list_all_keys(after.as_ref(), PAGE)?;
        let old = page
            .records
            .into_iter()
            .filter(|stored| tokens(&stored.record).any(|token| epoch_of(token) != epoch));
        rotation.count(together(old.map(|stored| rewrap_key(Arc::clone(kms), stored))).await)?;
        match page.next {
            Some(cursor) => after = Some(cursor),
            None => return Ok(()),
        }
    }
}

async fn rewrap_key(kms: Arc<Kms>, stored: Stored<KeyRecord>) -> Result<(), Failure> {
    let mut record = stored.record;
    for material in &mut record.materials {
        if let Some(token) = &material.token {
            let rewrapped = kms.key_process.call(&Rewrap { token }).await?;
            material.token = Some(rewrapped.token);
        }
    }
    let changes = Changes::default().put_key(Expect::At(stored.version), &record);
    kms.records.commit(changes).await
}

async fn rewrap_access_keys(kms: &Arc<Kms>, rotation: &mut Rotation) -> Result<(), DomainError> {
    let epoch = rotation.epoch;
    let mut after = None;
    loop {
        let page = kms.records.list_all_access_keys(after.as_ref(), PAGE)?;
        let old = page
            .records
            .into_iter()
            .filter(|stored| epoch_of(&stored.record.token) != epoch);
        rotation
            .count(together(old.map(|stored| rewrap_access_key(Arc::clone(kms), stored))).await)?;
        match page.next {
            Some(cursor) => after = Some(cursor),
            None => return Ok(()),
        }
    }
}

async fn rewrap_access_key(kms: Arc<Kms>, stored: Stored<AccessKeyRecord>) -> Result<(), Failure> {
    let mut record = stored.record;
    let command = Rewrap {
        token: &record.token,
    };
    record.token = kms.key_process.call(&command).await?.token;
    let changes = Changes::default().put_access_key(Expect::At(stored.version), &record);
    kms.records.commit(changes).await
}

/// At most [`AUDIT_KEYS_MAX`](crate::repository::AUDIT_KEYS_MAX): one page.
async fn rewrap_audit_keys(kms: &Arc<Kms>, rotation: &mut Rotation) -> Result<(), DomainError> {
    let epoch = rotation.epoch;
    let listed = kms.records.list_audit_keys()?.into_iter();
    let old = listed.filter(|stored| has_other_epoch(&stored.record, epoch));
    rotation.count(together(old.map(|stored| rewrap_audit_key(Arc::clone(kms), stored))).await)?;
    // Who signs must know the new tokens before the old ones are refused.
    Ok(kms.audit_keys.refresh(&kms.records)?)
}

fn has_other_epoch(record: &AuditKeyRecord, epoch: u32) -> bool {
    (record.token.as_ref()).is_some_and(|token| epoch_of(token) != epoch)
}

async fn rewrap_audit_key(kms: Arc<Kms>, stored: Stored<AuditKeyRecord>) -> Result<(), Failure> {
    let mut record = stored.record;
    if let Some(token) = &record.token {
        record.token = Some(kms.key_process.call(&Rewrap { token }).await?.token);
    }
    let changes = Changes::default().put_audit_key(Expect::At(stored.version), &record);
    kms.records.commit(changes).await
}

/// Runs the work of a page at once, so that its commits share their syncs.
async fn together(
    work: impl Iterator<Item = impl Future<Output = Result<(), Failure>> + Send + 'static>,
) -> Vec<Result<(), Failure>> {
    let mut running: JoinSet<_> = work.collect();
    let mut results = Vec::with_capacity(running.len());
    while let Some(joined) = running.join_next().await {
        // A panic is a bug in the work of one record; it is tried again like a conflict.
        results.push(joined.unwrap_or(Err(Failure::Conflict)));
    }
    results
}

impl Rotation {
    /// Counts what was done. One record that cannot be read must not keep the others from being
    /// wrapped again: it is left, and so keeps its epoch from being retired.
    fn count(&mut self, results: Vec<Result<(), Failure>>) -> Result<(), DomainError> {
        for result in results {
            match result {
                Ok(()) => self.rewrapped += 1,
                Err(Failure::Internal(Cause::KeyProcess(CallError::Lost))) => {
                    return Err(CallError::Lost.into());
                }
                Err(_) => self.left += 1,
            }
        }
        Ok(())
    }
}

fn tokens(record: &KeyRecord) -> impl Iterator<Item = &[u8]> {
    record
        .materials
        .iter()
        .filter_map(|material| material.token.as_deref())
}

async fn count_tokens(kms: &Kms, epoch: u32) -> Result<u64, DomainError> {
    let mut count = 0;
    let mut after = None;
    loop {
        let page = kms.records.list_all_keys(after.as_ref(), PAGE)?;
        let all = page
            .records
            .iter()
            .flat_map(|stored| tokens(&stored.record));
        count += all.filter(|token| epoch_of(token) == epoch).count() as u64;
        match page.next {
            Some(cursor) => after = Some(cursor),
            None => break,
        }
        // Requests go on between the pages.
        tokio::task::yield_now().await;
    }
    let mut after = None;
    loop {
        let page = kms.records.list_all_access_keys(after.as_ref(), PAGE)?;
        let all = page
            .records
            .iter()
            .map(|stored| stored.record.token.as_slice());
        count += all.filter(|token| epoch_of(token) == epoch).count() as u64;
        match page.next {
            Some(cursor) => after = Some(cursor),
            None => break,
        }
        tokio::task::yield_now().await;
    }
    let audit_keys = kms.records.list_audit_keys()?;
    let all = audit_keys
        .iter()
        .filter_map(|stored| stored.record.token.as_deref());
    Ok(count + all.filter(|token| epoch_of(token) == epoch).count() as u64)
}
