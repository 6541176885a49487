use serde_json::{Value, json};
use strongroom_base::id::AccountId;

use super::decide;
use crate::case::{Caller, CallerKind, Case, GrantMatch, Resource, ResourcePolicy, Word};
use crate::compiled::{CompiledPolicy, Question};
use crate::context::{Context, MapContext, Undetermined, Values};
use crate::decision::{At, Decision, Denial, Matched, Outcome, PolicyType};
use crate::document::Effect;
use crate::policy::{Grammar, Policy};

const HOME: &str = "111122223333";
const AWAY: &str = "444455556666";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

const USER: &str = "arn:aws:iam::111122223333:user/team/ann";
const ROLE: &str = "arn:aws:iam::111122223333:role/app/Reader";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/Reader/s1";
const FEDERATED: &str = "arn:aws:sts::111122223333:federated-user/bob";

fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn compile(policy: &Value, grammar: Grammar) -> CompiledPolicy {
    let parsed = Policy::parse(&policy.to_string(), grammar);
    CompiledPolicy::new(&parsed.unwrap_or_else(|error| panic!("{error}: {policy}")))
}

fn statements(statements: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn identity(list: &Value) -> CompiledPolicy {
    compile(&statements(list), Grammar::Identity)
}

/// An identity policy that allows everything, or nothing that is asked for.
fn own(allows: Allows) -> CompiledPolicy {
    let action = match allows {
        Allows::Yes => "kms:*",
        Allows::No => "s3:*",
    };
    identity(&json!({"Effect": "Allow", "Action": action, "Resource": "*"}))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Allows {
    Yes,
    No,
}

/// A statement of a key policy about kms:Encrypt, by these members for the principal.
fn about(effect: &str, principal: &Value) -> Value {
    let mut statement = json!({"Effect": effect, "Action": "kms:Encrypt", "Resource": "*"});
    for (name, value) in principal.as_object().unwrap() {
        statement[name] = value.clone();
    }
    statement
}

fn key_policy(list: &Value) -> CompiledPolicy {
    compile(&statements(list), Grammar::Key)
}

fn allow_to(principal: &Value) -> CompiledPolicy {
    key_policy(&about("Allow", &json!({"Principal": principal})))
}

fn user() -> Caller<'static> {
    Caller {
        account: id(HOME),
        arn: USER,
        kind: CallerKind::User {
            id: "AIDACKCEVSQ6C2EXAMPLE",
        },
    }
}

fn session() -> Caller<'static> {
    Caller {
        account: id(HOME),
        arn: SESSION,
        kind: CallerKind::RoleSession {
            role_arn: ROLE,
            role_id: "AROACKCEVSQ6C2EXAMPLE",
            session_id: "AROACKCEVSQ6C2EXAMPLE:s1",
        },
    }
}

fn root() -> Caller<'static> {
    Caller {
        account: id(HOME),
        arn: "arn:aws:iam::111122223333:root",
        kind: CallerKind::Root,
    }
}

fn federated() -> Caller<'static> {
    Caller {
        account: id(HOME),
        arn: FEDERATED,
        kind: CallerKind::FederatedUser,
    }
}

fn service() -> Caller<'static> {
    Caller {
        account: id(HOME),
        arn: "",
        kind: CallerKind::Service {
            principal: "s3.amazonaws.com",
        },
    }
}

fn web() -> Caller<'static> {
    Caller {
        account: id(HOME),
        arn: "",
        kind: CallerKind::WebIdentity {
            provider: "accounts.example.com",
        },
    }
}

const NO_KEYS: &MapContext = &MapContext::new();

/// kms:Encrypt on the key of `owner`, no policy of any type.
fn case<'c>(caller: &'c Caller<'c>, owner: &str) -> Case<'c> {
    Case {
        action: "kms:Encrypt",
        resource: Resource {
            arn: Some(KEY),
            owner: id(owner),
        },
        caller,
        context: NO_KEYS,
        guardrails: &[],
        resource_policy: ResourcePolicy::None,
        identity: &[],
        boundary: None,
        session: None,
        grants: &[],
    }
}

fn missing(policy_type: PolicyType) -> Outcome {
    Outcome::Denied(Denial::Missing(policy_type))
}

fn at(policy_type: PolicyType, policy: usize, statement: usize) -> At {
    At {
        policy_type,
        policy,
        statement,
    }
}

/// What of a caller's own policies allows: identity, boundary, session. A boundary and session policies are
/// always there.
type Own = [Allows; 3];

const OWNS: [Own; 8] = {
    use Allows::{No, Yes};
    [
        [Yes, Yes, Yes],
        [No, Yes, Yes],
        [Yes, No, Yes],
        [Yes, Yes, No],
        [No, No, Yes],
        [No, Yes, No],
        [Yes, No, No],
        [No, No, No],
    ]
};

/// What a path leads to, by the table of the design page.
fn expected(path: &str, [identity, boundary, session]: Own) -> Outcome {
    let asked = match path {
        "yes" => &[][..],
        "limits" => &[
            (boundary, PolicyType::Boundary),
            (session, PolicyType::Session),
        ],
        "own" => &[
            (identity, PolicyType::Identity),
            (boundary, PolicyType::Boundary),
            (session, PolicyType::Session),
        ],
        _ => &[(Allows::No, PolicyType::Resource)],
    };
    let first = asked.iter().find(|(allows, _)| *allows == Allows::No);
    first.map_or(Outcome::Allowed, |(_, policy_type)| missing(*policy_type))
}

/// Checks that for every state of the caller's own policies this case goes this path.
fn check_path(case: &Case<'_>, path: &str, told: &str) {
    for state in OWNS {
        let [identity, boundary, session] = state.map(own);
        let decision = decide(&Case {
            identity: &[&identity],
            boundary: Some(&boundary),
            session: Some(&[&session]),
            ..*case
        });
        assert_eq!(
            decision.outcome,
            expected(path, state),
            "{told} {path} {state:?}"
        );
        if decision.is_allowed() {
            let matched = decision.matched;
            let limited = path != "yes";
            assert_eq!(matched.identity.is_some(), path == "own", "{told}");
            assert_eq!(matched.boundary.is_some(), limited, "{told}");
            assert_eq!(matched.session.is_some(), limited, "{told}");
        }
    }
}

#[test]
fn each_cell_of_the_combination_table() {
    let words = [
        (json!({"AWS": SESSION}), "direct"),
        (json!("*"), "direct"),
        (json!({"AWS": ROLE}), "role"),
        (json!({"AWS": HOME}), "account"),
        (json!({"AWS": USER}), "none"),
    ];
    let caller = session();
    for (principal, word) in words {
        let policy = allow_to(&principal);
        let (sole, beside) = (
            ResourcePolicy::Sole(&policy),
            ResourcePolicy::Beside(&policy),
        );
        for (resource_policy, owner, path) in [
            (ResourcePolicy::None, HOME, "own"),
            (ResourcePolicy::None, AWAY, "no"),
            (sole, HOME, ["yes", "limits", "own", "no"][rank(word)]),
            (sole, AWAY, ["own", "own", "own", "no"][rank(word)]),
            (beside, HOME, ["yes", "limits", "own", "own"][rank(word)]),
            (beside, AWAY, ["own", "own", "own", "no"][rank(word)]),
        ] {
            let case = Case {
                resource_policy,
                ..case(&caller, owner)
            };
            check_path(&case, path, &format!("{word} {resource_policy:?} {owner}"));
        }
    }
}

fn rank(word: &str) -> usize {
    let words = ["direct", "role", "account", "none"];
    words.iter().position(|known| *known == word).unwrap()
}

#[test]
fn the_word_is_shown_where_it_counted() {
    let (policy, yes, caller) = (allow_to(&json!({"AWS": HOME})), own(Allows::Yes), user());
    let (sole, beside) = (
        ResourcePolicy::Sole(&policy),
        ResourcePolicy::Beside(&policy),
    );
    for (resource_policy, owner, shown) in [
        (sole, HOME, true),
        (sole, AWAY, true),
        (beside, HOME, false),
        (beside, AWAY, true),
    ] {
        let decision = decide(&Case {
            resource_policy,
            identity: &[&yes],
            ..case(&caller, owner)
        });
        let wanted = Matched {
            resource: shown.then(|| at(PolicyType::Resource, 0, 0)),
            word: shown.then_some(Word::Account),
            identity: Some(at(PolicyType::Identity, 0, 0)),
            ..Matched::default()
        };
        assert!(decision.is_allowed());
        assert_eq!(decision.matched, wanted, "{resource_policy:?} {owner}");
    }
}

#[test]
fn grants_speak_when_the_resource_policy_does_not() {
    let nobody = allow_to(&json!({"AWS": "999999999999"}));
    let caller = session();
    for (speaks, owner, issuer, path) in [
        (Word::Direct, HOME, HOME, "yes"),
        (Word::Direct, HOME, AWAY, "yes"),
        (Word::Role, HOME, HOME, "limits"),
        (Word::Account, HOME, HOME, "own"),
        (Word::Direct, AWAY, AWAY, "own"),
        (Word::Role, AWAY, AWAY, "own"),
        (Word::Account, AWAY, AWAY, "own"),
        (Word::Direct, AWAY, HOME, "yes"),
        (Word::Role, AWAY, HOME, "limits"),
        (Word::Account, AWAY, HOME, "own"),
    ] {
        let grants = [GrantMatch {
            speaks,
            issuer: id(issuer),
        }];
        let case = Case {
            resource_policy: ResourcePolicy::Sole(&nobody),
            grants: &grants,
            ..case(&caller, owner)
        };
        check_path(&case, path, &format!("{speaks:?} {owner} {issuer}"));
    }
}

#[test]
fn the_first_grant_that_allows_decides_and_the_last_that_fits_gives_the_reason() {
    let policy = allow_to(&json!({"AWS": HOME}));
    let (yes, no) = (own(Allows::Yes), own(Allows::No));
    let caller = session();
    let grant = |speaks| GrantMatch {
        speaks,
        issuer: id(HOME),
    };
    let grants = [grant(Word::Account), grant(Word::Role), grant(Word::Direct)];
    let with = |grants, boundary| {
        decide(&Case {
            resource_policy: ResourcePolicy::Sole(&policy),
            identity: &[&no],
            boundary: Some(boundary),
            grants,
            ..case(&caller, HOME)
        })
    };
    let by = |index, boundary| Matched {
        grant: Some(index),
        boundary,
        ..Matched::default()
    };
    let boundary = Some(at(PolicyType::Boundary, 0, 0));
    assert_eq!(with(&grants, &yes).matched, by(1, boundary));
    assert_eq!(with(&grants, &no).matched, by(2, None));
    for (grants, wanted) in [
        (&grants[..0], PolicyType::Identity),
        (&grants[..1], PolicyType::Identity),
        (&grants[..2], PolicyType::Boundary),
    ] {
        assert_eq!(with(grants, &no).outcome, missing(wanted));
    }
}

#[test]
fn a_root_allows_itself_everything_but_what_limits_the_account() {
    let caller = root();
    let policy = allow_to(&json!({"AWS": HOME}));
    for (resource_policy, owner, wanted) in [
        (ResourcePolicy::None, HOME, Outcome::Allowed),
        (ResourcePolicy::None, AWAY, missing(PolicyType::Resource)),
        (ResourcePolicy::Sole(&policy), HOME, Outcome::Allowed),
        (ResourcePolicy::Sole(&policy), AWAY, Outcome::Allowed),
        (ResourcePolicy::Beside(&policy), AWAY, Outcome::Allowed),
    ] {
        let case = Case {
            resource_policy,
            ..case(&caller, owner)
        };
        let decision = decide(&case);
        assert_eq!(decision.outcome, wanted, "{resource_policy:?} {owner}");
        assert_eq!(decision.matched.identity, None);
        let guardrail = own(Allows::No);
        let limited = decide(&Case {
            guardrails: &[&guardrail],
            ..case
        });
        assert_eq!(limited.outcome, missing(PolicyType::Guardrail));
    }
    let nobody = allow_to(&json!({"AWS": AWAY}));
    let refused = decide(&Case {
        resource_policy: ResourcePolicy::Sole(&nobody),
        ..case(&caller, HOME)
    });
    assert_eq!(refused.outcome, missing(PolicyType::Resource));
}

#[test]
fn a_service_has_only_the_resource_policy_and_grants() {
    let caller = service();
    let deny = identity(&json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
    let no = missing(PolicyType::Resource);
    for (principal, owner, wanted) in [
        (
            json!({"Service": "s3.amazonaws.com"}),
            HOME,
            Outcome::Allowed,
        ),
        (
            json!({"Service": "s3.amazonaws.com"}),
            AWAY,
            Outcome::Allowed,
        ),
        (json!("*"), AWAY, Outcome::Allowed),
        (json!({"Service": "S3.amazonaws.com"}), HOME, no),
        (json!({"AWS": HOME}), HOME, no),
    ] {
        let policy = allow_to(&principal);
        let decision = decide(&Case {
            resource_policy: ResourcePolicy::Sole(&policy),
            guardrails: &[&deny],
            identity: &[&deny],
            boundary: Some(&deny),
            session: Some(&[&deny]),
            ..case(&caller, owner)
        });
        assert_eq!(decision.outcome, wanted, "{principal} {owner}");
    }
    let yes = own(Allows::Yes);
    let grants = [GrantMatch {
        speaks: Word::Direct,
        issuer: id(AWAY),
    }];
    let granted = |grants| {
        decide(&Case {
            identity: &[&yes],
            grants,
            ..case(&caller, HOME)
        })
    };
    assert_eq!(granted(&[]).outcome, no);
    assert_eq!(granted(&grants).outcome, Outcome::Allowed);
}

#[test]
fn a_web_identity_is_named_by_its_provider_only() {
    let caller = web();
    for (principal, allowed) in [
        (json!({"Federated": "accounts.example.com"}), true),
        (json!({"Federated": "other.example.com"}), false),
        (json!("*"), false),
        (json!({"AWS": "*"}), false),
        (json!({"AWS": HOME}), false),
    ] {
        let trust = statements(&json!({"Effect": "Allow", "Principal": principal,
            "Action": "sts:AssumeRoleWithWebIdentity"}));
        let trust = compile(&trust, Grammar::Trust);
        let decision = decide(&Case {
            action: "sts:AssumeRoleWithWebIdentity",
            resource_policy: ResourcePolicy::Sole(&trust),
            ..case(&caller, AWAY)
        });
        assert_eq!(decision.is_allowed(), allowed, "{principal}");
    }
}

#[test]
fn an_identity_policy_speaks_of_nobody_as_the_policy_of_a_resource() {
    let (policy, caller) = (own(Allows::Yes), root());
    let decision = decide(&Case {
        resource_policy: ResourcePolicy::Sole(&policy),
        ..case(&caller, HOME)
    });
    assert_eq!(decision.outcome, missing(PolicyType::Resource));
}

#[test]
fn a_deny_of_any_type_decides_in_their_order() {
    let list = json!([
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"},
        {"Effect": "Deny", "Action": "kms:ENC*", "Resource": "*"}
    ]);
    let (deny, allow) = (identity(&list), own(Allows::Yes));
    let everyone = json!({"Principal": "*"});
    let key_denies = key_policy(&json!([
        about("Allow", &everyone),
        about("Deny", &everyone)
    ]));
    let key_allows = allow_to(&json!("*"));
    let caller = user();
    for (denying, wanted) in [
        (
            &["guardrail", "resource", "identity", "boundary", "session"][..],
            at(PolicyType::Guardrail, 1, 2),
        ),
        (
            &["resource", "identity", "boundary", "session"],
            at(PolicyType::Resource, 0, 1),
        ),
        (
            &["identity", "boundary", "session"],
            at(PolicyType::Identity, 1, 2),
        ),
        (&["boundary", "session"], at(PolicyType::Boundary, 0, 2)),
        (&["session"], at(PolicyType::Session, 1, 2)),
    ] {
        let pick = |name| {
            if denying.contains(&name) {
                &deny
            } else {
                &allow
            }
        };
        let key = if denying.contains(&"resource") {
            &key_denies
        } else {
            &key_allows
        };
        let grants = [GrantMatch {
            speaks: Word::Direct,
            issuer: id(HOME),
        }];
        let decision = decide(&Case {
            guardrails: &[&allow, pick("guardrail")],
            resource_policy: ResourcePolicy::Sole(key),
            identity: &[&allow, pick("identity")],
            boundary: Some(pick("boundary")),
            session: Some(&[&allow, pick("session")]),
            grants: &grants,
            ..case(&caller, HOME)
        });
        assert_eq!(decision.outcome, Outcome::Denied(Denial::Explicit(wanted)));
        assert_eq!(decision.matched, Matched::default());
    }
}

#[test]
fn every_guardrail_must_allow_and_the_last_is_shown() {
    let (yes, no) = (own(Allows::Yes), own(Allows::No));
    let caller = user();
    for (guardrails, wanted) in [
        (&[][..], None),
        (&[&yes], Some(at(PolicyType::Guardrail, 0, 0))),
        (&[&yes, &yes], Some(at(PolicyType::Guardrail, 1, 0))),
    ] {
        let decision = decide(&Case {
            guardrails,
            identity: &[&yes],
            ..case(&caller, HOME)
        });
        assert!(decision.is_allowed());
        assert_eq!(decision.matched.guardrail, wanted);
    }
    for guardrails in [&[&no, &yes], &[&yes, &no]] {
        let decision = decide(&Case {
            guardrails,
            identity: &[&yes],
            ..case(&caller, HOME)
        });
        assert_eq!(decision.outcome, missing(PolicyType::Guardrail));
    }
}

#[test]
fn a_boundary_limits_without_a_session_and_a_session_without_a_boundary() {
    let (yes, no) = (own(Allows::Yes), own(Allows::No));
    let (users, sessions) = (user(), session());
    for (caller, boundary, session, limit) in [
        (&users, Some(&no), None, PolicyType::Boundary),
        (&sessions, Some(&no), None, PolicyType::Boundary),
        (&sessions, None, Some(&[&no][..]), PolicyType::Session),
    ] {
        let decision = decide(&Case {
            identity: &[&yes],
            boundary,
            session,
            ..case(caller, HOME)
        });
        assert_eq!(decision.outcome, missing(limit));
    }
}

#[test]
fn no_session_policies_at_all_are_no_limit_and_an_empty_list_is() {
    let yes = own(Allows::Yes);
    let caller = federated();
    let with = |session| {
        decide(&Case {
            identity: &[&yes],
            session,
            ..case(&caller, HOME)
        })
    };
    assert!(with(None).is_allowed());
    assert_eq!(with(Some(&[])).outcome, missing(PolicyType::Session));
}

#[test]
fn the_best_word_counts_and_the_first_among_equals() {
    let to = |principal: &Value| about("Allow", &json!({"Principal": principal}));
    let policy = key_policy(&json!([
        to(&json!({"AWS": HOME})),
        to(&json!({"AWS": [USER, ROLE]})),
        to(&json!({"AWS": SESSION})),
        to(&json!("*"))
    ]));
    let nobody = own(Allows::No);
    for (caller, wanted) in [
        (session(), (2, Word::Direct)),
        (user(), (1, Word::Direct)),
        (root(), (0, Word::Direct)),
        (federated(), (3, Word::Direct)),
    ] {
        let decision = decide(&Case {
            resource_policy: ResourcePolicy::Sole(&policy),
            identity: &[&nobody],
            ..case(&caller, HOME)
        });
        let (statement, word) = wanted;
        assert!(decision.is_allowed());
        assert_eq!(
            decision.matched.resource,
            Some(at(PolicyType::Resource, 0, statement))
        );
        assert_eq!(decision.matched.word, Some(word));
    }
}

#[test]
fn principals_name_callers() {
    let role_id = "AROACKCEVSQ6C2EXAMPLE";
    let canonical = "a".repeat(64);
    for (principal, caller, wanted) in [
        (json!("*"), federated(), Some(Word::Direct)),
        (json!({"AWS": HOME}), root(), Some(Word::Direct)),
        (json!({"AWS": HOME}), user(), Some(Word::Account)),
        (json!({"AWS": HOME}), session(), Some(Word::Account)),
        (json!({"AWS": HOME}), federated(), Some(Word::Account)),
        (
            json!({"AWS": "arn:aws:iam::111122223333:root"}),
            user(),
            Some(Word::Account),
        ),
        (json!({"AWS": AWAY}), user(), None),
        (json!({"AWS": USER}), user(), Some(Word::Direct)),
        (json!({"AWS": USER.replace("ann", "Ann")}), user(), None),
        (json!({"AWS": USER.replace("team/", "")}), user(), None),
        (
            json!({"AWS": "AIDACKCEVSQ6C2EXAMPLE"}),
            user(),
            Some(Word::Direct),
        ),
        (json!({"AWS": "AIDAIIIIIIIIIIEXAMPLE"}), user(), None),
        (json!({"AWS": ROLE}), session(), Some(Word::Role)),
        (json!({"AWS": ROLE.replace("app/", "")}), session(), None),
        (json!({"AWS": role_id}), session(), Some(Word::Role)),
        (
            json!({"AWS": format!("{role_id}:s1")}),
            session(),
            Some(Word::Direct),
        ),
        (json!({"AWS": format!("{role_id}:S1")}), session(), None),
        (json!({"AWS": SESSION}), session(), Some(Word::Direct)),
        (json!({"AWS": SESSION.replace("s1", "s2")}), session(), None),
        (json!({"AWS": [HOME, ROLE]}), session(), Some(Word::Role)),
        (json!({"AWS": FEDERATED}), federated(), Some(Word::Direct)),
        (json!({"AWS": USER}), federated(), None),
        (
            json!({"Service": "s3.amazonaws.com"}),
            service(),
            Some(Word::Direct),
        ),
        (json!({"Service": "s3.amazonaws.com"}), user(), None),
        (json!({"AWS": HOME}), service(), None),
        (json!({"CanonicalUser": canonical}), user(), None),
    ] {
        let policy = allow_to(&principal);
        let found = policy.word(&Question::of(&case(&caller, HOME))).unwrap();
        assert_eq!(
            found.map(|(word, _)| word),
            wanted,
            "{principal} {caller:?}"
        );
    }
}

#[test]
fn not_principal_spares_who_is_listed_by_each_name() {
    let role_id = "AROACKCEVSQ6C2EXAMPLE";
    for (listed, caller, spared) in [
        (json!({"AWS": [HOME, USER]}), user(), true),
        (
            json!({"AWS": [HOME, "AIDACKCEVSQ6C2EXAMPLE"]}),
            user(),
            true,
        ),
        (json!({"AWS": USER}), user(), false),
        (json!({"AWS": HOME}), user(), false),
        (json!({"AWS": HOME}), root(), true),
        (json!({"AWS": AWAY}), root(), false),
        (json!({"AWS": [HOME, ROLE, SESSION]}), session(), true),
        (
            json!({"AWS": [HOME, role_id, format!("{role_id}:s1")]}),
            session(),
            true,
        ),
        (json!({"AWS": [HOME, ROLE]}), session(), false),
        (json!({"AWS": [ROLE, SESSION]}), session(), false),
        (json!({"AWS": [HOME, SESSION]}), session(), false),
        (json!({"AWS": [HOME, FEDERATED]}), federated(), true),
        (json!({"AWS": FEDERATED}), federated(), false),
        (json!({"Service": "s3.amazonaws.com"}), service(), true),
        (json!({"Service": "sns.amazonaws.com"}), service(), false),
        (json!("*"), user(), true),
        (json!({"Federated": "accounts.example.com"}), web(), true),
        (json!("*"), web(), false),
    ] {
        let allow = about(
            "Allow",
            &json!({"Principal": {"AWS": "*", "Federated": "accounts.example.com"}}),
        );
        let deny = about("Deny", &json!({"NotPrincipal": listed}));
        let policy = key_policy(&json!([allow, deny]));
        let decision = decide(&Case {
            resource_policy: ResourcePolicy::Sole(&policy),
            ..case(&caller, HOME)
        });
        assert_eq!(decision.is_allowed(), spared, "{listed} {caller:?}");
    }
    let allow = key_policy(&about("Allow", &json!({"NotPrincipal": {"AWS": AWAY}})));
    let caller = root();
    let decision = decide(&Case {
        resource_policy: ResourcePolicy::Sole(&allow),
        ..case(&caller, HOME)
    });
    assert_eq!(decision.outcome, missing(PolicyType::Resource));
}

/// Checks whether an Allow with these members, of version 2012-10-17, allows the action on the resource.
fn check_match(members: &Value, action: &str, resource: Option<&str>, allowed: bool) {
    let mut statement = json!({"Effect": "Allow"});
    for (name, value) in members.as_object().unwrap() {
        statement[name] = value.clone();
    }
    let policy = identity(&statement);
    let mut context = MapContext::default();
    context.set_one("aws:username", "a*n");
    context.set_many("aws:TagKeys", vec!["x".into()]);
    let caller = user();
    let decision = decide(&Case {
        action,
        resource: Resource {
            arn: resource,
            owner: id(HOME),
        },
        context: &context,
        identity: &[&policy],
        ..case(&caller, HOME)
    });
    assert_eq!(
        decision.is_allowed(),
        allowed,
        "{members} {action} {resource:?}"
    );
}

#[test]
fn actions_match_without_case() {
    for (members, action, allowed) in [
        (json!({"Action": "*"}), "kms:Encrypt", true),
        (json!({"Action": "*:*"}), "kms:Encrypt", true),
        (json!({"Action": "KMS:encrypt"}), "kms:Encrypt", true),
        (json!({"Action": "kms:E*t"}), "kms:Encrypt", true),
        (json!({"Action": "kms:Encryp?"}), "kms:Encrypt", true),
        (json!({"Action": "kms:Encrypt?"}), "kms:Encrypt", false),
        (
            json!({"Action": ["s3:*", "kms:Get*"]}),
            "kms:Encrypt",
            false,
        ),
        (json!({"NotAction": "kms:enc*"}), "kms:Encrypt", false),
        (
            json!({"NotAction": ["s3:*", "kms:Get*"]}),
            "kms:Encrypt",
            true,
        ),
    ] {
        let mut members = members;
        members["Resource"] = json!("*");
        check_match(&members, action, Some(KEY), allowed);
    }
}

#[test]
fn resources_match_part_by_part() {
    let file = "arn:aws:s3:::bucket/Dir/a:b";
    for (members, resource, allowed) in [
        (json!({"Resource": "*"}), None, true),
        (json!({"Resource": "**"}), None, true),
        (json!({"Resource": "arn:*:*:*:*:*"}), None, false),
        (json!({"Resource": "arn:*"}), None, false),
        (json!({"NotResource": "*"}), None, false),
        (json!({"NotResource": KEY}), None, true),
        (json!({"Resource": KEY}), Some(KEY), true),
        (
            json!({"Resource": "arn:AWS:KMS:US-EAST-1:111122223333:key/*"}),
            Some(KEY),
            true,
        ),
        (
            json!({"Resource": "arn:aws:kms:*:*:KEY/*"}),
            Some(KEY),
            false,
        ),
        (json!({"Resource": "arn:aws:kms:*:key/*"}), Some(KEY), false),
        (
            json!({"Resource": "arn:aws:kms:us-*-?:1111*:key/*"}),
            Some(KEY),
            true,
        ),
        (json!({"Resource": "arn:aws:kms"}), Some(KEY), true),
        (json!({"Resource": "arn:aws:k*"}), Some(KEY), true),
        (json!({"Resource": "arn:aws:s3"}), Some(KEY), false),
        (json!({"Resource": "arn:*"}), Some(KEY), true),
        (
            json!({"Resource": "arn:aws:s3:::bucket/*"}),
            Some(file),
            true,
        ),
        (json!({"Resource": "arn:aws:s3:::*b"}), Some(file), true),
        (json!({"Resource": "arn:aws:s3:::"}), Some(file), false),
        (
            json!({"Resource": "arn:aws:s3:::bucket/dir/*"}),
            Some(file),
            false,
        ),
        (
            json!({"NotResource": "arn:aws:s3:::bucket/*"}),
            Some(file),
            false,
        ),
        (json!({"Resource": "*"}), Some("no arn"), true),
        (json!({"Resource": "arn:*"}), Some("no arn"), false),
        (
            json!({"Resource": "arn:aws:s3:::${aws:username}"}),
            Some("arn:aws:s3:::a*n"),
            true,
        ),
        (
            json!({"Resource": "arn:aws:s3:::${aws:username}"}),
            Some("arn:aws:s3:::ann"),
            false,
        ),
        (
            json!({"Resource": "arn:aws:s3:::${aws:none}"}),
            Some("arn:aws:s3:::"),
            false,
        ),
        (
            json!({"Resource": "arn:aws:s3:::${aws:none, 'x'}*"}),
            Some("arn:aws:s3:::xy"),
            true,
        ),
        (
            json!({"Resource": "arn:aws:s3:::${aws:TagKeys}"}),
            Some("arn:aws:s3:::x"),
            false,
        ),
        (
            json!({"NotResource": "arn:aws:s3:::${aws:none}"}),
            Some(file),
            true,
        ),
        (
            json!({"Resource": "arn:aws:s3:::a${*}n"}),
            Some("arn:aws:s3:::ann"),
            false,
        ),
        (
            json!({"Resource": "arn:aws:${aws:username}:::x"}),
            Some("arn:aws:a*n:::x"),
            false,
        ),
    ] {
        let mut members = members;
        members["Action"] = json!("*");
        check_match(&members, "kms:Encrypt", resource, allowed);
    }
}

#[test]
fn statements_without_action_or_resource_never_match() {
    let caller = root();
    for members in [
        json!({"Action": "*"}),
        json!({"Resource": "*"}),
        json!({}),
        json!({"Action": "*", "Condition": {}}),
    ] {
        for effect in ["Allow", "Deny"] {
            let mut statement = json!({"Effect": effect, "Principal": "*"});
            for (name, value) in members.as_object().unwrap() {
                statement[name] = value.clone();
            }
            let policy = key_policy(&json!([
                about("Allow", &json!({"Principal": "*"})),
                statement
            ]));
            let found = policy.matches(&case(&caller, HOME));
            assert_eq!(found, Ok(vec![0]), "{effect} {members}");
        }
    }
}

#[test]
fn statements_that_match_are_told() {
    let caller = root();
    let with_action = |effect: &str, action: &str| json!({"Effect": effect, "Principal": "*", "Action": action, "Resource": "*"});
    for (statements, expected, first) in [
        (
            json!([with_action("Allow", "kms:Sign")]),
            vec![],
            (None, None),
        ),
        (
            json!([
                with_action("Deny", "kms:Encrypt"),
                with_action("Allow", "kms:Sign"),
                with_action("Allow", "kms:*"),
                with_action("Deny", "*"),
            ]),
            vec![0, 2, 3],
            (Some(2), Some(0)),
        ),
    ] {
        let (policy, case) = (key_policy(&statements), case(&caller, HOME));
        assert_eq!(policy.matches(&case), Ok(expected), "{statements}");
        let of = |effect| policy.first_match(effect, &case).unwrap();
        assert_eq!((of(Effect::Allow), of(Effect::Deny)), first, "{statements}");
    }
}

/// A context that answers for one key and fails for all others.
struct Failing;

impl Context for Failing {
    fn values(&self, key: &str) -> Result<Values<'_>, Undetermined> {
        match key {
            "aws:known" => Ok(Values::Absent),
            _ => Err(Undetermined),
        }
    }
}

#[test]
fn what_cannot_be_determined_denies() {
    let caller = user();
    let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let when = |effect: &str, key: &str| {
        json!({"Effect": effect, "Action": "*", "Resource": "*",
            "Condition": {"StringNotEquals": {key: "x"}}})
    };
    let resource =
        json!({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:kms:*:*:${aws:lost}"});
    let undetermined = Outcome::Denied(Denial::Undetermined);
    for (list, wanted) in [
        (json!([when("Allow", "aws:known")]), Outcome::Allowed),
        (json!([when("Allow", "aws:lost")]), undetermined),
        (json!([allow, when("Deny", "aws:lost")]), undetermined),
        (json!([allow, when("Allow", "aws:lost")]), Outcome::Allowed),
        (json!([resource, allow]), undetermined),
    ] {
        let policy = identity(&list);
        let grants = [GrantMatch {
            speaks: Word::Direct,
            issuer: id(HOME),
        }];
        let decision = decide(&Case {
            context: &Failing,
            identity: &[&policy],
            grants: &grants,
            ..case(&caller, HOME)
        });
        assert_eq!(decision.outcome, wanted, "{list}");
    }
}

#[test]
fn a_statement_is_found_again_by_its_number() {
    let policy = identity(&json!([
        {"Sid": "One", "Effect": "Allow", "Action": "kms:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}
    ]));
    assert_eq!(policy.statement_count(), 2);
    assert_eq!(
        [policy.sid(0), policy.sid(1), policy.sid(2)],
        [Some("One"), None, None]
    );
    assert_eq!(policy.effect(1), Some(Effect::Deny));
    assert_eq!(policy.effect(2), None);
    let caller = user();
    let Decision { matched, .. } = decide(&Case {
        identity: &[&policy],
        ..case(&caller, HOME)
    });
    assert_eq!(matched.identity, Some(at(PolicyType::Identity, 0, 0)));
}
