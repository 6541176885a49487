//! ARNs and the IAM policy language: what a policy document says, kept in the order it was written.
//! Pure: no I/O, no clock; no input makes it panic.

pub mod arn;

pub use arn::{Arn, InvalidArn};
