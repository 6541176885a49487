//! The domain in the key process, as the service keeps it: `hsm.seal`, making a domain, unsealing,
//! rotating domain keys and wrapping all tokens again.

use std::io;

use strongroom_base::Secret;
use strongroom_crypto::exchange::{Recipient, seal_to};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::{
    Abandon, Confirm, GetStatus, Initialize, LoadSeal, PURPOSE_SHARE, PURPOSE_UNSEAL,
    PendingChange, RetireEpoch, Rewrap, RotateDomain, Unseal, UnsealOutcome, UnsealProgress,
};
use strongroom_hsm_api::key::TokenHeader;
use strongroom_hsm_api::status::{SealKind, Status};
use strongroom_store::{Expect, Folder};

use crate::failure::Failure;
use crate::key_process::{CallError, Client};
use crate::kms::Kms;
use crate::records::MaterialRecord;
use crate::repository::Changes;

/// The file that holds the sealed root key and ring, beside the store.
pub const SEAL_FILE: &str = "hsm.seal";
const SEAL_BYTES_MAX: u64 = 64 * 1024;
const PAGE: usize = 500;
/// How many passes over all tokens a rotation makes at most; each finds only what the one before
/// could not change.
const REWRAP_PASSES_MAX: usize = 8;

/// Why the domain could not be changed.
#[derive(Debug)]
pub enum DomainError {
    /// The key process refused or is gone.
    KeyProcess(CallError),
    /// `hsm.seal` could not be read or written.
    Seal(io::Error),
    /// There is no `hsm.seal`.
    NoSeal,
    /// Records could not be read or written.
    Records(Failure),
    /// Tokens of the epoch are still in use: so many were seen.
    EpochInUse(u64),
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

/// Makes a domain in an empty key process; `hsm.seal` is durable before it takes effect. Returns the
/// shares, in the form that operators keep, if there are any.
pub async fn initialize(
    client: &Client,
    folder: &Folder,
    seal: &NewSeal<'_>,
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

/// Makes a new domain key and wraps all tokens again under it, while the service goes on.
pub async fn rotate(kms: &Kms, folder: &Folder) -> Result<Rotation, DomainError> {
    let change = kms.key_process.call(&RotateDomain {}).await?;
    commit_change(kms, folder, &change).await?;
    let epoch = kms.key_process.call(&GetStatus {}).await?.epoch;
    let mut rotation = Rotation {
        epoch,
        ..Rotation::default()
    };
    for _ in 0..REWRAP_PASSES_MAX {
        rotation.left = 0;
        rewrap_keys(kms, &mut rotation).await?;
        rewrap_access_keys(kms, &mut rotation).await?;
        if rotation.left == 0 {
            break;
        }
    }
    Ok(rotation)
}

/// Forgets the domain key of `epoch`, unless tokens of it are left: what is wrapped under it, in any
/// copy of the store, is gone for good.
pub async fn retire(kms: &Kms, folder: &Folder, epoch: u32) -> Result<(), DomainError> {
    let left = count_tokens(kms, epoch)?;
    if left > 0 {
        return Err(DomainError::EpochInUse(left));
    }
    let change = kms.key_process.call(&RetireEpoch { epoch }).await?;
    commit_change(kms, folder, &change).await
}

/// Makes a pending change durable, then lets it take effect.
async fn commit_change(
    kms: &Kms,
    folder: &Folder,
    change: &PendingChange,
) -> Result<(), DomainError> {
    if let Err(error) = folder.replace_file(SEAL_FILE, &change.seal) {
        kms.key_process
            .call(&Abandon {
                version: change.version,
            })
            .await?;
        return Err(error.into());
    }
    kms.key_process
        .call(&Confirm {
            version: change.version,
        })
        .await?;
    Ok(())
}

fn epoch_of(token: &[u8]) -> u32 {
    TokenHeader::read(token).map_or(0, |header| header.epoch)
}

async fn rewrap_keys(kms: &Kms, rotation: &mut Rotation) -> Result<(), DomainError> {
    let mut after = None;
    loop {
        let page = kms.records.list_all_keys(after.as_ref(), PAGE)?;
        for stored in page.records {
            let mut record = stored.record;
            let old = record
                .materials
                .iter()
                .filter(|material| epoch_of(&material.token) != rotation.epoch)
                .count();
            if old == 0 {
                continue;
            }
            let mut materials = Vec::with_capacity(record.materials.len());
            for material in &record.materials {
                let token = kms
                    .key_process
                    .call(&Rewrap {
                        token: &material.token,
                    })
                    .await?
                    .token;
                materials.push(MaterialRecord {
                    id: material.id,
                    token,
                });
            }
            record.materials = materials;
            rotation.count(
                kms.records
                    .commit(Changes::default().put_key(Expect::At(stored.version), &record))
                    .await,
            )?;
        }
        match page.next {
            Some(cursor) => after = Some(cursor),
            None => return Ok(()),
        }
    }
}

async fn rewrap_access_keys(kms: &Kms, rotation: &mut Rotation) -> Result<(), DomainError> {
    let mut after = None;
    loop {
        let page = kms.records.list_all_access_keys(after.as_ref(), PAGE)?;
        for stored in page.records {
            let mut record = stored.record;
            if epoch_of(&record.token) == rotation.epoch {
                continue;
            }
            record.token = kms
                .key_process
                .call(&Rewrap {
                    token: &record.token,
                })
                .await?
                .token;
            rotation.count(
                kms.records
                    .commit(Changes::default().put_access_key(Expect::At(stored.version), &record))
                    .await,
            )?;
        }
        match page.next {
            Some(cursor) => after = Some(cursor),
            None => return Ok(()),
        }
    }
}

impl Rotation {
    fn count(&mut self, committed: Result<(), Failure>) -> Result<(), DomainError> {
        match committed {
            Ok(()) => self.rewrapped += 1,
            Err(Failure::Conflict) => self.left += 1,
            Err(other) => return Err(other.into()),
        }
        Ok(())
    }
}

fn count_tokens(kms: &Kms, epoch: u32) -> Result<u64, DomainError> {
    let mut count = 0;
    let mut after = None;
    loop {
        let page = kms.records.list_all_keys(after.as_ref(), PAGE)?;
        let tokens = page
            .records
            .iter()
            .flat_map(|stored| &stored.record.materials);
        count += tokens
            .filter(|material| epoch_of(&material.token) == epoch)
            .count() as u64;
        match page.next {
            Some(cursor) => after = Some(cursor),
            None => break,
        }
    }
    let mut after = None;
    loop {
        let page = kms.records.list_all_access_keys(after.as_ref(), PAGE)?;
        count += page
            .records
            .iter()
            .filter(|stored| epoch_of(&stored.record.token) == epoch)
            .count() as u64;
        match page.next {
            Some(cursor) => after = Some(cursor),
            None => return Ok(count),
        }
    }
}
