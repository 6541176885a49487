//! Whom grants speak for, in what words. Only what a grant names counts, never what a client says of itself or
//! a token that it shows.

use std::ops::ControlFlow;

use strongroom_aws::kms::GrantOperation as WireOperation;
use strongroom_policy::{GrantMatch, Word};

use super::constraints::Wanted;
use crate::authorize::{Asked, RequestContext};
use crate::failure::Failure;
use crate::iam::{Caller, Identity, root_arn};
use crate::key::Key;
use crate::records::{GrantId, GrantOperation, GrantParty, GrantRecord, GrantTerms};

/// The grants on `key` that speak for the caller of `asked` and permit the request, the closest to the caller
/// first: of those to one grantee the one that allows most, which is all that makes a difference. RetireGrant
/// is decided by [`retiring`].
// KMS Developer Guide, "Grants in AWS KMS": a token adds nothing here, for grants count at once.
pub(crate) fn speaking_for(
    asked: &Asked<'_>,
    key: &Key,
    action: &str,
    context: &RequestContext<'_, '_>,
) -> Result<Vec<(GrantId, GrantMatch)>, Failure> {
    let operation = operation(action).filter(|one| *one != GrantOperation::RetireGrant);
    let Some(operation) = operation else {
        return Ok(Vec::new());
    };
    let via = asked.source.via.as_ref();
    let wanted = Wanted {
        operation,
        context: context.keys().context_pairs(),
        source_arn: via.and_then(|via| via.source_arn.as_deref()),
        child: context.keys().new_grant(),
    };
    let is_at_home = key.name.account == asked.caller.account;
    let mut matches = Vec::new();
    for (grantee, speaks) in names(asked.caller) {
        let mut best = None;
        let look = |id: &GrantId, terms: &GrantTerms| {
            if !wanted.is_permitted_by(terms) {
                return ControlFlow::Continue(());
            }
            let issuer = terms.issuer;
            best = Some((*id, GrantMatch { speaks, issuer }));
            // Of the owner's grants to another account, that account's own allow more.
            match is_at_home || issuer == asked.caller.account {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let records = &asked.kms.records;
        records.look_at_grants_to(&key.name, &grantee, look)?;
        matches.extend(best);
    }
    Ok(matches)
}

/// What lets the caller of `asked` end `grant`, besides the policy of its key: KMS API, RetireGrant, allows it to
/// the retiring principal, to the grantee if RetireGrant is among the operations, and to those in the account
/// that issued the grant whom identity policies let. Of several the closest counts, for it asks least.
pub(crate) fn retiring(asked: &Asked<'_>, grant: &GrantRecord) -> Option<GrantMatch> {
    let terms = &grant.terms;
    let may_retire = terms.operations.contains(&GrantOperation::RetireGrant);
    let grantee = Some(&terms.grantee).filter(|_| may_retire);
    let parties = [terms.retiring.as_ref(), grantee];
    let names = names(asked.caller).into_iter();
    let speaking = names.filter(|(name, _)| parties.contains(&Some(name)));
    let issuer = terms.issuer;
    let of_issuer = (issuer == asked.caller.account).then_some(Word::Account);
    let words = speaking.map(|(_, word)| word).chain(of_issuer);
    words.max().map(|speaks| GrantMatch { speaks, issuer })
}

/// Every name under which a grant may mean the caller, the closest first.
fn names(caller: &Caller) -> Vec<(GrantParty, Word)> {
    let account = caller.account;
    let root = || {
        let arn = root_arn(caller.partition(), &account);
        GrantParty::Principal(account, arn)
    };
    let by_id = |id: &str| GrantParty::Identity(account, id.to_owned());
    match &caller.identity {
        Identity::Root => vec![(root(), Word::Direct)],
        Identity::User(_) => vec![
            (by_id(&caller.user_id), Word::Direct),
            (root(), Word::Account),
        ],
        Identity::Role(role, _) => vec![
            (by_id(&caller.user_id), Word::Direct),
            (by_id(&role.record.entity.id), Word::Role),
            (root(), Word::Account),
        ],
        Identity::FederatedUser(_) => vec![
            (
                GrantParty::Principal(account, caller.arn.clone()),
                Word::Direct,
            ),
            (root(), Word::Account),
        ],
        Identity::Service => vec![(GrantParty::Service(caller.arn.clone()), Word::Direct)],
        // KMS API, CreateGrant: no grantee is an identity provider.
        Identity::Web(_) => Vec::new(),
    }
}

/// The operation of a grant that permits `action`; actions have no case.
fn operation(action: &str) -> Option<GrantOperation> {
    let (service, name) = action.split_once(':')?;
    if !service.eq_ignore_ascii_case("kms") {
        return None;
    }
    let mut all = WireOperation::ALL.iter();
    let found = all.find(|one| one.as_str().eq_ignore_ascii_case(name))?;
    Some(GrantOperation::from(*found))
}

#[cfg(test)]
mod tests;
