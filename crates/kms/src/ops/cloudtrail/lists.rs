//! DescribeTrails, GetTrail, ListTrails.

use strongroom_aws::cloudtrail::{
    Boolean, DescribeTrailsRequest, DescribeTrailsResponse, GetTrailRequest, GetTrailResponse,
    ListTrailsRequest, ListTrailsResponse, Text, Trail, TrailInfo, TrailList, TrailNameList,
    Trails,
};
use strongroom_aws::error::Refusal;

use super::{all, found, selectors};
use crate::authorize::{Authorized, Target};
use crate::call::Call;
use crate::failure::Failure;
use crate::ops::Operation;
use crate::records::TrailRecord;
use crate::repository::TrailName;
use crate::trails::is_arn;

/// CloudTrail API, DescribeTrails: the trails of this Region, and those of others that reach it. What is named and
/// does not exist is left out.
pub(in crate::ops) struct DescribeTrails;

impl Operation for DescribeTrails {
    type Input = DescribeTrailsRequest;
    type Output = DescribeTrailsResponse;

    fn targets(_: &DescribeTrailsRequest) -> Vec<Target<'_>> {
        vec![Target::AccountUnnamed]
    }

    fn check(input: &DescribeTrailsRequest) -> Result<(), Refusal> {
        names(input).iter().try_for_each(super::check)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<DescribeTrailsResponse, Failure> {
        let (call, input) = (request.call(), request.input());
        let names = names(input);
        let mut trails = all(call)?;
        match names {
            [] => trails.retain(|trail| is_in_region(call, input, trail)),
            names => trails.retain(|trail| names.iter().any(|name| is_named(call, name, trail))),
        }
        let shown = trails.iter().map(shown).collect();
        Ok(DescribeTrailsResponse {
            trail_list: Some(TrailList(shown)),
        })
    }
}

fn names(input: &DescribeTrailsRequest) -> &[Text] {
    let names = input.trail_name_list.as_ref();
    names.map_or(&[], |TrailNameList(names)| names)
}

fn is_in_region(call: &Call<'_>, input: &DescribeTrailsRequest, trail: &TrailRecord) -> bool {
    let with_shadows = input.include_shadow_trails != Some(Boolean(false));
    trail.home == call.region || with_shadows && trail.is_multi_region
}

fn is_named(call: &Call<'_>, name: &Text, trail: &TrailRecord) -> bool {
    match is_arn(name.as_str()) {
        true => TrailName::of(trail).arn() == name.as_str(),
        false => {
            let is_here = trail.home == call.region || trail.is_multi_region;
            is_here && trail.name == name.as_str()
        }
    }
}

/// CloudTrail API, GetTrail.
pub(in crate::ops) struct GetTrail;

impl Operation for GetTrail {
    type Input = GetTrailRequest;
    type Output = GetTrailResponse;

    fn targets(input: &GetTrailRequest) -> Vec<Target<'_>> {
        super::targets(&input.name)
    }

    fn check(input: &GetTrailRequest) -> Result<(), Refusal> {
        super::check(&input.name)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetTrailResponse, Failure> {
        let trail = found(request.call(), &request.input().name)?;
        Ok(GetTrailResponse {
            trail: Some(shown(&trail.record)),
        })
    }
}

/// CloudTrail API, ListTrails: the trails of every Region. There are never so many that a token is needed.
pub(in crate::ops) struct ListTrails;

impl Operation for ListTrails {
    type Input = ListTrailsRequest;
    type Output = ListTrailsResponse;

    fn targets(_: &ListTrailsRequest) -> Vec<Target<'_>> {
        vec![Target::AccountUnnamed]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListTrailsResponse, Failure> {
        let trails = all(request.call())?;
        let infos = trails.iter().map(|trail| TrailInfo {
            trail_arn: Some(TrailName::of(trail).arn().into()),
            name: Some(trail.name.as_str().into()),
            home_region: Some(trail.home.as_str().into()),
        });
        Ok(ListTrailsResponse {
            trails: Some(Trails(infos.collect())),
            next_token: None,
        })
    }
}

fn shown(trail: &TrailRecord) -> Trail {
    Trail {
        name: Some(trail.name.as_str().into()),
        s3_bucket_name: Some(trail.bucket.as_str().into()),
        s3_key_prefix: trail.prefix.as_deref().map(Text::from),
        include_global_service_events: Some(Boolean(trail.includes_global_events)),
        is_multi_region_trail: Some(Boolean(trail.is_multi_region)),
        home_region: Some(trail.home.as_str().into()),
        trail_arn: Some(TrailName::of(trail).arn().into()),
        log_file_validation_enabled: Some(Boolean(trail.validates_logs)),
        has_custom_event_selectors: Some(Boolean(selectors::are_custom(trail))),
        has_insight_selectors: Some(Boolean(false)),
        is_organization_trail: Some(Boolean(false)),
        ..Trail::default()
    }
}
