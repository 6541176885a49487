//! Digest files: the list of an hour's log files with their hashes, tied to the digest before it. What is
//! signed is made here; the key that signs is elsewhere.
//!
//! Source: CloudTrail User Guide, "CloudTrail digest file structure", "Custom implementations of CloudTrail
//! log file integrity validation".

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strongroom_base::{UnixMillis, hex};
use strongroom_crypto::digest::sha256;

/// The only algorithm of digests, as their field and their object's metadata write it.
pub const SIGNATURE_ALGORITHM: &str = "SHA256withRSA";
/// The metadata of a digest's object that holds its signature, in lower-case hexadecimal.
pub const SIGNATURE_METADATA: &str = "signature";
/// The metadata of a digest's object that holds [`SIGNATURE_ALGORITHM`].
pub const ALGORITHM_METADATA: &str = "signature-algorithm";
/// The most log files in one digest; after so many another begins, whatever the hour.
pub const LOG_FILES_MAX: usize = 360;
/// The longest digest that is read, in bytes without compression.
pub const DIGEST_BYTES_MAX: usize = 8 * 1024 * 1024;

const HASH_ALGORITHM: &str = "SHA-256";
const ACCOUNT_DIGITS: usize = 12;

/// A digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The account of the trail, 12 digits.
    pub account: String,
    /// When its period begins.
    pub start: UnixMillis,
    /// When its period ends.
    pub end: UnixMillis,
    /// Where it lies.
    pub place: Place,
    /// The fingerprint of the key that signs it: MD5 of its PKCS#1 DER, in lower-case hexadecimal.
    pub fingerprint: String,
    /// The digest before it; the first has none.
    pub previous: Option<Previous>,
    /// The log files delivered in its period, at most [`LOG_FILES_MAX`] of those made here.
    pub logs: Vec<LogFile>,
}

/// Where an object lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
}

/// What a digest says of the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    /// Where it lies.
    pub place: Place,
    /// SHA-256 of it without compression, in lower-case hexadecimal.
    pub hash: String,
    /// Its signature, in lower-case hexadecimal.
    pub signature: String,
}

/// What a digest says of a log file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// Where it lies.
    pub place: Place,
    /// SHA-256 of it without compression, in lower-case hexadecimal.
    pub hash: String,
    /// When its newest event happened.
    pub newest: UnixMillis,
    /// When its oldest event happened.
    pub oldest: UnixMillis,
}

/// The bytes are no digest in CloudTrail's format, or exceed [`DIGEST_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADigest;

impl Digest {
    /// The digest as stored, before compression: CloudTrail's fields in its order, times in whole seconds.
    pub fn json(&self) -> String {
        // Texts and numbers in a fixed structure are always written.
        serde_json::to_string(&Written::of(self)).unwrap_or_default()
    }

    /// The digest that `json` holds; fields that CloudTrail may add are passed over.
    pub fn parse(json: &[u8]) -> Result<Self, NotADigest> {
        if json.len() > DIGEST_BYTES_MAX {
            return Err(NotADigest);
        }
        let read: Written = serde_json::from_slice(json).map_err(|_| NotADigest)?;
        read.into_digest().ok_or(NotADigest)
    }

    /// What is signed: `json` must be the digest as stored.
    pub fn string_to_sign(&self, json: &[u8]) -> String {
        let Place { bucket, key } = &self.place;
        let (end, hash) = (iso8601(self.end), hash(json));
        // CloudTrail User Guide: the word null stands for the signature before the first.
        let previous = self.previous.as_ref().map(|one| one.signature.as_str());
        let previous = previous.unwrap_or("null");
        format!("{end}\n{bucket}/{key}\n{hash}\n{previous}")
    }
}

/// SHA-256 in lower-case hexadecimal, as digests write hashes.
pub fn hash(bytes: &[u8]) -> String {
    hex::encode(&sha256(&[bytes]))
}

/// The fields as written, in CloudTrail's order.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    aws_account_id: String,
    digest_start_time: String,
    digest_end_time: String,
    #[serde(rename = "digestS3Bucket")]
    bucket: String,
    #[serde(rename = "digestS3Object")]
    key: String,
    digest_public_key_fingerprint: String,
    digest_signature_algorithm: String,
    newest_event_time: Option<String>,
    oldest_event_time: Option<String>,
    #[serde(rename = "previousDigestS3Bucket")]
    previous_bucket: Option<String>,
    #[serde(rename = "previousDigestS3Object")]
    previous_key: Option<String>,
    previous_digest_hash_value: Option<String>,
    previous_digest_hash_algorithm: Option<String>,
    previous_digest_signature: Option<String>,
    log_files: Vec<WrittenLog>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenLog {
    #[serde(rename = "s3Bucket")]
    bucket: String,
    #[serde(rename = "s3Object")]
    key: String,
    hash_value: String,
    hash_algorithm: String,
    newest_event_time: String,
    oldest_event_time: String,
}

impl Written {
    fn of(digest: &Digest) -> Self {
        let previous = digest.previous.as_ref();
        let newest = digest.logs.iter().map(|log| log.newest).max();
        let oldest = digest.logs.iter().map(|log| log.oldest).min();
        Self {
            aws_account_id: digest.account.clone(),
            digest_start_time: iso8601(digest.start),
            digest_end_time: iso8601(digest.end),
            bucket: digest.place.bucket.clone(),
            key: digest.place.key.clone(),
            digest_public_key_fingerprint: digest.fingerprint.clone(),
            digest_signature_algorithm: SIGNATURE_ALGORITHM.to_owned(),
            newest_event_time: newest.map(iso8601),
            oldest_event_time: oldest.map(iso8601),
            previous_bucket: previous.map(|one| one.place.bucket.clone()),
            previous_key: previous.map(|one| one.place.key.clone()),
            previous_digest_hash_value: previous.map(|one| one.hash.clone()),
            previous_digest_hash_algorithm: previous.map(|_| HASH_ALGORITHM.to_owned()),
            previous_digest_signature: previous.map(|one| one.signature.clone()),
            log_files: digest.logs.iter().map(WrittenLog::of).collect(),
        }
    }

    fn into_digest(self) -> Option<Digest> {
        let is_account = self.aws_account_id.len() == ACCOUNT_DIGITS
            && self
                .aws_account_id
                .bytes()
                .all(|byte| byte.is_ascii_digit());
        if !is_account || self.digest_signature_algorithm != SIGNATURE_ALGORITHM {
            return None;
        }
        let previous = self.previous()?;
        let logs = self.log_files.into_iter().map(WrittenLog::into_log);
        Some(Digest {
            account: self.aws_account_id,
            start: parse_time(&self.digest_start_time)?,
            end: parse_time(&self.digest_end_time)?,
            place: Place {
                bucket: self.bucket,
                key: self.key,
            },
            fingerprint: self.digest_public_key_fingerprint,
            previous,
            logs: logs.collect::<Option<_>>()?,
        })
    }

    /// The digest before this one, if it names one; nothing when it names half of one.
    fn previous(&self) -> Option<Option<Previous>> {
        let fields = (
            &self.previous_bucket,
            &self.previous_key,
            &self.previous_digest_hash_value,
            &self.previous_digest_signature,
        );
        match fields {
            (None, None, None, None) => Some(None),
            (Some(bucket), Some(key), Some(hash), Some(signature)) => Some(Some(Previous {
                place: Place {
                    bucket: bucket.clone(),
                    key: key.clone(),
                },
                hash: hash.clone(),
                signature: signature.clone(),
            })),
            _ => None,
        }
    }
}

impl WrittenLog {
    fn of(log: &LogFile) -> Self {
        Self {
            bucket: log.place.bucket.clone(),
            key: log.place.key.clone(),
            hash_value: log.hash.clone(),
            hash_algorithm: HASH_ALGORITHM.to_owned(),
            newest_event_time: iso8601(log.newest),
            oldest_event_time: iso8601(log.oldest),
        }
    }

    fn into_log(self) -> Option<LogFile> {
        if self.hash_algorithm != HASH_ALGORITHM {
            return None;
        }
        Some(LogFile {
            place: Place {
                bucket: self.bucket,
                key: self.key,
            },
            hash: self.hash_value,
            newest: parse_time(&self.newest_event_time)?,
            oldest: parse_time(&self.oldest_event_time)?,
        })
    }
}

/// `time` in UTC, whole seconds; of times out of all calendars the epoch.
fn iso8601(time: UnixMillis) -> String {
    let time = Timestamp::from_second(time.seconds()).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Only what [`iso8601`] writes: what is signed is made from the time again.
fn parse_time(text: &str) -> Option<UnixMillis> {
    let time: Timestamp = text.parse().ok()?;
    let time = UnixMillis(time.as_millisecond());
    (iso8601(time) == text).then_some(time)
}

#[cfg(test)]
mod tests;
