//! The Security Token Service, as far as it exists.

use strongroom_aws::sts::{GetCallerIdentityRequest, GetCallerIdentityResponse};

use super::Operation;
use crate::authorize::{Authorized, Target};
use crate::failure::Failure;

/// STS API, GetCallerIdentity: needs no permission and cannot be denied.
pub(super) struct GetCallerIdentity;

impl Operation for GetCallerIdentity {
    type Input = GetCallerIdentityRequest;
    type Output = GetCallerIdentityResponse;

    fn targets(_: &GetCallerIdentityRequest) -> Vec<Target<'_>> {
        Vec::new()
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetCallerIdentityResponse, Failure> {
        let caller = request.caller();
        Ok(GetCallerIdentityResponse {
            user_id: Some(caller.user_id.as_str().into()),
            account: Some(caller.account.as_str().into()),
            arn: Some(caller.arn.as_str().into()),
        })
    }
}
