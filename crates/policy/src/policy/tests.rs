use proptest::prelude::{any, proptest};
use strongroom_base::id::AccountId;

use super::{DOCUMENT_BYTES_MAX, Grammar, Policy, default_key_policy};
use crate::document::{Comparison, Effect, Listed, Operator, SetOperator, Version};
use crate::error::{PolicyError, Problem};
use crate::principal::{IdentityKind, Principal};

const ROOT: &str = r#""Principal":{"AWS":"arn:aws:iam::111122223333:root"}"#;

fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

fn policy(statements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#)
}

/// A policy of one statement: an Allow of kms:* on * to the root, with `change` put after these members.
fn with(change: &str) -> String {
    policy(&format!(
        r#"{{"Effect":"Allow",{ROOT},"Action":"kms:*","Resource":"*"{change}}}"#
    ))
}

fn parse(text: &str) -> Policy {
    Policy::parse(text, Grammar::Key).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Checks that a statement of these members has this problem.
fn check_problem(members: &str, wanted: Problem) {
    let wanted = Err(PolicyError::Statement {
        number: 1,
        problem: wanted,
    });
    assert_eq!(
        Policy::parse(&policy(&format!("{{{members}}}")), Grammar::Key),
        wanted,
        "{members}"
    );
}

#[test]
fn the_default_policy_is_itself_pretty_and_the_default() {
    for partition in ["aws", "aws-cn"] {
        let text = default_key_policy(partition, &account());
        let policy = parse(&text);
        assert_eq!(policy.to_pretty(), text);
        assert_eq!(policy.id(), Some("key-default-1"));
        assert_eq!(policy.version(), Version::V2012);
        assert!(policy.delegates_everything_to(&account()));
        assert!(!policy.delegates_everything_to(&"000000000000".parse().unwrap()));
    }
}

#[test]
fn pretty_keeps_the_written_order() {
    let text = r#"{"Statement":[{"Resource":"*","Action":["kms:Get*","kms:Put*"],"Effect":"Allow",
        "Principal":"*"},{"Effect":"Deny","Principal":{"AWS":["111122223333"]},"Action":"kms:*",
        "Resource":"*","Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":3600}}}]}"#;
    let pretty = r#"{
  "Statement" : [ {
    "Resource" : "*",
    "Action" : [ "kms:Get*", "kms:Put*" ],
    "Effect" : "Allow",
    "Principal" : "*"
  }, {
    "Effect" : "Deny",
    "Principal" : {
      "AWS" : [ "111122223333" ]
    },
    "Action" : "kms:*",
    "Resource" : "*",
    "Condition" : {
      "NumericLessThan" : {
        "aws:MultiFactorAuthAge" : 3600
      }
    }
  } ]
}"#;
    assert_eq!(parse(text).to_pretty(), pretty);
    assert_eq!(parse(text).version(), Version::V2008);
}

#[test]
fn every_element_is_understood() {
    let policy = parse(
        r#"{"Id":"x","Statement":{"Sid":"Allow it (all), please.","Effect":"Deny",
        "NotPrincipal":{"AWS":["*","111122223333","arn:aws:iam::111122223333:root",
            "arn:aws:iam::111122223333:user/a/b","arn:aws:iam::111122223333:role/r",
            "arn:aws:sts::111122223333:assumed-role/r/s","arn:aws:sts::111122223333:federated-user/f",
            "AIDACKCEVSQ6C2EXAMPLE"],"Service":"logs.us-east-1.amazonaws.com",
            "Federated":["cognito-identity.amazonaws.com","arn:aws:iam::111122223333:saml-provider/p"]},
        "NotAction":["kms:De?ribe*","*"],"NotResource":"arn:aws:kms:*:111122223333:key/*",
        "Condition":{"ForAnyValue:StringLikeIfExists":{"kms:EncryptionContextKeys":["a",1.0,true]},
            "Null":{"aws:SourceVpc":true}}}}"#,
    );
    let [statement] = policy.statements() else {
        panic!("one statement")
    };
    assert_eq!(statement.sid.as_deref(), Some("Allow it (all), please."));
    assert_eq!(statement.effect, Effect::Deny);
    assert_eq!(policy.principals().count(), 11);
    let kinds: Vec<IdentityKind> = policy
        .principals()
        .filter_map(|principal| match principal {
            Principal::Identity { kind, .. } => Some(*kind),
            _ => None,
        })
        .collect();
    assert_eq!(
        kinds,
        [
            IdentityKind::User,
            IdentityKind::Role,
            IdentityKind::AssumedRoleSession,
            IdentityKind::FederatedUserSession
        ]
    );
    let actions = Listed::AllBut(vec!["kms:De?ribe*".to_owned(), "*".to_owned()]);
    assert_eq!(statement.actions, Some(actions));
    let [first, second] = statement.conditions.as_slice() else {
        panic!("two conditions")
    };
    assert_eq!(first.values, ["a", "1.0", "true"]);
    assert_eq!(
        first.operator,
        Operator {
            set: Some(SetOperator::ForAnyValue),
            comparison: Comparison::StringLike,
            if_exists: true
        }
    );
    assert_eq!(second.operator.comparison, Comparison::Null);
}

#[test]
fn every_operator_is_known_and_no_other() {
    for comparison in Comparison::ALL {
        let plain: Operator = comparison.name().parse().unwrap();
        assert_eq!(plain.comparison, *comparison);
        let longer = format!("ForAllValues:{}IfExists", comparison.name());
        assert_eq!(
            longer.parse::<Operator>().is_ok(),
            *comparison != Comparison::Null,
            "{longer}"
        );
    }
    for unknown in [
        "",
        "stringEquals",
        "StringEqual",
        "IfExists",
        "ForSomeValues:Bool",
        "NullIfExists",
    ] {
        assert!(unknown.parse::<Operator>().is_err(), "{unknown}");
    }
}

#[test]
fn statements_without_action_or_resource_are_stored() {
    parse(&policy(&format!(r#"[{{"Effect":"Allow",{ROOT}}}]"#)));
    parse(&with(r#","Condition":{}"#));
}

#[test]
fn documents_that_break_the_grammar_are_refused() {
    let large = format!("{}{}", with(""), " ".repeat(DOCUMENT_BYTES_MAX));
    for (text, wanted) in [
        ("", PolicyError::Syntax { offset: 0 }),
        ("{", PolicyError::Syntax { offset: 1 }),
        ("[]", PolicyError::Document(Problem::Type("the document"))),
        ("{}", PolicyError::Document(Problem::Missing("Statement"))),
        (
            r#"{"Statement":[]}"#,
            PolicyError::Document(Problem::Empty("Statement")),
        ),
        (
            r#"{"statement":[]}"#,
            PolicyError::Document(Problem::Unknown("statement".into())),
        ),
        (
            r#"{"Id":1,"Statement":[]}"#,
            PolicyError::Document(Problem::Type("Id")),
        ),
        (
            r#"{"Version":"2012-10-18","Statement":[]}"#,
            PolicyError::Document(Problem::Value("Version", "2012-10-18".into())),
        ),
        (
            r#"{"Id":"a","Id":"b"}"#,
            PolicyError::Duplicate {
                member: "Id".into(),
            },
        ),
        (r#"{"Id":"€"}"#, PolicyError::Character),
        (r#"{"Id":"\u20ac"}"#, PolicyError::Character),
        (r#"{"Id":"\u0000"}"#, PolicyError::Character),
        (r#"{"Id":[[[[[[[[[["#, PolicyError::TooDeep),
        (
            &large,
            PolicyError::TooLarge {
                limit: DOCUMENT_BYTES_MAX,
            },
        ),
    ] {
        assert_eq!(Policy::parse(text, Grammar::Key), Err(wanted), "{text}");
    }
    let edge = format!("{:1$}", with(""), DOCUMENT_BYTES_MAX);
    assert!(Policy::parse(&edge, Grammar::Key).is_ok());
}

#[test]
fn statements_that_break_the_grammar_are_refused() {
    let wanted = PolicyError::Statement {
        number: 1,
        problem: Problem::Type("the statement"),
    };
    assert_eq!(Policy::parse(&policy("[1]"), Grammar::Key), Err(wanted));
    check_problem("", Problem::Missing("Effect"));
    check_problem(
        r#""Effect":"allow""#,
        Problem::Value("Effect", "allow".into()),
    );
    check_problem(r#""Effect":"Allow""#, Problem::Missing("Principal"));
    check_problem(
        r#""Effect":"Allow","Principals":"*""#,
        Problem::Unknown("Principals".into()),
    );
    let allow = |members: &str| format!(r#""Effect":"Allow",{members}"#);
    for (members, wanted) in [
        (
            r#""Principal":"*","NotPrincipal":"*""#,
            Problem::Both("Principal", "NotPrincipal"),
        ),
        (
            r#""Principal":"111122223333""#,
            Problem::Value("Principal", "111122223333".into()),
        ),
        (r#""Principal":["*"]"#, Problem::Type("Principal")),
        (r#""Principal":{}"#, Problem::Empty("Principal")),
        (r#""Principal":{"AWS":[]}"#, Problem::Empty("Principal")),
        (r#""Principal":{"Aws":"*"}"#, Problem::Unknown("Aws".into())),
    ] {
        check_problem(&allow(members), wanted);
    }
    for (members, wanted) in [
        (
            r#""Action":"*","NotAction":"*""#,
            Problem::Both("Action", "NotAction"),
        ),
        (
            r#""Action":"Encrypt""#,
            Problem::Value("Action", "Encrypt".into()),
        ),
        (
            r#""Action":"kms:""#,
            Problem::Value("Action", "kms:".into()),
        ),
        (r#""Action":["kms:*",7]"#, Problem::Type("Action")),
        (r#""Action":"""#, Problem::Empty("Action")),
        (
            r#""Resource":"key/1""#,
            Problem::Value("Resource", "key/1".into()),
        ),
        (
            r#""Resource":"arn:aws:kms""#,
            Problem::Value("Resource", "arn:aws:kms".into()),
        ),
        (r#""Condition":[]"#, Problem::Type("Condition")),
        (r#""Condition":{"Bool":true}"#, Problem::Type("Condition")),
        (
            r#""Condition":{"Bool":{"a:b":null}}"#,
            Problem::Type("Condition"),
        ),
        (
            r#""Condition":{"Bool":{"a:b":[]}}"#,
            Problem::Empty("Condition"),
        ),
        (
            r#""Condition":{"Bool":{"ab":"x"}}"#,
            Problem::Value("a condition key", "ab".into()),
        ),
        (
            r#""Condition":{"Is":{"a:b":"x"}}"#,
            Problem::Operator("Is".into()),
        ),
        (
            r#""Condition":{"ForAllValues:StringEquals":{"kms:EncryptionContext:a":"x"}}"#,
            Problem::OverlyPermissive,
        ),
    ] {
        check_problem(&allow(&format!("{ROOT},{members}")), wanted);
    }
}

#[test]
fn sids_are_unique() {
    let one = format!(r#"{{"Sid":"a b","Effect":"Allow",{ROOT}}}"#);
    let problem = Problem::RepeatedSid("a b".into());
    let wanted = Err(PolicyError::Statement { number: 2, problem });
    assert_eq!(
        Policy::parse(&policy(&format!("[{one},{one}]")), Grammar::Key),
        wanted
    );
}

#[test]
fn values_that_can_be_no_principal_have_the_text_of_aws() {
    for value in [
        "arn:aws:iam::111122223333:group/g",
        "arn:aws:iam::111122223333:user/*",
        "arn:aws:iam::111122223333:user/",
        "arn:aws:iam::1111:root",
        "arn:aws:iam:us-east-1:111122223333:root",
        "arn:aws:sts::111122223333:assumed-role/r",
        "arn:aws:kms:us-east-1:111122223333:key/x",
        "11112222333",
        "alice",
        "AIDA",
    ] {
        let text = with(&format!(r#","NotPrincipal":{{"AWS":"{value}"}}"#))
            .replace(&format!("{ROOT},"), "");
        let error = Policy::parse(&text, Grammar::Key).unwrap_err();
        assert_eq!(
            error,
            PolicyError::Principal {
                number: 1,
                value: value.into()
            }
        );
        assert_eq!(
            error.to_string(),
            "Policy contains a statement with one or more invalid principals."
        );
    }
}

/// The policy of `with("")` and a second statement with this effect.
fn and_another(effect: &str) -> String {
    policy(&format!(
        r#"[{{"Effect":"Allow",{ROOT},"Action":"kms:*","Resource":"*"}},
            {{"Effect":"{effect}","Principal":"*","Action":"kms:DescribeKey","Resource":"*"}}]"#
    ))
}

#[test]
fn everything_is_delegated_by_a_plain_allow_of_everything_and_no_deny() {
    let default = with("");
    for (text, wanted) in [
        (default.clone(), true),
        (
            default.replace("arn:aws:iam::111122223333:root", "111122223333"),
            true,
        ),
        (default.replace("\"kms:*\"", "[\"KMS:*\"]"), true),
        (with(r#","Sid":"mine","Condition":{}"#), true),
        (default.replace("Allow", "Deny"), false),
        (default.replace("kms:*", "kms:Get*"), false),
        (default.replace("\"kms:*\"", "[\"kms:*\",\"s3:*\"]"), true),
        (and_another("Allow"), true),
        (and_another("Deny"), false),
        (default.replace("Principal", "NotPrincipal"), false),
        (default.replace("Action", "NotAction"), false),
        (default.replace("Resource", "NotResource"), false),
        (default.replace(":root", ":user/a"), false),
        (default.replace("111122223333", "000000000000"), false),
        (
            with(r#","Condition":{"Bool":{"aws:SecureTransport":true}}"#),
            false,
        ),
    ] {
        assert_eq!(
            parse(&text).delegates_everything_to(&account()),
            wanted,
            "{text}"
        );
    }
}

#[test]
fn errors_say_what_to_change() {
    let error = Policy::parse(&with(r#","Condition":{"Is":{"a:b":1}}"#), Grammar::Key).unwrap_err();
    let text = "Statement 1 of the policy is malformed: unknown condition operator \"Is\".";
    assert_eq!(error.to_string(), text);
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Policy::parse(&text, Grammar::Key);
    }

    #[test]
    fn no_broken_policy_panics(at in 0_usize..200, junk in r#"[{}\[\]",:*a0-9]{0,3}"#) {
        let mut text = default_key_policy("aws", &account());
        text.insert_str(at.min(text.len()), &junk);
        if let Ok(policy) = Policy::parse(&text, Grammar::Key) {
            assert_eq!(Policy::parse(&policy.to_pretty(), Grammar::Key), Ok(policy));
        }
    }
}
