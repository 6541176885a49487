//! Decides who may do what. Only this module makes an [`Authorized`]; every error means no.

mod conditions;
mod decision;
mod denial;
mod entities;
mod roles;

use std::sync::Arc;

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::KeyIdType;
use strongroom_aws::text::{self, Where};
use strongroom_base::Env;
use strongroom_base::id::Region;

use crate::call::Call;
use crate::failure::{Failure, refuse, refuse_with};
use crate::grants;
use crate::iam::{Caller, Role};
use crate::key::{Key, KeyName, alias_arn};
use crate::kms::Kms;
use crate::multi_region;
use crate::ops::Operation;
use crate::records::{AliasRecord, GrantRecord};
use crate::repository::{AliasName, Changes, Stored};
use crate::resolve::{self, Naming, Reference};

pub(crate) use conditions::{Keys, RequestContext};
pub(crate) use decision::{Asked, Denied, Thing, Verdict};
pub(crate) use entities::Entity;

/// What an operation acts on, as its input names it. The n-th target needs the n-th action of the
/// operation's row in `OPS`, or its last.
pub enum Target<'i> {
    /// The caller's account, in the Region where something is made or listed; only identity policies decide.
    Account,
    /// The caller's account, for what has no resource and whose denial names none; only identity policies decide.
    AccountUnnamed,
    /// The caller's account in another Region, where a replica of the first target is to be made; only identity
    /// policies decide.
    AccountIn {
        /// The Region, as the client wrote it.
        region: &'i str,
    },
    /// A key that is still to be made, for what is done to it at once; only identity policies decide.
    NewKey {
        /// The Region of a replica, as the client wrote it.
        region: Option<&'i str>,
    },
    /// An alias that is still to be made; only identity policies decide.
    NewAlias {
        /// The name.
        name: &'i str,
    },
    /// What IAM, STS and CloudTrail act on; only identity policies decide.
    Entity(Entity<'i>),
    /// A role to be assumed, by ARN; its trust policy decides.
    Role(&'i str),
    /// A role to be assumed by whom a token vouches for; its trust policy decides.
    RoleForToken {
        /// The ARN.
        arn: &'i str,
        /// The token, which is verified first.
        token: &'i str,
    },
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

    /// kms:RequestAlias: the alias by which the client names the key, without the rest of its ARN.
    fn alias(&self) -> Option<&'i str> {
        let reference = match *self {
            Self::Key {
                reference,
                naming: Naming::KeyOrAlias,
            } => reference,
            Self::Ciphertext { reference, .. } => reference?,
            _ => return None,
        };
        let name = match reference.starts_with("arn:") {
            true => reference.splitn(6, ':').nth(5)?,
            false => reference,
        };
        name.starts_with("alias/").then_some(name)
    }

    /// Whether it stands for a replica that is still to be made.
    fn is_replica(&self) -> bool {
        match self {
            Self::AccountIn { .. } => true,
            Self::NewKey { region } => region.is_some(),
            _ => false,
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
    Role(Arc<Role>),
}

/// The permission to run operation `O` on what was resolved, for one caller and input.
pub struct Authorized<'r, O: Operation> {
    call: &'r Call<'r>,
    input: &'r O::Input,
    resources: Vec<Resource>,
}

/// Resolves the `targets` that `input` names and decides whether the caller may. Errors in this order:
/// InvalidGrantTokenException, for any grant token in the input whatever else it names; then for each
/// target NotFoundException (of a grant also InvalidGrantIdException), AccessDeniedException.
pub(crate) fn authorize<'r, O: Operation>(
    call: &'r Call<'r>,
    input: &'r O::Input,
    targets: &[Target<'r>],
) -> Result<Authorized<'r, O>, Failure> {
    grants::require_tokens::<O::Input>(call)?;
    let asked = Asked::of_call(call)?;
    let mut resources = Vec::with_capacity(targets.len());
    for (index, target) in targets.iter().enumerate() {
        let actions = call.op.actions;
        let action = actions.get(index).or(actions.last());
        let fill = |keys: &mut Keys<'r>| {
            keys.maybe("kms:requestalias", target.alias());
            O::condition_keys(input, index, keys);
            if let (true, Some(Resource::Key(primary))) = (target.is_replica(), resources.first()) {
                keys.replica_of(primary);
            }
        };
        let asking = Asking {
            call,
            asked: &asked,
            action: action.ok_or_else(no_such_resource)?,
            fill: &fill,
        };
        let resource = asking.target(target)?;
        resources.push(resource);
    }
    Ok(Authorized {
        call,
        input,
        resources,
    })
}

/// One target of a call, being decided on.
struct Asking<'r, 'a> {
    call: &'r Call<'r>,
    asked: &'a Asked<'r>,
    action: &'static str,
    fill: &'a dyn Fn(&mut Keys<'r>),
}

impl<'r> Asking<'r, '_> {
    fn target(&self, target: &Target<'_>) -> Result<Resource, Failure> {
        let records = &self.call.kms.records;
        match *target {
            Target::Account => self.own("*", Where::Resource("*")),
            Target::AccountUnnamed => self.own("*", Where::Nowhere),
            Target::AccountIn { region } => self.own_in(region, Where::Resource("*")),
            Target::NewKey { region: None } => self.own("*", Where::Nowhere),
            Target::NewKey {
                region: Some(region),
            } => self.own_in(region, Where::Nowhere),
            Target::NewAlias { name } => {
                let (region, account) = (&self.call.region, &self.call.caller.account);
                self.own_alias(alias_arn(region, account, name))
            }
            Target::Entity(ref entity) => self.entity(entity),
            Target::Role(arn) => self.role(arn).map(Resource::Role),
            Target::RoleForToken { arn, token } => {
                self.role_for_token(arn, token).map(Resource::Role)
            }
            Target::Key { reference, naming } => self
                .key_of(&self.reference(reference, naming)?)
                .map(Resource::Key),
            Target::RelatedKey { reference, region } => {
                let reference = self.reference(reference, Naming::KeyNoAlias)?;
                let key = self.look_up(&reference)?;
                let region: Option<Region> = region.parse().ok();
                match region.map(|region| multi_region::related_in(records, &key, &region)) {
                    Some(related) => self.related(related?),
                    None => Ok(Resource::NoRelatedKey),
                }
            }
            Target::Ciphertext {
                ciphertext,
                reference: None,
            } => self.key_of_ciphertext(ciphertext).map(Resource::Key),
            Target::Ciphertext {
                reference: Some(reference),
                ..
            } => self.named_source(reference),
            Target::Alias { name } => self.alias(name),
            Target::Grant { key_arn, id } => {
                let key = self.key_of_grant(key_arn)?;
                let grant = match grants::parse_id(id) {
                    Some(id) => records.grant(&key, &id)?,
                    None => None,
                };
                self.grant(&key, grant)
            }
            Target::GrantOfToken { token } => {
                let absent = || refuse(KmsException::InvalidGrantToken);
                let named = grants::parse_token(self.call, token).ok_or_else(absent)?;
                let key = named.key_name();
                let grant = records.grant(&key, &named.id)?.ok_or_else(absent)?;
                self.grant(&key, Some(grant))
            }
        }
    }

    fn reference(&self, text: &str, naming: Naming) -> Result<Reference, Refusal> {
        Reference::parse(text, naming, &self.call.caller, &self.call.region)
    }

    /// Decides on something of the caller's own account that only identity policies speak of.
    fn own(&self, resource: &str, place: Where<'_>) -> Result<Resource, Failure> {
        self.decide_own(&Thing::Own(resource, &[]), place)
    }

    /// Decides on what is to be made in another Region. What is no Region has nothing made in it, so there it
    /// makes no difference.
    fn own_in(&self, region: &str, place: Where<'_>) -> Result<Resource, Failure> {
        match region.parse() {
            Ok(region) => self.decide_own(&Thing::OwnIn(&region), place),
            Err(_) => self.own("*", place),
        }
    }

    fn decide_own(&self, thing: &Thing<'_>, place: Where<'_>) -> Result<Resource, Failure> {
        let verdict = self.asked.decide(self.action, thing, self.fill)?;
        self.account(&verdict, place)
    }

    fn account(&self, verdict: &Verdict, place: Where<'_>) -> Result<Resource, Failure> {
        match verdict {
            Verdict::Allowed => Ok(Resource::Account),
            Verdict::Denied(denial) => Err(self.asked.refusal(self.action, place, denial)),
        }
    }

    /// Decides on what IAM acts on, with its tags and, where the action is about them, its boundary.
    fn entity(&self, entity: &Entity<'_>) -> Result<Resource, Failure> {
        let known = entity.look_up(self.call)?;
        let boundary = known.boundary_for(self.call, self.action)?;
        let fill = |keys: &mut Keys<'r>| {
            (self.fill)(keys);
            keys.maybe("iam:permissionsboundary", boundary.clone());
        };
        let thing = Thing::Own(&known.arn, &known.tags);
        let verdict = self.asked.decide(self.action, &thing, &fill)?;
        self.account(&verdict, Where::Resource(&known.arn))
    }

    fn own_alias(&self, arn: String) -> Result<Resource, Failure> {
        let decided = self.own(&arn, Where::Resource(&arn));
        self.call.note_alias(arn);
        decided
    }

    /// A key, unless it is another account's and its owner does not let the caller in: then it makes no
    /// difference whether it exists.
    fn key_of(&self, reference: &Reference) -> Result<Arc<Key>, Failure> {
        let key = self.look_up(reference)?;
        self.allow(&key, || self.unseen())?;
        Ok(key)
    }

    fn look_up(&self, reference: &Reference) -> Result<Arc<Key>, Failure> {
        let records = &self.call.kms.records;
        if reference.account() == self.call.caller.account {
            return resolve::key(records, reference);
        }
        if !self.call.op.resource.reaches_other_accounts() {
            return Err(self.unseen());
        }
        match resolve::key(records, reference) {
            Err(Failure::Refused(_)) => Err(self.unseen()),
            found => found,
        }
    }

    /// Decides on a key; `unseen` makes the failure of one that the caller may not know of.
    fn allow(&self, key: &Key, unseen: impl Fn() -> Failure) -> Result<(), Failure> {
        let is_own = key.name.account == self.call.caller.account;
        if is_own {
            self.call.note_key(key);
        }
        let denial = match self
            .asked
            .decide(self.action, &Thing::Key(key), self.fill)?
        {
            Verdict::Allowed => {
                self.call.note_key(key);
                return Ok(());
            }
            Verdict::Denied(denial) => denial,
        };
        let place = if is_own {
            Where::Resource(&key.arn)
        } else if denial.is_of_callers_side() {
            Where::ThisResource
        } else {
            return Err(unseen());
        };
        Err(self.asked.refusal(self.action, place, &denial))
    }

    fn unseen(&self) -> Failure {
        self.call.note_unseen();
        let text = text::denied_unseen(&self.call.caller.arn, self.action);
        refuse_with(KmsException::AccessDenied, text)
    }

    fn unseen_ciphertext(&self) -> Failure {
        self.call.note_unseen();
        let text = text::denied_ciphertext(&self.call.caller.arn, self.action);
        refuse_with(KmsException::AccessDenied, text)
    }

    fn related(&self, related: Option<Arc<Key>>) -> Result<Resource, Failure> {
        let Some(key) = related else {
            return Ok(Resource::NoRelatedKey);
        };
        self.allow(&key, || self.unseen())?;
        Ok(Resource::Key(key))
    }

    fn key_of_ciphertext(&self, ciphertext: &[u8]) -> Result<Arc<Key>, Failure> {
        let (records, region) = (&self.call.kms.records, &self.call.region);
        let key = resolve::key_of_ciphertext(records, ciphertext, region)?;
        let key = key.ok_or_else(|| self.unseen_ciphertext())?;
        self.allow(&key, || self.unseen_ciphertext())?;
        Ok(key)
    }

    /// The key that the client names for a ciphertext. A related key of another Region is the right key in the
    /// wrong place: IncorrectKeyException, where other operations do not find it.
    fn named_source(&self, reference: &str) -> Result<Resource, Failure> {
        let (records, caller) = (&self.call.kms.records, &self.call.caller);
        let related = resolve::related_elsewhere(records, reference, caller, &self.call.region)?;
        if let Some(key) = related {
            self.allow(&key, || self.unseen())?;
            return Err(refuse_with(KmsException::IncorrectKey, text::INCORRECT_KEY));
        }
        let naming = Naming::KeyOrAlias;
        self.target(&Target::Key { reference, naming })
    }

    fn alias(&self, name: &str) -> Result<Resource, Failure> {
        let name = AliasName {
            account: self.call.caller.account,
            region: self.call.region.clone(),
            name: name.to_owned(),
        };
        let (alias, key) = resolve::alias(&self.call.kms.records, &name)?;
        self.own_alias(alias_arn(&name.region, &name.account, &name.name))?;
        self.allow(&key, || self.unseen())?;
        Ok(Resource::Alias(name, alias, key))
    }

    /// KMS API, RetireGrant: the key is named by its ARN, and may be another account's.
    fn key_of_grant(&self, key_arn: &str) -> Result<KeyName, Failure> {
        let invalid = || refuse_with(KmsException::NotFound, text::invalid_arn(key_arn));
        if !key_arn.starts_with("arn:") {
            return Err(invalid());
        }
        match self.reference(key_arn, Naming::Key)? {
            Reference::Key(name) => Ok(name),
            Reference::Alias(_) => Err(invalid()),
        }
    }

    /// Decides whether the caller may end `grant` on `key`. On another account's key, a grant that is not for
    /// the caller to end is as good as absent, and so is the key.
    fn grant(&self, key: &KeyName, grant: Option<GrantRecord>) -> Result<Resource, Failure> {
        let is_own = key.account == self.call.caller.account;
        let records = &self.call.kms.records;
        let found = match resolve::key(records, &Reference::Key(key.clone())) {
            Err(Failure::Refused(_)) if !is_own => return Err(self.unseen()),
            found => found?,
        };
        let Some(grant) = grant else {
            return Err(match is_own {
                true => refuse(KmsException::InvalidGrantId),
                false => self.unseen(),
            });
        };
        match self.asked.decide_retire(self.action, &found, &grant)? {
            Verdict::Allowed => {
                self.call.note_key(&found);
                Ok(Resource::Grant(Box::new(grant)))
            }
            Verdict::Denied(denial) if is_own => {
                self.call.note_key(&found);
                let place = Where::Resource(&found.arn);
                Err(self.asked.refusal(self.action, place, &denial))
            }
            Verdict::Denied(denial) if denial.is_of_callers_side() => {
                Err(self
                    .asked
                    .refusal(self.action, Where::ThisResource, &denial))
            }
            Verdict::Denied(_) => Err(self.unseen()),
        }
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
            Some(
                Resource::Account | Resource::NoRelatedKey | Resource::Grant(_) | Resource::Role(_),
            )
            | None => Err(no_such_resource()),
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
            Resource::Key(_)
            | Resource::Account
            | Resource::NoRelatedKey
            | Resource::Grant(_)
            | Resource::Role(_) => None,
        });
        found.ok_or_else(no_such_resource)
    }

    /// The role of the operation.
    pub(crate) fn role(&self) -> Result<&Arc<Role>, Failure> {
        match self.resources.first() {
            Some(Resource::Role(role)) => Ok(role),
            _ => Err(no_such_resource()),
        }
    }

    /// The grant of the operation.
    pub(crate) fn grant(&self) -> Result<&GrantRecord, Failure> {
        let found = self.resources.iter().find_map(|resource| match resource {
            Resource::Grant(grant) => Some(&**grant),
            Resource::Key(_)
            | Resource::Account
            | Resource::NoRelatedKey
            | Resource::Alias(..)
            | Resource::Role(_) => None,
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

#[cfg(test)]
mod tests;
