//! GetMetricStatistics: one metric over time.

use super::{
    DatapointValue, Dimensions, MetricLabel, MetricName, Namespace, Period, StandardUnit, Timestamp,
};
use crate::{enumeration, list, map, structure, text};

text!(ExtendedStatistic);

list!(Datapoints of Datapoint);
list!(ExtendedStatistics of ExtendedStatistic, 1..=10);
list!(Statistics of Statistic, 1..=5);

map!(DatapointValueMap, ExtendedStatistic => DatapointValue);

enumeration!(Statistic {
    SampleCount = "SampleCount",
    Average = "Average",
    Sum = "Sum",
    Minimum = "Minimum",
    Maximum = "Maximum",
});

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetMetricStatisticsInput {
        namespace: Namespace = "Namespace", required;
        metric_name: MetricName = "MetricName", required;
        dimensions: Dimensions = "Dimensions";
        start_time: Timestamp = "StartTime", required;
        end_time: Timestamp = "EndTime", required;
        period: Period = "Period", required;
        statistics: Statistics = "Statistics";
        extended_statistics: ExtendedStatistics = "ExtendedStatistics";
        unit: StandardUnit = "Unit";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetMetricStatisticsOutput {
        label: MetricLabel = "Label";
        datapoints: Datapoints = "Datapoints";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    Datapoint {
        timestamp: Timestamp = "Timestamp";
        sample_count: DatapointValue = "SampleCount";
        average: DatapointValue = "Average";
        sum: DatapointValue = "Sum";
        minimum: DatapointValue = "Minimum";
        maximum: DatapointValue = "Maximum";
        unit: StandardUnit = "Unit";
        extended_statistics: DatapointValueMap = "ExtendedStatistics";
    }
}
