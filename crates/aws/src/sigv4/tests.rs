use http::{HeaderMap, HeaderValue, Method, Uri};
use strongroom_base::hex;

use super::canonical::{Paths, canonical_request};
use super::date::{format_basic, parse_basic, parse_http};
use super::{AuthFailure, Credentials, Request, S3, SigningKey, sign};

fn canonical(target: &str, headers: &[(&'static str, &'static str)]) -> String {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_static(value));
    }
    let mut names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    names.dedup();
    let request = Request {
        method: &Method::GET,
        uri: &target.parse::<Uri>().unwrap(),
        headers: &map,
        body_sha256: [0; 32],
    };
    String::from_utf8(canonical_request(&request, &names, Paths::Encoded).unwrap()).unwrap()
}

fn check_path(target: &str, path: &str, query: &str) {
    let canonical = canonical(target, &[]);
    let mut lines = canonical.lines().skip(1);
    assert_eq!((lines.next(), lines.next()), (Some(path), Some(query)));
}

#[test]
fn paths_are_normalized_and_encoded_twice() {
    check_path("/", "/", "");
    check_path("/a/./b/../c", "/a/c", "");
    check_path("//a//", "/a/", "");
    check_path("/a/..", "/", "");
    check_path("/a/b/.", "/a/b/", "");
    check_path("/a%20b", "/a%2520b", "");
    check_path("/..", "/", "");
}

#[test]
fn queries_are_sorted_and_encoded_once() {
    check_path("/?b=2&a=1&a=0&c", "/", "a=0&a=1&b=2&c=");
    check_path("/?a=%2f&A=~+%zz", "/", "A=~%2B%25zz&a=%2F");
    check_path("/?a=b=c&&", "/", "a=b%3Dc");
}

#[test]
fn header_values_are_trimmed_collapsed_and_joined() {
    let headers = [("a", "  x   y "), ("b", "1"), ("b", " 2")];
    let zeros = hex::encode(&[0; 32]);
    let expected = format!("GET\n/\n\na:x y\nb:1,2\n\na;b\n{zeros}");
    assert_eq!(canonical("/", &headers), expected);
}

#[test]
fn a_signed_header_must_be_there() {
    let request = Request {
        method: &Method::GET,
        uri: &Uri::from_static("/"),
        headers: &HeaderMap::new(),
        body_sha256: [0; 32],
    };
    let absent = AuthFailure::AbsentSignedHeader("host".to_owned());
    let canonical = canonical_request(&request, &["host"], Paths::Encoded);
    assert_eq!(canonical, Err(absent));
}

#[test]
fn basic_times_are_strict() {
    assert_eq!(parse_basic("20150830T123600Z"), Some(1_440_938_160));
    assert_eq!(parse_basic("19700101T000000Z"), Some(0));
    assert_eq!(format_basic(1_440_938_160), "20150830T123600Z");
    for bad in [
        "",
        "20150830T123600",
        "20150830T1236000",
        "20150830 123600Z",
        "20150230T123600Z",
        "20150830T246000Z",
        "2015083 T123600Z",
        "+0150830T123600Z",
        "2015-08-30T12:36:00Z",
        "éé150830T1236Z",
    ] {
        assert_eq!(parse_basic(bad), None, "{bad}");
    }
}

#[test]
fn http_times_are_strict() {
    assert_eq!(
        parse_http("Sun, 30 Aug 2015 12:36:00 GMT"),
        Some(1_440_938_160)
    );
    for bad in [
        "",
        "Sun, 30 Aug 2015 12:36:00",
        "Sun, 30 Aug 2015 12:36:00 CET",
        "Sun, 3 Aug 2015 12:36:00 GMT",
        "Sun, 30 aug 2015 12:36:00 GMT",
        "Sun, 30 Aug 2015 12:36:00 GMT ",
    ] {
        assert_eq!(parse_http(bad), None, "{bad}");
    }
}

#[test]
fn the_key_is_the_end_of_the_chain() {
    use strongroom_crypto::hmac::HmacSha256;
    let mut key = b"AWS4secret".to_vec();
    for message in SigningKey::messages("20150830", "us-east-1", "iam") {
        key = HmacSha256::new(&key).sign(&[message]).to_vec();
    }
    let expected = HmacSha256::new(&key).sign(&[b"text"]);
    let derived = SigningKey::derive(b"secret", "20150830", "us-east-1", "iam");
    assert!(derived.sign("text").matches(&expected));
}

/// Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header", example PUT Object.
#[test]
fn paths_of_s3_are_signed_as_they_are_sent() {
    use strongroom_crypto::digest::sha256;
    let body = sha256(&[b"Welcome to Amazon S3."]);
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "examplebucket.s3.amazonaws.com"),
        ("date", "Fri, 24 May 2013 00:00:00 GMT"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let hash = HeaderValue::from_str(&hex::encode(&body)).unwrap();
    headers.insert("x-amz-content-sha256", hash);
    let credentials = Credentials {
        access_key_id: "AKIAIOSFODNN7EXAMPLE",
        secret_access_key: b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        session_token: None,
    };
    let uri = Uri::from_static("/test%24file.text");
    let scope = ("us-east-1", S3);
    let time = parse_basic("20130524T000000Z").unwrap();
    sign(
        &Method::PUT,
        &uri,
        &mut headers,
        body,
        &credentials,
        scope,
        time,
    )
    .unwrap();
    let authorization = headers["authorization"].to_str().unwrap();
    let signature = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd";
    assert!(authorization.ends_with(signature), "{authorization}");
}
