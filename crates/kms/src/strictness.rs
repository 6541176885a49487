//! Strict audit: whether replies to an account wait until their records are on the disk. Set by operators, never by
//! anybody inside an account; in force when it is answered.

use crate::call::Call;
use crate::guardrails::{Unchanged, change_account, existing};
use crate::kms::Kms;
use crate::records::AccountRecord;

/// What a reply waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// Mutations wait until they and their records are on the disk, the rest until the operating system has its record.
    #[default]
    Usual,
    /// Everything waits until its record is on the disk.
    Strict,
}

/// From whether it is strict, as configurations and operators say it.
impl From<bool> for Strictness {
    fn from(strict: bool) -> Self {
        if strict { Self::Strict } else { Self::Usual }
    }
}

/// Sets how strict the audit of `account` is.
pub(crate) async fn change(
    kms: &Kms,
    account: &str,
    strictness: Strictness,
) -> Result<(), Unchanged> {
    let account = existing(kms, account)?;
    let (operation, strict_audit) = match strictness {
        Strictness::Strict => ("SetStrictAudit", Some(true)),
        Strictness::Usual => ("RemoveStrictAudit", None),
    };
    let change = |record: &mut AccountRecord| record.strict_audit = strict_audit;
    change_account(kms, account, operation, change).await
}

/// How strict the audit of `call` is: the caller's account counts, and so do those whose keys were used, as they are
/// told of it too. What cannot be read counts as strict.
pub(crate) fn of_call(call: &Call<'_>) -> Strictness {
    if call.kms.settings.strictness == Strictness::Strict {
        return Strictness::Strict;
    }
    let owners = call.other_owners().into_iter();
    let mut told = std::iter::once(call.caller.account).chain(owners);
    let is_strict = told.any(|account| {
        let of_account = call.kms.records.strictness(&account);
        of_account.unwrap_or(Strictness::Strict) == Strictness::Strict
    });
    is_strict.into()
}

#[cfg(test)]
mod tests;
