//! CloudTrail: trails, and the history of events. A change here concerns what is delivered from then on; it never
//! touches what the log holds.

use strongroom_aws::cloudtrail::Text;
use strongroom_aws::error::{CloudTrailException, Refusal};
use strongroom_aws::text::cloudtrail as text;
use tokio::sync::MutexGuard;

use super::Operation;
use crate::authorize::{Authorized, Entity, Target, authorize};
use crate::call::Call;
use crate::failure::{Failure, refuse_with};
use crate::records::TrailRecord;
use crate::repository::{Stored, TrailName};
use crate::trails::is_arn;

pub(super) mod events;
mod inputs;
pub(super) mod lists;
pub(super) mod logging;
pub(super) mod public_keys;
pub(super) mod selectors;
pub(super) mod tags;
pub(super) mod trails;

/// The most trails of an account that have one home Region (CloudTrail User Guide, "Quotas in AWS CloudTrail").
const TRAILS_PER_REGION_MAX: usize = 5;
/// The most trails of an account: a list of them is one reply.
const TRAILS_PER_ACCOUNT_MAX: usize = 200;

/// The only target of an operation on one trail, which `reference` names.
fn targets(reference: &Text) -> Vec<Target<'_>> {
    vec![Target::Entity(Entity::Trail(reference.as_str()))]
}

/// Refuses what can name no trail. Errors: InvalidTrailNameException, CloudTrailARNInvalidException.
fn check(reference: &Text) -> Result<(), Refusal> {
    match is_arn(reference.as_str()) {
        true => TrailName::of_arn(reference.as_str()).map(drop),
        false => crate::trails::check_name(reference.as_str()),
    }
}

/// The trail that `reference` names to the caller. Errors: TrailNotFoundException, as of another account's.
fn found(call: &Call<'_>, reference: &Text) -> Result<Stored<TrailRecord>, Failure> {
    let account = &call.caller.account;
    let name = TrailName::parse(reference.as_str(), account, &call.region)?;
    let trail = match name.account == *account {
        true => call.kms.records.trail(&name)?,
        false => None,
    };
    trail.ok_or_else(|| {
        let text = text::unknown_trail(reference.as_str(), account.as_str());
        refuse_with(CloudTrailException::TrailNotFound, text)
    })
}

/// The trail that `reference` names, to be changed. Errors: TrailNotFoundException; InvalidHomeRegionException where
/// another Region is called.
fn changeable(call: &Call<'_>, reference: &Text) -> Result<Stored<TrailRecord>, Failure> {
    let trail = found(call, reference)?;
    if trail.record.home == call.region {
        return Ok(trail);
    }
    let text = text::other_home_region(&trail.record.name, trail.record.home.as_str());
    Err(refuse_with(CloudTrailException::InvalidHomeRegion, text))
}

/// Every trail of the caller's account, by home Region and name.
fn all(call: &Call<'_>) -> Result<Vec<TrailRecord>, Failure> {
    let records = &call.kms.records;
    let listed = records.list_trails(&call.caller.account, None, TRAILS_PER_ACCOUNT_MAX)?;
    let mut trails = listed.records;
    trails.sort_by_key(TrailName::of);
    Ok(trails)
}

/// Waits for the account's turn to change its trails, and decides again: the tags that the decision rested on may
/// have been replaced meanwhile. Holds as long as the guard does.
async fn in_turn<'r, O: Operation>(
    request: Authorized<'r, O>,
) -> Result<(Option<MutexGuard<'r, ()>>, Authorized<'r, O>), Failure> {
    let (call, input) = (request.call(), request.input());
    let turn = call.kms.trail_turns.take(&call.caller.account).await;
    Ok((turn, authorize::<O>(call, input, &O::targets(input))?))
}

#[cfg(test)]
mod tests;
