//! The shapes of CloudWatch, version 2010-08-01, named and limited as in botocore's model. They carry no
//! meaning of ours.

use crate::error::QueryException;
use crate::shape::OperationModel;

mod common;
mod data;
mod metrics;
mod statistics;

pub use common::*;
pub use data::*;
pub use metrics::*;
pub use statistics::*;

/// The content type of requests and replies in AWS JSON.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
/// What the targets of operations begin with; the name of the service in the paths of Smithy RPC v2 CBOR.
pub const TARGET_PREFIX: &str = "GraniteServiceVersion20100801";
/// The namespace of the shapes, which names of errors begin with.
const SHAPE_NAMESPACE: &str = "com.amazonaws.cloudwatch";

/// Every operation of the API that is served.
pub const OPERATIONS: &[OperationModel] = &[
    OperationModel::new::<GetMetricDataInput, GetMetricDataOutput>("GetMetricData"),
    OperationModel::new::<GetMetricStatisticsInput, GetMetricStatisticsOutput>(
        "GetMetricStatistics",
    ),
    OperationModel::new::<ListMetricsInput, ListMetricsOutput>("ListMetrics"),
];

/// The `__type` of an error in AWS JSON and in CBOR: the absolute id of its shape, which differs from its code
/// in Query (Smithy, awsQueryCompatible).
pub fn error_type(exception: QueryException) -> String {
    let shape = match exception {
        QueryException::InternalServiceError => "InternalServiceFault",
        QueryException::InvalidParameterCombination => "InvalidParameterCombinationException",
        QueryException::InvalidParameterValue => "InvalidParameterValueException",
        QueryException::MissingParameter => "MissingRequiredParameterException",
        other => other.name(),
    };
    format!("{SHAPE_NAMESPACE}#{shape}")
}

#[cfg(test)]
mod tests;
