//! The shapes of CloudWatch, as its JSON protocol has them.

/// The content type of requests and replies.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
/// What the targets of operations begin with.
pub const TARGET_PREFIX: &str = "GraniteServiceVersion20100801";
