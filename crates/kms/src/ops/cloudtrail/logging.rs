//! StartLogging, StopLogging, GetTrailStatus.

use strongroom_aws::cloudtrail::{
    Boolean, Date, GetTrailStatusRequest, GetTrailStatusResponse, StartLoggingRequest,
    StartLoggingResponse, StopLoggingRequest, StopLoggingResponse, Text,
};
use strongroom_aws::error::Refusal;
use strongroom_aws::time::iso8601;
use strongroom_store::Expect;

use super::{changeable, found, in_turn};
use crate::authorize::{Authorized, Target};
use crate::call::Call;
use crate::failure::Failure;
use crate::ops::Operation;
use crate::records::{Millis, TrailDeliveryRecord, TrailRecord};
use crate::repository::{Changes, TrailName};

/// How many Regions' deliveries are read at a time.
const DELIVERIES_AT_ONCE: usize = 200;

/// CloudTrail API, StartLogging. A trail that is logging goes on as it does.
pub(in crate::ops) struct StartLogging;

impl Operation for StartLogging {
    type Input = StartLoggingRequest;
    type Output = StartLoggingResponse;

    fn targets(input: &StartLoggingRequest) -> Vec<Target<'_>> {
        super::targets(&input.name)
    }

    fn check(input: &StartLoggingRequest) -> Result<(), Refusal> {
        super::check(&input.name)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<StartLoggingResponse, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let now = request.env().clock.now().into();
        let name = &request.input().name;
        change(&request, name, |trail| {
            if !trail.is_logging {
                trail.is_logging = true;
                trail.started = Some(now);
            }
        })
        .await?;
        Ok(StartLoggingResponse {})
    }
}

/// CloudTrail API, StopLogging. A trail that is not logging stays as it is.
pub(in crate::ops) struct StopLogging;

impl Operation for StopLogging {
    type Input = StopLoggingRequest;
    type Output = StopLoggingResponse;

    fn targets(input: &StopLoggingRequest) -> Vec<Target<'_>> {
        super::targets(&input.name)
    }

    fn check(input: &StopLoggingRequest) -> Result<(), Refusal> {
        super::check(&input.name)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<StopLoggingResponse, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let now = request.env().clock.now().into();
        let name = &request.input().name;
        change(&request, name, |trail| {
            if trail.is_logging {
                trail.is_logging = false;
                trail.stopped = Some(now);
            }
        })
        .await?;
        Ok(StopLoggingResponse {})
    }
}

async fn change<O: Operation>(
    request: &Authorized<'_, O>,
    name: &Text,
    change: impl FnOnce(&mut TrailRecord),
) -> Result<(), Failure> {
    let old = changeable(request.call(), name)?;
    let mut record = old.record;
    change(&mut record);
    let changes = Changes::default().put_trail(Expect::At(old.version), &record);
    request.commit(changes).await
}

/// CloudTrail API, GetTrailStatus.
pub(in crate::ops) struct GetTrailStatus;

impl Operation for GetTrailStatus {
    type Input = GetTrailStatusRequest;
    type Output = GetTrailStatusResponse;

    fn targets(input: &GetTrailStatusRequest) -> Vec<Target<'_>> {
        super::targets(&input.name)
    }

    fn check(input: &GetTrailStatusRequest) -> Result<(), Refusal> {
        super::check(&input.name)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetTrailStatusResponse, Failure> {
        let trail = found(request.call(), &request.input().name)?.record;
        let delivered = Delivered::of(request.call(), &trail)?;
        Ok(GetTrailStatusResponse {
            is_logging: Some(Boolean(trail.is_logging)),
            latest_delivery_error: delivered.error.map(Text::from),
            latest_delivery_time: date(delivered.delivered),
            start_logging_time: date(trail.started),
            stop_logging_time: date(trail.stopped),
            latest_digest_delivery_time: date(delivered.digest_delivered),
            latest_digest_delivery_error: delivered.digest_error.map(Text::from),
            latest_delivery_attempt_time: Some(told(delivered.attempted)),
            latest_notification_attempt_time: Some(told(None)),
            latest_notification_attempt_succeeded: Some(told(None)),
            latest_delivery_attempt_succeeded: Some(told(delivered.delivered)),
            time_logging_started: Some(told(trail.started)),
            time_logging_stopped: Some(told(trail.stopped)),
            ..GetTrailStatusResponse::default()
        })
    }
}

/// What came of the delivery of all Regions.
#[derive(Default)]
struct Delivered {
    delivered: Option<Millis>,
    attempted: Option<Millis>,
    error: Option<String>,
    digest_delivered: Option<Millis>,
    digest_error: Option<String>,
}

impl Delivered {
    fn of(call: &Call<'_>, trail: &TrailRecord) -> Result<Self, Failure> {
        let (records, name) = (&call.kms.records, TrailName::of(trail));
        let (mut all, mut after) = (Self::default(), None);
        loop {
            let page = records.list_trail_deliveries(&name, after.as_ref(), DELIVERIES_AT_ONCE)?;
            for delivery in page.records {
                all.add(delivery.record);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// The latest of all times, and of the errors the one of the Region that was tried last.
    fn add(&mut self, one: TrailDeliveryRecord) {
        if one.attempted >= self.attempted {
            self.error = one.error.or(self.error.take());
            self.digest_error = one.digest_error.or(self.digest_error.take());
        } else {
            self.error = self.error.take().or(one.error);
            self.digest_error = self.digest_error.take().or(one.digest_error);
        }
        self.attempted = self.attempted.max(one.attempted);
        self.delivered = self.delivered.max(one.delivered);
        self.digest_delivered = self.digest_delivered.max(one.digest_delivered);
    }
}

fn date(time: Option<Millis>) -> Option<Date> {
    time.map(|time| Date(time.into()))
}

/// A time as text; "" of none.
fn told(time: Option<Millis>) -> Text {
    time.map_or_else(String::new, |time| iso8601(time.into()))
        .into()
}
