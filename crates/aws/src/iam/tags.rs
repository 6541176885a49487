//! Tags of users, roles and policies.

use crate::patterns::{is_tag_key, is_tag_value};
use crate::{list, structure, text};

text!(
    TagKeyType,
    1..=128,
    r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+",
    is_tag_key
);
text!(
    TagValueType,
    0..=256,
    r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*",
    is_tag_value
);

list!(TagKeyListType of TagKeyType, 0..=50);
list!(TagListType of Tag, 0..=50);

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    Tag {
        key: TagKeyType = "Key", required;
        value: TagValueType = "Value", required;
    }
}
