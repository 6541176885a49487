//! Calls, and the events that CloudTrail's users see of them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use strongroom_audit::cloudtrail;
use strongroom_audit::{LogReader, Record};
use strongroom_crypto::rsa_encryption::{OaepHash, oaep_encrypt};

use crate::audit_log::segments;
use crate::call::Call;
use crate::ops::{OPS, Service};
use crate::workbench::Bench;

const HOME: &str = "us-east-1";
const EUROPE: &str = "eu-west-1";
const OWNER: &str = "000000000000";
const OTHER: &str = "111122223333";
/// `plaintext canary`, in base64.
const SECRET: &str = "cGxhaW50ZXh0IGNhbmFyeQ==";
const SECRET_BYTES: &[u8] = b"plaintext canary";
/// What the members that these tests compare are called.
const COMPARED: &[&str] = &[
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "errorCode",
];

/// A bench, and which operations were called on it.
struct Trail {
    bench: Bench,
    called: RefCell<BTreeSet<String>>,
}

/// A key and its current material.
struct Made {
    id: String,
    arn: String,
    material: String,
}

/// The record of a call as it was stored.
fn stored(bench: &Bench, event_id: &str) -> Record {
    let mut found = all_stored(bench).into_iter();
    found.find(|record| record.event_id == event_id).unwrap()
}

/// The event of the only call of `operation`.
fn event_of(bench: &Bench, operation: &str) -> Value {
    let mut found = all_stored(bench);
    found.retain(|record| record.operation == operation);
    match &found[..] {
        [record] => events(record).swap_remove(0),
        _ => panic!("not one {operation}"),
    }
}

/// All records: those in the outbox, then those in the log.
fn all_stored(bench: &Bench) -> Vec<Record> {
    let outbox = bench.kms.records.outbox(None, 500).unwrap().entries;
    let waiting = outbox.into_iter().map(|entry| entry.payload);
    let mut logged = Vec::new();
    for (_, path) in segments(&bench.log()).unwrap() {
        let frames = LogReader::new(File::open(path).unwrap()).map_while(Result::ok);
        logged.extend(
            frames
                .filter(|frame| frame.is_record())
                .map(|frame| frame.payload),
        );
    }
    let payloads = waiting.chain(logged);
    payloads
        .filter_map(|payload| Record::decode(&payload).ok())
        .collect()
}

/// The events that are told of `record`, the caller's first.
fn events(record: &Record) -> Vec<Value> {
    let events = cloudtrail::events(record);
    let events = events.iter().map(|event| {
        let line = event.json();
        assert!(
            !line.contains(SECRET) && !line.contains("plaintext canary"),
            "{line}"
        );
        serde_json::from_str(&line).unwrap()
    });
    events.collect()
}

fn arns(event: &Value) -> Vec<&str> {
    let resources = event["resources"].as_array();
    let resources = resources.into_iter().flatten();
    resources
        .map(|resource| resource["ARN"].as_str().unwrap())
        .collect()
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap()
}

impl Trail {
    async fn new() -> Self {
        Self {
            bench: Bench::new().await,
            called: RefCell::default(),
        }
    }

    async fn make(&self, input: Value) -> Made {
        let made = self.bench.call("CreateKey", &input).await.unwrap();
        let key = &made["KeyMetadata"];
        Made {
            id: text(key, "KeyId").to_owned(),
            arn: text(key, "Arn").to_owned(),
            material: key["CurrentKeyMaterialId"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        }
    }

    async fn pair(&self, spec: &str, usage: &str) -> Made {
        self.make(json!({"KeySpec": spec, "KeyUsage": usage})).await
    }

    /// Calls as the account's root: the answer, null of an error, and the caller's event.
    async fn call(&self, operation: &str, input: Value) -> (Value, Value) {
        let call = self.bench.prepare(HOME, operation, &input);
        self.answer(&call).await
    }

    async fn answer(&self, call: &Call<'_>) -> (Value, Value) {
        let answer = self.bench.answer(call).await;
        let record = stored(&self.bench, &call.event_id);
        let event = events(&record).swap_remove(0);
        (answer.unwrap_or(Value::Null), event)
    }

    /// Calls, and compares the event's members named in `COMPARED`, of which absent ones are null, and the ARNs of its
    /// resources. The answer.
    async fn check(&self, operation: &str, input: Value, wanted: Value, keys: &[&str]) -> Value {
        self.called.borrow_mut().insert(operation.to_owned());
        let (answer, event) = self.call(operation, input).await;
        for member in COMPARED {
            assert_eq!(
                event[member], wanted[member],
                "{operation}: {member} of {event}"
            );
        }
        assert_eq!(arns(&event), keys, "{operation}: {event}");
        answer
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cryptographic_calls_are_told() {
    let trail = Trail::new().await;
    let key = trail.make(json!({})).await;
    let (id, arn) = (key.id.as_str(), key.arn.as_str());
    let used = json!({"keyMaterialId": key.material});
    let context = json!({"a": "b", "É\n": "c"});
    let told = |asked: Value, additional: &Value| json!({"requestParameters": asked, "additionalEventData": additional});
    let symmetric = "SYMMETRIC_DEFAULT";
    let sealed = trail
        .check(
            "Encrypt",
            json!({"KeyId": id, "Plaintext": SECRET, "EncryptionContext": context}),
            told(json!({"keyId": id, "encryptionContext": context, "encryptionAlgorithm": symmetric}), &used),
            &[arn],
        )
        .await;
    let blob = &sealed["CiphertextBlob"];
    trail
        .check(
            "Decrypt",
            json!({"CiphertextBlob": blob, "EncryptionContext": context}),
            told(
                json!({"encryptionContext": context, "encryptionAlgorithm": symmetric}),
                &used,
            ),
            &[arn],
        )
        .await;
    let both = json!({
        "sourceKeyMaterialId": key.material, "destinationKeyMaterialId": key.material
    });
    trail
        .check(
            "ReEncrypt",
            json!({"CiphertextBlob": blob, "SourceEncryptionContext": context, "DestinationKeyId": arn}),
            told(
                json!({
                    "sourceEncryptionContext": context, "destinationKeyId": arn,
                    "sourceEncryptionAlgorithm": symmetric,
                    "destinationEncryptionAlgorithm": symmetric
                }),
                &both,
            ),
            &[arn, arn],
        )
        .await;
    for operation in ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"] {
        trail
            .check(
                operation,
                json!({"KeyId": id, "NumberOfBytes": 16, "EncryptionContext": context}),
                told(
                    json!({"keyId": id, "numberOfBytes": 16, "encryptionContext": context}),
                    &used,
                ),
                &[arn],
            )
            .await;
    }
    for operation in ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"] {
        trail
            .check(
                operation,
                json!({"KeyId": id, "KeyPairSpec": "ECC_NIST_P256"}),
                told(json!({"keyId": id, "keyPairSpec": "ECC_NIST_P256"}), &used),
                &[arn],
            )
            .await;
    }
    trail
        .check(
            "GenerateRandom",
            json!({"NumberOfBytes": 8}),
            told(json!({"numberOfBytes": 8}), &Value::Null),
            &[],
        )
        .await;
    key_pairs_are_told(&trail).await;
    let called = trail.called.into_inner();
    let cryptographic = OPS
        .iter()
        .filter(|op| op.audit == crate::ops::AuditClass::Cryptographic);
    let missing: Vec<_> = cryptographic
        .filter(|op| !called.contains(op.name))
        .collect();
    assert!(
        missing.is_empty(),
        "{:?}",
        missing.iter().map(|op| op.name).collect::<Vec<_>>()
    );
}

async fn key_pairs_are_told(trail: &Trail) {
    let told = |asked: Value| json!({"requestParameters": asked});
    let signing = trail.pair("ECC_NIST_P256", "SIGN_VERIFY").await;
    let (id, arn) = (signing.id.as_str(), signing.arn.as_str());
    let algorithm = "ECDSA_SHA_256";
    let asked = json!({"keyId": id, "signingAlgorithm": algorithm, "messageType": "RAW"});
    let input = json!({"KeyId": id, "Message": SECRET, "SigningAlgorithm": algorithm});
    let signed = trail
        .check("Sign", input, told(asked.clone()), &[arn])
        .await;
    let input = json!({
        "KeyId": id, "Message": SECRET, "SigningAlgorithm": algorithm,
        "Signature": signed["Signature"]
    });
    trail.check("Verify", input, told(asked), &[arn]).await;

    let mac = trail.pair("HMAC_256", "GENERATE_VERIFY_MAC").await;
    let (id, arn) = (mac.id.as_str(), mac.arn.as_str());
    let asked = json!({"keyId": id, "macAlgorithm": "HMAC_SHA_256"});
    let input = json!({"KeyId": id, "Message": SECRET, "MacAlgorithm": "HMAC_SHA_256"});
    let made = trail
        .check("GenerateMac", input, told(asked.clone()), &[arn])
        .await;
    let input = json!({
        "KeyId": id, "Message": SECRET, "MacAlgorithm": "HMAC_SHA_256", "Mac": made["Mac"]
    });
    trail.check("VerifyMac", input, told(asked), &[arn]).await;

    let agreeing = trail.pair("ECC_NIST_P256", "KEY_AGREEMENT").await;
    let (id, arn) = (agreeing.id.as_str(), agreeing.arn.as_str());
    let shown = trail
        .check(
            "GetPublicKey",
            json!({"KeyId": id}),
            told(json!({"keyId": id})),
            &[arn],
        )
        .await;
    let input = json!({
        "KeyId": id, "KeyAgreementAlgorithm": "ECDH", "PublicKey": shown["PublicKey"]
    });
    let asked = told(json!({"keyId": id, "keyAgreementAlgorithm": "ECDH"}));
    trail
        .check("DeriveSharedSecret", input, asked, &[arn])
        .await;

    let sealing = trail.pair("ML_KEM_768", "ENCAPSULATE_DECAPSULATE").await;
    let (id, arn) = (sealing.id.as_str(), sealing.arn.as_str());
    let asked = told(json!({"keyId": id, "encapsulationAlgorithm": "ML_KEM"}));
    let input = json!({"KeyId": id, "EncapsulationAlgorithm": "ML_KEM"});
    let made = trail
        .check("Encapsulate", input, asked.clone(), &[arn])
        .await;
    let input = json!({
        "KeyId": id, "EncapsulationAlgorithm": "ML_KEM",
        "SharedSecretCiphertextBlob": made["SharedSecretCiphertextBlob"]
    });
    trail.check("Decapsulate", input, asked, &[arn]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_with_what_they_changed() {
    let trail = Trail::new().await;
    let key = trail.make(json!({})).await;
    let (id, arn) = (key.id.as_str(), key.arn.as_str());
    let by_arn = json!({"keyId": arn});
    let told = |asked: &Value, answered: &Value| json!({"requestParameters": asked, "responseElements": answered});
    let check = async |operation: &str, input: Value, asked: Value, answered: &Value| {
        trail
            .check(operation, input, told(&asked, answered), &[arn])
            .await
    };
    let plain = json!({"keyId": id});
    check("DisableKey", json!({"KeyId": id}), plain.clone(), &by_arn).await;
    check("EnableKey", json!({"KeyId": id}), plain.clone(), &by_arn).await;
    let rotated = json!({"keyId": id, "rotationPeriodInDays": 90});
    let input = json!({"KeyId": id, "RotationPeriodInDays": 90});
    check("EnableKeyRotation", input, rotated, &by_arn).await;
    check(
        "DisableKeyRotation",
        json!({"KeyId": id}),
        plain.clone(),
        &Value::Null,
    )
    .await;
    check(
        "RotateKeyOnDemand",
        json!({"KeyId": id}),
        plain.clone(),
        &plain,
    )
    .await;
    let tags = json!([{"TagKey": "a", "TagValue": "b"}]);
    let asked = json!({"keyId": id, "tags": [{"tagKey": "a", "tagValue": "b"}]});
    check(
        "TagResource",
        json!({"KeyId": id, "Tags": tags}),
        asked,
        &by_arn,
    )
    .await;
    let asked = json!({"keyId": id, "tagKeys": ["a"]});
    check(
        "UntagResource",
        json!({"KeyId": id, "TagKeys": ["a"]}),
        asked,
        &by_arn,
    )
    .await;
    let asked = json!({"keyId": id, "description": "d"});
    let input = json!({"KeyId": id, "Description": "d"});
    check("UpdateKeyDescription", input, asked, &Value::Null).await;
    let shown = trail
        .bench
        .call("GetKeyPolicy", &json!({"KeyId": id}))
        .await
        .unwrap();
    let policy = &shown["Policy"];
    let asked = json!({
        "keyId": id, "policy": policy, "policyName": "default",
        "bypassPolicyLockoutSafetyCheck": false
    });
    check(
        "PutKeyPolicy",
        json!({"KeyId": id, "Policy": policy}),
        asked,
        &Value::Null,
    )
    .await;

    let window = json!({"keyId": id, "pendingWindowInDays": 7});
    let answered = json!({
        "keyId": arn, "deletionDate": "Jan 22, 2027, 8:00:00 AM", "keyState": "PendingDeletion",
        "pendingWindowInDays": 7
    });
    let input = json!({"KeyId": id, "PendingWindowInDays": 7});
    check("ScheduleKeyDeletion", input, window, &answered).await;
    check("CancelKeyDeletion", json!({"KeyId": id}), plain, &by_arn).await;
    trail
        .bench
        .call("EnableKey", &json!({"KeyId": id}))
        .await
        .unwrap();
    aliases_are_told(&trail, &key).await;
    grants_are_told(&trail, &key).await;
    multi_region_keys_are_told(&trail).await;
    imports_are_told(&trail).await;
    key_stores_are_told(&trail).await;
    reads_are_told(&trail, &key).await;

    let (made, event) = trail
        .call("CreateKey", json!({"Description": "d", "Tags": tags}))
        .await;
    trail.called.borrow_mut().insert("CreateKey".to_owned());
    let made = &made["KeyMetadata"];
    assert_eq!(
        event["requestParameters"],
        json!({
            "description": "d", "tags": [{"tagKey": "a", "tagValue": "b"}],
            "keyUsage": "ENCRYPT_DECRYPT", "origin": "AWS_KMS", "keySpec": "SYMMETRIC_DEFAULT",
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT", "bypassPolicyLockoutSafetyCheck": false
        })
    );
    assert_eq!(
        event["responseElements"]["keyMetadata"],
        json!({
            "aWSAccountId": OWNER, "keyId": made["KeyId"], "arn": made["Arn"],
            "creationDate": "Jan 15, 2027, 8:00:00 AM", "enabled": true, "description": "d",
            "keyUsage": "ENCRYPT_DECRYPT", "keyState": "Enabled", "origin": "AWS_KMS",
            "keyManager": "CUSTOMER", "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "keySpec": "SYMMETRIC_DEFAULT", "encryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
            "multiRegion": false, "currentKeyMaterialId": made["CurrentKeyMaterialId"]
        })
    );
    assert_eq!(arns(&event), [text(made, "Arn")]);

    let called = trail.called.into_inner();
    let all = OPS.iter().filter(|op| op.service == Service::Kms);
    let others = all.filter(|op| op.audit != crate::ops::AuditClass::Cryptographic);
    let missing: Vec<_> = others
        .map(|op| op.name)
        .filter(|name| !called.contains(*name))
        .collect();
    // Its success needs a key pair: it is called with those.
    assert_eq!(missing, ["GetPublicKey"]);
}

async fn aliases_are_told(trail: &Trail, key: &Made) {
    let (id, arn) = (key.id.as_str(), key.arn.as_str());
    let alias = format!("arn:aws:kms:{HOME}:{OWNER}:alias/a");
    let second = trail.make(json!({})).await;
    let told = |asked: Value, key: &str| json!({"requestParameters": asked, "responseElements": {"keyId": key}});
    let input = |key: &str| json!({"AliasName": "alias/a", "TargetKeyId": key});
    let asked = |key: &str| json!({"aliasName": "alias/a", "targetKeyId": key});
    trail
        .check(
            "CreateAlias",
            input(id),
            told(asked(id), arn),
            &[arn, &alias],
        )
        .await;
    let wanted = told(asked(&second.id), &second.arn);
    let both = [arn, &second.arn, &alias];
    trail
        .check("UpdateAlias", input(&second.id), wanted, &both)
        .await;
    let wanted = told(json!({"aliasName": "alias/a"}), &second.arn);
    let input = json!({"AliasName": "alias/a"});
    trail
        .check("DeleteAlias", input, wanted, &[&second.arn, &alias])
        .await;
}

async fn grants_are_told(trail: &Trail, key: &Made) {
    let (id, arn) = (key.id.as_str(), key.arn.as_str());
    let grantee = format!("arn:aws:iam::{OWNER}:root");
    let input = json!({
        "KeyId": id, "GranteePrincipal": grantee, "Operations": ["Encrypt"], "Name": "n",
        "Constraints": {"EncryptionContextSubset": {"a": "b"}}, "GrantTokens": []
    });
    let asked = json!({
        "keyId": id, "granteePrincipal": grantee, "operations": ["Encrypt"], "name": "n",
        "constraints": {"encryptionContextSubset": {"a": "b"}}
    });
    let (made, event) = trail.call("CreateGrant", input.clone()).await;
    let answered = json!({"grantId": made["GrantId"], "keyId": arn});
    assert_eq!(
        (&event["requestParameters"], &event["responseElements"]),
        (&asked, &answered)
    );
    assert!(!event.to_string().contains(text(&made, "GrantToken")));
    let wanted = json!({"requestParameters": asked, "responseElements": answered});
    trail.check("CreateGrant", input, wanted, &[arn]).await;
    let grant = &made["GrantId"];
    let wanted = json!({
        "requestParameters": {"keyId": id, "grantId": grant}, "responseElements": {"keyId": arn}
    });
    let input = json!({"KeyId": id, "GrantId": grant});
    trail.check("RevokeGrant", input, wanted, &[arn]).await;
    let again = json!({"KeyId": id, "GranteePrincipal": grantee, "Operations": ["Encrypt"]});
    let made = trail.bench.call("CreateGrant", &again).await.unwrap();
    let wanted = json!({"additionalEventData": {"grantId": made["GrantId"]}});
    let input = json!({"GrantToken": made["GrantToken"]});
    trail.check("RetireGrant", input, wanted, &[arn]).await;
}

async fn multi_region_keys_are_told(trail: &Trail) {
    let key = trail.make(json!({"MultiRegion": true})).await;
    let (id, arn) = (key.id.as_str(), key.arn.as_str());
    let replica = arn.replace(HOME, EUROPE);
    let input = json!({"KeyId": id, "ReplicaRegion": EUROPE});
    let (made, event) = trail.call("ReplicateKey", input).await;
    assert_eq!(
        event["requestParameters"],
        json!({
            "keyId": id, "replicaRegion": EUROPE, "bypassPolicyLockoutSafetyCheck": false,
            "description": ""
        })
    );
    let answered = &event["responseElements"];
    assert_eq!(answered["replicaKeyMetadata"]["arn"], replica.as_str());
    assert_eq!(answered["replicaPolicy"], made["ReplicaPolicy"]);
    let wanted = json!({
        "requestParameters": {"keyId": id, "primaryRegion": EUROPE},
        "responseElements": {"keyId": arn}
    });
    let input = json!({"KeyId": id, "PrimaryRegion": EUROPE});
    trail
        .check("UpdatePrimaryRegion", input, wanted, &[arn, &replica])
        .await;
    trail.called.borrow_mut().insert("ReplicateKey".to_owned());
    elsewhere_is_told(&trail.bench, arn, &replica);
}

/// In the other Region, the service passes on what was done there.
fn elsewhere_is_told(bench: &Bench, arn: &str, replica: &str) {
    let outbox = bench.kms.records.outbox(None, 500).unwrap().entries;
    let records = outbox
        .iter()
        .map(|entry| Record::decode(&entry.payload).unwrap());
    let told: Vec<Value> = records.flat_map(|record| events(&record)).collect();
    let find = |name: &str, region: &str| {
        let mut found = told
            .iter()
            .filter(|event| event["eventName"] == name && event["awsRegion"] == region);
        found.next().unwrap()
    };
    let created = find("CreateKey", EUROPE);
    assert_eq!(arns(created), [replica]);
    assert_eq!(created["userIdentity"]["invokedBy"], "kms.amazonaws.com");
    assert_eq!(created["requestParameters"], Value::Null);
    let updated = find("UpdatePrimaryRegion", EUROPE);
    let asked = json!({"keyId": arn, "primaryRegion": EUROPE});
    assert_eq!(updated["requestParameters"], asked);
    assert_eq!(updated["sourceIPAddress"], "kms.amazonaws.com");
    let synchronized = find("SynchronizeMultiRegionKey", HOME);
    assert_eq!(synchronized["eventType"], "AwsApiCall");
    assert_eq!(synchronized["userIdentity"]["invokedBy"], "AWS Internal");
    assert_eq!(arns(synchronized), [arn]);
}

async fn imports_are_told(trail: &Trail) {
    let key = trail.make(json!({"Origin": "EXTERNAL"})).await;
    let (id, arn) = (key.id.as_str(), key.arn.as_str());
    let wrapping = json!({
        "keyId": id, "wrappingAlgorithm": "RSAES_OAEP_SHA_256", "wrappingKeySpec": "RSA_2048"
    });
    let input = json!({
        "KeyId": id, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"
    });
    let wanted = json!({"requestParameters": wrapping});
    let given = trail
        .check("GetParametersForImport", input, wanted, &[arn])
        .await;
    let public = STANDARD.decode(text(&given, "PublicKey")).unwrap();
    let material: [u8; 32] = [SECRET_BYTES, SECRET_BYTES].concat().try_into().unwrap();
    let wrapped = oaep_encrypt(&public, OaepHash::Sha256, &material)
        .ok()
        .unwrap();
    let input = json!({
        "KeyId": id, "ImportToken": given["ImportToken"],
        "EncryptedKeyMaterial": STANDARD.encode(wrapped), "ValidTo": 1_800_086_400
    });
    let (made, event) = trail.call("ImportKeyMaterial", input).await;
    let asked = json!({"keyId": id, "validTo": "Jan 16, 2027, 8:00:00 AM"});
    assert_eq!(event["requestParameters"], asked);
    let answered = json!({"keyId": arn, "keyMaterialId": made["KeyMaterialId"]});
    assert_eq!(event["responseElements"], answered);
    trail
        .called
        .borrow_mut()
        .insert("ImportKeyMaterial".to_owned());
    let wanted = json!({"requestParameters": {"keyId": id}, "responseElements": {"keyId": arn}});
    let input = json!({"KeyId": id});
    trail
        .check("DeleteImportedKeyMaterial", input, wanted, &[arn])
        .await;
}

async fn key_stores_are_told(trail: &Trail) {
    let (store, secret) = ("cks-1234567890abcdef0", "plaintext canary");
    let unsupported = |asked: Value| json!({"requestParameters": asked, "errorCode": "UnsupportedOperationException"});
    for (operation, input, asked) in [
        (
            "CreateCustomKeyStore",
            json!({
                "CustomKeyStoreName": "n", "CloudHsmClusterId": "cluster-2a23b4cdefg",
                "KeyStorePassword": secret, "TrustAnchorCertificate": "c",
                "XksProxyAuthenticationCredential": {
                    "AccessKeyId": "ABCDEFGHIJKLMNOPQRSTUVWX23",
                    "RawSecretAccessKey": "plaintextcanaryplaintextcanaryplaintextcanary"
                }
            }),
            json!({"customKeyStoreName": "n", "clusterId": "cluster-2a23b4cdefg"}),
        ),
        (
            "UpdateCustomKeyStore",
            json!({"CustomKeyStoreId": store, "KeyStorePassword": secret}),
            json!({"customKeyStoreId": store}),
        ),
        (
            "ConnectCustomKeyStore",
            json!({"CustomKeyStoreId": store}),
            json!({"customKeyStoreId": store}),
        ),
        (
            "DisconnectCustomKeyStore",
            json!({"CustomKeyStoreId": store}),
            json!({"customKeyStoreId": store}),
        ),
        (
            "DeleteCustomKeyStore",
            json!({"CustomKeyStoreId": store}),
            json!({"customKeyStoreId": store}),
        ),
        ("DescribeCustomKeyStores", json!({}), Value::Null),
    ] {
        trail.check(operation, input, unsupported(asked), &[]).await;
    }
}

async fn reads_are_told(trail: &Trail, key: &Made) {
    let (id, arn) = (key.id.as_str(), key.arn.as_str());
    let told = |asked: Value| json!({"requestParameters": asked});
    for operation in [
        "DescribeKey",
        "GetKeyLastUsage",
        "GetKeyPolicy",
        "GetKeyRotationStatus",
        "ListGrants",
        "ListKeyPolicies",
        "ListResourceTags",
    ] {
        let input = json!({"KeyId": id});
        trail
            .check(operation, input, told(json!({"keyId": id})), &[arn])
            .await;
    }
    let input = json!({"KeyId": arn, "IncludeKeyMaterial": "ALL_KEY_MATERIAL", "Limit": 3});
    let asked = told(json!({"keyId": arn, "includeKeyMaterial": "ALL_KEY_MATERIAL", "limit": 3}));
    trail.check("ListKeyRotations", input, asked, &[arn]).await;
    trail
        .check("ListKeys", json!({}), told(Value::Null), &[])
        .await;
    trail
        .check(
            "ListAliases",
            json!({"Limit": 5}),
            told(json!({"limit": 5})),
            &[],
        )
        .await;
    let retiring = format!("arn:aws:iam::{OWNER}:root");
    let input = json!({"RetiringPrincipal": retiring});
    let asked = told(json!({"retiringPrincipal": retiring}));
    trail.check("ListRetirableGrants", input, asked, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told() {
    let trail = Trail::new().await;
    let key = trail.make(json!({})).await;
    let (id, arn) = (key.id.as_str(), key.arn.as_str());
    let check = async |input: Value, error: &str, asked: Value, keys: &[&str]| {
        let wanted = json!({"requestParameters": asked, "errorCode": error});
        trail.check("Encrypt", input, wanted, keys).await;
    };
    let asked = |id: &str| json!({"keyId": id, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"});
    check(
        json!({"KeyId": "alias/none", "Plaintext": SECRET}),
        "NotFoundException",
        Value::Null,
        &[],
    )
    .await;
    check(
        json!({"KeyId": id, "Plaintext": SECRET, "DryRun": true}),
        "DryRunOperationException",
        json!({"keyId": id, "dryRun": true, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"}),
        &[arn],
    )
    .await;
    check(
        json!({"KeyId": id}),
        "ValidationException",
        Value::Null,
        &[],
    )
    .await;
    check(
        json!({"KeyId": 5, "Plaintext": SECRET}),
        "SerializationException",
        Value::Null,
        &[],
    )
    .await;
    let other = format!("arn:aws:kms:{HOME}:{OTHER}:key/{id}");
    check(
        json!({"KeyId": other, "Plaintext": SECRET}),
        "AccessDenied",
        asked(&other),
        &[],
    )
    .await;
    trail
        .bench
        .call("DisableKey", &json!({"KeyId": id}))
        .await
        .unwrap();
    check(
        json!({"KeyId": id, "Plaintext": SECRET}),
        "DisabledException",
        asked(id),
        &[arn],
    )
    .await;
    let wanted = json!({
        "requestParameters": {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"},
        "errorCode": "InvalidCiphertextException"
    });
    let (_, event) = trail
        .call("Decrypt", json!({"CiphertextBlob": SECRET}))
        .await;
    for member in COMPARED {
        assert_eq!(event[member], wanted[member], "{event}");
    }
    assert_eq!(event.get("errorMessage"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_are_told_of_other_accounts_calls_and_find_them_by_their_last_use() {
    let trail = Trail::new().await;
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": [OWNER, OTHER]}, "Action": "kms:*", "Resource": "*"
    }]});
    let key = trail.make(json!({"Policy": policy.to_string()})).await;
    let input = json!({"KeyId": key.arn, "Plaintext": SECRET});
    let mut call = trail.bench.prepare(HOME, "Encrypt", &input);
    call.caller = crate::iam::Caller::root(OTHER.parse().unwrap(), "test".to_owned(), &call.region);
    trail.bench.answer(&call).await.unwrap();
    let told = events(&stored(&trail.bench, &call.event_id));
    let [caller, owner] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(
        (
            caller["recipientAccountId"].as_str(),
            owner["recipientAccountId"].as_str()
        ),
        (Some(OTHER), Some(OWNER))
    );
    assert_eq!(caller["sharedEventID"], owner["sharedEventID"]);
    assert_eq!(
        owner["userIdentity"],
        json!({"type": "AWSAccount", "principalId": OTHER, "accountId": OTHER})
    );
    let used = trail
        .bench
        .call("GetKeyLastUsage", &json!({"KeyId": key.id}))
        .await
        .unwrap();
    assert_eq!(used["KeyLastUsage"]["CloudTrailEventId"], owner["eventID"]);
    assert_ne!(owner["eventID"], caller["eventID"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rotations_expiries_and_deletions_are_told() {
    let trail = Trail::new().await;
    let key = trail.make(json!({})).await;
    trail
        .bench
        .call("RotateKeyOnDemand", &json!({"KeyId": key.id}))
        .await
        .unwrap();
    let outbox = trail.bench.kms.records.outbox(None, 500).unwrap().entries;
    let records = outbox
        .iter()
        .map(|entry| Record::decode(&entry.payload).unwrap());
    let told: Vec<Value> = records.flat_map(|record| events(&record)).collect();
    let rotated = told
        .iter()
        .find(|event| event["eventName"] == "RotateKey")
        .unwrap();
    let now = trail
        .bench
        .call("DescribeKey", &json!({"KeyId": key.id}))
        .await
        .unwrap();
    assert_eq!(
        rotated["serviceEventDetails"],
        json!({
            "rotationType": "ON_DEMAND", "keyOrigin": "AWS_KMS",
            "previousKeyMaterialId": key.material,
            "currentKeyMaterialId": now["KeyMetadata"]["CurrentKeyMaterialId"], "keyId": key.id
        })
    );
    assert_eq!(rotated["eventType"], "AwsServiceEvent");
    assert_eq!(rotated["additionalEventData"], Value::Null);
    assert_eq!(rotated.get("requestID"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_told_without_their_secrets() {
    let bench = Bench::new().await;
    let root = bench.root();
    let parameters = [("UserName", "eve"), ("Path", "/p/")];
    let made = bench
        .query_with(&root, Service::Iam, "CreateUser", &parameters)
        .await;
    made.unwrap();
    let event = event_of(&bench, "CreateUser");
    assert_eq!(
        event["requestParameters"],
        json!({"userName": "eve", "path": "/p/"})
    );
    let user = &event["responseElements"]["user"];
    assert_eq!(user["arn"], format!("arn:aws:iam::{OWNER}:user/p/eve"));
    assert_eq!(user["createDate"], "Jan 15, 2027, 8:00:00 AM");
    assert_eq!(event["userIdentity"]["type"], "Root");

    let parameters = [("UserName", "eve")];
    let made = bench
        .query_with(&root, Service::Iam, "CreateAccessKey", &parameters)
        .await
        .unwrap();
    let event = event_of(&bench, "CreateAccessKey");
    assert_eq!(
        event["responseElements"],
        json!({"accessKey": {
            "userName": "eve", "accessKeyId": made.one("AccessKeyId"), "status": "Active",
            "createDate": "Jan 15, 2027, 8:00:00 AM"
        }})
    );
    assert!(!event.to_string().contains(made.one("SecretAccessKey")));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_told_without_their_secrets() {
    let bench = Bench::new().await;
    let root = bench.root();
    let allow = |principal: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow",{principal}"Action":"*"}}}}"#
        )
    };
    let trust = allow(&format!(r#""Principal":{{"AWS":"{OWNER}"}},"#))
        .replace(r#""*""#, r#""sts:AssumeRole""#);
    let may = allow(r#""Resource":"*","#);
    let role = format!("arn:aws:iam::{OWNER}:role/r");
    for (operation, parameters) in [
        ("CreateUser", vec![("UserName", "eve")]),
        (
            "CreateRole",
            vec![
                ("RoleName", "r"),
                ("AssumeRolePolicyDocument", trust.as_str()),
            ],
        ),
        (
            "PutUserPolicy",
            vec![
                ("UserName", "eve"),
                ("PolicyName", "p"),
                ("PolicyDocument", may.as_str()),
            ],
        ),
    ] {
        let made = bench
            .query_with(&root, Service::Iam, operation, &parameters)
            .await;
        assert!(made.is_ok(), "{operation}");
    }
    let eve = bench.user("eve");
    let parameters = [
        ("RoleArn", role.as_str()),
        ("RoleSessionName", "s1"),
        ("ExternalId", "ex"),
    ];
    let answer = bench
        .query_with(&eve, Service::Sts, "AssumeRole", &parameters)
        .await
        .unwrap();
    let event = event_of(&bench, "AssumeRole");
    let asked = json!({"roleArn": role, "roleSessionName": "s1", "externalId": "ex"});
    assert_eq!(event["requestParameters"], asked);
    assert_eq!(
        event["responseElements"],
        json!({
            "credentials": {
                "accessKeyId": answer.one("AccessKeyId"), "expiration": "Jan 15, 2027, 9:00:00 AM"
            },
            "assumedRoleUser": {
                "assumedRoleId": answer.one("AssumedRoleId"),
                "arn": format!("arn:aws:sts::{OWNER}:assumed-role/r/s1")
            }
        })
    );
    let resource = json!([{"accountId": OWNER, "type": "AWS::IAM::Role", "ARN": role}]);
    assert_eq!(event["resources"], resource);
    assert_eq!(
        (&event["readOnly"], &event["userIdentity"]["userName"]),
        (&json!(true), &json!("eve"))
    );
    for secret in ["SecretAccessKey", "SessionToken"] {
        assert!(!event.to_string().contains(answer.one(secret)), "{secret}");
    }
    let answer = bench
        .query_with(&eve, Service::Sts, "GetSessionToken", &[])
        .await
        .unwrap();
    let event = event_of(&bench, "GetSessionToken");
    assert_eq!(event["readOnly"], false);
    let made = &event["responseElements"]["credentials"];
    assert_eq!(made["accessKeyId"], answer.one("AccessKeyId"));
}
