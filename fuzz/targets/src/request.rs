//! Requests to an open service: the real operations over a store in memory and a real core. The first line says how the rest
//! is sent: a target of AWS JSON, `form`, or the path of CBOR, all three signed by the root of an account; or `raw`, and the
//! rest is a whole request that nobody signed, which no operation may answer. What is answered is in its protocol.
//!
//! The service keeps what it was told, and is made anew after a number of requests; what an input does may depend on what came before.

use std::net::IpAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use serde_json::Value;
use strongroom_aws::sigv4::{Credentials, sign};
use strongroom_aws::{cbor, cloudwatch, kms, query};
use strongroom_base::Env;
use strongroom_crypto::digest::sha256;
use strongroom_hsm::serve::Server;
use strongroom_kms::endpoint::{Channel, Peer, Reply, Request};
use strongroom_kms::fuzzing::World;
use strongroom_kms::oidc::Providers;
use strongroom_store::Memory;
use tempfile::TempDir;
use tokio::runtime::{self, Runtime};

use crate::hsm::{self, Counting, Frozen, NOW};
use crate::oidc;
use crate::split::{line, message, text};

/// How many requests a service answers before it is made anew.
const REQUESTS_MAX: u32 = 10_000;
const FORM: &str = "form";
const RAW: &str = "raw";

struct Home {
    runtime: Runtime,
    world: World,
    answered: u32,
    _folder: TempDir,
}

static HOME: Mutex<Option<Home>> = Mutex::new(None);

pub(crate) fn run(data: &[u8]) {
    let (first, rest) = line(data);
    let Some(head) = text(first) else { return };
    let request = match head {
        RAW => raw(rest),
        _ => signed(head, rest),
    };
    let Some(request) = request else { return };
    let reply = answer(&request);
    check(&request, &reply, head);
}

fn answer(request: &Request) -> Reply {
    let mut home = HOME.lock().unwrap_or_else(PoisonError::into_inner);
    if home
        .as_ref()
        .is_none_or(|home| home.answered >= REQUESTS_MAX)
    {
        *home = Some(Home::new());
    }
    let home = home.as_mut().expect("it was made");
    home.answered += 1;
    home.runtime.block_on(home.world.answer(request))
}

fn check(request: &Request, reply: &Reply, head: &str) {
    let body = String::from_utf8_lossy(&reply.body);
    assert_ne!(
        reply.status,
        StatusCode::INTERNAL_SERVER_ERROR,
        "{head}: {body}"
    );
    // Alone a token may stand for a signature (AssumeRoleWithWebIdentity), and there is no role that trusts its provider.
    assert!(
        head != RAW || reply.status != StatusCode::OK,
        "answered unsigned: {body}"
    );
    match reply.content_type {
        cbor::CONTENT_TYPE => assert!(cbor::parse(&reply.body).is_ok()),
        "text/xml" => assert!(body.starts_with('<') && body.ends_with('>')),
        _ if reply.body.is_empty() => {}
        _ => {
            let told: Result<Value, _> = serde_json::from_slice(&reply.body);
            assert!(told.is_ok(), "no JSON: {body}");
        }
    }
    assert!(
        request.body.len() > 64 || reply.body.len() < 1 << 20,
        "{head}: a small request, a large reply"
    );
}

/// A request of the account's root.
fn signed(head: &str, body: &[u8]) -> Option<Request> {
    let (path, service, named): (_, _, &[(&str, &str)]) = match head {
        FORM => (
            "/",
            service_of(body),
            &[("content-type", "application/x-www-form-urlencoded")],
        ),
        path if path.starts_with('/') => (
            path,
            "monitoring",
            &[
                (cbor::PROTOCOL_HEADER, cbor::PROTOCOL),
                ("content-type", cbor::CONTENT_TYPE),
            ],
        ),
        target if target.starts_with(cloudwatch::TARGET_PREFIX) => (
            "/",
            "monitoring",
            &[
                ("content-type", cloudwatch::CONTENT_TYPE),
                ("x-amz-target", target),
            ],
        ),
        target => {
            let service = if target.starts_with(kms::TARGET_PREFIX) {
                "kms"
            } else {
                "cloudtrail"
            };
            (
                "/",
                service,
                &[
                    ("content-type", kms::CONTENT_TYPE),
                    ("x-amz-target", target),
                ],
            )
        }
    };
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("localhost"));
    for (name, value) in named {
        headers.insert(
            HeaderName::from_bytes(name.as_bytes()).ok()?,
            HeaderValue::from_str(value).ok()?,
        );
    }
    let mut request = sent(Method::POST, Uri::try_from(path).ok()?, headers, body);
    let credentials = Credentials {
        access_key_id: "test",
        secret_access_key: b"test",
        session_token: None,
    };
    let hash = sha256(&[body]);
    let scope = ("us-east-1", service);
    let Request {
        method,
        uri,
        headers,
        ..
    } = &mut request;
    sign(
        method,
        uri,
        headers,
        hash,
        &credentials,
        scope,
        NOW.seconds(),
    )
    .ok()?;
    Some(request)
}

/// The service that a form is for.
fn service_of(body: &[u8]) -> &'static str {
    match query::parse(body).map(|form| form.version).as_deref() {
        Ok("2010-05-08") => "iam",
        Ok("2010-08-01") => "monitoring",
        _ => "sts",
    }
}

/// A whole request as text.
fn raw(data: &[u8]) -> Option<Request> {
    let (parts, body) = message(data)?.into_parts();
    Some(sent(parts.method, parts.uri, parts.headers, body))
}

fn sent(method: Method, uri: Uri, headers: HeaderMap, body: &[u8]) -> Request {
    Request {
        method,
        uri,
        headers,
        body: Bytes::copy_from_slice(body),
        peer: Peer {
            address: IpAddr::from([127, 0, 0, 1]),
            channel: Channel::Clear,
        },
    }
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let env = Env {
            clock: Arc::new(Frozen),
            random: Arc::new(Counting::from(0)),
        };
        let mut providers = Providers::default();
        let audiences = vec![oidc::AUDIENCE.to_owned()];
        providers
            .add(oidc::ISSUER, audiences, oidc::key_set().as_bytes())
            .expect("a provider");
        let world = World::open(
            env,
            folder.path(),
            Arc::new(Memory::new()),
            start_core(),
            providers,
        );
        let world = runtime
            .block_on(world)
            .unwrap_or_else(|error| panic!("{error}"));
        Self {
            runtime,
            world,
            answered: 0,
            _folder: folder,
        }
    }
}

/// Starts a core on threads of this process, and returns the service's end of its socket.
fn start_core() -> OwnedFd {
    let pair = socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    );
    let (ours, theirs) = pair.expect("a pair of sockets");
    // Its threads end with the socket or with the process, as those of a key process do.
    let theirs: &'static OwnedFd = Box::leak(Box::new(theirs));
    let server: &'static Server<'static> =
        Box::leak(Box::new(Server::new(hsm::empty(), theirs.as_fd())));
    std::thread::spawn(|| server.run_lane(|| {}));
    std::thread::spawn(|| server.run_slow(|| {}));
    ours
}
