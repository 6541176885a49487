use proptest::prelude::{any, proptest};
use strongroom_base::id::AccountId;

use super::{
    DOCUMENT_BYTES_MAX, Grammar, IDENTITY_DOCUMENT_BYTES_MAX, Policy, counted_characters,
    default_key_policy,
};
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

/// Checks whether a statement with these members is a policy of each grammar: identity, key, trust.
fn check_grammars(statement: &str, wanted: [bool; 3]) {
    let text = policy(&format!("{{{statement}}}"));
    let grammars = [Grammar::Identity, Grammar::Key, Grammar::Trust];
    let found = grammars.map(|grammar| Policy::parse(&text, grammar).is_ok());
    assert_eq!(found, wanted, "{statement}");
}

#[test]
fn each_grammar_has_its_elements() {
    const PRINCIPAL: &str = r#""Effect":"Allow","Principal":{"AWS":"111122223333"}"#;
    const FULL: &str = r#""Effect":"Allow","Action":"kms:*","Resource":"*""#;
    for (statement, wanted) in [
        (FULL.to_owned(), [true, false, false]),
        (format!(r#"{FULL},"Principal":"*""#), [false, true, false]),
        (
            format!(r#"{FULL},"NotPrincipal":"*""#),
            [false, true, false],
        ),
        (format!(r#"{FULL},"Sid":"Abc09""#), [true, false, false]),
        (format!(r#"{FULL},"Sid":"a b""#), [false, false, false]),
        (
            format!(r#"{FULL},"Principal":"*","Sid":"a b""#),
            [false, true, false],
        ),
        (PRINCIPAL.to_owned(), [false, true, true]),
        (
            format!(r#"{PRINCIPAL},"Action":"sts:*""#),
            [false, true, true],
        ),
        (
            format!(r#"{PRINCIPAL},"Action":"sts:*","Sid":"a b""#),
            [false, true, true],
        ),
        (
            r#""Effect":"Allow","Action":"kms:*""#.into(),
            [false, false, false],
        ),
        (
            r#""Effect":"Allow","Resource":"*""#.into(),
            [false, false, false],
        ),
        (
            r#""Effect":"Deny","NotAction":"kms:*","NotResource":"arn:aws:s3"#.to_owned() + "\"",
            [true, false, false],
        ),
        (
            format!(r#"{PRINCIPAL},"Resource":"arn:aws:s3""#),
            [false, false, false],
        ),
        (
            r#""Effect":"Allow","Action":"*:*","Resource":"arn:*""#.into(),
            [true, false, false],
        ),
        (
            r#""Effect":"Allow","Action":"k*:*","Resource":"*""#.into(),
            [false, false, false],
        ),
        (
            r#""Effect":"Allow","Action":"*","Resource":["*","key/x"]"#.into(),
            [false, false, false],
        ),
        (
            r#""Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:x""#.into(),
            [false, false, false],
        ),
        (
            r#""Effect":"Allow","Action":"*","Resource":"arn:aws:${:::x""#.into(),
            [true, false, false],
        ),
    ] {
        check_grammars(&statement, wanted);
    }
    let with_id = format!(r#"{{"Id":"x","Statement":{{{FULL}}}}}"#);
    let wanted = PolicyError::Document(Problem::Unknown("Id".into()));
    assert_eq!(Policy::parse(&with_id, Grammar::Identity), Err(wanted));
}

#[test]
fn values_that_their_operator_cannot_read_are_refused() {
    for (operator, bad, good) in [
        ("NumericEquals", "abc", "1e3"),
        ("NumericLessThanIfExists", "${aws:x}", "-1"),
        ("ForAnyValue:NumericNotEquals", "", "0"),
        ("DateGreaterThan", "yesterday", "2026-01-01"),
        ("DateNotEquals", "2026-02-30", "1"),
        ("Bool", "yes", "TRUE"),
        ("Null", "absent", "true"),
        ("BinaryEquals", "QQ", "QQ=="),
        ("IpAddress", "10.0.0.0/33", "::/0"),
        ("NotIpAddress", "*", "10.0.0.1"),
        ("ArnLike", "arn:aws:s3", "arn:aws:s3:::*"),
        ("ArnNotEquals", "*", "${aws:SourceArn}"),
        ("StringLike", "${aws:x", "${aws:x, 'y'}"),
        ("StringEquals", "${}", "${$}{}"),
    ] {
        let text = |value| {
            with(&format!(
                r#","Condition":{{"{operator}":{{"a:b":["{value}"]}}}}"#
            ))
        };
        let comparison = operator.parse::<Operator>().unwrap().comparison;
        let wanted = PolicyError::Statement {
            number: 1,
            problem: Problem::Value(comparison.name(), bad.into()),
        };
        assert_eq!(
            Policy::parse(&text(bad), Grammar::Key),
            Err(wanted),
            "{operator}"
        );
        parse(&text(good));
    }
}

#[test]
fn each_grammar_has_its_limit() {
    let text = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let edge = text.to_owned() + &" ".repeat(IDENTITY_DOCUMENT_BYTES_MAX - text.len());
    assert!(Policy::parse(&edge, Grammar::Identity).is_ok());
    for grammar in [Grammar::Identity, Grammar::Key, Grammar::Trust] {
        let limit = grammar.document_bytes_max();
        let refused = Policy::parse(&" ".repeat(limit + 1), grammar);
        assert_eq!(refused, Err(PolicyError::TooLarge { limit }));
    }
}

#[test]
fn principals_are_rewritten_and_nothing_else() {
    let user = "arn:aws:iam::111122223333:user/a";
    let text = format!(
        r#"{{"Statement":[{{"Action":"{user}:x","Principal":{{"Service":"s3.amazonaws.com","AWS":["{user}",
            "111122223333"]}},"Sid":"{user}","Effect":"Deny","Resource":"*"}},
            {{"NotPrincipal":{{"AWS":"{user}"}},"Effect":"Deny"}},{{"Principal":"*","Effect":"Deny"}}]}}"#
    )
    .replace(&format!("{user}:x"), "kms:x");
    let policy = parse(&text);
    let mut seen = Vec::new();
    let bound = policy.map_principals(|member, value| {
        seen.push(format!("{member} {value}"));
        (value == user).then(|| "AIDACKCEVSQ6C2EXAMPLE".to_owned())
    });
    let bound = bound.unwrap();
    assert_eq!(
        seen,
        [
            "Service s3.amazonaws.com".to_owned(),
            format!("AWS {user}"),
            "AWS 111122223333".to_owned(),
            format!("AWS {user}"),
        ]
    );
    let unbound = bound
        .map_principals(|_, value| (value == "AIDACKCEVSQ6C2EXAMPLE").then(|| user.to_owned()));
    assert_eq!(unbound.as_ref(), Ok(&policy));
    assert_eq!(
        bound.to_pretty(),
        policy
            .to_pretty()
            .replace(user, "AIDACKCEVSQ6C2EXAMPLE")
            .replace(
                r#""Sid" : "AIDACKCEVSQ6C2EXAMPLE""#,
                &format!(r#""Sid" : "{user}""#)
            )
    );
    let ids = bound
        .principals()
        .filter(|one| matches!(one, Principal::UniqueId(_)));
    assert_eq!(ids.count(), 2);
    assert!(policy.map_principals(|_, _| Some("nobody".into())).is_err());
    assert!(policy.map_principals(|_, _| Some("€".into())).is_err());
}

#[test]
fn unique_ids_may_name_a_session() {
    for (value, known) in [
        ("AROACKCEVSQ6C2EXAMPLE", true),
        ("AROACKCEVSQ6C2EXAMPLE:session", true),
        ("AROACKCEVSQ6C2EXAMPLE:a@b.c,d=e", true),
        ("AROACKCEVSQ6C2EXAMPLE:", false),
        ("aroackcevsq6c2example", false),
    ] {
        let wanted = known.then(|| Principal::UniqueId(value.to_owned()));
        assert_eq!(Principal::parse("AWS", value), wanted, "{value}");
    }
}

#[test]
fn keys_are_those_of_conditions_and_variables() {
    let statement = r#"{"Effect":"Allow","Action":"*",
        "Resource":["*","arn:aws:s3:::${aws:UserName}/${aws:PrincipalTag/x, 'y'}/${*}","arn:aws:${a:b}:::x"],
        "Condition":{"StringLike":{"s3:prefix":["a","${aws:UserId}"]},"Bool":{"aws:SecureTransport":true},
            "Null":{"S3:Prefix":"true"}}}"#;
    let keys = |text: &str| {
        let policy = Policy::parse(text, Grammar::Identity).unwrap();
        policy.condition_keys().into_iter().collect::<Vec<_>>()
    };
    let written = ["S3:Prefix", "aws:SecureTransport", "s3:prefix"];
    assert_eq!(keys(&format!(r#"{{"Statement":{statement}}}"#)), written);
    assert_eq!(
        keys(&policy(statement)),
        [
            "S3:Prefix",
            "aws:PrincipalTag/x",
            "aws:SecureTransport",
            "aws:UserId",
            "aws:UserName",
            "s3:prefix"
        ]
    );
}

#[test]
fn white_space_does_not_count() {
    for (text, count) in [("", 0), ("{ \"a\" :\n\t\"é\u{a0}b\"\r}", 11), ("   ", 0)] {
        assert_eq!(counted_characters(text), count, "{text:?}");
    }
}
