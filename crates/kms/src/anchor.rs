//! The rollback anchor as the service keeps it: it brings together what lies in the store and in the anchor file, and
//! has the key process say whether they fit. It never opens a store that does not, unless an operator accepts it.

mod file;
mod link;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use strongroom_base::{Clock, Secret};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::anchor::{Position, STATEMENT_LENGTH, Statement as Stated};
use strongroom_hsm_api::command::{
    Abandon, AcceptAnchor, AdoptAnchor, CheckAnchor, Confirm, Fit, Found, GetStoreKeys,
    PendingChange, StoreKeys,
};
use strongroom_hsm_api::wire::decode;
use strongroom_store::{Engine, Folder, Measured, Statement, StoreError};

pub(crate) use file::AnchorFile;
#[cfg(feature = "fuzzing")]
pub(crate) use file::goes_first;
use link::Link;

use crate::domain::SEAL_FILE;
use crate::key_process::{CallError, Client, KeyProcess};

/// The anchor file, in the data folder unless the configuration names another place.
pub const ANCHOR_FILE: &str = "anchor";

/// A store and its anchor that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// In which way.
    pub fit: Fit,
    /// The last position that was answered, as the anchor file says, genuine or not.
    pub anchor: Option<Position>,
    /// The position of the store, as it says itself.
    pub store: Option<Position>,
}

impl Mismatch {
    /// Its name, in status and audit.
    pub fn name(&self) -> &'static str {
        name(self.fit)
    }
}

/// The name of `fit`.
pub(crate) fn name(fit: Fit) -> &'static str {
    match fit {
        Fit::Fits => "fits",
        Fit::Adoptable => "adoptable",
        Fit::StoreBehind => "store-behind",
        Fit::StoreChanged => "store-changed",
        Fit::StoreUnstated => "store-unstated",
        Fit::AnchorMissing => "anchor-missing",
        Fit::AnchorBehind => "anchor-behind",
        Fit::SealBehind => "seal-behind",
    }
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self.fit {
            Fit::Fits | Fit::Adoptable => "the store fits its anchor",
            Fit::StoreBehind => "the store is older than its anchor",
            Fit::StoreChanged => "records of the store were put back, taken away or added",
            Fit::StoreUnstated => "the store has no genuine statement, and should have one",
            Fit::AnchorMissing => "there is no genuine anchor, and there should be one",
            Fit::AnchorBehind => "the anchor is older than the store",
            Fit::SealBehind => "hsm.seal is older than the anchor",
        })?;
        let tell = |position: Option<Position>| match position {
            Some(position) => format!("epoch {}, sequence {}", position.epoch, position.sequence),
            None => "nowhere".to_owned(),
        };
        let (store, anchor) = (tell(self.store), tell(self.anchor));
        write!(out, " (store at {store}; anchor at {anchor})")
    }
}

/// Why the store is not anchored.
#[derive(Debug)]
pub enum AnchorError {
    /// They do not go together.
    Mismatch(Mismatch),
    /// They do: there is nothing to accept.
    Fits,
    /// The store is at another sequence than the operator said.
    Elsewhere {
        /// Where it is.
        store: u64,
    },
    /// The key process refused or is gone.
    KeyProcess(CallError),
    /// The anchor file could not be read or written.
    File(io::Error),
    /// `hsm.seal` could not be written.
    Seal(io::Error),
    /// The store could not be read or written.
    Store(StoreError),
    /// That it is accepted could not be told to the audit log.
    NotAudited,
}

impl std::fmt::Display for AnchorError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mismatch(mismatch) => write!(
                out,
                "{mismatch}: put back what belongs together, or see `strongroom anchor accept`"
            ),
            Self::Fits => out.write_str("the store fits its anchor; there is nothing to accept"),
            Self::Elsewhere { store } => write!(
                out,
                "the store is at sequence {store}; `strongroom anchor show` tells more"
            ),
            Self::KeyProcess(CallError::Refused(Code::Sealed)) => {
                out.write_str("the server is sealed; run `strongroom unseal` first")
            }
            Self::KeyProcess(error) => write!(out, "the key process did not do it ({error:?})"),
            Self::File(error) => {
                write!(out, "the anchor file could not be read or written: {error}")
            }
            Self::Seal(error) => write!(out, "{SEAL_FILE} could not be written: {error}"),
            Self::Store(error) => write!(out, "the store could not be anchored: {error}"),
            Self::NotAudited => {
                out.write_str("it could not be told to the audit log, and was not done")
            }
        }
    }
}

impl std::error::Error for AnchorError {}

impl From<CallError> for AnchorError {
    fn from(error: CallError) -> Self {
        Self::KeyProcess(error)
    }
}

impl From<StoreError> for AnchorError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A store and where it is anchored.
pub(crate) struct Mooring {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) file: PathBuf,
    pub(crate) key_process: KeyProcess,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What lies in the store and in the anchor file.
pub(crate) struct Findings {
    measured: Measured,
    slots: [Vec<u8>; 2],
}

impl Findings {
    fn found(&self) -> Found<'_> {
        let [first, second] = &self.slots;
        Found {
            root: self.measured.root.to_bytes(),
            store: self.measured.statement.as_deref().unwrap_or_default(),
            first,
            second,
        }
    }

    /// As what it is taken if it is not what `fit` calls fitting.
    pub(crate) fn mismatch(&self, fit: Fit) -> Mismatch {
        let slots = self.slots.iter().filter_map(|slot| position(slot));
        Mismatch {
            fit,
            anchor: slots.max_by_key(Position::age),
            store: self.measured.statement.as_deref().and_then(position),
        }
    }
}

/// What `statement` says, genuine or not.
fn position(statement: &[u8]) -> Option<Position> {
    let stated: Stated = decode(statement).ok()?;
    Some(stated.position)
}

/// The statement that the key process made.
fn read_statement(bytes: Vec<u8>) -> Result<Statement, CallError> {
    let stated = position(&bytes).ok_or(CallError::Lost)?;
    Ok(Statement {
        sequence: stated.sequence,
        bytes,
    })
}

/// The statement in a slot without the zeros that follow it; nothing when there is none.
pub(crate) fn cut_to_statement(slot: &[u8]) -> Vec<u8> {
    match Stated::read_padded(slot) {
        Ok(_) => slot.iter().take(STATEMENT_LENGTH).copied().collect(),
        Err(_) => Vec::new(),
    }
}

impl Mooring {
    /// Anchors the store if it fits; else nothing is changed. What is changed is also changed in `folder`: a domain of
    /// an earlier version is adopted.
    pub(crate) async fn tie(&self, client: &Client, folder: &Folder) -> Result<(), AnchorError> {
        let StoreKeys { anchor, .. } = client.call(&GetStoreKeys {}).await?;
        let findings = self.look(anchor).await?;
        let found = findings.found();
        let checked = client.call(&CheckAnchor { found }).await?;
        match checked.fit {
            Fit::Fits => self.fasten(checked.statement).await,
            Fit::Adoptable => self.adopt(client, folder, &findings).await,
            fit => Err(AnchorError::Mismatch(findings.mismatch(fit))),
        }
    }

    /// What is there, and how it goes together.
    pub(crate) async fn show(&self, client: &Client) -> Result<Mismatch, AnchorError> {
        let StoreKeys { anchor, .. } = client.call(&GetStoreKeys {}).await?;
        let findings = self.look(anchor).await?;
        let found = findings.found();
        let checked = client.call(&CheckAnchor { found }).await?;
        Ok(findings.mismatch(checked.fit))
    }

    /// What is there of a store that is in use: to compare it while it changes would find that it does not fit.
    pub(crate) async fn tell(&self, client: &Client) -> Result<Mismatch, AnchorError> {
        let StoreKeys { anchor, .. } = client.call(&GetStoreKeys {}).await?;
        Ok(self.look(anchor).await?.mismatch(Fit::Fits))
    }

    /// A statement that goes on with the store as it is, if it does not fit and is at `sequence`; nothing has it yet.
    pub(crate) async fn accept(
        &self,
        client: &Client,
        sequence: u64,
    ) -> Result<(Mismatch, Vec<u8>), AnchorError> {
        let StoreKeys { anchor, .. } = client.call(&GetStoreKeys {}).await?;
        let findings = self.look(anchor).await?;
        let found = findings.found();
        let fit = client.call(&CheckAnchor { found }).await?.fit;
        if matches!(fit, Fit::Fits | Fit::Adoptable) {
            return Err(AnchorError::Fits);
        }
        let mismatch = findings.mismatch(fit);
        let found = findings.found();
        match client.call(&AcceptAnchor { found, sequence }).await {
            Ok(accepted) => Ok((mismatch, accepted.statement)),
            Err(CallError::Refused(Code::AnchorRefused)) => Err(AnchorError::Elsewhere {
                store: mismatch.store.map_or(0, |store| store.sequence),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes `statement` the last one of store and anchor, durably.
    pub(crate) async fn fasten(&self, statement: Vec<u8>) -> Result<(), AnchorError> {
        let statement = read_statement(statement)?;
        let file = AnchorFile::open(&self.file).map_err(AnchorError::File)?;
        let link = Link {
            key_process: self.key_process.clone(),
            clock: Arc::clone(&self.clock),
            file,
        };
        self.engine.fasten(Arc::new(link), statement).await?;
        Ok(())
    }

    /// The statement first, the seal that demands one after it: a crash between them is adopted again.
    async fn adopt(
        &self,
        client: &Client,
        folder: &Folder,
        findings: &Findings,
    ) -> Result<(), AnchorError> {
        let found = findings.found();
        let change = client.call(&AdoptAnchor { found }).await?;
        let version = change.version;
        if let Err(error) = self.write_adoption(folder, change).await {
            // Whoever tries again asks for a change anew.
            client.call(&Abandon { version }).await?;
            return Err(error);
        }
        client.call(&Confirm { version }).await?;
        tracing::info!("the store is anchored from now on");
        Ok(())
    }

    async fn write_adoption(
        &self,
        folder: &Folder,
        change: PendingChange,
    ) -> Result<(), AnchorError> {
        self.fasten(change.statement).await?;
        let replaced = folder.replace_file(SEAL_FILE, &change.seal);
        replaced.map_err(AnchorError::Seal)
    }

    async fn look(&self, key: Secret<[u8; 32]>) -> Result<Findings, AnchorError> {
        let engine = Arc::clone(&self.engine);
        let measured = tokio::task::spawn_blocking(move || engine.measure(&key));
        let slots = AnchorFile::read(&self.file).map_err(AnchorError::File)?;
        Ok(Findings {
            measured: measured.await.unwrap_or(Err(StoreError::Closed))?,
            slots: slots.map(|slot| cut_to_statement(&slot)),
        })
    }
}

#[cfg(test)]
mod tests;
