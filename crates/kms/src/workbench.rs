//! The open service on a bench, for tests: a store in memory, the real core of the key process behind its socket,
//! and a clock that the test turns.

pub(crate) mod people;

use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Uri};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use serde_json::Value;
use strongroom_aws::error::Refusal;
use strongroom_aws::json;
use strongroom_aws::query::Form;
use strongroom_aws::sigv4::{self, AuthFailure, Claim, Credentials, Expected};
use strongroom_base::env::SystemRandom;
use strongroom_base::{Clock, Env, Instant, Secret, UnixMillis};
use strongroom_hsm::core::{Core, NoMemory, Setup};
use strongroom_hsm::serve::Server;
use strongroom_hsm_api::command::GetStoreKeys;
use strongroom_store::{
    Anchor, Commit, Engine, Entry, Folder, Health, Kind, Measured, Memory, Page, Pending,
    Statement, StoreError,
};
use tokio::sync::oneshot;

use crate::accounts::{AccountRule, Unverified};
use crate::anchor::ANCHOR_FILE;
use crate::audit_log::{AuditLog, AuditOptions};
use crate::call::{Call, Input, Source};
use crate::domain::{self, NewSeal};
use crate::iam::Caller;
use crate::key_process::{Client, KeyProcess};
use crate::kms::{Kms, Settings};
use crate::ops::{self, Service};
use crate::service::audit_folder;
use crate::timers;

/// The account of calls that name no other.
const ACCOUNT: &str = "000000000000";

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A service in the middle of its life. The machine runs on while the service is restarted.
pub(crate) struct Bench {
    pub(crate) kms: Arc<Kms>,
    pub(crate) clock: Arc<TurnedClock>,
    engine: Arc<dyn Engine>,
    key_process: KeyProcess,
    audit: Arc<AuditLog>,
    folder: tempfile::TempDir,
}

/// Wall and monotonic time, moved by hand.
pub(crate) struct TurnedClock(Mutex<(UnixMillis, Duration)>);

impl Clock for TurnedClock {
    fn now(&self) -> UnixMillis {
        self.0.lock().unwrap().0
    }

    fn monotonic(&self) -> Instant {
        Instant(self.0.lock().unwrap().1)
    }
}

impl TurnedClock {
    /// Lets time go by.
    pub(crate) fn run(&self, time: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = (now.0.plus(time), now.1 + time);
    }

    /// Sets the wall clock ahead.
    pub(crate) fn jump(&self, time: Duration) {
        let mut now = self.0.lock().unwrap();
        now.0 = now.0.plus(time);
    }

    /// Sets the wall clock back.
    pub(crate) fn jump_back(&self, time: Duration) {
        let mut now = self.0.lock().unwrap();
        now.0.0 -= i64::try_from(time.as_millis()).unwrap();
    }
}

/// A store whose commits happen once everyone else waits, as those of a busy writer thread do: on a runtime
/// of one thread, all who decide at one time decide on the same records.
#[derive(Default)]
struct Late(Arc<Memory>);

impl Engine for Late {
    fn get(&self, key: &[u8]) -> Result<Option<Entry>, StoreError> {
        self.0.get(key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Page, StoreError> {
        self.0.scan(prefix, after, limit)
    }

    fn commit(&self, commit: Commit) -> Pending {
        let (sender, receiver) = oneshot::channel();
        let memory = Arc::clone(&self.0);
        tokio::spawn(async move {
            let _ = sender.send(memory.commit(commit).await);
        });
        Pending::waiting(receiver)
    }

    fn health(&self) -> Health {
        self.0.health()
    }

    fn measure(&self, key: &Secret<[u8; 32]>) -> Result<Measured, StoreError> {
        self.0.measure(key)
    }

    fn fasten(&self, anchor: Arc<dyn Anchor>, statement: Statement) -> Pending {
        self.0.fasten(anchor, statement)
    }

    fn restate(&self) -> Pending {
        self.0.restate()
    }
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::on(Arc::new(Memory::new())).await
    }

    /// A bench on which calls made at one time conflict.
    pub(crate) async fn with_late_commits() -> Self {
        Self::on(Arc::new(Late::default())).await
    }

    /// A bench on this store.
    pub(crate) async fn on(engine: Arc<dyn Engine>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = Folder::create(&folder.path().join("data"), Kind::Dev).unwrap();
        let start = (UnixMillis(1_800_000_000_000), Duration::from_secs(1000));
        let clock = Arc::new(TurnedClock(Mutex::new(start)));
        let (client, serve) =
            Client::connect(start_core(Arc::clone(&clock) as _), Arc::default()).unwrap();
        tokio::spawn(serve);
        let key = Secret::new([7; 32]);
        let anchor = data.path().join(ANCHOR_FILE);
        domain::initialize(&client, &data, &NewSeal::KeyFile(&key), &anchor)
            .await
            .unwrap();
        let key_process = KeyProcess::default();
        key_process.connect(client);
        let options = AuditOptions {
            reserve_bytes: 1 << 16,
        };
        let audit = AuditLog::open(&audit_folder(data.path()), &Env::system(), options);
        let audit = Arc::new(audit.unwrap());
        Self {
            kms: Arc::new(open(&clock, &engine, &key_process, &audit).await),
            clock,
            engine,
            key_process,
            audit,
            folder,
        }
    }

    /// Ends the service in order and starts it again.
    pub(crate) async fn restart(&mut self) {
        timers::settle(&self.kms).await.unwrap();
        let kms = open(&self.clock, &self.engine, &self.key_process, &self.audit).await;
        self.kms = Arc::new(kms);
    }

    /// Rotates the domain key, and retires the one before.
    pub(crate) async fn replace_domain_key(self) -> Self {
        let kms = self.kms;
        let data = Folder::open(&self.folder.path().join("data"), Kind::Dev).unwrap();
        let rotation = domain::rotate(&kms, &data).await.unwrap();
        assert_eq!(rotation.left, 0);
        let retired = rotation.epoch - 1;
        domain::retire(&kms, &data, retired).await.unwrap();
        Self { kms, ..self }
    }

    /// The folder of the audit log.
    pub(crate) fn log(&self) -> PathBuf {
        audit_folder(&self.folder.path().join("data"))
    }

    /// Lets time go by and then the timers work.
    pub(crate) async fn run(&self, time: Duration) {
        self.clock.run(time);
        timers::look_at_due_keys(&self.kms).await;
    }

    /// Carries out a call of the account's root: the output, or the exception's name.
    pub(crate) async fn call(&self, operation: &str, input: &Value) -> Result<Value, &'static str> {
        let answer = self.call_in("us-east-1", operation, input).await;
        answer.map_err(|refusal| refusal.exception.name())
    }

    /// Carries out a call of the account's root in `region`.
    pub(crate) async fn call_in(
        &self,
        region: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, Refusal> {
        self.answer(&self.prepare(region, operation, input)).await
    }

    /// Carries out a call of the root of `account`.
    pub(crate) async fn call_as(
        &self,
        account: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, &'static str> {
        let mut call = self.prepare("us-east-1", operation, input);
        let account = account.parse().unwrap();
        call.caller = Caller::root(account, "test".to_owned(), &call.region);
        let answer = self.answer(&call).await;
        answer.map_err(|refusal| refusal.exception.name())
    }

    /// Carries out a call of `caller`.
    pub(crate) async fn call_with(
        &self,
        caller: &Caller,
        operation: &str,
        input: &Value,
    ) -> Result<Value, Refusal> {
        let mut call = self.prepare("us-east-1", operation, input);
        call.caller = caller.clone();
        self.answer(&call).await
    }

    /// Carries out a call of `caller` in the Query protocol: the XML.
    pub(crate) async fn query_with(
        &self,
        caller: &Caller,
        service: Service,
        operation: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Xml, Refusal> {
        let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let form = Form {
            action: operation.to_owned(),
            version: service.xml().version.to_owned(),
            parameters: parameters.iter().map(text).collect(),
        };
        let call = self.arrived(caller, "us-east-1", service, operation, Input::Form(form));
        match self.kms.serve(&call).await {
            Ok(body) => Ok(Xml(String::from_utf8(body).unwrap())),
            Err(failure) => Err(failure.refusal()),
        }
    }

    /// Carries out a call of CloudWatch by the account's root.
    pub(crate) async fn monitor(&self, operation: &str, input: &Value) -> Result<Value, Refusal> {
        self.monitor_as(ACCOUNT, "us-east-1", operation, input)
            .await
    }

    /// Carries out a call of CloudWatch by the root of `account` in `region`.
    pub(crate) async fn monitor_as(
        &self,
        account: &str,
        region: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, Refusal> {
        let home = region.parse().unwrap();
        let caller = Caller::root(account.parse().unwrap(), "test".to_owned(), &home);
        self.json_with(&caller, region, Service::CloudWatch, operation, input)
            .await
    }

    /// Carries out a call of `caller` in the AWS JSON of `service`.
    pub(crate) async fn json_with(
        &self,
        caller: &Caller,
        region: &str,
        service: Service,
        operation: &str,
        input: &Value,
    ) -> Result<Value, Refusal> {
        let input = Input::Json(json::parse(input.to_string().as_bytes()).ok().unwrap());
        self.answer(&self.arrived(caller, region, service, operation, input))
            .await
    }

    /// The root of the account that other calls are made in.
    pub(crate) fn root(&self) -> Caller {
        let account = ACCOUNT.parse().unwrap();
        Caller::root(account, "test".to_owned(), &"us-east-1".parse().unwrap())
    }

    /// The user with this name in that account, as the records have it now.
    pub(crate) fn user(&self, name: &str) -> Caller {
        self.user_of(ACCOUNT, name)
    }

    /// Signs a request as a client does, and verifies it as the endpoint does: who it is from, unless nobody
    /// has such an access key.
    pub(crate) async fn signed(
        &self,
        credentials: &Credentials<'_>,
    ) -> Result<Option<Caller>, AuthFailure> {
        let (method, uri) = (Method::POST, Uri::from_static("/"));
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("localhost"));
        let now = self.clock.now().seconds();
        let (body_sha256, scope) = ([0; 32], ("us-east-1", "kms"));
        let signed = &mut headers;
        sigv4::sign(&method, &uri, signed, body_sha256, credentials, scope, now)?;
        let request = sigv4::Request {
            method: &method,
            uri: &uri,
            headers: &headers,
            body_sha256,
        };
        let expected = Expected {
            services: Service::NAMES,
            region: &|_| true,
        };
        let claim = Claim::parse(&request, &expected, now)?;
        self.kms.verify(&claim).await.map_err(|error| match error {
            Unverified::Refused(failure) => failure,
            Unverified::Failed(failure) => panic!("{failure:?}"),
        })
    }

    /// A call of the account's root that is still to be answered.
    pub(crate) fn prepare(&self, region: &str, operation: &str, input: &Value) -> Call<'_> {
        let input = Input::Json(json::parse(input.to_string().as_bytes()).ok().unwrap());
        self.arrived(&self.root(), region, Service::Kms, operation, input)
    }

    fn arrived(
        &self,
        caller: &Caller,
        region: &str,
        service: Service,
        operation: &str,
        input: Input,
    ) -> Call<'_> {
        Call::new(
            &self.kms,
            ops::find(service, operation).unwrap(),
            caller.clone(),
            region.parse().unwrap(),
            "00000000-0000-4000-8000-000000000000",
            Source {
                address: [127, 0, 0, 1].into(),
                user_agent: String::new(),
                is_secure: false,
                tls: None,
                via: None,
            },
            input,
        )
    }

    /// Answers a call: the output, or what the client is told instead.
    pub(crate) async fn answer(&self, call: &Call<'_>) -> Result<Value, Refusal> {
        match self.kms.serve(call).await {
            Ok(body) => Ok(serde_json::from_slice(&body).unwrap_or(Value::Null)),
            Err(failure) => Err(failure.refusal()),
        }
    }
}

/// The XML of a reply.
#[derive(Debug)]
pub(crate) struct Xml(pub(crate) String);

impl Xml {
    /// The texts of all elements with this name, in their order.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let (start, end) = (format!("<{name}>"), format!("</{name}>"));
        let after = self.0.split(&start).skip(1);
        after.map(|rest| rest.split_once(&end).unwrap().0).collect()
    }

    /// The text of the only element with this name.
    pub(crate) fn one(&self, name: &str) -> &str {
        match self.all(name)[..] {
            [text] => text,
            _ => panic!("not one {name}: {}", self.0),
        }
    }
}

/// Polls all of them in turns until all are done.
pub(crate) async fn all_at_once<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = all.map(|one| Some(Box::pin(one))).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        for one in &mut waiting {
            if let Some(future) = one
                && let std::task::Poll::Ready(output) = future.as_mut().poll(context)
            {
                done.push(output);
                *one = None;
            }
        }
        if waiting.iter().all(Option::is_none) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done
}

async fn open(
    clock: &Arc<TurnedClock>,
    engine: &Arc<dyn Engine>,
    key_process: &KeyProcess,
    audit: &Arc<AuditLog>,
) -> Kms {
    let keys = key_process.call(&GetStoreKeys {}).await.unwrap();
    let env = Env {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        random: Arc::new(SystemRandom),
    };
    let store = domain::sealed_store(keys, Arc::clone(engine), &env);
    let settings = Settings::new(AccountRule::Every);
    let (keys, audit) = (key_process.clone(), Arc::clone(audit));
    let kms = Kms::open(env, settings, store, keys, audit, Arc::default());
    kms.records.index_grantees().await.unwrap();
    kms
}

/// Starts a core on threads of this process, which nobody gave a seal yet: our end of its socket.
pub(crate) fn start_core(clock: Arc<dyn Clock>) -> OwnedFd {
    let pair = socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    );
    let (ours, theirs) = pair.unwrap();
    let core = Core::new(Setup {
        random: Arc::new(SystemRandom),
        clock,
        working_memory: Box::new(NoMemory),
        key_cache_bytes: 1 << 18,
        protections: Vec::new(),
        self_tests_passed: Some(1),
    });
    // Its threads end with the process, as those of a key process do.
    let theirs: &'static OwnedFd = Box::leak(Box::new(theirs));
    let server: &'static Server<'static> = Box::leak(Box::new(Server::new(core, theirs.as_fd())));
    std::thread::spawn(|| server.run_lane(|| {}));
    std::thread::spawn(|| server.run_slow(|| {}));
    ours
}
