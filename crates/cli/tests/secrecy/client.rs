//! A client that signs, over HTTP/1.1 or HTTP/2, in clear or over TLS, one connection at a time.

use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{CONTENT_TYPE, HOST, HeaderValue};
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use strongroom_aws::sigv4::{Credentials, sign};
use strongroom_base::Env;
use strongroom_crypto::digest::sha256;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

/// The version of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Http {
    /// HTTP/1.1.
    One,
    /// HTTP/2.
    Two,
}

impl Http {
    pub(crate) const BOTH: [Self; 2] = [Self::One, Self::Two];

    fn protocol(self) -> &'static [u8] {
        match self {
            Self::One => b"http/1.1",
            Self::Two => b"h2",
        }
    }
}

/// Who calls.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
}

impl Account {
    /// The root of the account that every dev server has.
    pub(crate) fn test() -> Self {
        Self {
            access_key_id: "test".to_owned(),
            secret: "test".to_owned(),
        }
    }
}

/// An open connection.
pub(crate) struct Connection {
    sender: Sender,
    driver: JoinHandle<()>,
    scheme: &'static str,
    authority: String,
}

enum Sender {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

impl Connection {
    /// Connects in clear; HTTP/2 with prior knowledge.
    pub(crate) async fn clear(address: SocketAddr, http: Http) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream, http, "http", address.to_string()).await
    }

    /// Connects over TLS to `localhost`, and insists on the protocol that ALPN chooses.
    pub(crate) async fn tls(
        address: SocketAddr,
        http: Http,
        mut config: rustls::ClientConfig,
    ) -> std::io::Result<Self> {
        config.alpn_protocols = vec![http.protocol().to_vec()];
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let stream = TcpStream::connect(address).await?;
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await?;
        let chosen = stream.get_ref().1.alpn_protocol();
        assert_eq!(chosen, Some(http.protocol()));
        let authority = format!("localhost:{}", address.port());
        Ok(Self::over(stream, http, "https", authority).await)
    }

    async fn over<S>(stream: S, http: Http, scheme: &'static str, authority: String) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = TokioIo::new(stream);
        let (sender, driver) = match http {
            Http::One => {
                let (sender, connection) = http1::handshake(stream).await.unwrap();
                (Sender::One(sender), drive(connection))
            }
            Http::Two => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), stream)
                    .await
                    .unwrap();
                (Sender::Two(sender), drive(connection))
            }
        };
        Self {
            sender,
            driver,
            scheme,
            authority,
        }
    }

    /// Calls a KMS operation; its answer must be a success.
    pub(crate) async fn call(
        &mut self,
        account: &Account,
        operation: &str,
        input: &Value,
    ) -> Value {
        let (status, answer) = self.try_call(account, operation, input).await;
        assert_eq!(status, StatusCode::OK, "{operation}: {answer}");
        answer
    }

    /// Calls a KMS operation.
    pub(crate) async fn try_call(
        &mut self,
        account: &Account,
        operation: &str,
        input: &Value,
    ) -> (StatusCode, Value) {
        let request = self.signed(account, operation, input.to_string().into_bytes());
        answered(self.send(request).await.unwrap()).await
    }

    /// A signed request in the form of this connection's protocol.
    pub(crate) fn signed(
        &self,
        account: &Account,
        operation: &str,
        body: Vec<u8>,
    ) -> Request<Full<Bytes>> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(&self.authority).unwrap());
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-amz-json-1.1"),
        );
        let target = format!("TrentService.{operation}");
        headers.insert("x-amz-target", HeaderValue::from_str(&target).unwrap());
        let credentials = Credentials {
            access_key_id: &account.access_key_id,
            secret_access_key: account.secret.as_bytes(),
            session_token: None,
        };
        let scope = ("us-east-1", "kms");
        let now = Env::system().clock.now().seconds();
        let hash = sha256(&[&body]);
        let path = Uri::from_static("/");
        sign(
            &Method::POST,
            &path,
            &mut headers,
            hash,
            &credentials,
            scope,
            now,
        )
        .unwrap();
        let mut request = Request::new(Full::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = path;
        if let Sender::Two(_) = self.sender {
            // RFC 9113 §8.3.1: the authority takes the place of the Host header.
            headers.remove(HOST);
            let absolute = format!("{}://{}/", self.scheme, self.authority);
            *request.uri_mut() = absolute.parse().unwrap();
        }
        *request.headers_mut() = headers;
        request
    }

    /// Waits until the server has ended the connection.
    pub(crate) async fn ended(self) {
        self.driver.await.unwrap();
    }

    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> hyper::Result<http::Response<Incoming>> {
        match &mut self.sender {
            Sender::One(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Sender::Two(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }
}

fn drive(connection: impl Future<Output = hyper::Result<()>> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(async {
        // How a connection ends is told to those who wait for replies.
        let _ended = connection.await;
    })
}

/// The status, and the body as JSON.
pub(crate) async fn answered(response: http::Response<Incoming>) -> (StatusCode, Value) {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let value = serde_json::from_slice(&body).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&body));
    });
    (parts.status, value)
}
