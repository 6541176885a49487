//! What a service may state on its own socket: that it calls for itself, and on behalf of which resource. Never read
//! of a request that came another way.

use std::str::FromStr;
use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use strongroom_aws::sigv4::AuthFailure;
use strongroom_aws::text::auth as text;
use strongroom_base::id::{AccountId, Region};
use strongroom_policy::Arn;

use super::header;
use crate::call::Via;

const SCHEME: &str = "Strongroom-Service";
const SOURCE_ARN: &str = "x-amz-source-arn";
const SOURCE_ACCOUNT: &str = "x-amz-source-account";

/// Whether the service calls for itself: it signs nothing then.
pub(super) fn is_itself(headers: &HeaderMap) -> bool {
    let scheme = header(headers, AUTHORIZATION.as_str()).and_then(|value| value.split(' ').next());
    scheme == Some(SCHEME)
}

/// The Region a service calls and the account on whose behalf:
/// `Authorization: Strongroom-Service Region=us-east-1, Account=111122223333`.
pub(super) fn scope(headers: &HeaderMap) -> Result<(Region, AccountId), AuthFailure> {
    // Nothing is signed, so every header decides.
    let mut names = headers.keys();
    if let Some(name) = names.find(|name| headers.get_all(*name).iter().count() > 1) {
        return Err(AuthFailure::DuplicatedHeader(name.to_string()));
    }
    let value = header(headers, AUTHORIZATION.as_str()).unwrap_or_default();
    let malformed = || AuthFailure::Incomplete(text::malformed_service_scope(value));
    let parameters = value.strip_prefix(SCHEME).unwrap_or_default();
    let (region, account) = parameters.split_once(',').ok_or_else(malformed)?;
    Ok((
        parameter(region, "Region").ok_or_else(malformed)?,
        parameter(account, "Account").ok_or_else(malformed)?,
    ))
}

fn parameter<T: FromStr>(text: &str, name: &str) -> Option<T> {
    let (given, value) = text.trim().split_once('=')?;
    value.parse().ok().filter(|_| given == name)
}

/// What the service `principal` says of the resource on whose behalf it, or the caller through it, calls.
pub(super) fn via(principal: &Arc<str>, headers: &HeaderMap) -> Result<Via, AuthFailure> {
    Ok(Via {
        principal: principal.to_string(),
        source_arn: stated::<Arn>(headers, SOURCE_ARN)?,
        source_account: stated::<AccountId>(headers, SOURCE_ACCOUNT)?,
    })
}

/// The text of a header that must be a `T`.
fn stated<T: FromStr>(headers: &HeaderMap, name: &str) -> Result<Option<String>, AuthFailure> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let text = value.to_str().ok().filter(|text| text.parse::<T>().is_ok());
    match text {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(AuthFailure::Incomplete(text::malformed_header(name))),
    }
}

#[cfg(test)]
mod tests;
