//! GetMetricData: many metrics at once, without expressions.

use strongroom_aws::cloudwatch::{
    DatapointValue, DatapointValues, GetMetricDataInput, GetMetricDataMaxDatapoints,
    GetMetricDataOutput, Metric, MetricDataQueries, MetricDataQuery, MetricDataResult,
    MetricDataResultMessages, MetricDataResults, MetricStat, NextToken, ReturnData, ScanBy,
    StatusCode, Timestamp, Timestamps,
};
use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::shape;
use strongroom_aws::text::cloudwatch as text;
use strongroom_base::UnixMillis;

use super::super::Operation;
use super::window::{Window, is_period};
use super::{NAMESPACE_KEY, Statistic, place, require_unique, series, token, unit};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::{Failure, refuse_with};
use crate::series::Series;

/// CloudWatch API, GetMetricData: "as many as 500 different metrics in a single request, with a total of as many as
/// 100,800 data points".
const QUERIES_MAX: usize = 500;
const DATAPOINTS_MAX: usize = 100_800;
/// The records that one page reads, beyond those of its first query; the rest is left to the next page.
const RECORDS_MAX: usize = 4096;

/// CloudWatch API, GetMetricData. Queries with MetricStat only; labels are as given or the name of the metric, and
/// LabelOptions change nothing, as no label tells a time.
pub(in crate::ops) struct GetMetricData;

impl Operation for GetMetricData {
    type Input = GetMetricDataInput;
    type Output = GetMetricDataOutput;

    fn targets(_: &GetMetricDataInput) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    fn condition_keys<'i>(input: &'i GetMetricDataInput, _: usize, keys: &mut Keys<'i>) {
        let metrics = queries(input).iter().filter_map(metric);
        let namespaces = metrics.filter_map(|metric| metric.namespace.as_ref());
        let namespaces = namespaces.map(|namespace| namespace.as_str().into());
        keys.many(NAMESPACE_KEY, namespaces.collect());
    }

    fn check(input: &GetMetricDataInput) -> Result<(), Refusal> {
        require_range(input)?;
        require_queries(queries(input))?;
        let GetMetricDataMaxDatapoints(max) = input
            .max_datapoints
            .unwrap_or(GetMetricDataMaxDatapoints(1));
        match usize::try_from(max) {
            Ok(1..=DATAPOINTS_MAX) => Ok(()),
            _ => Err(invalid(text::invalid_max_datapoints(DATAPOINTS_MAX))),
        }
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetMetricDataOutput, Failure> {
        let mut page = Page::new(&request)?;
        let _reading = request.kms().measurements.reading().await;
        for index in page.place.query..queries(request.input()).len() {
            page.place.query = index;
            if page.is_full() || page.add(&request)? {
                return Ok(page.output(&request, true));
            }
            page.place.after = None;
            // Many series are many reads: others get their turn.
            tokio::task::yield_now().await;
        }
        Ok(page.output(&request, false))
    }
}

fn queries(input: &GetMetricDataInput) -> &[MetricDataQuery] {
    let MetricDataQueries(queries) = &input.metric_data_queries;
    queries
}

fn metric(query: &MetricDataQuery) -> Option<&Metric> {
    query.metric_stat.as_ref().map(|stat| &stat.metric)
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new(QueryException::Validation, text)
}

fn require_range(input: &GetMetricDataInput) -> Result<(), Refusal> {
    if input.start_time == input.end_time {
        return Err(invalid(text::NO_TIME_RANGE));
    }
    if input.start_time > input.end_time {
        return Err(invalid(text::TIME_RANGE_REVERSED));
    }
    Ok(())
}

fn require_queries(queries: &[MetricDataQuery]) -> Result<(), Refusal> {
    if queries.is_empty() {
        return Err(invalid(text::NO_QUERIES));
    }
    if queries.len() > QUERIES_MAX {
        return Err(invalid(text::too_many_queries(QUERIES_MAX)));
    }
    require_unique_ids(queries)?;
    for (index, query) in queries.iter().enumerate() {
        require_query(index, query)?;
    }
    match queries.iter().any(returns_data) {
        true => Ok(()),
        false => Err(invalid(text::NO_DATA_RETURNED)),
    }
}

fn require_unique_ids(queries: &[MetricDataQuery]) -> Result<(), Refusal> {
    let mut ids: Vec<&str> = queries.iter().map(|query| query.id.as_str()).collect();
    ids.sort_unstable();
    match ids.array_windows().find(|[one, next]| one == next) {
        Some([id, _]) => Err(invalid(text::repeated_query_id(id))),
        None => Ok(()),
    }
}

fn require_query(index: usize, query: &MetricDataQuery) -> Result<(), Refusal> {
    let id = query.id.as_str();
    if !is_id(id) {
        return Err(invalid(text::invalid_query_id(id)));
    }
    match (&query.metric_stat, &query.expression) {
        (Some(stat), None) => require_stat(index, id, stat),
        (None, Some(_)) => Err(invalid(text::expressions_not_served(id))),
        _ => Err(invalid(text::not_one_of_metric_stat_and_expression(id))),
    }
}

/// CloudWatch API, MetricDataQuery, Id: "The valid characters are letters, numbers, and underscore. The first character
/// must be a lowercase letter."
fn is_id(id: &str) -> bool {
    id.starts_with(|first: char| first.is_ascii_lowercase())
        && id
            .bytes()
            .all(|one| one.is_ascii_alphanumeric() || one == b'_')
}

fn require_stat(index: usize, id: &str, stat: &MetricStat) -> Result<(), Refusal> {
    let path = format!(
        "MetricDataQueries.member.{}.MetricStat",
        index.saturating_add(1)
    );
    if stat.metric.namespace.is_none() {
        return Err(invalid(text::incomplete_metric(id, "Namespace")));
    }
    if stat.metric.metric_name.is_none() {
        return Err(invalid(text::incomplete_metric(id, "MetricName")));
    }
    if !is_period(stat.period) {
        return Err(invalid(text::invalid_period(&format!("{path}.Period"))));
    }
    let name = stat.stat.as_str();
    if Statistic::named(name).is_none() {
        return Err(invalid(text::unknown_statistic(
            &format!("{path}.Stat"),
            name,
        )));
    }
    require_unique(stat.metric.dimensions.as_ref())
}

fn returns_data(query: &MetricDataQuery) -> bool {
    query.return_data != Some(ReturnData(false))
}

/// Where a page begins, and at last where the next one does.
struct Place {
    /// The index of the query.
    query: usize,
    /// The last datapoint of it that was returned.
    after: Option<UnixMillis>,
}

impl Place {
    fn asked(request: &Authorized<'_, GetMetricData>) -> Result<Self, Failure> {
        let Some(token) = &request.input().next_token else {
            let (query, after) = (0, None);
            return Ok(Self { query, after });
        };
        let place = place(request.call(), &asked(request), token);
        let found = place.as_deref().and_then(Self::from_bytes);
        found.ok_or_else(|| refuse_with(QueryException::InvalidNextToken, text::INVALID_NEXT_TOKEN))
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (query, after) = bytes.split_first_chunk()?;
        let after = match after {
            [] => None,
            _ => Some(UnixMillis(i64::from_be_bytes(after.try_into().ok()?))),
        };
        let query = usize::from(u16::from_be_bytes(*query));
        Some(Self { query, after })
    }

    fn token(&self, request: &Authorized<'_, GetMetricData>) -> NextToken {
        // No request has so many queries that the index would not fit.
        let query = u16::try_from(self.query).unwrap_or(u16::MAX);
        let mut place = query.to_be_bytes().to_vec();
        place.extend(self.after.iter().flat_map(|time| time.0.to_be_bytes()));
        token(request.call(), &asked(request), &place)
    }
}

fn asked(request: &Authorized<'_, GetMetricData>) -> Vec<u8> {
    shape::encode(&GetMetricDataInput {
        next_token: None,
        ..request.input().clone()
    })
}

/// The answer as it grows.
struct Page {
    place: Place,
    results: Vec<MetricDataResult>,
    datapoints_left: usize,
    records_left: usize,
}

impl Page {
    fn new(request: &Authorized<'_, GetMetricData>) -> Result<Self, Failure> {
        let max = request.input().max_datapoints;
        let max = max.and_then(|GetMetricDataMaxDatapoints(max)| usize::try_from(max).ok());
        Ok(Self {
            place: Place::asked(request)?,
            results: Vec::new(),
            datapoints_left: max.unwrap_or(DATAPOINTS_MAX),
            records_left: RECORDS_MAX,
        })
    }

    fn is_full(&self) -> bool {
        self.datapoints_left == 0 || self.records_left == 0
    }

    /// Adds what is left of the query at the place, and says whether that was too much for this page.
    fn add(&mut self, request: &Authorized<'_, GetMetricData>) -> Result<bool, Failure> {
        let query = queries(request.input()).get(self.place.query);
        let Some((query, stat)) =
            query.and_then(|query| Some((query, query.metric_stat.as_ref()?)))
        else {
            return Ok(false);
        };
        if !returns_data(query) {
            return Ok(false);
        }
        let mut datapoints = self.datapoints(request, query, stat)?;
        let is_cut = datapoints.len() > self.datapoints_left;
        datapoints.truncate(self.datapoints_left);
        self.datapoints_left = self.datapoints_left.saturating_sub(datapoints.len());
        self.place.after = datapoints.last().map(|(time, _)| *time);
        let status = match (is_cut, is_own(request, query)) {
            (_, false) => StatusCode::Forbidden,
            (true, true) => StatusCode::PartialData,
            (false, true) => StatusCode::Complete,
        };
        self.results.push(result(query, stat, &datapoints, status));
        Ok(is_cut)
    }

    fn datapoints(
        &mut self,
        request: &Authorized<'_, GetMetricData>,
        query: &MetricDataQuery,
        stat: &MetricStat,
    ) -> Result<Vec<(UnixMillis, f64)>, Failure> {
        let Some(series) = asked_series(request, query, stat) else {
            return Ok(Vec::new());
        };
        let input = request.input();
        let window = Window::new(input.start_time, input.end_time, stat.period);
        let (samples, read) = window.samples(request.kms(), &series)?;
        self.records_left = self.records_left.saturating_sub(read);
        let statistic = Statistic::named(stat.stat.as_str());
        let values = samples.iter();
        let values = values.filter_map(|(time, sample)| Some((*time, statistic?.of(sample))));
        let after = self.place.after;
        Ok(match input.scan_by {
            Some(ScanBy::TimestampAscending) => values
                .filter(|(time, _)| after.is_none_or(|after| *time > after))
                .collect(),
            Some(ScanBy::TimestampDescending) | None => values
                .rev()
                .filter(|(time, _)| after.is_none_or(|after| *time < after))
                .collect(),
        })
    }

    fn output(self, request: &Authorized<'_, GetMetricData>, goes_on: bool) -> GetMetricDataOutput {
        GetMetricDataOutput {
            next_token: goes_on.then(|| self.place.token(request)),
            metric_data_results: Some(MetricDataResults(self.results)),
            messages: Some(MetricDataResultMessages::default()),
        }
    }
}

/// The series that a query is about, if there can be one with data for the caller.
fn asked_series(
    request: &Authorized<'_, GetMetricData>,
    query: &MetricDataQuery,
    stat: &MetricStat,
) -> Option<Series> {
    let metric = &stat.metric;
    let (namespace, name) = (metric.namespace.as_ref()?, metric.metric_name.as_ref()?);
    let found = series(request.call(), namespace, name, metric.dimensions.as_ref())?;
    let fits = stat.unit.is_none_or(|asked| asked == unit(found.metric));
    (fits && is_own(request, query)).then_some(found)
}

/// Accounts are not linked: each sees its own metrics only.
fn is_own(request: &Authorized<'_, GetMetricData>, query: &MetricDataQuery) -> bool {
    let own = request.caller().account;
    let asked = query.account_id.as_ref();
    asked.is_none_or(|asked| asked.as_str() == own.as_str())
}

fn result(
    query: &MetricDataQuery,
    stat: &MetricStat,
    datapoints: &[(UnixMillis, f64)],
    status: StatusCode,
) -> MetricDataResult {
    let name = stat.metric.metric_name.as_ref();
    let label = query.label.clone();
    let times = datapoints.iter().map(|(time, _)| Timestamp(*time));
    let values = datapoints.iter().map(|(_, value)| DatapointValue(*value));
    MetricDataResult {
        id: Some(query.id.clone()),
        label: label.or_else(|| name.map(|name| name.as_str().into())),
        timestamps: Some(Timestamps(times.collect())),
        values: Some(DatapointValues(values.collect())),
        status_code: Some(status),
        messages: None,
    }
}
