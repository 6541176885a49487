//! A request as it goes over the wire, signed as clients sign, and then spoiled where a test wants it so.

use std::net::SocketAddr;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use strongroom_aws::sigv4;
use strongroom_crypto::digest::sha256;

use crate::wall_seconds;

/// Who signs.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
}

/// A request. Fields are changed before [`Request::bytes`] signs it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The target.
    pub target: String,
    /// Headers that are signed.
    pub headers: Vec<(String, String)>,
    /// Headers that are added when the signature is made.
    pub unsigned: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Who signs.
    pub credentials: Credentials,
    /// The Region and service of the scope.
    pub scope: (String, String),
    /// How far the clock of the client is ahead.
    pub ahead_seconds: i64,
}

impl Request {
    /// A call of a KMS operation.
    pub fn json(address: SocketAddr, operation: &str, body: &[u8]) -> Self {
        let target = format!("TrentService.{operation}");
        let mut request = Self::bare(address, "kms", body);
        request.set("content-type", "application/x-amz-json-1.1");
        request.set("x-amz-target", &target);
        request
    }

    /// A call of an STS operation.
    pub fn form(address: SocketAddr, body: &[u8]) -> Self {
        let mut request = Self::bare(address, "sts", body);
        request.set("content-type", "application/x-www-form-urlencoded");
        request
    }

    fn bare(address: SocketAddr, service: &str, body: &[u8]) -> Self {
        Self {
            method: Method::POST,
            target: "/".to_owned(),
            headers: vec![("host".to_owned(), address.to_string())],
            unsigned: Vec::new(),
            body: body.to_vec(),
            credentials: Credentials {
                access_key_id: "test".to_owned(),
                secret_access_key: "test".to_owned(),
            },
            scope: ("us-east-1".to_owned(), service.to_owned()),
            ahead_seconds: 0,
        }
    }

    /// Sets the signed header `name`, or removes it when `value` is empty.
    pub fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Head and body, signed.
    pub fn bytes(&self) -> Vec<u8> {
        let length = ("content-length".to_owned(), self.body.len().to_string());
        let signed = self.signed_headers();
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in signed.iter().chain(&self.unsigned).chain([&length]) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// The headers that are signed, with the signature.
    pub fn signed_headers(&self) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
            headers.append(name, HeaderValue::from_str(value).expect("a header value"));
        }
        sigv4::sign(
            &self.method,
            &self.target.parse::<Uri>().expect("a target"),
            &mut headers,
            sha256(&[&self.body]),
            &sigv4::Credentials {
                access_key_id: &self.credentials.access_key_id,
                secret_access_key: self.credentials.secret_access_key.as_bytes(),
                session_token: None,
            },
            (&self.scope.0, &self.scope.1),
            wall_seconds() + self.ahead_seconds,
        )
        .expect("a request that can be signed");
        let text = |value: &HeaderValue| value.to_str().expect("text").to_owned();
        headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect()
    }
}
