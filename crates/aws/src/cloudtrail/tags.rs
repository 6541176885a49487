//! Tags of trails.

use super::Text;
use crate::{list, structure, text};

text!(TagKey, 1..=128);
text!(TagValue, 1..=256);
list!(TagsList of Tag, 0..=200);
list!(ResourceIdList of Text);
list!(ResourceTagList of ResourceTag);

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    Tag {
        key: TagKey = "Key", required;
        value: TagValue = "Value";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    AddTagsRequest {
        resource_id: Text = "ResourceId", required;
        tags_list: TagsList = "TagsList", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    AddTagsResponse {
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    RemoveTagsRequest {
        resource_id: Text = "ResourceId", required;
        tags_list: TagsList = "TagsList", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    RemoveTagsResponse {
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListTagsRequest {
        resource_id_list: ResourceIdList = "ResourceIdList", required;
        next_token: Text = "NextToken";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListTagsResponse {
        resource_tag_list: ResourceTagList = "ResourceTagList";
        next_token: Text = "NextToken";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ResourceTag {
        resource_id: Text = "ResourceId";
        tags_list: TagsList = "TagsList";
    }
}
