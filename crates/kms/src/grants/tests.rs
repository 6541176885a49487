use serde_json::{Value, json};
use strongroom_store::Expect;

use super::REMOVED_AT_ONCE;
use super::people::{AWAY, HOME, role, user};
use crate::key::KeyName;
use crate::records::GrantCountRecord;
use crate::repository::{Changes, GRANTS_PER_KEY_MAX};
use crate::workbench::{Bench, DAY, all_at_once};

const ROOT: &str = "arn:aws:iam::000000000000:root";
const OTHER: &str = "arn:aws:iam::111122223333:role/path/r";

struct Granting {
    bench: Bench,
    key: Value,
}

impl Granting {
    async fn new(input: Value) -> Self {
        Self::on(Bench::new().await, input).await
    }

    async fn on(bench: Bench, input: Value) -> Self {
        role(&bench, AWAY, "r", &[], None).await;
        let made = bench.call("CreateKey", &input).await.unwrap();
        let key = made["KeyMetadata"]["Arn"].clone();
        Self { bench, key }
    }

    /// A valid request with `changes` made to it; null removes a member.
    fn request(&self, changes: &Value) -> Value {
        let mut input =
            json!({"KeyId": self.key, "GranteePrincipal": OTHER, "Operations": ["DescribeKey"]});
        for (name, value) in changes.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    }

    async fn create(&self, changes: Value) -> Result<Value, &'static str> {
        let input = self.request(&changes);
        self.bench.call("CreateGrant", &input).await
    }

    async fn list(&self, filter: Value) -> Vec<Value> {
        let mut input = filter;
        input["KeyId"] = self.key.clone();
        self.pages("ListGrants", input).await
    }

    async fn pages(&self, operation: &str, mut input: Value) -> Vec<Value> {
        let mut found = Vec::new();
        loop {
            let page = self.bench.call(operation, &input).await.unwrap();
            found.extend(page["Grants"].as_array().unwrap().iter().cloned());
            assert_eq!(page["Truncated"], json!(page.get("NextMarker").is_some()));
            match page.get("NextMarker") {
                Some(marker) => input["Marker"] = marker.clone(),
                None => return found,
            }
        }
    }

    fn key_name(&self) -> KeyName {
        let (_, id) = self.key.as_str().unwrap().split_once('/').unwrap();
        KeyName {
            account: "000000000000".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            id: id.parse().unwrap(),
        }
    }

    fn count(&self) -> u32 {
        let count = self
            .bench
            .kms
            .records
            .grant_count(&self.key_name())
            .unwrap();
        count.map_or(0, |count| count.record.grants)
    }

    async fn set_count(&self, grants: u32) {
        let old = self
            .bench
            .kms
            .records
            .grant_count(&self.key_name())
            .unwrap();
        let expect = old.map_or(Expect::Absent, |old| Expect::At(old.version));
        let count = GrantCountRecord { grants };
        let changes = Changes::default().put_grant_count(&self.key_name(), expect, count);
        self.bench.kms.records.commit(changes).await.unwrap();
    }
}

#[tokio::test]
async fn grants_show_what_was_asked_for() {
    let granting = Granting::new(json!({})).await;
    let asked = json!({
        "RetiringPrincipal": ROOT,
        "Name": "n",
        "Operations": ["Encrypt", "CreateGrant", "Encrypt"],
        "Constraints": {"EncryptionContextSubset": {"a": "b"}},
    });
    let made = granting.create(asked).await.unwrap();
    let [grant] = granting.list(json!({})).await.try_into().unwrap();
    let expected = json!({
        "KeyId": granting.key,
        "GrantId": made["GrantId"],
        "Name": "n",
        "CreationDate": 1_800_000_000,
        "GranteePrincipal": OTHER,
        "RetiringPrincipal": ROOT,
        "IssuingAccount": ROOT,
        "Operations": ["Encrypt", "CreateGrant"],
        "Constraints": {"EncryptionContextSubset": {"a": "b"}},
    });
    assert_eq!(grant, expected);
    assert_eq!(made["GrantId"].as_str().unwrap().len(), 64);
    assert!(made["GrantToken"].as_str().unwrap().len() <= 8192);
}

#[tokio::test]
async fn a_name_with_the_same_terms_is_the_same_grant() {
    let granting = Granting::new(json!({})).await;
    let named = granting.create(json!({"Name": "n"})).await.unwrap();
    let again = granting.create(json!({"Name": "n"})).await.unwrap();
    assert_eq!(named["GrantId"], again["GrantId"]);
    assert_ne!(named["GrantToken"], again["GrantToken"]);
    let others = [
        json!({}),
        json!({}),
        json!({"Name": "m"}),
        json!({"Name": "n", "Operations": ["Encrypt"]}),
        json!({"Name": "n", "RetiringPrincipal": ROOT}),
    ];
    for (number, other) in (2..).zip(others) {
        granting.create(other).await.unwrap();
        assert_eq!(granting.count(), number);
    }
    let revoke = json!({"KeyId": granting.key, "GrantId": named["GrantId"]});
    granting.bench.call("RevokeGrant", &revoke).await.unwrap();
    let renewed = granting.create(json!({"Name": "n"})).await.unwrap();
    assert_ne!(named["GrantId"], renewed["GrantId"]);
}

#[tokio::test]
async fn requests_are_checked() {
    let hmac = json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"});
    let service = json!({"GranteePrincipal": null, "GranteeServicePrincipal": "a.amazonaws.com"});
    let with = |more: Value| {
        let mut input = service.clone();
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        input
    };
    let source = json!({"SourceArn": "arn:aws:s3:us-east-1:111122223333:x"});
    let granting = Granting::new(json!({})).await;
    let dave = user(&granting.bench, HOME, "dave", &[]).await;
    let worker = role(&granting.bench, HOME, "worker", &[], None).await;
    let nine: serde_json::Map<_, _> = (0..9).map(|n| (n.to_string(), json!("v"))).collect();
    let validation = Err("ValidationException");
    let arn = Err("InvalidArnException");
    let cases = [
        (json!({"GranteePrincipal": null}), validation),
        (
            json!({"GranteeServicePrincipal": "a.amazonaws.com"}),
            validation,
        ),
        (json!({"Operations": []}), validation),
        (json!({"Operations": ["Sign"]}), validation),
        (
            json!({"RetiringPrincipal": ROOT, "RetiringServicePrincipal": "a.b.c"}),
            validation,
        ),
        (with(json!({"RetiringPrincipal": ROOT})), validation),
        (with(json!({"Constraints": source})), validation),
        (
            with(json!({"Constraints": source, "RetiringServicePrincipal": "a.b.c"})),
            Ok(()),
        ),
        (
            json!({"Constraints": {"EncryptionContextEquals": nine}}),
            validation,
        ),
        (
            json!({"Constraints": {"EncryptionContextEquals": {"k": "v".repeat(385)}}}),
            validation,
        ),
        (
            json!({"Constraints": {"EncryptionContextEquals": {"k": "v".repeat(384)}}}),
            Ok(()),
        ),
        (json!({"GranteePrincipal": "AIDA1234567890123456"}), arn),
        (json!({"GranteePrincipal": "alice"}), arn),
        (json!({"GranteePrincipal": "000000000000"}), arn),
        (
            json!({"GranteePrincipal": "arn:aws:sts::000000000000:assumed-role/WORKER/s"}),
            arn,
        ),
        (
            json!({"GranteePrincipal": "arn:aws:iam::000000000000:group/g"}),
            arn,
        ),
        (
            json!({"GranteePrincipal": "arn:aws:sts::000000000000:assumed-role/p/r/s"}),
            arn,
        ),
        (
            json!({"GranteePrincipal": "arn:aws-cn:iam::000000000000:root"}),
            arn,
        ),
        (
            json!({"GranteePrincipal": "arn:aws:sts::000000000000:assumed-role/worker/s"}),
            Ok(()),
        ),
        (
            json!({"GranteePrincipal": "arn:aws:sts::000000000000:assumed-role/absent/s"}),
            arn,
        ),
        (
            json!({"GranteePrincipal": "arn:aws:iam::000000000000:user/dave"}),
            Ok(()),
        ),
        (
            json!({"GranteePrincipal": "arn:aws:iam::000000000000:user/absent"}),
            arn,
        ),
        (
            json!({"GranteePrincipal": "arn:aws:iam::000000000000:role/worker"}),
            arn,
        ),
        (json!({"GranteePrincipal": dave.id}), Ok(())),
        (
            json!({"GranteePrincipal": format!("{}:s", worker.id)}),
            Ok(()),
        ),
        (json!({"GranteePrincipal": format!("{}:s", dave.id)}), arn),
        (
            json!({"GranteePrincipal": "arn:aws:sts::000000000000:federated-user/f"}),
            Ok(()),
        ),
        (json!({"RetiringPrincipal": "AROA1234567890123456:s"}), arn),
        (
            json!({"GrantTokens": ["rubbish"]}),
            Err("InvalidGrantTokenException"),
        ),
        (json!({"DryRun": true}), Err("DryRunOperationException")),
        (json!({"DryRun": true, "Operations": ["Sign"]}), validation),
        (json!({"KeyId": "alias/x"}), Err("NotFoundException")),
    ];
    for (changes, expected) in &cases {
        let answer = granting.create(changes.clone()).await.map(|_| ());
        assert_eq!(answer, *expected, "{changes}");
    }
    assert_eq!(granting.count(), 7);
    let granting = Granting::new(hmac).await;
    for (changes, expected) in [
        (
            json!({"Operations": ["GenerateMac", "RetireGrant"]}),
            Ok(()),
        ),
        (json!({"Operations": ["Encrypt"]}), validation),
        (
            json!({"Constraints": {"EncryptionContextSubset": {"k": "v"}}}),
            validation,
        ),
        (json!({"Constraints": source}), Ok(())),
    ] {
        let answer = granting.create(changes.clone()).await.map(|_| ());
        assert_eq!(answer, expected, "{changes}");
    }
}

#[tokio::test]
async fn the_state_of_the_key_comes_before_what_is_asked() {
    let granting = Granting::new(json!({})).await;
    let made = granting.create(json!({})).await.unwrap();
    let input = json!({"KeyId": granting.key});
    granting.bench.call("DisableKey", &input).await.unwrap();
    let refused = granting.create(json!({"Operations": ["Sign"]})).await;
    assert_eq!(refused, Err("DisabledException"));
    granting
        .bench
        .call("ScheduleKeyDeletion", &input)
        .await
        .unwrap();
    assert_eq!(
        granting.create(json!({})).await,
        Err("KMSInvalidStateException")
    );
    assert_eq!(granting.list(json!({})).await.len(), 1);
    let token = json!({"GrantToken": made["GrantToken"]});
    granting.bench.call("RetireGrant", &token).await.unwrap();
    assert_eq!(granting.count(), 0);
}

#[tokio::test]
async fn grants_are_listed_in_pages_and_by_whom_they_name() {
    let granting = Granting::new(json!({})).await;
    for number in 0..7 {
        let grantee = if number % 3 == 0 { ROOT } else { OTHER };
        let asked = json!({"GranteePrincipal": grantee, "RetiringPrincipal": ROOT});
        granting.create(asked).await.unwrap();
    }
    assert_eq!(granting.list(json!({"Limit": 2})).await.len(), 7);
    let grants = granting
        .list(json!({"Limit": 2, "GranteePrincipal": ROOT}))
        .await;
    assert_eq!(grants.len(), 3);
    let service = json!({"KeyId": granting.key, "GranteeServicePrincipal": "a.amazonaws.com"});
    let refused = granting.bench.call("ListGrants", &service).await;
    assert_eq!(refused, Err("AccessDeniedException"));
    let one = json!({"GrantId": grants[0]["GrantId"]});
    assert_eq!(granting.list(one.clone()).await, [grants[0].clone()]);
    let mut foreign = one;
    foreign["GranteePrincipal"] = json!(OTHER);
    assert_eq!(granting.list(foreign).await, Vec::<Value>::new());
    let retirable = json!({"Limit": 3, "RetiringPrincipal": ROOT});
    assert_eq!(
        granting.pages("ListRetirableGrants", retirable).await.len(),
        7
    );
}

#[tokio::test]
async fn lists_refuse_what_is_none_of_theirs() {
    let granting = Granting::new(json!({})).await;
    for _ in 0..2 {
        granting
            .create(json!({"RetiringPrincipal": ROOT}))
            .await
            .unwrap();
    }
    let input = json!({"KeyId": granting.key, "Limit": 1});
    let page = granting.bench.call("ListGrants", &input).await.unwrap();
    let marker = &page["NextMarker"];
    let other = granting.bench.call("CreateKey", &json!({})).await.unwrap();
    let other = &other["KeyMetadata"]["Arn"];
    let unknown = "0".repeat(64);
    for (operation, input, expected) in [
        (
            "ListGrants",
            json!({"KeyId": other, "Marker": marker}),
            "InvalidMarkerException",
        ),
        (
            "ListGrants",
            json!({"KeyId": other, "Marker": "x"}),
            "InvalidMarkerException",
        ),
        (
            "ListGrants",
            json!({"KeyId": other, "GrantId": "x"}),
            "InvalidGrantIdException",
        ),
        (
            "ListGrants",
            json!({"KeyId": other, "GrantId": unknown}),
            "InvalidGrantIdException",
        ),
        (
            "ListGrants",
            json!({"KeyId": other, "GranteePrincipal": "x"}),
            "InvalidArnException",
        ),
        ("ListRetirableGrants", json!({}), "ValidationException"),
        (
            "ListRetirableGrants",
            json!({"RetiringPrincipal": ROOT, "Marker": marker}),
            "InvalidMarkerException",
        ),
        (
            "ListRetirableGrants",
            json!({"RetiringPrincipal": OTHER}),
            "NotFoundException",
        ),
        (
            "ListRetirableGrants",
            json!({"RetiringPrincipal": "AROA1234567890123456:s"}),
            "NotFoundException",
        ),
        (
            "ListRetirableGrants",
            json!({"RetiringServicePrincipal": "a.b.c"}),
            "AccessDeniedException",
        ),
        (
            "RevokeGrant",
            json!({"KeyId": other, "GrantId": unknown}),
            "InvalidGrantIdException",
        ),
        (
            "RevokeGrant",
            json!({"KeyId": other, "GrantId": "A".repeat(64)}),
            "InvalidGrantIdException",
        ),
    ] {
        let refused = granting.bench.call(operation, &input).await;
        assert_eq!(refused, Err(expected), "{operation} {input}");
    }
}

#[tokio::test]
async fn tokens_are_good_for_every_operation_while_their_grant_is() {
    let granting = Granting::new(json!({})).await;
    let made = granting.create(json!({})).await.unwrap();
    let describe = json!({"KeyId": granting.key, "GrantTokens": [made["GrantToken"]]});
    granting.bench.call("DescribeKey", &describe).await.unwrap();
    // An operation without grant tokens ignores them, like any member it does not have.
    let list = json!({"GrantTokens": ["rubbish"]});
    granting.bench.call("ListKeys", &list).await.unwrap();
    let mut altered = made["GrantToken"].as_str().unwrap().to_owned();
    altered.replace_range(40..41, if &altered[40..41] == "A" { "B" } else { "A" });
    for (tokens, expected) in [
        (json!([altered]), Err("InvalidGrantTokenException")),
        (
            json!([made["GrantToken"], "AAAA"]),
            Err("InvalidGrantTokenException"),
        ),
        (
            json!(vec![&made["GrantToken"]; 11]),
            Err("ValidationException"),
        ),
        (json!([]), Ok(())),
        (Value::Null, Ok(())),
    ] {
        let describe = json!({"KeyId": granting.key, "GrantTokens": tokens});
        let answer = granting.bench.call("DescribeKey", &describe).await;
        assert_eq!(answer.map(|_| ()), expected, "{tokens}");
    }
    let revoke = json!({"KeyId": granting.key, "GrantId": made["GrantId"]});
    let mut dry = revoke.clone();
    dry["DryRun"] = json!(true);
    let refused = granting.bench.call("RevokeGrant", &dry).await;
    assert_eq!(refused, Err("DryRunOperationException"));
    assert_eq!(granting.count(), 1);
    granting.bench.call("RevokeGrant", &revoke).await.unwrap();
    let refused = granting.bench.call("DescribeKey", &describe).await;
    assert_eq!(refused, Err("InvalidGrantTokenException"));
    let token = json!({"GrantToken": made["GrantToken"]});
    let refused = granting.bench.call("RetireGrant", &token).await;
    assert_eq!(refused, Err("InvalidGrantTokenException"));
    assert_eq!(granting.count(), 0);
}

#[tokio::test]
async fn only_who_retires_or_issued_a_grant_retires_it() {
    let granting = Granting::new(json!({})).await;
    let foreign_root = "arn:aws:iam::111122223333:root";
    let theirs = granting
        .create(json!({"RetiringPrincipal": foreign_root}))
        .await
        .unwrap();
    let ours = granting.create(json!({"GranteePrincipal": foreign_root}));
    let ours = ours.await.unwrap();
    let named = |grant: &Value| json!({"KeyId": granting.key, "GrantId": grant["GrantId"]});
    let bare = json!({"KeyId": granting.key_name().id.as_str(), "GrantId": ours["GrantId"]});
    let absent = json!({"KeyId": granting.key, "GrantId": "0".repeat(64)});
    let gone = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let gone = json!({"KeyId": gone, "GrantId": ours["GrantId"]});
    let denied = Err("AccessDeniedException");
    let cases = [
        ("000000000000", json!({}), Err("ValidationException")),
        (
            "000000000000",
            json!({"GrantToken": "x", "KeyId": granting.key}),
            Err("ValidationException"),
        ),
        (
            "000000000000",
            json!({"GrantToken": "x"}),
            Err("InvalidGrantTokenException"),
        ),
        ("000000000000", bare, Err("NotFoundException")),
        (
            "000000000000",
            absent.clone(),
            Err("InvalidGrantIdException"),
        ),
        ("111122223333", absent, denied),
        ("000000000000", gone.clone(), Err("NotFoundException")),
        ("111122223333", gone, denied),
        ("111122223333", named(&ours), denied),
        (
            "111122223333",
            json!({"GrantToken": ours["GrantToken"]}),
            denied,
        ),
        ("444455556666", named(&theirs), denied),
        ("111122223333", named(&theirs), Ok(())),
        ("000000000000", named(&ours), Ok(())),
    ];
    for (account, input, expected) in cases {
        let mut dry = input.clone();
        dry["DryRun"] = json!(true);
        let answer = granting.bench.call_as(account, "RetireGrant", &dry).await;
        let expected_dry = expected.and(Err("DryRunOperationException"));
        assert_eq!(answer.map(|_| ()), expected_dry, "{account} {dry}");
        let answer = granting.bench.call_as(account, "RetireGrant", &input).await;
        assert_eq!(answer.map(|_| ()), expected, "{account} {input}");
    }
    assert_eq!(granting.count(), 0);
}

#[tokio::test]
async fn a_grant_lets_another_account_do_what_it_says_and_nothing_else() {
    let granting = Granting::new(json!({})).await;
    let grantee = "arn:aws:iam::111122223333:root";
    let operations = json!(["CreateGrant", "DescribeKey", "Encrypt"]);
    let made = granting.create(json!({"GranteePrincipal": grantee, "Operations": operations}));
    let made = made.await.unwrap();
    let denied = Err("AccessDeniedException");
    for (operation, more, expected) in [
        ("DescribeKey", json!({}), Ok(())),
        ("Encrypt", json!({"Plaintext": "QUJD"}), Ok(())),
        ("GenerateDataKey", json!({"KeySpec": "AES_256"}), denied),
        ("ListGrants", json!({}), denied),
        (
            "CreateGrant",
            json!({"GranteePrincipal": grantee, "Operations": ["DescribeKey"]}),
            Ok(()),
        ),
        ("RevokeGrant", json!({"GrantId": made["GrantId"]}), denied),
        ("GetKeyPolicy", json!({}), denied),
    ] {
        let mut input = json!({"KeyId": granting.key, "GrantTokens": [made["GrantToken"]]});
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let answer = granting
            .bench
            .call_as("111122223333", operation, &input)
            .await;
        assert_eq!(answer.map(|_| ()), expected, "{operation}");
    }
}

#[tokio::test]
async fn a_key_has_so_many_grants_and_no_more() {
    let granting = Granting::new(json!({})).await;
    granting.set_count(GRANTS_PER_KEY_MAX - 1).await;
    let last = granting.create(json!({"Name": "last"})).await.unwrap();
    assert_eq!(
        granting.create(json!({})).await,
        Err("LimitExceededException")
    );
    let dry = granting.create(json!({"DryRun": true})).await;
    assert_eq!(dry, Err("LimitExceededException"));
    let again = granting.create(json!({"Name": "last"})).await.unwrap();
    assert_eq!(again["GrantId"], last["GrantId"]);
    let revoke = json!({"KeyId": granting.key, "GrantId": last["GrantId"]});
    granting.bench.call("RevokeGrant", &revoke).await.unwrap();
    granting.create(json!({})).await.unwrap();
}

#[tokio::test]
async fn grants_made_at_the_same_time_are_all_counted() {
    let granting = Granting::on(Bench::with_late_commits().await, json!({})).await;
    let many = (0..40).map(|_| granting.create(json!({})));
    let made = all_at_once(many).await;
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    assert_eq!(granting.count(), 40);
    assert_eq!(granting.list(json!({})).await.len(), 40);
}

#[tokio::test]
async fn grants_go_with_their_key() {
    let granting = Granting::new(json!({})).await;
    let grants = REMOVED_AT_ONCE * 2 + 1;
    for number in 0..grants {
        let asked = json!({"Name": number.to_string(), "RetiringPrincipal": ROOT});
        granting.create(asked).await.unwrap();
    }
    let input = json!({"KeyId": granting.key, "PendingWindowInDays": 7});
    granting
        .bench
        .call("ScheduleKeyDeletion", &input)
        .await
        .unwrap();
    granting
        .bench
        .run(7 * DAY - std::time::Duration::from_secs(1))
        .await;
    assert_eq!(granting.list(json!({})).await.len(), grants);
    granting.bench.run(std::time::Duration::from_secs(1)).await;
    let describe = json!({"KeyId": granting.key});
    let gone = granting.bench.call("DescribeKey", &describe).await;
    assert_eq!(gone, Err("NotFoundException"));
    assert_eq!(granting.count(), 0);
    let retirable = json!({"RetiringPrincipal": ROOT});
    assert_eq!(
        granting.pages("ListRetirableGrants", retirable).await,
        Vec::<Value>::new()
    );
}
