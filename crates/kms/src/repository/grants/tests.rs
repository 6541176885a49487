use serde_json::{Value, json};
use strongroom_store::Expect;

use super::{INDEXED_AT_ONCE, grant_store_name, index_mark};
use crate::key::KeyName;
use crate::records::{
    GrantCountRecord, GrantOperation, GrantParty, GrantRecord, GrantTerms, GranteeIndexRecord,
    Millis,
};
use crate::repository::Changes;
use crate::workbench::Bench;

const AWAY: &str = "111122223333";
const ROOT: &str = "arn:aws:iam::111122223333:root";
const USER: &str = "arn:aws:iam::111122223333:user/u";

/// A grant as versions without users and without the index by grantee wrote it.
fn old_grant(key: &KeyName, number: usize, grantee: &str) -> GrantRecord {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&number.to_be_bytes());
    GrantRecord {
        account: key.account,
        region: key.region.clone(),
        key: key.id.clone(),
        id,
        created: Millis(1),
        terms: GrantTerms {
            issuer: key.account,
            name: None,
            grantee: GrantParty::Principal(AWAY.parse().unwrap(), grantee.to_owned()),
            retiring: None,
            operations: vec![GrantOperation::DescribeKey],
            context_equals: None,
            context_subset: None,
            source_arn: None,
        },
    }
}

async fn put_old_grants(bench: &Bench, key: &KeyName, grants: usize) {
    let records = &bench.kms.records;
    for number in 0..grants {
        let grantee = if number % 2 == 0 { ROOT } else { USER };
        let grant = old_grant(key, number, grantee);
        let name = grant_store_name(key, &grant.id);
        let changes = Changes::default().put(name, Expect::Absent, &grant);
        records.commit(changes).await.unwrap();
    }
    let count = GrantCountRecord {
        grants: u32::try_from(grants).unwrap(),
    };
    let changes = Changes::default()
        .put_grant_count(key, Expect::Absent, count)
        .delete(index_mark(), 1);
    records.commit(changes).await.unwrap();
}

#[tokio::test]
async fn grants_older_than_the_index_count_after_the_next_start() {
    let mut bench = Bench::new().await;
    let made = bench.call("CreateKey", &json!({})).await.unwrap();
    let arn = made["KeyMetadata"]["Arn"].clone();
    let key = KeyName {
        account: "000000000000".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        id: made["KeyMetadata"]["KeyId"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap(),
    };
    let grants = INDEXED_AT_ONCE * 2 + 1;
    put_old_grants(&bench, &key, grants).await;
    let describe = json!({"KeyId": arn});
    let refused = bench.call_as(AWAY, "DescribeKey", &describe).await;
    assert_eq!(refused, Err("AccessDeniedException"));

    // As when the start before broke off, some are in the index already; and one that is not yet can be ended.
    let records = &bench.kms.records;
    let grant = old_grant(&key, 0, ROOT);
    let changes = Changes::default().put_grantee(&grant);
    records.commit(changes).await.unwrap();
    let last = old_grant(&key, grants - 1, ROOT);
    let named = json!({"KeyId": arn, "GrantId": strongroom_base::hex::encode(&last.id)});
    bench.call("RevokeGrant", &named).await.unwrap();

    for _ in 0..2 {
        bench.restart().await;
        bench.call_as(AWAY, "DescribeKey", &describe).await.unwrap();
        let mark = bench.kms.records.read::<GranteeIndexRecord>(&index_mark());
        assert_eq!(mark.unwrap().unwrap().version, 1);
    }
    let mut listed = Vec::new();
    let mut input = json!({"KeyId": arn, "GranteePrincipal": ROOT, "Limit": 100});
    loop {
        let page = bench.call("ListGrants", &input).await.unwrap();
        listed.extend(page["Grants"].as_array().unwrap().clone());
        match page.get("NextMarker") {
            Some(marker) => input["Marker"] = marker.clone(),
            None => break,
        }
    }
    assert_eq!(listed.len(), grants / 2);
    let shown = |grant: &Value| grant["GranteePrincipal"] == json!(ROOT);
    assert!(listed.iter().all(shown));
}
