use serde_json::{Value, json};
use strongroom_aws::error::KmsException;
use strongroom_aws::text;

use crate::workbench::Bench;

/// Genuine documents are made by the conformance suite.
#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_must_be_proven() {
    let bench = Bench::new().await;
    let (algorithm, document) = (json!("RSAES_OAEP_SHA_256"), json!("QUJD"));
    let missing = |member: &str| text::required_member(&format!("recipient.{member}"));
    for (algorithm, document, expected) in [
        (
            &algorithm,
            &document,
            text::ATTESTATION_NOT_VALID.to_owned(),
        ),
        (&algorithm, &Value::Null, missing("attestationDocument")),
        (&Value::Null, &document, missing("keyEncryptionAlgorithm")),
    ] {
        let recipient =
            json!({"KeyEncryptionAlgorithm": algorithm, "AttestationDocument": document});
        let input = json!({"NumberOfBytes": 1, "Recipient": recipient});
        let call = bench.prepare("us-east-1", "GenerateRandom", &input);
        let refused = bench.answer(&call).await.unwrap_err();
        assert_eq!(refused.exception, KmsException::Validation.into());
        assert_eq!(refused.message, Some(expected));
    }
}
