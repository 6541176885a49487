//! Every operation against every kind of caller. The rows come from the table of operations, their inputs from
//! the shapes: a new row is covered, or fails here until its input can be made.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use strongroom_aws::kms::OPERATIONS;
use strongroom_aws::shape::{Kind, Member, Model, Presence};
use strongroom_aws::text::{self, Where};
use strongroom_policy::default_key_policy;

use super::{ACCOUNT, DENIED, OTHER, allow, attached, deny, end, inline, root, to};
use crate::iam::Caller;
use crate::key::alias_arn;
use crate::ops::{OPS, Op, ResourceKind, Service};
use crate::records::PoliciesRecord;
use crate::workbench::Bench;

/// An account that grants may name without speaking for anybody who calls.
const BYSTANDER: &str = "222222222222";

/// Who calls, on a key of which policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Root,
    Administrator,
    Nobody,
    MayOnlyThis,
    MayAllButThis,
    Foreigner,
    /// An administrator, before a key whose policy delegates nothing to the account.
    Undelegated,
    /// An administrator, before a key whose policy denies everything.
    DeniedByKey,
}

const ALL: [Who; 8] = [
    Who::Root,
    Who::Administrator,
    Who::Nobody,
    Who::MayOnlyThis,
    Who::MayAllButThis,
    Who::Foreigner,
    Who::Undelegated,
    Who::DeniedByKey,
];

/// What a call should come to.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    /// What it comes to for the root.
    AsForRoot,
    Denied(String),
    /// The caller's account has no such alias, and may not know of the key.
    NothingThere,
}

/// A key with everything that an operation can name.
struct Stage {
    key: String,
    alias: String,
    grant: String,
    ciphertext: String,
}

impl Stage {
    async fn new(bench: &Bench) -> Self {
        let key = bench.add_key(json!({})).await;
        let (_, id) = key.split_once('/').unwrap();
        let alias = format!("alias/{id}");
        let made = json!({"AliasName": alias, "TargetKeyId": key});
        bench.call("CreateAlias", &made).await.unwrap();
        let grant = json!({
            "KeyId": key, "GranteePrincipal": root(BYSTANDER), "Operations": ["Encrypt"],
        });
        let grant = bench.call("CreateGrant", &grant).await.unwrap();
        let plain = json!({"KeyId": key, "Plaintext": "QUJD"});
        let made = bench.call("Encrypt", &plain).await.unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            alias,
            grant: text(&grant["GrantId"]),
            ciphertext: text(&made["CiphertextBlob"]),
            key,
        }
    }

    /// The least input of `op`, on this key.
    fn input(&self, op: &Op, caller: &Caller) -> Value {
        let mut shapes = OPERATIONS.iter();
        let shape = shapes.find(|shape| shape.name == op.name).unwrap();
        let Kind::Structure(members) = &shape.input.kind else {
            panic!("{}", op.name);
        };
        let mut input = self.structure(members);
        let more = self.more(op.name, caller);
        input.extend(more.as_object().unwrap().clone());
        Value::Object(input)
    }

    fn structure(&self, members: &[Member]) -> Map<String, Value> {
        let required = members.iter();
        let required = required.filter(|member| member.presence == Presence::Required);
        let made = required.map(|member| {
            let known = self.known(member.name);
            let value = known.unwrap_or_else(|| self.value(member.model));
            (member.name.to_owned(), value)
        });
        made.collect()
    }

    fn known(&self, member: &str) -> Option<Value> {
        match member {
            "KeyId" | "TargetKeyId" | "DestinationKeyId" => Some(json!(self.key)),
            "AliasName" => Some(json!(self.alias)),
            "GrantId" => Some(json!(self.grant)),
            "ReplicaRegion" | "PrimaryRegion" => Some(json!("eu-west-1")),
            "Policy" => {
                let account = ACCOUNT.parse().unwrap();
                Some(json!(default_key_policy("aws", &account)))
            }
            _ => None,
        }
    }

    fn value(&self, model: &Model) -> Value {
        let least = |bounds: Option<strongroom_aws::shape::Bounds>| {
            let least = bounds.map_or(1, |bounds| bounds.min.max(1));
            usize::try_from(least).unwrap()
        };
        match &model.kind {
            Kind::Text(bounds, pattern, _) => {
                let text = "a".repeat(least(*bounds));
                assert!(pattern.is_none_or(|pattern| (pattern.matches)(&text)));
                json!(text)
            }
            Kind::Enumeration(values) => json!(values[0]),
            Kind::Blob(bounds, _) => json!(STANDARD.encode(vec![0; least(*bounds)])),
            Kind::Integer(bounds) => json!(least(*bounds)),
            Kind::Double => json!(1.5),
            Kind::Boolean => json!(false),
            Kind::Timestamp => json!(1),
            Kind::List(item, bounds) => json!(vec![self.value(item); least(*bounds)]),
            Kind::Map(..) => json!({}),
            Kind::Structure(members) => Value::Object(self.structure(members)),
        }
    }

    /// What operations need besides the members that their shapes require.
    fn more(&self, operation: &str, caller: &Caller) -> Value {
        let tags = json!([{"TagKey": "env", "TagValue": "test"}]);
        match operation {
            "CreateAlias" => json!({"AliasName": self.alias.replace("alias/", "alias/new-")}),
            "CreateGrant" => json!({"GranteePrincipal": root(ACCOUNT)}),
            "CreateKey" | "ReplicateKey" => json!({"Tags": tags}),
            "Decrypt" | "ReEncrypt" => json!({"CiphertextBlob": self.ciphertext}),
            "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" | "GenerateRandom" => {
                json!({"NumberOfBytes": 16})
            }
            "ListRetirableGrants" => {
                json!({"RetiringPrincipal": root(caller.account.as_str())})
            }
            "RetireGrant" => json!({"KeyId": self.key, "GrantId": self.grant}),
            _ => json!({}),
        }
    }
}

/// The ARN of the first thing that permission is needed on, or `*`.
fn first(op: &Op, stage: &Stage, input: &Value) -> String {
    match op.resource {
        ResourceKind::Nothing | ResourceKind::Account | ResourceKind::Entity => "*".to_owned(),
        ResourceKind::AliasAndKeys => {
            let alias = input["AliasName"].as_str().unwrap();
            let (region, account) = ("us-east-1".parse().unwrap(), ACCOUNT.parse().unwrap());
            alias_arn(&region, &account, alias)
        }
        _ => stage.key.clone(),
    }
}

fn expected(op: &Op, who: Who, arn: &str, stage: &Stage, first: &str) -> Expected {
    let Some(action) = op.actions.first() else {
        return Expected::AsForRoot;
    };
    let has_key = !matches!(op.resource, ResourceKind::Account);
    // A grant's end is decided by the grant, whatever the key's policy says.
    let has_key_policy = has_key && op.resource != ResourceKind::Grant;
    let (identity, resource) = ("identity-based policy", "resource-based policy");
    let (place, key) = (Where::Resource(first), Where::Resource(&stage.key));
    Expected::Denied(match who {
        Who::Nobody => text::denied_without(arn, action, place, identity),
        Who::MayAllButThis => text::denied_explicitly(arn, action, place, identity, Some("inline")),
        Who::Foreigner if has_key => match op.resource {
            ResourceKind::CiphertextKey | ResourceKind::TwoKeys => {
                text::denied_ciphertext(arn, action)
            }
            ResourceKind::AliasAndKeys if op.name != "CreateAlias" => {
                return Expected::NothingThere;
            }
            _ => text::denied_unseen(arn, action),
        },
        Who::Undelegated if has_key_policy => text::denied_without(arn, action, key, resource),
        Who::DeniedByKey if has_key_policy => {
            text::denied_explicitly(arn, action, key, resource, None)
        }
        _ => return Expected::AsForRoot,
    })
}

async fn caller(bench: &Bench, op: &Op, who: Who) -> Caller {
    let actions = json!(op.actions);
    let (account, policies) = match who {
        Who::Root => return bench.root(),
        Who::Nobody => (ACCOUNT, PoliciesRecord::default()),
        Who::MayOnlyThis if op.actions.is_empty() => (ACCOUNT, PoliciesRecord::default()),
        Who::MayOnlyThis => (ACCOUNT, inline(&json!([allow(actions)]))),
        Who::MayAllButThis if op.actions.is_empty() => (ACCOUNT, inline(&json!([deny("*")]))),
        Who::MayAllButThis => (ACCOUNT, inline(&json!([allow("*"), deny(actions)]))),
        Who::Foreigner => (OTHER, attached("AdministratorAccess")),
        Who::Administrator | Who::Undelegated | Who::DeniedByKey => {
            (ACCOUNT, attached("AdministratorAccess"))
        }
    };
    let name = format!("{who:?}-{}", op.name);
    bench.add_user(account, &name, policies).await
}

async fn restrict(bench: &Bench, who: Who, key: &str) {
    let all = allow("kms:*");
    match who {
        Who::Undelegated => {
            bench
                .add_user(
                    ACCOUNT,
                    &format!("keeper-{}", &key[40..]),
                    PoliciesRecord::default(),
                )
                .await;
            let keeper = format!("arn:aws:iam::{ACCOUNT}:user/keeper-{}", &key[40..]);
            bench.put_policy(key, &json!([to(keeper, all)])).await;
        }
        Who::DeniedByKey => {
            let statements = json!([to(root(ACCOUNT), all), to("*", deny("kms:*"))]);
            bench.put_policy(key, &statements).await;
        }
        _ => {}
    }
}

async fn check(bench: &Bench, op: &Op, as_root: &Result<(), (&str, String)>, who: Who) {
    let stage = Stage::new(bench).await;
    let caller = caller(bench, op, who).await;
    restrict(bench, who, &stage.key).await;
    let input = stage.input(op, &caller);
    let answer = match op.service {
        Service::Kms => bench.call_with(&caller, op.name, &input).await,
        Service::Sts | Service::Iam | Service::CloudTrail | Service::CloudWatch => unreachable!(),
    };
    let (found, cell) = (end(answer), format!("{} {who:?}", op.name));
    let first = first(op, &stage, &input);
    match expected(op, who, &caller.arn, &stage, &first) {
        Expected::Denied(text) => assert_eq!(found, Err((DENIED, text)), "{cell}"),
        Expected::AsForRoot => {
            let name = |end: &Result<(), (&str, String)>| {
                end.as_ref().err().map(|(name, _)| (*name).to_owned())
            };
            assert_eq!(name(&found), name(as_root), "{cell}: {found:?}");
        }
        Expected::NothingThere => {
            let (name, _) = found.unwrap_err();
            assert_eq!(name, "NotFoundException", "{cell}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_tells_every_caller_what_aws_does() {
    let bench = Bench::new().await;
    for op in OPS.iter().filter(|op| op.service == Service::Kms) {
        let stage = Stage::new(&bench).await;
        let root = bench.root();
        let input = stage.input(op, &root);
        let as_root = end(bench.call_with(&root, op.name, &input).await);
        // Else the operation would not be reached, and nothing would be told of who may carry it out.
        if let Err((name, text)) = &as_root {
            let is_reached = !matches!(
                *name,
                "ValidationException" | "SerializationException" | "NotFoundException" | DENIED
            );
            assert!(is_reached, "{}: {name} {text} {input}", op.name);
        }
        for who in ALL {
            check(&bench, op, &as_root, who).await;
        }
    }
}
