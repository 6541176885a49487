//! The shapes of CloudTrail, version 2013-11-01, named and limited as in botocore's model. They carry no meaning of
//! ours.

use crate::shape::OperationModel;

mod common;
mod events;
mod public_keys;
mod selectors;
mod tags;
mod trails;

pub use common::*;
pub use events::*;
pub use public_keys::*;
pub use selectors::*;
pub use tags::*;
pub use trails::*;

/// What the targets of operations begin with.
pub const TARGET_PREFIX: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101";

/// Every operation of the API that is served.
pub const OPERATIONS: &[OperationModel] = &[
    OperationModel::new::<AddTagsRequest, AddTagsResponse>("AddTags"),
    OperationModel::new::<CreateTrailRequest, CreateTrailResponse>("CreateTrail"),
    OperationModel::new::<DeleteTrailRequest, DeleteTrailResponse>("DeleteTrail"),
    OperationModel::new::<DescribeTrailsRequest, DescribeTrailsResponse>("DescribeTrails"),
    OperationModel::new::<GetEventSelectorsRequest, GetEventSelectorsResponse>("GetEventSelectors"),
    OperationModel::new::<GetTrailRequest, GetTrailResponse>("GetTrail"),
    OperationModel::new::<GetTrailStatusRequest, GetTrailStatusResponse>("GetTrailStatus"),
    OperationModel::new::<ListPublicKeysRequest, ListPublicKeysResponse>("ListPublicKeys"),
    OperationModel::new::<ListTagsRequest, ListTagsResponse>("ListTags"),
    OperationModel::new::<ListTrailsRequest, ListTrailsResponse>("ListTrails"),
    OperationModel::new::<LookupEventsRequest, LookupEventsResponse>("LookupEvents"),
    OperationModel::new::<PutEventSelectorsRequest, PutEventSelectorsResponse>("PutEventSelectors"),
    OperationModel::new::<RemoveTagsRequest, RemoveTagsResponse>("RemoveTags"),
    OperationModel::new::<StartLoggingRequest, StartLoggingResponse>("StartLogging"),
    OperationModel::new::<StopLoggingRequest, StopLoggingResponse>("StopLogging"),
    OperationModel::new::<UpdateTrailRequest, UpdateTrailResponse>("UpdateTrail"),
];

#[cfg(test)]
mod tests;
