//! Operations that need permission on more than one thing, in the order in which AWS asks for it.

use serde_json::{Value, json};

use super::{ACCOUNT, DENIED, REGION, allow, deny, end, inline, to, under};
use crate::iam::Caller;
use crate::records::PoliciesRecord;
use crate::workbench::Bench;

fn on(resources: &[&str], mut statement: Value) -> Value {
    statement["Resource"] = json!(resources);
    statement
}

/// The place at which `caller` is refused `action` for want of an identity policy, as the text has it.
fn refused(caller: &Caller, action: &str, place: &str) -> Result<(), (&'static str, String)> {
    Err((
        DENIED,
        format!(
            "User: {} is not authorized to perform: {action}{place} because no identity-based policy allows the \
             {action} action",
            caller.arn
        ),
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_needs_its_own_side_and_that_of_every_key() {
    let bench = Bench::new().await;
    let old = bench.add_key(json!({})).await;
    let new = bench.add_key(json!({})).await;
    let alias = format!("arn:aws:kms:{REGION}:{ACCOUNT}:alias/a");
    let (old, new, alias) = (old.as_str(), new.as_str(), alias.as_str());
    let (create, update, delete) = ("CreateAlias", "UpdateAlias", "DeleteAlias");
    for (number, (operation, target, granted, missing)) in [
        (create, old, vec![old], Some(alias)),
        (create, old, vec![alias], Some(old)),
        (create, old, vec![alias, old], None),
        (update, new, vec![old, new], Some(alias)),
        (update, new, vec![alias, new], Some(old)),
        (update, new, vec![alias, old], Some(new)),
        (update, new, vec![alias, old, new], None),
        (delete, new, vec![new], Some(alias)),
        (delete, new, vec![alias, old], Some(new)),
        (delete, new, vec![alias, new], None),
    ]
    .into_iter()
    .enumerate()
    {
        let action = format!("kms:{operation}");
        let policies = inline(&json!([on(&granted, allow(action.as_str()))]));
        let caller = bench
            .add_user(ACCOUNT, &format!("u{number}"), policies)
            .await;
        let mut input = json!({"AliasName": "alias/a"});
        if operation != delete {
            input["TargetKeyId"] = json!(target);
        }
        let expected = match missing {
            Some(missing) => refused(&caller, &action, &format!(" on resource: {missing}")),
            None => Ok(()),
        };
        let answer = bench.call_with(&caller, operation, &input).await;
        assert_eq!(end(answer), expected, "{operation} {granted:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_policy_has_its_say_on_each_key_of_an_alias() {
    let bench = Bench::new().await;
    let [old, new] = [
        bench.add_key(json!({})).await,
        bench.add_key(json!({})).await,
    ];
    let alias = json!({"AliasName": "alias/a", "TargetKeyId": old});
    bench.call("CreateAlias", &alias).await.unwrap();
    let keeper = bench
        .add_user(ACCOUNT, "keeper", PoliciesRecord::default())
        .await;
    let of_keeper = json!([to(keeper.arn.as_str(), allow("kms:*"))]);
    bench.put_policy(&old, &of_keeper).await;
    let update = json!({"AliasName": "alias/a", "TargetKeyId": new});
    let root = bench.root();
    for (operation, input) in [
        ("UpdateAlias", &update),
        ("DeleteAlias", &json!({"AliasName": "alias/a"})),
    ] {
        let (name, text) = end(bench.call_with(&root, operation, input).await).unwrap_err();
        assert_eq!(name, DENIED, "{operation}");
        let place = format!("on resource: {old} because no resource-based policy allows");
        assert!(text.contains(&place), "{text}");
    }
    // Nothing in a key's policy makes up for the alias's side.
    let answer = bench
        .call_with(&keeper, "DeleteAlias", &json!({"AliasName": "alias/a"}))
        .await;
    let alias = format!(" on resource: arn:aws:kms:{REGION}:{ACCOUNT}:alias/a");
    assert_eq!(end(answer), refused(&keeper, "kms:DeleteAlias", &alias));
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_at_creation_need_permission_of_their_own() {
    let bench = Bench::new().await;
    let maker = bench
        .add_user(ACCOUNT, "maker", inline(&json!([allow("kms:CreateKey")])))
        .await;
    let both = json!([allow(json!(["kms:CreateKey", "kms:TagResource"]))]);
    let tagger = bench.add_user(ACCOUNT, "tagger", inline(&both)).await;
    let tags = json!({"Tags": [{"TagKey": "a", "TagValue": "b"}]});
    for (caller, input, expected) in [
        (&maker, json!({}), Ok(())),
        (&maker, json!({"Tags": []}), Ok(())),
        (&maker, tags.clone(), refused(&maker, "kms:TagResource", "")),
        (&tagger, tags, Ok(())),
    ] {
        let answer = bench.call_with(caller, "CreateKey", &input).await;
        assert_eq!(end(answer), expected, "{} {input}", caller.arn);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_made_in_its_own_region() {
    let bench = Bench::new().await;
    let key = bench.add_key(json!({"MultiRegion": true})).await;
    let here = json!({"StringEquals": {"aws:RequestedRegion": REGION}});
    let there = json!({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}});
    let replicate = || under(here.clone(), allow("kms:ReplicateKey"));
    let create = || under(there.clone(), allow("kms:CreateKey"));
    let tags = json!([{"TagKey": "a", "TagValue": "b"}]);
    let on_key = format!(" on resource: {key}");
    let people = [
        (
            json!([create()]),
            Some(("kms:ReplicateKey", on_key.as_str())),
        ),
        (
            json!([replicate()]),
            Some(("kms:CreateKey", " on resource: *")),
        ),
        (
            json!([replicate(), under(here.clone(), allow("kms:CreateKey"))]),
            Some(("kms:CreateKey", " on resource: *")),
        ),
        (
            json!([replicate(), create()]),
            Some(("kms:TagResource", "")),
        ),
        (
            json!([
                replicate(),
                create(),
                under(there.clone(), allow("kms:TagResource"))
            ]),
            None,
        ),
    ];
    for (number, (statements, missing)) in people.into_iter().enumerate() {
        let name = format!("u{number}");
        let caller = bench.add_user(ACCOUNT, &name, inline(&statements)).await;
        let input = json!({"KeyId": key, "ReplicaRegion": "eu-west-1", "Tags": tags});
        let answer = bench.call_with(&caller, "ReplicateKey", &input).await;
        let expected = match missing {
            Some((action, place)) => refused(&caller, action, place),
            None => Ok(()),
        };
        assert_eq!(end(answer), expected, "{statements}");
    }
}

/// The replica's policy is to be written in the replica's Region, and there the caller must be able to.
#[tokio::test(flavor = "multi_thread")]
async fn a_replicas_policy_is_tried_in_its_region() {
    let bench = Bench::new().await;
    for (number, (region, expected)) in [
        ("eu-west-1", None),
        (REGION, Some("MalformedPolicyDocumentException")),
    ]
    .into_iter()
    .enumerate()
    {
        let key = bench.add_key(json!({"MultiRegion": true})).await;
        let only = json!({"StringEquals": {"aws:RequestedRegion": region}});
        let policy = json!([
            to(
                super::root(ACCOUNT),
                allow(json!(["kms:Get*", "kms:Describe*"]))
            ),
            under(only, to(super::root(ACCOUNT), allow("kms:Put*"))),
        ]);
        let input = json!({
            "KeyId": key, "ReplicaRegion": "eu-west-1", "Policy": super::policy(&policy),
        });
        let answer = bench.call("ReplicateKey", &input).await;
        assert_eq!(answer.err(), expected, "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_on_the_primarys_role_needs_both_keys() {
    let bench = Bench::new().await;
    let key = bench.add_key(json!({"MultiRegion": true})).await;
    let replica = json!({"KeyId": key, "ReplicaRegion": "eu-west-1"});
    bench.call("ReplicateKey", &replica).await.unwrap();
    let there = key.replace(REGION, "eu-west-1");
    let update = json!({"KeyId": key, "PrimaryRegion": "eu-west-1"});
    let action = "kms:UpdatePrimaryRegion";
    for (number, (granted, missing)) in [
        (vec![there.as_str()], Some(&key)),
        (vec![key.as_str()], Some(&there)),
        (vec![key.as_str(), there.as_str()], None),
    ]
    .into_iter()
    .enumerate()
    {
        let policies = inline(&json!([on(&granted, allow(action))]));
        let caller = bench
            .add_user(ACCOUNT, &format!("u{number}"), policies)
            .await;
        let expected = match missing {
            Some(missing) => refused(&caller, action, &format!(" on resource: {missing}")),
            None => Ok(()),
        };
        let answer = bench
            .call_with(&caller, "UpdatePrimaryRegion", &update)
            .await;
        assert_eq!(end(answer), expected, "{granted:?}");
    }
}

/// A service is let in by key policies alone, under its own name and never under a caller's.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_has_what_the_key_policy_gives_it() {
    let bench = Bench::new().await;
    let service = Caller::service("s3.amazonaws.com", ACCOUNT.parse().unwrap());
    let named = |principal: &str, mut statement: Value| {
        statement["Principal"] = json!({"Service": principal});
        statement
    };
    let all = || allow("kms:*");
    let asked = |operator: &str, key: &str, value: &str| json!({operator: {key: value}});
    let source = "arn:aws:s3:::bucket";
    for (statement, may) in [
        (named("s3.amazonaws.com", all()), true),
        (named("ec2.amazonaws.com", all()), false),
        (to(super::root(ACCOUNT), all()), false),
        (
            under(
                asked("ArnEquals", "aws:SourceArn", source),
                named("s3.amazonaws.com", all()),
            ),
            true,
        ),
        (
            under(
                asked("ArnEquals", "aws:SourceArn", "arn:aws:s3:::b"),
                named("s3.amazonaws.com", all()),
            ),
            false,
        ),
        (
            under(
                asked("Bool", "aws:PrincipalIsAWSService", "true"),
                to("*", all()),
            ),
            true,
        ),
        (
            under(
                asked(
                    "StringEquals",
                    "aws:PrincipalServiceName",
                    "s3.amazonaws.com",
                ),
                to("*", all()),
            ),
            true,
        ),
        (
            under(
                asked("StringEquals", "aws:PrincipalType", "Service"),
                to("*", all()),
            ),
            true,
        ),
        // It does not call on anybody's behalf.
        (
            under(asked("Null", "kms:ViaService", "true"), to("*", all())),
            true,
        ),
        (
            under(asked("Bool", "aws:ViaAWSService", "true"), to("*", all())),
            false,
        ),
    ] {
        let key = bench.add_key(json!({})).await;
        bench.put_policy(&key, &json!([statement])).await;
        let answer = bench
            .call_via(&service, "DescribeKey", &json!({"KeyId": key}))
            .await;
        let found = end(answer).map_err(|(name, _)| name);
        assert_eq!(found, if may { Ok(()) } else { Err(DENIED) }, "{statement}");
    }
    let key = bench.add_key(json!({})).await;
    let statements = json!([
        named("s3.amazonaws.com", all()),
        to("*", deny("kms:DescribeKey"))
    ]);
    bench.put_policy(&key, &statements).await;
    let denied = bench
        .call_via(&service, "DescribeKey", &json!({"KeyId": key}))
        .await;
    assert_eq!(end(denied).unwrap_err().0, DENIED);
}
