//! CBOR of CloudWatch: a body that is read has each member once and is no larger than JSON may be; an input of an operation
//! that is written as CBOR and read again is the same input.

use strongroom_aws::cbor;
use strongroom_aws::cloudwatch::{GetMetricDataInput, GetMetricStatisticsInput, ListMetricsInput};
use strongroom_aws::json::{DEPTH_MAX, Json, VALUES_MAX};
use strongroom_aws::shape::{self, Shape};

use crate::split::text;

pub(crate) fn run(data: &[u8]) {
    if let Some((service, operation)) = text(data).and_then(cbor::operation) {
        let path = format!("/service/{service}/operation/{operation}");
        assert_eq!(path.as_bytes(), data);
    }
    let Ok(json) = cbor::parse(data) else { return };
    let (depth, values) = measure(&json);
    assert!(
        depth <= DEPTH_MAX && values <= VALUES_MAX,
        "{depth} deep, {values} values"
    );
    check::<GetMetricDataInput>(&json);
    check::<GetMetricStatisticsInput>(&json);
    check::<ListMetricsInput>(&json);
}

fn check<S: Shape>(json: &Json) {
    let Ok(input) = shape::decode_json::<S>(json) else {
        return;
    };
    let again = cbor::parse(&cbor::encode(&input)).expect("what is written can be read");
    let again = shape::decode_json::<S>(&again).expect("what is written is an input");
    assert_eq!(shape::encode(&again), shape::encode(&input));
}

fn measure(json: &Json) -> (usize, usize) {
    let inner: Vec<(usize, usize)> = match json {
        Json::Array(items) => items.iter().map(measure).collect(),
        Json::Object(members) => {
            let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            assert!(
                names.windows(2).all(|pair| pair[0] != pair[1]),
                "a member stands twice"
            );
            members.iter().map(|(_, value)| measure(value)).collect()
        }
        _ => return (0, 1),
    };
    let depth = 1 + inner.iter().map(|(depth, _)| *depth).max().unwrap_or(0);
    (
        depth,
        1 + inner.iter().map(|(_, values)| *values).sum::<usize>(),
    )
}
