use serde_json::{Value, json};
use strongroom_aws::query;

use crate::ops::Service;
use crate::records::PoliciesRecord;
use crate::workbench::{Bench, Xml, people};

pub(in crate::ops::iam) const ACCOUNT: &str = "000000000000";

/// A refusal: its exception and text.
pub(in crate::ops::iam) type Refused = (&'static str, String);

/// Carries out a call of the account's root.
pub(in crate::ops::iam) async fn iam(
    bench: &Bench,
    operation: &str,
    parameters: &[(&str, &str)],
) -> Result<Xml, Refused> {
    let root = bench.root();
    let answer = bench.query_with(&root, Service::Iam, operation, parameters);
    answer.await.map_err(|refusal| {
        let (exception, text) = refusal.query();
        (exception.name(), text.to_owned())
    })
}

/// An operation and its parameters, and the exception and text that it is refused with.
pub(in crate::ops::iam) type RefusedCall<'c> =
    (&'c str, &'c [(&'c str, &'c str)], &'static str, &'c str);

/// Carries out calls that must be refused.
pub(in crate::ops::iam) async fn check(bench: &Bench, calls: &[RefusedCall<'_>]) {
    for (operation, parameters, exception, text) in calls {
        let answer = iam(bench, operation, parameters).await;
        let refused = answer.map(|answer| answer.0).unwrap_err();
        assert_eq!(
            refused,
            (*exception, (*text).to_owned()),
            "{operation} {parameters:?}"
        );
    }
}

/// The document that an answer shows percent-encoded.
pub(in crate::ops::iam) fn document(text: &str) -> Value {
    let form = query::parse(format!("Action=a&d={text}").as_bytes()).unwrap();
    serde_json::from_str(form.get("d").unwrap()).unwrap()
}

pub(in crate::ops::iam) fn trust(principal: &Value) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
    })
}

fn trust_of_account() -> String {
    trust(&json!({"AWS": ACCOUNT})).to_string()
}

/// A user with this name and unique id, in the store.
pub(in crate::ops::iam) async fn add_user(bench: &Bench, name: &str, policies: PoliciesRecord) {
    let id = format!("AIDA{:0>17}", name.to_uppercase());
    let user = people::user(people::entity(ACCOUNT, "/", name, &id), policies);
    bench.store(&user).await;
}

#[tokio::test]
async fn a_role_is_made_shown_changed_and_deleted() {
    let bench = Bench::new().await;
    let trust = trust_of_account();
    let input = [
        ("RoleName", "Deploy"),
        ("Path", "/ci/"),
        ("AssumeRolePolicyDocument", &trust),
        ("Description", "deploys"),
        ("MaxSessionDuration", "7200"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "a"),
    ];
    let made = iam(&bench, "CreateRole", &input).await.unwrap();
    assert_eq!(made.one("Arn"), "arn:aws:iam::000000000000:role/ci/Deploy");
    assert!(made.one("RoleId").starts_with("AROA"));
    let shown = iam(&bench, "GetRole", &[("RoleName", "deploy")])
        .await
        .unwrap();
    for (element, text) in [
        ("RoleName", "Deploy"),
        ("Path", "/ci/"),
        ("Description", "deploys"),
        ("MaxSessionDuration", "7200"),
        ("Key", "team"),
        ("RoleId", made.one("RoleId")),
    ] {
        assert_eq!(shown.one(element), text);
    }
    let found = document(shown.one("AssumeRolePolicyDocument"));
    assert_eq!(found.to_string(), trust);

    let input = [("RoleName", "Deploy"), ("MaxSessionDuration", "3600")];
    iam(&bench, "UpdateRole", &input).await.unwrap();
    let input = [("RoleName", "Deploy"), ("Description", "")];
    let updated = iam(&bench, "UpdateRoleDescription", &input).await.unwrap();
    assert_eq!(updated.one("MaxSessionDuration"), "3600");
    assert!(updated.all("Description").is_empty());

    let listed = iam(&bench, "ListRoles", &[("PathPrefix", "/ci/")])
        .await
        .unwrap();
    assert_eq!(listed.all("RoleName"), ["Deploy"]);
    let listed = iam(&bench, "ListRoles", &[("PathPrefix", "/other/")])
        .await
        .unwrap();
    assert!(listed.all("RoleName").is_empty());

    iam(&bench, "DeleteRole", &[("RoleName", "DEPLOY")])
        .await
        .unwrap();
    let absent = "The role with name Deploy cannot be found.";
    check(
        &bench,
        &[
            ("GetRole", &[("RoleName", "Deploy")], "NoSuchEntity", absent),
            (
                "DeleteRole",
                &[("RoleName", "Deploy")],
                "NoSuchEntity",
                absent,
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn lists_go_on_where_they_stopped() {
    let bench = Bench::new().await;
    let trust = trust_of_account();
    for number in 0..7 {
        let (name, path) = (format!("r{number}"), ["/a/", "/b/"][number % 2]);
        let input = [
            ("RoleName", name.as_str()),
            ("Path", path),
            ("AssumeRolePolicyDocument", trust.as_str()),
        ];
        iam(&bench, "CreateRole", &input).await.unwrap();
    }
    let mut found = Vec::new();
    let mut marker = None;
    loop {
        let mut input = vec![("MaxItems", "2"), ("PathPrefix", "/a/")];
        input.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let page = iam(&bench, "ListRoles", &input).await.unwrap();
        found.extend(page.all("RoleName").into_iter().map(str::to_owned));
        if page.one("IsTruncated") == "false" {
            break;
        }
        assert_eq!(page.all("RoleName").len(), 2);
        marker = Some(page.one("Marker").to_owned());
    }
    found.sort();
    assert_eq!(found, ["r0", "r2", "r4", "r6"]);
    let refused = iam(&bench, "ListRoles", &[("Marker", "x")]).await.map(drop);
    assert_eq!(refused.unwrap_err().0, "ValidationError");
}

#[tokio::test]
async fn what_no_role_may_be_is_refused() {
    let bench = Bench::new().await;
    let good = trust_of_account();
    let input = [("RoleName", "Taken"), ("AssumeRolePolicyDocument", &good)];
    iam(&bench, "CreateRole", &input).await.unwrap();
    let nobody = "arn:aws:iam::000000000000:user/nobody";
    let with_resource = json!({"Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*",
    }]});
    let without_principal = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole"}});
    let large = json!({"Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": vec!["sts:AssumeRole"; 130],
    }]});
    let malformed = "MalformedPolicyDocument";
    let invalid = format!("Invalid principal in policy: \"AWS\":\"{nobody}\"");
    for (document, exception, text) in [
        (trust(&json!({"AWS": nobody})), malformed, invalid.as_str()),
        (
            trust(&json!({"AWS": [ACCOUNT, "AROA00000000000000000"]})),
            malformed,
            "Invalid principal in policy: \"AWS\":\"AROA00000000000000000\"",
        ),
        (with_resource, malformed, "Has prohibited field Resource"),
        (
            without_principal,
            malformed,
            "Missing required field Principal",
        ),
        (
            json!({"Statement": [{}]}),
            malformed,
            "Syntax errors in policy.",
        ),
        (
            large,
            "LimitExceeded",
            "Cannot exceed quota for ACLSizePerRole: 2048",
        ),
    ] {
        let document = document.to_string();
        let create = [
            ("RoleName", "New"),
            ("AssumeRolePolicyDocument", document.as_str()),
        ];
        let update = [("RoleName", "Taken"), ("PolicyDocument", document.as_str())];
        let is_shape = text == "Syntax errors in policy.";
        for (operation, input) in [("CreateRole", create), ("UpdateAssumeRolePolicy", update)] {
            let refused = iam(&bench, operation, &input).await.map(drop).unwrap_err();
            assert_eq!(refused.0, exception, "{document}");
            assert!(is_shape || refused.1 == text, "{refused:?}");
        }
    }
    let boundary = "arn:aws:iam::000000000000:policy/none";
    check(
        &bench,
        &[
            (
                "CreateRole",
                &[("RoleName", "taken"), ("AssumeRolePolicyDocument", &good)],
                "EntityAlreadyExists",
                "Role with name taken already exists.",
            ),
            (
                "CreateRole",
                &[
                    ("RoleName", "New"),
                    ("AssumeRolePolicyDocument", &good),
                    ("PermissionsBoundary", boundary),
                ],
                "NoSuchEntity",
                "Policy arn:aws:iam::000000000000:policy/none does not exist or is not attachable.",
            ),
            (
                "CreateRole",
                &[("RoleName", "New"), ("AssumeRolePolicyDocument", "{")],
                malformed,
                "This policy contains invalid Json",
            ),
            (
                "UpdateRole",
                &[("RoleName", "None")],
                "NoSuchEntity",
                "The role with name None cannot be found.",
            ),
        ],
    )
    .await;
    for seconds in ["3599", "43201"] {
        let input = [("RoleName", "Taken"), ("MaxSessionDuration", seconds)];
        let refused = iam(&bench, "UpdateRole", &input).await.map(drop);
        assert_eq!(refused.unwrap_err().0, "ValidationError");
    }
}

#[tokio::test]
async fn a_trust_policy_names_who_existed_when_it_was_written() {
    let bench = Bench::new().await;
    add_user(&bench, "dave", PoliciesRecord::default()).await;
    let dave = "arn:aws:iam::000000000000:user/dave";
    let written = trust(&json!({"AWS": [dave, ACCOUNT]}));
    let input = [
        ("RoleName", "R"),
        ("AssumeRolePolicyDocument", &written.to_string()),
    ];
    iam(&bench, "CreateRole", &input).await.unwrap();
    let principals = async || {
        let shown = iam(&bench, "GetRole", &[("RoleName", "R")]).await.unwrap();
        let found = document(shown.one("AssumeRolePolicyDocument"));
        found["Statement"][0]["Principal"]["AWS"].clone()
    };
    assert_eq!(principals().await, json!([dave, ACCOUNT]));
    bench.delete_user(ACCOUNT, "dave").await;
    let id = "AIDA0000000000000DAVE";
    assert_eq!(principals().await, json!([id, ACCOUNT]));
    // Who is gone cannot be named again, not even by the unique id that the policy shows.
    let again = trust(&json!({"AWS": id})).to_string();
    check(
        &bench,
        &[(
            "UpdateAssumeRolePolicy",
            &[("RoleName", "R"), ("PolicyDocument", &again)],
            "MalformedPolicyDocument",
            "Invalid principal in policy: \"AWS\":\"AIDA0000000000000DAVE\"",
        )],
    )
    .await;
}

#[tokio::test]
async fn a_role_with_policies_stays() {
    let bench = Bench::new().await;
    let trust = trust_of_account();
    let input = [("RoleName", "R"), ("AssumeRolePolicyDocument", &trust)];
    iam(&bench, "CreateRole", &input).await.unwrap();
    let document = r#"{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}"#;
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    let inline = [
        ("RoleName", "R"),
        ("PolicyName", "I"),
        ("PolicyDocument", document),
    ];
    iam(&bench, "PutRolePolicy", &inline).await.unwrap();
    let attached = [("RoleName", "R"), ("PolicyArn", admin)];
    iam(&bench, "AttachRolePolicy", &attached).await.unwrap();
    for (text, operation, input) in [
        (
            "Cannot delete entity, must detach all policies first.",
            "DetachRolePolicy",
            attached,
        ),
        (
            "Cannot delete entity, must delete policies first.",
            "DeleteRolePolicy",
            [("RoleName", "R"), ("PolicyName", "I")],
        ),
    ] {
        let role: &[(&str, &str)] = &[("RoleName", "R")];
        check(&bench, &[("DeleteRole", role, "DeleteConflict", text)]).await;
        iam(&bench, operation, &input).await.unwrap();
    }
    iam(&bench, "DeleteRole", &[("RoleName", "R")])
        .await
        .unwrap();
}
