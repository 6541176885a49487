//! What key policies, boundaries, session policies and guardrails make of each other, and which key policies may
//! be written.

use serde_json::{Value, json};

use super::{
    ACCOUNT, DENIED, OTHER, REGION, allow, attached, deny, end, inline, name, policy, root, to,
    under,
};
use crate::iam::Caller;
use crate::records::{PoliciesRecord, PolicyReference};
use crate::repository::Changes;
use crate::workbench::Bench;

const DESCRIBE: &str = "kms:DescribeKey";

/// What DescribeKey of `key` says to `caller`: nothing, or the text after the resource.
async fn describe(bench: &Bench, caller: &Caller, key: &str) -> Result<(), String> {
    let answer = bench
        .call_with(caller, "DescribeKey", &json!({"KeyId": key}))
        .await;
    end(answer).map_err(|(name, text)| {
        assert_eq!(name, DENIED, "{text}");
        let place = format!("not authorized to perform: {DESCRIBE} on ");
        let (_, rest) = text.split_once(&place).unwrap();
        rest.replace(key, "KEY")
    })
}

/// That no policy of this type allows DescribeKey of one's own key.
fn without(policy_type: &str) -> Result<(), String> {
    Err(format!(
        "resource: KEY because no {policy_type} allows the {DESCRIBE} action"
    ))
}

fn explicit(policy_type: &str) -> Result<(), String> {
    Err(format!(
        "resource: KEY with an explicit deny in {policy_type}"
    ))
}

/// Another account's key, whose owner lets the caller in.
fn this_without(policy_type: &str) -> Result<(), String> {
    Err(format!(
        "this resource because no {policy_type} allows the {DESCRIBE} action"
    ))
}

fn unseen() -> Result<(), String> {
    Err("this resource because the resource does not exist in this Region, no resource-based policies allow \
         access, or a resource-based policy explicitly denies access"
        .to_owned())
}

fn bounded(mut policies: PoliciesRecord) -> PoliciesRecord {
    let boundary = "AWSKeyManagementServicePowerUser".to_owned();
    policies.boundary = Some(PolicyReference::Aws(boundary));
    policies
}

/// A boundary that does not allow it.
fn outside(mut policies: PoliciesRecord) -> PoliciesRecord {
    policies.boundary = Some(PolicyReference::Aws("IAMFullAccess".to_owned()));
    policies
}

/// Who besides the root the policies of the console's dialog let do what.
#[tokio::test(flavor = "multi_thread")]
async fn administrators_cannot_use_and_users_cannot_administer() {
    let bench = Bench::new().await;
    let admin = bench
        .add_user(ACCOUNT, "admin", PoliciesRecord::default())
        .await;
    let user = bench
        .add_user(ACCOUNT, "user", PoliciesRecord::default())
        .await;
    let administer = json!([
        "kms:Create*",
        "kms:Describe*",
        "kms:Enable*",
        "kms:List*",
        "kms:Put*",
        "kms:Update*",
        "kms:Revoke*",
        "kms:Disable*",
        "kms:Get*",
        "kms:Delete*",
        "kms:TagResource",
        "kms:UntagResource",
        "kms:ScheduleKeyDeletion",
        "kms:CancelKeyDeletion",
    ]);
    let crypto = json!([
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:DescribeKey",
    ]);
    let grants = json!(["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]);
    let by_services = json!({"Bool": {"kms:GrantIsForAWSResource": true}});
    let statements = json!([
        to(root(ACCOUNT), allow("kms:*")),
        to(admin.arn.as_str(), allow(administer)),
        to(user.arn.as_str(), allow(crypto)),
        to(user.arn.as_str(), under(by_services, allow(grants))),
    ]);
    let key = bench.add_key(json!({})).await;
    bench.put_policy(&key, &statements).await;
    let plain = json!({"KeyId": key, "Plaintext": "QUJD"});
    let made = bench.call("Encrypt", &plain).await.unwrap();
    let grant = json!({"GranteePrincipal": root(ACCOUNT), "Operations": ["Encrypt"]});
    for (operation, more, of_admin, of_user) in [
        ("DescribeKey", json!({}), true, true),
        ("Encrypt", json!({"Plaintext": "QUJD"}), false, true),
        (
            "Decrypt",
            json!({"CiphertextBlob": made["CiphertextBlob"]}),
            false,
            true,
        ),
        ("GenerateDataKey", json!({"NumberOfBytes": 16}), false, true),
        ("GetKeyPolicy", json!({}), true, false),
        ("TagResource", json!({"Tags": []}), true, false),
        ("CreateGrant", grant, true, false),
        (
            "UpdateKeyDescription",
            json!({"Description": "d"}),
            true,
            false,
        ),
        ("ScheduleKeyDeletion", json!({}), true, false),
        ("CancelKeyDeletion", json!({}), true, false),
        // The alias of a key is the account's, too: nothing in the key's policy gives it.
        (
            "CreateAlias",
            json!({"AliasName": "alias/a", "TargetKeyId": key}),
            false,
            false,
        ),
        ("ListKeys", json!({}), false, false),
    ] {
        let mut input = more;
        input["KeyId"] = json!(key);
        for (caller, may) in [(&admin, of_admin), (&user, of_user)] {
            let found = name(bench.call_with(caller, operation, &input).await);
            let expected = if may { Ok(()) } else { Err(DENIED) };
            assert_eq!(found, expected, "{operation} {}", caller.arn);
        }
    }
    let grant = json!({
        "KeyId": key, "GranteePrincipal": root(ACCOUNT), "Operations": ["Encrypt"],
    });
    bench
        .call("EnableKey", &json!({"KeyId": key}))
        .await
        .unwrap();
    assert_eq!(
        name(bench.call_via(&user, "CreateGrant", &grant).await),
        Ok(())
    );
}

/// KMS Developer Guide, "Determining access", and [CAP] of grants' siblings: what each way of being named is worth.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_named_how_needs_what_else() {
    let bench = Bench::new().await;
    let (all, nothing) = (inline(&json!([allow("*")])), PoliciesRecord::default());
    let denying = inline(&json!([deny("*")]));
    let limited = json!([allow("kms:List*")]);
    let mut people = Vec::new();
    for (name, policies) in [
        ("all", all.clone()),
        ("nothing", nothing.clone()),
        ("denying", denying),
        ("bounded", bounded(all.clone())),
        ("outside", outside(all.clone())),
        ("bounded-nothing", bounded(nothing.clone())),
    ] {
        people.push(bench.add_user(ACCOUNT, name, policies).await);
    }
    let [
        all_user,
        nothing_user,
        denying,
        bounded_user,
        outside_user,
        bounded_nothing,
    ] = &people[..]
    else {
        panic!();
    };
    let (identity, boundary) = ("identity-based policy", "permissions boundary");
    let session_policy = "session policy";
    let role = bench.add_session(ACCOUNT, "r", nothing.clone(), None).await;
    let role_outside = bench
        .add_session(ACCOUNT, "o", outside(all.clone()), None)
        .await;
    let role_limited = bench
        .add_session(ACCOUNT, "l", all.clone(), Some(&limited))
        .await;
    let (everyone, account) = (json!("*"), json!(root(ACCOUNT)));
    let itself = |caller: &Caller| json!(caller.arn);
    let as_role = |caller: &Caller| json!(caller.principal_arn());
    let explicitly = explicit("an identity-based policy: inline");
    let rows = [
        // Named itself, or as everyone: nothing else need allow.
        (nothing_user, itself(nothing_user), Ok(())),
        (nothing_user, everyone.clone(), Ok(())),
        (outside_user, itself(outside_user), Ok(())),
        (denying, itself(denying), explicitly.clone()),
        (&role, itself(&role), Ok(())),
        (&role_outside, itself(&role_outside), Ok(())),
        (&role_limited, itself(&role_limited), Ok(())),
        // As a role: boundary and session policy must allow, too.
        (&role, as_role(&role), Ok(())),
        (&role_outside, as_role(&role_outside), without(boundary)),
        (
            &role_limited,
            as_role(&role_limited),
            without(session_policy),
        ),
        // As the account: identity policies must, too.
        (all_user, account.clone(), Ok(())),
        (nothing_user, account.clone(), without(identity)),
        (denying, account.clone(), explicitly),
        (bounded_user, account.clone(), Ok(())),
        (outside_user, account.clone(), without(boundary)),
        (bounded_nothing, account.clone(), without(identity)),
        (&role, account.clone(), without(identity)),
        (&role_outside, account.clone(), without(boundary)),
        (&role_limited, account.clone(), without(session_policy)),
        // Not at all.
        (
            all_user,
            itself(nothing_user),
            without("resource-based policy"),
        ),
        (
            &role,
            itself(nothing_user),
            without("resource-based policy"),
        ),
    ];
    for (caller, principal, expected) in rows {
        let key = bench.add_key(json!({})).await;
        bench
            .put_policy(&key, &json!([to(principal.clone(), allow(DESCRIBE))]))
            .await;
        assert_eq!(
            describe(&bench, caller, &key).await,
            expected,
            "{} {principal}",
            caller.arn
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_key_needs_both_sides() {
    let bench = Bench::new().await;
    let (all, nothing) = (inline(&json!([allow("*")])), PoliciesRecord::default());
    let limited = json!([allow("kms:List*")]);
    let may = bench.add_user(OTHER, "may", all.clone()).await;
    let may_not = bench.add_user(OTHER, "may-not", nothing).await;
    let refusing = bench
        .add_user(OTHER, "refusing", inline(&json!([allow("*"), deny("*")])))
        .await;
    let outside = bench.add_user(OTHER, "outside", outside(all.clone())).await;
    let session = bench.add_session(OTHER, "r", all.clone(), None).await;
    let session_limited = bench.add_session(OTHER, "l", all, Some(&limited)).await;
    let root_there = Caller::root(
        OTHER.parse().unwrap(),
        String::new(),
        &REGION.parse().unwrap(),
    );
    let (identity, everyone, account) = ("identity-based policy", json!("*"), json!(root(OTHER)));
    let (boundary, session_policy) = ("permissions boundary", "session policy");
    let as_role = |caller: &Caller| json!(caller.principal_arn());
    let rows = [
        (&may, json!(may.arn), Ok(())),
        (&may, account.clone(), Ok(())),
        (&may, everyone.clone(), Ok(())),
        (&may_not, json!(may_not.arn), this_without(identity)),
        (&may_not, account.clone(), this_without(identity)),
        (&may_not, everyone.clone(), this_without(identity)),
        (&outside, json!(outside.arn), this_without(boundary)),
        (&session, as_role(&session), Ok(())),
        (&session, json!(session.arn), Ok(())),
        (
            &session_limited,
            json!(session_limited.arn),
            this_without(session_policy),
        ),
        (
            &session_limited,
            as_role(&session_limited),
            this_without(session_policy),
        ),
        (&root_there, account.clone(), Ok(())),
        (&root_there, json!(may.arn), unseen()),
        // Who is not let in learns nothing, not even of the own side.
        (&may, json!(root(ACCOUNT)), unseen()),
        (&may_not, json!(root(ACCOUNT)), unseen()),
        (&refusing, json!(root(ACCOUNT)), unseen()),
        (&refusing, account, unseen()),
    ];
    for (caller, principal, expected) in rows {
        let key = bench.add_key(json!({})).await;
        bench
            .put_policy(&key, &json!([to(principal.clone(), allow(DESCRIBE))]))
            .await;
        assert_eq!(
            describe(&bench, caller, &key).await,
            expected,
            "{} {principal}",
            caller.arn
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_is_nobody_before_a_key_that_does_not_name_the_account() {
    let bench = Bench::new().await;
    let root_here = bench.root();
    let keeper = bench
        .add_user(ACCOUNT, "keeper", PoliciesRecord::default())
        .await;
    let all = || to(root(ACCOUNT), allow("kms:*"));
    for (statements, expected) in [
        (json!([all()]), Ok(())),
        (
            json!([to(keeper.arn.as_str(), allow("kms:*"))]),
            without("resource-based policy"),
        ),
        (
            json!([all(), to("*", deny(DESCRIBE))]),
            explicit("a resource-based policy"),
        ),
        (
            json!([all(), to(root(ACCOUNT), deny(DESCRIBE))]),
            explicit("a resource-based policy"),
        ),
        (
            json!([all(), to(keeper.arn.as_str(), deny(DESCRIBE))]),
            Ok(()),
        ),
        (json!([all(), to("*", deny("kms:Encrypt"))]), Ok(())),
    ] {
        let key = bench.add_key(json!({})).await;
        bench.put_policy(&key, &statements).await;
        assert_eq!(
            describe(&bench, &root_here, &key).await,
            expected,
            "{statements}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guardrail_holds_for_all_and_gives_nothing() {
    let bench = Bench::new().await;
    let key = bench.add_key(json!({})).await;
    let admin = bench
        .add_user(ACCOUNT, "admin", attached("AdministratorAccess"))
        .await;
    let nobody = bench
        .add_user(ACCOUNT, "nobody", PoliciesRecord::default())
        .await;
    let statements = json!([allow("kms:*"), deny("kms:DescribeKey")]);
    bench.limit(ACCOUNT, &statements).await;
    let denied = explicit("a service control policy");
    for caller in [&bench.root(), &admin, &nobody] {
        assert_eq!(
            describe(&bench, caller, &key).await,
            denied,
            "{}",
            caller.arn
        );
    }
    let list = |caller: Caller| {
        let bench = &bench;
        async move { name(bench.call_with(&caller, "ListKeys", &json!({})).await) }
    };
    assert_eq!(list(bench.root()).await, Ok(()));
    assert_eq!(list(admin).await, Ok(()));
    assert_eq!(list(nobody).await, Err(DENIED));

    let bench = Bench::new().await;
    let key = bench.add_key(json!({})).await;
    bench.limit(ACCOUNT, &json!([allow("kms:List*")])).await;
    let missing = without("service control policy");
    assert_eq!(describe(&bench, &bench.root(), &key).await, missing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_made_again_is_somebody_else() {
    let bench = Bench::new().await;
    let key = bench.add_key(json!({})).await;
    let dave = bench
        .add_user(ACCOUNT, "dave", PoliciesRecord::default())
        .await;
    bench
        .put_policy(&key, &json!([to(dave.arn.as_str(), allow(DESCRIBE))]))
        .await;
    assert_eq!(describe(&bench, &dave, &key).await, Ok(()));
    let crate::iam::Identity::User(user) = &dave.identity else {
        panic!();
    };
    let records = &bench.kms.records;
    let reference = records.reference_version(&dave.user_id).unwrap();
    let gone = Changes::default().delete_entity(&user.record, user.version, reference);
    records.commit(gone).await.unwrap();
    let again = bench
        .add_user(ACCOUNT, "dave", PoliciesRecord::default())
        .await;
    assert_eq!(again.arn, dave.arn);
    let nobody = without("resource-based policy");
    assert_eq!(describe(&bench, &again, &key).await, nobody);
}

/// KMS API, PutKeyPolicy, BypassPolicyLockoutSafetyCheck: the caller must be able to write the policy again.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_policy_must_let_its_writer_replace_it() {
    let bench = Bench::new().await;
    let admin = bench
        .add_user(ACCOUNT, "admin", attached("AdministratorAccess"))
        .await;
    let maker = bench
        .add_user(ACCOUNT, "maker", inline(&json!([allow("kms:CreateKey")])))
        .await;
    let delegate = || to(root(ACCOUNT), allow("kms:*"));
    let put = || to(root(ACCOUNT), allow("kms:Put*"));
    let named = |caller: &Caller, actions: &str| to(caller.arn.as_str(), allow(actions));
    let plain = json!({"Bool": {"aws:SecureTransport": false}});
    let secure = json!({"Bool": {"aws:SecureTransport": true}});
    let policy_name = json!({"StringEquals": {"kms:PolicyName": "default"}});
    let root_here = bench.root();
    let rows = [
        (&root_here, json!([put()]), true),
        (
            &root_here,
            json!([to("*", allow("kms:PutKeyPolicy"))]),
            true,
        ),
        (
            &root_here,
            json!([to(root(ACCOUNT), allow("kms:Get*"))]),
            false,
        ),
        (&root_here, json!([under(plain, put())]), true),
        (&root_here, json!([under(secure, put())]), false),
        (&root_here, json!([under(policy_name, put())]), true),
        (
            &root_here,
            json!([put(), to("*", deny("kms:Decrypt"))]),
            true,
        ),
        (&root_here, json!([put(), to("*", deny("kms:*"))]), false),
        (&root_here, json!([named(&admin, "kms:*")]), false),
        (&admin, json!([named(&admin, "kms:*")]), true),
        (&admin, json!([named(&admin, "kms:Get*")]), false),
        (&admin, json!([delegate()]), true),
        // The account's word is worth nothing without an identity policy that allows it.
        (&maker, json!([delegate()]), false),
        (&maker, json!([named(&maker, "kms:PutKeyPolicy")]), true),
    ];
    for (caller, statements, keeps) in rows {
        let locked_out = (
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future."
                .to_owned(),
        );
        let expected = if keeps { Ok(()) } else { Err(locked_out) };
        let mut input = json!({"Policy": policy(&statements)});
        let made = bench.call_with(caller, "CreateKey", &input).await;
        assert_eq!(end(made), expected, "CreateKey {} {statements}", caller.arn);
        if !std::ptr::eq(caller, &maker) {
            let mut input = input.clone();
            input["KeyId"] = json!(bench.add_key(json!({})).await);
            let answer = bench.call_with(caller, "PutKeyPolicy", &input).await;
            assert_eq!(
                end(answer),
                expected,
                "PutKeyPolicy {} {statements}",
                caller.arn
            );
        }
        input["BypassPolicyLockoutSafetyCheck"] = json!(true);
        let made = bench.call_with(caller, "CreateKey", &input).await;
        assert_eq!(end(made), Ok(()), "CreateKey {} {statements}", caller.arn);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_names_only_who_exists() {
    let bench = Bench::new().await;
    bench
        .add_user(ACCOUNT, "dave", PoliciesRecord::default())
        .await;
    let session = bench
        .add_session(OTHER, "r", PoliciesRecord::default(), None)
        .await;
    for (principal, exists) in [
        (json!("*"), true),
        (json!(OTHER), true),
        (json!(root(OTHER)), true),
        (json!("arn:aws:iam::000000000000:user/dave"), true),
        (json!("arn:aws:iam::000000000000:user/eve"), false),
        (json!("arn:aws:iam::000000000000:user/path/dave"), false),
        (json!("arn:aws:iam::111122223333:user/dave"), false),
        (json!(session.arn), true),
        (json!(session.principal_arn()), true),
        (json!("arn:aws:sts::111122223333:assumed-role/q/s"), false),
        (json!("arn:aws:iam::000000000000:group/g"), false),
    ] {
        let statements = json!([
            to(root(ACCOUNT), allow("kms:*")),
            to(principal.clone(), allow(DESCRIBE))
        ]);
        let answer = bench
            .call("CreateKey", &json!({"Policy": policy(&statements)}))
            .await;
        let expected = if exists {
            Ok(())
        } else {
            Err("MalformedPolicyDocumentException")
        };
        assert_eq!(answer.map(drop), expected, "{principal}");
    }
}

/// The key of a service is decided by its policy: the service's own caller's account, and only through it.
#[tokio::test(flavor = "multi_thread")]
async fn a_managed_key_is_used_through_its_service_only() {
    let bench = Bench::new().await;
    let admin = bench
        .add_user(ACCOUNT, "admin", attached("AdministratorAccess"))
        .await;
    let nobody = bench
        .add_user(ACCOUNT, "nobody", PoliciesRecord::default())
        .await;
    let stranger = bench
        .add_user(OTHER, "stranger", attached("AdministratorAccess"))
        .await;
    let made = bench
        .call("DescribeKey", &json!({"KeyId": "alias/aws/s3"}))
        .await
        .unwrap();
    let key = made["KeyMetadata"]["Arn"].clone();
    let other = bench
        .call("DescribeKey", &json!({"KeyId": "alias/aws/ebs"}))
        .await
        .unwrap();
    let other = &other["KeyMetadata"]["Arn"];
    let encrypt = |key: &Value| json!({"KeyId": key, "Plaintext": "QUJD"});
    let denied = Err(DENIED);
    for (caller, direct, through, through_other) in [
        (&bench.root(), denied, Ok(()), denied),
        (&admin, denied, Ok(()), denied),
        (&nobody, denied, Ok(()), denied),
        (&stranger, denied, denied, denied),
    ] {
        let found = name(bench.call_with(caller, "Encrypt", &encrypt(&key)).await);
        assert_eq!(found, direct, "{}", caller.arn);
        let found = name(bench.call_via(caller, "Encrypt", &encrypt(&key)).await);
        assert_eq!(found, through, "{}", caller.arn);
        let found = name(bench.call_via(caller, "Encrypt", &encrypt(other)).await);
        assert_eq!(found, through_other, "{}", caller.arn);
        let disable = json!({"KeyId": key});
        let found = name(bench.call_via(caller, "DisableKey", &disable).await);
        assert_eq!(found, denied, "{}", caller.arn);
    }
}
