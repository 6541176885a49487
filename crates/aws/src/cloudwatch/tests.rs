use strongroom_base::UnixMillis;

use super::*;
use crate::error::Refusal;
use crate::shape::{Shape, decode, decode_json, encode};
use crate::{query, xml};

const TIMES: &str = "StartTime=2026-11-22T10:00:00Z&EndTime=2026-11-22T11:00:00Z";

fn read<S: Shape>(parameters: &str) -> Result<S, Refusal> {
    let form = query::parse(format!("Action=X&{parameters}").as_bytes()).unwrap();
    decode_json(&query::to_json(&form, S::MODEL)?).map_err(|error| error.cloudwatch())
}

#[test]
fn a_query_is_read_as_sdks_write_it() {
    let input: GetMetricDataInput = read(&format!(
        "{TIMES}&MetricDataQueries.member.1.Id=a&MetricDataQueries.member.1.ReturnData=false\
         &MetricDataQueries.member.1.MetricStat.Stat=Sum&MetricDataQueries.member.1.MetricStat.Period=60\
         &MetricDataQueries.member.1.MetricStat.Metric.Namespace=AWS%2FKMS\
         &MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name=Operation\
         &MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Value=Encrypt"
    ))
    .unwrap();
    let MetricDataQueries(queries) = input.metric_data_queries;
    let stat = queries[0].metric_stat.as_ref().unwrap();
    assert_eq!(
        (stat.period, stat.stat.as_str()),
        (Period(60), "Sum"),
        "{stat:?}"
    );
    assert_eq!(queries[0].return_data, Some(ReturnData(false)));
    assert_eq!(input.start_time.0, UnixMillis(1_795_341_600_000));
    assert!(stat.metric.dimensions.is_some());
}

#[test]
fn what_is_absent_is_named_first() {
    #[track_caller]
    fn check(parameters: &str, exception: QueryException, text: &str) {
        let refusal = read::<GetMetricStatisticsInput>(parameters).err().unwrap();
        assert_eq!(refusal, Refusal::new(exception, text), "{parameters}");
    }
    let all = format!("{TIMES}&Namespace=AWS/KMS&MetricName=m&Period=60");
    let missing = QueryException::MissingParameter;
    check(TIMES, missing, "The parameter Namespace is required.");
    check(
        &format!("{all}&Dimensions.member.2.Value=v&Dimensions.member.1.Value=v"),
        missing,
        "The parameter Dimensions.member.1.Name is required.",
    );
    check(
        &format!("{TIMES}&Namespace=:a&MetricName=m&Period=0"),
        QueryException::Validation,
        "2 validation errors detected: \
         Value ':a' at 'namespace' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [^:].*; \
         Value '0' at 'period' failed to satisfy constraint: \
         Member must have value greater than or equal to 1",
    );
}

#[test]
fn datapoints_are_written_in_json_and_xml() {
    let output = GetMetricStatisticsOutput {
        label: Some("m".into()),
        datapoints: Some(Datapoints(vec![Datapoint {
            timestamp: Some(Timestamp(UnixMillis(1_795_341_600_000))),
            sum: Some(DatapointValue(2.0)),
            average: Some(DatapointValue(1.0 / 3.0)),
            unit: Some(StandardUnit::Count),
            ..Datapoint::default()
        }])),
    };
    assert_eq!(
        String::from_utf8(encode(&output)).unwrap(),
        r#"{"Label":"m","Datapoints":[{"Timestamp":1795341600,"Average":0.3333333333333333,"Sum":2.0,"Unit":"Count"}]}"#
    );
    assert_eq!(
        xml::reply(xml::CLOUDWATCH, "GetMetricStatistics", &output, "r"),
        "<GetMetricStatisticsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">\
         <GetMetricStatisticsResult><Label>m</Label><Datapoints><member>\
         <Timestamp>2026-11-22T10:00:00Z</Timestamp><Average>0.3333333333333333</Average>\
         <Sum>2.0</Sum><Unit>Count</Unit></member></Datapoints></GetMetricStatisticsResult>\
         <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetMetricStatisticsResponse>"
    );
    let read: GetMetricStatisticsOutput = decode(&encode(&output)).ok().unwrap();
    assert_eq!(read, output);
}

#[test]
fn errors_have_the_ids_of_their_shapes() {
    for (exception, id) in [
        (
            QueryException::MissingParameter,
            "com.amazonaws.cloudwatch#MissingRequiredParameterException",
        ),
        (
            QueryException::InvalidNextToken,
            "com.amazonaws.cloudwatch#InvalidNextToken",
        ),
    ] {
        assert_eq!(error_type(exception), id);
    }
}
