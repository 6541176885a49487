//! PutEventSelectors, GetEventSelectors. All events here are management events.

use strongroom_aws::cloudtrail::{
    Boolean, DataResources, EventSelector, EventSelectors, ExcludeManagementEventSources,
    GetEventSelectorsRequest, GetEventSelectorsResponse, PutEventSelectorsRequest,
    PutEventSelectorsResponse, ReadWriteType,
};
use strongroom_aws::error::{CloudTrailException, Refusal};
use strongroom_aws::text::cloudtrail as text;
use strongroom_store::Expect;

use super::{changeable, found, in_turn};
use crate::authorize::{Authorized, Target};
use crate::failure::Failure;
use crate::ops::Operation;
use crate::records::{ReadWrite, SelectorRecord, TrailRecord};
use crate::repository::{Changes, TrailName};
use crate::told;

/// The most event selectors of a trail (CloudTrail User Guide, "Quotas in AWS CloudTrail").
const SELECTORS_MAX: usize = 5;
/// CloudTrail API, EventSelector: the sources that can be excluded.
const EXCLUDABLE: [&str; 2] = ["kms.amazonaws.com", "rdsdata.amazonaws.com"];

/// CloudTrail API, PutEventSelectors.
pub(in crate::ops) struct PutEventSelectors;

impl Operation for PutEventSelectors {
    type Input = PutEventSelectorsRequest;
    type Output = PutEventSelectorsResponse;

    fn targets(input: &PutEventSelectorsRequest) -> Vec<Target<'_>> {
        super::targets(&input.trail_name)
    }

    fn check(input: &PutEventSelectorsRequest) -> Result<(), Refusal> {
        super::check(&input.trail_name)?;
        if let Some(advanced) = &input.advanced_event_selectors
            && !advanced.0.is_empty()
        {
            return Err(no_advanced(input.event_selectors.is_some()));
        }
        let selectors = selectors(input);
        if !(1..=SELECTORS_MAX).contains(&selectors.len()) {
            return Err(invalid(text::too_many_selectors(SELECTORS_MAX)));
        }
        selectors.iter().try_for_each(check)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<PutEventSelectorsResponse, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let input = request.input();
        let old = changeable(request.call(), &input.trail_name)?;
        let record = TrailRecord {
            selectors: selectors(input).iter().map(record).collect(),
            ..old.record
        };
        let changes = Changes::default().put_trail(Expect::At(old.version), &record);
        let answer = PutEventSelectorsResponse {
            trail_arn: Some(TrailName::of(&record).arn().into()),
            event_selectors: Some(shown(&record)),
            advanced_event_selectors: None,
        };
        request.call().note_response(told::output(&answer));
        request.commit(changes).await?;
        Ok(answer)
    }
}

/// CloudTrail API, GetEventSelectors.
pub(in crate::ops) struct GetEventSelectors;

impl Operation for GetEventSelectors {
    type Input = GetEventSelectorsRequest;
    type Output = GetEventSelectorsResponse;

    fn targets(input: &GetEventSelectorsRequest) -> Vec<Target<'_>> {
        super::targets(&input.trail_name)
    }

    fn check(input: &GetEventSelectorsRequest) -> Result<(), Refusal> {
        super::check(&input.trail_name)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetEventSelectorsResponse, Failure> {
        let trail = found(request.call(), &request.input().trail_name)?.record;
        Ok(GetEventSelectorsResponse {
            trail_arn: Some(TrailName::of(&trail).arn().into()),
            event_selectors: Some(shown(&trail)),
            advanced_event_selectors: None,
        })
    }
}

/// Whether a trail has selectors other than the one that every trail begins with.
pub(super) fn are_custom(trail: &TrailRecord) -> bool {
    !trail.selectors.is_empty() && trail.selectors != [everything()]
}

fn selectors(input: &PutEventSelectorsRequest) -> &[EventSelector] {
    let selectors = input.event_selectors.as_ref();
    selectors.map_or(&[], |EventSelectors(selectors)| selectors)
}

fn excluded(selector: &EventSelector) -> impl Iterator<Item = &str> {
    let sources = selector.exclude_management_event_sources.iter();
    sources
        .flat_map(|sources| &sources.0)
        .map(|source| source.as_str())
}

/// Errors: InvalidEventSelectorsException.
fn check(selector: &EventSelector) -> Result<(), Refusal> {
    if selector
        .data_resources
        .as_ref()
        .is_some_and(|data| !data.0.is_empty())
    {
        return Err(invalid(text::NO_DATA_EVENTS));
    }
    match excluded(selector).find(|source| !EXCLUDABLE.contains(source)) {
        Some(source) => Err(invalid(text::source_cannot_be_excluded(source))),
        None => Ok(()),
    }
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new(CloudTrailException::InvalidEventSelectors, text)
}

fn no_advanced(has_both: bool) -> Refusal {
    match has_both {
        true => Refusal::new(
            CloudTrailException::InvalidParameterCombination,
            text::BOTH_KINDS_OF_SELECTORS,
        ),
        false => Refusal::new(
            CloudTrailException::UnsupportedOperation,
            text::unsupported("AdvancedEventSelectors"),
        ),
    }
}

fn everything() -> SelectorRecord {
    record(&EventSelector::default())
}

fn record(selector: &EventSelector) -> SelectorRecord {
    let mut excluded_sources: Vec<String> = excluded(selector).map(str::to_owned).collect();
    excluded_sources.sort();
    excluded_sources.dedup();
    SelectorRecord {
        read_write: match selector.read_write_type {
            None | Some(ReadWriteType::All) => ReadWrite::All,
            Some(ReadWriteType::ReadOnly) => ReadWrite::ReadOnly,
            Some(ReadWriteType::WriteOnly) => ReadWrite::WriteOnly,
        },
        includes_management: selector.include_management_events != Some(Boolean(false)),
        excluded_sources,
    }
}

fn shown(trail: &TrailRecord) -> EventSelectors {
    EventSelectors(match trail.selectors.as_slice() {
        [] => vec![shown_one(&everything())],
        selectors => selectors.iter().map(shown_one).collect(),
    })
}

fn shown_one(selector: &SelectorRecord) -> EventSelector {
    let excluded = selector.excluded_sources.iter();
    let excluded = excluded.map(|source| source.as_str().into()).collect();
    EventSelector {
        read_write_type: Some(match selector.read_write {
            ReadWrite::All => ReadWriteType::All,
            ReadWrite::ReadOnly => ReadWriteType::ReadOnly,
            ReadWrite::WriteOnly => ReadWriteType::WriteOnly,
        }),
        include_management_events: Some(Boolean(selector.includes_management)),
        data_resources: Some(DataResources::default()),
        exclude_management_event_sources: Some(ExcludeManagementEventSources(excluded)),
    }
}
