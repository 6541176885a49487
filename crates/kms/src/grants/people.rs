//! Users, roles and their sessions for the tests of grants.

use crate::iam::{Caller, role_arn, user_arn};
use crate::records::{
    InlinePolicyRecord, PoliciesRecord, PolicyReference, SessionOf, SessionRecord, UserRecord,
};
use crate::repository::Changes;
use crate::workbench::Bench;
use crate::workbench::people::{self, place};

pub(super) const HOME: &str = "000000000000";
pub(super) const AWAY: &str = "111122223333";

pub(super) const ALL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
pub(super) const NOTHING: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}"#;
pub(super) const DENY: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"kms:*","Resource":"*"}}"#;

/// A user or a role.
pub(super) struct Made {
    pub(super) arn: String,
    pub(super) id: String,
}

pub(super) fn root(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

pub(super) fn root_of(account: &str) -> Caller {
    let region = "us-east-1".parse().unwrap();
    Caller::root(account.parse().unwrap(), "test".to_owned(), &region)
}

/// Makes a user with these inline policies.
pub(super) async fn user(bench: &Bench, account: &str, name: &str, policies: &[&str]) -> Made {
    let entity = bench.entity(account, "/", name, "AIDA");
    let record = people::user(entity, inline(policies));
    bench.store(&record).await;
    let arn = user_arn("aws", &record.entity);
    let id = record.entity.id;
    Made { arn, id }
}

/// Makes a role; a boundary allows nothing of KMS.
pub(super) async fn role(
    bench: &Bench,
    account: &str,
    name: &str,
    policies: &[&str],
    boundary: Option<&str>,
) -> Made {
    let policies = PoliciesRecord {
        boundary: boundary.map(|name| PolicyReference::Aws(name.to_owned())),
        ..inline(policies)
    };
    let trust = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
    let entity = bench.entity(account, "/path/", name, "AROA");
    let record = people::role(entity, policies, trust);
    bench.store(&record).await;
    let arn = role_arn("aws", &record.entity);
    let id = record.entity.id;
    Made { arn, id }
}

/// Replaces the inline policies of a user.
pub(super) async fn set_policies(bench: &Bench, account: &str, name: &str, policies: &[&str]) {
    let records = &bench.kms.records;
    let user = records.user(&place(account, name)).unwrap().unwrap();
    let record = UserRecord {
        policies: inline(policies),
        ..user.record.clone()
    };
    let changes = Changes::default().replace_entity(user.version, &record);
    records.commit(changes).await.unwrap();
}

/// A session of a role, with a session policy or without.
pub(super) fn session(bench: &Bench, role: &Made, name: &str, policy: Option<&str>) -> Caller {
    begun(bench, SessionOf::Role(role.id.clone()), name, policy)
}

/// A federated user of a user, whose session policy allows nothing.
pub(super) fn federated(bench: &Bench, user: &Made, name: &str) -> Caller {
    let of = SessionOf::FederatedByUser(user.id.clone());
    begun(bench, of, name, Some(NOTHING))
}

fn begun(bench: &Bench, of: SessionOf, name: &str, policy: Option<&str>) -> Caller {
    bench.caller_of(SessionRecord {
        is_limited: policy.is_some(),
        policy: policy.map(str::to_owned),
        ..bench.session(of, name)
    })
}

fn inline(policies: &[&str]) -> PoliciesRecord {
    let policies = policies.iter().enumerate();
    let inline = policies.map(|(number, document)| InlinePolicyRecord {
        name: number.to_string(),
        document: (*document).to_owned(),
    });
    PoliciesRecord {
        inline: inline.collect(),
        ..PoliciesRecord::default()
    }
}
