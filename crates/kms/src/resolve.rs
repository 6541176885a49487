//! From what a client wrote to the key it means, with AWS's errors where it means none.

use std::sync::Arc;

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::text;
use strongroom_base::id::Region;
use strongroom_hsm_api::key::MaterialId;
use strongroom_policy::Arn;

use crate::failure::{Failure, refuse};
use crate::iam::Caller;
use crate::key::{Key, KeyName, alias_arn};
use crate::records::AliasRecord;
use crate::repository::{AliasName, Repository, Stored};

/// How an operation lets a key be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// By key id or key ARN.
    Key,
    /// By alias name or alias ARN, too.
    KeyOrAlias,
    /// By key id or key ARN, and an alias has an error of its own: rotation and multi-Region operations.
    KeyNoAlias,
}

/// What a key reference names, before any look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// A key.
    Key(KeyName),
    /// An alias.
    Alias(AliasName),
}

impl Reference {
    /// Reads `text` as `caller` in `region` means it. Errors: NotFoundException.
    pub(crate) fn parse(
        text: &str,
        naming: Naming,
        caller: &Caller,
        region: &Region,
    ) -> Result<Self, Refusal> {
        let invalid = || not_found(text::invalid_key_id(text));
        let reference = match text.strip_prefix("arn:") {
            Some(_) => Self::parse_arn(text, region)?,
            None if text.starts_with("alias/") => Self::alias(caller.account, region, text),
            None => Self::key(caller.account, region, text).ok_or_else(invalid)?,
        };
        match (&reference, naming) {
            (Self::Alias(_), Naming::Key) => Err(invalid()),
            (Self::Alias(_), Naming::KeyNoAlias) => Err(Refusal::new(
                KmsException::InvalidArn,
                text::ALIASES_NOT_SUPPORTED,
            )),
            (Self::Key(_), _) | (Self::Alias(_), Naming::KeyOrAlias) => Ok(reference),
        }
    }

    fn parse_arn(text: &str, region: &Region) -> Result<Self, Refusal> {
        let invalid = || not_found(text::invalid_key_id(text));
        let arn: Arn = text.parse().map_err(|_| invalid())?;
        if arn.service() != "kms" {
            return Err(invalid());
        }
        if arn.region() != region.as_str() || arn.partition() != region.partition() {
            return Err(not_found(text::invalid_arn_region(arn.region())));
        }
        let account = arn.account().parse().map_err(|_| invalid())?;
        match arn.resource().strip_prefix("key/") {
            Some(id) => Self::key(account, region, id).ok_or_else(invalid),
            None if arn.resource().starts_with("alias/") => {
                Ok(Self::alias(account, region, arn.resource()))
            }
            None => Err(invalid()),
        }
    }

    fn key(account: strongroom_base::id::AccountId, region: &Region, id: &str) -> Option<Self> {
        Some(Self::Key(KeyName {
            account,
            region: region.clone(),
            id: id.parse().ok()?,
        }))
    }

    fn alias(account: strongroom_base::id::AccountId, region: &Region, name: &str) -> Self {
        Self::Alias(AliasName {
            account,
            region: region.clone(),
            name: name.to_owned(),
        })
    }

    /// The account that owns what is named.
    pub(crate) fn account(&self) -> strongroom_base::id::AccountId {
        match self {
            Self::Key(name) => name.account,
            Self::Alias(name) => name.account,
        }
    }
}

/// The key named by `reference`. Errors: NotFoundException.
pub(crate) fn key(records: &Repository, reference: &Reference) -> Result<Arc<Key>, Failure> {
    match reference {
        Reference::Key(name) => existing(records, name),
        Reference::Alias(name) => alias(records, name).map(|(_, key)| key),
    }
}

/// An alias and its key. Errors: NotFoundException.
pub(crate) fn alias(
    records: &Repository,
    name: &AliasName,
) -> Result<(Arc<Stored<AliasRecord>>, Arc<Key>), Failure> {
    let absent = || {
        Failure::from(not_found(text::alias_not_found(&alias_arn(
            &name.region,
            &name.account,
            &name.name,
        ))))
    };
    let alias = records.alias(name)?.ok_or_else(absent)?;
    let target = KeyName {
        account: name.account,
        region: name.region.clone(),
        id: alias.record.target.clone(),
    };
    let key = existing(records, &target)?;
    Ok((alias, key))
}

fn existing(records: &Repository, name: &KeyName) -> Result<Arc<Key>, Failure> {
    records
        .key(name)?
        .ok_or_else(|| not_found(text::key_not_found(&name.arn())).into())
}

/// The key in `region` to which the key of another Region that `text` names is related, if `caller`'s
/// account owns them.
pub(crate) fn related_elsewhere(
    records: &Repository,
    text: &str,
    caller: &Caller,
    region: &Region,
) -> Result<Option<Arc<Key>>, Failure> {
    let Some(elsewhere) = key_elsewhere(text, caller, region) else {
        return Ok(None);
    };
    let here = records.key(&elsewhere.in_region(region))?;
    Ok(here.filter(|key| {
        let regions = key.record.multi_region.as_ref();
        regions.is_some_and(|regions| regions.contains(&elsewhere.region))
    }))
}

/// The key that `text` names, if it is the ARN of a key of the caller's account in another Region.
fn key_elsewhere(text: &str, caller: &Caller, region: &Region) -> Option<KeyName> {
    let arn: Arn = text.parse().ok()?;
    let elsewhere: Region = arn.region().parse().ok()?;
    match Reference::parse(text, Naming::Key, caller, &elsewhere).ok()? {
        Reference::Key(name) if elsewhere != *region && name.account == caller.account => {
            Some(name)
        }
        Reference::Key(_) | Reference::Alias(_) => None,
    }
}

/// The material that a symmetric ciphertext names. Errors: InvalidCiphertextException when it is none of ours.
pub(crate) fn ciphertext_material(ciphertext: &[u8]) -> Result<MaterialId, Failure> {
    let invalid = || refuse(KmsException::InvalidCiphertext);
    match ciphertext {
        [1, 2, 2 | 3, 0, 0x78, rest @ ..] => rest.first_chunk().copied().ok_or_else(invalid),
        _ => Err(invalid()),
    }
}

/// The key in `region` whose material `ciphertext` names, whoever owns it; `None` when there is none. Errors:
/// InvalidCiphertextException when it is no ciphertext of ours.
pub(crate) fn key_of_ciphertext(
    records: &Repository,
    ciphertext: &[u8],
    region: &Region,
) -> Result<Option<Arc<Key>>, Failure> {
    let material = ciphertext_material(ciphertext)?;
    match records.material_owner(region, &material)? {
        Some(owner) => records.key(&owner),
        None => Ok(None),
    }
}

fn not_found(message: String) -> Refusal {
    Refusal::new(KmsException::NotFound, message)
}

#[cfg(test)]
mod tests;
