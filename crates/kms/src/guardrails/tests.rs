use serde_json::json;

use super::{GUARDRAIL_BYTES_MAX, Unchanged, change, document};
use crate::workbench::Bench;

const ACCOUNT: &str = "000000000000";
const ONLY_LISTS: &str = r#"{"Statement":{"Effect":"Allow","Action":"kms:List*","Resource":"*"}}"#;

#[tokio::test]
async fn a_guardrail_limits_the_root_at_once_and_until_it_is_removed() {
    let mut bench = Bench::new().await;
    bench.call("CreateKey", &json!({})).await.unwrap();
    change(&bench.kms, ACCOUNT, Some(ONLY_LISTS)).await.unwrap();
    assert_eq!(
        document(&bench.kms, ACCOUNT).unwrap().as_deref(),
        Some(ONLY_LISTS)
    );
    let call = bench.prepare("us-east-1", "CreateKey", &json!({}));
    let refusal = bench.answer(&call).await.unwrap_err();
    assert_eq!(
        refusal.message.as_deref(),
        Some(
            "User: arn:aws:iam::000000000000:root is not authorized to perform: kms:CreateKey on resource: * because no service control policy allows the kms:CreateKey action"
        )
    );
    bench.call("ListKeys", &json!({})).await.unwrap();
    bench
        .call_as("111122223333", "CreateKey", &json!({}))
        .await
        .unwrap();
    bench.restart().await;
    let refused = bench.call("CreateKey", &json!({})).await;
    assert_eq!(refused, Err("AccessDeniedException"));
    change(&bench.kms, ACCOUNT, None).await.unwrap();
    assert_eq!(document(&bench.kms, ACCOUNT).unwrap(), None);
    bench.call("CreateKey", &json!({})).await.unwrap();
    let listed = bench.kms.records.list_accounts(None, 10).unwrap().records;
    let ids: Vec<String> = listed
        .iter()
        .map(|account| account.id.to_string())
        .collect();
    assert_eq!(ids, [ACCOUNT]);
}

#[tokio::test]
async fn what_is_no_guardrail_is_refused() {
    let bench = Bench::new().await;
    let long = format!("{ONLY_LISTS}{}", " ".repeat(GUARDRAIL_BYTES_MAX));
    let principal =
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}"#;
    for (account, text, expected) in [
        ("1", ONLY_LISTS, "an account id has 12 digits"),
        (
            ACCOUNT,
            "{}",
            "The policy is malformed: Statement is missing.",
        ),
        (ACCOUNT, &long, "the guardrail is longer than 10240 bytes"),
        (
            ACCOUNT,
            principal,
            "Statement 1 of the policy is malformed: unknown element \"Principal\".",
        ),
    ] {
        match change(&bench.kms, account, Some(text)).await {
            Err(Unchanged::Refused(reason)) => assert_eq!(reason, expected),
            other => panic!("{text}: {other:?}"),
        }
    }
    assert_eq!(document(&bench.kms, ACCOUNT).unwrap(), None);
}
