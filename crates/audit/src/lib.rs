//! Audit records and their stored bytes. Pure: opens no file, reads no clock.
pub mod record;

pub use record::{Caller, KeyUse, Outcome, Record, RecordError};
