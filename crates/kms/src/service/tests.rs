//! Key processes that end at the wrong moment.

use std::os::fd::OwnedFd;
use std::sync::Mutex as Lock;

use rustix::net::{Shutdown, shutdown};
use strongroom_store::{
    Anchor, Commit, Entry, Health, Kind, Measured, Memory, Outcome, Page, Pending, Statement,
    StoreError,
};
use tokio::sync::{Notify, oneshot};

use super::*;
use crate::accounts::AccountRule;
use crate::domain::NewSeal;
use crate::key_process::StartError as LaunchError;
use crate::workbench::start_core;

const KEY: [u8; 32] = [7; 32];
/// How long the next key process is given to take its place too early.
const TOO_EARLY: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(30);

/// A store whose statements are durable once the test says so, and which states nothing again.
#[derive(Default)]
struct Halting {
    memory: Arc<Memory>,
    halted: Notify,
    going_on: Lock<Option<oneshot::Sender<Result<Outcome, StoreError>>>>,
}

impl Halting {
    fn go_on(&self) {
        let waiting = self.going_on.lock().unwrap().take();
        let committed = Ok(Outcome::Committed { sequence: 1 });
        waiting.unwrap().send(committed).unwrap();
    }
}

impl Engine for Halting {
    fn get(&self, key: &[u8]) -> Result<Option<Entry>, StoreError> {
        self.memory.get(key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Page, StoreError> {
        self.memory.scan(prefix, after, limit)
    }

    fn commit(&self, commit: Commit) -> Pending {
        // It blocks until the key process has stated it, whom this thread may serve.
        let (memory, (sender, receiver)) = (Arc::clone(&self.memory), oneshot::channel());
        std::thread::spawn(move || sender.send(memory.commit(commit).wait()));
        Pending::waiting(receiver)
    }

    fn health(&self) -> Health {
        self.memory.health()
    }

    fn measure(&self, key: &Secret<[u8; 32]>) -> Result<Measured, StoreError> {
        self.memory.measure(key)
    }

    fn fasten(&self, anchor: Arc<dyn Anchor>, statement: Statement) -> Pending {
        // In memory it is done at once.
        drop(self.memory.fasten(anchor, statement));
        let (sender, receiver) = oneshot::channel();
        *self.going_on.lock().unwrap() = Some(sender);
        self.halted.notify_one();
        Pending::waiting(receiver)
    }

    fn restate(&self) -> Pending {
        Pending::ready(Err(StoreError::Full))
    }
}

/// Cores on threads of this process, and our ends of their sockets.
#[derive(Clone, Default)]
struct Cores(Arc<Lock<Vec<OwnedFd>>>);

impl Cores {
    fn launched(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn end(&self, number: usize) {
        shutdown(&self.0.lock().unwrap()[number], Shutdown::Both).unwrap();
    }
}

impl KeyProcesses for Cores {
    fn launch(&self) -> Result<Launched, LaunchError> {
        let socket = start_core(Env::system().clock);
        self.0.lock().unwrap().push(socket.try_clone()?);
        Ok(Launched {
            process: Box::new(()),
            socket,
        })
    }
}

async fn make_domain(folder: &Folder) {
    let core = start_core(Env::system().clock);
    let (client, serve) = Client::connect(core, Arc::default()).unwrap();
    let serving = tokio::spawn(serve);
    let (key, anchor) = (Secret::new(KEY), folder.path().join(ANCHOR_FILE));
    let made = domain::initialize(&client, folder, &NewSeal::KeyFile(&key), &anchor).await;
    made.unwrap();
    serving.abort();
}

async fn start(folder: Folder, engine: Arc<Halting>, cores: Cores) -> Arc<Service> {
    let options = AuditOptions {
        reserve_bytes: 1 << 16,
    };
    let audit = AuditLog::open(&audit_folder(folder.path()), &Env::system(), options);
    let parts = Parts {
        env: Env::system(),
        settings: Settings::new(AccountRule::Created),
        anchor: folder.path().join(ANCHOR_FILE),
        folder,
        engine,
        audit: Arc::new(audit.unwrap()),
        key_processes: Box::new(cores),
        unsealing: Unsealing::ByOperators,
        delivery: None,
    };
    Service::assemble(parts).await.unwrap()
}

/// A service that is being unsealed, as far as the statement of its store.
struct Begun {
    _folder: tempfile::TempDir,
    engine: Arc<Halting>,
    cores: Cores,
    service: Arc<Service>,
    unsealing: tokio::task::JoinHandle<bool>,
}

async fn begin_to_unseal() -> Begun {
    let temporary = tempfile::tempdir().unwrap();
    let folder = Folder::create(&temporary.path().join("data"), Kind::Server).unwrap();
    make_domain(&folder).await;
    let (engine, cores) = (Arc::new(Halting::default()), Cores::default());
    let service = start(folder, Arc::clone(&engine), cores.clone()).await;
    let status = service.key_process_status().await.unwrap();
    let boxed = domain::sealed_to_key_process(&status, &KEY).unwrap();
    let unsealing = tokio::spawn({
        let service = Arc::clone(&service);
        async move { service.unseal(&boxed).await.is_ok() }
    });
    engine.halted.notified().await;
    Begun {
        _folder: temporary,
        engine,
        cores,
        service,
        unsealing,
    }
}

/// Whether it `holds` before so much `time` has passed.
async fn within(time: Duration, holds: impl Fn() -> bool) -> bool {
    let holding = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(time, holding).await.is_ok()
}

/// Open without a key process that knows the anchor, the server would refuse every change.
#[tokio::test]
async fn records_opened_with_a_key_process_that_ended_are_closed_again() {
    let Begun {
        _folder,
        engine,
        cores,
        service,
        unsealing,
    } = begin_to_unseal().await;
    cores.end(0);
    assert!(within(LONG, || cores.launched() == 2).await);
    let is_connected = || service.key_process.is_connected();
    assert!(!within(TOO_EARLY, is_connected).await);
    engine.go_on();
    unsealing.await.unwrap();
    assert!(within(LONG, is_connected).await);
    assert!(service.kms().is_none());
    let status = service.key_process_status().await.unwrap();
    assert_eq!(status.phase, Phase::Sealed);
}

/// Whoever retires a key believes that the seal of before is worthless from then on. While a commit in memory goes on,
/// who reads waits, and another thread serves the key process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_seal_that_the_anchor_does_not_know_of_is_told() {
    let Begun {
        _folder,
        engine,
        service,
        unsealing,
        ..
    } = begin_to_unseal().await;
    engine.go_on();
    assert!(unsealing.await.unwrap());
    let rotated = service.rotate_domain().await;
    assert!(
        matches!(rotated, Err(DomainError::NotStated(_))),
        "{rotated:?}"
    );
}
