//! Roles to be assumed: their trust policies decide. Whether a role is missing or forbidden makes no difference
//! in code or text, and of another account's in time.

use std::sync::Arc;

use strongroom_aws::error::QueryException;
use strongroom_aws::text;
use strongroom_base::id::AccountId;
use strongroom_policy::{Arn, Denial};

use super::decision::Denied;
use super::{Asked, Asking, Keys, Thing, Verdict};
use crate::failure::{Failure, refuse_with};
use crate::iam::{Caller, Identity, Role, policies_of, role_arn};
use crate::oidc::WebIdentity;
use crate::repository::EntityName;

/// What tags of the request, or inherited ones, need besides.
const TAG_SESSION: &str = "sts:TagSession";
/// What a source identity needs besides, be it set or inherited.
const SET_SOURCE_IDENTITY: &str = "sts:SetSourceIdentity";

impl<'r> Asking<'r, '_> {
    /// The role `arn`, if the caller may assume it as the request says.
    pub(super) fn role(&self, arn: &str) -> Result<Arc<Role>, Failure> {
        let (account, name) = named(arn).ok_or_else(|| invalid_arn(arn))?;
        let caller = &self.call.caller;
        // STS API, AssumeRole, and IAM User Guide, "Compare AWS STS credentials": not with the credentials of an account's root.
        if matches!(caller.identity, Identity::Root) {
            let text = text::sts::ROOT_ASSUMES_ROLE;
            return Err(refuse_with(QueryException::AccessDenied, text));
        }
        // The same page: federated users call nothing of STS but GetCallerIdentity.
        let is_federated = matches!(caller.identity, Identity::FederatedUser(_));
        let found = self.call.kms.records.role(&name)?;
        let is_meant = |role: &Arc<Role>| role_arn(caller.partition(), &role.record.entity) == arn;
        let Some(role) = found.filter(is_meant).filter(|_| !is_federated) else {
            return Err(self.denied_role(self.action, &account, arn));
        };
        let fill = |keys: &mut Keys<'r>| {
            (self.fill)(keys);
            inherit(caller, keys);
        };
        self.trusted(&role, arn, &fill)?;
        self.call.note_role(arn.to_owned());
        Ok(role)
    }

    /// The role `arn`, if its trust policy lets in whom `token` vouches for. The token is verified first.
    pub(super) fn role_for_token(&self, arn: &str, token: &str) -> Result<Arc<Role>, Failure> {
        let (account, name) = named(arn).ok_or_else(|| invalid_arn(arn))?;
        let who = self.identify(token)?;
        let found = self.call.kms.records.role(&name)?;
        let partition = self.call.region.partition();
        let is_meant = |role: &Arc<Role>| role_arn(partition, &role.record.entity) == arn;
        let role = found.filter(is_meant).ok_or_else(|| self.denied_token())?;
        let fill = |keys: &mut Keys<'r>| {
            (self.fill)(keys);
            bring(who, keys);
        };
        let provider = who.provider_arn(partition, &account);
        // Trust policies name a provider by its ARN or by its host; a Deny of either name counts.
        let callers = [&provider, who.host()]
            .map(|name| Caller::web_identity(account, name, Some(Arc::clone(who))));
        for action in self.needed(&fill) {
            let mut allowed = false;
            for caller in &callers {
                match self.decide_as(caller, action, &role, arn, &fill)? {
                    Verdict::Allowed => allowed = true,
                    Verdict::Denied(Denied(Denial::Explicit(_))) => return Err(self.denied_token()),
                    Verdict::Denied(_) => {}
                }
            }
            if !allowed {
                return Err(self.denied_token());
            }
        }
        self.call.note_role(arn.to_owned());
        Ok(role)
    }

    /// Whom the token of the call vouches for.
    fn identify(&self, token: &str) -> Result<&'r Arc<WebIdentity>, Failure> {
        let (call, kms) = (self.call, self.call.kms);
        if let Some(known) = call.web_identity.get() {
            return Ok(known);
        }
        let providers = &kms.settings.identity_providers;
        let who = providers.verify(token, kms.env.clock.now().seconds())?;
        Ok(call.web_identity.get_or_init(|| who))
    }

    fn decide_as(
        &self,
        caller: &Caller,
        action: &str,
        role: &Role,
        arn: &str,
        fill: &dyn Fn(&mut Keys<'r>),
    ) -> Result<Verdict, Failure> {
        let asked = Asked {
            kms: self.call.kms,
            caller,
            region: &self.call.region,
            source: &self.call.source,
            policies: policies_of(&self.call.kms.records, caller)?,
            stated: None,
        };
        asked.decide(action, &guarded(role, arn), fill)
    }

    fn trusted(&self, role: &Role, arn: &str, fill: &dyn Fn(&mut Keys<'r>)) -> Result<(), Failure> {
        let account = role.record.entity.account;
        for action in self.needed(fill) {
            match self.asked.decide(action, &guarded(role, arn), fill)? {
                Verdict::Allowed => {}
                Verdict::Denied(_) => return Err(self.denied_role(action, &account, arn)),
            }
        }
        Ok(())
    }

    /// IAM User Guide, "Passing session tags" and "Monitor and control actions taken with assumed roles": what
    /// is inherited needs its permission as what is asked for does.
    fn needed(&self, fill: &dyn Fn(&mut Keys<'r>)) -> impl Iterator<Item = &'static str> {
        let mut keys = Keys::default();
        fill(&mut keys);
        let (tags, source) = (keys.has_request_tags(), keys.has(SOURCE_IDENTITY));
        let actions = self.call.op.actions.iter().copied();
        actions.filter(move |action| match *action {
            TAG_SESSION => tags,
            SET_SOURCE_IDENTITY => source,
            _ => true,
        })
    }

    /// Nobody is known yet who could be told more.
    fn denied_token(&self) -> Failure {
        self.call.note_unseen();
        refuse_with(QueryException::AccessDenied, text::sts::DENIED_WEB_IDENTITY)
    }

    fn denied_role(&self, action: &str, account: &AccountId, arn: &str) -> Failure {
        let caller = &self.call.caller;
        if *account != caller.account {
            self.call.note_unseen();
        }
        let text = text::sts::denied_role(&caller.arn, action, arn);
        refuse_with(QueryException::AccessDenied, text)
    }
}

/// The condition key of the source identity, under which requests bring it.
const SOURCE_IDENTITY: &str = "sts:sourceidentity";

/// What the caller's session hands down. A tag that the request brings again is refused after the decision.
fn inherit<'r>(caller: &'r Caller, keys: &mut Keys<'r>) {
    for tag in caller.transitive_tags() {
        if !keys.has_request_tag(&tag.key) {
            keys.request_tag_texts([(tag.key.as_str(), tag.value.as_str())]);
        }
    }
    if !keys.has(SOURCE_IDENTITY) {
        keys.maybe(SOURCE_IDENTITY, caller.source_identity());
    }
}

/// What a token brings into the request.
fn bring<'r>(who: &'r WebIdentity, keys: &mut Keys<'r>) {
    let tags = who.tags.iter().flat_map(|tags| &tags.0);
    keys.request_tag_texts(tags.map(|tag| (tag.key.as_str(), tag.value.as_str())));
    if let Some(transitive) = &who.transitive {
        let transitive = transitive.0.iter().map(|key| key.as_str().into());
        keys.many("sts:transitivetagkeys", transitive.collect());
    }
    let source = who.source_identity.as_ref();
    keys.maybe(SOURCE_IDENTITY, source.map(|source| source.as_str()));
}

fn guarded<'t>(role: &'t Role, arn: &'t str) -> Thing<'t> {
    let record = &role.record;
    Thing::Guarded(arn, record.entity.account, &role.trust, &record.tags)
}

/// The role that an ARN names; `None` when it can name none.
fn named(arn: &str) -> Option<(AccountId, EntityName)> {
    let parsed: Arn = arn.parse().ok()?;
    let (kind, path) = parsed.resource().split_once('/')?;
    let (_, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_role = (parsed.service(), parsed.region(), kind) == ("iam", "", "role");
    let account = parsed.account().parse().ok()?;
    (is_role && !name.is_empty()).then(|| (account, EntityName::new(account, name)))
}

fn invalid_arn(arn: &str) -> Failure {
    refuse_with(QueryException::Validation, text::sts::invalid_arn(arn))
}
