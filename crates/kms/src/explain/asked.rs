//! A question after its look-ups: who asks, for what, with which condition keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use strongroom_aws::kms::EncryptionContextType;
use strongroom_aws::text::{self, Where};
use strongroom_base::id::{AccountId, Region};
use strongroom_policy::{Arn, Decision, MapContext, Outcome, Principal, folded};

use super::question::CONTEXT_VALUES_MAX;
use super::{ExplainQuestion, Unexplained};
use crate::authorize::{Asked, Denied, Keys, Thing};
use crate::call::{Source, Via};
use crate::failure::Failure;
use crate::iam::{Bound, Caller, Identity, Role, Session, bound, policies_of};
use crate::key::{Key, alias_arn};
use crate::kms::Kms;
use crate::ops::{OPS, ResourceKind};
use crate::records::{KeyState, Millis, SessionOf, SessionRecord, TagRecord};
use crate::repository::{EntityName, Repository};
use crate::resolve::{self, Naming, Reference};

/// The name of the session that a role is asked about as.
const SESSION_NAME: &str = "explain";
const SESSION_SECONDS: u64 = 3600;
const PAIR_PREFIX: &str = "kms:encryptioncontext:";
const TAG_PREFIX: &str = "aws:requesttag/";

/// The condition keys that can have several values even when they have one (IAM User Guide, "Multivalued context
/// keys").
const MULTIVALUED: &[&str] = &[
    "aws:calledvia",
    "aws:principalorgpaths",
    "aws:principalservicenameslist",
    "aws:tagkeys",
    "kms:encryptioncontextkeys",
    "kms:grantoperations",
    "kms:resourcealiases",
];

/// What a question is about.
pub(super) enum Resource {
    /// Nothing in particular.
    Nothing,
    /// Something only identity policies speak of: its ARN and tags.
    Own(String, Vec<TagRecord>),
    /// A role that is to be assumed, with its ARN.
    Role(String, Arc<Role>),
    /// A key, and the alias that the question names it by.
    Key(Arc<Key>, Option<String>),
}

impl Resource {
    /// Its ARN, `*` of nothing in particular.
    pub(super) fn arn(&self) -> &str {
        match self {
            Self::Nothing => "*",
            Self::Own(arn, _) | Self::Role(arn, _) => arn,
            Self::Key(key, _) => &key.arn,
        }
    }

    /// It as decisions take it.
    pub(super) fn thing(&self) -> Thing<'_> {
        match self {
            Self::Nothing => Thing::Own("*", &[]),
            Self::Own(arn, tags) => Thing::Own(arn, tags),
            Self::Role(arn, role) => {
                let account = role.record.entity.account;
                Thing::Guarded(arn, account, &role.trust, &role.record.tags)
            }
            Self::Key(key, _) => Thing::Key(key),
        }
    }
}

/// A question after its look-ups.
pub(super) struct Posed {
    pub(super) action: String,
    pub(super) resource: Resource,
    caller: Caller,
    source: Source,
    region: Region,
    stated: MapContext,
    pairs: EncryptionContextType,
    tags: Vec<(String, String)>,
}

impl Posed {
    /// Looks up what `question` names.
    pub(super) fn new(kms: &Kms, question: &ExplainQuestion) -> Result<Self, Unexplained> {
        let action = action(&question.action)?;
        let named = question.resource.as_deref().unwrap_or("*");
        let region = region(named, &question.region)?;
        let caller = caller(kms, &question.principal, named, &region)?;
        let via = matches!(caller.identity, Identity::Service).then(|| Via {
            principal: caller.arn.clone(),
            source_arn: stated(question, "aws:sourcearn"),
            source_account: stated(question, "aws:sourceaccount"),
        });
        let mut posed = Self {
            resource: Finding {
                kms,
                caller: &caller,
                region: &region,
                action: &action,
            }
            .resource(named)?,
            action,
            caller,
            source: Source {
                address: [127, 0, 0, 1].into(),
                user_agent: String::new(),
                is_secure: via.is_some(),
                tls: None,
                via,
            },
            region,
            stated: MapContext::new(),
            pairs: EncryptionContextType::default(),
            tags: Vec::new(),
        };
        posed.state(&question.context)?;
        Ok(posed)
    }

    fn state(&mut self, values: &[(String, String)]) -> Result<(), Unexplained> {
        if values.len() > CONTEXT_VALUES_MAX {
            let text = format!("more than {CONTEXT_VALUES_MAX} values of condition keys");
            return Err(Unexplained::Question(text));
        }
        let mut stated: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in values {
            let folded = folded(key);
            if let Some(name) = suffix(key, &folded, PAIR_PREFIX) {
                self.pairs.0.insert(name.into(), value.as_str().into());
            } else if let Some(name) = suffix(key, &folded, TAG_PREFIX) {
                self.tags.push((name.to_owned(), value.clone()));
            } else {
                stated.entry(folded).or_default().push(value.clone());
            }
        }
        for (key, mut values) in stated {
            match values.pop() {
                Some(only) if values.is_empty() && !MULTIVALUED.contains(&key.as_str()) => {
                    self.stated.set_one(&key, only);
                }
                last => {
                    values.extend(last);
                    self.stated.set_many(&key, values);
                }
            }
        }
        Ok(())
    }

    /// What decides.
    pub(super) fn asked<'p>(&'p self, kms: &'p Kms) -> Result<Asked<'p>, Failure> {
        Ok(Asked {
            kms,
            caller: &self.caller,
            region: &self.region,
            source: &self.source,
            policies: policies_of(&kms.records, &self.caller)?,
            stated: Some(&self.stated),
        })
    }

    /// What fills in the condition keys that an input would have.
    pub(super) fn fill<'p>(&'p self) -> impl Fn(&mut Keys<'p>) + 'p {
        move |keys| {
            if let Resource::Key(_, Some(alias)) = &self.resource {
                keys.one("kms:requestalias", alias.as_str());
            }
            if !self.pairs.0.is_empty() {
                keys.encryption_context(Some(&self.pairs));
            }
            let tags = self.tags.iter();
            keys.request_tag_texts(tags.map(|(key, value)| (key.as_str(), value.as_str())));
        }
    }

    /// What the client is told, if it is a no.
    pub(super) fn message(&self, asked: &Asked<'_>, decision: &Decision) -> Option<String> {
        let denial = match decision.outcome {
            Outcome::Allowed => return None,
            Outcome::Denied(denial) => Denied(denial),
        };
        let place = match &self.resource {
            Resource::Key(key, _) if key.name.account != self.caller.account => {
                if !denial.is_of_callers_side() {
                    return Some(self.unseen(asked));
                }
                Where::ThisResource
            }
            resource => Where::Resource(resource.arn()),
        };
        match asked.refusal(&self.action, place, &denial) {
            Failure::Refused(refusal) => refusal.message,
            _ => None,
        }
    }

    /// What the client is told of a key that it may not know of.
    pub(super) fn unseen(&self, asked: &Asked<'_>) -> String {
        text::denied_unseen(&asked.caller.arn, &self.action)
    }

    /// Whether operations that need the action reach the key's account.
    pub(super) fn is_in_reach(&self) -> bool {
        let Resource::Key(key, _) = &self.resource else {
            return true;
        };
        if key.name.account == self.caller.account {
            return true;
        }
        let mut operations = OPS
            .iter()
            .filter(|op| op.actions.contains(&self.action.as_str()));
        operations.any(|op| {
            matches!(
                op.resource,
                ResourceKind::Key | ResourceKind::CiphertextKey | ResourceKind::TwoKeys
            )
        })
    }

    /// What else a reader should know, of policies that ask for `keys`.
    pub(super) fn notes(&self, keys: &[String]) -> Vec<String> {
        let mut notes = Vec::new();
        if known_action(&self.action).is_none() {
            notes.push(format!("no operation here needs {}", self.action));
        }
        if matches!(self.caller.identity, Identity::Role(..)) {
            let text = "a session of the role is asked about, without session policies";
            notes.push(text.to_owned());
        }
        let of_connection = ["aws:sourceip", "aws:securetransport", "aws:useragent"];
        let asks = |key: &String| of_connection.contains(&key.as_str());
        if self.source.via.is_none() && keys.iter().any(asks) {
            let text =
                "unless the question says otherwise, the request comes from 127.0.0.1 in clear";
            notes.push(text.to_owned());
        }
        if let Resource::Key(key, _) = &self.resource
            && key.record.state != KeyState::Enabled
        {
            let state = key.record.state;
            notes.push(format!(
                "the key is {state:?}, which operations may refuse by themselves"
            ));
        }
        notes
    }
}

/// What a question says of a condition key, which constraints of grants may ask for, too.
fn stated(question: &ExplainQuestion, key: &str) -> Option<String> {
    let mut stated = question.context.iter();
    let found = stated.find(|(name, _)| folded(name) == key)?;
    Some(found.1.clone())
}

/// What follows `prefix` in `key`, in the case in which it was written.
fn suffix<'k>(key: &'k str, folded: &str, prefix: &str) -> Option<&'k str> {
    folded.strip_prefix(prefix).and(key.get(prefix.len()..))
}

fn action(text: &str) -> Result<String, Unexplained> {
    let is_plain = text.split_once(':').is_some_and(|(service, name)| {
        !service.is_empty() && !name.is_empty() && !name.contains(['*', '?', ':'])
    });
    if !is_plain {
        let text = format!("'{text}' is no action: SERVICE:NAME, without wildcards");
        return Err(Unexplained::Question(text));
    }
    let known = known_action(text).unwrap_or(text);
    if known == "kms:RetireGrant" {
        let text = "who may retire a grant is said by the grant itself: see `aws kms list-grants`";
        return Err(Unexplained::Question(text.to_owned()));
    }
    Ok(known.to_owned())
}

fn known_action(text: &str) -> Option<&'static str> {
    let mut actions = OPS.iter().flat_map(|op| op.actions);
    actions
        .find(|action| action.eq_ignore_ascii_case(text))
        .copied()
}

/// The Region of a key that is named by ARN, otherwise the one that is said.
fn region(resource: &str, said: &str) -> Result<Region, Unexplained> {
    let arn: Option<Arn> = resource.parse().ok();
    let of_key = arn.filter(|arn| arn.service() == "kms");
    let text = of_key.as_ref().map_or(said, Arn::region);
    let region = text.parse();
    region.map_err(|_| Unexplained::Question(format!("'{text}' is no Region")))
}

fn caller(
    kms: &Kms,
    principal: &str,
    resource: &str,
    region: &Region,
) -> Result<Caller, Unexplained> {
    let refused = |text: &str| Err(Unexplained::Question(format!("{principal}: {text}")));
    if let Some(Principal::Service(name)) = Principal::parse("Service", principal) {
        let owner = resource
            .parse()
            .ok()
            .and_then(|arn: Arn| arn.account().parse().ok());
        return match owner {
            Some(account) => Ok(Caller::service(&name, account)),
            None => refused("a service has no account of its own: name the resource by its ARN"),
        };
    }
    let partition = region.partition();
    match (
        Principal::parse("AWS", principal),
        bound(kms, "AWS", principal, partition)?,
    ) {
        (None, _) => refused("no ARN, id or service of a principal"),
        (Some(Principal::Anyone), _) => refused("everyone is no one in particular"),
        (_, Bound::Absent) => refused("there is no such principal"),
        (Some(Principal::Account { account, .. }), Bound::AsWritten) => {
            Ok(Caller::root(account, String::new(), region))
        }
        (_, Bound::ById(_, id)) => match with_id(kms, &id, region)? {
            Some(caller) => Ok(caller),
            None => refused("there is no such principal"),
        },
        (_, Bound::AsWritten) => {
            refused("what a federated user may is in its token, and nowhere else")
        }
    }
}

fn with_id(kms: &Kms, id: &str, region: &Region) -> Result<Option<Caller>, Failure> {
    if let Some(user) = kms.records.user_with_id(id)? {
        return Ok(Some(Caller::user(user, String::new(), region)));
    }
    let (role, name) = id.split_once(':').unwrap_or((id, SESSION_NAME));
    let session = Session::new(session(kms, role, name))?;
    Caller::of_session(&kms.records, Arc::new(session), region)
}

fn session(kms: &Kms, role: &str, name: &str) -> SessionRecord {
    let now = kms.env.clock.now();
    let lifetime = std::time::Duration::from_secs(SESSION_SECONDS);
    SessionRecord {
        access_key_id: String::new(),
        secret: Vec::new(),
        of: SessionOf::Role(role.to_owned()),
        name: name.to_owned(),
        issued: Millis::from(now),
        expires: Millis::from(now.plus(lifetime)),
        is_limited: false,
        policy: None,
        policies: Vec::new(),
        tags: Vec::new(),
        transitive: Vec::new(),
        source_identity: None,
        provider: None,
    }
}

/// What is needed to find out what a resource is.
struct Finding<'f> {
    kms: &'f Kms,
    caller: &'f Caller,
    region: &'f Region,
    action: &'f str,
}

impl Finding<'_> {
    fn resource(&self, text: &str) -> Result<Resource, Unexplained> {
        if text == "*" {
            return Ok(Resource::Nothing);
        }
        match text.parse::<Arn>() {
            Ok(arn) if arn.service() == "iam" => self.entity(text, &arn),
            Ok(arn) if arn.service() != "kms" => Ok(Resource::Own(text.to_owned(), Vec::new())),
            _ => self.key(text),
        }
    }

    fn key(&self, text: &str) -> Result<Resource, Unexplained> {
        let reference = Reference::parse(text, Naming::KeyOrAlias, self.caller, self.region);
        let reference = reference.map_err(Failure::from)?;
        let alias = match &reference {
            Reference::Alias(alias) => Some(alias),
            Reference::Key(_) => None,
        };
        if let Some(alias) = alias.filter(|_| self.is_on_aliases()) {
            let arn = alias_arn(&alias.region, &alias.account, &alias.name);
            return Ok(Resource::Own(arn, Vec::new()));
        }
        let name = alias.map(|alias| alias.name.clone());
        let key = resolve::key(&self.kms.records, &reference)?;
        Ok(Resource::Key(key, name))
    }

    /// KMS Developer Guide, "Controlling access to aliases": these need permission on the alias, too.
    fn is_on_aliases(&self) -> bool {
        matches!(
            self.action,
            "kms:CreateAlias" | "kms:UpdateAlias" | "kms:DeleteAlias"
        )
    }

    fn entity(&self, text: &str, arn: &Arn) -> Result<Resource, Unexplained> {
        let records = &self.kms.records;
        let account: Option<AccountId> = arn.account().parse().ok();
        let account = account.unwrap_or(self.caller.account);
        if self.is_on_trust() && arn.resource().starts_with("role/") {
            let role = records.role(&entity_name(account, arn))?;
            let role = role
                .filter(|role| crate::iam::role_arn(arn.partition(), &role.record.entity) == text);
            return match role {
                Some(role) => Ok(Resource::Role(text.to_owned(), role)),
                None => Err(Unexplained::Question(format!(
                    "{text}: there is no such role"
                ))),
            };
        }
        if account != self.caller.account && arn.account() != "aws" {
            let text = format!(
                "{text}: principals reach users, groups, roles and policies of their own account only"
            );
            return Err(Unexplained::Question(text));
        }
        let tags = entity_tags(records, account, arn)?;
        Ok(Resource::Own(text.to_owned(), tags))
    }

    fn is_on_trust(&self) -> bool {
        let action = self.action.to_ascii_lowercase();
        action.starts_with("sts:assumerole")
            || matches!(action.as_str(), "sts:tagsession" | "sts:setsourceidentity")
    }
}

fn entity_name(account: AccountId, arn: &Arn) -> EntityName {
    let (_, name) = arn.resource().rsplit_once('/').unwrap_or_default();
    EntityName::new(account, name)
}

fn entity_tags(
    records: &Repository,
    account: AccountId,
    arn: &Arn,
) -> Result<Vec<TagRecord>, Failure> {
    let name = entity_name(account, arn);
    let (kind, _) = arn.resource().split_once('/').unwrap_or_default();
    let tags = match kind {
        "user" => records.user(&name)?.map(|user| user.record.tags.clone()),
        "role" => records.role(&name)?.map(|role| role.record.tags.clone()),
        "policy" => {
            let policy = records.managed_policy(&name)?;
            policy.map(|policy| policy.record.tags.clone())
        }
        _ => None,
    };
    Ok(tags.unwrap_or_default())
}
