use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use strongroom_audit::Record;
use strongroom_aws::text;
use strongroom_base::hex;
use strongroom_crypto::rsa_encryption::{OaepHash, oaep_encrypt};

use crate::records::TimerKind;
use crate::series;
use crate::workbench::{Bench, DAY};

const HOME: &str = "us-east-1";
const EUROPE: &str = "eu-west-1";
const ASIA: &str = "ap-south-1";
const SECOND: Duration = Duration::from_secs(1);
const START: i64 = 1_800_000_000;
const DAY_SECONDS: i64 = 86_400;

/// An EXTERNAL key on the bench.
struct Importing<'b> {
    bench: &'b Bench,
    id: String,
}

/// A wrapping key and its token.
struct Parameters {
    token: String,
    public: Vec<u8>,
}

impl Parameters {
    /// The material wrapped, as members of ImportKeyMaterial.
    fn wrap(&self, material: &[u8]) -> Value {
        let wrapped = oaep_encrypt(&self.public, OaepHash::Sha256, material)
            .ok()
            .unwrap();
        json!({
            "ImportToken": self.token,
            "EncryptedKeyMaterial": STANDARD.encode(wrapped),
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        })
    }
}

/// `base` with the members of `more`; null removes one.
fn with(mut base: Value, more: Value) -> Value {
    let members = base.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    base
}

fn new_type() -> Value {
    json!({"ImportType": "NEW_KEY_MATERIAL"})
}

fn until(day: i64) -> Value {
    json!({"ExpirationModel": null, "ValidTo": START + day * DAY_SECONDS})
}

impl<'b> Importing<'b> {
    async fn make(bench: &'b Bench, input: Value) -> Self {
        let input = with(input, json!({"Origin": "EXTERNAL"}));
        let made = bench.call("CreateKey", &input).await.unwrap();
        let id = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
        Self { bench, id }
    }

    async fn hmac(bench: &'b Bench) -> Self {
        let input = json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"});
        Self::make(bench, input).await
    }

    fn arn(&self, region: &str) -> String {
        format!("arn:aws:kms:{region}:000000000000:key/{}", self.id)
    }

    /// The answer, or the exception's name and text.
    async fn try_call(
        &self,
        region: &str,
        operation: &str,
        input: Value,
    ) -> Result<Value, (&'static str, String)> {
        let input = with(input, json!({"KeyId": self.id}));
        let answer = self.bench.call_in(region, operation, &input).await;
        answer.map_err(|refusal| {
            let text = refusal.message.unwrap_or_default();
            (refusal.exception.name(), text)
        })
    }

    async fn call_in(&self, region: &str, operation: &str, input: Value) -> Value {
        let answer = self.try_call(region, operation, input).await;
        answer.unwrap_or_else(|refused| panic!("{operation} in {region}: {refused:?}"))
    }

    async fn call(&self, operation: &str, input: Value) -> Value {
        self.call_in(HOME, operation, input).await
    }

    async fn check_in(&self, region: &str, operation: &str, input: Value, refusal: (&str, &str)) {
        let answer = self.try_call(region, operation, input.clone()).await;
        let (name, text) = answer.expect_err(operation);
        assert_eq!((name, text.as_str()), refusal, "{operation} {input}");
    }

    async fn check(&self, operation: &str, input: Value, refusal: (&str, &str)) {
        self.check_in(HOME, operation, input, refusal).await;
    }

    async fn parameters(&self, region: &str) -> Parameters {
        let input = json!({
            "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
            "WrappingKeySpec": "RSA_2048",
        });
        let made = self.call_in(region, "GetParametersForImport", input).await;
        Parameters {
            token: made["ImportToken"].as_str().unwrap().to_owned(),
            public: STANDARD
                .decode(made["PublicKey"].as_str().unwrap())
                .unwrap(),
        }
    }

    /// Imports with these members, too; the KeyMaterialId that is answered.
    async fn import_in(&self, region: &str, material: &[u8], more: Value) -> Value {
        let wrapped = self.parameters(region).await.wrap(material);
        let answer = self
            .call_in(region, "ImportKeyMaterial", with(wrapped, more))
            .await;
        assert_eq!(answer["KeyId"], self.arn(region));
        answer.get("KeyMaterialId").cloned().unwrap_or(Value::Null)
    }

    async fn import(&self, material: &[u8], more: Value) -> Value {
        self.import_in(HOME, material, more).await
    }

    async fn delete(&self, region: &str, material: &Value) -> Value {
        let input = json!({"KeyMaterialId": material});
        self.call_in(region, "DeleteImportedKeyMaterial", input)
            .await
    }

    async fn metadata(&self, region: &str) -> Value {
        self.call_in(region, "DescribeKey", json!({})).await["KeyMetadata"].take()
    }

    async fn state(&self, region: &str) -> Value {
        self.metadata(region).await["KeyState"].take()
    }

    async fn listed(&self, region: &str) -> Vec<Value> {
        let input = json!({"IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
        let mut listed = self.call_in(region, "ListKeyRotations", input).await;
        listed["Rotations"].as_array_mut().unwrap().split_off(0)
    }

    /// Of every material: KeyMaterialState and ImportState.
    async fn states(&self, region: &str) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let states = self.listed(region).await;
        states
            .iter()
            .map(|entry| {
                (
                    text(&entry["KeyMaterialState"]),
                    text(&entry["ImportState"]),
                )
            })
            .collect()
    }

    async fn encrypt(&self) -> Value {
        let made = self.call("Encrypt", json!({"Plaintext": "QUJD"})).await;
        made["CiphertextBlob"].clone()
    }

    async fn try_decrypt(&self, region: &str, ciphertext: &Value) -> Result<Value, &'static str> {
        let input = json!({"CiphertextBlob": ciphertext});
        let opened = self.try_call(region, "Decrypt", input).await;
        opened
            .map(|mut opened| opened["Plaintext"].take())
            .map_err(|(name, _)| name)
    }
}

fn pairs(states: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(one, other): &(&str, &str)| ((*one).to_owned(), (*other).to_owned());
    states.iter().map(owned).collect()
}

const CURRENT: (&str, &str) = ("CURRENT", "IMPORTED");
const PENDING: (&str, &str) = ("PENDING_ROTATION", "IMPORTED");
const EVERYWHERE: &str = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION";

fn expired(bench: &Bench) -> usize {
    let outbox = bench.kms.records.outbox(None, 500).unwrap().entries;
    let records = outbox
        .iter()
        .map(|entry| Record::decode(&entry.payload).unwrap());
    let events = records.filter(|record| record.operation == "DeleteExpiredKeyMaterial");
    events.count()
}

fn waiting(bench: &Bench) -> usize {
    let timers = &bench.kms.records.timers;
    timers.refresh(&bench.kms.records).unwrap();
    timers.count(TimerKind::Expiry)
}

#[tokio::test]
async fn the_first_material_makes_a_key_usable() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({})).await;
    assert_eq!(key.state(HOME).await, "PendingImport");
    let pending = text::key_pending_import(&key.arn(HOME));
    let refusal = ("KMSInvalidStateException", pending.as_str());
    key.check("Encrypt", json!({"Plaintext": "QUJD"}), refusal)
        .await;
    let id = key.import(&[1; 32], json!({})).await;
    let metadata = key.metadata(HOME).await;
    assert_eq!(metadata["KeyState"], "Enabled");
    assert_eq!(metadata["CurrentKeyMaterialId"], id);
    assert_eq!(metadata["ExpirationModel"], "KEY_MATERIAL_DOES_NOT_EXPIRE");
    let entry = json!({
        "KeyId": key.arn(HOME),
        "KeyMaterialId": id,
        "ImportState": "IMPORTED",
        "KeyMaterialState": "CURRENT",
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    });
    assert_eq!(key.listed(HOME).await, [entry]);
    let sealed = key.encrypt().await;
    assert_eq!(key.try_decrypt(HOME, &sealed).await, Ok(json!("QUJD")));
}

#[tokio::test]
async fn deleted_material_comes_back_as_itself_only() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({})).await;
    let id = key
        .import(&[1; 32], json!({"KeyMaterialDescription": "one"}))
        .await;
    let sealed = key.encrypt().await;
    for _ in 0..2 {
        let answer = key.call("DeleteImportedKeyMaterial", json!({})).await;
        assert_eq!(answer, json!({"KeyId": key.arn(HOME), "KeyMaterialId": id}));
        let metadata = key.metadata(HOME).await;
        assert_eq!(metadata["KeyState"], "PendingImport");
        assert_eq!(metadata["CurrentKeyMaterialId"], id);
        assert!(metadata.get("ExpirationModel").is_none());
        let entry = json!({
            "KeyId": key.arn(HOME),
            "KeyMaterialId": id,
            "KeyMaterialDescription": "one",
            "ImportState": "PENDING_IMPORT",
            "KeyMaterialState": "CURRENT",
        });
        assert_eq!(key.listed(HOME).await, [entry]);
    }
    let refused = key.try_decrypt(HOME, &sealed).await;
    assert_eq!(refused, Err("KMSInvalidStateException"));
    let wrapped = key.parameters(HOME).await.wrap(&[2; 32]);
    let answer = key.try_call(HOME, "ImportKeyMaterial", wrapped).await;
    assert_eq!(answer.unwrap_err().0, "IncorrectKeyMaterialException");
    assert_eq!(key.import(&[1; 32], json!({"KeyMaterialId": id})).await, id);
    assert_eq!(key.try_decrypt(HOME, &sealed).await, Ok(json!("QUJD")));
    assert_eq!(key.states(HOME).await, pairs(&[CURRENT]));
}

#[tokio::test]
async fn deleting_nothing_succeeds_and_deleting_what_never_was_does_not() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({})).await;
    let answer = key.call("DeleteImportedKeyMaterial", json!({})).await;
    assert_eq!(answer, json!({"KeyId": key.arn(HOME)}));
    let id = "ab".repeat(32);
    let never = text::key_material_never_imported(&id, &key.arn(HOME));
    let input = json!({"KeyMaterialId": id});
    key.check(
        "DeleteImportedKeyMaterial",
        input,
        ("ValidationException", never.as_str()),
    )
    .await;
}

#[tokio::test]
async fn import_enables_a_disabled_key_and_no_doomed_one() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({})).await;
    key.import(&[1; 32], json!({})).await;
    key.call("DisableKey", json!({})).await;
    key.import(&[1; 32], json!({})).await;
    assert_eq!(key.state(HOME).await, "Enabled");
    key.encrypt().await;
    let wrapped = key.parameters(HOME).await.wrap(&[1; 32]);
    key.call("ScheduleKeyDeletion", json!({})).await;
    let doomed = text::key_pending_deletion(&key.arn(HOME));
    let refusal = ("KMSInvalidStateException", doomed.as_str());
    key.check("ImportKeyMaterial", wrapped, refusal).await;
    key.call("DeleteImportedKeyMaterial", json!({})).await;
    assert_eq!(key.state(HOME).await, "PendingDeletion");
    key.call("CancelKeyDeletion", json!({})).await;
    assert_eq!(key.state(HOME).await, "PendingImport");
    key.import(&[1; 32], json!({})).await;
    key.encrypt().await;
}

#[tokio::test]
async fn material_that_is_not_what_was_asked_for() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({})).await;
    let other_id = "ab".repeat(32);
    let first = key.import(&[1; 32], json!({})).await;
    let first = first.as_str().unwrap();
    let pending = key.import(&[2; 32], new_type()).await;
    let pending = pending.as_str().unwrap();
    let arn = key.arn(HOME);
    let wrapping = key.parameters(HOME).await;
    let incorrect = "IncorrectKeyMaterialException";
    for (material, more, exception, wanted) in [
        (
            1,
            new_type(),
            incorrect,
            text::key_material_not_new(first, &arn),
        ),
        (
            2,
            new_type(),
            incorrect,
            text::key_material_not_new(pending, &arn),
        ),
        (
            1,
            json!({"KeyMaterialId": pending}),
            incorrect,
            text::key_material_unexpected(pending),
        ),
        (
            3,
            json!({"KeyMaterialId": other_id}),
            incorrect,
            text::key_material_unexpected(&other_id),
        ),
        (
            1,
            with(new_type(), json!({"KeyMaterialId": first})),
            "ValidationException",
            text::KEY_MATERIAL_ID_OF_NEW.to_owned(),
        ),
    ] {
        let input = with(wrapping.wrap(&[material; 32]), more);
        key.check("ImportKeyMaterial", input, (exception, &wanted))
            .await;
    }
    // Their texts name the id of material that is not the key's.
    for (more, exception, between) in [
        (
            new_type(),
            "KMSInvalidStateException",
            format!(
                "cannot be imported into KMS key {arn}, because another key material (id: {pending})"
            ),
        ),
        (
            json!({}),
            incorrect,
            format!("being imported as EXISTING_KEY_MATERIAL is not associated with KMS key {arn}"),
        ),
    ] {
        let input = with(wrapping.wrap(&[3; 32]), more);
        let refused = key.try_call(HOME, "ImportKeyMaterial", input).await;
        let (name, text) = refused.unwrap_err();
        assert_eq!(name, exception);
        assert!(text.contains(&between), "{text}");
    }
    assert_eq!(key.states(HOME).await, pairs(&[CURRENT, PENDING]));
}

#[tokio::test]
async fn tokens_are_bound_to_key_region_and_time() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({"MultiRegion": true})).await;
    let other = Importing::make(&bench, json!({})).await;
    let wrapping = key.parameters(HOME).await;
    key.import(&[1; 32], json!({})).await;
    key.call("ReplicateKey", json!({"ReplicaRegion": EUROPE}))
        .await;
    let foreign = ("InvalidImportTokenException", "");
    other
        .check("ImportKeyMaterial", wrapping.wrap(&[1; 32]), foreign)
        .await;
    key.check_in(
        EUROPE,
        "ImportKeyMaterial",
        wrapping.wrap(&[1; 32]),
        foreign,
    )
    .await;
    for token in ["AAAA", &STANDARD.encode([1; 3000])] {
        let input = with(wrapping.wrap(&[1; 32]), json!({"ImportToken": token}));
        key.check("ImportKeyMaterial", input, foreign).await;
    }
    let unwrapped = ("InvalidCiphertextException", "");
    for material in [&[1; 31][..], &[1; 33]] {
        key.check("ImportKeyMaterial", wrapping.wrap(material), unwrapped)
            .await;
    }
    let input = with(
        wrapping.wrap(&[1; 32]),
        json!({"EncryptedKeyMaterial": "AAAA"}),
    );
    key.check("ImportKeyMaterial", input, unwrapped).await;
    bench.run(DAY).await;
    key.call("ImportKeyMaterial", wrapping.wrap(&[1; 32])).await;
    bench.run(SECOND).await;
    let late = ("ExpiredImportTokenException", "");
    key.check("ImportKeyMaterial", wrapping.wrap(&[1; 32]), late)
        .await;
}

#[tokio::test]
async fn keys_without_import_and_parameters_that_do_not_fit() {
    let bench = Bench::new().await;
    let made = bench.call("CreateKey", &json!({})).await.unwrap();
    let id = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    let own = Importing { bench: &bench, id };
    let text = text::origin_not_valid(&own.arn(HOME), "AWS_KMS");
    let refusal = ("UnsupportedOperationException", text.as_str());
    let parameters = |algorithm: &str, spec: &str| json!({"WrappingAlgorithm": algorithm, "WrappingKeySpec": spec});
    let input = parameters("RSAES_OAEP_SHA_256", "RSA_2048");
    own.check("GetParametersForImport", input, refusal).await;
    let input = json!({"ImportToken": "AAAA", "EncryptedKeyMaterial": "AAAA"});
    own.check("ImportKeyMaterial", input, refusal).await;
    own.check("DeleteImportedKeyMaterial", json!({}), refusal)
        .await;
    for (spec, usage, algorithm, wrapping) in [
        (
            "SYMMETRIC_DEFAULT",
            "ENCRYPT_DECRYPT",
            "RSAES_PKCS1_V1_5",
            "RSA_2048",
        ),
        (
            "SYMMETRIC_DEFAULT",
            "ENCRYPT_DECRYPT",
            "RSA_AES_KEY_WRAP_SHA_256",
            "RSA_2048",
        ),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "SM2PKE", "SM2"),
        (
            "SYMMETRIC_DEFAULT",
            "ENCRYPT_DECRYPT",
            "RSAES_OAEP_SHA_1",
            "SM2",
        ),
        (
            "HMAC_256",
            "GENERATE_VERIFY_MAC",
            "RSA_AES_KEY_WRAP_SHA_1",
            "RSA_4096",
        ),
        ("RSA_2048", "SIGN_VERIFY", "RSAES_OAEP_SHA_256", "RSA_4096"),
        (
            "ECC_NIST_P521",
            "SIGN_VERIFY",
            "RSAES_OAEP_SHA_1",
            "RSA_2048",
        ),
        ("ECC_NIST_P256", "SIGN_VERIFY", "SM2PKE", "RSA_2048"),
        ("ECC_NIST_P256", "SIGN_VERIFY", "SM2PKE", "SM2"),
    ] {
        let key = Importing::make(&bench, json!({"KeySpec": spec, "KeyUsage": usage})).await;
        let text = text::wrapping_unfit(algorithm, wrapping, spec);
        let refusal = ("ValidationException", text.as_str());
        key.check(
            "GetParametersForImport",
            parameters(algorithm, wrapping),
            refusal,
        )
        .await;
    }
}

#[tokio::test]
async fn china_wraps_with_sm2() {
    let bench = Bench::new().await;
    let china = "cn-north-1";
    let input = json!({"KeySpec": "SM2", "KeyUsage": "SIGN_VERIFY", "Origin": "EXTERNAL"});
    let made = bench.call_in(china, "CreateKey", &input).await.unwrap();
    let id = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    let key = Importing { bench: &bench, id };
    let input = json!({"WrappingAlgorithm": "SM2PKE", "WrappingKeySpec": "SM2"});
    let made = key.call_in(china, "GetParametersForImport", input).await;
    assert!(made["ImportToken"].is_string());
    for (algorithm, spec) in [("SM2PKE", "RSA_2048"), ("RSA_AES_KEY_WRAP_SHA_1", "SM2")] {
        let text = text::wrapping_unfit(algorithm, spec, "SM2");
        let input = json!({"WrappingAlgorithm": algorithm, "WrappingKeySpec": spec});
        let refusal = ("ValidationException", text.as_str());
        key.check_in(china, "GetParametersForImport", input, refusal)
            .await;
    }
}

#[tokio::test]
async fn dates_that_material_may_be_valid_to() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({})).await;
    let wrapping = key.parameters(HOME).await;
    for (more, wanted) in [
        (json!({"ExpirationModel": null}), text::VALID_TO_REQUIRED),
        (
            json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES"}),
            text::VALID_TO_REQUIRED,
        ),
        (json!({"ValidTo": START + 60}), text::VALID_TO_FORBIDDEN),
        (until(0), text::VALID_TO_PAST),
        (
            json!({"ExpirationModel": null, "ValidTo": 1_800_000_000.9}),
            text::VALID_TO_PAST,
        ),
        (
            json!({"ExpirationModel": null, "ValidTo": START + 365 * DAY_SECONDS + 1}),
            text::VALID_TO_TOO_LATE,
        ),
    ] {
        let input = with(wrapping.wrap(&[1; 32]), more);
        key.check("ImportKeyMaterial", input, ("ValidationException", wanted))
            .await;
    }
    for (valid_to, shown) in [
        (json!(1_800_000_001.9), START + 1),
        (json!(START + 365 * DAY_SECONDS), START + 365 * DAY_SECONDS),
    ] {
        let more = json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": valid_to});
        key.import(&[1; 32], more).await;
        let metadata = key.metadata(HOME).await;
        assert_eq!(metadata["ValidTo"], shown);
        assert_eq!(metadata["ExpirationModel"], "KEY_MATERIAL_EXPIRES");
    }
}

#[tokio::test]
async fn material_expires_on_its_date_and_not_before() {
    let mut bench = Bench::new().await;
    let id = {
        let key = Importing::make(&bench, json!({})).await;
        key.import(&[1; 32], until(10)).await;
        key.id
    };
    bench.clock.jump(20 * DAY);
    bench.run(SECOND).await;
    assert_eq!(waiting(&bench), 1);
    bench.clock.jump_back(20 * DAY);
    bench.restart().await;
    bench.run(10 * DAY - 2 * SECOND).await;
    let key = Importing { bench: &bench, id };
    let sealed = key.encrypt().await;
    bench.run(SECOND).await;
    assert_eq!(key.state(HOME).await, "PendingImport");
    assert_eq!((expired(&bench), waiting(&bench)), (1, 0));
    let refused = key.try_decrypt(HOME, &sealed).await;
    assert_eq!(refused, Err("KMSInvalidStateException"));
    assert!(key.metadata(HOME).await.get("ValidTo").is_none());
    key.import(&[1; 32], json!({})).await;
    assert_eq!(key.try_decrypt(HOME, &sealed).await, Ok(json!("QUJD")));
}

#[tokio::test]
async fn a_new_import_moves_the_date() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({})).await;
    let expiry_seconds = || {
        let first = bench.kms.records.timers.next_expiry();
        first.map(|due| due.seconds())
    };
    assert_eq!(expiry_seconds(), None);
    key.import(&[1; 32], until(1)).await;
    bench.run(SECOND).await;
    assert_eq!(expiry_seconds(), Some(START + DAY_SECONDS));
    key.import(&[1; 32], until(30)).await;
    bench.run(2 * DAY).await;
    assert_eq!(key.state(HOME).await, "Enabled");
    key.import(&[1; 32], json!({})).await;
    assert_eq!(waiting(&bench), 0);
    bench.run(60 * DAY).await;
    assert_eq!(key.state(HOME).await, "Enabled");
}

#[tokio::test]
async fn what_expires_while_a_key_is_disabled_or_doomed() {
    for (operation, state) in [
        ("DisableKey", "PendingImport"),
        ("ScheduleKeyDeletion", "PendingDeletion"),
    ] {
        let bench = Bench::new().await;
        let key = Importing::make(&bench, json!({})).await;
        key.import(&[1; 32], until(3)).await;
        key.call(operation, json!({})).await;
        bench.run(3 * DAY).await;
        assert_eq!(key.state(HOME).await, state);
        assert_eq!(expired(&bench), 1);
        let listed = key.listed(HOME).await;
        assert_eq!(listed[0]["ImportState"], "PENDING_IMPORT");
    }
}

#[tokio::test]
async fn new_material_waits_for_its_rotation() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({})).await;
    let none = text::no_key_material_pending(&key.arn(HOME));
    let none = ("KMSInvalidStateException", none.as_str());
    let first = key.import(&[1; 32], new_type()).await;
    key.check("RotateKeyOnDemand", json!({}), none).await;
    let sealed = key.encrypt().await;
    // It expires before it is rotated to, and not until then is it given up.
    let second = key.import(&[2; 32], with(until(2), new_type())).await;
    assert_eq!(key.states(HOME).await, pairs(&[CURRENT, PENDING]));
    assert_eq!(key.metadata(HOME).await["CurrentKeyMaterialId"], first);
    bench.run(3 * DAY).await;
    assert_eq!(key.states(HOME).await, pairs(&[CURRENT, PENDING]));
    key.call("RotateKeyOnDemand", json!({})).await;
    assert_eq!(key.metadata(HOME).await["CurrentKeyMaterialId"], second);
    assert_eq!(key.state(HOME).await, "Enabled");
    let sealed_later = key.encrypt().await;
    bench.run(Duration::ZERO).await;
    assert_eq!(
        key.states(HOME).await,
        pairs(&[("NON_CURRENT", "IMPORTED"), ("CURRENT", "PENDING_IMPORT")])
    );
    let refused = key.try_decrypt(HOME, &sealed).await;
    assert_eq!(refused, Err("KMSInvalidStateException"));
    key.import(&[2; 32], json!({})).await;
    for ciphertext in [sealed, sealed_later] {
        assert_eq!(key.try_decrypt(HOME, &ciphertext).await, Ok(json!("QUJD")));
    }
    // All materials must be there.
    key.delete(HOME, &first).await;
    key.delete(HOME, &second).await;
    key.import(&[1; 32], json!({})).await;
    assert_eq!(key.state(HOME).await, "PendingImport");
    key.import(&[2; 32], json!({})).await;
    assert_eq!(key.state(HOME).await, "Enabled");
    let listed = key.listed(HOME).await;
    assert_eq!(listed[1]["RotationType"], "ON_DEMAND");
    assert!(listed[0].get("RotationType").is_none());
}

#[tokio::test]
async fn pending_material_can_be_deleted_and_replaced() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({})).await;
    key.import(&[1; 32], json!({})).await;
    let second = key.import(&[2; 32], new_type()).await;
    key.delete(HOME, &second).await;
    assert_eq!(key.states(HOME).await, pairs(&[CURRENT]));
    assert_eq!(key.state(HOME).await, "Enabled");
    let never = text::key_material_never_imported(second.as_str().unwrap(), &key.arn(HOME));
    let input = json!({"KeyMaterialId": second});
    let refusal = ("ValidationException", never.as_str());
    key.check("DeleteImportedKeyMaterial", input, refusal).await;
    key.import(&[3; 32], new_type()).await;
    key.delete(HOME, &key.listed(HOME).await[1]["KeyMaterialId"])
        .await;
    assert_eq!(key.import(&[2; 32], new_type()).await, second);
    key.call("RotateKeyOnDemand", json!({})).await;
    assert_eq!(key.metadata(HOME).await["CurrentKeyMaterialId"], second);
}

#[tokio::test]
async fn keys_that_are_not_symmetric_have_one_material_for_ever() {
    let bench = Bench::new().await;
    let key = Importing::hmac(&bench).await;
    assert_eq!(key.import(&[1; 32], json!({})).await, Value::Null);
    let answer = key.call("DeleteImportedKeyMaterial", json!({})).await;
    assert_eq!(answer, json!({"KeyId": key.arn(HOME)}));
    assert_eq!(key.state(HOME).await, "PendingImport");
    let wrapping = key.parameters(HOME).await;
    let refused = key
        .try_call(HOME, "ImportKeyMaterial", wrapping.wrap(&[2; 32]))
        .await;
    let (name, text) = refused.unwrap_err();
    assert_eq!(name, "IncorrectKeyMaterialException");
    assert!(text.starts_with("Imported key material does not have the expected identifier ("));
    for (more, member) in [
        (json!({"ImportType": "EXISTING_KEY_MATERIAL"}), "importType"),
        (json!({"KeyMaterialId": "ab".repeat(32)}), "keyMaterialId"),
        (
            json!({"KeyMaterialDescription": "one"}),
            "keyMaterialDescription",
        ),
    ] {
        let input = with(wrapping.wrap(&[1; 32]), more);
        let text = text::import_parameter_unfit(member, "HMAC_256");
        key.check("ImportKeyMaterial", input, ("ValidationException", &text))
            .await;
    }
    key.import(&[1; 32], until(5)).await;
    assert_eq!(key.state(HOME).await, "Enabled");
    bench.run(5 * DAY).await;
    assert_eq!(key.state(HOME).await, "PendingImport");
}

#[tokio::test]
async fn related_keys_import_each_for_itself_and_rotate_together() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({"MultiRegion": true})).await;
    key.import(&[1; 32], json!({})).await;
    let sealed = key.encrypt().await;
    for region in [EUROPE, ASIA] {
        key.call("ReplicateKey", json!({"ReplicaRegion": region}))
            .await;
        assert_eq!(key.state(region).await, "PendingImport");
        key.import_in(region, &[1; 32], json!({})).await;
        assert_eq!(key.try_decrypt(region, &sealed).await, Ok(json!("QUJD")));
    }
    let wrapped = with(key.parameters(EUROPE).await.wrap(&[2; 32]), new_type());
    let text = text::replica_not_valid(&key.arn(EUROPE), "ImportKeyMaterial");
    let refusal = ("UnsupportedOperationException", text.as_str());
    key.check_in(EUROPE, "ImportKeyMaterial", wrapped, refusal)
        .await;
    let second = key.import(&[2; 32], new_type()).await;
    let here = (EVERYWHERE, "IMPORTED");
    let not_here = (EVERYWHERE, "PENDING_IMPORT");
    let check = async |home, europe, asia| {
        for (region, pending) in [(HOME, home), (EUROPE, europe), (ASIA, asia)] {
            let states = key.states(region).await;
            assert_eq!(states, pairs(&[CURRENT, pending]), "{region}");
        }
    };
    check(here, not_here, not_here).await;
    let none = text::no_key_material_pending(&key.arn(HOME));
    let none = ("KMSInvalidStateException", none.as_str());
    key.check("RotateKeyOnDemand", json!({}), none).await;
    key.import_in(EUROPE, &[2; 32], json!({})).await;
    check(here, here, not_here).await;
    key.import_in(ASIA, &[2; 32], json!({})).await;
    check(PENDING, PENDING, PENDING).await;
    key.delete(EUROPE, &second).await;
    check(here, not_here, here).await;
    key.check("RotateKeyOnDemand", json!({}), none).await;
    key.import_in(EUROPE, &[2; 32], json!({})).await;
    key.call("RotateKeyOnDemand", json!({})).await;
    let sealed = key.encrypt().await;
    for region in [HOME, EUROPE, ASIA] {
        let current = &key.metadata(region).await["CurrentKeyMaterialId"];
        assert_eq!(*current, second, "{region}");
        assert_eq!(key.try_decrypt(region, &sealed).await, Ok(json!("QUJD")));
    }
}

#[tokio::test]
async fn pending_material_of_related_keys_goes_with_the_primarys_and_waits_for_no_dead_replica() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({"MultiRegion": true})).await;
    key.import(&[1; 32], json!({})).await;
    for region in [EUROPE, ASIA] {
        key.call("ReplicateKey", json!({"ReplicaRegion": region}))
            .await;
        key.import_in(region, &[1; 32], json!({})).await;
    }
    let second = key.import(&[2; 32], new_type()).await;
    key.import_in(EUROPE, &[2; 32], json!({})).await;
    key.delete(HOME, &second).await;
    for region in [HOME, EUROPE, ASIA] {
        assert_eq!(key.states(region).await, pairs(&[CURRENT]), "{region}");
    }
    key.import(&[2; 32], new_type()).await;
    key.import_in(EUROPE, &[2; 32], json!({})).await;
    let input = json!({"PendingWindowInDays": 7});
    key.call_in(ASIA, "ScheduleKeyDeletion", input).await;
    bench.run(7 * DAY).await;
    assert_eq!(key.states(EUROPE).await, pairs(&[CURRENT, PENDING]));
    key.call("RotateKeyOnDemand", json!({})).await;
}

/// A ciphertext in whose bytes 5 to 37, where its KeyMaterialId is, stands another.
fn forged(ciphertext: &Value, material: &Value) -> Value {
    let mut bytes = STANDARD.decode(ciphertext.as_str().unwrap()).unwrap();
    let id = hex::decode(material.as_str().unwrap()).unwrap();
    bytes[5..37].copy_from_slice(&id);
    json!(STANDARD.encode(bytes))
}

#[tokio::test]
async fn a_ciphertext_that_names_material_not_in_use_is_none() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({"MultiRegion": true})).await;
    let first = key.import(&[1; 32], json!({})).await;
    key.call("ReplicateKey", json!({"ReplicaRegion": EUROPE}))
        .await;
    key.import_in(EUROPE, &[1; 32], json!({})).await;
    let sealed = key.encrypt().await;
    let pending = key.import(&[2; 32], new_type()).await;
    let check = async |region: &str| {
        let arn = key.arn(region);
        let answer_to = async |operation: &str, material: &Value, source: Value| {
            let input = json!({
                "CiphertextBlob": forged(&sealed, material), "DestinationKeyId": arn,
            });
            let answer = bench.call_in(region, operation, &with(input, source)).await;
            answer.map(drop).map_err(|refused| refused.exception.name())
        };
        for (operation, source) in [
            ("Decrypt", json!({"DestinationKeyId": null})),
            (
                "Decrypt",
                json!({"DestinationKeyId": null, "KeyId": key.id}),
            ),
            ("ReEncrypt", json!({})),
            ("ReEncrypt", json!({"SourceKeyId": key.id})),
        ] {
            let case = format!("{operation} in {region} {source}");
            let genuine = answer_to(operation, &first, source.clone()).await;
            assert_eq!(genuine, Ok(()), "{case}");
            let refused = answer_to(operation, &pending, source).await;
            assert_eq!(refused, Err("InvalidCiphertextException"), "{case}");
        }
    };
    assert_eq!(key.listed(EUROPE).await[1]["ImportState"], "PENDING_IMPORT");
    for region in [HOME, EUROPE] {
        check(region).await;
    }
    key.import_in(EUROPE, &[2; 32], json!({})).await;
    assert_eq!(key.states(EUROPE).await, pairs(&[CURRENT, PENDING]));
    check(EUROPE).await;
}

#[tokio::test]
async fn an_import_without_description_keeps_the_last_one() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({})).await;
    let described = |text: &str| json!({"KeyMaterialDescription": text});
    let described_as = async || key.listed(HOME).await[0]["KeyMaterialDescription"].take();
    let first = key.import(&[1; 32], described("one")).await;
    for (deleted, more, wanted) in [
        (false, json!({}), "one"),
        (true, json!({}), "one"),
        (false, described("two"), "two"),
        (true, json!({}), "two"),
        (true, described("three"), "three"),
        (false, json!({}), "three"),
    ] {
        if deleted {
            key.delete(HOME, &first).await;
        }
        key.import(&[1; 32], more).await;
        assert_eq!(described_as().await, wanted);
    }
    // Of pending material, too.
    key.import(&[2; 32], with(new_type(), described("next")))
        .await;
    key.import(&[2; 32], json!({})).await;
    assert_eq!(
        key.listed(HOME).await[1]["KeyMaterialDescription"],
        json!("next")
    );
}

#[tokio::test]
async fn pending_material_enables_a_disabled_key_that_has_all_other() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({"MultiRegion": true})).await;
    let first = key.import(&[1; 32], json!({})).await;
    key.call("ReplicateKey", json!({"ReplicaRegion": EUROPE}))
        .await;
    key.import_in(EUROPE, &[1; 32], json!({})).await;
    let old = key.encrypt().await;
    for region in [HOME, EUROPE] {
        key.call_in(region, "DisableKey", json!({})).await;
    }
    let pending = key.import(&[2; 32], new_type()).await;
    assert_eq!(key.state(HOME).await, "Enabled");
    assert_eq!(key.state(EUROPE).await, "Disabled");
    assert_eq!(key.try_decrypt(HOME, &old).await, Ok(json!("QUJD")));
    key.import_in(EUROPE, &[2; 32], json!({})).await;
    assert_eq!(key.state(EUROPE).await, "Enabled");
    key.call("RotateKeyOnDemand", json!({})).await;
    assert_eq!(key.metadata(HOME).await["CurrentKeyMaterialId"], pending);
    let new = key.encrypt().await;
    for region in [HOME, EUROPE] {
        for sealed in [&old, &new] {
            let opened = key.try_decrypt(region, sealed).await;
            assert_eq!(opened, Ok(json!("QUJD")), "{region}");
        }
    }
    // But not one whose other material is missing.
    key.delete(HOME, &first).await;
    key.import(&[3; 32], new_type()).await;
    assert_eq!(key.state(HOME).await, "PendingImport");
}

#[tokio::test]
async fn the_date_is_shown_while_any_material_is_there() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({})).await;
    let first = key.import(&[1; 32], until(10)).await;
    let second = key.import(&[2; 32], with(until(20), new_type())).await;
    key.call("RotateKeyOnDemand", json!({})).await;
    let check = async |valid_to: Option<i64>, model: Option<&str>, state: &str| {
        let metadata = key.metadata(HOME).await;
        let valid_to = valid_to.map(|day| json!(START + day * DAY_SECONDS));
        assert_eq!(metadata.get("ValidTo"), valid_to.as_ref());
        let model = model.map(|model| json!(model));
        assert_eq!(metadata.get("ExpirationModel"), model.as_ref());
        assert_eq!(metadata["KeyState"], state);
    };
    let (expires, stays) = ("KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE");
    check(Some(10), Some(expires), "Enabled").await;
    key.delete(HOME, &first).await;
    check(Some(20), Some(expires), "PendingImport").await;
    key.delete(HOME, &second).await;
    check(None, None, "PendingImport").await;
    key.import(&[1; 32], json!({})).await;
    check(None, Some(stays), "PendingImport").await;
    key.import(&[2; 32], until(30)).await;
    check(Some(30), Some(expires), "Enabled").await;
    // Only what is in use counts.
    key.import(&[3; 32], with(until(5), new_type())).await;
    check(Some(30), Some(expires), "Enabled").await;
}

#[tokio::test]
async fn cloudwatch_tells_how_long_the_first_material_lasts() {
    let bench = Bench::new().await;
    let key = Importing::make(&bench, json!({})).await;
    key.import(&[1; 32], until(1)).await;
    bench.run(Duration::ZERO).await;
    for _ in 0..4 {
        // Twice in each minute, of which the first one is not known to be whole.
        series::tick(&bench.kms).await.unwrap();
        bench.clock.run(30 * SECOND);
    }
    let asked = json!({
        "Namespace": "AWS/KMS",
        "MetricName": "SecondsUntilKeyMaterialExpiration",
        "Dimensions": [{"Name": "KeyId", "Value": key.id}],
        "StartTime": START,
        "EndTime": START + 3600,
        "Period": 60,
        "Statistics": ["Minimum", "SampleCount"],
    });
    let told = bench.monitor("GetMetricStatistics", &asked).await.unwrap();
    let datapoint = json!({
        "Timestamp": START + 60,
        "SampleCount": 1.0,
        "Minimum": 86_340.0,
        "Unit": "Seconds",
    });
    assert_eq!(told["Datapoints"], json!([datapoint]));
}
