//! Delivers to an S3 endpoint: one signed PUT an object, path style, over a connection of its own. It follows no
//! redirects, and tells nobody its secret access key.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::header::{
    CONTENT_ENCODING as ENCODING_HEADER, CONTENT_LENGTH, CONTENT_TYPE as TYPE_HEADER, HOST,
};
use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use strongroom_aws::sigv4::{self, Credentials, S3};
use strongroom_aws::uri::encode;
use strongroom_base::{Clock, Secret, hex};
use strongroom_crypto::digest::sha256;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::sink::{CONTENT_ENCODING, CONTENT_TYPE, Object, Putting, Sink, SinkError};

/// How long connecting may take, TLS and all.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// How long the whole of a put may take.
const PUT_TIME_MAX: Duration = Duration::from_secs(60);
/// The longest body of an error that is read.
const ERROR_BYTES_MAX: usize = 16 * 1024;
const CONTENT_HASH: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const METADATA_PREFIX: &str = "x-amz-meta-";

/// Where to deliver to, and as whom.
pub struct S3Options {
    /// The endpoint, `http://host:port` or `https://host`; a path in it is put before the bucket.
    pub endpoint: Uri,
    /// The Region of signatures.
    pub region: String,
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret<Vec<u8>>,
    /// Whose certificates are trusted; those of the system without it.
    pub roots: Option<RootCertStore>,
    /// Tells the time of signatures.
    pub clock: Arc<dyn Clock>,
}

/// An S3 endpoint that objects are put to.
pub struct S3Sink {
    endpoint: Uri,
    address: (String, u16),
    tls: Option<(TlsConnector, ServerName<'static>)>,
    region: String,
    access_key_id: String,
    secret_access_key: Secret<Vec<u8>>,
    clock: Arc<dyn Clock>,
}

impl S3Sink {
    /// The sink at an endpoint; nothing is sent yet.
    ///
    /// # Errors
    /// When the endpoint is no http or https URL, or there are no certificates to trust.
    pub fn new(options: S3Options) -> io::Result<Self> {
        let host = options.endpoint.host().unwrap_or_default().to_owned();
        let is_tls = match options.endpoint.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(invalid("the endpoint is no http or https URL")),
        };
        if host.is_empty() || options.endpoint.query().is_some() {
            return Err(invalid("the endpoint is no http or https URL"));
        }
        let port = options.endpoint.port_u16();
        let port = port.unwrap_or(if is_tls { 443 } else { 80 });
        let host = host.trim_matches(['[', ']']).to_owned();
        let tls = match is_tls {
            true => Some(connector(options.roots, &host)?),
            false => None,
        };
        Ok(Self {
            endpoint: options.endpoint,
            address: (host, port),
            tls,
            region: options.region,
            access_key_id: options.access_key_id,
            secret_access_key: options.secret_access_key,
            clock: options.clock,
        })
    }

    async fn send(&self, object: &Object) -> Result<(), SinkError> {
        let request = self.request(object)?;
        let connecting = timeout(CONNECT_TIME_MAX, self.connect());
        let stream = connecting.await.map_err(|_| SinkError::timeout())??;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|_| SinkError::unreachable())?;
        let exchange = async {
            let answer = sender.send_request(request).await;
            judge(answer.map_err(|_| SinkError::unreachable())?).await
        };
        // The connection is driven here, so that it ends with the put.
        let drive = async {
            let _ended = connection.await;
            std::future::pending().await
        };
        tokio::select! {
            outcome = exchange => outcome,
            outcome = drive => outcome,
        }
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, SinkError> {
        let (host, port) = &self.address;
        let tcp = TcpStream::connect((host.as_str(), *port)).await;
        let tcp = tcp.map_err(|_| SinkError::unreachable())?;
        let Some((connector, name)) = &self.tls else {
            return Ok(Box::new(tcp));
        };
        match connector.connect(name.clone(), tcp).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => {
                tracing::warn!(%error, "TLS with the S3 endpoint of delivery failed");
                Err(SinkError::new("TlsFailed"))
            }
        }
    }

    fn request(&self, object: &Object) -> Result<Request<Full<bytes::Bytes>>, SinkError> {
        let path = path(&self.endpoint, object)?;
        let mut request = Request::new(Full::new(object.body.clone()));
        *request.method_mut() = Method::PUT;
        *request.uri_mut() = path;
        *request.headers_mut() = self.headers(object)?;
        let hash = sha256(&[&object.body]);
        let credentials = Credentials {
            access_key_id: &self.access_key_id,
            secret_access_key: self.secret_access_key.expose(),
            session_token: None,
        };
        let (uri, scope) = (request.uri().clone(), (self.region.as_str(), S3));
        let now = self.clock.now().seconds();
        let headers = request.headers_mut();
        sigv4::sign(&Method::PUT, &uri, headers, hash, &credentials, scope, now)
            .map_err(|_| SinkError::new("InvalidCredentials"))?;
        Ok(request)
    }

    fn headers(&self, object: &Object) -> Result<HeaderMap, SinkError> {
        let authority = self.endpoint.authority().map_or("", |one| one.as_str());
        let hash = hex::encode(&sha256(&[&object.body]));
        let mut headers = HeaderMap::new();
        headers.insert(HOST, value(authority)?);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(object.body.len()));
        headers.insert(TYPE_HEADER, HeaderValue::from_static(CONTENT_TYPE));
        headers.insert(ENCODING_HEADER, HeaderValue::from_static(CONTENT_ENCODING));
        headers.insert(CONTENT_HASH, value(&hash)?);
        for (name, text) in &object.metadata {
            let name = HeaderName::try_from(format!("{METADATA_PREFIX}{name}"));
            headers.insert(name.map_err(|_| SinkError::invalid_name())?, value(text)?);
        }
        Ok(headers)
    }
}

impl Sink for S3Sink {
    fn put<'a>(&'a self, object: &'a Object) -> Putting<'a> {
        Box::pin(async move {
            let sending = timeout(PUT_TIME_MAX, self.send(object));
            sending.await.unwrap_or_else(|_| Err(SinkError::timeout()))
        })
    }
}

/// What requests are sent over.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The certificates in the PEM file at `path`, to be trusted instead of the system's.
///
/// # Errors
/// A file that cannot be used, by its name.
pub fn roots(path: &Path) -> io::Result<RootCertStore> {
    let fault = |reason: &dyn std::fmt::Display| invalid(&format!("{}: {reason}", path.display()));
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| fault(&error))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| fault(&error))?;
        roots.add(certificate).map_err(|error| fault(&error))?;
    }
    if roots.is_empty() {
        return Err(fault(&"there is no PEM certificate in it"));
    }
    Ok(roots)
}

fn connector(
    roots: Option<RootCertStore>,
    host: &str,
) -> io::Result<(TlsConnector, ServerName<'static>)> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let roots = roots.map_or_else(system_roots, Ok)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok((TlsConnector::from(Arc::new(config)), name))
}

fn system_roots() -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(invalid(
            "the system trusts no certificates; name a file of them as ca",
        ));
    }
    Ok(roots)
}

/// `PATH/BUCKET/KEY`, every byte encoded but those that need not be; what a server might take for another path is
/// refused.
fn path(endpoint: &Uri, object: &Object) -> Result<Uri, SinkError> {
    let Object { bucket, key, .. } = object;
    let parts = std::iter::once(bucket.as_str()).chain(key.split('/'));
    let mut path = endpoint.path().trim_end_matches('/').to_owned();
    for part in parts {
        if matches!(part, "" | "." | "..") {
            return Err(SinkError::invalid_name());
        }
        path.push('/');
        encode(part.as_bytes(), &mut path);
    }
    Uri::try_from(path).map_err(|_| SinkError::invalid_name())
}

fn value(text: &str) -> Result<HeaderValue, SinkError> {
    HeaderValue::from_str(text).map_err(|_| SinkError::invalid_name())
}

async fn judge(answer: Response<Incoming>) -> Result<(), SinkError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let body = Limited::new(answer.into_body(), ERROR_BYTES_MAX).collect();
    let body = body.await.map(|body| body.to_bytes()).unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    let code = code_of(&text).map(SinkError::new);
    Err(code.unwrap_or_else(|| SinkError::new(&format!("HttpStatus{}", status.as_u16()))))
}

/// Amazon S3 API Reference, "Error Responses": the Code of the XML body.
fn code_of(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("<Code>")?;
    rest.split_once("</Code>").map(|(code, _)| code)
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

#[cfg(test)]
mod tests;
