//! GetMetricStatistics: one metric over time.

use strongroom_aws::cloudwatch::Statistic as Wanted;
use strongroom_aws::cloudwatch::{
    Datapoint, DatapointValue, Datapoints, ExtendedStatistics, GetMetricStatisticsInput,
    GetMetricStatisticsOutput, Statistics, Timestamp,
};
use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::text::cloudwatch as text;

use super::super::Operation;
use super::window::{Window, is_period};
use super::{NAMESPACE_KEY, Statistic, require_unique, series, unit};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::Failure;
use crate::records::Sample;
use crate::series::Series;

/// CloudWatch API, GetMetricStatistics: "The maximum number of data points returned from a single call is 1,440."
const DATAPOINTS_MAX: i64 = 1440;

/// CloudWatch API, GetMetricStatistics. Datapoints are in the order of time. Percentiles are refused.
pub(in crate::ops) struct GetMetricStatistics;

impl Operation for GetMetricStatistics {
    type Input = GetMetricStatisticsInput;
    type Output = GetMetricStatisticsOutput;

    fn targets(_: &GetMetricStatisticsInput) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    fn condition_keys<'i>(input: &'i GetMetricStatisticsInput, _: usize, keys: &mut Keys<'i>) {
        keys.one(NAMESPACE_KEY, input.namespace.as_str());
    }

    fn check(input: &GetMetricStatisticsInput) -> Result<(), Refusal> {
        require_unique(input.dimensions.as_ref())?;
        require_statistics(input)?;
        require_range(input)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetMetricStatisticsOutput, Failure> {
        let input = request.input();
        let label = input.metric_name.as_str().into();
        let dimensions = input.dimensions.as_ref();
        let asked = series(
            request.call(),
            &input.namespace,
            &input.metric_name,
            dimensions,
        );
        let fits = |series: &Series| input.unit.is_none_or(|asked| asked == unit(series.metric));
        let datapoints = match asked.filter(fits) {
            Some(series) => datapoints(&request, &series).await?,
            None => Vec::new(),
        };
        Ok(GetMetricStatisticsOutput {
            label: Some(label),
            datapoints: Some(Datapoints(datapoints)),
        })
    }
}

fn require_statistics(input: &GetMetricStatisticsInput) -> Result<(), Refusal> {
    match (&input.statistics, &input.extended_statistics) {
        (None, None) => Err(Refusal::new(
            QueryException::InvalidParameterCombination,
            text::NO_STATISTICS,
        )),
        (_, Some(ExtendedStatistics(names))) => Err(invalid(text::unknown_statistic(
            "ExtendedStatistics.member.1",
            names.first().map_or("", |name| name.as_str()),
        ))),
        (Some(_), None) => Ok(()),
    }
}

fn require_range(input: &GetMetricStatisticsInput) -> Result<(), Refusal> {
    if !is_period(input.period) {
        return Err(invalid(text::invalid_period("Period")));
    }
    if input.start_time == input.end_time {
        return Err(invalid(text::NO_TIME_RANGE));
    }
    if input.start_time > input.end_time {
        return Err(invalid(text::TIME_RANGE_REVERSED));
    }
    match window(input).parts() {
        asked if asked > DATAPOINTS_MAX => Err(Refusal::new(
            QueryException::InvalidParameterCombination,
            text::too_many_datapoints(asked, DATAPOINTS_MAX),
        )),
        _ => Ok(()),
    }
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new(QueryException::InvalidParameterValue, text)
}

fn window(input: &GetMetricStatisticsInput) -> Window {
    Window::new(input.start_time, input.end_time, input.period)
}

async fn datapoints(
    request: &Authorized<'_, GetMetricStatistics>,
    series: &Series,
) -> Result<Vec<Datapoint>, Failure> {
    let (kms, input) = (request.kms(), request.input());
    let _reading = kms.measurements.reading().await;
    let (samples, _) = window(input).samples(kms, series)?;
    let statistics = input.statistics.as_ref();
    let wanted = statistics.map_or(&[][..], |Statistics(all)| all);
    let datapoint = |(time, sample)| Datapoint {
        timestamp: Some(Timestamp(time)),
        unit: Some(unit(series.metric)),
        ..statistics_of(&sample, wanted)
    };
    Ok(samples.into_iter().map(datapoint).collect())
}

fn statistics_of(sample: &Sample, wanted: &[Wanted]) -> Datapoint {
    let value = |one: Wanted, statistic: Statistic| {
        let value = DatapointValue(statistic.of(sample));
        wanted.contains(&one).then_some(value)
    };
    Datapoint {
        sample_count: value(Wanted::SampleCount, Statistic::SampleCount),
        average: value(Wanted::Average, Statistic::Average),
        sum: value(Wanted::Sum, Statistic::Sum),
        minimum: value(Wanted::Minimum, Statistic::Minimum),
        maximum: value(Wanted::Maximum, Statistic::Maximum),
        ..Datapoint::default()
    }
}
