use serde_json::{Value, json};

use super::{ExplainQuestion, Explanation, Unexplained, explain};
use crate::iam::{documents_of, policies_of};
use crate::records::{
    GroupRecord, InlinePolicyRecord, PoliciesRecord, PolicyReference, UserRecord,
};
use crate::workbench::Bench;
use crate::workbench::people::{self, entity};

const ACCOUNT: &str = "000000000000";
const DAVE: &str = "arn:aws:iam::000000000000:user/staff/dave";
const ROLE: &str = "arn:aws:iam::000000000000:role/reader";
const ROOT: &str = "arn:aws:iam::000000000000:root";
const STRANGER: &str = "arn:aws:iam::111122223333:root";

const DECRYPT_LOGS: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "kms:Describe*", "Resource": "*"},
    {"Sid": "Logs", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
     "Condition": {"StringEquals": {"kms:EncryptionContext:Bucket": "logs"}}}
  ]
}"#;
const NO_DELETION: &str = r#"{"Statement":{"Sid":"Keep","Effect":"Deny","Action":"kms:ScheduleKeyDeletion","Resource":"*"}}"#;
const ASSUME: &str = r#"{"Statement":{"Sid":"Daves","Effect":"Allow","Principal":{"AWS":"AIDADAVEDAVEDAVEDAVE1"},"Action":"sts:AssumeRole"}}"#;

fn inline(name: &str, document: &str) -> Vec<InlinePolicyRecord> {
    let (name, document) = (name.to_owned(), document.to_owned());
    vec![InlinePolicyRecord { name, document }]
}

/// Dave, who is in a group that may do something; a role that he may assume; and a key.
async fn furnished() -> (Bench, String) {
    let bench = Bench::new().await;
    let group = GroupRecord {
        entity: entity(ACCOUNT, "/", "Auditors", "AGPAAUDITORSAUDITORS1"),
        policies: PoliciesRecord {
            inline: inline("logs", DECRYPT_LOGS),
            attached: vec![PolicyReference::Aws("IAMFullAccess".to_owned())],
            boundary: None,
        },
        users: 1,
    };
    let policies = PoliciesRecord {
        inline: inline("keep", NO_DELETION),
        ..PoliciesRecord::default()
    };
    let dave = entity(ACCOUNT, "/staff/", "dave", "AIDADAVEDAVEDAVEDAVE1");
    let user = UserRecord {
        group_ids: vec!["AGPAAUDITORSAUDITORS1".to_owned()],
        ..people::user(dave, policies)
    };
    let reader = entity(ACCOUNT, "/", "reader", "AROAREADERREADERREAD1");
    let role = people::role(reader, PoliciesRecord::default(), ASSUME);
    bench.store(&group).await;
    bench.store(&user).await;
    bench.store(&role).await;
    let key = bench.call("CreateKey", &json!({})).await.unwrap();
    let key = key["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    (bench, key)
}

fn ask(
    bench: &Bench,
    principal: &str,
    action: &str,
    resource: &str,
    context: &[(&str, &str)],
) -> Result<Explanation, String> {
    let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let question = ExplainQuestion {
        principal: principal.to_owned(),
        action: action.to_owned(),
        resource: (!resource.is_empty()).then(|| resource.to_owned()),
        region: "us-east-1".to_owned(),
        context: context.iter().map(pair).collect(),
    };
    explain(&bench.kms, &question).map_err(|unexplained| match unexplained {
        Unexplained::Question(reason) => reason,
        Unexplained::Failed(failure) => panic!("{failure:?}"),
    })
}

/// What decided: the decision, and each statement by the type of its policy, its number and Sid.
fn in_short(explanation: &Explanation) -> String {
    let statements = explanation.statements.iter().map(|one| {
        let sid = one.sid.as_deref().unwrap_or("-");
        format!("{} {} {sid}", one.policy_type, one.number)
    });
    let mut words = vec![explanation.decision.clone()];
    words.extend(explanation.missing.clone());
    words.extend(statements);
    words.join(", ")
}

#[tokio::test]
async fn each_decision_is_explained_by_what_made_it() {
    let (bench, key) = furnished().await;
    let foreign = bench
        .call_as("111122223333", "CreateKey", &json!({}))
        .await
        .unwrap();
    let foreign = foreign["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let logs = ("kms:encryptioncontext:BUCKET", "logs");
    for (principal, action, resource, context, expected) in [
        (
            ROOT,
            "kms:encrypt",
            &*key,
            None,
            "allowed, resource 1 Enable IAM User Permissions",
        ),
        (DAVE, "kms:Encrypt", &key, None, "implicit-deny, identity"),
        (DAVE, "kms:Decrypt", &key, None, "implicit-deny, identity"),
        (
            DAVE,
            "kms:Decrypt",
            &key,
            Some(logs),
            "allowed, resource 1 Enable IAM User Permissions, identity 2 Logs",
        ),
        (
            DAVE,
            "kms:DescribeKey",
            &key,
            None,
            "allowed, resource 1 Enable IAM User Permissions, identity 1 -",
        ),
        (
            DAVE,
            "kms:ScheduleKeyDeletion",
            &key,
            None,
            "explicit-deny, identity 1 Keep",
        ),
        (DAVE, "iam:ListUsers", "", None, "allowed, identity 1 -"),
        (DAVE, "iam:DeleteUser", DAVE, None, "allowed, identity 1 -"),
        (
            DAVE,
            "kms:CreateAlias",
            "alias/x",
            None,
            "implicit-deny, identity",
        ),
        (
            DAVE,
            "sts:AssumeRole",
            ROLE,
            None,
            "allowed, resource 1 Daves",
        ),
        (
            ROOT,
            "sts:AssumeRole",
            ROLE,
            None,
            "implicit-deny, resource",
        ),
        (ROLE, "kms:Decrypt", &key, None, "implicit-deny, identity"),
        (
            "AROAREADERREADERREAD1:s",
            "kms:Decrypt",
            &key,
            None,
            "implicit-deny, identity",
        ),
        (
            "s3.amazonaws.com",
            "kms:Decrypt",
            &key,
            None,
            "implicit-deny, resource",
        ),
        (
            ROOT,
            "kms:Decrypt",
            &foreign,
            None,
            "implicit-deny, resource",
        ),
        (ROOT, "kms:DisableKey", &foreign, None, "implicit-deny"),
    ] {
        let found = ask(&bench, principal, action, resource, context.as_slice()).unwrap();
        assert_eq!(
            in_short(&found),
            expected,
            "{principal} {action} {resource}"
        );
    }
}

#[tokio::test]
async fn the_statement_and_the_message_are_shown() {
    let (bench, key) = furnished().await;
    let denied = ask(&bench, DAVE, "kms:ScheduleKeyDeletion", &key, &[]).unwrap();
    let [statement] = &denied.statements[..] else {
        panic!("{denied:?}");
    };
    assert_eq!(statement.policy, "inline policy keep of user dave");
    assert_eq!(
        statement.text,
        r#"{"Sid":"Keep","Effect":"Deny","Action":"kms:ScheduleKeyDeletion","Resource":"*"}"#
    );
    // What is said is what a request is told.
    let input = json!({"KeyId": key, "PendingWindowInDays": 7});
    let told = bench
        .call_with(&bench.user("dave"), "ScheduleKeyDeletion", &input)
        .await;
    assert_eq!(denied.message, told.unwrap_err().message);
    let allowed = ask(
        &bench,
        DAVE,
        "kms:Decrypt",
        &key,
        &[("kms:EncryptionContext:bucket", "logs")],
    );
    let allowed = allowed.unwrap();
    assert_eq!(allowed.message, None);
    assert_eq!(
        allowed.statements[1].policy,
        "inline policy logs of group Auditors"
    );
    assert_eq!(allowed.keys_without_value, [""; 0]);
    let missing = ask(&bench, DAVE, "kms:Decrypt", &key, &[]).unwrap();
    assert_eq!(missing.keys_without_value, ["kms:encryptioncontext:bucket"]);
    let trust = ask(&bench, DAVE, "sts:AssumeRole", ROLE, &[]).unwrap();
    assert!(trust.statements[0].text.contains(DAVE), "{trust:?}");
}

#[tokio::test]
async fn stated_condition_keys_come_first() {
    let (bench, key) = furnished().await;
    let policy = json!({"Statement": [
        {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"},
        {"Sid": "office", "Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*",
         "Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}},
        {"Sid": "named", "Effect": "Deny", "Principal": "*", "Action": "kms:GenerateMac", "Resource": "*",
         "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/mac"}}},
        {"Sid": "shop", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
         "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "000000000000"}}},
    ]});
    let input = json!({"KeyId": key, "Policy": policy.to_string()});
    bench.call("PutKeyPolicy", &input).await.unwrap();
    let service = "s3.amazonaws.com";
    for (principal, action, context, expected) in [
        (
            ROOT,
            "kms:Encrypt",
            None,
            "explicit-deny, resource 2 office",
        ),
        (
            ROOT,
            "kms:Encrypt",
            Some(("aws:SourceIp", "192.0.2.7")),
            "allowed, resource 1 -",
        ),
        (ROOT, "kms:GenerateMac", None, "allowed, resource 1 -"),
        (
            ROOT,
            "kms:GenerateMac",
            Some(("kms:ResourceAliases", "alias/mac")),
            "explicit-deny, resource 3 named",
        ),
        (service, "kms:Decrypt", None, "implicit-deny, resource"),
        (
            service,
            "kms:Decrypt",
            Some(("aws:SourceAccount", "000000000000")),
            "allowed, resource 4 shop",
        ),
    ] {
        let found = ask(&bench, principal, action, &key, context.as_slice()).unwrap();
        assert_eq!(
            in_short(&found),
            expected,
            "{principal} {action} {context:?}"
        );
    }
}

#[tokio::test]
async fn a_denial_is_told_in_a_sentence() {
    let (bench, key) = furnished().await;
    for (principal, action, expected) in [
        (
            DAVE,
            "kms:ScheduleKeyDeletion",
            "a statement of an identity-based policy denies it, and a Deny outweighs every Allow",
        ),
        (DAVE, "kms:Encrypt", "no identity-based policy allows it"),
    ] {
        let found = ask(&bench, principal, action, &key, &[]).unwrap();
        assert_eq!(found.reason, expected, "{principal} {action}");
    }
}

#[tokio::test]
async fn grants_are_asked_with_the_stated_context() {
    let (bench, key) = furnished().await;
    let grant = json!({"KeyId": key, "GranteePrincipal": DAVE, "Operations": ["Encrypt"],
        "Constraints": {"EncryptionContextSubset": {"Bucket": "logs"}}});
    let made = bench.call("CreateGrant", &grant).await.unwrap();
    let id = made["GrantId"].as_str().unwrap();
    let granted = format!("the grant {id} on the key allows it");
    for (context, expected) in [
        (None, "no identity-based policy allows it"),
        (
            Some(("kms:EncryptionContext:Bucket", "logs")),
            granted.as_str(),
        ),
        (
            Some(("kms:EncryptionContext:bucket", "LOGS")),
            "no identity-based policy allows it",
        ),
    ] {
        let found = ask(&bench, DAVE, "kms:Encrypt", &key, context.as_slice()).unwrap();
        assert_eq!(found.reason, expected, "{context:?}");
    }
}

#[tokio::test]
async fn a_guardrail_is_shown_too() {
    let (bench, key) = furnished().await;
    let only =
        r#"{"Statement":{"Sid":"Only","Effect":"Allow","Action":"kms:Encrypt","Resource":"*"}}"#;
    crate::guardrails::change(&bench.kms, "000000000000", Some(only))
        .await
        .unwrap();
    for (action, expected) in [
        (
            "kms:Encrypt",
            "allowed, guardrail 1 Only, resource 1 Enable IAM User Permissions",
        ),
        ("kms:Decrypt", "implicit-deny, guardrail"),
    ] {
        let found = ask(&bench, ROOT, action, &key, &[]).unwrap();
        assert_eq!(in_short(&found), expected, "{action}");
    }
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused() {
    let (bench, key) = furnished().await;
    let nobody = "arn:aws:iam::000000000000:user/nobody";
    let federated = "arn:aws:sts::000000000000:federated-user/x";
    for (principal, action, resource, expected) in [
        (nobody, "kms:Encrypt", &*key, "there is no such principal"),
        ("*", "kms:Encrypt", &key, "everyone is no one in particular"),
        (
            "dave",
            "kms:Encrypt",
            &key,
            "no ARN, id or service of a principal",
        ),
        (federated, "kms:Encrypt", &key, "is in its token"),
        (ROOT, "Encrypt", &key, "is no action"),
        (ROOT, "kms:*", &key, "is no action"),
        (ROOT, "kms:RetireGrant", &key, "by the grant itself"),
        (
            ROOT,
            "kms:Encrypt",
            "alias/nothing",
            "NotFoundException: Alias arn:",
        ),
        (STRANGER, "iam:GetUser", DAVE, "of their own account only"),
        (
            "s3.amazonaws.com",
            "kms:Encrypt",
            "alias/x",
            "name the resource by its ARN",
        ),
    ] {
        let reason = ask(&bench, principal, action, resource, &[]).unwrap_err();
        assert!(reason.contains(expected), "{principal} {action}: {reason}");
    }
    let many = vec![("aws:SourceIp", "192.0.2.1"); 257];
    let reason = ask(&bench, ROOT, "kms:Encrypt", &key, &many).unwrap_err();
    assert_eq!(reason, "more than 256 values of condition keys");
}

#[tokio::test]
async fn documents_are_in_the_order_of_policies() {
    let (bench, _) = furnished().await;
    let caller = bench.user("dave");
    let policies = policies_of(&bench.kms.records, &caller).unwrap();
    let documents = documents_of(&bench.kms.records, &caller).unwrap();
    let names: Vec<_> = documents.identity.iter().map(|one| &one.name).collect();
    let expected: Vec<_> = policies.own.identity.iter().map(|one| &one.name).collect();
    assert_eq!(names, expected);
    assert_eq!(names.len(), 3);
    let shown: Value = serde_json::from_str(&documents.identity[1].text).unwrap();
    assert_eq!(shown["Statement"][1]["Sid"], "Logs");
}
