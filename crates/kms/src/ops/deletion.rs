//! Scheduling and cancelling the deletion of keys. The deletion itself is in `timers`.

use std::time::Duration;

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{
    CancelKeyDeletionRequest, CancelKeyDeletionResponse, DateType, KeyState as WireState,
    PendingWindowInDaysType, ScheduleKeyDeletionRequest, ScheduleKeyDeletionResponse,
};
use strongroom_aws::text;
use strongroom_store::Expect;

use super::{Operation, state::with_state};
use crate::authorize::{Authorized, Target};
use crate::failure::{Failure, refuse_with};
use crate::records::{KeyState, TimerRecord};
use crate::repository::Changes;

const WINDOW_DAYS_MIN: i32 = 7;
const WINDOW_DAYS_MAX: i32 = 30;
const WINDOW_DAYS_DEFAULT: i32 = 30;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// KMS API, ScheduleKeyDeletion.
pub(super) struct ScheduleKeyDeletion;

impl Operation for ScheduleKeyDeletion {
    type Input = ScheduleKeyDeletionRequest;
    type Output = ScheduleKeyDeletionResponse;

    fn targets(input: &ScheduleKeyDeletionRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ScheduleKeyDeletionResponse, Failure> {
        let (kms, key) = (request.kms(), request.key()?);
        key.require_not_pending_deletion()?;
        let days = window_days(request.input())?;
        // From the later of the two clocks: while domain time is held back, or the wall clock set back,
        // the other one would make the window shorter than it should be.
        let now = kms.domain_time().max(kms.env.clock.now());
        let due = now.plus(DAY * u32::try_from(days).unwrap_or(u32::MAX));
        let mut record = with_state(kms, key, KeyState::PendingDeletion).await?;
        record.deletion = Some(due.into());
        let timer = TimerRecord {
            account: record.account,
            region: record.region.clone(),
            key: record.id.clone(),
            due: due.into(),
        };
        let changes = Changes::default()
            .put_key(Expect::At(key.version), &record)
            .put_timer(&key.name, Expect::Absent, &timer);
        request.commit(changes).await?;
        kms.timers.set(key.name.clone(), due);
        Ok(ScheduleKeyDeletionResponse {
            key_id: Some(key.arn.as_str().into()),
            deletion_date: Some(DateType(due)),
            key_state: Some(WireState::PendingDeletion),
            pending_window_in_days: Some(PendingWindowInDaysType(days)),
        })
    }
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
        if key.record.state != KeyState::PendingDeletion {
            return Err(refuse_with(
                KmsException::KmsInvalidState,
                text::key_not_pending_deletion(&key.arn),
            ));
        }
        let mut record = with_state(kms, key, KeyState::Disabled).await?;
        record.deletion = None;
        let mut changes = Changes::default().put_key(Expect::At(key.version), &record);
        if let Some(timer) = kms.records.timer(&key.name)? {
            changes = changes.delete_timer(&key.name, timer.version);
        }
        request.commit(changes).await?;
        if let Some(due) = key.record.deletion {
            kms.timers.cancel(&key.name, due.into());
        }
        Ok(CancelKeyDeletionResponse {
            key_id: Some(key.arn.as_str().into()),
        })
    }
}
