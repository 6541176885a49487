use serde_json::{Value, json};
use strongroom_aws::error::Refusal;
use strongroom_base::UnixMillis;

use crate::call::Via;
use crate::iam::Caller;
use crate::records::{
    AccountRecord, InlinePolicyRecord, PoliciesRecord, PolicyReference, RoleRecord, SessionOf,
    SessionRecord, TagRecord, UserRecord,
};
use crate::repository::Changes;
use crate::workbench::{Bench, people};

mod condition_keys;
mod key_policies;
mod matrix;
mod targets;
mod trails;
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
    /// A new user of `account`, tagged team=blue.
    async fn add_user(&self, account: &str, name: &str, policies: PoliciesRecord) -> Caller {
        let entity = self.entity(account, "/", name, "AIDA");
        let record = UserRecord {
            tags: vec![tag("team", "blue")],
            ..people::user(entity, policies)
        };
        self.store(&record).await;
        self.user_of(account, name)
    }

    /// A session of a new role, with session policies if `session` is one. The session is named `s`.
    async fn add_session(
        &self,
        account: &str,
        name: &str,
        policies: PoliciesRecord,
        session: Option<&Value>,
    ) -> Caller {
        let entity = self.entity(account, "/", name, "AROA");
        let trust = json!([to("*", json!({"Effect": "Allow", "Action": "sts:*"}))]);
        let record = RoleRecord {
            tags: vec![tag("team", "blue"), tag("floor", "1")],
            ..people::role(entity, policies, &policy(&trust))
        };
        self.store(&record).await;
        self.caller_of(SessionRecord {
            is_limited: session.is_some(),
            policy: session.map(policy),
            tags: vec![tag("team", "red")],
            source_identity: Some("dave".to_owned()),
            ..self.session(SessionOf::Role(record.entity.id), "s")
        })
    }

    /// Limits every principal of `account` by a guardrail.
    async fn limit(&self, account: &str, statements: &Value) {
        let record = AccountRecord {
            id: account.parse().unwrap(),
            created: UnixMillis(0).into(),
            guardrail: Some(policy(statements)),
            strict_audit: None,
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
