//! CreateTrail, UpdateTrail, DeleteTrail.

use strongroom_aws::cloudtrail::{
    Boolean, CreateTrailRequest, CreateTrailResponse, DeleteTrailRequest, DeleteTrailResponse,
    Text, UpdateTrailRequest, UpdateTrailResponse,
};
use strongroom_aws::error::{CloudTrailException, Refusal};
use strongroom_aws::text::cloudtrail as text;
use strongroom_store::Expect;

use super::inputs::{self, Unsupported};
use super::{TRAILS_PER_ACCOUNT_MAX, TRAILS_PER_REGION_MAX, changeable, in_turn, tags};
use crate::authorize::{Authorized, Keys, Target};
use crate::call::Call;
use crate::failure::{Failure, refuse_with};
use crate::ops::Operation;
use crate::records::TrailRecord;
use crate::repository::{Changes, TrailName};
use crate::told;

/// The most Regions whose delivery is forgotten in the commit that deletes or creates the trail.
const DELIVERIES_AT_ONCE: usize = 200;

/// CloudTrail API, CreateTrail. Whether the bucket exists shows when something is delivered.
pub(in crate::ops) struct CreateTrail;

impl Operation for CreateTrail {
    type Input = CreateTrailRequest;
    type Output = CreateTrailResponse;

    fn targets(input: &CreateTrailRequest) -> Vec<Target<'_>> {
        let mut targets = super::targets(&input.name);
        // Tags that a trail is created with need the permission to add them.
        if tags::are_given(input.tags_list.as_ref()) {
            targets.extend(super::targets(&input.name));
        }
        targets
    }

    fn condition_keys<'i>(input: &'i CreateTrailRequest, _: usize, keys: &mut Keys<'i>) {
        tags::condition_keys(input.tags_list.as_ref(), keys);
    }

    fn check(input: &CreateTrailRequest) -> Result<(), Refusal> {
        crate::trails::check_name(input.name.as_str())?;
        inputs::check_bucket(&input.s3_bucket_name)?;
        inputs::check_prefix(input.s3_key_prefix.as_ref())?;
        Unsupported::from(input).check()?;
        tags::check(input.tags_list.as_ref())?;
        check_regions(
            is_set(input.is_multi_region_trail, false),
            is_set(input.include_global_service_events, true),
        )
    }

    async fn run(request: Authorized<'_, Self>) -> Result<CreateTrailResponse, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let call = request.call();
        let record = new_trail(call, request.input());
        require_room(call, &record.name)?;
        let changes = Changes::default().put_trail(Expect::Absent, &record);
        // What an earlier trail of this name left behind is not this one's.
        let changes = forget_delivery(call, &TrailName::of(&record), changes).await?;
        let answer = created(&record);
        request.call().note_response(told::output(&answer));
        request.commit(changes).await?;
        Ok(answer)
    }
}

fn new_trail(call: &Call<'_>, input: &CreateTrailRequest) -> TrailRecord {
    TrailRecord {
        account: call.caller.account,
        home: call.region.clone(),
        name: input.name.as_str().to_owned(),
        created: call.kms.env.clock.now().into(),
        bucket: input.s3_bucket_name.as_str().to_owned(),
        prefix: input.s3_key_prefix.as_ref().and_then(inputs::prefix),
        is_multi_region: is_set(input.is_multi_region_trail, false),
        includes_global_events: is_set(input.include_global_service_events, true),
        validates_logs: is_set(input.enable_log_file_validation, false),
        selectors: Vec::new(),
        tags: tags::records(input.tags_list.as_ref()),
        is_logging: false,
        started: None,
        stopped: None,
    }
}

/// Refuses a name that is taken, and one trail too many. Errors: TrailAlreadyExistsException,
/// MaximumNumberOfTrailsExceededException.
fn require_room(call: &Call<'_>, name: &str) -> Result<(), Failure> {
    let (records, account) = (&call.kms.records, &call.caller.account);
    let of_region = records
        .list_trails_of_region(account, &call.region, TRAILS_PER_REGION_MAX)?
        .records;
    if of_region.iter().any(|trail| trail.name == name) {
        let text = text::trail_exists(name, account.as_str());
        return Err(refuse_with(CloudTrailException::TrailAlreadyExists, text));
    }
    let all = records.list_trails(account, None, TRAILS_PER_ACCOUNT_MAX)?;
    if of_region.len() < TRAILS_PER_REGION_MAX && all.records.len() < TRAILS_PER_ACCOUNT_MAX {
        return Ok(());
    }
    let region = call.region.as_str();
    let text = text::too_many_trails(account.as_str(), of_region.len(), region);
    Err(refuse_with(
        CloudTrailException::MaximumNumberOfTrailsExceeded,
        text,
    ))
}

/// CloudTrail API, UpdateTrail: what is not given stays as it is.
pub(in crate::ops) struct UpdateTrail;

impl Operation for UpdateTrail {
    type Input = UpdateTrailRequest;
    type Output = UpdateTrailResponse;

    fn targets(input: &UpdateTrailRequest) -> Vec<Target<'_>> {
        super::targets(&input.name)
    }

    fn check(input: &UpdateTrailRequest) -> Result<(), Refusal> {
        super::check(&input.name)?;
        if let Some(bucket) = &input.s3_bucket_name {
            inputs::check_bucket(bucket)?;
        }
        inputs::check_prefix(input.s3_key_prefix.as_ref())?;
        Unsupported::from(input).check()
    }

    async fn run(request: Authorized<'_, Self>) -> Result<UpdateTrailResponse, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let old = changeable(request.call(), &request.input().name)?;
        let record = updated(old.record, request.input());
        check_regions(record.is_multi_region, record.includes_global_events)?;
        let changes = Changes::default().put_trail(Expect::At(old.version), &record);
        let answer = shown(&record);
        request.call().note_response(told::output(&answer));
        request.commit(changes).await?;
        Ok(answer)
    }
}

fn updated(old: TrailRecord, input: &UpdateTrailRequest) -> TrailRecord {
    let bucket = input.s3_bucket_name.as_ref();
    TrailRecord {
        bucket: bucket.map_or(old.bucket, |bucket| bucket.as_str().to_owned()),
        prefix: match &input.s3_key_prefix {
            Some(prefix) => inputs::prefix(prefix),
            None => old.prefix,
        },
        is_multi_region: is_set(input.is_multi_region_trail, old.is_multi_region),
        includes_global_events: is_set(
            input.include_global_service_events,
            old.includes_global_events,
        ),
        validates_logs: is_set(input.enable_log_file_validation, old.validates_logs),
        ..old
    }
}

/// CloudTrail API, DeleteTrail.
pub(in crate::ops) struct DeleteTrail;

impl Operation for DeleteTrail {
    type Input = DeleteTrailRequest;
    type Output = DeleteTrailResponse;

    fn targets(input: &DeleteTrailRequest) -> Vec<Target<'_>> {
        super::targets(&input.name)
    }

    fn check(input: &DeleteTrailRequest) -> Result<(), Refusal> {
        super::check(&input.name)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<DeleteTrailResponse, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let trail = changeable(request.call(), &request.input().name)?;
        let name = TrailName::of(&trail.record);
        let changes = Changes::default().delete_trail(&name, trail.version);
        let changes = forget_delivery(request.call(), &name, changes).await?;
        request.commit(changes).await?;
        Ok(DeleteTrailResponse {})
    }
}

/// Adds to `changes` that it is forgotten how far the delivery of a trail is. All but the last Regions are forgotten
/// at once: should the rest fail, what they delivered is delivered again.
async fn forget_delivery(
    call: &Call<'_>,
    trail: &TrailName,
    changes: Changes,
) -> Result<Changes, Failure> {
    let records = &call.kms.records;
    loop {
        let listed = records.list_trail_deliveries(trail, None, DELIVERIES_AT_ONCE)?;
        let forget = |changes: Changes| {
            let deliveries = listed.records.iter();
            deliveries.fold(changes, |changes, delivery| {
                changes.delete_trail_delivery(trail, delivery)
            })
        };
        if listed.next.is_none() {
            return Ok(forget(changes));
        }
        records.commit(forget(Changes::default())).await?;
    }
}

fn is_set(value: Option<Boolean>, default: bool) -> bool {
    value.map_or(default, |Boolean(value)| value)
}

/// Errors: InvalidParameterCombinationException.
fn check_regions(is_multi_region: bool, includes_global_events: bool) -> Result<(), Refusal> {
    if includes_global_events || !is_multi_region {
        return Ok(());
    }
    Err(Refusal::new(
        CloudTrailException::InvalidParameterCombination,
        text::MULTI_REGION_WITHOUT_GLOBAL,
    ))
}

fn created(trail: &TrailRecord) -> CreateTrailResponse {
    CreateTrailResponse {
        name: Some(trail.name.as_str().into()),
        s3_bucket_name: Some(trail.bucket.as_str().into()),
        s3_key_prefix: trail.prefix.as_deref().map(Text::from),
        include_global_service_events: Some(Boolean(trail.includes_global_events)),
        is_multi_region_trail: Some(Boolean(trail.is_multi_region)),
        trail_arn: Some(TrailName::of(trail).arn().into()),
        log_file_validation_enabled: Some(Boolean(trail.validates_logs)),
        is_organization_trail: Some(Boolean(false)),
        ..CreateTrailResponse::default()
    }
}

fn shown(trail: &TrailRecord) -> UpdateTrailResponse {
    let same = created(trail);
    UpdateTrailResponse {
        name: same.name,
        s3_bucket_name: same.s3_bucket_name,
        s3_key_prefix: same.s3_key_prefix,
        include_global_service_events: same.include_global_service_events,
        is_multi_region_trail: same.is_multi_region_trail,
        trail_arn: same.trail_arn,
        log_file_validation_enabled: same.log_file_validation_enabled,
        is_organization_trail: same.is_organization_trail,
        ..UpdateTrailResponse::default()
    }
}
