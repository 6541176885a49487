//! A simulated machine: what outlives a crash, and one life of the service on it. Everything runs on one thread in
//! an order of its own but the audit log's writer, for whom every step waits.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use strongroom_base::id::AccountId;
use strongroom_base::{Clock, Env, Secret, UnixMillis};
use strongroom_kms::accounts::AccountRule;
use strongroom_kms::anchor::ANCHOR_FILE;
use strongroom_kms::audit_log::{AuditLog, AuditOptions};
use strongroom_kms::domain::{self, NewSeal};
use strongroom_kms::endpoint::{self, Reply, Request};
use strongroom_kms::key_process::{Client, KeyProcesses};
use strongroom_kms::kms::Settings;
use strongroom_kms::service::{Parts, Service, Unsealing, audit_folder};
use strongroom_store::{Folder, Kind};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::chance::{Chance, Seeded};
use super::clock::{SimClock, WriterClock};
use super::disk::{Disk, Flaw, keep_syncing};
use super::key_process::{Fuse, SimKeyProcesses};

const START: UnixMillis = UnixMillis(1_800_000_000_000);
const UNSEAL_KEY: [u8; 32] = [7; 32];
const AUDIT: AuditOptions = AuditOptions {
    reserve_bytes: 1 << 12,
};
/// A turn of the runtime after another in which nothing happened: then nothing will.
const QUIET_TURNS: usize = 12;
const TURNS_MAX: usize = 20_000_000;
/// As long as that goes on, something is stuck.
const ROUNDS_MAX: usize = 400;
/// What a reply may wait for: the time in which keys that may be missing are looked up, then a key process.
const PATIENCE: [(usize, Duration); 3] = [
    (4, Duration::from_millis(2)),
    (8, Duration::from_millis(50)),
    (90, Duration::from_secs(1)),
];

/// What outlives the service.
pub(super) struct Machine {
    folder: TempDir,
    /// The store.
    pub(super) disk: Arc<Disk>,
    /// The clock.
    pub(super) clock: Arc<SimClock>,
    /// The end of the key process.
    pub(super) fuse: Arc<Fuse>,
    launched: Arc<AtomicU64>,
    gate: Arc<Mutex<()>>,
    random: Arc<Seeded>,
    key_process_random: Arc<Seeded>,
}

/// The service from a start to its end. Dropping it is a crash, but for the audit log: what was given to its writer is
/// written, as the operating system would.
pub(super) struct Life {
    /// While it is there, the runtime's clock stands still unless it is moved.
    _still: mpsc::Sender<()>,
    service: Arc<Service>,
    audit: Arc<AuditLog>,
    disk: Arc<Disk>,
    launched: Arc<AtomicU64>,
    /// Held while a request goes on: the audit log's writer, who is quick or slow as it pleases, waits.
    gate: Arc<Mutex<()>>,
    runtime: Runtime,
}

impl Machine {
    /// A machine with a domain, and nothing else. Its chance is of `chance`.
    pub(super) fn new(chance: &Chance, flaw: Flaw) -> Self {
        let machine = Self {
            folder: folder(),
            disk: Disk::new(flaw),
            clock: Arc::new(SimClock::new(START)),
            fuse: Arc::default(),
            launched: Arc::default(),
            gate: Arc::default(),
            random: Arc::new(Seeded::new(chance.apart(1))),
            key_process_random: Arc::new(Seeded::new(chance.apart(2))),
        };
        let (runtime, _still) = runtime();
        runtime.block_on(machine.make_domain());
        machine
    }

    /// Starts the service.
    pub(super) fn start(&self) -> Life {
        // Of those before, some may not have come as far as the anchor.
        self.launched.store(self.disk.fastened(), Ordering::SeqCst);
        let (runtime, still) = runtime();
        let (service, audit) = runtime.block_on(self.assemble());
        let life = Life {
            _still: still,
            service,
            audit,
            disk: Arc::clone(&self.disk),
            launched: Arc::clone(&self.launched),
            gate: Arc::clone(&self.gate),
            runtime,
        };
        life.runtime.block_on(life.settle());
        life
    }

    /// The folder of the audit log.
    pub(super) fn audit_folder(&self) -> std::path::PathBuf {
        audit_folder(&self.data())
    }

    async fn make_domain(&self) {
        let folder = Folder::create(&self.data(), Kind::Dev).expect("a data folder");
        let launched = self.key_processes().launch().expect("a key process");
        let (client, serve) = Client::connect(launched.socket, Arc::default()).expect("a client");
        let serving = tokio::spawn(serve);
        let key = Secret::new(UNSEAL_KEY);
        let seal = NewSeal::KeyFile(&key);
        let made = domain::initialize(&client, &folder, &seal, &self.anchor()).await;
        made.expect("a domain");
        serving.abort();
    }

    async fn assemble(&self) -> (Arc<Service>, Arc<AuditLog>) {
        tokio::spawn(keep_syncing(Arc::clone(&self.disk)));
        let clock = Arc::clone(&self.clock);
        let writer = Env {
            clock: Arc::new(WriterClock {
                clock: Arc::clone(&clock),
                gate: Arc::clone(&self.gate),
            }),
            random: self.random.clone(),
        };
        let log = AuditLog::open(&self.audit_folder(), &writer, AUDIT).expect("an audit log");
        let audit = Arc::new(log);
        let parts = Parts {
            env: Env {
                clock,
                random: self.random.clone(),
            },
            settings: Settings::new(AccountRule::Created),
            folder: Folder::open(&self.data(), Kind::Dev).expect("the data folder"),
            engine: self.disk.clone(),
            audit: Arc::clone(&audit),
            key_processes: Box::new(self.key_processes()),
            unsealing: Unsealing::Automatic(Secret::new(UNSEAL_KEY)),
            delivery: None,
            anchor: self.anchor(),
        };
        let service = Service::assemble(parts).await;
        (service.unwrap_or_else(|error| panic!("{error}")), audit)
    }

    fn key_processes(&self) -> SimKeyProcesses {
        SimKeyProcesses {
            random: self.key_process_random.clone(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            fuse: Arc::clone(&self.fuse),
            launched: Arc::clone(&self.launched),
        }
    }

    fn anchor(&self) -> std::path::PathBuf {
        self.data().join(ANCHOR_FILE)
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }
}

impl Life {
    /// Makes an account: the access key of its root.
    pub(super) fn create_account(&self, id: &str) -> (String, String) {
        let id: AccountId = id.parse().expect("an account id");
        let kms = self.service.kms().expect("an open service");
        let making = self
            .runtime
            .spawn(async move { kms.create_account(id).await });
        let made = self.runtime.block_on(async {
            self.settle().await;
            making.await.expect("the task of the account")
        });
        let made = made.unwrap_or_else(|failure| panic!("{failure:?}"));
        (
            made.access_key_id,
            made.secret_access_key.expose().to_owned(),
        )
    }

    /// Sends `requests` at one time. A reply is missing when the machine crashed before it came. Whose turn it is when
    /// several can go on, `chance` says.
    pub(super) fn answer(&self, requests: Vec<Request>, chance: &mut Chance) -> Vec<Option<Reply>> {
        let mut asked: Vec<Asked> = requests
            .into_iter()
            .map(|request| Asked::new(Arc::clone(&self.service), request))
            .collect();
        self.runtime.block_on(self.wait_for(&mut asked, chance));
        asked.into_iter().map(|one| one.reply).collect()
    }

    /// Lets the runtime's clock run on for `time`, and what waits for it happen.
    pub(super) fn tick(&self, time: Duration) {
        self.runtime.block_on(async {
            tokio::time::advance(time).await;
            self.settle().await;
        });
    }

    /// Ends the service in order.
    pub(super) fn stop(self) {
        let service = Arc::clone(&self.service);
        let closing = self.runtime.spawn(async move { service.close().await });
        self.runtime.block_on(async {
            self.settle().await;
            closing.await.expect("closing");
        });
    }

    /// A request goes on only while everything else rests: what the audit log's writer does meanwhile, in time of its
    /// own, makes no difference.
    async fn wait_for(&self, asked: &mut [Asked], chance: &mut Chance) {
        let mut pauses = PATIENCE
            .iter()
            .flat_map(|(times, pause)| std::iter::repeat_n(*pause, *times));
        while !self.disk.has_crashed() && asked.iter().any(|one| one.reply.is_none()) {
            let able: Vec<_> = asked.iter_mut().filter(|one| one.can_go_on()).collect();
            if able.is_empty() {
                let pause = pauses.next().expect("a request is not answered");
                tokio::time::advance(pause).await;
            }
            let turn = chance.below(able.len() + 1);
            for (index, one) in able.into_iter().enumerate() {
                // One of them, or all.
                if turn == index || turn > index && chance.one_in(2) || !one.has_begun {
                    let _waiting = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
                    one.go_on();
                }
            }
            self.settle().await;
        }
    }

    /// Waits until nothing happens any more unless time goes by.
    async fn settle(&self) {
        for _ in 0..ROUNDS_MAX {
            let before = self.disk.durable();
            self.be_quiet().await;
            // Of what the writer takes at one time, this may be answered first; what comes after it is taken later.
            let _ = self.audit.settle().await;
            let _ = self.audit.settle().await;
            self.be_quiet().await;
            if self.disk.durable() == before || self.disk.has_crashed() {
                return;
            }
        }
        panic!("the service does not come to rest");
    }

    async fn be_quiet(&self) {
        let mut quiet = 0;
        for _ in 0..TURNS_MAX {
            tokio::task::yield_now().await;
            quiet = if self.is_busy() { 0 } else { quiet + 1 };
            if quiet == QUIET_TURNS {
                return;
            }
        }
        panic!("the service is busy for ever");
    }

    fn is_busy(&self) -> bool {
        // A key process is ready once the store is anchored with it.
        let is_starting = self.launched.load(Ordering::SeqCst) > self.disk.fastened();
        is_starting || self.service.key_process_calls_in_flight() > 0 || !self.disk.is_idle()
    }
}

/// A request under way.
struct Asked {
    answering: Pin<Box<dyn Future<Output = Reply>>>,
    woken: Arc<Woken>,
    has_begun: bool,
    reply: Option<Reply>,
}

/// Whether something that a request waited for has happened.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Asked {
    fn new(service: Arc<Service>, request: Request) -> Self {
        Self {
            answering: Box::pin(async move { endpoint::answer(&service, request).await }),
            woken: Arc::new(Woken(AtomicBool::new(true))),
            has_begun: false,
            reply: None,
        }
    }

    fn can_go_on(&self) -> bool {
        self.reply.is_none() && self.woken.0.load(Ordering::SeqCst)
    }

    fn go_on(&mut self) {
        self.has_begun = true;
        self.woken.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&self.woken));
        let polled = self
            .answering
            .as_mut()
            .poll(&mut Context::from_waker(&waker));
        if let Poll::Ready(reply) = polled {
            self.reply = Some(reply);
        }
    }
}

/// A runtime of one thread whose clock stands still, for as long as what comes with it lives.
fn runtime() -> (Runtime, mpsc::Sender<()>) {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let (still, over) = mpsc::channel::<()>();
    // Of a runtime that stands still with nothing to do, time goes on by itself to the next timer; not while
    // something blocks.
    runtime.spawn_blocking(move || {
        let _ = over.recv();
    });
    (runtime, still)
}

/// A folder in memory where there is one: its syncs take no time.
fn folder() -> TempDir {
    let shared = std::path::Path::new("/dev/shm");
    let made = match shared.is_dir() {
        true => tempfile::tempdir_in(shared),
        false => tempfile::tempdir(),
    };
    made.expect("a folder")
}
