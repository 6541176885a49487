//! Errors of a service that once spoke Query only, in its newer protocols: the code that Query has for the error is in
//! a header, as its shape is named otherwise (Smithy 2.0, "aws.protocols#awsQueryCompatible").

use strongroom_aws::error::{self, Exception, KmsException, Origin, Refusal};
use strongroom_aws::sigv4::CommonError;
use strongroom_aws::{cbor, cloudwatch};

use super::{Protocol, Unanswered, in_query};

const HEADER: &str = "x-amzn-query-error";

/// An error of CloudWatch.
pub(super) struct Error {
    /// `__type`
    id: String,
    /// What Query calls it.
    query: CommonError,
    message: String,
}

impl Error {
    pub(super) fn of(unanswered: &Unanswered) -> Self {
        if let Some(exception) = of_protocol(unanswered) {
            return Self::without_query(exception);
        }
        let in_query = in_query(unanswered);
        let query = in_query.code();
        let id = match unanswered {
            Unanswered::Unauthenticated(failure) => failure.json().code.to_owned(),
            Unanswered::Common(error, _) => error.code.to_owned(),
            other => refusal(other).map_or(query.code.to_owned(), |refusal| {
                cloudwatch::error_type(refusal.query().0)
            }),
        };
        let message = in_query.message();
        Self { id, query, message }
    }

    fn without_query(exception: KmsException) -> Self {
        Self {
            id: exception.name().to_owned(),
            query: CommonError {
                code: exception.name(),
                status: exception.status(),
            },
            message: String::new(),
        }
    }

    pub(super) fn status(&self) -> u16 {
        self.query.status
    }

    /// Code and fault.
    pub(super) fn header(&self) -> (&'static str, String) {
        let fault = match self.status() {
            ..500 => "Sender",
            _ => "Receiver",
        };
        (HEADER, format!("{};{fault}", self.query.code))
    }

    pub(super) fn body(&self, protocol: Protocol) -> Vec<u8> {
        let message = Some(self.message.as_str()).filter(|text| !text.is_empty());
        match protocol {
            Protocol::Cbor => cbor::error(&self.id, message),
            Protocol::Json | Protocol::Query => error::body(&self.id, Origin::Modelled, message),
        }
    }
}

/// What a request could not be read for, which Query has no name of.
fn of_protocol(unanswered: &Unanswered) -> Option<KmsException> {
    match refusal(unanswered)?.exception {
        Exception::Kms(
            exception @ (KmsException::Serialization | KmsException::UnknownOperation),
        ) => Some(exception),
        _ => None,
    }
}

fn refusal(unanswered: &Unanswered) -> Option<Refusal> {
    match unanswered {
        Unanswered::Refused(refusal) | Unanswered::CallRefused(refusal) => Some(refusal.clone()),
        Unanswered::Failed(failure) => Some(failure.refusal()),
        Unanswered::Unauthenticated(_)
        | Unanswered::NotForm(_)
        | Unanswered::UnknownAction(_)
        | Unanswered::Common(..) => None,
    }
}
