//! What CloudWatch's metrics are made of in the store: a record for each series and hour or day, and one that says
//! which there are.

use minicbor::{Decode, Encode};
use strongroom_base::id::{AccountId, Region};

use super::{Millis, text};

/// A metric of the namespace AWS/KMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum MetricKind {
    /// Cryptographic operations that succeeded.
    #[n(1)]
    SuccessfulRequest,
    /// Until the first material of a key expires.
    #[n(2)]
    SecondsUntilKeyMaterialExpiration,
}

/// A dimension of a metric, in the order of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum MetricDimension {
    /// Of ReEncrypt, the key that encrypts.
    #[n(1)]
    DestinationKeyArn,
    /// The key.
    #[n(2)]
    KeyArn,
    /// The bare id of the key.
    #[n(3)]
    KeyId,
    /// The operation, as the API names it.
    #[n(4)]
    Operation,
    /// Of ReEncrypt, the key that decrypts.
    #[n(5)]
    SourceKeyArn,
}

/// A dimension with its value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub(crate) struct DimensionRecord {
    /// The dimension.
    #[n(0)]
    pub name: MetricDimension,
    /// Its value.
    #[n(1)]
    pub value: String,
}

/// A series, and when it measured something.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SeriesRecord {
    /// The account that may see it.
    #[cbor(n(0), with = "text")]
    pub account: AccountId,
    /// The Region.
    #[cbor(n(1), with = "text")]
    pub region: Region,
    /// The metric.
    #[n(2)]
    pub metric: MetricKind,
    /// The dimensions, in their order.
    #[n(3)]
    pub dimensions: Vec<DimensionRecord>,
    /// When the last hour that has samples began.
    #[n(4)]
    pub last: Millis,
    /// Days since the epoch that have samples by the minute, a record for each hour.
    #[n(5)]
    pub days_by_minute: Vec<i64>,
    /// Days since the epoch that have samples by the hour, in one record.
    #[n(6)]
    pub days_by_hour: Vec<i64>,
}

/// What was measured in some time.
#[derive(Clone, Copy, Debug, PartialEq, Encode, Decode)]
pub(crate) struct Sample {
    /// How often.
    #[n(0)]
    pub count: u64,
    /// All together.
    #[n(1)]
    pub sum: f64,
    /// The least.
    #[n(2)]
    pub min: f64,
    /// The greatest.
    #[n(3)]
    pub max: f64,
}

/// A sample and when.
#[derive(Clone, Copy, Debug, PartialEq, Encode, Decode)]
pub(crate) struct SampleRecord {
    /// The minute of the hour, or the hour of the day.
    #[n(0)]
    pub at: u8,
    /// What was measured in it.
    #[n(1)]
    pub sample: Sample,
}

/// What a series measured in an hour by the minute, or in a day by the hour.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub(crate) struct SamplesRecord {
    /// In the order of time.
    #[n(0)]
    pub samples: Vec<SampleRecord>,
}
