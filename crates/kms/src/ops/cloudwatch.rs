//! CloudWatch: the metrics of AWS/KMS, each for the caller's account and Region. What other metrics there are at AWS,
//! no one here has any data of.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_aws::cloudwatch::{
    Dimension, Dimensions, MetricName, Namespace, NextToken, StandardUnit,
};
use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::text::cloudwatch as text;
use strongroom_crypto::digest::sha256;

use crate::call::Call;
use crate::records::{DimensionRecord, MetricDimension, MetricKind, Sample};
use crate::series::{NAMESPACE, Series};

mod data;
mod metrics;
mod statistics;
mod window;

pub(super) use data::GetMetricData;
pub(super) use metrics::ListMetrics;
pub(super) use statistics::GetMetricStatistics;

/// The condition key of what is asked for: CloudWatch User Guide, "Using condition keys to limit access to CloudWatch
/// namespaces".
const NAMESPACE_KEY: &str = "cloudwatch:namespace";

const DIGEST_BYTES: usize = 8;

/// The series of the caller's account and Region that is named, if there can be one.
fn series(
    call: &Call<'_>,
    namespace: &Namespace,
    name: &MetricName,
    dimensions: Option<&Dimensions>,
) -> Option<Series> {
    let metric = metric(namespace, name)?;
    let dimensions = dimensions.into_iter().flat_map(|all| &all.0);
    let mut dimensions: Vec<DimensionRecord> = dimensions.map(known).collect::<Option<_>>()?;
    dimensions.sort_unstable();
    Some(Series {
        account: call.caller.account,
        region: call.region.clone(),
        metric,
        dimensions,
    })
}

fn metric(namespace: &Namespace, name: &MetricName) -> Option<MetricKind> {
    let mut all = MetricKind::ALL.into_iter();
    let named = all.find(|metric| metric.name() == name.as_str());
    named.filter(|_| namespace.as_str() == NAMESPACE)
}

fn known(dimension: &Dimension) -> Option<DimensionRecord> {
    let name = MetricDimension::named(dimension.name.as_str())?;
    let value = dimension.value.as_str().to_owned();
    Some(DimensionRecord { name, value })
}

/// Refuses a dimension that is named twice.
fn require_unique(dimensions: Option<&Dimensions>) -> Result<(), Refusal> {
    let names = dimensions.into_iter().flat_map(|all| &all.0);
    let mut names: Vec<&str> = names.map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    match names.array_windows().find(|[one, next]| one == next) {
        Some([name, _]) => Err(Refusal::new(
            QueryException::InvalidParameterValue,
            text::repeated_dimension(name),
        )),
        None => Ok(()),
    }
}

/// KMS Developer Guide, "AWS KMS metrics".
fn unit(metric: MetricKind) -> StandardUnit {
    match metric {
        MetricKind::SuccessfulRequest => StandardUnit::Count,
        MetricKind::SecondsUntilKeyMaterialExpiration => StandardUnit::Seconds,
    }
}

/// A statistic that samples are enough for.
#[derive(Clone, Copy)]
enum Statistic {
    SampleCount,
    Average,
    Sum,
    Minimum,
    Maximum,
}

impl Statistic {
    fn named(name: &str) -> Option<Self> {
        match name {
            "SampleCount" => Some(Self::SampleCount),
            "Average" => Some(Self::Average),
            "Sum" => Some(Self::Sum),
            "Minimum" => Some(Self::Minimum),
            "Maximum" => Some(Self::Maximum),
            _ => None,
        }
    }

    fn of(self, sample: &Sample) -> f64 {
        match self {
            Self::SampleCount => count(sample),
            Self::Average => sample.sum / count(sample),
            Self::Sum => sample.sum,
            Self::Minimum => sample.min,
            Self::Maximum => sample.max,
        }
    }
}

/// Doubles are what CloudWatch answers with: they hold every count up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "the answer is a double")]
fn count(sample: &Sample) -> f64 {
    sample.count as f64
}

/// The token that stands for a place in the answer to `asked`, which is everything of the request but the token.
fn token(call: &Call<'_>, asked: &[u8], place: &[u8]) -> NextToken {
    let bytes = [&digest(call, asked)[..], place].concat();
    URL_SAFE_NO_PAD.encode(bytes).into()
}

/// The place that `token` stands for, unless it is none of `asked`.
fn place(call: &Call<'_>, asked: &[u8], token: &NextToken) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(token.as_str()).ok()?;
    let place = bytes.strip_prefix(&digest(call, asked)[..])?;
    Some(place.to_vec())
}

/// Ties a token to what is asked; no secret, so a few bytes are enough.
fn digest(call: &Call<'_>, asked: &[u8]) -> [u8; DIGEST_BYTES] {
    let [a, b, c, d, e, f, g, h, ..] = sha256(&[
        call.op.name.as_bytes(),
        call.caller.account.as_str().as_bytes(),
        call.region.as_str().as_bytes(),
        b"\0",
        asked,
    ]);
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests;
