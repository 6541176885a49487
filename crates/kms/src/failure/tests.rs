use strongroom_hsm_api::Code;
use strongroom_store::StoreError;

use super::{Cause, Failure};
use crate::key_process::CallError;

#[test]
fn what_passes_is_throttled_and_what_does_not_is_internal() {
    let (throttled, internal) = ("ThrottlingException", "KMSInternalException");
    for (failure, exception) in [
        (Failure::Conflict, throttled),
        (Failure::Internal(Cause::Contention), throttled),
        (StoreError::Busy.into(), throttled),
        (CallError::Overloaded.into(), throttled),
        (CallError::Refused(Code::Busy).into(), throttled),
        (CallError::Refused(Code::TokenRefused).into(), internal),
        (CallError::Refused(Code::KeyStateRefused).into(), internal),
        (StoreError::Full.into(), internal),
        (StoreError::Damaged.into(), internal),
        (StoreError::Closed.into(), internal),
        (StoreError::Unanchored.into(), internal),
        (Failure::Internal(Cause::Unreadable), internal),
        (Failure::Internal(Cause::Audit), internal),
    ] {
        let told = failure.refusal().exception.name();
        assert_eq!(told, exception, "{failure:?}");
    }
}
