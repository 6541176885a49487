//! What delivered files are handed to. A sink never decides what is delivered, and the same object put twice is
//! the same object once.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

/// An object to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The bucket of the trail.
    pub bucket: String,
    /// The key: folders and a name.
    pub key: String,
    /// The content, compressed with gzip.
    pub body: Bytes,
    /// The metadata, names in lower case without a prefix.
    pub metadata: Vec<(&'static str, String)>,
}

/// Content-Type of every object (CloudTrail's own).
pub const CONTENT_TYPE: &str = "application/json";
/// Content-Encoding of every object (CloudTrail's own).
pub const CONTENT_ENCODING: &str = "gzip";

/// Why an object was not taken, or is not known to be: in one word, as GetTrailStatus tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkError {
    /// A code of S3's such as `NoSuchBucket`, or one of ours; at most [`SinkError::CODE_BYTES_MAX`].
    pub code: String,
}

impl SinkError {
    /// The longest code, in bytes.
    pub const CODE_BYTES_MAX: usize = 64;

    /// An error with this code; one that is no word of letters is told as `Refused`.
    pub fn new(code: &str) -> Self {
        let is_word = !code.is_empty()
            && code.len() <= Self::CODE_BYTES_MAX
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let code = if is_word { code } else { "Refused" };
        Self {
            code: code.to_owned(),
        }
    }

    /// The sink did not answer in time.
    pub fn timeout() -> Self {
        Self::new("RequestTimeout")
    }

    /// The sink is not there, or the connection ended.
    pub fn unreachable() -> Self {
        Self::new("ServiceUnavailable")
    }

    /// The object's bucket or key is none that the sink can have.
    pub fn invalid_name() -> Self {
        Self::new("InvalidObjectName")
    }
}

impl fmt::Display for SinkError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.code)
    }
}

impl std::error::Error for SinkError {}

/// The outcome of a put, while it is awaited.
pub type Putting<'a> = Pin<Box<dyn Future<Output = Result<(), SinkError>> + Send + 'a>>;

/// Takes objects.
pub trait Sink: Send + Sync {
    /// Puts `object`, in place of one of its name if there is one; once this succeeds it is there to stay.
    ///
    /// # Errors
    /// [`SinkError`]; the object may be there all the same.
    fn put<'a>(&'a self, object: &'a Object) -> Putting<'a>;
}
