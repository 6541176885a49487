use std::time::Duration;

use serde_json::{Value, json};
use strongroom_aws::error::Refusal;
use strongroom_store::Expect;

use crate::iam::Caller;
use crate::ops::Service;
use crate::records::{LogPositionRecord, Millis, TrailDeliveryRecord};
use crate::repository::{Changes, TrailName};
use crate::timers;
use crate::workbench::Bench;

const ACCOUNT: &str = "000000000000";
const OTHER: &str = "111122223333";
const HOME: &str = "us-east-1";
const ELSEWHERE: &str = "eu-west-1";
const ARN: &str = "arn:aws:cloudtrail:us-east-1:000000000000:trail/main";

impl Bench {
    async fn trail(&self, operation: &str, input: Value) -> Result<Value, Refusal> {
        self.trail_in(HOME, operation, input).await
    }

    async fn trail_in(
        &self,
        region: &str,
        operation: &str,
        input: Value,
    ) -> Result<Value, Refusal> {
        self.trail_of(&self.root(), region, operation, input).await
    }

    async fn trail_of(
        &self,
        caller: &Caller,
        region: &str,
        operation: &str,
        input: Value,
    ) -> Result<Value, Refusal> {
        let service = Service::CloudTrail;
        self.json_with(caller, region, service, operation, &input)
            .await
    }

    fn root_of(&self, account: &str) -> Caller {
        let region = HOME.parse().unwrap();
        Caller::root(account.parse().unwrap(), "other".to_owned(), &region)
    }

    /// responseElements of the newest event of `operation`.
    async fn answer_told(&self, operation: &str) -> Value {
        timers::settle(&self.kms).await.unwrap();
        let attribute = json!({"AttributeKey": "EventName", "AttributeValue": operation});
        let query = json!({"LookupAttributes": [attribute]});
        let found = self.look_up_all(&self.root(), HOME, &query).await.0;
        let event: Value = serde_json::from_str(&text(&found[0]["CloudTrailEvent"])).unwrap();
        event["responseElements"].clone()
    }

    /// Looks events up as often as is needed to see all of a query's, and how many pages there were.
    async fn look_up_all(
        &self,
        caller: &Caller,
        region: &str,
        query: &Value,
    ) -> (Vec<Value>, usize) {
        let (mut all, mut pages, mut input) = (Vec::new(), 0, query.clone());
        loop {
            self.clock.run(Duration::from_secs(1));
            let page = self
                .trail_of(caller, region, "LookupEvents", input.clone())
                .await;
            let page = page.unwrap();
            all.extend(page["Events"].as_array().unwrap().clone());
            pages += 1;
            match &page["NextToken"] {
                Value::Null => return (all, pages),
                token => input["NextToken"] = token.clone(),
            }
        }
    }

    async fn names_of(&self, caller: &Caller, region: &str, query: &Value) -> Vec<String> {
        let (events, _) = self.look_up_all(caller, region, query).await;
        events
            .iter()
            .map(|event| text(&event["EventName"]))
            .collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn refused(answer: Result<Value, Refusal>) -> (String, String) {
    let refusal = answer.unwrap_err();
    let message = refusal.message.unwrap_or_default();
    (refusal.exception.name().to_owned(), message)
}

fn new_trail() -> Value {
    json!({"Name": "main", "S3BucketName": "bucket"})
}

#[tokio::test]
async fn a_trail_is_shown_as_it_was_made_and_changed() {
    let bench = Bench::new().await;
    let made = bench
        .trail(
            "CreateTrail",
            json!({
                "Name": "main", "S3BucketName": "bucket", "S3KeyPrefix": "a/b",
                "IsMultiRegionTrail": true, "EnableLogFileValidation": true,
                "TagsList": [{"Key": "k", "Value": "v"}],
            }),
        )
        .await
        .unwrap();
    let settings = json!({
        "Name": "main", "S3BucketName": "bucket", "S3KeyPrefix": "a/b",
        "IncludeGlobalServiceEvents": true, "IsMultiRegionTrail": true, "TrailARN": ARN,
        "LogFileValidationEnabled": true, "IsOrganizationTrail": false,
    });
    assert_eq!(made, settings);
    assert_eq!(
        bench.answer_told("CreateTrail").await,
        json!({
            "name": "main", "s3BucketName": "bucket", "s3KeyPrefix": "a/b",
            "includeGlobalServiceEvents": true, "isMultiRegionTrail": true, "trailARN": ARN,
            "logFileValidationEnabled": true, "isOrganizationTrail": false,
        })
    );
    let shown = bench
        .trail("GetTrail", json!({"Name": "main"}))
        .await
        .unwrap();
    let mut expected = settings.clone();
    for (name, value) in [
        ("HomeRegion", json!(HOME)),
        ("HasCustomEventSelectors", json!(false)),
        ("HasInsightSelectors", json!(false)),
    ] {
        expected[name] = value;
    }
    assert_eq!(shown, json!({"Trail": expected}));
    let changed = bench
        .trail(
            "UpdateTrail",
            json!({
                "Name": ARN, "S3BucketName": "bucket2", "S3KeyPrefix": "",
                "IsMultiRegionTrail": false, "IncludeGlobalServiceEvents": false,
            }),
        )
        .await
        .unwrap();
    assert_eq!(
        changed,
        json!({
            "Name": "main", "S3BucketName": "bucket2", "IncludeGlobalServiceEvents": false,
            "IsMultiRegionTrail": false, "TrailARN": ARN, "LogFileValidationEnabled": true,
            "IsOrganizationTrail": false,
        })
    );
    assert_eq!(
        bench.answer_told("UpdateTrail").await,
        json!({
            "name": "main", "s3BucketName": "bucket2", "includeGlobalServiceEvents": false,
            "isMultiRegionTrail": false, "trailARN": ARN, "logFileValidationEnabled": true,
            "isOrganizationTrail": false,
        })
    );
    let listed = bench.trail("ListTrails", json!({})).await.unwrap();
    let info = json!({"TrailARN": ARN, "Name": "main", "HomeRegion": HOME});
    assert_eq!(listed, json!({"Trails": [info]}));
    let deleted = bench.trail("DeleteTrail", json!({"Name": "main"})).await;
    assert_eq!(deleted.unwrap(), json!({}));
    let gone = refused(bench.trail("GetTrail", json!({"Name": "main"})).await);
    let unknown = format!("Unknown trail: main for the user: {ACCOUNT}");
    assert_eq!(gone, ("TrailNotFoundException".to_owned(), unknown));
}

#[tokio::test]
async fn what_no_trail_can_have_is_refused() {
    let bench = Bench::new().await;
    bench.trail("CreateTrail", new_trail()).await.unwrap();
    let with = |name: &str, value: Value| {
        let mut input = json!({"Name": "another", "S3BucketName": "bucket"});
        input[name] = value;
        input
    };
    let selectors = |selectors: Value| json!({"TrailName": "main", "EventSelectors": selectors});
    let advanced =
        json!([{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]);
    let tags = |tags: Value| json!({"ResourceId": ARN, "TagsList": tags});
    let many: Vec<Value> = (0..51).map(|n| json!({"Key": format!("k{n}")})).collect();
    let long = "a".repeat(201);
    let store = "arn:aws:cloudtrail:us-east-1:000000000000:eventdatastore/a";
    for (operation, input, exception) in [
        ("CreateTrail", new_trail(), "TrailAlreadyExistsException"),
        (
            "CreateTrail",
            with("Name", json!("a")),
            "InvalidTrailNameException",
        ),
        (
            "CreateTrail",
            with("Name", json!(ARN)),
            "InvalidTrailNameException",
        ),
        (
            "CreateTrail",
            with("S3BucketName", json!("a")),
            "InvalidS3BucketNameException",
        ),
        (
            "CreateTrail",
            with("S3BucketName", json!("a/../b")),
            "InvalidS3BucketNameException",
        ),
        (
            "CreateTrail",
            with("S3BucketName", json!("..a")),
            "InvalidS3BucketNameException",
        ),
        (
            "CreateTrail",
            with("S3BucketName", json!("10.0.0.1")),
            "InvalidS3BucketNameException",
        ),
        (
            "CreateTrail",
            with("S3KeyPrefix", json!("../a")),
            "InvalidS3PrefixException",
        ),
        (
            "CreateTrail",
            with("S3KeyPrefix", json!("/a")),
            "InvalidS3PrefixException",
        ),
        (
            "CreateTrail",
            with("S3KeyPrefix", json!("a//b")),
            "InvalidS3PrefixException",
        ),
        (
            "CreateTrail",
            with("S3KeyPrefix", json!("a\nb")),
            "InvalidS3PrefixException",
        ),
        (
            "CreateTrail",
            with("S3KeyPrefix", json!(long)),
            "InvalidS3PrefixException",
        ),
        (
            "CreateTrail",
            with("SnsTopicName", json!("a")),
            "UnsupportedOperationException",
        ),
        (
            "CreateTrail",
            with("KmsKeyId", json!("a")),
            "UnsupportedOperationException",
        ),
        (
            "CreateTrail",
            with("IsOrganizationTrail", json!(true)),
            "UnsupportedOperationException",
        ),
        (
            "CreateTrail",
            json!({
                "Name": "another", "S3BucketName": "bucket", "IsMultiRegionTrail": true,
                "IncludeGlobalServiceEvents": false,
            }),
            "InvalidParameterCombinationException",
        ),
        (
            "CreateTrail",
            with("TagsList", json!([{"Key": "aws:a"}])),
            "InvalidTagParameterException",
        ),
        (
            "CreateTrail",
            with("TagsList", json!(many)),
            "TagsLimitExceededException",
        ),
        (
            "UpdateTrail",
            json!({"Name": "nobody"}),
            "TrailNotFoundException",
        ),
        (
            "UpdateTrail",
            json!({"Name": "main", "CloudWatchLogsRoleArn": "a"}),
            "UnsupportedOperationException",
        ),
        (
            "PutEventSelectors",
            selectors(json!([])),
            "InvalidEventSelectorsException",
        ),
        (
            "PutEventSelectors",
            json!({"TrailName": "main"}),
            "InvalidEventSelectorsException",
        ),
        (
            "PutEventSelectors",
            selectors(json!([{}, {}, {}, {}, {}, {}])),
            "InvalidEventSelectorsException",
        ),
        (
            "PutEventSelectors",
            selectors(json!([{"ExcludeManagementEventSources": ["iam.amazonaws.com"]}])),
            "InvalidEventSelectorsException",
        ),
        (
            "PutEventSelectors",
            selectors(json!([{"DataResources": [{"Type": "AWS::S3::Object", "Values": []}]}])),
            "InvalidEventSelectorsException",
        ),
        (
            "PutEventSelectors",
            json!({"TrailName": "main", "AdvancedEventSelectors": advanced}),
            "UnsupportedOperationException",
        ),
        (
            "AddTags",
            json!({"ResourceId": "main", "TagsList": []}),
            "CloudTrailARNInvalidException",
        ),
        (
            "AddTags",
            json!({"ResourceId": store, "TagsList": []}),
            "ResourceTypeNotSupportedException",
        ),
        (
            "AddTags",
            tags(json!([{"Key": "a"}, {"Key": "a"}])),
            "InvalidTagParameterException",
        ),
        (
            "AddTags",
            tags(json!([{"Key": "a\u{7}"}])),
            "InvalidTagParameterException",
        ),
        (
            "ListTags",
            json!({"ResourceIdList": []}),
            "CloudTrailARNInvalidException",
        ),
        (
            "ListTags",
            json!({"ResourceIdList": [ARN], "NextToken": "a"}),
            "InvalidTokenException",
        ),
        (
            "ListPublicKeys",
            json!({"StartTime": 2, "EndTime": 1}),
            "InvalidTimeRangeException",
        ),
    ] {
        let (found, _) = refused(bench.trail(operation, input.clone()).await);
        assert_eq!(found, exception, "{operation} {input}");
    }
}

#[tokio::test]
async fn an_account_has_five_trails_in_each_region() {
    let bench = Bench::new().await;
    let create = |name: String| json!({"Name": name, "S3BucketName": "bucket"});
    for number in 0..5 {
        let input = create(format!("trail{number}"));
        bench.trail("CreateTrail", input).await.unwrap();
    }
    let sixth = refused(
        bench
            .trail("CreateTrail", create("trail5".to_owned()))
            .await,
    );
    let text = format!("User: {ACCOUNT} already has 5 trails in {HOME}.");
    let name = "MaximumNumberOfTrailsExceededException";
    assert_eq!(sixth, (name.to_owned(), text));
    let elsewhere = create("trail5".to_owned());
    bench
        .trail_in(ELSEWHERE, "CreateTrail", elsewhere)
        .await
        .unwrap();
    let other = bench.root_of(OTHER);
    let input = create("trail0".to_owned());
    bench
        .trail_of(&other, HOME, "CreateTrail", input)
        .await
        .unwrap();
    let listed = bench.trail("ListTrails", json!({})).await.unwrap();
    assert_eq!(listed["Trails"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn trails_reach_other_regions_but_are_changed_at_home() {
    let bench = Bench::new().await;
    let mut wide = new_trail();
    wide["IsMultiRegionTrail"] = json!(true);
    bench.trail("CreateTrail", wide).await.unwrap();
    let narrow = json!({"Name": "narrow", "S3BucketName": "bucket"});
    bench.trail("CreateTrail", narrow).await.unwrap();
    for (region, input, expected) in [
        (HOME, json!({}), vec!["main", "narrow"]),
        (ELSEWHERE, json!({}), vec!["main"]),
        (ELSEWHERE, json!({"includeShadowTrails": false}), vec![]),
        (
            ELSEWHERE,
            json!({"trailNameList": ["main", "narrow"]}),
            vec!["main"],
        ),
        (ELSEWHERE, json!({"trailNameList": [ARN]}), vec!["main"]),
        (HOME, json!({"trailNameList": ["nobody"]}), vec![]),
    ] {
        let shown = bench
            .trail_in(region, "DescribeTrails", input.clone())
            .await
            .unwrap();
        let shown = shown["trailList"].as_array().unwrap();
        let names: Vec<String> = shown.iter().map(|trail| text(&trail["Name"])).collect();
        assert_eq!(names, expected, "{region} {input}");
    }
    let by_arn = json!({"Name": ARN});
    bench
        .trail_in(ELSEWHERE, "GetTrail", by_arn.clone())
        .await
        .unwrap();
    for operation in ["StartLogging", "StopLogging", "UpdateTrail", "DeleteTrail"] {
        let (found, _) = refused(bench.trail_in(ELSEWHERE, operation, by_arn.clone()).await);
        assert_eq!(found, "InvalidHomeRegionException", "{operation}");
    }
    let theirs = bench.root_of(OTHER);
    let (found, _) = refused(bench.trail_of(&theirs, HOME, "GetTrail", by_arn).await);
    assert_eq!(found, "TrailNotFoundException");
}

#[tokio::test]
async fn logging_starts_and_stops_and_its_status_tells_what_delivery_did() {
    let bench = Bench::new().await;
    bench.trail("CreateTrail", new_trail()).await.unwrap();
    let name = json!({"Name": "main"});
    let status = || bench.trail("GetTrailStatus", json!({"Name": "main"}));
    let fresh = status().await.unwrap();
    assert_eq!(fresh["IsLogging"], json!(false));
    assert_eq!(fresh["TimeLoggingStarted"], json!(""));
    assert_eq!(fresh["StartLoggingTime"], Value::Null);
    bench.trail("StartLogging", name.clone()).await.unwrap();
    let started = status().await.unwrap();
    assert_eq!(started["IsLogging"], json!(true));
    assert_eq!(started["StartLoggingTime"], json!(1_800_000_000));
    assert_eq!(started["TimeLoggingStarted"], json!("2027-01-15T08:00:00Z"));
    bench.clock.run(Duration::from_secs(60));
    bench.trail("StartLogging", name.clone()).await.unwrap();
    assert_eq!(status().await.unwrap(), started);
    bench.trail("StopLogging", name).await.unwrap();
    let stopped = status().await.unwrap();
    assert_eq!(stopped["IsLogging"], json!(false));
    assert_eq!(stopped["TimeLoggingStopped"], json!("2027-01-15T08:01:00Z"));
    deliver(&bench, "us-east-1", (Some(5000), 7000, None)).await;
    deliver(
        &bench,
        "eu-west-1",
        (Some(6000), 9000, Some("NoSuchBucket")),
    )
    .await;
    let delivered = status().await.unwrap();
    assert_eq!(delivered["LatestDeliveryTime"], json!(6));
    assert_eq!(
        delivered["LatestDeliveryAttemptTime"],
        json!("1970-01-01T00:00:09Z")
    );
    assert_eq!(
        delivered["LatestDeliveryAttemptSucceeded"],
        json!("1970-01-01T00:00:06Z")
    );
    assert_eq!(delivered["LatestDeliveryError"], json!("NoSuchBucket"));
}

/// Notes what delivery would: the time of the last file, of the last attempt, and its error.
async fn deliver(bench: &Bench, region: &str, told: (Option<i64>, i64, Option<&str>)) {
    let (delivered, attempted, error) = told;
    let record = TrailDeliveryRecord {
        account: ACCOUNT.parse().unwrap(),
        home: HOME.parse().unwrap(),
        trail: "main".to_owned(),
        region: region.parse().unwrap(),
        position: LogPositionRecord {
            segment: 1,
            offset: 0,
        },
        planned: None,
        digest: None,
        delivered: delivered.map(Millis),
        attempted: Some(Millis(attempted)),
        error: error.map(str::to_owned),
        digest_delivered: None,
        digest_error: None,
    };
    let changes = Changes::default().put_trail_delivery(Expect::Absent, &record);
    bench.kms.records.commit(changes).await.unwrap();
}

#[tokio::test]
async fn what_is_known_of_a_delivery_goes_with_its_trail() {
    let bench = Bench::new().await;
    bench.trail("CreateTrail", new_trail()).await.unwrap();
    for region in ["us-east-1", "eu-west-1"] {
        deliver(&bench, region, (None, 1, None)).await;
    }
    let name = TrailName::parse(ARN, &ACCOUNT.parse().unwrap(), &HOME.parse().unwrap()).unwrap();
    let records = &bench.kms.records;
    let count = || {
        records
            .list_trail_deliveries(&name, None, 10)
            .unwrap()
            .records
            .len()
    };
    assert_eq!(count(), 2);
    bench
        .trail("DeleteTrail", json!({"Name": "main"}))
        .await
        .unwrap();
    assert_eq!(count(), 0);
    // What a late delivery wrote does not reach the next trail of this name.
    deliver(&bench, "us-east-1", (None, 1, None)).await;
    bench.trail("CreateTrail", new_trail()).await.unwrap();
    assert_eq!(count(), 0);
}

#[tokio::test]
async fn selectors_are_shown_whole() {
    let bench = Bench::new().await;
    bench.trail("CreateTrail", new_trail()).await.unwrap();
    let everything = json!({
        "ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": [],
        "ExcludeManagementEventSources": [],
    });
    let get = || bench.trail("GetEventSelectors", json!({"TrailName": "main"}));
    let expected = json!({"TrailARN": ARN, "EventSelectors": [everything]});
    assert_eq!(get().await.unwrap(), expected);
    let given = json!([
        {"ReadWriteType": "WriteOnly", "ExcludeManagementEventSources": ["kms.amazonaws.com"]},
    ]);
    let input = json!({"TrailName": ARN, "EventSelectors": given});
    let put = bench.trail("PutEventSelectors", input).await.unwrap();
    let expected = json!({"TrailARN": ARN, "EventSelectors": [{
        "ReadWriteType": "WriteOnly", "IncludeManagementEvents": true, "DataResources": [],
        "ExcludeManagementEventSources": ["kms.amazonaws.com"],
    }]});
    assert_eq!(put, expected);
    assert_eq!(
        bench.answer_told("PutEventSelectors").await,
        json!({"trailARN": ARN, "eventSelectors": [{
            "readWriteType": "WriteOnly", "includeManagementEvents": true, "dataResources": [],
            "excludeManagementEventSources": ["kms.amazonaws.com"],
        }]})
    );
    assert_eq!(get().await.unwrap(), expected);
    let shown = bench
        .trail("GetTrail", json!({"Name": "main"}))
        .await
        .unwrap();
    assert_eq!(shown["Trail"]["HasCustomEventSelectors"], json!(true));
}

#[tokio::test]
async fn tags_are_added_replaced_and_removed() {
    let bench = Bench::new().await;
    bench.trail("CreateTrail", new_trail()).await.unwrap();
    let change = |operation: &'static str, tags: Value| {
        bench.trail(operation, json!({"ResourceId": ARN, "TagsList": tags}))
    };
    let list = || bench.trail("ListTags", json!({"ResourceIdList": [ARN]}));
    let add = json!([{"Key": "a", "Value": "1"}, {"Key": "b"}]);
    change("AddTags", add).await.unwrap();
    change("AddTags", json!([{"Key": "a", "Value": "2"}]))
        .await
        .unwrap();
    let of = |tags: Value| json!({"ResourceTagList": [{"ResourceId": ARN, "TagsList": tags}]});
    let both = of(json!([{"Key": "a", "Value": "2"}, {"Key": "b"}]));
    assert_eq!(list().await.unwrap(), both);
    let remove = json!([{"Key": "a"}, {"Key": "c"}]);
    change("RemoveTags", remove).await.unwrap();
    assert_eq!(list().await.unwrap(), of(json!([{"Key": "b"}])));
    for number in 0..49 {
        let tag = json!([{"Key": format!("k{number}")}]);
        change("AddTags", tag).await.unwrap();
    }
    let (found, _) = refused(change("AddTags", json!([{"Key": "z"}])).await);
    assert_eq!(found, "TagsLimitExceededException");
}

/// A history with calls of two accounts in two Regions.
async fn with_history() -> Bench {
    let bench = Bench::new().await;
    let made = bench.call("CreateKey", &json!({})).await.unwrap();
    let key = &made["KeyMetadata"]["KeyId"];
    timers::settle(&bench.kms).await.unwrap();
    let plain = json!({"KeyId": key, "Plaintext": "QUJD"});
    for _ in 0..3 {
        bench.clock.run(Duration::from_secs(60));
        bench.call("Encrypt", &plain).await.unwrap();
    }
    bench
        .call_in(ELSEWHERE, "ListKeys", &json!({}))
        .await
        .unwrap();
    bench
        .call_as(OTHER, "ListAliases", &json!({}))
        .await
        .unwrap();
    let root = bench.root();
    let groups = bench.query_with(&root, Service::Iam, "ListGroups", &[]);
    groups.await.unwrap();
    bench
}

#[tokio::test]
async fn events_are_looked_up_by_each_attribute() {
    let bench = with_history().await;
    let root = bench.root();
    let all = bench.look_up_all(&root, HOME, &json!({})).await.0;
    let names: Vec<String> = all.iter().map(|event| text(&event["EventName"])).collect();
    assert_eq!(
        names,
        ["ListGroups", "Encrypt", "Encrypt", "Encrypt", "CreateKey"]
    );
    let created = all.last().unwrap();
    let told: Value = serde_json::from_str(created["CloudTrailEvent"].as_str().unwrap()).unwrap();
    assert_eq!(told["eventID"], created["EventId"]);
    assert_eq!(told["recipientAccountId"], json!(ACCOUNT));
    for (key, value, expected) in [
        ("EventId", text(&created["EventId"]), vec!["CreateKey"]),
        ("EventName", "Encrypt".to_owned(), vec!["Encrypt"; 3]),
        ("EventName", "encrypt".to_owned(), vec![]),
        ("ReadOnly", "false".to_owned(), vec!["CreateKey"]),
        ("Username", "nobody".to_owned(), vec![]),
        ("Username", "root".to_owned(), vec!["CreateKey"]),
        (
            "ResourceType",
            "AWS::KMS::Key".to_owned(),
            vec!["CreateKey"],
        ),
        ("ResourceType", "AWS::S3::Bucket".to_owned(), vec![]),
        (
            "EventSource",
            "iam.amazonaws.com".to_owned(),
            vec!["ListGroups"],
        ),
        ("AccessKeyId", "test".to_owned(), vec!["CreateKey"]),
        ("AccessKeyId", "other".to_owned(), vec![]),
    ] {
        let query = json!({"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]});
        let mut found = bench.names_of(&root, HOME, &query).await;
        // The look-ups themselves are events of the root, too.
        found.retain(|name| name != "LookupEvents");
        if expected == ["CreateKey"] && key != "EventId" && key != "ReadOnly" {
            assert_eq!(
                found.last().map(String::as_str),
                Some("CreateKey"),
                "{key} {value}"
            );
        } else {
            assert_eq!(found, expected, "{key} {value}");
        }
    }
    let named = created["Resources"].as_array().unwrap();
    for resource in named {
        let value = &resource["ResourceName"];
        let query = json!({"LookupAttributes": [
            {"AttributeKey": "ResourceName", "AttributeValue": value},
        ]});
        let found = bench.names_of(&root, HOME, &query).await;
        assert!(found.contains(&"CreateKey".to_owned()), "{value}");
    }
}

#[tokio::test]
async fn nobody_sees_events_of_other_accounts_or_regions() {
    let bench = with_history().await;
    let (root, other) = (bench.root(), bench.root_of(OTHER));
    for (caller, region, expected) in [
        (&other, HOME, vec!["ListAliases"]),
        (&root, ELSEWHERE, vec!["ListKeys"]),
        (&other, ELSEWHERE, vec![]),
    ] {
        let names = bench.names_of(caller, region, &json!({})).await;
        assert_eq!(names, expected, "{region}");
    }
    // The owner of a key is told of another account's use of it, with less.
    let key = bench.call("CreateKey", &json!({})).await.unwrap()["KeyMetadata"]["Arn"].clone();
    let grant = json!({
        "KeyId": key, "Operations": ["Encrypt"],
        "GranteePrincipal": format!("arn:aws:iam::{OTHER}:root"),
    });
    bench.call("CreateGrant", &grant).await.unwrap();
    let plain = json!({"KeyId": key, "Plaintext": "QUJD"});
    bench.call_as(OTHER, "Encrypt", &plain).await.unwrap();
    let named =
        json!({"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "Encrypt"}]});
    let theirs = bench.look_up_all(&other, HOME, &named).await.0;
    let ours = bench.look_up_all(&root, HOME, &named).await.0;
    let told = |event: &Value| -> Value {
        serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap()).unwrap()
    };
    let shared = |event: &Value| told(event)["sharedEventID"].clone();
    assert_eq!((theirs.len(), ours.len()), (1, 4));
    assert!(shared(&theirs[0]).is_string());
    assert_eq!(shared(&theirs[0]), shared(&ours[0]));
    assert_ne!(theirs[0]["EventId"], ours[0]["EventId"]);
    assert_eq!(ours[0]["AccessKeyId"], Value::Null);
}

#[tokio::test]
async fn pages_show_every_event_once() {
    let bench = with_history().await;
    let root = bench.root();
    let query =
        json!({"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "Encrypt"}]});
    for (size, pages) in [(1, 3), (2, 2), (3, 1), (50, 1)] {
        let mut input = query.clone();
        input["MaxResults"] = json!(size);
        let (found, count) = bench.look_up_all(&root, HOME, &input).await;
        let mut ids: Vec<String> = found.iter().map(|event| text(&event["EventId"])).collect();
        let times: Vec<i64> = found
            .iter()
            .map(|it| it["EventTime"].as_i64().unwrap())
            .collect();
        assert!(times.is_sorted_by(|one, other| one >= other), "{times:?}");
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), count), (3, pages), "{size}");
    }
}

#[tokio::test]
async fn a_time_range_shows_what_lies_in_it() {
    let bench = with_history().await;
    let root = bench.root();
    let began = 1_800_000_000;
    for (start, end, expected) in [
        (None, Some(began), vec!["CreateKey"]),
        (Some(began + 61), Some(began + 120), vec!["Encrypt"]),
        (
            Some(began + 60),
            Some(began + 120),
            vec!["Encrypt", "Encrypt"],
        ),
        (None, Some(began - 1), vec![]),
    ] {
        let query = json!({"StartTime": start, "EndTime": end});
        let found = bench.names_of(&root, HOME, &query).await;
        assert_eq!(found, expected, "{start:?} {end:?}");
    }
    bench.clock.run(Duration::from_secs(91 * 24 * 60 * 60));
    let query = json!({"EndTime": began + 3600});
    assert_eq!(
        bench.names_of(&root, HOME, &query).await,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn lookups_that_make_no_sense_are_refused() {
    let bench = with_history().await;
    let one = json!({"AttributeKey": "EventName", "AttributeValue": "Encrypt"});
    let input = json!({"LookupAttributes": [one], "MaxResults": 1});
    let page = bench.trail("LookupEvents", input).await.unwrap();
    let token = page["NextToken"].clone();
    for (input, exception) in [
        (json!({"MaxResults": 0}), "InvalidMaxResultsException"),
        (json!({"MaxResults": 51}), "InvalidMaxResultsException"),
        (json!({"MaxResults": "1"}), "SerializationException"),
        (
            json!({"LookupAttributes": [one, one]}),
            "InvalidLookupAttributesException",
        ),
        (
            json!({"LookupAttributes": [{"AttributeKey": "ReadOnly", "AttributeValue": "yes"}]}),
            "InvalidLookupAttributesException",
        ),
        (
            json!({"LookupAttributes": [{"AttributeKey": "Colour", "AttributeValue": "red"}]}),
            "ValidationException",
        ),
        (
            json!({"StartTime": 2, "EndTime": 1}),
            "InvalidTimeRangeException",
        ),
        (json!({"NextToken": token}), "InvalidNextTokenException"),
        (json!({"NextToken": "AAAA"}), "InvalidNextTokenException"),
        (json!({"EventCategory": "data"}), "ValidationException"),
    ] {
        bench.clock.run(Duration::from_secs(1));
        let (found, _) = refused(bench.trail("LookupEvents", input.clone()).await);
        assert_eq!(found, exception, "{input}");
    }
    bench.clock.run(Duration::from_secs(1));
    // The token is the account's that it was given to, and of its Region.
    let bound = json!({"LookupAttributes": [one], "NextToken": token});
    let other = bench.root_of(OTHER);
    for (caller, region) in [(&other, HOME), (&bench.root(), ELSEWHERE)] {
        let answer = bench
            .trail_of(caller, region, "LookupEvents", bound.clone())
            .await;
        assert_eq!(refused(answer).0, "InvalidNextTokenException");
    }
    bench.trail("LookupEvents", bound).await.unwrap();
    let insight = json!({"EventCategory": "insight"});
    let none = bench.trail("LookupEvents", insight).await.unwrap();
    assert_eq!(none, json!({"Events": []}));
}

#[tokio::test]
async fn an_account_looks_up_twice_a_second_in_each_region() {
    let bench = Bench::new().await;
    let look_up = |region: &'static str| bench.trail_in(region, "LookupEvents", json!({}));
    for _ in 0..2 {
        look_up(HOME).await.unwrap();
    }
    let throttled = ("ThrottlingException".to_owned(), "Rate exceeded".to_owned());
    assert_eq!(refused(look_up(HOME).await), throttled);
    look_up(ELSEWHERE).await.unwrap();
    let other = bench.root_of(OTHER);
    bench
        .trail_of(&other, HOME, "LookupEvents", json!({}))
        .await
        .unwrap();
    bench.clock.run(Duration::from_secs(1));
    look_up(HOME).await.unwrap();
}

#[tokio::test]
async fn keys_of_a_period_are_listed() {
    let bench = Bench::new().await;
    let listed = bench
        .trail("ListPublicKeys", json!({"NextToken": "anything"}))
        .await;
    let keys = listed.unwrap()["PublicKeyList"].as_array().unwrap().len();
    let now = bench.kms.env.clock.now();
    assert_eq!(keys, bench.kms.audit_keys.public_keys(now, now).len());
}
