use std::time::Duration;

use serde_json::{Value, json};
use strongroom_aws::error::Refusal;

use crate::series;
use crate::workbench::Bench;

const START: i64 = 1_800_000_000;
const MINUTE: Duration = Duration::from_secs(60);

/// A key that encrypted `times[n]` times in minute n.
async fn used(bench: &Bench, times: &[usize]) -> String {
    let made = bench.call("CreateKey", &json!({})).await.unwrap();
    let arn = made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    for times in times {
        for _ in 0..*times {
            let input = json!({"KeyId": arn, "Plaintext": "QUJD"});
            bench.call("Encrypt", &input).await.unwrap();
        }
        bench.clock.run(MINUTE);
    }
    arn
}

fn dimensions(arn: &str) -> Value {
    json!([
        {"Name": "Operation", "Value": "Encrypt"},
        {"Name": "KeyArn", "Value": arn},
    ])
}

/// `base` with the members of `more`; null removes one.
fn with(mut base: Value, more: Value) -> Value {
    let members = base.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    base
}

fn statistics(arn: &str, more: Value) -> Value {
    let asked = json!({
        "Namespace": "AWS/KMS",
        "MetricName": "SuccessfulRequest",
        "Dimensions": dimensions(arn),
        "StartTime": START,
        "EndTime": START + 600,
        "Period": 60,
        "Statistics": ["Sum"],
    });
    with(asked, more)
}

fn query(id: &str, arn: &str, more: Value) -> Value {
    let metric = json!({
        "Namespace": "AWS/KMS",
        "MetricName": "SuccessfulRequest",
        "Dimensions": dimensions(arn),
    });
    let stat = with(json!({"Metric": metric, "Period": 60, "Stat": "Sum"}), more);
    json!({"Id": id, "MetricStat": stat})
}

fn data(queries: &[Value], more: Value) -> Value {
    let asked = json!({
        "MetricDataQueries": queries,
        "StartTime": START,
        "EndTime": START + 600,
    });
    with(asked, more)
}

/// The times, from the start, and values of the datapoints.
fn sums(told: &Value) -> Vec<(i64, f64)> {
    let datapoints = told["Datapoints"].as_array().unwrap().iter();
    datapoints
        .map(|one| {
            let time = one["Timestamp"].as_i64().unwrap() - START;
            (time, one["Sum"].as_f64().unwrap())
        })
        .collect()
}

async fn check(bench: &Bench, operation: &str, asked: Value, refusal: (&str, &str)) {
    let answer: Result<Value, Refusal> = bench.monitor(operation, &asked).await;
    let refused = answer.expect_err(&asked.to_string());
    let text = refused.message.unwrap_or_default();
    assert_eq!(
        (refused.exception.name(), text.as_str()),
        refusal,
        "{asked}"
    );
}

#[tokio::test]
async fn statistics_are_by_the_period_from_the_start() {
    let bench = Bench::new().await;
    let arn = used(&bench, &[2, 0, 3, 1]).await;
    for (more, expected) in [
        (json!({}), vec![(0, 2.0), (120, 3.0), (180, 1.0)]),
        (json!({"Period": 120}), vec![(0, 2.0), (120, 4.0)]),
        (json!({"Period": 3600}), vec![(0, 6.0)]),
        // Rounded down to a minute, as AWS rounds; the end is not part of the range.
        (
            json!({"StartTime": START + 61, "EndTime": START + 180, "Period": 120}),
            vec![(60, 3.0)],
        ),
        (json!({"EndTime": START + 180}), vec![(0, 2.0), (120, 3.0)]),
        (
            json!({"EndTime": START + 181}),
            vec![(0, 2.0), (120, 3.0), (180, 1.0)],
        ),
        (json!({"Unit": "Count", "Period": 3600}), vec![(0, 6.0)]),
        (json!({"Unit": "Seconds"}), vec![]),
        (json!({"Namespace": "AWS/S3"}), vec![]),
        (json!({"MetricName": "Other"}), vec![]),
        (json!({"Dimensions": null}), vec![]),
        (
            json!({"Dimensions": [{"Name": "KeyArn", "Value": arn}]}),
            vec![],
        ),
        (
            json!({"Dimensions": [{"Name": "Other", "Value": arn}]}),
            vec![],
        ),
    ] {
        let asked = statistics(&arn, more);
        let told = bench.monitor("GetMetricStatistics", &asked).await.unwrap();
        assert_eq!(sums(&told), expected, "{asked}");
        assert_eq!(told["Label"], asked["MetricName"]);
    }
}

#[tokio::test]
async fn every_statistic_is_told_when_asked_for() {
    let bench = Bench::new().await;
    let arn = used(&bench, &[2, 1]).await;
    let all = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];
    let asked = statistics(&arn, json!({"Statistics": all, "Period": 3600}));
    for _ in 0..2 {
        let told = bench.monitor("GetMetricStatistics", &asked).await.unwrap();
        let datapoint = json!({
            "Timestamp": START,
            "SampleCount": 3.0,
            "Average": 1.0,
            "Sum": 3.0,
            "Minimum": 1.0,
            "Maximum": 1.0,
            "Unit": "Count",
        });
        assert_eq!(told["Datapoints"], json!([datapoint]));
        series::flush(&bench.kms).await.unwrap();
    }
}

#[tokio::test]
async fn statistics_that_cannot_be_are_refused() {
    let bench = Bench::new().await;
    let value = "InvalidParameterValue";
    let combination = "InvalidParameterCombination";
    for (more, refusal) in [
        (
            json!({"Period": 60, "EndTime": START + 60 * 1440 + 1}),
            (
                combination,
                "You have requested up to 1441 datapoints, which exceeds the limit of 1440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
            ),
        ),
        (
            json!({"EndTime": START}),
            (
                value,
                "The parameter StartTime must not equal parameter EndTime.",
            ),
        ),
        (
            json!({"EndTime": START - 1}),
            (
                value,
                "The parameter StartTime must be less than the parameter EndTime.",
            ),
        ),
        (
            json!({"Period": 90}),
            (
                value,
                "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.",
            ),
        ),
        (
            json!({"Statistics": null}),
            (
                combination,
                "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
            ),
        ),
        (
            json!({"ExtendedStatistics": ["p99"]}),
            (
                value,
                "The parameter ExtendedStatistics.member.1 has the value p99; this server has SampleCount, Average, Sum, Minimum and Maximum only.",
            ),
        ),
        (
            json!({"Dimensions": [{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}]}),
            (value, "The dimension a is specified more than once."),
        ),
        (
            json!({"MetricName": null}),
            ("MissingParameter", "The parameter MetricName is required."),
        ),
    ] {
        check(
            &bench,
            "GetMetricStatistics",
            statistics("a", more),
            refusal,
        )
        .await;
    }
    let most = statistics("a", json!({"EndTime": START + 60 * 1440}));
    assert!(bench.monitor("GetMetricStatistics", &most).await.is_ok());
}

#[tokio::test]
async fn data_are_told_query_by_query() {
    let bench = Bench::new().await;
    let (one, two) = (used(&bench, &[1, 2]).await, used(&bench, &[3]).await);
    let queries = [
        query("a", &one, json!({})),
        with(query("b", &two, json!({})), json!({"Label": "two"})),
        with(query("c", &two, json!({})), json!({"ReturnData": false})),
        with(
            query("d", &two, json!({})),
            json!({"AccountId": "999999999999"}),
        ),
        query("e", &two, json!({"Stat": "SampleCount", "Unit": "Seconds"})),
    ];
    let told = bench
        .monitor("GetMetricData", &data(&queries, json!({})))
        .await;
    let result = |id: &str, label: &str, times: Value, values: Value, status: &str| json!({"Id": id, "Label": label, "Timestamps": times, "Values": values, "StatusCode": status});
    let name = "SuccessfulRequest";
    let expected = json!({
        "MetricDataResults": [
            result("a", name, json!([START + 60, START]), json!([2.0, 1.0]), "Complete"),
            result("b", "two", json!([START + 120]), json!([3.0]), "Complete"),
            result("d", name, json!([]), json!([]), "Forbidden"),
            result("e", name, json!([]), json!([]), "Complete"),
        ],
        "Messages": [],
    });
    assert_eq!(told.unwrap(), expected);
}

#[tokio::test]
async fn data_are_told_page_by_page() {
    let bench = Bench::new().await;
    let arn = used(&bench, &[1, 2, 3]).await;
    let queries = [query("a", &arn, json!({})), query("b", &arn, json!({}))];
    for (order, expected) in [
        ("TimestampDescending", [3.0, 2.0, 1.0, 3.0, 2.0, 1.0]),
        ("TimestampAscending", [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]),
    ] {
        let mut asked = data(&queries, json!({"MaxDatapoints": 2, "ScanBy": order}));
        let mut found = Vec::new();
        let mut pages = 0;
        loop {
            let told = bench.monitor("GetMetricData", &asked).await.unwrap();
            for result in told["MetricDataResults"].as_array().unwrap() {
                let values = result["Values"].as_array().unwrap();
                found.extend(values.iter().map(|value| value.as_f64().unwrap()));
            }
            pages += 1;
            match &told["NextToken"] {
                Value::Null => break,
                token => asked["NextToken"] = token.clone(),
            }
        }
        assert_eq!((found.as_slice(), pages), (&expected[..], 3), "{order}");
    }
    let mut asked = data(&queries, json!({"MaxDatapoints": 2}));
    let told = bench.monitor("GetMetricData", &asked).await.unwrap();
    // The token of another request, and none at all.
    asked["EndTime"] = json!(START + 60);
    for token in [told["NextToken"].clone(), json!("x")] {
        asked["NextToken"] = token;
        let text = "The parameter NextToken is not valid for this request.";
        check(
            &bench,
            "GetMetricData",
            asked.clone(),
            ("InvalidNextToken", text),
        )
        .await;
    }
}

#[tokio::test]
async fn data_that_cannot_be_are_refused() {
    let bench = Bench::new().await;
    let good = || query("a", "k", json!({}));
    let both = with(good(), json!({"Expression": "a"}));
    let many: Vec<Value> = (0..81)
        .map(|n| json!({"Id": format!("a{n}"), "Expression": "b"}))
        .collect();
    let many: Vec<Value> = many.iter().cycle().take(501).cloned().collect();
    for (queries, more, text) in [
        (
            vec![],
            json!({}),
            "The parameter MetricDataQueries must not be empty.",
        ),
        (
            many,
            json!({}),
            "The collection MetricDataQueries must not have a size greater than 500.",
        ),
        (
            vec![good(), good()],
            json!({}),
            "The value a for parameter Id is not unique in MetricDataQueries.",
        ),
        (
            vec![query("A", "k", json!({}))],
            json!({}),
            "The value A for parameter Id must begin with a lower-case letter and hold letters, digits and underscores only.",
        ),
        (
            vec![json!({"Id": "a", "Expression": "SUM(METRICS())"})],
            json!({}),
            "The query a is an expression; this server answers queries with MetricStat only.",
        ),
        (
            vec![both],
            json!({}),
            "The query a must have exactly one of MetricStat and Expression.",
        ),
        (
            vec![query("a", "k", json!({"Stat": "p99"}))],
            json!({}),
            "The parameter MetricDataQueries.member.1.MetricStat.Stat has the value p99; this server has SampleCount, Average, Sum, Minimum and Maximum only.",
        ),
        (
            vec![query("a", "k", json!({"Period": 61}))],
            json!({}),
            "The parameter MetricDataQueries.member.1.MetricStat.Period must be 1, 5, 10, 20, 30 or a multiple of 60.",
        ),
        (
            vec![query("a", "k", json!({"Metric": {"Namespace": "n"}}))],
            json!({}),
            "The metric of the query a must have MetricName.",
        ),
        (
            vec![with(good(), json!({"ReturnData": false}))],
            json!({}),
            "At least one query must return data.",
        ),
        (
            vec![good()],
            json!({"EndTime": START}),
            "The parameter StartTime must not equal parameter EndTime.",
        ),
        (
            vec![good()],
            json!({"MaxDatapoints": 0}),
            "The parameter MaxDatapoints must be at least 1 and at most 100800.",
        ),
    ] {
        let asked = data(&queries, more);
        check(&bench, "GetMetricData", asked, ("ValidationError", text)).await;
    }
}

/// The ARNs of the keys that are listed.
async fn listed(bench: &Bench, asked: Value) -> Vec<String> {
    let mut asked = asked;
    let mut found = Vec::new();
    loop {
        let told = bench.monitor("ListMetrics", &asked).await.unwrap();
        for metric in told["Metrics"].as_array().unwrap() {
            assert_eq!(metric["Namespace"], "AWS/KMS");
            found.push(
                metric["Dimensions"][0]["Value"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
        match &told["NextToken"] {
            Value::Null => break,
            token => asked["NextToken"] = token.clone(),
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn metrics_are_listed_whether_they_are_stored_or_not() {
    let bench = Bench::new().await;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(used(&bench, &[1]).await);
        all.sort();
        assert_eq!(listed(&bench, json!({})).await, all);
        series::flush(&bench.kms).await.unwrap();
        assert_eq!(listed(&bench, json!({})).await, all);
    }
    // What is noted of a series that is stored is not another one.
    let input = json!({"KeyId": all[0], "Plaintext": "QUJD"});
    bench.call("Encrypt", &input).await.unwrap();
    assert_eq!(listed(&bench, json!({})).await, all);
    for (asked, count) in [
        (
            json!({"Namespace": "AWS/KMS", "MetricName": "SuccessfulRequest"}),
            3,
        ),
        (json!({"Namespace": "AWS/S3"}), 0),
        (json!({"MetricName": "Other"}), 0),
        (json!({"Dimensions": [{"Name": "KeyArn"}]}), 3),
        (
            json!({"Dimensions": [{"Name": "KeyArn", "Value": all[1]}]}),
            1,
        ),
        (json!({"Dimensions": [{"Name": "KeyId"}]}), 0),
        (
            json!({"Dimensions": [{"Name": "KeyArn"}, {"Name": "Operation", "Value": "Sign"}]}),
            0,
        ),
        (json!({"OwningAccount": "000000000000"}), 3),
        (json!({"OwningAccount": "111111111111"}), 0),
    ] {
        assert_eq!(listed(&bench, asked.clone()).await.len(), count, "{asked}");
    }
}

#[tokio::test]
async fn metrics_without_data_for_long_are_not_listed() {
    let bench = Bench::new().await;
    used(&bench, &[1]).await;
    series::flush(&bench.kms).await.unwrap();
    let (hour, day) = (MINUTE * 60, MINUTE * 60 * 24);
    let recent = || json!({"RecentlyActive": "PT3H"});
    for (time, all, active) in [
        (hour * 3, 1, 1),
        (hour * 2, 1, 0),
        (day * 13, 1, 0),
        (day, 0, 0),
    ] {
        bench.clock.run(time);
        assert_eq!(listed(&bench, json!({})).await.len(), all, "{time:?}");
        assert_eq!(listed(&bench, recent()).await.len(), active, "{time:?}");
    }
}

#[tokio::test]
async fn tokens_of_other_lists_are_refused() {
    let bench = Bench::new().await;
    let text = "The parameter NextToken is not valid for this request.";
    for token in ["", "x", "AAAAAAAAAAAB"] {
        let asked = json!({"NextToken": token});
        check(
            &bench,
            "ListMetrics",
            asked,
            ("InvalidParameterValue", text),
        )
        .await;
    }
}

#[tokio::test]
async fn others_see_none_of_it() {
    let bench = Bench::new().await;
    let arn = used(&bench, &[1]).await;
    for (region, account) in [("eu-west-1", "000000000000"), ("us-east-1", "111111111111")] {
        let asked = statistics(&arn, json!({}));
        let told = bench
            .monitor_as(account, region, "GetMetricStatistics", &asked)
            .await;
        assert_eq!(sums(&told.unwrap()), []);
        let told = bench
            .monitor_as(account, region, "ListMetrics", &json!({}))
            .await;
        assert_eq!(told.unwrap()["Metrics"], json!([]));
    }
}
