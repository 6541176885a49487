use std::time::Duration;

use serde_json::{Value, json};
use strongroom_audit::{IdentityKind, Record};
use strongroom_aws::text;

use crate::records::TimerKind;
use crate::workbench::{Bench, DAY};

const HOME: &str = "us-east-1";
const EUROPE: &str = "eu-west-1";
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A key on the bench.
struct Turning<'b> {
    bench: &'b Bench,
    id: String,
}

impl<'b> Turning<'b> {
    async fn make(bench: &'b Bench, input: Value) -> Self {
        let made = bench.call("CreateKey", &input).await.unwrap();
        let id = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
        Self { bench, id }
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
        let mut input = input;
        input["KeyId"] = json!(self.id);
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

    async fn check(&self, operation: &str, input: Value, refusal: (&str, &str)) {
        let answer = self.try_call(HOME, operation, input).await;
        let (name, text) = answer.expect_err(operation);
        assert_eq!((name, text.as_str()), refusal, "{operation}");
    }

    async fn enable(&self, days: u32) {
        let input = json!({"RotationPeriodInDays": days});
        self.call("EnableKeyRotation", input).await;
    }

    /// The date of the next rotation, in days since the bench was made.
    async fn next_day(&self) -> Option<f64> {
        let status = self.call("GetKeyRotationStatus", json!({})).await;
        let next = status.get("NextRotationDate")?.as_f64().unwrap();
        Some((next - 1_800_000_000.0) / DAY.as_secs_f64())
    }

    async fn current(&self, region: &str) -> Value {
        let metadata = self.call_in(region, "DescribeKey", json!({})).await;
        metadata["KeyMetadata"]["CurrentKeyMaterialId"].clone()
    }

    async fn rotations(&self, region: &str, include: &str) -> Vec<Value> {
        let input = json!({"IncludeKeyMaterial": include});
        let mut listed = self.call_in(region, "ListKeyRotations", input).await;
        listed["Rotations"].as_array_mut().unwrap().split_off(0)
    }

    async fn count(&self) -> usize {
        self.rotations(HOME, "ROTATIONS_ONLY").await.len()
    }

    async fn encrypt(&self) -> Value {
        let made = self.call("Encrypt", json!({"Plaintext": "QUJD"})).await;
        made["CiphertextBlob"].clone()
    }

    async fn check_opens(&self, region: &str, ciphertext: &Value, material: &Value) {
        let input = json!({"CiphertextBlob": ciphertext});
        let opened = self.call_in(region, "Decrypt", input).await;
        assert_eq!(opened["Plaintext"], "QUJD");
        assert_eq!(opened["KeyMaterialId"], *material);
    }

    async fn switch(&self, operation: &str) {
        self.call(operation, json!({})).await;
    }
}

fn waiting(bench: &Bench) -> usize {
    let timers = &bench.kms.records.timers;
    timers.refresh(&bench.kms.records).unwrap();
    timers.count(TimerKind::Rotation)
}

/// What the service noted that it did by itself: operation, key, whether it told more.
fn events(bench: &Bench) -> Vec<(String, String, bool)> {
    let outbox = bench.kms.records.outbox(None, 500).unwrap().entries;
    let records = outbox
        .iter()
        .map(|entry| Record::decode(&entry.payload).unwrap());
    let own = records.filter(|record| record.identity.kind == IdentityKind::Internal);
    let mut events: Vec<_> = own
        .map(|record| {
            let key = &record.resources[0];
            (
                record.operation.clone(),
                key.arn.clone(),
                record.details.is_some(),
            )
        })
        .collect();
    events.sort();
    events
}

#[tokio::test]
async fn every_ciphertext_opens_after_all_the_rotations_that_a_key_may_have() {
    let mut bench = Bench::new().await;
    let key = Turning::make(&bench, json!({})).await;
    let id = key.id.clone();
    let mut sealed = vec![(key.encrypt().await, key.current(HOME).await)];
    for _ in 0..25 {
        let answer = key.call("RotateKeyOnDemand", json!({})).await;
        assert_eq!(answer, json!({"KeyId": key.arn(HOME)}));
        sealed.push((key.encrypt().await, key.current(HOME).await));
    }
    let exhausted = text::rotations_exhausted(&key.arn(HOME));
    let refusal = ("LimitExceededException", exhausted.as_str());
    key.check("RotateKeyOnDemand", json!({}), refusal).await;
    bench.restart().await;
    let key = Turning { bench: &bench, id };
    for (ciphertext, material) in &sealed {
        key.check_opens(HOME, ciphertext, material).await;
    }
    let listed = key.rotations(HOME, "ALL_KEY_MATERIAL").await;
    let ids: Vec<&Value> = listed.iter().map(|entry| &entry["KeyMaterialId"]).collect();
    let used: Vec<&Value> = sealed.iter().map(|(_, material)| material).collect();
    assert_eq!(ids, used);
}

#[tokio::test]
async fn rotations_are_listed_oldest_first_and_in_pages() {
    let bench = Bench::new().await;
    let key = Turning::make(&bench, json!({})).await;
    key.enable(90).await;
    bench.run(90 * DAY).await;
    bench.run(DAY).await;
    key.switch("RotateKeyOnDemand").await;
    let all = key.rotations(HOME, "ALL_KEY_MATERIAL").await;
    let entry = |number: usize, state: &str| {
        json!({
            "KeyId": key.arn(HOME),
            "KeyMaterialId": all[number]["KeyMaterialId"],
            "KeyMaterialState": state,
        })
    };
    let rotated = |mut entry: Value, day: i64, kind: &str| {
        entry["RotationDate"] = json!(1_800_000_000 + day * 86_400);
        entry["RotationType"] = json!(kind);
        entry
    };
    let wanted = [
        entry(0, "NON_CURRENT"),
        rotated(entry(1, "NON_CURRENT"), 90, "AUTOMATIC"),
        rotated(entry(2, "CURRENT"), 91, "ON_DEMAND"),
    ];
    assert_eq!(all, wanted);
    assert_eq!(key.rotations(HOME, "ROTATIONS_ONLY").await, wanted[1..]);
    let mut input = json!({"Limit": 1, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    for (number, entry) in wanted.iter().enumerate() {
        let page = key.call("ListKeyRotations", input.clone()).await;
        assert_eq!(page["Rotations"], json!([entry]));
        assert_eq!(page["Truncated"], number < 2);
        input["Marker"] = page["NextMarker"].clone();
    }
    let bad = json!({"Marker": "bad"});
    key.check("ListKeyRotations", bad, ("InvalidMarkerException", ""))
        .await;
}

#[tokio::test]
async fn a_key_is_rotated_on_its_date_and_not_before() {
    let bench = Bench::new().await;
    let key = Turning::make(&bench, json!({})).await;
    let (sealed, first) = (key.encrypt().await, key.current(HOME).await);
    key.enable(90).await;
    bench.run(90 * DAY - SECOND).await;
    assert_eq!(key.count().await, 0);
    bench.run(SECOND).await;
    assert_eq!(key.count().await, 1);
    assert_ne!(key.current(HOME).await, first);
    assert_eq!(key.next_day().await, Some(180.0));
    key.check_opens(HOME, &sealed, &first).await;
    let event = ("RotateKey".to_owned(), key.arn(HOME), true);
    assert_eq!(events(&bench), [event]);
}

#[tokio::test]
async fn missed_dates_are_made_up_for_by_one_rotation() {
    // The days that pass at once, the rotations then, the next date.
    for (days, rotations, next) in [
        (89, 0, 90.0),
        (90, 1, 180.0),
        (179, 1, 180.0),
        (180, 1, 270.0),
        (1000, 1, 1080.0),
    ] {
        let bench = Bench::new().await;
        let key = Turning::make(&bench, json!({})).await;
        key.enable(90).await;
        bench.run(days * DAY).await;
        assert_eq!(key.count().await, rotations, "{days}");
        assert_eq!(key.next_day().await, Some(next), "{days}");
        bench.run(SECOND).await;
        assert_eq!(key.count().await, rotations, "{days}");
    }
}

#[tokio::test]
async fn a_restart_forgets_no_rotation_and_a_jump_of_the_clock_makes_none() {
    let mut bench = Bench::new().await;
    let id = {
        let key = Turning::make(&bench, json!({})).await;
        key.enable(90).await;
        key.id
    };
    bench.clock.jump(100 * DAY);
    bench.run(SECOND).await;
    assert_eq!(waiting(&bench), 1);
    bench.clock.jump_back(100 * DAY);
    bench.run(90 * DAY - 2 * SECOND).await;
    bench.restart().await;
    bench.run(SECOND / 2).await;
    let key = Turning { bench: &bench, id };
    assert_eq!(key.count().await, 0);
    bench.run(SECOND / 2).await;
    assert_eq!(key.count().await, 1);
}

#[tokio::test]
async fn a_disabled_key_waits_and_catches_up_when_it_is_enabled() {
    // The day when it is enabled again, the rotations then, the next date.
    for (day, rotations, next) in [(50, 0, 90.0), (90, 1, 180.0), (200, 1, 270.0)] {
        let bench = Bench::new().await;
        let key = Turning::make(&bench, json!({})).await;
        key.enable(90).await;
        key.switch("DisableKey").await;
        assert_eq!(waiting(&bench), 0);
        bench.run(day * DAY).await;
        assert_eq!(key.count().await, 0);
        assert!(key.next_day().await.is_some());
        key.switch("EnableKey").await;
        bench.run(Duration::ZERO).await;
        assert_eq!(key.count().await, rotations, "{day}");
        assert_eq!(key.next_day().await, Some(next), "{day}");
    }
}

#[tokio::test]
async fn a_key_pending_deletion_tells_of_no_plan_and_keeps_it() {
    let bench = Bench::new().await;
    let key = Turning::make(&bench, json!({})).await;
    key.enable(100).await;
    key.switch("RotateKeyOnDemand").await;
    key.switch("ScheduleKeyDeletion").await;
    let status = key.call("GetKeyRotationStatus", json!({})).await;
    let off = json!({"KeyId": key.arn(HOME), "KeyRotationEnabled": false});
    assert_eq!(status, off);
    assert_eq!(key.count().await, 1);
    key.switch("CancelKeyDeletion").await;
    let status = key.call("GetKeyRotationStatus", json!({})).await;
    let on = json!({
        "KeyId": key.arn(HOME),
        "KeyRotationEnabled": true,
        "RotationPeriodInDays": 100,
        "NextRotationDate": 1_800_000_000 + 100 * 86_400,
    });
    assert_eq!(status, on);
}

#[tokio::test]
async fn a_plan_changes_with_its_period_only() {
    let bench = Bench::new().await;
    let key = Turning::make(&bench, json!({})).await;
    // One day before each call: the call, the next date then.
    for (operation, input, next) in [
        ("DisableKeyRotation", json!({}), None),
        ("EnableKeyRotation", json!({}), Some(2.0 + 365.0)),
        (
            "EnableKeyRotation",
            json!({"RotationPeriodInDays": 365}),
            Some(2.0 + 365.0),
        ),
        (
            "EnableKeyRotation",
            json!({"RotationPeriodInDays": 2560}),
            Some(4.0 + 2560.0),
        ),
        ("EnableKeyRotation", json!({}), Some(4.0 + 2560.0)),
        ("RotateKeyOnDemand", json!({}), Some(4.0 + 2560.0)),
        ("DisableKeyRotation", json!({}), None),
        ("EnableKeyRotation", json!({}), Some(8.0 + 365.0)),
        (
            "EnableKeyRotation",
            json!({"RotationPeriodInDays": 90}),
            Some(9.0 + 90.0),
        ),
    ] {
        bench.run(DAY).await;
        key.call(operation, input.clone()).await;
        assert_eq!(key.next_day().await, next, "{operation} {input}");
    }
    assert_eq!(waiting(&bench), 1);
    key.switch("DisableKeyRotation").await;
    assert_eq!(waiting(&bench), 0);
}

#[tokio::test]
async fn a_plan_made_while_time_is_held_back_has_its_whole_period() {
    let bench = Bench::new().await;
    let key = Turning::make(&bench, json!({})).await;
    bench.clock.jump(30 * DAY);
    bench.run(SECOND).await;
    key.enable(90).await;
    assert_eq!(key.next_day().await, Some(120.0 + 1.0 / 86_400.0));
}

#[tokio::test]
async fn there_is_no_rotation_on_demand_right_before_a_planned_one() {
    let bench = Bench::new().await;
    let key = Turning::make(&bench, json!({})).await;
    key.enable(90).await;
    bench.run(90 * DAY - 20 * MINUTE - SECOND).await;
    key.switch("RotateKeyOnDemand").await;
    bench.run(SECOND).await;
    let text = text::rotation_in_progress(&key.arn(HOME));
    let refusal = ("ConflictException", text.as_str());
    key.check("RotateKeyOnDemand", json!({}), refusal).await;
    bench.run(20 * MINUTE).await;
    assert_eq!(key.count().await, 2);
    key.switch("RotateKeyOnDemand").await;
    assert_eq!(key.count().await, 3);
}

#[tokio::test]
async fn states_and_origins_that_do_not_rotate() {
    let bench = Bench::new().await;
    let disabled = Turning::make(&bench, json!({})).await;
    disabled.switch("DisableKey").await;
    let doomed = Turning::make(&bench, json!({})).await;
    doomed.switch("ScheduleKeyDeletion").await;
    let external = Turning::make(&bench, json!({"Origin": "EXTERNAL"})).await;
    let rsa = json!({"Origin": "EXTERNAL", "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"});
    let rsa = Turning::make(&bench, rsa).await;
    let cases = [
        (
            &disabled,
            "DisabledException",
            text::key_disabled(&disabled.arn(HOME)),
        ),
        (
            &doomed,
            "KMSInvalidStateException",
            text::key_pending_deletion(&doomed.arn(HOME)),
        ),
        (
            &external,
            "UnsupportedOperationException",
            text::origin_not_valid(&external.arn(HOME), "EXTERNAL"),
        ),
    ];
    for (key, exception, text) in cases {
        for operation in ["EnableKeyRotation", "DisableKeyRotation"] {
            key.check(operation, json!({}), (exception, &text)).await;
        }
        key.switch("GetKeyRotationStatus").await;
        key.switch("ListKeyRotations").await;
    }
    rsa.check(
        "EnableKeyRotation",
        json!({}),
        ("UnsupportedOperationException", ""),
    )
    .await;
    for (key, exception, text) in [
        (
            &disabled,
            "DisabledException",
            text::key_disabled(&disabled.arn(HOME)),
        ),
        (
            &doomed,
            "KMSInvalidStateException",
            text::key_pending_deletion(&doomed.arn(HOME)),
        ),
        (
            &external,
            "KMSInvalidStateException",
            text::key_pending_import(&external.arn(HOME)),
        ),
        (
            &rsa,
            "KMSInvalidStateException",
            text::key_pending_import(&rsa.arn(HOME)),
        ),
    ] {
        key.check("RotateKeyOnDemand", json!({}), (exception, &text))
            .await;
    }
}

#[tokio::test]
async fn keys_that_are_not_symmetric_never_rotate() {
    let bench = Bench::new().await;
    let input = json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"});
    let key = Turning::make(&bench, input).await;
    let unsupported = ("UnsupportedOperationException", "");
    key.check("EnableKeyRotation", json!({}), unsupported).await;
    key.check("RotateKeyOnDemand", json!({}), unsupported).await;
    key.switch("DisableKeyRotation").await;
    let status = key.call("GetKeyRotationStatus", json!({})).await;
    let off = json!({"KeyId": key.arn(HOME), "KeyRotationEnabled": false});
    assert_eq!(status, off);
    let listed = key.call("ListKeyRotations", json!({})).await;
    assert_eq!(listed, json!({"Rotations": [], "Truncated": false}));
    for include in ["ALL_KEY_MATERIAL", "ROTATIONS_ONLY"] {
        let input = json!({"IncludeKeyMaterial": include});
        let refusal = ("ValidationException", text::INCLUDE_KEY_MATERIAL_UNFIT);
        key.check("ListKeyRotations", input, refusal).await;
    }
}

#[tokio::test]
async fn aliases_name_no_key_here() {
    let bench = Bench::new().await;
    let key = Turning::make(&bench, json!({})).await;
    let alias = json!({"AliasName": "alias/turning", "TargetKeyId": key.id});
    bench.call("CreateAlias", &alias).await.unwrap();
    for operation in [
        "EnableKeyRotation",
        "DisableKeyRotation",
        "GetKeyRotationStatus",
        "RotateKeyOnDemand",
        "ListKeyRotations",
    ] {
        let input = json!({"KeyId": "alias/turning"});
        let refused = bench.call_in(HOME, operation, &input).await.unwrap_err();
        let (name, text) = (refused.exception.name(), refused.message.unwrap());
        let wanted = ("InvalidArnException", text::ALIASES_NOT_SUPPORTED);
        assert_eq!((name, text.as_str()), wanted, "{operation}");
    }
}

#[tokio::test]
async fn related_keys_rotate_together_and_each_keeps_its_state() {
    let bench = Bench::new().await;
    let key = Turning::make(&bench, json!({"MultiRegion": true})).await;
    let replicate = json!({"ReplicaRegion": EUROPE});
    key.call("ReplicateKey", replicate).await;
    key.enable(90).await;
    assert_eq!(waiting(&bench), 1);
    key.call_in(EUROPE, "DisableKey", json!({})).await;
    let mut sealed = vec![(key.encrypt().await, key.current(HOME).await)];
    bench.run(90 * DAY).await;
    sealed.push((key.encrypt().await, key.current(HOME).await));
    key.switch("RotateKeyOnDemand").await;
    sealed.push((key.encrypt().await, key.current(HOME).await));
    let (home, far) = (
        key.call("GetKeyRotationStatus", json!({})).await,
        key.call_in(EUROPE, "GetKeyRotationStatus", json!({})).await,
    );
    for member in [
        "KeyRotationEnabled",
        "NextRotationDate",
        "RotationPeriodInDays",
    ] {
        assert_eq!(home[member], far[member], "{member}");
    }
    let listed = |mut listed: Vec<Value>| {
        for entry in &mut listed {
            entry.as_object_mut().unwrap().remove("KeyId");
        }
        listed
    };
    assert_eq!(
        listed(key.rotations(HOME, "ALL_KEY_MATERIAL").await),
        listed(key.rotations(EUROPE, "ALL_KEY_MATERIAL").await)
    );
    let input = json!({"CiphertextBlob": sealed[2].0});
    let refused = key.try_call(EUROPE, "Decrypt", input).await;
    assert_eq!(refused.unwrap_err().0, "DisabledException");
    key.call_in(EUROPE, "EnableKey", json!({})).await;
    for (ciphertext, material) in &sealed {
        key.check_opens(EUROPE, ciphertext, material).await;
    }
    let events = events(&bench);
    let count = |operation: &str| events.iter().filter(|event| event.0 == operation).count();
    assert_eq!(
        (count("RotateKey"), count("SynchronizeMultiRegionKey")),
        (4, 3)
    );
    for operation in [
        "EnableKeyRotation",
        "DisableKeyRotation",
        "RotateKeyOnDemand",
    ] {
        let refused = key.try_call(EUROPE, operation, json!({})).await;
        let text = text::replica_not_valid(&key.arn(EUROPE), operation);
        assert_eq!(
            refused.unwrap_err(),
            ("UnsupportedOperationException", text)
        );
    }
    key.switch("DisableKeyRotation").await;
    let far = key.call_in(EUROPE, "GetKeyRotationStatus", json!({})).await;
    assert_eq!(far["KeyRotationEnabled"], false);
}
