use crate::ops::Service;
use crate::workbench::{Bench, Xml};

const KEY: &str = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000";
const DAVE: &str = "arn:aws:iam::000000000000:user/dave";
const LISTED: &str = "{\n    \"Version\": \"2012-10-17\",\n    \"Statement\": [\n        {\n            \"Sid\": \"Use\",\n            \"Effect\": \"Allow\",\n            \"Action\": \"kms:Decrypt\", \"Resource\": \"*\"\n\n        },\n        {\"Effect\": \"Deny\", \"Action\": \"kms:Disable*\", \"Resource\": \"*\"}\n    ]\n}";
const CONDITIONED: &str = r#"{"Statement":{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"},"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}}}}"#;
const NOTHING: &str = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;

async fn ask(
    bench: &Bench,
    operation: &str,
    parameters: &[(&str, &str)],
) -> Result<Xml, (&'static str, String)> {
    let root = bench.root();
    let answer = bench
        .query_with(&root, Service::Iam, operation, parameters)
        .await;
    answer.map_err(|refusal| {
        (
            refusal.exception.name(),
            refusal.message.unwrap_or_default(),
        )
    })
}

async fn custom(bench: &Bench, parameters: &[(&str, &str)]) -> Xml {
    ask(bench, "SimulateCustomPolicy", parameters)
        .await
        .unwrap()
}

/// The decisions of a simulation of `actions` under `policies` and what `more` says.
async fn decisions(
    bench: &Bench,
    policies: &[&str],
    actions: &[&str],
    more: &[(&str, &str)],
) -> Vec<String> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    for (list, values) in [("PolicyInputList", policies), ("ActionNames", actions)] {
        for (number, value) in values.iter().enumerate() {
            let name = format!("{list}.member.{}", number + 1);
            parameters.push((name, (*value).to_owned()));
        }
    }
    let listed = parameters.iter();
    let mut all: Vec<(&str, &str)> = listed.map(|(name, value)| (&**name, &**value)).collect();
    all.extend(more);
    let answer = custom(bench, &all).await;
    let found = answer.all("EvalDecision").into_iter();
    found.map(str::to_owned).collect()
}

#[tokio::test]
async fn policies_of_the_input_decide() {
    let bench = Bench::new().await;
    let key = ("ResourceArns.member.1", KEY);
    let boundary = ("PermissionsBoundaryPolicyInputList.member.1", NOTHING);
    let level = (
        "OrderedOrganizationPolicyInputList.member.1.ServiceControlPolicyInputList.member.1",
        NOTHING,
    );
    let via = [
        ("ContextEntries.member.1.ContextKeyName", "kms:viaservice"),
        (
            "ContextEntries.member.1.ContextKeyValues.member.1",
            "s3.us-east-1.amazonaws.com",
        ),
        ("ContextEntries.member.1.ContextKeyType", "string"),
        ("ContextEntries.member.2.ContextKeyName", "aws:TagKeys"),
        ("ContextEntries.member.2.ContextKeyValues.member.1", "b"),
        ("ContextEntries.member.2.ContextKeyType", "stringList"),
    ];
    let actions = ["kms:Decrypt", "kms:DisableKey", "kms:Encrypt"];
    let own = ["allowed", "explicitDeny", "implicitDeny"];
    let none = ["implicitDeny", "explicitDeny", "implicitDeny"];
    for (policies, actions, more, expected) in [
        (&[LISTED][..], &actions[..], vec![], &own[..]),
        (&[LISTED, NOTHING], &actions, vec![key], &own),
        (&[LISTED], &actions, vec![boundary], &none),
        (&[LISTED], &actions, vec![level], &none),
        (&[CONDITIONED], &actions[..1], vec![], &none[..1]),
        (&[CONDITIONED], &actions[..1], via.to_vec(), &own[..1]),
    ] {
        let found = decisions(&bench, policies, actions, &more).await;
        assert_eq!(found, expected, "{more:?}");
    }
}

#[tokio::test]
async fn a_resource_policy_speaks_of_the_caller() {
    let bench = Bench::new().await;
    let direct = format!(
        r#"{{"Statement":{{"Effect":"Allow","Principal":{{"AWS":"{DAVE}"}},"Action":"*","Resource":"*"}}}}"#
    );
    let account = direct.replace(DAVE, "arn:aws:iam::000000000000:root");
    let caller = ("CallerArn", DAVE);
    let (kms, s3) = (KEY, "arn:aws:s3:::logs");
    let other = ("ResourceOwner", "arn:aws:iam::111122223333:root");
    for (policy, resource, owner, expected) in [
        (NOTHING, kms, None, "implicitDeny"),
        (&*direct, kms, None, "allowed"),
        (&account, kms, None, "implicitDeny"),
        (&account, s3, None, "allowed"),
        (&direct, kms, Some(other), "implicitDeny"),
        (&direct, s3, Some(other), "allowed"),
    ] {
        let mut more = vec![caller, ("ResourceArns.member.1", resource)];
        if policy != NOTHING {
            more.push(("ResourcePolicy", policy));
        }
        more.extend(owner);
        let action = if resource == kms {
            "kms:Decrypt"
        } else {
            "s3:GetObject"
        };
        let found = decisions(&bench, &[NOTHING], &[action], &more).await;
        assert_eq!(found, [expected], "{policy} {resource} {owner:?}");
    }
}

#[tokio::test]
async fn results_say_where_the_statement_stands_and_what_is_missing() {
    let bench = Bench::new().await;
    let answer = custom(
        &bench,
        &[
            ("PolicyInputList.member.1", LISTED),
            ("PolicyInputList.member.2", CONDITIONED),
            ("ActionNames.member.1", "kms:Decrypt"),
        ],
    )
    .await;
    // AWS CLI Reference, simulate-principal-policy: the positions of its first example.
    assert_eq!(answer.all("SourcePolicyId"), ["PolicyInputList.1"]);
    assert_eq!(
        answer.one("StartPosition"),
        "<Line>3</Line><Column>19</Column>"
    );
    assert_eq!(
        answer.one("EndPosition"),
        "<Line>9</Line><Column>10</Column>"
    );
    let missing = answer.one("MissingContextValues");
    assert_eq!(
        missing,
        "<member>aws:TagKeys</member><member>kms:ViaService</member>"
    );
    assert_eq!(answer.all("ResourceSpecificResults"), [""; 0]);
    let keys = ask(
        &bench,
        "GetContextKeysForCustomPolicy",
        &[("PolicyInputList.member.1", CONDITIONED)],
    );
    assert_eq!(keys.await.unwrap().one("ContextKeyNames"), missing);
}

#[tokio::test]
async fn a_principals_policies_are_those_it_has_now() {
    let bench = Bench::new().await;
    for (operation, parameters) in [
        ("CreateUser", vec![("UserName", "dave")]),
        ("CreateGroup", vec![("GroupName", "Ops")]),
        (
            "AddUserToGroup",
            vec![("UserName", "dave"), ("GroupName", "Ops")],
        ),
        (
            "PutGroupPolicy",
            vec![
                ("GroupName", "Ops"),
                ("PolicyName", "listed"),
                ("PolicyDocument", LISTED),
            ],
        ),
        (
            "AttachUserPolicy",
            vec![
                ("UserName", "dave"),
                ("PolicyArn", "arn:aws:iam::aws:policy/IAMFullAccess"),
            ],
        ),
    ] {
        ask(&bench, operation, &parameters).await.unwrap();
    }
    let group = "arn:aws:iam::000000000000:group/Ops";
    let excluded = [("PolicyExclusionList.member.1.PolicyType", "inline")];
    let added = [(
        "PolicyInputList.member.1",
        r#"{"Statement":{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}}"#,
    )];
    for (source, action, more, expected, policy) in [
        (DAVE, "kms:Decrypt", &[][..], "allowed", "group listed"),
        (
            DAVE,
            "iam:GetUser",
            &[],
            "allowed",
            "aws-managed IAMFullAccess",
        ),
        (DAVE, "kms:DisableKey", &[], "explicitDeny", "group listed"),
        (DAVE, "kms:Encrypt", &[], "implicitDeny", ""),
        (DAVE, "kms:Decrypt", &excluded, "implicitDeny", ""),
        (
            DAVE,
            "kms:Decrypt",
            &added,
            "explicitDeny",
            "none PolicyInputList.1",
        ),
        (group, "kms:Decrypt", &[], "allowed", "group listed"),
        (group, "iam:GetUser", &[], "implicitDeny", ""),
    ] {
        let mut parameters = vec![
            ("PolicySourceArn", source),
            ("ActionNames.member.1", action),
        ];
        parameters.extend(more);
        let answer = ask(&bench, "SimulatePrincipalPolicy", &parameters)
            .await
            .unwrap();
        assert_eq!(
            answer.one("EvalDecision"),
            expected,
            "{source} {action} {more:?}"
        );
        let sources = answer
            .all("SourcePolicyType")
            .into_iter()
            .zip(answer.all("SourcePolicyId"));
        let found: Vec<_> = sources.map(|(kind, id)| format!("{kind} {id}")).collect();
        assert_eq!(found.join(", "), policy, "{source} {action} {more:?}");
    }
}

#[tokio::test]
async fn pages_hold_every_result_once() {
    let bench = Bench::new().await;
    let actions = ["kms:Decrypt", "kms:Encrypt", "kms:Sign"];
    let mut found = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let mut parameters = vec![("PolicyInputList.member.1", LISTED), ("MaxItems", "2")];
        for (name, action) in ["1", "2", "3"].iter().zip(actions) {
            let name: &'static str = match *name {
                "1" => "ActionNames.member.1",
                "2" => "ActionNames.member.2",
                _ => "ActionNames.member.3",
            };
            parameters.push((name, action));
        }
        parameters.push(("ResourceArns.member.1", KEY));
        parameters.push(("ResourceArns.member.2", "*"));
        if let Some(marker) = &marker {
            parameters.push(("Marker", marker));
        }
        let answer = custom(&bench, &parameters).await;
        found.extend(answer.all("EvalActionName").into_iter().map(str::to_owned));
        if answer.one("IsTruncated") == "false" {
            break;
        }
        marker = Some(answer.one("Marker").to_owned());
    }
    assert_eq!(
        found,
        actions
            .iter()
            .flat_map(|action| [*action; 2])
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn what_cannot_be_simulated_is_refused() {
    let bench = Bench::new().await;
    let policy = ("PolicyInputList.member.1", LISTED);
    let action = ("ActionNames.member.1", "kms:Decrypt");
    let bound = ("PermissionsBoundaryPolicyInputList.member.1", LISTED);
    let twice = ("PermissionsBoundaryPolicyInputList.member.2", LISTED);
    let long = format!("{LISTED}{}", " ".repeat(131_072 - LISTED.len()));
    let (more, key_policy) = (
        ("PolicyInputList.member.2", &*long),
        ("ResourcePolicy", LISTED),
    );
    for (parameters, expected) in [
        (
            vec![("PolicyInputList.member.1", "{}"), action],
            "Invalid policy in PolicyInputList.1: ",
        ),
        (
            vec![policy, action, more],
            "The simulation has more than 131072 bytes of policies.",
        ),
        (
            vec![policy, action, bound, twice],
            "PermissionsBoundaryPolicyInputList can have only one policy.",
        ),
        (
            vec![policy, action, key_policy],
            "CallerArn is required when",
        ),
        (
            vec![policy, action, ("CallerArn", KEY)],
            "CallerArn must be the ARN of a user: ",
        ),
        (
            vec![policy, action, ("ResourceOwner", DAVE)],
            "ResourceOwner must be the ARN of an account: ",
        ),
        (
            vec![
                policy,
                action,
                ("ContextEntries.member.1.ContextKeyType", "string"),
            ],
            "ContextEntries has an entry without ContextKeyName.",
        ),
    ] {
        let (name, text) = ask(&bench, "SimulateCustomPolicy", &parameters)
            .await
            .unwrap_err();
        assert_eq!(name, "InvalidInput", "{text}");
        assert!(text.starts_with(expected), "{text}");
    }
    for (source, expected) in [
        (
            DAVE,
            ("NoSuchEntity", "The user with name dave cannot be found."),
        ),
        (
            "arn:aws:iam::000000000000:root",
            (
                "InvalidInput",
                "Invalid Entity Arn: arn:aws:iam::000000000000:root does not clearly define entity type and name.",
            ),
        ),
    ] {
        let parameters = [("PolicySourceArn", source), action];
        let (name, text) = ask(&bench, "SimulatePrincipalPolicy", &parameters)
            .await
            .unwrap_err();
        assert_eq!((name, &*text), expected);
    }
}

/// Patterns that go wrong at the end of long texts: refused, not tried for minutes.
#[tokio::test]
async fn what_would_take_minutes_is_refused() {
    let bench = Bench::new().await;
    let pattern = format!("*{}b", "a".repeat(60_000));
    let policy = format!(
        r#"{{"Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"StringLike":{{"aws:useragent":"{pattern}"}}}}}}}}"#
    );
    let value = "a".repeat(500_000);
    let parameters = [
        ("PolicyInputList.member.1", &*policy),
        ("ActionNames.member.1", "kms:Decrypt"),
        ("ContextEntries.member.1.ContextKeyName", "aws:useragent"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", &*value),
        ("ContextEntries.member.1.ContextKeyType", "string"),
    ];
    let refused = ask(&bench, "SimulateCustomPolicy", &parameters).await;
    assert_eq!(refused.err().map(|(name, _)| name), Some("InvalidInput"));
}
