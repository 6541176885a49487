//! Results of operations, as their shapes' models lay them out. They hold what callers sent, so every text
//! is escaped.

use std::fmt::Write;

use strongroom_base::UnixMillis;

use super::{Service, escape};
use crate::json::{self, Json};
use crate::shape::{self, Kind, Model, Shape};
use crate::time::iso8601;

/// The body of the reply of `operation`. Lists are of `member`, maps of `entry` with `key` and `value`;
/// times are whole seconds in ISO 8601, blobs base64. An operation without modelled output
/// ([`shape::NoOutput`]) has no result element.
pub fn reply<S: Shape>(service: Service, operation: &str, value: &S, request_id: &str) -> String {
    let result = json::parse_written(&shape::encode(value));
    let mut out = format!("<{operation}Response xmlns=\"{}\">", service.namespace);
    if !S::MODEL.name.is_empty() {
        let name = format!("{operation}Result");
        element(&name, &mut out, |out| write(S::MODEL, &result, out));
    }
    element("ResponseMetadata", &mut out, |out| {
        element("RequestId", out, |out| out.push_str(&escape(request_id)));
    });
    let _ = write!(out, "</{operation}Response>");
    out
}

/// `text` in percent-encoding: RFC 3986 §2.3, all but unreserved characters. IAM answers with policy
/// documents in this form.
pub fn uri_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    crate::uri::encode(text.as_bytes(), &mut out);
    out
}

fn element(name: &str, out: &mut String, content: impl FnOnce(&mut String)) {
    // Writing to memory does not fail, here and above.
    let _ = write!(out, "<{name}>");
    content(out);
    let _ = write!(out, "</{name}>");
}

fn write(model: &Model, value: &Json, out: &mut String) {
    match (&model.kind, value) {
        (Kind::List(item, _), Json::Array(values)) => {
            for value in values {
                element("member", out, |out| write(item, value, out));
            }
        }
        (Kind::Map(_, item), Json::Object(entries)) => {
            for (key, value) in entries {
                element("entry", out, |out| write_entry(key, item, value, out));
            }
        }
        (Kind::Structure(members), Json::Object(_)) => {
            for member in *members {
                if let Some(value) = value.get(member.name) {
                    element(member.name, out, |out| write(member.model, value, out));
                }
            }
        }
        (Kind::Timestamp, Json::Number(literal)) => out.push_str(&time(literal)),
        (_, scalar) => write_scalar(scalar, out),
    }
}

fn write_entry(key: &str, item: &Model, value: &Json, out: &mut String) {
    element("key", out, |out| out.push_str(&escape(key)));
    element("value", out, |out| write(item, value, out));
}

fn write_scalar(scalar: &Json, out: &mut String) {
    match scalar {
        Json::Bool(value) => out.push_str(&value.to_string()),
        Json::Number(text) | Json::String(text) => out.push_str(&escape(text)),
        // No shape writes these where its model has a scalar.
        Json::Null | Json::Array(_) | Json::Object(_) => {}
    }
}

/// Seconds since the epoch as ISO 8601; empty when they lie out of all calendars.
fn time(literal: &str) -> String {
    let whole = literal.split('.').next().unwrap_or_default();
    let seconds: Option<i64> = whole.parse().ok();
    let time = seconds.map(|seconds| UnixMillis(seconds.saturating_mul(1000)));
    time.map(iso8601).unwrap_or_default()
}

#[cfg(test)]
mod tests;
