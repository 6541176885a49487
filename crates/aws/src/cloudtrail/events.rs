//! The event history.

use super::{Date, Text};
use crate::{enumeration, integer, list, structure, text};

enumeration!(LookupAttributeKey {
    EventId = "EventId",
    EventName = "EventName",
    ReadOnly = "ReadOnly",
    Username = "Username",
    ResourceType = "ResourceType",
    ResourceName = "ResourceName",
    EventSource = "EventSource",
    AccessKeyId = "AccessKeyId",
});
enumeration!(EventCategory {
    Insight = "insight",
});
text!(LookupAttributeValue, 1..=2000);
text!(NextToken);
integer!(MaxResults, 1..=50);
list!(LookupAttributesList of LookupAttribute);
list!(EventsList of Event);
list!(ResourceList of Resource);

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    LookupAttribute {
        attribute_key: LookupAttributeKey = "AttributeKey", required;
        attribute_value: LookupAttributeValue = "AttributeValue", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    LookupEventsRequest {
        lookup_attributes: LookupAttributesList = "LookupAttributes";
        start_time: Date = "StartTime";
        end_time: Date = "EndTime";
        event_category: EventCategory = "EventCategory";
        max_results: MaxResults = "MaxResults";
        next_token: NextToken = "NextToken";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    LookupEventsResponse {
        events: EventsList = "Events";
        next_token: NextToken = "NextToken";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    Event {
        event_id: Text = "EventId";
        event_name: Text = "EventName";
        read_only: Text = "ReadOnly";
        access_key_id: Text = "AccessKeyId";
        event_time: Date = "EventTime";
        event_source: Text = "EventSource";
        username: Text = "Username";
        resources: ResourceList = "Resources";
        cloud_trail_event: Text = "CloudTrailEvent";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    Resource {
        resource_type: Text = "ResourceType";
        resource_name: Text = "ResourceName";
    }
}
