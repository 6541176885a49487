use std::time::Duration;

use serde_json::{Value, json};

use crate::key::KeyName;
use crate::records::TimerKind;
use crate::workbench::{Bench, DAY};

const SECOND: Duration = Duration::from_secs(1);

/// A key with an alias and a ciphertext.
struct Doomed {
    id: Value,
    ciphertext: Value,
}

impl Doomed {
    async fn make(bench: &Bench) -> Self {
        let made = bench.call("CreateKey", &json!({})).await.unwrap();
        let id = made["KeyMetadata"]["KeyId"].clone();
        let alias = json!({"AliasName": "alias/doomed", "TargetKeyId": id});
        bench.call("CreateAlias", &alias).await.unwrap();
        let input = json!({"KeyId": id, "Plaintext": "QUJD"});
        let ciphertext = bench.call("Encrypt", &input).await.unwrap()["CiphertextBlob"].clone();
        Self { id, ciphertext }
    }

    /// Schedules the deletion `days` ahead.
    async fn schedule(&self, bench: &Bench, days: u32) {
        let input = json!({"KeyId": self.id, "PendingWindowInDays": days});
        bench.call("ScheduleKeyDeletion", &input).await.unwrap();
    }

    async fn cancel(&self, bench: &Bench) {
        let input = json!({"KeyId": self.id});
        bench.call("CancelKeyDeletion", &input).await.unwrap();
    }

    fn name(&self) -> KeyName {
        KeyName {
            account: "000000000000".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            id: self.id.as_str().unwrap().parse().unwrap(),
        }
    }

    async fn state(&self, bench: &Bench) -> Result<Value, &'static str> {
        let metadata = bench
            .call("DescribeKey", &json!({"KeyId": self.id}))
            .await?;
        Ok(metadata["KeyMetadata"]["KeyState"].clone())
    }

    async fn check_waits(&self, bench: &Bench) {
        assert_eq!(self.state(bench).await, Ok(json!("PendingDeletion")));
        let input = json!({"CiphertextBlob": self.ciphertext});
        let refused = bench.call("Decrypt", &input).await;
        assert_eq!(refused, Err("KMSInvalidStateException"));
    }

    async fn check_gone(&self, bench: &Bench) {
        assert_eq!(self.state(bench).await, Err("NotFoundException"));
        let alias = json!({"KeyId": "alias/doomed"});
        let absent = bench.call("DescribeKey", &alias).await;
        assert_eq!(absent, Err("NotFoundException"));
        let input = json!({"CiphertextBlob": self.ciphertext});
        let refused = bench.call("Decrypt", &input).await;
        assert_eq!(refused, Err("AccessDeniedException"));
        assert_eq!(waiting(bench), 0);
    }
}

fn waiting(bench: &Bench) -> usize {
    let timers = &bench.kms.records.timers;
    timers.refresh(&bench.kms.records).unwrap();
    timers.count(TimerKind::Deletion)
}

#[tokio::test]
async fn a_key_is_deleted_when_its_days_are_over_and_not_before() {
    let bench = Bench::new().await;
    let key = Doomed::make(&bench).await;
    key.schedule(&bench, 7).await;
    bench.run(DAY * 7 - SECOND).await;
    key.check_waits(&bench).await;
    bench.run(SECOND).await;
    key.check_gone(&bench).await;
}

#[tokio::test]
async fn a_clock_that_jumps_deletes_nothing_early() {
    let bench = Bench::new().await;
    let key = Doomed::make(&bench).await;
    key.schedule(&bench, 7).await;
    bench.clock.jump(DAY * 400);
    bench.run(SECOND).await;
    key.check_waits(&bench).await;
    assert!(bench.kms.domain_clock().is_held());
    bench.run(DAY - SECOND * 2).await;
    key.check_waits(&bench).await;
    // The server has run for a day beside the clock: it is believed.
    bench.run(SECOND).await;
    bench.run(SECOND).await;
    key.check_gone(&bench).await;
}

#[tokio::test]
async fn a_clock_that_goes_back_delays_nothing() {
    let bench = Bench::new().await;
    let key = Doomed::make(&bench).await;
    key.schedule(&bench, 7).await;
    bench.clock.jump_back(DAY * 400);
    bench.run(DAY * 7 - SECOND).await;
    key.check_waits(&bench).await;
    bench.run(SECOND).await;
    key.check_gone(&bench).await;
}

#[tokio::test]
async fn a_restart_keeps_timers_and_believes_a_day_at_most() {
    let mut bench = Bench::new().await;
    let key = Doomed::make(&bench).await;
    key.schedule(&bench, 7).await;
    bench.run(DAY * 6).await;
    bench.clock.jump(DAY * 100);
    bench.restart().await;
    bench.run(SECOND).await;
    key.check_waits(&bench).await;
    bench.clock.jump_back(DAY * 100);
    bench.restart().await;
    bench.run(DAY - SECOND * 2).await;
    key.check_waits(&bench).await;
    bench.run(SECOND).await;
    key.check_gone(&bench).await;
    bench.restart().await;
    key.check_gone(&bench).await;
}

#[tokio::test]
async fn a_cancelled_deletion_does_not_happen_and_a_new_one_does() {
    let bench = Bench::new().await;
    let key = Doomed::make(&bench).await;
    key.schedule(&bench, 7).await;
    key.cancel(&bench).await;
    bench.run(DAY * 31).await;
    assert_eq!(key.state(&bench).await, Ok(json!("Disabled")));
    assert_eq!(waiting(&bench), 0);
    key.schedule(&bench, 8).await;
    bench.run(DAY * 8 - SECOND).await;
    key.check_waits(&bench).await;
    bench.run(SECOND).await;
    key.check_gone(&bench).await;
}

#[tokio::test]
async fn what_is_noted_late_or_in_vain_loses_no_timer() {
    let bench = Bench::new().await;
    let key = Doomed::make(&bench).await;
    key.schedule(&bench, 7).await;
    bench.run(SECOND).await;
    // A cancellation that was overtaken by the next schedule, and one of a key that is gone.
    bench.kms.records.timers.note_change(&key.name());
    let mut absent = key.name();
    absent.id = strongroom_base::id::KeyId::generate(&*bench.kms.env.random);
    bench.kms.records.timers.note_change(&absent);
    bench.run(SECOND).await;
    assert_eq!(waiting(&bench), 1);
    bench.run(DAY * 7).await;
    key.check_gone(&bench).await;
}

#[tokio::test]
async fn a_key_with_as_many_aliases_as_may_be_is_deleted_with_all_of_them() {
    let bench = Bench::new().await;
    let key = Doomed::make(&bench).await;
    for number in 1..50 {
        let alias = json!({"AliasName": format!("alias/{number}"), "TargetKeyId": key.id});
        bench.call("CreateAlias", &alias).await.unwrap();
    }
    let one_more = json!({"AliasName": "alias/50", "TargetKeyId": key.id});
    let refused = bench.call("CreateAlias", &one_more).await;
    assert_eq!(refused, Err("LimitExceededException"));
    key.schedule(&bench, 7).await;
    bench.run(7 * DAY).await;
    key.check_gone(&bench).await;
    let left = bench.call("ListAliases", &json!({})).await.unwrap();
    let mut left = left["Aliases"].as_array().unwrap().iter();
    assert!(left.all(|alias| alias.get("TargetKeyId").is_none()));
}

#[tokio::test]
async fn a_deletion_scheduled_while_time_is_held_has_its_whole_window() {
    let bench = Bench::new().await;
    let key = Doomed::make(&bench).await;
    bench.clock.jump(30 * DAY);
    bench.run(SECOND).await;
    key.schedule(&bench, 7).await;
    // Domain time catches up with the wall clock here.
    bench.run(2 * DAY).await;
    bench.run(4 * DAY).await;
    key.check_waits(&bench).await;
    bench.run(DAY).await;
    key.check_gone(&bench).await;
}
