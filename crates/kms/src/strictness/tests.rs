use serde_json::json;

use super::{Strictness, change};
use crate::workbench::Bench;

#[tokio::test]
async fn an_account_is_strict_as_soon_as_it_is_set_and_until_it_is_taken_back() {
    let bench = Bench::new().await;
    let (one, other) = ("111122223333", "444455556666");
    let strictness = |account: &str| {
        bench
            .kms
            .records
            .strictness(&account.parse().unwrap())
            .unwrap()
    };
    for wanted in [Strictness::Usual, Strictness::Strict, Strictness::Usual] {
        change(&bench.kms, one, wanted).await.unwrap();
        assert_eq!(strictness(one), wanted);
        assert_eq!(strictness(other), Strictness::Usual);
    }
    assert!(
        change(&bench.kms, "nobody", Strictness::Strict)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_strict_call_waits_for_the_disk() {
    let bench = Bench::new().await;
    let account = "111122223333";
    let unsynced = || bench.kms.audit.status().unsynced;
    change(&bench.kms, account, Strictness::Strict)
        .await
        .unwrap();
    for _ in 0..20 {
        bench
            .call_as(account, "ListKeys", &json!({}))
            .await
            .unwrap();
        assert_eq!(unsynced(), None);
    }
}

/// The owner of a key is told of its use by others, too.
#[tokio::test]
async fn a_strict_account_is_strict_about_its_keys_whoever_uses_them() {
    let bench = Bench::new().await;
    let (owner, other) = ("111122223333", "444455556666");
    let policy = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}});
    let input = json!({"Policy": policy.to_string()});
    let key = bench.call_as(owner, "CreateKey", &input).await.unwrap();
    let used = json!({"KeyId": key["KeyMetadata"]["Arn"]});
    change(&bench.kms, owner, Strictness::Strict).await.unwrap();
    for _ in 0..20 {
        bench.call_as(other, "DescribeKey", &used).await.unwrap();
        assert_eq!(bench.kms.audit.status().unsynced, None);
    }
}

#[tokio::test]
async fn a_guardrail_and_strictness_leave_each_other_alone() {
    let bench = Bench::new().await;
    let account = "111122223333";
    let document =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    change(&bench.kms, account, Strictness::Strict)
        .await
        .unwrap();
    crate::guardrails::change(&bench.kms, account, Some(document))
        .await
        .unwrap();
    let id = account.parse().unwrap();
    assert_eq!(
        bench.kms.records.strictness(&id).unwrap(),
        Strictness::Strict
    );
    change(&bench.kms, account, Strictness::Usual)
        .await
        .unwrap();
    let stored = bench.kms.records.account(&id).unwrap().unwrap().record;
    assert_eq!(
        (stored.guardrail.as_deref(), stored.strict_audit),
        (Some(document), None)
    );
}
