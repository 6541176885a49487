//! The canonical request and the string to sign.

use http::HeaderMap;
use strongroom_base::hex;
use strongroom_crypto::digest::sha256;

use super::{ALGORITHM, AuthFailure, Request, TERMINATOR};
use crate::uri::encode;

/// The scope of a signature: `date/region/service/aws4_request`.
pub(super) fn scope(date: &str, region: &str, service: &str) -> String {
    format!("{date}/{region}/{service}/{TERMINATOR}")
}

/// How a service makes a path canonical.
#[derive(Clone, Copy)]
pub(super) enum Paths {
    /// As every service but S3: without dot segments and empty ones, encoded once more.
    Encoded,
    /// As S3, to which every path is the key of another object: as it was sent.
    AsSent,
}

/// The string that is signed for a request.
pub(super) fn string_to_sign(
    request: &Request<'_>,
    signed_headers: &[&str],
    timestamp: &str,
    scope: &str,
    paths: Paths,
) -> Result<String, AuthFailure> {
    let canonical = canonical_request(request, signed_headers, paths)?;
    let hash = hex::encode(&sha256(&[&canonical]));
    Ok(format!("{ALGORITHM}\n{timestamp}\n{scope}\n{hash}"))
}

/// The canonical request. Header values may be any bytes, so it is not text.
pub(super) fn canonical_request(
    request: &Request<'_>,
    signed_headers: &[&str],
    paths: Paths,
) -> Result<Vec<u8>, AuthFailure> {
    let path = match paths {
        Paths::Encoded => canonical_path(request.uri.path()),
        Paths::AsSent => request.uri.path().to_owned(),
    };
    let mut out = format!(
        "{}\n{path}\n{}\n",
        request.method,
        canonical_query(request.uri.query().unwrap_or_default()),
    )
    .into_bytes();
    for name in signed_headers {
        let value = header_value(request, name)
            .ok_or_else(|| AuthFailure::AbsentSignedHeader((*name).to_owned()))?;
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        out.extend_from_slice(&value);
        out.push(b'\n');
    }
    let names = signed_headers.join(";");
    let hash = hex::encode(&request.body_sha256);
    out.extend_from_slice(format!("\n{names}\n{hash}").as_bytes());
    Ok(out)
}

/// Removes dot segments and empty segments, then encodes what was sent once more: every service but
/// S3 encodes the path twice.
fn canonical_path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    let mut out = String::new();
    for segment in &segments {
        out.push('/');
        encode(segment.as_bytes(), &mut out);
    }
    if segments.is_empty() || ends_in_folder(path) {
        out.push('/');
    }
    out
}

fn ends_in_folder(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("" | "." | ".."))
}

/// Sorts the parameters by encoded name, then by encoded value.
fn canonical_query(query: &str) -> String {
    let mut parameters: Vec<(String, String)> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .map(|(name, value)| (recode(name), recode(value)))
        .collect();
    parameters.sort_unstable();
    let parameters: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parameters.join("&")
}

/// Encodes a text in the one canonical way, however it was encoded.
fn recode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    encode(&percent_decode(text.as_bytes()), &mut out);
    out
}

/// Decodes `%XX`; a percent sign that starts none stays.
fn percent_decode(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    while let [first, rest @ ..] = bytes {
        let escaped = match bytes {
            [b'%', high, low, after @ ..] => hex_pair(*high, *low).map(|decoded| (decoded, after)),
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((*first, rest));
        out.push(byte);
        bytes = after;
    }
    out
}

fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

/// The canonical value of a header: each value trimmed and its inner spaces collapsed, all joined by
/// commas.
fn header_value(request: &Request<'_>, name: &str) -> Option<Vec<u8>> {
    let values: Vec<Vec<u8>> = header_values(request.headers, name);
    if !values.is_empty() {
        return Some(values.join(&b','));
    }
    let authority = request.uri.authority().filter(|_| name == "host")?;
    Some(authority.as_str().as_bytes().to_vec())
}

fn header_values(headers: &HeaderMap, name: &str) -> Vec<Vec<u8>> {
    headers
        .get_all(name)
        .iter()
        .map(|value| collapse_spaces(value.as_bytes()))
        .collect()
}

fn collapse_spaces(value: &[u8]) -> Vec<u8> {
    let words: Vec<&[u8]> = value
        .split(|byte| matches!(byte, b' ' | b'\t'))
        .filter(|word| !word.is_empty())
        .collect();
    words.join(&b' ')
}
