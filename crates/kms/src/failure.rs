//! Why an operation did not succeed: what the client is told, kept apart from what the log is told.

use strongroom_aws::error::{Exception, KmsException, Refusal};
use strongroom_aws::text;
use strongroom_hsm_api::Code;
use strongroom_store::StoreError;

use crate::key_process::CallError;
use crate::records::Unreadable;

/// The end of an operation that did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// The client is told why.
    Refused(Refusal),
    /// Something the operation relied on changed meanwhile: it is tried again from the start.
    Conflict,
    /// The key process refused a token, perhaps because it was replaced meanwhile: it is tried again from
    /// the start, and a token that stays refused is damaged.
    Stale(CallError),
    /// The client is told nothing of the cause.
    Internal(Cause),
}

/// What went wrong inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The store could not be read or written.
    Store(StoreError),
    /// The key process did not answer, or answered what cannot be.
    KeyProcess(CallError),
    /// A record opened but could not be read.
    Unreadable,
    /// The audit record could not be written.
    Audit,
    /// The operation conflicted with others too often.
    Contention,
}

impl Failure {
    /// What the client is told.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.clone(),
            Self::Conflict => Cause::Contention.refusal(),
            Self::Stale(error) => Cause::KeyProcess(*error).refusal(),
            Self::Internal(cause) => cause.refusal(),
        }
    }
}

impl Cause {
    fn refusal(self) -> Refusal {
        let internal = |text: &str| Refusal::new(KmsException::KmsInternal, text);
        match self {
            Self::Store(StoreError::Full) => internal(text::DISK_FULL),
            // KMS developer guide, request quotas: a key that is changed too fast is throttled, too.
            Self::Store(StoreError::Busy)
            | Self::Contention
            | Self::KeyProcess(CallError::Overloaded | CallError::Refused(Code::Busy)) => {
                Refusal::new(KmsException::Throttling, text::THROTTLED)
            }
            Self::Store(StoreError::Damaged) | Self::Unreadable => internal(text::STORE_DAMAGED),
            Self::Store(StoreError::TooLarge | StoreError::Closed | StoreError::Unanchored)
            | Self::KeyProcess(_) => internal(text::INTERNAL),
            Self::Audit => internal(text::AUDIT_UNAVAILABLE),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Internal(Cause::Store(error))
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            // The token was replaced since it was read: its state changed, or its epoch was retired.
            CallError::Refused(Code::TokenRefused | Code::KeyStateRefused) => Self::Stale(error),
            other => Self::Internal(Cause::KeyProcess(other)),
        }
    }
}

impl From<Unreadable> for Failure {
    fn from(Unreadable: Unreadable) -> Self {
        Self::Internal(Cause::Unreadable)
    }
}

/// A refusal without text, as a failure.
pub(crate) fn refuse(exception: impl Into<Exception>) -> Failure {
    Refusal::bare(exception).into()
}

/// A refusal with a text, as a failure.
pub(crate) fn refuse_with(exception: impl Into<Exception>, message: impl Into<String>) -> Failure {
    Refusal::new(exception, message).into()
}

#[cfg(test)]
mod tests;
