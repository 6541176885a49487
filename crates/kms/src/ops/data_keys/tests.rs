use serde_json::{Value, json};
use strongroom_aws::error::{KmsException, Refusal};

use crate::workbench::Bench;

async fn pair(bench: &Bench, region: &str, spec: &str) -> Result<Value, Refusal> {
    let create = bench.prepare(region, "CreateKey", &json!({}));
    let made = bench.answer(&create).await.unwrap();
    let input = json!({"KeyId": made["KeyMetadata"]["KeyId"], "KeyPairSpec": spec});
    let call = bench.prepare(region, "GenerateDataKeyPair", &input);
    bench.answer(&call).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sm2_pairs_are_of_chinese_regions() {
    let bench = Bench::new().await;
    let made = pair(&bench, "cn-north-1", "SM2").await.unwrap();
    assert_eq!(made["KeyPairSpec"], json!("SM2"));
    let refused = pair(&bench, "us-east-1", "SM2").await.unwrap_err();
    assert_eq!(refused.exception, KmsException::UnsupportedOperation.into());
    assert_eq!(
        refused.message.as_deref(),
        Some("KeyPairSpec SM2 is not supported in Region us-east-1.")
    );
}
