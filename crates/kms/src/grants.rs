//! Grants: whom they speak for and when, their tokens, and their end with their key. What comes of a grant that
//! speaks is decided in `policy`; one that cannot be read is an error, and so a denial.

mod constraints;
mod speaking;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use strongroom_aws::error::KmsException;
use strongroom_aws::json::Json;
use strongroom_aws::kms::GrantTokenList;
use strongroom_aws::shape::{self, Kind, Shape};
use strongroom_base::hex;

use crate::call::{Call, Input};
use crate::failure::{Failure, refuse};
use crate::key::{Key, KeyName};
use crate::kms::Kms;
use crate::records::{GrantId, GrantRecord, GrantReference};
use crate::repository::{Changes, Repository};

pub(crate) use speaking::{retiring, speaking_for};

/// The grants removed by one commit: a grant is up to four records, and a commit has at most 256.
const REMOVED_AT_ONCE: usize = 60;
const TOKENS_MEMBER: &str = "GrantTokens";

/// The GrantId of a grant.
pub(crate) fn id_text(id: &GrantId) -> String {
    hex::encode(id)
}

/// The grant id that a client wrote; `None` when no grant can have it.
pub(crate) fn parse_id(text: &str) -> Option<GrantId> {
    let id = GrantId::try_from(hex::decode(text)?).ok()?;
    (id_text(&id) == text).then_some(id)
}

/// A new GrantToken of a grant: KMS API, CreateGrant, has every reply carry another one.
pub(crate) fn new_token(records: &Repository, grant: &GrantRecord) -> String {
    STANDARD.encode(records.seal_grant_token(&grant.reference()))
}

/// What a grant token says; `None` when no grant of this Region ever had it.
pub(crate) fn parse_token(call: &Call<'_>, token: &str) -> Option<GrantReference> {
    let token = STANDARD.decode(token).ok()?;
    let named = call.kms.records.open_grant_token(&token)?;
    (named.region == call.region).then_some(named)
}

/// Refuses a request with a grant token of no grant, whatever its operation is: every shape with a
/// member GrantTokens is asked. Errors: InvalidGrantTokenException.
pub(crate) fn require_tokens<I: Shape>(call: &Call<'_>) -> Result<(), Failure> {
    if !has_tokens(&I::MODEL.kind) {
        return Ok(());
    }
    let Input::Json(input) = &call.input else {
        return Ok(());
    };
    let given = input.get(TOKENS_MEMBER);
    let Some(given) = given.filter(|given| **given != Json::Null) else {
        return Ok(());
    };
    let tokens = shape::decode_json(given).map_err(|error| error.json());
    let GrantTokenList(tokens) = tokens?;
    for token in tokens {
        let named = parse_token(call, token.as_str());
        let named = named.ok_or_else(|| refuse(KmsException::InvalidGrantToken))?;
        let grant = call.kms.records.grant(&named.key_name(), &named.id)?;
        grant.ok_or_else(|| refuse(KmsException::InvalidGrantToken))?;
    }
    Ok(())
}

fn has_tokens(kind: &Kind) -> bool {
    match kind {
        Kind::Structure(members) => members.iter().any(|member| member.name == TOKENS_MEMBER),
        _ => false,
    }
}

/// Removes the grants of a key that is due for deletion, before the commit that removes the key: there
/// may be more than one commit holds. Begun again, it goes on where it ended.
// Each page relies on the key as it was found due: a deletion that is cancelled meanwhile stops it.
pub(crate) async fn remove_all(kms: &Kms, key: &Key) -> Result<(), Failure> {
    loop {
        let page = kms.records.list_grants(&key.name, None, REMOVED_AT_ONCE)?;
        if page.records.is_empty() {
            return Ok(());
        }
        let changes = Changes::default().relying_on_key(key);
        let changes = kms
            .records
            .remove_grants(changes, &key.name, &page.records)?;
        kms.records.commit(changes).await?;
    }
}

/// What is left of a key's grants once [`remove_all`] is done.
pub(crate) fn remove_count(
    records: &Repository,
    key: &KeyName,
    changes: Changes,
) -> Result<Changes, Failure> {
    Ok(match records.grant_count(key)? {
        Some(count) => changes.delete_grant_count(key, count.version),
        None => changes,
    })
}

#[cfg(test)]
mod people;
#[cfg(test)]
mod tests;
