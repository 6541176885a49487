//! The shapes of CloudTrail, as its JSON protocol has them.

/// What the targets of operations begin with.
pub const TARGET_PREFIX: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101";
