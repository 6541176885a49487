//! Tags of keys.

use super::{BooleanType, KeyIdType, LimitType, MarkerType};
use crate::{list, structure, text};

text!(TagKeyType, 1..=128);
text!(TagValueType, 0..=256);
list!(TagList of Tag);
list!(TagKeyList of TagKeyType);

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    Tag {
        tag_key: TagKeyType = "TagKey", required;
        tag_value: TagValueType = "TagValue", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    TagResourceRequest {
        key_id: KeyIdType = "KeyId", required;
        tags: TagList = "Tags", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    UntagResourceRequest {
        key_id: KeyIdType = "KeyId", required;
        tag_keys: TagKeyList = "TagKeys", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListResourceTagsRequest {
        key_id: KeyIdType = "KeyId", required;
        limit: LimitType = "Limit";
        marker: MarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListResourceTagsResponse {
        tags: TagList = "Tags";
        next_marker: MarkerType = "NextMarker";
        truncated: BooleanType = "Truncated";
    }
}
