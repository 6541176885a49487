//! LookupEvents.

use std::time::Duration;

use strongroom_aws::cloudtrail::{
    Date, Event, EventCategory, EventsList, LookupAttribute, LookupAttributeKey,
    LookupEventsRequest, LookupEventsResponse, MaxResults, NextToken, Resource, ResourceList, Text,
};
use strongroom_aws::error::{CloudTrailException, Refusal};
use strongroom_aws::json::Json;
use strongroom_aws::text::cloudtrail as text;
use strongroom_base::UnixMillis;

use crate::authorize::{Authorized, Target};
use crate::call::{Call, Input};
use crate::failure::{Cause, Failure, refuse_with};
use crate::history::{Found, NotRead, Page, Place, Query};
use crate::ops::{Operation, Reply, json};

/// How far back events are shown (CloudTrail User Guide, "Working with CloudTrail event history").
const HISTORY: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// CloudTrail API, LookupEvents, MaxResults: the most, and what counts when it is not given.
const RESULTS_MAX: usize = 50;

/// CloudTrail API, LookupEvents. Of a call that succeeds the answer may be empty and have a token all the same.
pub(in crate::ops) struct LookupEvents;

/// Answers LookupEvents, which has an error of its own for a MaxResults that its shape does not allow.
pub(in crate::ops) fn lookup_events<'r>(call: &'r Call<'r>) -> Reply<'r> {
    match check_max_results(&call.input) {
        Ok(()) => json::<LookupEvents>(call),
        Err(refusal) => Box::pin(async { Err(refusal.into()) }),
    }
}

/// Errors: InvalidMaxResultsException.
fn check_max_results(input: &Input) -> Result<(), Refusal> {
    let Input::Json(input) = input else {
        return Ok(());
    };
    let Some(Json::Number(asked)) = input.get("MaxResults") else {
        return Ok(());
    };
    match asked.parse::<usize>() {
        Ok(count) if (1..=RESULTS_MAX).contains(&count) => Ok(()),
        _ => Err(Refusal::new(
            CloudTrailException::InvalidMaxResults,
            text::invalid_max_results(asked, RESULTS_MAX),
        )),
    }
}

impl Operation for LookupEvents {
    type Input = LookupEventsRequest;
    type Output = LookupEventsResponse;

    fn targets(_: &LookupEventsRequest) -> Vec<Target<'_>> {
        vec![Target::AccountUnnamed]
    }

    fn check(input: &LookupEventsRequest) -> Result<(), Refusal> {
        check_attributes(attributes(input))?;
        match (input.start_time, input.end_time) {
            (Some(start), Some(end)) if start > end => Err(Refusal::new(
                CloudTrailException::InvalidTimeRange,
                text::START_AFTER_END,
            )),
            _ => Ok(()),
        }
    }

    async fn run(request: Authorized<'_, Self>) -> Result<LookupEventsResponse, Failure> {
        let (call, input) = (request.call(), request.input());
        let lookups = &call.kms.lookups;
        let (account, region) = (&call.caller.account, &call.region);
        let now = request.env().clock.monotonic();
        lookups.admit(account, region, now).map_err(not_read)?;
        let before = place(call, input)?;
        // There are no Insights events.
        if input.event_category == Some(EventCategory::Insight) {
            return Ok(answer(call, input, Page::default()));
        }
        let folder = call.kms.audit.folder().to_owned();
        let page = lookups.read(folder, query(call, input), before, limit(input));
        Ok(answer(call, input, page.await.map_err(not_read)?))
    }
}

fn attributes(input: &LookupEventsRequest) -> &[LookupAttribute] {
    let attributes = input.lookup_attributes.as_ref();
    attributes.map_or(&[], |attributes| &attributes.0)
}

/// Errors: InvalidLookupAttributesException.
fn check_attributes(attributes: &[LookupAttribute]) -> Result<(), Refusal> {
    let refuse = |text| {
        Err(Refusal::new(
            CloudTrailException::InvalidLookupAttributes,
            text,
        ))
    };
    match attributes {
        [] => Ok(()),
        [one] if one.attribute_key == LookupAttributeKey::ReadOnly => {
            match one.attribute_value.as_str() {
                "true" | "false" => Ok(()),
                _ => refuse(text::READ_ONLY_VALUE),
            }
        }
        [_] => Ok(()),
        _ => refuse(text::ONE_LOOKUP_ATTRIBUTE),
    }
}

fn query(call: &Call<'_>, input: &LookupEventsRequest) -> Query {
    let now = call.kms.env.clock.now();
    let history = i64::try_from(HISTORY.as_millis()).unwrap_or(i64::MAX);
    let oldest = UnixMillis(now.0.saturating_sub(history));
    let start = input
        .start_time
        .map_or(oldest, |Date(start)| start.max(oldest));
    let attribute = attributes(input).first();
    Query {
        account: call.caller.account,
        region: call.region.clone(),
        attribute: attribute
            .map(|one| (one.attribute_key, one.attribute_value.as_str().to_owned())),
        start,
        end: input.end_time.map_or(UnixMillis(i64::MAX), |Date(end)| end),
    }
}

fn limit(input: &LookupEventsRequest) -> usize {
    let asked = input.max_results;
    let asked = asked.and_then(|MaxResults(count)| usize::try_from(count).ok());
    asked.unwrap_or(RESULTS_MAX).min(RESULTS_MAX)
}

/// Where this page begins. Errors: InvalidNextTokenException.
fn place(call: &Call<'_>, input: &LookupEventsRequest) -> Result<Option<Place>, Refusal> {
    let Some(token) = &input.next_token else {
        return Ok(None);
    };
    match Place::of_token(token.as_str(), &asked(call, input)) {
        Some(place) => Ok(Some(place)),
        None => Err(Refusal::new(
            CloudTrailException::InvalidNextToken,
            text::INVALID_TOKEN,
        )),
    }
}

/// Everything that the token of a page is tied to; MaxResults may change from page to page.
fn asked(call: &Call<'_>, input: &LookupEventsRequest) -> Vec<u8> {
    let time = |time: Option<Date>| time.map_or_else(String::new, |Date(time)| time.0.to_string());
    let one = attributes(input).first();
    let category = input.event_category.map_or("", EventCategory::as_str);
    let parts = [
        call.caller.account.as_str(),
        call.region.as_str(),
        category,
        &time(input.start_time),
        &time(input.end_time),
        one.map_or("", |one| one.attribute_key.as_str()),
        // The only part that clients choose freely comes last.
        one.map_or("", |one| one.attribute_value.as_str()),
    ];
    parts.join("\0").into_bytes()
}

fn not_read(why: NotRead) -> Failure {
    match why {
        NotRead::TooMany => refuse_with(CloudTrailException::Throttling, text::RATE_EXCEEDED),
        NotRead::Unreadable => Failure::Internal(Cause::Audit),
    }
}

fn answer(call: &Call<'_>, input: &LookupEventsRequest, page: Page) -> LookupEventsResponse {
    let token = page.next.map(|next| next.token(&asked(call, input)));
    LookupEventsResponse {
        events: Some(EventsList(page.found.into_iter().map(shown).collect())),
        next_token: token.map(NextToken::from),
    }
}

fn shown(found: Found) -> Event {
    let resources = found.resources.into_iter().map(|(kind, name)| Resource {
        resource_type: kind.map(Text::from),
        resource_name: Some(name.into()),
    });
    let read_only = if found.is_read_only { "true" } else { "false" };
    Event {
        event_id: Some(found.id.into()),
        event_name: Some(found.name.into()),
        read_only: Some(read_only.into()),
        access_key_id: found.access_key_id.map(Text::from),
        // Events tell whole seconds.
        event_time: Some(Date(UnixMillis(found.time.seconds().saturating_mul(1000)))),
        event_source: Some(found.source.into()),
        username: found.username.map(Text::from),
        resources: Some(ResourceList(resources.collect())),
        cloud_trail_event: Some(found.json.into()),
    }
}
