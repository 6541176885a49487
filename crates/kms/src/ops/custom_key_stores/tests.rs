use serde_json::{Value, json};

use crate::workbench::Bench;

async fn check(bench: &Bench, operation: &str, input: Value, exception: &str) {
    let answer = bench.call(operation, &input).await;
    assert_eq!(answer, Err(exception), "{operation} {input}");
}

#[tokio::test]
async fn valid_requests_are_not_supported_and_others_are_not_valid() {
    let bench = Bench::new().await;
    let store = json!({"CustomKeyStoreId": "cks-1234567890abcdef0"});
    for operation in ["Connect", "Delete", "Disconnect", "Update"] {
        let operation = format!("{operation}CustomKeyStore");
        check(
            &bench,
            &operation,
            store.clone(),
            "UnsupportedOperationException",
        )
        .await;
        check(&bench, &operation, json!({}), "ValidationException").await;
    }
    let new = json!({"CustomKeyStoreName": "s", "KeyStorePassword": "password"});
    let operation = "CreateCustomKeyStore";
    check(&bench, operation, new, "UnsupportedOperationException").await;
    check(&bench, operation, json!({}), "ValidationException").await;
    let operation = "DescribeCustomKeyStores";
    check(
        &bench,
        operation,
        json!({}),
        "UnsupportedOperationException",
    )
    .await;
    check(
        &bench,
        operation,
        json!({"Limit": 0}),
        "ValidationException",
    )
    .await;
}
