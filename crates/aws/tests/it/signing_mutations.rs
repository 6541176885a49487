//! A signature covers every byte that decides: no changed request is accepted, and each refusal says
//! why in AWS's words.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use proptest::prelude::*;
use strongroom_aws::sigv4::{AuthFailure, Claim, Credentials, Expected, Request, SigningKey, sign};
use strongroom_crypto::digest::sha256;

/// 2025-01-01T00:10:00Z
const NOW: i64 = 1_735_690_200;
const SECRET: &[u8] = b"secret";

#[derive(Clone)]
struct Message {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Message {
    fn signed() -> Self {
        let mut message = Self {
            method: Method::POST,
            uri: Uri::from_static("/path?a=b&c=%20d"),
            headers: HeaderMap::new(),
            body: br#"{"KeyId":"alias/x"}"#.to_vec(),
        };
        for (name, value) in [
            ("host", "localhost:4599"),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "TrentService.DescribeKey"),
        ] {
            message
                .headers
                .insert(name, HeaderValue::from_static(value));
        }
        message.sign(("eu-west-1", "kms"), NOW);
        message
    }

    fn sign(&mut self, scope: (&str, &str), now: i64) {
        let credentials = Credentials {
            access_key_id: "AKIAEXAMPLE",
            secret_access_key: SECRET,
            session_token: Some("token"),
        };
        let hash = sha256(&[&self.body]);
        let (method, uri) = (&self.method, &self.uri);
        sign(
            method,
            uri,
            &mut self.headers,
            hash,
            &credentials,
            scope,
            now,
        )
        .unwrap();
    }

    fn verify(&self) -> Result<(), AuthFailure> {
        let request = Request {
            method: &self.method,
            uri: &self.uri,
            headers: &self.headers,
            body_sha256: sha256(&[&self.body]),
        };
        let expected = Expected {
            services: &["kms"],
            region: &|region| region.as_str() != "us-west-9",
        };
        let claim = Claim::parse(&request, &expected, NOW)?;
        let (date, region) = (&claim.date, claim.region.as_str());
        // The key is looked up by access key and token.
        if claim.access_key_id != "AKIAEXAMPLE" || claim.session_token.as_deref() != Some("token") {
            return Err(AuthFailure::UnknownAccessKey);
        }
        claim.verify(&SigningKey::derive(SECRET, date, region, &claim.service))
    }

    fn authorization(&self) -> String {
        self.headers["authorization"].to_str().unwrap().to_owned()
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }
}

/// Every text that differs from `text` in one bit.
fn flipped(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let bits = (0..text.len()).flat_map(|index| (0..8).map(move |bit| (index, bit)));
    bits.map(|(index, bit)| {
        let mut changed = text.to_vec();
        changed[index] ^= 1 << bit;
        changed
    })
}

fn refused(message: &Message, what: &[u8]) {
    assert!(message.verify().is_err(), "{}", what.escape_ascii());
}

#[test]
fn the_signed_request_is_accepted() {
    assert_eq!(Message::signed().verify(), Ok(()));
}

#[test]
fn every_changed_bit_is_refused() {
    let signed = Message::signed();
    for body in flipped(&signed.body) {
        let changed = Message {
            body,
            ..signed.clone()
        };
        refused(&changed, &changed.body);
    }
    for method in flipped(b"POST") {
        let Ok(method) = Method::from_bytes(&method) else {
            continue;
        };
        refused(
            &Message {
                method,
                ..signed.clone()
            },
            b"method",
        );
    }
    for target in flipped(signed.uri.to_string().as_bytes()) {
        let Ok(uri) = Uri::try_from(target.as_slice()) else {
            continue;
        };
        // A fragment is cut off: the same request.
        if uri.to_string() == signed.uri.to_string() {
            continue;
        }
        refused(
            &Message {
                uri,
                ..signed.clone()
            },
            &target,
        );
    }
    let names: Vec<HeaderName> = signed.headers.keys().cloned().collect();
    for name in &names {
        for value in flipped(signed.headers[name].as_bytes()) {
            let Ok(header) = HeaderValue::from_bytes(&value) else {
                continue;
            };
            let mut changed = signed.clone();
            changed.headers.insert(name, header);
            refused(&changed, &value);
        }
        let mut changed = signed.clone();
        changed.headers.remove(name);
        refused(&changed, name.as_str().as_bytes());
    }
}

fn check(message: &Message, code: &str, text: &str) {
    let failure = message.verify().unwrap_err();
    assert_eq!(
        (failure.json().code, failure.message().as_str()),
        (code, text)
    );
}

const INVALID: &str = "InvalidSignatureException";
const INCOMPLETE: &str = "IncompleteSignatureException";
const MISSING: &str = "MissingAuthenticationTokenException";

#[test]
fn refusals_use_the_words_of_aws() {
    let signed = Message::signed();
    let mut late = signed.clone();
    late.sign(("eu-west-1", "kms"), NOW - 301);
    check(
        &late,
        INVALID,
        "Signature expired: 20250101T000459Z is now earlier than 20250101T000500Z (20250101T001000Z - 5 min.)",
    );
    let mut early = signed.clone();
    early.sign(("eu-west-1", "kms"), NOW + 301);
    check(
        &early,
        INVALID,
        "Signature not yet current: 20250101T001501Z is still later than 20250101T001500Z (20250101T001000Z + 5 min.)",
    );
    for edge in [NOW - 300, NOW + 300] {
        let mut message = signed.clone();
        message.sign(("eu-west-1", "kms"), edge);
        assert_eq!(message.verify(), Ok(()));
    }
    let mut elsewhere = signed.clone();
    elsewhere.sign(("us-west-9", "kms"), NOW);
    check(
        &elsewhere,
        INVALID,
        "Credential should be scoped to a valid region, not 'us-west-9'.",
    );
    let mut other = signed.clone();
    other.sign(("eu-west-1", "sts"), NOW);
    check(
        &other,
        INVALID,
        "Credential should be scoped to correct service: 'kms'.",
    );
    let header = signed.authorization();
    let altered = |from: &str, to: &str| {
        signed
            .clone()
            .with("authorization", &header.replace(from, to))
    };
    check(
        &altered("/20250101/", "/20250102/"),
        INVALID,
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20250102' != '20250101', from '20250101T001000Z'.",
    );
    check(
        &altered("aws4_request", "x"),
        INVALID,
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'x'.",
    );
    check(
        &altered("host;", ""),
        INVALID,
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    );
    check(
        &altered(";x-amz-target", ""),
        INVALID,
        "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.",
    );
}

#[test]
fn malformed_headers_are_refused() {
    let signed = Message::signed();
    let with = |header: &str| signed.clone().with("authorization", header);
    check(
        &with("AWS4-HMAC-SHA256"),
        INCOMPLETE,
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256",
    );
    check(
        &with("AWS4-HMAC-SHA256 Credential=a/b/c/d/e, X"),
        INCOMPLETE,
        "'X' not a valid key=value pair (missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256 Credential=a/b/c/d/e, X'.",
    );
    check(
        &with("AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0"),
        INCOMPLETE,
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c'",
    );
    for header in ["Bearer x", "Basic eDp5"] {
        check(
            &with(header),
            MISSING,
            "Request is missing Authentication Token",
        );
    }
    let mut unsigned = signed.clone();
    unsigned.headers.remove("authorization");
    unsigned.uri = Uri::from_static("/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0");
    check(
        &unsigned,
        MISSING,
        "Request is missing Authentication Token",
    );
}

#[test]
fn duplicated_deciding_headers_are_refused() {
    let signed = Message::signed();
    let names: Vec<HeaderName> = signed.headers.keys().cloned().collect();
    for name in names {
        let mut message = signed.clone();
        message.headers.append(&name, signed.headers[&name].clone());
        let expected = AuthFailure::DuplicatedHeader(name.to_string());
        assert_eq!(message.verify(), Err(expected));
    }
}

/// Whoever is on the way can add what was not signed; it must not decide.
#[test]
fn a_deciding_header_that_was_added_later_is_refused() {
    for name in ["x-amz-target", "x-amz-security-token", "x-amz-other"] {
        let mut message = Message::signed();
        let value = message.headers.remove(name);
        let value = value.unwrap_or_else(|| HeaderValue::from_static("v"));
        let credentials = Credentials {
            access_key_id: "AKIAEXAMPLE",
            secret_access_key: SECRET,
            session_token: None,
        };
        let hash = sha256(&[&message.body]);
        let (method, uri) = (&message.method, &message.uri);
        let (headers, scope) = (&mut message.headers, ("eu-west-1", "kms"));
        sign(method, uri, headers, hash, &credentials, scope, NOW).unwrap();
        message.headers.insert(name, value);
        let expected = AuthFailure::UnsignedHeader(name.to_owned());
        assert_eq!(message.verify(), Err(expected));
    }
}

/// One request has one list of signed headers: in lower case, in order, each once.
#[test]
fn signed_headers_have_one_order_and_case() {
    let signed = Message::signed();
    let header = signed.authorization();
    for (from, to) in [
        ("content-type;host", "host;content-type"),
        ("host;", "host;host;"),
        ("host;", "Host;"),
        ("content-type;", "content-Type;"),
        ("host;", "host;;"),
    ] {
        let message = signed
            .clone()
            .with("authorization", &header.replacen(from, to, 1));
        let expected = Err(AuthFailure::UnorderedSignedHeaders);
        assert_eq!(message.verify(), expected, "{to}");
    }
}

#[test]
fn payloads_must_be_signed() {
    for hash in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", ""] {
        let mut message = Message::signed().with("x-amz-content-sha256", hash);
        message.sign(("eu-west-1", "kms"), NOW);
        assert_eq!(message.verify(), Err(AuthFailure::ContentHash));
    }
}

#[test]
fn the_authority_stands_for_the_host_over_http2() {
    let mut message = Message::signed();
    let host = message.headers.remove("host").unwrap();
    let target = format!("http://{}{}", host.to_str().unwrap(), message.uri);
    message.uri = target.parse().unwrap();
    assert_eq!(message.verify(), Ok(()));
    let both = message.clone().with("host", host.to_str().unwrap());
    assert_eq!(both.verify(), Ok(()));
    let differing = message.with("host", "elsewhere");
    assert_eq!(
        differing.verify(),
        Err(AuthFailure::DuplicatedHeader("host".into()))
    );
}

#[test]
fn the_date_header_serves_without_x_amz_date() {
    let sign_with = |date: &str| {
        let mut message = Message::signed().with("date", date);
        message.sign(("eu-west-1", "kms"), NOW);
        message
    };
    // X-Amz-Date is removed after signing: the date is read, and the header missed.
    let mut message = sign_with("Wed, 01 Jan 2025 00:10:00 GMT");
    message.headers.remove("x-amz-date");
    let absent = AuthFailure::AbsentSignedHeader("x-amz-date".into());
    assert_eq!(message.verify(), Err(absent));
    let mut message = sign_with("yesterday");
    message.headers.remove("x-amz-date");
    check(
        &message,
        INCOMPLETE,
        "Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601",
    );
}

proptest! {
    #[test]
    fn no_header_panics(header in r"(AWS4-HMAC-SHA256 )?[A-Za-z=,/; 0-9\-_]{0,80}") {
        let _ = Message::signed().with("authorization", &header).verify();
    }

    #[test]
    fn no_date_panics(date in r"[0-9TZ]{0,17}|[A-Za-z]{3}, [0-9A-Za-z: ]{0,30}") {
        let mut message = Message::signed().with("date", &date);
        let _ = message.verify();
        message = message.with("x-amz-date", &date);
        let _ = message.verify();
    }
}
