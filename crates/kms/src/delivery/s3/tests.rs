//! Puts against a server on a real socket that checks what S3 would: path, signature, hash, headers.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use strongroom_aws::sigv4::{self, Credentials, S3};
use strongroom_base::env::SystemClock;
use strongroom_base::{Clock, Secret, hex};
use strongroom_crypto::digest::sha256;
use tokio::net::TcpListener;

use super::{S3Options, S3Sink, code_of, roots};
use crate::delivery::sink::{Object, Sink, SinkError};

const SECRET: &[u8] = b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn object(key: &str) -> Object {
    Object {
        bucket: "logs".to_owned(),
        key: key.to_owned(),
        body: Bytes::from_static(b"content"),
        metadata: vec![("signature", "00ff".to_owned())],
    }
}

fn sink(endpoint: &str) -> std::io::Result<S3Sink> {
    S3Sink::new(S3Options {
        endpoint: endpoint.parse().unwrap(),
        region: "eu-central-1".to_owned(),
        access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret_access_key: Secret::new(SECRET.to_vec()),
        roots: None,
        clock: Arc::new(SystemClock),
    })
}

/// A request as it arrived.
type Arrived = (http::request::Parts, Bytes);

/// A server that gives every request the same answer, and what it was sent.
async fn server(status: u16, body: &'static str) -> (String, Arc<Mutex<Vec<Arrived>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let arrived = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&arrived);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            let answer = service_fn(move |request: Request<Incoming>| {
                let kept = Arc::clone(&kept);
                async move {
                    let (parts, incoming) = request.into_parts();
                    let content = incoming.collect().await.unwrap().to_bytes();
                    kept.lock().unwrap().push((parts, content));
                    let mut response = Response::new(Full::new(Bytes::from(body)));
                    *response.status_mut() = StatusCode::from_u16(status).unwrap();
                    Ok::<_, Infallible>(response)
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    });
    (endpoint, arrived)
}

#[tokio::test]
async fn an_object_is_put_signed_and_whole() {
    let (endpoint, arrived) = server(200, "").await;
    let put = sink(&format!("{endpoint}/base/")).unwrap();
    assert_eq!(put.put(&object("a b/é/x=1.gz")).await, Ok(()));
    let (parts, body) = arrived.lock().unwrap().pop().unwrap();
    assert_eq!(parts.method, Method::PUT);
    assert_eq!(parts.uri.path(), "/base/logs/a%20b/%C3%A9/x%3D1.gz");
    assert_eq!(&body[..], b"content");
    let header = |name: &str| parts.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("content-encoding"), "gzip");
    assert_eq!(header("x-amz-meta-signature"), "00ff");
    assert_eq!(header("content-length"), "7");
    assert_eq!(format!("http://{}", header("host")), endpoint);
    let hash = sha256(&[b"content"]);
    assert_eq!(header("x-amz-content-sha256"), hex::encode(&hash));

    // Signed again from what arrived, the signature is the same.
    let mut again = parts.headers.clone();
    let credentials = Credentials {
        access_key_id: "AKIAIOSFODNN7EXAMPLE",
        secret_access_key: SECRET,
        session_token: None,
    };
    let scope = ("eu-central-1", S3);
    // It was signed some seconds ago at most.
    let now = SystemClock.now().seconds();
    let is_signed = (now - 10..=now).any(|time| {
        again.remove("authorization");
        sigv4::sign(
            &Method::PUT,
            &parts.uri,
            &mut again,
            hash,
            &credentials,
            scope,
            time,
        )
        .unwrap();
        again["authorization"] == parts.headers["authorization"]
    });
    assert!(is_signed, "{:?}", parts.headers);
    assert!(!format!("{parts:?}").contains("bPxRfi"));
}

#[tokio::test]
async fn what_s3_refuses_is_told_by_its_code() {
    for (status, body, code) in [
        (
            404,
            "<?xml?><Error><Code>NoSuchBucket</Code></Error>",
            "NoSuchBucket",
        ),
        (
            403,
            "<Error><Code>AccessDenied</Code></Error>",
            "AccessDenied",
        ),
        (503, "", "HttpStatus503"),
        (
            301,
            "<Error><Code>PermanentRedirect</Code></Error>",
            "PermanentRedirect",
        ),
        (400, "<Code>not a \n code</Code>", "Refused"),
    ] {
        let (endpoint, arrived) = server(status, body).await;
        let put = sink(&endpoint).unwrap().put(&object("x")).await;
        assert_eq!(put, Err(SinkError::new(code)), "{status}");
        assert_eq!(arrived.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn nobody_there_and_a_connection_that_ends_are_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let hanging_up = tokio::spawn(async move { drop(listener.accept().await) });
    let put = sink(&endpoint).unwrap().put(&object("x")).await;
    assert_eq!(put, Err(SinkError::unreachable()));
    hanging_up.await.unwrap();
    let put = sink(&endpoint).unwrap().put(&object("x")).await;
    assert_eq!(put, Err(SinkError::unreachable()));
}

#[tokio::test]
async fn keys_that_are_other_paths_are_refused() {
    let (endpoint, arrived) = server(200, "").await;
    for key in ["", "/x", "a//b", "../x", "a/./b", "a/.."] {
        let put = sink(&endpoint).unwrap().put(&object(key)).await;
        assert_eq!(put, Err(SinkError::invalid_name()), "{key}");
    }
    assert!(arrived.lock().unwrap().is_empty());
}

#[test]
fn endpoints_and_roots_are_checked_before_anything_is_sent() {
    for wrong in ["ftp://host", "/path", "host:1", "http://host/?x=1"] {
        assert!(sink(wrong).is_err(), "{wrong}");
    }
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    assert!(roots(&empty).is_err() && roots(&folder.path().join("none")).is_err());
}

#[test]
fn codes_are_found_in_the_xml() {
    assert_eq!(
        code_of("<Error><Code>A</Code><Message/></Error>"),
        Some("A")
    );
    assert_eq!(code_of("<Code>A"), None);
    assert_eq!(code_of(""), None);
}
