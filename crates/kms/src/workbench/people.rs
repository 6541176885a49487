//! Users, roles and sessions on a bench, made straight in the records: tests that are about something else need no call
//! of IAM or STS.

use std::sync::Arc;

use super::Bench;
use crate::accounts::new_unique_id;
use crate::iam::{Caller, Session};
use crate::records::{
    Entity, Millis, PoliciesRecord, RoleRecord, SessionOf, SessionRecord, UserRecord,
};
use crate::repository::{Changes, EntityName, EntityRecord};

/// What has a name and a unique id.
pub(crate) fn entity(account: &str, path: &str, name: &str, id: &str) -> Entity {
    Entity {
        account: account.parse().unwrap(),
        name: name.to_owned(),
        path: path.to_owned(),
        id: id.to_owned(),
        created: Millis(0),
    }
}

/// A user with nothing but policies.
pub(crate) fn user(entity: Entity, policies: PoliciesRecord) -> UserRecord {
    UserRecord {
        entity,
        tags: Vec::new(),
        policies,
        group_ids: Vec::new(),
        access_keys: Vec::new(),
    }
}

/// A role with nothing but policies.
pub(crate) fn role(entity: Entity, policies: PoliciesRecord, trust: &str) -> RoleRecord {
    RoleRecord {
        entity,
        tags: Vec::new(),
        policies,
        trust: trust.to_owned(),
        description: String::new(),
        session_seconds_max: 3600,
    }
}

impl Bench {
    /// What has a name, and a new unique id that begins with `prefix`.
    pub(crate) fn entity(&self, account: &str, path: &str, name: &str, prefix: &str) -> Entity {
        let id = new_unique_id(&self.kms.env, prefix);
        entity(account, path, name, &id)
    }

    /// A session that begins now, and that nothing limits.
    pub(crate) fn session(&self, of: SessionOf, name: &str) -> SessionRecord {
        SessionRecord {
            access_key_id: "ASIATEST".to_owned(),
            secret: Vec::new(),
            of,
            name: name.to_owned(),
            issued: self.kms.env.clock.now().into(),
            expires: Millis(i64::MAX),
            is_limited: false,
            policy: None,
            policies: Vec::new(),
            tags: Vec::new(),
            transitive: Vec::new(),
            source_identity: None,
            provider: None,
        }
    }

    /// Stores a user, group, role or managed policy that there is not.
    pub(crate) async fn store<R: EntityRecord>(&self, record: &R) {
        let changes = Changes::default().create_entity(record);
        self.kms.records.commit(changes).await.unwrap();
    }

    /// Deletes a user.
    pub(crate) async fn delete_user(&self, account: &str, name: &str) {
        let user = self.kms.records.user(&place(account, name));
        let user = user.unwrap().unwrap();
        self.delete(&user.record, user.version).await;
    }

    /// Deletes a role.
    pub(crate) async fn delete_role(&self, account: &str, name: &str) {
        let role = self.kms.records.role(&place(account, name));
        let role = role.unwrap().unwrap();
        self.delete(&role.record, role.version).await;
    }

    async fn delete<R: EntityRecord>(&self, record: &R, version: u64) {
        let records = &self.kms.records;
        let reference = records.reference_version(&record.entity().id).unwrap();
        let changes = Changes::default().delete_entity(record, version, reference);
        records.commit(changes).await.unwrap();
    }

    /// The user with this name, as the records have it now.
    pub(crate) fn user_of(&self, account: &str, name: &str) -> Caller {
        let user = self.kms.records.user(&place(account, name));
        let region = "us-east-1".parse().unwrap();
        Caller::user(user.unwrap().unwrap(), "AKIATEST".to_owned(), &region)
    }

    /// Whose session it is.
    pub(crate) fn caller_of(&self, session: SessionRecord) -> Caller {
        let session = Arc::new(Session::new(session).unwrap());
        let region = "us-east-1".parse().unwrap();
        let caller = Caller::of_session(&self.kms.records, session, &region);
        caller.unwrap().unwrap()
    }
}

/// Where the records keep who has this name.
pub(crate) fn place(account: &str, name: &str) -> EntityName {
    EntityName::new(account.parse().unwrap(), name)
}
