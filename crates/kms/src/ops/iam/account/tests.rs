use serde_json::json;

use crate::ops::iam::roles::tests::{ACCOUNT, document, iam, trust};
use crate::workbench::{Bench, Xml};

const ALLOWS: &str = r#"{"Statement":{"Effect":"Allow","Action":"kms:ListKeys","Resource":"*"}}"#;
const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const OWN: &str = "arn:aws:iam::000000000000:policy/Own";

/// An account with one of everything.
async fn furnished() -> Bench {
    let bench = Bench::new().await;
    let trust = trust(&json!({"AWS": ACCOUNT})).to_string();
    for (operation, input) in [
        (
            "CreatePolicy",
            &[("PolicyName", "Own"), ("PolicyDocument", ALLOWS)][..],
        ),
        (
            "CreatePolicyVersion",
            &[("PolicyArn", OWN), ("PolicyDocument", ALLOWS)],
        ),
        ("CreateGroup", &[("GroupName", "Staff")]),
        ("CreateUser", &[("UserName", "Dave")]),
        (
            "AddUserToGroup",
            &[("GroupName", "staff"), ("UserName", "dave")],
        ),
        (
            "PutUserPolicy",
            &[
                ("UserName", "Dave"),
                ("PolicyName", "inline"),
                ("PolicyDocument", ALLOWS),
            ],
        ),
        (
            "AttachGroupPolicy",
            &[("GroupName", "Staff"), ("PolicyArn", OWN)],
        ),
        (
            "CreateRole",
            &[
                ("RoleName", "Deploy"),
                ("AssumeRolePolicyDocument", &trust),
                ("PermissionsBoundary", OWN),
            ],
        ),
        (
            "AttachRolePolicy",
            &[("RoleName", "Deploy"), ("PolicyArn", ADMIN)],
        ),
    ] {
        iam(&bench, operation, input).await.unwrap();
    }
    bench
}

/// The value of a key of the summary.
fn entry(summary: &Xml, key: &str) -> i32 {
    let start = format!("<key>{key}</key><value>");
    let (_, rest) = summary.0.split_once(&start).unwrap();
    rest.split_once("</value>").unwrap().0.parse().unwrap()
}

#[tokio::test]
async fn the_summary_counts_what_there_is() {
    let bench = furnished().await;
    let summary = iam(&bench, "GetAccountSummary", &[]).await.unwrap();
    for (key, value) in [
        ("Users", 1),
        ("Groups", 1),
        ("Roles", 1),
        ("Policies", 1),
        ("PolicyVersionsInUse", 2),
        ("RolesQuota", 1000),
        ("PolicySizeQuota", 6144),
        ("MFADevices", 0),
        ("AccountAccessKeysPresent", 0),
    ] {
        assert_eq!(entry(&summary, key), value, "{key}");
    }
}

#[tokio::test]
async fn details_show_everything_but_secrets() {
    let bench = furnished().await;
    let input = [("UserName", "Dave")];
    let key = iam(&bench, "CreateAccessKey", &input).await.unwrap();
    let details = iam(&bench, "GetAccountAuthorizationDetails", &[]);
    let details = details.await.unwrap();
    assert!(!details.0.contains(key.one("SecretAccessKey")));
    let user = details.one("UserDetailList");
    assert!(user.contains("<GroupList><member>Staff</member></GroupList>"));
    assert!(user.contains("<PolicyName>inline</PolicyName>"));
    assert!(details.one("GroupDetailList").contains(OWN));
    let role = details.one("RoleDetailList");
    assert!(role.contains(ADMIN));
    assert!(role.contains(&format!(
        "<PermissionsBoundaryArn>{OWN}</PermissionsBoundaryArn>"
    )));
    assert_eq!(details.all("AttachmentCount"), ["1", "1"]);
    assert_eq!(details.all("PermissionsBoundaryUsageCount"), ["1", "0"]);
    assert_eq!(details.all("VersionId"), ["v2", "v1", "v1"]);
    for shown in details.all("Document") {
        assert!(document(shown)["Statement"].is_object() || shown.contains("Statement"));
    }
}

#[tokio::test]
async fn details_are_filtered_and_go_on_where_they_stopped() {
    let bench = furnished().await;
    for (filter, name) in [
        ("User", "<UserName>Dave</UserName>"),
        ("Group", "<GroupName>Staff</GroupName>"),
        ("Role", "<RoleName>Deploy</RoleName>"),
        ("LocalManagedPolicy", OWN),
        ("AWSManagedPolicy", ADMIN),
    ] {
        let input = [("Filter.member.1", filter)];
        let found = iam(&bench, "GetAccountAuthorizationDetails", &input);
        let found = found.await.unwrap();
        assert!(found.0.contains(name), "{filter} {}", found.0);
        assert_eq!(found.all("Path").len(), 1, "{filter} {}", found.0);
    }
    let (mut found, mut marker) = (0, None);
    for _ in 0..5 {
        let mut input = vec![("MaxItems", "1")];
        input.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let page = iam(&bench, "GetAccountAuthorizationDetails", &input);
        let page = page.await.unwrap();
        found += page.all("Path").len();
        marker = page.all("Marker").first().map(|&marker| marker.to_owned());
    }
    assert_eq!((found, marker), (5, None));
}
