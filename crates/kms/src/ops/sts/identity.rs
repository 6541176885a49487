//! Who calls, and whose an access key is. No secret is ever part of an answer.

use strongroom_aws::error::QueryException;
use strongroom_aws::sts::{
    GetAccessKeyInfoRequest, GetAccessKeyInfoResponse, GetCallerIdentityRequest,
    GetCallerIdentityResponse,
};
use strongroom_aws::text::sts as text;

use super::super::Operation;
use crate::authorize::{Authorized, Target};
use crate::failure::{Failure, refuse_with};
use crate::iam::Identity;

/// STS API, GetCallerIdentity: needs no permission and cannot be denied.
pub(in crate::ops) struct GetCallerIdentity;

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

/// STS API, GetAccessKeyInfo: the account of a long-term access key. Temporary ones are nowhere kept.
pub(in crate::ops) struct GetAccessKeyInfo;

impl Operation for GetAccessKeyInfo {
    type Input = GetAccessKeyInfoRequest;
    type Output = GetAccessKeyInfoResponse;

    fn targets(_: &GetAccessKeyInfoRequest) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetAccessKeyInfoResponse, Failure> {
        let caller = request.caller();
        if !matches!(caller.identity, Identity::Role(..)) {
            super::require_long_term(caller, "GetAccessKeyInfo")?;
        }
        let id = request.input().access_key_id.as_str();
        let key = request.kms().records.access_key(id)?;
        let key = key
            .ok_or_else(|| refuse_with(QueryException::Validation, text::unknown_access_key(id)))?;
        Ok(GetAccessKeyInfoResponse {
            account: Some(key.record.account.as_str().into()),
        })
    }
}
