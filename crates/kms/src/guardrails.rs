//! Guardrails: policies that operators put over whole accounts. A change is in force when it is answered, and
//! leaves an audit record; nobody inside an account can change its own.

use strongroom_base::id::AccountId;
use strongroom_policy::{Grammar, Policy};
use strongroom_store::Expect;

use crate::failure::Failure;
use crate::kms::{Kms, encoded};
use crate::records::AccountRecord;
use crate::repository::{Changes, Stored};
use crate::service_events;

/// The longest guardrail, in bytes: twice what an SCP of AWS Organizations may have.
pub const GUARDRAIL_BYTES_MAX: usize = 10_240;

/// Why a guardrail is not set, shown or removed.
#[derive(Debug)]
pub(crate) enum Unchanged {
    /// It was asked for wrongly; for the operator.
    Refused(String),
    /// The records could not be read or written.
    Failed(Failure),
}

impl From<Failure> for Unchanged {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Puts `document` over `account`, in place of what was there; `None` takes it away.
pub(crate) async fn change(
    kms: &Kms,
    account: &str,
    document: Option<&str>,
) -> Result<(), Unchanged> {
    let account = existing(kms, account)?;
    if let Some(document) = document {
        check(document)?;
    }
    let operation = match document {
        Some(_) => "SetGuardrail",
        None => "RemoveGuardrail",
    };
    let document = document.map(str::to_owned);
    change_account(kms, account, operation, |record| {
        record.guardrail = document
    })
    .await
}

/// Changes what is recorded of `account`, and tells the audit that an operator did `operation`.
pub(crate) async fn change_account(
    kms: &Kms,
    account: AccountId,
    operation: &str,
    change: impl FnOnce(&mut AccountRecord),
) -> Result<(), Unchanged> {
    kms.check_room()?;
    let _turn = kms.iam_turns.take(&account).await;
    let stored = kms.records.account(&account)?;
    let (expect, mut record) = match stored {
        Some(Stored { version, record }) => (Expect::At(version), record),
        None => (Expect::Absent, unstored(kms, account)),
    };
    change(&mut record);
    let event = service_events::of_account(&kms.env, operation, &account).map_err(Failure::from)?;
    let changes = Changes::default()
        .put_account(expect, &record)
        .put_outbox(&event.event_id, &encoded(&event)?);
    Ok(kms.records.commit(changes).await?)
}

/// The guardrail of `account`, as it was given.
pub(crate) fn document(kms: &Kms, account: &str) -> Result<Option<String>, Unchanged> {
    let account = existing(kms, account)?;
    let stored = kms.records.account(&account)?;
    Ok(stored.and_then(|stored| stored.record.guardrail))
}

/// The account with this id, which there is.
pub(crate) fn existing(kms: &Kms, account: &str) -> Result<AccountId, Unchanged> {
    let refused = |text: &str| Unchanged::Refused(text.to_owned());
    let id = account.parse();
    let id = id.map_err(|_| refused("an account id has 12 digits"))?;
    if !kms.account_exists(&id)? {
        return Err(refused("there is no such account"));
    }
    Ok(id)
}

fn check(document: &str) -> Result<(), Unchanged> {
    if document.len() > GUARDRAIL_BYTES_MAX {
        let text = format!("the guardrail is longer than {GUARDRAIL_BYTES_MAX} bytes");
        return Err(Unchanged::Refused(text));
    }
    match Policy::parse(document, Grammar::Identity) {
        Ok(_) => Ok(()),
        Err(error) => Err(Unchanged::Refused(error.to_string())),
    }
}

/// An account of development, which is stored from now on.
fn unstored(kms: &Kms, id: AccountId) -> AccountRecord {
    AccountRecord {
        id,
        created: kms.env.clock.now().into(),
        guardrail: None,
        strict_audit: None,
    }
}

#[cfg(test)]
mod tests;
