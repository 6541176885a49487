use super::{KmsException, QueryException, Refusal};
use crate::text;

fn check(refusal: &Refusal, body: &str) {
    assert_eq!(String::from_utf8(refusal.body()).unwrap(), body);
}

#[test]
fn modelled_exceptions_have_a_lower_case_message() {
    check(
        &Refusal::new(KmsException::NotFound, "Invalid keyId \"x\""),
        r#"{"__type":"NotFoundException","message":"Invalid keyId \"x\""}"#,
    );
}

#[test]
fn common_exceptions_have_a_capital_message() {
    check(
        &Refusal::new(KmsException::AccessDenied, "no"),
        r#"{"__type":"AccessDeniedException","Message":"no"}"#,
    );
}

#[test]
fn without_text_there_is_no_message() {
    check(
        &Refusal::bare(KmsException::InvalidCiphertext),
        r#"{"__type":"InvalidCiphertextException"}"#,
    );
}

#[test]
fn names_are_unique() {
    for exception in KmsException::ALL {
        assert_eq!(KmsException::named(exception.name()), Some(*exception));
    }
    for exception in QueryException::ALL {
        assert_eq!(QueryException::named(exception.name()), Some(*exception));
    }
}

#[test]
fn the_query_protocol_tells_its_own_and_what_is_common() {
    for (refusal, told) in [
        (
            Refusal::new(QueryException::NoSuchEntity, "no"),
            (QueryException::NoSuchEntity, "no"),
        ),
        (
            Refusal::bare(QueryException::PackedPolicyTooLarge),
            (QueryException::PackedPolicyTooLarge, ""),
        ),
        (
            Refusal::new(KmsException::AccessDenied, "no"),
            (QueryException::AccessDenied, "no"),
        ),
        (
            Refusal::new(KmsException::Throttling, text::THROTTLED),
            (QueryException::Throttling, text::RATE_EXCEEDED),
        ),
        (
            Refusal::new(KmsException::KmsInternal, text::DISK_FULL),
            (QueryException::InternalFailure, text::INTERNAL_FAILURE),
        ),
    ] {
        assert_eq!(refusal.query(), told);
    }
}
