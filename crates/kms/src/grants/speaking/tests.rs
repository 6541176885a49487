use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};
use strongroom_aws::error::Refusal;
use strongroom_base::Secret;
use strongroom_store::{
    Anchor, Commit, Engine, Entry, Health, Measured, Memory, Page, Pending, Statement, StoreError,
};

use crate::call::Via;
use crate::grants::people::{
    ALL, AWAY, DENY, HOME, Made, NOTHING, federated, role, root, root_of, session, set_policies,
    user,
};
use crate::iam::Caller;
use crate::workbench::Bench;

/// A key of [`HOME`] and people of two accounts.
struct Scene {
    bench: Bench,
    key: Value,
    dave: Made,
    worker: Made,
    dora: Made,
    visitor: Made,
}

impl Scene {
    async fn new() -> Self {
        Self::on(Bench::new().await).await
    }

    async fn on(bench: Bench) -> Self {
        let made = bench.call("CreateKey", &json!({})).await.unwrap();
        Self {
            key: made["KeyMetadata"]["Arn"].clone(),
            dave: user(&bench, HOME, "dave", &[]).await,
            worker: role(&bench, HOME, "worker", &[], None).await,
            dora: user(&bench, AWAY, "dora", &[]).await,
            visitor: role(&bench, AWAY, "visitor", &[], None).await,
            bench,
        }
    }

    async fn call(&self, caller: &Caller, operation: &str, more: &Value) -> Result<Value, Refusal> {
        let mut input = json!({"KeyId": self.key});
        let members = more.as_object().unwrap().clone();
        input.as_object_mut().unwrap().extend(members);
        self.bench.call_with(caller, operation, &input).await
    }

    /// What a call comes to, in a word.
    async fn outcome(&self, caller: &Caller, operation: &str, more: &Value) -> &'static str {
        word(&self.call(caller, operation, more).await)
    }

    /// A grant that the key's owner issues.
    async fn grant(&self, grantee: &str, operations: &Value) -> Value {
        self.grant_by(&root_of(HOME), grantee, operations).await
    }

    async fn grant_by(&self, issuer: &Caller, grantee: &str, operations: &Value) -> Value {
        let asked = json!({"GranteePrincipal": grantee, "Operations": operations});
        self.call(issuer, "CreateGrant", &asked).await.unwrap()
    }

    async fn revoke(&self, grant: &Value) {
        let named = json!({"GrantId": grant["GrantId"]});
        let revoked = self.call(&root_of(HOME), "RevokeGrant", &named).await;
        revoked.unwrap();
    }
}

fn word<T>(answer: &Result<T, Refusal>) -> &'static str {
    let refusal = match answer {
        Ok(_) => return "yes",
        Err(refusal) => refusal,
    };
    let text = refusal.message.as_deref().unwrap_or_default();
    for (part, word) in [
        ("no identity-based policy allows", "identity"),
        ("no permissions boundary allows", "boundary"),
        ("no session policy allows", "session"),
        ("no resource-based policies allow access", "unseen"),
        ("no resource-based policy allows", "resource"),
        ("explicit deny in an identity-based policy", "denied"),
    ] {
        if text.contains(part) {
            return word;
        }
    }
    refusal.exception.name()
}

const PLAINTEXT: &str = "QUJD";

/// KMS Developer Guide, "Grants in AWS KMS", and what was observed of AWS: who is let in by a grant to whom, and
/// what must still allow.
#[tokio::test]
async fn grants_speak_for_their_grantees_and_nobody_else() {
    let scene = Scene::new().await;
    let bench = &scene.bench;
    let allowed = user(bench, AWAY, "able", &[ALL]).await;
    let able_role = role(bench, AWAY, "able", &[ALL], None).await;
    let bounded = role(bench, HOME, "bounded", &[], Some("IAMFullAccess")).await;
    let user_arn = |account: &str, name: &str| format!("arn:aws:iam::{account}:user/{name}");
    let session_arn = |account: &str, role: &str, name: &str| {
        format!("arn:aws:sts::{account}:assumed-role/{role}/{name}")
    };
    user(bench, HOME, "adam", &[ALL]).await;
    user(bench, HOME, "denied", &[DENY]).await;
    let home_user = |name: &str| bench.user_of(HOME, name);
    let away_user = |name: &str| bench.user_of(AWAY, name);
    let s = |name: &str| session(bench, &scene.worker, name, None);
    let limited = session(bench, &scene.worker, "s", Some(NOTHING));
    let bounded_session = session(bench, &bounded, "s", None);
    let fred = federated(bench, &scene.dave, "fred");
    let visit = |policy| session(bench, &scene.visitor, "v", policy);
    let able_visit = |policy| session(bench, &able_role, "v", policy);
    let fred_arn = format!("arn:aws:sts::{HOME}:federated-user/fred");
    let table = [
        // One account.
        (user_arn(HOME, "dave"), HOME, home_user("dave"), "yes"),
        (scene.dave.id.clone(), HOME, home_user("dave"), "yes"),
        (user_arn(HOME, "dave"), HOME, s("dave"), "identity"),
        (
            user_arn(HOME, "denied"),
            HOME,
            home_user("denied"),
            "denied",
        ),
        (scene.worker.arn.clone(), HOME, s("any"), "yes"),
        (scene.worker.arn.clone(), HOME, limited.clone(), "session"),
        (
            bounded.arn.clone(),
            HOME,
            bounded_session.clone(),
            "boundary",
        ),
        (session_arn(HOME, "worker", "s"), HOME, s("s"), "yes"),
        (format!("{}:s", scene.worker.id), HOME, s("s"), "yes"),
        (session_arn(HOME, "worker", "s"), HOME, limited, "yes"),
        (
            session_arn(HOME, "bounded", "s"),
            HOME,
            bounded_session,
            "yes",
        ),
        (
            session_arn(HOME, "worker", "s"),
            HOME,
            s("sibling"),
            "identity",
        ),
        (session_arn(HOME, "worker", "s"), HOME, s("S"), "identity"),
        (fred_arn.clone(), HOME, fred.clone(), "yes"),
        (user_arn(HOME, "dave"), HOME, fred, "identity"),
        (fred_arn, HOME, home_user("dave"), "identity"),
        (root(HOME), HOME, home_user("dave"), "identity"),
        (root(HOME), HOME, home_user("adam"), "yes"),
        // Another account, issued by the owner of the key.
        (root(AWAY), HOME, root_of(AWAY), "yes"),
        (root(AWAY), HOME, away_user("dora"), "identity"),
        (root(AWAY), HOME, away_user("able"), "yes"),
        (scene.dora.arn.clone(), HOME, away_user("dora"), "identity"),
        (allowed.arn.clone(), HOME, away_user("able"), "yes"),
        (scene.visitor.arn.clone(), HOME, visit(None), "identity"),
        (able_role.arn.clone(), HOME, able_visit(None), "yes"),
        (
            able_role.arn.clone(),
            HOME,
            able_visit(Some(NOTHING)),
            "session",
        ),
        (
            session_arn(AWAY, "able", "v"),
            HOME,
            able_visit(Some(NOTHING)),
            "session",
        ),
        // Another account, issued there.
        (scene.dora.arn.clone(), AWAY, away_user("dora"), "yes"),
        (scene.visitor.arn.clone(), AWAY, visit(None), "yes"),
        (
            scene.visitor.arn.clone(),
            AWAY,
            visit(Some(NOTHING)),
            "session",
        ),
        (
            session_arn(AWAY, "visitor", "v"),
            AWAY,
            visit(Some(NOTHING)),
            "yes",
        ),
    ];
    for (grantee, issuer, caller, expected) in table {
        // A grant outlives the one it was made under.
        let parent = json!(["CreateGrant", "DescribeKey"]);
        let parent = scene.grant(&root(AWAY), &parent).await;
        let issuer_root = root_of(issuer);
        let made = json!(["DescribeKey"]);
        let made = scene.grant_by(&issuer_root, &grantee, &made).await;
        scene.revoke(&parent).await;
        let found = scene.outcome(&caller, "DescribeKey", &json!({})).await;
        assert_eq!(found, expected, "{grantee} by {issuer} to {}", caller.arn);
        scene.revoke(&made).await;
    }
}

#[tokio::test]
async fn without_a_grant_nobody_else_is_let_in() {
    let scene = Scene::new().await;
    let dora = scene.bench.user_of(AWAY, "dora");
    let dave = scene.bench.user_of(HOME, "dave");
    let made = scene.grant(&scene.dora.arn, &json!(["Encrypt"])).await;
    for (caller, operation, more, expected) in [
        (&dave, "DescribeKey", json!({}), "identity"),
        (&dora, "DescribeKey", json!({}), "unseen"),
        (
            &dora,
            "Encrypt",
            json!({"Plaintext": PLAINTEXT}),
            "identity",
        ),
        (&root_of(AWAY), "DescribeKey", json!({}), "unseen"),
        (
            &root_of(AWAY),
            "Encrypt",
            json!({"Plaintext": PLAINTEXT, "GrantTokens": [made["GrantToken"]]}),
            "unseen",
        ),
        (&root_of(AWAY), "ListGrants", json!({}), "unseen"),
    ] {
        let found = scene.outcome(caller, operation, &more).await;
        assert_eq!(found, expected, "{operation} {}", caller.arn);
    }
}

#[tokio::test]
async fn a_grant_permits_its_operations_under_its_constraints() {
    let scene = Scene::new().await;
    let dave = scene.bench.user_of(HOME, "dave");
    let asked = json!({
        "GranteePrincipal": scene.dave.arn,
        "Operations": ["Encrypt", "ReEncryptTo", "GenerateDataKeyPair", "DescribeKey"],
        "Constraints": {"EncryptionContextSubset": {"Dept": "IT"}},
    });
    let made = scene.call(&root_of(HOME), "CreateGrant", &asked).await;
    made.unwrap();
    let from = json!({"GranteePrincipal": scene.dave.arn, "Operations": ["ReEncryptFrom"]});
    let source = json!({"Plaintext": PLAINTEXT, "EncryptionContext": {"a": "b"}});
    let sealed = scene.call(&root_of(HOME), "Encrypt", &source).await;
    let blob = sealed.unwrap()["CiphertextBlob"].clone();
    let it = || json!({"dept": "IT", "more": "x"});
    let re_encrypt = |context: Value| {
        json!({
            "CiphertextBlob": blob,
            "SourceEncryptionContext": {"a": "b"},
            "DestinationKeyId": scene.key,
            "DestinationEncryptionContext": context,
        })
    };
    let encrypt = |context: Value| json!({"Plaintext": PLAINTEXT, "EncryptionContext": context});
    let pair =
        |context: Value| json!({"KeyPairSpec": "ECC_NIST_P256", "EncryptionContext": context});
    for (operation, input, expected) in [
        ("Encrypt", encrypt(it()), "yes"),
        ("Encrypt", encrypt(json!({"Dept": "HR"})), "identity"),
        (
            "Encrypt",
            encrypt(json!({"Dept": "IT", "dept": "HR"})),
            "identity",
        ),
        ("Encrypt", encrypt(json!({})), "identity"),
        ("GenerateDataKeyPair", pair(it()), "yes"),
        ("GenerateDataKeyPair", pair(json!({})), "identity"),
        ("DescribeKey", json!({}), "yes"),
        (
            "GenerateDataKey",
            json!({"KeySpec": "AES_256", "EncryptionContext": it()}),
            "identity",
        ),
        ("ReEncrypt", re_encrypt(it()), "identity"),
        ("GetKeyRotationStatus", json!({}), "identity"),
        ("ListGrants", json!({}), "identity"),
        ("DisableKey", json!({}), "identity"),
    ] {
        let found = scene.outcome(&dave, operation, &input).await;
        assert_eq!(found, expected, "{operation} {input}");
    }
    let made = scene.call(&root_of(HOME), "CreateGrant", &from).await;
    made.unwrap();
    let found = scene.outcome(&dave, "ReEncrypt", &re_encrypt(it())).await;
    assert_eq!(found, "yes");
    let other = re_encrypt(json!({"Dept": "HR"}));
    let found = scene.outcome(&dave, "ReEncrypt", &other).await;
    assert_eq!(found, "identity");
}

#[tokio::test]
async fn a_deny_of_the_key_policy_beats_a_grant() {
    let scene = Scene::new().await;
    let dave = scene.bench.user_of(HOME, "dave");
    scene.grant(&scene.dave.arn, &json!(["DescribeKey"])).await;
    assert_eq!(scene.outcome(&dave, "DescribeKey", &json!({})).await, "yes");
    set_policies(&scene.bench, HOME, "dave", &[DENY]).await;
    let dave = scene.bench.user_of(HOME, "dave");
    let found = scene.outcome(&dave, "DescribeKey", &json!({})).await;
    assert_eq!(found, "denied");
}

#[tokio::test]
async fn who_is_made_again_is_somebody_else() {
    let scene = Scene::new().await;
    let asked = json!({
        "GranteePrincipal": format!("arn:aws:sts::{HOME}:assumed-role/worker/s"),
        "RetiringPrincipal": scene.worker.arn,
        "Operations": ["DescribeKey"],
        "Name": "n",
    });
    let owner = root_of(HOME);
    let made = scene.call(&owner, "CreateGrant", &asked).await.unwrap();
    let of_worker = session(&scene.bench, &scene.worker, "s", None);
    let listed = scene.call(&owner, "ListGrants", &json!({})).await.unwrap();
    assert_eq!(
        listed["Grants"][0]["GranteePrincipal"],
        asked["GranteePrincipal"]
    );
    assert_eq!(
        listed["Grants"][0]["RetiringPrincipal"],
        asked["RetiringPrincipal"]
    );
    assert_eq!(
        scene.outcome(&of_worker, "DescribeKey", &json!({})).await,
        "yes"
    );

    scene.bench.delete_role(HOME, "worker").await;
    let dead = format!("{}:s", scene.worker.id);
    let listed = scene.call(&owner, "ListGrants", &json!({})).await.unwrap();
    assert_eq!(listed["Grants"][0]["GranteePrincipal"], json!(dead));
    assert_eq!(
        listed["Grants"][0]["RetiringPrincipal"],
        json!(scene.worker.id)
    );
    let refused = |answer: Result<Value, Refusal>| {
        let refusal = answer.unwrap_err();
        (refusal.exception.name(), refusal.message.unwrap())
    };
    let by_id = json!({"GranteePrincipal": dead, "Operations": ["DescribeKey"]});
    assert_eq!(
        refused(scene.call(&owner, "CreateGrant", &by_id).await),
        (
            "InvalidArnException",
            "GranteePrincipal does not refer to a valid principal.".to_owned()
        )
    );
    assert_eq!(
        refused(scene.call(&owner, "CreateGrant", &asked).await),
        (
            "InvalidArnException",
            format!(
                "ARN does not refer to a valid principal: {}",
                asked["GranteePrincipal"].as_str().unwrap()
            )
        )
    );
    let filter = json!({"GranteePrincipal": dead});
    assert_eq!(
        refused(scene.call(&owner, "ListGrants", &filter).await),
        (
            "InvalidArnException",
            "Input does not refer to a valid principal".to_owned()
        )
    );
    let retirable = json!({"RetiringPrincipal": dead});
    let list = scene
        .bench
        .call_with(&owner, "ListRetirableGrants", &retirable);
    assert_eq!(
        refused(list.await),
        (
            "NotFoundException",
            format!("Retiring principal {dead} could not be found")
        )
    );

    let again = role(&scene.bench, HOME, "worker", &[], None).await;
    let newcomer = session(&scene.bench, &again, "s", None);
    let found = scene.outcome(&newcomer, "DescribeKey", &json!({})).await;
    assert_eq!(found, "identity");
    let retire = json!({"GrantId": made["GrantId"]});
    let found = scene.outcome(&newcomer, "RetireGrant", &retire).await;
    assert_eq!(found, "identity");
    let renewed = scene.call(&owner, "CreateGrant", &asked).await.unwrap();
    assert_ne!(renewed["GrantId"], made["GrantId"]);
    assert_eq!(
        scene.outcome(&newcomer, "DescribeKey", &json!({})).await,
        "yes"
    );
}

#[tokio::test]
async fn who_may_grant_by_a_grant_grants_no_more_than_that() {
    let scene = Scene::new().await;
    let dave = scene.bench.user_of(HOME, "dave");
    let dora = scene.bench.user_of(AWAY, "dora");
    let create = |caller: &Caller, changes: Value| {
        let mut asked = json!({"GranteePrincipal": scene.worker.arn, "Operations": ["Encrypt"]});
        let members = changes.as_object().unwrap().clone();
        asked.as_object_mut().unwrap().extend(members);
        let (caller, scene) = (caller.clone(), &scene);
        async move { word(&scene.call(&caller, "CreateGrant", &asked).await) }
    };
    assert_eq!(create(&dave, json!({})).await, "identity");
    let parent = json!({
        "GranteePrincipal": scene.dave.arn,
        "Operations": ["CreateGrant", "Encrypt"],
        "Constraints": {"EncryptionContextSubset": {"a": "1"}},
    });
    let owner = root_of(HOME);
    scene.call(&owner, "CreateGrant", &parent).await.unwrap();
    scene
        .grant(&scene.dave.arn, &json!(["CreateGrant", "Decrypt"]))
        .await;
    let with = |constraints: Value| json!({"Constraints": constraints});
    for (changes, expected) in [
        (json!({}), "identity"),
        (with(json!({"EncryptionContextSubset": {"a": "1"}})), "yes"),
        (
            with(json!({"EncryptionContextEquals": {"A": "1", "b": "2"}})),
            "yes",
        ),
        (
            with(json!({"EncryptionContextSubset": {"a": "2"}})),
            "identity",
        ),
        (json!({"Operations": ["Decrypt"]}), "yes"),
        (json!({"Operations": ["Decrypt", "CreateGrant"]}), "yes"),
        // What one parent lacks another does not lend.
        (json!({"Operations": ["Decrypt", "Encrypt"]}), "identity"),
        (json!({"Operations": ["DescribeKey"]}), "identity"),
        (
            json!({"Operations": ["Decrypt"], "DryRun": true}),
            "DryRunOperationException",
        ),
        (json!({"DryRun": true}), "identity"),
    ] {
        assert_eq!(create(&dave, changes.clone()).await, expected, "{changes}");
    }
    // A child is a grant like any other, and its issuer is the account of who made it.
    scene
        .grant(&root(AWAY), &json!(["CreateGrant", "Encrypt"]))
        .await;
    let issue = json!({"GranteePrincipal": scene.dora.arn, "Operations": ["Encrypt"]});
    let child = scene.call(&root_of(AWAY), "CreateGrant", &issue).await;
    let one = json!({"GrantId": child.unwrap()["GrantId"]});
    let listed = scene.call(&owner, "ListGrants", &one).await.unwrap();
    assert_eq!(listed["Grants"][0]["IssuingAccount"], json!(root(AWAY)));
    let encrypt = json!({"Plaintext": PLAINTEXT});
    assert_eq!(scene.outcome(&dora, "Encrypt", &encrypt).await, "yes");
    // Her account may grant, and it is for her account to let her.
    assert_eq!(create(&dora, json!({})).await, "identity");
}

#[tokio::test]
async fn who_retires_a_grant() {
    let scene = Scene::new().await;
    let bench = &scene.bench;
    let retirer = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:RetireGrant","Resource":"*"}}"#;
    user(bench, HOME, "retirer", &[retirer]).await;
    user(bench, HOME, "denied", &[DENY]).await;
    let able = user(bench, AWAY, "able", &[retirer]).await;
    let parent = json!(["CreateGrant", "RetireGrant", "Encrypt"]);
    scene.grant(&root(AWAY), &parent).await;
    let home = |name: &str| bench.user_of(HOME, name);
    let away = |name: &str| bench.user_of(AWAY, name);
    let s = |name: &str, policy| session(bench, &scene.worker, name, policy);
    let session_arn = format!("arn:aws:sts::{HOME}:assumed-role/worker/s");
    let denied = format!("arn:aws:iam::{HOME}:user/denied");
    let third = root_of("444455556666");
    let retiring = |arn: &str| json!({"RetiringPrincipal": arn});
    let grantee = |arn: &str| json!({"GranteePrincipal": arn, "Operations": ["RetireGrant"]});
    let powerless = |arn: &str| json!({"GranteePrincipal": arn});
    let (dave, worker, dora) = (&*scene.dave.arn, &*scene.worker.arn, &*scene.dora.arn);
    let table = [
        (HOME, retiring(dave), home("dave"), "yes"),
        (HOME, retiring(dave), s("dave", None), "identity"),
        (HOME, retiring(&denied), home("denied"), "denied"),
        (HOME, retiring(worker), s("any", None), "yes"),
        (HOME, retiring(worker), s("any", Some(NOTHING)), "session"),
        (HOME, retiring(&session_arn), s("s", Some(NOTHING)), "yes"),
        (HOME, retiring(&session_arn), s("t", None), "identity"),
        (HOME, retiring(&root(HOME)), home("dave"), "identity"),
        (HOME, retiring(&root(HOME)), home("retirer"), "yes"),
        (HOME, grantee(dave), home("dave"), "yes"),
        (HOME, powerless(dave), home("dave"), "identity"),
        (HOME, powerless(worker), root_of(HOME), "yes"),
        (HOME, powerless(worker), home("retirer"), "yes"),
        (HOME, retiring(dora), away("dora"), "identity"),
        (HOME, retiring(&able.arn), away("able"), "yes"),
        (HOME, retiring(&root(AWAY)), away("able"), "yes"),
        (HOME, retiring(&root(AWAY)), away("dora"), "identity"),
        (HOME, grantee(dora), away("dora"), "identity"),
        (HOME, grantee(&able.arn), away("able"), "yes"),
        (HOME, powerless(&able.arn), away("able"), "unseen"),
        (HOME, retiring(&root(AWAY)), third.clone(), "unseen"),
        (AWAY, retiring(dora), away("dora"), "yes"),
        (AWAY, grantee(dora), away("dora"), "yes"),
        (AWAY, powerless(dora), away("dora"), "identity"),
        (AWAY, powerless(dora), away("able"), "yes"),
        (AWAY, powerless(dora), root_of(AWAY), "yes"),
        // The owner of the key revokes what others issued.
        (AWAY, powerless(dora), root_of(HOME), "resource"),
        (AWAY, powerless(dora), home("retirer"), "resource"),
    ];
    for (issuer, changes, caller, expected) in table {
        let mut asked = json!({"GranteePrincipal": worker, "Operations": ["Encrypt"]});
        let members = changes.as_object().unwrap().clone();
        asked.as_object_mut().unwrap().extend(members);
        let made = scene.call(&root_of(issuer), "CreateGrant", &asked).await;
        let made = made.unwrap();
        let dry = json!({"GrantToken": made["GrantToken"], "DryRun": true});
        let expected_dry = match expected {
            "yes" => "DryRunOperationException",
            other => other,
        };
        let found = word(&bench.call_with(&caller, "RetireGrant", &dry).await);
        assert_eq!(found, expected_dry, "{issuer} {changes} {}", caller.arn);
        let named = json!({"GrantId": made["GrantId"]});
        let found = scene.outcome(&caller, "RetireGrant", &named).await;
        assert_eq!(found, expected, "{issuer} {changes} {}", caller.arn);
        if expected != "yes" {
            scene.revoke(&made).await;
        }
    }
}

#[tokio::test]
async fn a_key_policy_lets_nobody_retire_a_grant() {
    let scene = Scene::new().await;
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": root(HOME)}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": "*", "Action": "kms:RetireGrant", "Resource": "*"},
    ]});
    let put = json!({"PolicyName": "default", "Policy": policy.to_string()});
    scene
        .call(&root_of(HOME), "PutKeyPolicy", &put)
        .await
        .unwrap();
    let made = scene.grant(&scene.worker.arn, &json!(["Encrypt"])).await;
    let named = json!({"GrantId": made["GrantId"]});
    for (caller, expected) in [
        (scene.bench.user_of(HOME, "dave"), "identity"),
        (scene.bench.user_of(AWAY, "dora"), "unseen"),
    ] {
        let found = scene.outcome(&caller, "RetireGrant", &named).await;
        assert_eq!(found, expected, "{}", caller.arn);
    }
}

const SERVICE: &str = "backup.amazonaws.com";
const BUCKET: &str = "arn:aws:s3::000000000000:bucket";

#[tokio::test]
async fn services_are_grantees_for_the_resource_of_the_grant() {
    let scene = Scene::new().await;
    let asked = json!({
        "GranteeServicePrincipal": SERVICE,
        "RetiringServicePrincipal": SERVICE,
        "Operations": ["DescribeKey", "Encrypt"],
        "Constraints": {"SourceArn": BUCKET},
    });
    let owner = root_of(HOME);
    let made = scene.call(&owner, "CreateGrant", &asked).await.unwrap();
    let encrypt = json!({"KeyId": scene.key, "Plaintext": PLAINTEXT});
    let describe = json!({"KeyId": scene.key});
    let retire = json!({"GrantToken": made["GrantToken"]});
    for (service, source, operation, input, expected) in [
        (SERVICE, Some(BUCKET), "DescribeKey", &describe, "yes"),
        (SERVICE, Some(BUCKET), "Encrypt", &encrypt, "yes"),
        (SERVICE, None, "DescribeKey", &describe, "resource"),
        (
            SERVICE,
            Some("arn:aws:s3::000000000000:b"),
            "Encrypt",
            &encrypt,
            "resource",
        ),
        (
            "s3.amazonaws.com",
            Some(BUCKET),
            "Encrypt",
            &encrypt,
            "resource",
        ),
        ("s3.amazonaws.com", None, "RetireGrant", &retire, "resource"),
        (SERVICE, None, "RetireGrant", &retire, "yes"),
        (SERVICE, Some(BUCKET), "Encrypt", &encrypt, "resource"),
    ] {
        let mut call = scene.bench.prepare("us-east-1", operation, input);
        call.caller = Caller::service(service, HOME.parse().unwrap());
        call.source.via = Some(Via {
            principal: service.to_owned(),
            source_arn: source.map(str::to_owned),
            source_account: None,
        });
        let found = word(&scene.bench.answer(&call).await);
        assert_eq!(found, expected, "{service} {source:?} {operation}");
    }
}

#[tokio::test]
async fn many_grants_to_one_grantee_are_all_looked_at() {
    let scene = Scene::new().await;
    let dave = scene.bench.user_of(HOME, "dave");
    let encrypt = |number: usize| json!({"Plaintext": PLAINTEXT, "EncryptionContext": {"n": number.to_string()}});
    let owner = root_of(HOME);
    let mut made = Vec::new();
    for number in 0..300 {
        let context = json!({"n": number.to_string()});
        let asked = json!({
            "GranteePrincipal": scene.dave.arn,
            "Operations": ["Encrypt"],
            "Constraints": {"EncryptionContextEquals": context},
        });
        made.push(scene.call(&owner, "CreateGrant", &asked).await.unwrap());
        if [0, 63, 64, 65, 255, 256, 299].contains(&number) {
            for (wanted, expected) in [(0, "yes"), (number, "yes"), (number + 1, "identity")] {
                let found = scene.outcome(&dave, "Encrypt", &encrypt(wanted)).await;
                assert_eq!(found, expected, "{wanted} of {number}");
            }
        }
    }
    for number in [299, 0, 100] {
        scene.revoke(&made[number]).await;
        let found = scene.outcome(&dave, "Encrypt", &encrypt(number)).await;
        assert_eq!(found, "identity", "{number}");
    }
}

/// A store that counts what is read from it.
#[derive(Default)]
struct Counting {
    memory: Memory,
    reads: AtomicUsize,
}

impl Engine for Counting {
    fn get(&self, key: &[u8]) -> Result<Option<Entry>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.memory.get(key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Page, StoreError> {
        let page = self.memory.scan(prefix, after, limit);
        let entries = page.as_ref().map_or(0, |page| page.entries.len());
        self.reads.fetch_add(1 + entries, Ordering::Relaxed);
        page
    }

    fn commit(&self, commit: Commit) -> Pending {
        self.memory.commit(commit)
    }

    fn health(&self) -> Health {
        self.memory.health()
    }

    fn measure(&self, key: &Secret<[u8; 32]>) -> Result<Measured, StoreError> {
        self.memory.measure(key)
    }

    fn fasten(&self, anchor: Arc<dyn Anchor>, statement: Statement) -> Pending {
        self.memory.fasten(anchor, statement)
    }

    fn restate(&self) -> Pending {
        self.memory.restate()
    }
}

#[tokio::test]
async fn the_grants_of_others_cost_nothing() {
    let engine = Arc::new(Counting::default());
    let scene = Scene::on(Bench::on(Arc::clone(&engine) as Arc<dyn Engine>).await).await;
    let dave = scene.bench.user_of(HOME, "dave");
    scene.grant(&scene.dave.arn, &json!(["Encrypt"])).await;
    let encrypt = json!({"Plaintext": PLAINTEXT});
    let reads_of_two = || async {
        let before = engine.reads.load(Ordering::Relaxed);
        assert_eq!(scene.outcome(&dave, "Encrypt", &encrypt).await, "yes");
        assert_eq!(
            scene.outcome(&dave, "DescribeKey", &json!({})).await,
            "identity"
        );
        engine.reads.load(Ordering::Relaxed) - before
    };
    let first = reads_of_two().await;
    let warm = reads_of_two().await;
    for _ in 0..200 {
        scene.grant(&scene.worker.arn, &json!(["Encrypt"])).await;
    }
    assert_eq!(reads_of_two().await, warm);
    scene.grant(&scene.dave.arn, &json!(["Encrypt"])).await;
    let refilled = reads_of_two().await;
    assert!(refilled <= first + 2, "{refilled} after {first}");
}

#[tokio::test]
async fn a_revoked_grant_is_gone_from_memory() {
    let scene = Scene::new().await;
    let dave = scene.bench.user_of(HOME, "dave");
    let made = scene.grant(&scene.dave.arn, &json!(["DescribeKey"])).await;
    for _ in 0..2 {
        let found = scene.outcome(&dave, "DescribeKey", &json!({})).await;
        assert_eq!(found, "yes");
    }
    scene.revoke(&made).await;
    let found = scene.outcome(&dave, "DescribeKey", &json!({})).await;
    assert_eq!(found, "identity");
}

/// What begins after RevokeGrant answered finds no grant, however many fill the caches at that moment.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_grant_lets_nobody_in() {
    let scene = Arc::new(Scene::new().await);
    let dave = scene.bench.user_of(HOME, "dave");
    for _ in 0..20 {
        let made = scene.grant(&scene.dave.arn, &json!(["Encrypt"])).await;
        let is_revoked = Arc::new(AtomicBool::new(false));
        let using: Vec<_> = (0..4)
            .map(|_| {
                let (scene, dave) = (Arc::clone(&scene), dave.clone());
                let is_revoked = Arc::clone(&is_revoked);
                tokio::spawn(async move {
                    loop {
                        let began_after = is_revoked.load(Ordering::SeqCst);
                        let encrypt = json!({"Plaintext": PLAINTEXT});
                        let found = scene.outcome(&dave, "Encrypt", &encrypt).await;
                        if began_after {
                            return found;
                        }
                    }
                })
            })
            .collect();
        scene.revoke(&made).await;
        is_revoked.store(true, Ordering::SeqCst);
        for one in using {
            assert_eq!(one.await.unwrap(), "identity");
        }
    }
}
