//! The families of `/metrics` in OpenMetrics text. Labels come from `OPS` and from enums alone: nothing that a client
//! sends can make one.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::durations::Spread;
use super::standing::Standing;
use super::{CacheName, CallResult, CommitResult, Metrics, Rejection};
use crate::ops::{OPS, Op};
use crate::service::Service;

/// The Content-Type of what [`openmetrics`] returns (OpenMetrics 1.0, "Content Type").
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const PREFIX: &str = "strongroom";

/// The metrics of `service` as OpenMetrics text: what was counted, and how things stand now.
///
/// # Errors
/// None that can occur: the text is written to memory.
pub fn openmetrics(service: &Service) -> Result<String, fmt::Error> {
    let page = Page {
        counted: service.metrics(),
        standing: Standing::of(service),
    };
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(page));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

/// What one scrape tells.
struct Page {
    counted: Arc<Metrics>,
    standing: Standing,
}

impl fmt::Debug for Page {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Page")
    }
}

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = Families(encoder);
        self.counted.tell_requests(&mut families)?;
        self.counted.tell_key_process(&mut families)?;
        self.counted.tell_caches(&mut families)?;
        self.counted.tell_store(&mut families)?;
        self.standing.tell(&mut families)
    }
}

/// Writes one family after the other.
pub(super) struct Families<'e>(DescriptorEncoder<'e>);

impl Families<'_> {
    /// Begins a counter; its name gets `_total`.
    fn counters(
        &mut self,
        name: &'static str,
        help: &str,
    ) -> Result<MetricEncoder<'_>, fmt::Error> {
        self.0
            .encode_descriptor(name, help, None, MetricType::Counter)
    }

    fn durations(
        &mut self,
        name: &'static str,
        help: &str,
    ) -> Result<MetricEncoder<'_>, fmt::Error> {
        let unit = Some(&Unit::Seconds);
        self.0
            .encode_descriptor(name, help, unit, MetricType::Histogram)
    }

    /// A counter without labels.
    pub(super) fn counter(&mut self, name: &'static str, help: &str, value: u64) -> fmt::Result {
        count(self.counters(name, help)?, value)
    }

    /// A number that goes up and down; the family is told without a value when there is none now.
    pub(super) fn gauge(
        &mut self,
        name: &'static str,
        help: &str,
        value: Option<impl EncodeGaugeValue>,
    ) -> fmt::Result {
        self.measure(name, help, None, value)
    }

    /// The same in seconds; its name gets `_seconds`.
    pub(super) fn seconds(
        &mut self,
        name: &'static str,
        help: &str,
        value: Option<f64>,
    ) -> fmt::Result {
        self.measure(name, help, Some(&Unit::Seconds), value)
    }

    /// Labels that say what this is; its name gets `_info`.
    pub(super) fn info(
        &mut self,
        name: &'static str,
        help: &str,
        labels: &impl EncodeLabelSet,
    ) -> fmt::Result {
        let mut info = self
            .0
            .encode_descriptor(name, help, None, MetricType::Info)?;
        info.encode_info(labels)
    }

    fn measure(
        &mut self,
        name: &'static str,
        help: &str,
        unit: Option<&Unit>,
        value: Option<impl EncodeGaugeValue>,
    ) -> fmt::Result {
        let mut gauge = self
            .0
            .encode_descriptor(name, help, unit, MetricType::Gauge)?;
        match value {
            Some(value) => gauge.encode_gauge(&value),
            None => Ok(()),
        }
    }
}

fn count(mut counter: MetricEncoder<'_>, value: u64) -> fmt::Result {
    counter.encode_counter::<NoLabelSet, u64, u64>(&value, None)
}

fn tell_spread(mut histogram: MetricEncoder<'_>, spread: &Spread) -> fmt::Result {
    let buckets = spread.buckets();
    histogram.encode_histogram::<NoLabelSet>(spread.seconds(), spread.count(), &buckets, None)
}

/// The labels of an operation.
fn labels(op: &Op) -> [(&'static str, &'static str); 2] {
    [("service", op.service.name()), ("operation", op.name)]
}

impl Metrics {
    fn tell_requests(&self, families: &mut Families<'_>) -> fmt::Result {
        self.tell_results(families)?;
        self.tell_request_durations(families)?;
        self.tell_rejections(families)?;
        families.gauge(
            "connections",
            "Open connections of clients and services.",
            Some(self.connections.load(Ordering::Relaxed)),
        )
    }

    fn tell_results(&self, families: &mut Families<'_>) -> fmt::Result {
        let mut requests = families.counters("requests", "Authenticated calls by outcome.")?;
        for (at, op) in OPS.iter().enumerate() {
            for result in CallResult::ALL {
                let labels = (labels(op), [("result", result.label())]);
                let value =
                    self.sum(|shard| shard.operations.get(at)?.results.get(result as usize));
                count(requests.encode_family(&labels)?, value)?;
            }
        }
        Ok(())
    }

    /// Operations that were never called have no histogram: three of four never are, and each would be twenty lines.
    fn tell_request_durations(&self, families: &mut Families<'_>) -> fmt::Result {
        let mut durations = families.durations(
            "request_duration",
            "Time from the authentication of a call to its answer.",
        )?;
        for (at, op) in OPS.iter().enumerate() {
            let spread = self.spread(|shard| Some(&shard.operations.get(at)?.durations));
            if spread.count() > 0 {
                tell_spread(durations.encode_family(&labels(op))?, &spread)?;
            }
        }
        Ok(())
    }

    fn tell_rejections(&self, families: &mut Families<'_>) -> fmt::Result {
        let rejections =
            |rejection: Rejection| self.sum(|shard| shard.rejections.get(rejection as usize));
        families.counter(
            "unauthenticated_requests",
            "Requests that nobody known signed.",
            rejections(Rejection::Unauthenticated),
        )?;
        let help = "Requests that never became a call, but for unauthenticated ones.";
        let mut rejected = families.counters("rejected_requests", help)?;
        let others = Rejection::ALL.into_iter();
        for rejection in others.filter(|one| *one != Rejection::Unauthenticated) {
            let labels = [("reason", rejection.label())];
            count(rejected.encode_family(&labels)?, rejections(rejection))?;
        }
        Ok(())
    }

    fn tell_key_process(&self, families: &mut Families<'_>) -> fmt::Result {
        let durations = families.durations(
            "key_process_duration",
            "Time from a call of the key process to its reply.",
        )?;
        let spread = self.spread(|shard| Some(&shard.key_process_durations));
        tell_spread(durations, &spread)?;
        families.counter(
            "key_process_restarts",
            "Key processes started in place of one that ended.",
            self.key_process_restarts.load(Ordering::Relaxed),
        )
    }

    fn tell_caches(&self, families: &mut Families<'_>) -> fmt::Result {
        let mut hits = families.counters("cache_hits", "Look-ups that a cache answered.")?;
        for cache in CacheName::ALL {
            let value = self.sum(|shard| shard.hits.get(*cache as usize));
            count(hits.encode_family(&[("cache", cache.label())])?, value)?;
        }
        let mut misses = families.counters("cache_misses", "Look-ups that no cache answered.")?;
        for cache in CacheName::ALL {
            let value = self.sum(|shard| shard.misses.get(*cache as usize));
            count(misses.encode_family(&[("cache", cache.label())])?, value)?;
        }
        Ok(())
    }

    fn tell_store(&self, families: &mut Families<'_>) -> fmt::Result {
        let commits = |result: CommitResult| self.sum(|shard| shard.commits.get(result as usize));
        families.counter(
            "store_commits",
            "Commits that are durable.",
            commits(CommitResult::Committed),
        )?;
        families.counter(
            "store_conflicts",
            "Commits of which nothing happened, as others came first.",
            commits(CommitResult::Conflict),
        )?;
        families.counter(
            "store_commit_failures",
            "Commits that the store could not make.",
            commits(CommitResult::Failed),
        )?;
        let help = "Time from the request of a commit to its outcome.";
        let durations = families.durations("store_commit_duration", help)?;
        tell_spread(
            durations,
            &self.spread(|shard| Some(&shard.commit_durations)),
        )
    }
}
