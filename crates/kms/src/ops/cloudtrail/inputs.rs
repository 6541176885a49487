//! What trails may be given. A bucket and a prefix become part of paths, so they never lead out of where they begin.

use strongroom_aws::cloudtrail::{Boolean, CreateTrailRequest, Text, UpdateTrailRequest};
use strongroom_aws::error::{CloudTrailException, Refusal};
use strongroom_aws::text::cloudtrail as text;

/// The longest prefix, in characters (CloudTrail API, S3KeyPrefix).
const PREFIX_CHARACTERS_MAX: usize = 200;
/// The lengths of bucket names (S3 User Guide, "General purpose bucket naming rules").
const BUCKET_CHARACTERS: std::ops::RangeInclusive<usize> = 3..=63;

/// The members of CreateTrail and UpdateTrail that this server has nothing for.
pub(super) struct Unsupported<'i> {
    texts: [(&'static str, Option<&'i Text>); 4],
    truths: [(&'static str, Option<Boolean>); 2],
}

macro_rules! unsupported_of {
    ($($request:ty),*) => {$(
        impl<'i> From<&'i $request> for Unsupported<'i> {
            fn from(input: &'i $request) -> Self {
                let group = input.cloud_watch_logs_log_group_arn.as_ref();
                let role = input.cloud_watch_logs_role_arn.as_ref();
                Self {
                    texts: [
                        ("SnsTopicName", input.sns_topic_name.as_ref()),
                        ("CloudWatchLogsLogGroupArn", group),
                        ("CloudWatchLogsRoleArn", role),
                        ("KmsKeyId", input.kms_key_id.as_ref()),
                    ],
                    truths: [
                        ("IsOrganizationTrail", input.is_organization_trail),
                        ("RecursiveLogging", input.recursive_logging),
                    ],
                }
            }
        }
    )*};
}

unsupported_of!(CreateTrailRequest, UpdateTrailRequest);

impl Unsupported<'_> {
    /// Refuses what is asked for in vain; "" and `false` ask for nothing. Errors: UnsupportedOperationException.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let mut texts = self.texts.iter();
        let text = texts.find(|(_, value)| value.is_some_and(|value| !value.as_str().is_empty()));
        let mut truths = self.truths.iter();
        let truth = truths.find(|(_, value)| *value == Some(Boolean(true)));
        let asked = text.map(|(name, _)| *name);
        let Some(member) = asked.or(truth.map(|(name, _)| *name)) else {
            return Ok(());
        };
        Err(Refusal::new(
            CloudTrailException::UnsupportedOperation,
            text::unsupported(member),
        ))
    }
}

/// Refuses what is no name of a bucket. Errors: InvalidS3BucketNameException.
pub(super) fn check_bucket(name: &Text) -> Result<(), Refusal> {
    match is_bucket(name.as_str()) {
        true => Ok(()),
        false => Err(Refusal::new(
            CloudTrailException::InvalidS3BucketName,
            text::invalid_bucket(name.as_str()),
        )),
    }
}

fn is_bucket(name: &str) -> bool {
    let is_alphanumeric = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let label = |label: &str| {
        let (first, last) = (label.bytes().next(), label.bytes().next_back());
        first.is_some_and(is_alphanumeric)
            && last.is_some_and(is_alphanumeric)
            && label
                .bytes()
                .all(|letter| is_alphanumeric(letter) || letter == b'-')
    };
    BUCKET_CHARACTERS.contains(&name.len())
        && name.split('.').all(label)
        && name.parse::<std::net::Ipv4Addr>().is_err()
}

/// Refuses a prefix that could lead out of its bucket, or that a path would spell otherwise. Errors:
/// InvalidS3PrefixException.
pub(super) fn check_prefix(prefix: Option<&Text>) -> Result<(), Refusal> {
    let prefix = prefix.map(Text::as_str).unwrap_or_default();
    if prefix.is_empty() || is_prefix(prefix) {
        return Ok(());
    }
    Err(Refusal::new(
        CloudTrailException::InvalidS3Prefix,
        text::invalid_prefix(PREFIX_CHARACTERS_MAX),
    ))
}

/// S3 User Guide, "Object key naming guidelines": safe characters.
fn is_prefix(prefix: &str) -> bool {
    let letter = |letter: u8| letter.is_ascii_alphanumeric() || b"!-_.*'()=".contains(&letter);
    let part = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(letter);
    prefix.len() <= PREFIX_CHARACTERS_MAX && prefix.split('/').all(part)
}

/// The prefix as it is stored; "" is none.
pub(super) fn prefix(prefix: &Text) -> Option<String> {
    let prefix = prefix.as_str();
    (!prefix.is_empty()).then(|| prefix.to_owned())
}
