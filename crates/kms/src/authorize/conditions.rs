//! Condition keys: what a policy may ask of a request, its caller and its key. A value that cannot be
//! determined makes the decision a denial; a key that is not known here is absent.
//!
//! Source: KMS Developer Guide, "AWS KMS condition keys"; IAM User Guide, "AWS global condition context keys".

use std::borrow::Cow;
use std::cell::OnceCell;

use strongroom_aws::kms::{EncryptionContextType, TagList};
use strongroom_aws::time::iso8601;
use strongroom_base::UnixMillis;
use strongroom_base::id::{AccountId, Region};
use strongroom_policy::{Context, Undetermined, Values, folded};

use crate::call::Source;
use crate::iam::{Caller, Identity};
use crate::key::Key;
use crate::kms::Kms;
use crate::records::{KeyUsage, TagRecord};

/// A key with more aliases than this is not decided by its aliases (KMS quotas, "Aliases per KMS key").
const ALIASES_PER_KEY_MAX: usize = 50;

/// The condition keys that an operation's input has, each by its name in lower case.
#[derive(Default)]
pub struct Keys<'i> {
    single: Vec<(&'static str, Cow<'i, str>)>,
    several: Vec<(&'static str, Vec<Cow<'i, str>>)>,
    context: Option<&'i EncryptionContextType>,
    tags: Vec<(&'i str, &'i str)>,
}

impl<'i> Keys<'i> {
    /// A key with one value.
    pub(crate) fn one(&mut self, key: &'static str, value: impl Into<Cow<'i, str>>) {
        self.single.push((key, value.into()));
    }

    /// A key with one value, if there is one.
    pub(crate) fn maybe(&mut self, key: &'static str, value: Option<impl Into<Cow<'i, str>>>) {
        if let Some(value) = value {
            self.one(key, value);
        }
    }

    /// A key that can have several values.
    pub(crate) fn many(&mut self, key: &'static str, values: Vec<Cow<'i, str>>) {
        self.several.push((key, values));
    }

    /// The encryption context, as `kms:EncryptionContext:…` and `kms:EncryptionContextKeys`.
    pub(crate) fn encryption_context(&mut self, context: Option<&'i EncryptionContextType>) {
        self.context = context;
    }

    /// Tags of the request, as `aws:RequestTag/…` and `aws:TagKeys`.
    pub(crate) fn request_tags(&mut self, tags: Option<&'i TagList>) {
        let tags = tags.iter().flat_map(|tags| &tags.0);
        self.tags
            .extend(tags.map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str())));
    }

    /// Tags of the request by their texts, as `aws:RequestTag/…` and `aws:TagKeys`.
    pub(crate) fn request_tag_texts(&mut self, tags: impl IntoIterator<Item = (&'i str, &'i str)>) {
        self.tags.extend(tags);
    }

    /// Whether the request brings tags.
    pub(super) fn has_request_tags(&self) -> bool {
        !self.tags.is_empty()
    }

    /// Whether the request brings a tag with this key, case ignored.
    pub(super) fn has_request_tag(&self, key: &str) -> bool {
        let folded = key.to_lowercase();
        self.tags
            .iter()
            .any(|(key, _)| key.to_lowercase() == folded)
    }

    /// Whether the key with one value is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.single.iter().any(|(name, _)| *name == key)
    }

    fn values(&self, key: &str) -> Result<Values<'_>, Undetermined> {
        if let Some(name) = key.strip_prefix("kms:encryptioncontext:") {
            let pairs = self.context.iter().flat_map(|context| &context.0);
            return unique(
                pairs.map(|(key, value)| (key.as_str(), value.as_str())),
                name,
            );
        }
        if let Some(name) = key.strip_prefix("aws:requesttag/") {
            return unique(self.tags.iter().copied(), name);
        }
        match key {
            "kms:encryptioncontextkeys" => Ok(self.context.map_or(Values::Absent, |context| {
                several(context.0.keys().map(|key| key.as_str()))
            })),
            "aws:tagkeys" if !self.tags.is_empty() => {
                Ok(several(self.tags.iter().map(|(key, _)| *key)))
            }
            _ => Ok(self.listed(key)),
        }
    }

    fn listed(&self, key: &str) -> Values<'_> {
        let single = self.single.iter().find(|(name, _)| *name == key);
        if let Some((_, value)) = single {
            return Values::One(Cow::Borrowed(value));
        }
        let several = self.several.iter().find(|(name, _)| *name == key);
        several.map_or(Values::Absent, |(_, values)| {
            Values::Many(values.iter().map(|value| Cow::Borrowed(&**value)).collect())
        })
    }
}

/// The value of the only pair with this name, case ignored; of two it cannot be said which one is meant.
fn unique<'v>(
    pairs: impl Iterator<Item = (&'v str, &'v str)>,
    name: &str,
) -> Result<Values<'v>, Undetermined> {
    let mut found = pairs.filter(|(key, _)| folded(key) == name);
    match (found.next(), found.next()) {
        (None, _) => Ok(Values::Absent),
        (Some((_, value)), None) => Ok(Values::One(value.into())),
        (Some(_), Some(_)) => Err(Undetermined),
    }
}

fn several<'v>(values: impl Iterator<Item = &'v str>) -> Values<'v> {
    Values::Many(values.map(Cow::Borrowed).collect())
}

fn one<'v>(value: impl Into<Cow<'v, str>>) -> Values<'v> {
    Values::One(value.into())
}

fn truth(value: bool) -> Values<'static> {
    one(if value { "true" } else { "false" })
}

/// Everything that the condition keys of one request are read from.
pub(crate) struct RequestContext<'r, 'i> {
    /// The service.
    pub kms: &'r Kms,
    /// Who asks.
    pub caller: &'r Caller,
    /// The Region called.
    pub region: &'r Region,
    /// Where the request came from.
    pub source: &'r Source,
    /// The account that owns the resource.
    pub owner: AccountId,
    /// The key, if the resource is one.
    pub key: Option<&'r Key>,
    /// Tags of the resource, if it is not a key and has any.
    pub resource_tags: &'r [TagRecord],
    /// Fills in what the operation's input says; asked at most once.
    pub fill: &'r dyn Fn(&mut Keys<'i>),
    /// What `fill` filled in.
    pub filled: OnceCell<Keys<'i>>,
}

impl Context for RequestContext<'_, '_> {
    fn values(&self, key: &str) -> Result<Values<'_>, Undetermined> {
        if let Identity::WebIdentity(who) = &self.caller.identity {
            let of_token = who.as_ref().and_then(|who| who.values(key));
            if let Some(values) = of_token {
                return values;
            }
        }
        let found = match key.split_once(':') {
            Some(("aws", name)) => self.global(name)?,
            Some(("kms", name)) => self.of_key(name)?,
            Some(("iam", name)) => match name.strip_prefix("resourcetag/") {
                Some(tag) if self.key.is_none() => self.resource_tag(tag)?,
                Some(_) | None => Values::Absent,
            },
            _ => Values::Absent,
        };
        match found {
            Values::Absent => self.keys().values(key),
            found => Ok(found),
        }
    }
}

impl<'r, 'i> RequestContext<'r, 'i> {
    /// What the operation's input says.
    pub(crate) fn keys(&self) -> &Keys<'i> {
        self.filled.get_or_init(|| {
            let mut keys = Keys::default();
            (self.fill)(&mut keys);
            keys
        })
    }

    fn global(&self, name: &str) -> Result<Values<'_>, Undetermined> {
        if let Some(tag) = name.strip_prefix("principaltag/") {
            return Ok(self.caller.tag(tag).map_or(Values::Absent, one));
        }
        if let Some(tag) = name.strip_prefix("resourcetag/") {
            return self.resource_tag(tag);
        }
        // Whom a token vouches for is no principal yet.
        let is_nobody = matches!(self.caller.identity, Identity::WebIdentity(_));
        let values = match name {
            "principalarn" | "principalaccount" | "principaltype" | "userid" if is_nobody => {
                Values::Absent
            }
            "principalarn" => one(self.caller.principal_arn()),
            "principalaccount" => one(self.caller.account.as_str()),
            "principaltype" => one(self.caller.principal_type()),
            "principalisawsservice" => truth(matches!(self.caller.identity, Identity::Service)),
            "principalservicename" => match self.caller.identity {
                Identity::Service => one(self.caller.arn.as_str()),
                _ => Values::Absent,
            },
            "principalservicenameslist" => match self.caller.identity {
                Identity::Service => several([self.caller.arn.as_str()].into_iter()),
                _ => Values::Absent,
            },
            "userid" => one(self.caller.user_id.as_str()),
            "username" => match &self.caller.identity {
                Identity::User(user) => one(user.record.entity.name.as_str()),
                _ => Values::Absent,
            },
            "sourceip" if self.source.via.is_none() => one(self.source.address.to_string()),
            "securetransport" => truth(self.source.is_secure),
            "useragent" if !self.source.user_agent.is_empty() => {
                one(self.source.user_agent.as_str())
            }
            "currenttime" => one(iso8601(self.now())),
            "epochtime" => one(self.now().seconds().to_string()),
            "requestedregion" => one(self.region.as_str()),
            "resourceaccount" => one(self.owner.to_string()),
            _ => self.session(name).unwrap_or_else(|| self.via(name)),
        };
        Ok(values)
    }

    fn now(&self) -> UnixMillis {
        self.kms.env.clock.now()
    }

    /// The keys that only temporary credentials have.
    fn session(&self, name: &str) -> Option<Values<'_>> {
        let session = &self.caller.session.as_ref()?.record;
        match name {
            "tokenissuetime" => Some(one(iso8601(session.issued.into()))),
            // No device for a second factor exists, so no session was begun with one.
            "multifactorauthpresent" => Some(truth(false)),
            "sourceidentity" => session.source_identity.as_deref().map(one),
            "federatedprovider" => session.provider.as_deref().map(one),
            _ => None,
        }
    }

    /// The keys that only a service may state, over its own socket.
    fn via(&self, name: &str) -> Values<'_> {
        let via = self.source.via.as_ref();
        let text =
            |value: Option<&'r String>| value.map_or(Values::Absent, |text| one(text.as_str()));
        let is_forwarded = via.is_some() && !matches!(self.caller.identity, Identity::Service);
        match name {
            "viaawsservice" => truth(is_forwarded),
            "calledvia" | "calledviafirst" | "calledvialast" if is_forwarded => {
                let service = via.map(|via| via.principal.as_str()).unwrap_or_default();
                match name {
                    "calledvia" => several([service].into_iter()),
                    _ => one(service),
                }
            }
            "sourcearn" => text(via.and_then(|via| via.source_arn.as_ref())),
            "sourceaccount" => text(via.and_then(|via| via.source_account.as_ref())),
            _ => Values::Absent,
        }
    }

    fn resource_tag(&self, name: &str) -> Result<Values<'_>, Undetermined> {
        let tags = self.key.map_or(self.resource_tags, |key| &key.record.tags);
        let pairs = tags.iter();
        unique(
            pairs.map(|tag| (tag.key.as_str(), tag.value.as_str())),
            name,
        )
    }

    fn of_key(&self, name: &str) -> Result<Values<'_>, Undetermined> {
        match name {
            "calleraccount" => return Ok(one(self.caller.account.as_str())),
            "viaservice" => return Ok(self.via_service()),
            "grantisforawsresource" => return Ok(truth(self.source.via.is_some())),
            _ => {}
        }
        let Some(key) = self.key else {
            return Ok(Values::Absent);
        };
        let record = &key.record;
        Ok(match name {
            "keyspec" | "customermasterkeyspec" => one(record.spec.wire().as_str()),
            "keyusage" | "customermasterkeyusage" => one(KeyUsage::wire(record.usage).as_str()),
            "keyorigin" => one(record.origin.wire().as_str()),
            "multiregion" => truth(record.multi_region.is_some()),
            "multiregionkeytype" if record.multi_region.is_some() => one(if key.is_replica() {
                "REPLICA"
            } else {
                "PRIMARY"
            }),
            "resourcealiases" => return self.aliases(key),
            _ => Values::Absent,
        })
    }

    /// KMS Developer Guide, "kms:ViaService": the service's endpoint in the Region; absent when the service
    /// calls for itself.
    fn via_service(&self) -> Values<'_> {
        match &self.source.via {
            Some(via) if !matches!(self.caller.identity, Identity::Service) => {
                one(via.endpoint(self.region))
            }
            Some(_) | None => Values::Absent,
        }
    }

    fn aliases(&self, key: &Key) -> Result<Values<'_>, Undetermined> {
        let records = &self.kms.records;
        let page = records.list_key_aliases(&key.name, None, ALIASES_PER_KEY_MAX + 1);
        let page = page.map_err(|_| Undetermined)?;
        if page.records.len() > ALIASES_PER_KEY_MAX {
            return Err(Undetermined);
        }
        let names = page.records.into_iter();
        Ok(Values::Many(names.map(|alias| alias.name.into()).collect()))
    }
}
