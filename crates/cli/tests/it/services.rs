//! Services on sockets of their own: what they may say there, they cannot say anywhere else.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use strongroom_testkit::{Client, Server};

use crate::{program, scratch};

const ACCOUNT: &str = "000000000000";
const S3: &str = "s3.amazonaws.com";
const BUCKET: &str = "arn:aws:s3:::logs";
const TABLE: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/logs";

fn server(data: &Path) -> (Server, PathBuf) {
    let server = Server::dev_with(&program(), data, &["--service", "s3.amazonaws.com=s3.sock"]);
    (server, data.join("s3.sock"))
}

/// A key whose policy has `statement` beside the account's own.
fn key_with(client: &mut Client, statement: &Value) -> String {
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"},
        statement,
    ]});
    let made = client.ok("CreateKey", &json!({"Policy": policy.to_string()}));
    made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
}

/// Calls as the service itself: nothing is signed.
fn as_service(
    client: &mut Client,
    authorization: &str,
    headers: &[(&str, &str)],
    operation: &str,
    input: &Value,
) -> (u16, Value) {
    let body = input.to_string();
    let mut request = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-amz-json-1.1\r\nx-amz-target: TrentService.{operation}\r\nauthorization: {authorization}\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("\r\n{body}"));
    let reply = client.send(request.as_bytes()).unwrap();
    (reply.status, reply.json())
}

fn own(account: &str) -> String {
    format!("Strongroom-Service Region=us-east-1, Account={account}")
}

#[test]
fn via_service_is_what_the_socket_says() {
    let (_folder, data) = scratch();
    let (server, socket) = server(&data);
    let only_s3 = json!({"Sid": "s3", "Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*",
        "Condition": {"StringNotEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}});
    let only_logs = json!({"Sid": "logs", "Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:SourceArn": BUCKET}}});
    let only_direct = json!({"Sid": "direct", "Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*",
        "Condition": {"Bool": {"aws:ViaAWSService": "true"}}});
    let no_address = json!({"Sid": "address", "Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*",
        "Condition": {"Null": {"aws:SourceIp": "true"}}});
    for (statement, by_socket, with_source, by_tcp) in [
        (only_s3, 200, 200, 400),
        (only_logs, 400, 200, 400),
        (only_direct, 400, 400, 200),
        (no_address, 400, 400, 200),
    ] {
        let key = key_with(&mut server.client(), &statement);
        let input = json!({"KeyId": key, "Plaintext": "QUJD"});
        let sourced = |client: Client| client.with_header("x-amz-source-arn", BUCKET);
        for (mut client, expected) in [
            (server.client().through(&socket), by_socket),
            (sourced(server.client().through(&socket)), with_source),
            (server.client(), by_tcp),
            (sourced(server.client()), by_tcp),
        ] {
            let (status, reply) = client.call("Encrypt", &input);
            assert_eq!(status, expected, "{statement}: {reply}");
        }
    }
}

#[test]
fn a_managed_key_is_used_through_its_service_only() {
    let (_folder, data) = scratch();
    let (server, socket) = server(&data);
    let mut through = server.client().through(&socket);
    let s3 = json!({"KeyId": "alias/aws/s3", "Plaintext": "QUJD"});
    let sealed = through.ok("Encrypt", &s3);
    let input = json!({"CiphertextBlob": sealed["CiphertextBlob"]});
    assert_eq!(through.ok("Decrypt", &input)["Plaintext"], "QUJD");
    let stranger = server.client_as("111122223333", "test").through(&socket);
    for (mut client, operation, input) in [
        (server.client(), "Decrypt", &input),
        (server.client(), "Encrypt", &s3),
        (stranger, "Decrypt", &input),
        (
            server.client().through(&socket),
            "Encrypt",
            &json!({"KeyId": "alias/aws/sqs", "Plaintext": "QUJD"}),
        ),
        (
            server.client().through(&socket),
            "DisableKey",
            &json!({"KeyId": sealed["KeyId"]}),
        ),
    ] {
        let (status, reply) = client.call(operation, input);
        assert_eq!(
            (status, reply["__type"].as_str()),
            (400, Some("AccessDeniedException"))
        );
    }
}

#[test]
fn a_service_calls_for_itself_on_its_socket_only() {
    let (_folder, data) = scratch();
    let (server, socket) = server(&data);
    let statement = json!({"Effect": "Allow", "Principal": {"Service": S3}, "Action": "kms:Encrypt", "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT, "kms:CallerAccount": ACCOUNT}}});
    let key = key_with(&mut server.client(), &statement);
    let input = json!({"KeyId": key, "Plaintext": "QUJD"});
    let source = ("x-amz-source-account", ACCOUNT);
    let denied = (400, Some("AccessDeniedException"));
    let unsigned = (400, Some("IncompleteSignatureException"));
    let missing = (400, Some("MissingAuthenticationTokenException"));
    for (mut client, authorization, headers, operation, expected) in [
        (
            server.client().through(&socket),
            own(ACCOUNT),
            vec![source],
            "Encrypt",
            (200, None),
        ),
        (
            server.client().through(&socket),
            own(ACCOUNT),
            vec![],
            "Encrypt",
            denied,
        ),
        (
            server.client().through(&socket),
            own("111122223333"),
            vec![source],
            "Encrypt",
            denied,
        ),
        (
            server.client().through(&socket),
            own(ACCOUNT),
            vec![source],
            "DisableKey",
            denied,
        ),
        (
            server.client().through(&socket),
            own("1"),
            vec![source],
            "Encrypt",
            unsigned,
        ),
        (
            server.client().through(&socket),
            own(ACCOUNT),
            vec![("x-amz-source-arn", "logs")],
            "Encrypt",
            unsigned,
        ),
        (
            server.client().through(&socket),
            "Other".to_owned(),
            vec![source],
            "Encrypt",
            missing,
        ),
        (
            server.client(),
            own(ACCOUNT),
            vec![source],
            "Encrypt",
            missing,
        ),
    ] {
        let (status, reply) = as_service(&mut client, &authorization, &headers, operation, &input);
        let found = (status, reply["__type"].as_str());
        assert_eq!(
            found, expected,
            "{authorization} {headers:?} {operation}: {reply}"
        );
    }
    let list = ["audit", "list", "--data", &data.display().to_string()];
    let log = program().run(list).succeeded();
    assert!(
        log.lines()
            .any(|line| line.contains("Encrypt") && line.contains(S3)),
        "{log}"
    );
}

#[test]
fn a_grant_to_a_service_is_used_for_its_resource_only() {
    let (_folder, data) = scratch();
    let (server, socket) = server(&data);
    let mut client = server.client();
    let key = client.create_key();
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let grant = json!({"KeyId": key, "GranteeServicePrincipal": S3, "RetiringPrincipal": root,
        "Operations": ["Encrypt"], "Constraints": {"SourceArn": TABLE}});
    client.ok("CreateGrant", &grant);
    let input = json!({"KeyId": key, "Plaintext": "QUJD"});
    let other = "arn:aws:dynamodb:us-east-1:000000000000:table/other";
    for (source, expected) in [(Some(TABLE), 200), (Some(other), 400), (None, 400)] {
        let headers: Vec<(&str, &str)> = source
            .map(|arn| ("x-amz-source-arn", arn))
            .into_iter()
            .collect();
        let mut through = server.client().through(&socket);
        let (status, reply) = as_service(&mut through, &own(ACCOUNT), &headers, "Encrypt", &input);
        assert_eq!(status, expected, "{source:?}: {reply}");
    }
}

#[test]
fn a_socket_that_others_could_open_is_not_served() {
    let (folder, data) = scratch();
    let open = folder.path().join("open");
    std::fs::create_dir(&open).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&open, mode).unwrap();
    let service = format!("{S3}={}", open.join("s3.sock").display());
    let ending = Server::try_dev_with(&program(), &data, &["--service", &service])
        .err()
        .unwrap();
    assert!(ending.stderr.contains("and mode 0700"), "{}", ending.stderr);
}
