//! Decides who may do what. Only this module makes an [`Authorized`]; every error means no.
//!
//! Until the policy engine exists the only principals are account roots. A root may do everything
//! with its own account's keys while their policy is the default one, otherwise read and replace
//! that policy; nothing with any other account's keys, but retire grants that say it may. Grants allow
//! nothing else yet. AWS managed keys may be looked at, and only their service may do more.

use std::sync::Arc;

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::KeyIdType;
use strongroom_aws::text;
use strongroom_base::Env;

use crate::call::{Call, Caller};
use crate::failure::{Failure, refuse, refuse_with};
use crate::grants;
use crate::key::{Key, KeyName};
use crate::kms::Kms;
use crate::managed_keys;
use crate::multi_region;
use crate::ops::Operation;
use crate::records::{AliasRecord, GrantRecord, PolicyKind};
use crate::repository::{AliasName, Changes, Stored};
use crate::resolve::{self, Naming, Reference};

/// What an operation acts on, as its input names it. The n-th target needs the n-th action of the
/// operation's row in `OPS`, or its last.
pub enum Target<'i> {
    /// The caller's account, in the Region where something is made or listed; only identity policies decide.
    Account,
    /// A key.
    Key {
        /// As the client wrote it.
        reference: &'i str,
        /// How it may be named.
        naming: Naming,
    },
    /// The key in another Region that a key is related to. Where there is none, nothing is decided.
    RelatedKey {
        /// The key, as the client wrote it.
        reference: &'i str,
        /// The other Region.
        region: &'i str,
    },
    /// The key that made a ciphertext, unless the client names it.
    Ciphertext {
        /// The blob.
        ciphertext: &'i [u8],
        /// As the client wrote it, if it did.
        reference: Option<&'i str>,
    },
    /// An existing alias and the key it names; on the alias only identity policies decide.
    Alias {
        /// The name.
        name: &'i str,
    },
    /// A grant, which itself says who may end it; the key's policy has no say.
    Grant {
        /// Its key, which must be named by ARN.
        key_arn: &'i str,
        /// Its id.
        id: &'i str,
    },
    /// A grant like [`Target::Grant`], named by one of its tokens.
    GrantOfToken {
        /// As the client wrote it.
        token: &'i str,
    },
}

impl<'i> Target<'i> {
    /// A key named by id or ARN.
    pub(crate) fn key(id: &'i KeyIdType) -> Self {
        Self::Key {
            reference: id.as_str(),
            naming: Naming::Key,
        }
    }

    /// A key named by id or ARN, of an operation that has an error of its own for aliases.
    pub(crate) fn key_no_alias(id: &'i KeyIdType) -> Self {
        Self::Key {
            reference: id.as_str(),
            naming: Naming::KeyNoAlias,
        }
    }

    /// A key named by id, ARN or alias.
    pub(crate) fn key_or_alias(id: &'i KeyIdType) -> Self {
        Self::Key {
            reference: id.as_str(),
            naming: Naming::KeyOrAlias,
        }
    }
}

/// A target after its look-up.
enum Resource {
    Account,
    NoRelatedKey,
    Key(Arc<Key>),
    Alias(AliasName, Arc<Stored<AliasRecord>>, Arc<Key>),
    Grant(Box<GrantRecord>),
}

/// The permission to run operation `O` on what was resolved, for one caller and input.
pub struct Authorized<'r, O: Operation> {
    call: &'r Call<'r>,
    input: &'r O::Input,
    resources: Vec<Resource>,
}

/// Resolves what `input` names and decides whether the caller may. Errors in this order:
/// InvalidGrantTokenException, for any grant token in the input whatever else it names; then for each
/// target NotFoundException (of a grant also InvalidGrantIdException), AccessDeniedException.
pub(crate) fn authorize<'r, O: Operation>(
    call: &'r Call<'r>,
    input: &'r O::Input,
) -> Result<Authorized<'r, O>, Failure> {
    grants::require_tokens::<O::Input>(call)?;
    let actions = call.op.actions;
    let targets = O::targets(input);
    let resources = targets.iter().enumerate().map(|(index, target)| {
        let action = actions
            .get(index)
            .or(actions.last())
            .ok_or_else(no_such_resource)?;
        authorize_target(call, target, action)
    });
    Ok(Authorized {
        call,
        input,
        resources: resources.collect::<Result<_, Failure>>()?,
    })
}

fn authorize_target(
    call: &Call<'_>,
    target: &Target<'_>,
    action: &str,
) -> Result<Resource, Failure> {
    let records = &call.kms.records;
    match *target {
        // A root has every permission in its own account.
        Target::Account => Ok(Resource::Account),
        Target::Key { reference, naming } => {
            let reference = Reference::parse(reference, naming, &call.caller, &call.region)?;
            let key = visible_key(call, &reference, action)?;
            allow(call, &key, action)?;
            Ok(Resource::Key(key))
        }
        Target::RelatedKey { reference, region } => {
            let naming = Naming::KeyNoAlias;
            let reference = Reference::parse(reference, naming, &call.caller, &call.region)?;
            let key = visible_key(call, &reference, action)?;
            let region = region.parse().ok();
            match region.map(|region| multi_region::related_in(records, &key, &region)) {
                Some(related) => authorize_related(call, related?, action),
                None => Ok(Resource::NoRelatedKey),
            }
        }
        Target::Ciphertext {
            ciphertext,
            reference: None,
        } => {
            let key = resolve::key_of_ciphertext(
                records,
                ciphertext,
                &call.caller,
                &call.region,
                action,
            )?;
            allow(call, &key, action)?;
            Ok(Resource::Key(key))
        }
        Target::Ciphertext {
            reference: Some(reference),
            ..
        } => authorize_named_source(call, reference, action),
        Target::Alias { name } => {
            let name = AliasName {
                account: call.caller.account,
                region: call.region.clone(),
                name: name.to_owned(),
            };
            let (alias, key) = resolve::alias(records, &name)?;
            allow(call, &key, action)?;
            Ok(Resource::Alias(name, alias, key))
        }
        Target::Grant { key_arn, id } => {
            let key = key_of_grant(call, key_arn)?;
            let grant = match grants::parse_id(id) {
                Some(id) => records.grant(&key, &id)?,
                None => None,
            };
            authorize_grant(call, &key, grant, action)
        }
        Target::GrantOfToken { token } => {
            let absent = || refuse(KmsException::InvalidGrantToken);
            let named = grants::parse_token(call, token).ok_or_else(absent)?;
            let key = named.key_name();
            let grant = records.grant(&key, &named.id)?.ok_or_else(absent)?;
            authorize_grant(call, &key, Some(grant), action)
        }
    }
}

/// KMS API, RetireGrant: the key is named by its ARN, and may be another account's.
fn key_of_grant(call: &Call<'_>, key_arn: &str) -> Result<KeyName, Failure> {
    let invalid = || refuse_with(KmsException::NotFound, text::invalid_arn(key_arn));
    if !key_arn.starts_with("arn:") {
        return Err(invalid());
    }
    match Reference::parse(key_arn, Naming::Key, &call.caller, &call.region)? {
        Reference::Key(name) => Ok(name),
        Reference::Alias(_) => Err(invalid()),
    }
}

/// Decides whether the caller may end `grant` on `key`. On another account's key, a grant that is not for
/// the caller to end is as good as absent, and so is the key.
fn authorize_grant(
    call: &Call<'_>,
    key: &KeyName,
    grant: Option<GrantRecord>,
    action: &str,
) -> Result<Resource, Failure> {
    let may_retire = |grant: &GrantRecord| grants::may_retire(&call.caller, grant);
    if key.account != call.caller.account && !grant.as_ref().is_some_and(may_retire) {
        return Err(unseen(call, action));
    }
    let key = resolve::key(&call.kms.records, &Reference::Key(key.clone()))?;
    call.note_key(&key);
    let grant = grant.ok_or_else(|| refuse(KmsException::InvalidGrantId))?;
    if !may_retire(&grant) {
        let text = text::denied_by_resource(&call.caller.arn, action, &key.arn);
        return Err(refuse_with(KmsException::AccessDenied, text));
    }
    Ok(Resource::Grant(Box::new(grant)))
}

fn authorize_related(
    call: &Call<'_>,
    related: Option<Arc<Key>>,
    action: &str,
) -> Result<Resource, Failure> {
    let Some(key) = related else {
        return Ok(Resource::NoRelatedKey);
    };
    allow(call, &key, action)?;
    Ok(Resource::Key(key))
}

/// The key that the client names for a ciphertext. A related key of another Region is the right key in the
/// wrong place: IncorrectKeyException, where other operations do not find it.
fn authorize_named_source(
    call: &Call<'_>,
    reference: &str,
    action: &str,
) -> Result<Resource, Failure> {
    let records = &call.kms.records;
    let related = resolve::related_elsewhere(records, reference, &call.caller, &call.region)?;
    if let Some(key) = related {
        allow(call, &key, action)?;
        return Err(refuse_with(KmsException::IncorrectKey, text::INCORRECT_KEY));
    }
    let naming = Naming::KeyOrAlias;
    authorize_target(call, &Target::Key { reference, naming }, action)
}

/// The key, unless it is another account's: then it makes no difference whether it exists.
fn visible_key(call: &Call<'_>, reference: &Reference, action: &str) -> Result<Arc<Key>, Failure> {
    if reference.account() != call.caller.account {
        return Err(unseen(call, action));
    }
    resolve::key(&call.kms.records, reference)
}

fn unseen(call: &Call<'_>, action: &str) -> Failure {
    let text = text::denied_unseen(&call.caller.arn, action);
    refuse_with(KmsException::AccessDenied, text)
}

fn allow(call: &Call<'_>, key: &Key, action: &str) -> Result<(), Failure> {
    call.note_key(key);
    if key.name.account == call.caller.account && root_may(key, action) {
        return Ok(());
    }
    let text = text::denied_by_resource(&call.caller.arn, action, &key.arn);
    Err(Refusal::new(KmsException::AccessDenied, text).into())
}

/// Whether the policy of a key allows `action` to the root of the key's account.
fn root_may(key: &Key, action: &str) -> bool {
    match key.record.policy {
        PolicyKind::Default | PolicyKind::EquivalentToDefault => true,
        PolicyKind::Custom => matches!(action, "kms:GetKeyPolicy" | "kms:PutKeyPolicy"),
        PolicyKind::AwsManaged => managed_keys::allows(action),
    }
}

impl<'r, O: Operation> Authorized<'r, O> {
    /// The input.
    pub fn input(&self) -> &'r O::Input {
        self.input
    }

    /// The service.
    pub fn kms(&self) -> &'r Kms {
        self.call.kms
    }

    /// The environment.
    pub fn env(&self) -> &'r Env {
        &self.call.kms.env
    }

    /// The call, for its caller, Region and trail.
    pub fn call(&self) -> &'r Call<'r> {
        self.call
    }

    /// Who calls.
    pub fn caller(&self) -> &'r Caller {
        &self.call.caller
    }

    /// The only key of the operation, or its first.
    pub fn key(&self) -> Result<&Arc<Key>, Failure> {
        self.key_at(0)
    }

    /// The key of the target at `index`; asking for one that is none is a bug and fails the request.
    pub fn key_at(&self, index: usize) -> Result<&Arc<Key>, Failure> {
        match self.resources.get(index) {
            Some(Resource::Key(key) | Resource::Alias(_, _, key)) => Ok(key),
            Some(Resource::Account | Resource::NoRelatedKey | Resource::Grant(_)) | None => {
                Err(no_such_resource())
            }
        }
    }

    /// The key of the operation's [`Target::RelatedKey`] at `index`, unless there is none.
    pub fn related_key_at(&self, index: usize) -> Result<Option<&Arc<Key>>, Failure> {
        match self.resources.get(index) {
            Some(Resource::NoRelatedKey) => Ok(None),
            _ => self.key_at(index).map(Some),
        }
    }

    /// The alias of the operation.
    pub fn alias(&self) -> Result<(&AliasName, &Stored<AliasRecord>, &Arc<Key>), Failure> {
        let found = self.resources.iter().find_map(|resource| match resource {
            Resource::Alias(name, alias, key) => Some((name, &**alias, key)),
            Resource::Key(_) | Resource::Account | Resource::NoRelatedKey | Resource::Grant(_) => {
                None
            }
        });
        found.ok_or_else(no_such_resource)
    }

    /// The grant of the operation.
    pub(crate) fn grant(&self) -> Result<&GrantRecord, Failure> {
        let found = self.resources.iter().find_map(|resource| match resource {
            Resource::Grant(grant) => Some(&**grant),
            Resource::Key(_) | Resource::Account | Resource::NoRelatedKey | Resource::Alias(..) => {
                None
            }
        });
        found.ok_or_else(no_such_resource)
    }

    /// Commits `changes` together with the audit record of this call's success.
    pub async fn commit(&self, changes: Changes) -> Result<(), Failure> {
        self.call.kms.commit(self.call, changes).await
    }
}

fn no_such_resource() -> Failure {
    Refusal::new(KmsException::KmsInternal, text::INTERNAL).into()
}
