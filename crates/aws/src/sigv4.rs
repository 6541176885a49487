//! AWS Signature Version 4 in headers: what a request claims, whether its signature proves it, and how
//! clients sign. The key that proves a claim is looked up by the caller between the two steps.
//!
//! Source: AWS IAM User Guide, "AWS Signature Version 4 for API requests".

use http::{HeaderMap, Method, Uri};

mod authorization;
mod canonical;
mod date;
mod failure;
mod key;
mod sign;
mod verify;

pub use failure::{AuthFailure, CommonError};
pub use key::SigningKey;
pub use sign::{Credentials, S3, sign};
pub use verify::{Claim, Expected, SKEW_SECONDS_MAX};

/// The algorithm this module speaks.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What the scope of a signature ends with.
pub const TERMINATOR: &str = "aws4_request";

/// The parts of a request that a signature covers.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target as sent. Over HTTP/2 its authority stands for the Host header.
    pub uri: &'a Uri,
    /// The headers as sent.
    pub headers: &'a HeaderMap,
    /// SHA-256 of the whole body.
    pub body_sha256: [u8; 32],
}

#[cfg(test)]
mod tests;
