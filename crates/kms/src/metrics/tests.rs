use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use strongroom_aws::error::{KmsException, QueryException};
use strongroom_hsm_api::Code;
use strongroom_store::StoreError;

use super::durations::{Durations, Spread};
use super::{CacheName, CallResult, CommitResult, Metrics, Rejection, SHARDS};
use crate::failure::{Cause, Failure, refuse};
use crate::key_process::CallError;
use crate::ops::{self, OPS, Service};
use crate::workbench::Bench;

#[test]
fn every_failure_has_a_result() {
    let internal = |cause| Failure::Internal(cause);
    let cases = [
        (refuse(KmsException::AccessDenied), CallResult::Denied),
        (refuse(KmsException::Throttling), CallResult::Throttled),
        (refuse(KmsException::NotFound), CallResult::ClientError),
        (refuse(KmsException::LimitExceeded), CallResult::ClientError),
        (refuse(KmsException::KmsInternal), CallResult::ServerError),
        (
            refuse(QueryException::NoSuchEntity),
            CallResult::ClientError,
        ),
        (Failure::Conflict, CallResult::Throttled),
        (
            Failure::Stale(CallError::Refused(Code::TokenRefused)),
            CallResult::ServerError,
        ),
        (internal(Cause::Audit), CallResult::ServerError),
        (internal(Cause::Contention), CallResult::Throttled),
        (
            internal(Cause::Store(StoreError::Full)),
            CallResult::ServerError,
        ),
        (
            internal(Cause::Store(StoreError::Busy)),
            CallResult::Throttled,
        ),
        (
            internal(Cause::KeyProcess(CallError::Lost)),
            CallResult::ServerError,
        ),
    ];
    for (failure, expected) in cases {
        let told = format!("{failure:?}");
        assert_eq!(CallResult::of::<()>(&Err(failure)), expected, "{told}");
    }
    assert_eq!(CallResult::of(&Ok(())), CallResult::Success);
}

#[test]
fn a_duration_is_counted_in_the_first_bucket_that_holds_it() {
    // In nanoseconds, and the upper bound of the bucket in seconds.
    let cases = [
        (0, 5e-5),
        (50_000, 5e-5),
        (50_001, 1e-4),
        (1_000_000, 1e-3),
        (9_999_999_999, 10.0),
        (10_000_000_000, 10.0),
        (10_000_000_001, f64::INFINITY),
        (u64::MAX, f64::INFINITY),
    ];
    for (nanos, bound) in cases {
        let durations = Durations::default();
        durations.note(Duration::from_nanos(nanos));
        let spread = Spread::default().with(&durations);
        let counted = spread.buckets().into_iter().filter(|(_, count)| *count > 0);
        assert_eq!(counted.collect::<Vec<_>>(), [(bound, 1)], "{nanos}");
        assert_eq!(spread.count(), 1);
    }
    let bounds = Spread::default().buckets().map(|(bound, _)| bound);
    assert!(bounds.is_sorted());
}

#[test]
fn nothing_is_lost_between_threads() {
    const EACH: u32 = 1_000;
    let metrics = Arc::new(Metrics::default());
    let op = ops::find(Service::Kms, "Decrypt").unwrap();
    let threads = (0..2 * SHARDS).map(|_| {
        let metrics = Arc::clone(&metrics);
        std::thread::spawn(move || {
            for _ in 0..EACH {
                metrics.note_call(op, CallResult::Success, Duration::from_millis(1));
                metrics.note_hit(CacheName::Users);
                metrics.note_rejection(Rejection::Sealed);
            }
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().unwrap();
    }
    let expected = 2 * SHARDS as u64 * u64::from(EACH);
    let at = OPS.element_offset(op).unwrap();
    let calls = metrics.sum(|shard| {
        let operation = shard.operations.get(at)?;
        operation.results.get(CallResult::Success as usize)
    });
    let durations = metrics.spread(|shard| Some(&shard.operations.get(at)?.durations));
    let hits = metrics.sum(|shard| shard.hits.get(CacheName::Users as usize));
    let rejected = metrics.sum(|shard| shard.rejections.get(Rejection::Sealed as usize));
    assert_eq!([calls, hits, rejected], [expected; 3]);
    assert_eq!(durations.count(), expected);
}

#[tokio::test]
async fn what_a_call_looks_up_and_commits_is_counted() {
    let bench = Bench::new().await;
    let metrics = &bench.kms.metrics;
    let hits = || metrics.sum(|shard| shard.hits.get(CacheName::Keys as usize));
    let misses = || metrics.sum(|shard| shard.misses.get(CacheName::Keys as usize));
    let commits = || metrics.sum(|shard| shard.commits.get(CommitResult::Committed as usize));
    let before = commits();
    let made = bench.call("CreateKey", &json!({})).await.unwrap();
    assert_eq!(commits() - before, 1);
    let input = json!({"KeyId": made["KeyMetadata"]["KeyId"]});
    bench.call("DescribeKey", &input).await.unwrap();
    let (hits_before, misses_before) = (hits(), misses());
    assert_eq!(misses_before, 1);
    bench.call("DescribeKey", &input).await.unwrap();
    assert_eq!((hits() - hits_before, misses()), (1, misses_before));
    assert_eq!(commits() - before, 1);
}
