//! ListMetrics: which metrics there are.

use strongroom_aws::cloudwatch::{
    AccountId, Dimension, DimensionFilter, DimensionFilters, Dimensions, IncludeLinkedAccounts,
    ListMetricsInput, ListMetricsOutput, Metric, Metrics, NextToken, OwningAccounts,
};
use strongroom_aws::error::QueryException;
use strongroom_aws::shape;
use strongroom_aws::text::cloudwatch as text;
use strongroom_base::UnixMillis;
use strongroom_store::Cursor;

use super::super::Operation;
use super::{NAMESPACE_KEY, place, token};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::{Failure, refuse_with};
use crate::series::{NAMESPACE, Series};

/// CloudWatch API, ListMetrics: "Up to 500 results are returned for any one call."
const PAGE: usize = 500;
const HOUR_MILLIS: i64 = 60 * 60 * 1000;
/// CloudWatch API, ListMetrics: metrics that "have received data points in the last two weeks".
const LISTED_MILLIS: i64 = 14 * 24 * HOUR_MILLIS;
/// CloudWatch API, ListMetrics, RecentlyActive: `PT3H`.
const RECENT_MILLIS: i64 = 3 * HOUR_MILLIS;
/// How exactly is known when a series measured something last.
const KNOWN_MILLIS: i64 = HOUR_MILLIS;

const STORED: u8 = 1;
const NOTED: u8 = 2;

/// CloudWatch API, ListMetrics. A page may hold less than 500 metrics, or none, although others follow.
pub(in crate::ops) struct ListMetrics;

impl Operation for ListMetrics {
    type Input = ListMetricsInput;
    type Output = ListMetricsOutput;

    fn targets(_: &ListMetricsInput) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    fn condition_keys<'i>(input: &'i ListMetricsInput, _: usize, keys: &mut Keys<'i>) {
        let namespace = input.namespace.as_ref();
        keys.maybe(NAMESPACE_KEY, namespace.map(|one| one.as_str()));
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListMetricsOutput, Failure> {
        let from = Place::asked(&request)?;
        let _reading = request.kms().measurements.reading().await;
        let (found, next) = match from {
            Place::Stored(after) => stored(&request, after.as_ref())?,
            Place::Noted(after) => noted(&request, &after)?,
        };
        let input = request.input();
        let found: Vec<Series> = found.into_iter().filter(|one| fits(input, one)).collect();
        let owners = found.iter().map(|one| one.account.as_str().into());
        let owners = OwningAccounts(owners.collect::<Vec<AccountId>>());
        let linked = input.include_linked_accounts == Some(IncludeLinkedAccounts(true));
        Ok(ListMetricsOutput {
            metrics: Some(Metrics(found.iter().map(metric).collect())),
            next_token: next.map(|place| place.token(&request)),
            owning_accounts: linked.then_some(owners),
        })
    }
}

/// Where a page begins.
enum Place {
    /// After this one in the store.
    Stored(Option<Cursor>),
    /// Among those that the store does not have yet, after the one with this id.
    Noted(Vec<u8>),
}

impl Place {
    fn asked(request: &Authorized<'_, ListMetrics>) -> Result<Self, Failure> {
        let Some(token) = &request.input().next_token else {
            return Ok(Self::Stored(None));
        };
        let place = place(request.call(), &asked(request), token);
        match place.as_deref().and_then(<[u8]>::split_first) {
            Some((&STORED, after)) => Ok(Self::Stored(Some(Cursor::from_bytes(after)))),
            Some((&NOTED, after)) => Ok(Self::Noted(after.to_vec())),
            _ => Err(refuse_with(
                QueryException::InvalidParameterValue,
                text::INVALID_NEXT_TOKEN,
            )),
        }
    }

    fn token(&self, request: &Authorized<'_, ListMetrics>) -> NextToken {
        let (kind, after) = match self {
            Self::Stored(after) => (STORED, after.as_ref().map_or(&[][..], Cursor::as_bytes)),
            Self::Noted(after) => (NOTED, after.as_slice()),
        };
        let place = [&[kind], after].concat();
        token(request.call(), &asked(request), &place)
    }
}

fn asked(request: &Authorized<'_, ListMetrics>) -> Vec<u8> {
    shape::encode(&ListMetricsInput {
        next_token: None,
        ..request.input().clone()
    })
}

type Page = (Vec<Series>, Option<Place>);

fn stored(request: &Authorized<'_, ListMetrics>, after: Option<&Cursor>) -> Result<Page, Failure> {
    let (kms, call) = (request.kms(), request.call());
    let (account, region) = (&call.caller.account, &call.region);
    let page = kms.records.list_series(account, region, after, PAGE)?;
    let oldest = oldest(request);
    let records = page.records.iter();
    let recent = records.filter(|record| UnixMillis::from(record.last) > oldest);
    let found: Vec<Series> = recent.map(Series::of).collect();
    if page.next.is_some() {
        return Ok((found, Some(Place::Stored(page.next))));
    }
    if !found.is_empty() {
        let more = !kms.measurements.noted_in(account, region).is_empty();
        return Ok((found, more.then_some(Place::Noted(Vec::new()))));
    }
    noted(request, &[])
}

fn oldest(request: &Authorized<'_, ListMetrics>) -> UnixMillis {
    let ago = match request.input().recently_active {
        Some(_) => RECENT_MILLIS.saturating_add(KNOWN_MILLIS),
        None => LISTED_MILLIS,
    };
    UnixMillis(request.kms().env.clock.now().0.saturating_sub(ago))
}

/// Those that the store does not have at all.
fn noted(request: &Authorized<'_, ListMetrics>, after: &[u8]) -> Result<Page, Failure> {
    let (kms, call) = (request.kms(), request.call());
    let all = kms
        .measurements
        .noted_in(&call.caller.account, &call.region);
    let mut all: Vec<(Vec<u8>, Series)> = all.into_iter().map(|one| (one.id(), one)).collect();
    all.retain(|(id, _)| id.as_slice() > after);
    all.sort_unstable();
    let more = all.len() > PAGE;
    all.truncate(PAGE);
    let last = all.last().filter(|_| more).map(|(id, _)| id.clone());
    let mut found = Vec::new();
    for (_, series) in all {
        if kms.records.series(&series)?.is_none() {
            found.push(series);
        }
    }
    Ok((found, last.map(Place::Noted)))
}

fn fits(input: &ListMetricsInput, series: &Series) -> bool {
    let namespace = input.namespace.as_ref();
    let name = input.metric_name.as_ref();
    let owner = input.owning_account.as_ref();
    let filters = input
        .dimensions
        .iter()
        .flat_map(|DimensionFilters(all)| all);
    namespace.is_none_or(|asked| asked.as_str() == NAMESPACE)
        && name.is_none_or(|asked| asked.as_str() == series.metric.name())
        && owner.is_none_or(|asked| asked.as_str() == series.account.as_str())
        && filters.into_iter().all(|filter| has(series, filter))
}

fn has(series: &Series, filter: &DimensionFilter) -> bool {
    series.dimensions.iter().any(|dimension| {
        let value = filter.value.as_ref();
        dimension.name.name() == filter.name.as_str()
            && value.is_none_or(|asked| asked.as_str() == dimension.value)
    })
}

fn metric(series: &Series) -> Metric {
    let dimensions = series.dimensions.iter().map(|one| Dimension {
        name: one.name.name().into(),
        value: one.value.as_str().into(),
    });
    Metric {
        namespace: Some(NAMESPACE.into()),
        metric_name: Some(series.metric.name().into()),
        dimensions: Some(Dimensions(dimensions.collect())),
    }
}
