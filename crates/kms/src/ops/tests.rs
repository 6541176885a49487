use std::collections::BTreeSet;

use serde_json::{Value, json};
use strongroom_aws::kms::OPERATIONS;

use super::{ATTEMPTS_MAX, OPS, Op, ResourceKind, Service, find};
use crate::key::KeyName;
use crate::repository::Changes;
use crate::workbench::{Bench, all_at_once};

#[test]
fn the_table_serves_exactly_the_shapes_there_are() {
    let shapes: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.name).collect();
    let rows: BTreeSet<&str> = OPS
        .iter()
        .filter(|op| op.service == Service::Kms)
        .map(|op| op.name)
        .collect();
    assert_eq!(rows, shapes);
}

#[test]
fn the_table_serves_the_shapes_of_sts() {
    let shapes = strongroom_aws::sts::OPERATIONS.iter();
    let shapes: BTreeSet<&str> = shapes.map(|operation| operation.name).collect();
    let rows = OPS.iter().filter(|op| op.service == Service::Sts);
    assert_eq!(rows.map(|op| op.name).collect::<BTreeSet<_>>(), shapes);
}

#[test]
fn the_table_serves_the_shapes_of_cloudtrail() {
    let shapes = strongroom_aws::cloudtrail::OPERATIONS.iter();
    let shapes: BTreeSet<&str> = shapes.map(|operation| operation.name).collect();
    let rows = OPS.iter().filter(|op| op.service == Service::CloudTrail);
    assert_eq!(rows.map(|op| op.name).collect::<BTreeSet<_>>(), shapes);
}

#[test]
fn rows_are_unique_sorted_and_found() {
    let names: Vec<(&str, &str)> = OPS.iter().map(|op| (op.service.name(), op.name)).collect();
    assert!(names.is_sorted_by(|one, other| one < other), "{names:?}");
    for op in OPS {
        assert!(find(op.service, op.name).is_some_and(|found| std::ptr::eq(found, op)));
    }
    assert!(find(Service::Sts, "Encrypt").is_none());
    assert!(find(Service::Kms, "encrypt").is_none());
}

#[test]
fn the_table_serves_the_shapes_of_cloudwatch() {
    let shapes = strongroom_aws::cloudwatch::OPERATIONS.iter();
    let rows = OPS.iter().filter(|op| op.service == Service::CloudWatch);
    let names: Vec<&str> = rows.map(|op| op.name).collect();
    assert_eq!(
        names,
        Vec::from_iter(shapes.map(|operation| operation.name))
    );
}

/// What the actions of a service begin with (Service Authorization Reference, "Service prefix").
fn prefix(service: Service) -> &'static str {
    match service {
        Service::CloudWatch => "cloudwatch",
        other => other.name(),
    }
}

#[test]
fn every_row_needs_the_action_of_its_name() {
    let of_row = |op: &Op| format!("{}:{}", prefix(op.service), op.name);
    let of_rows: BTreeSet<String> = OPS.iter().map(of_row).collect();
    for op in OPS {
        match (op.resource, op.actions) {
            (ResourceKind::Nothing, []) => {}
            (ResourceKind::TwoKeys, ["kms:ReEncryptFrom", "kms:ReEncryptTo"]) => {}
            // A session with a source identity needs an action of its own.
            (ResourceKind::Role, ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"])
            | (
                ResourceKind::RoleForToken,
                [
                    "sts:AssumeRoleWithWebIdentity",
                    "sts:TagSession",
                    "sts:SetSourceIdentity",
                ],
            )
            | (ResourceKind::Entity, ["sts:GetFederationToken", "sts:TagSession"]) => {}
            (_, [action]) => assert_eq!(*action, of_row(op)),
            // IAM User Guide: what a session brings along needs permissions of its own.
            (
                ResourceKind::Role | ResourceKind::RoleForToken,
                [action, "sts:TagSession", "sts:SetSourceIdentity"],
            )
            | (ResourceKind::Entity, [action, "sts:TagSession"]) => {
                assert_eq!(*action, of_row(op));
            }
            // What is done to what the operation makes needs the action of the operation that does it alone.
            (
                ResourceKind::Account
                | ResourceKind::KeyAndAccount
                | ResourceKind::Entity
                | ResourceKind::Trail,
                [action, rest @ ..],
            ) => {
                assert_eq!(*action, of_row(op));
                assert!(rest.iter().all(|action| of_rows.contains(*action)));
            }
            (resource, actions) => panic!("{}: {resource:?} {actions:?}", op.name),
        }
    }
}

/// KMS Developer Guide, "Allowing users in other accounts to use a KMS key", and the "Cross-account use" of each
/// operation in the KMS API.
#[test]
fn only_these_operations_reach_keys_of_other_accounts() {
    let reaching = OPS.iter().filter(|op| op.resource.reaches_other_accounts());
    let names: Vec<&str> = reaching.map(|op| op.name).collect();
    assert_eq!(
        names,
        [
            "CreateGrant",
            "Decapsulate",
            "Decrypt",
            "DeriveSharedSecret",
            "DescribeKey",
            "Encapsulate",
            "Encrypt",
            "GenerateDataKey",
            "GenerateDataKeyPair",
            "GenerateDataKeyPairWithoutPlaintext",
            "GenerateDataKeyWithoutPlaintext",
            "GenerateMac",
            "GetKeyRotationStatus",
            "GetPublicKey",
            "ListGrants",
            "ReEncrypt",
            "RetireGrant",
            "RevokeGrant",
            "Sign",
            "Verify",
            "VerifyMac",
        ]
    );
}

/// The n-th of many changes of one key.
fn change(key: &Value, number: usize) -> (&'static str, Value) {
    if number.is_multiple_of(2) {
        let tag = json!({"TagKey": format!("tag{number}"), "TagValue": "a"});
        ("TagResource", json!({"KeyId": key, "Tags": [tag]}))
    } else {
        let description = number.to_string();
        (
            "UpdateKeyDescription",
            json!({"KeyId": key, "Description": description}),
        )
    }
}

#[tokio::test]
async fn changes_of_one_key_at_one_time_are_made_one_after_another() {
    const CHANGES: usize = 64;
    const { assert!(CHANGES > 2 * ATTEMPTS_MAX) };
    let bench = Bench::with_late_commits().await;
    let made = bench.call("CreateKey", &json!({})).await.unwrap();
    let key = &made["KeyMetadata"]["KeyId"];
    let many = (0..CHANGES).map(|number| {
        let (operation, input) = change(key, number);
        let bench = &bench;
        async move {
            let answer = bench.call(operation, &input).await;
            (operation, answer.map(drop))
        }
    });
    let answers = all_at_once(many).await;
    for (operation, answer) in &answers {
        let is_known = matches!(answer, Ok(()) | Err("ThrottlingException"));
        assert!(is_known, "{operation} {answer:?}");
    }
    let done = |wanted: &str| {
        let done = answers.iter();
        done.filter(|(operation, answer)| *operation == wanted && answer.is_ok())
            .count()
    };
    let (tagged, described) = (done("TagResource"), done("UpdateKeyDescription"));
    assert!(tagged + described > CHANGES / 2, "{tagged} {described}");
    let tags = bench.call("ListResourceTags", &json!({"KeyId": key})).await;
    assert_eq!(tags.unwrap()["Tags"].as_array().unwrap().len(), tagged);
}

#[tokio::test]
async fn a_damaged_token_is_the_servers_fault_and_no_throttled_call() {
    let bench = Bench::new().await;
    let made = bench.call("CreateKey", &json!({})).await.unwrap();
    let id = &made["KeyMetadata"]["KeyId"];
    let name = KeyName {
        account: "000000000000".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        id: id.as_str().unwrap().parse().unwrap(),
    };
    let records = &bench.kms.records;
    let key = records.key(&name).unwrap().unwrap();
    let mut record = key.record.clone();
    let token = record.materials[0].token.as_mut().unwrap();
    *token.last_mut().unwrap() ^= 1;
    let damage = records.change_key(Changes::default(), &key, &record);
    records.commit(damage.unwrap()).await.unwrap();
    let input = json!({"KeyId": id, "Plaintext": "QUJD"});
    assert_eq!(
        bench.call("Encrypt", &input).await,
        Err("KMSInternalException")
    );
}
