#![allow(
    dead_code,
    unreachable_pub,
    reason = "shapes are made by macros for public ones"
)]

use proptest::prelude::*;

use super::to_json;
use crate::error::QueryException;
use crate::json::Json;
use crate::query::{PARAMETERS_MAX, parse};
use crate::shape::{Shape, decode_json};
use crate::{blob, boolean, enumeration, integer, list, map, structure, text, timestamp};

text!(NameType, 1..=8);
integer!(CountType, 0..=2000);
boolean!(FlagType);
timestamp!(TimeType);
blob!(BytesType, 0..=9);
enumeration!(ColourType { Red = "red" });
list!(NameListType of NameType);
list!(PairListType of PairType);
map!(NameMapType, NameType => NameType);

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    PairType {
        key: NameType = "Key", required;
        names: NameListType = "Names";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    BoxType {
        name: NameType = "Name";
        colour: ColourType = "Colour";
        count: CountType = "Count";
        flag: FlagType = "Flag";
        time: TimeType = "Time";
        bytes: BytesType = "Bytes";
        pair: PairType = "Pair";
        names: NameListType = "Names";
        pairs: PairListType = "Pairs";
        map: NameMapType = "Map";
    }
}

fn read(parameters: &str) -> Result<Json, crate::error::Refusal> {
    let form = parse(format!("Action=X&{parameters}").as_bytes()).unwrap();
    to_json(&form, BoxType::MODEL)
}

fn check(parameters: &str, json: &str) {
    let expected = crate::json::parse(json.as_bytes()).unwrap();
    assert_eq!(read(parameters), Ok(expected), "{parameters}");
}

fn refused(parameters: &str, text: &str) {
    let refusal = read(parameters).err().unwrap();
    assert_eq!(refusal.exception, QueryException::MalformedInput.into());
    assert_eq!(refusal.message.as_deref(), Some(text), "{parameters}");
}

#[test]
fn every_kind_is_read() {
    for (parameters, json) in [
        ("Unknown=1&Names2.member.1=a", r#"{}"#),
        (
            "Name=a&Colour=red&Bytes=YQ%3D%3D",
            r#"{"Name":"a","Colour":"red","Bytes":"YQ=="}"#,
        ),
        ("Name=", r#"{"Name":""}"#),
        ("Flag=true", r#"{"Flag":true}"#),
        ("Flag=false", r#"{"Flag":false}"#),
        (
            "Pair.Key=k&Pair.Names.member.1=n",
            r#"{"Pair":{"Key":"k","Names":["n"]}}"#,
        ),
        ("Pair=", r#"{"Pair":{}}"#),
        ("Names=", r#"{"Names":[]}"#),
        (
            "Names.member.2=b&Names.member.1=a",
            r#"{"Names":["a","b"]}"#,
        ),
        (
            "Names.member.01=a&Names.member.0003=c",
            r#"{"Names":["a",null,"c"]}"#,
        ),
        (
            "Names.member.11=a",
            r#"{"Names":[null,null,null,null,null,null,null,null,null,null,"a"]}"#,
        ),
        (
            "Pairs.member.1.Key=a&Pairs.member.2.Key=b&Pairs.member.2.Names.member.1=n",
            r#"{"Pairs":[{"Key":"a"},{"Key":"b","Names":["n"]}]}"#,
        ),
        (
            "Map.entry.1.key=a&Map.entry.1.value=b&Map.entry.2.key=c&Map.entry.2.value=",
            r#"{"Map":{"a":"b","c":""}}"#,
        ),
        ("Map=", r#"{"Map":{}}"#),
        ("Time=1600000000", r#"{"Time":1600000000}"#),
        ("Time=2020-09-13T12:26:40Z", r#"{"Time":1600000000}"#),
    ] {
        check(parameters, json);
    }
}

#[test]
fn integers_are_plain_and_of_32_bits() {
    for (given, read) in [("0900", "900"), ("%2B900", "900"), ("-1", "-1")] {
        check(&format!("Count={given}"), &format!("{{\"Count\":{read}}}"));
    }
    for given in ["", "+900", "900+", "900.0", "9e2", "2147483648", "0x9"] {
        refused(&format!("Count={given}"), crate::text::NOT_AN_INTEGER);
    }
}

#[test]
fn what_cannot_be_read_is_malformed() {
    for (parameters, text) in [
        (
            "Names.member.%2B1=a",
            "Start of list found where not expected",
        ),
        (
            "Names.member.one=a",
            "Start of list found where not expected",
        ),
        ("Names.member.=a", "Start of list found where not expected"),
        ("Names.member=a", "Start of list found where not expected"),
        ("Names.1=a", "Start of list found where not expected"),
        (
            "Names.member.99999999999999999999=a",
            "Start of list found where not expected",
        ),
        ("Names.member.0=a", "0 is not a valid index"),
        ("Names.member.-1=a", "Key -1 may not have a leading '-'"),
        (
            "Names.member.12=a",
            "Excessively sparse input would skip 11 list elements",
        ),
        (
            "Names.member.1=a&Names.member.18446744073709551615=b",
            "Excessively sparse input would skip 18446744073709551613 list elements",
        ),
        (
            "Names.member.1=a&Names.member.01=a",
            crate::text::REPEATED_PARAMETER,
        ),
        (
            "Map.entry.1.key=a&Map.entry.1.value=b&Map.entry.2.key=a&Map.entry.2.value=b",
            crate::text::REPEATED_PARAMETER,
        ),
        ("Map.entry.1.value=b", crate::text::UNEXPECTED_STRUCTURE),
        ("Name.member.1=a", crate::text::UNEXPECTED_STRUCTURE),
        ("Name=a&Name.x=b", crate::text::UNEXPECTED_STRUCTURE),
        ("Names=a", crate::text::UNEXPECTED_VALUE),
        ("Pair=a", crate::text::UNEXPECTED_VALUE),
        ("Flag=True", crate::text::NOT_A_BOOLEAN),
        ("Time=now", crate::text::NOT_A_TIMESTAMP),
        ("Time=1e3", crate::text::NOT_A_TIMESTAMP),
        ("Time=1.2.3", crate::text::NOT_A_TIMESTAMP),
    ] {
        refused(parameters, text);
    }
}

#[test]
fn what_is_left_out_of_a_list_is_null() {
    let json = read("Pairs.member.2.Key=a").ok().unwrap();
    let error = decode_json::<BoxType>(&json).err().unwrap().query();
    assert_eq!(error.exception, QueryException::Validation.into());
    assert_eq!(
        error.message.as_deref(),
        Some(
            "1 validation error detected: Value null at 'pairs.1.member' failed to satisfy \
             constraint: Member must not be null"
        )
    );
}

#[test]
fn the_tree_is_bounded() {
    let items: Vec<String> = (1..PARAMETERS_MAX)
        .map(|index| format!("Names.member.{}=a", index * 11))
        .collect();
    let json = read(&items.join("&")).ok().unwrap();
    let Some(Json::Array(items)) = json.get("Names") else {
        panic!("a list");
    };
    assert_eq!(items.len(), (PARAMETERS_MAX - 1) * 11);
    let deep = "member.1.".repeat(10_000);
    refused(
        &format!("Names.{deep}=a"),
        crate::text::UNEXPECTED_STRUCTURE,
    );
}

proptest! {
    #[test]
    fn never_panics(
        names in proptest::collection::vec(
            "(Names|Pairs|Map|Pair|Time|Count)(\\.(member|entry|Key|key|value|-?[0-9]{1,2})){0,4}",
            0..6,
        ),
        value in "[0-9aTZ:.-]{0,8}",
    ) {
        let form: Vec<String> = names.iter().map(|name| format!("&{name}={value}")).collect();
        if let Ok(form) = parse(format!("Action=X{}", form.concat()).as_bytes())
            && let Ok(json) = to_json(&form, BoxType::MODEL)
        {
            // What was read has the JSON types of the shape, but for blobs.
            let decoded = decode_json::<BoxType>(&json);
            let is_malformed = matches!(decoded, Err(crate::shape::NotShape::Malformed(_)));
            prop_assert!(!is_malformed);
        }
    }
}
