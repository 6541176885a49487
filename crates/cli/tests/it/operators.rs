//! What operators ask of a running server about who may do what.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use strongroom_testkit::{Ended, Server};

use crate::{program, scratch};

const ROOT: &str = "arn:aws:iam::000000000000:root";

fn ask(data: &Path, words: &[&str]) -> Ended {
    let data = data.display().to_string();
    program().run(words.iter().chain(&["--data", &data]))
}

#[test]
fn a_guardrail_is_set_shown_and_removed() {
    let (folder, data) = scratch();
    let mut server = Server::dev(&program(), &data);
    let mut client = server.client();
    let key = client.create_key();
    let file = folder.path().join("guardrail.json");
    let document = r#"{"Statement":{"Effect":"Allow","Action":"kms:Describe*","Resource":"*"}}"#;
    fs::write(&file, document).unwrap();
    let file = file.display().to_string();
    let account = ["--account", "000000000000"];
    let guardrail = |action: &[&str]| {
        ask(
            &data,
            &[&["account", "guardrail"], action, &account].concat(),
        )
    };
    guardrail(&["set", &file]).succeeded();
    assert_eq!(guardrail(&["get"]).succeeded(), format!("{document}\n"));
    let input = json!({"KeyId": key});
    assert_eq!(client.call("DisableKey", &input).0, 400);
    client.ok("DescribeKey", &input);
    let listed = ask(&data, &["account", "list"]).succeeded();
    assert!(
        listed.starts_with("000000000000  ") && listed.ends_with("  guardrail\n"),
        "{listed}"
    );
    guardrail(&["remove"]).succeeded();
    assert_eq!(guardrail(&["get"]).succeeded(), "");
    client.ok("DisableKey", &input);
    fs::write(&file, "{}").unwrap();
    let refused = guardrail(&["set", &file]).failed();
    assert_eq!(
        refused,
        "strongroom: The policy is malformed: Statement is missing.\n"
    );
    server.terminate();
    let log = ask(&data, &["audit", "list"]).succeeded();
    for operation in ["SetGuardrail", "RemoveGuardrail"] {
        assert_eq!(log.matches(operation).count(), 1, "{log}");
    }
}

#[test]
fn a_decision_is_explained_as_text_and_json() {
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    let mut client = server.client();
    let policy = json!({"Statement": [
        {"Sid": "all", "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"},
        {"Sid": "bucket", "Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*",
         "Condition": {"StringNotEquals": {"kms:EncryptionContext:bucket": "logs"}}},
    ]});
    let key = client.create_key();
    client.ok(
        "PutKeyPolicy",
        &json!({"KeyId": key, "Policy": policy.to_string()}),
    );
    let (_, id) = key.rsplit_once('/').unwrap();
    let question = [
        "explain",
        "--principal",
        ROOT,
        "--action",
        "kms:Encrypt",
        "--resource",
        id,
    ];
    let text = ask(&data, &question).succeeded();
    for expected in [
        "NO: arn:aws:iam::000000000000:root may not kms:Encrypt on arn:aws:kms:us-east-1:",
        "because a statement of a resource-based policy denies it",
        "resource: statement 2 \"bucket\" of key policy of arn:aws:kms:",
        "\n  {\n    \"Action\" : \"kms:Encrypt\",\n",
        "\"kms:EncryptionContext:bucket\" : \"logs\"",
        "They ask for condition keys that have no value here:\n  kms:encryptioncontext:bucket\n",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let told = client.reply("Encrypt", &json!({"KeyId": id, "Plaintext": "QUJD"}));
    assert!(
        told.status == 400 && text.contains(&told.message()),
        "{text}"
    );
    let context = ["--context", "kms:EncryptionContext:bucket=logs", "--json"];
    let found = ask(&data, &[&question[..], &context].concat()).succeeded();
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["allowed"], true);
    assert_eq!(found["statements"][0]["sid"], "all");
    let refused = ask(
        &data,
        &["explain", "--principal", ROOT, "--action", "Encrypt"],
    )
    .failed();
    assert_eq!(
        refused,
        "strongroom: 'Encrypt' is no action: SERVICE:NAME, without wildcards\n"
    );
}
