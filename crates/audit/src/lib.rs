//! Audit records, their stored bytes, the frames of the log they stand in, and how CloudTrail tells them. Pure:
//! opens no file, reads no clock.

pub mod cloudtrail;
pub mod digest;
pub mod exported;
pub mod gzip;
pub mod log;
pub mod objects;
pub mod record;

pub use log::{
    Begins, Chain, Checkpoint, CheckpointKeyId, Fault, Frame, Header, LogError, LogReader, Note,
    Report, Stop, Verifier,
};
pub use record::{
    Identity, IdentityKind, Issuer, Outcome, Record, RecordError, Resource, Session, Tls, Value,
};
