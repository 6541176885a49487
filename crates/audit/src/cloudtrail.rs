//! Records as CloudTrail tells them: one place decides how an event looks. Tells nothing that the record does not
//! hold; what must not be told is never in a record.

use strongroom_base::UnixMillis;
use strongroom_base::id::{AccountId, Region, uuid_of_hash};
use strongroom_crypto::digest::sha256;

use crate::record::{Identity, IdentityKind, Outcome, Record, Resource};

mod body;
mod defaults;
mod escape;
mod identity;
mod lookup;

pub use lookup::Named;

/// The errorCode of every refusal for want of permission, whatever the service calls it (CloudTrail User Guide,
/// errorCode).
pub const ACCESS_DENIED: &str = "AccessDenied";
/// The version of the events told (CloudTrail User Guide, eventVersion).
pub const EVENT_VERSION: &str = "1.11";

/// What is hashed before an event's id to make the owner's, and the one that both have in common.
const OWNER_LABEL: &[u8] = b"strongroom event of the owner v1";
const SHARED_LABEL: &[u8] = b"strongroom shared event v1";

/// A record as one account is told of it.
#[derive(Clone, Debug)]
pub struct Event<'r> {
    /// The account that is told.
    pub recipient: AccountId,
    /// The eventID, a UUID.
    pub id: String,
    /// The sharedEventID, when several accounts are told of one call.
    pub shared_id: Option<String>,
    record: &'r Record,
}

/// The events that `record` tells: the caller's first; then, when the call succeeded, one for each other account whose
/// key or role it used (CloudTrail User Guide, sharedEventID).
pub fn events(record: &Record) -> Vec<Event<'_>> {
    let owners = other_owners(record);
    let shared_id = (!owners.is_empty()).then(|| derived(SHARED_LABEL, &[&record.event_id]));
    let event = |recipient, id| Event {
        recipient,
        id,
        shared_id: shared_id.clone(),
        record,
    };
    let of_caller = event(record.account, record.event_id.clone());
    let of_owners = owners
        .iter()
        .map(|owner| event(*owner, owner_event_id(&record.event_id, owner)));
    std::iter::once(of_caller).chain(of_owners).collect()
}

/// The id under which `owner` is told of another account's call whose own event has the id `event_id`.
pub fn owner_event_id(event_id: &str, owner: &AccountId) -> String {
    derived(OWNER_LABEL, &[event_id, owner.as_str()])
}

impl Event<'_> {
    /// The event as JSON on one line, members in CloudTrail's order, without a line end. Whatever clients sent, it
    /// holds nothing that ends a line, directs a terminal or turns the direction of a text.
    pub fn json(&self) -> String {
        // Nothing in it can fail: texts, numbers, and maps whose keys are texts.
        escape::without_controls(serde_json::to_string(&self.body()).unwrap_or_default())
    }

    /// eventName: the operation, cased as in the API.
    pub fn name(&self) -> &str {
        &self.record.operation
    }

    /// eventSource, such as `kms.amazonaws.com`.
    pub fn source(&self) -> String {
        match self.record.service.as_str() {
            // What operators did to the server is no service of AWS.
            "strongroom" => "strongroom".to_owned(),
            service => format!("{service}.amazonaws.com"),
        }
    }

    /// awsRegion.
    pub fn region(&self) -> &Region {
        &self.record.region
    }

    /// When the call was completed; events tell whole seconds.
    pub fn time(&self) -> UnixMillis {
        self.record.time
    }

    /// readOnly.
    pub fn is_read_only(&self) -> bool {
        self.record.read_only
    }

    /// The access key the call was signed with; other accounts are not told.
    pub fn access_key_id(&self) -> Option<&str> {
        let id = self.record.identity.access_key_id.as_str();
        Some(id).filter(|id| !id.is_empty() && !self.is_of_owner())
    }

    /// What LookupEvents calls Username: of users their names, of sessions theirs, of the root `root`; other accounts
    /// are not told.
    pub fn username(&self) -> Option<&str> {
        let identity = self.identity()?;
        match identity.kind {
            IdentityKind::Root => Some("root"),
            IdentityKind::IamUser | IdentityKind::AssumedRole | IdentityKind::FederatedUser => {
                last_part(&identity.arn)
            }
            IdentityKind::WebIdentityUser => some_text(&identity.principal_id),
            IdentityKind::AwsService | IdentityKind::Internal => None,
        }
    }

    /// The identity, unless it is told to another account.
    fn identity(&self) -> Option<&Identity> {
        Some(&self.record.identity).filter(|_| !self.is_of_owner())
    }

    /// Whether an account is told what another did.
    fn is_of_owner(&self) -> bool {
        self.recipient != self.record.account
    }

    /// The resources this recipient is told of: the caller of all, an owner of its own. Each with its place in the record.
    fn resources(&self) -> impl Iterator<Item = (usize, &Resource)> {
        let all = self.record.resources.iter().enumerate();
        all.filter(|(_, resource)| {
            !self.is_of_owner() || account_of(&resource.arn) == Some(self.recipient)
        })
    }

    /// Whether the call succeeded.
    fn is_success(&self) -> bool {
        self.record.outcome == Outcome::Success
    }

    /// The service that passed the call on, in place of an address.
    fn invoked_by(&self) -> Option<&str> {
        let address = some_text(&self.record.source_address)?;
        let is_address = address.parse::<std::net::IpAddr>().is_ok();
        Some(address).filter(|_| !is_address)
    }
}

/// The accounts besides the caller's whose resources a successful call used, each once.
fn other_owners(record: &Record) -> Vec<AccountId> {
    let mut owners = Vec::new();
    if record.outcome != Outcome::Success {
        return owners;
    }
    let accounts = record.resources.iter();
    for owner in accounts.filter_map(|resource| account_of(&resource.arn)) {
        if owner != record.account && !owners.contains(&owner) {
            owners.push(owner);
        }
    }
    owners
}

/// The account in an ARN.
fn account_of(arn: &str) -> Option<AccountId> {
    arn.split(':').nth(4)?.parse().ok()
}

/// A UUID that `label` and `texts` decide, each text followed by a zero byte.
fn derived(label: &[u8], texts: &[&str]) -> String {
    let mut parts = vec![label, b"\0"];
    for text in texts {
        parts.extend([text.as_bytes(), b"\0"]);
    }
    let hash = sha256(&parts);
    let (id, _) = hash.split_first_chunk().unwrap_or((&[0; 16], &[]));
    uuid_of_hash(*id)
}

/// The text after the last `/`.
fn last_part(arn: &str) -> Option<&str> {
    arn.rsplit('/').next().and_then(some_text)
}

fn some_text(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
