//! Every operation of CloudTrail against every kind of caller. The rows come from the table of operations: a new one
//! is covered, or fails here until its input is known.

use serde_json::{Value, json};
use strongroom_aws::error::Refusal;
use strongroom_aws::text::{self, Where};

use super::{ACCOUNT, DENIED, OTHER, REGION, allow, attached, deny, end, inline, name, under};
use crate::iam::Caller;
use crate::ops::{OPS, Op, ResourceKind, Service};
use crate::records::PoliciesRecord;
use crate::workbench::Bench;

const TRAIL: &str = "main";

fn arn(trail: &str) -> String {
    format!("arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{trail}")
}

/// The least input of an operation, on `trail`.
fn input(operation: &str, trail: &str) -> Value {
    let tags = json!([{"Key": "team", "Value": "red"}]);
    match operation {
        "AddTags" | "RemoveTags" => json!({"ResourceId": arn(trail), "TagsList": tags}),
        "CreateTrail" => json!({"Name": trail, "S3BucketName": "bucket", "TagsList": tags}),
        "ListTags" => json!({"ResourceIdList": [arn(trail)]}),
        "GetEventSelectors" => json!({"TrailName": trail}),
        "PutEventSelectors" => json!({"TrailName": trail, "EventSelectors": [{}]}),
        "DeleteTrail" | "GetTrail" | "GetTrailStatus" | "StartLogging" | "StopLogging"
        | "UpdateTrail" => json!({"Name": trail}),
        "DescribeTrails" | "ListPublicKeys" | "ListTrails" | "LookupEvents" => json!({}),
        _ => panic!("{operation}"),
    }
}

impl Bench {
    async fn trail_call(
        &self,
        caller: &Caller,
        operation: &str,
        input: &Value,
    ) -> Result<Value, Refusal> {
        self.json_with(caller, REGION, Service::CloudTrail, operation, input)
            .await
    }

    async fn add_trail(&self, name: &str, team: &str) {
        let input = json!({
            "Name": name, "S3BucketName": "bucket", "TagsList": [{"Key": "team", "Value": team}],
        });
        let made = self.trail_call(&self.root(), "CreateTrail", &input).await;
        made.unwrap();
    }
}

#[derive(Clone, Copy, Debug)]
enum Who {
    Administrator,
    Nobody,
    MayOnlyThis,
    MayAllButThis,
    Foreigner,
}

async fn caller(bench: &Bench, op: &Op, who: Who) -> Caller {
    let (account, policies) = match who {
        Who::Administrator => (ACCOUNT, attached("AdministratorAccess")),
        Who::Nobody => (ACCOUNT, PoliciesRecord::default()),
        Who::MayOnlyThis => (ACCOUNT, inline(&json!([allow(json!(op.actions))]))),
        Who::MayAllButThis => (
            ACCOUNT,
            inline(&json!([allow("*"), deny(json!(op.actions))])),
        ),
        Who::Foreigner => (OTHER, attached("AdministratorAccess")),
    };
    let name = format!("{who:?}-{}", op.name);
    bench.add_user(account, &name, policies).await
}

/// The text of the denial, or `None` where the caller may.
fn denial(op: &Op, who: Who, caller: &Caller, trail: &str) -> Option<String> {
    let arn = arn(trail);
    let place = match op.resource {
        ResourceKind::Account => Where::Nowhere,
        _ => Where::Resource(&arn),
    };
    let (action, identity) = (op.actions[0], "identity-based policy");
    match who {
        Who::Administrator | Who::MayOnlyThis | Who::Foreigner => None,
        Who::Nobody => Some(text::denied_without(&caller.arn, action, place, identity)),
        Who::MayAllButThis => {
            let inline = Some("inline");
            let text = text::denied_explicitly(&caller.arn, action, place, identity, inline);
            Some(text)
        }
    }
}

#[tokio::test]
async fn every_operation_of_cloudtrail_is_decided_on() {
    let bench = Bench::new().await;
    for op in OPS.iter().filter(|op| op.service == Service::CloudTrail) {
        for who in [
            Who::Administrator,
            Who::Nobody,
            Who::MayOnlyThis,
            Who::MayAllButThis,
            Who::Foreigner,
        ] {
            let is_made_anew = op.name == "CreateTrail";
            if is_made_anew && matches!(who, Who::Foreigner) {
                continue;
            }
            // Look-ups are throttled, and what is deleted or made is needed again.
            bench.clock.run(std::time::Duration::from_secs(1));
            let trail = "matrix";
            let _ = bench
                .trail_call(&bench.root(), "DeleteTrail", &json!({"Name": trail}))
                .await;
            if !is_made_anew {
                bench.add_trail(trail, "blue").await;
            }
            let caller = caller(&bench, op, who).await;
            let answer = bench
                .trail_call(&caller, op.name, &input(op.name, trail))
                .await;
            let (found, cell) = (end(answer), format!("{} {who:?}", op.name));
            match denial(op, who, &caller, trail) {
                Some(text) => assert_eq!(found, Err((DENIED, text)), "{cell}"),
                None => check_reached(op, who, found, &cell),
            }
        }
    }
}

/// What is named by ARN is the first account's, and no other account has it.
fn check_reached(op: &Op, who: Who, found: Result<(), (&str, String)>, cell: &str) {
    match (who, op.resource) {
        (Who::Foreigner, ResourceKind::Trail) => {
            let (name, _) = found.unwrap_err();
            assert_eq!(name, "TrailNotFoundException", "{cell}");
        }
        _ => assert_eq!(found, Ok(()), "{cell}"),
    }
}

/// May do everything to what this names, under a condition.
fn only(resource: &str, conditions: Option<Value>) -> PoliciesRecord {
    let mut statement = allow("cloudtrail:*");
    statement["Resource"] = json!(resource);
    inline(&json!([match conditions {
        Some(conditions) => under(conditions, statement),
        None => statement,
    }]))
}

#[tokio::test]
async fn policies_reach_trails_by_arn_and_tags() {
    let bench = Bench::new().await;
    bench.add_trail(TRAIL, "blue").await;
    bench.add_trail("other", "red").await;
    let of_tag = |value: &str| json!({"StringEquals": {"aws:ResourceTag/team": value}});
    let brings = |value: &str| json!({"StringEquals": {"aws:RequestTag/team": value}});
    let (status, add) = ("GetTrailStatus", "AddTags");
    let cases: Vec<(&str, PoliciesRecord, &str, &str, bool)> = vec![
        ("by-arn", only(&arn(TRAIL), None), status, TRAIL, true),
        ("by-arn", only(&arn(TRAIL), None), status, "other", false),
        ("by-arn", only(&arn("*"), None), status, "other", true),
        (
            "by-tag",
            only("*", Some(of_tag("blue"))),
            status,
            TRAIL,
            true,
        ),
        (
            "by-tag",
            only("*", Some(of_tag("blue"))),
            status,
            "other",
            false,
        ),
        // What no trail's ARN is part of needs a statement about everything.
        ("of-all", only(&arn("*"), None), "ListTrails", TRAIL, false),
        (
            "of-all",
            only(&arn("*"), None),
            "LookupEvents",
            TRAIL,
            false,
        ),
        (
            "of-request",
            only("*", Some(brings("red"))),
            add,
            TRAIL,
            true,
        ),
        (
            "of-request",
            only("*", Some(brings("green"))),
            add,
            TRAIL,
            false,
        ),
    ];
    for (index, (what, policies, operation, trail, is_allowed)) in cases.into_iter().enumerate() {
        let caller = bench
            .add_user(ACCOUNT, &format!("{what}-{index}"), policies)
            .await;
        let answer = bench
            .trail_call(&caller, operation, &input(operation, trail))
            .await;
        let expected = if is_allowed { Ok(()) } else { Err(DENIED) };
        assert_eq!(name(answer), expected, "{what} {index}");
    }
}

#[tokio::test]
async fn a_trail_with_tags_needs_the_permission_to_add_them() {
    let bench = Bench::new().await;
    let policies = inline(&json!([allow("cloudtrail:CreateTrail")]));
    let caller = bench.add_user(ACCOUNT, "maker", policies).await;
    let bare = json!({"Name": "bare", "S3BucketName": "bucket"});
    for (input, expected) in [
        (input("CreateTrail", "tagged"), Err(DENIED)),
        (bare, Ok(())),
    ] {
        let answer = bench.trail_call(&caller, "CreateTrail", &input).await;
        assert_eq!(name(answer), expected, "{input}");
    }
}
