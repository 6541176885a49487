use std::time::Duration;

use serde_json::json;
use strongroom_aws::kms::KeyLastUsageTrackingOperation as Operation;
use strongroom_base::UnixMillis;

use super::flushing::{FLUSH_SECONDS_MAX, SERIES_PER_COMMIT};
use super::time::{HOUR_MINUTES, Minute, Minutes};
use super::{
    MINUTES_MAX, Measurements, SERIES_MAX, SHARDS, Series, flush, measured, note_request,
    retention, tick,
};
use crate::key::KeyName;
use crate::records::{MetricDimension, MetricKind};
use crate::repository::Span;
use crate::workbench::{Bench, DAY};

/// Where the clock of a bench starts: at a full hour.
const START: Minute = Minute(30_000_000);

fn key(account: &str, number: usize) -> KeyName {
    KeyName {
        account: account.parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        id: format!("00000000-0000-4000-8000-{number:012}")
            .parse()
            .unwrap(),
    }
}

fn own(number: usize) -> KeyName {
    key("000000000000", number)
}

fn encrypts(key: &KeyName) -> Series {
    let dimensions = vec![
        super::dimension(MetricDimension::KeyArn, key.arn()),
        super::dimension(MetricDimension::Operation, "Encrypt"),
    ];
    Series::new(key, MetricKind::SuccessfulRequest, dimensions)
}

fn at(minute: i64) -> UnixMillis {
    Minute(START.0 + minute).start()
}

fn note(bench: &Bench, key: &KeyName, minute: i64, times: usize) {
    let keys = std::slice::from_ref(key);
    for _ in 0..times {
        note_request(
            &bench.kms.measurements,
            Operation::Encrypt,
            keys,
            at(minute),
        );
    }
}

/// What a series has, as minutes from the start with their counts.
fn counts(bench: &Bench, series: &Series, by_hour: bool) -> Vec<(i64, u64)> {
    let minutes = Minutes {
        from: Minute(0),
        until: Minute(i64::MAX),
        by_hour,
    };
    let (samples, _) = measured(&bench.kms, series, &minutes).unwrap();
    let samples = samples.into_iter();
    samples
        .map(|(minute, one)| (minute.0 - START.0, one.count))
        .collect()
}

#[tokio::test]
async fn counts_are_the_same_before_and_after_they_are_stored() {
    let mut bench = Bench::new().await;
    let (key, series) = (own(1), encrypts(&own(1)));
    // Minutes on both sides of an hour's end, and of a day's.
    for (minute, times) in [(0, 2), (59, 1), (60, 3), (16 * HOUR_MINUTES, 1)] {
        note(&bench, &key, minute, times);
    }
    let all = vec![(0, 2), (59, 1), (60, 3), (960, 1)];
    assert_eq!(counts(&bench, &series, false), all);
    flush(&bench.kms).await.unwrap();
    assert!(bench.kms.measurements.noted(&series).is_empty());
    assert_eq!(counts(&bench, &series, false), all);
    // More in a minute that is stored already.
    note(&bench, &key, 59, 4);
    let all = vec![(0, 2), (59, 5), (60, 3), (960, 1)];
    assert_eq!(counts(&bench, &series, false), all);
    bench.restart().await;
    assert_eq!(counts(&bench, &series, false), all);
    let stored = bench.kms.records.series(&series).unwrap().unwrap().record;
    assert_eq!(stored.days_by_minute, [20_833, 20_834]);
    assert_eq!(stored.last, at(960).into());
}

#[tokio::test]
async fn what_is_noted_while_it_is_stored_is_not_lost() {
    let bench = Bench::with_late_commits().await;
    let (key, series) = (own(1), encrypts(&own(1)));
    note(&bench, &key, 0, 2);
    let noting = async {
        note(&bench, &key, 0, 3);
        note(&bench, &key, 1, 1);
    };
    let (flushed, ()) = tokio::join!(flush(&bench.kms), noting);
    flushed.unwrap();
    assert_eq!(counts(&bench, &series, false), [(0, 5), (1, 1)]);
    flush(&bench.kms).await.unwrap();
    assert_eq!(counts(&bench, &series, false), [(0, 5), (1, 1)]);
}

#[tokio::test]
async fn they_are_stored_each_minute() {
    let bench = Bench::new().await;
    let (key, series) = (own(1), encrypts(&own(1)));
    tick(&bench.kms).await.unwrap();
    note(&bench, &key, 0, 1);
    bench
        .clock
        .run(FLUSH_SECONDS_MAX - Duration::from_millis(1));
    tick(&bench.kms).await.unwrap();
    assert!(bench.kms.records.series(&series).unwrap().is_none());
    bench.clock.run(Duration::from_millis(1));
    tick(&bench.kms).await.unwrap();
    assert!(bench.kms.records.series(&series).unwrap().is_some());
}

#[tokio::test]
async fn many_series_are_stored_in_several_commits() {
    let bench = Bench::new().await;
    let count = 2 * SERIES_PER_COMMIT + 1;
    for number in 0..count {
        for hour in 0..6 {
            note(&bench, &own(number), hour * HOUR_MINUTES, 1);
        }
    }
    flush(&bench.kms).await.unwrap();
    let hours = |all: &[(i64, u64)]| all.len();
    for number in 0..count {
        let series = encrypts(&own(number));
        // What is too much for one flush waits for the next.
        assert_eq!(bench.kms.measurements.noted(&series).len(), 2);
        assert_eq!(hours(&counts(&bench, &series, false)), 6);
    }
    flush(&bench.kms).await.unwrap();
    assert!(bench.kms.measurements.all().is_empty());
}

#[tokio::test]
async fn minutes_become_hours_and_hours_end() {
    let bench = Bench::new().await;
    let (key, series) = (own(1), encrypts(&own(1)));
    note(&bench, &key, 0, 2);
    note(&bench, &key, 1, 3);
    note(&bench, &key, 60, 4);
    flush(&bench.kms).await.unwrap();
    let sweep = async |days: u32| {
        bench.clock.run(DAY * days);
        bench.kms.domain_time();
        retention::sweep(&bench.kms).await.unwrap();
    };
    sweep(15).await;
    assert_eq!(counts(&bench, &series, false), [(0, 2), (1, 3), (60, 4)]);
    sweep(1).await;
    assert_eq!(counts(&bench, &series, false), []);
    assert_eq!(counts(&bench, &series, true), [(0, 5), (60, 4)]);
    let hour = Span::Hour(START.hour());
    assert!(bench.kms.records.samples(&series, hour).unwrap().is_none());
    // One that comes late joins its hour.
    note(&bench, &key, 1, 1);
    flush(&bench.kms).await.unwrap();
    sweep(0).await;
    assert_eq!(counts(&bench, &series, true), [(0, 6), (60, 4)]);
    sweep(455 - 16).await;
    assert_eq!(counts(&bench, &series, true), [(0, 6), (60, 4)]);
    sweep(1).await;
    assert_eq!(counts(&bench, &series, true), []);
    assert!(bench.kms.records.series(&series).unwrap().is_none());
    let day = Span::Day(START.day());
    assert!(bench.kms.records.samples(&series, day).unwrap().is_none());
}

#[tokio::test]
async fn every_series_is_swept_in_its_turn() {
    let bench = Bench::new().await;
    let count = retention::SERIES_PER_STEP + 1;
    for number in 0..count {
        note(&bench, &own(number), 0, 1);
    }
    flush(&bench.kms).await.unwrap();
    bench.clock.run(DAY * 16);
    let rolled = |number: usize| counts(&bench, &encrypts(&own(number)), false).is_empty();
    for done in [count - 1, count] {
        retention::sweep(&bench.kms).await.unwrap();
        assert_eq!((0..count).filter(|one| rolled(*one)).count(), done);
    }
}

#[test]
fn a_full_memory_drops_new_series_and_keeps_counting_others() {
    let measurements = Measurements::default();
    let noted = |key: &KeyName, minute| {
        let keys = std::slice::from_ref(key);
        note_request(&measurements, Operation::Encrypt, keys, at(minute));
    };
    // Shards fill unevenly: the last of them only with many more.
    for number in 0..SERIES_MAX + SERIES_MAX / 4 {
        noted(&own(number), 0);
    }
    let kept = measurements.all().len();
    assert!(kept <= SERIES_MAX && kept > SERIES_MAX - SERIES_MAX / SHARDS);
    let dropped = measurements.dropped();
    assert_eq!(dropped, (SERIES_MAX + SERIES_MAX / 4 - kept) as u64);
    noted(&own(0), 0);
    assert_eq!(measurements.dropped(), dropped);
    for minute in 0..i64::try_from(MINUTES_MAX).unwrap() + 2 {
        noted(&own(0), minute);
    }
    assert_eq!(measurements.dropped(), dropped + 2);
}

#[test]
fn both_owners_see_what_became_of_their_keys() {
    let measurements = Measurements::default();
    let (source, destination) = (key("111111111111", 1), key("222222222222", 2));
    let keys = [source.clone(), destination.clone()];
    note_request(&measurements, Operation::ReEncrypt, &keys, at(0));
    note_request(&measurements, Operation::ReEncrypt, &keys[..1], at(0));
    let seen = |key: &KeyName| {
        let series = measurements.noted_in(&key.account, &key.region);
        let values = |one: Series| one.dimensions.into_iter().map(|one| one.value);
        let mut seen: Vec<Vec<String>> = series
            .into_iter()
            .map(|one| values(one).collect())
            .collect();
        seen.sort();
        seen
    };
    let both = vec![destination.arn(), "ReEncrypt".to_owned(), source.arn()];
    let same = vec![source.arn(), "ReEncrypt".to_owned(), source.arn()];
    assert_eq!(seen(&source), [same, both.clone()]);
    assert_eq!(seen(&destination), [both]);
}

#[tokio::test]
async fn failed_and_other_calls_are_not_counted() {
    let bench = Bench::new().await;
    let made = bench.call("CreateKey", &json!({})).await.unwrap();
    let key = &made["KeyMetadata"]["KeyId"];
    for (operation, input) in [
        ("DescribeKey", json!({"KeyId": key})),
        ("Decrypt", json!({"KeyId": key, "CiphertextBlob": "QUJD"})),
        ("GenerateRandom", json!({"NumberOfBytes": 1})),
        (
            "Encrypt",
            json!({"KeyId": key, "Plaintext": "QUJD", "DryRun": true}),
        ),
    ] {
        let _ = bench.call(operation, &input).await;
        assert!(bench.kms.measurements.all().is_empty(), "{operation}");
    }
}
