//! What no honest client sends: each is refused with the exact status and text, and the server goes on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use strongroom_testkit::{Client, Reply, Request, Server};

use crate::{program, scratch};

const BODY_BYTES_MAX: usize = 1 << 20;
/// Longer than the server waits for anything.
const PATIENCE: Duration = Duration::from_secs(60);

fn common(name: &str, message: &str) -> Value {
    json!({"__type": name, "Message": message})
}

fn unknown_operation() -> Value {
    json!({"__type": "UnknownOperationException"})
}

fn not_json() -> Value {
    json!({"__type": "SerializationException"})
}

fn signature(message: &str) -> Value {
    common("InvalidSignatureException", message)
}

fn validation(message: &str) -> Value {
    common("ValidationException", message)
}

fn send(server: &Server, bytes: &[u8]) -> Reply {
    let mut client = server.client();
    client.send(bytes).expect("a reply")
}

/// A request that would succeed but for `spoil`.
fn check(server: &Server, name: &str, spoil: impl FnOnce(&mut Request), status: u16, body: &Value) {
    let mut request = Request::json(server.address(), "ListKeys", b"{}");
    spoil(&mut request);
    let reply = send(server, &request.bytes());
    assert_eq!((reply.status, &reply.json()), (status, body), "{name}");
    assert_eq!(reply.request_id().len(), 36, "{name}");
    assert!(reply.header("date").is_some(), "{name}");
    serves(server);
}

fn serves(server: &Server) {
    server.client().ok("ListKeys", &json!({}));
}

#[test]
fn signatures_that_prove_nothing() {
    const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    let check = |name: &str, spoil: &dyn Fn(&mut Request), body: Value| {
        check(&server, name, spoil, 400, &body);
    };
    let mismatch = signature(MISMATCH);
    check(
        "wrong secret",
        &|request| request.credentials.secret_access_key = "tesT".to_owned(),
        mismatch.clone(),
    );
    check(
        "unknown access key",
        &|request| request.credentials.access_key_id = "AKIAIOSFODNN7EXAMPLE".to_owned(),
        common(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
    );
    check(
        "session token",
        &|request| request.set("x-amz-security-token", "x"),
        common(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
    );
    check(
        "unsigned header",
        &|request| {
            request
                .unsigned
                .push(("x-amz-extra".to_owned(), "1".to_owned()))
        },
        signature("'x-amz-extra' must be a 'SignedHeader' in the AWS Authorization."),
    );
    check(
        "Region",
        &|request| request.scope.0 = "nowhere".to_owned(),
        signature("Credential should be scoped to a valid region, not 'nowhere'."),
    );
    check(
        "service",
        &|request| request.scope.1 = "s3".to_owned(),
        signature("Credential should be scoped to correct service: 'kms'."),
    );
    check(
        "content hash",
        &|request| request.set("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        signature("The provided 'x-amz-content-sha256' header does not match what was computed."),
    );
    for name in [
        "authorization",
        "x-amz-target",
        "x-amz-date",
        "host",
        "content-type",
    ] {
        check(
            name,
            &|request| request.unsigned.push((name.to_owned(), "x".to_owned())),
            common(
                "MalformedHttpRequestException",
                &format!("The request has the header '{name}' more than once."),
            ),
        );
    }
}

#[test]
fn times_that_are_not_now() {
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    for (ahead, head, tail) in [
        (-310, "Signature expired: ", " - 5 min.)"),
        (-86_400, "Signature expired: ", " - 5 min.)"),
        (310, "Signature not yet current: ", " + 5 min.)"),
    ] {
        let mut request = Request::json(server.address(), "ListKeys", b"{}");
        request.ahead_seconds = ahead;
        let reply = send(&server, &request.bytes());
        let message = reply.message();
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (400, "InvalidSignatureException")
        );
        assert!(
            message.starts_with(head) && message.ends_with(tail),
            "{message}"
        );
    }
    for ahead in [-280, 280] {
        let mut request = Request::json(server.address(), "ListKeys", b"{}");
        request.ahead_seconds = ahead;
        assert_eq!(send(&server, &request.bytes()).status, 200);
    }
}

#[test]
fn requests_without_a_signature() {
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    let missing = common(
        "MissingAuthenticationTokenException",
        "Request is missing Authentication Token",
    );
    let presigned = "POST /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20260101%2Fus-east-1%2Fkms%2Faws4_request&X-Amz-Signature=00";
    for head in ["POST /", "GET /", "DELETE /any/path", presigned] {
        let text = format!(
            "{head} HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-amz-json-1.1\r\nx-amz-target: TrentService.ListKeys\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        let reply = send(&server, text.as_bytes());
        assert_eq!(
            (reply.status, reply.json()),
            (400, missing.clone()),
            "{head}"
        );
    }
    let text = "POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 43\r\n\r\nAction=GetCallerIdentity&Version=2011-06-15";
    let reply = send(&server, text.as_bytes());
    assert_eq!(reply.status, 403);
    assert!(reply.text().contains("<Code>MissingAuthenticationToken</Code><Message>Request is missing Authentication Token</Message>"), "{}", reply.text());
    serves(&server);
}

#[test]
fn operations_that_are_none() {
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    let check = |name: &str, spoil: &dyn Fn(&mut Request)| {
        check(&server, name, spoil, 400, &unknown_operation());
    };
    for target in [
        "TrentService.NoSuchOperation",
        "TrentService.listKeys",
        "TrentService.",
        "ListKeys",
        "Trent.ListKeys",
        "TrentServiceXListKeys",
        "TrentService.GetCallerIdentity",
    ] {
        check(target, &|request| request.set("x-amz-target", target));
    }
    check("no target", &|request| request.set("x-amz-target", ""));
    for content_type in [
        "",
        "text/plain",
        "application/json",
        "application/x-amz-json-1.0",
    ] {
        check(content_type, &|request| {
            request.set("content-type", content_type)
        });
    }
    check("GET", &|request| request.method = Method::GET);
    check("PUT", &|request| request.method = Method::PUT);
    check("path", &|request| request.target = "/kms".to_owned());
}

#[test]
fn bodies_that_are_not_json() {
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    let deep = |depth: usize| format!("{}{}", "{\"a\":".repeat(depth - 1) + "{", "}".repeat(depth));
    let many = format!("{{\"a\":[{}0]}}", "0,".repeat(4096));
    let bodies = [
        "{\"Limit\":1,\"Limit\":2}".to_owned(),
        "{} {}".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        "{\"Limit\":1".to_owned(),
        "{\"Limit\":\"\\ud800\"}".to_owned(),
        deep(17),
        deep(100_000),
        many,
    ];
    for body in bodies {
        let spoil = |request: &mut Request| request.body = body.clone().into_bytes();
        check(
            &server,
            body.get(..40).unwrap_or(&body),
            spoil,
            400,
            &not_json(),
        );
    }
    let spoil = |request: &mut Request| request.body = b"{\"Marker\":\"\xff\"}".to_vec();
    check(&server, "not UTF-8", spoil, 400, &not_json());
    let mut request = Request::json(server.address(), "ListKeys", deep(16).as_bytes());
    assert_eq!(
        send(&server, &request.bytes()).status,
        200,
        "unknown members are ignored"
    );
    request.body.clear();
    assert_eq!(
        send(&server, &request.bytes()).status,
        200,
        "an empty body is an empty object"
    );
}

#[test]
fn members_that_are_missing_or_wrong() {
    const NULL: &str = "failed to satisfy constraint: Member must not be null";
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    let mut client = server.client();
    let key = client.create_key();
    let one = |text: &str| validation(&format!("1 validation error detected: {text}"));
    let two = validation(&format!(
        "2 validation errors detected: Value null at 'keyId' {NULL}; Value at 'plaintext' {NULL}"
    ));
    let long = strongroom_testkit::base64(&[0; 4097]);
    let cases = [
        ("Encrypt", json!({}), two),
        (
            "Encrypt",
            json!({"KeyId": key}),
            one(&format!("Value at 'plaintext' {NULL}")),
        ),
        (
            "Decrypt",
            json!({}),
            one(&format!("Value null at 'ciphertextBlob' {NULL}")),
        ),
        (
            "Encrypt",
            json!({"KeyId": key, "Plaintext": "%%%"}),
            not_json(),
        ),
        ("Encrypt", json!({"KeyId": key, "Plaintext": 1}), not_json()),
        (
            "Encrypt",
            json!({"KeyId": key, "Plaintext": ""}),
            one(
                "Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1",
            ),
        ),
        (
            "Encrypt",
            json!({"KeyId": key, "Plaintext": long}),
            one(
                "Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
            ),
        ),
        (
            "ListKeys",
            json!({"Limit": 0}),
            one(
                "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
            ),
        ),
        (
            "GenerateRandom",
            json!({}),
            validation("NumberOfBytes is required."),
        ),
        (
            "GenerateDataKey",
            json!({"KeyId": key}),
            validation("Please specify either number of bytes or key spec."),
        ),
    ];
    for (operation, input, refused) in cases {
        let (status, body) = client.call(operation, &input);
        assert_eq!(
            (status, body["__type"].clone()),
            (400, refused["__type"].clone()),
            "{operation} {input}"
        );
        if refused != not_json() {
            assert_eq!(body, refused, "{operation} {input}");
        }
    }
    serves(&server);
}

#[test]
fn messages_that_are_too_large_or_read_in_two_ways() {
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    let too_large = common(
        "RequestEntityTooLargeException",
        "The request body is longer than 1048576 bytes.",
    );
    let malformed = common(
        "MalformedHttpRequestException",
        "The HTTP request could not be read.",
    );
    let head = "POST / HTTP/1.1\r\nhost: a\r\n";

    let announced = format!("{head}content-length: {}\r\n\r\n", BODY_BYTES_MAX + 1);
    let mut body = vec![b' '; BODY_BYTES_MAX];
    let reply = send(&server, &[announced.as_bytes(), &body].concat());
    assert_eq!((reply.status, reply.json()), (413, too_large.clone()));
    // Nobody waits for a body that is too long: the announcement is enough.
    let reply = send(&server, announced.as_bytes());
    assert_eq!((reply.status, reply.json()), (413, too_large.clone()));
    // As long as may be.
    body.splice(..2, *b"{}");
    let request = Request::json(server.address(), "ListKeys", &body);
    assert_eq!(send(&server, &request.bytes()).status, 200);

    for (name, chunks) in [
        ("whole", "2\r\n{}\r\n0\r\n\r\n"),
        ("broken", "xyz\r\n{}\r\n0\r\n\r\n"),
        ("without end", "2\r\n{}"),
    ] {
        let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n{chunks}");
        let reply = send(&server, chunked.as_bytes());
        assert_eq!(
            (reply.status, reply.json()),
            (400, malformed.clone()),
            "{name}"
        );
    }
    let many: String = (0..100)
        .map(|number| format!("x-{number}: 1\r\n"))
        .collect();
    let long = format!("x-long: {}\r\n", "a".repeat(40 << 10));
    for (name, text, status) in [
        ("100 headers", format!("{head}{many}\r\n"), 431),
        ("40 KiB header", format!("{head}{long}\r\n"), 431),
        (
            "two lengths",
            format!("{head}content-length: 2\r\ncontent-length: 3\r\n\r\n{{}}"),
            400,
        ),
        (
            "negative length",
            format!("{head}content-length: -2\r\n\r\n"),
            400,
        ),
        (
            "space before colon",
            format!("{head}content-length : 2\r\n\r\n{{}}"),
            400,
        ),
        ("no HTTP", "\u{0}\u{1}\u{2}\r\n\r\n".to_owned(), 400),
    ] {
        assert_eq!(send(&server, text.as_bytes()).status, status, "{name}");
    }
    serves(&server);
}

#[test]
fn what_follows_a_message_of_two_lengths_is_not_read() {
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    let hidden = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    for framing in [
        "content-length: 7\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 7\r\n",
    ] {
        let sent = format!("POST / HTTP/1.1\r\nhost: a\r\n{framing}\r\n0\r\n\r\n{hidden}");
        let all = wait_for_the_end(&server, sent.as_bytes());
        assert_eq!(all.matches("HTTP/1.1 ").count(), 1, "{all}");
        assert!(all.contains("connection: close\r\n"), "{all}");
    }
    serves(&server);
}

/// Sends `bytes` and nothing more, and returns all that comes until the server ends the connection.
fn wait_for_the_end(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut all = Vec::new();
    stream
        .read_to_end(&mut all)
        .expect("the server ends the connection");
    String::from_utf8_lossy(&all).into_owned()
}

#[test]
fn senders_that_never_finish_are_cut_off() {
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    let slow = [
        ("nothing", "", ""),
        ("half a preface", "PRI * HT", ""),
        ("half a head", "POST / HTTP/1.1\r\nhost: a\r\n", ""),
        (
            "half a body",
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n{}",
            "{\"__type\":\"RequestTimeoutException\",\"Message\":\"The request was not received in time.\"}",
        ),
    ];
    std::thread::scope(|scope| {
        for (name, bytes, body) in slow {
            let server = &server;
            scope.spawn(move || {
                let reply = wait_for_the_end(server, bytes.as_bytes());
                assert!(reply.ends_with(body), "{name}: {reply}");
                assert_eq!(
                    reply.starts_with("HTTP/1.1 408 "),
                    !body.is_empty(),
                    "{name}: {reply}"
                );
            });
        }
    });
    serves(&server);
}

#[test]
fn forms_that_are_none() {
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    let mut client: Client = server.client();
    for (body, status, code, message) in [
        (
            "",
            400,
            "MissingAction",
            "The request is missing an action or a required parameter.",
        ),
        (
            "Version=2011-06-15",
            400,
            "MissingAction",
            "The request is missing an action or a required parameter.",
        ),
        (
            "Action=%zz",
            400,
            "MalformedInput",
            "The request body is not a valid form.",
        ),
        (
            "Action=A&Action=B",
            400,
            "MalformedInput",
            "The request body is not a valid form.",
        ),
        (
            "Action=AssumeRoot&Version=2011-06-15",
            400,
            "InvalidAction",
            "Could not find operation AssumeRoot for version 2011-06-15",
        ),
        (
            // The version says which service is meant, and the signature is for another.
            "Action=GetCallerIdentity&Version=2010-05-08",
            403,
            "SignatureDoesNotMatch",
            "Credential should be scoped to correct service: 'iam'.",
        ),
        (
            "Action=%3Ca%3E&Version=1",
            400,
            "InvalidAction",
            "Could not find operation &lt;a&gt; for version 1",
        ),
    ] {
        let reply = client.query(body);
        let error = format!("<Code>{code}</Code><Message>{message}</Message>");
        assert_eq!(reply.status, status, "{body}");
        assert!(reply.text().contains(&error), "{body}: {}", reply.text());
        assert!(reply.text().contains(reply.request_id()), "{body}");
    }
    let reply = client.query("Action=GetCallerIdentity&Version=2011-06-15");
    assert_eq!(reply.status, 200);
    assert!(reply.text().contains("<Account>000000000000</Account>"));
}
