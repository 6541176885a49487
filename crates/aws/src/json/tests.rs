use proptest::prelude::*;

use super::{DEPTH_MAX, Json, NotJson, VALUES_MAX, Writer, parse};

fn text(value: &str) -> Json {
    Json::String(value.to_owned())
}

fn number(value: &str) -> Json {
    Json::Number(value.to_owned())
}

#[test]
fn reads_every_kind_of_value_in_order() {
    let body =
        br#" {"z":null,"a":[true,1,-2,1.50,18446744073709551615],"s":"\u00e9\ud83d\ude00/"} "#;
    let list = vec![
        Json::Bool(true),
        number("1"),
        number("-2"),
        number("1.5"),
        number("18446744073709551615"),
    ];
    let expected = Json::Object(vec![
        ("z".into(), Json::Null),
        ("a".into(), Json::Array(list)),
        ("s".into(), text("é😀/")),
    ]);
    assert_eq!(parse(body), Ok(expected));
}

#[test]
fn numbers_are_rounded_to_the_nearest_double() {
    for written in [
        "146740006719620701399",
        "0.1234567890123456789",
        "1.7976931348623157e308",
    ] {
        let nearest: f64 = written.parse().unwrap();
        let list = Json::Array(vec![number(&format!("{nearest:?}"))]);
        let body = format!(r#"{{"a":[{written}]}}"#);
        let expected = Json::Object(vec![("a".into(), list)]);
        assert_eq!(parse(body.as_bytes()), Ok(expected), "{written}");
    }
}

#[test]
fn an_empty_body_is_the_empty_object() {
    assert_eq!(parse(b""), Ok(Json::Object(vec![])));
}

#[test]
fn refuses_what_is_not_one_plain_object() {
    let bodies: &[&[u8]] = &[
        b" ",
        b"null",
        b"[]",
        b"\"x\"",
        b"{",
        b"{}{}",
        b"{}x",
        b"{\"a\":1,}",
        b"{\"a\":01}",
        b"{\"a\":NaN}",
        b"{a:1}",
        b"{'a':1}",
        b"{\"a\":1} //",
        b"\xef\xbb\xbf{}",
        b"{\"a\":\"\xff\"}",
        b"{\"\xff\":1}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":\"\\udc00x\"}",
        b"{\"a\":\"\n\"}",
        b"{\"a\":1,\"a\":1}",
        b"{\"a\":1,\"\\u0061\":1}",
        b"{\"x\":[{\"b\":{\"a\":1,\"c\":2,\"a\":3}}]}",
        b"{\"a\":1e999}",
    ];
    for body in bodies {
        assert_eq!(parse(body), Err(NotJson), "{}", body.escape_ascii());
    }
}

#[test]
fn depth_and_number_of_values_are_bounded() {
    let nested = |depth: usize| {
        let arrays = depth - 1;
        format!("{{\"a\":{}{}}}", "[".repeat(arrays), "]".repeat(arrays))
    };
    assert!(parse(nested(DEPTH_MAX).as_bytes()).is_ok());
    assert!(parse(nested(DEPTH_MAX + 1).as_bytes()).is_err());
    assert!(parse(nested(100_000).as_bytes()).is_err());

    let wide = |values: usize| format!("{{\"a\":[{}]}}", vec!["0"; values - 2].join(","));
    assert!(parse(wide(VALUES_MAX).as_bytes()).is_ok());
    assert!(parse(wide(VALUES_MAX + 1).as_bytes()).is_err());
}

#[test]
fn writes_compact_json() {
    let mut out = Writer::new();
    out.object(|out| {
        out.name("a\"");
        out.array(|out| {
            out.literal(1);
            out.string("x\n");
            out.object(|_| ());
        });
        out.name("b");
        out.literal(false);
    });
    assert_eq!(out.into_bytes(), br#"{"a\"":[1,"x\n",{}],"b":false}"#);
}

fn as_serde(json: &Json) -> serde_json::Value {
    match json {
        Json::Null => serde_json::Value::Null,
        Json::Bool(value) => (*value).into(),
        Json::Number(literal) => serde_json::from_str(literal).unwrap(),
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => items.iter().map(as_serde).collect(),
        Json::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), as_serde(value)))
            .collect(),
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<i32>().prop_map(|eighths| (f64::from(eighths) / 8.0).into()),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn agrees_with_serde_json(value in any_json()) {
        let value = serde_json::json!({ "value": value });
        let read = parse(value.to_string().as_bytes()).unwrap();
        prop_assert_eq!(as_serde(&read), value);
    }

    #[test]
    fn accepts_nothing_that_serde_json_refuses(body in any::<Vec<u8>>()) {
        let agrees = parse(&body).is_err()
            || body.is_empty()
            || serde_json::from_slice::<serde_json::Value>(&body).is_ok();
        prop_assert!(agrees);
    }

    #[test]
    fn never_panics_on_nearly_json(body in r#"[\[\]{}:,"\\u0-9a-e.+\- ]{0,64}"#) {
        let _ = parse(body.as_bytes());
    }
}
