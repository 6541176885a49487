//! Every answered call leaves exactly one audit record, whatever ends the server; strangers leave none.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde_json::{Value, json};
use strongroom_audit::{Frame, LogReader, Record};
use strongroom_kms::audit_log::segments;
use strongroom_kms::service::audit_folder;
use strongroom_testkit::{Client, Server};

use crate::{program, scratch};

const ROUNDS: usize = 25;
/// What one round calls: operation, input, `__type` or nothing. `KEY` and `BLOB` stand for the round's own.
const CALLS: &[(&str, &str, &str)] = &[
    ("Encrypt", r#"{"KeyId": "KEY", "Plaintext": "QUJD"}"#, ""),
    ("Decrypt", r#"{"CiphertextBlob": "BLOB"}"#, ""),
    (
        "Decrypt",
        r#"{"CiphertextBlob": "QUJD"}"#,
        "InvalidCiphertextException",
    ),
    ("DescribeKey", r#"{"KeyId": "KEY"}"#, ""),
    (
        "DescribeKey",
        r#"{"KeyId": "nonsense"}"#,
        "NotFoundException",
    ),
    ("DescribeKey", r#"{}"#, "ValidationException"),
    ("ListKeys", r#"{}"#, ""),
    ("GenerateRandom", r#"{"NumberOfBytes": 8}"#, ""),
    (
        "GenerateRandom",
        r#"{"NumberOfBytes": 0}"#,
        "ValidationException",
    ),
    (
        "TagResource",
        r#"{"KeyId": "KEY", "Tags": [{"TagKey": "a", "TagValue": "b"}]}"#,
        "",
    ),
    (
        "TagResource",
        r#"{"KeyId": "KEY", "Tags": [{"TagKey": "aws:a", "TagValue": "b"}]}"#,
        "TagException",
    ),
    (
        "UntagResource",
        r#"{"KeyId": "KEY", "TagKeys": ["absent"]}"#,
        "",
    ),
    (
        "CreateAlias",
        r#"{"AliasName": "alias/once", "TargetKeyId": "KEY"}"#,
        "AlreadyExistsException",
    ),
    ("DisableKey", r#"{"KeyId": "KEY"}"#, ""),
    (
        "Encrypt",
        r#"{"KeyId": "KEY", "Plaintext": "QUJD"}"#,
        "DisabledException",
    ),
    ("EnableKey", r#"{"KeyId": "KEY"}"#, ""),
    (
        "DescribeKey",
        r#"{"KeyId": "arn:aws:kms:us-east-1:999999999999:key/00000000-0000-4000-8000-000000000000"}"#,
        "AccessDeniedException",
    ),
    (
        "ScheduleKeyDeletion",
        r#"{"KeyId": "KEY", "PendingWindowInDays": 7}"#,
        "",
    ),
    (
        "ScheduleKeyDeletion",
        r#"{"KeyId": "KEY"}"#,
        "KMSInvalidStateException",
    ),
];

/// Request ids and the operation and outcome that each record must tell of.
type Answered = BTreeMap<String, (String, String)>;

fn call(
    client: &mut Client,
    answered: &mut Answered,
    operation: &str,
    input: &Value,
) -> (String, Value) {
    let reply = client.reply(operation, input);
    let error = reply.error();
    let outcome = if error.is_empty() { "Success" } else { &error };
    let told = (operation.to_owned(), outcome.to_owned());
    let repeated = answered.insert(reply.request_id().to_owned(), told);
    assert_eq!(repeated, None);
    (error, reply.json())
}

fn round(client: &mut Client, answered: &mut Answered) {
    let (_, made) = call(client, answered, "CreateKey", &json!({}));
    let key = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    let input = json!({"KeyId": key, "Plaintext": "QUJD"});
    let (_, sealed) = call(client, answered, "Encrypt", &input);
    let blob = sealed["CiphertextBlob"].as_str().unwrap();
    for (operation, input, error) in CALLS {
        let input = input.replace("KEY", &key).replace("BLOB", blob);
        let input = serde_json::from_str(&input).unwrap();
        assert_eq!(
            call(client, answered, operation, &input).0,
            *error,
            "{operation} {input}"
        );
    }
}

/// Calls that are never authenticated.
fn strangers(server: &Server) {
    let mut unknown = server.client_as("AKIAUNKNOWN", "test");
    let mut wrong = server.client_as("test", "wrong");
    for client in [&mut unknown, &mut wrong] {
        assert_eq!(client.call("ListKeys", &json!({})).0, 400);
        assert_eq!(
            client
                .query("Action=GetCallerIdentity&Version=2011-06-15")
                .status,
            403
        );
    }
    let mut client = server.client();
    for token in ["nonsense", "eyJhbGciOiJub25lIn0.e30."] {
        let reply = client.send(by_token(token).as_bytes()).unwrap();
        assert_eq!(reply.status, 400, "{}", reply.text());
    }
}

/// A request of somebody who has nothing but a token.
fn by_token(token: &str) -> String {
    let role = "arn:aws:iam::000000000000:role/r";
    let body = format!(
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=s1&RoleArn={role}&WebIdentityToken={token}"
    );
    let length = body.len();
    format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// Every record of the log, also those that stand twice.
fn records(data: &Path) -> Vec<Record> {
    let segments = segments(&audit_folder(data)).unwrap().into_iter();
    segments
        .flat_map(|(_, path)| LogReader::new(BufReader::new(File::open(path).unwrap())))
        .map_while(Result::ok)
        .filter(Frame::is_record)
        .map(|frame| Record::decode(&frame.payload).unwrap())
        .collect()
}

fn check(data: &Path, answered: &Answered) {
    let mut records = records(data);
    let ids: BTreeSet<String> = records
        .iter()
        .map(|record| record.event_id.clone())
        .collect();
    let path = data.display().to_string();
    program()
        .run(["audit", "verify", "--data", &path])
        .succeeded();
    let listed = program()
        .run(["audit", "list", "--data", &path])
        .succeeded();
    let first_words = listed.lines().filter_map(|line| line.split(' ').next());
    let listed: Vec<String> = first_words.map(str::to_owned).collect();
    assert_eq!(listed.len(), ids.len());
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), ids);

    records.sort_by(|one, next| one.event_id.cmp(&next.event_id));
    records.dedup_by(|one, next| one.event_id == next.event_id);
    let mut told = Answered::new();
    for record in records {
        let what = (record.operation, record.outcome.to_string());
        let repeated = told.insert(record.request_id, what);
        assert_eq!(repeated, None, "two records of one call");
    }
    assert_eq!(told, *answered);
}

#[test]
fn every_reply_has_one_record_after_an_orderly_end_and_after_a_kill() {
    let (_folder, data) = scratch();
    let mut server = Server::dev(&program(), &data);
    let mut answered = Answered::new();
    let mut client = server.client();
    round_zero(&mut client, &mut answered);
    for _ in 0..ROUNDS {
        round(&mut client, &mut answered);
    }
    strangers(&server);
    assert!(server.terminate().success());
    check(&data, &answered);
    let orderly = answered.len();

    for _ in 0..3 {
        server.restart();
        let mut client = server.client();
        for _ in 0..5 {
            round(&mut client, &mut answered);
        }
        // Mutations last: their records are still in the outbox.
        for _ in 0..10 {
            call(&mut client, &mut answered, "CreateKey", &json!({}));
        }
        server.kill();
    }
    server.restart();
    assert!(server.terminate().success());
    check(&data, &answered);
    println!(
        "audit: {orderly} replies before SIGTERM, {} after 3 kills, one record each",
        answered.len()
    );
}

/// The alias that every round finds taken, and a call of the other service.
fn round_zero(client: &mut Client, answered: &mut Answered) {
    let (_, made) = call(client, answered, "CreateKey", &json!({}));
    let alias = json!({"AliasName": "alias/once", "TargetKeyId": made["KeyMetadata"]["KeyId"]});
    assert_eq!(call(client, answered, "CreateAlias", &alias).0, "");
    let reply = client.query("Action=GetCallerIdentity&Version=2011-06-15");
    assert_eq!(reply.status, 200);
    let told = ("GetCallerIdentity".to_owned(), "Success".to_owned());
    answered.insert(reply.request_id().to_owned(), told);
}
