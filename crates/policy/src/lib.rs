//! ARNs and the IAM policy language: what a policy document says, kept in the order it was written.
//! Pure: no I/O, no clock; no input makes it panic.

pub mod arn;
pub mod document;
pub mod error;
mod json;
mod key_policy;
mod parse;
mod pattern;
mod principal;

pub use arn::{Arn, InvalidArn};
pub use document::{
    Comparison, Condition, Effect, Listed, Operator, SetOperator, Statement, Version,
};
pub use error::{PolicyError, Problem};
pub use key_policy::{DOCUMENT_BYTES_MAX, KeyPolicy, default_key_policy};
pub use principal::{IdentityKind, Principal};
