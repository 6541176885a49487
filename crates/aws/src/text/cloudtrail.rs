//! Texts of CloudTrail, by the exception they belong to. Sources as in the parent.

// --- InvalidTrailNameException ---

/// MEM
pub const TRAIL_NAME_BLANK: &str = "Trail name cannot be blank!";

/// MEM: `length` in characters.
pub fn trail_name_too_short(min: usize, length: usize) -> String {
    format!(
        "Trail name too short. Minimum allowed length: {min} characters. Specified name length: {length} characters."
    )
}

/// MEM: `length` in characters.
pub fn trail_name_too_long(max: usize, length: usize) -> String {
    format!(
        "Trail name too long. Maximum allowed length: {max} characters. Specified name length: {length} characters."
    )
}

/// MEM
pub const TRAIL_NAME_START: &str = "Trail name must starts with a letter or number.";

/// MEM
pub const TRAIL_NAME_END: &str = "Trail name must ends with a letter or number.";

/// OBS
pub const TRAIL_NAME_CHARACTERS: &str = "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).";

/// OWN: adjacent periods, hyphens or underscores; a name that is an IP address.
pub const TRAIL_NAME_FORM: &str = "Trail name must not have adjacent periods, hyphens or underscores, and must not be formatted as an IP address.";

// --- CloudTrailARNInvalidException ---

/// OWN
pub fn invalid_arn(arn: &str) -> String {
    format!("The ARN {arn} is not the ARN of a trail.")
}

// --- TrailNotFoundException, TrailAlreadyExistsException, MaximumNumberOfTrailsExceededException ---

/// MEM: `name` as the client wrote it.
pub fn unknown_trail(name: &str, account: &str) -> String {
    format!("Unknown trail: {name} for the user: {account}")
}

/// MEM
pub fn trail_exists(name: &str, account: &str) -> String {
    format!("Trail {name} already exists for customer: {account}")
}

/// OBS
pub fn too_many_trails(account: &str, max: usize, region: &str) -> String {
    format!("User: {account} already has {max} trails in {region}.")
}

// --- InvalidHomeRegionException ---

/// OWN
pub fn other_home_region(name: &str, home: &str) -> String {
    format!("The trail {name} can be changed only in its home Region {home}.")
}

// --- InvalidS3BucketNameException, InvalidS3PrefixException ---

/// OWN
pub fn invalid_bucket(name: &str) -> String {
    format!("S3 bucket name {name} is not valid.")
}

/// OWN: `max` in characters.
pub fn invalid_prefix(max: usize) -> String {
    format!("S3 key prefix is not valid. Maximum allowed length: {max} characters.")
}

// --- InvalidParameterCombinationException ---

/// OBS
pub const MULTI_REGION_WITHOUT_GLOBAL: &str =
    "Multi-Region trail must include global service events.";

/// OWN
pub const BOTH_KINDS_OF_SELECTORS: &str =
    "Specify either EventSelectors or AdvancedEventSelectors.";

// --- UnsupportedOperationException ---

/// OWN: what this server does not have, such as SNS topics.
pub fn unsupported(member: &str) -> String {
    format!("{member} is not supported.")
}

// --- InvalidEventSelectorsException ---

/// OWN
pub fn too_many_selectors(max: usize) -> String {
    format!("A trail has from 1 to {max} event selectors.")
}

/// OWN
pub fn source_cannot_be_excluded(source: &str) -> String {
    format!("Events of the source {source} cannot be excluded.")
}

/// OWN
pub const NO_DATA_EVENTS: &str = "There are no data events, so no data resources can be selected.";

// --- TagsLimitExceededException, InvalidTagParameterException, ResourceTypeNotSupportedException ---

/// OWN
pub fn too_many_tags(max: usize) -> String {
    format!("A trail has at most {max} tags.")
}

/// OWN
pub const DUPLICATE_TAG_KEYS: &str = "Tag keys must be unique.";

/// OWN
pub const RESERVED_TAG_KEY: &str = "Tag keys must not begin with aws:.";

/// OWN
pub const TAG_CHARACTERS: &str =
    "Tags can have letters, digits, spaces and the characters _ . : / = + - @.";

/// OWN: `max` resources.
pub fn wrong_number_of_resources(max: usize) -> String {
    format!("The tags of 1 to {max} resources can be listed at one time.")
}

// --- LookupEvents and lists ---

/// MEM, InvalidMaxResultsException
pub fn invalid_max_results(value: &str, max: usize) -> String {
    format!("A max results value of {value} is not valid. Specify max results between 1 and {max}.")
}

/// OWN, InvalidLookupAttributesException
pub const ONE_LOOKUP_ATTRIBUTE: &str = "Only one lookup attribute can be specified.";

/// OWN, InvalidLookupAttributesException
pub const READ_ONLY_VALUE: &str = "The value of the lookup attribute ReadOnly is true or false.";

/// OWN, InvalidTimeRangeException
pub const START_AFTER_END: &str = "The start time must not be after the end time.";

/// OWN, InvalidEventCategoryException
pub const NO_INSIGHTS: &str = "There are no Insights events.";

/// OWN, InvalidNextTokenException, InvalidTokenException
pub const INVALID_TOKEN: &str =
    "The token is not valid, or was returned for a request with different parameters.";

/// MEM, ThrottlingException
pub const RATE_EXCEEDED: &str = "Rate exceeded";
