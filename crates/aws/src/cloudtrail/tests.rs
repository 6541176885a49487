use super::*;
use crate::shape::{Kind, Shape, decode, encode};

fn check<S: Shape>(matching: &[&str], others: &[&str]) {
    let Kind::Text(_, Some(pattern), _) = &S::MODEL.kind else {
        panic!("{} has no pattern", S::MODEL.name);
    };
    for text in matching {
        assert!((pattern.matches)(text), "{text}");
    }
    for text in others {
        assert!(!(pattern.matches)(text), "{text}");
    }
}

#[test]
fn patterns_are_decided_for_the_whole_text() {
    check::<SelectorName>(&["", "a b é"], &["a\n", "\r"]);
    check::<SelectorField>(&["resources.type", "a|b_9"], &["", "a b", "é"]);
    check::<OperatorValue>(&["a", " "], &["", "a\nb"]);
}

#[test]
fn members_are_written_as_the_model_names_them() {
    let request: DescribeTrailsRequest =
        decode(br#"{"trailNameList":["a"],"includeShadowTrails":false}"#)
            .ok()
            .unwrap();
    let expected = DescribeTrailsRequest {
        trail_name_list: Some(TrailNameList(vec!["a".into()])),
        include_shadow_trails: Some(Boolean(false)),
    };
    assert_eq!(request, expected);
    let reply = LookupEventsResponse {
        events: Some(EventsList(vec![Event {
            event_id: Some("e".into()),
            event_time: Some(Date(strongroom_base::UnixMillis(1000))),
            cloud_trail_event: Some("{}".into()),
            ..Event::default()
        }])),
        next_token: None,
    };
    assert_eq!(
        String::from_utf8(encode(&reply)).unwrap(),
        r#"{"Events":[{"EventId":"e","EventTime":1,"CloudTrailEvent":"{}"}]}"#
    );
    assert_eq!(encode(&DeleteTrailResponse {}), b"{}");
}
