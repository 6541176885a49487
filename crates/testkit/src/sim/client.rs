//! Calls as a client sends them, and replies as it reads them: signed HTTP requests, AWS JSON and Query.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri};
use serde_json::{Value, json};
use strongroom_aws::sigv4;
use strongroom_crypto::digest::sha256;
use strongroom_kms::endpoint::{Channel, Peer, Reply, Request};

use crate::model::{Answer, Call, Operations as Op};

const IAM_VERSION: &str = "2010-05-08";
const IAM_REGION: &str = "us-east-1";

/// The request of `call`, signed at `seconds` since the epoch.
pub(super) fn request(call: &Call, seconds: i64) -> Request {
    let form = call.operation.form();
    let (service, region, body, content_type) = match &form {
        Some(form) => {
            let body = form_body(call.operation.name(), form);
            (
                "iam",
                IAM_REGION,
                body,
                "application/x-www-form-urlencoded; charset=utf-8",
            )
        }
        None => {
            let body = call.operation.json().to_string();
            (
                "kms",
                call.region.as_str(),
                body,
                "application/x-amz-json-1.1",
            )
        }
    };
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("strongroom.test"));
    headers.insert("content-type", HeaderValue::from_static(content_type));
    if form.is_none() {
        let target = format!("TrentService.{}", call.operation.name());
        headers.insert("x-amz-target", target.parse().expect("a header value"));
    }
    let (method, uri) = (Method::POST, Uri::from_static("/"));
    let credentials = sigv4::Credentials {
        access_key_id: &call.signer.access_key_id,
        secret_access_key: call.signer.secret.as_bytes(),
        session_token: None,
    };
    let digest = sha256(&[body.as_bytes()]);
    let (scope, signed) = ((region, service), &mut headers);
    sigv4::sign(&method, &uri, signed, digest, &credentials, scope, seconds)
        .expect("a request that can be signed");
    Request {
        method,
        uri,
        headers,
        body: Bytes::from(body),
        peer: Peer {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            channel: Channel::Clear,
        },
    }
}

fn form_body(action: &str, form: &[(&str, String)]) -> String {
    let mut body = format!("Action={action}&Version={IAM_VERSION}");
    for (name, value) in form {
        body.push_str(&format!("&{name}={}", encoded(value)));
    }
    body
}

fn encoded(value: &str) -> String {
    let bytes = value.bytes();
    bytes
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// What the reply to `call` says.
pub(super) fn answer(call: &Call, reply: &Reply) -> Answer {
    let text = String::from_utf8_lossy(&reply.body);
    match (reply.status.as_u16(), call.operation.is_iam()) {
        (200, false) => Answer::Success(serde_json::from_str(&text).unwrap_or_else(|_| json!({}))),
        (200, true) => Answer::Success(from_xml(&call.operation, &text)),
        (_, false) => {
            let body: Value = serde_json::from_str(&text).unwrap_or_default();
            Answer::Exception(body["__type"].as_str().unwrap_or_default().to_owned())
        }
        (_, true) => Answer::Exception(elements(&text, "Code").concat()),
    }
}

/// The members of IAM's answers that the model asks for.
fn from_xml(operation: &Op, xml: &str) -> Value {
    match operation {
        Op::CreateAccessKey(_) => json!({
            "AccessKeyId": elements(xml, "AccessKeyId").concat(),
            "SecretAccessKey": elements(xml, "SecretAccessKey").concat(),
        }),
        Op::ListAccessKeys(_) => {
            let ids = elements(xml, "AccessKeyId").into_iter();
            let keys = ids.zip(elements(xml, "Status"));
            let keys = keys.map(|(id, status)| json!({"AccessKeyId": id, "Status": status}));
            json!({ "AccessKeys": keys.collect::<Vec<_>>() })
        }
        _ => json!({}),
    }
}

fn elements(xml: &str, name: &str) -> Vec<String> {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let after = xml.split(&start).skip(1);
    after
        .filter_map(|rest| rest.split_once(&end))
        .map(|(text, _)| text.to_owned())
        .collect()
}
