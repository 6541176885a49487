//! Another account's key that the caller may not use is as one that does not exist.

use serde_json::{Value, json};
use strongroom_aws::text;

use super::{DENIED, OTHER, allow, attached, end, root, to};
use crate::ops::{OPS, ResourceKind, Service};
use crate::workbench::Bench;

/// A well-formed key id that no key has.
const NO_KEY: &str = "00000000-0000-4000-8000-000000000000";

/// A ciphertext whose material nobody has.
fn of_no_key(ciphertext: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let mut bytes = STANDARD.decode(ciphertext).unwrap();
    bytes[6] ^= 1;
    STANDARD.encode(bytes)
}

/// What each operation that reaches other accounts needs besides a key.
fn more(operation: &str) -> Value {
    match operation {
        "CreateGrant" => json!({"GranteePrincipal": root(OTHER), "Operations": ["Encrypt"]}),
        "Decapsulate" => {
            json!({"EncapsulationAlgorithm": "ML_KEM", "SharedSecretCiphertextBlob": "QUJD"})
        }
        "DeriveSharedSecret" => json!({"KeyAgreementAlgorithm": "ECDH", "PublicKey": "QUJD"}),
        "DescribeKey" | "GetKeyRotationStatus" | "GetPublicKey" | "ListGrants" => json!({}),
        "Encapsulate" => json!({"EncapsulationAlgorithm": "ML_KEM"}),
        "Encrypt" => json!({"Plaintext": "QUJD"}),
        "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => json!({"NumberOfBytes": 16}),
        "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" => {
            json!({"KeyPairSpec": "ECC_NIST_P256"})
        }
        "GenerateMac" => json!({"MacAlgorithm": "HMAC_SHA_256", "Message": "QUJD"}),
        "VerifyMac" => json!({"MacAlgorithm": "HMAC_SHA_256", "Message": "QUJD", "Mac": "QUJD"}),
        "RevokeGrant" | "RetireGrant" => json!({"GrantId": "00".repeat(32)}),
        "Sign" => json!({"SigningAlgorithm": "ECDSA_SHA_256", "Message": "QUJD"}),
        "Verify" => {
            json!({"SigningAlgorithm": "ECDSA_SHA_256", "Message": "QUJD", "Signature": "QUJD"})
        }
        other => panic!("{other} reaches other accounts and has no row here"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forbidden_key_of_another_account_is_as_a_missing_one() {
    let bench = Bench::new().await;
    let stranger = bench
        .add_user(OTHER, "stranger", attached("AdministratorAccess"))
        .await;
    let key = bench.add_key(json!({})).await;
    // Somebody there may use it, and somebody else there may not.
    let friend = format!("arn:aws:iam::{OTHER}:user/friend");
    bench
        .add_user(OTHER, "friend", attached("AdministratorAccess"))
        .await;
    let account = key.split(':').nth(4).unwrap();
    let statements = json!([
        to(root(account), allow("kms:*")),
        to(friend, allow("kms:*"))
    ]);
    bench.put_policy(&key, &statements).await;
    let alias = json!({"AliasName": "alias/there", "TargetKeyId": key});
    bench.call("CreateAlias", &alias).await.unwrap();
    let (there, _) = key.split_once("key/").unwrap();
    let [missing, alias, no_alias] = [
        format!("key/{NO_KEY}"),
        "alias/there".to_owned(),
        "alias/nowhere".to_owned(),
    ]
    .map(|name| format!("{there}{name}"));
    let of_key = OPS.iter().filter(|op| {
        op.service == Service::Kms
            && op.resource.reaches_other_accounts()
            && !matches!(
                op.resource,
                ResourceKind::CiphertextKey | ResourceKind::TwoKeys
            )
    });
    for op in of_key {
        let answer = async |reference: &str| {
            let mut input = more(op.name);
            input["KeyId"] = json!(reference);
            end(bench.call_with(&stranger, op.name, &input).await)
        };
        let unseen = Err((DENIED, text::denied_unseen(&stranger.arn, op.actions[0])));
        assert_eq!(answer(&key).await, unseen, "{}", op.name);
        assert_eq!(answer(&missing).await, unseen, "{}", op.name);
        // By alias both are refused alike, be it as no name of a key.
        let by_alias = answer(&alias).await;
        let same = |end: Result<(), (&'static str, String)>| {
            end.map_err(|(name, text)| (name, text.replace("nowhere", "there")))
        };
        assert_eq!(same(answer(&no_alias).await), by_alias, "{}", op.name);
        let (name, _) = by_alias.unwrap_err();
        assert!(matches!(
            name,
            DENIED | "NotFoundException" | "InvalidArnException"
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ciphertext_of_a_forbidden_key_is_as_one_of_a_missing_key() {
    let bench = Bench::new().await;
    let stranger = bench
        .add_user(OTHER, "stranger", attached("AdministratorAccess"))
        .await;
    let key = bench.add_key(json!({})).await;
    let missing = key.replace(key.split_once("key/").unwrap().1, NO_KEY);
    let made = bench
        .call("Encrypt", &json!({"KeyId": key, "Plaintext": "QUJD"}))
        .await
        .unwrap();
    let forbidden = made["CiphertextBlob"].as_str().unwrap().to_owned();
    let absent = of_no_key(&forbidden);
    let by_ciphertext = |action| Err((DENIED, text::denied_ciphertext(&stranger.arn, action)));
    let by_key = |action| Err((DENIED, text::denied_unseen(&stranger.arn, action)));
    let (decrypt, from) = ("kms:Decrypt", "kms:ReEncryptFrom");
    for blob in [&forbidden, &absent] {
        for (operation, mut input, expected) in [
            ("Decrypt", json!({}), by_ciphertext(decrypt)),
            ("Decrypt", json!({"KeyId": key}), by_key(decrypt)),
            ("Decrypt", json!({"KeyId": missing}), by_key(decrypt)),
            (
                "ReEncrypt",
                json!({"DestinationKeyId": key}),
                by_ciphertext(from),
            ),
            (
                "ReEncrypt",
                json!({"DestinationKeyId": missing}),
                by_ciphertext(from),
            ),
            (
                "ReEncrypt",
                json!({"DestinationKeyId": key, "SourceKeyId": key}),
                by_key(from),
            ),
            (
                "ReEncrypt",
                json!({"DestinationKeyId": key, "SourceKeyId": missing}),
                by_key(from),
            ),
        ] {
            input["CiphertextBlob"] = json!(blob);
            let answer = bench.call_with(&stranger, operation, &input).await;
            assert_eq!(end(answer), expected, "{operation} {input}");
        }
    }
    // The destination's side, of one's own ciphertext.
    let made = json!({"Description": "own"});
    let own = bench
        .call_with(&stranger, "CreateKey", &made)
        .await
        .unwrap();
    let own = json!({"KeyId": own["KeyMetadata"]["Arn"], "Plaintext": "QUJD"});
    let made = bench.call_with(&stranger, "Encrypt", &own).await.unwrap();
    for destination in [&key, &missing] {
        let input = json!({
            "CiphertextBlob": made["CiphertextBlob"], "DestinationKeyId": destination,
        });
        let answer = bench.call_with(&stranger, "ReEncrypt", &input).await;
        assert_eq!(end(answer), by_key("kms:ReEncryptTo"));
    }
}
