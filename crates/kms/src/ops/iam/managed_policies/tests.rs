use serde_json::json;
use strongroom_aws::xml::uri_encode;

use crate::iam::Caller;
use crate::ops::Service;
use crate::ops::iam::roles::tests::{ACCOUNT, add_user, check, iam, trust};
use crate::ops::iam::subjects::Subject;
use crate::records::{
    ManagedPolicyRecord, PoliciesRecord, PolicyReference, SessionOf, SessionRecord,
};
use crate::repository::{Changes, EntityName};
use crate::workbench::{Bench, all_at_once};

const ARN: &str = "arn:aws:iam::000000000000:policy/team/Power";
const ALLOWS: &str = r#"{"Statement":{"Effect":"Allow","Action":"kms:ListKeys","Resource":"*"}}"#;
const ALLOWS_NOT: &str = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

async fn create(bench: &Bench, document: &str) {
    let input = [
        ("PolicyName", "Power"),
        ("Path", "/team/"),
        ("PolicyDocument", document),
    ];
    iam(bench, "CreatePolicy", &input).await.unwrap();
}

async fn create_role(bench: &Bench, name: &str) {
    let trust = trust(&json!({"AWS": ACCOUNT})).to_string();
    let input = [
        ("RoleName", name),
        ("AssumeRolePolicyDocument", trust.as_str()),
    ];
    iam(bench, "CreateRole", &input).await.unwrap();
}

#[tokio::test]
async fn a_policy_is_made_shown_and_deleted() {
    let bench = Bench::new().await;
    let input = [
        ("PolicyName", "Power"),
        ("Path", "/team/"),
        ("PolicyDocument", ALLOWS),
        ("Description", "d"),
        ("Tags.member.1.Key", "k"),
        ("Tags.member.1.Value", "v"),
    ];
    let made = iam(&bench, "CreatePolicy", &input).await.unwrap();
    assert!(made.one("PolicyId").starts_with("ANPA"));
    let shown = iam(&bench, "GetPolicy", &[("PolicyArn", ARN)])
        .await
        .unwrap();
    for (element, text) in [
        ("PolicyName", "Power"),
        ("Arn", ARN),
        ("Path", "/team/"),
        ("DefaultVersionId", "v1"),
        ("AttachmentCount", "0"),
        ("PermissionsBoundaryUsageCount", "0"),
        ("IsAttachable", "true"),
        ("Description", "d"),
        ("Key", "k"),
        ("PolicyId", made.one("PolicyId")),
    ] {
        assert_eq!(shown.one(element), text);
    }
    let version = [("PolicyArn", ARN), ("VersionId", "v1")];
    let version = iam(&bench, "GetPolicyVersion", &version).await.unwrap();
    assert_eq!(version.one("IsDefaultVersion"), "true");
    assert_eq!(version.one("Document"), uri_encode(ALLOWS));
    iam(&bench, "DeletePolicy", &[("PolicyArn", ARN)])
        .await
        .unwrap();
    let absent = format!("Policy {ARN} was not found.");
    let named: &[(&str, &str)] = &[("PolicyArn", ARN)];
    check(
        &bench,
        &[
            ("GetPolicy", named, "NoSuchEntity", &absent),
            ("DeletePolicy", named, "NoSuchEntity", &absent),
            ("ListPolicyVersions", named, "NoSuchEntity", &absent),
            ("ListEntitiesForPolicy", named, "NoSuchEntity", &absent),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_no_policy_may_be_is_refused() {
    let bench = Bench::new().await;
    create(&bench, ALLOWS).await;
    let large = json!({"Statement": {
        "Effect": "Allow", "Action": vec!["kms:GenerateDataKeyWithoutPlaintext"; 180], "Resource": "*",
    }});
    let large = large.to_string();
    let with_principal =
        r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}}"#;
    let no_action = r#"{"Statement":{"Effect":"Allow","Resource":"*"}}"#;
    let malformed = "MalformedPolicyDocument";
    for (document, exception, text) in [
        ("{", malformed, "This policy contains invalid Json"),
        ("[]", malformed, "Syntax errors in policy."),
        (with_principal, malformed, "Has prohibited field Principal"),
        (
            no_action,
            malformed,
            "Policy statement must contain actions.",
        ),
        (
            &large,
            "LimitExceeded",
            "Cannot exceed quota for PolicySize: 6144",
        ),
    ] {
        let create: &[_] = &[("PolicyName", "New"), ("PolicyDocument", document)];
        let version: &[_] = &[("PolicyArn", ARN), ("PolicyDocument", document)];
        check(
            &bench,
            &[
                ("CreatePolicy", create, exception, text),
                ("CreatePolicyVersion", version, exception, text),
            ],
        )
        .await;
    }
    let other_case = "arn:aws:iam::000000000000:policy/team/power";
    check(
        &bench,
        &[
            (
                "CreatePolicy",
                &[("PolicyName", "POWER"), ("PolicyDocument", ALLOWS)],
                "EntityAlreadyExists",
                "A policy called POWER already exists. Duplicate names are not allowed.",
            ),
            (
                "GetPolicy",
                &[("PolicyArn", "00000000000000000000")],
                "InvalidInput",
                "Invalid ARN:  Could not be parsed!",
            ),
            // Policies that speak of an ARN speak of one spelling.
            (
                "GetPolicy",
                &[("PolicyArn", other_case)],
                "NoSuchEntity",
                &format!("Policy {other_case} was not found."),
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_policies_of_aws_are_shown_and_never_changed() {
    let bench = Bench::new().await;
    let shown = iam(&bench, "GetPolicy", &[("PolicyArn", ADMIN)])
        .await
        .unwrap();
    assert_eq!(shown.one("AttachmentCount"), "0");
    create_role(&bench, "R").await;
    let attached = [("RoleName", "R"), ("PolicyArn", ADMIN)];
    iam(&bench, "AttachRolePolicy", &attached).await.unwrap();
    let shown = iam(&bench, "GetPolicy", &[("PolicyArn", ADMIN)])
        .await
        .unwrap();
    assert_eq!(shown.one("AttachmentCount"), "1");
    let input = [("Scope", "AWS"), ("OnlyAttached", "true")];
    let listed = iam(&bench, "ListPolicies", &input).await.unwrap();
    assert_eq!(listed.all("Arn"), [ADMIN]);
    for (operation, input) in [
        ("DeletePolicy", vec![("PolicyArn", ADMIN)]),
        (
            "CreatePolicyVersion",
            vec![("PolicyArn", ADMIN), ("PolicyDocument", ALLOWS)],
        ),
        (
            "SetDefaultPolicyVersion",
            vec![("PolicyArn", ADMIN), ("VersionId", "v1")],
        ),
    ] {
        let refused = iam(&bench, operation, &input).await.map(drop);
        assert_eq!(refused.unwrap_err().0, "AccessDenied", "{operation}");
    }
}

#[tokio::test]
async fn versions_come_and_go_and_one_is_the_default() {
    let bench = Bench::new().await;
    create(&bench, ALLOWS).await;
    let new: &[(&str, &str)] = &[("PolicyArn", ARN), ("PolicyDocument", ALLOWS_NOT)];
    for number in 2..=5 {
        let made = iam(&bench, "CreatePolicyVersion", new).await.unwrap();
        assert_eq!(made.one("VersionId"), format!("v{number}"));
        assert_eq!(made.one("IsDefaultVersion"), "false");
    }
    let too_many = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.";
    let has_versions = "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.";
    let no_version = format!("Policy {ARN} version v6 does not exist or is not attachable.");
    let named: &[(&str, &str)] = &[("PolicyArn", ARN)];
    let sixth: &[(&str, &str)] = &[("PolicyArn", ARN), ("VersionId", "v6")];
    let first: &[(&str, &str)] = &[("PolicyArn", ARN), ("VersionId", "v1")];
    check(
        &bench,
        &[
            ("CreatePolicyVersion", new, "LimitExceeded", too_many),
            ("DeletePolicy", named, "DeleteConflict", has_versions),
            ("GetPolicyVersion", sixth, "NoSuchEntity", &no_version),
            ("DeletePolicyVersion", sixth, "NoSuchEntity", &no_version),
            (
                "SetDefaultPolicyVersion",
                sixth,
                "NoSuchEntity",
                &no_version,
            ),
            (
                "DeletePolicyVersion",
                first,
                "DeleteConflict",
                "Cannot delete the default version of a policy.",
            ),
        ],
    )
    .await;
    let second = [("PolicyArn", ARN), ("VersionId", "v2")];
    iam(&bench, "SetDefaultPolicyVersion", &second)
        .await
        .unwrap();
    iam(&bench, "DeletePolicyVersion", first).await.unwrap();
    let made = iam(&bench, "CreatePolicyVersion", new).await.unwrap();
    assert_eq!(made.one("VersionId"), "v6");
    let page = iam(
        &bench,
        "ListPolicyVersions",
        &[("PolicyArn", ARN), ("MaxItems", "3")],
    );
    let page = page.await.unwrap();
    assert_eq!(page.all("VersionId"), ["v6", "v5", "v4"]);
    let rest = [("PolicyArn", ARN), ("Marker", page.one("Marker"))];
    let rest = iam(&bench, "ListPolicyVersions", &rest).await.unwrap();
    assert_eq!(rest.all("VersionId"), ["v3", "v2"]);
    assert_eq!(rest.all("IsDefaultVersion"), ["false", "true"]);
}

#[tokio::test]
async fn a_policy_in_use_is_counted_and_stays() {
    let bench = Bench::new().await;
    create(&bench, ALLOWS).await;
    create_role(&bench, "R").await;
    let attached = [("RoleName", "R"), ("PolicyArn", ARN)];
    let bound = [("RoleName", "R"), ("PermissionsBoundary", ARN)];
    let role = [("RoleName", "R")];
    for (operation, input, counts) in [
        ("AttachRolePolicy", &attached[..], ["1", "0"]),
        ("AttachRolePolicy", &attached[..], ["1", "0"]),
        ("PutRolePermissionsBoundary", &bound[..], ["1", "1"]),
        ("PutRolePermissionsBoundary", &bound[..], ["1", "1"]),
        ("DetachRolePolicy", &attached[..], ["0", "1"]),
        ("DeleteRolePermissionsBoundary", &role[..], ["0", "0"]),
        ("PutRolePermissionsBoundary", &bound[..], ["0", "1"]),
    ] {
        iam(&bench, operation, input).await.unwrap();
        let shown = iam(&bench, "GetPolicy", &[("PolicyArn", ARN)])
            .await
            .unwrap();
        let found = ["AttachmentCount", "PermissionsBoundaryUsageCount"];
        assert_eq!(
            found.map(|element| shown.one(element)),
            counts,
            "{operation}"
        );
        let is_used = counts != ["0", "0"];
        let users = iam(&bench, "ListEntitiesForPolicy", &[("PolicyArn", ARN)]);
        let users = users.await.unwrap();
        assert_eq!(users.all("RoleName").len(), usize::from(is_used));
        for (usage, count) in ["PermissionsPolicy", "PermissionsBoundary"]
            .iter()
            .zip(counts)
        {
            let input = [("PolicyArn", ARN), ("PolicyUsageFilter", usage)];
            let users = iam(&bench, "ListEntitiesForPolicy", &input).await.unwrap();
            assert_eq!(users.all("RoleName").len().to_string(), count);
            let input = [("Scope", "Local"), ("PolicyUsageFilter", usage)];
            let listed = iam(&bench, "ListPolicies", &input).await.unwrap();
            assert_eq!(listed.all("Arn").len().to_string(), count);
        }
    }
    let named: &[(&str, &str)] = &[("PolicyArn", ARN)];
    let text = "Cannot delete a policy attached to entities.";
    check(&bench, &[("DeletePolicy", named, "DeleteConflict", text)]).await;
    iam(&bench, "DeleteRole", &role).await.unwrap();
    iam(&bench, "DeletePolicy", named).await.unwrap();
}

#[tokio::test]
async fn lists_hold_what_is_asked_for() {
    let bench = Bench::new().await;
    create(&bench, ALLOWS).await;
    let all = iam(&bench, "ListPolicies", &[]).await.unwrap();
    assert_eq!(all.all("Arn").len(), 5);
    for (filter, value, expected) in [
        ("Scope", "Local", 1),
        ("Scope", "AWS", 4),
        ("Scope", "All", 5),
        ("PathPrefix", "/team/", 1),
        ("OnlyAttached", "true", 0),
    ] {
        let listed = iam(&bench, "ListPolicies", &[(filter, value)])
            .await
            .unwrap();
        assert_eq!(listed.all("Arn").len(), expected, "{filter}={value}");
    }
    let mut found = Vec::new();
    let mut marker = None;
    while found.len() < 5 {
        let mut input = vec![("MaxItems", "1")];
        input.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let page = iam(&bench, "ListPolicies", &input).await.unwrap();
        found.push(page.one("Arn").to_owned());
        marker = page.all("Marker").first().map(|&marker| marker.to_owned());
    }
    assert_eq!(found, all.all("Arn"));
    assert_eq!(marker, None);
}

/// Whether the caller may list keys.
async fn may(bench: &Bench, caller: &Caller) -> bool {
    let answer = bench.call_with(caller, "ListKeys", &json!({})).await;
    match answer {
        Ok(_) => true,
        Err(refusal) => {
            assert_eq!(refusal.exception.name(), "AccessDeniedException");
            false
        }
    }
}

fn customer() -> PolicyReference {
    PolicyReference::Customer("power".to_owned())
}

fn admin() -> PolicyReference {
    PolicyReference::Aws("AdministratorAccess".to_owned())
}

/// A session of the role that is limited by the policy.
fn limited_session(bench: &Bench, role: &str) -> Caller {
    let records = &bench.kms.records;
    let place = EntityName::new(ACCOUNT.parse().unwrap(), role);
    let role = records.role(&place).unwrap().unwrap();
    let of = SessionOf::Role(role.record.entity.id.clone());
    bench.caller_of(SessionRecord {
        is_limited: true,
        policies: vec![customer()],
        ..bench.session(of, "s")
    })
}

#[tokio::test]
async fn the_default_version_counts_at_once_for_everybody() {
    let bench = Bench::new().await;
    create(&bench, ALLOWS).await;
    let input = [("PolicyArn", ARN), ("PolicyDocument", ALLOWS_NOT)];
    iam(&bench, "CreatePolicyVersion", &input).await.unwrap();
    let attached = PoliciesRecord {
        attached: vec![customer()],
        ..PoliciesRecord::default()
    };
    add_user(&bench, "attached", attached).await;
    let bound = PoliciesRecord {
        attached: vec![admin()],
        boundary: Some(customer()),
        ..PoliciesRecord::default()
    };
    add_user(&bench, "bound", bound).await;
    create_role(&bench, "R").await;
    let input = [("RoleName", "R"), ("PolicyArn", ADMIN)];
    iam(&bench, "AttachRolePolicy", &input).await.unwrap();
    // As their credentials stand for them: looked up before the policy changes.
    let callers = [
        bench.user("attached"),
        bench.user("bound"),
        limited_session(&bench, "R"),
    ];
    for (version, expected) in [("v1", true), ("v2", false), ("v1", true)] {
        let input = [("PolicyArn", ARN), ("VersionId", version)];
        iam(&bench, "SetDefaultPolicyVersion", &input)
            .await
            .unwrap();
        for caller in &callers {
            assert_eq!(
                may(&bench, caller).await,
                expected,
                "{} {version}",
                caller.arn
            );
        }
    }
    let input = [
        ("PolicyArn", ARN),
        ("PolicyDocument", ALLOWS_NOT),
        ("SetAsDefault", "true"),
    ];
    iam(&bench, "CreatePolicyVersion", &input).await.unwrap();
    for caller in &callers {
        assert!(!may(&bench, caller).await, "{}", caller.arn);
    }
}

#[tokio::test]
async fn conditions_say_who_may_do_what_with_policies() {
    let bench = Bench::new().await;
    create(&bench, ALLOWS).await;
    let document = json!({"Version": "2012-10-17", "Statement": [
        {
            "Effect": "Allow", "Action": ["iam:GetPolicy", "iam:CreatePolicy", "iam:TagPolicy"],
            "Resource": "arn:aws:iam::*:policy/team/*",
        },
        {
            "Effect": "Allow", "Action": "iam:CreateRole", "Resource": "*",
            "Condition": {"StringEquals": {"iam:PermissionsBoundary": ARN}},
        },
    ]});
    let input = [
        ("PolicyName", "Delegate"),
        ("PolicyDocument", &document.to_string()),
    ];
    iam(&bench, "CreatePolicy", &input).await.unwrap();
    let policies = PoliciesRecord {
        attached: vec![PolicyReference::Customer("delegate".to_owned())],
        ..PoliciesRecord::default()
    };
    add_user(&bench, "erin", policies).await;
    let erin = bench.user("erin");
    let trust = trust(&json!({"AWS": ACCOUNT})).to_string();
    let role = ("AssumeRolePolicyDocument", trust.as_str());
    let tag = [("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b")];
    let new = [("PolicyName", "New"), ("PolicyDocument", ALLOWS)];
    let delegate = "arn:aws:iam::000000000000:policy/Delegate";
    for (operation, input, expected) in [
        ("GetPolicy", vec![("PolicyArn", ARN)], true),
        ("GetPolicy", vec![("PolicyArn", delegate)], false),
        ("CreatePolicy", new.to_vec(), false),
        (
            "CreatePolicy",
            [&new[..], &[("Path", "/team/")]].concat(),
            true,
        ),
        ("DeletePolicy", vec![("PolicyArn", ARN)], false),
        ("CreateRole", vec![("RoleName", "R"), role], false),
        (
            "CreateRole",
            vec![("RoleName", "R"), role, ("PermissionsBoundary", ADMIN)],
            false,
        ),
        (
            "CreateRole",
            vec![("RoleName", "R"), role, ("PermissionsBoundary", ARN)],
            true,
        ),
        // Tags need iam:TagRole as well.
        (
            "CreateRole",
            [
                &[("RoleName", "S"), role, ("PermissionsBoundary", ARN)],
                &tag[..],
            ]
            .concat(),
            false,
        ),
    ] {
        let answer = bench
            .query_with(&erin, Service::Iam, operation, &input)
            .await;
        assert_eq!(answer.is_ok(), expected, "{operation} {input:?} {answer:?}");
    }
}

#[tokio::test]
async fn a_policy_is_not_deleted_while_it_is_being_attached() {
    let bench = Bench::with_late_commits().await;
    create(&bench, ALLOWS).await;
    create_role(&bench, "R").await;
    let attach = [("RoleName", "R"), ("PolicyArn", ARN)];
    let bound = [("RoleName", "R"), ("PermissionsBoundary", ARN)];
    let named = [("PolicyArn", ARN)];
    let calls: [(&str, &[(&str, &str)]); 3] = [
        ("AttachRolePolicy", &attach),
        ("DeletePolicy", &named),
        ("PutRolePermissionsBoundary", &bound),
    ];
    // Whoever comes first: what is used is there, and what is gone is not used.
    for first in 0..calls.len() {
        let mut calls = calls;
        calls.rotate_left(first);
        let answers = calls.into_iter().map(|(operation, input)| {
            let answer = iam(&bench, operation, input);
            async move { (operation, answer.await.is_ok()) }
        });
        let is_deleted = calls[0].0 == "DeletePolicy";
        for (operation, is_done) in all_at_once(answers).await {
            assert_eq!(
                is_done,
                (operation == "DeletePolicy") == is_deleted,
                "{operation}"
            );
        }
        let role = iam(&bench, "ListAttachedRolePolicies", &[("RoleName", "R")]);
        assert_eq!(
            role.await.unwrap().all("PolicyArn").len(),
            usize::from(!is_deleted)
        );
        if is_deleted {
            create(&bench, ALLOWS).await;
        } else {
            let shown = iam(&bench, "GetPolicy", &named).await.unwrap();
            assert_eq!(shown.one("AttachmentCount"), "1");
            assert_eq!(shown.one("PermissionsBoundaryUsageCount"), "1");
            iam(&bench, "DetachRolePolicy", &attach).await.unwrap();
            let role = [("RoleName", "R")];
            iam(&bench, "DeleteRolePermissionsBoundary", &role)
                .await
                .unwrap();
        }
    }
}

#[tokio::test]
async fn an_account_has_so_many_policies_and_no_more() {
    let bench = Bench::new().await;
    create(&bench, ALLOWS).await;
    let records = &bench.kms.records;
    let place = EntityName::new(ACCOUNT.parse().unwrap(), "power");
    let known = records.managed_policy(&place).unwrap().unwrap();
    for number in 1..ManagedPolicyRecord::PER_ACCOUNT_MAX {
        let mut policy = known.record.clone();
        policy.entity.name = format!("p{number}");
        policy.entity.id = format!("ANPA{number:0>17}");
        let changes = Changes::default().create_entity(&policy);
        records.commit(changes).await.unwrap();
    }
    let new: &[_] = &[("PolicyName", "New"), ("PolicyDocument", ALLOWS)];
    let text = "Cannot exceed quota for PoliciesPerAccount: 1500";
    check(&bench, &[("CreatePolicy", new, "LimitExceeded", text)]).await;
    iam(&bench, "DeletePolicy", &[("PolicyArn", ARN)])
        .await
        .unwrap();
    iam(&bench, "CreatePolicy", new).await.unwrap();
}
