//! The wire: TCP, TLS, sockets of services, HTTP/1.1 and HTTP/2 on hyper, with a limit on everything a client can send.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use strongroom_aws::error::{Origin, body as error_body};
use strongroom_aws::kms::CONTENT_TYPE as JSON_CONTENT_TYPE;
use strongroom_aws::text;
use strongroom_base::id::uuid;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::endpoint::{self, Channel, Peer, Reply, Request};
use crate::listening::ACCEPT_PAUSE;
use crate::metrics::Rejection;
use crate::service::Service;
use crate::service_sockets::ServiceSocket;
use crate::tls::Spoken;

/// The longest request body: a policy of 131,072 characters, escaped, fits.
const BODY_BYTES_MAX: usize = 1 << 20;
const HEADERS_MAX: usize = 64;
const HEADER_BYTES_MAX: usize = 32 << 10;
const CONNECTIONS_MAX: usize = 4096;
/// The connections of each service to its own socket.
const SERVICE_CONNECTIONS_MAX: usize = 256;
const STREAMS_PER_CONNECTION_MAX: u32 = 32;
/// What the bodies of all requests under way may take together; more wait for room. Bodies that are
/// long, or do not say how long they are, wait among themselves: nobody else has to wait for them.
const BODY_ROOM_BYTES: usize = 256 << 20;
const LONG_BODY_ROOM_BYTES: usize = 64 << 20;
const LONG_BODY_BYTES: usize = 64 << 10;
const ROOM_UNIT_BYTES: usize = 1 << 10;
/// How long a client may take to send a request's headers, and then its body.
const RECEIVE_TIME_MAX: Duration = Duration::from_secs(30);
/// How long a TLS handshake may take.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// A connection without a request for this long, or at most twice as long, is ended: the buffers of TLS,
/// HTTP/1.1 and HTTP/2 keep what passed through them until they are freed, plaintexts too.
const IDLE_TIME_MAX: Duration = Duration::from_secs(5);
/// How long requests under way may take when the server is told to end.
const SHUTDOWN_TIME_MAX: Duration = Duration::from_secs(10);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// What all connections share.
struct Shared {
    service: Arc<Service>,
    body_room: Arc<Semaphore>,
    long_body_room: Arc<Semaphore>,
}

/// Where requests come in.
pub struct Listeners {
    /// Everybody.
    pub public: TcpListener,
    /// TLS for everybody; in clear without it.
    pub tls: Option<TlsAcceptor>,
    /// Services, each on a socket of its own.
    pub services: Vec<ServiceSocket>,
}

/// Serves connections of `listeners` until `stop` completes, then lets requests under way finish.
pub async fn serve(service: Arc<Service>, listeners: Listeners, stop: impl Future<Output = ()>) {
    let Listeners {
        public: listener,
        tls,
        services,
    } = listeners;
    let shared = Arc::new(Shared {
        service,
        body_room: Arc::new(Semaphore::new(BODY_ROOM_BYTES / ROOM_UNIT_BYTES)),
        long_body_room: Arc::new(Semaphore::new(LONG_BODY_ROOM_BYTES / ROOM_UNIT_BYTES)),
    });
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    // Every connection holds a receiver: none is left when all have ended.
    let (stopping, _) = watch::channel(());
    for socket in services {
        let shared = Arc::clone(&shared);
        tokio::spawn(serve_socket(shared, socket, stopping.subscribe()));
    }
    tokio::pin!(stop);
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&room).acquire_owned() => permit,
            () = &mut stop => break,
        };
        let Ok(permit) = permit else { break };
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => accept(&shared, stream, from, tls.clone(), permit, stopping.subscribe()),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            () = &mut stop => break,
        }
    }
    // Whoever is not done by then is cut off.
    let _ = stopping.send(());
    let _ = tokio::time::timeout(SHUTDOWN_TIME_MAX, stopping.closed()).await;
}

async fn serve_socket(
    shared: Arc<Shared>,
    socket: ServiceSocket,
    mut stopped: watch::Receiver<()>,
) {
    let room = Arc::new(Semaphore::new(SERVICE_CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            accepted = accept_service(&room, &socket) => accepted,
            _ = stopped.changed() => return,
        };
        match accepted {
            Ok((stream, permit)) => {
                let peer = Peer {
                    address: Ipv4Addr::LOCALHOST.into(),
                    channel: Channel::Service(socket.principal()),
                };
                let serving = serve_connection(Arc::clone(&shared), stream, peer, stopped.clone());
                let connected = shared.service.metrics().connection();
                tokio::spawn(async move {
                    serving.await;
                    drop((connected, permit));
                });
            }
            Err(error) => {
                tracing::warn!(%error, service = %socket.principal(), "a service could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn accept_service(
    room: &Arc<Semaphore>,
    socket: &ServiceSocket,
) -> io::Result<(UnixStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await;
    let permit = permit.map_err(io::Error::other)?;
    Ok((socket.accept().await?, permit))
}

fn accept(
    shared: &Arc<Shared>,
    stream: TcpStream,
    from: SocketAddr,
    tls: Option<TlsAcceptor>,
    permit: OwnedSemaphorePermit,
    stopped: watch::Receiver<()>,
) {
    let shared = Arc::clone(shared);
    // Who comes over IPv4 to a socket of IPv6 has an address of IPv4: policies name it so (aws:SourceIp).
    let address = from.ip().to_canonical();
    let peer = move |channel| Peer { address, channel };
    let connected = shared.service.metrics().connection();
    tokio::spawn(async move {
        let _held = (connected, permit);
        // Latency matters more than packets: replies are small.
        let _ = stream.set_nodelay(true);
        match tls {
            None => {
                serve_connection(shared, stream, peer(Channel::Clear), stopped).await;
            }
            Some(acceptor) => {
                if let Ok(Ok(stream)) =
                    tokio::time::timeout(HANDSHAKE_TIME_MAX, acceptor.accept(stream)).await
                {
                    let spoken = Arc::new(Spoken::on(&stream));
                    serve_connection(shared, stream, peer(Channel::Tls(spoken)), stopped).await;
                }
            }
        }
    });
}

async fn serve_connection<S>(
    shared: Arc<Shared>,
    stream: S,
    peer: Peer,
    mut stopped: watch::Receiver<()>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(RECEIVE_TIME_MAX)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEADER_BYTES_MAX)
        // Replies are written from where they lie, so that no plaintext stays behind in a buffer.
        .writev(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEADER_BYTES_MAX).unwrap_or(u32::MAX))
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .keep_alive_interval(RECEIVE_TIME_MAX);
    let requests = Arc::new(Requests::default());
    let counted = Arc::clone(&requests);
    let respond = service_fn(move |request| {
        let (shared, peer) = (Arc::clone(&shared), peer.clone());
        let under_way = UnderWay::begin(&counted);
        async move {
            let response = respond(shared, request, peer).await;
            drop(under_way);
            response
        }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), respond));
    tokio::select! {
        // What ends a connection early is the client's affair.
        _ = connection.as_mut() => return,
        () = requests.cease() => {}
        _ = stopped.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    // A request that is on its way, or a reply, still gets its time.
    let _ = tokio::time::timeout(RECEIVE_TIME_MAX, connection).await;
}

/// The requests of a connection, counted.
#[derive(Default)]
struct Requests {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Requests {
    /// Completes when no request was under way for [`IDLE_TIME_MAX`]. Looks only now and then, so that
    /// requests set no timers.
    async fn cease(&self) {
        let mut seen = None;
        loop {
            let ended = self.ended.load(Ordering::Relaxed);
            let quiet = Some(self.begun.load(Ordering::Relaxed)).filter(|begun| *begun == ended);
            if quiet.is_some() && quiet == seen {
                return;
            }
            seen = quiet;
            tokio::time::sleep(IDLE_TIME_MAX).await;
        }
    }
}

/// A request under way. It ends when dropped, as a stream that its client resets is.
struct UnderWay(Arc<Requests>);

impl UnderWay {
    fn begin(requests: &Arc<Requests>) -> Self {
        requests.begun.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(requests))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

async fn respond(
    shared: Arc<Shared>,
    request: http::Request<Incoming>,
    peer: Peer,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (request, room) = match receive(&shared, request, peer).await {
        Ok(received) => received,
        Err(fault) => return Ok(refusal(&shared.service, fault)),
    };
    // A task of its own: what was begun is finished and audited even if the client goes away.
    let service = Arc::clone(&shared.service);
    let answered = tokio::spawn(async move {
        let reply = endpoint::answer(&service, request).await;
        drop(room);
        reply
    });
    Ok(match answered.await {
        Ok(reply) => response(reply),
        // A bug ended the request's task; only this request fails.
        Err(_) => refusal(&shared.service, Fault::Bug),
    })
}

/// A request that cannot be received.
#[derive(Clone, Copy)]
enum Fault {
    TooLarge,
    Chunked,
    Slow,
    Broken,
    Bug,
}

impl Fault {
    /// What the request counts as.
    fn rejection(self) -> Rejection {
        match self {
            Self::TooLarge | Self::Chunked | Self::Slow | Self::Broken => Rejection::Unreadable,
            Self::Bug => Rejection::ServerError,
        }
    }
}

async fn receive(
    shared: &Shared,
    request: http::Request<Incoming>,
    peer: Peer,
) -> Result<(Request, OwnedSemaphorePermit), Fault> {
    let (parts, body) = request.into_parts();
    // RFC 9112 §6.3: a body framed in two ways is an attempt at request smuggling, and hyper forgets the
    // Content-Length when both stand there. Signed requests have a length, so chunks are refused altogether.
    if parts.headers.contains_key(TRANSFER_ENCODING) {
        return Err(Fault::Chunked);
    }
    if body.size_hint().lower() > BODY_BYTES_MAX as u64 {
        return Err(Fault::TooLarge);
    }
    let collected = tokio::time::timeout(RECEIVE_TIME_MAX, async {
        let room = shared.room_for(&body).await?;
        let collected = Limited::new(body, BODY_BYTES_MAX).collect().await;
        Ok((collected, room))
    });
    let (collected, room) = collected.await.unwrap_or(Err(Fault::Slow))?;
    let body = match collected {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Fault::TooLarge),
        Err(_) => return Err(Fault::Broken),
    };
    let request = Request {
        method: parts.method,
        uri: parts.uri,
        headers: parts.headers,
        body,
        peer,
    };
    Ok((request, room))
}

impl Shared {
    /// Waits until the bodies of all requests under way leave room for one more.
    async fn room_for(&self, body: &Incoming) -> Result<OwnedSemaphorePermit, Fault> {
        let longest = body.size_hint().upper().unwrap_or(u64::MAX);
        let bytes = usize::try_from(longest)
            .unwrap_or(usize::MAX)
            .min(BODY_BYTES_MAX);
        let units = u32::try_from(bytes.div_ceil(ROOM_UNIT_BYTES)).unwrap_or(u32::MAX);
        let room = if bytes > LONG_BODY_BYTES {
            &self.long_body_room
        } else {
            &self.body_room
        };
        let room = Arc::clone(room).acquire_many_owned(units).await;
        room.map_err(|_| Fault::Broken)
    }
}

fn refusal(service: &Service, fault: Fault) -> Response<Full<Bytes>> {
    let (status, code, message) = match fault {
        Fault::TooLarge => (
            413,
            "RequestEntityTooLargeException",
            text::body_too_large(BODY_BYTES_MAX),
        ),
        Fault::Broken | Fault::Chunked => (
            400,
            "MalformedHttpRequestException",
            text::MALFORMED_HTTP.to_owned(),
        ),
        Fault::Bug => (500, "KMSInternalException", text::INTERNAL.to_owned()),
        Fault::Slow => (
            408,
            "RequestTimeoutException",
            text::REQUEST_TIMEOUT.to_owned(),
        ),
    };
    let request_id = uuid(&*service.env.random);
    service.metrics().note_rejection(fault.rejection());
    if let Fault::Bug = fault {
        tracing::error!(request_id, "the task of a request ended before it answered");
    }
    let mut response = response(Reply {
        status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
        content_type: JSON_CONTENT_TYPE,
        headers: Vec::new(),
        request_id,
        body: error_body(code, Origin::Common, Some(&message)),
    });
    if let Fault::Chunked = fault {
        // Where the next request begins, another reader may see otherwise.
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&reply.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-store, must-revalidate, private"),
    );
    response
}
