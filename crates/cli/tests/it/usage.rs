//! What a period costs, counted from the audit log of a real server: exact numbers after known calls.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_kms::audit_log::segments;
use strongroom_kms::service::audit_folder;
use strongroom_testkit::{Client, Server, eventually};

use crate::{program, scratch};

const OURS: &str = "000000000000";
const THEIRS: &str = "222222222222";
/// The record of a change moves from the store to the log within a second.
const LOGGED_MAX: Duration = Duration::from_secs(20);

fn usage(data: &Path, words: &[&str]) -> String {
    let data = data.display().to_string();
    let given = ["usage", "--from", "2020-01-01", "--data", &data];
    program().run(given.iter().chain(words)).succeeded()
}

fn report(data: &Path, words: &[&str]) -> Value {
    let text = usage(data, &[&["--format", "json"], words].concat());
    serde_json::from_str(&text).unwrap()
}

/// The rows of calls as text: what tells them apart, and the two counts.
fn rows(report: &Value, apart: &[&str]) -> Vec<String> {
    let row = |row: &Value| {
        let texts = apart.iter().filter_map(|name| row[name].as_str());
        let texts: Vec<&str> = texts.collect();
        format!("{} {}+{}", texts.join(" "), row["succeeded"], row["failed"])
    };
    report["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(row)
        .collect()
}

fn total(report: &Value) -> u64 {
    let rows = report["calls"].as_array().unwrap().iter();
    rows.map(|row| row["succeeded"].as_u64().unwrap() + row["failed"].as_u64().unwrap())
        .sum()
}

fn create(client: &mut Client, input: &Value) -> String {
    let made = client.ok("CreateKey", input);
    made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
}

/// The calls of the test: 21 of ours, 3 of another account with a key of ours. The keys: symmetric, RSA_2048, elliptic.
fn call(server: &Server) -> [String; 3] {
    let mut ours = server.client();
    let symmetric = create(&mut ours, &json!({}));
    let sign = |spec: &str| json!({"KeySpec": spec, "KeyUsage": "SIGN_VERIFY"});
    let rsa = create(&mut ours, &sign("RSA_2048"));
    let curve = create(&mut ours, &sign("ECC_NIST_P256"));
    for _ in 0..5 {
        ours.ok("Encrypt", &json!({"KeyId": symmetric, "Plaintext": "QUJD"}));
    }
    for (key, algorithm, times) in [
        (&rsa, "RSASSA_PSS_SHA_256", 3),
        (&curve, "ECDSA_SHA_256", 2),
    ] {
        let input = json!({"KeyId": key, "Message": "QUJD", "SigningAlgorithm": algorithm});
        for _ in 0..times {
            ours.ok("Sign", &input);
        }
        ours.ok("GetPublicKey", &json!({"KeyId": key}));
    }
    let wrong = json!({"KeyId": rsa, "Message": "QUJD", "SigningAlgorithm": "ECDSA_SHA_256"});
    assert_eq!(ours.call("Sign", &wrong).0, 400);
    assert_eq!(
        ours.call("DescribeKey", &json!({"KeyId": "nonsense"})).0,
        400
    );
    ours.ok("ListKeys", &json!({}));
    share(&mut ours, &symmetric);
    ours.query("Action=GetCallerIdentity&Version=2011-06-15");
    let window = json!({"KeyId": curve, "PendingWindowInDays": 7});
    ours.ok("ScheduleKeyDeletion", &window);
    let mut theirs = server.client_as(THEIRS, "test");
    let shared = json!({"KeyId": symmetric, "Plaintext": "QUJD"});
    theirs.ok("Encrypt", &shared);
    theirs.ok("Encrypt", &shared);
    assert_eq!(
        theirs.call("DisableKey", &json!({"KeyId": symmetric})).0,
        400
    );
    [symmetric, rsa, curve]
}

/// Lets another account encrypt.
fn share(ours: &mut Client, key: &str) {
    let root = |account| json!({"AWS": format!("arn:aws:iam::{account}:root")});
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": root(OURS), "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": root(THEIRS), "Action": "kms:Encrypt", "Resource": "*"},
    ]});
    let input = json!({"KeyId": key, "Policy": policy.to_string()});
    ours.ok("PutKeyPolicy", &input);
}

#[test]
fn calls_and_keys_are_counted_exactly() {
    let (_folder, data) = scratch();
    let mut server = Server::dev(&program(), &data);
    let [symmetric, rsa, curve] = call(&server);
    eventually("every record in the log", LOGGED_MAX, || {
        (total(&report(&data, &[])) == 24).then_some(())
    });
    let found = report(&data, &["--by", "account"]);
    assert_eq!(found["keys_from"], "server");
    assert_eq!(
        rows(&found, &["account", "region", "class"]),
        [
            format!("{OURS} us-east-1 symmetric 11+1"),
            format!("{OURS} us-east-1 rsa-2048 4+1"),
            format!("{OURS} us-east-1 asymmetric 3+0"),
            format!("{OURS} us-east-1 other-service 1+0"),
            format!("{THEIRS} us-east-1 symmetric 2+1"),
        ]
    );
    let theirs = report(&data, &["--account", THEIRS, "--by", "operation"]);
    assert_eq!(
        rows(&theirs, &["operation", "class"]),
        ["kms:DisableKey symmetric 0+1", "kms:Encrypt symmetric 2+0"]
    );
    assert_eq!(
        theirs["keys"],
        json!([]),
        "who calls does not pay for the key"
    );
    let by_key = report(&data, &["--account", OURS]);
    let rows = rows(&by_key, &["key", "principal", "class"]);
    let root = format!("arn:aws:iam::{OURS}:root");
    let row = format!("{rsa} {root} rsa-2048 4+1");
    assert!(rows.contains(&row), "{row} in {rows:?}");
    check_keys(&by_key, [&symmetric, &rsa, &curve]);

    assert!(server.terminate().success());
    check_without_server(&data);
    check_broken_log(&data);
}

fn check_keys(report: &Value, [symmetric, rsa, curve]: [&String; 3]) {
    let rows = report["keys"].as_array().unwrap();
    let found = |key: &String| rows.iter().find(|row| row["key"] == *key).unwrap();
    assert_eq!(rows.len(), 3);
    for (key, spec, usage) in [
        (symmetric, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
        (rsa, "RSA_2048", "SIGN_VERIFY"),
        (curve, "ECC_NIST_P256", "SIGN_VERIFY"),
    ] {
        let row = found(key);
        let told = [&row["spec"], &row["usage"], &row["origin"], &row["manager"]];
        assert_eq!(told, [spec, usage, "AWS_KMS", "CUSTOMER"]);
        assert!(row["days"].as_f64().unwrap() < 1.0, "{row}");
    }
    assert!(
        found(curve)["ended"].is_string(),
        "it waits for its deletion"
    );
    assert!(found(rsa).get("ended").is_none());
}

/// The log alone has the same calls, and keys that stood for the same time.
fn check_without_server(data: &Path) {
    let found = report(data, &[]);
    assert_eq!(found["keys_from"], "log");
    assert_eq!(total(&found), 24);
    assert_eq!(found["keys"].as_array().unwrap().len(), 3);
    let table = usage(data, &[]);
    assert!(
        table.contains("Keys are told by the audit log alone"),
        "{table}"
    );
    let before = ["--to", "2020-01-02", "--by", "account"];
    assert_eq!(report(data, &before)["calls"], json!([]));
    let path = data.display().to_string();
    let empty = [
        "usage",
        "--data",
        &path,
        "--from",
        "2020-01-02",
        "--to",
        "2020-01-02",
    ];
    let complaint = "strongroom: the period is empty: --from must be before --to\n";
    assert_eq!(program().run(empty).failed(), complaint);
}

/// A torn end is the end; a hole is an error, not a smaller count.
fn check_broken_log(data: &Path) {
    let segments = segments(&audit_folder(data)).unwrap();
    let (_, path) = segments.first().unwrap();
    let whole = fs::read(path).unwrap();
    fs::write(path, [&whole[..], &[0, 0]].concat()).unwrap();
    assert_eq!(total(&report(data, &[])), 24);
    let mut damaged = whole;
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(path, damaged).unwrap();
    let path = data.display().to_string();
    let complaint = program().run(["usage", "--data", &path]).failed();
    assert!(
        complaint.contains("the audit log is damaged at byte "),
        "{complaint}"
    );
}

#[test]
fn keys_are_told_that_no_single_answer_holds() {
    const KEYS: u64 = 501;
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    let mut client = server.client();
    for _ in 0..KEYS {
        client.create_key();
    }
    let found = report(&data, &["--by", "account"]);
    assert_eq!(found["keys_from"], "server");
    let rows = found["keys"].as_array().unwrap().iter();
    let kinds: Vec<_> = rows
        .map(|row| (&row["spec"], row["keys"].as_u64().unwrap()))
        .collect();
    assert_eq!(kinds, [(&json!("SYMMETRIC_DEFAULT"), KEYS)]);
}

/// ReplicateKey and UpdatePrimaryRegion leave a record in each Region; a request is one call all the same.
#[test]
fn a_call_that_concerns_two_regions_counts_once() {
    let (_folder, data) = scratch();
    let mut server = Server::dev(&program(), &data);
    let mut client = server.client();
    let key = create(&mut client, &json!({"MultiRegion": true}));
    let there = json!({"KeyId": key, "ReplicaRegion": "eu-west-1"});
    client.ok("ReplicateKey", &there);
    let there = json!({"KeyId": key, "PrimaryRegion": "eu-west-1"});
    client.ok("UpdatePrimaryRegion", &there);
    assert!(server.terminate().success());
    server.restart();
    let expected = [
        "us-east-1 kms:CreateKey 1+0",
        "us-east-1 kms:ReplicateKey 1+0",
        "us-east-1 kms:UpdatePrimaryRegion 1+0",
    ];
    // Until the last record is in the log, the other Region's may stand for a call.
    let calls = eventually("three calls", LOGGED_MAX, || {
        let found = report(&data, &["--by", "operation"]);
        (rows(&found, &["region", "operation"]) == expected).then_some(found)
    });
    let regions = calls["keys"].as_array().unwrap().iter();
    let regions: Vec<&Value> = regions.map(|row| &row["region"]).collect();
    assert_eq!(regions, ["eu-west-1", "us-east-1"]);
}
