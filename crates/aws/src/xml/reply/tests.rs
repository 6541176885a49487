#![allow(
    dead_code,
    unreachable_pub,
    reason = "shapes are made by macros for public ones"
)]

use strongroom_base::UnixMillis;

use super::{reply, uri_encode};
use crate::shape::{NoOutput, Shape};
use crate::sts::GetCallerIdentityResponse;
use crate::xml::{IAM, STS};
use crate::{blob, boolean, integer, list, map, structure, text, timestamp};

text!(NameType);
integer!(CountType, 0..=9);
boolean!(FlagType);
timestamp!(TimeType);
blob!(BytesType, 0..=9);
list!(NameListType of NameType);
list!(TagListType of TagType);
map!(NameMapType, NameType => NameType);

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    TagType {
        key: NameType = "Key";
        value: NameType = "Value";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    BoxType {
        name: NameType = "Name";
        count: CountType = "Count";
        flag: FlagType = "Flag";
        time: TimeType = "Time";
        bytes: BytesType = "Bytes";
        names: NameListType = "Names";
        tags: TagListType = "Tags";
        map: NameMapType = "Map";
    }
}

structure! {
    EmptyType {}
}

fn check<S: Shape>(value: &S, result: &str) {
    assert_eq!(
        reply(IAM, "MakeBox", value, "1-2"),
        format!(
            "<MakeBoxResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">{result}\
             <ResponseMetadata><RequestId>1-2</RequestId></ResponseMetadata></MakeBoxResponse>"
        )
    );
}

fn check_member(value: BoxType, member: &str) {
    check(&value, &format!("<MakeBoxResult>{member}</MakeBoxResult>"));
}

#[test]
fn every_kind_has_its_form() {
    check_member(
        BoxType {
            name: Some("<a>&\"\u{1}".into()),
            count: Some(CountType(7)),
            flag: Some(FlagType(true)),
            bytes: Some(BytesType(b"ab".to_vec())),
            ..BoxType::default()
        },
        "<Name>&lt;a&gt;&amp;&quot;\u{fffd}</Name><Count>7</Count><Flag>true</Flag><Bytes>YWI=</Bytes>",
    );
    let tag = TagType {
        key: Some("k".into()),
        value: Some("".into()),
    };
    check_member(
        BoxType {
            names: Some(NameListType(vec!["a".into(), "b".into()])),
            tags: Some(TagListType(vec![tag])),
            map: Some(NameMapType([("<".into(), "v".into())].into())),
            ..BoxType::default()
        },
        "<Names><member>a</member><member>b</member></Names>\
         <Tags><member><Key>k</Key><Value></Value></member></Tags>\
         <Map><entry><key>&lt;</key><value>v</value></entry></Map>",
    );
    check_member(BoxType::default(), "");
}

#[test]
fn times_are_whole_seconds() {
    for (millis, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (1_795_341_600_999, "2026-11-22T10:00:00Z"),
        (i64::MAX, ""),
    ] {
        let value = BoxType {
            time: Some(TimeType(UnixMillis(millis))),
            ..BoxType::default()
        };
        check_member(value, &format!("<Time>{text}</Time>"));
    }
}

#[test]
fn an_empty_result_is_there_and_no_result_is_not() {
    check(&EmptyType {}, "<MakeBoxResult></MakeBoxResult>");
    check(&NoOutput, "");
}

#[test]
fn a_reply_may_hold_more_values_than_a_request() {
    let names = vec![NameType::from("a"); crate::json::VALUES_MAX + 1];
    let members = "<member>a</member>".repeat(names.len());
    let value = BoxType {
        names: Some(NameListType(names)),
        ..BoxType::default()
    };
    check_member(value, &format!("<Names>{members}</Names>"));
}

#[test]
fn get_caller_identity_answers_as_sts() {
    let identity = GetCallerIdentityResponse {
        arn: Some("arn:aws:iam::123456789012:root".into()),
        user_id: Some("123456789012".into()),
        account: Some("123456789012".into()),
    };
    assert_eq!(
        reply(STS, "GetCallerIdentity", &identity, "1-2"),
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:root</Arn>\
         <UserId>123456789012</UserId><Account>123456789012</Account></GetCallerIdentityResult>\
         <ResponseMetadata><RequestId>1-2</RequestId></ResponseMetadata>\
         </GetCallerIdentityResponse>"
    );
}

#[test]
fn documents_are_percent_encoded() {
    let encoded = uri_encode("{\"A-_.~\": \"é*/+\"}");
    assert_eq!(encoded, "%7B%22A-_.~%22%3A%20%22%C3%A9%2A%2F%2B%22%7D");
}
