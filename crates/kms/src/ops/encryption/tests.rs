use serde_json::{Value, json};
use strongroom_audit::Outcome;

use crate::workbench::Bench;

const RSA: &str = "RSAES_OAEP_SHA_256";

async fn key(bench: &Bench, spec: &str, usage: &str) -> Value {
    let input = json!({"KeySpec": spec, "KeyUsage": usage});
    let made = bench.call("CreateKey", &input).await.unwrap();
    made["KeyMetadata"]["KeyId"].clone()
}

/// A symmetric and an RSA key.
async fn keys(bench: &Bench) -> (Value, Value) {
    (
        key(bench, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await,
        key(bench, "RSA_2048", "ENCRYPT_DECRYPT").await,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn plaintexts_move_between_kinds_of_keys() {
    let bench = Bench::new().await;
    let (symmetric, rsa) = keys(&bench).await;
    let input = json!({"KeyId": rsa, "Plaintext": "QUJD", "EncryptionAlgorithm": RSA});
    let blob = bench.call("Encrypt", &input).await.unwrap()["CiphertextBlob"].clone();
    let input = json!({
        "CiphertextBlob": blob, "SourceKeyId": rsa, "SourceEncryptionAlgorithm": RSA,
        "DestinationKeyId": symmetric,
    });
    let moved = bench.call("ReEncrypt", &input).await.unwrap();
    assert_eq!(moved["SourceKeyMaterialId"], Value::Null);
    assert_ne!(moved["DestinationKeyMaterialId"], Value::Null);
    let input = json!({
        "CiphertextBlob": moved["CiphertextBlob"], "DestinationKeyId": rsa,
        "DestinationEncryptionAlgorithm": RSA,
    });
    let back = bench.call("ReEncrypt", &input).await.unwrap();
    assert_eq!(back["DestinationKeyMaterialId"], Value::Null);
    let blob = &back["CiphertextBlob"];
    let input = json!({"CiphertextBlob": blob, "KeyId": rsa, "EncryptionAlgorithm": RSA});
    let opened = bench.call("Decrypt", &input).await.unwrap();
    assert_eq!(opened["Plaintext"], json!("QUJD"));
    assert_eq!(opened["KeyMaterialId"], Value::Null);
}

/// State comes before usage and algorithm, those before the input, and the input before cryptography.
#[tokio::test(flavor = "multi_thread")]
async fn checks_come_in_the_order_of_aws() {
    let bench = Bench::new().await;
    let rsa = key(&bench, "RSA_2048", "ENCRYPT_DECRYPT").await;
    let signing = key(&bench, "RSA_2048", "SIGN_VERIFY").await;
    let context = json!({"a": "b"});
    let check = async |operation: &str, mut input: Value, expected: &str| {
        input["DryRun"] = json!(true);
        let refused = bench.call(operation, &input).await;
        assert_eq!(refused, Err(expected), "{operation} {input}");
    };
    let encrypt = |key: &Value, algorithm: &str, plaintext: usize, context: Value| {
        let plaintext = "QUJD".repeat(plaintext);
        json!({
            "KeyId": key, "Plaintext": plaintext, "EncryptionAlgorithm": algorithm,
            "EncryptionContext": context,
        })
    };
    let decrypt = |key: &Value, algorithm: &str, context: Value| {
        json!({
            "KeyId": key, "CiphertextBlob": "QUJD", "EncryptionAlgorithm": algorithm,
            "EncryptionContext": context,
        })
    };
    let symmetric = "SYMMETRIC_DEFAULT";
    for (input, expected) in [
        (
            encrypt(&signing, symmetric, 100, context.clone()),
            "InvalidKeyUsageException",
        ),
        (
            encrypt(&rsa, symmetric, 100, context.clone()),
            "InvalidKeyUsageException",
        ),
        (
            encrypt(&rsa, RSA, 1, context.clone()),
            "ValidationException",
        ),
        (encrypt(&rsa, RSA, 100, json!({})), "ValidationException"),
        (encrypt(&rsa, RSA, 1, json!({})), "DryRunOperationException"),
    ] {
        check("Encrypt", input, expected).await;
    }
    for (input, expected) in [
        (
            decrypt(&signing, RSA, context.clone()),
            "IncorrectKeyException",
        ),
        (
            decrypt(&rsa, "SM2PKE", context.clone()),
            "InvalidKeyUsageException",
        ),
        (decrypt(&rsa, RSA, context.clone()), "ValidationException"),
        (decrypt(&rsa, RSA, json!({})), "InvalidCiphertextException"),
        (
            decrypt(&rsa, symmetric, context.clone()),
            "InvalidCiphertextException",
        ),
    ] {
        check("Decrypt", input, expected).await;
    }
    for key in [&rsa, &signing] {
        let input = json!({"KeyId": key});
        bench.call("DisableKey", &input).await.unwrap();
        let encrypt = encrypt(key, symmetric, 100, context.clone());
        check("Encrypt", encrypt, "DisabledException").await;
        let decrypt = decrypt(key, symmetric, context.clone());
        check("Decrypt", decrypt, "DisabledException").await;
    }
}

/// CloudTrail shows the material of symmetric keys and the ARN of every key.
#[tokio::test(flavor = "multi_thread")]
async fn only_symmetric_material_is_on_the_trail() {
    let bench = Bench::new().await;
    let (symmetric, rsa) = keys(&bench).await;
    for (key, algorithm, shows_material) in
        [(symmetric, "SYMMETRIC_DEFAULT", true), (rsa, RSA, false)]
    {
        let input = json!({"KeyId": key, "Plaintext": "QUJD", "EncryptionAlgorithm": algorithm});
        let call = bench.prepare("us-east-1", "Encrypt", &input);
        bench.answer(&call).await.unwrap();
        let record = call.record(bench.kms.env.clock.now(), Outcome::Success);
        assert_eq!(record.resources.len(), 1);
        assert!(record.resources[0].arn.ends_with(key.as_str().unwrap()));
        assert_eq!(record.resources[0].material_id.is_some(), shows_material);
    }
}
