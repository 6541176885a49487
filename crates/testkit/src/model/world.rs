//! What is there: accounts, users, keys and what belongs to them; and who may do what (facts: key-policy, grants,
//! policy-language). The operations are in [`super::kms`] and [`super::iam`].

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::call::{Call, Context, Key as Name, Operations as Op, Spec};
use super::policy::{Effect, Facts, Policy, Statement, Who};

/// Exceptions of which one is right: of more than one, AWS does not say which comes first.
pub(super) type Refused = BTreeSet<&'static str>;

/// One refusal.
pub(super) fn refuse<T>(names: &[&'static str]) -> Result<T, Refused> {
    Err(names.iter().copied().collect())
}

/// Where a key is: account, Region and id.
pub type Place = (String, String, String);

/// The state of a key (KMS Developer Guide, "Key states of AWS KMS keys").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// `Enabled`
    Enabled,
    /// `Disabled`
    Disabled,
    /// `PendingDeletion`
    PendingDeletion,
}

/// A user or root that signed, as the world knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Caller {
    pub account: String,
    /// Of a user: name and unique id.
    pub user: Option<(String, u64)>,
}

impl Caller {
    fn arn(&self) -> String {
        match &self.user {
            Some((name, _)) => Who::User(self.account.clone(), name.clone()).arn(),
            None => Who::Account(self.account.clone()).arn(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct User {
    /// Whoever is made again under the same name is somebody else.
    pub unique: u64,
    pub policies: BTreeMap<String, Policy>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AccessKey {
    pub account: String,
    pub user: Option<String>,
    pub secret: String,
    pub active: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Deletion {
    /// In seconds since the epoch; of a call without an answer, not before it.
    pub date: i64,
    pub is_known: bool,
    pub days: i64,
    /// What the monotonic clock showed when it was scheduled, in seconds.
    pub scheduled: i64,
    pub lives: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Grant {
    pub issuer: String,
    pub grantee: Bound,
    pub retiring: Option<Bound>,
    pub operations: BTreeSet<String>,
    pub equals: Option<Context>,
    pub subset: Option<Context>,
    pub name: Option<String>,
}

/// A principal that was there when it was named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bound {
    Account(String),
    User(u64),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyPolicy {
    pub policy: Policy,
    /// Which users its names meant.
    pub users: BTreeMap<Who, u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub spec: Spec,
    pub state: State,
    pub deletion: Option<Deletion>,
    pub description: String,
    pub policy: KeyPolicy,
    pub tags: BTreeMap<String, String>,
    pub grants: BTreeMap<String, Grant>,
    pub rotation: Option<i64>,
    pub rotations: u32,
}

/// Everything there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct World {
    pub(super) users: BTreeMap<(String, String), User>,
    pub(super) access_keys: BTreeMap<String, AccessKey>,
    pub(super) keys: BTreeMap<Place, Key>,
    /// Account, Region and name of each alias, and the key it names.
    pub(super) aliases: BTreeMap<(String, String, String), String>,
    pub(super) made: u64,
    /// Seconds since the epoch; of the monotonic clock; of that, since the service runs beside a steady wall clock.
    pub(super) wall: i64,
    pub(super) monotonic: i64,
    pub(super) lives: u64,
}

/// What was encrypted, and what came of it.
#[derive(Clone, Debug)]
pub struct Ciphertext {
    /// The key.
    pub place: Place,
    /// The plaintext.
    pub plaintext: Vec<u8>,
    /// The encryption context.
    pub context: Context,
    /// The key material, once an answer told.
    pub material: Option<String>,
}

/// What answers gave that is true in every world: only the key can have made it.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// By blob.
    pub ciphertexts: BTreeMap<Vec<u8>, Ciphertext>,
    /// MACs and signatures: key, message and bytes.
    pub marks: BTreeSet<(Place, Vec<u8>, Vec<u8>)>,
}

/// A call on its way through a world.
pub(super) struct Step<'s> {
    pub memory: &'s Memory,
    pub call: &'s Call,
    pub caller: Caller,
    /// What the answer says; nothing if there was none.
    pub reply: Option<&'s Value>,
    /// What the answer should not say.
    pub wrong: Vec<String>,
    /// Exceptions that would be right, too: what decides on them is not modelled.
    pub tolerated: Refused,
}

impl Step<'_> {
    /// Notes a difference, unless there was no answer.
    pub(super) fn expect(&mut self, what: &str, wanted: impl PartialEq<Value> + std::fmt::Debug) {
        let Some(reply) = self.reply else { return };
        let found = what.split('.').fold(reply, |value, member| &value[member]);
        if wanted != *found {
            self.wrong
                .push(format!("{what} is {found}, and should be {wanted:?}"));
        }
    }

    /// A text of the answer; one that nobody else has when there was none.
    pub(super) fn learn(&mut self, what: &str, unknown: u64) -> String {
        let Some(reply) = self.reply else {
            return format!("?{unknown}");
        };
        let found = what.split('.').fold(reply, |value, member| &value[member]);
        match found.as_str() {
            Some(text) => text.to_owned(),
            None => {
                self.wrong.push(format!("there is no {what} in {reply}"));
                String::new()
            }
        }
    }
}

/// How an operation lets a key be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    Key,
    Alias,
    /// Rotation has an exception of its own for aliases.
    Rotation,
}

impl World {
    /// Adds the access key of an account's root.
    pub fn add_root(&mut self, account: &str, id: &str, secret: &str) {
        let key = AccessKey {
            account: account.to_owned(),
            user: None,
            secret: secret.to_owned(),
            active: true,
        };
        self.access_keys.insert(id.to_owned(), key);
    }

    /// Carries out a call. Errors: the exceptions of which one is right.
    pub(super) fn carry_out(&mut self, step: &mut Step<'_>) -> Result<(), Refused> {
        match step.call.operation.is_iam() {
            true => self.iam(step),
            false => self.kms(step),
        }
    }

    /// Who signed. Errors: as the service names who is nobody (facts: sigv4).
    pub(super) fn caller(&self, call: &Call) -> Result<Caller, Refused> {
        let (nobody, forged) = match call.operation.is_iam() {
            true => ("InvalidClientTokenId", "SignatureDoesNotMatch"),
            false => ("UnrecognizedClientException", "InvalidSignatureException"),
        };
        let known = self.access_keys.get(&call.signer.access_key_id);
        let Some(key) = known.filter(|key| key.active) else {
            return refuse(&[nobody]);
        };
        if key.secret != call.signer.secret {
            return refuse(&[forged]);
        }
        let user = key.user.as_ref().and_then(|name| {
            let user = self.users.get(&(key.account.clone(), name.clone()))?;
            Some((name.clone(), user.unique))
        });
        Ok(Caller {
            account: key.account.clone(),
            user,
        })
    }

    /// The key that `name` means to `caller` in `region`, with the alias if it is named by one.
    pub(super) fn find(
        &self,
        step: &Step<'_>,
        name: &Name,
        naming: Naming,
    ) -> Result<(Place, Option<String>), Refused> {
        let (caller, region) = (&step.caller, &step.call.region);
        let parts: Vec<&str> = name.splitn(6, ':').collect();
        let (account, resource) = match parts[..] {
            ["arn", _, _, elsewhere, _, _] if elsewhere != region => {
                return refuse(&["NotFoundException"]);
            }
            ["arn", _, _, _, account, resource] => {
                let id = resource.strip_prefix("key/").unwrap_or(resource);
                (account.to_owned(), id.to_owned())
            }
            _ => (caller.account.clone(), name.clone()),
        };
        let is_alias = resource.starts_with("alias/");
        match naming {
            Naming::Key if is_alias => {
                return refuse(&["NotFoundException", "InvalidArnException"]);
            }
            Naming::Rotation if is_alias => return refuse(&["InvalidArnException"]),
            _ => {}
        }
        let is_foreign = account != caller.account;
        if is_foreign && !reaches_others(&step.call.operation) {
            return refuse(&["AccessDeniedException"]);
        }
        let (id, alias) = match is_alias {
            true => {
                let alias = (account.clone(), region.clone(), resource.clone());
                (self.aliases.get(&alias).cloned(), Some(resource))
            }
            false => (Some(resource), None),
        };
        let place = id.map(|id| (account, region.clone(), id));
        match place.filter(|place| self.keys.contains_key(place)) {
            Some(place) => Ok((place, alias)),
            None if is_foreign => refuse(&["AccessDeniedException"]),
            None => refuse(&["NotFoundException"]),
        }
    }

    /// What is known of a request about a key.
    pub(super) fn facts(&self, caller: &Caller, place: &Place, alias: Option<&String>) -> Facts {
        let mut facts = self.facts_of_caller(caller);
        let key = &self.keys[place];
        facts.insert("kms:keyspec".into(), vec![key.spec.name().into()]);
        for (tag, value) in &key.tags {
            let name = format!("aws:resourcetag/{}", tag.to_lowercase());
            facts.insert(name, vec![value.clone()]);
        }
        let aliases = self.aliases_of(place);
        if !aliases.is_empty() {
            facts.insert("kms:resourcealiases".into(), aliases);
        }
        if let Some(alias) = alias {
            facts.insert("kms:requestalias".into(), vec![alias.clone()]);
        }
        facts
    }

    /// What is known of every request.
    pub(super) fn facts_of_caller(&self, caller: &Caller) -> Facts {
        let fact = |name: &str, value: String| (name.to_owned(), vec![value]);
        Facts::from([
            fact("kms:calleraccount", caller.account.clone()),
            fact("aws:principalaccount", caller.account.clone()),
            fact("aws:principalarn", caller.arn()),
        ])
    }

    /// The names of a key's aliases.
    pub(super) fn aliases_of(&self, (account, region, id): &Place) -> Vec<String> {
        let all = self.aliases.iter();
        all.filter(|((of, at, _), target)| (of, at, *target) == (account, region, id))
            .map(|((_, _, name), _)| name.clone())
            .collect()
    }

    /// Whether `caller` may do `action` on the key. `context` is the encryption context, of operations that have one.
    pub(super) fn may_use(
        &self,
        caller: &Caller,
        action: &str,
        place: &Place,
        facts: &Facts,
        asked: &Asked<'_>,
    ) -> bool {
        let key = &self.keys[place];
        let facts = &with_context(facts, asked.context());
        if self.is_denied(caller, action, Some(&arn(place)), facts)
            || key
                .policy
                .speaks(Effect::Deny, caller, action, place, facts)
                .is_some()
        {
            return false;
        }
        let identity = self.is_allowed(caller, action, Some(&arn(place)), facts);
        let is_own = caller.account == place.0;
        let by_policy = match key
            .policy
            .speaks(Effect::Allow, caller, action, place, facts)
        {
            Some(Spoken::Directly) => is_own || identity,
            Some(Spoken::ToAccount) => identity,
            None => false,
        };
        by_policy
            || key.grants.values().any(|grant| {
                let suffices = is_own || grant.issuer == caller.account;
                grant.allows(caller, action, asked) && (suffices || identity)
            })
    }

    /// Whether a policy of the caller's own denies it.
    pub(super) fn is_denied(
        &self,
        caller: &Caller,
        action: &str,
        resource: Option<&str>,
        facts: &Facts,
    ) -> bool {
        self.own_statements(caller)
            .any(|one| one.effect == Effect::Deny && one.matches(action, resource, facts))
    }

    /// Whether a policy of the caller's own allows it: of a root, everything.
    pub(super) fn is_allowed(
        &self,
        caller: &Caller,
        action: &str,
        resource: Option<&str>,
        facts: &Facts,
    ) -> bool {
        caller.user.is_none()
            || self
                .own_statements(caller)
                .any(|one| one.effect == Effect::Allow && one.matches(action, resource, facts))
    }

    /// Whether the caller may do what no key policy speaks of.
    pub(super) fn may(
        &self,
        caller: &Caller,
        action: &str,
        resource: Option<&str>,
        facts: &Facts,
    ) -> bool {
        self.is_allowed(caller, action, resource, facts)
            && !self.is_denied(caller, action, resource, facts)
    }

    fn own_statements(&self, caller: &Caller) -> impl Iterator<Item = &Statement> {
        let user = caller
            .user
            .as_ref()
            .and_then(|(name, _)| self.users.get(&(caller.account.clone(), name.clone())));
        let policies = user.into_iter().flat_map(|user| user.policies.values());
        policies.flat_map(|policy| &policy.statements)
    }

    /// Whom `who` means now, if there is such a user.
    pub(super) fn bound(&self, who: &Who) -> Option<Bound> {
        match who {
            Who::Anyone => None,
            Who::Account(account) => Some(Bound::Account(account.clone())),
            Who::User(account, name) => {
                let user = self.users.get(&(account.clone(), name.clone()))?;
                Some(Bound::User(user.unique))
            }
        }
    }

    /// The policy with the users it means now; none if one is not there.
    pub(super) fn bind(&self, policy: &Policy) -> Option<KeyPolicy> {
        let mut users = BTreeMap::new();
        for who in policy.principals() {
            if let Who::User(..) = who {
                let Some(Bound::User(unique)) = self.bound(who) else {
                    return None;
                };
                users.insert(who.clone(), unique);
            }
        }
        Some(KeyPolicy {
            policy: policy.clone(),
            users,
        })
    }

    /// The next number that nobody has.
    pub(super) fn number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }
}

/// How a key policy speaks to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    /// By name, or to everybody.
    Directly,
    /// To the account, whose own policies decide.
    ToAccount,
}

impl KeyPolicy {
    /// Whether a statement with this effect speaks to the caller, and how.
    pub(super) fn speaks(
        &self,
        effect: Effect,
        caller: &Caller,
        action: &str,
        place: &Place,
        facts: &Facts,
    ) -> Option<Spoken> {
        let mut found = None;
        for statement in &self.policy.statements {
            if statement.effect != effect || !statement.matches(action, Some(&arn(place)), facts) {
                continue;
            }
            for who in &statement.who {
                let unique = caller.user.as_ref().map(|(_, unique)| *unique);
                match who {
                    Who::Anyone => return Some(Spoken::Directly),
                    Who::User(..) if unique.is_some() && self.users.get(who) == unique.as_ref() => {
                        return Some(Spoken::Directly);
                    }
                    Who::Account(account) if *account == caller.account => {
                        found = Some(Spoken::ToAccount);
                    }
                    Who::User(..) | Who::Account(_) => {}
                }
            }
        }
        found
    }
}

/// What a request says that grants look at.
pub(super) enum Asked<'a> {
    /// Nothing: the operation has no encryption context.
    Nothing,
    /// An encryption context.
    Context(&'a Context),
    /// A grant: its operations and constraints.
    Grant {
        operations: &'a BTreeSet<String>,
        equals: Option<&'a Context>,
        subset: Option<&'a Context>,
    },
}

impl Asked<'_> {
    fn context(&self) -> Option<&Context> {
        match self {
            Self::Context(context) => Some(context),
            Self::Nothing | Self::Grant { .. } => None,
        }
    }
}

impl Grant {
    fn allows(&self, caller: &Caller, action: &str, asked: &Asked<'_>) -> bool {
        let operation = action.trim_start_matches("kms:");
        self.is_to(caller)
            && self.operations.contains(operation)
            && match asked {
                Asked::Nothing => true,
                Asked::Context(context) => self.admits(context),
                Asked::Grant {
                    operations,
                    equals,
                    subset,
                } => operations.is_subset(&self.operations) && self.covers(*equals, *subset),
            }
    }

    /// Whether it is to the caller.
    pub(super) fn is_to(&self, caller: &Caller) -> bool {
        caller.is(&self.grantee)
    }

    /// KMS API, GrantConstraints: the keys of pairs without regard to case, their values with.
    fn admits(&self, context: &Context) -> bool {
        let equals = |wanted: &Context| lower(wanted) == lower(context);
        let subset = |wanted: &Context| is_within(wanted, context);
        self.equals.as_ref().is_none_or(equals) && self.subset.as_ref().is_none_or(subset)
    }

    /// KMS Developer Guide, "Delegating permission to create grants": constraints may only become stricter.
    fn covers(&self, equals: Option<&Context>, subset: Option<&Context>) -> bool {
        let keeps_equals = |own: &Context| equals.is_some_and(|child| lower(child) == lower(own));
        let keeps_subset = |own: &Context| {
            [equals, subset]
                .into_iter()
                .flatten()
                .any(|child| is_within(own, child))
        };
        self.equals.as_ref().is_none_or(keeps_equals)
            && self.subset.as_ref().is_none_or(keeps_subset)
    }
}

impl Caller {
    /// Whether this is whom a grant names.
    pub(super) fn is(&self, bound: &Bound) -> bool {
        match (bound, &self.user) {
            (Bound::User(unique), Some((_, own))) => unique == own,
            (Bound::Account(account), None) => *account == self.account,
            _ => false,
        }
    }
}

fn lower(context: &Context) -> Context {
    let pairs = context.iter();
    pairs
        .map(|(key, value)| (key.to_lowercase(), value.clone()))
        .collect()
}

fn is_within(part: &Context, whole: &Context) -> bool {
    let whole = lower(whole);
    lower(part)
        .iter()
        .all(|(key, value)| whole.get(key) == Some(value))
}

fn with_context(facts: &Facts, context: Option<&Context>) -> Facts {
    let mut facts = facts.clone();
    let pairs = context.into_iter().flatten();
    for (key, value) in pairs {
        let name = format!("kms:encryptioncontext:{}", key.to_lowercase());
        facts.insert(name, vec![value.clone()]);
        let keys = facts.entry("kms:encryptioncontextkeys".into());
        keys.or_default().push(key.clone());
    }
    facts
}

/// The ARN of a key.
pub(super) fn arn((account, region, id): &Place) -> String {
    format!("arn:aws:kms:{region}:{account}:key/{id}")
}

/// KMS Developer Guide, "Allowing users in other accounts to use a KMS key".
fn reaches_others(operation: &Op) -> bool {
    matches!(
        operation,
        Op::DescribeKey(..)
            | Op::Encrypt { .. }
            | Op::Decrypt { .. }
            | Op::ReEncrypt { .. }
            | Op::GenerateDataKey { .. }
            | Op::GenerateMac(..)
            | Op::VerifyMac(..)
            | Op::Sign(..)
            | Op::Verify(..)
            | Op::GetKeyRotationStatus(..)
            | Op::CreateGrant { .. }
            | Op::ListGrants(..)
            | Op::RetireGrant(..)
            | Op::RevokeGrant(..)
    )
}
