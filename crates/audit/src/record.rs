//! What is kept of one call: who asked for what, with which key, and how it ended. Never plaintext,
//! ciphertext, key material or anything secret.

use std::fmt;

use jiff::Timestamp;
use strongroom_base::UnixMillis;
use strongroom_base::id::{AccountId, Region};

mod codec;

/// The format every new record is written in; its first byte.
pub const FORMAT: u8 = 1;
/// The most of a user agent that is kept, in bytes (CloudTrail, userAgent: 1 KB).
pub const USER_AGENT_BYTES_MAX: usize = 1024;
/// The longest of every other text, in bytes: that of an ARN.
pub const TEXT_BYTES_MAX: usize = 2048;
/// The most keys of one call: ReEncrypt has a source and a destination.
pub const KEYS_MAX: usize = 2;
/// The largest encryption context, in bytes, each text counted with two bytes of length.
pub const CONTEXT_BYTES_MAX: usize = 16 * 1024;

/// One audited call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// A UUID of this record alone.
    pub event_id: String,
    /// The UUID the client was given as `x-amzn-RequestId`.
    pub request_id: String,
    /// When the call was completed.
    pub time: UnixMillis,
    /// The service, as in signatures: `kms`, `sts`.
    pub service: String,
    /// The operation, cased as in the API.
    pub operation: String,
    /// The Region of the call.
    pub region: Region,
    /// Who called.
    pub caller: Caller,
    /// The address the call came from.
    pub source_address: String,
    /// The User-Agent header, cut to [`USER_AGENT_BYTES_MAX`] when stored.
    pub user_agent: String,
    /// The keys that were resolved, at most [`KEYS_MAX`], the source first.
    pub keys: Vec<KeyUse>,
    /// The encryption context; of ReEncrypt, the source's.
    pub encryption_context: Vec<(String, String)>,
    /// The destination's encryption context; of ReEncrypt only.
    pub destination_encryption_context: Vec<(String, String)>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the operation changes no state, in CloudTrail's sense: cryptographic operations do not.
    pub read_only: bool,
}

/// The authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// The access key the call was signed with.
    pub access_key_id: String,
    /// The ARN of the principal.
    pub principal: String,
}

/// A key as the call used it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// The key's ARN.
    pub arn: String,
    /// The key material, when a symmetric operation used one.
    pub material_id: Option<[u8; 32]>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what was asked.
    Success,
    /// It failed with the exception of this name.
    Exception(String),
}

/// Why a record is not written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// This member exceeds its bound.
    TooLarge(&'static str),
    /// The bytes are of a format this program does not know.
    UnknownFormat(u8),
    /// The bytes are no record.
    Malformed,
}

impl Record {
    /// The bytes to store.
    pub fn encode(&self) -> Result<Vec<u8>, RecordError> {
        codec::encode(self)
    }

    /// The record that `bytes` hold, all of them.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        codec::decode(bytes)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => out.write_str("Success"),
            Self::Exception(name) => out.write_str(name),
        }
    }
}

/// One line for people: time, operation, Region, caller, address, outcome, keys.
impl fmt::Display for Record {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            service,
            operation,
            region,
            source_address,
            outcome,
            ..
        } = self;
        match Timestamp::from_millisecond(self.time.0) {
            Ok(time) => write!(out, "{time:.3}")?,
            Err(_) => write!(out, "{}ms", self.time.0)?,
        }
        // What clients choose is escaped, so that a record stays one line.
        let principal = self.caller.principal.escape_debug();
        let from = source_address.escape_debug();
        write!(
            out,
            " {service}:{operation} {region} {principal} {from} {outcome}"
        )?;
        for key in &self.keys {
            write!(out, " {}", key.arn.escape_debug())?;
        }
        Ok(())
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(member) => write!(out, "the audit record's {member} is too large"),
            Self::UnknownFormat(format) => write!(out, "audit record format {format} is unknown"),
            Self::Malformed => write!(out, "the audit record is malformed"),
        }
    }
}

impl std::error::Error for RecordError {}

#[cfg(test)]
mod tests;
