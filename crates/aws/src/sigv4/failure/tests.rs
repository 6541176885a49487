use super::AuthFailure;

fn check(failure: &AuthFailure, json: (&str, u16), query: (&str, u16)) {
    let (ours, theirs) = (failure.json(), failure.query());
    assert_eq!((ours.code, ours.status), json);
    assert_eq!((theirs.code, theirs.status), query);
}

#[test]
fn each_protocol_has_its_own_names() {
    check(
        &AuthFailure::MissingToken,
        ("MissingAuthenticationTokenException", 400),
        ("MissingAuthenticationToken", 403),
    );
    check(
        &AuthFailure::Incomplete(String::new()),
        ("IncompleteSignatureException", 400),
        ("IncompleteSignature", 400),
    );
    check(
        &AuthFailure::SignatureMismatch,
        ("InvalidSignatureException", 400),
        ("SignatureDoesNotMatch", 403),
    );
    check(
        &AuthFailure::UnknownAccessKey,
        ("UnrecognizedClientException", 400),
        ("InvalidClientTokenId", 403),
    );
    check(
        &AuthFailure::ExpiredSession,
        ("ExpiredTokenException", 400),
        ("ExpiredToken", 403),
    );
}
