//! How trails are named. A name has one spelling: decisions are made on the ARN that comes of it.

use strongroom_aws::error::{CloudTrailException, Refusal};
use strongroom_aws::text::cloudtrail as text;
use strongroom_base::id::{AccountId, Region};

use crate::repository::TrailName;

/// The shortest and the longest name, in characters (CloudTrail API, CreateTrail).
const NAME_CHARACTERS_MIN: usize = 3;
const NAME_CHARACTERS_MAX: usize = 128;

impl TrailName {
    /// The trail that `reference`, a name in this Region or an ARN, stands for. Errors: InvalidTrailNameException,
    /// CloudTrailARNInvalidException.
    pub(crate) fn parse(
        reference: &str,
        account: &AccountId,
        region: &Region,
    ) -> Result<Self, Refusal> {
        if is_arn(reference) {
            return Self::of_arn(reference);
        }
        check_name(reference)?;
        Ok(Self {
            account: *account,
            home: region.clone(),
            name: reference.to_owned(),
        })
    }

    /// The trail with this ARN. Errors: CloudTrailARNInvalidException, ResourceTypeNotSupportedException for other
    /// things of CloudTrail's.
    pub(crate) fn of_arn(arn: &str) -> Result<Self, Refusal> {
        let invalid = || {
            Refusal::new(
                CloudTrailException::CloudTrailArnInvalid,
                text::invalid_arn(arn),
            )
        };
        let (name, kind) = split(arn).ok_or_else(invalid)?;
        if kind != "trail" {
            return Err(Refusal::bare(CloudTrailException::ResourceTypeNotSupported));
        }
        match check_name(&name.name) {
            Ok(()) if name.arn() == arn => Ok(name),
            // Another spelling of an ARN, with which a policy would not match.
            Ok(()) | Err(_) => Err(invalid()),
        }
    }
}

/// What an ARN of CloudTrail names, and its kind.
fn split(arn: &str) -> Option<(TrailName, &str)> {
    let mut parts = arn.splitn(6, ':').skip(3);
    let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let (kind, name) = resource.split_once('/')?;
    let name = TrailName {
        account: account.parse().ok()?,
        home: region.parse().ok()?,
        name: name.to_owned(),
    };
    Some((name, kind))
}

/// Whether a reference is an ARN and no name.
pub(crate) fn is_arn(reference: &str) -> bool {
    reference.starts_with("arn:")
}

/// CloudTrail API, CreateTrail, Name. Errors: InvalidTrailNameException.
pub(crate) fn check_name(name: &str) -> Result<(), Refusal> {
    let text = match name.chars().count() {
        0 => text::TRAIL_NAME_BLANK.to_owned(),
        length if length < NAME_CHARACTERS_MIN => {
            text::trail_name_too_short(NAME_CHARACTERS_MIN, length)
        }
        length if length > NAME_CHARACTERS_MAX => {
            text::trail_name_too_long(NAME_CHARACTERS_MAX, length)
        }
        _ => match malformed(name) {
            Some(text) => text.to_owned(),
            None => return Ok(()),
        },
    };
    Err(Refusal::new(CloudTrailException::InvalidTrailName, text))
}

fn malformed(name: &str) -> Option<&'static str> {
    let is_alphanumeric = |letter: Option<u8>| letter.is_some_and(|it| it.is_ascii_alphanumeric());
    let is_mark = |letter: u8| matches!(letter, b'.' | b'-' | b'_');
    let (mut letters, bytes) = (name.bytes(), name.as_bytes());
    if !is_alphanumeric(bytes.first().copied()) {
        return Some(text::TRAIL_NAME_START);
    }
    if !is_alphanumeric(bytes.last().copied()) {
        return Some(text::TRAIL_NAME_END);
    }
    if !letters.all(|letter| letter.is_ascii_alphanumeric() || is_mark(letter)) {
        return Some(text::TRAIL_NAME_CHARACTERS);
    }
    let mut pairs = bytes.windows(2);
    let adjacent = pairs.any(|pair| pair.iter().all(|letter| is_mark(*letter)));
    let is_address = name.parse::<std::net::Ipv4Addr>().is_ok();
    (adjacent || is_address).then_some(text::TRAIL_NAME_FORM)
}

#[cfg(test)]
mod tests;
