//! What an error of SQLite means for us. An error we do not know must never count as harmless.

use std::io::Write;

use rusqlite::ffi::{
    self, SQLITE_IOERR_CORRUPTFS, SQLITE_IOERR_DATA, SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ,
};
use rusqlite::{Error, ErrorCode};

use crate::engine::StoreError;

/// What to do about an error before `COMMIT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Undo the transaction and answer this.
    Answer(StoreError),
    /// End the process.
    End,
}

/// The meaning of an error while a transaction is open that has not reached `COMMIT`.
pub(super) fn of_transaction(error: &Error) -> Failure {
    let Some(failure) = error.sqlite_error() else {
        // A column of another type, no meta row: not what we wrote.
        return Failure::Answer(StoreError::Damaged);
    };
    match failure.code {
        ErrorCode::DiskFull => Failure::Answer(StoreError::Full),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Failure::Answer(StoreError::Busy),
        // `Unknown` is SQLITE_ERROR, a statement that does not fit the schema; a constraint breaks
        // and a read-only file appears when the file's header or schema changed under us.
        ErrorCode::DatabaseCorrupt
        | ErrorCode::NotADatabase
        | ErrorCode::Unknown
        | ErrorCode::ConstraintViolation
        | ErrorCode::TypeMismatch
        | ErrorCode::TooBig
        | ErrorCode::ReadOnly => Failure::Answer(StoreError::Damaged),
        ErrorCode::SystemIoFailure if is_failed_read(failure) => {
            Failure::Answer(StoreError::Damaged)
        }
        _ => Failure::End,
    }
}

/// The meaning of an error of `COMMIT`: a full disk leaves the transaction open, of anything else
/// nobody knows how far it got.
pub(super) fn of_commit(error: &Error) -> Failure {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Failure::Answer(StoreError::Full),
        _ => Failure::End,
    }
}

/// The meaning of an error of a checkpoint: what only stopped it leaves the log as it was.
pub(super) fn of_checkpoint(error: &Error) -> Failure {
    of_transaction(error)
}

/// The meaning of an error of a reader.
pub(super) fn of_read(error: &Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory
            | ErrorCode::CannotOpen,
        ) => StoreError::Busy,
        _ => StoreError::Damaged,
    }
}

/// Ends the process, saying why on standard error.
pub(super) fn end_process(reason: &str) -> ! {
    // A standard error that is closed must not keep the process alive.
    let _ = writeln!(std::io::stderr(), "strongroom: fatal: {reason}");
    std::process::abort()
}

fn is_failed_read(failure: &ffi::Error) -> bool {
    [
        SQLITE_IOERR_READ,
        SQLITE_IOERR_SHORT_READ,
        SQLITE_IOERR_DATA,
        SQLITE_IOERR_CORRUPTFS,
    ]
    .contains(&failure.extended_code)
}
