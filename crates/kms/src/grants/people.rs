//! Users, roles and their sessions for the tests of grants, made straight in the records.

use std::sync::Arc;

use strongroom_base::id::AccountId;
use strongroom_store::Expect;

use crate::accounts::new_unique_id;
use crate::iam::{Caller, Session, role_arn, user_arn};
use crate::records::{
    Entity, InlinePolicyRecord, Millis, PoliciesRecord, PolicyReference, RoleRecord, SessionOf,
    SessionRecord, UserRecord,
};
use crate::repository::{Changes, EntityName};
use crate::workbench::Bench;

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
    let record = UserRecord {
        entity: entity(bench, "AIDA", account, "/", name),
        tags: Vec::new(),
        policies: inline(policies),
        group_ids: Vec::new(),
        access_keys: Vec::new(),
    };
    let changes = Changes::default().create_entity(&record);
    bench.kms.records.commit(changes).await.unwrap();
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
    let record = RoleRecord {
        entity: entity(bench, "AROA", account, "/path/", name),
        tags: Vec::new(),
        policies,
        trust: r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#
            .to_owned(),
        description: String::new(),
        session_seconds_max: 3600,
    };
    let changes = Changes::default().create_entity(&record);
    bench.kms.records.commit(changes).await.unwrap();
    let arn = role_arn("aws", &record.entity);
    let id = record.entity.id;
    Made { arn, id }
}

/// Deletes a role.
pub(super) async fn delete_role(bench: &Bench, account: &str, name: &str) {
    let records = &bench.kms.records;
    let role = records.role(&place(account, name)).unwrap().unwrap();
    let reference = records.reference_version(&role.record.entity.id).unwrap();
    let changes = Changes::default().delete_entity(&role.record, role.version, reference);
    records.commit(changes).await.unwrap();
}

/// Replaces the inline policies of a user.
pub(super) async fn set_policies(bench: &Bench, account: &str, name: &str, policies: &[&str]) {
    let records = &bench.kms.records;
    let user = records.user(&place(account, name)).unwrap().unwrap();
    let record = UserRecord {
        policies: inline(policies),
        ..user.record.clone()
    };
    let changes = Changes::default().put_entity(Expect::At(user.version), &record);
    records.commit(changes).await.unwrap();
}

/// A user as it is now.
pub(super) fn user_of(bench: &Bench, account: &str, name: &str) -> Caller {
    let user = bench.kms.records.user(&place(account, name));
    let region = "us-east-1".parse().unwrap();
    Caller::user(user.unwrap().unwrap(), "test".to_owned(), &region)
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
    let now = bench.kms.env.clock.now().into();
    let record = SessionRecord {
        access_key_id: "ASIATEST".to_owned(),
        secret: Vec::new(),
        of,
        name: name.to_owned(),
        issued: now,
        expires: Millis(now.0 + 3_600_000),
        is_limited: policy.is_some(),
        policy: policy.map(str::to_owned),
        policies: Vec::new(),
        tags: Vec::new(),
        transitive: Vec::new(),
        source_identity: None,
        provider: None,
    };
    let session = Arc::new(Session::new(record).unwrap());
    let region = "us-east-1".parse().unwrap();
    let caller = Caller::of_session(&bench.kms.records, session, &region);
    caller.unwrap().unwrap()
}

fn place(account: &str, name: &str) -> EntityName {
    EntityName::new(account.parse().unwrap(), name)
}

fn entity(bench: &Bench, prefix: &str, account: &str, path: &str, name: &str) -> Entity {
    let account: AccountId = account.parse().unwrap();
    Entity {
        account,
        name: name.to_owned(),
        path: path.to_owned(),
        id: new_unique_id(&bench.kms.env, prefix),
        created: Millis(1),
    }
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
