//! Texts of tags. Sources as in the parent.

/// LS, TagException.
pub const DUPLICATE_TAG_KEYS: &str = "Duplicate tag keys";

/// LS, TagException.
pub const TOO_MANY_TAGS: &str = "Too many tags";

/// LS, TagException.
pub const RESERVED_TAG: &str = "Tags beginning with aws: are reserved";

/// OBS, TagException.
pub const INVALID_TAG: &str = "Invalid tag";
