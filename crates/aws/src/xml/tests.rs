use super::{IAM, QueryError, STS};
use crate::error::{QueryException, Refusal};
use crate::query::NotForm;
use crate::sigv4::AuthFailure;

fn refused(exception: QueryException) -> QueryError {
    QueryError::Refused(Refusal::bare(exception))
}

#[test]
fn errors_name_type_code_and_message() {
    assert_eq!(
        QueryError::Auth(AuthFailure::UnknownAccessKey).body(STS, "1"),
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
         <Type>Sender</Type><Code>InvalidClientTokenId</Code>\
         <Message>The security token included in the request is invalid.</Message></Error>\
         <RequestId>1</RequestId></ErrorResponse>"
    );
    let internal = refused(QueryException::InternalFailure).body(IAM, "1");
    assert!(internal.contains("<Type>Receiver</Type>"), "{internal}");
}

#[test]
fn what_clients_send_is_escaped() {
    let error = QueryError::InvalidAction {
        action: "<a>&\"\u{0}\u{ffff}".into(),
        version: "1".into(),
    };
    let body = error.body(STS, "1");
    let shown = "Could not find operation &lt;a&gt;&amp;&quot;\u{fffd}\u{fffd} for version 1";
    assert!(body.contains(shown), "{body}");
}

#[test]
fn codes_and_statuses_are_those_of_aws() {
    for (error, code, status) in [
        (
            QueryError::Auth(AuthFailure::MissingToken),
            "MissingAuthenticationToken",
            403,
        ),
        (
            QueryError::Auth(AuthFailure::SignatureMismatch),
            "SignatureDoesNotMatch",
            403,
        ),
        (QueryError::NotForm(NotForm::NoAction), "MissingAction", 400),
        (
            QueryError::NotForm(NotForm::Malformed),
            "MalformedInput",
            400,
        ),
        (refused(QueryException::AccessDenied), "AccessDenied", 403),
        (refused(QueryException::Validation), "ValidationError", 400),
        (refused(QueryException::NoSuchEntity), "NoSuchEntity", 404),
    ] {
        assert_eq!((error.code().code, error.code().status), (code, status));
    }
}
