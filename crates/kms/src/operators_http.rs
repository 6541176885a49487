//! The operators' HTTP: metrics, health and readiness for programs that watch this server, sealed or not. Nobody
//! authenticates here, so nothing here may tell of keys, callers or contents, or change anything.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::listening::serve_each;
use crate::metrics;
use crate::readiness::{self, Obstacle};
use crate::service::Service;

const CONNECTIONS_MAX: usize = 32;
const HEADERS_MAX: usize = 32;
const HEADER_BYTES_MAX: usize = 8 << 10;
/// How long a connection may take; each is good for one request.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(10);

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// Answers `/metrics`, `/health` and `/ready` until the server ends.
pub async fn serve(service: Arc<Service>, listener: TcpListener) {
    let accept = |cx: &mut Context<'_>| listener.poll_accept(cx);
    serve_each(CONNECTIONS_MAX, accept, |stream| {
        let conversation = converse(Arc::clone(&service), stream);
        async {
            // Whoever is too slow, or does not speak HTTP, is cut off.
            let _ = tokio::time::timeout(CONNECTION_TIME_MAX, conversation).await;
        }
    })
    .await;
}

async fn converse(service: Arc<Service>, stream: TcpStream) -> hyper::Result<()> {
    let respond = service_fn(move |request| respond(Arc::clone(&service), request));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(CONNECTION_TIME_MAX)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEADER_BYTES_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), respond)
        .await
}

async fn respond(
    service: Arc<Service>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() != Method::GET {
        let mut refused = response(StatusCode::METHOD_NOT_ALLOWED, TEXT, "GET only\n");
        let headers = refused.headers_mut();
        headers.insert(ALLOW, HeaderValue::from_static("GET"));
        return Ok(refused);
    }
    Ok(match request.uri().path() {
        "/metrics" => tell_metrics(service).await,
        "/health" => response(StatusCode::OK, TEXT, "ok\n"),
        "/ready" => tell_readiness(&readiness::obstacles(&service).await),
        _ => response(StatusCode::NOT_FOUND, TEXT, "/metrics, /health or /ready\n"),
    })
}

async fn tell_metrics(service: Arc<Service>) -> Response<Full<Bytes>> {
    // It reads the store, and writes much text: requests must not wait for it.
    let told = tokio::task::spawn_blocking(move || metrics::openmetrics(&service)).await;
    match told {
        Ok(Ok(text)) => response(StatusCode::OK, metrics::CONTENT_TYPE, text),
        Ok(Err(_)) | Err(_) => response(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "failed\n"),
    }
}

fn tell_readiness(obstacles: &[Obstacle]) -> Response<Full<Bytes>> {
    let status = match obstacles {
        [] => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let reasons: Vec<_> = obstacles.iter().map(|one| one.name()).collect();
    let told = serde_json::json!({ "ready": obstacles.is_empty(), "reasons": reasons });
    response(status, JSON, format!("{told}\n"))
}

fn response(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
