//! Identity and Access Management: users, groups, roles and their policies. What these may is decided in `authorize`;
//! a change here never answers before everybody is decided on by it.

use strongroom_aws::error::QueryException;
use strongroom_aws::iam::PathType;
use tokio::sync::MutexGuard;

use super::Operation;
use crate::accounts::new_unique_id;
use crate::authorize::{Authorized, authorize};
use crate::call::Call;
use crate::failure::{Failure, refuse_with};
use crate::records::Entity;
use crate::repository::{Changes, EntityRecord, Stored};

use subjects::Subject;

pub(super) mod access_keys;
pub(super) mod account;
pub(super) mod attachments;
pub(super) mod documents;
pub(super) mod groups;
pub(super) mod inline_policies;
mod inputs;
mod listing;
pub(super) mod managed_policies;
mod pages;
mod policy_use;
pub(super) mod roles;
pub(super) mod simulation;
mod subjects;
pub(super) mod tags;
pub(super) mod users;

/// The path of what is made without one.
const DEFAULT_PATH: &str = "/";

/// Waits for the account's turn to change its users, groups, roles and policies, and decides again: what the
/// decision rested on may have been replaced meanwhile, even by something else of the same name. Holds as long as
/// the guard does.
async fn in_turn<'r, O: Operation>(
    request: Authorized<'r, O>,
) -> Result<(Option<MutexGuard<'r, ()>>, Authorized<'r, O>), Failure> {
    let (call, input) = (request.call(), request.input());
    let turn = call.kms.iam_turns.take(&call.caller.account).await;
    Ok((turn, authorize::<O>(call, input, &O::targets(input))?))
}

/// What will be a new entity of the caller's account.
fn new_entity<S: Subject>(call: &Call<'_>, name: &str, path: Option<&PathType>) -> Entity {
    Entity {
        account: call.caller.account,
        name: name.to_owned(),
        path: path.map_or(DEFAULT_PATH, PathType::as_str).to_owned(),
        id: new_unique_id(&call.kms.env, S::ID_PREFIX),
        created: call.kms.env.clock.now().into(),
    }
}

/// Refuses a name that is taken, and one more than an account may have. Errors: EntityAlreadyExists, LimitExceeded.
fn require_room<S: Subject>(call: &Call<'_>, name: &str) -> Result<(), Failure> {
    require_free::<S>(call, name)?;
    require_within_quota::<S>(call)
}

/// Refuses one more than an account may have. Errors: LimitExceeded.
fn require_within_quota<S: Subject>(call: &Call<'_>) -> Result<(), Failure> {
    let known = pages::count::<S>(call, S::PER_ACCOUNT_MAX)?;
    if known < S::PER_ACCOUNT_MAX {
        return Ok(());
    }
    Err(over_quota(S::PER_ACCOUNT_QUOTA, S::PER_ACCOUNT_MAX))
}

fn require_free<S: Subject>(call: &Call<'_>, name: &str) -> Result<(), Failure> {
    if S::find(call, name)?.is_none() {
        return Ok(());
    }
    let text = S::already_exists(name);
    Err(refuse_with(QueryException::EntityAlreadyExists, text))
}

/// The changes that put `record` in place of `old`, from which it may differ in name and path too. Errors:
/// EntityAlreadyExists.
fn renamed<S: Subject>(call: &Call<'_>, old: &Stored<S>, record: &S) -> Result<Changes, Failure> {
    let entity = record.entity();
    if entity.name() == old.record.entity().name() {
        return Ok(Changes::default().replace_entity(old.version, record));
    }
    require_free::<S>(call, &entity.name)?;
    let reference = call.kms.records.reference_version(&entity.id)?;
    Ok(Changes::default().rename_entity(old, reference, record))
}

/// The changes that delete `old` and its unique id.
fn deleted<R: EntityRecord>(
    call: &Call<'_>,
    changes: Changes,
    old: &Stored<R>,
) -> Result<Changes, Failure> {
    let reference = call
        .kms
        .records
        .reference_version(&old.record.entity().id)?;
    Ok(changes.delete_entity(&old.record, old.version, reference))
}

fn over_quota(quota: &str, max: usize) -> Failure {
    let text = strongroom_aws::text::iam::quota_exceeded(quota, max);
    refuse_with(QueryException::LimitExceeded, text)
}

fn delete_conflict(text: &str) -> Failure {
    refuse_with(QueryException::DeleteConflict, text)
}

#[cfg(test)]
mod tests;
