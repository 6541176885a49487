use serde_json::{Value, json};

use crate::workbench::Bench;

async fn new_key(bench: &Bench) -> Value {
    let made = bench.call("CreateKey", &json!({})).await.unwrap();
    made["KeyMetadata"]["Arn"].clone()
}

#[tokio::test]
async fn a_replaced_key_policy_decides_at_once() {
    let bench = Bench::new().await;
    let key = new_key(&bench).await;
    for (actions, expected) in [
        (json!(["kms:PutKeyPolicy", "kms:DescribeKey"]), None),
        (json!(["kms:PutKeyPolicy"]), Some("AccessDeniedException")),
        (json!("kms:*"), None),
    ] {
        let statement = json!({
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
            "Action": actions,
            "Resource": "*",
        });
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let put = json!({"KeyId": key, "Policy": policy});
        bench.call("PutKeyPolicy", &put).await.unwrap();
        // Twice: the second time from memory.
        for _ in 0..2 {
            let answer = bench.call("DescribeKey", &json!({"KeyId": key})).await;
            assert_eq!(answer.err(), expected, "{actions}");
        }
    }
}

#[tokio::test]
async fn an_alias_names_its_new_key_at_once_and_none_when_it_is_gone() {
    let bench = Bench::new().await;
    let (one, other) = (new_key(&bench).await, new_key(&bench).await);
    let named = async || {
        let input = json!({"KeyId": "alias/a"});
        let answer = bench.call("DescribeKey", &input).await;
        answer.map(|answer| answer["KeyMetadata"]["Arn"].clone())
    };
    for (operation, target, expected) in [
        ("CreateAlias", Some(&one), Ok(&one)),
        ("UpdateAlias", Some(&other), Ok(&other)),
        ("DeleteAlias", None, Err("NotFoundException")),
    ] {
        let mut input = json!({"AliasName": "alias/a"});
        if let Some(target) = target {
            input["TargetKeyId"] = target.clone();
        }
        bench.call(operation, &input).await.unwrap();
        assert_eq!(named().await, expected.cloned(), "{operation}");
    }
}
