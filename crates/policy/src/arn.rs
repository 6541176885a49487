//! Amazon Resource Names, taken apart and put together again without loss.

use std::fmt;
use std::str::FromStr;

/// The longest ARN accepted, in bytes (KMS API, KeyIdType and the principal types: 2,048).
pub const ARN_BYTES_MAX: usize = 2048;

/// Why a text is not an ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidArn;

/// `arn:partition:service:region:account:resource`. Region and account may be empty; the resource may
/// contain further colons and slashes. Valid by construction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    partition: Box<str>,
    service: Box<str>,
    region: Box<str>,
    account: Box<str>,
    resource: Box<str>,
}

impl Arn {
    /// Puts an ARN together; fails where parsing its text would not give the same parts back.
    pub fn new(
        partition: &str,
        service: &str,
        region: &str,
        account: &str,
        resource: &str,
    ) -> Result<Self, InvalidArn> {
        let heads = [partition, service, region, account];
        let split_again = heads.iter().any(|head| head.contains(':'));
        let required_missing = partition.is_empty() || service.is_empty() || resource.is_empty();
        let length = heads.iter().map(|head| head.len()).sum::<usize>() + resource.len() + 8;
        let control = heads
            .iter()
            .chain([&resource])
            .any(|part| has_control(part));
        if split_again || required_missing || control || length > ARN_BYTES_MAX {
            return Err(InvalidArn);
        }
        Ok(Self {
            partition: partition.into(),
            service: service.into(),
            region: region.into(),
            account: account.into(),
            resource: resource.into(),
        })
    }

    /// The partition: `aws`, `aws-cn`, `aws-us-gov`.
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The service: `kms`, `iam`, `sts`.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The Region, empty for global services.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The account, empty for resources that belong to none.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Everything after the fifth colon: `key/…`, `alias/…`, `root`, `user/…`.
    pub fn resource(&self) -> &str {
        &self.resource
    }
}

impl FromStr for Arn {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, InvalidArn> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [scheme, partition, service, region, account, resource] = parts[..] else {
            return Err(InvalidArn);
        };
        if scheme != "arn" {
            return Err(InvalidArn);
        }
        Self::new(partition, service, region, account, resource)
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            service,
            region,
            account,
            resource,
        } = self;
        write!(
            out,
            "arn:{partition}:{service}:{region}:{account}:{resource}"
        )
    }
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
