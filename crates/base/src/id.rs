//! Identifiers that cross crate boundaries, each valid by construction.

use std::fmt;
use std::str::FromStr;

use crate::env::Random;
use crate::hex;

/// Why a text is not the identifier it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidId;

/// A 12-digit AWS account id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId([u8; 12]);

impl AccountId {
    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for AccountId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits: [u8; 12] = text.as_bytes().try_into().map_err(|_| InvalidId)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(InvalidId);
        }
        Ok(Self(digits))
    }
}

/// An AWS Region name such as `eu-west-1`: KMS API, RegionType: `^([a-z]+-){2,3}\d+$`, 1 to 32 characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(Box<str>);

impl Region {
    /// The longest name, in characters.
    pub const LENGTH_MAX: usize = 32;

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition this Region lies in, as ARNs name it.
    pub fn partition(&self) -> &'static str {
        PARTITIONS
            .iter()
            .find(|(prefix, _)| self.0.starts_with(prefix))
            .map_or("aws", |(_, partition)| partition)
    }
}

/// The partitions besides `aws`, by how the names of their Regions begin.
const PARTITIONS: &[(&str, &str)] = &[
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eu-isof-", "aws-iso-f"),
    ("eusc-", "aws-eusc"),
];

impl FromStr for Region {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let mut parts = text.rsplit('-');
        let number = parts.next().unwrap_or_default();
        let words: Vec<&str> = parts.collect();
        let valid = text.len() <= Self::LENGTH_MAX
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && (2..=3).contains(&words.len())
            && words
                .iter()
                .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()));
        valid.then(|| Self(text.into())).ok_or(InvalidId)
    }
}

/// A bare KMS key id: a UUID, or `mrk-` and 32 hexadecimal digits for a multi-Region key. Lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(Box<str>);

impl KeyId {
    /// A fresh random (version 4) key id of a single-Region key.
    pub fn generate(random: &dyn Random) -> Self {
        Self(uuid(random).into())
    }

    /// A fresh random key id of a multi-Region key: `mrk-` and 32 hexadecimal digits.
    pub fn generate_multi_region(random: &dyn Random) -> Self {
        Self(format!("mrk-{}", uuid(random).replace('-', "")).into())
    }

    /// The id as clients write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let valid = match text.strip_prefix("mrk-") {
            Some(digits) => digits.len() == 32 && is_hex(digits),
            None => is_uuid(text),
        };
        valid
            .then(|| Self(text.to_ascii_lowercase().into()))
            .ok_or(InvalidId)
    }
}

/// A fresh random UUID (RFC 9562 version 4), as request and event ids are.
pub fn uuid(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    uuid_text(&marked(bytes, 0x40))
}

/// A UUID (RFC 9562 version 8) that `bytes`, the start of a hash, decide.
pub fn uuid_of_hash(bytes: [u8; 16]) -> String {
    uuid_text(&marked(bytes, 0x80))
}

/// The text of a UUID, in lower case.
pub fn uuid_text(bytes: &[u8; 16]) -> String {
    let digits = hex::encode(bytes);
    let mut text = String::with_capacity(36);
    for (index, digit) in digits.chars().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

/// The bytes of a UUID in the form of [`uuid_text`].
pub fn uuid_bytes(text: &str) -> Result<[u8; 16], InvalidId> {
    let is_canonical = is_uuid(text) && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    let bytes = hex::decode(&text.replace('-', "")).filter(|_| is_canonical);
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(InvalidId)
}

/// RFC 9562 §4: with its version and variant.
fn marked(mut bytes: [u8; 16], marked_version: u8) -> [u8; 16] {
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
    *version = *version & 0x0f | marked_version;
    *variant = *variant & 0x3f | 0x80;
    bytes
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.split('-').all(is_hex)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

macro_rules! shown_as_str {
    ($($id:ty),*) => {$(
        impl fmt::Display for $id {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }
    )*};
}

shown_as_str!(AccountId, Region, KeyId);

#[cfg(test)]
mod tests;
