//! Shapes that several groups of operations share.

use crate::patterns::{is_latin, is_path, is_path_prefix, is_word};
use crate::{boolean, enumeration, integer, text, timestamp};

text!(ArnType, 20..=2048);
text!(IdType, 16..=128, r"[\w]+", is_word);
text!(MarkerType, 1..=320, r"[\u0020-\u00FF]+", is_latin);
text!(
    PathPrefixType,
    1..=512,
    r"\u002F[\u0021-\u007F]*",
    is_path_prefix
);
text!(
    PathType,
    1..=512,
    r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)",
    is_path
);
text!(ResponseMarkerType);
text!(StringType);
integer!(IntegerType);
integer!(MaxItemsType, 1..=1000);
boolean!(BooleanType);
timestamp!(DateType);

enumeration!(EntityType {
    User = "User",
    Role = "Role",
    Group = "Group",
    LocalManagedPolicy = "LocalManagedPolicy",
    AwsManagedPolicy = "AWSManagedPolicy",
});
