//! When a key was last used.

use strongroom_aws::kms::{
    DateType, GetKeyLastUsageRequest, GetKeyLastUsageResponse, KeyLastUsageData,
};

use super::Operation;
use crate::authorize::{Authorized, Target};
use crate::failure::Failure;
use crate::last_use;
use crate::records::KeyUsageRecord;

/// KMS API, GetKeyLastUsage. Every use since a key's creation is tracked.
pub(super) struct GetKeyLastUsage;

impl Operation for GetKeyLastUsage {
    type Input = GetKeyLastUsageRequest;
    type Output = GetKeyLastUsageResponse;

    fn targets(input: &GetKeyLastUsageRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetKeyLastUsageResponse, Failure> {
        let key = request.key()?;
        let used = last_use::of(request.kms(), &key.name)?;
        let created = DateType(key.record.created.into());
        Ok(GetKeyLastUsageResponse {
            key_id: Some(key.name.id.as_str().into()),
            key_last_usage: Some(used.map(data).transpose()?.unwrap_or_default()),
            tracking_start_date: Some(created),
            key_creation_date: Some(created),
        })
    }
}

fn data(used: KeyUsageRecord) -> Result<KeyLastUsageData, Failure> {
    Ok(KeyLastUsageData {
        operation: Some(used.operation()?),
        timestamp: Some(DateType(used.time.into())),
        cloud_trail_event_id: Some(used.event_id.into()),
        kms_request_id: Some(used.request_id.into()),
    })
}
