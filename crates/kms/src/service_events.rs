//! The records of what the server did by itself, or for its operators (CloudTrail User Guide, non-API events).

use strongroom_audit::{Identity, Outcome, Record, Resource, Value};
use strongroom_base::Env;
use strongroom_base::id::{AccountId, Region, uuid};
use strongroom_hsm_api::anchor::Position;

use crate::anchor::Mismatch;
use crate::failure::Failure;
use crate::key::Key;
use crate::kms::encoded;
use crate::records::Unreadable;
use crate::repository::Changes;

/// Where that is told which belongs to no Region, as it is of IAM.
const HOME_REGION: &str = "us-east-1";
/// The service that operators talk to.
const OPERATORS: &str = "strongroom";

/// The record of `operation` of KMS on `key`.
pub(crate) fn of_key(env: &Env, operation: &str, key: &Key) -> Record {
    let (account, region) = (&key.name.account, &key.name.region);
    Record {
        resources: vec![Resource::new(&key.arn)],
        ..event(env, "kms", operation, account, region.clone())
    }
}

/// The record of `operation` of KMS on `key`, with what is told of it besides.
pub(crate) fn of_key_with(env: &Env, operation: &str, key: &Key, details: Value) -> Record {
    Record {
        details: Some(details),
        ..of_key(env, operation, key)
    }
}

/// Adds that the keys related to the primary `key` were brought up to date (KMS Developer Guide,
/// "SynchronizeMultiRegionKey").
pub(crate) fn put_synchronized(env: &Env, changes: Changes, key: &Key) -> Result<Changes, Failure> {
    let record = of_key(env, "SynchronizeMultiRegionKey", key);
    Ok(changes.put_outbox(&record.event_id, &encoded(&record)?))
}

/// The record of an operator's `operation` on `account`.
pub(crate) fn of_account(
    env: &Env,
    operation: &str,
    account: &AccountId,
) -> Result<Record, Unreadable> {
    let region = HOME_REGION.parse().map_err(|_| Unreadable)?;
    Ok(event(env, OPERATORS, operation, account, region))
}

/// The record of an operator's going on with a store that does not fit its anchor.
pub(crate) fn of_rollback(
    env: &Env,
    mismatch: &Mismatch,
    reason: &str,
) -> Result<Record, Unreadable> {
    // The store belongs to no account.
    let account = "000000000000".parse().map_err(|_| Unreadable)?;
    let tell = |position: Option<Position>| match position {
        Some(position) => format!("{}:{}", position.epoch, position.sequence),
        None => String::new(),
    };
    let details = Value::texts([
        ("mismatch", mismatch.name()),
        ("store", &tell(mismatch.store)),
        ("anchor", &tell(mismatch.anchor)),
        ("reason", reason),
    ]);
    Ok(Record {
        details: Some(details),
        ..of_account(env, "AcceptRollback", &account)?
    })
}

fn event(env: &Env, service: &str, operation: &str, account: &AccountId, region: Region) -> Record {
    Record {
        event_id: uuid(&*env.random),
        request_id: String::new(),
        time: env.clock.now(),
        service: service.to_owned(),
        operation: operation.to_owned(),
        region,
        account: *account,
        identity: Identity::internal(),
        source_address: String::new(),
        user_agent: String::new(),
        tls: None,
        resources: Vec::new(),
        parameters: None,
        response: None,
        additional: None,
        details: None,
        outcome: Outcome::Success,
        read_only: false,
    }
}
