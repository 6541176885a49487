use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use strongroom_aws::error::Refusal;
use strongroom_aws::sigv4::{AuthFailure, Credentials};

use crate::iam::Caller;
use crate::oidc::tests::{self as oidc, Signer};
use crate::ops::Service;
use crate::records::{InlinePolicyRecord, PoliciesRecord, RoleRecord, TagRecord};
use crate::repository::{Changes, EntityName};
use crate::workbench::people::{self, entity};
use crate::workbench::{Bench, Xml};

/// The parameters of a form, by name and value.
type Parameters<'p> = [(&'p str, &'p str)];

const OWN: &str = "000000000000";
const OTHER: &str = "111122223333";
const ROLE: &str = "arn:aws:iam::000000000000:role/app/Reader";
const ALLOW_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const DAVE: &str = "AIDADAVEDAVEDAVEDAVED";

fn inline(document: Option<&str>) -> PoliciesRecord {
    let policies = document.map(|document| InlinePolicyRecord {
        name: "own".to_owned(),
        document: document.to_owned(),
    });
    PoliciesRecord {
        inline: policies.into_iter().collect(),
        ..PoliciesRecord::default()
    }
}

fn tag(key: &str, value: &str) -> TagRecord {
    TagRecord {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

fn trust(statement: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)
}

/// A trust policy that lets a principal do whatever assuming takes.
fn trusting(principal: &str) -> String {
    trust(&format!(
        r#"{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"sts:*"}}"#
    ))
}

async fn make_user(bench: &Bench, account: &str, name: &str, id: &str, policy: Option<&str>) {
    let record = people::user(entity(account, "/", name, id), inline(policy));
    bench.store(&record).await;
}

fn role(path: &str, name: &str, id: &str, trust: &str) -> RoleRecord {
    RoleRecord {
        tags: vec![tag("kind", "reader")],
        session_seconds_max: 7200,
        ..people::role(entity(OWN, path, name, id), inline(Some(ALLOW_ALL)), trust)
    }
}

/// A bench with the user dave, who may do everything, and the role Reader, which trusts him.
async fn bench() -> Bench {
    let bench = Bench::new().await;
    make_user(&bench, OWN, "dave", DAVE, Some(ALLOW_ALL)).await;
    bench
        .store(&role(
            "/app/",
            "Reader",
            "AROAREADERREADERREADE",
            &trusting(DAVE),
        ))
        .await;
    bench
}

async fn sts(
    bench: &Bench,
    caller: &Caller,
    operation: &str,
    parameters: &Parameters<'_>,
) -> Result<Xml, Refusal> {
    let answer = bench.query_with(caller, Service::Sts, operation, parameters);
    answer.await
}

async fn assume(
    bench: &Bench,
    caller: &Caller,
    role: &str,
    more: &Parameters<'_>,
) -> Result<Xml, Refusal> {
    let mut parameters = vec![("RoleArn", role), ("RoleSessionName", "s1")];
    parameters.extend(more);
    sts(bench, caller, "AssumeRole", &parameters).await
}

fn told(answer: &Result<Xml, Refusal>) -> (&'static str, String) {
    match answer {
        Ok(_) => ("", String::new()),
        Err(refusal) => {
            let (exception, message) = refusal.query();
            (exception.name(), message.to_owned())
        }
    }
}

/// Signs with the credentials of an answer: who that is.
async fn verified(bench: &Bench, answer: &Xml) -> Result<Option<Caller>, AuthFailure> {
    let credentials = Credentials {
        access_key_id: answer.one("AccessKeyId"),
        secret_access_key: answer.one("SecretAccessKey").as_bytes(),
        session_token: Some(answer.one("SessionToken")),
    };
    bench.signed(&credentials).await
}

async fn session(bench: &Bench, answer: &Xml) -> Caller {
    verified(bench, answer).await.unwrap().unwrap()
}

fn denied(caller: &str, action: &str, role: &str) -> String {
    format!("User: {caller} is not authorized to perform: {action} on resource: {role}")
}

#[tokio::test]
async fn a_session_of_a_role_is_the_roles_and_named() {
    let bench = bench().await;
    let dave = bench.user_of(OWN, "dave");
    let answer = assume(&bench, &dave, ROLE, &[]).await.unwrap();
    assert_eq!(answer.one("AssumedRoleId"), "AROAREADERREADERREADE:s1");
    let arn = "arn:aws:sts::000000000000:assumed-role/Reader/s1";
    assert_eq!(answer.one("Arn"), arn);
    assert!(answer.one("AccessKeyId").starts_with("ASIA"));
    assert_eq!(answer.one("Expiration"), "2027-01-15T09:00:00Z");
    assert_eq!(answer.all("PackedPolicySize"), [""; 0]);
    let caller = session(&bench, &answer).await;
    assert_eq!(caller.arn, arn);
    assert_eq!(caller.user_id, "AROAREADERREADERREADE:s1");
    let identity = sts(&bench, &caller, "GetCallerIdentity", &[])
        .await
        .unwrap();
    assert_eq!(identity.one("Arn"), arn);
    assert!(!caller.is_barred_from_iam());
}

/// Who may assume a role with this trust policy: dave with his policy, or eve of another account with hers.
#[tokio::test]
async fn the_trust_policy_and_across_accounts_both_sides_decide() {
    let account = trusting(OWN);
    let (direct, other) = (trusting(DAVE), trusting(OTHER));
    let eve_direct = trusting("AIDAEVEEVEEVEEVEEVEEV");
    let idle_direct = trusting("AIDAIDLEIDLEIDLEIDLEI");
    let everyone = trusting("*");
    let deny = format!(
        r#"{{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{{"StringNotEquals":{{"sts:ExternalId":"x1"}}}}}},{}"#,
        r#"{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}"#
    );
    let deny = trust(&deny);
    let rows = [
        ("direct", &direct, "dave", true),
        ("direct, no policy", &idle_direct, "idle", true),
        ("not named", &direct, "idle", false),
        ("account", &account, "dave", true),
        ("account, no policy", &account, "idle", false),
        ("everyone, no policy", &everyone, "idle", true),
        ("another account", &account, "eve", false),
        ("both sides", &other, "eve", true),
        ("only the role's side", &other, "meek", false),
        ("everyone, only the role's side", &everyone, "meek", false),
        ("named, both sides", &eve_direct, "eve", true),
        ("only the caller's side", &direct, "eve", false),
        ("without the external id", &deny, "dave", false),
    ];
    let bench = Bench::new().await;
    make_user(&bench, OWN, "dave", DAVE, Some(ALLOW_ALL)).await;
    make_user(&bench, OWN, "idle", "AIDAIDLEIDLEIDLEIDLEI", None).await;
    let eve = "AIDAEVEEVEEVEEVEEVEEV";
    make_user(&bench, OTHER, "eve", eve, Some(ALLOW_ALL)).await;
    make_user(&bench, OTHER, "meek", "AIDAMEEKMEEKMEEKMEEKM", None).await;
    for (number, (name, trust, who, allowed)) in rows.into_iter().enumerate() {
        let id = format!("AROA{number:017}");
        let role_name = format!("role{number}");
        bench.store(&role("/", &role_name, &id, trust)).await;
        let account = if ["eve", "meek"].contains(&who) {
            OTHER
        } else {
            OWN
        };
        let caller = bench.user_of(account, who);
        let arn = format!("arn:aws:iam::000000000000:role/{role_name}");
        let answer = assume(&bench, &caller, &arn, &[]).await;
        let expected = match allowed {
            true => ("", String::new()),
            false => ("AccessDenied", denied(&caller.arn, "sts:AssumeRole", &arn)),
        };
        assert_eq!(told(&answer), expected, "{name}");
    }
    let dave = bench.user_of(OWN, "dave");
    let arn = "arn:aws:iam::000000000000:role/role12";
    let answer = assume(&bench, &dave, arn, &[("ExternalId", "x1")]).await;
    assert_eq!(told(&answer).0, "");
}

#[tokio::test]
async fn what_is_refused_is_refused_in_awss_words() {
    let bench = bench().await;
    let dave = bench.user_of(OWN, "dave");
    let long = "a".repeat(2049);
    let large = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::{}"}}}}"#,
        "x".repeat(1890)
    );
    let tags = [
        ("Tags.member.1.Key", "a"),
        ("Tags.member.1.Value", "1"),
        ("Tags.member.2.Key", "A"),
        ("Tags.member.2.Value", "2"),
    ];
    let absent = "arn:aws:iam::000000000000:role/Absent";
    let rows: [(&str, &Parameters<'_>, &str, &str); 18] = [
        (
            absent,
            &[],
            "AccessDenied",
            &denied(&dave.arn, "sts:AssumeRole", absent),
        ),
        (
            "arn:aws:iam::000000000000:role/Reader",
            &[],
            "AccessDenied",
            "",
        ),
        (
            "arn:aws:iam::000000000000:role/app/reader",
            &[],
            "AccessDenied",
            "",
        ),
        (
            "arn:aws:iam::999999999999:role/Reader",
            &[],
            "AccessDenied",
            "",
        ),
        (
            "arn:aws-cn:iam::000000000000:role/app/Reader",
            &[],
            "AccessDenied",
            "",
        ),
        (
            "arn:aws:iam::000000000000:user/dave",
            &[],
            "ValidationError",
            "arn:aws:iam::000000000000:user/dave is invalid",
        ),
        (
            ROLE,
            &[("DurationSeconds", "7201")],
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ),
        (ROLE, &[("DurationSeconds", "899")], "ValidationError", ""),
        (
            ROLE,
            &[("Policy", "{")],
            "MalformedPolicyDocument",
            "This policy contains invalid Json",
        ),
        (
            ROLE,
            &[("Policy", "{}")],
            "MalformedPolicyDocument",
            "Syntax errors in policy.",
        ),
        (ROLE, &[("Policy", &long)], "ValidationError", ""),
        (
            ROLE,
            &[
                ("Policy", &large),
                ("Tags.member.1.Key", "k"),
                ("Tags.member.1.Value", &"v".repeat(200)),
            ],
            "PackedPolicyTooLarge",
            "Packed policy consumes 107% of allotted space, please use smaller policy.",
        ),
        (
            ROLE,
            &[(
                "PolicyArns.member.1.arn",
                "arn:aws:iam::000000000000:policy/None",
            )],
            "ValidationError",
            "Policy arn:aws:iam::000000000000:policy/None does not exist or is not attachable.",
        ),
        (
            ROLE,
            &tags,
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
        (
            ROLE,
            &[("TransitiveTagKeys.member.1", "k")],
            "InvalidParameterValue",
            "The specified transitive tag key must be included in the requested tags.",
        ),
        (
            ROLE,
            &[("SerialNumber", "arn:aws:iam::000000000000:mfa/dave")],
            "AccessDenied",
            "",
        ),
        (ROLE, &[("SourceIdentity", "AWS:me")], "ValidationError", ""),
        (
            ROLE,
            &[("Tags.member.1.Key", "aws:x"), ("Tags.member.1.Value", "")],
            "InvalidParameterValue",
            "",
        ),
    ];
    for (arn, more, name, message) in rows {
        let (found, text) = told(&assume(&bench, &dave, arn, more).await);
        assert_eq!(found, name, "{arn} {more:?} {text}");
        assert!(
            message.is_empty() || text == message,
            "{arn} {more:?} {text}"
        );
    }
    let (name, text) = told(&assume(&bench, &bench.root(), ROLE, &[]).await);
    let expected = ("AccessDenied", "Roles may not be assumed by root accounts.");
    assert_eq!((name, text.as_str()), expected);
}

/// What tags and source identities need besides sts:AssumeRole.
#[tokio::test]
async fn tags_and_source_identities_need_their_own_permission() {
    let only = trust(
        r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},
           {"Effect":"Allow","Principal":"*","Action":"sts:TagSession",
            "Condition":{"StringEquals":{"aws:RequestTag/team":"red"}}}"#,
    );
    let bench = bench().await;
    bench
        .store(&role("/", "Plain", "AROAPLAINPLAINPLAINPL", &only))
        .await;
    let plain = "arn:aws:iam::000000000000:role/Plain";
    let dave = bench.user_of(OWN, "dave");
    let red = [
        ("Tags.member.1.Key", "Team"),
        ("Tags.member.1.Value", "red"),
    ];
    let blue = [
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "blue"),
    ];
    let rows: [(&Parameters<'_>, Option<&str>); 4] = [
        (&[], None),
        (&red, None),
        (&blue, Some("sts:TagSession")),
        (&[("SourceIdentity", "dave")], Some("sts:SetSourceIdentity")),
    ];
    for (more, action) in rows {
        let expected = action.map_or(("", String::new()), |action| {
            ("AccessDenied", denied(&dave.arn, action, plain))
        });
        let answer = assume(&bench, &dave, plain, more).await;
        assert_eq!(told(&answer), expected, "{more:?}");
    }
}

#[tokio::test]
async fn chained_sessions_inherit_and_are_short() {
    let bench = bench().await;
    let trust = trusting(OWN);
    bench
        .store(&role("/", "Next", "AROANEXTNEXTNEXTNEXTN", &trust))
        .await;
    let next = "arn:aws:iam::000000000000:role/Next";
    let dave = bench.user_of(OWN, "dave");
    let tags = [
        ("Tags.member.1.Key", "Team"),
        ("Tags.member.1.Value", "red"),
        ("Tags.member.2.Key", "stays"),
        ("Tags.member.2.Value", "here"),
        ("Tags.member.3.Key", "Kind"),
        ("Tags.member.3.Value", "of session"),
        ("TransitiveTagKeys.member.1", "team"),
        ("SourceIdentity", "dave"),
    ];
    let first = assume(&bench, &dave, ROLE, &tags).await.unwrap();
    assert_eq!(first.one("SourceIdentity"), "dave");
    let first = session(&bench, &first).await;
    assert_eq!(first.tag("kind"), Some("of session"));
    let second = assume(&bench, &first, next, &[]).await.unwrap();
    assert_eq!(second.one("SourceIdentity"), "dave");
    let second = session(&bench, &second).await;
    assert_eq!(second.tag("team"), Some("red"));
    assert_eq!(second.tag("stays"), None);
    assert_eq!(second.tag("kind"), Some("reader"));
    let third = assume(&bench, &second, next, &[]).await.unwrap();
    assert_eq!(session(&bench, &third).await.tag("team"), Some("red"));

    let again = [
        ("Tags.member.1.Key", "TEAM"),
        ("Tags.member.1.Value", "blue"),
    ];
    let rows: [(&Parameters<'_>, &str, &str); 4] = [
        (
            &again,
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
        ),
        (
            &[("DurationSeconds", "3601")],
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ),
        (
            &[("SourceIdentity", "eve")],
            "AccessDenied",
            &denied(&first.arn, "sts:SetSourceIdentity", next),
        ),
        (
            &[("SourceIdentity", "dave"), ("DurationSeconds", "3600")],
            "",
            "",
        ),
    ];
    for (more, name, text) in rows {
        let answer = assume(&bench, &first, next, more).await;
        assert_eq!(told(&answer), (name, text.to_owned()), "{more:?}");
    }
}

/// Inherited tags and source identities count in the trust policy of the next role as asked ones do.
#[tokio::test]
async fn what_is_inherited_needs_permission_too() {
    let bench = bench().await;
    let plain =
        r#"{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}"#;
    bench
        .store(&role("/", "Next", "AROANEXTNEXTNEXTNEXTN", &trust(plain)))
        .await;
    let next = "arn:aws:iam::000000000000:role/Next";
    let dave = bench.user_of(OWN, "dave");
    let tags = [
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "red"),
        ("TransitiveTagKeys.member.1", "team"),
    ];
    let rows: [(&Parameters<'_>, &str); 2] = [
        (&tags, "sts:TagSession"),
        (&[("SourceIdentity", "dave")], "sts:SetSourceIdentity"),
    ];
    for (more, action) in rows {
        let first = assume(&bench, &dave, ROLE, more).await.unwrap();
        let first = session(&bench, &first).await;
        let answer = assume(&bench, &first, next, &[]).await;
        let expected = ("AccessDenied", denied(&first.arn, action, next));
        assert_eq!(told(&answer), expected, "{action}");
    }
}

#[tokio::test]
async fn session_policies_limit_and_are_measured() {
    let bench = bench().await;
    let dave = bench.user_of(OWN, "dave");
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:ListKeys","Resource":"*"}}"#;
    let managed = (
        "PolicyArns.member.1.arn",
        "arn:aws:iam::aws:policy/IAMFullAccess",
    );
    let rows: [(&Parameters<'_>, &str, bool, bool); 3] = [
        (&[("Policy", policy)], "5", true, false),
        (&[managed], "2", false, false),
        (&[managed, ("Policy", policy)], "7", true, false),
    ];
    for (more, packed, lists, describes) in rows {
        let answer = assume(&bench, &dave, ROLE, more).await.unwrap();
        assert_eq!(answer.one("PackedPolicySize"), packed, "{more:?}");
        let caller = session(&bench, &answer).await;
        let none = json!({});
        let listed = bench.call_with(&caller, "ListKeys", &none).await;
        assert_eq!(listed.is_ok(), lists, "{more:?}");
        let made = bench.call_with(&caller, "CreateKey", &none).await;
        assert_eq!(made.is_ok(), describes, "{more:?}");
    }
}

#[tokio::test]
async fn sessions_end_with_their_role_and_their_time() {
    let bench = bench().await;
    let dave = bench.user_of(OWN, "dave");
    let answer = assume(&bench, &dave, ROLE, &[("DurationSeconds", "900")])
        .await
        .unwrap();
    session(&bench, &answer).await;
    bench.clock.run(Duration::from_millis(899_999));
    session(&bench, &answer).await;
    bench.clock.run(Duration::from_millis(1));
    let ended = verified(&bench, &answer).await.err();
    assert_eq!(ended, Some(AuthFailure::ExpiredSession));

    let answer = assume(&bench, &dave, ROLE, &[]).await.unwrap();
    session(&bench, &answer).await;
    bench.delete_role(OWN, "Reader").await;
    assert!(verified(&bench, &answer).await.unwrap().is_none());
    bench
        .store(&role(
            "/app/",
            "Reader",
            "AROAANOTHERANOTHERANO",
            &trusting(DAVE),
        ))
        .await;
    assert!(verified(&bench, &answer).await.unwrap().is_none());
}

#[tokio::test]
async fn tokens_that_are_not_ours_or_not_that_keys_are_unknown() {
    let bench = bench().await;
    let dave = bench.user_of(OWN, "dave");
    let answer = assume(&bench, &dave, ROLE, &[]).await.unwrap();
    let another = assume(&bench, &dave, ROLE, &[]).await.unwrap();
    let elsewhere = self::bench().await;
    let their_dave = elsewhere.user_of(OWN, "dave");
    let foreign = assume(&elsewhere, &their_dave, ROLE, &[]).await.unwrap();
    let token = answer.one("SessionToken");
    let id = answer.one("AccessKeyId");
    let other = if &token[99..100] == "A" { "B" } else { "A" };
    let changed = format!("{}{other}{}", &token[..99], &token[100..]);
    let rows = [
        ("as it is", id, token.to_owned(), true),
        ("cut", id, token[..token.len() - 4].to_owned(), false),
        ("lengthened", id, format!("{token}AAAA"), false),
        ("changed", id, changed, false),
        (
            "of another session",
            id,
            another.one("SessionToken").to_owned(),
            false,
        ),
        (
            "of another key",
            another.one("AccessKeyId"),
            token.to_owned(),
            false,
        ),
        (
            "of another server",
            foreign.one("AccessKeyId"),
            foreign.one("SessionToken").to_owned(),
            false,
        ),
        ("empty", id, String::new(), false),
        ("again as it is", id, token.to_owned(), true),
    ];
    for (name, id, token, known) in rows {
        let credentials = Credentials {
            access_key_id: id,
            secret_access_key: answer.one("SecretAccessKey").as_bytes(),
            session_token: Some(&token),
        };
        let caller = bench.signed(&credentials).await.unwrap();
        assert_eq!(caller.is_some(), known, "{name}");
    }
    let without = Credentials {
        access_key_id: id,
        secret_access_key: answer.one("SecretAccessKey").as_bytes(),
        session_token: None,
    };
    assert!(bench.signed(&without).await.unwrap().is_none());
    let wrong = Credentials {
        access_key_id: id,
        secret_access_key: another.one("SecretAccessKey").as_bytes(),
        session_token: Some(token),
    };
    let failure = bench.signed(&wrong).await.err();
    assert_eq!(failure, Some(AuthFailure::SignatureMismatch));
}

/// IAM User Guide, "Revoking IAM role temporary security credentials".
#[tokio::test]
async fn sessions_begun_before_a_time_can_be_revoked() {
    let bench = bench().await;
    let dave = bench.user_of(OWN, "dave");
    let old = assume(&bench, &dave, ROLE, &[]).await.unwrap();
    bench.clock.run(Duration::from_secs(60));
    let revoke = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"2027-01-15T08:00:30Z"}}}]}"#;
    let records = &bench.kms.records;
    let name = EntityName::new(OWN.parse().unwrap(), "reader");
    let found = records.role(&name).unwrap().unwrap();
    let mut record = found.record.clone();
    record.policies = inline(Some(revoke));
    let changes = Changes::default().replace_entity(found.version, &record);
    records.commit(changes).await.unwrap();
    let new = assume(&bench, &dave, ROLE, &[]).await.unwrap();
    for (answer, allowed) in [(&old, false), (&new, true)] {
        let caller = session(&bench, answer).await;
        let none = json!({});
        let listed = bench.call_with(&caller, "ListKeys", &none).await;
        assert_eq!(listed.is_ok(), allowed, "{allowed}");
    }
}

#[tokio::test]
async fn sessions_of_users_and_roots_are_they_themselves() {
    let bench = bench().await;
    let (dave, root) = (bench.user_of(OWN, "dave"), bench.root());
    let rows = [
        (&dave, None, "2027-01-15T20:00:00Z"),
        (&dave, Some("900"), "2027-01-15T08:15:00Z"),
        (&dave, Some("129600"), "2027-01-16T20:00:00Z"),
        (&root, None, "2027-01-15T09:00:00Z"),
        (&root, Some("7200"), "2027-01-15T09:00:00Z"),
        (&root, Some("900"), "2027-01-15T08:15:00Z"),
    ];
    for (caller, seconds, expiration) in rows {
        let parameters: Vec<_> = seconds
            .map(|value| ("DurationSeconds", value))
            .into_iter()
            .collect();
        let answer = sts(&bench, caller, "GetSessionToken", &parameters)
            .await
            .unwrap();
        assert_eq!(answer.one("Expiration"), expiration);
        let session = session(&bench, &answer).await;
        assert_eq!(
            (&session.arn, &session.user_id),
            (&caller.arn, &caller.user_id)
        );
        assert!(session.is_barred_from_iam());
        for operation in ["GetSessionToken", "GetFederationToken", "GetAccessKeyInfo"] {
            let parameters = [("Name", "fed"), ("AccessKeyId", "AKIAAAAAAAAAAAAAAAAA")];
            let answer = sts(&bench, &session, operation, &parameters).await;
            let text = format!("Cannot call {operation} with session credentials");
            assert_eq!(told(&answer), ("AccessDenied", text));
        }
    }
    let answer = sts(&bench, &dave, "GetSessionToken", &[]).await.unwrap();
    let session = session(&bench, &answer).await;
    assert!(assume(&bench, &session, ROLE, &[]).await.is_ok());
    for (parameter, value) in [("TokenCode", "123456"), ("SerialNumber", "GAHT12345678")] {
        let answer = sts(&bench, &dave, "GetSessionToken", &[(parameter, value)]).await;
        assert_eq!(told(&answer).0, "AccessDenied", "{parameter}");
    }
}

#[tokio::test]
async fn federated_users_may_what_both_sides_allow() {
    let bench = bench().await;
    let (dave, root) = (bench.user_of(OWN, "dave"), bench.root());
    let lists = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["kms:ListKeys","sts:*"],"Resource":"*"}}"#;
    let rows: [(&Caller, &Parameters<'_>, bool); 4] = [
        (&dave, &[], false),
        (&dave, &[("Policy", lists)], true),
        (&root, &[("Policy", lists)], true),
        (&root, &[], false),
    ];
    for (caller, more, allowed) in rows {
        let mut parameters = vec![("Name", "fed")];
        parameters.extend(more);
        let answer = sts(&bench, caller, "GetFederationToken", &parameters)
            .await
            .unwrap();
        assert_eq!(answer.one("FederatedUserId"), "000000000000:fed");
        let session = session(&bench, &answer).await;
        assert_eq!(session.arn, "arn:aws:sts::000000000000:federated-user/fed");
        assert!(session.is_barred_from_iam());
        let none = json!({});
        let listed = bench.call_with(&session, "ListKeys", &none).await;
        assert_eq!(listed.is_ok(), allowed, "{more:?}");
        assert!(bench.call_with(&session, "CreateKey", &none).await.is_err());
        let assumed = assume(&bench, &session, ROLE, &[]).await;
        let expected = ("AccessDenied", denied(&session.arn, "sts:AssumeRole", ROLE));
        assert_eq!(told(&assumed), expected);
        assert!(
            sts(&bench, &session, "GetCallerIdentity", &[])
                .await
                .is_ok()
        );
    }
    make_user(&bench, OWN, "idle", "AIDAIDLEIDLEIDLEIDLEI", None).await;
    let idle = bench.user_of(OWN, "idle");
    let answer = sts(&bench, &idle, "GetFederationToken", &[("Name", "fed")]).await;
    let text = "User: arn:aws:iam::000000000000:user/idle is not authorized to perform: sts:GetFederationToken on resource: arn:aws:sts::000000000000:federated-user/fed because no identity-based policy allows the sts:GetFederationToken action";
    assert_eq!(told(&answer), ("AccessDenied", text.to_owned()));
}

#[tokio::test]
async fn sessions_of_a_deleted_user_end_with_it() {
    let bench = bench().await;
    let dave = bench.user_of(OWN, "dave");
    let own = sts(&bench, &dave, "GetSessionToken", &[]).await.unwrap();
    let federated = sts(&bench, &dave, "GetFederationToken", &[("Name", "fed")]).await;
    let federated = federated.unwrap();
    session(&bench, &own).await;
    session(&bench, &federated).await;
    let records = &bench.kms.records;
    let found = records.user(&EntityName::new(OWN.parse().unwrap(), "dave"));
    let found = found.unwrap().unwrap();
    let reference = records.reference_version(DAVE).unwrap();
    let changes = Changes::default();
    let changes = changes.delete_entity(&found.record, found.version, reference);
    records.commit(changes).await.unwrap();
    make_user(
        &bench,
        OWN,
        "dave",
        "AIDAOTHEROTHEROTHEROT",
        Some(ALLOW_ALL),
    )
    .await;
    for answer in [&own, &federated] {
        assert!(verified(&bench, answer).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn an_access_key_is_its_accounts() {
    let bench = bench().await;
    let made = bench.kms.create_account(OTHER.parse().unwrap()).await;
    let id = made.ok().unwrap().access_key_id;
    let root = bench.root();
    let answer = sts(&bench, &root, "GetAccessKeyInfo", &[("AccessKeyId", &id)]).await;
    assert_eq!(answer.unwrap().one("Account"), OTHER);
    let answer = sts(
        &bench,
        &root,
        "GetAccessKeyInfo",
        &[("AccessKeyId", "AKIAAAAAAAAAAAAAAAAA")],
    );
    assert_eq!(told(&answer.await).0, "ValidationError");
}

/// A trust policy that lets in, by its provider, whom `condition` speaks of.
fn trusting_provider(provider: &str, condition: &str) -> String {
    trust(&format!(
        r#"{{"Effect":"Allow","Principal":{{"Federated":"{provider}"}},
            "Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],
            "Condition":{condition}}}"#
    ))
}

async fn assume_with(bench: &Bench, role: &str, token: &str) -> Result<Xml, Refusal> {
    let nobody = Caller::web_identity(OWN.parse().unwrap(), "", None);
    let parameters = [
        ("RoleArn", role),
        ("RoleSessionName", "web"),
        ("WebIdentityToken", token),
    ];
    sts(bench, &nobody, "AssumeRoleWithWebIdentity", &parameters).await
}

#[tokio::test]
async fn tokens_of_identity_providers_begin_sessions_as_trust_policies_say() {
    let mut bench = Bench::new().await;
    let signer = Signer::es256();
    let providers = Arc::new(oidc::providers(&[signer.jwk("k1")]));
    Arc::get_mut(&mut bench.kms)
        .unwrap()
        .settings
        .identity_providers = providers;
    let arn = format!("arn:aws:iam::{OWN}:oidc-provider/{}", oidc::HOST);
    let elsewhere = format!("arn:aws:iam::{OTHER}:oidc-provider/{}", oidc::HOST);
    let is_user = r#"{"StringEquals":{"idp.example.com/realm:sub":"user:1","idp.example.com/realm:aud":"sts.example.com"}}"#;
    let is_other = r#"{"StringEquals":{"idp.example.com/realm:sub":"user:2"}}"#;
    let is_red = r#"{"StringEqualsIfExists":{"aws:RequestTag/team":"red"}}"#;
    let by_arn = trusting_provider(&arn, is_user);
    let (by_tag, other) = (
        trusting_provider(&arn, is_red),
        trusting_provider(&arn, is_other),
    );
    let deny =
        format!(r#"{{"Effect":"Deny","Principal":{{"Federated":"{arn}"}},"Action":"sts:*"}}"#);
    let denied = format!(
        r#"{{"Effect":"Allow","Principal":{{"Federated":"{arn}"}},"Action":"sts:*"}},{deny}"#
    );
    let denied = trust(&denied);
    let mut tagged = oidc::claims();
    tagged["https://aws.amazon.com/tags"] = json!({"principal_tags": {"team": ["blue"]}});
    let mut red = oidc::claims();
    red["https://aws.amazon.com/tags"] =
        json!({"principal_tags": {"team": ["red"]}, "transitive_tag_keys": ["team"]});
    let mut sourced = oidc::claims();
    sourced["https://aws.amazon.com/source_identity"] = json!("user1");
    let plain = oidc::claims();
    let rows = [
        ("by ARN", &by_arn, &plain, true),
        ("another subject", &other, &plain, false),
        (
            "everyone is not whom a token vouches for",
            &trusting("*"),
            &plain,
            false,
        ),
        (
            "another account's provider",
            &trusting_provider(&elsewhere, is_user),
            &plain,
            false,
        ),
        ("a deny", &denied, &plain, false),
        ("a tag that is not wanted", &by_tag, &tagged, false),
        ("a tag that is", &by_tag, &red, true),
        (
            "source identity without permission",
            &by_arn,
            &sourced,
            false,
        ),
    ];
    for (number, (name, trust, claims, allowed)) in rows.into_iter().enumerate() {
        let id = format!("AROA{number:017}");
        let role_name = format!("role{number}");
        bench.store(&role("/", &role_name, &id, trust)).await;
        let role = format!("arn:aws:iam::{OWN}:role/{role_name}");
        let answer = assume_with(&bench, &role, &signer.token("ES256", claims)).await;
        let expected = match allowed {
            true => ("", ""),
            false => (
                "AccessDenied",
                "Not authorized to perform sts:AssumeRoleWithWebIdentity",
            ),
        };
        let (exception, text) = told(&answer);
        assert_eq!((exception, text.as_str()), expected, "{name}");
    }
    let role = format!("arn:aws:iam::{OWN}:role/role0");
    let token = signer.token("ES256", &plain);
    let answer = assume_with(&bench, &role, &token).await.unwrap();
    assert_eq!(answer.one("SubjectFromWebIdentityToken"), "user:1");
    assert_eq!(answer.one("Provider"), oidc::ISSUER);
    assert_eq!(answer.one("Audience"), oidc::AUDIENCE);
    let caller = session(&bench, &answer).await;
    assert_eq!(
        caller.arn,
        format!("arn:aws:sts::{OWN}:assumed-role/role0/web")
    );
    let provider = caller.session.as_ref().unwrap().record.provider.as_deref();
    assert_eq!(provider, Some(arn.as_str()));
    let absent = format!("arn:aws:iam::{OWN}:role/absent");
    assert_eq!(
        told(&assume_with(&bench, &absent, &token).await).0,
        "AccessDenied"
    );
    let broken = assume_with(&bench, &role, "not.a.token").await;
    assert_eq!(told(&broken).0, "InvalidIdentityToken");
    bench.clock.run(Duration::from_secs(901));
    let expired = assume_with(&bench, &role, &token).await;
    assert_eq!(told(&expired).0, "ExpiredTokenException");
}
