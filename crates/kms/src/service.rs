//! The life of the service: opening the data folder, keeping a key process running, and being open
//! only while the domain is unsealed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use strongroom_base::{Env, Secret};
use strongroom_hsm_api::command::{GetStatus, GetStoreKeys, Unseal, UnsealOutcome, UnsealProgress};
use strongroom_hsm_api::status::{Phase, Status};
use strongroom_store::{Engine, Folder, FolderError, OpenError, Sqlite, SqliteOptions};
use tokio::sync::Mutex;

use crate::anchor::{ANCHOR_FILE, AnchorError, Mismatch, Mooring};
use crate::audit_keys;
use crate::audit_log::{AuditLog, AuditOptions, AuditStatus, Durability};
use crate::delivery::{self, Delivery};
use crate::domain::{self, DomainError, Rotation};
use crate::failure::Failure;
use crate::key_process::{CallError, Client, KeyProcess, KeyProcesses, Launched, Program};
use crate::kms::{Kms, Settings, encoded};
use crate::metrics::Metrics;
use crate::service_events;
use crate::timers;

/// The folder of the audit log, in the data folder.
pub const AUDIT_FOLDER: &str = "audit";

/// The pause before a key process that ended is started again: at first, and at most.
const RESTART_PAUSE_MIN: Duration = Duration::from_millis(50);
const RESTART_PAUSE_MAX: Duration = Duration::from_secs(1);
/// A key process that ran this long did not fail at once.
const RAN_WELL: Duration = Duration::from_secs(1);

/// How long requests of before a sealing may take to end, and how often that is looked at.
const PREVIOUS_WAIT_MAX: Duration = Duration::from_secs(10);
const PREVIOUS_WAIT: Duration = Duration::from_millis(5);

/// How the service is unsealed.
pub enum Unsealing {
    /// By itself, with this key, whenever the key process starts.
    Automatic(Secret<[u8; 32]>),
    /// By operators.
    ByOperators,
}

/// How the service is started.
pub struct Options {
    /// Clock and randomness.
    pub env: Env,
    /// What is fixed.
    pub settings: Settings,
    /// The locked data folder, with a domain in it.
    pub folder: Folder,
    /// What is executed as key process.
    pub program: Program,
    /// How it is unsealed.
    pub unsealing: Unsealing,
    /// How the audit log is kept.
    pub audit: AuditOptions,
    /// Where it is delivered to, if anywhere.
    pub delivery: Option<Arc<Delivery>>,
    /// The anchor file; [`ANCHOR_FILE`] in the data folder if none is named.
    pub anchor: Option<PathBuf>,
}

/// What a service is made of: its whole outside world, but for what its listeners take in.
pub struct Parts {
    /// Clock and randomness.
    pub env: Env,
    /// What is fixed.
    pub settings: Settings,
    /// The locked data folder, with a domain in it.
    pub folder: Folder,
    /// Where records are kept.
    pub engine: Arc<dyn Engine>,
    /// Where calls are told of; its segments are in [`audit_folder`] of `folder`.
    pub audit: Arc<AuditLog>,
    /// Where key processes come from.
    pub key_processes: Box<dyn KeyProcesses>,
    /// How it is unsealed.
    pub unsealing: Unsealing,
    /// Where the audit log is delivered to, if anywhere.
    pub delivery: Option<Arc<Delivery>>,
    /// The anchor file.
    pub anchor: PathBuf,
}

/// Why the service does not start.
#[derive(Debug)]
pub enum StartError {
    /// The data folder cannot be used.
    Folder(FolderError),
    /// The store cannot be opened.
    Store(OpenError),
    /// The audit log cannot be opened.
    Audit(io::Error),
    /// The key process cannot be started.
    KeyProcess(io::Error),
    /// The domain cannot be loaded or unsealed.
    Domain(DomainError),
    /// The store cannot be read or written.
    Records(Failure),
    /// The store is not anchored.
    Anchor(AnchorError),
    /// Requests of before the last sealing are still under way.
    Busy,
}

impl std::fmt::Display for StartError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(error) => error.fmt(out),
            Self::Store(error) => error.fmt(out),
            Self::Audit(error) => write!(out, "the audit log could not be opened: {error}"),
            Self::KeyProcess(error) => write!(out, "the key process could not be started: {error}"),
            Self::Domain(error) => error.fmt(out),
            Self::Anchor(error) => error.fmt(out),
            Self::Busy => {
                out.write_str("requests of before the last sealing are still under way; try again")
            }
            Self::Records(failure) => {
                write!(out, "the store could not be read or written ({failure:?})")
            }
        }
    }
}

impl std::error::Error for StartError {}

/// The service, open or sealed.
pub struct Service {
    /// Clock and randomness.
    pub env: Env,
    settings: Settings,
    key_processes: Box<dyn KeyProcesses>,
    unsealing: Unsealing,
    folder: Folder,
    engine: Arc<dyn Engine>,
    audit: Arc<AuditLog>,
    delivery: Option<Arc<Delivery>>,
    key_process: KeyProcess,
    mooring: Mooring,
    /// Why the store was not opened when it was compared last.
    mismatch: ArcSwapOption<Mismatch>,
    metrics: Arc<Metrics>,
    open: ArcSwapOption<Kms>,
    /// The records that were opened last; gone once nothing uses them any more.
    previous: std::sync::Mutex<Weak<Kms>>,
    /// Held while the domain is unsealed or changed, and while a key process takes the place of another.
    changing: Mutex<()>,
}

impl Service {
    /// Opens the store and the audit log, and starts the first key process; with automatic unsealing
    /// the service is open when this returns.
    pub async fn start(options: Options) -> Result<Arc<Self>, StartError> {
        let engine =
            Sqlite::open(&options.folder, SqliteOptions::default()).map_err(StartError::Store)?;
        let audit = AuditLog::open(
            &audit_folder(options.folder.path()),
            &options.env,
            options.audit,
        )
        .map_err(StartError::Audit)?;
        let in_folder = || options.folder.path().join(ANCHOR_FILE);
        let anchor = options.anchor.unwrap_or_else(in_folder);
        Self::assemble(Parts {
            env: options.env,
            settings: options.settings,
            folder: options.folder,
            engine: Arc::new(engine),
            audit: Arc::new(audit),
            key_processes: Box::new(options.program),
            unsealing: options.unsealing,
            delivery: options.delivery,
            anchor,
        })
        .await
    }

    /// Starts the first key process of a service over `parts`; with automatic unsealing the service is open when
    /// this returns.
    pub async fn assemble(parts: Parts) -> Result<Arc<Self>, StartError> {
        let key_process = KeyProcess::default();
        let mooring = Mooring {
            engine: Arc::clone(&parts.engine),
            file: parts.anchor,
            key_process: key_process.clone(),
            clock: Arc::clone(&parts.env.clock),
        };
        let service = Arc::new(Self {
            env: parts.env,
            settings: parts.settings,
            key_processes: parts.key_processes,
            unsealing: parts.unsealing,
            folder: parts.folder,
            engine: parts.engine,
            audit: parts.audit,
            delivery: parts.delivery,
            key_process,
            mooring,
            mismatch: ArcSwapOption::empty(),
            metrics: Arc::default(),
            open: ArcSwapOption::empty(),
            previous: std::sync::Mutex::default(),
            changing: Mutex::new(()),
        });
        let first = service.start_key_process().await?;
        tokio::spawn(keep_key_process(Arc::clone(&service), first));
        Ok(service)
    }

    /// The open service, unless the domain is sealed.
    pub fn kms(&self) -> Option<Arc<Kms>> {
        self.open.load_full()
    }

    /// What the key process tells about itself.
    pub async fn key_process_status(&self) -> Result<Status, CallError> {
        self.key_process.call(&GetStatus {}).await
    }

    /// How the audit log is.
    pub fn audit_status(&self) -> AuditStatus {
        self.audit.status()
    }

    /// What is counted.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// How many calls wait for a reply of the key process.
    pub fn key_process_calls_in_flight(&self) -> usize {
        self.key_process.calls_in_flight()
    }

    /// The data folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Offers an unseal secret, in a box to the key process, and opens the service when it was the last
    /// one needed.
    pub async fn unseal(&self, boxed: &[u8]) -> Result<UnsealProgress, StartError> {
        let _changing = self.changing.lock().await;
        let command = Unseal { secret: boxed };
        let progress = self
            .key_process
            .call(&command)
            .await
            .map_err(key_process_failed)?;
        if progress.outcome == UnsealOutcome::Opened {
            self.open_records().await?;
        }
        Ok(progress)
    }

    /// Opens the service if the key process is open and only the records are not, as when they could not
    /// be opened the first time.
    pub async fn open_if_unsealed(&self) -> Result<(), StartError> {
        let _changing = self.changing.lock().await;
        let status = self
            .key_process_status()
            .await
            .map_err(key_process_failed)?;
        match status.phase {
            Phase::Open => self.open_records().await,
            Phase::Empty | Phase::Sealed | Phase::Failed => Ok(()),
        }
    }

    /// How store and anchor did not fit when they were compared last; none when they did, or were not.
    pub fn mismatch(&self) -> Option<Mismatch> {
        self.mismatch.load().as_deref().copied()
    }

    /// Where store and anchor are now, whether they fit or not.
    pub async fn show_anchor(&self) -> Result<Mismatch, AnchorError> {
        let _changing = self.changing.lock().await;
        let client = self.client()?;
        if self.kms().is_some() {
            self.mooring.tell(&client).await
        } else {
            self.mooring.show(&client).await
        }
    }

    /// Goes on with a store that does not fit its anchor, if it is at sequence `store`, and opens the service. The
    /// audit log is told before anything else has it.
    pub async fn accept_rollback(
        self: &Arc<Self>,
        store: u64,
        reason: String,
    ) -> Result<Mismatch, StartError> {
        let service = Arc::clone(self);
        let accepting = tokio::spawn(async move {
            let _changing = service.changing.lock().await;
            if service.kms().is_some() {
                return Err(StartError::Anchor(AnchorError::Fits));
            }
            let accepted = service.accept(store, &reason).await;
            let mismatch = accepted.map_err(StartError::Anchor)?;
            service.open_records().await?;
            Ok(mismatch)
        });
        let lost = Err(StartError::Anchor(CallError::Lost.into()));
        accepting.await.unwrap_or(lost)
    }

    async fn accept(&self, store: u64, reason: &str) -> Result<Mismatch, AnchorError> {
        let (mismatch, statement) = self.mooring.accept(&*self.client()?, store).await?;
        let record = service_events::of_rollback(&self.env, &mismatch, reason);
        let record = record.ok().and_then(|record| encoded(&record).ok());
        let record = record.ok_or(AnchorError::NotAudited)?;
        let told = self.audit.append(&record, Durability::Synced).await;
        told.map_err(|_| AnchorError::NotAudited)?;
        tracing::warn!(%mismatch, reason, "a store that does not fit its anchor was accepted");
        self.mooring.fasten(statement).await?;
        Ok(mismatch)
    }

    fn client(&self) -> Result<Arc<Client>, CallError> {
        self.key_process.current().ok_or(CallError::Lost)
    }

    /// Rotates the domain key, see [`domain::rotate`]. Once begun it goes on, whoever asked for it.
    pub async fn rotate_domain(self: &Arc<Self>) -> Result<Rotation, DomainError> {
        let service = Arc::clone(self);
        let rotating = tokio::spawn(async move {
            let _changing = service.changing.lock().await;
            let kms = service.kms().ok_or(DomainError::Sealed)?;
            kms.check_room()?;
            domain::rotate(&kms, &service.folder).await
        });
        rotating
            .await
            .unwrap_or(Err(DomainError::KeyProcess(CallError::Lost)))
    }

    /// Retires an epoch, see [`domain::retire`]. Once begun it goes on, whoever asked for it.
    pub async fn retire_epoch(self: &Arc<Self>, epoch: u32) -> Result<(), DomainError> {
        let service = Arc::clone(self);
        let retiring = tokio::spawn(async move {
            let _changing = service.changing.lock().await;
            let kms = service.kms().ok_or(DomainError::Sealed)?;
            domain::retire(&kms, &service.folder, epoch).await
        });
        retiring
            .await
            .unwrap_or(Err(DomainError::KeyProcess(CallError::Lost)))
    }

    /// Writes what still waits: called once, when no request is under way.
    pub async fn close(&self) {
        if let Some(kms) = self.kms()
            && let Err(failure) = timers::settle(&kms).await
        {
            tracing::warn!(
                ?failure,
                "the audit outbox could not be emptied; the next start does it"
            );
        }
        // Left undone, the next checkpoint covers what this one would have.
        let _ = self.audit.settle().await;
    }

    async fn start_key_process(&self) -> Result<Running, StartError> {
        let launched = self.key_processes.launch();
        let Launched { process, socket } = launched.map_err(StartError::KeyProcess)?;
        let (client, serve) =
            Client::connect(socket, self.metrics()).map_err(StartError::KeyProcess)?;
        let running = Running {
            _process: process,
            ended: tokio::spawn(serve),
        };
        domain::load(&client, &self.folder)
            .await
            .map_err(StartError::Domain)?;
        if let Unsealing::Automatic(key) = &self.unsealing {
            domain::unseal_with_key_file(&client, key)
                .await
                .map_err(StartError::Domain)?;
        }
        // While records are opened or accepted with a process that has ended, no other takes its place: they would be
        // open, but not anchored with it.
        let _changing = self.changing.lock().await;
        if self.kms().is_some() {
            self.tie_again(&client).await?;
        }
        self.key_process.connect(client);
        if let Unsealing::Automatic(_) = self.unsealing {
            match self.open_records().await {
                // Operators decide what becomes of it.
                Err(StartError::Anchor(AnchorError::Mismatch(mismatch))) => {
                    tracing::error!(%mismatch, "the server stays sealed");
                }
                opened => opened?,
            }
        }
        Ok(running)
    }

    /// Anchors the open store with another key process, before any call reaches that; seals the server if it does not fit.
    async fn tie_again(&self, client: &Client) -> Result<(), StartError> {
        match self.tie(client).await {
            Err(StartError::Anchor(AnchorError::Mismatch(_))) => {
                self.open.store(None);
                self.audit.clear_signer();
                Ok(())
            }
            tied => tied,
        }
    }

    /// Anchors the store, and notes whether it fits.
    async fn tie(&self, client: &Client) -> Result<(), StartError> {
        let tied = self.mooring.tie(client, &self.folder).await;
        self.mismatch.store(match &tied {
            Err(AnchorError::Mismatch(mismatch)) => Some(Arc::new(*mismatch)),
            _ => None,
        });
        tied.map_err(StartError::Anchor)
    }

    /// Opens the records with the keys of an open key process, unless they are open already: a domain
    /// has the same store keys for ever.
    async fn open_records(&self) -> Result<(), StartError> {
        if self.open.load().is_some() {
            return Ok(());
        }
        let keys = self
            .key_process
            .call(&GetStoreKeys {})
            .await
            .map_err(key_process_failed)?;
        let store = domain::sealed_store(keys, Arc::clone(&self.engine), &self.env);
        self.wait_for_previous().await?;
        let client = self.client().map_err(key_process_failed)?;
        self.tie(&client).await?;
        let kms = Arc::new(Kms::open(
            self.env.clone(),
            self.settings.clone(),
            store,
            self.key_process.clone(),
            Arc::clone(&self.audit),
            self.metrics(),
        ));
        if let Err(failure) = kms.records.index_grantees().await {
            tracing::error!(
                ?failure,
                "grants cannot be indexed: those of earlier versions allow nothing until the next start"
            );
        }
        let log = audit_folder(self.folder.path());
        if let Err(failure) = audit_keys::look_after_checkpoint_keys(&kms, &log).await {
            tracing::error!(
                ?failure,
                "there is no key for checkpoints: the audit log goes unsigned until one can be made"
            );
        }
        let signer = audit_keys::Checkpoints::new(Arc::clone(&kms.audit_keys));
        self.audit.set_signer(Arc::new(signer));
        tokio::spawn(timers::run(Arc::downgrade(&kms)));
        tokio::spawn(audit_keys::run(Arc::downgrade(&kms), log.clone()));
        if let Some(delivery) = &self.delivery {
            let (kms, delivery) = (Arc::downgrade(&kms), Arc::clone(delivery));
            tokio::spawn(delivery::run(kms, delivery, log));
        }
        *self.previous() = Arc::downgrade(&kms);
        self.open.store(Some(kms));
        // The key process may have ended meanwhile, and what was opened too late must be closed again.
        if !self.key_process.is_connected() {
            self.key_process_ended();
        }
        Ok(())
    }

    /// Waits until the records of before the last sealing are closed: a commit still under way there
    /// would not be seen by the caches here.
    async fn wait_for_previous(&self) -> Result<(), StartError> {
        let mut waited = Duration::ZERO;
        while self.previous().strong_count() > 0 {
            if waited >= PREVIOUS_WAIT_MAX {
                return Err(StartError::Busy);
            }
            tokio::time::sleep(PREVIOUS_WAIT).await;
            waited += PREVIOUS_WAIT;
        }
        Ok(())
    }

    fn previous(&self) -> MutexGuard<'_, Weak<Kms>> {
        self.previous.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key_process_ended(&self) {
        self.key_process.disconnect();
        if let Unsealing::ByOperators = self.unsealing {
            // Sealed again: neither store keys nor cached records stay in memory.
            self.open.store(None);
            self.audit.clear_signer();
        }
    }
}

/// A key process under supervision.
struct Running {
    _process: Box<dyn Send>,
    ended: tokio::task::JoinHandle<()>,
}

/// Starts the key process again whenever it ends, for as long as the service lives.
async fn keep_key_process(service: Arc<Service>, first: Running) {
    let mut running = first;
    let mut pause = RESTART_PAUSE_MIN;
    loop {
        let started = service.env.clock.monotonic();
        // The task ends with the socket; that it might have been cancelled changes nothing.
        let _ = running.ended.await;
        service.key_process_ended();
        tracing::error!("the key process ended; starting it again");
        if service.env.clock.monotonic().since(started) >= RAN_WELL {
            pause = RESTART_PAUSE_MIN;
        }
        running = loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RESTART_PAUSE_MAX);
            match service.start_key_process().await {
                Ok(running) => {
                    service.metrics.note_key_process_restart();
                    break running;
                }
                Err(error) => {
                    tracing::error!(%error, "the key process could not be started; trying again")
                }
            }
        };
    }
}

/// The folder of the audit log in the data folder `data`.
pub fn audit_folder(data: &Path) -> PathBuf {
    data.join(AUDIT_FOLDER)
}

fn key_process_failed(error: CallError) -> StartError {
    StartError::Domain(error.into())
}

#[cfg(test)]
mod tests;
