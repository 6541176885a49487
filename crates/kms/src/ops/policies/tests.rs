use serde_json::{Value, json};

use crate::workbench::Bench;

const KEEPS: Result<(), &str> = Ok(());
const DENIED: Result<(), &str> = Err("AccessDeniedException");

async fn default_policy(bench: &Bench) -> Value {
    let made = bench.call("CreateKey", &json!({})).await.unwrap();
    let input = json!({"KeyId": made["KeyMetadata"]["KeyId"]});
    let shown = bench.call("GetKeyPolicy", &input).await.unwrap();
    serde_json::from_str(shown["Policy"].as_str().unwrap()).unwrap()
}

/// The policy with more statements.
fn and(mut policy: Value, more: &[Value]) -> String {
    let statements = policy["Statement"].as_array_mut().unwrap();
    statements.extend_from_slice(more);
    policy.to_string()
}

fn statement(effect: &str, action: &str) -> Value {
    json!({
        "Effect": effect, "Principal": {"AWS": "*"}, "Action": action, "Resource": "*",
    })
}

/// What the root may still do with the key: all but what is `denied`, and replace the policy.
async fn check(bench: &Bench, key: &Value, denied: &[&str]) {
    let answer = async |operation: &str, mut input: Value| {
        input["KeyId"] = key.clone();
        bench.call(operation, &input).await.map(drop)
    };
    for (operation, input) in [
        ("DescribeKey", json!({})),
        ("Encrypt", json!({"Plaintext": "QUJD"})),
        ("TagResource", json!({"Tags": []})),
        ("ListGrants", json!({})),
        ("GetKeyPolicy", json!({})),
        ("DisableKey", json!({})),
    ] {
        let is_denied = denied.contains(&operation);
        let expected = if is_denied { DENIED } else { KEEPS };
        assert_eq!(answer(operation, input).await, expected, "{operation}");
    }
    let policy = default_policy(bench).await.to_string();
    let put = answer("PutKeyPolicy", json!({"Policy": policy})).await;
    assert_eq!(put, KEEPS);
    assert_eq!(answer("DescribeKey", json!({})).await, KEEPS);
}

#[tokio::test]
async fn the_root_loses_what_its_key_denies_and_nothing_else() {
    let bench = Bench::new().await;
    let default = default_policy(&bench).await;
    let allow = statement("Allow", "kms:DescribeKey");
    let (encrypt, listing) = (
        statement("Deny", "kms:Encrypt"),
        statement("Deny", "kms:L*"),
    );
    for (more, denied) in [
        (&[][..], &[][..]),
        (std::slice::from_ref(&allow), &[]),
        (&[allow.clone(), allow.clone()], &[]),
        (std::slice::from_ref(&encrypt), &["Encrypt"]),
        (&[allow.clone(), encrypt.clone()], &["Encrypt"]),
        (&[encrypt.clone(), listing], &["Encrypt", "ListGrants"]),
    ] {
        let policy = and(default.clone(), more);
        let made = bench.call("CreateKey", &json!({})).await.unwrap();
        let key = &made["KeyMetadata"]["KeyId"];
        let input = json!({"KeyId": key, "Policy": policy});
        bench.call("PutKeyPolicy", &input).await.unwrap();
        check(&bench, key, denied).await;
        let made = bench.call("CreateKey", &json!({"Policy": policy})).await;
        check(&bench, &made.unwrap()["KeyMetadata"]["KeyId"], denied).await;
    }
}

/// KMS Developer Guide, "Resource quotas": 32,768 bytes as they are sent. Written out in lines they are more.
#[tokio::test]
async fn the_longest_policy_leaves_its_key_usable() {
    let bench = Bench::new().await;
    let values: Vec<String> = (0..5000).map(|number| format!("{number:x}")).collect();
    let more = json!({
        "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt", "Resource": "*",
        "Condition": {"StringEquals": {"aws:username": values}},
    });
    let policy = and(default_policy(&bench).await, &[more]);
    assert!((30_000..32_768).contains(&policy.len()), "{}", policy.len());
    let made = bench.call("CreateKey", &json!({"Policy": policy})).await;
    let key = made.unwrap()["KeyMetadata"]["KeyId"].clone();
    let input = json!({"KeyId": key, "Plaintext": "QUJD"});
    bench.call("Encrypt", &input).await.unwrap();
    let shown = bench.call("GetKeyPolicy", &json!({"KeyId": key})).await;
    let shown: Value = serde_json::from_str(shown.unwrap()["Policy"].as_str().unwrap()).unwrap();
    let sent: Value = serde_json::from_str(&policy).unwrap();
    assert_eq!(shown["Statement"][1], sent["Statement"][1]);
}
