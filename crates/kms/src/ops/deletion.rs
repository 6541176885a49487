//! Scheduling and cancelling the deletion of keys. The deletion itself is in `timers`.

use std::time::Duration;

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{
    CancelKeyDeletionRequest, CancelKeyDeletionResponse, PendingWindowInDaysType,
    ScheduleKeyDeletionRequest, ScheduleKeyDeletionResponse,
};
use strongroom_aws::text;

use super::{Operation, state::with_state};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::{Failure, refuse_with};
use crate::key::{CHANGEABLE, Key, wire_date, wire_state};
use crate::kms::Kms;
use crate::records::{KeyRecord, KeyState, Millis};
use crate::repository::Changes;
use crate::told;

const WINDOW_DAYS_MIN: i32 = 7;
const WINDOW_DAYS_MAX: i32 = 30;
const WINDOW_DAYS_DEFAULT: i32 = 30;
const PENDING: &[KeyState] = &[KeyState::PendingDeletion, KeyState::PendingReplicaDeletion];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// KMS API, ScheduleKeyDeletion.
pub(super) struct ScheduleKeyDeletion;

impl Operation for ScheduleKeyDeletion {
    type Input = ScheduleKeyDeletionRequest;
    type Output = ScheduleKeyDeletionResponse;

    fn targets(input: &ScheduleKeyDeletionRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        let days = input.pending_window_in_days;
        let days = days.map_or(WINDOW_DAYS_DEFAULT, |days| days.0);
        keys.one(
            "kms:schedulekeydeletionpendingwindowindays",
            days.to_string(),
        );
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ScheduleKeyDeletionResponse, Failure> {
        let (kms, key) = (request.kms(), request.key()?);
        key.require_state(CHANGEABLE)?;
        let days = window_days(request.input())?;
        let record = pending(kms, key, u32::try_from(days).unwrap_or(u32::MAX)).await?;
        let changes = kms.records.change_key(Changes::default(), key, &record)?;
        let answer = ScheduleKeyDeletionResponse {
            key_id: Some(key.arn.as_str().into()),
            deletion_date: record.deletion.map(wire_date),
            key_state: Some(wire_state(record.state)),
            pending_window_in_days: Some(PendingWindowInDaysType(days)),
        };
        request.call().note_response(told::output(&answer));
        request.commit(changes).await?;
        Ok(answer)
    }
}

/// The key's record when it is to be deleted. The window of a primary that has replicas begins when the
/// last of them is gone: KMS developer guide, deleting multi-Region keys.
async fn pending(kms: &Kms, key: &Key, days: u32) -> Result<KeyRecord, Failure> {
    if key.has_replicas() {
        let mut record = with_state(kms, key, KeyState::PendingReplicaDeletion).await?;
        record.pending_window_days = Some(days);
        return Ok(record);
    }
    let mut record = with_state(kms, key, KeyState::PendingDeletion).await?;
    record.deletion = Some(end_of_window(kms, days));
    Ok(record)
}

/// When a window of so many days is over that begins now.
pub(crate) fn end_of_window(kms: &Kms, days: u32) -> Millis {
    kms.later_time().plus(DAY * days).into()
}

/// The model allows 1 to 365 days, the service 7 to 30.
fn window_days(input: &ScheduleKeyDeletionRequest) -> Result<i32, Refusal> {
    let days = input
        .pending_window_in_days
        .map_or(WINDOW_DAYS_DEFAULT, |days| days.0);
    if (WINDOW_DAYS_MIN..=WINDOW_DAYS_MAX).contains(&days) {
        return Ok(days);
    }
    let text = text::PENDING_WINDOW_OUT_OF_RANGE;
    Err(Refusal::new(KmsException::Validation, text))
}

/// KMS API, CancelKeyDeletion.
pub(super) struct CancelKeyDeletion;

impl Operation for CancelKeyDeletion {
    type Input = CancelKeyDeletionRequest;
    type Output = CancelKeyDeletionResponse;

    fn targets(input: &CancelKeyDeletionRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<CancelKeyDeletionResponse, Failure> {
        let (kms, key) = (request.kms(), request.key()?);
        if !PENDING.contains(&key.record.state) {
            return Err(refuse_with(
                KmsException::KmsInvalidState,
                text::key_not_pending_deletion(&key.arn),
            ));
        }
        let mut record = with_state(kms, key, key.record.resting_state()).await?;
        record.deletion = None;
        record.pending_window_days = None;
        let changes = kms.records.change_key(Changes::default(), key, &record)?;
        request.commit(changes).await?;
        Ok(CancelKeyDeletionResponse {
            key_id: Some(key.arn.as_str().into()),
        })
    }
}
