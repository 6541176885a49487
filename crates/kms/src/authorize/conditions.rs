//! Condition keys: what a policy may ask of a request, its caller and its key. A value that cannot be
//! determined makes the decision a denial; a key that is not known here is absent.
//!
//! Source: KMS Developer Guide, "AWS KMS condition keys"; IAM User Guide, "AWS global condition context keys".

use std::borrow::Cow;
use std::cell::OnceCell;

use strongroom_attestation::Attestation;
use strongroom_aws::kms::{CreateGrantRequest, EncryptionContextType, RecipientInfo, TagList};
use strongroom_aws::time::iso8601;
use strongroom_base::id::{AccountId, Region};
use strongroom_base::{UnixMillis, hex};
use strongroom_policy::{Context, MapContext, Principal, Undetermined, Values, folded};

use super::Target;
use crate::call::Source;
use crate::failure::Failure;
use crate::iam::{Caller, Identity, principal_with_id};
use crate::key::{Key, KeyName};
use crate::kms::Kms;
use crate::last_use;
use crate::ops::attested;
use crate::records::{GrantTerms, KeyUsage, TagRecord};
use crate::resolve::{self, Naming, Reference};

/// A key with more aliases than this is not decided by its aliases (KMS quotas, "Aliases per KMS key").
const ALIASES_PER_KEY_MAX: usize = 50;
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// The actions of KMS that no condition key of KMS belongs to but those of an attestation (Service
/// Authorization Reference, "Actions defined by AWS Key Management Service").
const WITHOUT_CALLER_KEYS: &[&str] = &[
    "kms:GenerateRandom",
    "kms:ListAliases",
    "kms:ListKeys",
    "kms:ListRetirableGrants",
];
/// Likewise: the actions on custom key stores, which no service takes for its callers.
const OF_CUSTOM_KEY_STORES: &[&str] = &[
    "kms:ConnectCustomKeyStore",
    "kms:CreateCustomKeyStore",
    "kms:DeleteCustomKeyStore",
    "kms:DescribeCustomKeyStores",
    "kms:DisconnectCustomKeyStore",
    "kms:UpdateCustomKeyStore",
];
/// The actions that kms:GrantIsForAWSResource belongs to.
const OF_GRANTS: &[&str] = &["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"];
/// The actions that kms:TrailingDaysWithoutKeyUsage belongs to.
const ENDING_USE: &[&str] = &["kms:DisableKey", "kms:ScheduleKeyDeletion"];

/// The condition keys that an operation's input has, each by its name in lower case.
#[derive(Default)]
pub struct Keys<'i> {
    single: Vec<(&'static str, Cow<'i, str>)>,
    several: Vec<(&'static str, Vec<Cow<'i, str>>)>,
    undetermined: Option<&'static str>,
    context: Vec<(&'i str, &'i str)>,
    new_grant: Option<&'i CreateGrantRequest>,
    tags: Vec<(&'i str, &'i str)>,
    recipient: Option<&'i RecipientInfo>,
    both_sides: Option<[Target<'i>; 2]>,
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

    /// A key that is `true` or `false`, if the request says.
    pub(crate) fn truth(&mut self, key: &'static str, value: Option<bool>) {
        self.maybe(key, value.map(|value| if value { "true" } else { "false" }));
    }

    /// A key of which the request leaves open what its one value is: whoever asks for it denies.
    pub(crate) fn unclear(&mut self, key: &'static str) {
        self.undetermined = Some(key);
    }

    /// A key that can have several values.
    pub(crate) fn many(&mut self, key: &'static str, values: Vec<Cow<'i, str>>) {
        self.several.push((key, values));
    }

    /// The encryption context, as `kms:EncryptionContext:…` and `kms:EncryptionContextKeys`.
    pub(crate) fn encryption_context(&mut self, context: Option<&'i EncryptionContextType>) {
        let pairs = context.iter().flat_map(|context| &context.0);
        self.context
            .extend(pairs.map(|(key, value)| (key.as_str(), value.as_str())));
    }

    /// What the terms of a grant say of its constraints (KMS Developer Guide, "kms:GrantConstraintType").
    pub(crate) fn constraints_of(&mut self, terms: &'i GrantTerms) {
        let both = [&terms.context_equals, &terms.context_subset];
        let pairs = both.into_iter().flatten().flatten();
        self.context
            .extend(pairs.map(|(key, value)| (key.as_str(), value.as_str())));
        self.constraint_type(
            terms.context_equals.is_some(),
            terms.context_subset.is_some(),
        );
    }

    /// kms:GrantConstraintType of a grant with these constraints on the encryption context.
    pub(crate) fn constraint_type(&mut self, equals: bool, subset: bool) {
        const KEY: &str = "kms:grantconstrainttype";
        match (equals, subset) {
            (true, false) => self.one(KEY, "EncryptionContextEquals"),
            (false, true) => self.one(KEY, "EncryptionContextSubset"),
            (true, true) => self.unclear(KEY),
            (false, false) => {}
        }
    }

    /// For whom the answer is, as `kms:RecipientAttestation:…` once its document is verified.
    pub(crate) fn recipient(&mut self, recipient: Option<&'i RecipientInfo>) {
        self.recipient = recipient;
    }

    /// The two keys of which kms:ReEncryptOnSameKey says whether they are one.
    pub(crate) fn both_sides(&mut self, source: Target<'i>, destination: Target<'i>) {
        self.both_sides = Some([source, destination]);
    }

    /// What a key that is to be made has of `key`, whose replica it will be.
    pub(crate) fn replica_of(&mut self, key: &Key) {
        let record = &key.record;
        self.one("kms:keyspec", record.spec.wire().as_str());
        self.one("kms:customermasterkeyspec", record.spec.wire().as_str());
        self.one("kms:keyusage", record.usage.wire().as_str());
        self.one("kms:customermasterkeyusage", record.usage.wire().as_str());
        self.one("kms:keyorigin", record.origin.wire().as_str());
        self.truth("kms:multiregion", Some(true));
        self.one("kms:multiregionkeytype", "REPLICA");
    }

    /// The pairs of the encryption context, which constraints of grants ask for.
    pub(crate) fn context_pairs(&self) -> &[(&'i str, &'i str)] {
        &self.context
    }

    /// The grant that CreateGrant asks for, which must be no wider than a grant that lets the caller make it.
    pub(crate) fn asks_for_grant(&mut self, grant: &'i CreateGrantRequest) {
        self.new_grant = Some(grant);
    }

    /// What [`Keys::asks_for_grant`] said.
    pub(crate) fn new_grant(&self) -> Option<&'i CreateGrantRequest> {
        self.new_grant
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
        let name = folded(key);
        self.tags.iter().any(|(key, _)| folded(key) == name)
    }

    /// Whether the key with one value is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.single.iter().any(|(name, _)| *name == key)
    }

    fn values(&self, key: &str) -> Result<Values<'_>, Undetermined> {
        if self.undetermined == Some(key) {
            return Err(Undetermined);
        }
        if let Some(name) = key.strip_prefix("kms:encryptioncontext:") {
            return unique(self.context.iter().copied(), name);
        }
        if let Some(name) = key.strip_prefix("aws:requesttag/") {
            return unique(self.tags.iter().copied(), name);
        }
        match key {
            "kms:encryptioncontextkeys" if !self.context.is_empty() => {
                Ok(several(self.context.iter().map(|(key, _)| *key)))
            }
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
    /// What is asked for, `kms:Encrypt`.
    pub action: &'r str,
    /// Who asks.
    pub caller: &'r Caller,
    /// The Region called, or in which the call makes something.
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
    /// What the recipient's document attests, once it was verified; `None` when it attests nothing.
    pub attested: OnceCell<Option<Attestation>>,
    /// What comes before all of them, of questions that are no requests.
    pub stated: Option<&'r MapContext>,
}

impl Context for RequestContext<'_, '_> {
    fn values(&self, key: &str) -> Result<Values<'_>, Undetermined> {
        if let Some(stated) = self.stated
            && let found @ (Values::One(_) | Values::Many(_)) = stated.values(key)?
        {
            return Ok(found);
        }
        if let Identity::Web(who) = &self.caller.identity {
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

/// The key that `target` names, whoever owns it and whether or not it exists; `None` when it names none.
fn named(
    kms: &Kms,
    target: &Target<'_>,
    caller: &Caller,
    region: &Region,
) -> Result<Option<KeyName>, Failure> {
    let reference = match *target {
        Target::Key { reference, .. } => reference,
        Target::Ciphertext {
            reference: Some(reference),
            ..
        } => reference,
        Target::Ciphertext { ciphertext, .. } => {
            let found = resolve::key_of_ciphertext(&kms.records, ciphertext, region)?;
            return Ok(found.map(|key| key.name.clone()));
        }
        _ => return Ok(None),
    };
    Ok(
        match Reference::parse(reference, Naming::KeyOrAlias, caller, region)? {
            Reference::Key(name) => Some(name),
            Reference::Alias(name) => kms.records.alias(&name)?.map(|alias| KeyName {
                account: name.account,
                region: name.region.clone(),
                id: alias.record.target.clone(),
            }),
        },
    )
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
        let is_nobody = matches!(self.caller.identity, Identity::Web(_));
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
            "calleraccount" | "viaservice" | "grantisforawsresource" => {
                return Ok(self.of_caller(name));
            }
            "reencryptonsamekey" => return self.on_same_key(),
            "granteeprincipal" | "retiringprincipal" => return self.principal(name),
            _ => {}
        }
        if let Some(measured) = name.strip_prefix("recipientattestation:") {
            return Ok(self.attested(measured));
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
            "trailingdayswithoutkeyusage" if self.is_one_of(ENDING_USE) => {
                return self.idle_days(key);
            }
            _ => Values::Absent,
        })
    }

    fn is_one_of(&self, actions: &[&str]) -> bool {
        let mut actions = actions.iter();
        actions.any(|action| action.eq_ignore_ascii_case(self.action))
    }

    /// The keys of KMS that tell of the caller and not of the input.
    fn of_caller(&self, name: &str) -> Values<'_> {
        let prefix = self.action.get(..4);
        let is_of_kms = prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case("kms:"));
        if !is_of_kms || self.is_one_of(WITHOUT_CALLER_KEYS) {
            return Values::Absent;
        }
        match name {
            "calleraccount" => one(self.caller.account.as_str()),
            "viaservice" if !self.is_one_of(OF_CUSTOM_KEY_STORES) => self.via_service(),
            "grantisforawsresource" if self.is_one_of(OF_GRANTS) => {
                truth(self.source.via.is_some())
            }
            _ => Values::Absent,
        }
    }

    fn on_same_key(&self) -> Result<Values<'_>, Undetermined> {
        let Some([source, destination]) = &self.keys().both_sides else {
            return Ok(Values::Absent);
        };
        let named = |target| match named(self.kms, target, self.caller, self.region) {
            // What names no key is refused when its side is looked up.
            Err(Failure::Refused(_)) => Ok(None),
            found => found.map_err(|_| Undetermined),
        };
        let (source, destination) = (named(source)?, named(destination)?);
        Ok(truth(source.is_some() && source == destination))
    }

    /// A principal that the request names, by its ARN: its unique id is but another name of it.
    fn principal(&self, name: &str) -> Result<Values<'_>, Undetermined> {
        let written = match name {
            "granteeprincipal" => self.keys().listed("kms:granteeprincipal"),
            _ => self.keys().listed("kms:retiringprincipal"),
        };
        let Values::One(text) = &written else {
            return Ok(written);
        };
        let Some(Principal::UniqueId(id)) = Principal::parse("AWS", text) else {
            return Ok(written);
        };
        let partition = self.region.partition();
        let found = principal_with_id(&self.kms.records, &id, partition);
        Ok(found.map_err(|_| Undetermined)?.map_or(written, one))
    }

    /// KMS Developer Guide, "kms:RecipientAttestation:ImageSha384" and ":PCR<PCR_ID>": bare lower-case digits.
    fn attested(&self, measured: &str) -> Values<'_> {
        let attestation = self.attested.get_or_init(|| {
            let verified = attested(self.kms, self.keys().recipient)?;
            // A document that attests nothing is refused when the operation is carried out.
            verified.ok()
        });
        let Some(attestation) = attestation else {
            return Values::Absent;
        };
        let measurement = match measured {
            "imagesha384" => attestation.image_sha384(),
            _ => {
                let mut registers = attestation.pcrs.iter();
                let found = registers.find(|(register, _)| format!("pcr{register}") == measured);
                found.map(|(_, measurement)| measurement.as_slice())
            }
        };
        measurement.map_or(Values::Absent, |bytes| one(hex::encode(bytes)))
    }

    /// Whole days since the key was last used, or since it was created.
    fn idle_days(&self, key: &Key) -> Result<Values<'_>, Undetermined> {
        let used = last_use::of(self.kms, &key.name).map_err(|_| Undetermined)?;
        let since = used.map_or(key.record.created, |used| used.time);
        let idle = self.now().0.saturating_sub(UnixMillis::from(since).0);
        Ok(one((idle.max(0) / DAY_MILLIS).to_string()))
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
