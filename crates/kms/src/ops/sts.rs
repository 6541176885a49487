//! The Security Token Service: who calls, and temporary credentials. Sessions are sealed into their tokens;
//! nothing of them is stored.

mod identity;
mod limits;
mod roles;
mod sessions;
mod tags;
mod users;
mod web_identity;

pub(super) use identity::{GetAccessKeyInfo, GetCallerIdentity};
pub(super) use roles::AssumeRole;
pub(super) use users::{GetFederationToken, GetSessionToken};
pub(super) use web_identity::AssumeRoleWithWebIdentity;

use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::text::sts as text;

use crate::failure::{Failure, refuse_with};
use crate::iam::Caller;

/// STS API, "Comparing the AWS STS API operations": not with temporary credentials.
fn require_long_term(caller: &Caller, operation: &str) -> Result<(), Failure> {
    match caller.session {
        None => Ok(()),
        Some(_) => Err(refuse_with(
            QueryException::AccessDenied,
            text::session_credentials(operation),
        )),
    }
}

/// Codes of a device for a second factor are refused: nobody has one.
fn refuse_second_factor<S, C>(serial: Option<&S>, code: Option<&C>) -> Result<(), Refusal> {
    match (serial, code) {
        (None, None) => Ok(()),
        _ => Err(Refusal::new(QueryException::AccessDenied, text::MFA_FAILED)),
    }
}

#[cfg(test)]
mod tests;
