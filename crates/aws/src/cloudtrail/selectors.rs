//! What a trail delivers.

use super::{Boolean, Text};
use crate::{enumeration, list, structure, text};

enumeration!(ReadWriteType {
    ReadOnly = "ReadOnly",
    WriteOnly = "WriteOnly",
    All = "All",
});
text!(SelectorName, 0..=1000, ".*", is_line);
text!(SelectorField, 1..=1000, r"[\w|\d|\.|_]+", is_field);
text!(OperatorValue, 1..=2048, ".+", is_filled_line);
list!(EventSelectors of EventSelector);
list!(DataResources of DataResource);
list!(DataResourceValues of Text);
list!(ExcludeManagementEventSources of Text);
list!(AdvancedEventSelectors of AdvancedEventSelector);
list!(AdvancedFieldSelectors of AdvancedFieldSelector, 1..);
list!(Operator of OperatorValue, 1..);

/// `.*`
fn is_line(text: &str) -> bool {
    !text.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
}

/// `.+`
fn is_filled_line(text: &str) -> bool {
    !text.is_empty() && is_line(text)
}

/// `[\w|\d|\.|_]+`
fn is_field(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'|' | b'.' | b'_');
    !text.is_empty() && text.bytes().all(letter)
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    PutEventSelectorsRequest {
        trail_name: Text = "TrailName", required;
        event_selectors: EventSelectors = "EventSelectors";
        advanced_event_selectors: AdvancedEventSelectors = "AdvancedEventSelectors";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    PutEventSelectorsResponse {
        trail_arn: Text = "TrailARN";
        event_selectors: EventSelectors = "EventSelectors";
        advanced_event_selectors: AdvancedEventSelectors = "AdvancedEventSelectors";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetEventSelectorsRequest {
        trail_name: Text = "TrailName", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetEventSelectorsResponse {
        trail_arn: Text = "TrailARN";
        event_selectors: EventSelectors = "EventSelectors";
        advanced_event_selectors: AdvancedEventSelectors = "AdvancedEventSelectors";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    EventSelector {
        read_write_type: ReadWriteType = "ReadWriteType";
        include_management_events: Boolean = "IncludeManagementEvents";
        data_resources: DataResources = "DataResources";
        exclude_management_event_sources: ExcludeManagementEventSources = "ExcludeManagementEventSources";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    DataResource {
        r#type: Text = "Type";
        values: DataResourceValues = "Values";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    AdvancedEventSelector {
        name: SelectorName = "Name";
        field_selectors: AdvancedFieldSelectors = "FieldSelectors", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    AdvancedFieldSelector {
        field: SelectorField = "Field", required;
        equals: Operator = "Equals";
        starts_with: Operator = "StartsWith";
        ends_with: Operator = "EndsWith";
        not_equals: Operator = "NotEquals";
        not_starts_with: Operator = "NotStartsWith";
        not_ends_with: Operator = "NotEndsWith";
    }
}
