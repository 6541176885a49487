//! Which events a query asks for.

use strongroom_audit::cloudtrail::Event;
use strongroom_aws::cloudtrail::LookupAttributeKey as Key;
use strongroom_base::id::Region;

use super::Query;

/// A service that is in no Region, and where its events stand (CloudTrail User Guide, "Global service events").
const GLOBAL_SOURCE: &str = "iam.amazonaws.com";
const GLOBAL_REGION: &str = "us-east-1";

impl Query {
    /// Whether it asks for `event`.
    pub(super) fn asks_for(&self, event: &Event<'_>) -> bool {
        let time = event.time();
        event.recipient == self.account
            && (self.start..=self.end).contains(&time)
            && stands_in(event, &self.region)
            && self
                .attribute
                .as_ref()
                .is_none_or(|(key, value)| has(event, *key, value))
    }
}

fn stands_in(event: &Event<'_>, region: &Region) -> bool {
    match event.source() == GLOBAL_SOURCE {
        true => region.as_str() == GLOBAL_REGION,
        false => event.region() == region,
    }
}

fn has(event: &Event<'_>, key: Key, value: &str) -> bool {
    match key {
        Key::EventId => event.id == value,
        Key::EventName => event.name() == value,
        Key::ReadOnly => {
            (if event.is_read_only() {
                "true"
            } else {
                "false"
            }) == value
        }
        Key::Username => event.username() == Some(value),
        Key::EventSource => event.source() == value,
        Key::AccessKeyId => event.access_key_id() == Some(value),
        Key::ResourceType => {
            let mut named = event.named_resources().into_iter();
            named.any(|named| named.kind == Some(value))
        }
        Key::ResourceName => {
            let mut named = event.named_resources().into_iter();
            named.any(|named| named.name == value)
        }
    }
}
