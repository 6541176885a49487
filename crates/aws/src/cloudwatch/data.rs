//! GetMetricData: many metrics at once.

use super::{
    AccountId, DatapointValue, Metric, MetricLabel, NextToken, Period, StandardUnit, Timestamp,
};
use crate::{boolean, enumeration, integer, list, structure, text};

text!(GetMetricDataLabelTimezone);
text!(MessageDataCode);
text!(MessageDataValue);
text!(MetricExpression, 1..=2048);
text!(MetricId, 1..=255);
text!(Stat);
integer!(GetMetricDataMaxDatapoints);
boolean!(ReturnData);

list!(DatapointValues of DatapointValue);
list!(MetricDataQueries of MetricDataQuery);
list!(MetricDataResultMessages of MessageData);
list!(MetricDataResults of MetricDataResult);
list!(Timestamps of Timestamp);

enumeration!(ScanBy {
    TimestampDescending = "TimestampDescending",
    TimestampAscending = "TimestampAscending",
});

enumeration!(StatusCode {
    Complete = "Complete",
    InternalError = "InternalError",
    PartialData = "PartialData",
    Forbidden = "Forbidden",
});

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetMetricDataInput {
        metric_data_queries: MetricDataQueries = "MetricDataQueries", required;
        start_time: Timestamp = "StartTime", required;
        end_time: Timestamp = "EndTime", required;
        next_token: NextToken = "NextToken";
        scan_by: ScanBy = "ScanBy";
        max_datapoints: GetMetricDataMaxDatapoints = "MaxDatapoints";
        label_options: LabelOptions = "LabelOptions";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    LabelOptions {
        timezone: GetMetricDataLabelTimezone = "Timezone";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    MetricDataQuery {
        id: MetricId = "Id", required;
        metric_stat: MetricStat = "MetricStat";
        expression: MetricExpression = "Expression";
        label: MetricLabel = "Label";
        return_data: ReturnData = "ReturnData";
        period: Period = "Period";
        account_id: AccountId = "AccountId";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    MetricStat {
        metric: Metric = "Metric", required;
        period: Period = "Period", required;
        stat: Stat = "Stat", required;
        unit: StandardUnit = "Unit";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetMetricDataOutput {
        metric_data_results: MetricDataResults = "MetricDataResults";
        next_token: NextToken = "NextToken";
        messages: MetricDataResultMessages = "Messages";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    MetricDataResult {
        id: MetricId = "Id";
        label: MetricLabel = "Label";
        timestamps: Timestamps = "Timestamps";
        values: DatapointValues = "Values";
        status_code: StatusCode = "StatusCode";
        messages: MetricDataResultMessages = "Messages";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    MessageData {
        code: MessageDataCode = "Code";
        value: MessageDataValue = "Value";
    }
}
