use std::time::Duration;

use serde_json::{Value, json};

use super::{FLUSH_SECONDS_MAX, KEYS_PER_COMMIT, LastUses, flush_if_due};
use crate::key::KeyName;
use crate::records::{KeyUsageRecord, Millis};
use crate::workbench::{Bench, DAY};

async fn new_key(bench: &Bench) -> Value {
    let made = bench.call("CreateKey", &json!({})).await.unwrap();
    made["KeyMetadata"]["KeyId"].clone()
}

async fn last(bench: &Bench, key: &Value) -> Value {
    let reply = bench
        .call("GetKeyLastUsage", &json!({"KeyId": key}))
        .await
        .unwrap();
    assert_eq!(reply["KeyId"], *key);
    assert_eq!(reply["TrackingStartDate"], reply["KeyCreationDate"]);
    reply["KeyLastUsage"].clone()
}

fn name(key: &Value) -> KeyName {
    KeyName {
        account: "000000000000".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        id: key.as_str().unwrap().parse().unwrap(),
    }
}

async fn encrypt(bench: &Bench, key: &Value) -> Value {
    let input = json!({"KeyId": key, "Plaintext": "QUJD"});
    bench.call("Encrypt", &input).await.unwrap()["CiphertextBlob"].clone()
}

#[tokio::test]
async fn successful_cryptographic_operations_are_uses_and_others_are_not() {
    let bench = Bench::new().await;
    let (key, other) = (new_key(&bench).await, new_key(&bench).await);
    for (operation, input) in [
        ("DescribeKey", json!({"KeyId": key})),
        (
            "Encrypt",
            json!({"KeyId": key, "Plaintext": "QUJD", "DryRun": true}),
        ),
        ("Decrypt", json!({"KeyId": key, "CiphertextBlob": "QUJD"})),
        ("GetPublicKey", json!({"KeyId": key})),
        ("GenerateRandom", json!({"NumberOfBytes": 1})),
    ] {
        let _ = bench.call(operation, &input).await;
        assert_eq!(last(&bench, &key).await, json!({}), "{operation}");
    }
    let ciphertext = encrypt(&bench, &key).await;
    let used = last(&bench, &key).await;
    assert_eq!(used["Operation"], "Encrypt");
    assert_eq!(used["Timestamp"], 1_800_000_000);
    assert_eq!(used["KmsRequestId"], "00000000-0000-4000-8000-000000000000");
    assert_eq!(used["CloudTrailEventId"].as_str().unwrap().len(), 36);
    bench.clock.run(Duration::from_secs(5));
    let input = json!({"CiphertextBlob": ciphertext, "DestinationKeyId": other});
    bench.call("ReEncrypt", &input).await.unwrap();
    for key in [&key, &other] {
        let used = last(&bench, key).await;
        assert_eq!(used["Operation"], "ReEncrypt");
        assert_eq!(used["Timestamp"], 1_800_000_005);
    }
}

#[tokio::test]
async fn uses_reach_the_store_in_time_and_when_the_service_ends() {
    let mut bench = Bench::new().await;
    let key = new_key(&bench).await;
    flush_if_due(&bench.kms).await.unwrap();
    encrypt(&bench, &key).await;
    let stored = |bench: &Bench| bench.kms.records.key_usage(&name(&key)).unwrap().is_some();
    bench
        .clock
        .run(FLUSH_SECONDS_MAX - Duration::from_millis(1));
    flush_if_due(&bench.kms).await.unwrap();
    assert!(!stored(&bench));
    bench.clock.run(Duration::from_millis(1));
    flush_if_due(&bench.kms).await.unwrap();
    assert!(stored(&bench));
    assert_eq!(bench.kms.last_uses.count(), 0);
    bench
        .call(
            "GenerateDataKey",
            &json!({"KeyId": key, "KeySpec": "AES_256"}),
        )
        .await
        .unwrap();
    bench.restart().await;
    assert_eq!(bench.kms.last_uses.count(), 0);
    assert_eq!(last(&bench, &key).await["Operation"], "GenerateDataKey");
}

#[tokio::test]
async fn uses_of_more_keys_than_a_commit_holds_are_all_stored() {
    let mut bench = Bench::new().await;
    let mut keys = Vec::new();
    for _ in 0..=KEYS_PER_COMMIT {
        let key = new_key(&bench).await;
        encrypt(&bench, &key).await;
        keys.push(key);
    }
    bench.restart().await;
    for key in &keys {
        assert_eq!(last(&bench, key).await["Operation"], "Encrypt");
    }
}

#[tokio::test]
async fn the_last_use_goes_with_the_key() {
    let bench = Bench::new().await;
    let (stored, noted) = (new_key(&bench).await, new_key(&bench).await);
    encrypt(&bench, &stored).await;
    super::flush(&bench.kms).await.unwrap();
    encrypt(&bench, &noted).await;
    for key in [&stored, &noted] {
        let input = json!({"KeyId": key, "PendingWindowInDays": 7});
        bench.call("ScheduleKeyDeletion", &input).await.unwrap();
    }
    bench.run(7 * DAY).await;
    super::flush(&bench.kms).await.unwrap();
    for key in [&stored, &noted] {
        assert!(bench.kms.records.key(&name(key)).unwrap().is_none());
        assert!(bench.kms.records.key_usage(&name(key)).unwrap().is_none());
    }
    assert_eq!(bench.kms.last_uses.count(), 0);
}

#[test]
fn an_earlier_use_does_not_replace_a_later_one() {
    let uses = LastUses::default();
    let key = name(&json!("1234abcd-12ab-34cd-56ef-1234567890ab"));
    let used = |time| KeyUsageRecord {
        operation: "Sign".to_owned(),
        time: Millis(time),
        event_id: String::new(),
        request_id: String::new(),
    };
    for (time, expected) in [(5, 5), (4, 5), (6, 6)] {
        uses.note(&key, &used(time));
        assert_eq!(uses.noted(&key), Some(used(expected)));
    }
    uses.forget(&key, &used(5));
    assert_eq!(uses.count(), 1);
    uses.forget(&key, &used(6));
    assert_eq!(uses.count(), 0);
}
