//! Brings together what a decision rests on: the caller's policies, the policy and the grants of a key, the
//! condition keys of the request. What they amount to is decided in `policy`.

use std::cell::OnceCell;
use std::sync::LazyLock;

use strongroom_aws::error::Refusal;
use strongroom_aws::text::Where;
use strongroom_base::id::{AccountId, Region};
use strongroom_policy::{
    self as policy, Case, CompiledPolicy, Decision, Denial, Grammar, GrantMatch, MapContext,
    Outcome, PolicyType, ResourcePolicy,
};

use super::conditions::{Keys, RequestContext};
use super::denial;
use crate::call::{Call, Source};
use crate::failure::Failure;
use crate::grants;
use crate::iam::{Caller, CallerPolicies, Identity, Named, compile, policies_of};
use crate::key::Key;
use crate::kms::Kms;
use crate::records::{GrantId, GrantRecord, PolicyKind, TagRecord, Unreadable};

/// Who asks, from where, and every policy of the caller's.
pub(crate) struct Asked<'r> {
    /// The service.
    pub kms: &'r Kms,
    /// Who asks.
    pub caller: &'r Caller,
    /// The Region called.
    pub region: &'r Region,
    /// Where the request came from.
    pub source: &'r Source,
    /// The caller's policies, as they were when the request came.
    pub policies: CallerPolicies,
    /// Condition keys that come before all others, of questions that are no requests.
    pub stated: Option<&'r MapContext>,
}

/// What a decision is about.
#[derive(Clone, Copy)]
pub(crate) enum Thing<'t> {
    /// Something of the caller's account that only identity policies speak of: its ARN, or `*`, and its tags.
    Own(&'t str, &'t [TagRecord]),
    /// What is to be made in another Region of the caller's account, which has no ARN yet.
    OwnIn(&'t Region),
    /// Something whose policy alone lets anybody in, as a role's trust policy does: its ARN, owner and tags.
    Guarded(&'t str, AccountId, &'t CompiledPolicy, &'t [TagRecord]),
    /// A key, its policy and its grants.
    Key(&'t Key),
    /// A key as it would be under this policy, without grants.
    KeyUnder(&'t Key, &'t CompiledPolicy),
}

/// The end of a decision.
pub(crate) enum Verdict {
    /// The caller may.
    Allowed,
    /// The caller may not, and why.
    Denied(Denied),
}

/// Why a caller may not.
pub(crate) struct Denied(pub Denial);

impl Denied {
    /// Whether the owner of the resource lets the caller in and only the caller's own side does not.
    pub(crate) fn is_of_callers_side(&self) -> bool {
        match self.0 {
            Denial::Missing(PolicyType::Identity | PolicyType::Boundary | PolicyType::Session) => {
                true
            }
            Denial::Missing(PolicyType::Guardrail | PolicyType::Resource)
            | Denial::Explicit(_)
            | Denial::Undetermined => false,
        }
    }
}

impl<'r> Asked<'r> {
    /// What `call` asks with.
    pub(crate) fn of_call(call: &'r Call<'r>) -> Result<Self, Failure> {
        Ok(Self {
            kms: call.kms,
            caller: &call.caller,
            region: &call.region,
            source: &call.source,
            policies: policies_of(&call.kms.records, &call.caller)?,
            stated: None,
        })
    }

    /// Decides on `action`; `fill` says what condition keys the request has.
    pub(crate) fn decide<'i>(
        &self,
        action: &str,
        thing: &Thing<'_>,
        fill: &dyn Fn(&mut Keys<'i>),
    ) -> Result<Verdict, Failure> {
        if self.is_root_at_home(thing) {
            return Ok(Verdict::Allowed);
        }
        let (decision, _) = self.explain(action, thing, fill)?;
        Ok(verdict(&decision))
    }

    /// Decides on `action`, and says which statements took part and which grant decided, if one did.
    pub(crate) fn explain<'i>(
        &self,
        action: &str,
        thing: &Thing<'_>,
        fill: &dyn Fn(&mut Keys<'i>),
    ) -> Result<(Decision, Option<GrantId>), Failure> {
        let context = self.context(action, thing, fill);
        let key_policy = match thing {
            Thing::Key(key) => Some(self.kms.records.key_policy(key)?),
            Thing::Own(..) | Thing::OwnIn(_) | Thing::Guarded(..) | Thing::KeyUnder(..) => None,
        };
        let resource_policy = match (thing, &key_policy) {
            (Thing::Guarded(_, _, policy, _) | Thing::KeyUnder(_, policy), _) => {
                ResourcePolicy::Sole(policy)
            }
            (_, Some(policy)) => ResourcePolicy::Sole(policy),
            (_, None) => ResourcePolicy::None,
        };
        let decision = self.case(action, thing, &context, resource_policy, &[]);
        let Thing::Key(key) = thing else {
            return Ok((decision, None));
        };
        if !could_be_granted(&decision) {
            return Ok((decision, None));
        }
        let (ids, grants): (Vec<_>, Vec<_>) = grants::speaking_for(self, key, action, &context)?
            .into_iter()
            .unzip();
        if grants.is_empty() {
            return Ok((decision, None));
        }
        let decision = self.case(action, thing, &context, resource_policy, &grants);
        let decided = decision.matched.grant.and_then(|index| ids.get(index));
        Ok((decision, decided.copied()))
    }

    /// Decides on the end of a grant, which says itself who may end it.
    pub(crate) fn decide_retire<'g>(
        &self,
        action: &str,
        key: &Key,
        grant: &'g GrantRecord,
    ) -> Result<Verdict, Failure> {
        let thing = Thing::Key(key);
        let fill = |keys: &mut Keys<'g>| keys.constraints_of(&grant.terms);
        let context = self.context(action, &thing, &fill);
        let speaks = grants::retiring(self, grant);
        // A key policy cannot let anybody retire a grant, so it is not asked.
        let nobody = ResourcePolicy::Sole(compiled_nobody()?);
        let decision = self.case(action, &thing, &context, nobody, speaks.as_slice());
        Ok(verdict(&decision))
    }

    /// The refusal of `action` for this reason.
    pub(crate) fn refusal(&self, action: &str, place: Where<'_>, denied: &Denied) -> Failure {
        let arn = &self.caller.arn;
        let refusal: Refusal = denial::refusal(arn, action, place, &denied.0, &self.policies.own);
        refusal.into()
    }

    /// The root of an account that nothing limits, before a policy that delegates everything and denies nothing.
    fn is_root_at_home(&self, thing: &Thing<'_>) -> bool {
        let guardrail = self.policies.guardrail.as_deref();
        let is_free = matches!(self.caller.identity, Identity::Root)
            && guardrail.is_some_and(|guardrail| guardrail.0.is_none())
            && self.policies.own.session.is_none();
        is_free
            && match thing {
                Thing::Own(..) | Thing::OwnIn(_) => true,
                Thing::Guarded(..) | Thing::KeyUnder(..) => false,
                Thing::Key(key) => {
                    key.name.account == self.caller.account
                        && matches!(
                            key.record.policy,
                            PolicyKind::Default | PolicyKind::EquivalentToDefault
                        )
                }
            }
    }

    /// The condition keys of a request about `thing`.
    pub(crate) fn context<'c, 'i>(
        &'c self,
        action: &'c str,
        thing: &Thing<'c>,
        fill: &'c dyn Fn(&mut Keys<'i>),
    ) -> RequestContext<'c, 'i> {
        let (key, resource_tags): (_, &[TagRecord]) = match *thing {
            Thing::Key(key) | Thing::KeyUnder(key, _) => (Some(key), &[]),
            Thing::Own(_, tags) | Thing::Guarded(_, _, _, tags) => (None, tags),
            Thing::OwnIn(_) => (None, &[]),
        };
        let region = match *thing {
            Thing::OwnIn(region) => region,
            // A replica's policy is to be kept in the replica's Region.
            Thing::KeyUnder(key, _) => &key.name.region,
            Thing::Own(..) | Thing::Guarded(..) | Thing::Key(_) => self.region,
        };
        RequestContext {
            kms: self.kms,
            action,
            caller: self.caller,
            region,
            source: self.source,
            owner: self.owner(thing),
            key,
            resource_tags,
            fill,
            filled: OnceCell::new(),
            attested: OnceCell::new(),
            stated: self.stated,
        }
    }

    fn owner(&self, thing: &Thing<'_>) -> AccountId {
        match thing {
            Thing::Own(..) | Thing::OwnIn(_) => self.caller.account,
            Thing::Guarded(_, owner, _, _) => *owner,
            Thing::Key(key) | Thing::KeyUnder(key, _) => key.name.account,
        }
    }

    fn case(
        &self,
        action: &str,
        thing: &Thing<'_>,
        context: &RequestContext<'_, '_>,
        resource_policy: ResourcePolicy<'_>,
        grants: &[GrantMatch],
    ) -> Decision {
        let guardrail = self.policies.guardrail.as_deref();
        let guardrail = guardrail.and_then(|guardrail| guardrail.0.as_ref());
        let identity = compiled(&self.policies.own.identity);
        let session = self.policies.own.session.as_deref().map(compiled);
        let arn = match thing {
            Thing::Own("*", _) | Thing::OwnIn(_) => None,
            Thing::Own(arn, _) | Thing::Guarded(arn, _, _, _) => Some(*arn),
            Thing::Key(key) | Thing::KeyUnder(key, _) => Some(key.arn.as_str()),
        };
        policy::decide(&Case {
            action,
            resource: policy::Resource {
                arn,
                owner: self.owner(thing),
            },
            caller: &self.caller.principal(),
            context,
            guardrails: guardrail.as_slice(),
            resource_policy,
            identity: &identity,
            boundary: self
                .policies
                .own
                .boundary
                .as_ref()
                .map(|named| &*named.policy),
            session: session.as_deref(),
            grants,
        })
    }
}

/// A policy whose only statement has no action, and so never matches.
fn compiled_nobody() -> Result<&'static CompiledPolicy, Unreadable> {
    static NOBODY: LazyLock<Option<CompiledPolicy>> = LazyLock::new(|| {
        let document = r#"{"Statement":{"Effect":"Deny","Principal":"*"}}"#;
        compile(document, Grammar::Key).ok()
    });
    NOBODY.as_ref().ok_or(Unreadable)
}

fn compiled(policies: &[Named]) -> Vec<&CompiledPolicy> {
    policies.iter().map(|named| &*named.policy).collect()
}

/// A grant allows what nothing else does, and never what something denies.
fn could_be_granted(decision: &Decision) -> bool {
    match decision.outcome {
        Outcome::Denied(Denial::Missing(
            PolicyType::Resource
            | PolicyType::Identity
            | PolicyType::Boundary
            | PolicyType::Session,
        )) => true,
        Outcome::Denied(
            Denial::Missing(PolicyType::Guardrail) | Denial::Explicit(_) | Denial::Undetermined,
        )
        | Outcome::Allowed => false,
    }
}

fn verdict(decision: &Decision) -> Verdict {
    match &decision.outcome {
        Outcome::Allowed => Verdict::Allowed,
        Outcome::Denied(denial) => Verdict::Denied(Denied(*denial)),
    }
}
