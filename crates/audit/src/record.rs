//! What is kept of one call: who asked for what, with which key, and how it ended. Never plaintext,
//! ciphertext, key material or anything secret.

use std::fmt;

use jiff::Timestamp;
use strongroom_base::UnixMillis;
use strongroom_base::id::{AccountId, Region};

mod codec;
mod first_format;
mod value;

pub use value::{DEPTH_MAX, MEMBERS_MAX, Value};

/// The format every new record is written in; its first byte.
pub const FORMAT: u8 = 2;
/// The most of a user agent that is kept, in bytes (CloudTrail User Guide, userAgent: 1 KB).
pub const USER_AGENT_BYTES_MAX: usize = 1024;
/// The most of an error's message that is kept, in bytes (CloudTrail User Guide, errorMessage: 1 KB).
pub const MESSAGE_BYTES_MAX: usize = 1024;
/// The longest of every other text, in bytes: that of an ARN.
pub const TEXT_BYTES_MAX: usize = 2048;
/// The most resources of one call: UpdateAlias has an alias and two keys.
pub const RESOURCES_MAX: usize = 4;
/// The largest request parameters, and the largest response elements, in encoded bytes; larger ones are left out
/// (CloudTrail User Guide, requestParameters: 100 KB).
pub const PARAMETERS_BYTES_MAX: usize = 100 * 1024;
/// The largest additional data, and the largest details of a service event, in encoded bytes; larger ones are left
/// out (CloudTrail User Guide, additionalEventData: 28 KB).
pub const ADDITIONAL_BYTES_MAX: usize = 28 * 1024;

/// One audited call, or one thing the server did by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// A UUID of this record alone.
    pub event_id: String,
    /// The UUID the client was given as `x-amzn-RequestId`; "" of what no request asked for.
    pub request_id: String,
    /// When the call was completed.
    pub time: UnixMillis,
    /// The service, as in signatures: `kms`, `sts`.
    pub service: String,
    /// The operation, cased as in the API.
    pub operation: String,
    /// The Region of the call.
    pub region: Region,
    /// The caller's account; of what the server did by itself, the account it was done in.
    pub account: AccountId,
    /// Who called.
    pub identity: Identity,
    /// The address the call came from, or the principal of the service it came through.
    pub source_address: String,
    /// The User-Agent header, cut to [`USER_AGENT_BYTES_MAX`] when stored.
    pub user_agent: String,
    /// TLS as it was spoken; nothing of calls in clear.
    pub tls: Option<Tls>,
    /// What was resolved, at most [`RESOURCES_MAX`], a source first.
    pub resources: Vec<Resource>,
    /// What was asked for, as an object; left out when stored if it exceeds [`PARAMETERS_BYTES_MAX`].
    pub parameters: Option<Value>,
    /// What was answered, as an object; left out when stored if it exceeds [`PARAMETERS_BYTES_MAX`].
    pub response: Option<Value>,
    /// What else is known, as an object; left out when stored if it exceeds [`ADDITIONAL_BYTES_MAX`].
    pub additional: Option<Value>,
    /// What the server did by itself, as an object; left out when stored if it exceeds [`ADDITIONAL_BYTES_MAX`].
    pub details: Option<Value>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the operation changes no state, in CloudTrail's sense: cryptographic operations do not.
    pub read_only: bool,
}

/// Who called, as CloudTrail's userIdentity tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// What it is.
    pub kind: IdentityKind,
    /// aws:userid: the account of a root, `AIDA…` of a user, `AROA…:name` of a role's session; "" if there is none.
    pub principal_id: String,
    /// The ARN; of a service its name.
    pub arn: String,
    /// The access key the call was signed with; "" if it was not signed.
    pub access_key_id: String,
    /// The session that temporary credentials belong to.
    pub session: Option<Session>,
}

/// What a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// The root of the account.
    Root,
    /// A user.
    IamUser,
    /// A session of a role.
    AssumedRole,
    /// A federated user.
    FederatedUser,
    /// Whom a token vouches for.
    WebIdentityUser,
    /// A service, calling for itself.
    AwsService,
    /// Nobody: the server did it by itself, or for its operators.
    Internal,
}

/// The session that temporary credentials belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// When it began.
    pub created: UnixMillis,
    /// Whether it began with a second factor.
    pub mfa: bool,
    /// The ARN of the role it is a session of, path and all.
    pub role: Option<String>,
    /// Of a federated user: whose credentials asked for the session.
    pub federated_by: Option<Issuer>,
    /// The source identity it carries.
    pub source_identity: Option<String>,
    /// Who vouched for its beginning by a token.
    pub provider: Option<String>,
}

/// The user or root whose federated user somebody is (CloudTrail User Guide, sessionIssuer).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// `AIDA…` of a user, the account of a root.
    pub principal_id: String,
    /// The ARN.
    pub arn: String,
}

/// TLS as it was spoken (CloudTrail User Guide, tlsDetails).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Such as `TLSv1.3`.
    pub version: String,
    /// Such as `TLS_AES_256_GCM_SHA384`.
    pub cipher_suite: String,
    /// Such as `X25519MLKEM768`; "" if unknown.
    pub key_exchange: String,
    /// The Host header.
    pub host: String,
}

/// What a call was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The ARN, of a key, an alias, a role.
    pub arn: String,
    /// The key material, when a symmetric operation used one.
    pub material_id: Option<[u8; 32]>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what was asked.
    Success,
    /// It failed.
    Exception {
        /// The name of the exception.
        code: String,
        /// Its text, cut to [`MESSAGE_BYTES_MAX`] when stored; "" if it has none.
        message: String,
    },
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

    /// The record that `bytes` hold, all of them; of this format or an earlier one.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        match bytes.split_first() {
            Some((&FORMAT, body)) => codec::decode(body),
            Some((&first_format::FORMAT, body)) => first_format::decode(body),
            Some((&other, _)) => Err(RecordError::UnknownFormat(other)),
            None => Err(RecordError::Malformed),
        }
    }
}

impl Identity {
    /// Nobody: what the server did by itself.
    pub fn internal() -> Self {
        Self {
            kind: IdentityKind::Internal,
            principal_id: String::new(),
            arn: String::new(),
            access_key_id: String::new(),
            session: None,
        }
    }
}

impl Resource {
    /// A resource with no key material used.
    pub fn new(arn: impl Into<String>) -> Self {
        Self {
            arn: arn.into(),
            material_id: None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => out.write_str("Success"),
            Self::Exception { code, .. } => write!(out, "{}", code.escape_debug()),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            IdentityKind::Internal => out.write_str("Internal"),
            // What clients choose is escaped, so that a record stays one line.
            _ => write!(out, "{}", self.arn.escape_debug()),
        }
    }
}

/// One line for people: time, operation, Region, caller, address, outcome, resources.
impl fmt::Display for Record {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_millisecond(self.time.0) {
            Ok(time) => write!(out, "{time:.3}")?,
            Err(_) => write!(out, "{}ms", self.time.0)?,
        }
        let Self {
            service, operation, ..
        } = self;
        // Whoever writes the disk chooses these in a segment of a version before the chain.
        write!(
            out,
            " {}:{} {} {}",
            service.escape_debug(),
            operation.escape_debug(),
            self.region,
            self.identity
        )?;
        write!(out, " {}", self.source_address.escape_debug())?;
        write!(out, " {}", self.outcome)?;
        for resource in &self.resources {
            write!(out, " {}", resource.arn.escape_debug())?;
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
