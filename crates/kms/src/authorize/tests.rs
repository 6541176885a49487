use serde_json::{Value, json};
use strongroom_aws::error::Refusal;
use strongroom_base::UnixMillis;

use crate::accounts::new_unique_id;
use crate::call::Via;
use crate::iam::{Caller, Session};
use crate::records::{
    AccountRecord, Entity, InlinePolicyRecord, PoliciesRecord, PolicyReference, RoleRecord,
    SessionOf, SessionRecord, TagRecord, UserRecord,
};
use crate::repository::Changes;
use crate::workbench::Bench;

mod condition_keys;
mod key_policies;
mod matrix;
mod targets;
mod unseen;

const ACCOUNT: &str = "000000000000";
const OTHER: &str = "111122223333";
const DENIED: &str = "AccessDeniedException";
const REGION: &str = "us-east-1";

fn policy(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn allow(actions: impl Into<Value>) -> Value {
    json!({"Effect": "Allow", "Action": actions.into(), "Resource": "*"})
}

fn deny(actions: impl Into<Value>) -> Value {
    json!({"Effect": "Deny", "Action": actions.into(), "Resource": "*"})
}

/// The statement for these principals only.
fn to(principals: impl Into<Value>, mut statement: Value) -> Value {
    statement["Principal"] = json!({"AWS": principals.into()});
    statement
}

fn under(conditions: Value, mut statement: Value) -> Value {
    statement["Condition"] = conditions;
    statement
}

fn root(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

/// Policies with one inline policy, whose name is `inline`.
fn inline(statements: &Value) -> PoliciesRecord {
    PoliciesRecord {
        inline: vec![InlinePolicyRecord {
            name: "inline".to_owned(),
            document: policy(statements),
        }],
        ..PoliciesRecord::default()
    }
}

/// Policies with these of AWS's attached.
fn attached(name: &str) -> PoliciesRecord {
    PoliciesRecord {
        attached: vec![PolicyReference::Aws(name.to_owned())],
        ..PoliciesRecord::default()
    }
}

fn tag(key: &str, value: &str) -> TagRecord {
    TagRecord {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

/// People and keys on a bench.
impl Bench {
    fn entity(&self, account: &str, name: &str, prefix: &str) -> Entity {
        Entity {
            account: account.parse().unwrap(),
            name: name.to_owned(),
            path: "/".to_owned(),
            id: new_unique_id(&self.kms.env, prefix),
            created: UnixMillis(0).into(),
        }
    }

    /// A new user of `account`, tagged team=blue.
    async fn add_user(&self, account: &str, name: &str, policies: PoliciesRecord) -> Caller {
        let record = UserRecord {
            entity: self.entity(account, name, "AIDA"),
            tags: vec![tag("team", "blue")],
            policies,
            group_ids: Vec::new(),
            access_keys: Vec::new(),
        };
        let records = &self.kms.records;
        let changes = Changes::default().create_entity(&record);
        records.commit(changes).await.unwrap();
        let user = records.user(&record.entity.name()).unwrap().unwrap();
        Caller::user(user, "AKIATEST".to_owned(), &REGION.parse().unwrap())
    }

    /// A session of a new role, with session policies if `session` is one. The session is named `s`.
    async fn add_session(
        &self,
        account: &str,
        name: &str,
        policies: PoliciesRecord,
        session: Option<&Value>,
    ) -> Caller {
        let record = RoleRecord {
            entity: self.entity(account, name, "AROA"),
            tags: vec![tag("team", "blue"), tag("floor", "1")],
            policies,
            trust: policy(&json!([to(
                "*",
                json!({"Effect": "Allow", "Action": "sts:*"})
            )])),
            description: String::new(),
            session_seconds_max: 3600,
        };
        let records = &self.kms.records;
        let changes = Changes::default().create_entity(&record);
        records.commit(changes).await.unwrap();
        let session = SessionRecord {
            access_key_id: "ASIATEST".to_owned(),
            secret: Vec::new(),
            of: SessionOf::Role(record.entity.id),
            name: "s".to_owned(),
            issued: self.kms.env.clock.now().into(),
            expires: UnixMillis(i64::MAX).into(),
            is_limited: session.is_some(),
            policy: session.map(policy),
            policies: Vec::new(),
            tags: vec![tag("team", "red")],
            transitive: Vec::new(),
            source_identity: Some("dave".to_owned()),
            provider: None,
        };
        let session = Session::new(session).unwrap().into();
        let caller = Caller::of_session(records, session, &REGION.parse().unwrap());
        caller.unwrap().unwrap()
    }

    /// Limits every principal of `account` by a guardrail.
    async fn limit(&self, account: &str, statements: &Value) {
        let record = AccountRecord {
            id: account.parse().unwrap(),
            created: UnixMillis(0).into(),
            guardrail: Some(policy(statements)),
        };
        let changes = Changes::default().put_account(strongroom_store::Expect::Absent, &record);
        self.kms.records.commit(changes).await.unwrap();
    }

    /// The ARN of a new key of the account that calls are made in.
    async fn add_key(&self, input: Value) -> String {
        let made = self.call("CreateKey", &input).await.unwrap();
        made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
    }

    /// Gives a key this policy, whatever it means for whom.
    async fn put_policy(&self, key: &str, statements: &Value) {
        let input = json!({
            "KeyId": key, "Policy": policy(statements), "BypassPolicyLockoutSafetyCheck": true,
        });
        self.call("PutKeyPolicy", &input).await.unwrap();
    }

    /// Carries out a call that a service passes on for `caller`.
    async fn call_via(
        &self,
        caller: &Caller,
        operation: &str,
        input: &Value,
    ) -> Result<Value, Refusal> {
        let mut call = self.prepare(REGION, operation, input);
        call.caller = caller.clone();
        call.source.via = Some(Via {
            principal: "s3.amazonaws.com".to_owned(),
            source_arn: Some("arn:aws:s3:::bucket".to_owned()),
            source_account: Some(ACCOUNT.to_owned()),
        });
        self.answer(&call).await
    }
}

/// The end of a call: the exception's name and its text.
fn end(answer: Result<Value, Refusal>) -> Result<(), (&'static str, String)> {
    match answer {
        Ok(_) => Ok(()),
        Err(refusal) => Err((
            refusal.exception.name(),
            refusal.message.unwrap_or_default(),
        )),
    }
}

/// The end of a call, by the exception's name.
fn name(answer: Result<Value, Refusal>) -> Result<(), &'static str> {
    end(answer).map_err(|(name, _)| name)
}
