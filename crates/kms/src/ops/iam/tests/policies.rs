use super::{ADMINISTRATOR, EVERYTHING, call, done, refused, root};
use crate::records::{Entity, ManagedPolicyRecord, PolicyVersionRecord};
use crate::repository::{Changes, EntityName};
use crate::workbench::Bench;

const OWN: &str = "arn:aws:iam::000000000000:policy/p/Own";

/// A managed policy of the account.
async fn make_own(bench: &Bench) {
    let now = bench.kms.env.clock.now().into();
    let policy = ManagedPolicyRecord {
        entity: Entity {
            account: "000000000000".parse().unwrap(),
            name: "Own".to_owned(),
            path: "/p/".to_owned(),
            id: "ANPAOWN".to_owned(),
            created: now,
        },
        tags: Vec::new(),
        description: String::new(),
        updated: now,
        versions: vec![PolicyVersionRecord {
            number: 1,
            created: now,
            document: EVERYTHING.to_owned(),
        }],
        default_version: 1,
        last_version: 1,
        attachments: 0,
        boundaries: 0,
    };
    let changes = Changes::default().create_entity(&policy);
    bench.kms.records.commit(changes).await.unwrap();
}

fn uses(bench: &Bench) -> (u32, u32) {
    let name = EntityName::new("000000000000".parse().unwrap(), "own");
    let policy = bench.kms.records.managed_policy(&name).unwrap().unwrap();
    (policy.record.attachments, policy.record.boundaries)
}

#[tokio::test]
async fn inline_policies_are_put_shown_listed_and_deleted() {
    let bench = Bench::new().await;
    let user = ("UserName", "dave");
    let name = ("PolicyName", "b");
    done(
        &bench,
        &[
            ("CreateUser", &[user]),
            (
                "PutUserPolicy",
                &[user, name, ("PolicyDocument", EVERYTHING)],
            ),
            (
                "PutUserPolicy",
                &[user, ("PolicyName", "A"), ("PolicyDocument", EVERYTHING)],
            ),
        ],
    )
    .await;
    let shown = root(&bench, "GetUserPolicy", &[user, name]).await.unwrap();
    assert_eq!(
        shown.one("PolicyDocument"),
        "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C\
         %22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D"
    );
    let listed = root(&bench, "ListUserPolicies", &[user]).await.unwrap();
    assert_eq!(listed.all("member"), ["A", "b"]);
    done(
        &bench,
        &[("DeleteUserPolicy", &[user, ("PolicyName", "a")])],
    )
    .await;
    let listed = root(&bench, "ListUserPolicies", &[user]).await.unwrap();
    assert_eq!(listed.all("member"), ["b"]);
    let text = "The user policy with name a cannot be found.";
    let gone = [user, ("PolicyName", "a")];
    for operation in ["GetUserPolicy", "DeleteUserPolicy"] {
        refused(&bench, operation, &gone, "NoSuchEntity", text).await;
    }
}

#[tokio::test]
async fn inline_policies_share_a_quota_without_white_space() {
    let bench = Bench::new().await;
    let (user, group) = (("UserName", "dave"), ("GroupName", "g"));
    done(
        &bench,
        &[("CreateUser", &[user]), ("CreateGroup", &[group])],
    )
    .await;
    let document = |length: usize| {
        let (start, end) = (
            r#"{"Statement":{"Effect":"Allow","Resource":"*","Action":"a:"#,
            "\"}}",
        );
        let filling = "x".repeat(length - start.len() - end.len());
        format!("{start}{filling}{end}{}", " \n".repeat(length))
    };
    for (holder, operation, kind, max) in [
        (user, "PutUserPolicy", "user dave", 2048),
        (group, "PutGroupPolicy", "group g", 5120),
    ] {
        let (half, more) = (document(max / 2), document(max / 2 + 1));
        let put = |name, document| [holder, ("PolicyName", name), ("PolicyDocument", document)];
        done(
            &bench,
            &[
                (operation, &put("a", &half)),
                (operation, &put("b", &half)),
                (operation, &put("B", &half)),
            ],
        )
        .await;
        let text = format!("Maximum policy size of {max} bytes exceeded for {kind}");
        let over = put("b", &more);
        refused(&bench, operation, &over, "LimitExceeded", &text).await;
    }
}

#[tokio::test]
async fn documents_that_cannot_be_read_are_refused() {
    let bench = Bench::new().await;
    done(&bench, &[("CreateUser", &[("UserName", "dave")])]).await;
    let check = async |document: &str, text: &str| {
        let put = [
            ("UserName", "dave"),
            ("PolicyName", "p"),
            ("PolicyDocument", document),
        ];
        refused(
            &bench,
            "PutUserPolicy",
            &put,
            "MalformedPolicyDocument",
            text,
        )
        .await;
    };
    check("{", "This policy contains invalid Json").await;
    check("{}", "Syntax errors in policy.").await;
    check(
        r#"{"Statement":{"Effect":"Allow","Resource":"*"}}"#,
        "Policy statement must contain actions.",
    )
    .await;
    check(
        r#"{"Statement":{"Effect":"Allow","Action":"*"}}"#,
        "Policy statement must contain resources.",
    )
    .await;
    check(
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}"#,
        "Has prohibited field Principal",
    )
    .await;
    check(
        r#"{"Statement":{"Effect":"Allow","Action":"Encrypt","Resource":"*"}}"#,
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    )
    .await;
    check(
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"key"}}"#,
        r#"Resource key must be in ARN format or "*"."#,
    )
    .await;
}

#[tokio::test]
async fn managed_policies_count_who_uses_them() {
    let bench = Bench::new().await;
    make_own(&bench).await;
    let (user, group) = (("UserName", "dave"), ("GroupName", "g"));
    let bounded = ("PermissionsBoundary", OWN);
    let of = |holder| [holder, ("PolicyArn", OWN)];
    done(
        &bench,
        &[
            ("CreateUser", &[user, bounded]),
            ("CreateGroup", &[group]),
            ("AttachUserPolicy", &of(user)),
            ("AttachUserPolicy", &of(user)),
            ("AttachGroupPolicy", &of(group)),
        ],
    )
    .await;
    assert_eq!(uses(&bench), (2, 1));
    let aws = [user, ("PermissionsBoundary", ADMINISTRATOR)];
    done(&bench, &[("PutUserPermissionsBoundary", &aws)]).await;
    assert_eq!(uses(&bench), (2, 0));
    let own = [user, bounded];
    done(
        &bench,
        &[
            ("PutUserPermissionsBoundary", &own),
            ("PutUserPermissionsBoundary", &own),
        ],
    )
    .await;
    assert_eq!(uses(&bench), (2, 1));
    let listed = [user, ("PathPrefix", "/p/")];
    let listed = root(&bench, "ListAttachedUserPolicies", &listed).await;
    let listed = listed.unwrap();
    assert_eq!(
        (listed.one("PolicyName"), listed.one("PolicyArn")),
        ("Own", OWN)
    );
    let none = [user, ("PathPrefix", "/q/")];
    let none = root(&bench, "ListAttachedUserPolicies", &none).await;
    assert!(none.unwrap().all("PolicyName").is_empty());
    done(
        &bench,
        &[
            ("DetachUserPolicy", &of(user)),
            ("DetachGroupPolicy", &of(group)),
            ("DeleteUser", &[user]),
        ],
    )
    .await;
    assert_eq!(uses(&bench), (0, 0));
    let text = format!("Policy {OWN} was not found.");
    refused(
        &bench,
        "DetachGroupPolicy",
        &of(group),
        "NoSuchEntity",
        &text,
    )
    .await;
}

#[tokio::test]
async fn only_what_exists_is_attached_and_only_under_its_own_arn() {
    let bench = Bench::new().await;
    make_own(&bench).await;
    let user = ("UserName", "dave");
    done(&bench, &[("CreateUser", &[user])]).await;
    for arn in [
        "arn:aws:iam::000000000000:policy/Own",
        "arn:aws:iam::000000000000:policy/p/own",
        "arn:aws:iam::111122223333:policy/p/Own",
        "arn:aws:iam::aws:policy/administratoraccess",
        "arn:aws:iam::aws:policy/NoSuchPolicy",
    ] {
        let text = format!("Policy {arn} does not exist or is not attachable.");
        let attach = [user, ("PolicyArn", arn)];
        refused(&bench, "AttachUserPolicy", &attach, "NoSuchEntity", &text).await;
        let bound = [user, ("PermissionsBoundary", arn)];
        refused(
            &bench,
            "PutUserPermissionsBoundary",
            &bound,
            "NoSuchEntity",
            &text,
        )
        .await;
    }
    let text = "Invalid ARN:  Could not be parsed!";
    let attach = [user, ("PolicyArn", "not an arn but twenty long")];
    refused(&bench, "AttachUserPolicy", &attach, "InvalidInput", text).await;
    let text = "The permissions boundary for the user dave cannot be found.";
    refused(
        &bench,
        "DeleteUserPermissionsBoundary",
        &[user],
        "NoSuchEntity",
        text,
    )
    .await;
}

#[tokio::test]
async fn ten_policies_are_attached_at_most() {
    let bench = Bench::new().await;
    make_own(&bench).await;
    let user = ("UserName", "dave");
    done(&bench, &[("CreateUser", &[user])]).await;
    let name = EntityName::new("000000000000".parse().unwrap(), "dave");
    let known = bench.kms.records.user(&name).unwrap().unwrap();
    let mut record = known.record.clone();
    let aws = |number| crate::records::PolicyReference::Aws(format!("{number}"));
    record.policies.attached = (0..10).map(aws).collect();
    let changes = Changes::default().replace_entity(known.version, &record);
    bench.kms.records.commit(changes).await.unwrap();
    let text = "Cannot exceed quota for PoliciesPerUser: 10";
    let attach = [user, ("PolicyArn", OWN)];
    refused(&bench, "AttachUserPolicy", &attach, "LimitExceeded", text).await;
    assert_eq!(uses(&bench), (0, 0));
}

#[tokio::test]
async fn who_manages_others_gives_them_no_more_than_the_boundary_allows() {
    let bench = Bench::new().await;
    make_own(&bench).await;
    let delegated = format!(
        r#"{{"Version":"2012-10-17","Statement":[
        {{"Effect":"Allow","Action":["iam:CreateUser","iam:AttachUserPolicy","iam:PutUserPolicy","iam:PutUserPermissionsBoundary"],
          "Resource":"*","Condition":{{"StringEquals":{{"iam:PermissionsBoundary":"{OWN}"}}}}}},
        {{"Effect":"Deny","Action":"iam:AttachUserPolicy","Resource":"*",
          "Condition":{{"ArnEquals":{{"iam:PolicyARN":"{ADMINISTRATOR}"}}}}}}]}}"#
    );
    done(
        &bench,
        &[
            ("CreateUser", &[("UserName", "lead")]),
            (
                "PutUserPolicy",
                &[
                    ("UserName", "lead"),
                    ("PolicyName", "p"),
                    ("PolicyDocument", &delegated),
                ],
            ),
            ("CreateUser", &[("UserName", "free")]),
        ],
    )
    .await;
    let lead = bench.user("lead");
    let check = async |operation: &str, parameters: &[(&str, &str)], wanted: &str| {
        let answer = call(&bench, &lead, operation, parameters).await;
        let told = answer.map_or_else(|(exception, _)| exception, |_| "");
        assert_eq!(told, wanted, "{operation} {parameters:?}");
    };
    let (own, aws) = (
        ("PermissionsBoundary", OWN),
        ("PermissionsBoundary", ADMINISTRATOR),
    );
    check("CreateUser", &[("UserName", "a")], "AccessDenied").await;
    check("CreateUser", &[("UserName", "a"), aws], "AccessDenied").await;
    check("CreateUser", &[("UserName", "a"), own], "").await;
    let own_policy = ("PolicyArn", OWN);
    check("AttachUserPolicy", &[("UserName", "a"), own_policy], "").await;
    check(
        "AttachUserPolicy",
        &[("UserName", "free"), own_policy],
        "AccessDenied",
    )
    .await;
    check(
        "AttachUserPolicy",
        &[("UserName", "lead"), own_policy],
        "AccessDenied",
    )
    .await;
    let all = ("PolicyArn", ADMINISTRATOR);
    check(
        "AttachUserPolicy",
        &[("UserName", "a"), all],
        "AccessDenied",
    )
    .await;
    let put = ("PolicyName", "p");
    let everything = ("PolicyDocument", EVERYTHING);
    check("PutUserPolicy", &[("UserName", "A"), put, everything], "").await;
    check(
        "PutUserPolicy",
        &[("UserName", "lead"), put, everything],
        "AccessDenied",
    )
    .await;
    check(
        "PutUserPermissionsBoundary",
        &[("UserName", "a"), aws],
        "AccessDenied",
    )
    .await;
    check(
        "PutUserPermissionsBoundary",
        &[("UserName", "free"), own],
        "",
    )
    .await;
    check(
        "DeleteUserPermissionsBoundary",
        &[("UserName", "a")],
        "AccessDenied",
    )
    .await;
}
