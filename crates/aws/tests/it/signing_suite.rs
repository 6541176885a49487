//! The AWS signing test suite: we sign as it does, and accept what it signed.

use std::fs;
use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use strongroom_aws::sigv4::{AuthFailure, Claim, Credentials, Expected, Request, SigningKey, sign};
use strongroom_crypto::digest::sha256;

/// The time of every case: 2015-08-30T12:36:00Z.
const NOW: i64 = 1_440_938_160;
const SECRET: &[u8] = b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A session token added after signing: refused, since nothing proves it.
const TOKEN_UNSIGNED: &str = "post-sts-header-after";

struct Message {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/aws-signing-test-suite");
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    cases.sort();
    assert_eq!(cases.len(), 29);
    cases
}

fn read(case: &Path, file: &str) -> String {
    fs::read_to_string(case.join(file)).unwrap()
}

fn context(case: &Path) -> serde_json::Value {
    serde_json::from_str(&read(case, "context.json")).unwrap()
}

fn parse(text: &str) -> Message {
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let mut lines = head.lines();
    let mut start = lines.next().unwrap().split(' ');
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    Message {
        method: start.next().unwrap().parse().unwrap(),
        uri: Uri::try_from(start.next().unwrap().as_bytes()).unwrap(),
        headers,
        body: body.to_owned(),
    }
}

#[test]
fn signs_as_the_suite() {
    for case in cases() {
        let mut request = parse(&read(&case, "request.txt"));
        let signed = parse(&read(&case, "header-signed-request.txt"));
        let context = context(&case);
        if let Some(hash) = signed.headers.get("x-amz-content-sha256") {
            request.headers.insert("x-amz-content-sha256", hash.clone());
        }
        let token = context["credentials"]["token"].as_str();
        let credentials = Credentials {
            access_key_id: "AKIDEXAMPLE",
            secret_access_key: SECRET,
            session_token: token.filter(|_| context["omit_session_token"] != true),
        };
        sign(
            &request.method,
            &request.uri,
            &mut request.headers,
            sha256(&[request.body.as_bytes()]),
            &credentials,
            ("us-east-1", "service"),
            NOW,
        )
        .unwrap();
        let ours = request.headers.get("authorization");
        assert_eq!(
            ours,
            signed.headers.get("authorization"),
            "{}",
            case.display()
        );
    }
}

fn verify(message: &Message) -> Result<(), AuthFailure> {
    let request = Request {
        method: &message.method,
        uri: &message.uri,
        headers: &message.headers,
        body_sha256: sha256(&[message.body.as_bytes()]),
    };
    let expected = Expected {
        services: &["service"],
        region: &|_| true,
    };
    let claim = Claim::parse(&request, &expected, NOW)?;
    assert_eq!(claim.access_key_id, "AKIDEXAMPLE");
    let region = claim.region.as_str();
    claim.verify(&SigningKey::derive(
        SECRET,
        &claim.date,
        region,
        &claim.service,
    ))
}

#[test]
fn accepts_what_the_suite_signed() {
    for case in cases() {
        let message = parse(&read(&case, "header-signed-request.txt"));
        let expected = if case.ends_with(TOKEN_UNSIGNED) {
            Err(AuthFailure::UnsignedHeader("x-amz-security-token".into()))
        } else {
            Ok(())
        };
        assert_eq!(verify(&message), expected, "{}", case.display());
    }
}
