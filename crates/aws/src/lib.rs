//! The AWS wire: signatures, JSON, Query, XML, shapes, errors and their texts. Pure: it does no I/O,
//! reads no clock, and knows nothing of keys, accounts or policies beyond how they are written.

pub mod cbor;
pub mod cloudtrail;
pub mod cloudwatch;
pub mod error;
pub mod iam;
pub mod json;
pub mod kms;
pub mod query;
pub mod shape;
pub mod sigv4;
pub mod sts;
pub mod text;
pub mod time;
pub mod uri;
pub mod xml;

mod patterns;
