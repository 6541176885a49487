use proptest::prelude::*;
use strongroom_base::{UnixMillis, hex};

use super::{NotCbor, encode, error, operation, parse};
use crate::cloudwatch::{
    Datapoint, DatapointValue, Datapoints, GetMetricStatisticsOutput, ListMetricsInput,
    StandardUnit, Timestamp,
};
use crate::json::{self, Json};
use crate::shape::decode_json;

#[track_caller]
fn check(cbor: &str, means: &str) {
    let parsed = parse(&hex::decode(cbor).unwrap());
    assert_eq!(parsed, Ok(json::parse(means.as_bytes()).unwrap()), "{cbor}");
}

#[test]
fn what_clients_may_write_is_read() {
    for (cbor, means) in [
        ("", "{}"),
        ("a0", "{}"),
        ("bfff", "{}"),
        ("a1616101", r#"{"a":1}"#),
        ("a1616120", r#"{"a":-1}"#),
        ("a161611bffffffffffffffff", r#"{"a":18446744073709551615}"#),
        ("a16161f6", r#"{"a":null}"#),
        ("a16161f7", r#"{"a":null}"#),
        ("a16161f5", r#"{"a":true}"#),
        // RFC 8949, Appendix A: floats of each width.
        ("a16161f93e00", r#"{"a":1.5}"#),
        ("a16161f9c400", r#"{"a":-4.0}"#),
        ("a16161f90400", r#"{"a":6.103515625e-5}"#),
        ("a16161fa47c35000", r#"{"a":100000.0}"#),
        ("a16161fb3ff199999999999a", r#"{"a":1.1}"#),
        // RFC 8949, §3.4.2: times.
        ("a16161c11a514b67b0", r#"{"a":1363896240}"#),
        ("a16161c1fb41d452d9ec200000", r#"{"a":1363896240.5}"#),
        // Strings in parts, lists and maps without a length.
        ("a161617f657374726561646d696e67ff", r#"{"a":"streaming"}"#),
        ("a161615f42010243030405ff", r#"{"a":"AQIDBAU="}"#),
        ("bf61619f01820203ffff", r#"{"a":[1,[2,3]]}"#),
        ("a17f6161ff80", r#"{"a":[]}"#),
    ] {
        check(cbor, means);
    }
}

#[test]
fn what_could_be_understood_in_two_ways_is_refused() {
    for cbor in [
        "00",               // no map
        "80",               // no map
        "a1",               // cut
        "a16161",           // cut
        "bf616101",         // without end
        "a0a0",             // more than one value
        "a2616101616102",   // a member twice
        "bf6161016161f6ff", // a member twice
        "a10101",           // a name that is no text
        "a16161c000",       // another tag
        "a16161c2420100",   // another tag
        "a16161c16161",     // a time that is no number
        "a16161f97e00",     // not a number
        "a16161f97c00",     // infinity
        "a16161fb7ff0000000000000",
        "a16161ff",   // an end of nothing
        "a16161e0",   // a simple value without meaning
        "a1616161ff", // no UTF-8
        "a161619bffffffffffffffff",
    ] {
        assert_eq!(parse(&hex::decode(cbor).unwrap()), Err(NotCbor), "{cbor}");
    }
}

#[test]
fn depth_and_values_are_limited() {
    let deep = |depth: usize| {
        let lists = "81".repeat(depth - 1);
        parse(&hex::decode(&format!("a16161{lists}00")).unwrap())
    };
    assert!(deep(json::DEPTH_MAX).is_ok());
    assert_eq!(deep(json::DEPTH_MAX + 1), Err(NotCbor));
    let wide = |values: usize| {
        let items = "00".repeat(values - 2);
        parse(&hex::decode(&format!("a161619f{items}ff")).unwrap())
    };
    assert!(wide(json::VALUES_MAX).is_ok());
    assert_eq!(wide(json::VALUES_MAX + 1), Err(NotCbor));
}

#[test]
fn requests_are_read_by_their_shapes() {
    // {"Namespace": "AWS/KMS", "Dimensions": [{"Name": "KeyId"}]}
    let body =
        "a2694e616d657370616365674157532f4b4d536a44696d656e73696f6e7381a1644e616d65654b65794964";
    let input: ListMetricsInput = decode_json(&parse(&hex::decode(body).unwrap()).unwrap())
        .ok()
        .unwrap();
    assert_eq!(input.namespace, Some("AWS/KMS".into()));
    assert_eq!(input.dimensions.unwrap().0[0].name.as_str(), "KeyId");
}

#[test]
fn replies_have_the_types_of_their_shapes() {
    let output = GetMetricStatisticsOutput {
        label: Some("m".into()),
        datapoints: Some(Datapoints(vec![Datapoint {
            timestamp: Some(Timestamp(UnixMillis(60_000))),
            sum: Some(DatapointValue(2.0)),
            unit: Some(StandardUnit::Count),
            ..Datapoint::default()
        }])),
    };
    let written = encode(&output);
    let golden = concat!(
        "a2",
        "654c6162656c",
        "616d",
        "6a44617461706f696e7473",
        "81",
        "a3",
        "6954696d657374616d70",
        "c1183c",
        "6353756d",
        "fb4000000000000000",
        "64556e6974",
        "65436f756e74",
    );
    assert_eq!(hex::encode(&written), golden);
    let read: GetMetricStatisticsOutput = decode_json(&parse(&written).unwrap()).ok().unwrap();
    assert_eq!(read, output);
}

#[test]
fn errors_name_their_shape() {
    check(&hex::encode(&error("n#E", None)), r#"{"__type":"n#E"}"#);
    let told = error("n#E", Some("t"));
    check(&hex::encode(&told), r#"{"__type":"n#E","message":"t"}"#);
}

#[test]
fn paths_name_service_and_operation() {
    for (path, named) in [
        ("/service/S/operation/O", Some(("S", "O"))),
        ("/service/S/operation/", None),
        ("/service//operation/O", None),
        ("/service/S/operation/O/x", None),
        ("/x/service/S/operation/O", None),
        ("/", None),
    ] {
        assert_eq!(operation(path), named, "{path}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(value) = parse(&body) {
            prop_assert!(matches!(value, Json::Object(_)));
        }
    }
}
