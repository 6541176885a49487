//! What `dev` and `serve` share: the runtime, the listeners, and an orderly end.

use std::io::{ErrorKind, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use strongroom_attestation::TrustRoots;
use strongroom_kms::http::{self, Listeners};
use strongroom_kms::oidc::Providers;
use strongroom_kms::service::{Options, Service};
use strongroom_kms::{admin, operators_http, service_sockets, tls::Acceptor};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::Failed;
use crate::config::{IdentityProvider, LogFormat};

/// Longer files of root certificates are refused by what reads them.
const ROOTS_BYTES_MAX: u64 = 1024 * 1024;
/// The longest file of an identity provider's keys.
const JWK_SET_BYTES_MAX: u64 = 256 * 1024;

/// Where a server listens.
pub(crate) struct Listen {
    /// For everybody.
    pub(crate) address: SocketAddr,
    /// TLS; plain HTTP without it.
    pub(crate) tls: Option<Acceptor>,
    /// For services: principals and the paths of their sockets.
    pub(crate) services: Vec<(String, PathBuf)>,
    /// For programs that watch the server.
    pub(crate) metrics: Option<SocketAddr>,
}

/// Where a server turned out to listen.
#[derive(Clone, Copy)]
pub(crate) struct Addresses {
    /// For everybody.
    pub(crate) public: SocketAddr,
    /// For programs that watch the server.
    pub(crate) metrics: Option<SocketAddr>,
}

/// The part of the start message that says where metrics are; empty when they are nowhere.
pub(crate) fn metrics_told(addresses: Addresses) -> String {
    let told = |address| format!("; metrics at http://{address}/metrics");
    addresses.metrics.map(told).unwrap_or_default()
}

/// Keeps what passes through the service from core dumps, and from other processes of the same user.
pub(crate) fn forbid_dumps() -> Result<(), Failed> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Runs `work` on a runtime of its own.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Logs to standard error; never secrets, at level `info` unless STRONGROOM_LOG says otherwise.
/// Only events of this program are written, whatever it says: those of the libraries below tell of headers and frames.
pub(crate) fn start_logging(format: LogFormat) {
    let filter = EnvFilter::builder()
        .with_default_directive(tracing::Level::INFO.into())
        .with_env_var("STRONGROOM_LOG")
        .from_env_lossy();
    let own = filter_fn(|event| event.target().starts_with("strongroom"));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let log = tracing_subscriber::registry().with(filter).with(own);
    match format {
        LogFormat::Text => log.with(lines).init(),
        LogFormat::Json => log.with(lines.json().flatten_event(true)).init(),
    }
}

/// Listens, starts the service, calls `ready` with the addresses, and serves until SIGTERM or SIGINT.
pub(crate) async fn run(
    listen: Listen,
    options: Options,
    ready: impl FnOnce(Addresses, &Service) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let listener = bind(listen.address).await?;
    let metrics = match listen.metrics {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let addresses = Addresses {
        public: listener.local_addr()?,
        metrics: metrics.as_ref().map(TcpListener::local_addr).transpose()?,
    };
    let service = Service::start(options).await?;
    let operators = admin::bind(&service)?;
    tokio::spawn(admin::serve(Arc::clone(&service), operators));
    if let Some(listener) = metrics {
        tokio::spawn(operators_http::serve(Arc::clone(&service), listener));
    }
    let services = service_sockets::bind_all(&listen.services)?;
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    ready(addresses, &service)?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let listeners = Listeners {
        public: listener,
        tls: listen.tls,
        services,
    };
    http::serve(Arc::clone(&service), listeners, stop).await;
    service.close().await;
    Ok(())
}

/// The roots of attestation documents in the PEM file at `path`, AWS's root without one.
pub(crate) fn attestation_roots(path: Option<&Path>) -> Result<Arc<TrustRoots>, Failed> {
    let Some(path) = path else {
        return Ok(Arc::new(TrustRoots::aws_nitro()));
    };
    let fault = |reason: &dyn std::fmt::Display| {
        format!("the attestation roots {}: {reason}", path.display())
    };
    let mut pem = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| fault(&error))?;
    let read = file.take(ROOTS_BYTES_MAX).read_to_end(&mut pem);
    read.map_err(|error| fault(&error))?;
    let roots = TrustRoots::from_pem(&pem).map_err(|error| fault(&error))?;
    Ok(Arc::new(roots))
}

/// The identity providers with their keys, which are read now.
pub(crate) fn identity_providers(
    configured: &[IdentityProvider],
) -> Result<Arc<Providers>, Failed> {
    let mut providers = Providers::default();
    for provider in configured {
        let path = &provider.keys;
        let fault = |reason: &dyn std::fmt::Display| {
            let (issuer, path) = (&provider.issuer, path.display());
            format!("the identity provider {issuer} with the keys {path}: {reason}")
        };
        let mut keys = Vec::new();
        let file = std::fs::File::open(path).map_err(|error| fault(&error))?;
        let read = file.take(JWK_SET_BYTES_MAX + 1).read_to_end(&mut keys);
        read.map_err(|error| fault(&error))?;
        if u64::try_from(keys.len()).is_ok_and(|length| length > JWK_SET_BYTES_MAX) {
            return Err(fault(&"longer than 256 KiB").into());
        }
        let added = providers.add(&provider.issuer, provider.audiences.clone(), &keys);
        added.map_err(|error| fault(&error))?;
    }
    Ok(Arc::new(providers))
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failed> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| listen_failed(address, &error))
}

fn listen_failed(listen: SocketAddr, error: &std::io::Error) -> Failed {
    match error.kind() {
        ErrorKind::AddrInUse => {
            format!("{listen} is in use by another program; choose another address to listen on")
                .into()
        }
        ErrorKind::PermissionDenied => {
            format!("{listen} may not be listened on by this user; choose a port above 1023").into()
        }
        _ => format!("cannot listen on {listen}: {error}").into(),
    }
}
