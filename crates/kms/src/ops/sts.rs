//! The Security Token Service, as far as it exists.

use strongroom_aws::sts::GetCallerIdentityResponse;
use strongroom_aws::xml;

use super::Reply;
use crate::call::Call;

/// STS API, GetCallerIdentity: needs no permission and cannot be denied.
pub(super) fn get_caller_identity<'r>(call: &'r Call<'r>) -> Reply<'r> {
    let account = call.caller.account.as_str();
    // The user id of a root is its account id.
    let identity = GetCallerIdentityResponse {
        arn: Some(call.caller.arn.as_str().into()),
        user_id: Some(account.into()),
        account: Some(account.into()),
    };
    let body = xml::reply(xml::STS, call.op.name, &identity, call.request_id);
    Box::pin(async move { Ok(body.into()) })
}
