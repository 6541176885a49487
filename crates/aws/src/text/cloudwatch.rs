//! Texts of CloudWatch, by the exception they belong to. Sources as in the parent.

// --- MissingParameter ---

/// OBS in PutMetricData: `parameter` is its name in Query.
pub fn required(parameter: &str) -> String {
    format!("The parameter {parameter} is required.")
}

// --- InvalidParameterCombination ---

/// OBS: `asked` datapoints, of which one answer has `max` at most.
pub fn too_many_datapoints(asked: i64, max: i64) -> String {
    format!(
        "You have requested up to {asked} datapoints, which exceeds the limit of {max}. You may reduce the datapoints requested by increasing Period, or decreasing the time range."
    )
}

/// OWN: the first word of what the model has for both is MEM.
pub const NO_STATISTICS: &str =
    "At least one of the parameters Statistics and ExtendedStatistics must be specified.";

// --- InvalidParameterValue; of GetMetricData ValidationError ---

/// OBS
pub const NO_TIME_RANGE: &str = "The parameter StartTime must not equal parameter EndTime.";

/// MEM
pub const TIME_RANGE_REVERSED: &str =
    "The parameter StartTime must be less than the parameter EndTime.";

/// OWN: `parameter` is the name of a period in Query; which periods there are, DOC.
pub fn invalid_period(parameter: &str) -> String {
    format!("The parameter {parameter} must be 1, 5, 10, 20, 30 or a multiple of 60.")
}

/// OWN: percentiles and the like would need every single value.
pub fn unknown_statistic(parameter: &str, statistic: &str) -> String {
    format!(
        "The parameter {parameter} has the value {statistic}; this server has SampleCount, Average, Sum, Minimum and Maximum only."
    )
}

/// OWN: a dimension is given twice.
pub fn repeated_dimension(name: &str) -> String {
    format!("The dimension {name} is specified more than once.")
}

/// OWN: a token of ListMetrics that is none, or of another list.
pub const INVALID_NEXT_TOKEN: &str = "The parameter NextToken is not valid for this request.";

// --- ValidationError ---

/// MEM
pub fn too_many_queries(max: usize) -> String {
    format!("The collection MetricDataQueries must not have a size greater than {max}.")
}

/// MEM
pub const NO_QUERIES: &str = "The parameter MetricDataQueries must not be empty.";

/// OWN: which ids there are, DOC.
pub fn invalid_query_id(id: &str) -> String {
    format!(
        "The value {id} for parameter Id must begin with a lower-case letter and hold letters, digits and underscores only."
    )
}

/// OWN
pub fn repeated_query_id(id: &str) -> String {
    format!("The value {id} for parameter Id is not unique in MetricDataQueries.")
}

/// OWN
pub fn not_one_of_metric_stat_and_expression(id: &str) -> String {
    format!("The query {id} must have exactly one of MetricStat and Expression.")
}

/// OWN
pub fn expressions_not_served(id: &str) -> String {
    format!("The query {id} is an expression; this server answers queries with MetricStat only.")
}

/// OWN: the part of a metric that a query must have.
pub fn incomplete_metric(id: &str, member: &str) -> String {
    format!("The metric of the query {id} must have {member}.")
}

/// OWN: no query of which the data are to be returned.
pub const NO_DATA_RETURNED: &str = "At least one query must return data.";

/// OWN; the limits DOC.
pub fn invalid_max_datapoints(max: usize) -> String {
    format!("The parameter MaxDatapoints must be at least 1 and at most {max}.")
}
