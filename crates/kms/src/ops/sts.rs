//! The Security Token Service, as far as it exists.

use strongroom_aws::xml::CallerIdentity;

use super::Reply;
use crate::call::Call;

/// STS API, GetCallerIdentity: needs no permission and cannot be denied.
pub(super) fn get_caller_identity<'r>(call: &'r Call<'r>) -> Reply<'r> {
    let account = call.caller.account.to_string();
    // The user id of a root is its account id.
    let identity = CallerIdentity {
        arn: call.caller.arn.clone(),
        user_id: account.clone(),
        account,
    };
    let body = identity.body(call.request_id);
    Box::pin(async move { Ok(body.into()) })
}
