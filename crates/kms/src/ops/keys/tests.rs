use serde_json::{Value, json};

use crate::workbench::Bench;

#[tokio::test]
async fn a_marker_is_of_the_owners_that_were_asked_for() {
    let bench = Bench::new().await;
    for _ in 0..3 {
        bench.call("CreateKey", &json!({})).await.unwrap();
    }
    let (own, foreign) = ("SELF", "OTHER_ACCOUNTS_VIA_RAM");
    let list = async |owners: &Value, marker: &Value| {
        let mut input = json!({"Limit": 1});
        for (member, value) in [("ResourceOwners", owners), ("Marker", marker)] {
            if !value.is_null() {
                input[member] = value.clone();
            }
        }
        bench.call("ListKeys", &input).await
    };
    let (nobody, alone) = (Value::Null, json!([own]));
    let (both, other) = (json!([own, foreign]), json!([foreign]));
    let invalid = Err("InvalidMarkerException");
    for (owners, same, others) in [
        (&nobody, [&nobody, &alone], [&both, &other]),
        (&alone, [&alone, &nobody], [&both, &other]),
        (&both, [&both, &json!([foreign, own])], [&nobody, &alone]),
        (&both, [&both, &both], [&other, &alone]),
    ] {
        let page = list(owners, &Value::Null).await.unwrap();
        let marker = &page["NextMarker"];
        assert!(marker.is_string(), "{owners}");
        for same in same {
            let next = list(same, marker).await.unwrap();
            assert_eq!(next["Keys"].as_array().unwrap().len(), 1);
            assert_ne!(next["Keys"], page["Keys"], "{owners} {same}");
        }
        for others in others {
            assert_eq!(list(others, marker).await, invalid, "{owners} {others}");
        }
    }
}
