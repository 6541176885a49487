use serde_json::{Value, json};
use strongroom_policy::{Grammar, Policy};

use super::{SERVICES, policy};
use crate::key::KeyName;
use crate::workbench::Bench;

const ALIAS_ARN: &str = "arn:aws:kms:us-east-1:000000000000:alias/aws/sqs";

async fn describe(bench: &Bench, key: &str) -> Result<Value, &'static str> {
    let reply = bench.call("DescribeKey", &json!({"KeyId": key})).await?;
    Ok(reply["KeyMetadata"].clone())
}

async fn aliases(bench: &Bench, limit: usize) -> Vec<Value> {
    let mut input = json!({"Limit": limit});
    let mut found = Vec::new();
    loop {
        let page = bench.call("ListAliases", &input).await.unwrap();
        let entries = page["Aliases"].as_array().unwrap();
        assert!(entries.len() <= limit);
        found.extend(entries.iter().cloned());
        match page.get("NextMarker") {
            Some(marker) => input["Marker"] = marker.clone(),
            None => return found,
        }
    }
}

#[tokio::test]
async fn one_comes_into_being_when_it_is_first_described() {
    let bench = Bench::new().await;
    let made = describe(&bench, "alias/aws/sqs").await.unwrap();
    assert_eq!(made["KeyManager"], "AWS");
    assert_eq!(made["KeySpec"], "SYMMETRIC_DEFAULT");
    assert_eq!(made["Enabled"], true);
    assert_eq!(describe(&bench, ALIAS_ARN).await.unwrap(), made);
    let keys = bench.call("ListKeys", &json!({})).await.unwrap();
    assert_eq!(
        keys["Keys"],
        json!([{"KeyId": made["KeyId"], "KeyArn": made["Arn"]}])
    );
    let status = bench
        .call("GetKeyRotationStatus", &json!({"KeyId": made["KeyId"]}))
        .await
        .unwrap();
    assert_eq!(status["KeyRotationEnabled"], false);
}

#[tokio::test]
async fn no_other_name_makes_one() {
    let bench = Bench::new().await;
    let absent = Err::<(), _>("NotFoundException");
    for (account, reference, expected) in [
        ("000000000000", "alias/aws/nothing", absent),
        ("000000000000", "alias/aws/", absent),
        ("000000000000", "alias/aws/sqs/x", absent),
        ("111122223333", ALIAS_ARN, Err("AccessDeniedException")),
    ] {
        let input = json!({"KeyId": reference});
        let answer = bench.call_as(account, "DescribeKey", &input).await;
        assert_eq!(answer.map(|_| ()), expected, "{reference}");
    }
    for (operation, input) in [
        ("ListResourceTags", json!({"KeyId": "alias/aws/sqs"})),
        ("DisableKey", json!({"KeyId": ALIAS_ARN})),
    ] {
        let answer = bench.call(operation, &input).await;
        assert_eq!(answer.map(|_| ()), absent, "{operation}");
    }
    let keys = bench.call("ListKeys", &json!({})).await.unwrap();
    assert_eq!(keys["Keys"], json!([]));
}

#[tokio::test]
async fn the_root_may_look_and_nothing_else() {
    let bench = Bench::new().await;
    // Use makes the key, though the policy then refuses the use.
    let input = json!({"KeyId": "alias/aws/s3", "Plaintext": "QUJD"});
    assert_eq!(
        bench.call("Encrypt", &input).await,
        Err("AccessDeniedException")
    );
    let key = describe(&bench, "alias/aws/s3").await.unwrap()["KeyId"].clone();
    let denied = Err("AccessDeniedException");
    let grantee = "arn:aws:iam::000000000000:root";
    for (operation, more, expected) in [
        ("GetKeyPolicy", json!({}), Ok(())),
        ("ListGrants", json!({}), Ok(())),
        ("ListResourceTags", json!({}), Ok(())),
        ("ListKeyPolicies", json!({}), Ok(())),
        ("GetKeyLastUsage", json!({}), Ok(())),
        (
            "RevokeGrant",
            json!({"GrantId": "0".repeat(64)}),
            Err("InvalidGrantIdException"),
        ),
        (
            "CreateGrant",
            json!({"GranteePrincipal": grantee, "Operations": ["Encrypt"]}),
            denied,
        ),
        ("PutKeyPolicy", json!({"Policy": "{}"}), denied),
        ("ScheduleKeyDeletion", json!({}), denied),
        ("DisableKey", json!({}), denied),
        ("EnableKeyRotation", json!({}), denied),
        (
            "TagResource",
            json!({"Tags": [{"TagKey": "k", "TagValue": "v"}]}),
            denied,
        ),
        ("UpdateKeyDescription", json!({"Description": "d"}), denied),
        ("Encrypt", json!({"Plaintext": "QUJD"}), denied),
        ("GenerateDataKey", json!({"KeySpec": "AES_256"}), denied),
    ] {
        let mut input = json!({"KeyId": key});
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let answer = bench.call(operation, &input).await;
        assert_eq!(answer.map(|_| ()), expected, "{operation}");
    }
    let alias = json!({"AliasName": "alias/mine", "TargetKeyId": key});
    assert_eq!(bench.call("CreateAlias", &alias).await.map(|_| ()), denied);
    let alias = json!({"AliasName": "alias/aws/s3"});
    assert_eq!(
        bench.call("DeleteAlias", &alias).await,
        Err("NotAuthorizedException")
    );
}

#[tokio::test]
async fn two_first_uses_make_one_key() {
    let bench = Bench::new().await;
    let (one, other) = tokio::join!(
        describe(&bench, "alias/aws/ebs"),
        describe(&bench, "alias/aws/ebs")
    );
    assert_eq!(one.unwrap(), other.unwrap());
    let keys = bench.call("ListKeys", &json!({})).await.unwrap();
    assert_eq!(keys["Keys"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn aliases_are_listed_once_whether_their_keys_exist_or_not() {
    let bench = Bench::new().await;
    assert_eq!(aliases(&bench, 7).await.len(), SERVICES.len());
    let made = describe(&bench, "alias/aws/sqs").await.unwrap();
    for name in ["alias/a", "alias/b", "alias/c"] {
        let alias = json!({"AliasName": name, "TargetKeyId": new_key(&bench).await});
        bench.call("CreateAlias", &alias).await.unwrap();
    }
    for limit in [1, 2, 7, 100] {
        let found = aliases(&bench, limit).await;
        let mut names: Vec<_> = found
            .iter()
            .map(|entry| entry["AliasName"].to_string())
            .collect();
        names.sort();
        names.dedup();
        assert_eq!(
            (names.len(), found.len()),
            (SERVICES.len() + 3, SERVICES.len() + 3)
        );
        for entry in found {
            let name = entry["AliasName"].as_str().unwrap();
            let exists = name == "alias/aws/sqs" || !name.starts_with("alias/aws/");
            for member in ["TargetKeyId", "CreationDate", "LastUpdatedDate"] {
                assert_eq!(entry.get(member).is_some(), exists, "{entry}");
            }
            if name == "alias/aws/sqs" {
                assert_eq!(entry["TargetKeyId"], made["KeyId"]);
                assert_eq!(entry["AliasArn"], ALIAS_ARN);
            }
        }
    }
}

async fn new_key(bench: &Bench) -> Value {
    let made = bench.call("CreateKey", &json!({})).await.unwrap();
    made["KeyMetadata"]["KeyId"].clone()
}

#[test]
fn services_are_sorted_and_their_policies_are_well_formed() {
    assert!(SERVICES.is_sorted_by(|(one, _), (other, _)| one < other));
    for region in ["us-east-1", "cn-north-1"] {
        let key = KeyName {
            account: "123456789012".parse().unwrap(),
            region: region.parse().unwrap(),
            id: "1234abcd-12ab-34cd-56ef-1234567890ab".parse().unwrap(),
        };
        for (name, _) in SERVICES {
            let document = policy(name, &key);
            let parsed = Policy::parse(&document, Grammar::Key).unwrap();
            assert_eq!(parsed.to_pretty(), document);
            assert_eq!(parsed.id(), Some(format!("auto-{name}-1").as_str()));
        }
    }
}
