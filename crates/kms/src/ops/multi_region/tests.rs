use std::time::Duration;

use serde_json::{Value, json};
use strongroom_store::Expect;

use crate::key::KeyName;
use crate::records::{
    KeyRecord, KeyState, MaterialRecord, MaterialRole, Millis, RotationRecord, TimerKind,
};
use crate::repository::Changes;
use crate::workbench::{Bench, DAY};

const HOME: &str = "us-east-1";
const EUROPE: &str = "eu-west-1";
const ASIA: &str = "ap-south-1";
const SECOND: Duration = Duration::from_secs(1);

/// A multi-Region key whose primary was made in [`HOME`].
struct Family<'b> {
    bench: &'b Bench,
    id: String,
}

impl<'b> Family<'b> {
    async fn make(bench: &'b Bench, input: Value) -> Self {
        let mut input = input;
        input["MultiRegion"] = json!(true);
        let made = bench.call("CreateKey", &input).await.unwrap();
        let id = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
        Self { bench, id }
    }

    async fn with_replicas(bench: &'b Bench, regions: &[&str]) -> Self {
        let family = Self::make(bench, json!({})).await;
        for region in regions {
            family.replicate(region).await;
        }
        family
    }

    async fn replicate(&self, region: &str) -> Value {
        self.replicate_from(HOME, region).await
    }

    async fn replicate_from(&self, primary: &str, region: &str) -> Value {
        let input = json!({"ReplicaRegion": region});
        self.call(primary, "ReplicateKey", input).await
    }

    async fn call(&self, region: &str, operation: &str, input: Value) -> Value {
        let answer = self.try_call(region, operation, input).await;
        answer.unwrap_or_else(|refused| panic!("{operation} in {region}: {refused:?}"))
    }

    /// The answer, or the exception's name and text.
    async fn try_call(
        &self,
        region: &str,
        operation: &str,
        mut input: Value,
    ) -> Result<Value, (&'static str, String)> {
        if input.get("KeyId").is_none() {
            input["KeyId"] = json!(self.id);
        }
        let answer = self.bench.call_in(region, operation, &input).await;
        answer.map_err(|refusal| {
            let text = refusal.message.unwrap_or_default();
            (refusal.exception.name(), text)
        })
    }

    async fn describe(&self, region: &str) -> Value {
        let mut answer = self.call(region, "DescribeKey", json!({})).await;
        answer["KeyMetadata"].take()
    }

    async fn state(&self, region: &str) -> Value {
        self.describe(region).await["KeyState"].take()
    }

    fn arn(&self, region: &str) -> String {
        format!("arn:aws:kms:{region}:000000000000:key/{}", self.id)
    }

    fn name(&self, region: &str) -> KeyName {
        KeyName {
            account: "000000000000".parse().unwrap(),
            region: region.parse().unwrap(),
            id: self.id.parse().unwrap(),
        }
    }

    fn record(&self, region: &str) -> KeyRecord {
        let key = self.bench.kms.records.key(&self.name(region)).unwrap();
        key.unwrap().record.clone()
    }

    /// Changes a record without any operation.
    async fn edit(&self, region: &str, change: impl FnOnce(&mut KeyRecord)) {
        let records = &self.bench.kms.records;
        let key = records.key(&self.name(region)).unwrap().unwrap();
        let mut record = key.record.clone();
        change(&mut record);
        let changes = records.change_key(Changes::default(), &key, &record);
        records.commit(changes.unwrap()).await.unwrap();
    }

    /// Every key's view must be this one: the primary's Region, and those of the replicas.
    async fn check_regions(&self, primary: &str, replicas: &[&str]) {
        let key_in = |region: &str| json!({"Arn": self.arn(region), "Region": region});
        let listed: Vec<Value> = replicas.iter().map(|region| key_in(region)).collect();
        for region in replicas.iter().chain([&primary]) {
            let role = if *region == primary {
                "PRIMARY"
            } else {
                "REPLICA"
            };
            let wanted = json!({
                "MultiRegionKeyType": role,
                "PrimaryKey": key_in(primary),
                "ReplicaKeys": listed,
            });
            let metadata = self.describe(region).await;
            assert_eq!(metadata["MultiRegionConfiguration"], wanted, "{region}");
        }
    }

    async fn encrypt(&self, region: &str) -> Value {
        let mut made = self
            .call(region, "Encrypt", json!({"Plaintext": "QUJD"}))
            .await;
        made["CiphertextBlob"].take()
    }

    async fn decrypt(&self, region: &str, ciphertext: &Value) -> Result<Value, &'static str> {
        let input = json!({"CiphertextBlob": ciphertext, "KeyId": self.id});
        let answer = self.try_call(region, "Decrypt", input).await;
        answer
            .map(|mut opened| opened["Plaintext"].take())
            .map_err(|(name, _)| name)
    }

    /// Checks that an operation is refused with this exception and text.
    async fn check(&self, region: &str, operation: &str, input: Value, refusal: (&str, &str)) {
        let answer = self.try_call(region, operation, input.clone()).await;
        let (name, text) = answer.expect_err(&format!("{operation} {input}"));
        assert_eq!((name, text.as_str()), refusal, "{operation} {input}");
    }
}

fn waiting(bench: &Bench, kind: TimerKind) -> usize {
    let timers = &bench.kms.records.timers;
    timers.refresh(&bench.kms.records).unwrap();
    timers.count(kind)
}

#[tokio::test]
async fn a_replica_is_answered_as_creating_and_is_ready() {
    let bench = Bench::new().await;
    let family = Family::make(&bench, json!({"Description": "home"})).await;
    let input = json!({
        "ReplicaRegion": EUROPE,
        "Description": "far",
        "Tags": [{"TagKey": "team", "TagValue": "a"}],
    });
    let answer = family.call(HOME, "ReplicateKey", input).await;
    let first = &answer["ReplicaKeyMetadata"];
    assert_eq!(first["KeyState"], "Creating");
    assert_eq!(first["Enabled"], false);
    assert_eq!(first["Arn"], family.arn(EUROPE));
    assert!(first.get("CurrentKeyMaterialId").is_none());
    assert_eq!(
        answer["ReplicaTags"],
        json!([{"TagKey": "team", "TagValue": "a"}])
    );
    let policy = family.call(EUROPE, "GetKeyPolicy", json!({})).await;
    assert_eq!(answer["ReplicaPolicy"], policy["Policy"]);
    let (home, far) = (family.describe(HOME).await, family.describe(EUROPE).await);
    assert_eq!(far["KeyState"], "Enabled");
    assert_eq!(far["Description"], "far");
    assert_eq!(far["CurrentKeyMaterialId"], home["CurrentKeyMaterialId"]);
    assert!(family.replicate(ASIA).await.get("ReplicaTags").is_none());
    family.check_regions(HOME, &[ASIA, EUROPE]).await;
}

#[tokio::test]
async fn related_keys_open_what_any_of_them_sealed() {
    let bench = Bench::new().await;
    let family = Family::with_replicas(&bench, &[EUROPE, ASIA]).await;
    for from in [HOME, EUROPE, ASIA] {
        let sealed = family.encrypt(from).await;
        for to in [HOME, EUROPE, ASIA] {
            assert_eq!(
                family.decrypt(to, &sealed).await,
                Ok(json!("QUJD")),
                "{from} {to}"
            );
            let input = json!({"CiphertextBlob": sealed});
            let implicit = bench.call_in(to, "Decrypt", &input).await;
            assert_eq!(implicit.unwrap()["KeyId"], family.arn(to));
        }
    }
}

#[tokio::test]
async fn the_arn_of_a_related_key_elsewhere_is_the_wrong_key_of_a_ciphertext() {
    let bench = Bench::new().await;
    let family = Family::with_replicas(&bench, &[EUROPE]).await;
    let sealed = family.encrypt(HOME).await;
    let incorrect = ("IncorrectKeyException", strongroom_aws::text::INCORRECT_KEY);
    let elsewhere = ("NotFoundException", "Invalid arn us-east-1");
    for (operation, input, refusal) in [
        (
            "Decrypt",
            json!({"CiphertextBlob": sealed, "KeyId": family.arn(HOME)}),
            incorrect,
        ),
        (
            "ReEncrypt",
            json!({
                "CiphertextBlob": sealed,
                "SourceKeyId": family.arn(HOME),
                "DestinationKeyId": family.id,
            }),
            incorrect,
        ),
        (
            "ReEncrypt",
            json!({"CiphertextBlob": sealed, "DestinationKeyId": family.arn(HOME)}),
            elsewhere,
        ),
        (
            "Encrypt",
            json!({"Plaintext": "QUJD", "KeyId": family.arn(HOME)}),
            elsewhere,
        ),
        ("DescribeKey", json!({"KeyId": family.arn(HOME)}), elsewhere),
    ] {
        family.check(EUROPE, operation, input, refusal).await;
    }
    // Where no related key is, there is nothing to be wrong about.
    let input = json!({"CiphertextBlob": sealed, "KeyId": family.arn(HOME)});
    family.check(ASIA, "Decrypt", input, elsewhere).await;
    let single = bench.call("CreateKey", &json!({})).await.unwrap();
    let input = json!({"CiphertextBlob": sealed, "KeyId": single["KeyMetadata"]["Arn"]});
    family.check(EUROPE, "Decrypt", input, elsewhere).await;
}

#[tokio::test]
async fn replication_is_refused_with_the_text_of_its_fault() {
    let bench = Bench::new().await;
    let family = Family::with_replicas(&bench, &[EUROPE]).await;
    let single = bench.call("CreateKey", &json!({})).await.unwrap();
    let single = single["KeyMetadata"]["Arn"].as_str().unwrap();
    let alias = json!({"AliasName": "alias/far", "TargetKeyId": family.id});
    bench.call("CreateAlias", &alias).await.unwrap();
    let once = "You can create only one replica of each primary key in each AWS Region.";
    for (region, key, wanted, exception, text) in [
        (
            HOME,
            "alias/far",
            ASIA,
            "InvalidArnException",
            "Key Aliases are not supported for this operation.".to_owned(),
        ),
        (
            EUROPE,
            &family.id,
            ASIA,
            "UnsupportedOperationException",
            format!("{} is not a multi-region primary key.", family.arn(EUROPE)),
        ),
        (
            HOME,
            single,
            ASIA,
            "UnsupportedOperationException",
            format!("{single} is not a multi-region primary key."),
        ),
        (
            HOME,
            &family.id,
            HOME,
            "ValidationException",
            "us-east-1 cannot have a replica because it contains the primary.".to_owned(),
        ),
        (
            HOME,
            &family.id,
            "cn-north-1",
            "ValidationException",
            "The replica key Region must be in the same AWS partition as the primary key Region."
                .to_owned(),
        ),
        (
            HOME,
            &family.id,
            "us-invalid-1",
            "ValidationException",
            "Region us-invalid-1 is not a valid Region or multi-Region keys are not supported in Region us-invalid-1."
                .to_owned(),
        ),
        (HOME, &family.id, EUROPE, "AlreadyExistsException", once.to_owned()),
    ] {
        let input = json!({"KeyId": key, "ReplicaRegion": wanted});
        family.check(region, "ReplicateKey", input, (exception, &text)).await;
    }
    family.call(EUROPE, "ScheduleKeyDeletion", json!({})).await;
    let again = json!({"ReplicaRegion": EUROPE});
    family
        .check(
            HOME,
            "ReplicateKey",
            again,
            ("AlreadyExistsException", once),
        )
        .await;
    family.call(HOME, "DisableKey", json!({})).await;
    let disabled = format!("{} is disabled.", family.arn(HOME));
    let input = json!({"ReplicaRegion": ASIA});
    family
        .check(
            HOME,
            "ReplicateKey",
            input.clone(),
            ("DisabledException", &disabled),
        )
        .await;
    family.call(HOME, "ScheduleKeyDeletion", json!({})).await;
    let pending = format!("{} is pending replica deletion.", family.arn(HOME));
    family
        .check(
            HOME,
            "ReplicateKey",
            input,
            ("KMSInvalidStateException", &pending),
        )
        .await;
}

#[tokio::test]
async fn the_policy_given_is_the_replicas_own() {
    let bench = Bench::new().await;
    let family = Family::make(&bench, json!({})).await;
    let policy = |action: &str, region: &str| {
        let statement = json!({
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
            "Action": action,
            "Resource": family.arn(region),
        });
        json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
    };
    let locks_out = (
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
    );
    for document in [policy("kms:DescribeKey", EUROPE), policy("kms:*", HOME)] {
        let input = json!({"ReplicaRegion": EUROPE, "Policy": document});
        family.check(HOME, "ReplicateKey", input, locks_out).await;
    }
    let input = json!({"ReplicaRegion": EUROPE, "Policy": policy("kms:*", EUROPE)});
    let answer = family.call(HOME, "ReplicateKey", input).await;
    let stored = family.call(EUROPE, "GetKeyPolicy", json!({})).await;
    assert_eq!(answer["ReplicaPolicy"], stored["Policy"]);
    assert!(
        stored["Policy"]
            .as_str()
            .unwrap()
            .contains(&family.arn(EUROPE))
    );
    let at_home = family.call(HOME, "GetKeyPolicy", json!({})).await;
    assert_ne!(at_home["Policy"], stored["Policy"]);
    let bypassed = json!({
        "ReplicaRegion": ASIA,
        "Policy": policy("kms:DescribeKey", ASIA),
        "BypassPolicyLockoutSafetyCheck": true,
    });
    family.call(HOME, "ReplicateKey", bypassed).await;
}

#[tokio::test]
async fn what_belongs_to_one_region_changes_in_it_alone() {
    let bench = Bench::new().await;
    let family = Family::with_replicas(&bench, &[EUROPE]).await;
    let home = family.describe(HOME).await;
    let tags = json!({"Tags": [{"TagKey": "a", "TagValue": "b"}]});
    family.call(EUROPE, "TagResource", tags).await;
    family
        .call(
            EUROPE,
            "UpdateKeyDescription",
            json!({"Description": "far"}),
        )
        .await;
    let alias = json!({"AliasName": "alias/far", "TargetKeyId": family.id});
    bench.call_in(EUROPE, "CreateAlias", &alias).await.unwrap();
    family.call(EUROPE, "DisableKey", json!({})).await;
    assert_eq!(family.describe(HOME).await, home);
    let tags = family.call(HOME, "ListResourceTags", json!({})).await;
    assert_eq!(tags["Tags"], json!([]));
    let aliases = family.call(HOME, "ListAliases", json!({})).await;
    assert_eq!(aliases["Aliases"], json!([]));
    let sealed = family.encrypt(HOME).await;
    assert_eq!(
        family.decrypt(EUROPE, &sealed).await,
        Err("DisabledException")
    );
    family.call(EUROPE, "EnableKey", json!({})).await;
    family.call(HOME, "DisableKey", json!({})).await;
    assert_eq!(family.decrypt(EUROPE, &sealed).await, Ok(json!("QUJD")));
    assert_eq!(
        family.decrypt(HOME, &sealed).await,
        Err("DisabledException")
    );
}

#[tokio::test]
async fn the_primary_moves_and_every_key_knows() {
    let bench = Bench::new().await;
    let family = Family::with_replicas(&bench, &[EUROPE, ASIA]).await;
    let next = Millis(2_000_000_000_000);
    for region in [HOME, EUROPE, ASIA] {
        let rotation = Some(RotationRecord {
            period_days: 365,
            next,
        });
        family
            .edit(region, |record| record.rotation = rotation)
            .await;
    }
    let sealed = family.encrypt(HOME).await;
    let to = |region: &str| json!({"PrimaryRegion": region});
    family.call(HOME, "UpdatePrimaryRegion", to(HOME)).await;
    family.check_regions(HOME, &[ASIA, EUROPE]).await;
    family.call(HOME, "UpdatePrimaryRegion", to(EUROPE)).await;
    family.check_regions(EUROPE, &[ASIA, HOME]).await;
    // One key rotates: the primary, where it is now.
    assert_eq!(waiting(&bench, TimerKind::Rotation), 1);
    let due = [HOME, EUROPE, ASIA].map(|region| family.record(region).next_due().is_some());
    assert_eq!(due, [false, true, false]);
    assert_eq!(family.decrypt(ASIA, &sealed).await, Ok(json!("QUJD")));
    let no_primary = format!("{} is not a multi-Region primary key.", family.arn(HOME));
    let refusal = ("KMSInvalidStateException", no_primary.as_str());
    family
        .check(HOME, "UpdatePrimaryRegion", to(ASIA), refusal)
        .await;
    family
        .check(HOME, "UpdatePrimaryRegion", to("us-west-2"), refusal)
        .await;
    family.call(EUROPE, "UpdatePrimaryRegion", to(HOME)).await;
    family.check_regions(HOME, &[ASIA, EUROPE]).await;
}

#[tokio::test]
async fn the_primary_does_not_move_to_or_from_a_key_that_cannot_be_used() {
    let bench = Bench::new().await;
    let family = Family::with_replicas(&bench, &[EUROPE]).await;
    let alias = json!({"AliasName": "alias/far", "TargetKeyId": family.id});
    bench.call("CreateAlias", &alias).await.unwrap();
    let single = bench.call("CreateKey", &json!({})).await.unwrap();
    let single = single["KeyMetadata"]["Arn"].as_str().unwrap();
    let check = async |key: &str, region: &str, exception, text: String| {
        let input = json!({"KeyId": key, "PrimaryRegion": region});
        family
            .check(HOME, "UpdatePrimaryRegion", input, (exception, &text))
            .await;
    };
    let none = format!(
        "{} does not have a replica key in the specified Region.",
        family.id
    );
    for region in [ASIA, "us-invalid-1", "cn-north-1"] {
        check(&family.id, region, "ValidationException", none.clone()).await;
    }
    let text = "Key Aliases are not supported for this operation.".to_owned();
    check("alias/far", EUROPE, "InvalidArnException", text).await;
    let text = format!("{single} is not a multi-Region primary key.");
    check(single, EUROPE, "UnsupportedOperationException", text).await;
    for region in [HOME, EUROPE] {
        family.call(region, "DisableKey", json!({})).await;
        let text = format!("{} is disabled.", family.arn(region));
        check(&family.id, EUROPE, "DisabledException", text).await;
        family.call(region, "EnableKey", json!({})).await;
    }
    family.call(EUROPE, "ScheduleKeyDeletion", json!({})).await;
    let text = format!("{} is pending deletion.", family.arn(EUROPE));
    check(&family.id, EUROPE, "KMSInvalidStateException", text).await;
    family.check_regions(HOME, &[EUROPE]).await;
}

#[tokio::test]
async fn a_primary_is_deleted_when_its_window_after_the_last_replica_is_over() {
    let bench = Bench::new().await;
    let family = Family::with_replicas(&bench, &[EUROPE, ASIA]).await;
    let sealed = family.encrypt(HOME).await;
    let days = |days: u32| json!({"PendingWindowInDays": days});
    let answer = family.call(HOME, "ScheduleKeyDeletion", days(8)).await;
    let wanted = json!({
        "KeyId": family.arn(HOME),
        "KeyState": "PendingReplicaDeletion",
        "PendingWindowInDays": 8,
    });
    assert_eq!(answer, wanted);
    let metadata = family.describe(HOME).await;
    assert_eq!(metadata["PendingDeletionWindowInDays"], 8);
    assert!(metadata.get("DeletionDate").is_none());
    assert_eq!(
        family.decrypt(HOME, &sealed).await,
        Err("KMSInvalidStateException")
    );
    family.call(ASIA, "ScheduleKeyDeletion", days(7)).await;
    family.call(EUROPE, "ScheduleKeyDeletion", days(30)).await;
    bench.run(7 * DAY).await;
    family.check_regions(HOME, &[EUROPE]).await;
    assert_eq!(family.state(HOME).await, "PendingReplicaDeletion");
    bench.run(23 * DAY).await;
    let metadata = family.describe(HOME).await;
    assert_eq!(metadata["KeyState"], "PendingDeletion");
    assert!(metadata.get("PendingDeletionWindowInDays").is_none());
    assert!(metadata.get("DeletionDate").is_some());
    bench.run(8 * DAY - SECOND).await;
    assert_eq!(family.state(HOME).await, "PendingDeletion");
    bench.run(SECOND).await;
    for region in [HOME, EUROPE, ASIA] {
        let gone = family.try_call(region, "DescribeKey", json!({})).await;
        assert_eq!(gone.unwrap_err().0, "NotFoundException", "{region}");
    }
    assert_eq!(waiting(&bench, TimerKind::Deletion), 0);
}

#[tokio::test]
async fn replicas_that_are_due_together_go_one_after_the_other() {
    let bench = Bench::new().await;
    let family = Family::with_replicas(&bench, &[EUROPE, ASIA, "us-west-2"]).await;
    let input = json!({"PendingWindowInDays": 7});
    for region in [EUROPE, HOME, ASIA, "us-west-2"] {
        family
            .call(region, "ScheduleKeyDeletion", input.clone())
            .await;
    }
    bench.run(7 * DAY).await;
    family.check_regions(HOME, &[]).await;
    assert_eq!(family.state(HOME).await, "PendingDeletion");
    family.call(HOME, "CancelKeyDeletion", json!({})).await;
    assert_eq!(family.state(HOME).await, "Disabled");
    assert_eq!(waiting(&bench, TimerKind::Deletion), 0);
}

#[tokio::test]
async fn a_cancelled_primary_rests_and_its_deletion_does_not_come_back() {
    let bench = Bench::new().await;
    let family = Family::with_replicas(&bench, &[EUROPE]).await;
    family.call(HOME, "ScheduleKeyDeletion", json!({})).await;
    family
        .call(
            EUROPE,
            "ScheduleKeyDeletion",
            json!({"PendingWindowInDays": 7}),
        )
        .await;
    family.call(HOME, "CancelKeyDeletion", json!({})).await;
    let metadata = family.describe(HOME).await;
    assert_eq!(metadata["KeyState"], "Disabled");
    assert!(metadata.get("PendingDeletionWindowInDays").is_none());
    bench.run(40 * DAY).await;
    family.check_regions(HOME, &[]).await;
    assert_eq!(family.state(HOME).await, "Disabled");
}

#[tokio::test]
async fn a_region_is_free_again_when_its_replica_is_gone() {
    let bench = Bench::new().await;
    let family = Family::with_replicas(&bench, &[EUROPE, ASIA]).await;
    let sealed = family.encrypt(EUROPE).await;
    family
        .call(
            EUROPE,
            "ScheduleKeyDeletion",
            json!({"PendingWindowInDays": 7}),
        )
        .await;
    bench.run(7 * DAY).await;
    family.check_regions(HOME, &[ASIA]).await;
    assert_eq!(family.decrypt(HOME, &sealed).await, Ok(json!("QUJD")));
    let implicit = bench
        .call_in(EUROPE, "Decrypt", &json!({"CiphertextBlob": sealed}))
        .await;
    assert_eq!(
        implicit.unwrap_err().exception.name(),
        "AccessDeniedException"
    );
    family.replicate(EUROPE).await;
    family.check_regions(HOME, &[ASIA, EUROPE]).await;
    assert_eq!(family.decrypt(EUROPE, &sealed).await, Ok(json!("QUJD")));
}

#[tokio::test]
async fn a_replica_mirrors_rotations_and_holds_all_materials() {
    let bench = Bench::new().await;
    let family = Family::make(&bench, json!({})).await;
    let rotation = RotationRecord {
        period_days: 90,
        next: Millis(2_000_000_000_000),
    };
    family
        .edit(HOME, |record| {
            record.rotation = Some(rotation);
            record.on_demand_rotations = 3;
        })
        .await;
    family.replicate(EUROPE).await;
    let (home, far) = (family.record(HOME), family.record(EUROPE));
    assert_eq!((far.rotation, far.on_demand_rotations), (home.rotation, 3));
    assert_eq!(far.next_due(), None);
    let ids = |record: &KeyRecord| {
        record
            .materials
            .iter()
            .map(|one| one.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&far), ids(&home));
}

#[tokio::test]
async fn the_key_is_rotated_where_its_primary_is_now() {
    let bench = Bench::new().await;
    let family = Family::with_replicas(&bench, &[EUROPE]).await;
    let old = family.encrypt(HOME).await;
    let period = json!({"RotationPeriodInDays": 90});
    family.call(HOME, "EnableKeyRotation", period).await;
    let to = json!({"PrimaryRegion": EUROPE});
    family.call(HOME, "UpdatePrimaryRegion", to).await;
    let before = family.describe(HOME).await["CurrentKeyMaterialId"].take();
    bench.run(90 * DAY - SECOND).await;
    assert_eq!(
        family.describe(EUROPE).await["CurrentKeyMaterialId"],
        before
    );
    bench.run(SECOND).await;
    let after = family.describe(EUROPE).await["CurrentKeyMaterialId"].take();
    assert_ne!(after, before);
    assert_eq!(family.describe(HOME).await["CurrentKeyMaterialId"], after);
    family.replicate_from(EUROPE, ASIA).await;
    let new = family.encrypt(HOME).await;
    for region in [HOME, EUROPE, ASIA] {
        for sealed in [&old, &new] {
            assert_eq!(
                family.decrypt(region, sealed).await,
                Ok(json!("QUJD")),
                "{region}"
            );
        }
    }
}

#[tokio::test]
async fn imported_material_stays_where_it_was_imported() {
    let bench = Bench::new().await;
    let family = Family::make(&bench, json!({"Origin": "EXTERNAL"})).await;
    let pending = format!("{} is pending import.", family.arn(HOME));
    let input = json!({"ReplicaRegion": EUROPE});
    let refusal = ("KMSInvalidStateException", pending.as_str());
    family.check(HOME, "ReplicateKey", input, refusal).await;
    // As ImportKeyMaterial would have left it, with new material that waits for its rotation.
    let material = |number: u8, role| MaterialRecord {
        role,
        expires: Some(Millis(2_000_000_000_000)),
        description: Some("ours".to_owned()),
        ..MaterialRecord::new([number; 32], vec![number])
    };
    family
        .edit(HOME, |record| {
            record.state = KeyState::Enabled;
            record.materials = vec![
                material(1, MaterialRole::Permanent),
                material(2, MaterialRole::PendingRotation),
            ];
        })
        .await;
    let answer = family.replicate(EUROPE).await;
    assert_eq!(answer["ReplicaKeyMetadata"]["KeyState"], "Creating");
    let far = family.record(EUROPE);
    assert_eq!(far.state, KeyState::PendingImport);
    for (material, id) in far.materials.iter().zip([[1; 32], [2; 32]]) {
        assert_eq!(material.id, id);
        assert_eq!((&material.token, material.expires), (&None, None));
        let owner = bench.kms.records.material_owner(&far.region, &id).unwrap();
        assert_eq!(*owner.unwrap(), family.name(EUROPE));
    }
    let roles = [
        MaterialRole::Permanent,
        MaterialRole::PendingMultiRegionImport,
    ];
    for region in [HOME, EUROPE] {
        let materials = family.record(region).materials;
        let found: Vec<_> = materials.iter().map(|one| one.role).collect();
        assert_eq!(found, roles, "{region}");
    }
    family.call(EUROPE, "ScheduleKeyDeletion", json!({})).await;
    family.call(EUROPE, "CancelKeyDeletion", json!({})).await;
    assert_eq!(family.state(EUROPE).await, "PendingImport");
    // Nothing has to wait any more for the Region where it was not imported.
    let days = json!({"PendingWindowInDays": 7});
    family.call(EUROPE, "ScheduleKeyDeletion", days).await;
    bench.run(7 * DAY).await;
    let last = family.record(HOME).materials.last().unwrap().role;
    assert_eq!(last, MaterialRole::PendingRotation);
}

#[tokio::test]
async fn changes_at_one_time_are_all_made_or_refused() {
    let bench = Bench::new().await;
    let family = Family::with_replicas(&bench, &[ASIA]).await;
    let replicate =
        |region: &str| family.try_call(HOME, "ReplicateKey", json!({"ReplicaRegion": region}));
    let (one, other) = tokio::join!(replicate(EUROPE), replicate("us-west-2"));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    family
        .check_regions(HOME, &[ASIA, EUROPE, "us-west-2"])
        .await;
    let (one, other) = tokio::join!(replicate("sa-east-1"), replicate("sa-east-1"));
    let refused: Vec<_> = [one, other].into_iter().filter_map(Result::err).collect();
    assert!(
        matches!(&refused[..], [("AlreadyExistsException", _)]),
        "{refused:?}"
    );
    let (moved, replicated) = tokio::join!(
        family.try_call(HOME, "UpdatePrimaryRegion", json!({"PrimaryRegion": ASIA})),
        replicate("ca-central-1"),
    );
    moved.unwrap();
    let mut replicas = vec![EUROPE, "sa-east-1", HOME, "us-west-2"];
    match replicated {
        Ok(_) => replicas.insert(0, "ca-central-1"),
        Err((name, _)) => assert_eq!(name, "UnsupportedOperationException"),
    }
    family.check_regions(ASIA, &replicas).await;
}

#[tokio::test]
async fn a_stale_view_of_any_related_key_is_no_ground_for_a_change() {
    let bench = Bench::new().await;
    let family = Family::with_replicas(&bench, &[EUROPE]).await;
    let records = &bench.kms.records;
    let primary = records.key(&family.name(HOME)).unwrap().unwrap();
    let keys = crate::multi_region::related(records, &primary).unwrap();
    family
        .call(
            EUROPE,
            "UpdateKeyDescription",
            json!({"Description": "new"}),
        )
        .await;
    let changes = Changes::default().put_key(Expect::At(primary.version), &primary.record);
    let stale: Vec<_> = keys.into_iter().filter(|key| key.is_replica()).collect();
    let changes = crate::multi_region::change_each(records, changes, &stale, |_| {}).unwrap();
    assert!(matches!(
        records.commit(changes).await,
        Err(crate::failure::Failure::Conflict)
    ));
    assert_eq!(family.describe(EUROPE).await["Description"], "new");
}

#[tokio::test]
async fn both_regions_have_an_event_of_what_concerns_both() {
    let bench = Bench::new().await;
    let family = Family::with_replicas(&bench, &[EUROPE]).await;
    family
        .call(
            HOME,
            "UpdatePrimaryRegion",
            json!({"PrimaryRegion": EUROPE}),
        )
        .await;
    let outbox = bench.kms.records.outbox(None, 100).unwrap().entries;
    let mut events: Vec<_> = outbox
        .iter()
        .map(|entry| strongroom_audit::Record::decode(&entry.payload).unwrap())
        .map(|record| {
            (
                record.operation,
                record.region.to_string(),
                record.resources.len(),
            )
        })
        .collect();
    events.sort();
    let event =
        |operation: &str, region: &str, keys| (operation.to_owned(), region.to_owned(), keys);
    let wanted = [
        event("CreateKey", EUROPE, 1),
        event("CreateKey", HOME, 1),
        event("ReplicateKey", HOME, 2),
        event("SynchronizeMultiRegionKey", HOME, 1),
        event("UpdatePrimaryRegion", EUROPE, 1),
        event("UpdatePrimaryRegion", HOME, 2),
    ];
    assert_eq!(events, wanted);
}

#[tokio::test]
async fn a_key_with_too_many_materials_is_not_replicated() {
    let bench = Bench::new().await;
    let family = Family::make(&bench, json!({})).await;
    let fill = async |count: usize| {
        family
            .edit(HOME, |record| {
                let first = record.materials[0].clone();
                record.materials = (0..=u8::MAX)
                    .take(count)
                    .map(|number| MaterialRecord {
                        id: std::array::from_fn(|at| if at == 0 { number } else { 9 }),
                        ..first.clone()
                    })
                    .collect();
            })
            .await;
    };
    fill(super::REPLICATED_MATERIALS_MAX + 1).await;
    let text = "A key with more than 200 key materials cannot be replicated.";
    let input = json!({"ReplicaRegion": EUROPE});
    family
        .check(
            HOME,
            "ReplicateKey",
            input,
            ("LimitExceededException", text),
        )
        .await;
    fill(super::REPLICATED_MATERIALS_MAX).await;
    family.replicate(EUROPE).await;
    assert_eq!(
        family.record(EUROPE).materials.len(),
        super::REPLICATED_MATERIALS_MAX
    );
}

#[tokio::test]
async fn a_keys_state_comes_before_its_role_and_before_tags() {
    let bench = Bench::new().await;
    let family = Family::with_replicas(&bench, &[EUROPE]).await;
    let move_here = json!({"PrimaryRegion": EUROPE});
    let role = format!("{} is not a multi-Region primary key.", family.arn(EUROPE));
    let refusal = ("KMSInvalidStateException", role.as_str());
    family
        .check(EUROPE, "UpdatePrimaryRegion", move_here.clone(), refusal)
        .await;
    family.call(EUROPE, "DisableKey", json!({})).await;
    let disabled = format!("{} is disabled.", family.arn(EUROPE));
    let refusal = ("DisabledException", disabled.as_str());
    family
        .check(EUROPE, "UpdatePrimaryRegion", move_here, refusal)
        .await;
    let tagged = json!({
        "ReplicaRegion": ASIA, "Tags": [{"TagKey": "aws:reserved", "TagValue": "a"}],
    });
    let refused = family.try_call(HOME, "ReplicateKey", tagged.clone()).await;
    assert_eq!(refused.unwrap_err().0, "TagException");
    family.call(HOME, "DisableKey", json!({})).await;
    let disabled = format!("{} is disabled.", family.arn(HOME));
    let refusal = ("DisabledException", disabled.as_str());
    family
        .check(HOME, "ReplicateKey", tagged.clone(), refusal)
        .await;
    let absent = Family {
        bench: &bench,
        id: format!("mrk-{}", "0".repeat(32)),
    };
    let unknown = format!("Key '{}' does not exist", absent.arn(HOME));
    let refusal = ("NotFoundException", unknown.as_str());
    absent.check(HOME, "ReplicateKey", tagged, refusal).await;
}
