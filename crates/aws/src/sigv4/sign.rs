//! Signing a request, as clients do.

use http::header::{AUTHORIZATION, InvalidHeaderValue};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use strongroom_base::hex;

use super::canonical::Paths;
use super::{ALGORITHM, AuthFailure, Request, SigningKey, canonical, date};

/// The service whose paths are signed as they are sent. It wants `x-amz-content-sha256` among the headers, too.
pub const S3: &str = "s3";

/// Who signs.
pub struct Credentials<'a> {
    /// The access key id.
    pub access_key_id: &'a str,
    /// The secret access key.
    pub secret_access_key: &'a [u8],
    /// The token of a session.
    pub session_token: Option<&'a str>,
}

/// Adds `x-amz-date`, `x-amz-security-token` and `authorization` to `headers`, and signs all of them.
/// The Host header must be there. Fails when a header cannot be written.
pub fn sign(
    method: &Method,
    uri: &Uri,
    headers: &mut HeaderMap,
    body_sha256: [u8; 32],
    credentials: &Credentials<'_>,
    (region, service): (&str, &str),
    now: i64,
) -> Result<(), AuthFailure> {
    let timestamp = date::format_basic(now);
    insert(headers, "x-amz-date", &timestamp)?;
    if let Some(token) = credentials.session_token {
        insert(headers, "x-amz-security-token", token)?;
    }
    headers.remove(AUTHORIZATION);

    let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    let request = Request {
        method,
        uri,
        headers,
        body_sha256,
    };
    let day = timestamp.get(..8).unwrap_or_default();
    let scope = canonical::scope(day, region, service);
    let paths = match service {
        S3 => Paths::AsSent,
        _ => Paths::Encoded,
    };
    let string_to_sign = canonical::string_to_sign(&request, &names, &timestamp, &scope, paths)?;
    let key = SigningKey::derive(credentials.secret_access_key, day, region, service);
    let header = format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={}",
        credentials.access_key_id,
        names.join(";"),
        hex::encode(key.sign(&string_to_sign).expose()),
    );
    insert(headers, AUTHORIZATION.as_str(), &header)
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) -> Result<(), AuthFailure> {
    let value = HeaderValue::from_str(value)
        .map_err(|error: InvalidHeaderValue| AuthFailure::Incomplete(error.to_string()))?;
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}
