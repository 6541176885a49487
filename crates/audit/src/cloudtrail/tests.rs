use proptest::prelude::*;
use serde_json::{Value as Json, json};
use strongroom_base::UnixMillis;

use super::{Named, events, owner_event_id};
use crate::record::{
    Identity, IdentityKind, Issuer, Outcome, Record, Resource, Session, Tls, Value,
};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const FOREIGN: &str = "arn:aws:kms:us-east-1:444455556666:key/0987dcba-09fe-87dc-65ba-ab0987654321";
const ROLE: &str = "arn:aws:iam::111122223333:role/path/Admin";

/// Alice encrypts.
fn record() -> Record {
    Record {
        event_id: "00010203-0405-4607-8809-0a0b0c0d0e0f".into(),
        request_id: "10111213-1415-4617-9819-1a1b1c1d1e1f".into(),
        time: UnixMillis(1_763_772_000_999),
        service: "kms".into(),
        operation: "Encrypt".into(),
        region: "us-east-1".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        identity: Identity {
            kind: IdentityKind::IamUser,
            principal_id: "AIDAALICE".into(),
            arn: "arn:aws:iam::111122223333:user/path/Alice".into(),
            access_key_id: "AKIAALICE".into(),
            session: None,
        },
        source_address: "192.0.2.1".into(),
        user_agent: "aws-cli/2".into(),
        tls: None,
        resources: vec![Resource {
            arn: KEY.into(),
            material_id: Some([7; 32]),
        }],
        parameters: Some(Value::texts([("keyId", "alias/a")])),
        response: None,
        additional: None,
        details: None,
        outcome: Outcome::Success,
        read_only: true,
    }
}

fn changed(change: impl FnOnce(&mut Record)) -> Record {
    let mut record = record();
    change(&mut record);
    record
}

fn exception(code: &str, message: &str) -> Outcome {
    Outcome::Exception {
        code: code.into(),
        message: message.into(),
    }
}

fn seen(record: &Record, place: usize) -> Json {
    serde_json::from_str(&events(record)[place].json()).unwrap()
}

/// Checks what stands at the JSON pointer `at` in the caller's event of the record that `change` makes; `Null` of what is
/// absent, too.
fn check(at: &str, wanted: Json, change: impl FnOnce(&mut Record)) {
    let event = seen(&changed(change), 0);
    assert_eq!(event.pointer(at).unwrap_or(&Json::Null), &wanted, "{event}");
}

fn material() -> String {
    "07".repeat(32)
}

#[test]
fn an_event_is_this_line() {
    let wanted = concat!(
        r#"{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","principalId":"AIDAALICE","#,
        r#""arn":"arn:aws:iam::111122223333:user/path/Alice","accountId":"111122223333","#,
        r#""accessKeyId":"AKIAALICE","userName":"Alice"},"eventTime":"2025-11-22T00:40:00Z","#,
        r#""eventSource":"kms.amazonaws.com","eventName":"Encrypt","awsRegion":"us-east-1","#,
        r#""sourceIPAddress":"192.0.2.1","userAgent":"aws-cli/2","#,
        r#""requestParameters":{"keyId":"alias/a","encryptionAlgorithm":"SYMMETRIC_DEFAULT"},"#,
        r#""responseElements":null,"additionalEventData":{"keyMaterialId":"MATERIAL"},"#,
        r#""requestID":"10111213-1415-4617-9819-1a1b1c1d1e1f","#,
        r#""eventID":"00010203-0405-4607-8809-0a0b0c0d0e0f","readOnly":true,"#,
        r#""resources":[{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":"KEY"}],"#,
        r#""eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","#,
        r#""eventCategory":"Management"}"#,
    );
    let wanted = wanted.replace("MATERIAL", &material()).replace("KEY", KEY);
    let record = record();
    let [event] = &events(&record)[..] else {
        panic!("one event");
    };
    assert_eq!(event.json(), wanted);
}

#[test]
fn a_failure_is_this_line() {
    let record = changed(|record| {
        record.outcome = exception("DisabledException", "it is\ndisabled");
        record.resources[0].material_id = None;
        record.tls = Some(Tls {
            version: "TLSv1.3".into(),
            cipher_suite: "TLS_AES_256_GCM_SHA384".into(),
            key_exchange: "X25519MLKEM768".into(),
            host: "kms.example".into(),
        });
    });
    let line = events(&record)[0].json();
    let wanted = concat!(
        r#""userAgent":"aws-cli/2","errorCode":"DisabledException","errorMessage":"it is\ndisabled","#,
        r#""requestParameters":{"#,
    );
    assert!(line.contains(wanted), "{line}");
    let wanted = concat!(
        r#""eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","#,
        r#""cipherSuite":"TLS_AES_256_GCM_SHA384","clientProvidedHostHeader":"kms.example","#,
        r#""keyExchange":"X25519MLKEM768"}}"#,
    );
    assert!(line.ends_with(wanted), "{line}");
}

#[test]
fn a_service_event_is_this_line() {
    let record = changed(|record| {
        record.operation = "RotateKey".into();
        record.identity = Identity::internal();
        record.request_id.clear();
        record.source_address.clear();
        record.user_agent.clear();
        record.parameters = None;
        record.resources[0].material_id = None;
        record.read_only = false;
        record.details = Some(Value::texts([
            ("rotationType", "AUTOMATIC"),
            ("keyId", "1234"),
        ]));
    });
    let wanted = concat!(
        r#"{"eventVersion":"1.11","userIdentity":{"accountId":"111122223333","invokedBy":"AWS Internal"},"#,
        r#""eventTime":"2025-11-22T00:40:00Z","eventSource":"kms.amazonaws.com","eventName":"RotateKey","#,
        r#""awsRegion":"us-east-1","sourceIPAddress":"AWS Internal","userAgent":"AWS Internal","#,
        r#""requestParameters":null,"responseElements":null,"#,
        r#""eventID":"00010203-0405-4607-8809-0a0b0c0d0e0f","readOnly":false,"#,
        r#""resources":[{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":"KEY"}],"#,
        r#""eventType":"AwsServiceEvent","managementEvent":true,"recipientAccountId":"111122223333","#,
        r#""serviceEventDetails":{"rotationType":"AUTOMATIC","keyId":"1234"},"eventCategory":"Management"}"#,
    );
    assert_eq!(events(&record)[0].json(), wanted.replace("KEY", KEY));
    check("/eventType", json!("AwsApiCall"), |record| {
        record.identity = Identity::internal();
        record.operation = "SynchronizeMultiRegionKey".into();
    });
}

#[test]
fn both_accounts_are_told_of_a_success() {
    let record = changed(|record| record.resources[0].arn = FOREIGN.into());
    let all = events(&record);
    let (caller, owner) = (seen(&record, 0), seen(&record, 1));
    assert_eq!(all.len(), 2);
    assert_eq!(caller["recipientAccountId"], "111122223333");
    assert_eq!(caller["userIdentity"]["arn"], record.identity.arn.as_str());
    assert_eq!(owner["recipientAccountId"], "444455556666");
    assert_eq!(
        owner["userIdentity"],
        json!({"type": "AWSAccount", "principalId": "AIDAALICE", "accountId": "111122223333"})
    );
    // Derived ids are in files that were delivered, so they never change.
    assert_eq!(owner["eventID"], "4f2a4482-3ac9-8896-806c-e3d32b1904e3");
    assert_eq!(
        owner["sharedEventID"],
        "b1e60e78-bb55-8683-a143-5a40a2624684"
    );
    assert_eq!(caller["sharedEventID"], owner["sharedEventID"]);
    assert_eq!(
        owner_event_id(&record.event_id, &all[1].recipient),
        all[1].id
    );
    assert_eq!((all[1].access_key_id(), all[1].username()), (None, None));
}

#[test]
fn owners_are_told_of_their_own_resources() {
    let record = changed(|record| {
        record.operation = "ReEncrypt".into();
        record.resources.push(Resource {
            arn: FOREIGN.into(),
            material_id: Some([8; 32]),
        });
    });
    let (caller, owner) = (seen(&record, 0), seen(&record, 1));
    assert_eq!(caller["resources"].as_array().unwrap().len(), 2);
    assert_eq!(
        caller["additionalEventData"],
        json!({"sourceKeyMaterialId": material(), "destinationKeyMaterialId": "08".repeat(32)})
    );
    assert_eq!(
        owner["resources"],
        json!([{"accountId": "444455556666", "type": "AWS::KMS::Key", "ARN": FOREIGN}])
    );
    assert_eq!(
        owner["additionalEventData"],
        json!({"destinationKeyMaterialId": "08".repeat(32)})
    );
}

#[test]
fn of_a_failure_the_caller_alone_is_told() {
    let record = changed(|record| {
        record.resources[0].arn = FOREIGN.into();
        record.outcome = exception("AccessDeniedException", "no");
    });
    assert_eq!(events(&record).len(), 1);
    assert_eq!(seen(&record, 0).get("sharedEventID"), None);
}

#[test]
fn identities_are_told_by_their_kind() {
    let check = |wanted: Json, change: fn(&mut Record)| check("/userIdentity", wanted, change);
    check(
        json!({
            "type": "Root", "principalId": "111122223333", "arn": "arn:aws:iam::111122223333:root",
            "accountId": "111122223333", "accessKeyId": "AKIAALICE"
        }),
        |record| {
            record.identity.kind = IdentityKind::Root;
            record.identity.principal_id = "111122223333".into();
            record.identity.arn = "arn:aws:iam::111122223333:root".into();
        },
    );
    check(
        json!({
            "type": "AssumedRole", "principalId": "AROAADMIN:s",
            "arn": "arn:aws:sts::111122223333:assumed-role/Admin/s", "accountId": "111122223333",
            "accessKeyId": "AKIAALICE",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": "AROAADMIN", "arn": ROLE,
                    "accountId": "111122223333", "userName": "Admin"
                },
                "webIdFederationData": {"federatedProvider": "arn:p", "attributes": {}},
                "attributes": {"creationDate": "1970-01-01T00:00:05Z", "mfaAuthenticated": "false"},
                "sourceIdentity": "alice"
            }
        }),
        |record| {
            record.identity = Identity {
                kind: IdentityKind::AssumedRole,
                principal_id: "AROAADMIN:s".into(),
                arn: "arn:aws:sts::111122223333:assumed-role/Admin/s".into(),
                session: Some(Session {
                    created: UnixMillis(5_999),
                    mfa: false,
                    role: Some(ROLE.into()),
                    source_identity: Some("alice".into()),
                    provider: Some("arn:p".into()),
                    federated_by: None,
                }),
                ..record.identity.clone()
            }
        },
    );
    for (issuer, kind, id, name) in [
        (
            "arn:aws:iam::111122223333:user/a/Alice",
            "IAMUser",
            "AIDAALICE",
            json!({"userName": "Alice"}),
        ),
        (
            "arn:aws:iam::111122223333:root",
            "Root",
            "111122223333",
            json!({}),
        ),
    ] {
        let mut session_issuer = name;
        for (member, value) in [
            ("type", kind),
            ("principalId", id),
            ("arn", issuer),
            ("accountId", "111122223333"),
        ] {
            session_issuer[member] = json!(value);
        }
        self::check(
            "/userIdentity",
            json!({
                "type": "FederatedUser", "principalId": "111122223333:bob",
                "arn": "arn:aws:sts::111122223333:federated-user/bob", "accountId": "111122223333",
                "accessKeyId": "AKIAALICE",
                "sessionContext": {
                    "sessionIssuer": session_issuer,
                    "attributes": {"creationDate": "1970-01-01T00:00:00Z", "mfaAuthenticated": "true"}
                }
            }),
            |record| {
                record.identity = Identity {
                    kind: IdentityKind::FederatedUser,
                    principal_id: "111122223333:bob".into(),
                    arn: "arn:aws:sts::111122223333:federated-user/bob".into(),
                    session: Some(Session {
                        created: UnixMillis(0),
                        mfa: true,
                        role: None,
                        source_identity: None,
                        provider: None,
                        federated_by: Some(Issuer {
                            principal_id: id.into(),
                            arn: issuer.into(),
                        }),
                    }),
                    ..record.identity.clone()
                }
            },
        );
    }
    let provider = "arn:aws:iam::111122223333:oidc-provider/id.example/x";
    check(
        json!({
            "type": "WebIdentityUser", "principalId": format!("{provider}:aud:repo:a:b"),
            "userName": "repo:a:b", "identityProvider": provider
        }),
        |record| {
            let provider = "arn:aws:iam::111122223333:oidc-provider/id.example/x";
            record.identity.kind = IdentityKind::WebIdentityUser;
            record.identity.principal_id = "repo:a:b".into();
            record.identity.arn = format!("{provider}:aud:repo:a:b");
            record.identity.access_key_id.clear();
        },
    );
    check(
        json!({"type": "AWSService", "invokedBy": "s3.amazonaws.com"}),
        |record| {
            record.identity.kind = IdentityKind::AwsService;
            record.identity.arn = "s3.amazonaws.com".into();
            record.source_address = "s3.amazonaws.com".into();
        },
    );
}

#[test]
fn services_that_pass_calls_on_are_told_in_place_of_addresses() {
    let through = |record: &mut Record| record.source_address = "s3.amazonaws.com".into();
    check(
        "/userIdentity/invokedBy",
        json!("s3.amazonaws.com"),
        through,
    );
    check("/userIdentity/userName", json!("Alice"), through);
    check("/userAgent", json!("s3.amazonaws.com"), through);
    check("/sourceIPAddress", json!("s3.amazonaws.com"), through);
    let denied = |record: &mut Record| {
        through(record);
        record.outcome = exception("AccessDeniedException", "no");
    };
    check("/requestParameters", Json::Null, denied);
    check("/resources", Json::Null, denied);
    check("/userIdentity/invokedBy", Json::Null, |record| {
        record.source_address = "2001:db8::1".into();
    });
}

#[test]
fn errors_have_cloudtrails_names() {
    let check = |service: &str, code: &str, wanted: &str| {
        check("/errorCode", json!(wanted), |record| {
            record.service = service.into();
            record.outcome = exception(code, "");
        })
    };
    check("kms", "AccessDeniedException", "AccessDenied");
    check("kms", "NotFoundException", "NotFoundException");
    check(
        "kms",
        "DryRunOperationException",
        "DryRunOperationException",
    );
    check("iam", "AccessDenied", "AccessDenied");
    check("iam", "NoSuchEntity", "NoSuchEntityException");
    check("iam", "ValidationError", "ValidationException");
    check("sts", "ExpiredTokenException", "ExpiredTokenException");
    check("sts", "AccessDenied", "AccessDenied");
}

#[test]
fn exceptions_without_text_have_no_message() {
    let event = seen(
        &changed(|record| record.outcome = exception("InvalidCiphertextException", "")),
        0,
    );
    assert_eq!(event.get("errorMessage"), None);
    assert_eq!(event["errorCode"], "InvalidCiphertextException");
}

#[test]
fn what_was_not_found_is_not_told() {
    check("/requestParameters", Json::Null, |record| {
        record.resources.clear();
        record.outcome = exception("NotFoundException", "no");
    });
    check("/requestParameters/keyId", json!("alias/a"), |record| {
        record.outcome = exception("NotFoundException", "no");
    });
}

#[test]
fn what_failed_has_no_response() {
    check("/responseElements", Json::Null, |record| {
        record.response = Some(Value::texts([("keyId", KEY)]));
        record.outcome = exception("KMSInternalException", "");
    });
}

#[test]
fn absent_parameters_are_filled_in() {
    let check = |operation: &str, told: &[(&str, &str)], wanted: Json| {
        check("/requestParameters", wanted, |record| {
            record.operation = operation.into();
            record.parameters = Some(Value::texts(told.iter().copied()));
        })
    };
    let of_key = |spec: &str| {
        json!({
            "keyUsage": "ENCRYPT_DECRYPT", "origin": "AWS_KMS", "keySpec": spec,
            "customerMasterKeySpec": spec, "bypassPolicyLockoutSafetyCheck": false
        })
    };
    let rsa = of_key("RSA_2048");
    check(
        "Decrypt",
        &[],
        json!({"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}),
    );
    check(
        "Encrypt",
        &[("encryptionAlgorithm", "SM2PKE")],
        json!({"encryptionAlgorithm": "SM2PKE"}),
    );
    check(
        "ReEncrypt",
        &[("sourceEncryptionAlgorithm", "SM2PKE")],
        json!({
            "sourceEncryptionAlgorithm": "SM2PKE",
            "destinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT"
        }),
    );
    check("Sign", &[], json!({"messageType": "RAW"}));
    check(
        "Verify",
        &[("messageType", "DIGEST")],
        json!({"messageType": "DIGEST"}),
    );
    check("CreateKey", &[], of_key("SYMMETRIC_DEFAULT"));
    check("CreateKey", &[("keySpec", "RSA_2048")], rsa.clone());
    check("CreateKey", &[("customerMasterKeySpec", "RSA_2048")], rsa);
    check(
        "PutKeyPolicy",
        &[],
        json!({"policyName": "default", "bypassPolicyLockoutSafetyCheck": false}),
    );
    check(
        "ReplicateKey",
        &[],
        json!({"bypassPolicyLockoutSafetyCheck": false, "description": ""}),
    );
    check("ListKeys", &[], Json::Null);
}

#[test]
fn sts_tells_where_it_served() {
    let record = changed(|record| {
        record.service = "sts".into();
        record.operation = "AssumeRole".into();
        record.resources = vec![Resource::new("arn:aws:iam::444455556666:role/r")];
    });
    let (caller, owner) = (seen(&record, 0), seen(&record, 1));
    let wanted = json!({
        "RequestDetails": {"awsServingRegion": "us-east-1", "endpointType": "regional"}
    });
    assert_eq!(caller["additionalEventData"], wanted);
    assert_eq!(
        owner["resources"],
        json!([{
            "accountId": "444455556666", "type": "AWS::IAM::Role",
            "ARN": "arn:aws:iam::444455556666:role/r"
        }])
    );
}

#[test]
fn lookups_list_names_as_typed_and_arns_of_changes() {
    let check = |wanted: &[(&'static str, &str)], change: fn(&mut Record)| {
        let record = changed(change);
        let wanted: Vec<Named> = wanted
            .iter()
            .map(|(kind, name)| Named::new(kind, name))
            .collect();
        assert_eq!(events(&record)[0].named_resources(), wanted);
    };
    const KIND: &str = "AWS::KMS::Key";
    check(&[(KIND, "alias/a")], |_| ());
    check(&[(KIND, KEY)], |record| record.parameters = None);
    check(&[(KIND, "alias/a"), (KIND, KEY)], |record| {
        record.read_only = false
    });
    check(
        &[(KIND, "1234abcd-12ab-34cd-56ef-1234567890ab"), (KIND, KEY)],
        |record| {
            record.operation = "CreateKey".into();
            record.parameters = None;
            record.read_only = false;
        },
    );
    check(&[(KIND, KEY)], |record| {
        record.parameters = Some(Value::texts([("keyId", KEY)]));
        record.read_only = false;
    });
    check(
        &[
            ("AWS::IAM::Role", ROLE),
            ("AWS::STS::AssumedRole", "arn:s"),
            ("AWS::IAM::AccessKey", "ASIA"),
        ],
        |record| {
            record.service = "sts".into();
            record.parameters = Some(Value::texts([("roleArn", ROLE)]));
            record.response = Some(Value::Object(vec![
                ("assumedRoleUser".into(), Value::texts([("arn", "arn:s")])),
                (
                    "credentials".into(),
                    Value::texts([("accessKeyId", "ASIA")]),
                ),
            ]));
            record.resources = vec![Resource::new(ROLE)];
        },
    );
}

#[test]
fn lookups_name_the_caller() {
    let check = |wanted: Option<&str>, kind: IdentityKind, arn: &str| {
        let record = changed(|record| {
            record.identity.kind = kind;
            record.identity.arn = arn.into();
        });
        assert_eq!(events(&record)[0].username(), wanted, "{kind:?}");
    };
    check(
        Some("Alice"),
        IdentityKind::IamUser,
        "arn:aws:iam::1:user/path/Alice",
    );
    check(Some("root"), IdentityKind::Root, "arn:aws:iam::1:root");
    check(
        Some("s"),
        IdentityKind::AssumedRole,
        "arn:aws:sts::1:assumed-role/r/s",
    );
    check(
        Some("AIDAALICE"),
        IdentityKind::WebIdentityUser,
        "p:a:AIDAALICE",
    );
    check(None, IdentityKind::AwsService, "s3.amazonaws.com");
    check(None, IdentityKind::Internal, "");
}

#[test]
fn times_that_are_no_dates_are_told_as_the_nearest() {
    check("/eventTime", json!("1970-01-01T00:00:00Z"), |record| {
        record.time = UnixMillis(i64::MIN);
    });
    check("/eventTime", json!("9999-12-30T22:00:00Z"), |record| {
        record.time = UnixMillis(i64::MAX);
    });
}

/// What every event has (CloudTrail User Guide, "CloudTrail record contents").
const REQUIRED: &[&str] = &[
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "requestParameters",
    "responseElements",
    "eventID",
    "readOnly",
    "eventType",
    "managementEvent",
    "recipientAccountId",
    "eventCategory",
];

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Integer),
        any::<String>().prop_map(Value::Text),
    ];
    leaf.prop_recursive(4, 32, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::vec((any::<String>(), inner), 0..4).prop_map(Value::Object),
        ]
    })
}

fn any_kind() -> impl Strategy<Value = IdentityKind> {
    prop_oneof![
        Just(IdentityKind::Root),
        Just(IdentityKind::IamUser),
        Just(IdentityKind::AssumedRole),
        Just(IdentityKind::FederatedUser),
        Just(IdentityKind::WebIdentityUser),
        Just(IdentityKind::AwsService),
        Just(IdentityKind::Internal),
    ]
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just(KEY.to_owned()),
        Just(FOREIGN.to_owned()),
        Just("Encrypt".to_owned()),
        Just("kms".to_owned()),
        Just("a\nb\r\"\u{0}\\".to_owned()),
    ]
}

proptest! {
    #[test]
    fn any_record_is_told_on_one_line(
        texts in prop::collection::vec(any_text(), 12),
        kind in any_kind(),
        values in prop::collection::vec(prop::option::of(any_value()), 4),
        time in any::<i64>(),
        is_success in any::<bool>(),
    ) {
        let text = |place: usize| texts[place].clone();
        let value = |place: usize| values[place].clone();
        let record = changed(|record| {
            record.time = UnixMillis(time);
            record.service = text(0);
            record.operation = text(1);
            record.identity = Identity {
                kind,
                principal_id: text(2),
                arn: text(3),
                access_key_id: text(4),
                session: Some(Session {
                    created: UnixMillis(time),
                    mfa: is_success,
                    role: Some(text(5)),
                    source_identity: Some(text(6)),
                    provider: Some(text(7)),
                    federated_by: Some(Issuer { principal_id: text(5), arn: text(6) }),
                }),
            };
            record.source_address = text(8);
            record.user_agent = text(9);
            record.resources = vec![Resource::new(text(10)), Resource::new(text(11))];
            [record.parameters, record.response, record.additional, record.details] =
                [value(0), value(1), value(2), value(3)];
            if !is_success {
                record.outcome = exception(&text(5), &text(6));
            }
        });
        for event in events(&record) {
            let line = event.json();
            prop_assert!(!line.contains(['\n', '\r']));
            let told: Json = serde_json::from_str(&line).unwrap();
            for name in REQUIRED {
                prop_assert!(told.get(name).is_some(), "{} lacks {}", line, name);
            }
            let _ = (event.named_resources(), event.username());
        }
    }
}

/// What a client can put into a description, and who shows or splits lines takes for a command.
#[test]
fn an_event_holds_no_command_to_who_shows_it() {
    let hostile = "\u{0}\u{1b}[2J\r\n\u{7f}\u{85}\u{9b}31m\u{2028}\u{2029}\u{202e}\u{2066}\u{61c}\u{200f}\"\\ü";
    let record = changed(|record| {
        record.parameters = Some(Value::texts([("description", hostile), (hostile, "")]));
        record.outcome = exception("ValidationException", hostile);
        record.user_agent = hostile.to_owned();
    });
    let json = events(&record)[0].json();
    let shown: String = json
        .chars()
        .filter(|letter| !letter.is_ascii_graphic())
        .collect();
    assert_eq!(shown.replace([' ', 'ü'], ""), "", "{json}");
    let read: Json = serde_json::from_str(&json).unwrap();
    assert_eq!(read["requestParameters"]["description"], hostile);
    assert_eq!(read["requestParameters"][hostile], "");
    assert_eq!(read["errorMessage"], hostile);
    assert_eq!(read["userAgent"], hostile);
}
