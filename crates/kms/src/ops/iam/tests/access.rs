use serde_json::json;
use strongroom_base::UnixMillis;

use super::{ADMINISTRATOR, EVERYTHING, call, done, new_key, refused, root, signer};
use crate::iam::Caller;
use crate::records::PoliciesRecord;
use crate::repository::{Changes, EntityName};
use crate::workbench::Bench;

const DAVE: (&str, &str) = ("UserName", "dave");

/// Whether the caller may list keys.
async fn may(bench: &Bench, caller: &Caller) -> bool {
    bench
        .call_with(caller, "ListKeys", &json!({}))
        .await
        .is_ok()
}

#[tokio::test]
async fn access_ends_when_the_call_that_ends_it_returns() {
    let bench = Bench::new().await;
    let attached = [DAVE, ("PolicyArn", ADMINISTRATOR)];
    done(
        &bench,
        &[("CreateUser", &[DAVE]), ("AttachUserPolicy", &attached)],
    )
    .await;
    let key = new_key(&bench, "dave").await;
    let id = ("AccessKeyId", key.0.as_str());
    // Signed before, so that the signing key and all records are held in memory.
    let dave = signer(&bench, &key).await.unwrap().unwrap();
    assert!(may(&bench, &dave).await);
    assert_eq!(dave.arn, "arn:aws:iam::000000000000:user/dave");

    let inactive = [DAVE, id, ("Status", "Inactive")];
    done(&bench, &[("UpdateAccessKey", &inactive)]).await;
    assert!(signer(&bench, &key).await.unwrap().is_none());
    let active = [DAVE, id, ("Status", "Active")];
    done(&bench, &[("UpdateAccessKey", &active)]).await;
    let dave = signer(&bench, &key).await.unwrap().unwrap();

    done(&bench, &[("DetachUserPolicy", &attached)]).await;
    assert!(!may(&bench, &signer(&bench, &key).await.unwrap().unwrap()).await);
    let inline = [DAVE, ("PolicyName", "p"), ("PolicyDocument", EVERYTHING)];
    done(&bench, &[("PutUserPolicy", &inline)]).await;
    assert!(may(&bench, &signer(&bench, &key).await.unwrap().unwrap()).await);
    let nothing = [
        DAVE,
        (
            "PermissionsBoundary",
            "arn:aws:iam::aws:policy/IAMFullAccess",
        ),
    ];
    done(&bench, &[("PutUserPermissionsBoundary", &nothing)]).await;
    assert!(!may(&bench, &signer(&bench, &key).await.unwrap().unwrap()).await);
    done(&bench, &[("DeleteUserPermissionsBoundary", &[DAVE])]).await;
    assert!(may(&bench, &signer(&bench, &key).await.unwrap().unwrap()).await);
    done(&bench, &[("DeleteUserPolicy", &inline[..2])]).await;
    assert!(!may(&bench, &signer(&bench, &key).await.unwrap().unwrap()).await);

    done(
        &bench,
        &[("DeleteAccessKey", &[DAVE, id]), ("DeleteUser", &[DAVE])],
    )
    .await;
    assert!(signer(&bench, &key).await.unwrap().is_none());
    assert!(!may(&bench, &dave).await);
}

#[tokio::test]
async fn a_change_that_waited_is_decided_on_again() {
    let bench = Bench::new().await;
    let attached = [DAVE, ("PolicyArn", ADMINISTRATOR)];
    done(
        &bench,
        &[("CreateUser", &[DAVE]), ("AttachUserPolicy", &attached)],
    )
    .await;
    let dave = bench.user("dave");
    let turn = bench.kms.iam_turns.take(&dave.account).await;
    let waiting = call(&bench, &dave, "CreateUser", &[("UserName", "eve")]);
    let mut waiting = std::pin::pin!(waiting);
    assert!(is_waiting(&mut waiting).await);
    let name = EntityName::new(dave.account, "dave");
    let known = bench.kms.records.user(&name).unwrap().unwrap();
    let mut record = known.record.clone();
    record.policies = PoliciesRecord::default();
    let changes = Changes::default().replace_entity(known.version, &record);
    bench.kms.records.commit(changes).await.unwrap();
    drop(turn);
    assert_eq!(waiting.await.unwrap_err().0, "AccessDenied");
    let text = "The user with name eve cannot be found.";
    refused(
        &bench,
        "GetUser",
        &[("UserName", "eve")],
        "NoSuchEntity",
        text,
    )
    .await;
}

/// Polls a future once: whether it waits for something.
async fn is_waiting(future: &mut (impl Future + Unpin)) -> bool {
    std::future::poll_fn(|context| {
        let polled = std::pin::Pin::new(&mut *future).poll(context);
        std::task::Poll::Ready(polled.is_pending())
    })
    .await
}

#[tokio::test]
async fn a_user_made_again_is_somebody_else() {
    let bench = Bench::new().await;
    done(&bench, &[("CreateUser", &[DAVE])]).await;
    let key = new_key(&bench, "dave").await;
    let made = bench.call("CreateKey", &json!({})).await.unwrap();
    let kms_key = &made["KeyMetadata"]["KeyId"];
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
         "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:user/dave"},
         "Action": "kms:Encrypt", "Resource": "*"}]});
    let put = json!({"KeyId": kms_key, "PolicyName": "default", "Policy": policy.to_string()});
    bench.call("PutKeyPolicy", &put).await.unwrap();
    let encrypt = json!({"KeyId": kms_key, "Plaintext": "QUJD"});
    let encrypts = async |caller: &Caller| {
        let answer = bench.call_with(caller, "Encrypt", &encrypt).await;
        answer.is_ok()
    };
    assert!(encrypts(&signer(&bench, &key).await.unwrap().unwrap()).await);
    let id = ("AccessKeyId", key.0.as_str());
    done(
        &bench,
        &[
            ("DeleteAccessKey", &[DAVE, id]),
            ("DeleteUser", &[DAVE]),
            ("CreateUser", &[DAVE]),
        ],
    )
    .await;
    assert!(signer(&bench, &key).await.unwrap().is_none());
    assert!(!encrypts(&bench.user("dave")).await);
    let shown = bench
        .call("GetKeyPolicy", &json!({"KeyId": kms_key}))
        .await
        .unwrap();
    let shown = shown["Policy"].as_str().unwrap();
    assert!(shown.contains("\"AIDA"), "{shown}");
    assert!(!shown.contains("user/dave"), "{shown}");
}

#[tokio::test]
async fn renaming_a_user_takes_nothing_away() {
    let bench = Bench::new().await;
    let inline = [DAVE, ("PolicyName", "p"), ("PolicyDocument", EVERYTHING)];
    done(
        &bench,
        &[("CreateUser", &[DAVE]), ("PutUserPolicy", &inline)],
    )
    .await;
    let key = new_key(&bench, "dave").await;
    signer(&bench, &key).await.unwrap().unwrap();
    let renamed = [DAVE, ("NewUserName", "eve")];
    done(&bench, &[("UpdateUser", &renamed), ("CreateUser", &[DAVE])]).await;
    let eve = signer(&bench, &key).await.unwrap().unwrap();
    assert_eq!(eve.arn, "arn:aws:iam::000000000000:user/eve");
    assert!(may(&bench, &eve).await);
    assert!(!may(&bench, &bench.user("dave")).await);
}

#[tokio::test]
async fn permission_is_needed_on_both_sides_of_a_renaming() {
    let bench = Bench::new().await;
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:UpdateUser","Resource":"arn:aws:iam::*:user/dev/*"}}"#;
    done(
        &bench,
        &[
            ("CreateUser", &[("UserName", "lead")]),
            (
                "PutUserPolicy",
                &[
                    ("UserName", "lead"),
                    ("PolicyName", "p"),
                    ("PolicyDocument", document),
                ],
            ),
            ("CreateUser", &[("UserName", "a"), ("Path", "/dev/")]),
            ("CreateUser", &[("UserName", "b"), ("Path", "/ops/")]),
        ],
    )
    .await;
    let lead = bench.user("lead");
    let check = async |parameters: &[(&str, &str)], on: Option<&str>| {
        let answer = call(&bench, &lead, "UpdateUser", parameters).await;
        let wanted = on.map_or(Ok(()), |on| {
            let text = format!(
                "User: arn:aws:iam::000000000000:user/lead is not authorized to perform: \
                 iam:UpdateUser on resource: arn:aws:iam::000000000000:user/{on} because no \
                 identity-based policy allows the iam:UpdateUser action"
            );
            Err(("AccessDenied", text))
        });
        assert_eq!(answer.map(drop), wanted, "{parameters:?}");
    };
    check(&[("UserName", "a"), ("NewUserName", "c")], None).await;
    check(&[("UserName", "c"), ("NewPath", "/ops/")], Some("ops/c")).await;
    check(&[("UserName", "b"), ("NewPath", "/dev/")], Some("ops/b")).await;
    check(&[("UserName", "C"), ("NewPath", "/dev/x/")], None).await;
}

#[tokio::test]
async fn tags_of_user_and_request_are_condition_keys() {
    let bench = Bench::new().await;
    let document = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"iam:GetUser","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"blue"}}},
        {"Effect":"Allow","Action":"iam:DeleteUser","Resource":"*","Condition":{"StringEquals":{"iam:ResourceTag/team":"blue"}}},
        {"Effect":"Allow","Action":["iam:CreateUser","iam:TagUser"],"Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"blue"}}},
        {"Effect":"Allow","Action":"iam:UntagUser","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["free"]}}}]}"#;
    done(
        &bench,
        &[
            ("CreateUser", &[("UserName", "lead")]),
            (
                "PutUserPolicy",
                &[
                    ("UserName", "lead"),
                    ("PolicyName", "p"),
                    ("PolicyDocument", document),
                ],
            ),
            ("CreateUser", &[("UserName", "plain")]),
        ],
    )
    .await;
    let lead = bench.user("lead");
    let check = async |operation: &str, parameters: &[(&str, &str)], is_allowed: bool| {
        let answer = call(&bench, &lead, operation, parameters).await;
        let wanted = if is_allowed { "" } else { "AccessDenied" };
        let told = answer.map_or_else(|(exception, _)| exception, |_| "");
        assert_eq!(told, wanted, "{operation} {parameters:?}");
    };
    let tag = |value| {
        [
            ("Tags.member.1.Key", "Team"),
            ("Tags.member.1.Value", value),
        ]
    };
    let new = |name, value| [&[("UserName", name)][..], &tag(value)].concat();
    check("CreateUser", &[("UserName", "a")], false).await;
    check("CreateUser", &new("a", "red"), false).await;
    check("CreateUser", &new("a", "blue"), true).await;
    check("GetUser", &[("UserName", "a")], true).await;
    check("GetUser", &[("UserName", "plain")], false).await;
    check("TagUser", &new("plain", "red"), false).await;
    check("TagUser", &new("plain", "blue"), true).await;
    check("GetUser", &[("UserName", "plain")], true).await;
    check(
        "UntagUser",
        &[("UserName", "a"), ("TagKeys.member.1", "team")],
        false,
    )
    .await;
    check(
        "UntagUser",
        &[("UserName", "a"), ("TagKeys.member.1", "free")],
        true,
    )
    .await;
    check("DeleteUser", &[("UserName", "lead")], false).await;
    check("DeleteUser", &[("UserName", "a")], true).await;
}

#[tokio::test]
async fn making_a_user_with_tags_needs_both_permissions() {
    let bench = Bench::new().await;
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:CreateUser","Resource":"*"}}"#;
    let inline = [DAVE, ("PolicyName", "p"), ("PolicyDocument", document)];
    done(
        &bench,
        &[("CreateUser", &[DAVE]), ("PutUserPolicy", &inline)],
    )
    .await;
    let dave = bench.user("dave");
    let tagged = [
        ("UserName", "a"),
        ("Tags.member.1.Key", "k"),
        ("Tags.member.1.Value", "v"),
    ];
    let (_, text) = call(&bench, &dave, "CreateUser", &tagged)
        .await
        .unwrap_err();
    assert!(text.contains("iam:TagUser"), "{text}");
    call(&bench, &dave, "CreateUser", &tagged[..1])
        .await
        .unwrap();
}

#[tokio::test]
async fn lists_are_decided_on_by_the_path_they_ask_for() {
    let bench = Bench::new().await;
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:List*","Resource":"arn:aws:iam::*:user/dev/*"}}"#;
    let inline = [DAVE, ("PolicyName", "p"), ("PolicyDocument", document)];
    done(
        &bench,
        &[("CreateUser", &[DAVE]), ("PutUserPolicy", &inline)],
    )
    .await;
    let dave = bench.user("dave");
    let asked = [("PathPrefix", "/dev/")];
    call(&bench, &dave, "ListUsers", &asked).await.unwrap();
    let (exception, text) = call(&bench, &dave, "ListUsers", &[]).await.unwrap_err();
    assert_eq!(exception, "AccessDenied");
    assert_eq!(
        text,
        "User: arn:aws:iam::000000000000:user/dave is not authorized to perform: iam:ListUsers on \
         resource: arn:aws:iam::000000000000:user/ because no identity-based policy allows the \
         iam:ListUsers action"
    );
}

#[tokio::test]
async fn uses_of_access_keys_are_shown() {
    let bench = Bench::new().await;
    done(&bench, &[("CreateUser", &[DAVE])]).await;
    let key = new_key(&bench, "dave").await;
    let id = [("AccessKeyId", key.0.as_str())];
    let unused = root(&bench, "GetAccessKeyLastUsed", &id).await.unwrap();
    assert!(unused.all("LastUsedDate").is_empty());
    let wrong = (key.0.clone(), "wrong".to_owned());
    assert!(signer(&bench, &wrong).await.is_err());
    let unused = root(&bench, "GetAccessKeyLastUsed", &id).await.unwrap();
    assert!(unused.all("LastUsedDate").is_empty());
    signer(&bench, &key).await.unwrap().unwrap();
    let used = root(&bench, "GetAccessKeyLastUsed", &id).await.unwrap();
    assert_eq!(used.one("UserName"), "dave");
    assert_eq!(used.one("ServiceName"), "kms");
    let UnixMillis(now) = bench.kms.env.clock.now();
    assert_eq!(now, 1_800_000_000_000);
    assert_eq!(used.one("LastUsedDate"), "2027-01-15T08:00:00Z");
    let absent = [("AccessKeyId", "AKIAABCDEFGHIJKLMNOP")];
    let text = "The Access Key with id AKIAABCDEFGHIJKLMNOP cannot be found.";
    refused(
        &bench,
        "GetAccessKeyLastUsed",
        &absent,
        "NoSuchEntity",
        text,
    )
    .await;
}
