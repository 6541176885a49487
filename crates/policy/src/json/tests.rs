use proptest::prelude::{any, prop_assert_eq, proptest};

use super::{Json, JsonError};

fn nested(levels: usize) -> String {
    format!("{}1{}", "[".repeat(levels), "]".repeat(levels))
}

#[test]
fn only_json_is_read() {
    for good in [
        "{}",
        " [ ] ",
        "null",
        "-0",
        "1.0e+5",
        r#""\u00e9\ud83d\ude00\/""#,
        r#"{"a":{"a":1}}"#,
        &nested(8),
    ] {
        assert!(Json::parse(good).is_ok(), "{good}");
    }
    for (bad, offset) in [
        ("", 0),
        ("{", 1),
        ("[1,]", 3),
        ("{\"a\"}", 4),
        ("01", 2),
        ("1.", 2),
        ("-", 1),
        ("1e", 2),
        ("tru", 0),
        ("[] x", 3),
        ("\"\n\"", 1),
        (r#""\x""#, 2),
        (r#""\ud800""#, 7),
        (r#""\u+123""#, 3),
        ("'a'", 0),
        ("{a:1}", 1),
        ("NaN", 0),
        ("\u{feff}1", 0),
    ] {
        assert_eq!(Json::parse(bad), Err(JsonError::Syntax { offset }), "{bad}");
    }
}

#[test]
fn duplicates_and_depth_are_refused() {
    let duplicate = Err(JsonError::Duplicate { name: "a".into() });
    assert_eq!(Json::parse(r#"{"a":1,"b":2,"\u0061":3}"#), duplicate);
    assert_eq!(Json::parse(&nested(9)), Err(JsonError::TooDeep));
    assert_eq!(Json::parse(&"[".repeat(30_000)), Err(JsonError::TooDeep));
}

#[test]
fn pretty_is_what_jackson_writes() {
    let text = r#"{"b":[{"x":["1","2"],"e":{}},{"y":1.0}],"a":[],"t":"q\"\\\n\u0001é"}"#;
    let pretty = "{\n  \"b\" : [ {\n    \"x\" : [ \"1\", \"2\" ],\n    \"e\" : { }\n  }, {\n    \
                  \"y\" : 1.0\n  } ],\n  \"a\" : [ ],\n  \"t\" : \"q\\\"\\\\\\n\\u0001é\"\n}";
    assert_eq!(Json::parse(text).unwrap().to_pretty(), pretty);
}

proptest! {
    #[test]
    fn agrees_with_another_reader(text in r#"[\[\]{}:,"\\a10.\-eutnr \n]{0,24}"#) {
        let other = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        match Json::parse(&text) {
            Ok(value) => {
                assert!(other || huge(&text), "{text}");
                assert_eq!(Json::parse(&value.to_pretty()), Ok(value));
            }
            Err(JsonError::Syntax { .. }) => assert!(!other, "{text}"),
            Err(JsonError::Duplicate { .. } | JsonError::TooDeep) => {}
        }
    }

    #[test]
    fn strings_survive(text in any::<String>()) {
        let value = Json::String(text);
        prop_assert_eq!(Json::parse(&value.to_pretty()), Ok(value));
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Json::parse(&text);
    }
}

/// Numbers beyond the range of a double are JSON, but the other reader refuses them.
fn huge(text: &str) -> bool {
    text.contains('e')
}
