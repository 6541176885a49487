//! What a request claims to be, and the proof. A [`Claim`] has passed every check that needs no secret.

use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST};
use strongroom_base::hex;
use strongroom_base::id::Region;

use super::authorization::{self, Authorization, Credential};
use super::canonical::Paths;
use super::{AuthFailure, Request, SigningKey, TERMINATOR, canonical, date};
use crate::text::auth as text;

/// How far the time of a request may lie from ours, in either direction. The texts say 5 minutes.
pub const SKEW_SECONDS_MAX: i64 = 300;

const DATE: &str = "x-amz-date";
const TOKEN: &str = "x-amz-security-token";
const CONTENT_HASH: &str = "x-amz-content-sha256";

/// What a signature must be scoped to.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The signing names of the services that the request may be for.
    pub services: &'a [&'a str],
    /// Whether a Region is served.
    pub region: &'a dyn Fn(&Region) -> bool,
}

/// A request with a well-formed, timely, fully scoped signature that is not yet proven.
pub struct Claim {
    /// The access key that is said to have signed.
    pub access_key_id: String,
    /// The day of the scope, `yyyymmdd`.
    pub date: String,
    /// The Region of the scope.
    pub region: Region,
    /// The service of the scope, one of those expected.
    pub service: String,
    /// The time of the request in seconds since the epoch.
    pub timestamp: i64,
    /// The signed session token.
    pub session_token: Option<String>,
    string_to_sign: String,
    signature: Vec<u8>,
}

impl Claim {
    /// Reads the claim of a request at `now`, in seconds since the epoch.
    pub fn parse(
        request: &Request<'_>,
        expected: &Expected<'_>,
        now: i64,
    ) -> Result<Self, AuthFailure> {
        let header = authorization_header(request.headers)?;
        check_duplicates(request)?;
        let authorization = authorization::parse(header)?;
        check_signed_headers(request, &authorization.signed_headers)?;
        let timestamp = timestamp(request.headers, header)?;
        let basic = date::format_basic(timestamp);
        let region = check_scope(&authorization.credential, &basic, expected)?;
        check_time(timestamp, now)?;
        check_content_hash(request)?;
        let string_to_sign = string_to_sign(request, &authorization, &basic)?;
        let Credential {
            access_key_id,
            date,
            service,
            ..
        } = authorization.credential;
        Ok(Self {
            access_key_id: access_key_id.to_owned(),
            date: date.to_owned(),
            region,
            service: service.to_owned(),
            timestamp,
            session_token: session_token(request.headers)?,
            string_to_sign,
            signature: decode_signature(authorization.signature)?,
        })
    }

    /// Proves the claim with the key of its access key, day, Region and service, in constant time.
    pub fn verify(&self, key: &SigningKey) -> Result<(), AuthFailure> {
        if key.sign(&self.string_to_sign).matches(&self.signature) {
            Ok(())
        } else {
            Err(AuthFailure::SignatureMismatch)
        }
    }
}

fn authorization_header(headers: &HeaderMap) -> Result<&str, AuthFailure> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthFailure::MissingToken)?;
    if values.next().is_some() {
        return Err(AuthFailure::DuplicatedHeader(AUTHORIZATION.to_string()));
    }
    value.to_str().map_err(|_| AuthFailure::MissingToken)
}

// Two readers could take different values of these for the true one.
fn check_duplicates(request: &Request<'_>) -> Result<(), AuthFailure> {
    let deciding = |name: &str| {
        matches!(name, "host" | "date" | "content-type" | "content-length")
            || name.starts_with("x-amz-")
    };
    for name in request.headers.keys() {
        let name = name.as_str();
        if deciding(name) && request.headers.get_all(name).iter().count() > 1 {
            return Err(AuthFailure::DuplicatedHeader(name.to_owned()));
        }
    }
    match (request.headers.get(HOST), request.uri.authority()) {
        (Some(host), Some(authority)) if host.as_bytes() != authority.as_str().as_bytes() => {
            Err(AuthFailure::DuplicatedHeader(HOST.to_string()))
        }
        _ => Ok(()),
    }
}

fn check_signed_headers(request: &Request<'_>, signed: &[&str]) -> Result<(), AuthFailure> {
    let lower = signed
        .iter()
        .all(|name| !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase()));
    if !lower || !signed.is_sorted_by(|one, next| one < next) {
        return Err(AuthFailure::UnorderedSignedHeaders);
    }
    // Without X-Amz-Date the Date header says when the request was signed.
    let date = if request.headers.contains_key(DATE) {
        DATE
    } else {
        "date"
    };
    let present = request.headers.keys().map(|name| name.as_str());
    let deciding = present.filter(|name| name.starts_with("x-amz-") || *name == date);
    for name in std::iter::once("host").chain(deciding) {
        if !signed.contains(&name) {
            return Err(AuthFailure::UnsignedHeader(name.to_owned()));
        }
    }
    Ok(())
}

fn timestamp(headers: &HeaderMap, authorization: &str) -> Result<i64, AuthFailure> {
    let sent = headers.get(DATE).or_else(|| headers.get("date"));
    let sent = sent.ok_or_else(|| AuthFailure::Incomplete(text::missing_date(authorization)))?;
    let malformed = |sent: &str| AuthFailure::Incomplete(text::malformed_date(sent));
    let sent = sent.to_str().map_err(|_| malformed(""))?;
    let http = || date::parse_http(sent).filter(|_| !headers.contains_key(DATE));
    date::parse_basic(sent)
        .or_else(http)
        .ok_or_else(|| malformed(sent))
}

fn check_scope(
    scope: &Credential<'_>,
    timestamp: &str,
    expected: &Expected<'_>,
) -> Result<Region, AuthFailure> {
    if scope.terminator != TERMINATOR {
        let terminator = scope.terminator.to_owned();
        return Err(AuthFailure::ScopeTerminator(terminator));
    }
    if timestamp.get(..8) != Some(scope.date) {
        return Err(AuthFailure::ScopeDate {
            scope: scope.date.to_owned(),
            timestamp: timestamp.to_owned(),
        });
    }
    let region: Option<Region> = scope.region.parse().ok();
    let region = region
        .filter(|region| (expected.region)(region))
        .ok_or_else(|| AuthFailure::ScopeRegion(scope.region.to_owned()))?;
    if !expected.services.contains(&scope.service) {
        let services = expected.services.iter().map(|name| (*name).to_owned());
        return Err(AuthFailure::ScopeService(services.collect()));
    }
    Ok(region)
}

fn check_time(timestamp: i64, now: i64) -> Result<(), AuthFailure> {
    let earliest = now.saturating_sub(SKEW_SECONDS_MAX);
    let latest = now.saturating_add(SKEW_SECONDS_MAX);
    if timestamp < earliest {
        return Err(AuthFailure::Expired {
            timestamp: date::format_basic(timestamp),
            earliest: date::format_basic(earliest),
            now: date::format_basic(now),
        });
    }
    if timestamp > latest {
        return Err(AuthFailure::NotYetCurrent {
            timestamp: date::format_basic(timestamp),
            latest: date::format_basic(latest),
            now: date::format_basic(now),
        });
    }
    Ok(())
}

// Only S3 has payloads that are not signed.
fn check_content_hash(request: &Request<'_>) -> Result<(), AuthFailure> {
    let sent = request.headers.get(CONTENT_HASH);
    let computed = hex::encode(&request.body_sha256);
    match sent {
        Some(sent) if sent.as_bytes() != computed.as_bytes() => Err(AuthFailure::ContentHash),
        _ => Ok(()),
    }
}

fn session_token(headers: &HeaderMap) -> Result<Option<String>, AuthFailure> {
    headers
        .get(TOKEN)
        .map(|token| token.to_str().map(str::to_owned))
        .transpose()
        .map_err(|_| AuthFailure::UnknownAccessKey)
}

fn string_to_sign(
    request: &Request<'_>,
    authorization: &Authorization<'_>,
    timestamp: &str,
) -> Result<String, AuthFailure> {
    let Credential {
        date,
        region,
        service,
        ..
    } = authorization.credential;
    let scope = canonical::scope(date, region, service);
    let headers = &authorization.signed_headers;
    canonical::string_to_sign(request, headers, timestamp, &scope, Paths::Encoded)
}

fn decode_signature(text: &str) -> Result<Vec<u8>, AuthFailure> {
    hex::decode(text)
        .filter(|bytes| bytes.len() == 32 && hex::encode(bytes) == text)
        .ok_or(AuthFailure::SignatureMismatch)
}
