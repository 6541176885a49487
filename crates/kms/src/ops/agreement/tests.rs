use serde_json::{Value, json};

use crate::workbench::Bench;

async fn key(bench: &Bench, region: &str, spec: &str, usage: &str) -> (Value, Value) {
    let input = json!({"KeySpec": spec, "KeyUsage": usage});
    let made = call(bench, region, "CreateKey", &input).await;
    let id = made["KeyMetadata"]["KeyId"].clone();
    let public = call(bench, region, "GetPublicKey", &json!({"KeyId": id})).await;
    (id, public["PublicKey"].clone())
}

async fn call(bench: &Bench, region: &str, operation: &str, input: &Value) -> Value {
    let call = bench.prepare(region, operation, input);
    bench.answer(&call).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_keys_agree() {
    let bench = Bench::new().await;
    for (region, spec) in [
        ("us-east-1", "ECC_NIST_P256"),
        ("us-east-1", "ECC_NIST_P521"),
        ("cn-north-1", "SM2"),
    ] {
        let (one, one_public) = key(&bench, region, spec, "KEY_AGREEMENT").await;
        let (other, other_public) = key(&bench, region, spec, "KEY_AGREEMENT").await;
        let derive = async |id: &Value, public: &Value| {
            let input = json!({"KeyId": id, "PublicKey": public, "KeyAgreementAlgorithm": "ECDH"});
            let derived = call(&bench, region, "DeriveSharedSecret", &input).await;
            assert_eq!(derived["KeyOrigin"], json!("AWS_KMS"));
            derived["SharedSecret"].clone()
        };
        let secret = derive(&one, &other_public).await;
        assert_ne!(secret, Value::Null);
        assert_eq!(secret, derive(&other, &one_public).await, "{spec}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_encapsulated_is_decapsulated() {
    let bench = Bench::new().await;
    for spec in ["ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"] {
        let (id, _) = key(&bench, "us-east-1", spec, "ENCAPSULATE_DECAPSULATE").await;
        let input = json!({"KeyId": id, "EncapsulationAlgorithm": "ML_KEM"});
        let made = call(&bench, "us-east-1", "Encapsulate", &input).await;
        let input = json!({
            "KeyId": id, "EncapsulationAlgorithm": "ML_KEM",
            "SharedSecretCiphertextBlob": made["SharedSecretCiphertextBlob"],
        });
        let opened = call(&bench, "us-east-1", "Decapsulate", &input).await;
        assert_eq!(opened["SharedSecret"], made["SharedSecret"], "{spec}");
    }
}
